// SPDX-License-Identifier: GPL-2.0
/* Opens a device in a VFIO container. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "container.h"
#include "ktap.h"

struct container container_open(const char *bdf)
{
	struct container c;
	char path[96], link[96];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		bail_out("%s: %s", path, strerror(errno));
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	c.group = open(path, O_RDWR | O_CLOEXEC);
	c.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (c.group < 0 || c.container < 0)
		bail_out("%s: %s", path, strerror(errno));
	if (ioctl(c.group, VFIO_GROUP_SET_CONTAINER, &c.container) ||
	    ioctl(c.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		bail_out("%s: VFIO container: %s", bdf, strerror(errno));
	c.device = ioctl(c.group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (c.device < 0)
		bail_out("%s: VFIO device: %s", bdf, strerror(errno));
	return c;
}

void container_map(const struct container *c, void *va, uint64_t len, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = len,
	};

	if (ioctl(c->container, VFIO_IOMMU_MAP_DMA, &map))
		bail_out("MAP_DMA: %s", strerror(errno));
}
