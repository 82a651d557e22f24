// SPDX-License-Identifier: GPL-2.0
/* A buffer that nobody fills in holds up nobody else */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "ktap.h"
#include "proc.h"
#include "share.h"

enum use { USE_READ, USE_PREAD, USE_IOCTL, USE_RAW, USE_WRITE, USE_ARGUMENT, NR_USE };

static const char *const use_name[NR_USE] = { "read",	     "pread", "ioctl, runs",
					      "ioctl, raws", "write", "ioctl, its argument" };

static int use(int fd, enum use what, void *buf)
{
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.flags = what == USE_RAW ? VERIFY_PTE_RAW : 0,
		.nr = 64,
		.start = (uintptr_t)AREA,
		.len = PAGES * PAGE,
		.buf = (uintptr_t)buf,
	};

	switch (what) {
	case USE_READ:
		return read(fd, buf, PAGE) < 0 ? errno : 0;
	case USE_PREAD:
		return pread(fd, buf, PAGE, 0) < 0 ? errno : 0;
	case USE_WRITE:
		return write(fd, buf, 20) < 0 ? errno : 0;
	case USE_ARGUMENT:
		return ioctl(fd, VERIFY_PTE_IOC_WALK, buf) ? errno : 0;
	default:
		return ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) ? errno : 0;
	}
}

/* True: that process ended of itself, in time */
static bool ends(pid_t pid)
{
	int i;

	for (i = 0; i < 300; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		nap(20 * 1000);
	}
	return false;
}

static void try_others(int fd, enum use held)
{
	static char buf[16 * 4096];
	enum use what;

	for (what = USE_READ; what < USE_WRITE; what++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			use(fd, what, buf);
			_exit(0);
		}
		if (ends(pid))
			continue;
		fail("%s waits for the page of who is in %s", use_name[what], use_name[held]);
		kill(pid, SIGKILL);
		if (!ends(pid))
			fail("%s: and cannot be killed", use_name[what]);
	}
}

struct holder {
	int fd;
	enum use what;
	void *buf;
};

static void *hold(void *arg)
{
	const struct holder *h = arg;

	use(h->fd, h->what, h->buf);
	return NULL;
}

/* A thread of ours stays in a page fault of that use until @uffd is closed. */
static void test_fault_in(enum use held, int uffd, char *buf)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)buf, 16 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct holder h = { module_open(WALK, O_RDWR), held, buf };
	struct pollfd fault = { .fd = uffd, .events = POLLIN };
	pthread_t thread;

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		bail_out("UFFDIO_REGISTER: %s", strerror(errno));
	request(h.fd, getpid(), PAGES);
	if (pthread_create(&thread, NULL, hold, &h))
		bail_out("pthread_create: %s", strerror(errno));
	if (poll(&fault, 1, 5000) != 1 || !(fault.revents & POLLIN))
		fail("%s: it does not come to its page", use_name[held]);
	else
		try_others(h.fd, held);
	close(uffd);
	pthread_join(thread, NULL);
	close(h.fd);
}

void test_fault(void)
{
	enum use held;

	for (held = 0; held < NR_USE; held++) {
		struct uffdio_api api = { .api = UFFD_API };
		int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
		char *p = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) {
			skipped = "no userfaultfd";
			return;
		}
		test_fault_in(held, uffd, p);
		munmap(p, 16 * PAGE);
	}
}
