// SPDX-License-Identifier: GPL-2.0
/* The connection to a QEMU. */
#include "qemu/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/err.h"

#define FIX_RESTART "see whether QEMU still runs"

int wire_fail(struct monitor *m, int err, const char *what, const char *fix, const char *why, ...)
{
	struct err *e = m->conf.err;
	va_list ap;

	err_set(e, -err, "", "", fix);
	e->id = "monitor";
	err_what(e, "%s: %s", m->name, what);
	va_start(ap, why);
	vsnprintf(e->why, sizeof(e->why), why, ap);
	va_end(ap);
	err_clean(e); /* it may quote what somebody else sent */
	return err;
}

int64_t wire_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t wire_limit_ms(const struct monitor_conf *conf)
{
	return conf->limit_ms ? conf->limit_ms : (int64_t)conf->timeout_ms * MONITOR_LIMIT;
}

void wire_start_clock(struct monitor *m)
{
	m->deadline = wire_now_ms() + m->conf.timeout_ms;
	if (m->deadline > m->limit)
		m->deadline = m->limit;
}

int wire_wait_for(struct monitor *m, short events, const char *what)
{
	struct pollfd fds[2] = {
		{ .fd = m->fd, .events = events },
		{ .fd = m->conf.cancel_fd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = m->deadline - wire_now_ms();
		int n = left <= 0 ? 0 : poll(fds, 2, (int)left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wire_fail(m, -errno, what, "", "poll: %s", strerror(errno));
		if (!n && m->deadline == m->limit)
			return wire_fail(
				m, -ETIMEDOUT, what,
				"see whether another client holds the monitor, or give --timeout more",
				"not done in %g s, the limit for all commands together",
				wire_limit_ms(&m->conf) / 1000.0);
		if (!n)
			return wire_fail(
				m, -ETIMEDOUT, what,
				"see whether QEMU hangs or another client holds the monitor",
				"no answer in %g s", m->conf.timeout_ms / 1000.0);
		if (fds[1].revents)
			return wire_fail(m, -EINTR, what, "", "interrupted by a signal");
		if (fds[0].revents)
			return 0; /* send() or recv() reports an error */
	}
}

/*
 * Sends a line in one piece, as a line end of its own would wait 40 ms until TCP has acknowledged
 * the rest.
 */
int wire_send_line(struct monitor *m, const char *text, const char *what)
{
	size_t len = strlen(text) + 1;
	char *line = malloc(len + 1), *data = line;
	int ret = 0;
	ssize_t n;

	if (!line)
		return wire_fail(m, -ENOMEM, what, "", "out of memory");
	snprintf(line, len + 1, "%s\n", text);

	while (len && !ret) {
		n = send(m->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EINTR) {
			ret = wire_wait_for(m, POLLOUT, what);
		} else {
			ret = wire_fail(m, -errno, what, FIX_RESTART, "send: %s", strerror(errno));
		}
	}
	free(line);
	return ret;
}

int wire_recv_more(struct monitor *m, const char *what)
{
	ssize_t n;
	int ret;

	if (m->len == REPLY_MAX)
		return wire_fail(m, -EPROTO, what, "see whether this is QEMU's monitor",
				 "the answer is longer than %u bytes", REPLY_MAX);
	for (;;) {
		/*
		 * QEMU echoes in many small pieces and holds each back until the one before is
		 * acknowledged. TCP_QUICKACK does not last, so it is set each time.
		 */
		if (m->hmp)
			setsockopt(m->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
		ret = wire_wait_for(m, POLLIN, what);
		if (ret)
			return ret;
		n = recv(m->fd, m->buf + m->len, REPLY_MAX - m->len, MSG_DONTWAIT);
		if (n > 0) {
			m->len += (size_t)n;
			return 0;
		}
		if (!n)
			return wire_fail(m, -ECONNRESET, what, FIX_RESTART,
					 "QEMU closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return wire_fail(m, -errno, what, FIX_RESTART, "recv: %s", strerror(errno));
	}
}
