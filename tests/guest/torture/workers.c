// SPDX-License-Identifier: GPL-2.0
/* The threads of all processes: their random choices, what they count and tell */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "torture.h"

struct shared *sh;
uint64_t seed;
uint64_t user_end;
unsigned int levels;
__thread struct worker *me;

static __thread uint64_t rnd_state;

uint64_t rnd(uint64_t below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

void rnd_init(uint64_t salt)
{
	rnd_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		    (salt + 1) * UINT64_C(0xd1342543de82ef95);
	if (!rnd_state)
		rnd_state = 1;
	rnd(2);
}

void count_n(int what, uint64_t n)
{
	if (n)
		__atomic_fetch_add(&sh->count[what], n, __ATOMIC_RELAXED);
}

void count(int what)
{
	count_n(what, 1);
}

bool stopping(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED);
}

void doing(const char *what)
{
	__atomic_store_n(&me->doing, what, __ATOMIC_RELAXED);
	__atomic_fetch_add(&me->beats, 1, __ATOMIC_RELAXED);
}

/* A line, whole, whoever else writes */
__attribute__((format(printf, 1, 0))) static void say(const char *fmt, va_list ap)
{
	char line[400] = "# ";
	size_t n;

	vsnprintf(line + 2, sizeof(line) - 3, fmt, ap);
	n = strlen(line);
	line[n++] = '\n';
	while (write(STDOUT_FILENO, line, n) < 0 && errno == EINTR)
		;
}

__attribute__((format(printf, 1, 2))) void comment(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) void bad(int what, const char *fmt, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&sh->bad[what], 1, __ATOMIC_RELAXED) >= SAY_MAX)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

__attribute__((noreturn, format(printf, 1, 2))) void bail_out(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : err ? "an unknown error" : "no error";
}

/* A number after a word in a file; 0 without */
uint64_t number_in(const char *path, const char *word)
{
	char line[256];
	uint64_t v = 0;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)) && strchr(" :", line[strlen(word)]))
			v = strtoull(line + strlen(word) + 1, NULL, 0);
	if (f)
		fclose(f);
	return v;
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

void nap(uint64_t us)
{
	struct timespec t = { 0, us * 1000 };

	nanosleep(&t, NULL);
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

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
