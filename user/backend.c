// SPDX-License-Identifier: GPL-2.0
#include "backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "iommufd_uapi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An IOMMU's group is for whoever has an IOMMU, one that VFIO made up for whoever has none. */
static bool has_iommu(const struct sysfs_device *dev, struct err *err)
{
	if (!sysfs_group_noiommu(dev->group))
		return true;
	err_set(err, ENODEV, "", "",
		"boot with an IOMMU, or give --iommu noiommu, which verifies nothing");
	err_what(err, "group %d has no IOMMU", dev->group);
	err_why(err, "VFIO made it up, since enable_unsafe_noiommu_mode is on");
	return false;
}

static bool has_no_iommu(const struct sysfs_device *dev, struct err *err)
{
	if (sysfs_group_noiommu(dev->group))
		return true;
	err_set(err, ENODEV, "noiommu is not offered", "",
		"choose another --iommu: noiommu is for devices without an IOMMU");
	err_why(err, "group %d is an IOMMU's", dev->group);
	return false;
}

/* /sys/class/misc/iommu is there with the driver, /dev/iommu with the node. */
#define IOMMUFD_MODULE                                                        \
	{                                                                     \
		.name = "iommufd", .proof = "/sys/class/misc/" IOMMUFD_DEVICE \
	}
#define TYPE1_MODULE                       \
	{                                  \
		.name = "vfio_iommu_type1" \
	}

const struct backend backends[] = {
	{
		.name = "iommufd",
		.title = "iommufd",
		.has = BACKEND_MAP,
		.rules = RULES_IOMMUFD,
		.node = IOMMUFD_PATH,
		.modules = { IOMMUFD_MODULE },
		.automatic = true,
		.offered = backend_iommufd_offered,
		.ops = &backend_iommufd_ops,
	},
	{
		.name = "type1v2",
		.title = "Type1v2",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_TYPE1V2,
		.type = VFIO_TYPE1v2_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.modules = { TYPE1_MODULE },
		.automatic = true,
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "type1",
		.title = "Type1",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_TYPE1,
		.type = VFIO_TYPE1_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.modules = { TYPE1_MODULE },
		.automatic = true,
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "compat",
		.title = "iommufd's Type1v2",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_COMPAT,
		.type = VFIO_TYPE1v2_IOMMU,
		.node = IOMMUFD_PATH,
		.modules = { IOMMUFD_MODULE },
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "noiommu",
		.title = "noiommu",
		.has = BACKEND_CONTAINER | BACKEND_GROUP,
		.type = VFIO_NOIOMMU_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.automatic = true,
		.offered = has_no_iommu,
		.ops = &backend_container_ops,
	},
};

const size_t nr_backends = ARRAY_SIZE(backends);

const struct backend *backend_named(const char *name)
{
	size_t i;

	for (i = 0; i < nr_backends; i++)
		if (!strcmp(backends[i].name, name))
			return &backends[i];
	return NULL;
}

bool vfio_accessible(const struct backend *be, const struct sysfs_device *dev)
{
	char path[64] = "";

	if (be->has & BACKEND_GROUP)
		vfio_group_path(dev, path, sizeof(path));
	else
		sysfs_cdev_path(dev->bdf, path, sizeof(path));
	return !access(be->node, R_OK | W_OK) && !access(path, R_OK | W_OK);
}

bool vfio_known(const struct backend *be)
{
	bool known;
	int fd;

	if (!(be->has & BACKEND_CONTAINER))
		return true;
	fd = open(be->node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return true;
	known = ioctl(fd, VFIO_CHECK_EXTENSION, be->type) == 1;
	close(fd);
	return known;
}

int vfio_open(struct vfio *vfio)
{
	return vfio->be->ops->open(vfio);
}

void vfio_close(struct vfio *vfio)
{
	if (vfio->container >= 0)
		close(vfio->container);
	vfio->container = -1;
}

int vfio_set_iommu(struct vfio *vfio)
{
	return vfio->be->ops->set_iommu(vfio);
}

int vfio_get_device(struct vfio *vfio, int *device)
{
	return vfio->be->ops->get_device(vfio, device);
}

int vfio_info(struct vfio *vfio, struct vfio_iommu *iommu)
{
	return vfio->be->ops->info(vfio, iommu);
}

int vfio_map(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size, uint32_t flags)
{
	return vfio->be->ops->map(vfio, vaddr, iova, size, flags);
}

int vfio_unmap(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
	return vfio->be->ops->unmap(vfio, iova, size, unmapped);
}

/*
 * Causes and cures.  Each errno as the kernel gives it: drivers/vfio/container.c, group.c,
 * vfio_iommu_type1.c, device_cdev.c, drivers/iommu/iommufd/device.c, io_pagetable.c, pages.c.
 */
static const struct {
	const char *call; /* NULL: any that maps */
	int no;
	const char *why, *fix;
} causes[] = {
	{ "VFIO_SET_IOMMU", EPERM,
	  "no interrupt remapping, or firmware reserves memory for the device (RMRR)",
	  "give the IOMMU intremap=on, or load vfio_iommu_type1 with allow_unsafe_interrupts=1; see dmesg" },
	{ "VFIO_DEVICE_BIND_IOMMUFD", EPERM, "no interrupt remapping",
	  "give the IOMMU intremap=on, or load iommufd with allow_unsafe_interrupts=1" },
	{ "VFIO_DEVICE_BIND_IOMMUFD", EBUSY,
	  "another process has the device's group, or a device of it is on a host driver",
	  "see vfio_test list and fuser -v on /dev/vfio/*; end that process, bind each device of the group to vfio-pci" },
	{ "VFIO_DEVICE_BIND_IOMMUFD", EINVAL,
	  "its IOMMU does not keep DMA coherent with the caches, or the device is bound already",
	  "see dmesg" },
	{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", EINVAL,
	  "firmware reserves memory for the device (RMRR), or the address space does not fit its IOMMU",
	  "see dmesg" },
	{ "VFIO_GROUP_GET_DEVICE_FD", EPERM, "no interrupt remapping, or no CAP_SYS_RAWIO",
	  "give the IOMMU intremap=on, or load iommufd with allow_unsafe_interrupts=1; noiommu is for root" },
	{ NULL, EEXIST, "the IOVAs of two mappings overlap",
	  "choose each --iova at least --size from the others" },
	{ NULL, EINVAL, "the IOVA is reserved, past the aperture, or not aligned",
	  "choose an --iova inside the IOVA ranges above" },
	{ NULL, EOVERFLOW, "the IOVA and the length wrap",
	  "choose an --iova inside the IOVA ranges above" },
	{ NULL, ENOSPC, "the container holds as many mappings as it may",
	  "unmap some, or raise vfio_iommu_type1.dma_entry_limit" },
};

static bool is_map(const char *call)
{
	return !strcmp(call, "VFIO_IOMMU_MAP_DMA") || !strcmp(call, "IOMMU_IOAS_MAP");
}

void vfio_explain(const struct vfio *vfio, int ret, struct err *err)
{
	const char *call = vfio->call ? vfio->call : "VFIO";
	size_t i;

	err_set(err, -ret, call, strerror(-ret), "see dmesg");
	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].no == -ret &&
		    (causes[i].call ? !strcmp(causes[i].call, call) : is_map(call))) {
			err_why(err, "%s", causes[i].why);
			err_fix(err, "%s", causes[i].fix);
			return;
		}
}
