/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a run asks a witness: one row and one file each, and one function that asks them all. */
#ifndef RUN_ASK_H
#define RUN_ASK_H

#include "run/step.h"
#include "witness/witness.h"

/*
 * Each is called in this order, as long as what came before it ended with STATUS_PASS.  What the
 * witness leaves to itself from one to the next is in run->own.
 */
struct asker {
	enum witness_id id;
	/* Can it be asked?  Else run->end says why not.  Or NULL */
	enum status (*open)(struct run *run);
	/* Gathers the evidence; its time is taken.  Else run->end says why, or @t->why. */
	enum status (*ask)(struct run *run, struct testimony *t);
	/* Gathers what that is held against; no time is taken.  Or NULL */
	enum status (*ask_more)(struct run *run);
	/* Hands the evidence to its judge, who fills @t and run->end.err. */
	void (*judge)(struct run *run, struct testimony *t);
	/* Into the report, however it ended; run->end.detail as well.  Or NULL */
	void (*tell)(struct run *run, const struct testimony *t);
	/* Takes back what any of these did; never fails.  Or NULL */
	void (*close)(struct run *run);
};

extern const struct asker ask_module, ask_pagemap, ask_iommu, ask_device_dma, ask_interrupts;

/*
 * Asks it, unless the witness did not answer that it is held against; takes the time, writes
 * its testimony, and returns how that ends.
 */
enum status run_ask(struct run *run, const struct asker *asker);

#endif /* RUN_ASK_H */
