// SPDX-License-Identifier: GPL-2.0
/*
 * The back end iommufd, with the device's own node: Documentation/userspace-api/iommufd.rst,
 * Documentation/driver-api/vfio.rst ("VFIO Device cdev").
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vfio/backend.h"
#include "vfio/iommufd_uapi.h"
#include "lib/parse.h"

static int iommufd_open(struct vfio *vfio)
{
	vfio->call = vfio->be->node;
	vfio->container = open(vfio->be->node, O_RDWR | O_CLOEXEC);
	return vfio->container < 0 ? -errno : 0;
}

/* Creates an empty address space (IOAS); it has no limits until a device is attached. */
static int iommufd_set_iommu(struct vfio *vfio)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	vfio->call = "IOMMU_IOAS_ALLOC";
	if (ioctl(vfio->container, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	vfio->ioas = alloc.out_ioas_id;
	return 0;
}

static int bind_device(struct vfio *vfio, int fd)
{
	struct vfio_device_bind_token bind = { .argsz = offsetof(struct vfio_device_bind_token,
								 token_uuid_ptr),
					       .iommufd = vfio->container };
	unsigned char uuid[16];
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach),
							.pt_id = vfio->ioas };

	/* A kernel that does not support tokens refuses the flag with EINVAL. */
	if (vfio->token && !parse_uuid(vfio->token, uuid)) {
		bind.argsz = sizeof(bind);
		bind.flags = VFIO_DEVICE_BIND_FLAG_TOKEN;
		bind.token_uuid_ptr = (uintptr_t)uuid;
	}
	vfio->call = "VFIO_DEVICE_BIND_IOMMUFD";
	if (ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return -errno;
	vfio->dev_id = bind.out_devid;
	vfio->call = "VFIO_DEVICE_ATTACH_IOMMUFD_PT";
	return ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0;
}

static int iommufd_get_device(struct vfio *vfio, int *device)
{
	int fd, ret;

	vfio->call = "device-node";
	ret = sysfs_cdev_path(vfio->dev->bdf, vfio->node, sizeof(vfio->node));
	if (ret)
		return ret;
	fd = open(vfio->node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = bind_device(vfio, fd);
	if (ret)
		close(fd);
	else
		*device = fd;
	return ret;
}

static int iommufd_info(struct vfio *vfio, struct vfio_iommu *iommu)
{
	static struct iommu_iova_range ranges[VFIO_RANGES_MAX];
	struct iommu_ioas_iova_ranges ask = {
		.size = sizeof(ask),
		.ioas_id = vfio->ioas,
		.num_iovas = VFIO_RANGES_MAX,
		.allowed_iovas = (uintptr_t)ranges,
	};
	unsigned int i;

	vfio->call = "IOMMU_IOAS_IOVA_RANGES";
	memset(iommu, 0, sizeof(*iommu));
	if (ioctl(vfio->container, IOMMU_IOAS_IOVA_RANGES, &ask))
		return errno == EMSGSIZE ? -E2BIG : -errno;
	for (i = 0; i < ask.num_iovas && i < VFIO_RANGES_MAX; i++) {
		if (ranges[i].start > ranges[i].last)
			return -EPROTO;
		iommu->ranges[i].start = ranges[i].start;
		iommu->ranges[i].end = ranges[i].last;
	}
	iommu->nr_ranges = i;
	iommu->alignment = ask.out_iova_alignment;
	return 0;
}

static int iommufd_map(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size,
		       uint32_t flags)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA |
			 (flags & VFIO_DMA_MAP_FLAG_READ ? IOMMU_IOAS_MAP_READABLE : 0) |
			 (flags & VFIO_DMA_MAP_FLAG_WRITE ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = vfio->ioas,
		.user_va = (uintptr_t)vaddr,
		.length = size,
		.iova = iova,
	};

	vfio->call = "IOMMU_IOAS_MAP";
	return ioctl(vfio->container, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

static int iommufd_unmap(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = vfio->ioas,
		.iova = iova,
		.length = size,
	};

	vfio->call = "IOMMU_IOAS_UNMAP";
	if (ioctl(vfio->container, IOMMU_IOAS_UNMAP, &unmap))
		return -errno;
	*unmapped = unmap.length;
	return 0;
}

const struct backend_ops backend_iommufd_ops = {
	.open = iommufd_open,
	.set_iommu = iommufd_set_iommu,
	.get_device = iommufd_get_device,
	.info = iommufd_info,
	.map = iommufd_map,
	.unmap = iommufd_unmap,
};
