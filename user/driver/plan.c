// SPDX-License-Identifier: GPL-2.0
#include "driver/plan.h"

/* A page boundary must not split a word. */
#define COPY_ALIGN 16u

void dma_plan_init(struct dma_plan *plan, uint64_t total, uint64_t max, uint32_t copy_max)
{
	/* A part of every page is not copied to, and must not change. */
	uint32_t len = DMA_PAGE - COPY_ALIGN;

	if (copy_max < len)
		len = copy_max;
	plan->total = total;
	/* A sample consists of whole pairs. */
	plan->pages = !max || max >= total ? total : max & ~1ULL;
	if (!plan->pages)
		plan->pages = 1;
	plan->units = (plan->pages + 1) / 2;
	plan->len = len & ~(COPY_ALIGN - 1);
}

static uint64_t unit_first(const struct dma_plan *plan, uint64_t unit)
{
	if (plan->pages == plan->total)
		return unit * 2;
	return unit * plan->total / plan->units;
}

static uint64_t unit_pages(const struct dma_plan *plan, uint64_t unit)
{
	return plan->pages - unit * 2 < 2 ? 1 : 2;
}

/* Across the boundary between the unit's two pages, or in the middle of its only page. */
static uint64_t unit_offset(const struct dma_plan *plan, uint64_t unit)
{
	uint64_t start = unit_first(plan, unit) * DMA_PAGE;
	uint64_t room = unit_pages(plan, unit) * DMA_PAGE;

	return start + (room - plan->len) / 2;
}

uint64_t dma_plan_copies(const struct dma_plan *plan)
{
	return (plan->units + 1) / 2;
}

void dma_plan_copy(const struct dma_plan *plan, uint64_t i, struct dma_copy *copy)
{
	uint64_t pairs = plan->units / 2;
	uint64_t start;

	copy->len = plan->len;
	if (i < pairs) {
		copy->from = unit_offset(plan, i);
		copy->to = unit_offset(plan, plan->units - pairs + i);
		return;
	}
	/* The unit in the middle has no partner: copy from its first page to its second. */
	start = unit_first(plan, i) * DMA_PAGE;
	if (unit_pages(plan, i) == 2) {
		copy->from = start;
		copy->to = start + DMA_PAGE + (DMA_PAGE - plan->len) / 2;
		return;
	}
	copy->len = plan->len / 2 & ~(COPY_ALIGN - 1);
	copy->from = start;
	copy->to = start + DMA_PAGE / 2;
}
