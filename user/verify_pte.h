/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The module's answers, as its file gives them. */
#ifndef USER_VERIFY_PTE_H
#define USER_VERIFY_PTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "uapi/verify_pte.h"

/* Opens the walk file.  A file descriptor, or -errno with @err filled in. */
int verify_pte_open(struct err *err);

/*
 * All records of a range, however many calls that takes.  @records is an array
 * of struct verify_pte_run or (@raw) of struct verify_pte_entry, *nr long; the
 * caller frees it.  @info is the last call's answer: root, levels, masks.
 * -errno as the ioctl's; -EAGAIN where the range changed from call to call.
 */
int verify_pte_get(int fd, pid_t pid, uint64_t start, uint64_t len, int raw, void **records,
		   size_t *nr, struct verify_pte_walk *info);

#endif /* USER_VERIFY_PTE_H */
