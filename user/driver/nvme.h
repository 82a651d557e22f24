/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A running NVMe controller: what the files of its driver share. */
#ifndef NVME_H
#define NVME_H

#include "driver/driver.h"
#include "driver/nvme_spec.h"

#define NVME_ENTRIES	64  /* of a queue, which is a page then */
#define NVME_GROUP_MAX	128 /* pages of a command */
#define NVME_COMMAND_MS 30000
#define NVME_NO_BLOCK	UINT64_MAX

/* The driver's own memory, in pages */
enum {
	NVME_OWN_ASQ,
	NVME_OWN_ACQ,
	NVME_OWN_SQ,
	NVME_OWN_CQ,
	NVME_OWN_LIST, /* of PRP entries */
	NVME_OWN_DATA,
	NVME_OWN_WINDOW, /* NVME_GROUP_MAX pages */
	NVME_OWN_PAGES = NVME_OWN_WINDOW + NVME_GROUP_MAX
};

struct nvme {
	struct dma *dma;
	struct nvme_cap cap;
	struct nvme_controller ctrl;
	struct nvme_namespace ns;
	char no_ns[256]; /* why there is none to read from; "" there is */
	struct nvme_queue admin, io;
	uint64_t store_at; /* the block that nvme_store() reads; NVME_NO_BLOCK */
	bool io_ready;
	bool leaving; /* it is shut down, which no signal shortens */
	int event;    /* of vector 0 of MSI-X; -1: completions are looked for */
	bool event_silent;
	bool waiting; /* an admin command of nvme_interrupt() is under way */
	uint32_t aqa; /* as they were */
	uint64_t asq, acq;
};

static inline struct nvme *nvme_of(struct dma *dma)
{
	return dma->priv;
}

static inline void *nvme_own(const struct nvme *n, unsigned int page)
{
	return (unsigned char *)n->dma->own + (size_t)page * NVME_PAGE;
}

static inline uint64_t nvme_own_iova(const struct nvme *n, unsigned int page)
{
	return n->dma->own_iova + (uint64_t)page * NVME_PAGE;
}

/* nvme_clock.c */
uint64_t nvme_now_ms(void);
void nvme_sleep_ns(uint64_t ns); /* less than a second */

/* nvme_queue.c */
/* -EINTR, and why */
int nvme_interrupted(struct err *err);
/* Is the controller there, and does it say that it is well? */
int nvme_check(struct nvme *n, uint32_t *csts, struct err *err);
/* Commands are there for the device to fetch. */
int nvme_ring(struct nvme *n, struct nvme_queue *q, struct err *err);
/* The next completion of a queue, waited for; its entry is the device's again. */
int nvme_reap(struct nvme *n, struct nvme_queue *q, struct nvme_completion *c, struct err *err);
/*
 * @nr commands at once, fewer than the queue has entries; returns when all have ended, with the
 * status of each.
 */
int nvme_exec(struct nvme *n, struct nvme_queue *q, const struct nvme_command *c, unsigned int nr,
	      uint16_t *status, struct err *err);

/* nvme_shared.c */
/*
 * Is a disk of the subsystem with this name in use on this machine, by another controller that is
 * on the kernel's driver?  @why says by which, and how.
 */
bool nvme_used_elsewhere(const char *nqn, char *why, size_t len);

/* nvme_prove.c */
int nvme_prove(struct dma *dma, const struct dma_area *area, struct dma_proof *proof,
	       struct err *err);

#endif /* NVME_H */
