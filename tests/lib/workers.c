// SPDX-License-Identifier: GPL-2.0
/* Processes that race with each other, and a watchdog for those that hang */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "ktap.h"
#include "proc.h"
#include "workers.h"

/* The watchdog's state of a worker */
struct watched {
	pid_t pid; /* 0: ended */
	uint64_t beats;
	double moved; /* when its beats changed last, in seconds of now() */
};

static struct workers *shared;
static unsigned int me = MAX_WORKERS - 1; /* the number of this worker */

void workers_use(struct workers *w, unsigned int nr)
{
	shared = w;
	me = nr;
	tally_use(&w->tally);
}

void workers_init(void)
{
	struct workers *w = mmap(NULL, sizeof(*w), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (w == MAP_FAILED)
		bail_out("no memory");
	workers_use(w, MAX_WORKERS - 1);
	tally->seed = (uint64_t)time(NULL);
}

void doing(const char *what)
{
	__atomic_store_n(&shared->doing[me], what, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->beats[me], 1, __ATOMIC_RELAXED);
}

void race_plan(const struct race *race)
{
	ktap_plan(tally_points(race->counts, race->nr_counts, race->nr_bad));
}

static void start(const struct race *race, struct watched *all)
{
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < race->nr_rows; i++) {
		all[i].moved = now();
		all[i].pid = fork();
		if (all[i].pid < 0)
			bail_out("fork: %s", strerror(errno));
		if (!all[i].pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			me = i;
			race->rows[i].main();
			_exit(0);
		}
	}
}

static unsigned int hung_seconds(const struct race *race)
{
	return race->hung_seconds ? race->hung_seconds : HUNG_SECONDS;
}

/*
 * Reports and kills a worker that hangs.  Does not wait for its end, as a process that hangs in the
 * kernel may not die.
 */
static void kill_hung(const struct race *race, const char *name, const char *how, unsigned int nr,
		      pid_t pid)
{
	bad(race->nr_bad - 1, "%s %s: %s", name, how, shared->doing[nr]);
	say_where(pid);
	kill(pid, SIGKILL);
	stop_all();
}

/*
 * Has that worker ended, or was it killed as it hangs?  Counts a failure if it should not have.
 * @stopped: when all were told to end; 0 before that.
 */
static bool has_ended(const struct race *race, unsigned int nr, struct watched *w, double stopped)
{
	const int bad_worker = race->nr_bad - 1;
	const char *name = race->rows[nr].name;
	int status;

	if (waitpid(w->pid, &status, WNOHANG) > 0) {
		if (status || !stopping())
			bad(bad_worker, "%s: ended early, or with status 0x%x", name, status);
		stop_all();
		return true;
	}
	if (shared->beats[nr] != w->beats) {
		w->beats = shared->beats[nr];
		w->moved = now();
	} else if (now() - w->moved > hung_seconds(race)) {
		kill_hung(race, name, "hangs in", nr, w->pid);
		return true;
	}
	/* It makes progress, for example while it waits for its child, but does not end. */
	if (stopped > 0 && now() - stopped > 2 * hung_seconds(race)) {
		kill_hung(race, name, "does not end, in", nr, w->pid);
		return true;
	}
	return false;
}

void race_run(const struct race *race, unsigned int seconds)
{
	struct watched all[MAX_WORKERS] = { 0 };
	unsigned int i, left = race->nr_rows;
	const double begun = now();
	double stopped = 0;

	start(race, all);
	while (left) {
		const double took = now() - begun;

		nap(100000);
		if (took >= (double)race->more_time * seconds ||
		    (took >= seconds && !tally_missing(race->counts, race->nr_counts)))
			stop_all();
		if (stopping() && stopped == 0)
			stopped = now();
		for (i = 0; i < race->nr_rows; i++)
			if (all[i].pid && has_ended(race, i, &all[i], stopped)) {
				all[i].pid = 0;
				left--;
			}
	}
	tally_tell(race->counts, race->nr_counts);
	tally_tell_bad(race->bad_name, race->nr_bad);
}
