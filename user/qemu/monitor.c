// SPDX-License-Identifier: GPL-2.0
/* A running QEMU, asked through its monitor. */
#include "qemu/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/err.h"
#include "qemu/hmp.h"
#include "qemu/qmp.h"
#include "qemu/wire.h"

int monitor_hmp(struct monitor *m, const char *cmd, char **reply)
{
	return m->hmp ? hmp_command(m, cmd, reply) : qmp_hmp(m, cmd, reply);
}

/* @paused: a stop command stopped it, and not the end of the guest or the like. */
static int get_status(struct monitor *m, bool *running, bool *paused)
{
	static const char what[] = "query-status";
	struct json_object *obj, *val;
	char *reply = NULL;
	const char *word;
	int ret;

	if (m->hmp) {
		ret = monitor_hmp(m, "info status", &reply);
		if (ret)
			return ret;
		ret = monitor_parse_status(reply, running, paused);
		free(reply);
	} else {
		ret = qmp_command(m, what, NULL, &obj);
		if (ret)
			return ret;
		word = qmp_string(obj, "status");
		if (json_object_object_get_ex(obj, "running", &val) &&
		    json_object_is_type(val, json_type_boolean) && word) {
			*running = json_object_get_boolean(val);
			*paused = !*running && !strcmp(word, "paused");
			/* Both keys must say the same: qmp_query_status() of QEMU. */
			if (*running != !strcmp(word, "running"))
				ret = -EPROTO;
		} else {
			ret = -EPROTO;
		}
		json_object_put(obj);
	}
	if (ret)
		return wire_fail(m, ret, what, "", "the answer is not a VM status");
	return 0;
}

/* A command that answers nothing if it worked. */
static int simple(struct monitor *m, const char *cmd)
{
	char *reply = NULL;
	int ret;

	if (!m->hmp)
		return qmp_simple(m, cmd);
	ret = monitor_hmp(m, cmd, &reply);
	if (ret)
		return ret;
	if (*reply)
		ret = wire_fail(m, -EREMOTEIO, cmd, "", "%.*s", (int)strcspn(reply, "\n"), reply);
	free(reply);
	return ret;
}

/*
 * HMP has no events, so we ask for what changes when a VM runs: the registers of its vCPUs, and
 * the timer of the first one's local APIC, which counts while an idle vCPU waits.  A stopped VM
 * always gives the same text.  *out is the caller's to free.
 */
static int read_progress(struct monitor *m, char **out)
{
	char *regs = NULL, *lapic = NULL;
	int ret;

	ret = monitor_hmp(m, "info registers -a", &regs);
	if (!ret)
		ret = monitor_hmp(m, "info lapic", &lapic);
	if (!ret && asprintf(out, "%s%s", regs, lapic) < 0)
		ret = wire_fail(m, -ENOMEM, "info registers", "", "out of memory");
	free(regs);
	free(lapic);
	return ret;
}

/* Over HMP: if this differs from what it was after the stop, another client let the VM go on. */
static int check_progress(struct monitor *m)
{
	char *now = NULL;
	int ret;

	if (!m->stopped_at)
		return 0;
	ret = read_progress(m, &now);
	if (!ret && strcmp(m->stopped_at, now))
		m->resumed = true;
	free(now);
	return ret;
}

int monitor_stop(struct monitor *m)
{
	bool running = false, paused;
	int ret;

	ret = get_status(m, &running, &paused);
	if (ret)
		return ret;
	if (running) {
		m->stopped = true; /* set before, as the stop may work though no answer comes */
		ret = simple(m, "stop");
		if (!ret)
			ret = get_status(m, &running, &paused);
		if (!ret && running)
			ret = wire_fail(
				m, -EREMOTEIO, "stop",
				"see whether another client lets it go on, or give --no-stop",
				"QEMU accepted the command, but the VM still runs");
	}
	if (!ret && m->hmp)
		ret = read_progress(m, &m->stopped_at);
	m->watch = !ret;
	return ret;
}

int monitor_was_stopped(struct monitor *m)
{
	bool running = false, paused;
	int ret;

	if (!m->watch)
		return 0;
	ret = check_progress(m);
	if (!ret)
		ret = get_status(m, &running, &paused);
	m->watch = false;
	if (!ret && (running || m->resumed))
		ret = wire_fail(m, -EBUSY, "stop", "see which other clients its monitors have",
				"another client let the VM go on while it was read");
	return ret;
}

int monitor_cont(struct monitor *m)
{
	bool running = true, paused = false;
	int ret;

	if (!m->stopped)
		return 0;
	m->watch = false;
	if (m->hmp && m->unsynced) {
		ret = hmp_force_cont(m); /* returns once the VM runs */
	} else {
		ret = simple(m, "cont");
		if (!ret)
			ret = get_status(m, &running, &paused);
	}
	if (!ret && paused)
		ret = wire_fail(m, -EREMOTEIO, "cont", "",
				"QEMU accepted the command, but the VM is still stopped");
	if (!ret)
		m->stopped = false;
	return ret;
}

