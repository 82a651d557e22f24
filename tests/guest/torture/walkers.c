// SPDX-License-Identifier: GPL-2.0
/* The walkers: what they ask, and whether the fixed pages came out right */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "torture.h"

int shared_fd = -1; /* of all walkers */
__thread volatile sig_atomic_t signals;

static void on_signal(int nr)
{
	(void)nr;
	signals++;
}

/* The next signal, soon; or none */
void arm(const struct walker *w)
{
	struct itimerspec t = { { 0, 0 }, { 0, 0 } };

	if (rnd(2))
		t.it_value.tv_nsec = 1000 + rnd(rnd(2) ? 300000 : 8000000);
	timer_settime(w->timer, 0, &t, NULL);
}

/*
 * All of them.  pagemap was seen to answer EFAULT once, with this much memory swapped: the kernel
 * could not write to our memory just then.  It is asked again, a few times.
 */
static bool read_entries(const struct walker *w, uint64_t *entry, size_t size, off_t at)
{
	unsigned int i;
	ssize_t n = -1;

	for (i = 0; i < 4; i++) {
		n = pread(w->pagemap_fd, entry, size, at);
		if (n >= 0 || errno != EFAULT)
			break;
		sched_yield();
	}
	return n == (ssize_t)size;
}

/* The bits that matter: present, swapped, frame */
static void read_pagemap(const struct walker *w, uint64_t *entry)
{
	static const unsigned int huge[] = { THP_FIRST, TLB_FIRST };
	const uint64_t bits = 3ULL << 62 | ((1ULL << 55) - 1);
	const off_t at = FIXED / PAGE * 8;
	bool ok = read_entries(w, entry, NR_SMALL * 8, at);
	unsigned int i;

	for (i = 0; i < 2; i++)
		ok &= read_entries(w, entry + NR_SMALL + i, 8, at + huge[i] * 8);
	if (!ok)
		bad(BAD_WORKER, "pagemap: %s", strerror(errno));
	for (i = 0; i < NR_SMALL + 2; i++)
		entry[i] &= bits;
}

/* Its entry for a fixed page: of the first of a huge one, counted on from there */
static uint64_t pagemap_of(const uint64_t *entry, unsigned int page)
{
	if (page < THP_FIRST)
		return entry[page];
	return entry[NR_SMALL + (page >= TLB_FIRST)] + page % 512;
}

void walk_begin(struct walker *w, pid_t pid, bool kid, uint64_t start, uint64_t len)
{
	w->pid = pid;
	w->kid = kid;
	w->start = w->at = start;
	w->end = start + len;
	w->watch = !kid && pid == sh->victim && has_fixed(start, w->end);
	if (w->watch) {
		memset(w->got, 0, sizeof(w->got));
		read_pagemap(w, w->before);
	}
	arm(w);
}

/* All answered up to w->at: were the fixed pages right? */
static void walk_end(struct walker *w, const char *form)
{
	uint64_t checked = 0, moved = 0;
	unsigned int p;

	if (!w->watch)
		return;
	read_pagemap(w, w->after);
	for (p = 0; p < FIXED_PAGES; p++) {
		const uint64_t va = FIXED + p * PAGE;
		const struct part *part = part_of(p);
		const struct page *got = &w->got[p];
		struct page want = { PT_NONE, 0, 0, 0, 1 };
		uint64_t entry;

		if (!part || va < w->start || va >= w->at)
			continue;
		entry = pagemap_of(w->before, p);
		if (entry != pagemap_of(w->after, p)) {
			moved++;
			continue;
		}
		if (!part_is_hole(part, p)) {
			want = part->page;
			want.pa = (entry & ((1ULL << 55) - 1)) * PAGE;
			want.times = 1;
		}
		if (entry >> 63 != !part_is_hole(part, p) || entry >> 62 & 1)
			bad(BAD_FIXED, "%s: 0x%" PRIx64 ": pagemap says 0x%" PRIx64, form, va,
			    entry);
		checked++;
		if (got->kind != want.kind || got->level != want.level ||
		    got->rights != want.rights || got->pa != want.pa || got->times != want.times)
			bad(BAD_FIXED,
			    "%s: fixed 0x%" PRIx64 " of 0x%" PRIx64 "-0x%" PRIx64
			    ": %u times, kind %d level %d rights %x pa 0x%" PRIx64
			    "; must be kind %d level %d rights %x pa 0x%" PRIx64,
			    form, va, w->start, w->end, got->times, got->kind, got->level,
			    got->rights, got->pa, want.kind, want.level, want.rights, want.pa);
	}
	count_n(FIXED_CHECKED, checked);
	count_n(FIXED_MOVED, moved);
}

