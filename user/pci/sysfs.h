/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What /sys says of a PCI device; reads only. */
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
	char driver[SYSFS_NAME]; /* "" on no driver */
	int group;		 /* IOMMU group, -1 without one */
	bool not_pci;		 /* one of another bus; bdf is its name, and ids it has none */
};

/*
 * -ENOENT: no such device; another negative errno: its ids cannot be read.  Its driver and group
 * are read as far as they are there.
 */
int sysfs_device_get(const char *bdf, struct sysfs_device *dev);

/* All of them, in the order of their addresses; free() *devs.  How many, or -errno. */
int sysfs_devices(struct sysfs_device **devs);

/* The first line of a file, without its end; "" where it cannot be read */
void sysfs_read_line(const char *path, char *out, size_t len);

/* "pci:v00001234d000011E8…", as modules name what they drive; "" if not there */
void sysfs_modalias(const char *bdf, char *out, size_t len);

/* A line of a device's file "resource": bytes of ports or memory.  No flags: none */
struct sysfs_resource {
	uint64_t start, end; /* first and last byte, as the CPU addresses them */
	uint64_t flags;
};

/* include/linux/ioport.h, which is how the file is defined */
#define SYSFS_RESOURCE_IO	0x100
#define SYSFS_RESOURCE_MEM	0x200
#define SYSFS_RESOURCE_PREFETCH 0x2000

/* The first @max: BAR 0 to 5, then the ROM.  How many, or -errno. */
int sysfs_resources(const char *bdf, struct sysfs_resource *res, size_t max);

/*
 * All devices of an IOMMU group, in the order of their addresses; free() *devs.  How many, or
 * a negative errno.
 */
int sysfs_group_get(int group, struct sysfs_device **devs);

/*
 * Does VFIO let this group's user take it with the device on this driver?  Pure.  Since 5.19
 * the kernel lets it where nobody but VFIO owns the DMA: on no driver, on a vfio driver, and
 * on the two that leave DMA to others (driver_managed_dma: pci-stub, pcieport).  Before, it
 * let any bridge pass, on whatever driver: @bridges_pass.
 */
bool sysfs_driver_viable(const struct sysfs_device *dev, bool bridges_pass);

/* Is this kernel one of those before?  By the function that came with the newer rule. */
bool sysfs_bridges_pass(void);

/* "a PCI bridge" and so on, of what has other devices behind it; NULL: it is none.  Pure. */
const char *sysfs_bridge_name(const struct sysfs_device *dev);

/* Is it a virtual function of another device (SR-IOV)? */
bool sysfs_is_vf(const char *bdf);

/* Is it a group that VFIO made up for a device without an IOMMU? */
bool sysfs_group_noiommu(int group);

/*
 * A physical function's virtual ones, counted, with the addresses of the first @len bytes'
 * worth in @list; a virtual function's physical one, "" where it is none.  By links: the
 * files of SR-IOV wait for the device's lock.
 */
unsigned int sysfs_vfs(const char *bdf, char *list, size_t len);
/* The @nr-th of them; "" there are not so many */
void sysfs_virtfn(const char *bdf, unsigned int nr, char *out, size_t len);
void sysfs_physfn(const char *bdf, char *out, size_t len);

/* Is it a physical or a virtual function, to which a VF token may belong? */
bool sysfs_takes_token(const char *bdf);

/* The node that VFIO gives the device itself, "/dev/vfio/devices/vfio0"; -ENODEV without one */
int sysfs_cdev_path(const char *bdf, char *path, size_t len);

/* Is this module in the kernel now, loaded or built in with a directory? */
bool sysfs_module_present(const char *name);

#endif /* SYSFS_H */
