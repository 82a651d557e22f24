/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a step, a witness or a whole run ended. */
#ifndef STATUS_H
#define STATUS_H

enum status {
	STATUS_PASS,
	STATUS_FAIL,	   /* a check ran and failed */
	STATUS_SKIP,	   /* not asked for, or nothing to do */
	STATUS_UNVERIFIED, /* asked for, and could not be checked */
	STATUS_ERROR,	   /* usage or environment stops the run */
	NR_STATUSES
};

const char *status_name(enum status status);

/* The exit code that goes with a verdict: 0, 1, 2 or 4. */
int status_exit_code(enum status status);

/* The name of the verdict that a program gives with an exit code. */
const char *exit_code_name(int exit_code);

#endif /* STATUS_H */
