// SPDX-License-Identifier: GPL-2.0
/*
 * What the module costs, and what the other ways of asking do: root, in the
 * guest, verify_pte and linear loaded, CPU 0 for itself.
 *
 * Every measure is taken once a round, one after the other, so that a drift of
 * the machine hits all alike.  One JSON object on one line: the nanoseconds of
 * each measure in each round, a unit (a call, a page, a table, an entry).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "uapi/verify_pte.h"

#define WALK	   "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK
#define LINEAR	   "/sys/kernel/debug/linear"

#define PAGE	   UINT64_C(4096)
#define MIB	   (UINT64_C(1) << 20)
#define GIB	   (UINT64_C(1) << 30)
#define TIB	   (UINT64_C(1) << 40)

#define ROUNDS	   31
#define CALLS	   200	       /* a round, of what answers one page */
#define RANGE	   (256 * MIB) /* of 4K pages, walked whole */
#define PAGES	   (RANGE / PAGE)
#define TEXT_PAGES (PAGES / 16)	  /* scattered, as text: a line a page */
#define SPARSE	   512		  /* pages, each in a PTE table of its own */
#define RECORDS	   (PAGES + 4096) /* room in the answer */
#define OPENERS	   256		  /* files held open to see what each takes */

static int walk_fd, pagemap_fd;
static uint8_t *flat, *scattered, *near_span, *far_span;
static pid_t other;
static void *records;
static uint64_t runs_flat, runs_scattered;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static uint8_t *reserve(uint64_t size, uint64_t align)
{
	uint8_t *p = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(2, "mmap of %" PRIu64 " MiB", size / MIB);
	p += -(uintptr_t)p & (align - 1);
	if (madvise(p, size, MADV_NOHUGEPAGE) && errno != EINVAL)
		err(2, "madvise");
	return p;
}

static void make_memory(void)
{
	uint64_t i, n;

	flat = reserve(RANGE, GIB);
	if (madvise(flat, RANGE, MADV_POPULATE_WRITE))
		memset(flat, 1, RANGE);
	/* Touched in bit-reversed order: neighbours are far apart in time, and so in frame. */
	scattered = reserve(RANGE, GIB);
	for (i = 0; i < PAGES; i++) {
		uint64_t bit, at = 0;

		for (bit = 1; bit < PAGES; bit <<= 1)
			at = at << 1 | !!(i & bit);
		scattered[at * PAGE] = 1;
	}
	near_span = reserve(GIB, GIB);
	far_span = reserve(64 * TIB, 512 * GIB);
	for (n = 0; n < SPARSE; n++) {
		near_span[n * (GIB / SPARSE)] = 1;
		far_span[n * (64 * TIB / SPARSE)] = 1;
	}
}

/* The whole range, as often as the records' room asks for; the records there were. */
static uint64_t walk_range(int fd, pid_t pid, const void *start, uint64_t len, uint32_t flags)
{
	struct verify_pte_walk arg = { .next = (uintptr_t)start };
	uint64_t end = arg.next + len, total = 0;

	while (arg.next < end) {
		arg.argsz = sizeof(arg);
		arg.flags = flags;
		arg.pid = pid;
		arg.nr = RECORDS;
		arg.start = arg.next;
		arg.len = end - arg.next;
		arg.buf = (uintptr_t)records;
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, &arg))
			err(2, "VERIFY_PTE_IOC_WALK");
		total += arg.nr;
	}
	return total;
}

/* The measures: each does what it measures and returns nanoseconds, all units. */

static uint64_t null_syscall(void)
{
	uint64_t from = now();
	int i;

	for (i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return now() - from;
}

static uint64_t null_ioctl(void)
{
	uint64_t from = now();
	int i;

	for (i = 0; i < CALLS; i++)
		ioctl(walk_fd, _IO(0xb7, 0xff));
	return now() - from;
}

static uint64_t one_page(pid_t pid)
{
	struct verify_pte_run run;
	uint64_t from = now();
	int i;

	for (i = 0; i < CALLS; i++) {
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.pid = pid,
			.nr = 1,
			.start = (uintptr_t)flat + i * PAGE,
			.len = PAGE,
			.buf = (uintptr_t)&run,
		};

		if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &arg))
			err(2, "VERIFY_PTE_IOC_WALK");
	}
	return now() - from;
}

static uint64_t ioctl_page(void)
{
	return one_page(0);
}

static uint64_t ioctl_page_other(void)
{
	return one_page(other);
}

static uint64_t pagemap_page(void)
{
	uint64_t entry, from = now();
	int i;

	for (i = 0; i < CALLS; i++)
		if (pread(pagemap_fd, &entry, sizeof(entry), ((uintptr_t)flat / PAGE + i) * 8) != 8)
			err(2, "pagemap");
	return now() - from;
}

