// SPDX-License-Identifier: GPL-2.0
/*
 * enable GROUP - what VFIO_IOMMU_ENABLE answers, before and after SET_IOMMU, and that memory
 * is mapped without it: "before EINVAL after ENOTTY map 0"
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static const char *ask(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? strerrorname_np(errno) : "0";
}

int main(int argc, char **argv)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)page,
		.size = 4096,
	};
	int container = open("/dev/vfio/vfio", O_RDWR), group;
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", argc > 1 ? argv[1] : "");
	group = open(path, O_RDWR);
	if (container < 0 || group < 0)
		return 2;
	printf("before %s", ask(container, VFIO_IOMMU_ENABLE, NULL));
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 2;
	printf(" after %s", ask(container, VFIO_IOMMU_ENABLE, NULL));
	printf(" map %s\n", ask(container, VFIO_IOMMU_MAP_DMA, &map));
	return 0;
}
