// SPDX-License-Identifier: GPL-2.0
#include "run/ask.h"

#include <time.h>

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

enum status run_ask(struct run *run, const struct asker *asker)
{
	const struct witness *w = &witnesses[asker->id];
	struct testimony *t = &run->testimonies.said[asker->id];
	enum status status = STATUS_PASS;
	uint64_t start, spent;

	if (w->against >= 0 && !run->testimonies.said[w->against].answered) {
		run_detail(run, "nothing from the %s to compare with", witnesses[w->against].title);
		return STATUS_UNVERIFIED;
	}
	if (asker->open)
		status = asker->open(run);
	if (status != STATUS_PASS)
		return status;
	start = now_ns();
	status = asker->ask(run, t);
	spent = now_ns() - start;
	if (status == STATUS_PASS && asker->ask_more)
		status = asker->ask_more(run);
	if (status != STATUS_PASS)
		return status;
	asker->judge(run, t);
	if (w->timed && t->total)
		t->ns = spent / t->total;
	if (asker->tell)
		asker->tell(run, t);
	return t->step;
}
