/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Where in the space of IOVAs there is room beside what has a place there already.  Pure. */
#ifndef DMA_PLACE_H
#define DMA_PLACE_H

#include <stdint.h>

#include "vfio/vfio.h"

/* Addresses that are taken; none ends past 2^64. */
struct dma_range {
	uint64_t start, size;
};

/* Do @len bytes from @at on touch one of the ranges?  The end of one that they touch, or 0. */
uint64_t dma_taken_to(const struct dma_range *taken, unsigned int nr, uint64_t at, uint64_t len);

/*
 * The lowest IOVA from @from on, a multiple of @align, where the IOMMU takes @size bytes, none of
 * which is taken, and all of which are below @limit.  0 or -ENOSPC.
 */
int dma_place(const struct vfio_iommu *iommu, const struct dma_range *taken, unsigned int nr,
	      uint64_t from, uint64_t size, uint64_t align, uint64_t limit, uint64_t *iova);

#endif /* DMA_PLACE_H */
