// SPDX-License-Identifier: GPL-2.0
/* HMP: the monitor for people, a line and what it answers, up to the next prompt. */
#include "qemu/hmp.h"

#include <errno.h>
#include <string.h>

#include "qemu/wire.h"

int hmp_start(struct monitor *m)
{
	static const char what[] = "HMP prompt";
	int ret;

	wire_start_clock(m);
	do {
		ret = wire_recv_more(m, what);
		if (ret)
			return ret;
		if (m->buf[0] == '{')
			return wire_fail(
				m, -EPROTO, what,
				"give a port of -monitor tcp:127.0.0.1:PORT,server=on,wait=off",
				"this is a QMP port");
	} while (!monitor_at_prompt(m->buf, m->len));
	return 0;
}

int hmp_command(struct monitor *m, const char *cmd, char **reply)
{
	const char *text;
	int ret;

	wire_start_clock(m);
	m->len = 0;
	m->unsynced = true;
	ret = wire_send_line(m, cmd, cmd);
	if (ret)
		return ret;
	do {
		ret = wire_recv_more(m, cmd);
		if (ret)
			return ret;
		ret = monitor_parse_hmp(m->buf, m->len, cmd, &text);
	} while (ret == -EAGAIN);
	m->unsynced = false;
	if (ret)
		return wire_fail(m, ret, cmd, "see whether another client holds the monitor",
				 "the answer contains a NUL byte, or is to another command");
	*reply = strdup(text);
	if (!*reply) {
		wire_fail(m, -ENOMEM, cmd, "", "out of memory");
		return -ENOMEM;
	}
	return 0;
}

/*
 * Lets the VM go on while an answer to an earlier command may still come.  QEMU works off its
 * input in order, so we wait for "running", which no command since the stop can have answered.
 */
int hmp_force_cont(struct monitor *m)
{
	static const char what[] = "cont";
	static const char done[] = "VM status: running";
	int ret;

	wire_start_clock(m);
	m->len = 0;
	ret = wire_send_line(m, "\ncont\ninfo status", what);
	while (!ret) {
		ret = wire_recv_more(m, what);
		m->buf[m->len] = '\0';
		if (!ret && strstr(m->buf, done))
			break;
	}
	return ret;
}
