// SPDX-License-Identifier: GPL-2.0
/* A running QEMU, asked through its monitor. */
#include "qemu/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/err.h"

/* A whole table is 15 KB of text, a vCPU's registers are 4 KB: room for a thousand vCPUs. */
#define REPLY_MAX   (8U << 20)

#define FIX_RESTART "see whether QEMU still runs"

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
	int64_t deadline; /* of the command under way, ms */
	int64_t limit;	  /* of all, ms */
	unsigned int id;  /* QMP: of the last command */
	struct json_tokener *tok;
	char *buf; /* what came and is not used up; REPLY_MAX + 1 */
	size_t len;
};

__attribute__((format(printf, 5, 6))) static int fail(struct monitor *m, int err, const char *what,
						      const char *fix, const char *why, ...)
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

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t limit_ms(const struct monitor_conf *conf)
{
	return conf->limit_ms ? conf->limit_ms : (int64_t)conf->timeout_ms * MONITOR_LIMIT;
}

static void start_clock(struct monitor *m)
{
	m->deadline = now_ms() + m->conf.timeout_ms;
	if (m->deadline > m->limit)
		m->deadline = m->limit;
}

/* Waits for @events on the socket, the deadline or the cancel descriptor. */
static int wait_for(struct monitor *m, short events, const char *what)
{
	struct pollfd fds[2] = {
		{ .fd = m->fd, .events = events },
		{ .fd = m->conf.cancel_fd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = m->deadline - now_ms();
		int n = left <= 0 ? 0 : poll(fds, 2, (int)left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(m, -errno, what, "", "poll: %s", strerror(errno));
		if (!n && m->deadline == m->limit)
			return fail(
				m, -ETIMEDOUT, what,
				"see whether another client holds the monitor, or give --timeout more",
				"no end in %g s, which is the limit for all that is asked",
				limit_ms(&m->conf) / 1000.0);
		if (!n)
			return fail(m, -ETIMEDOUT, what,
				    "see whether QEMU hangs or another client holds the monitor",
				    "no answer in %g s", m->conf.timeout_ms / 1000.0);
		if (fds[1].revents)
			return fail(m, -EINTR, what, "", "interrupted by a signal");
		if (fds[0].revents)
			return 0; /* an error shows in send() and recv() */
	}
}

/*
 * Sends a line.  In one piece: the end of it on its own would wait 40 ms for
 * TCP to acknowledge the rest.
 */
static int send_line(struct monitor *m, const char *text, const char *what)
{
	size_t len = strlen(text) + 1;
	char *line = malloc(len + 1), *data = line;
	int ret = 0;
	ssize_t n;

	if (!line)
		return fail(m, -ENOMEM, what, "", "out of memory");
	snprintf(line, len + 1, "%s\n", text);

	while (len && !ret) {
		n = send(m->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EINTR) {
			ret = wait_for(m, POLLOUT, what);
		} else {
			ret = fail(m, -errno, what, FIX_RESTART, "send: %s", strerror(errno));
		}
	}
	free(line);
	return ret;
}

/* Waits for more and appends it to the buffer. */
static int recv_more(struct monitor *m, const char *what)
{
	ssize_t n;
	int ret;

	if (m->len == REPLY_MAX)
		return fail(m, -EPROTO, what, "see whether this is QEMU's monitor",
			    "the answer is longer than %u bytes", REPLY_MAX);
	for (;;) {
		/*
		 * QEMU echoes in many small pieces, each of which it holds back
		 * until the one before is acknowledged. Does not last: set anew.
		 */
		if (m->hmp)
			setsockopt(m->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
		ret = wait_for(m, POLLIN, what);
		if (ret)
			return ret;
		n = recv(m->fd, m->buf + m->len, REPLY_MAX - m->len, MSG_DONTWAIT);
		if (n > 0) {
			m->len += (size_t)n;
			return 0;
		}
		if (!n)
			return fail(m, -ECONNRESET, what, FIX_RESTART,
				    "QEMU closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return fail(m, -errno, what, FIX_RESTART, "recv: %s", strerror(errno));
	}
}

/* QMP */

/* The next JSON object; the caller's to put. */
static int qmp_read(struct monitor *m, const char *what, struct json_object **out)
{
	enum json_tokener_error err;
	struct json_object *obj;
	size_t seen = 0, used;
	int ret;

	/* What a time-out cut off goes on where it was: else its rest is no JSON. */
	if (!m->partial)
		json_tokener_reset(m->tok);
	for (;;) {
		if (!m->len) {
			ret = recv_more(m, what);
			if (ret)
				return ret;
		}
		obj = json_tokener_parse_ex(m->tok, m->buf, (int)m->len);
		err = json_tokener_get_error(m->tok);
		used = err == json_tokener_success ? json_tokener_get_parse_end(m->tok) : m->len;
		memmove(m->buf, m->buf + used, m->len - used);
		m->len -= used;
		m->partial = err == json_tokener_continue;
		if (!m->partial)
			break;
		seen += used;
		if (seen > REPLY_MAX)
			return fail(m, -EPROTO, what, "see whether this is a QMP socket",
				    "an answer longer than %u bytes", REPLY_MAX);
	}
	if (!json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		return fail(m, -EPROTO, what,
			    "give the socket of -qmp unix:PATH,server=on,wait=off",
			    "what came is not QMP");
	}
	*out = obj;
	return 0;
}

static const char *get_string(struct json_object *obj, const char *key)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val) ||
	    !json_object_is_type(val, json_type_string))
		return NULL;
	return json_object_get_string(val);
}

/* Runs a command; *ret is what it returned, the caller's to put.  Takes @args. */
static int qmp_command(struct monitor *m, const char *name, struct json_object *args,
		       struct json_object **out)
{
	struct json_object *cmd = json_object_new_object();
	struct json_object *obj, *val;
	const char *event;
	char what[64];
	int ret;

	snprintf(what, sizeof(what), "QMP %s", name);
	m->id++;
	json_object_object_add(cmd, "execute", json_object_new_string(name));
	if (args)
		json_object_object_add(cmd, "arguments", args);
	json_object_object_add(cmd, "id", json_object_new_int64(m->id));
	start_clock(m);
	ret = send_line(m, json_object_to_json_string(cmd), what);
	json_object_put(cmd);

	/* Events come at any time, and late answers to what timed out. */
	while (!ret) {
		ret = qmp_read(m, what, &obj);
		if (ret)
			break;
		event = get_string(obj, "event");
		if (event && m->watch && !strcmp(event, "RESUME"))
			m->resumed = true;
		if (json_object_object_get_ex(obj, "id", &val) &&
		    json_object_is_type(val, json_type_int) &&
		    json_object_get_int64(val) == m->id) {
			if (json_object_object_get_ex(obj, "return", &val)) {
				*out = json_object_get(val);
				json_object_put(obj);
				return 0;
			}
			val = NULL;
			json_object_object_get_ex(obj, "error", &val);
			name = get_string(val, "desc");
			ret = fail(m, -EREMOTEIO, what, "", "%s",
				   name ? name : "refused without a reason");
		}
		json_object_put(obj);
	}
	return ret;
}

static int qmp_simple(struct monitor *m, const char *name)
{
	struct json_object *obj;
	int ret = qmp_command(m, name, NULL, &obj);

	if (!ret)
		json_object_put(obj);
	return ret;
}

static int qmp_start(struct monitor *m)
{
	struct json_object *obj = NULL, *greeting;
	int ret;

	start_clock(m);
	ret = qmp_read(m, "QMP greeting", &obj);
	if (ret)
		return ret;
	if (!json_object_object_get_ex(obj, "QMP", &greeting))
		ret = fail(m, -EPROTO, "QMP greeting",
			   "give the socket of -qmp unix:PATH,server=on,wait=off",
			   "what came is not QMP");
	json_object_put(obj);
	return ret ? ret : qmp_simple(m, "qmp_capabilities");
}

static int qmp_hmp(struct monitor *m, const char *cmd, char **reply)
{
	struct json_object *args = json_object_new_object(), *obj = NULL;
	int ret;

	*reply = NULL;
	json_object_object_add(args, "command-line", json_object_new_string(cmd));
	ret = qmp_command(m, "human-monitor-command", args, &obj);
	if (ret)
		return ret;
	if (json_object_is_type(obj, json_type_string))
		*reply = strdup(json_object_get_string(obj));
	else
		ret = fail(m, -EPROTO, cmd, "", "the answer is not text");
	json_object_put(obj);
	if (!ret && !*reply) {
		fail(m, -ENOMEM, cmd, "", "out of memory");
		return -ENOMEM;
	}
	return ret;
}

/* HMP */

static int hmp_start(struct monitor *m)
{
	static const char what[] = "HMP prompt";
	int ret;

	start_clock(m);
	do {
		ret = recv_more(m, what);
		if (ret)
			return ret;
		if (m->buf[0] == '{')
			return fail(m, -EPROTO, what,
				    "give a port of -monitor tcp:127.0.0.1:PORT,server=on,wait=off",
				    "this is a QMP port");
	} while (!monitor_at_prompt(m->buf, m->len));
	return 0;
}

static int hmp_command(struct monitor *m, const char *cmd, char **reply)
{
	const char *text;
	int ret;

	start_clock(m);
	m->len = 0;
	m->unsynced = true;
	ret = send_line(m, cmd, cmd);
	if (ret)
		return ret;
	do {
		ret = recv_more(m, cmd);
		if (ret)
			return ret;
		ret = monitor_parse_hmp(m->buf, m->len, cmd, &text);
	} while (ret == -EAGAIN);
	m->unsynced = false;
	if (ret)
		return fail(m, ret, cmd, "see whether another client holds the monitor",
			    "the answer holds a NUL, or is to something else");
	*reply = strdup(text);
	if (!*reply) {
		fail(m, -ENOMEM, cmd, "", "out of memory");
		return -ENOMEM;
	}
	return 0;
}

/*
 * Lets the VM go on where we do not know what QEMU still has to say to the
 * command before: it works off its input in order, so wait for the answer to
 * the last of it, which no command before the stop can have left behind.
 */
static int hmp_force_cont(struct monitor *m)
{
	static const char what[] = "cont";
	static const char done[] = "VM status: running";
	int ret;

	start_clock(m);
	m->len = 0;
	ret = send_line(m, "\ncont\ninfo status", what);
	while (!ret) {
		ret = recv_more(m, what);
		m->buf[m->len] = '\0';
		if (!ret && strstr(m->buf, done))
			break;
	}
	return ret;
}

/* Both */

int monitor_hmp(struct monitor *m, const char *cmd, char **reply)
{
	return m->hmp ? hmp_command(m, cmd, reply) : qmp_hmp(m, cmd, reply);
}

/* @paused: it is stopped as stop does it, not because the guest has ended or the like. */
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
		word = get_string(obj, "status");
		if (json_object_object_get_ex(obj, "running", &val) &&
		    json_object_is_type(val, json_type_boolean) && word) {
			*running = json_object_get_boolean(val);
			*paused = !*running && !strcmp(word, "paused");
			/* Two words for one thing: qmp_query_status() of QEMU. */
			if (*running != !strcmp(word, "running"))
				ret = -EPROTO;
		} else {
			ret = -EPROTO;
		}
		json_object_put(obj);
	}
	if (ret)
		return fail(m, ret, what, "", "the answer is not a VM status");
	return 0;
}

