// SPDX-License-Identifier: GPL-2.0
/* Random numbers and counts of processes that race with each other */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktap.h"
#include "tally.h"

/* How many failures of one kind are printed. */
#define SAY_MAX 8

struct tally *tally;

static __thread uint64_t rnd_state;

void tally_use(struct tally *t)
{
	tally = t;
}

void rnd_begin(uint64_t state)
{
	rnd_state = state;
}

uint64_t rnd(uint64_t below)
{
	if (!rnd_state)
		rnd_state = __atomic_add_fetch(&tally->seed, UINT64_C(0x9e3779b97f4a7c15),
					       __ATOMIC_RELAXED) |
			    1;
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

void count_n(int what, uint64_t n)
{
	if (n)
		__atomic_fetch_add(&tally->count[what], n, __ATOMIC_RELAXED);
}

void count(int what)
{
	count_n(what, 1);
}

void bad(int what, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (__atomic_fetch_add(&tally->bad[what], 1, __ATOMIC_RELAXED) >= SAY_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	comment("%s", text);
}

bool stopping(void)
{
	return __atomic_load_n(&tally->stop, __ATOMIC_RELAXED);
}

void stop_all(void)
{
	__atomic_store_n(&tally->stop, true, __ATOMIC_RELAXED);
}

bool tally_missing(const struct count_row *counts, unsigned int nr_counts)
{
	unsigned int i;

	for (i = 0; i < nr_counts; i++)
		if (!tally->count[i] && !counts[i].may_be_none)
			return true;
	return false;
}

unsigned int tally_points(const struct count_row *counts, unsigned int nr_counts,
			  unsigned int nr_bad)
{
	unsigned int i, points = nr_bad;

	for (i = 0; i < nr_counts; i++)
		points += !counts[i].may_be_none;
	return points;
}

void tally_tell(const struct count_row *counts, unsigned int nr_counts)
{
	unsigned int i;

	for (i = 0; i < nr_counts; i++) {
		comment("%s: %" PRIu64, counts[i].name, tally->count[i]);
		if (!counts[i].may_be_none)
			result(tally->count[i], "%s", counts[i].name);
	}
}

void tally_tell_bad(const char *const *bad_name, unsigned int nr_bad)
{
	unsigned int i;

	for (i = 0; i < nr_bad; i++) {
		if (tally->bad[i])
			comment("%" PRIu64 " times not so:", tally->bad[i]);
		result(!tally->bad[i], "%s", bad_name[i]);
	}
}
