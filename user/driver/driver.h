/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Devices that we can make move data, or interrupt: a table of drivers, each for
 * one kind of device, over an open VFIO device.
 */
#ifndef DMA_H
#define DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct dma;

/*
 * Functions return 0, or a negative errno with @err filled.  They come in the
 * order probe, init, then copy and interrupt as often as wanted, remove.
 */
struct dma_driver {
	const char *name;	 /* as for --dma */
	uint16_t vendor, device; /* PCI ids that it takes */
	int bar;		 /* its registers */
	uint64_t iova_end;	 /* the first IOVA that the device cannot reach */
	uint32_t copy_max;	 /* bytes of one copy */
	uint32_t copy_ms;	 /* about what a copy takes */
	uint32_t auto_pages;	 /* what is taken of a mapping unless all is asked for */
	bool repeats;		 /* it raises MSI again and again until its cause is cleared */
	/* Is it what its ids say?  Memory is on, bus mastering is not yet. */
	int (*probe)(struct dma *dma, struct err *err);
	int (*init)(struct dma *dma, struct err *err);
	/*
	 * The device reads @len bytes at IOVA @from, then writes them to @to;
	 * returns when it is done, which says nothing of what arrived.  NULL: it
	 * interrupts only, and has none of the numbers above.
	 */
	int (*copy)(struct dma *dma, uint64_t from, uint64_t to, uint32_t len, struct err *err);
	/* @on: the device wants attention, by what is set up; else no more. */
	int (*interrupt)(struct dma *dma, bool on, struct err *err);
	/* The device does nothing any more.  Also after an init that failed. */
	void (*remove)(struct dma *dma);
};

/* A device that a driver has. */
struct dma {
	const struct dma_driver *drv;
	int device;	      /* VFIO's file descriptor, not ours to close */
	uint64_t config, bar; /* offsets there */
	uint64_t bar_size;
	uint16_t command; /* PCI command register as it was */
	bool changed;	  /* it is not any more */
	bool probed;	  /* it is the driver's */
};

/* What --dma says; from DMA_DRIVERS on, a driver. */
enum { DMA_AUTO, DMA_NONE, DMA_DRIVERS, DMA_EDU = DMA_DRIVERS, DMA_E1000E };

extern const struct dma_driver dma_edu, dma_e1000e;

/* The driver for a device; NULL.  With @choice a driver, that one or none. */
const struct dma_driver *dma_driver_find(int choice, uint32_t vendor, uint32_t device);
/* The driver that @choice names; NULL for auto and none. */
const struct dma_driver *dma_driver_named(int choice);

/*
 * Finds registers, switches memory and bus mastering on, probes and starts.
 * Where it fails, all is as it was.
 */
int dma_open(struct dma *dma, const struct dma_driver *drv, int device, struct err *err);
/* Stops the device, and puts its command register back. */
void dma_close(struct dma *dma);

/* For drivers: a 32-bit register. */
int dma_read(struct dma *dma, uint32_t reg, uint32_t *v, struct err *err);
int dma_write(struct dma *dma, uint32_t reg, uint32_t v, struct err *err);

#endif /* DMA_H */
