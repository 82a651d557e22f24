/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How a check, a step, a witness or a whole run ended, for both programs: its name in text and
 * JSON, the exit code that goes with it, and which of two is worse.  Pure.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

/* Exit codes, of every program here. */
enum { EXIT_OK, EXIT_FAILED, EXIT_STOPPED, EXIT_UNVERIFIED = 4 };

enum status {
	STATUS_PASS,
	STATUS_FAIL,	   /* a check ran and failed */
	STATUS_SKIP,	   /* not asked for, or nothing to do */
	STATUS_UNVERIFIED, /* asked for, and could not be checked */
	STATUS_ERROR,	   /* wrong usage or the environment stopped the run */
	NR_STATUSES
};

const char *status_name(enum status status);

/* The status of that name; 0, or -EINVAL where none has it. */
int status_from_name(const char *name, enum status *out);

/* The exit code that goes with a verdict: 0, 1, 2 or 4. */
int status_exit_code(enum status status);

/* The name of the verdict that a program gives with an exit code. */
const char *exit_code_name(int exit_code);

/* Is @a worse than @b?  From the best on: skip, pass, unverified, fail, error. */
bool status_is_worse(enum status a, enum status b);

/* The worse of two. */
enum status status_worse(enum status a, enum status b);

#endif /* STATUS_H */
