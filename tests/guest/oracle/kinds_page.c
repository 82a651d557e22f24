// SPDX-License-Identifier: GPL-2.0
/* Kinds of memory: base pages */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle.h"

void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd)
{
	void *p = mmap((void *)va, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	return p == (void *)va ? p : NULL;
}

/* Anonymous memory in base pages at an offset of the arena; never NULL */
void *map_anon(uint64_t offset, uint64_t len, int prot)
{
	void *p =
		map_at(ARENA + offset, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (!p)
		bail_out("mmap at 0x%" PRIx64 ": %s", ARENA + offset, strerror(errno));
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

void touch(void *p, uint64_t len)
{
	volatile char *byte = p;
	uint64_t i;

	for (i = 0; i < len; i += PAGE)
		byte[i] = 1;
}

void look_at(const void *p, uint64_t len)
{
	const volatile char *byte = p;
	uint64_t i;

	for (i = 0; i < len; i += PAGE)
		(void)byte[i];
}

void want(struct mem *m, uint64_t from, uint64_t to, int kind, int level, unsigned int rights)
{
	m->want[m->nr_want++] = (struct want){ from, to, kind, level, rights };
}

/* All of [0, len) of the arena alike, and all present */
void want_all(struct mem *m, uint64_t len, int kind, int level, unsigned int rights)
{
	m->len = len;
	m->present = len / PAGE;
	want(m, 0, len, kind, level, rights);
}

void make_anon(struct mem *m)
{
	touch(map_anon(0, 16 * PAGE, RW), 16 * PAGE);
	want_all(m, 16 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

void make_anon_rwx(struct mem *m)
{
	touch(map_anon(0, 4 * PAGE, RW | PROT_EXEC), 4 * PAGE);
	want_all(m, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE | PT_EXEC);
}

void make_memfd(struct mem *m)
{
	int fd = memfd_create("oracle", MFD_CLOEXEC);
	void *p;

	if (fd < 0 || ftruncate(fd, 8 * PAGE) || !(p = map_at(ARENA, 8 * PAGE, RW, MAP_SHARED, fd)))
		bail_out("memfd: %s", strerror(errno));
	close(fd);
	touch(p, 8 * PAGE);
	want_all(m, 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* This program's file: its pages are in the page cache, and shared. */
static void make_file(struct mem *m, int prot, unsigned int rights)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t len;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		bail_out("/proc/self/exe: %s", strerror(errno));
	len = st.st_size & ~(PAGE - 1);
	p = map_at(ARENA, len, prot, MAP_PRIVATE, fd);
	close(fd);
	if (!p)
		bail_out("/proc/self/exe: mmap: %s", strerror(errno));
	look_at(p, len);
	want_all(m, len, PT_LEAF, 0, rights);
}

void make_file_read(struct mem *m)
{
	make_file(m, PROT_READ, PT_USER);
}

void make_file_exec(struct mem *m)
{
	make_file(m, PROT_READ | PROT_EXEC, PT_USER | PT_EXEC);
}

void make_untouched(struct mem *m)
{
	map_anon(0, 600 * PAGE, RW);
	m->len = 600 * PAGE;
	m->present = 0;
}

void make_zero_page(struct mem *m)
{
	look_at(map_anon(0, 6 * PAGE, RW), 6 * PAGE);
	want_all(m, 6 * PAGE, PT_LEAF, 0, PT_USER);
}

void make_read_only(struct mem *m)
{
	void *p = map_anon(0, 6 * PAGE, RW);

	touch(p, 6 * PAGE);
	mprotect(p, 6 * PAGE, PROT_READ);
	want_all(m, 6 * PAGE, PT_LEAF, 0, PT_USER);
}

void make_prot_none(struct mem *m)
{
	void *p = map_anon(0, 700 * PAGE, RW);

	touch(p, 700 * PAGE);
	mprotect(p, 700 * PAGE, PROT_NONE);
	want_all(m, 700 * PAGE, PT_PROTNONE, 0, 0);
}

void make_prot_none_untouched(struct mem *m)
{
	map_anon(0, 5 * PAGE, PROT_NONE);
	m->len = 5 * PAGE;
	m->present = 0;
}

/* Some present, some not: pages 0 2 4 ..., a run each */
void every_other(struct mem *m, unsigned int pages)
{
	char *p = map_anon(0, pages * PAGE, RW);
	unsigned int i;

	for (i = 0; i < pages; i += 2)
		p[i * PAGE] = 1;
	m->len = pages * PAGE;
	m->present = pages / 2;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
}

void make_every_other(struct mem *m)
{
	every_other(m, 1000);
}

void make_pkey(struct mem *m)
{
	void *p = map_anon(0, 4 * PAGE, RW);
	int key = pkey_alloc(0, 0);

	if (key < 0) {
		skip("no protection keys: %s", strerror(errno));
		return;
	}
	touch(p, 4 * PAGE);
	/* A key that is not freed here: the pages keep it. */
	if (pkey_mprotect(p, 4 * PAGE, RW, key))
		fail("pkey_mprotect: %s", strerror(errno));
	/* Until 6.1 mprotect() leaves private pages unwritable, up to the next write. */
	touch(p, 4 * PAGE);
	want_all(m, 4 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
}
