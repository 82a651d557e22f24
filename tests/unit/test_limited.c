// SPDX-License-Identifier: GPL-2.0
/* Calls with a time limit: what they answer, what they leave, and that they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/limited.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int repeat(const void *in, void *out)
{
	strcpy(out, in);
	strcat(out, in);
	return 42;
}

static int refuse(const void *in, void *out)
{
	(void)in;
	(void)out;
	return -EBUSY;
}

static int never(const void *in, void *out)
{
	(void)in;
	strcpy(out, "half");
	while (pause())
		;
	return 0;
}

static int die(const void *in, void *out)
{
	(void)in;
	strcpy(out, "half");
	raise(SIGKILL);
	return 0;
}

/* Is a file of the parent's still open in the child, or its output something else than null? */
static int count_files(const void *in, void *out)
{
	int nr = 0, fd;

	(void)out;
	for (fd = 3; fd < 64; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr + !!fcntl(*(const int *)in, F_GETFD) - 1;
}

/* What must not end it half-way */
static int ignored(const void *in, void *out)
{
	(void)in;
	(void)out;
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGHUP);
	return 7;
}

static void test_answers(void **state)
{
	char out[16] = "";

	(void)state;
	assert_int_equal(limited(repeat, "ab", out, sizeof(out), 5000), 42);
	assert_string_equal(out, "abab");
	assert_int_equal(limited(refuse, NULL, NULL, 0, 5000), -EBUSY);
	assert_int_equal(limited(ignored, NULL, NULL, 0, 5000), 7);
}

static void test_limit(void **state)
{
	int64_t start = now_ms();
	char out[16] = "before";

	(void)state;
	assert_int_equal(limited(never, NULL, out, sizeof(out), 200), -ETIMEDOUT);
	assert_true(now_ms() - start >= 200 && now_ms() - start < 5000);
	/* Half an answer is none. */
	assert_string_equal(out, "before");
	/* Nor is a child left behind. */
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void test_death(void **state)
{
	char out[16] = "before";

	(void)state;
	assert_int_equal(limited(die, NULL, out, sizeof(out), 5000), -ECHILD);
	assert_string_equal(out, "before");
}

static void test_files(void **state)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY), high;

	(void)state;
	assert_true(fd >= 0);
	high = fcntl(fd, F_DUPFD, 40);
	assert_int_equal(limited(count_files, &high, NULL, 0, 5000), 0);
	close(fd);
	close(high);
}

static volatile sig_atomic_t caught;

static void on_alarm(int sig)
{
	caught = sig;
}

/* A signal of ours does not cut the waiting short. */
static int slow(const void *in, void *out)
{
	struct timespec pause_for = { .tv_nsec = 400000000 };

	(void)in;
	(void)out;
	nanosleep(&pause_for, NULL);
	return 5;
}

static void test_signal(void **state)
{
	struct sigaction sa = { .sa_handler = on_alarm };

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	ualarm(100000, 0);
	assert_int_equal(limited(slow, NULL, NULL, 0, 5000), 5);
	assert_int_equal(caught, SIGALRM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_death),	cmocka_unit_test(test_files),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
