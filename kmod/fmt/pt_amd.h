/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Tables of AMD's IOMMU.  AMD I/O Virtualization Technology (IOMMU) Specification (48882, revision
 * 3.08): section 2.2.2 (device table, device table entry), 2.2.3 (I/O page tables for host
 * translations, which Linux calls v1; with the tables "Example Page Size Encodings" and "Page Table
 * Level Parameters"), 3.4 (registers).
 *
 * The specification counts levels from 1, and this from 0: an entry with next level N points to a
 * table of level N - 1 here.
 */
#ifndef PT_AMD_H
#define PT_AMD_H

#include "pt_io.h"

/* Registers: byte offsets, 64 bits */
#define PT_AMD_REG_DEVTAB 0x00 /* 8:0 size in 4K pages, minus 1; 51:12 base */
#define PT_AMD_REG_CTRL	  0x18
#define PT_AMD_CTRL_EN	  (1ULL << 0) /* translation is on */

/* Where the device table entry of @rid is, 4 words; 0 where the table has none */
static inline __u64 pt_amd_dte_at(__u64 devtab, __u32 rid)
{
	const __u64 size = (pt_io_field(devtab, 0, 9) + 1ULL) << 12;

	return rid * 32ULL < size ? (devtab & PT_IO_ADDR) + rid * 32ULL : 0;
}

#define PT_AMD_DTE_V  (1ULL << 0)  /* valid; if not, every request passes as it is */
#define PT_AMD_DTE_TV (1ULL << 1)  /* what is about translation is valid */
#define PT_AMD_DTE_GV (1ULL << 55) /* there are guest tables too, which Linux calls v2 */
#define PT_AMD_IR     (1ULL << 61) /* in a page table entry too */
#define PT_AMD_IW     (1ULL << 62)

#define PT_AMD_PR     (1ULL << 0) /* present */
#define PT_AMD_A      (1ULL << 5)
#define PT_AMD_D      (1ULL << 6)
#define PT_AMD_U      (1ULL << 59)
#define PT_AMD_FC     (1ULL << 60) /* force coherence */
#define PT_AMD_SIZED  7U	   /* next level: a leaf with its size in the address */

static inline __u32 pt_amd_next(__u64 entry)
{
	return pt_io_field(entry, 9, 3);
}

static inline __u32 pt_amd_rights(__u32 level, __u64 entry)
{
	(void)level;
	return (entry & PT_AMD_IR ? PT_IO_READ : 0) | (entry & PT_AMD_IW ? PT_IO_WRITE : 0);
}

static inline enum pt_kind pt_amd_kind(__u32 level, __u64 entry)
{
	const __u32 next = pt_amd_next(entry);

	(void)level;
	if (!(entry & PT_AMD_PR))
		return entry ? PT_ABSENT : PT_NONE;
	return next && next != PT_AMD_SIZED ? PT_TABLE : PT_LEAF;
}

static inline __u32 pt_amd_next_level(__u32 level, __u64 entry)
{
	(void)level;
	return pt_amd_next(entry) - 1;
}

/*
 * The size of a sized leaf is told by the lowest address bit that is 0, which is the upper half of
 * the page: all bits below it are 1.
 */
static inline __u32 pt_amd_leaf_shift(__u32 level, __u64 entry)
{
	__u32 shift = 13;

	if (pt_amd_next(entry) != PT_AMD_SIZED)
		return 12 + 9 * level;
	while (shift < 53 && entry & 1ULL << (shift - 1))
		shift++;
	return shift;
}

/*
 * A table that an entry points to is of a lower level.  A leaf is not smaller than what an entry of
 * its level covers, and smaller than one of the next level.  The highest level has no leaves.
 */
static inline int pt_amd_malformed(__u32 level, __u64 entry)
{
	const enum pt_kind kind = pt_amd_kind(level, entry);
	const __u32 shift = pt_amd_leaf_shift(level, entry);

	if (kind == PT_TABLE)
		return pt_amd_next(entry) > level || pt_io_field(entry, 52, 9);
	if (kind != PT_LEAF)
		return 0;
	return level > 4 || pt_io_field(entry, 52, 7) || shift < 12 + 9 * level ||
	       shift >= 12 + 9 * (level + 1);
}

static inline __u64 pt_amd_pa(__u32 level, __u64 entry, __u64 pa_mask)
{
	const __u64 pa = entry & PT_IO_ADDR & pa_mask;

	if (pt_amd_kind(level, entry) != PT_LEAF)
		return pa;
	return pa & ~pt_io_below(pt_amd_leaf_shift(level, entry));
}

/* A sized leaf is repeated in each entry that its page covers. */
static inline __u64 pt_amd_step(__u32 level, __u64 entry)
{
	const int sized = pt_amd_next(entry) == PT_AMD_SIZED;

	return pt_amd_kind(level, entry) == PT_LEAF && !sized ? 1ULL << (12 + 9 * level) : 0;
}

#define PT_AMD_LEAF (PT_IN_LEAF | PT_IN_HUGE)

static const struct pt_flag pt_amd_flags[] = {
	{ PT_AMD_PR, PT_IN_TABLE | PT_AMD_LEAF, "PR", 0 },
	{ PT_AMD_A, PT_IN_TABLE | PT_AMD_LEAF, "ACCESSED", 0 },
	{ PT_AMD_D, PT_AMD_LEAF, "DIRTY", 0 },
	{ PT_AMD_U, PT_AMD_LEAF, "U", 0 },
	{ PT_AMD_FC, PT_AMD_LEAF, "FC", 0 },
	{ PT_AMD_IR, PT_IN_TABLE | PT_AMD_LEAF, "IR", 0 },
	{ PT_AMD_IW, PT_IN_TABLE | PT_AMD_LEAF, "IW", 0 },
	{ 0, 0, (void *)0, 0 },
};

static const struct pt_fmt pt_amd_v1 __attribute__((unused)) = {
	.page_shift = 12,
	.index_bits = 9,
	.max_leaf_level = 4,
	.volatile_mask = PT_AMD_A | PT_AMD_D,
	.flags = pt_amd_flags,
	.kind = pt_amd_kind,
	.pa = pt_amd_pa,
	.rights = pt_amd_rights,
	.step = pt_amd_step,
	.next_level = pt_amd_next_level,
	.leaf_shift = pt_amd_leaf_shift,
	.malformed = pt_amd_malformed,
};

/* The address space that a device table entry gives */
static inline int pt_amd_dte_space(const __u64 dte[4], struct pt_io_space *s)
{
	const __u32 mode = pt_io_field(dte[0], 9, 3);

	*s = (struct pt_io_space){ .kind = PT_IO_BLOCKED };
	if (!(dte[0] & PT_AMD_DTE_V)) {
		s->kind = PT_IO_PASS;
		s->rights = PT_IO_RIGHTS;
		return 0;
	}
	if (!(dte[0] & PT_AMD_DTE_TV))
		return 0;
	s->domain_id = pt_io_field(dte[1], 0, 16);
	s->rights = pt_amd_rights(0, dte[0]);
	if (dte[0] & PT_AMD_DTE_GV)
		return -EOPNOTSUPP;
	if (mode > PT_IO_MAX_LEVELS)
		return -EBADMSG;
	if (!s->rights)
		return 0;
	s->kind = mode ? PT_IO_TABLE : PT_IO_PASS;
	s->fmt = mode ? &pt_amd_v1 : (void *)0;
	s->root_pa = mode ? dte[0] & PT_IO_ADDR : 0;
	s->levels = mode;
	return 0;
}

#endif /* PT_AMD_H */
