/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * x86-64 page tables, 4 and 5 levels: Intel SDM volume 3A, section 4.5 "4-level paging and 5-level
 * paging", tables 4-14 to 4-20 (entries), section 4.6 (rights).  What Linux keeps in bits that the
 * CPU ignores: arch/x86/include/asm/pgtable_types.h, pgtable_64.h, pgtable-invert.h.
 */
#ifndef PT_X86_H
#define PT_X86_H

#include "pt_fmt.h"

#define PT_X86_P	  (1ULL << 0) /* present */
#define PT_X86_RW	  (1ULL << 1)
#define PT_X86_US	  (1ULL << 2) /* _PAGE_USER */
#define PT_X86_PWT	  (1ULL << 3)
#define PT_X86_PCD	  (1ULL << 4)
#define PT_X86_A	  (1ULL << 5)
#define PT_X86_D	  (1ULL << 6)
#define PT_X86_PS	  (1ULL << 7)		/* in a directory: page size, a leaf */
#define PT_X86_PAT	  (1ULL << 7)		/* in a PTE: memory type */
#define PT_X86_PROTNONE	  (1ULL << 8)		/* Linux, where P is clear */
#define PT_X86_SOFT_DIRTY (1ULL << 11)		/* Linux */
#define PT_X86_PAT_HUGE	  (1ULL << 12)		/* in a huge leaf: memory type */
#define PT_X86_ADDR	  0x000ffffffffff000ULL /* bits 51:12 */
#define PT_X86_NX	  (1ULL << 63)

/*
 * The order of the checks matters, as it does in the kernel: none, then present, then leaf.  The PS
 * bit alone does not make a leaf: a huge entry keeps it while it is not present, and in a PTE the
 * same bit is PAT.  An entry with PS, but with neither P nor PROTNONE, comes from pmd_mkinvalid():
 * it is a huge page that is being split.
 */
static inline enum pt_kind pt_x86_kind(__u32 level, __u64 entry)
{
	if (!(entry & ~(PT_X86_A | PT_X86_D))) /* _PAGE_KNL_ERRATUM_MASK */
		return PT_NONE;
	if (entry & PT_X86_P)
		return level && !(entry & PT_X86_PS) ? PT_TABLE : PT_LEAF;
	if (entry & PT_X86_PROTNONE)
		return PT_PROTNONE;
	return level && (entry & PT_X86_PS) ? PT_INVALID : PT_ABSENT;
}

/*
 * While P is clear, Linux keeps the frame number inverted, as a mitigation of L1TF:
 * __pte_needs_invert().
 */
static inline __u64 pt_x86_pa(__u32 level, __u64 entry, __u64 pa_mask)
{
	__u64 pa = (entry & PT_X86_P ? entry : ~entry) & PT_X86_ADDR & pa_mask;

	/* The address of a huge leaf is a multiple of its size; PAT_HUGE is one of the bits below.
	 */
	if (level && pt_x86_kind(level, entry) != PT_TABLE)
		pa = pa >> (12 + 9 * level) << (12 + 9 * level);
	return pa;
}

static inline __u32 pt_x86_rights(__u32 level, __u64 entry)
{
	(void)level;
	if (!(entry & PT_X86_P))
		return 0;
	return (entry & PT_X86_US ? PT_USER : 0) | (entry & PT_X86_RW ? PT_WRITE : 0) |
	       (entry & PT_X86_NX ? 0 : PT_EXEC);
}

static inline __u64 pt_x86_step(__u32 level, __u64 entry)
{
	__u64 size = 1ULL << (12 + 9 * level);
	enum pt_kind kind = pt_x86_kind(level, entry);

	if (kind == PT_LEAF)
		return size;
	/* In an inverted entry the next frame is a smaller number. */
	return pt_has_frame(kind) ? -size : 0;
}

#define PT_IN_PAGE (PT_IN_LEAF | PT_IN_HUGE | PT_IN_PROTNONE)

