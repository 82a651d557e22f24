/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What /proc says of a process. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>

#define PROC_COMM 64 /* room for a name; of a kernel thread it is longer than of a process */

/*
 * The name of a process, "?" where it cannot be read.  It is whatever the process wants it to be,
 * ends of lines and all: text_shown() and json_text() show it.
 */
void proc_comm(int pid, char *buf, size_t len);

/*
 * Calls @each with "/proc/TID" of every thread that has open files of its own, until it says
 * true.  Mostly that is the first thread alone; but others may have left its table of files
 * (unshare(2)), and where the first has ended nothing is open there, whatever the others have.
 * 1: @each said true; 0, or a negative errno: not all could be looked at.
 */
int proc_each_files(const char *pid, bool (*each)(const char *dir, void *arg), void *arg);

#endif /* PROC_H */
