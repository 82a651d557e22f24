/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Drivers for devices that we can make move data, or interrupt.  Each is for one kind of device,
 * and works on an open VFIO device.
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

/* Memory that is mapped for the device; @buf is our address of it.  Each byte of it is @fill. */
struct dma_area {
	unsigned char *buf;
	uint64_t iova, pages; /* of DMA_PAGE */
	unsigned char fill;
};

/* What a device has proven about an area. */
struct dma_proof {
	uint64_t compared, bad; /* pages that were compared, and those with an error */
	char unproven[160];	/* why one of the two directions is not proven; "": both are */
};

/*
 * Functions return 0, or a negative errno with @err filled; -EOPNOTSUPP: the device works, but
 * lacks what the call needs.  They are called in the order probe, init, then copy, prove, store and
 * interrupt as often as needed, remove.
 *
 * A driver has @copy if the device copies memory as it is told, or @prove and @store if the driver
 * has to choose the commands that prove a page.  A driver without any of them only interrupts.
 */
struct dma_driver {
	const char *name;	 /* for --dma */
	uint16_t vendor, device; /* PCI ids of its devices, if class_code is 0 */
	uint32_t class_code;	 /* class of its devices (24 bits), with any ids; or 0 */
	int bar;		 /* the BAR with its registers */
	uint64_t iova_end;	 /* the first IOVA that the device cannot reach */
	uint64_t own_size;	 /* bytes of memory that the driver needs for itself */
	const char *moves;	 /* how pages are used, for a line of the report */
	uint32_t copy_max;	 /* the most bytes of one copy */
	uint32_t copy_ms;	 /* the usual duration of a copy */
	uint32_t auto_pages;	 /* pages of a mapping that are used by default */
	bool repeats;		 /* it raises MSI repeatedly until its cause is cleared */
	/* Is it the device that its ids name?  Memory is enabled, bus mastering not yet. */
	int (*probe)(struct dma *dma, struct err *err);
	int (*init)(struct dma *dma, struct err *err);
	/*
	 * The device reads @len bytes at IOVA @from, then writes them to @to.  Returns when the
	 * device is done; the caller checks what arrived.
	 */
	int (*copy)(struct dma *dma, uint64_t from, uint64_t to, uint32_t len, struct err *err);
	/*
	 * The device reads and writes each page of @area.  The driver checks what arrived, and that
	 * nothing else in the area changed.  Returns 0 with *proof, and the first difference in
	 * err->why.  Afterwards every byte is area->fill again.
	 */
	int (*prove)(struct dma *dma, const struct dma_area *area, struct dma_proof *proof,
		     struct err *err);
	/*
	 * The device tries to write to IOVA @to, 64 bytes or more of that page, even if the IOMMU
	 * does not permit it: bytes that are not all 0x55, and not all area->fill of @prove.
	 */
	int (*store)(struct dma *dma, uint64_t to, struct err *err);
	/* Releases the interrupt that the driver uses itself; or NULL. */
	void (*release_irq)(struct dma *dma);
	/* @on: raises an interrupt, of the kind that is set up; otherwise clears it. */
	int (*interrupt)(struct dma *dma, bool on, struct err *err);
	/* Stops all activity of the device.  Also called after an init that failed. */
	void (*remove)(struct dma *dma);
};

/* A device with its driver. */
struct dma {
	const struct dma_driver *drv;
	int device;	      /* VFIO's file descriptor, which the caller closes */
	uint64_t config, bar; /* offsets in that file */
	uint64_t bar_size;
	struct vfio *vfio; /* maps @own, which has own_size bytes */
	void *own;
	uint64_t own_iova;
	bool own_mapped;
	void *priv;	  /* the driver's data; dma_close() frees it */
	uint16_t command; /* the PCI command register before we changed it */
	bool changed;	  /* the command register was changed */
	bool probed;	  /* probe succeeded */
};

/* The values of --dma; those from DMA_DRIVERS on are drivers. */
enum { DMA_AUTO, DMA_NONE, DMA_DRIVERS, DMA_EDU = DMA_DRIVERS, DMA_E1000E, DMA_NVME };

extern const struct dma_driver dma_edu, dma_e1000e, dma_nvme;

/* Does it move data at all? */
static inline bool dma_moves(const struct dma_driver *drv)
{
	return drv->copy || drv->prove;
}

/* The driver for a device, or NULL.  If @choice is a driver, only that one is considered. */
const struct dma_driver *dma_driver_find(int choice, const struct sysfs_device *dev);
/* The driver that @choice names; NULL for auto and none. */
const struct dma_driver *dma_driver_named(int choice);

/* Where a driver's own memory can be mapped, and the IOVAs that are in use. */
struct dma_host {
	struct vfio *vfio;
	const struct vfio_iommu *iommu;
	const struct dma_range *taken;
	unsigned int nr_taken;
};

/*
 * Maps the driver's own memory, finds the registers, enables memory and bus mastering, probes and
 * initialises the device.  If any of it fails, all of it is undone.
 */
int dma_open(struct dma *dma, const struct dma_driver *drv, int device, const struct dma_host *host,
	     struct err *err);
/* Stops the device, restores its command register, and unmaps the driver's own memory. */
void dma_close(struct dma *dma);

/* For drivers: access a register of 32 bits, or of 64 in two halves, the lower one first. */
int dma_read(struct dma *dma, uint32_t reg, uint32_t *v, struct err *err);
int dma_write(struct dma *dma, uint32_t reg, uint32_t v, struct err *err);
int dma_read64(struct dma *dma, uint32_t reg, uint64_t *v, struct err *err);
int dma_write64(struct dma *dma, uint32_t reg, uint64_t v, struct err *err);

#endif /* DMA_H */
