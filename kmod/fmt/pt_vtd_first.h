/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * First-stage page tables of Intel's IOMMU: Intel Virtualization Technology for Directed I/O,
 * Architecture Specification (revision 4.1), sections 3.6 and 9.7.
 *
 * The entries are those of the CPU, see pt_x86.h.  But an entry that is not present is nothing to
 * this hardware: what Linux keeps in such an entry of a process has no meaning here.
 */
#ifndef PT_VTD_FIRST_H
#define PT_VTD_FIRST_H

#include "pt_io.h"
#include "pt_x86.h"

static inline enum pt_kind pt_vtd_first_kind(__u32 level, __u64 entry)
{
	if (!(entry & PT_X86_P))
		return entry ? PT_ABSENT : PT_NONE;
	return level && !(entry & PT_X86_PS) ? PT_TABLE : PT_LEAF;
}

/* In a huge leaf bit 12 is PAT, and the address bits above it are reserved up to its size. */
static inline int pt_vtd_first_malformed(__u32 level, __u64 entry)
{
	return pt_vtd_first_kind(level, entry) == PT_LEAF && level &&
	       (level > 2 || entry & pt_io_below(12 + 9 * level) & ~PT_X86_PAT_HUGE);
}

static inline __u64 pt_vtd_first_pa(__u32 level, __u64 entry, __u64 pa_mask)
{
	if (level && entry & PT_X86_PS)
		entry &= ~PT_X86_PAT_HUGE;
	return entry & PT_X86_ADDR & pa_mask;
}

/* A request without PASID is one at user level: without US it may neither read nor write. */
static inline __u32 pt_vtd_first_rights(__u32 level, __u64 entry)
{
	(void)level;
	if (!(entry & PT_X86_P) || !(entry & PT_X86_US))
		return 0;
	return PT_IO_READ | (entry & PT_X86_RW ? PT_IO_WRITE : 0);
}

static inline __u64 pt_vtd_first_step(__u32 level, __u64 entry)
{
	return pt_vtd_first_kind(level, entry) == PT_LEAF ? 1ULL << (12 + 9 * level) : 0;
}

static const struct pt_flag pt_vtd_first_flags[] = {
	{ PT_X86_P, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "PRESENT", 0 },
	{ PT_X86_RW, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "RW", 0 },
	{ PT_X86_US, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "USER", 0 },
	{ PT_X86_PWT, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "PWT", 0 },
	{ PT_X86_PCD, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "PCD", 0 },
	{ PT_X86_A, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "ACCESSED", 0 },
	{ PT_X86_D, PT_IN_LEAF | PT_IN_HUGE, "DIRTY", 0 },
	{ PT_X86_PS, PT_IN_HUGE, "PSE", 0 },
	{ PT_X86_NX, PT_IN_TABLE | PT_IN_LEAF | PT_IN_HUGE, "NX", 0 },
	{ 0, 0, (void *)0, 0 },
};

static const struct pt_fmt pt_vtd_first __attribute__((unused)) = {
	.page_shift = 12,
	.index_bits = 9,
	.max_leaf_level = 2,
	.volatile_mask = PT_X86_A | PT_X86_D,
	.flags = pt_vtd_first_flags,
	.kind = pt_vtd_first_kind,
	.pa = pt_vtd_first_pa,
	.rights = pt_vtd_first_rights,
	.step = pt_vtd_first_step,
	.malformed = pt_vtd_first_malformed,
};

#endif /* PT_VTD_FIRST_H */
