/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The steps that have the device work: what run/dma.c and run/interrupts.c share. */
#ifndef RUN_DMA_H
#define RUN_DMA_H

#include "driver/driver.h"
#include "run/step.h"

/* What the steps here keep from one to the next. */
struct run_dma {
	struct dma dev;
	bool open;   /* dev is, and its device answers */
	bool proven; /* what it copies through the mapping arrives where it should */
	/* dma-fault */
	void *scratch;
	uint64_t scratch_iova;
	bool scratch_mapped, told;
	int klog;
	bool limited; /* the log may keep the next fault to itself */
	/* interrupts */
	int event, unmask;
	int irq; /* index that is on, or -1 */
};

/* The step is left out, and says why. */
enum status run_dma_skip(struct run *run, const char *why);

#endif /* RUN_DMA_H */
