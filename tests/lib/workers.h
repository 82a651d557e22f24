/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that race with each other for some seconds, and a watchdog for those that hang */
#ifndef TESTS_WORKERS_H
#define TESTS_WORKERS_H

#include "tally.h"

#define MAX_WORKERS 16

struct worker_row {
	const char *name;
	void (*main)(void); /* returns when stopping() */
};

/* Shared by all processes */
struct workers {
	struct tally tally;
	uint64_t beats[MAX_WORKERS];
	const char *doing[MAX_WORKERS];
};

/* A program of workers; the last of bad_name[] is that no worker hung or died. */
struct race {
	const struct worker_row *rows;
	unsigned int nr_rows;
	const struct count_row *counts;
	unsigned int nr_counts;
	const char *const *bad_name;
	unsigned int nr_bad;
	unsigned int more_time;	   /* factor of the time if not everything has happened yet */
	unsigned int hung_seconds; /* 0: HUNG_SECONDS */
};

/* Makes the memory that the workers share. */
void workers_init(void);

/* Uses memory that exists already; this process is the worker @nr of those in it. */
void workers_use(struct workers *w, unsigned int nr);

/* Reports that this worker makes progress, and does @what, a constant string. */
void doing(const char *what);

/* Prints the plan for the points of race_run(). */
void race_plan(const struct race *race);

/*
 * Runs each of the rows in a process, for @seconds, or longer if not everything has happened by
 * then.  Then makes a point for each count and each kind of failure.
 */
void race_run(const struct race *race, unsigned int seconds);

#endif /* TESTS_WORKERS_H */
