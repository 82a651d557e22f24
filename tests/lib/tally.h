/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For processes that race with each other: random numbers, and counts, in shared memory, of what
 * happened and of what went wrong.
 */
#ifndef TESTS_TALLY_H
#define TESTS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_COUNTS 48
#define MAX_BAD	   8

/* A process that makes no progress for so long hangs, even on a slow machine. */
#define HUNG_SECONDS 90

struct count_row {
	const char *name;
	bool may_be_none; /* rare: printed, but may be 0 */
};

struct tally {
	bool stop;
	uint64_t seed; /* for the next thread that needs random numbers */
	uint64_t count[MAX_COUNTS];
	uint64_t bad[MAX_BAD];
};

extern struct tally *tally;

/* Makes @t the tally; it may be in shared memory that another process has created. */
void tally_use(struct tally *t);

/* A random number from 0 to @below - 1; each thread has its own sequence. */
uint64_t rnd(uint64_t below);

/* Starts this thread's sequence with @state (not 0), so that it is the same each time. */
void rnd_begin(uint64_t state);

/* Adds one, or @n, to the program's count number @what. */
void count(int what);
void count_n(int what, uint64_t n);

/* Counts a failure of the program's kind number @what; the first 8 are printed. */
__attribute__((format(printf, 2, 3))) void bad(int what, const char *fmt, ...);

/* Must all processes end?  True after stop_all(). */
bool stopping(void);
void stop_all(void);

/* Is there a count that must not be 0 at the end, and is 0 so far? */
bool tally_missing(const struct count_row *counts, unsigned int nr_counts);

/* How many points tally_tell() and tally_tell_bad() make */
unsigned int tally_points(const struct count_row *counts, unsigned int nr_counts,
			  unsigned int nr_bad);

/* Makes a point for each count that must not be 0. */
void tally_tell(const struct count_row *counts, unsigned int nr_counts);

/* Makes a point for each kind of failure, which must not have occurred. */
void tally_tell_bad(const char *const *bad_name, unsigned int nr_bad);

#endif /* TESTS_TALLY_H */
