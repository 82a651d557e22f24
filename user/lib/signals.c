// SPDX-License-Identifier: GPL-2.0
#include "lib/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "lib/out.h"

volatile sig_atomic_t signal_seen, signal_requested;

static void on_signal(int sig)
{
	if (sig != SIGNAL_REQUEST || signal_requested)
		signal_seen = sig;
}

void signals_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGNAL_REQUEST };
	struct sigaction sa = { .sa_handler = on_signal }, was;
	size_t i;

	/*
	 * Without SA_RESTART a call that waits returns.  A signal that was ignored when we were
	 * started (nohup) stays ignored.
	 */
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &was) && was.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	/* A reader that goes away must not keep us from cleaning up. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/* Does nothing; the signal only makes write() return. */
static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * After a signal we must not wait for a reader that does not read: a write that blocks is given
 * up.  The alarm repeats, as the first one may come just before a write.
 */
static void limit_writes(void)
{
	static const struct itimerval second = { { 1, 0 }, { 1, 0 } };
	const struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &second, NULL);
}

void signals_explain(struct err *err)
{
	const char *name = sigabbrev_np(signal_seen);

	limit_writes();
	err_set(err, EINTR, "not finished", "", "give the same command again");
	err_why(err, "a signal asked for it: SIG%s", name ? name : "?");
}

void signals_json(void)
{
	struct json_object *root;
	struct err err = { 0 };

	signals_explain(&err);
	root = json_answer("vfio_test", "error");
	json_object_object_add(root, "error", err_json(&err));
	json_print(root, false);
}

void signals_die(void)
{
	if (!signal_seen)
		return;
	limit_writes();
	fflush(stdout);
	signal(signal_seen, SIG_DFL);
	raise(signal_seen);
}
