// SPDX-License-Identifier: GPL-2.0
#include "driver/place.h"

#include <errno.h>

uint64_t dma_taken_to(const struct dma_range *taken, unsigned int nr, uint64_t at, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (at < taken[i].start + taken[i].size && taken[i].start < at + len)
			return taken[i].start + taken[i].size;
	return 0;
}

int dma_place(const struct vfio_iommu *iommu, const struct dma_range *taken, unsigned int nr,
	      uint64_t from, uint64_t size, uint64_t align, uint64_t limit, uint64_t *iova)
{
	unsigned int i;

	/* Each iteration passes at least one range. */
	for (i = 0; i <= nr; i++) {
		if (vfio_iova_find(iommu, from, size, align, iova) || *iova > limit ||
		    size > limit - *iova)
			return -ENOSPC;
		from = dma_taken_to(taken, nr, *iova, size);
		if (!from)
			return 0;
	}
	return -ENOSPC;
}
