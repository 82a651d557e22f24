/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The witnesses of a run, what each has said in figures, and the verdict that follows from
 * that.  Pure: no I/O.
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
	const char *unit;      /* what its figures count */
	const char *step;      /* the step of a run that asks it; NULL: no step does */
	const char *way;       /* a step before that opens the way to it; or NULL */
	int against;	       /* whose answer it is held against, and comes after; -1: nobody's */
	const char *privilege; /* what a user without privilege has not; NULL: it takes none */
	bool timed;	       /* its time a page is told */
	bool needed;	       /* no run passes without it */
	bool counted;	       /* one of the "N of M witnesses" of a run */
	bool in_json;	       /* has an object below "witnesses" */
};

extern const struct witness witnesses[NR_WITNESSES];

#define WITNESS_BIT(id) (1U << (id))
/* What --require all asks for: each that a run can ask itself, which is all but QEMU. */
#define WITNESS_ALL (WITNESS_BIT(WITNESS_QEMU) - 1)

/* By its name; -1: there is none. */
int witness_named(const char *name);
/* "module, pagemap, …, all", for whoever gave another */
void witness_names(char *buf, size_t len);
/* A list of names with commas, or "all", as bits; 0, or -EINVAL with the word in @bad. */
int witness_parse(const char *list, unsigned int *bits, char *bad, size_t len);

/* What one witness has said. */
struct testimony {
	uint64_t total;	    /* all that there is to judge */
	uint64_t to_judge;  /* what was asked of it: all, or a sample */
	uint64_t judged;    /* what it did judge */
	uint64_t differing; /* of that, or found wrong in any other way */
	/* How the step that asked it ended: as good as the figures may make it at the most. */
	enum status step;
	bool answered;	  /* others may be compared with it */
	uint64_t ns;	  /* what it cost, a page; 0: not measured */
	const char *unit; /* NULL: the table's */
	char why[520];	  /* why it did not speak, or what it found */
};

/* It has judged @judged of as many, @status at the best; @why, unless it is NULL or empty */
void testimony_give(struct testimony *t, enum status status, uint64_t judged, uint64_t differing,
		    const char *why);
/* Later than its step a difference came to light, which is not forgotten. */
void testimony_differs(struct testimony *t, uint64_t differing, const char *why);

/*
 * What its figures say.  Not one judged is never a pass, fewer than were to be judged
 * neither; a difference is a failure, whatever the step says.
 */
enum status testimony_status(const struct testimony *t);
/* It passes, and not for a sample only. */
bool testimony_proven(const struct testimony *t);
/* Why it is not proven, in a few words; "" where it is. */
void testimony_why(enum witness_id id, const struct testimony *t, char *buf, size_t len);

/*
 * What it is for the verdict over a run that has ended: a witness that no run passes without is
 * unverified where it was left out.
 */
enum status witness_verdict(enum witness_id id, const struct testimony *t);

/* The worst of so many of each status: error, fail, unverified, pass.  Skips are none. */
enum status status_worst(const unsigned int count[NR_STATUSES]);

/* A step that failed, or could not be verified, and that asks no witness. */
struct step_said {
	const char *name, *why;
	enum status status;
};

/* A further device that did not prove what the first did: device DMA, or interrupts. */
struct further_device {
	enum witness_id id;
	char bdf[16], why[160];
};

#define MAX_FURTHER 16 /* two witnesses of each device that --with may give */

/* What all witnesses of a run have said. */
struct testimonies {
	struct testimony said[NR_WITNESSES];
	unsigned int required; /* as bits: what of them is not proven is exit 4 */
	struct further_device further[MAX_FURTHER];
	size_t nr_further;
};

/* Nobody has been asked yet. */
void testimonies_init(struct testimonies *all);
/* Of a further device this witness is not proven; once for each device. */
void testimonies_further(struct testimonies *all, enum witness_id id, const char *bdf,
			 const char *why);
/* How many further devices there are of which it is not. */
unsigned int testimonies_without(const struct testimonies *all, enum witness_id id);
/*
 * Is all of this witness proven, of every device?  What the first device did is no proof of what
 * a further one did not.
 */
bool testimonies_proven(const struct testimonies *all, enum witness_id id);
/*
 * A step has ended; @why is its reason where it did not pass.  The witness that it asks says no
 * better than it; that one, and one that it opens the way to, have that reason where they have
 * none of their own.
 */
void testimonies_step(struct testimonies *all, const char *step, enum status status,
		      const char *why);
/* Does a witness give the reason of this step in the verdict line? */
bool step_has_witness(const char *step);

struct verdict_facts {
	enum status verdict;
	const struct testimonies *all; /* QEMU has a place in the line only where it is required */
	const struct step_said *steps;
	size_t nr_steps;
};

/*
 * "3 of 4 witnesses; device DMA not proven: no driver for 1b36:0010; proven: …": what comes
 * behind the verdict.  Names each witness, and each step that failed or was not verified.
 */
void verdict_text(const struct verdict_facts *facts, char *buf, size_t len);
/* The room that it takes at the most, with a reason for each witness and each step */
#define VERDICT_TEXT 32768

#endif /* WITNESS_H */
