/* SPDX-License-Identifier: GPL-2.0 */
/* A walk of a process's page table, or of a device's IOVAs, a batch of records at a time. */
#ifndef WALK_H
#define WALK_H

#include <linux/mm.h>
#include "fmt/pt_x86.h"
#include "uapi/verify_pte.h"

/* The format of the machine that it is built for, with the meaning that this kernel gives bits. */
extern const u64 pt_native_soft[PT_NR_SOFT];
#ifdef _PAGE_SAVED_DIRTY /* since 6.6 */
#define PT_NATIVE_VOLATILE (_PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY | _PAGE_SAVED_DIRTY)
#else
#define PT_NATIVE_VOLATILE (_PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
#endif
static const struct pt_fmt pt_native __maybe_unused = {
	PT_X86_FMT,
	.volatile_mask = PT_NATIVE_VOLATILE,
	.soft = pt_native_soft,
};

/* Raw: the entries on the way to the last record, from the root down to the record's level. */
struct walk_path {
	u64 entry[PT_MAX_LEVELS];
	u64 addr;
	u32 level; /* PT_MAX_LEVELS: nothing was recorded */
};

/* A walk in progress; a batch appends to the buffer, the caller empties it. */
struct walk {
	struct mm_struct *mm; /* NULL: of a device */
	u64 addr, end;	      /* first address not answered, not asked about */
	union {
		void *buf;
		struct verify_pte_run *runs;
		struct verify_pte_entry *raws;
	};
	u32 cap;		    /* in records */
	bool raw;		    /* buffer of raws; else of runs */
	struct verify_pte_walk out; /* the question; from next on: the answer */
	u32 nr;			    /* records in the buffer */
	bool full;		    /* out: stopped for want of room */
	bool seen_vma;		    /* out: at least one VMA in the range */
	struct walk_path path;	    /* raw: kept from one call of an answer to the next */
	const void *domain;	    /* of a device: what it was attached to by the first batch, */
	u32 attached;		    /* and the number of that attachment */
	const u64 *root;	    /* from here on: private */
	u64 run_end, run_next, run_keep, run_step; /* runs: the one in hand */
	struct pt_effective run_upper;
};

#define WALK_ASKED    offsetof(struct verify_pte_walk, next)
#define walk_levels() (pgtable_l5_enabled() ? 5 : 4)

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
 * Goes on from w->addr, past what is in no VMA, until the buffer is full, the end is reached, or it
 * has held the mmap lock for long enough: 0 as well.  The caller holds mm_users.  Sleeps for the
 * mmap lock only.  -EINTR (killed), -EIO (an entry that no kernel writes: not followed).
 */
int walk_batch(struct walk *w);

/*
 * The same of a device's IOMMU domain.  Sleeps, for a while after each time that it has stopped all
 * CPUs.  -EINTR (killed), else see VERIFY_PTE_IOC_IOVA.
 */
int iova_batch(struct walk *w);
void iova_init(void);
void iova_exit(void);

#endif /* WALK_H */
