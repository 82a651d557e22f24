/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Thin wrappers of VFIO's calls: each returns 0 or a negative errno, and prints nothing.
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

/* No kernel gives a larger answer: -E2BIG. */
#define VFIO_INFO_MAX 65536
/* The most that fit into an answer, so that none is left out. */
#define VFIO_RANGES_MAX (VFIO_INFO_MAX / 16)

struct vfio_iommu {
	uint64_t page_sizes; /* bit N: pages of 1 << N bytes; 0 unknown */
	struct vfio_range ranges[VFIO_RANGES_MAX];
	unsigned int nr_ranges; /* 0: unknown (kernels before 5.4) */
	uint64_t alignment;	/* of IOVAs, in bytes; 0: unknown */
	int has_dma_avail;
	uint32_t dma_avail; /* mappings that can still be made */
};

/* The whole answer of an info call, with capabilities; the caller frees it. */
int vfio_iommu_get_info(int container, struct vfio_iommu_type1_info **info);
int vfio_device_get_info(int device, struct vfio_device_info **info);
int vfio_device_get_region(int device, uint32_t index, struct vfio_region_info **info);

/*
 * Does the errno @no (positive) of vfio-pci's info call mean that the device lacks this region, or
 * this interrupt index?  Any other error says nothing about the device.  Pure.
 */
bool vfio_region_refusable(uint32_t index, int no);
bool vfio_irq_refusable(uint32_t index, int no);

/*
 * The capability after @cap in the info structure @info of @size bytes; if @cap is NULL, the first
 * one, at @offset.  NULL at the end.  *left starts at VFIO_CAPS_MAX and is counted down, so that a
 * chain with a loop ends.  A chain that loops or leaves the buffer sets *err to -EINVAL.  Pure.
 */
#define VFIO_CAPS_MAX 64
const struct vfio_info_cap_header *vfio_cap_next(const void *info, size_t size, uint32_t offset,
						 const struct vfio_info_cap_header *cap,
						 unsigned int *left, int *err);

/* Parses the answer.  -EINVAL: a chain or a count is not valid. */
int vfio_iommu_parse(const struct vfio_iommu_type1_info *info, struct vfio_iommu *iommu);

/* The lowest IOVA >= @min where @size bytes fit; -ENOSPC.  Pure. */
int vfio_iova_find(const struct vfio_iommu *iommu, uint64_t min, uint64_t size, uint64_t align,
		   uint64_t *iova);
/* Is the area at @iova within one of the ranges?  True if no ranges are known. */
int vfio_iova_usable(const struct vfio_iommu *iommu, uint64_t iova, uint64_t size);

/*
 * Connects the first vector of an interrupt index to @eventfd; disables all vectors of the index;
 * unmasks one that masked itself (INTx), now, or each time @eventfd is written.
 */
int vfio_irq_enable(int device, uint32_t index, int eventfd);
int vfio_irq_disable(int device, uint32_t index);
int vfio_irq_unmask(int device, uint32_t index);
int vfio_irq_unmask_by(int device, uint32_t index, int eventfd);

#endif /* USER_VFIO_H */