/* A command that has nothing to say when it worked. */
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
		ret = fail(m, -EREMOTEIO, cmd, "", "%.*s", (int)strcspn(reply, "\n"), reply);
	free(reply);
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
		m->stopped = true; /* from here on, even if no answer comes */
		ret = simple(m, "stop");
		if (!ret)
			ret = get_status(m, &running, &paused);
		if (!ret && running)
			ret = fail(m, -EREMOTEIO, "stop",
				   "see whether another client lets it go on, or say --no-stop",
				   "QEMU took the command, and the VM runs on");
	}
	m->watch = !ret;
	return ret;
}

int monitor_was_stopped(struct monitor *m)
{
	bool running = false, paused;
	int ret;

	if (!m->watch)
		return 0;
	ret = get_status(m, &running, &paused);
	m->watch = false;
	if (!ret && (running || m->resumed))
		ret = fail(m, -EBUSY, "stop", "see what other client its monitors have",
			   "somebody let the VM go on while it was read");
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
		ret = hmp_force_cont(m); /* which sees it run */
	} else {
		ret = simple(m, "cont");
		if (!ret)
			ret = get_status(m, &running, &paused);
	}
	if (!ret && paused)
		ret = fail(m, -EREMOTEIO, "cont", "",
			   "QEMU took the command, and the VM is still stopped");
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
		fail(m, ret, cmd, "see whether the address is of this VM, now",
		     "the VM has no memory there");
	else if (ret)
		fail(m, ret, cmd, "", "the answer is not 512 words of memory: %.*s",
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
		fail(m, ret, cmd, "only x86-64 guests are known here",
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
		fail(m, ret, cmd, "see whether this is QEMU, of version 5.2 or later",
		     "the answer is not the VM's memory, range by range");
	free(reply);
	return ret;
}

/* Takes @m, whatever comes of it. */
static int open_fd(struct monitor *m, const struct sockaddr *addr, socklen_t len, const char *fix,
		   struct monitor **out)
{
	static const char what[] = "connect";
	socklen_t size = sizeof(int);
	int err = 0, ret;

	start_clock(m);
	m->buf = malloc(REPLY_MAX + 1);
	m->tok = json_tokener_new();
	if (m->tok)
		json_tokener_set_flags(m->tok,
				       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	m->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!m->buf || !m->tok || m->fd < 0) {
		ret = fail(m, -ENOMEM, what, "", "no socket, or no memory");
		goto err_free;
	}
	if (connect(m->fd, addr, len))
		err = errno;
	if (err == EINPROGRESS) {
		ret = wait_for(m, POLLOUT, what);
		if (ret)
			goto err_free;
		err = 0;
		getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &err, &size);
	}
	if (err == EAGAIN) {
		ret = fail(m, -EBUSY, what, "end the other client, or give QEMU a monitor more",
			   "others wait for this socket already");
		goto err_free;
	}
	if (err) {
		ret = fail(m, -err, what, fix, "%s", strerror(err));
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
	m->limit = now_ms() + limit_ms(conf);
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
		ret = fail(m, -ENAMETOOLONG, "connect",
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

	/* What was cancelled or failed before must not keep the VM stopped. */
	m->conf.cancel_fd = -1;
	m->limit = INT64_MAX;
	ret = monitor_cont(m);
	if (m->fd >= 0)
		close(m->fd);
	if (m->tok)
		json_tokener_free(m->tok);
	free(m->buf);
	free(m);
	return ret;
}
