/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The step dma-rules: which calls a back end must refuse, with which errno, and which not. */
#ifndef RUN_RULES_H
#define RUN_RULES_H

#include "run/step.h"

#define KIB	1024ULL
#define PIECE	(64 * KIB) /* the usual size of a mapping */
#define SCRATCH (4 * PIECE)
#define WINDOW	(16 * PIECE) /* IOVAs that the rules use */

struct rules {
	struct run *run;
	const struct dialect *dialect;
	uint64_t window;
	void *scratch, *absent, *readonly;
};

/* A rule that takes more than one call; @rules: bits of enum backend_rules */
struct rule_more {
	unsigned int rules;
	void (*check)(struct rules *r);
};

#define RULES_OF(rules) (1U << (rules))

/* "EINVAL"; "success" for 0 */
const char *errno_text(int no);
/*
 * Reports the check @name: the call returned @got, and must return @want; positive errnos.  Where a
 * limit of this process is why it returned something else, the check is unverified.
 */
void check_errno(struct rules *r, const char *name, int got, int want);
/* Maps PIECE at @iova, for the check @name; false: that failed, and was reported. */
bool rules_map_for(struct rules *r, const char *name, uint64_t iova);
/* The number of mappings left, from the container; -1: it does not say (before 5.10) */
int64_t rules_mappings_left(const struct rules *r);
/* Map the scratch memory, and unmap a part of the window; 0 or a positive errno */
int rules_map(struct rules *r, uint64_t iova, uint64_t size);
int rules_unmap(struct rules *r, uint64_t iova, uint64_t size, uint64_t *gone);
/* Unmaps everything that a rule left in the window. */
void rules_clear(struct rules *r);

/* run/rules_more.c, run/rules_iommufd.c; the last element has no check */
extern const struct rule_more rules_more[];
extern const struct rule_more rules_more_iommufd[];

#endif /* RUN_RULES_H */
