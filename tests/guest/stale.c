// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD under vfio_test --hold=SECONDS: makes the mapping stale, in the ways that
 * programs do it. While the mapping is held some of its pages get other frames; the device
 * goes on with the frames that were pinned.
 *
 * STALE=MODE says how, see modes[] below.  On stderr, once it is done:
 *
 *	stale: changed 0xVADDR			each page that was meddled with
 *	stale: moved 0xVADDR 0xOLD 0xNEW	each page whose frame, by /proc/self/pagemap, is
 *						not that of right after the mapping; NEW 0: none
 *	stale: stays N				how many have the same
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "pagemap.h"

#define PRESENT	 (UINT64_C(1) << 63)
#define OLD_BYTE 0x5a
#define NEW_BYTE 0xa5

/* No exit status of vfio_test */
#define STATUS_BROKEN 99

/* The pages that are meddled with: the ends, neighbours, one alone */
static const unsigned int changed[] = { 0, 3, 100, 101, 255 };

static char *buf;
static size_t size;
static uint64_t *before; /* pagemap, right after the mapping */
static int memfd = -1;
static pid_t child;
static bool done;

static void broken(const char *what)
{
	fprintf(stderr, "stale: %s: %s\n", what, strerror(errno));
	if (child > 0)
		kill(child, SIGKILL);
	_exit(STATUS_BROKEN);
}

static char *page(unsigned int i)
{
	return buf + i * PAGE;
}

static uint64_t *frames(void)
{
	uint64_t *map = calloc(size / PAGE, sizeof(*map));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i, len = size / PAGE * sizeof(*map);

	if (!map || fd < 0 ||
	    pread(fd, map, len, (uintptr_t)buf / PAGE * sizeof(*map)) != (ssize_t)len)
		broken("/proc/self/pagemap");
	close(fd);
	for (i = 0; i < size / PAGE; i++)
		map[i] = map[i] & PRESENT ? (map[i] & PFN_MASK) * PAGE : 0;
	return map;
}

/* Another process that has the same pages, until it is killed */
static void share(void)
{
	if (madvise(buf, size, MADV_DOFORK))
		broken("MADV_DOFORK");
	child = fork();
	if (child < 0)
		broken("fork");
	if (child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Else VFIO's files would outlive their owner. */
	syscall(SYS_close_range, 3, ~0U, 0);
	for (;;)
		pause();
}

/* The buffer as a memfd's pages, filled as they were */
static void replace(int flags)
{
	memfd = memfd_create("stale", MFD_CLOEXEC);
	if (memfd < 0 || write(memfd, buf, size) != (ssize_t)size)
		broken("memfd");
	if (mmap(buf, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, memfd, 0) != buf)
		broken("mmap of the memfd");
}

static void as_private_file(void)
{
	size_t i;

	replace(MAP_PRIVATE);
	for (i = 0; i < size / PAGE; i++)
		(void)*(volatile char *)page(i);
}

static void as_shared_file(void)
{
	replace(MAP_SHARED);
	memset(buf, OLD_BYTE, size);
}

static void nothing(unsigned int i)
{
	(void)i;
}

static void touch(unsigned int i)
{
	*(volatile char *)page(i) = NEW_BYTE;
}

static void drop(unsigned int i)
{
	if (madvise(page(i), PAGE, MADV_DONTNEED))
		broken("MADV_DONTNEED");
}

static void drop_touch(unsigned int i)
{
	drop(i);
	touch(i);
}

static void move_over(unsigned int i)
{
	char *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (other == MAP_FAILED)
		broken("mmap");
	*other = NEW_BYTE;
	if (mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page(i)) != page(i))
		broken("mremap");
}

static void punch(unsigned int i)
{
	if (fallocate(memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, i * PAGE, PAGE))
		broken("FALLOC_FL_PUNCH_HOLE");
	touch(i);
}

static const struct mode {
	const char *name;
	bool read_only; /* for the device */
	void (*before_map)(void);
	void (*held)(void);	      /* once */
	void (*change)(unsigned int); /* each of changed[] */
} modes[] = {
	/* as if we were not here */
	{ "nothing", false, NULL, NULL, nothing },
	/* the pages themselves given back to the kernel; touched again, or not */
	{ "drop", false, NULL, NULL, drop },
	{ "drop-touch", false, NULL, NULL, drop_touch },
	/* other memory moved there */
	{ "mremap", false, NULL, NULL, move_over },
	/* a hole in the file that the buffer is a mapping of */
	{ "punch", false, as_shared_file, NULL, punch },
	/* copy on write after a fork: of pages that were pinned for writing already */
	{ "fork-late", false, NULL, share, touch },
	/* the same of pages that were shared when they were pinned for reading */
	{ "fork-early", true, share, NULL, touch },
	/* copy on write of a file's pages, pinned for reading */
	{ "file", true, as_private_file, NULL, touch },
};

static const struct mode *mode(void)
{
	const char *name = getenv("STALE");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (name && !strcmp(name, modes[i].name))
			return &modes[i];
	fprintf(stderr, "stale: STALE=%s: no such mode\n", name ? name : "");
	_exit(STATUS_BROKEN);
}

static void tell(void)
{
	uint64_t *after = frames();
	size_t i, same = 0;

	for (i = 0; i < ARRAY_SIZE(changed); i++)
		fprintf(stderr, "stale: changed %p\n", page(changed[i]));
	for (i = 0; i < size / PAGE; i++)
		if (after[i] == before[i])
			same++;
		else
			fprintf(stderr, "stale: moved %p 0x%llx 0x%llx\n", page(i),
				(unsigned long long)before[i], (unsigned long long)after[i]);
	fprintf(stderr, "stale: stays %zu\n", same);
	free(after);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct vfio_iommu_type1_dma_map *map;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	map = arg;
	/* A device's VFIO_DEVICE_PCI_HOT_RESET has the same number, and is smaller. */
	if (request != VFIO_IOMMU_MAP_DMA || map->argsz < sizeof(*map))
		return syscall(SYS_ioctl, fd, request, arg);
	buf = (char *)(uintptr_t)map->vaddr;
	size = map->size;
	if (mode()->before_map)
		mode()->before_map();
	if (mode()->read_only)
		map->flags &= ~VFIO_DMA_MAP_FLAG_WRITE;
	ret = syscall(SYS_ioctl, fd, request, map);
	if (!ret)
		before = frames();
	return ret;
}

/* Only the hold waits so. */
int poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	int (*next)(struct pollfd *, nfds_t, int) = dlsym(RTLD_NEXT, "poll");
	size_t i;

	if (before && !done) {
		done = true;
		if (mode()->held)
			mode()->held();
		for (i = 0; i < ARRAY_SIZE(changed); i++)
			mode()->change(changed[i]);
		tell();
		if (child > 0) {
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
		}
	}
	return next(fds, nr, timeout);
}
