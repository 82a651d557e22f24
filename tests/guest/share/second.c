// SPDX-License-Identifier: GPL-2.0
/* Another request in the middle of a text, and a process that lost its first thread */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "ktap.h"
#include "proc.h"
#include "share.h"

/* Another request, and the offset of the answer before */

enum by { BY_PREAD, BY_LSEEK, BY_THREAD, BY_CHILD, NR_BY };

static const char *const by_name[NR_BY] = { "pread", "lseek", "a thread", "a child" };

struct second {
	int fd;
	pid_t pid;
};

static void *second_request(void *arg)
{
	const struct second *s = arg;

	request(s->fd, s->pid, 1);
	return NULL;
}

static void ask_second(int fd, enum by by)
{
	struct second s = { fd, getpid() };
	pthread_t thread;
	pid_t pid;

	if (by == BY_THREAD && !pthread_create(&thread, NULL, second_request, &s)) {
		pthread_join(thread, NULL);
	} else if (by == BY_CHILD) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			second_request(&s);
			_exit(failed);
		}
		waitpid(pid, NULL, 0);
	} else {
		second_request(&s);
	}
}

void test_second_request(void)
{
	char some[4096], *text;
	enum by by;
	int err;

	for (by = 0; by < NR_BY; by++) {
		pid_t pid = spawn(stay, NULL);
		int fd = module_open(WALK, O_RDWR);
		ssize_t n, got;

		request(fd, pid, PAGES);
		n = pread(fd, some, sizeof(some), 0);
		if (n <= 100)
			fail("%s: %zd bytes to read at first", by_name[by], n);
		ask_second(fd, by);
		reap(pid);
		if (by == BY_LSEEK) {
			lseek(fd, n, SEEK_SET);
			got = read(fd, some, sizeof(some));
		} else {
			got = pread(fd, some, sizeof(some), n);
		}
		if (got > 0)
			fail("%s: %zd bytes more, after another request: \"%.40s\"", by_name[by],
			     got, some);
		text = read_rest(fd, n, &err);
		if (*text || !err)
			fail("%s: goes on: %s, \"%.40s\"", by_name[by], error_name(err), text);
		text = read_rest(fd, 0, &err);
		if (err || !strstr(text, "complete: "))
			fail("%s: the second answer: %s: \"%.200s\"", by_name[by], error_name(err),
			     text);
		close(fd);
	}
}

/* An ioctl on the same file is nothing to the text in progress. */
void test_ioctl_between(void)
{
	struct verify_pte_run runs[64];
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.nr = ARRAY_SIZE(runs),
		.start = (uintptr_t)AREA,
		.len = PAGES * PAGE,
		.buf = (uintptr_t)runs,
	};
	int fd = module_open(WALK, O_RDWR), err;
	char *whole, some[5000], *rest;
	ssize_t n;

	request(fd, getpid(), PAGES);
	whole = strdup(read_rest(fd, 0, &err));
	n = pread(fd, some, sizeof(some), 0);
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask))
		fail("ioctl: %s", error_name(errno));
	rest = read_rest(fd, n, &err);
	if (n <= 0 || err || strcmp(rest, whole + n) || memcmp(some, whole, n))
		fail("the rest after an ioctl: %s, %zu bytes", error_name(err), strlen(rest));
	free(whole);
	close(fd);
}

/* A process without its first thread */

static void *stay_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void end_first_thread(int go)
{
	pthread_t thread;

	(void)go;
	if (pthread_create(&thread, NULL, stay_thread, NULL))
		_exit(1);
	syscall(SYS_exit, 0); /* of this thread alone */
}

static bool is_zombie(pid_t pid)
{
	char path[40], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 'Z';
}

void test_first_thread(void)
{
	pid_t pid = spawn(end_first_thread, NULL);
	struct verify_pte_run run;
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.pid = pid,
		.nr = 1,
		.start = (uintptr_t)AREA,
		.len = PAGE,
		.buf = (uintptr_t)&run,
	};
	int fd = module_open(WALK, O_RDWR), err, i;
	char *text;

	for (i = 0; i < 100 && !is_zombie(pid); i++)
		nap(20 * 1000);
	if (!is_zombie(pid))
		fail("the first thread did not end");
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) || run.kind != PT_LEAF)
		fail("ioctl: %s", error_name(errno));
	request(fd, pid, 2);
	text = read_rest(fd, 0, &err);
	if (err || !strstr(text, "complete: none 1 page 1 "))
		fail("text: %s: \"%s\"", error_name(err), text);
	reap(pid);
	if (!ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) || errno != ESRCH)
		fail("when the last has ended: %s", error_name(errno));
	close(fd);
}
