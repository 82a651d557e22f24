/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * VFIO's calls, each as it is: 0 or a negative errno, nothing printed.
 * Documentation/driver-api/vfio.rst, include/uapi/linux/vfio.h.
 */
#ifndef USER_VFIO_H
#define USER_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

#define VFIO_CONTAINER_PATH "/dev/vfio/vfio"

/* An IOVA range that the domain can map: first and last byte. */
struct vfio_range {
	uint64_t start, end;
};

/* An answer larger than this is not one that any kernel gives: -E2BIG. */
#define VFIO_INFO_MAX 65536
/* As many as fit into one: none is left out. */
#define VFIO_RANGES_MAX (VFIO_INFO_MAX / 16)

struct vfio_iommu {
	uint64_t page_sizes; /* bit N: pages of 1 << N bytes; 0 unknown */
	struct vfio_range ranges[VFIO_RANGES_MAX];
	unsigned int nr_ranges; /* 0: the kernel does not say (before 5.4) */
	uint64_t alignment;	/* of IOVAs, in bytes; 0: the back end does not say */
	int has_dma_avail;
	uint32_t dma_avail; /* mappings that can still be made */
};

/* All of an info call's answer, capabilities included; free() it. */
int vfio_iommu_get_info(int container, struct vfio_iommu_type1_info **info);
int vfio_device_get_info(int device, struct vfio_device_info **info);
int vfio_device_get_region(int device, uint32_t index, struct vfio_region_info **info);

/*
 * May vfio-pci refuse, with errno @no (positive), to tell of this region, or interrupt index?
 * Then the device does not have it; any other error says nothing of the device.  Pure.
 */
bool vfio_region_refusable(uint32_t index, int no);
bool vfio_irq_refusable(uint32_t index, int no);

/*
 * The next capability of an info structure of @size bytes that starts at
 * @info, after @cap; the first with @cap NULL, which @offset finds.  NULL at
 * the end.  Pure.  *left counts down from VFIO_CAPS_MAX, so a chain that turns
 * back on itself ends; one that leaves the buffer gives -EINVAL in *err.
 */
#define VFIO_CAPS_MAX 64
const struct vfio_info_cap_header *vfio_cap_next(const void *info, size_t size, uint32_t offset,
						 const struct vfio_info_cap_header *cap,
						 unsigned int *left, int *err);

/* The same answer as numbers.  -EINVAL for a chain or a count that lies. */
int vfio_iommu_parse(const struct vfio_iommu_type1_info *info, struct vfio_iommu *iommu);

/* The lowest IOVA >= @min where @size bytes fit; -ENOSPC.  Pure. */
int vfio_iova_find(const struct vfio_iommu *iommu, uint64_t min, uint64_t size, uint64_t align,
		   uint64_t *iova);
/* Does iova, size lie in one of the ranges?  True where none are known. */
int vfio_iova_usable(const struct vfio_iommu *iommu, uint64_t iova, uint64_t size);

/*
 * The first vector of an interrupt index to @eventfd; off, all of the index;
 * one that masked itself (INTx) may come again, now or whenever @eventfd is written.
 */
int vfio_irq_enable(int device, uint32_t index, int eventfd);
int vfio_irq_disable(int device, uint32_t index);
int vfio_irq_unmask(int device, uint32_t index);
int vfio_irq_unmask_by(int device, uint32_t index, int eventfd);

#endif /* USER_VFIO_H */
