/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Finds free ranges of IOVAs.  Pure. */
#ifndef DMA_PLACE_H
#define DMA_PLACE_H

#include <stdint.h>

#include "vfio/vfio.h"

/* A range of addresses in use; its end is not past 2^64. */
struct dma_range {
	uint64_t start, size;
};

/* The end of a range in use that overlaps the @len bytes at @at; 0: there is none. */
uint64_t dma_taken_to(const struct dma_range *taken, unsigned int nr, uint64_t at, uint64_t len);

/*
 * The lowest IOVA, not below @from and a multiple of @align, at which the IOMMU can map @size bytes
 * that are all below @limit and not in use.  0 or -ENOSPC.
 */
int dma_place(const struct vfio_iommu *iommu, const struct dma_range *taken, unsigned int nr,
	      uint64_t from, uint64_t size, uint64_t align, uint64_t limit, uint64_t *iova);

#endif /* DMA_PLACE_H */
