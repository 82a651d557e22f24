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

#include "driver/place.h"
#include "lib/err.h"
#include "pci/sysfs.h"
#include "vfio/backend.h"

struct dma;

/* Memory that is mapped for the device, as both sides address it; each byte of it is @fill. */
struct dma_area {
	unsigned char *buf;
	uint64_t iova, pages; /* of DMA_PAGE */
	unsigned char fill;
};

/* What a device has proven of an area. */
struct dma_proof {
	uint64_t compared, bad; /* pages: looked at; on which something was wrong */
	char unproven[160];	/* why one of the two directions is not proven; "" they are */
};

/*
 * Functions return 0, or a negative errno with @err filled; -EOPNOTSUPP: the device is
 * well and has nothing to do it with.  They come in the order probe, init, then copy, prove,
 * store and interrupt as often as wanted, remove.
 *
 * A driver moves data by @copy, where the device copies what it is told to, or by @prove and
 * @store, where the driver knows better what proves a page.  With neither it interrupts only.
 */
struct dma_driver {
	const char *name;	 /* as for --dma */
	uint16_t vendor, device; /* PCI ids that it takes; or */
	uint32_t class_code;	 /* what it takes whatever the ids are, 24 bits; 0: by ids */
	int bar;		 /* its registers */
	uint64_t iova_end;	 /* the first IOVA that the device cannot reach */
	uint64_t own_size;	 /* bytes of memory that the driver wants for itself */
	const char *moves;	 /* how pages take part, in a line of the report */
	uint32_t copy_max;	 /* bytes of one copy */
	uint32_t copy_ms;	 /* about what a copy takes */
	uint32_t auto_pages;	 /* what is taken of a mapping unless all is asked for */
	bool repeats;		 /* it raises MSI again and again until its cause is cleared */
	/* Is it what its ids say?  Memory is on, bus mastering is not yet. */
	int (*probe)(struct dma *dma, struct err *err);
	int (*init)(struct dma *dma, struct err *err);
	/*
	 * The device reads @len bytes at IOVA @from, then writes them to @to;
	 * returns when it is done, which says nothing of what arrived.
	 */
	int (*copy)(struct dma *dma, uint64_t from, uint64_t to, uint32_t len, struct err *err);
	/*
	 * The device reads and writes each page of @area, and the driver looks at what arrived,
	 * and that nothing else of the area changed.  0 with *proof, and the first difference in
	 * @err's why; every byte is area->fill again.
	 */
	int (*prove)(struct dma *dma, const struct dma_area *area, struct dma_proof *proof,
		     struct err *err);
	/* The device writes to IOVA @to, 64 bytes or more of that page; whether it may or not. */
	int (*store)(struct dma *dma, uint64_t to, struct err *err);
	/* NULL, or: the driver gives back the interrupt that it uses itself. */
	void (*release_irq)(struct dma *dma);
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
	struct vfio *vfio; /* where @own is mapped, of own_size bytes */
	void *own;
	uint64_t own_iova;
	bool own_mapped;
	void *priv;	  /* the driver's; freed by dma_close() */
	uint16_t command; /* PCI command register as it was */
	bool changed;	  /* it is not any more */
	bool probed;	  /* it is the driver's */
};

/* What --dma says; from DMA_DRIVERS on, a driver. */
enum { DMA_AUTO, DMA_NONE, DMA_DRIVERS, DMA_EDU = DMA_DRIVERS, DMA_E1000E };

extern const struct dma_driver dma_edu, dma_e1000e;

/* Does it move data at all? */
static inline bool dma_moves(const struct dma_driver *drv)
{
	return drv->copy || drv->prove;
}

/* The driver for a device; NULL.  With @choice a driver, that one or none. */
const struct dma_driver *dma_driver_find(int choice, const struct sysfs_device *dev);
/* The driver that @choice names; NULL for auto and none. */
const struct dma_driver *dma_driver_named(int choice);

/* Where memory of a driver's own can be mapped, and what is taken there. */
struct dma_host {
	struct vfio *vfio;
	const struct vfio_iommu *iommu;
	const struct dma_range *taken;
	unsigned int nr_taken;
};

/*
 * Maps the driver's own memory, finds registers, switches memory and bus mastering on, probes
 * and starts.  Where it fails, all is as it was.
 */
int dma_open(struct dma *dma, const struct dma_driver *drv, int device, const struct dma_host *host,
	     struct err *err);
/* Stops the device, puts its command register back, and unmaps the driver's own memory. */
void dma_close(struct dma *dma);

/* For drivers: a register of 32 bits, and one of 64, by its halves, the lower first. */
int dma_read(struct dma *dma, uint32_t reg, uint32_t *v, struct err *err);
int dma_write(struct dma *dma, uint32_t reg, uint32_t v, struct err *err);
int dma_read64(struct dma *dma, uint32_t reg, uint64_t *v, struct err *err);
int dma_write64(struct dma *dma, uint32_t reg, uint64_t v, struct err *err);

#endif /* DMA_H */