/*
 * The CPU reads no other bit of an entry that is not present, and such an entry gives no access to
 * user level.  So USER is not a flag of PT_IN_PROTNONE, though Linux keeps the bit in a huge leaf
 * that it makes invalid for a moment.
 */
static const struct pt_flag pt_x86_flags[] = {
	{ PT_X86_P, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "PRESENT", 0 },
	{ PT_X86_RW, PT_IN_TABLE | PT_IN_PAGE, "RW", 0 },
	{ PT_X86_US, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "USER", 0 },
	{ PT_X86_PWT, PT_IN_TABLE | PT_IN_PAGE, "PWT", 0 },
	{ PT_X86_PCD, PT_IN_TABLE | PT_IN_PAGE, "PCD", 0 },
	{ PT_X86_A, PT_IN_TABLE | PT_IN_PAGE, "ACCESSED", 0 },
	{ PT_X86_D, PT_IN_PAGE, "DIRTY", 0 },
	{ PT_X86_PS, PT_IN_HUGE, "PSE", 0 },
	{ PT_X86_PAT, PT_IN_LEAF, "PAT", 0 },
	{ PT_X86_PAT_HUGE, PT_IN_HUGE, "PAT", 0 },
	{ 1ULL << 8, PT_IN_LEAF | PT_IN_HUGE, "GLOBAL", 0 },
	{ PT_X86_PROTNONE, PT_IN_PROTNONE, "PROTNONE", 0 },
	{ 0, PT_IN_PAGE, "SPECIAL", 1 + PT_SOFT_SPECIAL },
	{ 0, PT_IN_PAGE, "UFFD_WP", 1 + PT_SOFT_UFFD_WP },
	{ 0, PT_IN_PAGE, "SOFT_DIRTY", 1 + PT_SOFT_SOFT_DIRTY },
	{ 0, PT_IN_PAGE, "SOFTW4", 1 + PT_SOFT_SOFTW4 },
	{ 0, PT_IN_PAGE, "DEVMAP", 1 + PT_SOFT_DEVMAP },
	{ 0, PT_IN_PAGE, "SOFTW5", 1 + PT_SOFT_SOFTW5 },
	{ 0, PT_IN_PAGE, "SAVED_DIRTY", 1 + PT_SOFT_SAVED_DIRTY },
	{ 1ULL << 59, PT_IN_PAGE, "PKEY_BIT0", 0 },
	{ 1ULL << 60, PT_IN_PAGE, "PKEY_BIT1", 0 },
	{ 1ULL << 61, PT_IN_PAGE, "PKEY_BIT2", 0 },
	{ 1ULL << 62, PT_IN_PAGE, "PKEY_BIT3", 0 },
	{ PT_X86_NX, PT_IN_TABLE | PT_IN_PAGE, "NX", 0 },
	{ 0, 0, (void *)0, 0 },
};

/* The whole format, except what depends on the kernel: volatile_mask and soft. */
#define PT_X86_FMT                                                                     \
	.page_shift = 12, .index_bits = 9, .max_leaf_level = 2, .flags = pt_x86_flags, \
	.kind = pt_x86_kind, .pa = pt_x86_pa, .rights = pt_x86_rights, .step = pt_x86_step

/*
 * The software bits that all kernels have in common, for programs that could not ask the kernel for
 * its own (VERIFY_PTE_IOC_INFO).
 */
static const __u64 pt_x86_soft[PT_NR_SOFT] = {
	[PT_SOFT_SPECIAL] = 1ULL << 9,
	[PT_SOFT_UFFD_WP] = 1ULL << 10,
	[PT_SOFT_SOFT_DIRTY] = PT_X86_SOFT_DIRTY,
};

static const struct pt_fmt pt_x86 __attribute__((unused)) = {
	PT_X86_FMT,
	.volatile_mask = PT_X86_A | PT_X86_D | PT_X86_SOFT_DIRTY,
	.soft = pt_x86_soft,
};

#endif /* PT_X86_H */
