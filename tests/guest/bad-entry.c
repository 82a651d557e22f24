// SPDX-License-Identifier: GPL-2.0
/*
 * Has tests/kmod/bad_entry write an entry that no kernel writes into this process's own page
 * table, and looks at what verify_pte makes of it: root, in the guest, both modules loaded.
 *
 *	bad-entry WHAT CHECK
 *
 * WHAT: pmd, pud or p4d, for an entry that points to a table outside of RAM; leaf, for a huge page
 * at a level that has none.  CHECK is one of the table below.
 *
 * The page before the slot is there, the slot itself is in a VMA in which nothing was touched.
 * Exit status 0 if the check holds; else 1, and a line on stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"

#define BAD	 "/sys/kernel/debug/bad_entry"
#define USER_END (UINT64_C(1) << 47)
#define RECORDS	 4096

/* 512 GiB, far beyond what the VM has; present, writable, user, accessed, dirty */
#define TABLE UINT64_C(0x8000000067)
#define LEAF  UINT64_C(0xe7) /* with the bit of the page size */

struct what {
	const char *name, *slot;
	unsigned int shift; /* log2 of what the slot covers */
	unsigned int level;
	uint64_t entry;
};

static const struct what whats[] = {
	{ "pmd", "pmd", 21, 1, TABLE },
	{ "pud", "pud", 30, 2, TABLE },
	{ "p4d", "p4d", 39, 3, TABLE },
	{ "leaf", "p4d", 39, 3, LEAF },
};

static const struct what *what;
static uint64_t slot; /* first address that it covers; the page before it is there */
static uint64_t slot_size;
static int bad_fd, walk_fd;
static union {
	struct verify_pte_run runs[RECORDS];
	struct verify_pte_entry raws[RECORDS];
} records;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

