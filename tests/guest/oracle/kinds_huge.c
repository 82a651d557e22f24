// SPDX-License-Identifier: GPL-2.0
/* Kinds of memory: huge pages */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

/* "AnonHugePages" and the like of /proc/self/smaps in a range, in bytes */
static uint64_t smaps_sum(const char *field, uint64_t start, uint64_t len)
{
	char *text = read_path("/proc/self/smaps"), *line, *save;
	uint64_t sum = 0, from, to, kb;
	bool inside = false;
	char dash;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%" SCNx64 "%c%" SCNx64, &from, &dash, &to) == 3 && dash == '-')
			inside = from < start + len && to > start;
		else if (inside && !strncmp(line, field, strlen(field)) &&
			 sscanf(line + strlen(field), ": %" SCNu64, &kb) == 1)
			sum += kb * 1024;
	}
	free(text);
	return sum;
}

/* @len of transparent huge pages at the start of the arena, or a skip and NULL */
static char *map_thp(uint64_t len)
{
	char *p, *enabled;
	int try;

	for (try = 0; try < 4; try++) {
		p = map_at(ARENA, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (!p)
			bail_out("mmap: %s", strerror(errno));
		madvise(p, len, MADV_HUGEPAGE);
		touch(p, len);
		if (smaps_sum("AnonHugePages", ARENA, len) != len)
			madvise(p, len, MADV_COLLAPSE);
		if (smaps_sum("AnonHugePages", ARENA, len) == len)
			return p;
		munmap(p, len);
		write_path("/proc/sys/vm/compact_memory", "1");
	}
	enabled = read_path("/sys/kernel/mm/transparent_hugepage/enabled");
	enabled[strcspn(enabled, "\n")] = '\0';
	skip("the kernel gives no transparent huge page (enabled: %s)", enabled);
	free(enabled);
	return NULL;
}

void make_thp(struct mem *m)
{
	if (map_thp(3 * MIB2))
		want_all(m, 3 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

/* A range that begins and ends inside of huge pages */
void make_thp_part(struct mem *m)
{
	if (!map_thp(2 * MIB2))
		return;
	want_all(m, 2 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
	m->va = ARENA + MIB2 - 5 * PAGE;
	m->len = 12 * PAGE;
	m->present = 12;
}

void make_thp_prot_none(struct mem *m)
{
	char *p = map_thp(2 * MIB2);

	if (!p)
		return;
	mprotect(p, 2 * MIB2, PROT_NONE);
	want_all(m, 2 * MIB2, PT_PROTNONE, 1, 0);
}

/* One base page of the first of two made read-only: that one is split */
void make_thp_split(struct mem *m)
{
	char *p = map_thp(2 * MIB2);

	if (!p)
		return;
	mprotect(p + 5 * PAGE, PAGE, PROT_READ);
	m->len = 2 * MIB2;
	m->present = m->len / PAGE;
	want(m, 0, 5 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, 5 * PAGE, 6 * PAGE, PT_LEAF, 0, PT_USER);
	want(m, 6 * PAGE, MIB2, PT_LEAF, 0, PT_USER | PT_WRITE);
	want(m, MIB2, 2 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

/* @nr huge pages of @size from the pool, which is filled up first; or a skip */
static char *map_hugetlb(uint64_t va, uint64_t size, unsigned int nr)
{
	char pool[96], text[24], *p;
	uint64_t i;

	snprintf(pool, sizeof(pool),
		 "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", size / 1024);
	if (access(pool, F_OK)) {
		skip("this CPU or kernel has no huge pages of %" PRIu64 " MiB", size >> 20);
		return NULL;
	}
	if (read_number(pool) < nr) {
		snprintf(text, sizeof(text), "%u", nr);
		write_path(pool, text);
	}
	if (read_number(pool) < nr) {
		skip("no %u huge pages of %" PRIu64
		     " MiB to be had: boot with hugepagesz= hugepages=",
		     nr, size >> 20);
		return NULL;
	}
	p = map_at(va, nr * size, RW,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			   (size == GIB ? MAP_HUGE_1GB : MAP_HUGE_2MB),
		   -1);
	if (!p)
		bail_out("mmap of huge pages of 0x%" PRIx64 ": %s", size, strerror(errno));
	for (i = 0; i < nr; i++)
		p[i * size] = 1;
	return p;
}

void make_hugetlb_2m(struct mem *m)
{
	if (map_hugetlb(ARENA, MIB2, 3))
		want_all(m, 3 * MIB2, PT_LEAF, 1, PT_USER | PT_WRITE);
}

void make_hugetlb_2m_prot_none(struct mem *m)
{
	char *p = map_hugetlb(ARENA, MIB2, 2);

	if (!p)
		return;
	mprotect(p, 2 * MIB2, PROT_NONE);
	want_all(m, 2 * MIB2, PT_PROTNONE, 1, 0);
}

/* Behind the arena, and kept: it takes seconds to clear. */
static bool make_gigantic(struct mem *m, int prot)
{
	static char *p;

	if (!p)
		p = map_hugetlb(ARENA + ARENA_SIZE, GIB, 1);
	if (!p)
		return false;
	mprotect(p, GIB, prot);
	m->va = ARENA + ARENA_SIZE;
	m->len = GIB;
	m->present = GIB / PAGE;
	if (prot == PROT_NONE)
		want(m, ARENA_SIZE, ARENA_SIZE + GIB, PT_PROTNONE, 2, 0);
	else
		want(m, ARENA_SIZE, ARENA_SIZE + GIB, PT_LEAF, 2, PT_USER | PT_WRITE);
	return true;
}

void make_hugetlb_1g(struct mem *m)
{
	make_gigantic(m, RW);
}

void make_hugetlb_1g_part(struct mem *m)
{
	if (!make_gigantic(m, RW))
		return;
	m->va += 5 * MIB2 + 7 * PAGE;
	m->len = 600 * PAGE;
	m->present = 600;
}

void make_hugetlb_1g_prot_none(struct mem *m)
{
	make_gigantic(m, PROT_NONE);
}
