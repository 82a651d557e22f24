/* SPDX-License-Identifier: GPL-2.0 */
/* Walks the page table of a process, or the IOVAs of a device, one batch of records at a time. */
#ifndef WALK_H
#define WALK_H

#include <linux/mm.h>
#include "fmt/pt_x86.h"
#include "uapi/verify_pte.h"

/* The format of this machine's page tables, with the software bits as this kernel uses them. */
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

/*
 * For a walk that records raw entries: those on the path from the root to the last record, by
 * level.  They are valid from the root down to @level.
 */
struct walk_path {
	u64 entry[PT_MAX_LEVELS];
	u64 addr;
	u32 level; /* of the last record; PT_MAX_LEVELS: there is none yet */
};

/* A walk in progress.  A batch appends records to the buffer; the caller takes them out. */
struct walk {
	struct mm_struct *mm; /* NULL: this is about a device */
	u64 addr;	      /* first address that is not answered yet */
	u64 end;	      /* end of the range that was asked about */
	union {
		void *buf;
		struct verify_pte_run *runs;
		struct verify_pte_entry *raws;
	};
	u32 cap;		    /* size of the buffer, in records */
	bool raw;		    /* the buffer holds raw entries, not runs */
	struct verify_pte_walk out; /* the request; from out.next on, the answer */
	u32 nr;			    /* records in the buffer */
	bool full;		    /* out: the batch stopped because the buffer is full */
	bool seen_vma;		    /* out: at least one VMA in the range */
	struct walk_path path;	    /* raw: kept between the calls of one answer */
	const void *domain; /* of a device: its domain at the first batch, to compare only */
	u32 attached;	    /* the number of that attachment */

	/* For walk.c alone: the root table, and how the last run can be continued. */
	const u64 *root;
	u64 run_end;		       /* first address after the run */
	u64 run_next;		       /* the entry that would continue it */
	u64 run_keep;		       /* the bits in which that entry must be equal */
	u64 run_step;		       /* added to run_next for each entry */
	struct pt_effective run_upper; /* rights of the levels above it */
};

#define WALK_ASKED    offsetof(struct verify_pte_walk, next)
#define walk_levels() (pgtable_l5_enabled() ? 5 : 4)

/* Checks the range of a request about a process or, with @iova, a device: 0, -EINVAL or -ERANGE. */
static inline int walk_check_range(u64 start, u64 len, bool iova)
{
	u64 end = start + len;

	if (!len || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(len) || end < start)
		return -EINVAL;
	return !iova && end > pt_user_end(&pt_native, walk_levels()) ? -ERANGE : 0;
}

/*
 * Begins the walk of the request in w->out.  @mm must outlive the walk, and is NULL for a device.
 * The caller sets w->cap.
 */
void walk_init(struct walk *w, struct mm_struct *mm, void *buf);

/*
 * Continues the walk from w->addr and skips whatever is in no VMA.  Returns 0 when the buffer is
 * full, when the end is reached, and when the mmap lock was held for long enough; the caller looks
 * at w->full and w->addr.  Returns -EINTR if the caller was killed, and -EIO if the entry for
 * w->addr points to a table outside of RAM, or is a leaf at a level that has none; no kernel writes
 * such an entry.
 *
 * The caller holds mm_users.  Sleeps only to get the mmap lock.
 */
int walk_batch(struct walk *w);

/*
 * The same for the IOMMU domain of a device.  It stops all CPUs while it asks, and sleeps before it
 * stops them again.  Returns -EINTR if the caller was killed; VERIFY_PTE_IOC_IOVA lists the other
 * errors.
 */
int iova_batch(struct walk *w);
void iova_init(void);
void iova_exit(void);

#endif /* WALK_H */
