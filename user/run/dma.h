/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The steps that have the device work: what run/dma.c and run/interrupts.c share. */
#ifndef RUN_DMA_H
#define RUN_DMA_H

#include "driver/driver.h"
#include "run/step.h"

/* Of the step device-dma, and for those after it: run->dma */
struct run_dma {
	struct dma dev;
	bool open;   /* dev is, and its device answers */
	bool proven; /* what it copies through the mapping arrives where it should */
	struct dma_seen seen;
};

/* Of the step dma-fault */
struct dma_fault {
	bool begun; /* what follows is set */
	void *scratch;
	uint64_t scratch_iova;
	bool scratch_mapped, told;
	int klog;
	bool limited; /* the log may keep the next fault to itself */
};

/* Of the step interrupts */
struct irq_try {
	bool begun; /* what follows is set */
	int event, unmask;
	int irq;		   /* index that is on, or -1 */
	unsigned int kinds, tried; /* that the device has; that could be tried */
	enum status status;
};

/* What a place for further IOVAs must be clear of: the mappings, BARs, a driver's own memory. */
#define RUN_TAKEN (MAX_IOVAS + PCI_BARS + 2)
unsigned int run_dma_taken(const struct run *run, const struct sysfs_device *dev,
			   struct dma_range *taken);
/* dma_open() of a device that uses the run's mappings */
int run_dma_open(struct run *run, struct dma *dma, const struct dma_driver *drv,
		 const struct sysfs_device *dev, int device, struct vfio *vfio);

/* The step is left out, and says why. */
enum status run_dma_skip(struct run *run, const char *why);

#endif /* RUN_DMA_H */
