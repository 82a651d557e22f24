/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The binary interface of /sys/kernel/debug/verify_pte/.  Opening a file needs CAP_SYS_ADMIN.
 *
 * Every number here is fixed.  A new field goes to the end of its struct, and argsz grows.  The
 * ioctl numbers do not hold the size of the struct: a program that was built with a longer struct
 * gets the answer of an older module as long as what that module does not know is 0.
 *
 * Addresses and lengths are in bytes; a name ending in _pa is a physical address.  A level counts
 * up from the tables that map the smallest pages: 0 = PTE, 1 = PMD, 2 = PUD, 3 = P4D (the PGD
 * where there are four levels), 4 = PGD.
 */
#ifndef _UAPI_VERIFY_PTE_H
#define _UAPI_VERIFY_PTE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VERIFY_PTE_DIR	"verify_pte"
#define VERIFY_PTE_WALK "walk" /* the page table of a process */
#define VERIFY_PTE_IOVA "iova" /* the IOMMU domain of a PCI device */

/*
 * What an entry is: verify_pte_run.kind, verify_pte_entry.kind, and the index of
 * verify_pte_walk.pages[].
 */
enum pt_kind {
	PT_NONE,     /* 0: empty: nothing was ever there, or it is gone */
	PT_TABLE,    /* 1: points to a table of the next level */
	PT_LEAF,     /* 2: maps a page that the CPU may reach */
	PT_PROTNONE, /* 3: a page with its frame, kept from the CPU (PROT_NONE) */
	PT_INVALID,  /* 4: a huge leaf made not present for a moment (being split) */
	PT_ABSENT,   /* 5: not present, not empty: swap, migration, a marker */
	PT_NR_KINDS  /* 6 */
};

/* Rights as the CPU applies them at user level: each is an AND over all levels. */
#define PT_USER	      (1U << 0)
#define PT_WRITE      (1U << 1)
#define PT_EXEC	      (1U << 2)
#define PT_RIGHTS_ALL (PT_USER | PT_WRITE | PT_EXEC)

/*
 * Bits of an entry that the CPU ignores and that each kernel gives a meaning of its own: the index
 * of verify_pte_info.soft[].
 */
enum pt_soft {
	PT_SOFT_SPECIAL,     /* no struct page behind the frame */
	PT_SOFT_UFFD_WP,     /* userfaultfd write protection */
	PT_SOFT_SOFT_DIRTY,  /* written to since /proc/PID/clear_refs */
	PT_SOFT_DEVMAP,	     /* a page of a device's memory */
	PT_SOFT_SAVED_DIRTY, /* written to, while not writable now (since 6.6) */
	PT_SOFT_SOFTW4,	     /* the kernel has no other name for it */
	PT_SOFT_SOFTW5,
	PT_NR_SOFT /* 7 */
};

#define VERIFY_PTE_RAW (1U << 0) /* flags, in: records are struct verify_pte_entry */
/* features, out: of a process; of a device one of the last two */
#define VERIFY_PTE_PTI	   (1U << 0)  /* root_pa is the user half of the PGD */
#define VERIFY_PTE_SHSTK   (1U << 1)  /* a dirty leaf that is not writable: shadow stack */
#define VERIFY_PTE_PAGING  (1U << 8)  /* its domain translates */
#define VERIFY_PTE_BLOCKED (1U << 10) /* nothing passes */

/* A run: neighbouring pages with equal rights, flags and consecutive frames. */
struct verify_pte_run {
	__u64 vaddr;	     /* first byte */
	__u64 len;	     /* bytes; a multiple of 4096 */
	__u64 pa;	     /* frame of vaddr; 0 where the kind has none */
	__u64 entry;	     /* raw entry that ended the walk at vaddr */
	__u8 level;	     /* of that entry */
	__u8 kind;	     /* enum pt_kind */
	__u8 rights;	     /* PT_USER | PT_WRITE | PT_EXEC over all levels */
	__u8 no_user_levels; /* bit N: the entry of level N lets no user in, by _PAGE_USER */
			     /* or, of PT_PROTNONE and PT_INVALID, by not being present */
	__u32 reserved;	     /* 0 */
};

/* One entry of one table, as it was read. */
struct verify_pte_entry {
	__u64 vaddr;	/* first byte asked about that it covers */
	__u64 table_pa; /* of the table that it stands in */
	__u64 entry;
	__u32 index; /* 0..511 */
	__u8 level;
	__u8 kind;	/* enum pt_kind */
	__u16 reserved; /* 0 */
};