static uint64_t pagemap_bulk(void)
{
	uint64_t from = now(), done = 0;

	while (done < PAGES * 8) {
		ssize_t got = pread(pagemap_fd, (uint8_t *)records + done, PAGES * 8 - done,
				    (uintptr_t)flat / PAGE * 8 + done);

		if (got <= 0)
			err(2, "pagemap");
		done += got;
	}
	return now() - from;
}

/* <linux/fs.h> of 6.7 and later */
struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN_IOC     _IOWR('f', 16, struct pagemap_scan)
#define PAGEMAP_SCAN_PRESENT (1U << 3)

static uint64_t pagemap_scan(void)
{
	struct pagemap_scan arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)flat,
		.end = (uintptr_t)flat + RANGE,
		.vec = (uintptr_t)records,
		.vec_len = 1024,
		.category_mask = PAGEMAP_SCAN_PRESENT,
		.return_mask = PAGEMAP_SCAN_PRESENT,
	};
	uint64_t from = now();

	if (ioctl(pagemap_fd, PAGEMAP_SCAN_IOC, &arg) < 0)
		return 0;
	return now() - from;
}

static uint64_t range_runs(void)
{
	uint64_t from = now();

	runs_flat = walk_range(walk_fd, 0, flat, RANGE, 0);
	return now() - from;
}

static uint64_t range_scattered(void)
{
	uint64_t from = now();

	runs_scattered = walk_range(walk_fd, 0, scattered, RANGE, 0);
	return now() - from;
}

static uint64_t range_raw(void)
{
	uint64_t from = now();

	walk_range(walk_fd, 0, flat, RANGE, VERIFY_PTE_RAW);
	return now() - from;
}

static uint64_t text(const void *start, uint64_t len)
{
	char ask[80];
	uint64_t from;
	ssize_t got;
	int fd, n;

	n = snprintf(ask, sizeof(ask), "%d %p 0x%" PRIx64, getpid(), start, len);
	from = now();
	fd = open(WALK, O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, ask, n) != n)
		err(2, WALK);
	do {
		got = read(fd, records, 65536);
	} while (got > 0);
	if (got)
		err(2, WALK);
	close(fd);
	return now() - from;
}

static uint64_t text_flat(void)
{
	return text(flat, RANGE);
}

static uint64_t text_scattered(void)
{
	return text(scattered, TEXT_PAGES * PAGE);
}

static uint64_t linear(void)
{
	int fd = open(LINEAR, O_RDONLY | O_CLOEXEC);
	char buf[32] = { 0 };

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		err(2, LINEAR);
	close(fd);
	return strtoull(buf, NULL, 10);
}

static uint64_t sparse_near(void)
{
	uint64_t from = now();

	walk_range(walk_fd, 0, near_span, GIB, 0);
	return now() - from;
}

static uint64_t sparse_far(void)
{
	uint64_t from = now();

	walk_range(walk_fd, 0, far_span, 64 * TIB, 0);
	return now() - from;
}

/*
 * Tables below the root that the walks go through.  Near: a PMD table, and a PTE
 * table a page.  Far: a PUD table each 512 GiB, and a PMD and a PTE table a page.
 */
#define NEAR_TABLES (1 + SPARSE)
#define FAR_TABLES  (64 * TIB / (512 * GIB) + 2 * SPARSE)

static const struct measure {
	const char *name, *unit, *what;
	uint64_t units;
	uint64_t (*run)(void);
} measures[] = {
	{ "null_syscall", "call", "null syscall", CALLS, null_syscall },
	{ "null_ioctl", "call", "null ioctl on the module's file", CALLS, null_ioctl },
	{ "ioctl_page", "page", "one page by ioctl", CALLS, ioctl_page },
	{ "ioctl_page_other", "page", "one page of another process", CALLS, ioctl_page_other },
	{ "pagemap_page", "page", "pagemap, a pread a page", CALLS, pagemap_page },
	{ "pagemap_bulk", "page", "pagemap in bulk", PAGES, pagemap_bulk },
	{ "pagemap_scan", "page", "PAGEMAP_SCAN", PAGES, pagemap_scan },
	{ "linear", "entry", "plain read of as many entries", PAGES, linear },
	{ "range_runs", "page", "range as runs", PAGES, range_runs },
	{ "range_scattered", "page", "range as runs, no two frames together", PAGES,
	  range_scattered },
	{ "range_raw", "page", "range raw", PAGES, range_raw },
	{ "text", "page", "range as text", PAGES, text_flat },
	{ "text_scattered", "page", "range as text, a line a page", TEXT_PAGES, text_scattered },
	{ "sparse_1g", "table", "sparse over 1 GiB", NEAR_TABLES, sparse_near },
	{ "sparse_64t", "table", "sparse over 64 TiB", FAR_TABLES, sparse_far },
};
#define NR_MEASURES (sizeof(measures) / sizeof(measures[0]))

