/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the steps share that make the device work: run/dma.c, run/dma_fault.c, run/interrupts.c. */
#ifndef RUN_DMA_H
#define RUN_DMA_H

#include "driver/driver.h"
#include "run/step.h"

/* Private data of the step device-dma; later steps use it as run->dma. */
struct run_dma {
	struct dma dev;
	bool open;   /* dev is open, and the device responds */
	bool proven; /* the device's copies through the mapping arrived where they should */
	struct dma_seen seen;
};

/* Private data of the step dma-fault */
struct dma_fault {
	bool begun; /* the fields below are set */
	void *scratch;
	uint64_t scratch_iova;
	bool scratch_mapped, told;
	int klog;
	bool limited; /* the rate limit may keep the next fault out of the log */
};

/* Private data of the step interrupts */
struct irq_try {
	bool begun; /* the fields below are set */
	int event, unmask;
	int irq;		   /* the index that is enabled, or -1 */
	unsigned int kinds, tried; /* kinds that the device has, and that could be tested */
	enum status status;
};

/* The IOVA ranges in use: the mappings, the device's BARs, and the driver's own memory. */
#define RUN_TAKEN (MAX_IOVAS + PCI_BARS + 2)
unsigned int run_dma_taken(const struct run *run, const struct sysfs_device *dev,
			   struct dma_range *taken);
/* dma_open() for a device that uses the run's mappings */
int run_dma_open(struct run *run, struct dma *dma, const struct dma_driver *drv,
		 const struct sysfs_device *dev, int device, struct vfio *vfio);

/* Skips the step, and reports why. */
enum status run_dma_skip(struct run *run, const char *why);

#endif /* RUN_DMA_H */
