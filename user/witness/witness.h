/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The witnesses of a run, the testimony of each in numbers, and the verdict that follows from
 * them.  Pure: no I/O.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/status.h"

/* In the order of the verdict line. */
enum witness_id {
	WITNESS_MODULE,
	WITNESS_PAGEMAP,
	WITNESS_IOMMU,
	WITNESS_DEVICE_DMA,
	WITNESS_INTERRUPTS,
	WITNESS_QEMU,
	NR_WITNESSES
};

struct witness {
	const char *name;      /* in JSON, and for --require */
	const char *title;     /* in a sentence */
	const char *unit;      /* what its numbers count */
	const char *step;      /* the step of a run that asks it; NULL: no step does */
	const char *way;       /* an earlier step that makes it available; or NULL */
	int against;	       /* the earlier witness it is compared with; -1: none */
	const char *privilege; /* what an unprivileged user cannot read; NULL: needs no privilege */
	bool timed;	       /* its time per page is reported */
	bool needed;	       /* no run passes without it */
	bool counted;	       /* it is one of the "N of M witnesses" of a run */
	bool in_json;	       /* it has an object below "witnesses" */
};

extern const struct witness witnesses[NR_WITNESSES];

#define WITNESS_BIT(id) (1U << (id))
/* The witnesses of --require all: those that a run can ask itself, which is all but QEMU. */
#define WITNESS_ALL (WITNESS_BIT(WITNESS_QEMU) - 1)

/* The witness of that name; -1: there is none. */
int witness_named(const char *name);
/* The names that --require takes, with @between between them: "module, pagemap, …, all" */
void witness_names(const char *between, char *buf, size_t len);
/* Parses names separated by commas, or "all"; 0, or -EINVAL with the wrong word in @bad. */
int witness_parse(const char *list, unsigned int *bits, char *bad, size_t len);

/* What one witness has said. */
struct testimony {
	uint64_t total;	    /* the number of all that there is to judge */
	uint64_t to_judge;  /* how many of them it was asked for: all, or a sample */
	uint64_t judged;    /* how many it did judge */
	uint64_t differing; /* how many of them differ, or are wrong in another way */
	/* How the step that asked it ended; its own status cannot be better. */
	enum status step;
	bool answered;	  /* others may be compared with it */
	uint64_t ns;	  /* its time per page; 0: not measured */
	const char *unit; /* NULL: the unit of the table */
	char why[520];	  /* why it gave no answer, or what it found */
};

/* Sets the testimony: all of @judged were judged; keeps the old reason if @why is NULL or empty. */
void testimony_give(struct testimony *t, enum status status, uint64_t judged, uint64_t differing,
		    const char *why);
/* A difference was found after its step; it stays in the testimony. */
void testimony_differs(struct testimony *t, uint64_t differing, const char *why);

/*
 * The status that its numbers give.  If nothing was judged, or less than was asked for, it is never
 * a pass.  A difference is a failure, whatever the status of the step is.
 */
enum status testimony_status(const struct testimony *t);
/* Does it pass, and for more than a sample? */
bool testimony_proven(const struct testimony *t);
/* Why it is not proven, in a few words; "" if it is. */
void testimony_why(enum witness_id id, const struct testimony *t, char *buf, size_t len);

/*
 * Its status for the verdict of a run that has ended: a witness that every run needs is unverified
 * if it was left out.
 */
enum status witness_verdict(enum witness_id id, const struct testimony *t);

/* The worst status that occurs: error, fail, unverified, pass.  Skips are not counted. */
enum status status_worst(const unsigned int count[NR_STATUSES]);

/* A step that asks no witness, and that failed, or could not be verified. */
struct step_said {
	const char *name, *why;
	enum status status;
};

/* A further device that did not prove what the first one did: device DMA, or interrupts. */
struct further_device {
	enum witness_id id;
	char bdf[16], why[160];
};

#define MAX_FURTHER 16 /* two witnesses of each device that --with may give */

/* What all witnesses of a run have said. */
struct testimonies {
	struct testimony said[NR_WITNESSES];
	unsigned int required; /* bits; the exit code is 4 if one of these is not proven */
	struct further_device further[MAX_FURTHER];
	size_t nr_further;
};

/* The state before any witness was asked. */
void testimonies_init(struct testimonies *all);
/* Records that a witness is not proven for a further device; called once for each device. */
void testimonies_further(struct testimonies *all, enum witness_id id, const char *bdf,
			 const char *why);
/* For how many further devices it is not proven. */
unsigned int testimonies_without(const struct testimonies *all, enum witness_id id);
/*
 * Is this witness proven for every device?  What the first device did does not prove anything about
 * a further one.
 */
bool testimonies_proven(const struct testimonies *all, enum witness_id id);
/*
 * A step has ended; @why is the reason if it did not pass.  The witness that it asks cannot have a
 * better status than the step.  That witness, and one that the step makes available, get @why as
 * their reason if they have none.
 */
void testimonies_step(struct testimonies *all, const char *step, enum status status,
		      const char *why);
/* Is the reason of this step given by a witness in the verdict line? */
bool step_has_witness(const char *step);

struct verdict_facts {
	enum status verdict;
	const struct testimonies *all; /* QEMU is in the line only if it is required */
	const struct step_said *steps;
	size_t nr_steps;
};

/*
 * The text after the verdict: "3 of 4 witnesses; device DMA not proven: no driver for 1b36:0010;
 * proven: …".  It names each witness, and each step that failed or was not verified.
 */
void verdict_text(const struct verdict_facts *facts, char *buf, size_t len);
/* Room for it with a reason for each witness and each step */
#define VERDICT_TEXT 32768

#endif /* WITNESS_H */
