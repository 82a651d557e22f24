/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The interface of a page table format.  It decodes entries, and is shared by the module and the
 * programs: no I/O, no allocation, no printing.  Each format has a header of its own, such as
 * pt_x86.h, with a const struct pt_fmt.  Only that header knows what an entry looks like.
 *
 * A *level* counts up from the tables that map the smallest pages (0 = PTE) to the *root* (levels
 * - 1 = PGD).  An *entry* is one 64-bit word of a table: a *leaf* maps a page, a *table* entry
 * points to the next level.  A name ending in _pa is a physical address in bytes.
 */
#ifndef PT_FMT_H
#define PT_FMT_H

#include <linux/types.h>

#include "uapi/verify_pte.h" /* enum pt_kind, PT_USER and the like, enum pt_soft */

#define PT_MAX_LEVELS 5 /* no architecture that Linux runs on has more */

/*
 * The kinds of entries in which a flag has the meaning of its name.  A leaf above level 0 is a kind
 * of its own here, because some bits mean something else there.
 */
#define PT_IN_TABLE    (1U << PT_TABLE)
#define PT_IN_LEAF     (1U << PT_LEAF)
#define PT_IN_HUGE     (1U << PT_NR_KINDS)
#define PT_IN_PROTNONE (1U << PT_PROTNONE | 1U << PT_INVALID)

struct pt_flag {
	__u64 mask;
	__u32 where;	  /* PT_IN_* */
	const char *name; /* as the kernel names it, without _PAGE_ */
	__u32 soft;	  /* 0, or 1 + enum pt_soft: the mask is in pt_fmt.soft */
};

struct pt_fmt {
	__u32 page_shift;	     /* log2 of the smallest page, in bytes */
	__u32 index_bits;	     /* log2 of the entries of one table */
	__u32 max_leaf_level;	     /* the highest level at which a leaf can be */
	__u64 volatile_mask;	     /* bits that the CPU or the kernel may change at any time */
	const struct pt_flag *flags; /* ends with a NULL name */
	const __u64 *soft;	     /* by enum pt_soft: the mask in this kernel, or 0 */

	enum pt_kind (*kind)(__u32 level, __u64 entry);
	/*
	 * Physical address of the frame or of the next table.  @pa_mask has the address bits,
	 * without those that memory encryption takes.
	 */
	__u64 (*pa)(__u32 level, __u64 entry, __u64 pa_mask);
	__u32 (*rights)(__u32 level, __u64 entry);
	/* What is added to the entry of one page to get the entry of the next consecutive frame. */
	__u64 (*step)(__u32 level, __u64 entry);

	/* What only the tables of an IOMMU have; each is NULL in a format that lacks it. */
	/* The level of the table that the entry points to, where levels can be skipped. */
	__u32 (*next_level)(__u32 level, __u64 entry);
	/* log2 of the bytes that a leaf maps, where that is not what an entry of its level covers.
	 */
	__u32 (*leaf_shift)(__u32 level, __u64 entry);
	/* Does the hardware refuse the entry: has it a reserved bit, or a level that cannot be? */
	int (*malformed)(__u32 level, __u64 entry);
};

/* log2 of the bytes that one entry of @level covers */
static inline __u32 pt_shift(const struct pt_fmt *fmt, __u32 level)
{
	return fmt->page_shift + level * fmt->index_bits;
}

static inline __u64 pt_size(const struct pt_fmt *fmt, __u32 level)
{
	return 1ULL << pt_shift(fmt, level);
}

/* Index of @va in the table of @level that covers it. */
static inline __u32 pt_index(const struct pt_fmt *fmt, __u32 level, __u64 va)
{
	return (va >> pt_shift(fmt, level)) & ((1U << fmt->index_bits) - 1);
}

/* End of the user half: the first address after it, in bytes. */
static inline __u64 pt_user_end(const struct pt_fmt *fmt, __u32 levels)
{
	return 1ULL << (pt_shift(fmt, levels) - 1);
}

/* The level of the table that the table entry @entry points to */
static inline __u32 pt_next_level(const struct pt_fmt *fmt, __u32 level, __u64 entry)
{
	return fmt->next_level ? fmt->next_level(level, entry) : level - 1;
}

/* log2 of the bytes that the leaf @entry maps */
static inline __u32 pt_leaf_shift(const struct pt_fmt *fmt, __u32 level, __u64 entry)
{
	return fmt->leaf_shift ? fmt->leaf_shift(level, entry) : pt_shift(fmt, level);
}

/* Physical address of @va, which the leaf @entry maps. */
static inline __u64 pt_frame(const struct pt_fmt *fmt, __u32 level, __u64 entry, __u64 va,
			     __u64 pa_mask)
{
	return fmt->pa(level, entry, pa_mask) +
	       (va & ((1ULL << pt_leaf_shift(fmt, level, entry)) - 1));
}

/* Does an entry of this kind hold the frame of a page? */
static inline int pt_has_frame(enum pt_kind kind)
{
	return kind == PT_LEAF || kind == PT_PROTNONE || kind == PT_INVALID;
}

/* PGD, P4D, PUD, PMD or PTE.  With four levels there is no P4D: level 3 is the PGD. */
static inline const char *pt_level_name(__u32 levels, __u32 level)
{
	static const char *const name[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };

	if (level >= levels || levels > PT_MAX_LEVELS)
		return "?";
	return level == levels - 1 ? "PGD" : name[level];
}

static inline const char *pt_kind_name(__u32 kind)
{
	static const char *const name[] = {
		"none", "table", "page", "protnone", "invalid", "absent"
	};

	return kind < PT_NR_KINDS ? name[kind] : "?";
}

/*
 * Name of the next flag that is set in @entry, or NULL if there is no further one.  *pos says where
 * to look on; it is 0 for the first call.
 */
static inline const char *pt_next_flag(const struct pt_fmt *fmt, __u32 level, __u64 entry,
				       unsigned int *pos)
{
	const __u32 kind = 1U << fmt->kind(level, entry);
	const __u32 where = kind == PT_IN_LEAF && level ? PT_IN_HUGE : kind;
	const struct pt_flag *f;

	for (f = &fmt->flags[*pos]; f->name; f++) {
		const __u64 mask = f->soft ? fmt->soft[f->soft - 1] : f->mask;

		if (f->where & where && entry & mask)
			break;
	}
	if (f->name)
		*pos = f - fmt->flags + 1;
	return f->name;
}

/* The rights of one address over all levels; the entries are added from the root down. */
struct pt_effective {
	__u32 rights;	      /* PT_USER | PT_WRITE | PT_EXEC */
	__u32 no_user_levels; /* bit N: the entry of level N does not give PT_USER */
};

#define PT_EFFECTIVE_INIT ((struct pt_effective){ .rights = PT_RIGHTS_ALL })

static inline void pt_effective_add(const struct pt_fmt *fmt, struct pt_effective *eff, __u32 level,
				    __u64 entry)
{
	__u32 rights = fmt->rights(level, entry);

	eff->rights &= rights;
	eff->no_user_levels |= !(rights & PT_USER) << level;
}

#endif /* PT_FMT_H */
