/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How much memory this process may have, lock and give to a device, as the kernel counts it:
 * by machine, by process, by user and by control group.  memory_read() reads /proc and /sys;
 * memory_short() judges, pure.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_NO_LIMIT UINT64_MAX
#define MEMORY_FILE	256 /* room for the name of a control group's file */

/* Whom the kernel charges for pages that a device reaches */
enum memory_account {
	ACCOUNT_PROCESS, /* VFIO's Type1, and iommufd as a container: VmLck */
	ACCOUNT_USER,	 /* iommufd: all of the user's processes, VmPin */
};

/* Bytes that may still be had; MEMORY_NO_LIMIT, also where that is not known. */
struct memory {
	bool read;	    /* else nothing below is known, and nothing lacks */
	uint64_t available; /* MemAvailable */
	uint64_t address_space, data, commit;
	uint64_t cgroup, hugetlb;
	char cgroup_file[MEMORY_FILE], hugetlb_file[MEMORY_FILE]; /* whose limits those are */
	/* RLIMIT_MEMLOCK, and what counts against it; no limit with CAP_IPC_LOCK */
	uint64_t memlock, locked, pinned_by_user;
	/* Pages of the size that was asked about: all, free, promised to somebody, on loan */
	bool huge_known;
	uint64_t huge_total, huge_free, huge_reserved, huge_surplus, huge_overcommit;
	const char *unknown; /* the first file that could not be read; NULL: none */
	char unknown_file[MEMORY_FILE];
};

/*
 * @root: "", or a directory that stands for / (tests).  @page_size: of the pages to be mapped.
 */
void memory_read(struct memory *mem, const char *root, uint64_t page_size);

struct memory_need {
	uint64_t size, page_size;
	unsigned int mappings; /* of that size; each is charged */
	enum memory_account account;
};

/* What there is too little of; in the order in which it is asked for. */
enum memory_kind {
	MEMORY_ENOUGH,
	MEMORY_ADDRESS_SPACE,
	MEMORY_DATA,
	MEMORY_COMMIT,
	MEMORY_HUGE,
	MEMORY_HUGETLB_GROUP,
	MEMORY_GROUP,
	MEMORY_AVAILABLE,
	MEMORY_MEMLOCK,
	NR_MEMORY_KINDS
};

bool memory_lacks(const struct memory *mem, const struct memory_need *need, enum memory_kind kind);
/* The first that lacks, of those before @end; MEMORY_ENOUGH: none */
enum memory_kind memory_short(const struct memory *mem, const struct memory_need *need,
			      enum memory_kind end);

/* Base pages that the run itself takes besides: its records, and the kernel's tables */
uint64_t memory_overhead(uint64_t size);
/* All that a run of this size takes of ordinary memory */
uint64_t memory_ordinary(const struct memory_need *need);
/* Huge pages that nobody has, and that may be made on demand */
uint64_t memory_huge_room(const struct memory *mem);
/* What nr_hugepages has to be for @need: never less than it is */
uint64_t memory_huge_goal(const struct memory *mem, const struct memory_need *need);
/* What counts already against the limit of locked memory */
uint64_t memory_charged(const struct memory *mem, enum memory_account account);

/*
 * Has every page of the buffer be there now, writable.  0, or what keeps it from that: -EFAULT
 * where a limit of hugetlb or a broken page would be SIGBUS, -ENOMEM, -EINTR.
 */
int memory_populate(void *buf, size_t size, size_t page_size);

#endif /* MEMORY_H */
