/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The binary interface of /sys/kernel/debug/verify_pte/.  Opening a file needs CAP_SYS_ADMIN.
 * Every number here is fixed; a new field goes to the end and argsz grows.
 */
#ifndef _UAPI_VERIFY_PTE_H
#define _UAPI_VERIFY_PTE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VERIFY_PTE_DIR	"verify_pte"
#define VERIFY_PTE_WALK "walk"
#define VERIFY_PTE_IOVA "iova"

#define VERIFY_PTE_RAW	(1U << 0) /* flags, in: records are struct verify_pte_entry */
/* features, out: of a process; of a device one of the last three */
#define VERIFY_PTE_PTI	    (1U << 0)  /* root_pa is the user half of the PGD */
#define VERIFY_PTE_SHSTK    (1U << 1)  /* a dirty leaf that is not writable: shadow stack */
#define VERIFY_PTE_PAGING   (1U << 8)  /* its domain translates */
#define VERIFY_PTE_IDENTITY (1U << 9)  /* an IOVA is a physical address */
#define VERIFY_PTE_BLOCKED  (1U << 10) /* nothing passes */

/* A run: neighbouring pages with equal rights, flags and consecutive frames. */
struct verify_pte_run {
	__u64 vaddr;	     /* first byte */
	__u64 len;	     /* bytes; a multiple of 4096 */
	__u64 pa;	     /* frame of vaddr; 0 where the kind has none */
	__u64 entry;	     /* raw entry that ended the walk at vaddr */
	__u8 level;	     /* of that entry: 0 = PTE, 1 = PMD, ... */
	__u8 kind;	     /* enum pt_kind of pt_fmt.h */
	__u8 rights;	     /* PT_USER | PT_WRITE | PT_EXEC over all levels */
	__u8 no_user_levels; /* bit N: the entry of level N has no _PAGE_USER */
	__u32 reserved;	     /* 0 */
};

/* One entry of one table, as it was read. */
struct verify_pte_entry {
	__u64 vaddr;	/* first byte asked about that it covers */
	__u64 table_pa; /* of the table that it stands in */
	__u64 entry;
	__u32 index; /* 0..511 */
	__u8 level;
	__u8 kind;
	__u16 reserved; /* 0 */
};

/*
 * VERIFY_PTE_IOC_WALK: the page table of a process, from start on.  One call answers up to nr
 * records, fewer if a signal comes; ask again with start = next until next == start + len of the
 * first call.  What is in no VMA has no record; a hole inside a VMA is a run of kind none.  A raw
 * walk gives each entry of each table once, from the root down, tables before what they hold.
 * On an error nothing is written back but argsz (with EINVAL for its size).
 *	EINVAL	argsz, an unknown flag, a negative pid, nr 0 (raw: under 5, one a level), start or
 *		len unaligned, len 0, start + len wraps
 *	ESRCH	no such process, or one without user memory (kernel thread)
 *	ERANGE	beyond the user half of the address space
 *	EFAULT	no VMA anywhere in the range; or buf or this struct unreadable
 *	EINTR	killed
 *	EIO	an entry points to a table outside of RAM: not followed
 */
struct verify_pte_walk {
	__u32 argsz; /* in: sizeof; out: what the module knows */
	__u32 flags; /* in: VERIFY_PTE_RAW */
	union {
		__s32 pid;    /* in: in the caller's pid namespace; 0 = caller */
		__u32 device; /* in: segment << 16 | bus << 8 | devfn */
	};
	__u32 nr;	      /* in: room in buf, in records; out: filled */
	__u64 start;	      /* in: bytes, page aligned */
	__u64 len;	      /* in: bytes, page aligned */
	__u64 buf;	      /* in: user address of the records */
	__u64 next;	      /* out: first address not answered */
	__u64 root_pa;	      /* out: the root that the CPU uses at user level */
	__u64 kernel_root_pa; /* out: mm->pgd; differs from root_pa with PTI */
	__u64 pa_mask;	      /* out: the kernel's mask of address bits */
	__u32 levels;	      /* out: 4 or 5 */
	__u32 features;	      /* out: VERIFY_PTE_PTI */
	__u64 pages[6];	      /* out: base pages seen, by kind */
	__u64 descents;	      /* out: descents from the root, one a table's end */
	__u64 entries;	      /* out: entries read */
	__u64 zero_pa;	      /* out: the page of zeros that a read fault maps */
	__u8 swap_nr[4]; /* out: swap types of files, poison, migration, device; then markers */
	__u32 reserved;	 /* 0 */
};

#define VERIFY_PTE_IOC_WALK _IOWR(0xb7, 0x20, struct verify_pte_walk)

/*
 * VERIFY_PTE_IOC_IOVA, of the iova file: what the IOMMU domain of a device makes of an IOVA range.
 * As above with device for pid, no flags and IOVAs for addresses: all of the range is answered, in
 * runs of kind page (vaddr, len, pa) or none; what else a process's table has is 0.
 *	ENODEV	no such device
 *	EBADF	the caller has the device not open through VFIO
 *	ENOENT	the device has no domain: no IOMMU, or no container
 *	EOPNOTSUPP	a domain of another kind (nested, SVA), or PREEMPT_RT
 */
#define VERIFY_PTE_IOC_IOVA _IOWR(0xb7, 0x21, struct verify_pte_walk)

#endif /* _UAPI_VERIFY_PTE_H */
