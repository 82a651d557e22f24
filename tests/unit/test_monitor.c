// SPDX-License-Identifier: GPL-2.0
/*
 * The monitor against a QEMU that is played, over QMP and over HMP: above all
 * that a VM which we stopped goes on, whatever happens in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "monitor.h"

#define TIMEOUT_MS 500	 /* where it has to run out */
#define OUT_SIZE   32768 /* more than a table in words */

enum mode {
	NORMAL,
	SLOW, /* a byte at a time, events between */
	NO_MEMORY,
	GARBAGE,
	HANG,  /* says nothing to xp until something else is asked */
	DIE,   /* closes on xp */
	MUTE,  /* not even a greeting */
	OTHER, /* the greeting of something else */
};

struct fake {
	bool hmp;
	enum mode mode;
	bool running;
	unsigned int stops, conts;
	int listen_fd, fd, port;
	char dir[32], path[48];
	char late[2 * OUT_SIZE]; /* what HANG still has to say */
	pthread_t thread;
	/* of the client */
	struct err err;
	int cancel[2];
	struct monitor *m;
};

static void say(struct fake *f, const char *text)
{
	size_t len = strlen(text), n = f->mode == SLOW ? 1 : len, i;

	for (i = 0; i < len; i += n)
		if (send(f->fd, text + i, n, MSG_NOSIGNAL) < 0)
			return;
}

/* `xp /512gx PA`: entry N of the table is N << 12 | 7 */
static void xp(const struct fake *f, const char *cmd, char *out)
{
	unsigned long pa = strtoul(strrchr(cmd, ' '), NULL, 16);
	unsigned int i;

	if (f->mode == NO_MEMORY) {
		sprintf(out, "%016lx: Cannot access memory\r\n", pa);
		return;
	}
	if (f->mode == GARBAGE) {
		strcpy(out, "\033[2J no such thing\r\n");
		return;
	}
	for (i = 0; i < 512; i += 2)
		out += sprintf(out, "%016lx: 0x%016x 0x%016x\r\n", pa + i * 8, i << 12 | 7,
			       (i + 1) << 12 | 7);
}

static void human(struct fake *f, const char *cmd, char *out)
{
	*out = '\0';
	if (!strncmp(cmd, "xp ", 3))
		xp(f, cmd, out);
	else if (!strcmp(cmd, "info status"))
		sprintf(out, "VM status: %s\r\n", f->running ? "running" : "paused");
	else if (!strcmp(cmd, "info registers"))
		strcpy(out,
		       "\r\nCPU#0\r\nCPL=3\r\nCR3=0000000000001000 CR4=00001000\r\nEFER=0000000000000d01\r\n");
	else if (!strcmp(cmd, "stop"))
		f->running = false, f->stops++;
	else if (!strcmp(cmd, "cont"))
		f->running = true, f->conts++;
	else if (*cmd)
		sprintf(out, "unknown command: '%s'\r\n", cmd);
}

/* One command over HMP; false to hang up. */
static bool serve_hmp(struct fake *f, const char *cmd)
{
	static char out[OUT_SIZE], all[2 * OUT_SIZE];

	if (!strncmp(cmd, "xp ", 3) && f->mode == DIE)
		return false;
	human(f, cmd, out);
	/* readline draws the line anew with each key; one key will do here */
	snprintf(all, sizeof(all), "%.1s\033[K\033[D%s\033[K\r\n%s(qemu) ", cmd, cmd, out);
	say(f, f->late);
	*f->late = '\0';
	if (!strncmp(cmd, "xp ", 3) && f->mode == HANG)
		strcpy(f->late, all);
	else
		say(f, all);
	return true;
}

