/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the formats of IOMMU tables have in common.  An IOMMU finds the address space of a device
 * in tables of its own, by the *requester id* (RID) of the device: bus << 8 | device << 3 |
 * function.  pt_vtd.h and pt_amd.h decode these tables, and the page tables below them.
 */
#ifndef PT_IO_H
#define PT_IO_H

#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "pt_fmt.h"

#define PT_IO_MAX_LEVELS 6 /* AMD, mode 6 */
#define PT_IO_ADDR	 0x000ffffffffff000ULL

/* What a device may do; fmt->rights() of an IOMMU's format gives these. */
#define PT_IO_READ   (1U << 3)
#define PT_IO_WRITE  PT_WRITE
#define PT_IO_RIGHTS (PT_IO_READ | PT_IO_WRITE)

enum pt_io_kind {
	PT_IO_BLOCKED, /* no access passes */
	PT_IO_PASS,    /* an IOVA is a physical address */
	PT_IO_TABLE,   /* a page table translates */
};

/*
 * The address space of one device.  Functions that fill it return 0 or
 *	-EBADMSG	reserved bits are set, or a field has a value that is reserved: the hardware
 *			refuses it
 *	-EOPNOTSUPP	a kind of translation that is not decoded here
 */
struct pt_io_space {
	enum pt_io_kind kind;
	const struct pt_fmt *fmt; /* PT_IO_TABLE: the format, the root, and how many levels */
	__u64 root_pa;
	__u32 levels;
	__u32 rights; /* PT_IO_*: those that are left to the page table, or of a PT_IO_PASS */
	__u32 domain_id;
};

/* How tables are read */
struct pt_io_mem {
	/* Copies @nr words from @pa, which are in one page: 0, or -EIO if that is not RAM */
	int (*read)(void *arg, __u64 pa, __u64 *words, __u32 nr);
	void *arg;
};

/* First @nr bits of @word from bit @from on */
static inline __u32 pt_io_field(__u64 word, __u32 from, __u32 nr)
{
	return word >> from & ((1ULL << nr) - 1);
}

/* The address bits of a leaf that are below its size */
static inline __u64 pt_io_below(__u32 shift)
{
	return ((1ULL << shift) - 1) & PT_IO_ADDR;
}

#endif /* PT_IO_H */
