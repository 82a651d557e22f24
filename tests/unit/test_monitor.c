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
#include <time.h>
#include <unistd.h>

#include "lib/err.h"
#include "qemu/monitor.h"

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
	/* Answers that are none. */
	SHORT,	    /* a line of the table is missing in the middle */
	CUT,	    /* the last line of it is cut */
	TWICE,	    /* a line of it comes twice */
	OTHER_PA,   /* of another address */
	OTHER_ECHO, /* HMP: to another command */
	OTHER_ID,   /* QMP: to another command, for ever */
	NO_RETURN,  /* QMP: neither a return nor an error */
	DRIP,	    /* a byte now and then */
	FLOOD,	    /* events without end, and no answer */
	/* A VM that does not do as it is told. */
	STOP_REFUSED,
	STOP_LIES, /* and runs on */
	CONT_REFUSED,
	CONT_LIES,
	ENDED,	   /* at cont: the guest has shut down */
	RESUMED,   /* somebody else lets it go on while it is read */
	BLINK,	   /* the same, and stops it again */
	IDLE,	   /* HMP: the same, and the vCPUs have the same registers after it */
	TWO_WORDS, /* QMP: it runs, and it does not */
};

struct fake {
	bool hmp;
	enum mode mode;
	bool running, ended;
	unsigned int ran; /* how often it went on while it was read */
	unsigned int stops, conts, twice;
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

/* Something always comes, and it never comes to an end in time. */
static void drip(struct fake *f, const char *text)
{
	size_t i;

	for (i = 0; i < 3 * TIMEOUT_MS / 2 / 50 && text[i]; i++) {
		if (send(f->fd, text + i, 1, MSG_NOSIGNAL) < 0)
			return;
		usleep(50000);
	}
	f->mode = NORMAL;
	say(f, text + i);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* For longer than the time-out, and not for two of them, however busy the machine is. */
static void flood(struct fake *f, const char *event)
{
	const int64_t end = now_ms() + 3 * TIMEOUT_MS / 2;

	for (; now_ms() < end; usleep(5000))
		say(f, event);
}

/* `xp /512gx PA`: entry N of the table is N << 12 | 7 */
static void xp(struct fake *f, const char *cmd, char *out)
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
	pa += f->mode == OTHER_PA ? 4096 : 0;
	for (i = 0; i < 512; i += 2) {
		if (f->mode == SHORT && i == 100)
			continue;
		out += sprintf(out, "%016lx: 0x%016x 0x%016x\r\n", pa + i * 8, i << 12 | 7,
			       (i + 1) << 12 | 7);
		if (f->mode == TWICE && i == 100)
			i -= f->twice++ ? 0 : 2;
	}
	if (f->mode == CUT)
		strcpy(out - 4, "\r\n");
}

/* In words; QMP has the same without. */
static const char *status(const struct fake *f)
{
	return f->running ? "running" : f->ended ? "shutdown" : "paused";
}

static void human(struct fake *f, const char *cmd, char *out)
{
	*out = '\0';
	if (!strncmp(cmd, "xp ", 3))
		xp(f, cmd, out);
	else if (!strcmp(cmd, "info status"))
		sprintf(out, "VM status: %s\r\n", status(f));
	else if (!strcmp(cmd, "info registers -a"))
		sprintf(out,
			"\r\nCPU#0\r\nRIP=%016x\r\nCPL=3 SMM=0\r\nCR0=80050033 CR3=0000000000001000 CR4=00001000\r\nEFER=0000000000000d01\r\n",
			f->mode == IDLE ? 0 : f->ran);
	else if (!strcmp(cmd, "info lapic"))
		sprintf(out, "Timer\t DCR=0xb initial_count = 1000 current_count = %u\r\n",
			f->mode == IDLE ? 1000 - f->ran : 1000);
	else if (!strcmp(cmd, "info mtree -f"))
		strcpy(out, "FlatView #0\r\n AS \"memory\", root: system\r\n"
			    "  0000000000000000-0000000000007fff (prio 0, ram): pc.ram\r\n\r\n");
	else if (!strcmp(cmd, "stop") && f->mode != STOP_REFUSED)
		f->running = f->mode == STOP_LIES, f->stops++;
	else if (!strcmp(cmd, "cont") && f->mode != CONT_REFUSED)
		f->ended = f->mode == ENDED, f->running = f->mode != CONT_LIES && !f->ended,
		f->conts++;
	else if (!strcmp(cmd, "stop") || !strcmp(cmd, "cont"))
		sprintf(out, "Error: no %s\033[2J now\r\n", cmd);
	else if (*cmd)
		sprintf(out, "unknown command: '%s'\r\n", cmd);
}

/* One command over HMP; false to hang up. */
static bool serve_hmp(struct fake *f, const char *cmd)
{
	static char out[OUT_SIZE], all[2 * OUT_SIZE];
	bool is_xp = !strncmp(cmd, "xp ", 3);

	if (is_xp && f->mode == DIE)
		return false;
	human(f, cmd, out);
	if (is_xp && (f->mode == RESUMED || f->mode == BLINK || f->mode == IDLE)) {
		f->running = f->mode == RESUMED;
		f->ran++;
	}
	if (is_xp && f->mode == OTHER_ECHO)
		cmd = "xp /512gx 0x6000";
	/* readline draws the line anew with each key; one key will do here */
	snprintf(all, sizeof(all), "%.1s\033[K\033[D%s\033[K\r\n%s(qemu) ", cmd, cmd, out);
	say(f, f->late);
	*f->late = '\0';
	if (is_xp && f->mode == HANG)
		strcpy(f->late, all);
	else if (is_xp && f->mode == DRIP)
		drip(f, all);
	else
		say(f, all);
	return true;
}

static bool serve_qmp(struct fake *f, const char *line)
{
	static const char event[] = "{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}\r\n";
	static const char resume[] = "{\"event\": \"RESUME\"}\r\n";
	struct json_object *req = json_tokener_parse(line), *ans, *val, *id = NULL;
	static char out[OUT_SIZE];
	const char *name, *cmd = "", *key = "return";
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
		if (!strcmp(name, "query-status")) {
			json_object_object_add(val, "running",
					       json_object_new_boolean(f->running &&
								       f->mode != TWO_WORDS));
			json_object_object_add(val, "status", json_object_new_string(status(f)));
		} else if (!strncmp(out, "Error", 5)) {
			json_object_object_add(val, "desc", json_object_new_string(out));
			key = "error";
		}
	}
	if (is_xp && f->mode == NO_RETURN)
		key = "refund";
	json_object_object_add(ans, key, val);
	json_object_object_get_ex(req, "id", &id);
	json_object_object_add(ans, "id",
			       is_xp && f->mode == OTHER_ID ? json_object_new_string("1")
							    : json_object_get(id));
	snprintf(out, sizeof(out), "%s\r\n", json_object_to_json_string(ans));
	json_object_put(ans);
	json_object_put(req);
	if (is_xp && f->mode == HANG) {
		strcpy(f->late, out);
		return true;
	}
	if (is_xp && f->mode == DRIP) {
		drip(f, out);
		return true;
	}
	if (is_xp && f->mode == FLOOD)
		flood(f, event);
	if (is_xp && (f->mode == RESUMED || f->mode == BLINK)) {
		f->running = f->mode == RESUMED;
		say(f, resume);
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

	if (f->mode == HANG || f->mode == MUTE || f->mode == DRIP || f->mode == FLOOD ||
	    f->mode == OTHER_ID)
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
	struct monitor_regs *regs = NULL;
	struct ram_map map = { 0 };
	struct fake f;
	char *reply;
	size_t nr = 0;

	fake_start(&f, hmp, mode);
	assert_int_equal(fake_open(&f), 0);
	assert_int_equal(monitor_stop(f.m), 0);
	assert_false(f.running);
	check_table(&f);
	assert_int_equal(monitor_read_vcpus(f.m, &regs, &nr), 0);
	assert_true(nr == 1 && regs->cr3 == 0x1000 && regs->cpl == 3);
	free(regs);
	assert_int_equal(monitor_read_ram(f.m, &map), 0);
	assert_true(map.nr == 1 && map.range->ram && map.range->last == 0x7fff);
	free(map.range);
	check_table(&f);
	assert_int_equal(monitor_hmp(f.m, "bogus", &reply), 0);
	assert_non_null(strstr(reply, "unknown command: 'bogus'"));
	free(reply);
	assert_int_equal(monitor_was_stopped(f.m), 0);
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
	else if (monitor_close(f.m))
		fail_msg("mode %d, HMP %d: %s: %s", mode, hmp, f.err.what, f.err.why);
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
		fails(hmp, SHORT, false, -EPROTO);
		fails(hmp, CUT, false, -EPROTO);
		fails(hmp, TWICE, false, -EPROTO);
		fails(hmp, OTHER_PA, false, -EPROTO);
		fails(hmp, DRIP, false, -ETIMEDOUT);
		if (hmp) {
			fails(hmp, OTHER_ECHO, false, -EPROTO);
		} else {
			fails(hmp, OTHER_ID, false, -ETIMEDOUT);
			fails(hmp, NO_RETURN, false, -EREMOTEIO);
			fails(hmp, FLOOD, false, -ETIMEDOUT);
		}
		if (hmp)
			break;
	}
}

