/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP on stdout.  Each call writes its line at once and whole, so that lines of several
 * processes and threads do not mix.  Points are numbered from 1 within a process.
 */
#ifndef TESTS_KTAP_H
#define TESTS_KTAP_H

#include <stdbool.h>

/* Points of this process that were not ok so far */
extern unsigned int nr_failed;

/* The head: @points will follow. */
void ktap_plan(unsigned int points);

/* One point, with the name that @fmt makes. */
__attribute__((format(printf, 2, 3))) void result(bool ok, const char *fmt, ...);

/* One point that was not tested; @why is the reason. */
__attribute__((format(printf, 2, 3))) void result_skip(const char *why, const char *fmt, ...);

/* A comment of one line, cut to 400 bytes. */
__attribute__((format(printf, 1, 2))) void comment(const char *fmt, ...);

/*
 * Ends this process with status 1: the test cannot go on.  It calls _exit(), because it may be
 * called in a thread or in a child, which must not run what its parent does at exit.
 */
__attribute__((noreturn, format(printf, 1, 2))) void bail_out(const char *fmt, ...);

/* The exit status of a program: 0 if no point has failed, else 1 */
int ktap_status(void);

/* The name of an errno, as EINVAL; it may be negative. 0 is "no error". Never NULL. */
const char *error_name(int err);

#endif /* TESTS_KTAP_H */
