/* SPDX-License-Identifier: GPL-2.0 */
/* The walk of one process's page table, a batch of records at a time. */
#ifndef WALK_H
#define WALK_H

#include <linux/mm.h>
#include "pt_x86.h"
#include "uapi/verify_pte.h"

/* The format of the machine that the module is built for. */
#define pt_native	 pt_x86

#define VERIFY_PTE_ASKED offsetof(struct verify_pte_walk, next) /* before it: in */

/* A walk in progress; walk_batch() appends to the buffer, the caller empties it. */
struct walk {
	struct mm_struct *mm;
	u64 end; /* first address not asked about */
	union {
		void *buf;
		struct verify_pte_run *runs;
		struct verify_pte_entry *raws;
	};
	u32 cap, nr; /* in records */
	bool raw;    /* buffer of raws; else of runs */

	bool full;		    /* out: stopped for want of room */
	bool seen_vma;		    /* out: at least one VMA in the range */
	struct verify_pte_walk out; /* the question; out: from next on */

	/* private */
	const u64 *root;
	bool given; /* raw: the last record's address and level */
	u32 given_level;
	u64 given_at;
	u64 run_end, run_next, run_keep, run_step; /* runs: the one in hand */
	struct pt_effective run_upper;
};

static inline u32 walk_levels(void)
{
	return pgtable_l5_enabled() ? 5 : 4;
}

/* May this be asked, of a process or (@iova) of a device?  0, -EINVAL or -ERANGE */
static inline int walk_check_range(u64 start, u64 len, bool iova)
{
	u64 end = start + len;

	if (!len || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(len) || end < start)
		return -EINVAL;
	return !iova && end > pt_user_end(&pt_native, walk_levels()) ? -ERANGE : 0;
}

/* w->out holds the question.  @mm outlives the walk; the caller sets cap. */
void walk_init(struct walk *w, struct mm_struct *mm, void *buf);

/*
 * Goes on from *addr until the buffer is full, the end is reached, or it has held the mmap lock
 * for long enough: then it returns 0 as well, and the caller calls again.  *addr is the first
 * address not answered; it moves past what is in no VMA.
 *
 * The caller holds mm_users.  Sleeps for the mmap lock only. Errors: -EINTR (killed), -EIO (an
 * entry that no kernel writes: not followed).
 */
int walk_batch(struct walk *w, u64 *addr);

/*
 * The same of a device's IOMMU domain, where w->mm is NULL.  Sleeps.  Errors: -ENODEV (no such
 * device), -EBADF (current has no VFIO file of it), -ENOENT (no domain), -EOPNOTSUPP (a domain
 * of another kind).
 */
int iova_batch(struct walk *w, u64 *addr);

#endif /* WALK_H */
