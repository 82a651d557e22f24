/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* On INT, TERM and HUP a program first undoes what it changed, and then ends by the signal. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

struct err;

/*
 * The signal that tells us that VFIO requests the device back, see request.h.  A process that
 * does not catch it ignores it.
 */
#define SIGNAL_REQUEST SIGURG

/* Set before we send SIGNAL_REQUEST; without it the signal came from elsewhere and is ignored. */
extern volatile sig_atomic_t signal_requested;

/* The signal that asks us to end, or 0. */
extern volatile sig_atomic_t signal_seen;

/* From now on these signals set signal_seen; one that was ignored stays ignored. */
void signals_catch(void);

/* Fills @err with why there is no answer.  From now on no write to stdout blocks for long. */
void signals_explain(struct err *err);

/* Prints the same as a JSON object, instead of an answer that would not be complete. */
void signals_json(void);

/* Called when all is undone and printed: ends by the signal in signal_seen, if there is one. */
void signals_die(void);

#endif /* SIGNALS_H */
