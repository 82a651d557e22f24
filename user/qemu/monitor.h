/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A running QEMU, asked through its monitor: QMP on a unix socket, or the
 * monitor for people (HMP) on a TCP port of this machine.
 *
 * Every call waits for at most the time-out, returns 0 or a negative errno, and
 * on failure fills the struct err given when it was opened:
 *	-ETIMEDOUT	no answer in time
 *	-EINTR		the cancel descriptor became readable
 *	-ECONNRESET	QEMU went away
 *	-EPROTO		the answer is not what QEMU says to this
 *	-EREMOTEIO	QEMU refused the command
 * or what socket(2), connect(2), send(2) and recv(2) return.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stddef.h>
#include <stdint.h>

#include "qemu/monitor_parse.h"

#define MONITOR_TABLE	512   /* entries of one page table */
#define MONITOR_TIMEOUT 10000 /* ms; of one command */
#define MONITOR_LIMIT	60    /* times that, of all commands together */

struct err;
struct monitor;

struct monitor_conf {
	int timeout_ms;	 /* of each command; MONITOR_TIMEOUT */
	int limit_ms;	 /* of all commands but the last cont; 0: MONITOR_LIMIT times timeout_ms */
	int cancel_fd;	 /* readable: give up; -1 for none */
	struct err *err; /* filled by what fails; outlives the monitor */
};

int monitor_open_qmp(const char *path, const struct monitor_conf *conf, struct monitor **out);
int monitor_open_hmp(int port, const struct monitor_conf *conf, struct monitor **out);

/*
 * Runs one HMP command, through QMP if that is what we speak; *reply is the caller's to free.  QEMU
 * reports an error of the command as text like any other.
 */
int monitor_hmp(struct monitor *m, const char *cmd, char **reply);

/*
 * Stops the VM, unless it is stopped already; then monitor_cont() leaves it stopped.  -EREMOTEIO
 * also if QEMU accepts the command and the VM still runs.
 */
int monitor_stop(struct monitor *m);

/*
 * Was the VM stopped all the time since monitor_stop()?  -EBUSY: somebody else let it go on, so
 * what was read is not of one moment.  QMP has an event for that; over HMP, which has none, it
 * shows in what the VM's vCPUs have done since.
 */
int monitor_was_stopped(struct monitor *m);

/* Lets the VM go on, if monitor_stop() stopped it. */
int monitor_cont(struct monitor *m);

/*
 * 512 entries from the physical address @pa on, which is a multiple of 4096.
 * -EFAULT where the VM has no memory there.
 */
int monitor_read_table(struct monitor *m, uint64_t pa, uint64_t entries[MONITOR_TABLE]);

/* Of all vCPUs; the caller frees *out. */
int monitor_read_vcpus(struct monitor *m, struct monitor_regs **out, size_t *nr);

/* What is behind physical addresses; the caller frees out->range. */
int monitor_read_ram(struct monitor *m, struct ram_map *out);

/*
 * Lets the VM go on if monitor_stop() stopped it, whatever failed or was
 * cancelled before, and closes.  An error means that it may still be stopped.
 */
int monitor_close(struct monitor *m);

#endif /* MONITOR_H */