/*
 * A VM that does not stop is not read; one that does not go on is an error that is told; one that
 * ended is none.  In the end it is as it was, as far as that lies with us.
 */
static void disobeys(bool hmp, enum mode mode, int stop, int stayed, int close, bool running)
{
	struct fake f;

	fake_start(&f, hmp, mode);
	assert_int_equal(fake_open(&f), 0);
	assert_int_equal(monitor_stop(f.m), stop);
	if (!stop) {
		check_table(&f);
		assert_int_equal(monitor_was_stopped(f.m), stayed);
	}
	if (stop || stayed)
		assert_true(f.err.no == -(stop ? stop : stayed) && f.err.what[0] && f.err.why[0] &&
			    !strchr(f.err.why, '\033'));
	memset(&f.err, 0, sizeof(f.err));
	assert_int_equal(monitor_close(f.m), close);
	if (close)
		assert_true(f.err.no == -close && f.err.why[0] && !strchr(f.err.why, '\033'));
	fake_end(&f);
	assert_int_equal(f.running, running);
}

static void test_disobeys(void **state)
{
	bool hmp;

	(void)state;
	for (hmp = false;; hmp = true) {
		disobeys(hmp, NORMAL, 0, 0, 0, true);
		disobeys(hmp, STOP_REFUSED, -EREMOTEIO, 0, 0, true);
		disobeys(hmp, STOP_LIES, -EREMOTEIO, 0, 0, true);
		disobeys(hmp, CONT_REFUSED, 0, 0, -EREMOTEIO, false);
		disobeys(hmp, CONT_LIES, 0, 0, -EREMOTEIO, false);
		disobeys(hmp, ENDED, 0, 0, 0, false);
		disobeys(hmp, RESUMED, 0, -EBUSY, 0, true);
		disobeys(hmp, BLINK, 0, -EBUSY, 0, true);
		if (hmp) {
			disobeys(hmp, IDLE, 0, -EBUSY, 0, true);
			break;
		}
		disobeys(hmp, TWO_WORDS, -EPROTO, 0, 0, true);
	}
}

/* All commands together have a limit too, and cont is outside of it. */
static void test_limit(void **state)
{
	struct monitor_conf conf = { .timeout_ms = MONITOR_TIMEOUT,
				     .limit_ms = 300,
				     .cancel_fd = -1 };
	uint64_t e[MONITOR_TABLE];
	struct fake f;
	int ret, n;

	(void)state;
	fake_start(&f, false, NORMAL);
	conf.err = &f.err;
	assert_int_equal(monitor_open_qmp(f.path, &conf, &f.m), 0);
	assert_int_equal(monitor_stop(f.m), 0);
	for (n = 0, ret = 0; !ret && n < 1000000; n++)
		ret = monitor_read_table(f.m, 0x5000, e);
	assert_int_equal(ret, -ETIMEDOUT);
	monitor_close(f.m);
	fake_end(&f);
	assert_true(f.conts == 1);
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
		cmocka_unit_test(test_reads),	cmocka_unit_test(test_leaves_stopped),
		cmocka_unit_test(test_goes_on), cmocka_unit_test(test_disobeys),
		cmocka_unit_test(test_limit),	cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
