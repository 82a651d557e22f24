// SPDX-License-Identifier: GPL-2.0
#include "lib/signals.h"

#include <stddef.h>

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
	 * No SA_RESTART: what waits is to stop waiting.  Who started us with a
	 * signal ignored (nohup) means it.
	 */
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &was) && was.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	/* A reader that goes away must not keep us from cleaning up. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

void signals_die(void)
{
	if (!signal_seen)
		return;
	signal(signal_seen, SIG_DFL);
	raise(signal_seen);
}
