/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a unit test over the simulation has in common with others: random numbers, which a seed
 * gives again, and failures that name it.
 *
 * WALK_SEED=N and WALK_ROUNDS=PERCENT in the environment: other tables, or more.
 */
#ifndef KSTUB_SIM_CMOCKA_H
#define KSTUB_SIM_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#include <cmocka.h>

static u64 random_state, first_seed = 1;
static unsigned long rounds_percent = 100;

u64 sim_random(u64 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

void sim_fail(const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail_msg("WALK_SEED=%llu: %s", sim.seed, text);
	abort();
}

static inline void sim_seed(u64 nr)
{
	sim.seed = first_seed + nr;
	random_state = (sim.seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
	sim_random(2);
}

static inline unsigned long rounds(unsigned long n)
{
	return n * rounds_percent / 100;
}

static inline void sim_environment(void)
{
	const char *text = getenv("WALK_SEED");

	first_seed = text ? strtoull(text, NULL, 0) : first_seed;
	text = getenv("WALK_ROUNDS");
	rounds_percent = text ? strtoul(text, NULL, 0) : rounds_percent;
}

/* The kinds that have a frame, in this side's own words */
static inline bool has_frame(u32 kind)
{
	return kind == PT_LEAF || kind == PT_PROTNONE || kind == PT_INVALID;
}

/* What an entry of a run changes by from one page to the next */
static inline u64 step_of(u32 kind, u32 level)
{
	return kind == PT_LEAF ? sim_size(level) : has_frame(kind) ? 0 - sim_size(level) : 0;
}

#endif /* KSTUB_SIM_CMOCKA_H */