static bool serve_qmp(struct fake *f, const char *line)
{
	static const char event[] = "{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}\r\n";
	struct json_object *req = json_tokener_parse(line), *ans, *val, *id = NULL;
	static char out[OUT_SIZE];
	const char *name, *cmd = "";
	bool is_xp;

	if (!json_object_object_get_ex(req, "execute", &val))
		abort();
	name = json_object_get_string(val);
	if (json_object_object_get_ex(req, "arguments", &val) &&
	    json_object_object_get_ex(val, "command-line", &val))
		cmd = json_object_get_string(val);
	is_xp = !strncmp(cmd, "xp ", 3);
	if (is_xp && f->mode == DIE) {
		json_object_put(req);
		return false;
	}
	ans = json_object_new_object();
	if (!strcmp(name, "human-monitor-command")) {
		human(f, cmd, out);
		val = json_object_new_string(out);
	} else {
		val = json_object_new_object();
		human(f, name, out);
		if (!strcmp(name, "query-status"))
			json_object_object_add(val, "running", json_object_new_boolean(f->running));
	}
	json_object_object_add(ans, "return", val);
	json_object_object_get_ex(req, "id", &id);
	json_object_object_add(ans, "id", json_object_get(id));
	snprintf(out, sizeof(out), "%s\r\n", json_object_to_json_string(ans));
	json_object_put(ans);
	json_object_put(req);
	if (is_xp && f->mode == HANG) {
		strcpy(f->late, out);
		return true;
	}
	say(f, event);
	say(f, f->late);
	*f->late = '\0';
	say(f, out);
	say(f, event);
	return true;
}

