/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The module's answers, as its file gives them. */
#ifndef USER_VERIFY_PTE_H
#define USER_VERIFY_PTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"
#include "fmt/pt_fmt.h"
#include "uapi/verify_pte.h"

struct modules;

/*
 * Loads the module unless the kernel has it (@path: which file; NULL: beside the
 * program, or where modules are) and opens one of its files (@name: VERIFY_PTE_WALK
 * or _IOVA): a file descriptor, or -errno with @err filled in.
 */
int verify_pte_open(struct modules *mods, const char *path, const char *name, struct err *err);

enum verify_pte_form {
	VERIFY_PTE_RUNS,    /* of a process */
	VERIFY_PTE_ENTRIES, /* of a process, each entry */
	VERIFY_PTE_IOVAS,   /* of a device */
};

/* Whose: a process by its pid (0: oneself), or a device by bus << 8 | devfn in a PCI domain */
struct verify_pte_who {
	uint32_t id;
	uint32_t segment;
};

/*
 * Walks a range, however many calls that takes: @each gets a batch of records
 * (struct verify_pte_run, or struct verify_pte_entry for entries) and the answer
 * that came with it, and ends the walk by returning other than 0, which is what
 * is returned then.  *sum is the last answer, with the counts of all.  -errno as
 * the ioctl's: all of it is out of one address space, or one IOMMU domain, or
 * it fails: -ESTALE (the process has another by now), -EAGAIN (the device has).
 */
int verify_pte_each(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		    enum verify_pte_form form,
		    int (*each)(const void *records, size_t nr,
				const struct verify_pte_walk *answer, void *arg),
		    void *arg, struct verify_pte_walk *sum);

/*
 * The same at once: @records is an array, *nr long, that the caller frees.  How far it is
 * shows on a terminal where that takes long.  Begins anew some times after -EAGAIN; -EINTR
 * after a signal (signals.h).
 */
int verify_pte_get(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		   enum verify_pte_form form, void **records, size_t *nr,
		   struct verify_pte_walk *sum);

/* What this kernel's bits mean: *fmt is x86's, with that.  0 or -errno. */
int verify_pte_format(int fd, struct verify_pte_info *info, struct pt_fmt *fmt);

#endif /* USER_VERIFY_PTE_H */
