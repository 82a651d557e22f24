/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Asks the module, through its files in debugfs. */
#ifndef USER_VERIFY_PTE_H
#define USER_VERIFY_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"
#include "fmt/pt_fmt.h"
#include "uapi/verify_pte.h"

struct modules;

/*
 * Loads the module unless the kernel has it and opens one of its files (@name: VERIFY_PTE_WALK
 * or _IOVA).  @path is the file to load; NULL: the one beside the program, or the one in
 * /lib/modules.  Returns a file descriptor, or -errno with @err filled in.
 */
int verify_pte_open(struct modules *mods, const char *path, const char *name, struct err *err);

enum verify_pte_form {
	VERIFY_PTE_RUNS,    /* runs of pages of a process */
	VERIFY_PTE_ENTRIES, /* each entry of a process */
	VERIFY_PTE_IOVAS,   /* translations of a device */
};

/* A process by its pid (0: this one), or a device by bus << 8 | devfn and its PCI domain. */
struct verify_pte_who {
	uint32_t id;
	uint32_t segment;
	/*
	 * NULL, or asked between two calls, several times a second for a device: is the answer to
	 * be given up?  The walk then fails with -ECANCELED.
	 */
	bool (*give_up)(void *arg);
	void *arg;
};

/*
 * Walks a range in as many calls as that takes.  @each gets a batch of records (struct
 * verify_pte_run, or struct verify_pte_entry for entries) and the answer that came with it.  If
 * it returns other than 0, the walk ends and returns that.  *sum is the last answer, with the
 * counts of all answers.  Otherwise it returns 0, or -errno of the ioctl.  All records are from
 * one address space or one IOMMU domain: if the process or the device changed to another one,
 * the walk fails with -ESTALE or -EAGAIN.
 */
int verify_pte_each(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		    enum verify_pte_form form,
		    int (*each)(const void *records, size_t nr,
				const struct verify_pte_walk *answer, void *arg),
		    void *arg, struct verify_pte_walk *sum);

/*
 * The same, but it returns all records: an array of *nr, which the caller frees.  If it takes
 * long, a terminal shows the progress.  After -EAGAIN it starts again, some times at most.
 * -EINTR: a signal came (signals.h).
 */
int verify_pte_get(int fd, struct verify_pte_who who, uint64_t start, uint64_t len,
		   enum verify_pte_form form, void **records, size_t *nr,
		   struct verify_pte_walk *sum);

/* Sets *fmt to the format of x86 with the software bits of this kernel.  0 or -errno. */
int verify_pte_format(int fd, struct verify_pte_info *info, struct pt_fmt *fmt);

#endif /* USER_VERIFY_PTE_H */
