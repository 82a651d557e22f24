// SPDX-License-Identifier: GPL-2.0
/* Kinds of memory: other processes, and what the kernel does with entries for their sake */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oracle.h"

/* A child that runs @setup and waits to be killed; it has done so on return. */
pid_t spawn(void (*setup)(void))
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe2(ready, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setup)
			setup();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail_out("the child died");
	close(ready[0]);
	return pid;
}

void reap(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void other_setup(void)
{
	struct mem m = { 0 };

	make_holes(&m);
	mprotect(map_anon(64 * MIB2, MIB2, RW), MIB2, PROT_NONE);
}

void make_other(struct mem *m)
{
	m->pid = spawn(other_setup);
	/* What it has made there; the same calls, for what must be. */
	make_holes(m);
	munmap((void *)ARENA, ARENA_SIZE);
}

void make_other_all(struct mem *m)
{
	m->pid = spawn(other_setup);
	m->va = 0;
	m->len = cpu_has("la57") ? 1ULL << 56 : 1ULL << 47;
	m->present = ANY;
}

/* Copy on write takes the right to write from both, until one writes. */
pid_t cow_child;

void make_cow(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	cow_child = spawn(NULL);
	p[3 * PAGE] = 2;
	m->len = 8 * PAGE;
	m->present = 8;
	want(m, 0, 3 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 3 * PAGE, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 4 * PAGE, 8 * PAGE, PT_LEAF, 0, PT_USER);
}

/* Write-protected by userfaultfd: a flag in the entry, no right to write. */
void make_uffd_wp(struct mem *m)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	void *p = map_anon(0, 16 * PAGE, RW);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	touch(p, 16 * PAGE);
	reg.range.start = (uintptr_t)p;
	reg.range.len = 16 * PAGE;
	wp.range.start = (uintptr_t)p + 4 * PAGE;
	wp.range.len = 4 * PAGE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		skip("userfaultfd write protection: %s", strerror(errno));
	/* It stays open: closing it takes the protection away. */
	m->len = 16 * PAGE;
	m->present = 16;
	want(m, 0, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 4 * PAGE, 8 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 8 * PAGE, 16 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

static void on_bus_error(int sig)
{
	(void)sig;
}

/* A page that the kernel was told is broken: an entry of its own kind */
void make_poisoned(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	/* Kernels after 6.1 send it to the one who asked for it, too. */
	signal(SIGBUS, on_bus_error);
	if (madvise(p + 2 * PAGE, PAGE, MADV_HWPOISON))
		skip("MADV_HWPOISON: %s", strerror(errno));
	m->len = 8 * PAGE;
	m->present = 7;
	want(m, 0, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Guard pages: markers, with no page behind them (Linux 6.13) */
void make_guard(struct mem *m)
{
	char *p = map_anon(0, 8 * PAGE, RW);

	touch(p, 8 * PAGE);
	if (madvise(p + 3 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL))
		skip("no guard pages before 6.13: MADV_GUARD_INSTALL: %s", strerror(errno));
	m->len = 8 * PAGE;
	m->present = 6;
	want(m, 0, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Every other page write-protected, so that no two join: 1000 VMAs */
void make_thousand_vmas(struct mem *m)
{
	char *p = map_anon(0, 1000 * PAGE, RW);
	uint64_t i;

	touch(p, 1000 * PAGE);
	for (i = 0; i < 1000; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	m->len = 1000 * PAGE;
	m->present = 1000;
}
