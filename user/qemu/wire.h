/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The connection to a QEMU: lines out, bytes in, each within the time-out.  For qemu/qmp.c,
 * qemu/hmp.c and qemu/monitor.c, which speak over it.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu/monitor.h"

struct json_tokener;

/* A whole table is 15 KB of text, a vCPU's registers are 4 KB: room for a thousand vCPUs. */
#define REPLY_MAX (8U << 20)

struct monitor {
	struct monitor_conf conf;
	char name[128]; /* socket or port, for messages */
	int fd;
	bool hmp;
	bool stopped;	  /* by us, so we have to let it go on */
	bool unsynced;	  /* HMP: a late answer may still come */
	bool partial;	  /* QMP: a part of an object is in tok, the rest may still come */
	bool watch;	  /* the VM has to stay stopped */
	bool resumed;	  /* another client let it go on meanwhile */
	char *stopped_at; /* HMP: what changes while it runs, as read after the stop */
	int64_t deadline; /* of the command under way, ms */
	int64_t limit;	  /* of all, ms */
	unsigned int id;  /* QMP: of the last command */
	struct json_tokener *tok;
	char *buf; /* received and not yet used; REPLY_MAX + 1 bytes */
	size_t len;
};

/* Fills the struct err, @why in words, and returns @err. */
__attribute__((format(printf, 5, 6))) int wire_fail(struct monitor *m, int err, const char *what,
						    const char *fix, const char *why, ...);

int64_t wire_now_ms(void);

/* The limit for all commands together, but the last cont. */
int64_t wire_limit_ms(const struct monitor_conf *conf);

/* Starts the time-out of one command. */
void wire_start_clock(struct monitor *m);

/* Waits for @events on the socket, the deadline or the cancel descriptor. */
int wire_wait_for(struct monitor *m, short events, const char *what);

int wire_send_line(struct monitor *m, const char *text, const char *what);

/* Waits for more and appends it to the buffer. */
int wire_recv_more(struct monitor *m, const char *what);

#endif /* WIRE_H */
