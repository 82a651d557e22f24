/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What /proc says about a process. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>

#define PROC_COMM 64 /* room for a name; a kernel thread's is longer than a process's */

/*
 * The name of a process; "?" if it cannot be read.  A process can set its name to any bytes,
 * newlines included, so it has to go through text_shown() or json_text().
 */
void proc_comm(int pid, char *buf, size_t len);

/*
 * Calls @each with "/proc/TID" for one thread of each table of open files, until it returns true.
 * Usually all threads share one table.  But a thread may have its own (unshare(2)), and a first
 * thread that has ended has none, while the others still have files open.  Returns 1 if @each
 * returned true, 0 if it did not, or a negative errno if not all threads could be read.
 */
int proc_each_files(const char *pid, bool (*each)(const char *dir, void *arg), void *arg);

#endif /* PROC_H */
