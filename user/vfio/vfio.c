// SPDX-License-Identifier: GPL-2.0
#include "vfio/vfio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Makes the call, and repeats it with the size that the kernel asks for. */
static int get_info(int fd, unsigned long request, size_t min, uint32_t index, bool indexed,
		    void **out)
{
	size_t size = min;
	int try;

	for (try = 0; try < 3; try++) {
		uint32_t *info = calloc(1, size);

		if (!info)
			return -ENOMEM;
		info[0] = size; /* argsz is the first field of each structure */
		if (indexed)
			((struct vfio_region_info *)info)->index = index;
		if (ioctl(fd, request, info)) {
			int err = -errno;

			free(info);
			return err;
		}
		if (info[0] <= size) {
			*out = info;
			return 0;
		}
		size = info[0];
		free(info);
		if (size > VFIO_INFO_MAX)
			return -E2BIG;
	}
	return -EAGAIN;
}

int vfio_iommu_get_info(int container, struct vfio_iommu_type1_info **info)
{
	return get_info(container, VFIO_IOMMU_GET_INFO, sizeof(**info), 0, false, (void **)info);
}

int vfio_device_get_info(int device, struct vfio_device_info **info)
{
	return get_info(device, VFIO_DEVICE_GET_INFO, sizeof(**info), 0, false, (void **)info);
}

int vfio_device_get_region(int device, uint32_t index, struct vfio_region_info **info)
{
	return get_info(device, VFIO_DEVICE_GET_REGION_INFO, sizeof(**info), index, true,
			(void **)info);
}

bool vfio_region_refusable(uint32_t index, int no)
{
	/* vfio_pci_core.c: vfio_pci_ioctl_get_region_info().  Other missing regions have size 0. */
	return index == VFIO_PCI_VGA_REGION_INDEX && no == EINVAL;
}

bool vfio_irq_refusable(uint32_t index, int no)
{
	/* vfio_pci_core.c: vfio_pci_ioctl_get_irq_info(): until 7.3, if it is not PCI Express */
	return index == VFIO_PCI_ERR_IRQ_INDEX && no == EINVAL;
}

const struct vfio_info_cap_header *vfio_cap_next(const void *info, size_t size, uint32_t offset,
						 const struct vfio_info_cap_header *cap,
						 unsigned int *left, int *err)
{
	*err = 0;
	if (cap)
		offset = cap->next;
	if (!offset)
		return NULL;
	if (!*left || offset % sizeof(uint32_t) || offset > size || size - offset < sizeof(*cap)) {
		*err = -EINVAL;
		return NULL;
	}
	--*left;
	return (const void *)((const char *)info + offset);
}

/*
 * Before 6.6 the kernel aligns a capability to 4 bytes only, so its 64-bit fields may be
 * misaligned: ranges are copied out.
 */
static int parse_ranges(const struct vfio_info_cap_header *cap, size_t room,
			struct vfio_iommu *iommu)
{
	struct vfio_iommu_type1_info_cap_iova_range head;
	unsigned int i;

	if (room < sizeof(head))
		return -EINVAL;
	memcpy(&head, cap, sizeof(head));
	if (head.nr_iovas > (room - sizeof(head)) / sizeof(struct vfio_iova_range))
		return -EINVAL;
	if (head.nr_iovas > VFIO_RANGES_MAX)
		return -E2BIG;
	for (i = 0; i < head.nr_iovas; i++) {
		struct vfio_iova_range r;

		memcpy(&r, (const char *)cap + sizeof(head) + i * sizeof(r), sizeof(r));
		if (r.start > r.end)
			return -EINVAL;
		iommu->ranges[i].start = r.start;
		iommu->ranges[i].end = r.end;
	}
	iommu->nr_ranges = i;
	return 0;
}

int vfio_iommu_parse(const struct vfio_iommu_type1_info *info, struct vfio_iommu *iommu)
{
	const struct vfio_info_cap_header *cap = NULL;
	unsigned int left = VFIO_CAPS_MAX;
	int err = 0;

	memset(iommu, 0, sizeof(*iommu));
	if (info->flags & VFIO_IOMMU_INFO_PGSIZES)
		iommu->page_sizes = info->iova_pgsizes;
	if (!(info->flags & VFIO_IOMMU_INFO_CAPS))
		return 0;
	while ((cap = vfio_cap_next(info, info->argsz, info->cap_offset, cap, &left, &err))) {
		size_t room = info->argsz - ((const char *)cap - (const char *)info);

		if (cap->id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
			err = parse_ranges(cap, room, iommu);
			if (err)
				return err;
		} else if (cap->id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL) {
			if (room < sizeof(struct vfio_iommu_type1_info_dma_avail))
				return -EINVAL;
			iommu->has_dma_avail = 1;
			iommu->dma_avail =
				((const struct vfio_iommu_type1_info_dma_avail *)(const void *)cap)
					->avail;
		}
	}
	return err;
}

int vfio_iova_usable(const struct vfio_iommu *iommu, uint64_t iova, uint64_t size)
{
	unsigned int i;

	if (!size || iova + size - 1 < iova)
		return 0;
	for (i = 0; i < iommu->nr_ranges; i++)
		if (iova >= iommu->ranges[i].start && iova + size - 1 <= iommu->ranges[i].end)
			return 1;
	return !iommu->nr_ranges;
}

int vfio_iova_find(const struct vfio_iommu *iommu, uint64_t min, uint64_t size, uint64_t align,
		   uint64_t *iova)
{
	unsigned int i;

	for (i = 0; i <= iommu->nr_ranges; i++) {
		/* @min is tried first; if no ranges are known, it is the only candidate. */
		uint64_t at = i ? iommu->ranges[i - 1].start : min;

		if (at < min)
			at = min;
		if (at > UINT64_MAX - (align - 1))
			continue;
		at = (at + align - 1) & ~(align - 1);
		if (vfio_iova_usable(iommu, at, size)) {
			*iova = at;
			return 0;
		}
	}
	return -ENOSPC;
}

/* A positive result is the number of vectors that are available; then none was set up. */
static int set_irqs(int device, struct vfio_irq_set *set)
{
	int ret = ioctl(device, VFIO_DEVICE_SET_IRQS, set);

	return ret > 0 ? -ENOSPC : ret ? -errno : 0;
}

static int irq_eventfd(int device, uint32_t index, uint32_t action, int eventfd)
{
	/* The structure ends with data of variable type: here one eventfd. */
	union {
		struct vfio_irq_set set;
		unsigned char room[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
	} u = { .set = {
			.argsz = sizeof(u.room),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | action,
			.index = index,
			.count = 1,
		} };
	int32_t fd = eventfd;

	memcpy(u.set.data, &fd, sizeof(fd));
	return set_irqs(device, &u.set);
}

int vfio_irq_enable(int device, uint32_t index, int eventfd)
{
	return irq_eventfd(device, index, VFIO_IRQ_SET_ACTION_TRIGGER, eventfd);
}

int vfio_irq_unmask_by(int device, uint32_t index, int eventfd)
{
	return irq_eventfd(device, index, VFIO_IRQ_SET_ACTION_UNMASK, eventfd);
}

static int irq_without_data(int device, uint32_t index, uint32_t action, uint32_t count)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = index,
		.count = count,
	};

	return set_irqs(device, &set);
}

int vfio_irq_disable(int device, uint32_t index)
{
	return irq_without_data(device, index, VFIO_IRQ_SET_ACTION_TRIGGER, 0);
}

int vfio_irq_unmask(int device, uint32_t index)
{
	return irq_without_data(device, index, VFIO_IRQ_SET_ACTION_UNMASK, 1);
}