/*
 * VERIFY_PTE_IOC_WALK: the page table of a process, from start on.  One call answers up to nr
 * records, fewer if a signal comes.  While next < start + len there is more: ask again with
 * start = next, len for the rest, and answer as it came back.  The calls of one answer speak of one
 * address space: answer names it, and the call fails with ESTALE once the process has another.
 * With answer = 0 a call begins a new answer; an open file keeps one, the last one begun.
 *
 * What is in no VMA has no record; a hole inside a VMA is a run of kind PT_NONE.  A raw walk gives
 * each entry on the way, from the root down, tables before what they hold; an entry that has not
 * changed since its last record is not given again, one that has changed is.
 *
 * On an error nothing is written back, but argsz with EINVAL or E2BIG for its size, and next with
 * EIO.  What buf holds then is undefined.
 *	EINVAL	argsz is too small; an unknown flag; a negative pid; segment is not 0; nr is 0 (raw:
 *		under 5, one a level); start or len is unaligned; len is 0; start + len wraps
 *	E2BIG	argsz is over 4096, or what is longer than the module's struct is not 0
 *	ESRCH	no such process, or none of its threads has user memory (kernel thread, zombie)
 *	ERANGE	beyond the user half of the address space
 *	EFAULT	no VMA anywhere in the range, with answer = 0; or buf or this struct is unreadable
 *	ESTALE	answer is not the one that this file keeps, or start is not its next, or the process
 *		has exited or has another address space (exec)
 *	EINTR	killed
 *	ENOMEM	no memory for the records
 *	EIO	the entry for address next points to a table outside of RAM: not followed; what
 *		comes before it is answered first
 */
struct verify_pte_walk {
	__u32 argsz; /* in: sizeof; out: what the module knows */
	__u32 flags; /* in: VERIFY_PTE_RAW */
	union {
		__s32 pid;    /* in: in the caller's pid namespace; 0 = caller */
		__u32 device; /* in: bus << 8 | device << 3 | function */
	};
	__u32 nr;	      /* in: room in buf, in records; out: filled */
	__u64 start;	      /* in: bytes, page aligned */
	__u64 len;	      /* in: bytes, page aligned */
	__u64 buf;	      /* in: user address of the records */
	__u32 segment;	      /* in: PCI segment (domain) of device; of a process 0 */
	__u32 answer;	      /* in: 0, or to go on: as it came back; out: 0 when all is answered */
	__u64 next;	      /* out: first address not answered */
	__u64 root_pa;	      /* out: the root that the CPU uses at user level */
	__u64 kernel_root_pa; /* out: mm->pgd; differs from root_pa with PTI */
	__u64 pa_mask;	      /* out: the kernel's mask of address bits */
	__u32 levels;	      /* out: 4 or 5 */
	__u32 features;	      /* out: VERIFY_PTE_PTI and the like */
	__u64 pages[6];	      /* out: base pages seen, by enum pt_kind */
	__u64 descents;	      /* out: descents from the root, one a table's end */
	__u64 entries;	      /* out: entries read */
	__u64 zero_pa;	      /* out: the page of zeros that a read fault maps */
	__u8 swap_nr[4]; /* out: swap types of files, poison, migration, device; then markers */
	__u32 reserved;	 /* 0 */
};

/*
 * VERIFY_PTE_IOC_INFO, of either file: what holds for every entry of this kernel.  argsz as above.
 */
struct verify_pte_info {
	__u32 argsz;
	__u32 flags;	     /* in: 0 */
	__u64 volatile_mask; /* out: bits that the CPU or the kernel changes in passing */
	__u64 soft[8];	     /* out: the bit by enum pt_soft; 0: this kernel has none */
};

/*
 * The type is one that Documentation/userspace-api/ioctl/ioctl-number.rst leaves free.
 *
 * VERIFY_PTE_IOC_IOVA, of the iova file: what the IOMMU domain of a device makes of an IOVA range.
 * As above with device for pid, no flags and IOVAs for addresses: all of the range is answered, in
 * runs of kind PT_LEAF (vaddr, len, pa) or PT_NONE; what else a process's table has is 0.  The
 * calls of one answer speak of one domain.  While the kernel is asked all CPUs stop: for about a
 * quarter of the time that an answer takes, at most.
 *	ENODEV	no such device
 *	EBADF	the caller has the device not open through VFIO
 *	ENOENT	the device has no domain of its VFIO user's: there is no IOMMU, or the node that
 *		the caller has open is bound to no iommufd (the kernel's own domain is not told)
 *	EAGAIN	the device was moved to another domain meanwhile: ask anew
 *	EOPNOTSUPP	a domain of another kind (nested, SVA), or PREEMPT_RT; without tracepoints
 *		also a range that takes more than one stop
 */
#define VERIFY_PTE_IOC_WALK _IO(0xd7, 0x20)
#define VERIFY_PTE_IOC_IOVA _IO(0xd7, 0x21)
#define VERIFY_PTE_IOC_INFO _IO(0xd7, 0x28)

#endif /* _UAPI_VERIFY_PTE_H */
