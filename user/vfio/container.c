// SPDX-License-Identifier: GPL-2.0
/*
 * Back ends with a container and a group: Type1, Type1v2 and noiommu through /dev/vfio/vfio, and
 * compat, the same calls through /dev/iommu (drivers/iommu/iommufd/vfio_compat.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vfio/backend.h"

static int container_open(struct vfio *vfio)
{
	vfio->call = vfio->be->node;
	vfio->container = open(vfio->be->node, O_RDWR | O_CLOEXEC);
	return vfio->container < 0 ? -errno : 0;
}

int vfio_group_path(const struct sysfs_device *dev, char *path, size_t len)
{
	/* drivers/vfio/group.c: vfio_create_group() */
	return snprintf(path, len, "/dev/vfio/%s%d",
			sysfs_group_noiommu(dev->group) ? "noiommu-" : "", dev->group);
}

int vfio_group_open(struct vfio *vfio)
{
	vfio->call = "group";
	vfio_group_path(vfio->dev, vfio->node, sizeof(vfio->node));
	vfio->group = open(vfio->node, O_RDWR | O_CLOEXEC);
	return vfio->group < 0 ? -errno : 0;
}

void vfio_group_close(struct vfio *vfio)
{
	if (vfio->group >= 0)
		close(vfio->group);
	vfio->group = -1;
}

int vfio_group_set_container(struct vfio *vfio)
{
	vfio->call = "VFIO_GROUP_SET_CONTAINER";
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container))
		return -errno;
	vfio->in_container = true;
	return 0;
}

void vfio_group_unset_container(struct vfio *vfio)
{
	if (vfio->in_container)
		ioctl(vfio->group, VFIO_GROUP_UNSET_CONTAINER);
	vfio->in_container = false;
}

static int container_set_iommu(struct vfio *vfio)
{
	vfio->call = "VFIO_SET_IOMMU";
	return ioctl(vfio->container, VFIO_SET_IOMMU, vfio->be->type) ? -errno : 0;
}

static int container_get_device(struct vfio *vfio, int *device)
{
	char name[SYSFS_BDF + sizeof(" vf_token=") + 40];
	int fd;

	/* drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_match() */
	snprintf(name, sizeof(name), "%s%s%.36s", vfio->dev->bdf, vfio->token ? " vf_token=" : "",
		 vfio->token ? vfio->token : "");
	vfio->call = "VFIO_GROUP_GET_DEVICE_FD";
	fd = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*device = fd;
	return 0;
}

static int container_info(struct vfio *vfio, struct vfio_iommu *iommu)
{
	struct vfio_iommu_type1_info *info;
	int ret;

	vfio->call = "VFIO_IOMMU_GET_INFO";
	ret = vfio_iommu_get_info(vfio->container, &info);
	if (ret)
		return ret;
	/* -EPROTO: the kernel's answer is inconsistent */
	ret = vfio_iommu_parse(info, iommu);
	if (ret && ret != -E2BIG)
		ret = -EPROTO;
	free(info);
	return ret;
}

static int container_map(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size,
			 uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	vfio->call = "VFIO_IOMMU_MAP_DMA";
	return ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int container_unmap(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	vfio->call = "VFIO_IOMMU_UNMAP_DMA";
	if (ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	*unmapped = unmap.size;
	return 0;
}

const struct backend_ops backend_container_ops = {
	.open = container_open,
	.set_iommu = container_set_iommu,
	.get_device = container_get_device,
	.info = container_info,
	.map = container_map,
	.unmap = container_unmap,
};
