/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The binary interface of /sys/kernel/debug/verify_pte/.  Opening a file needs CAP_SYS_ADMIN.
 *
 * No number here ever changes.  A new field goes to the end of its struct, and argsz grows.  The
 * size of the struct is not part of the ioctl numbers, so a program that was built with a longer
 * struct can use an older module, as long as the fields that this module does not know are 0.
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
	PT_NONE,     /* 0: empty: nothing is mapped there */
	PT_TABLE,    /* 1: points to a table of the next level */
	PT_LEAF,     /* 2: maps a page, and is present */
	PT_PROTNONE, /* 3: has the frame of a page, but is not present (PROT_NONE) */
	PT_INVALID,  /* 4: a huge leaf made not present for a moment (being split) */
	PT_ABSENT,   /* 5: not present, not empty: swap, migration, a marker */
	PT_NR_KINDS  /* 6 */
};

/* Rights as the CPU applies them at user level: every level must give a right. */
#define PT_USER	      (1U << 0)
#define PT_WRITE      (1U << 1)
#define PT_EXEC	      (1U << 2)
#define PT_RIGHTS_ALL (PT_USER | PT_WRITE | PT_EXEC)

/*
 * Bits of an entry that the CPU ignores.  Each kernel version uses them in its own way.  This is
 * the index of verify_pte_info.soft[].
 */
enum pt_soft {
	PT_SOFT_SPECIAL,     /* no struct page behind the frame */
	PT_SOFT_UFFD_WP,     /* userfaultfd write protection */
	PT_SOFT_SOFT_DIRTY,  /* written to since /proc/PID/clear_refs */
	PT_SOFT_DEVMAP,	     /* a page of a device's memory */
	PT_SOFT_SAVED_DIRTY, /* written to, while not writable now (since 6.6) */
	PT_SOFT_SOFTW4,	     /* this kernel has no other name for the bit */
	PT_SOFT_SOFTW5,
	PT_NR_SOFT /* 7 */
};

#define VERIFY_PTE_RAW (1U << 0) /* flags, in: records are struct verify_pte_entry */
/* features, out: the first two are for a process; for a device it is one of the last two */
#define VERIFY_PTE_PTI	   (1U << 0)  /* root_pa is the user half of the PGD */
#define VERIFY_PTE_SHSTK   (1U << 1)  /* a dirty leaf that is not writable: shadow stack */
#define VERIFY_PTE_PAGING  (1U << 8)  /* the domain translates */
#define VERIFY_PTE_BLOCKED (1U << 10) /* the domain lets no access pass */

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
	__u64 vaddr;	/* first byte of the range that it covers */
	__u64 table_pa; /* of the table that has this entry */
	__u64 entry;
	__u32 index; /* 0..511 */
	__u8 level;
	__u8 kind;	/* enum pt_kind */
	__u16 reserved; /* 0 */
};

/*
 * VERIFY_PTE_IOC_WALK: the page table of a process, from start on.  One call answers up to nr
 * records, fewer if a signal comes.  While next < start + len there is more: call again with
 * start = next, len for the rest, and answer as it came back.
 *
 * All calls of one answer are about one address space: answer identifies it, and a call fails with
 * ESTALE once the process has another.  A call with answer = 0 begins a new answer.  An open file
 * keeps one answer, the last one begun.
 *
 * There is no record for an address that is in no VMA; a hole inside a VMA is a run of kind
 * PT_NONE.  A raw walk records every entry on the path from the root, a table before the entries in
 * it.  An entry is recorded again only if it has changed since its last record.
 *
 * If a call fails, nothing is written back, with two exceptions: argsz, if EINVAL or E2BIG is for
 * its size, and next with EIO.  The content of buf is undefined then.
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
 *	EIO	an entry for address next points to a table outside of RAM, or is a leaf at a level
 *		that has none.  It is not followed.  A call that finds something before next
 *		succeeds; the call that starts at next fails
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
	__u64 descents;	      /* out: descents from the root; each reads one last table */
	__u64 entries;	      /* out: entries read */
	__u64 zero_pa;	      /* out: the shared zero page, which a read fault maps */
	/* out: numbers of swap types: files, poison, migration, device; then markers */
	__u8 swap_nr[4];
	__u32 reserved; /* 0 */
};

/*
 * VERIFY_PTE_IOC_INFO, on either file: what is true for every entry of this kernel.  argsz is used
 * as above.
 */
struct verify_pte_info {
	__u32 argsz;
	__u32 flags;	     /* in: 0 */
	__u64 volatile_mask; /* out: bits that the CPU or the kernel may change at any time */
	__u64 soft[8];	     /* out: the mask by enum pt_soft; 0: this kernel has no such bit */
};

/*
 * The type is one that Documentation/userspace-api/ioctl/ioctl-number.rst leaves free.
 *
 * VERIFY_PTE_IOC_IOVA, on the iova file: what the IOMMU domain of a device translates a range of
 * IOVAs to.  The call is as above, with device in place of pid, no flags, and IOVAs as addresses.
 * The whole range is answered, in runs of kind PT_LEAF (vaddr, len, pa) or PT_NONE; the fields that
 * are about page table entries are 0.  All calls of one answer are about one domain.  All CPUs stop
 * while the kernel is asked: for about a quarter of the time that an answer takes, at most.
 *	ENODEV	no such device
 *	EBADF	the caller does not have the device open through VFIO
 *	ENOENT	VFIO attached the device to no domain: there is no IOMMU, or the device node that
 *		the caller has open is not bound to an iommufd (the kernel's own domain is not
 *		shown)
 *	EAGAIN	the device was moved to another domain meanwhile: begin a new answer
 *	EOPNOTSUPP	a domain of another kind (nested, SVA), or PREEMPT_RT; without tracepoints
 *		also a range that takes more than one stop
 */
#define VERIFY_PTE_IOC_WALK _IO(0xd7, 0x20)
#define VERIFY_PTE_IOC_IOVA _IO(0xd7, 0x21)
#define VERIFY_PTE_IOC_INFO _IO(0xd7, 0x28)

#endif /* _UAPI_VERIFY_PTE_H */
