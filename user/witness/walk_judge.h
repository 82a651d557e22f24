/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a walk says about the pages that were asked for: how many there were, how many could be
 * judged, how many differ.  Pure.
 *
 * Only a page that the CPU can reach has rights to judge.  A page that is not present, or in no
 * VMA, has none: it was asked for and not judged, which is no pass.
 */
#ifndef WALK_JUDGE_H
#define WALK_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"

/* Pages are base pages, whatever size they are mapped with. */
struct walk_judge {
	bool judges;	  /* --expect was given: without it nothing is a failure */
	bool expect_user; /* what _PAGE_USER has to be */
	bool whole; /* all that a process has mapped: what it never touched is not asked for */

	uint64_t asked;		     /* set by walk_judge_end() */
	uint64_t kinds[PT_NR_KINDS]; /* answered, by kind */
	uint64_t user, supervisor;   /* of those that the CPU can reach */
	uint64_t differ, first_differ;
	uint64_t unjudged; /* walk_judge_end() adds those that had no answer */
	uint64_t first_unjudged;
	uint64_t next;	   /* the first address that no run reached yet */
	uint64_t unmapped; /* in no VMA: no run told of them */
};

enum walk_verdict { WALK_PASS, WALK_FAIL, WALK_UNVERIFIED };

/* The range begins at @start. */
void walk_judge_begin(struct walk_judge *j, uint64_t start);

/* A run, in the order of the addresses; what lies between two of them is in no VMA. */
void walk_judge_add(struct walk_judge *j, uint64_t vaddr, uint64_t len, uint32_t kind,
		    uint32_t rights);

/* There is no more: the range ended at @end. */
void walk_judge_end(struct walk_judge *j, uint64_t end);

/* After walk_judge_end().  Nothing at all that could be judged is no pass either. */
enum walk_verdict walk_judge_verdict(const struct walk_judge *j);

static inline uint64_t walk_judged(const struct walk_judge *j)
{
	return j->user + j->supervisor;
}

/* "1 of 256 pages judged: 255 in no VMA, first 0x7f0000001000" */
void walk_judge_text(const struct walk_judge *j, char *buf, size_t len);

#endif /* WALK_JUDGE_H */
