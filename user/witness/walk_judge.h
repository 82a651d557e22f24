/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Judges the pages of a walk: how many were asked for, how many could be judged, and how many
 * differ from what is expected.  Pure.
 *
 * Only a page that the CPU can reach has rights that can be judged.  A page that is not present, or
 * in no VMA, was asked for and not judged, so the result is not a pass.
 */
#ifndef WALK_JUDGE_H
#define WALK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"
#include "lib/status.h"

/* Pages are base pages, whatever size they are mapped with. */
struct walk_judge {
	bool judges;	  /* --expect was given; without it nothing fails */
	bool expect_user; /* the expected value of _PAGE_USER */
	bool whole;	  /* the whole process: pages that it never touched are not asked for */

	uint64_t asked;		     /* set by walk_judge_end() */
	uint64_t kinds[PT_NR_KINDS]; /* pages in runs, by kind */
	uint64_t user, supervisor;   /* pages that the CPU can reach, by _PAGE_USER */
	uint64_t differ, first_differ;
	uint64_t unjudged; /* walk_judge_end() adds pages that were in no run */
	uint64_t first_unjudged;
	uint64_t next;	   /* the end of the last run */
	uint64_t unmapped; /* in no VMA: not in any run */
};

/* The range begins at @start. */
void walk_judge_begin(struct walk_judge *j, uint64_t start);

/* Adds a run.  Runs come in the order of their addresses; pages between them are in no VMA. */
void walk_judge_add(struct walk_judge *j, uint64_t vaddr, uint64_t len, uint32_t kind,
		    uint32_t rights);

/* There are no more runs; the range ended at @end. */
void walk_judge_end(struct walk_judge *j, uint64_t end);

/* Called after walk_judge_end().  If no page could be judged, it is not a pass either. */
enum status walk_judge_verdict(const struct walk_judge *j);

static inline uint64_t walk_judged(const struct walk_judge *j)
{
	return j->user + j->supervisor;
}

/* "1 of 256 pages judged: 255 in no VMA, first 0x7f0000001000" */
void walk_judge_text(const struct walk_judge *j, char *buf, size_t len);

#endif /* WALK_JUDGE_H */
