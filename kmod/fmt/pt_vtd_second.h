/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Second-stage page tables of Intel's IOMMU: Intel Virtualization Technology for Directed I/O,
 * Architecture Specification (revision 4.1), sections 3.7 and 9.8.
 */
#ifndef PT_VTD_SECOND_H
#define PT_VTD_SECOND_H

#include "pt_io.h"

#define PT_VTD_R   (1ULL << 0)
#define PT_VTD_W   (1ULL << 1)
#define PT_VTD_PS  (1ULL << 7) /* in a directory: a leaf */
#define PT_VTD_A   (1ULL << 8)
#define PT_VTD_D   (1ULL << 9)
#define PT_VTD_SNP (1ULL << 11)

/* There is no bit for "present": an entry that gives a right is present. */
static inline enum pt_kind pt_vtd_kind(__u32 level, __u64 entry)
{
	if (!(entry & (PT_VTD_R | PT_VTD_W)))
		return entry ? PT_ABSENT : PT_NONE;
	return level && !(entry & PT_VTD_PS) ? PT_TABLE : PT_LEAF;
}

static inline int pt_vtd_malformed(__u32 level, __u64 entry)
{
	return pt_vtd_kind(level, entry) == PT_LEAF &&
	       (level > 2 || entry & pt_io_below(12 + 9 * level));
}

static inline __u64 pt_vtd_pa(__u32 level, __u64 entry, __u64 pa_mask)
{
	(void)level;
	return entry & PT_IO_ADDR & pa_mask;
}

static inline __u32 pt_vtd_rights(__u32 level, __u64 entry)
{
	(void)level;
	return (entry & PT_VTD_R ? PT_IO_READ : 0) | (entry & PT_VTD_W ? PT_IO_WRITE : 0);
}

static inline __u64 pt_vtd_step(__u32 level, __u64 entry)
{
	return pt_vtd_kind(level, entry) == PT_LEAF ? 1ULL << (12 + 9 * level) : 0;
}

static const struct pt_flag pt_vtd_flags[] = {
	{ PT_VTD_R, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "READ", 0 },
	{ PT_VTD_W, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "WRITE", 0 },
	{ PT_VTD_PS, PT_IN_HUGE, "PS", 0 },
	{ PT_VTD_A, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "ACCESSED", 0 },
	{ PT_VTD_D, PT_IN_LEAF | PT_IN_HUGE, "DIRTY", 0 },
	{ PT_VTD_SNP, PT_IN_LEAF | PT_IN_HUGE, "SNP", 0 },
	{ 0, 0, (void *)0, 0 },
};

static const struct pt_fmt pt_vtd_second __attribute__((unused)) = {
	.page_shift = 12,
	.index_bits = 9,
	.max_leaf_level = 2,
	.volatile_mask = PT_VTD_A | PT_VTD_D,
	.flags = pt_vtd_flags,
	.kind = pt_vtd_kind,
	.pa = pt_vtd_pa,
	.rights = pt_vtd_rights,
	.step = pt_vtd_step,
	.malformed = pt_vtd_malformed,
};

#endif /* PT_VTD_SECOND_H */
