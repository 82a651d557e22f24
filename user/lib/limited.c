// SPDX-License-Identifier: GPL-2.0
#include "lib/limited.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Memory that child and parent share */
struct shared {
	bool done; /* fn returned; if this is not set, the child died */
	int ret;
	char out[];
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Closes all files that the child inherited: a child that hangs would keep the lock of
 * /run/vfio-verify, and a reader of our output would wait until the child ends.
 */
static void leave_files(void)
{
	int null = open("/dev/null", O_RDWR), fd;

	for (fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
}

static void child(int (*fn)(const void *in, void *out), const void *in, struct shared *shared,
		  pid_t parent)
{
	/* The child completes what it began; the parent handles signals from the terminal. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	leave_files();
	shared->ret = fn(in, shared->out);
	shared->done = true;
	_exit(0);
}

/* Waits until the child ends.  False: it did not within @ms. */
static bool ends_within(pid_t pid, unsigned int ms)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int64_t end = now_ms() + ms, left = ms;
	bool ended = false;

	/* Without a pidfd the limit cannot be kept: then we wait until the child ends. */
	while (p.fd >= 0 && !ended && left > 0) {
		ended = poll(&p, 1, (int)left) > 0;
		left = end - now_ms();
	}
	if (p.fd >= 0)
		close(p.fd);
	if (p.fd >= 0 && !ended)
		return false;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return true;
}

int limited(int (*fn)(const void *in, void *out), const void *in, void *out, size_t len,
	    unsigned int ms)
{
	struct shared *shared = mmap(NULL, sizeof(*shared) + len, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), pid;
	int ret;

	if (shared == MAP_FAILED)
		return -errno;
	pid = fork();
	if (!pid)
		child(fn, in, shared, parent);
	if (pid < 0) {
		ret = -errno;
	} else if (ends_within(pid, ms)) {
		ret = shared->done ? shared->ret : -ECHILD;
		if (shared->done && len)
			memcpy(out, shared->out, len);
	} else {
		kill(pid, SIGKILL);
		/* A child in an interruptible wait dies at once, and is reaped here. */
		ends_within(pid, 100);
		ret = -ETIMEDOUT;
	}
	munmap(shared, sizeof(*shared) + len);
	return ret;
}
