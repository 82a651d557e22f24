/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How Intel's IOMMU finds the page table of a device.  Intel Virtualization Technology for Directed
 * I/O, Architecture Specification (revision 4.1): section 3.4 (mapping of requests to tables), 9.1
 * (root entry), 9.2 (scalable-mode root entry), 9.3 (context entry), 9.4 (scalable-mode context
 * entry), 9.5 (scalable-mode PASID directory entry), 9.6 (scalable-mode PASID table entry), chapter
 * 11 (registers).  The page tables are in pt_vtd_first.h and pt_vtd_second.h.
 *
 * Address bits above the address width of the machine are reserved too.  They are not checked here:
 * an address that is not in RAM is noticed by who reads a table there.
 */
#ifndef PT_VTD_H
#define PT_VTD_H

#include "pt_vtd_first.h"
#include "pt_vtd_second.h"

/* Registers: byte offsets, and bits */
#define PT_VTD_REG_GSTS	  0x1c /* 32 bits */
#define PT_VTD_REG_RTADDR 0x20
#define PT_VTD_GSTS_TES	  (1U << 31) /* translation is on */

/* RTADDR, bits 11:10: the translation table mode */
enum pt_vtd_mode {
	PT_VTD_LEGACY,
	PT_VTD_SCALABLE,
	PT_VTD_RESERVED,
	PT_VTD_ABORT, /* every request is blocked */
};

#define PT_VTD_P     (1ULL << 0) /* present: root, context, PASID directory and table entries */
#define PT_VTD_TABLE (~0xfffULL) /* bits 63:12 of those entries and of RTADDR */

static inline enum pt_vtd_mode pt_vtd_mode(__u64 rtaddr)
{
	return (enum pt_vtd_mode)pt_io_field(rtaddr, 10, 2);
}

/*
 * Where the 64-bit word of the root entry is that leads to the context entry of @rid.  In scalable
 * mode the upper half of a root entry is for devices 16 to 31.
 */
static inline __u64 pt_vtd_root_at(__u64 rtaddr, __u32 rid)
{
	const int upper = pt_vtd_mode(rtaddr) == PT_VTD_SCALABLE && rid & 0x80;

	return (rtaddr & PT_VTD_TABLE) + (rid >> 8) * 16 + (upper ? 8 : 0);
}

/* Where the context entry of @rid is: 2 words, or 4 in scalable mode */
static inline __u64 pt_vtd_context_at(enum pt_vtd_mode mode, __u64 root, __u32 rid)
{
	if (mode == PT_VTD_SCALABLE)
		return (root & PT_VTD_TABLE) + (rid & 0x7f) * 32;
	return (root & PT_VTD_TABLE) + (rid & 0xff) * 16;
}

static inline int pt_vtd_root_malformed(__u64 root)
{
	return !!(root & 0xffe);
}

/* The PASID that requests without one have */
static inline __u32 pt_vtd_rid_pasid(const __u64 context[4])
{
	return pt_io_field(context[1], 0, 20);
}

/* Of a scalable-mode context entry.  The directory has at least 128 entries. */
static inline int pt_vtd_sm_context_malformed(const __u64 context[4])
{
	const __u32 entries = 128U << pt_io_field(context[0], 9, 3);

	return context[0] & 0x1e0 || context[1] >> 21 || pt_vtd_rid_pasid(context) >> 6 >= entries;
}

/* Where the entry of the PASID directory is, one word, and that of the PASID table, 8 words */
static inline __u64 pt_vtd_pasid_dir_at(const __u64 context[4], __u32 pasid)
{
	return (context[0] & PT_VTD_TABLE) + (pasid >> 6) * 8;
}

static inline __u64 pt_vtd_pasid_at(__u64 dir, __u32 pasid)
{
	return (dir & PT_VTD_TABLE) + (pasid & 0x3f) * 64;
}

/* The address widths are those of 3, 4 and 5 levels. */
static inline int pt_vtd_second_space(__u32 width, __u64 table, struct pt_io_space *s)
{
	if (width < 1 || width > 3)
		return -EBADMSG;
	s->kind = PT_IO_TABLE;
	s->fmt = &pt_vtd_second;
	s->root_pa = table & PT_VTD_TABLE;
	s->levels = width + 2;
	return 0;
}

/* The address space that a context entry of legacy mode gives */
static inline int pt_vtd_context_space(const __u64 context[2], struct pt_io_space *s)
{
	const __u32 type = pt_io_field(context[0], 2, 2);

	*s = (struct pt_io_space){ .kind = PT_IO_BLOCKED };
	if (!(context[0] & PT_VTD_P))
		return 0;
	if (type == 3 || context[0] & 0xff0 || context[1] & 0x80 || context[1] >> 24)
		return -EBADMSG;
	s->domain_id = pt_io_field(context[1], 8, 16);
	s->rights = PT_IO_RIGHTS;
	if (type == 2) {
		s->kind = PT_IO_PASS;
		return 0;
	}
	return pt_vtd_second_space(pt_io_field(context[1], 0, 3), context[0], s);
}

/* The address space that an entry of a PASID table gives */
static inline int pt_vtd_pasid_space(const __u64 pasid[8], struct pt_io_space *s)
{
	const __u32 first_mode = pt_io_field(pasid[2], 2, 2);

	*s = (struct pt_io_space){ .kind = PT_IO_BLOCKED };
	if (!(pasid[0] & PT_VTD_P))
		return 0;
	s->domain_id = pt_io_field(pasid[1], 0, 16);
	s->rights = PT_IO_RIGHTS;
	switch (pt_io_field(pasid[0], 6, 3)) {
	case 1:
		if (first_mode > 1)
			return -EBADMSG;
		s->kind = PT_IO_TABLE;
		s->fmt = &pt_vtd_first;
		s->root_pa = pasid[2] & PT_VTD_TABLE;
		s->levels = first_mode + 4;
		return 0;
	case 2:
		return pt_vtd_second_space(pt_io_field(pasid[0], 2, 3), pasid[0], s);
	case 3: /* nested */
		return -EOPNOTSUPP;
	case 4:
		s->kind = PT_IO_PASS;
		return 0;
	default:
		return -EBADMSG;
	}
}

#endif /* PT_VTD_H */
