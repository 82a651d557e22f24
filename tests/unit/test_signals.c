// SPDX-License-Identifier: GPL-2.0
/* What a program says last that a signal ends: one object, and no wait for a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <json-c/json.h>

#include "lib/out.h"
#include "lib/signals.h"

/* A program that @sig ends after some text of an answer; its stdout is @out.  Its status */
static int ended_by(int sig, int out, bool json)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		dup2(out, STDOUT_FILENO);
		out_init("test");
		signals_catch();
		if (!json)
			fputs("the last words\n", stdout);
		raise(sig);
		if (json)
			signals_json();
		signals_die();
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_json(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	static const char *const names[] = { "SIGINT", "SIGTERM", "SIGHUP" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct json_object *root, *error = NULL, *v = NULL;
		char text[4096] = "";
		int p[2], status;

		assert_int_equal(pipe(p), 0);
		status = ended_by(signals[i], p[1], true);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		close(p[1]);
		assert_true(read(p[0], text, sizeof(text) - 1) > 0);
		close(p[0]);
		root = json_tokener_parse(text);
		assert_non_null(root);
		assert_true(json_object_object_get_ex(root, "verdict", &v));
		assert_string_equal(json_object_get_string(v), "error");
		assert_true(json_object_object_get_ex(root, "schema", &v));
		assert_true(json_object_object_get_ex(root, "error", &error));
		assert_true(json_object_object_get_ex(error, "why", &v));
		assert_non_null(strstr(json_object_get_string(v), names[i]));
		assert_true(json_object_object_get_ex(error, "errno", &v));
		assert_int_equal(json_object_get_int(v), EINTR);
		json_object_put(root);
	}
}

/* What stood in the buffer is not lost. */
static void test_buffered(void **state)
{
	char text[64] = "";
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_true(WIFSIGNALED(ended_by(SIGTERM, p[1], false)));
	close(p[1]);
	assert_true(read(p[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "the last words\n");
	close(p[0]);
}

/* A reader that is there, and takes nothing. */
static void test_full(void **state)
{
	static char much[1 << 16];
	struct timespec begun, now;
	int p[2], json, status;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	while (write(p[1], much, sizeof(much)) > 0)
		;
	while (write(p[1], much, 1) > 0)
		;
	assert_int_equal(fcntl(p[1], F_SETFL, 0), 0);
	for (json = 0; json < 2; json++) {
		clock_gettime(CLOCK_MONOTONIC, &begun);
		status = ended_by(SIGTERM, p[1], json);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(WIFSIGNALED(status));
		assert_true(now.tv_sec - begun.tv_sec < 10);
	}
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_buffered),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
