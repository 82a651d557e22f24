/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* INT, TERM and HUP end a program in order: first it undoes, then it dies. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

struct err;

/* What a request for a device is to us: see request.h.  Ignored by whoever does not catch it. */
#define SIGNAL_REQUEST SIGURG

/* Set before SIGNAL_REQUEST is sent: from anybody else it means nothing. */
extern volatile sig_atomic_t signal_requested;

/* The signal that asks us to end, or 0. */
extern volatile sig_atomic_t signal_seen;

/* From here on they set signal_seen; one that was ignored stays ignored. */
void signals_catch(void);

/* Why there is no answer: fills @err.  From here on no write to stdout waits for long. */
void signals_explain(struct err *err);

/* The same as the one object of an answer with --json, in the place of one that is not whole. */
void signals_json(void);

/* All is undone and said: ends as signal_seen would have ended us.  Returns without one. */
void signals_die(void);

#endif /* SIGNALS_H */
