/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which bytes a device copies so that every page is used once.
 *
 * A copy tests the pages at both its ends, and each end may cross the boundary between two
 * neighbouring pages.  So one half of the pages is read in pairs, and each copy is written across a
 * pair of the other half.  Pure; offsets count from the mapping's first byte.
 */
#ifndef DMA_PLAN_H
#define DMA_PLAN_H

#include <stdint.h>

#define DMA_PAGE 4096ULL

struct dma_plan {
	uint64_t total; /* pages of the mapping */
	uint64_t pages; /* pages that are used */
	uint64_t units; /* of two neighbours; the last may have one page only */
	uint32_t len;	/* bytes of a copy */
};

struct dma_copy {
	uint64_t from, to;
	uint32_t len;
};

/*
 * Plans copies for at most @max (0: all) of @total pages (1 or more), evenly spread if these are
 * not all.  No copy has more than @copy_max bytes, which is 64 or more.
 */
void dma_plan_init(struct dma_plan *plan, uint64_t total, uint64_t max, uint32_t copy_max);

/* How many copies there are, and the copy with index @i. */
uint64_t dma_plan_copies(const struct dma_plan *plan);
void dma_plan_copy(const struct dma_plan *plan, uint64_t i, struct dma_copy *copy);

/* The word at @offset, a multiple of 8, before any copy: each offset has a different one. */
static inline uint64_t dma_word(uint64_t key, uint64_t offset)
{
	return key ^ offset;
}

/* The offset that @word belongs to. */
static inline uint64_t dma_word_offset(uint64_t key, uint64_t word)
{
	return key ^ word;
}

#endif /* DMA_PLAN_H */
