// SPDX-License-Identifier: GPL-2.0
/*
 * What hangs, over the helpers of tests/lib: each is to end in time, and not with 0.
 *
 *	hang wait	limit_time(), while the program waits for a child that does not end
 *	hang join	the same of a thread
 *	hang still	a race with a worker that does nothing any more
 *	hang beats	one with a worker that beats, and does not end when it is told to
 *	hang none	one in which nobody hangs, within limit_time(); this ends with 0
 */
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base.h"
#include "ktap.h"
#include "proc.h"
#include "workers.h"

static void *stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void waits(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stay(NULL);
	}
	waitpid(pid, NULL, 0);
}

static void joins(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, stay, NULL))
		pthread_join(thread, NULL);
}

static void still_main(void)
{
	doing("stand");
	stay(NULL);
}

static void beats_main(void)
{
	for (;;) {
		doing("beat");
		nap(10000);
	}
}

static void good_main(void)
{
	while (!stopping()) {
		doing("work");
		count(0);
		nap(10000);
	}
}

static void runs(void (*worker)(void))
{
	static const struct count_row counts[] = { { "beats", false } };
	static const char *const bad_name[] = { "nobody hangs" };
	const struct worker_row rows[] = { { "good", good_main }, { "other", worker } };
	const struct race race = {
		.rows = rows,
		.nr_rows = ARRAY_SIZE(rows),
		.counts = counts,
		.nr_counts = ARRAY_SIZE(counts),
		.bad_name = bad_name,
		.nr_bad = ARRAY_SIZE(bad_name),
		.more_time = 2,
		.hung_seconds = 1,
	};

	workers_init();
	race_plan(&race);
	race_run(&race, 1);
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";

	limit_time(!strcmp(how, "wait") || !strcmp(how, "join") ? 1 : 30);
	if (!strcmp(how, "wait"))
		waits();
	else if (!strcmp(how, "join"))
		joins();
	else if (!strcmp(how, "still"))
		runs(still_main);
	else if (!strcmp(how, "beats"))
		runs(beats_main);
	else if (!strcmp(how, "none"))
		runs(good_main);
	else
		return 2;
	return ktap_status();
}