/* What an answer says of [va, va + len), as far as fixed pages go */
void take(struct walker *w, uint64_t va, uint64_t len, int kind, int level, unsigned int rights,
	  uint64_t pa)
{
	const uint64_t first = FIXED, last = FIXED + FIXED_PAGES * PAGE;
	uint64_t at = va < first ? first : va, to = va + len > last ? last : va + len;

	if (!w->watch)
		return;
	for (; at < to; at += PAGE) {
		struct page *got = &w->got[(at - first) / PAGE];

		got->kind = kind;
		/* A hole joins others whatever their level; it has no page size. */
		got->level = kind == PT_NONE ? 0 : level;
		got->rights = rights;
		got->pa = pa ? pa + (at - va) : 0;
		got->times++;
	}
}

void saw(int kind, unsigned int level)
{
	switch (kind) {
	case PT_NONE:
		count(SAW_NONE);
		break;
	case PT_LEAF:
		count(level ? SAW_HUGE : SAW_PAGE);
		break;
	case PT_PROTNONE:
		count(SAW_PROTNONE);
		break;
	case PT_INVALID:
		count(SAW_INVALID);
		break;
	case PT_ABSENT:
		count(SAW_ABSENT);
		break;
	}
}

/* A place worth a look: of what changes, of what does not, of both */
static uint64_t some_address(void)
{
	uint64_t n = rnd(16);

	if (n < 6)
		return ARENA(rnd(NR_MUTATORS)) + rnd(7) * 8 * MIB + rnd(1024) * PAGE;
	if (n < 9)
		return ARENA(rnd(NR_MUTATORS)) + (7 + rnd(4)) * GIB + rnd(1024) * PAGE;
	if (n < 10)
		return rnd(user_end / PAGE) * PAGE;
	return FIXED + rnd(rnd(2) ? NR_SMALL + 16 : FIXED_PAGES) * PAGE;
}

static uint64_t some_length(uint64_t start)
{
	static const uint64_t most[] = { 8, 600, 5000, GIB / PAGE, 4 * TIB / PAGE };
	uint64_t len = (1 + rnd(most[rnd(ARRAY_SIZE(most))])) * PAGE;

	return len < user_end - start ? len : user_end - start;
}

static void walk_once(struct walker *w)
{
	bool whole = !rnd(6), one = false;
	pid_t pid = sh->victim, other;
	uint64_t start = whole ? 0 : some_address(), len = whole ? user_end : some_length(start);
	bool is_kid = false;
	int form = rnd(16);

	if (!rnd(4)) {
		other = __atomic_load_n(&sh->kid[rnd(NR_KIDS)], __ATOMIC_RELAXED);
		is_kid = other > 0;
		if (is_kid)
			pid = other;
	}
	if (form >= 8 && form < 14)
		one = true;
	if (one) {
		start = some_address();
		len = PAGE;
	}
	if (form == 15) {
		last_walk(w);
		return;
	}
	walk_begin(w, pid, is_kid, start, len);
	if (form < 4) {
		ioctl_walk(w, "runs", 0);
		walk_end(w, "runs");
		count(WALK_RUNS);
	} else if (form < 7) {
		ioctl_walk(w, "raw", VERIFY_PTE_RAW);
		walk_end(w, "raw");
		count(WALK_RAW);
	} else if (form == 7 || form == 14) {
		text_walk(w, "text of a range", false);
		walk_end(w, "text of a range");
		count(WALK_TEXT);
	} else if (form < 11) {
		text_walk(w, "text of one address", true);
		walk_end(w, "text of one address");
		count(WALK_TEXT_ONE);
	} else {
		ioctl_walk(w, "single page", form == 11 ? 0 : VERIFY_PTE_RAW);
		walk_end(w, "single page");
		count(WALK_ONE);
	}
}

static void *walk(void *arg)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct walker *w = calloc(1, sizeof(*w));
	char path[64];

	worker_begin(arg);
	if (!w)
		bail_out("no memory");
	ev._sigev_un._tid = me->tid;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", sh->victim);
	w->pa_mask = UINT64_MAX;
	w->buf = malloc((MAX_RUNS + 1) * sizeof(struct verify_pte_run));
	w->text = malloc(MAX_TEXT + 1);
	w->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
	w->fd = open(WALK, O_RDWR | O_CLOEXEC);
	if (!w->buf || !w->text || w->pagemap_fd < 0 || w->fd < 0 ||
	    timer_create(CLOCK_MONOTONIC, &ev, &w->timer))
		bail_out("a walker: %s", strerror(errno));
	while (!stopping()) {
		walk_once(w);
		if (!rnd(50)) {
			close(w->fd);
			w->fd = open(WALK, O_RDWR | O_CLOEXEC);
			if (w->fd < 0)
				bail_out("open: %s", strerror(errno));
		}
	}
	timer_delete(w->timer);
	worker_end();
	return NULL;
}

void walkers(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t threads[NR_WALKERS];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGALRM, &sa, NULL); /* no SA_RESTART */
	/* What is walked has to move faster than they do. */
	if (nice(5) < 0)
		comment("nice: %s", strerror(errno));
	shared_fd = open(WALK, O_RDWR | O_CLOEXEC);
	run_workers(NR_MUTATORS + 1, NR_WALKERS, "walker", walk, threads);
	for (i = 0; i < NR_WALKERS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}
