/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that race with each other for some seconds, and a watch over who hangs */
#ifndef TESTS_WORKERS_H
#define TESTS_WORKERS_H

#include "tally.h"

#define MAX_WORKERS 16

struct worker_row {
	const char *name;
	void (*main)(void); /* until stopping() */
};

/* In memory of all processes */
struct workers {
	struct tally tally;
	uint64_t beats[MAX_WORKERS];
	const char *doing[MAX_WORKERS];
};

/* What a program of workers is made of; the last of bad_name[] is that nobody hung or died. */
struct race {
	const struct worker_row *rows;
	unsigned int nr_rows;
	const struct count_row *counts;
	unsigned int nr_counts;
	const char *const *bad_name;
	unsigned int nr_bad;
	unsigned int more_time; /* the time is so many times longer for what has not happened yet */
	unsigned int hung_seconds; /* 0: HUNG_SECONDS */
};

/* Makes the memory that the workers share. */
void workers_init(void);

/* The same in memory that is there already; this process is the worker @nr of those in it. */
void workers_use(struct workers *w, unsigned int nr);

/* This worker lives, and is at @what, a constant string. */
void doing(const char *what);

/* The plan: points of race_run() */
void race_plan(const struct race *race);

/*
 * Runs each of the rows in a process of its own, for @seconds, or longer while not all has happened
 * by then; then a point for each count and each thing that can be wrong.
 */
void race_run(const struct race *race, unsigned int seconds);

#endif /* TESTS_WORKERS_H */
