/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a run asks a witness: each has a struct asker, and one function asks them all. */
#ifndef RUN_ASK_H
#define RUN_ASK_H

#include "run/step.h"
#include "witness/witness.h"

/*
 * The functions are called in this order, as long as each returns STATUS_PASS.  run->own is the
 * private data that they share.
 */
struct asker {
	enum witness_id id;
	/* Can it be asked?  If not, run->end says why.  Or NULL */
	enum status (*open)(struct run *run);
	/* Gathers the evidence, and is timed.  If it fails, run->end or t->why says why. */
	enum status (*ask)(struct run *run, struct testimony *t);
	/* Gathers what the evidence is compared with; is not timed.  Or NULL */
	enum status (*ask_more)(struct run *run);
	/* Passes the evidence to its judge, which fills @t and run->end.err. */
	void (*judge)(struct run *run, struct testimony *t);
	/* Reports the result, pass or not, and sets run->end.detail.  Or NULL */
	void (*tell)(struct run *run, const struct testimony *t);
	/* Undoes what any of these did; never fails.  Or NULL */
	void (*close)(struct run *run);
};

extern const struct asker ask_module, ask_pagemap, ask_iommu, ask_device_dma, ask_interrupts;

/*
 * Asks a witness, unless the one that it is compared with did not answer.  Measures the time,
 * writes the testimony, and returns its status.
 */
enum status run_ask(struct run *run, const struct asker *asker);

#endif /* RUN_ASK_H */
