// SPDX-License-Identifier: GPL-2.0
/* The threads of all processes: their random choices, and what they are at */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "torture.h"

struct shared *sh;
uint64_t seed;
uint64_t user_end;
unsigned int levels;
__thread struct worker *me;

void rnd_init(uint64_t salt)
{
	uint64_t state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
			 (salt + 1) * UINT64_C(0xd1342543de82ef95);

	rnd_begin(state ? state : 1);
	rnd(2);
}

void doing(const char *what)
{
	__atomic_store_n(&me->doing, what, __ATOMIC_RELAXED);
	__atomic_fetch_add(&me->beats, 1, __ATOMIC_RELAXED);
}

void worker_begin(struct worker *w)
{
	me = w;
	rnd_init(w - sh->worker);
	doing("begins");
	__atomic_store_n(&w->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
}

void worker_end(void)
{
	doing("ended");
	__atomic_store_n(&me->tid, 0, __ATOMIC_RELAXED);
}

/* Runs a function of @nr workers from @first on in threads; they end by themselves */
void run_workers(unsigned int first, unsigned int nr, const char *name, void *(*run)(void *),
		 pthread_t *threads)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct worker *w = &sh->worker[first + i];

		snprintf(w->name, sizeof(w->name), "%s %u", name, i);
		if (pthread_create(&threads[i], NULL, run, w))
			bail_out("no thread for %s", w->name);
	}
}