static bool absent[NR_MEASURES];
static double ns_of[NR_MEASURES][ROUNDS];

/* Slab and vmalloc in use, in bytes, no CPU's share of the count held back. */
static uint64_t kernel_memory(void)
{
	FILE *f = fopen("/proc/sys/vm/stat_refresh", "r");
	uint64_t sum = 0, kib;
	char line[128];

	if (f) {
		while (fgets(line, sizeof(line), f))
			;
		fclose(f);
	}
	f = fopen("/proc/meminfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %" SCNu64, &kib) == 1 ||
		    sscanf(line, "VmallocUsed: %" SCNu64, &kib) == 1)
			sum += kib * 1024;
	if (f)
		fclose(f);
	return sum;
}

/* Bytes of kernel memory that a file takes on which @len was walked, both ways, once. */
static uint64_t memory_for(const uint8_t *start, uint64_t len)
{
	int fd[OPENERS], i, n;
	uint64_t before, after;
	char ask[80];

	n = snprintf(ask, sizeof(ask), "%d %p 0x%" PRIx64, getpid(), (const void *)start, len);
	before = kernel_memory();
	for (i = 0; i < OPENERS; i++) {
		fd[i] = open(WALK, O_RDWR | O_CLOEXEC);
		if (fd[i] < 0)
			err(2, WALK);
		walk_range(fd[i], 0, start, len, 0);
		/* The text answer begun, and not ended where it is longer than this. */
		if (write(fd[i], ask, n) != n || read(fd[i], records, 4096) <= 0)
			err(2, WALK);
	}
	after = kernel_memory();
	for (i = 0; i < OPENERS; i++)
		close(fd[i]);
	return after > before ? (after - before) / OPENERS : 0;
}

static void print_memory(void)
{
	static const uint64_t len[] = { PAGE, MIB, GIB, 64 * GIB };
	uint8_t *span = reserve(64 * GIB, GIB);
	uint64_t at;
	size_t i;

	/* A page each 2 MiB of the first GiB, each 64 MiB of the rest: many runs. */
	for (at = 0; at < 64 * GIB; at += at < GIB ? 2 * MIB : 64 * MIB)
		span[at] = 1;
	memory_for(span, PAGE); /* what the caches keep */
	printf("\"memory\":[");
	for (i = 0; i < sizeof(len) / sizeof(len[0]); i++)
		printf("%s{\"range\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", i ? "," : "", len[i],
		       memory_for(span, len[i]));
	printf("]");
	munmap(span, 64 * GIB);
}

static void print_measure(size_t nr)
{
	const struct measure *m = &measures[nr];
	int i;

	printf("%s{\"name\":\"%s\",\"unit\":\"%s\",\"what\":\"%s\",\"units\":%" PRIu64,
	       nr ? "," : "", m->name, m->unit, m->what, m->units);
	if (absent[nr]) {
		printf(",\"absent\":\"this kernel has none: it came with 6.7\"}");
		return;
	}
	printf(",\"ns\":[");
	for (i = 0; i < ROUNDS; i++)
		printf("%s%.2f", i ? "," : "", ns_of[nr][i]);
	printf("]}");
}

int main(void)
{
	struct utsname uts;
	cpu_set_t cpu;
	int round, fd;
	size_t i;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	uname(&uts);
	walk_fd = open(WALK, O_RDWR | O_CLOEXEC);
	if (walk_fd < 0)
		err(2, WALK);
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap_fd < 0)
		err(2, "pagemap");
	fd = open(LINEAR, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%" PRIu64, PAGES) < 0)
		err(2, LINEAR);
	close(fd);
	records = mmap(NULL, RECORDS * 40, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (records == MAP_FAILED)
		err(2, "mmap");
	make_memory();
	other = fork();
	if (!other) {
		for (;;)
			pause();
	}

	/* Round -1 is for the caches. */
	for (round = -1; round < ROUNDS; round++) {
		for (i = 0; i < NR_MEASURES; i++) {
			uint64_t ns = absent[i] ? 0 : measures[i].run();

			absent[i] = !ns;
			if (round >= 0)
				ns_of[i][round] = (double)ns / measures[i].units;
		}
	}

	printf("{\"release\":\"%s\",\"rounds\":%d,\"pages\":%" PRIu64 ",\"runs\":%" PRIu64
	       ",\"runs_scattered\":%" PRIu64 ",\"measures\":[",
	       uts.release, ROUNDS, PAGES, runs_flat, runs_scattered);
	for (i = 0; i < NR_MEASURES; i++)
		print_measure(i);
	printf("],");
	print_memory();
	printf("}\n");
	kill(other, SIGKILL);
	return 0;
}
