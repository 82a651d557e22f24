/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes that race with each other have in common: random numbers, counts of what
 * happened, and of what went wrong, in memory that they share.
 */
#ifndef TESTS_TALLY_H
#define TESTS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_COUNTS 48
#define MAX_BAD	   8

/* A process that does nothing for as long is hung, however slow the machine. */
#define HUNG_SECONDS 90

struct count_row {
	const char *name;
	bool may_be_none; /* rare: told, not demanded */
};

struct tally {
	bool stop;
	uint64_t seed; /* of the next thread that asks for a random number */
	uint64_t count[MAX_COUNTS];
	uint64_t bad[MAX_BAD];
};

extern struct tally *tally;

/* The tally is @t from here on, as in shared memory that another process has made. */
void tally_use(struct tally *t);

/* A random number of 0 to @below - 1; each thread has a sequence of its own. */
uint64_t rnd(uint64_t below);

/* This thread's sequence begins with @state, not 0, which makes it the same each time. */
void rnd_begin(uint64_t state);

/* One more, or @n more, of the program's count number @what. */
void count(int what);
void count_n(int what, uint64_t n);

/* One more of the program's number @what of what must not be; the first 8 are told. */
__attribute__((format(printf, 2, 3))) void bad(int what, const char *fmt, ...);

/* Are all processes to end?  After stop_all(): yes */
bool stopping(void);
void stop_all(void);

/* Is there a count that has to be and is 0 so far? */
bool tally_missing(const struct count_row *counts, unsigned int nr_counts);

/* How many points tally_tell() makes */
unsigned int tally_points(const struct count_row *counts, unsigned int nr_counts,
			  unsigned int nr_bad);

/* A point for each count that has to be. */
void tally_tell(const struct count_row *counts, unsigned int nr_counts);

/* A point for each thing that must not be. */
void tally_tell_bad(const char *const *bad_name, unsigned int nr_bad);

#endif /* TESTS_TALLY_H */
