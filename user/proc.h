/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What /proc says of a process. */
#ifndef PROC_H
#define PROC_H

#include <stddef.h>

#define PROC_COMM 64 /* room for a name; of a kernel thread it is longer than of a process */

/*
 * The name of a process, "?" where it cannot be read.  It is whatever the process wants it to be,
 * ends of lines and all: text_shown() and json_text() show it.
 */
void proc_comm(int pid, char *buf, size_t len);

#endif /* PROC_H */
