// SPDX-License-Identifier: GPL-2.0
/* What /proc says of a process: the files of every thread of it, each table once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/proc.h"

#define FILE_OF_THREAD "/dev/zero"

static bool own_files;
static int ready[2];

static void *thread(void *arg)
{
	(void)arg;
	if (own_files && unshare(CLONE_FILES))
		_exit(1);
	if (open(FILE_OF_THREAD, O_RDONLY) < 0)
		_exit(1);
	/* Whoever is to end has ended. */
	usleep(50000);
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static void process(bool ended, int threads)
{
	pthread_t t;

	while (threads--)
		if (pthread_create(&t, NULL, thread, NULL))
			_exit(1);
	if (ended)
		syscall(SYS_exit, 0);
	for (;;)
		pause();
}

struct seen {
	int tables, files;
};

static bool count(const char *dir, void *arg)
{
	char path[80], target[64];
	struct seen *seen = arg;
	ssize_t n;
	int fd;

	seen->tables++;
	for (fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "%.40s/fd/%d", dir, fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		seen->files += !strcmp(target, FILE_OF_THREAD);
	}
	return false;
}

static struct seen look_at(bool own, bool ended, int threads)
{
	struct seen seen = { 0, 0 };
	char name[16], byte;
	int i, ret;
	pid_t pid;

	own_files = own;
	assert_false(pipe(ready));
	pid = fork();
	if (!pid)
		process(ended, threads);
	assert_true(pid > 0);
	for (i = 0; i < threads; i++)
		assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(name, sizeof(name), "%d", pid);
	ret = proc_each_files(name, count, &seen);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(ret, 0);
	return seen;
}

static void test_shared(void **state)
{
	struct seen seen = look_at(false, false, 3);

	(void)state;
	assert_int_equal(seen.files, 3);
	assert_int_equal(seen.tables, 1);
}

/* Of a first thread that has ended /proc/PID/fd is there, and empty. */
static void test_ended(void **state)
{
	struct seen seen = look_at(false, true, 2);

	(void)state;
	assert_int_equal(seen.files, 2);
	assert_int_equal(seen.tables, 2);
}

static void test_own(void **state)
{
	struct seen seen = look_at(true, false, 2);

	(void)state;
	assert_int_equal(seen.files, 2);
	assert_int_equal(seen.tables, 3);
}

static bool stop(const char *dir, void *arg)
{
	(void)dir;
	++*(int *)arg;
	return true;
}

static void test_answers(void **state)
{
	int calls = 0;

	(void)state;
	assert_int_equal(proc_each_files("self", stop, &calls), 1);
	assert_int_equal(calls, 1);
	assert_int_equal(proc_each_files("4194304", stop, &calls), -ENOENT);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
