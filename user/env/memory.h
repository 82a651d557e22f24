/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How much memory this process may have, lock and give to a device, as the kernel counts it:
 * by machine, by process, by user and by control group.  memory_read() reads /proc and /sys;
 * memory_short() judges and does no I/O.
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

/* How many bytes may still be used; MEMORY_NO_LIMIT also means that it is not known. */
struct memory {
	bool read;	    /* false: nothing below is known, so nothing is short */
	uint64_t available; /* MemAvailable */
	uint64_t address_space, data, commit;
	uint64_t cgroup, hugetlb;
	char cgroup_file[MEMORY_FILE], hugetlb_file[MEMORY_FILE]; /* whose limits those are */
	/* RLIMIT_MEMLOCK, and what counts against it; no limit with CAP_IPC_LOCK */
	uint64_t memlock, locked, pinned_by_user;
	/* Huge pages of the size that was asked about, as sysfs counts them. */
	bool huge_known;
	uint64_t huge_total, huge_free, huge_reserved, huge_surplus, huge_overcommit;
	const char *unknown; /* the first file that could not be read; or NULL */
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
	bool json; /* the run tells everything as JSON */
};

/* What there is too little of, in the order in which a run needs it. */
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
/* The first kind before @end of which there is too little; or MEMORY_ENOUGH. */
enum memory_kind memory_short(const struct memory *mem, const struct memory_need *need,
			      enum memory_kind end);

/* Bytes that a run needs besides its buffer: for its records and the kernel's tables. */
uint64_t memory_overhead(const struct memory_need *need);
/* All ordinary memory that a run of this size needs. */
uint64_t memory_ordinary(const struct memory_need *need);
/* Huge pages that are free, or that the kernel may make on demand. */
uint64_t memory_huge_room(const struct memory *mem);
/* The value that nr_hugepages must have for @need; never less than it has now. */
uint64_t memory_huge_goal(const struct memory *mem, const struct memory_need *need);
/* The bytes that already count against the limit of locked memory. */
uint64_t memory_charged(const struct memory *mem, enum memory_account account);

/*
 * Faults in every page of the buffer for writing.  0, -ENOMEM, -EINTR, or -EFAULT if a write
 * would raise SIGBUS, because of a limit of hugetlb or a broken page.
 */
int memory_populate(void *buf, size_t size, size_t page_size);

#endif /* MEMORY_H */
