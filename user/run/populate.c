// SPDX-License-Identifier: GPL-2.0
/* Populates the pages of a buffer.  A page that cannot be allocated gives an errno, no SIGBUS. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

#include "env/memory.h"
#include "lib/signals.h"

/* Since 5.14 (include/uapi/asm-generic/mman-common.h) */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* The size of one madvise(), so that a signal is noticed between two */
#define PIECE (64UL << 20)

static sigjmp_buf refused;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(refused, 1);
}

/* Writes to each page, for kernels without MADV_POPULATE_WRITE. */
static int touch(volatile char *buf, size_t size, size_t step)
{
	const struct sigaction act = { .sa_handler = on_sigbus };
	struct sigaction old;
	volatile size_t i = 0;
	volatile int ret = 0;

	sigaction(SIGBUS, &act, &old);
	if (!sigsetjmp(refused, 1))
		for (; i < size && !signal_seen; i += step)
			buf[i] = 0;
	else
		ret = -EFAULT;
	sigaction(SIGBUS, &old, NULL);
	return ret ? ret : i < size ? -EINTR : 0;
}

int memory_populate(void *buf, size_t size, size_t page_size)
{
	const size_t piece = page_size > PIECE ? page_size : PIECE;
	size_t done = 0;

	while (done < size) {
		const size_t n = size - done < piece ? size - done : piece;

		if (signal_seen)
			return -EINTR;
		if (!madvise((char *)buf + done, n, MADV_POPULATE_WRITE)) {
			done += n;
			continue;
		}
		if (errno == EINVAL)
			return touch((char *)buf + done, size - done, page_size);
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}