static void *serve(void *arg)
{
	struct fake *f = arg;
	char line[512];
	size_t n = 0;

	f->fd = accept(f->listen_fd, NULL, NULL);
	if (f->mode == OTHER)
		say(f, f->hmp ? "{\"QMP\": {}}\r\n" : "220 hello\r\n");
	else if (f->mode != MUTE)
		say(f, f->hmp ? "QEMU 7.2 monitor\r\n(qemu) "
			      : "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
	while (read(f->fd, line + n, 1) == 1) {
		if (line[n] != '\n') {
			n = n < sizeof(line) - 2 ? n + 1 : n;
			continue;
		}
		line[n] = '\0';
		n = 0;
		if (!(f->hmp ? serve_hmp(f, line) : serve_qmp(f, line)))
			break;
	}
	close(f->fd);
	return NULL;
}

static void fake_start(struct fake *f, bool hmp, enum mode mode)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(in);

	*f = (struct fake){ .hmp = hmp, .mode = mode, .running = true };
	assert_int_equal(pipe(f->cancel), 0);
	if (hmp) {
		f->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&in, len), 0);
		getsockname(f->listen_fd, (struct sockaddr *)&in, &len);
		f->port = ntohs(in.sin_port);
	} else {
		strcpy(f->dir, "/tmp/test_monitor.XXXXXX");
		assert_non_null(mkdtemp(f->dir));
		snprintf(f->path, sizeof(f->path), "%s/qmp", f->dir);
		strcpy(un.sun_path, f->path);
		f->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&un, sizeof(un)), 0);
	}
	assert_int_equal(listen(f->listen_fd, 1), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static int fake_open(struct fake *f)
{
	struct monitor_conf conf = {
		.timeout_ms = MONITOR_TIMEOUT,
		.cancel_fd = f->cancel[0],
		.err = &f->err,
	};

	if (f->mode == HANG || f->mode == MUTE)
		conf.timeout_ms = TIMEOUT_MS;
	if (f->hmp)
		return monitor_open_hmp(f->port, &conf, &f->m);
	return monitor_open_qmp(f->path, &conf, &f->m);
}

static void fake_end(struct fake *f)
{
	pthread_join(f->thread, NULL);
	close(f->listen_fd);
	close(f->cancel[0]);
	close(f->cancel[1]);
	if (!f->hmp) {
		unlink(f->path);
		rmdir(f->dir);
	}
}

static void check_table(struct fake *f)
{
	uint64_t e[MONITOR_TABLE];
	unsigned int i;

	assert_int_equal(monitor_read_table(f->m, 0x5000, e), 0);
	for (i = 0; i < MONITOR_TABLE; i++)
		assert_true(e[i] == (i << 12 | 7));
}

static void reads(bool hmp, enum mode mode)
{
	struct monitor_regs regs;
	struct fake f;
	char *reply;

	fake_start(&f, hmp, mode);
	assert_int_equal(fake_open(&f), 0);
	assert_int_equal(monitor_stop(f.m), 0);
	assert_false(f.running);
	check_table(&f);
	assert_int_equal(monitor_read_registers(f.m, &regs), 0);
	assert_true(regs.cr3 == 0x1000 && regs.cpl == 3);
	check_table(&f);
	assert_int_equal(monitor_hmp(f.m, "bogus", &reply), 0);
	assert_non_null(strstr(reply, "unknown command: 'bogus'"));
	free(reply);
	assert_int_equal(monitor_close(f.m), 0);
	fake_end(&f);
	assert_true(f.running && f.stops == 1 && f.conts == 1);
}

static void test_reads(void **state)
{
	(void)state;
	reads(false, NORMAL);
	reads(true, NORMAL);
	reads(false, SLOW);
	reads(true, SLOW);
}

static void leaves_stopped(bool hmp)
{
	struct fake f;

	fake_start(&f, hmp, NORMAL);
	f.running = false;
	assert_int_equal(fake_open(&f), 0);
	assert_int_equal(monitor_stop(f.m), 0);
	check_table(&f);
	assert_int_equal(monitor_close(f.m), 0);
	fake_end(&f);
	assert_true(!f.running && !f.stops && !f.conts);
}

static void test_leaves_stopped(void **state)
{
	(void)state;
	leaves_stopped(false);
	leaves_stopped(true);
}

/* Reading fails with @want, and the VM goes on all the same. */
static void fails(bool hmp, enum mode mode, bool cancel, int want)
{
	uint64_t e[MONITOR_TABLE];
	struct fake f;

	fake_start(&f, hmp, mode);
	assert_int_equal(fake_open(&f), 0);
	assert_int_equal(monitor_stop(f.m), 0);
	if (cancel)
		assert_int_equal(write(f.cancel[1], "x", 1), 1);
	assert_int_equal(monitor_read_table(f.m, 0x5000, e), want);
	assert_int_equal(f.err.no, -want);
	assert_true(f.err.what[0] && f.err.why[0] && !strchr(f.err.why, '\033'));
	if (mode == DIE)
		assert_true(monitor_close(f.m) < 0);
	else
		assert_int_equal(monitor_close(f.m), 0);
	fake_end(&f);
	if (mode != DIE)
		assert_true(f.running && f.stops == 1 && f.conts == 1);
}

static void test_goes_on(void **state)
{
	bool hmp;

	(void)state;
	for (hmp = false;; hmp = true) {
		fails(hmp, NO_MEMORY, false, -EFAULT);
		fails(hmp, GARBAGE, false, -EPROTO);
		fails(hmp, HANG, false, -ETIMEDOUT);
		fails(hmp, HANG, true, -EINTR);
		fails(hmp, DIE, false, -ECONNRESET);
		if (hmp)
			break;
	}
}

static void refuses(bool hmp, enum mode mode, int want)
{
	struct fake f;

	fake_start(&f, hmp, mode);
	assert_int_equal(fake_open(&f), want);
	assert_true(f.err.what[0] && f.err.why[0] && f.err.fix[0]);
	fake_end(&f);
	assert_true(f.running && !f.stops);
}

static void test_refuses(void **state)
{
	struct fake f = { .hmp = false, .cancel = { -1, -1 } };

	(void)state;
	refuses(false, MUTE, -ETIMEDOUT);
	refuses(true, MUTE, -ETIMEDOUT);
	refuses(false, OTHER, -EPROTO);
	refuses(true, OTHER, -EPROTO);
	strcpy(f.path, "/nonexistent/qmp");
	assert_int_equal(fake_open(&f), -ENOENT);
	memset(f.path, 'x', sizeof(f.path) - 1);
	assert_int_equal(fake_open(&f), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_leaves_stopped),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