int monitor_read_table(struct monitor *m, uint64_t pa, uint64_t entries[MONITOR_TABLE])
{
	char cmd[48];
	char *reply = NULL;
	int ret;

	snprintf(cmd, sizeof(cmd), "xp /%dgx 0x%" PRIx64, MONITOR_TABLE, pa);
	ret = monitor_hmp(m, cmd, &reply);
	if (ret)
		return ret;
	ret = monitor_parse_xp(reply, pa, entries, MONITOR_TABLE);
	if (ret == -EFAULT)
		wire_fail(m, ret, cmd, "see whether the address is of this VM, now",
			  "the VM has no memory there");
	else if (ret)
		wire_fail(m, ret, cmd, "", "the answer is not 512 words of memory: %.*s",
			  (int)strcspn(reply, "\r\n"), reply);
	free(reply);
	return ret;
}

int monitor_read_vcpus(struct monitor *m, struct monitor_regs **out, size_t *nr)
{
	static const char cmd[] = "info registers -a";
	char *reply = NULL;
	int ret;

	ret = monitor_hmp(m, cmd, &reply);
	if (ret)
		return ret;
	ret = monitor_parse_vcpus(reply, out, nr);
	if (ret)
		wire_fail(m, ret, cmd, "only x86-64 guests are supported",
			  "no CR0, CR3, CR4, EFER, CPL and SMM of each vCPU in the answer");
	free(reply);
	return ret;
}

int monitor_read_ram(struct monitor *m, struct ram_map *out)
{
	static const char cmd[] = "info mtree -f";
	char *reply = NULL;
	int ret;

	ret = monitor_hmp(m, cmd, &reply);
	if (ret)
		return ret;
	ret = monitor_parse_mtree(reply, out);
	if (ret)
		wire_fail(m, ret, cmd, "see whether this is QEMU, of version 5.2 or later",
			  "the answer does not list the ranges of the VM's memory");
	free(reply);
	return ret;
}

/* Connects @m, and closes it on failure. */
static int open_fd(struct monitor *m, const struct sockaddr *addr, socklen_t len, const char *fix,
		   struct monitor **out)
{
	static const char what[] = "connect";
	socklen_t size = sizeof(int);
	int err = 0, ret;

	wire_start_clock(m);
	m->buf = malloc(REPLY_MAX + 1);
	m->tok = json_tokener_new();
	if (m->tok)
		json_tokener_set_flags(m->tok,
				       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	m->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!m->buf || !m->tok || m->fd < 0) {
		ret = wire_fail(m, -ENOMEM, what, "", "no socket, or no memory");
		goto err_free;
	}
	if (connect(m->fd, addr, len))
		err = errno;
	if (err == EINPROGRESS) {
		ret = wire_wait_for(m, POLLOUT, what);
		if (ret)
			goto err_free;
		err = 0;
		getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &err, &size);
	}
	if (err == EAGAIN) {
		ret = wire_fail(m, -EBUSY, what,
				"end the other client, or give QEMU a second monitor",
				"other clients wait for this socket already");
		goto err_free;
	}
	if (err) {
		ret = wire_fail(m, -err, what, fix, "%s", strerror(err));
		goto err_free;
	}
	ret = m->hmp ? hmp_start(m) : qmp_start(m);
	if (ret)
		goto err_free;
	*out = m;
	return 0;

err_free:
	monitor_close(m);
	return ret;
}

static struct monitor *new_monitor(const struct monitor_conf *conf)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m) {
		err_set(conf->err, ENOMEM, "monitor", "out of memory", "");
		return NULL;
	}
	m->conf = *conf;
	m->fd = -1;
	m->limit = wire_now_ms() + wire_limit_ms(conf);
	return m;
}

int monitor_open_qmp(const char *path, const struct monitor_conf *conf, struct monitor **out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct monitor *m = new_monitor(conf);
	int ret;

	if (!m)
		return -ENOMEM;
	snprintf(m->name, sizeof(m->name), "%s", path);
	if (strlen(path) >= sizeof(addr.sun_path)) {
		ret = wire_fail(m, -ENAMETOOLONG, "connect",
				"give a path relative to the working directory",
				"a socket's path has at most %zu bytes", sizeof(addr.sun_path) - 1);
		monitor_close(m);
		return ret;
	}
	memcpy(addr.sun_path, path, strlen(path));
	return open_fd(m, (struct sockaddr *)&addr, sizeof(addr),
		       "start QEMU with -qmp unix:PATH,server=on,wait=off", out);
}

int monitor_open_hmp(int port, const struct monitor_conf *conf, struct monitor **out)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct monitor *m = new_monitor(conf);

	if (!m)
		return -ENOMEM;
	snprintf(m->name, sizeof(m->name), "127.0.0.1:%d", port);
	m->hmp = true;
	return open_fd(m, (struct sockaddr *)&addr, sizeof(addr),
		       "start QEMU with -monitor tcp:127.0.0.1:PORT,server=on,wait=off", out);
}

int monitor_close(struct monitor *m)
{
	int ret;

	/* Neither a signal nor an earlier failure may keep the VM stopped. */
	m->conf.cancel_fd = -1;
	m->limit = INT64_MAX;
	ret = monitor_cont(m);
	if (m->fd >= 0)
		close(m->fd);
	if (m->tok)
		json_tokener_free(m->tok);
	free(m->stopped_at);
	free(m->buf);
	free(m);
	return ret;
}