/* A touched page, then an untouched VMA around a slot of the same table. */
static void prepare(void)
{
	const uint64_t size = UINT64_C(1) << what->shift;
	void *area =
		mmap(NULL, 4 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *page;

	if (area == MAP_FAILED || madvise(area, 4 * size, MADV_NOHUGEPAGE))
		fail("no address space: %s", strerror(errno));
	slot_size = size;
	slot = ((uintptr_t)area + 2 * size - 1) & ~(size - 1);
	if (slot % (512 * size) == 0) /* the first of its table */
		slot += size;
	page = (void *)(uintptr_t)(slot - PAGE);
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		fail("mprotect: %s", strerror(errno));
	*(volatile char *)page = 1;
}

static void plant(void)
{
	char text[100];
	int n = snprintf(text, sizeof(text), "%s 0x%" PRIx64 " 0x%" PRIx64, what->slot, slot,
			 what->entry);

	bad_fd = open_file(BAD);
	if (write(bad_fd, text, n) != n)
		fail("%s: %s: %s", BAD, text, strerror(errno));
}

static struct verify_pte_walk question(uint64_t start, uint64_t end, uint32_t flags)
{
	memset(&records, 0xa5, sizeof(records));
	return (struct verify_pte_walk){
		.argsz = sizeof(struct verify_pte_walk),
		.flags = flags,
		.nr = RECORDS,
		.start = start,
		.len = end - start,
		.buf = (uintptr_t)&records,
		.next = 1,
	};
}

/* The call ends with EIO, next is the slot, and nothing else is written back. */
static void is_refused(struct verify_pte_walk w)
{
	const struct verify_pte_walk asked = w;

	if (!ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("from 0x%llx: no error: %u records, next 0x%llx", asked.start, w.nr, w.next);
	if (errno != EIO)
		fail("from 0x%llx: %s", asked.start, strerror(errno));
	if (w.next != slot)
		fail("from 0x%llx: next is 0x%llx, not 0x%" PRIx64, asked.start, w.next, slot);
	w.next = asked.next;
	if (memcmp(&w, &asked, sizeof(w)))
		fail("from 0x%llx: more than next was written back", asked.start);
}

/* The call answers up to the slot; going on with its answer is refused. */
static struct verify_pte_walk stops_before(struct verify_pte_walk w)
{
	struct verify_pte_walk rest;

	if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("from 0x%llx: %s", w.start, strerror(errno));
	if (w.next != slot || !w.answer || !w.nr)
		fail("from 0x%llx: %u records, next 0x%llx, answer %u", w.start, w.nr, w.next,
		     w.answer);
	rest = w;
	rest.len -= slot - w.start;
	rest.start = slot;
	rest.nr = RECORDS;
	is_refused(rest);
	return w;
}

/* Of runs: the last one is the page before the slot, and there is none of the slot. */
static void is_page_last(const struct verify_pte_walk *w)
{
	const struct verify_pte_run *last = &records.runs[w->nr - 1];

	if (last->vaddr + last->len != slot || last->kind != PT_LEAF || last->level)
		fail("the last run is 0x%llx+0x%llx, kind %u at level %u", last->vaddr, last->len,
		     last->kind, last->level);
}

static void check_one(void)
{
	is_refused(question(slot, slot + PAGE, 0));
	is_refused(question(slot, slot + PAGE, VERIFY_PTE_RAW));
}

static void check_runs(void)
{
	struct verify_pte_walk w = question(slot - PAGE, slot + slot_size, 0);

	if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("%s", strerror(errno));
	if (w.nr != 1 || w.pages[PT_LEAF] != 1 || w.pages[PT_NONE])
		fail("%u runs, %llu pages, %llu in holes", w.nr, w.pages[PT_LEAF],
		     w.pages[PT_NONE]);
	is_page_last(&w);
	stops_before(question(slot - PAGE, slot + slot_size, 0));
}

static void check_raw(void)
{
	struct verify_pte_walk w = question(slot - PAGE, slot + slot_size, VERIFY_PTE_RAW);
	const struct verify_pte_entry *last;

	if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("%s", strerror(errno));
	/* An entry that points to a table is an entry on the way; a bad leaf has no record. */
	last = &records.raws[w.nr - 1];
	if (w.nr != w.levels + (what->entry == TABLE))
		fail("%u entries, of %u levels", w.nr, w.levels);
	if (what->entry == TABLE && (last->vaddr != slot || last->entry != TABLE ||
				     last->level != what->level || last->kind != PT_TABLE))
		fail("the last entry is 0x%llx of 0x%llx, kind %u at level %u", last->entry,
		     last->vaddr, last->kind, last->level);
	last = &records.raws[w.levels - 1];
	if (last->vaddr != slot - PAGE || last->level || last->kind != PT_LEAF)
		fail("the page's entry is of 0x%llx, kind %u at level %u", last->vaddr, last->kind,
		     last->level);
	stops_before(question(slot - PAGE, slot + slot_size, VERIFY_PTE_RAW));
}

static void check_whole(void)
{
	struct verify_pte_walk w = question(0, USER_END, 0);

	w = stops_before(w);
	w = question(0, USER_END, 0);
	if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("%s", strerror(errno));
	is_page_last(&w);
	stops_before(question(0, USER_END, VERIFY_PTE_RAW));
}

/* Reads the answer to @request, which must end with EIO, and have these words in it. */
static void text_ends(const char *request, const char *before)
{
	static char text[1 << 20];
	char stopped[80];
	size_t len = 0;
	ssize_t n;

	if (write(walk_fd, request, strlen(request)) < 0)
		fail("%s: %s", request, strerror(errno));
	while ((n = read(walk_fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	if (!n || errno != EIO)
		fail("%s: ends with %s", request, n ? strerror(errno) : "no error");
	snprintf(stopped, sizeof(stopped),
		 "stopped at 0x%016" PRIx64 ": an entry that no kernel writes\n", slot);
	if (!strstr(text, before) || !strstr(text, stopped))
		fail("%s: lacks \"%s\" or \"%s\": %s", request, before, stopped, text);
	if (strstr(text, "complete:") || strstr(text, "effective:"))
		fail("%s: looks whole: %s", request, text);
}

static void check_text(void)
{
	char request[100], before[64];

	snprintf(request, sizeof(request), "0x%" PRIx64, slot);
	text_ends(request, "root 0x");
	snprintf(request, sizeof(request), "%d 0x%" PRIx64 " 0x%" PRIx64, getpid(), slot - PAGE,
		 PAGE + slot_size);
	snprintf(before, sizeof(before), "0x%016" PRIx64 "-0x%016" PRIx64 " page", slot - PAGE,
		 slot);
	text_ends(request, before);
	snprintf(request, sizeof(request), "%d 0 0x%" PRIx64, getpid(), USER_END);
	text_ends(request, before);
}

/* An empty slot again: a hole */
static void is_hole(void)
{
	struct verify_pte_walk w = question(slot, slot + slot_size, 0);

	if (ioctl(walk_fd, VERIFY_PTE_IOC_WALK, &w))
		fail("a slot that is empty again: %s", strerror(errno));
	if (w.nr != 1 || w.next != slot + slot_size || records.runs[0].kind != PT_NONE)
		fail("a slot that is empty again: %u runs, next 0x%llx", w.nr, w.next);
}

/* Also when it is munmap() before which it has to be taken out */
static void check_removed(void)
{
	close(bad_fd);
	is_hole();
	plant();
	if (munmap((void *)(uintptr_t)slot, slot_size))
		fail("munmap: %s", strerror(errno));
}

static void check_killed(void)
{
	raise(SIGKILL);
}

/* For vfio_test walk: says where, and holds it until stdin ends */
static void check_hold(void)
{
	char c;

	printf("%d 0x%" PRIx64 "\n", getpid(), slot);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static const struct {
	const char *name;
	void (*run)(void);
} checks[] = {
	{ "one", check_one },	    { "runs", check_runs }, { "raw", check_raw },
	{ "whole", check_whole },   { "text", check_text }, { "removed", check_removed },
	{ "killed", check_killed }, { "hold", check_hold },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(whats) / sizeof(whats[0]); i++)
		if (!strcmp(argv[1], whats[i].name))
			what = &whats[i];
	if (!what)
		fail("usage: bad-entry pmd|pud|p4d|leaf CHECK");
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(argv[2], checks[i].name))
			break;
	if (i == sizeof(checks) / sizeof(checks[0]))
		fail("%s: no such check", argv[2]);
	walk_fd = open_file(WALK);
	prepare();
	plant();
	checks[i].run();
	return 0;
}
