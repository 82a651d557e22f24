/* SPDX-License-Identifier: GPL-2.0 */
/* The walk of one process's page table, a batch of records at a time. */
#ifndef WALK_H
#define WALK_H

#include <linux/types.h>
#include "pt_x86.h"
#include "uapi/verify_pte.h"

struct mm_struct;

/* The format of the machine that the module is built for. */
#define pt_native	pt_x86

/*
 * A walk in progress.  The caller sets mm (with a reference that outlives the
 * walk), end, raw, and the buffer with its size in records; walk_init() the
 * rest.  walk_batch() appends to the buffer; the caller empties it (nr = 0).
 */
struct walk {
	struct mm_struct *mm;
	u64 end;		/* first address not asked about */
	union {
		void *buf;
		struct verify_pte_run *runs;
		struct verify_pte_entry *raws;
	};
	u32 cap, nr;		/* in records */
	bool raw;		/* buffer of raws; else of runs */

	bool full;		/* out: stopped for want of room */
	bool seen_vma;		/* out: at least one VMA in the range */
	u32 levels;
	u32 features;		/* VERIFY_PTE_* */
	u64 pa_mask;
	u64 root_pa, kernel_root_pa;
	u64 pages[PT_NR_KINDS];
	u64 descents, entries;

	/* private */
	const u64 *root;
	bool given;		/* raw: the last record's address and level */
	u64 given_at;
	u32 given_level;
	u64 run_end, run_next, run_keep, run_step; /* runs: the one in hand */
	struct pt_effective run_upper;
};

u32 walk_levels(void);

/* May this be asked?  0, -EINVAL or -ERANGE; see uapi/verify_pte.h */
int walk_check_range(u64 start, u64 len);

void walk_init(struct walk *w);

/*
 * Goes on from *addr until the buffer is full, the end is reached, or it has
 * held the mmap lock for long enough: then it returns 0 as well, and the caller
 * calls again.  *addr is the first address not answered; it moves past what is
 * in no VMA.
 *
 * The caller holds mm_users.  Sleeps for the mmap lock only.
 * Errors: -EINTR (killed), -EIO (an entry that no kernel writes: not followed).
 */
int walk_batch(struct walk *w, u64 *addr);

#endif /* WALK_H */
