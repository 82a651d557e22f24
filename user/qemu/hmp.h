/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* HMP: the monitor for people, a line and what it answers, up to the next prompt. */
#ifndef HMP_H
#define HMP_H

struct monitor;

/* Waits for the first prompt. */
int hmp_start(struct monitor *m);

/* Runs a command; *reply is the caller's to free. */
int hmp_command(struct monitor *m, const char *cmd, char **reply);

/* Lets the VM go on, whatever QEMU still has to say to the command before. */
int hmp_force_cont(struct monitor *m);

#endif /* HMP_H */
