/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What /sys says about a PCI device; only reads. */
#ifndef SYSFS_H
#define SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSFS_NAME 64 /* room for a driver's or module's name */
#define SYSFS_BDF  24 /* room for "dddddddd:bb:dd.f" */

struct sysfs_device {
	char bdf[SYSFS_BDF];
	uint32_t vendor, device; /* PCI ids */
	uint32_t class;		 /* 24 bits: base, sub, interface */
	char driver[SYSFS_NAME]; /* "" without one */
	int group;		 /* IOMMU group, -1 without one */
	bool not_pci;		 /* on another bus: bdf is its name, and it has no ids */
};

/*
 * -ENOENT: no such device; another negative errno: its ids cannot be read.  It is no error if the
 * device has no driver or no group.
 */
int sysfs_device_get(const char *bdf, struct sysfs_device *dev);

/* All PCI devices, sorted by address; free() *devs.  Returns how many, or -errno. */
int sysfs_devices(struct sysfs_device **devs);

/* The first line of a file, without the newline; "" if it cannot be read */
void sysfs_read_line(const char *path, char *out, size_t len);

/* "pci:v00001234d000011E8…", by which modules state what they drive; "" if there is none */
void sysfs_modalias(const char *bdf, char *out, size_t len);

/* A line of a device's file "resource": a range of ports or memory; flags 0: it is not used */
struct sysfs_resource {
	uint64_t start, end; /* CPU addresses of the first and the last byte */
	uint64_t flags;
};

/* The flags in that file are those of include/linux/ioport.h. */
#define SYSFS_RESOURCE_IO	0x100
#define SYSFS_RESOURCE_MEM	0x200
#define SYSFS_RESOURCE_PREFETCH 0x2000

/* The first @max resources: BAR 0 to 5, then the ROM.  Returns how many, or -errno. */
int sysfs_resources(const char *bdf, struct sysfs_resource *res, size_t max);

/*
 * All devices of an IOMMU group, sorted by address; free() *devs.  Returns how many, or a negative
 * errno.
 */
int sysfs_group_get(int group, struct sysfs_device **devs);

/*
 * Is the group viable for VFIO with this device on its driver?  Pure.  Since 5.19 it is if only
 * VFIO owns the DMA: the device has no driver, a vfio driver, or one of the two that leave DMA to
 * others (driver_managed_dma: pci-stub, pcieport).  Older kernels also accepted a bridge on any
 * driver: @bridges_pass.
 */
bool sysfs_driver_viable(const struct sysfs_device *dev, bool bridges_pass);

/* Is this such an older kernel?  It is if the function that came with the new rule is missing. */
bool sysfs_bridges_pass(void);

/* "a PCI bridge" and so on, if other devices can be behind this one; NULL: it is none.  Pure. */
const char *sysfs_bridge_name(const struct sysfs_device *dev);

/* Is it a virtual function of another device (SR-IOV)? */
bool sysfs_is_vf(const char *bdf);

/* Is it a group that VFIO created for a device without an IOMMU? */
bool sysfs_group_noiommu(int group);

/*
 * The number of virtual functions of a physical one, with as many of their addresses in @list as
 * fit into @len bytes.  It follows links in /sys, as reading the SR-IOV files waits for the
 * device's lock.
 */
unsigned int sysfs_vfs(const char *bdf, char *list, size_t len);
/* The virtual function with number @nr (from 0); "" if there are not so many */
void sysfs_virtfn(const char *bdf, unsigned int nr, char *out, size_t len);
/* The physical function of a virtual one; "" if it is not a virtual one */
void sysfs_physfn(const char *bdf, char *out, size_t len);

/* Is it a physical or a virtual function of SR-IOV, which may need a VF token? */
bool sysfs_takes_token(const char *bdf);

/* The device's own VFIO node, "/dev/vfio/devices/vfio0"; -ENODEV if it has none */
int sysfs_cdev_path(const char *bdf, char *path, size_t len);

/* Is this module in the kernel: loaded, or built in with a directory in /sys/module? */
bool sysfs_module_present(const char *name);

#endif /* SYSFS_H */
