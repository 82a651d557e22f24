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
	bool stopped;	  /* by us: owed a cont */
	bool unsynced;	  /* HMP: a late answer may still come */
	bool partial;	  /* QMP: a part of an object is in tok, the rest may still come */
	bool watch;	  /* it is to stay stopped */
	bool resumed;	  /* and somebody else let it go on */
	char *stopped_at; /* HMP: what changes when it runs, as it was after the stop */
	int64_t deadline; /* of the command under way, ms */
	int64_t limit;	  /* of all, ms */
	unsigned int id;  /* QMP: of the last command */
	struct json_tokener *tok;
	char *buf; /* what came and is not used up; REPLY_MAX + 1 */
	size_t len;
};

/* Fills the struct err, @why in words, and returns @err. */
__attribute__((format(printf, 5, 6))) int wire_fail(struct monitor *m, int err, const char *what,
						    const char *fix, const char *why, ...);

int64_t wire_now_ms(void);

/* For all that is asked, but for the cont at the end. */
int64_t wire_limit_ms(const struct monitor_conf *conf);

/* From here on counts the time-out of one command. */
void wire_start_clock(struct monitor *m);

/* Waits for @events on the socket, the deadline or the cancel descriptor. */
int wire_wait_for(struct monitor *m, short events, const char *what);

int wire_send_line(struct monitor *m, const char *text, const char *what);

/* Waits for more and appends it to the buffer. */
int wire_recv_more(struct monitor *m, const char *what);

#endif /* WIRE_H */
