// SPDX-License-Identifier: GPL-2.0
/* Kinds of memory: ranges with holes in them, swapped out, of a device, or high up */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

/* VMAs with holes between them, whose edges lie inside of tables at each level */
void make_holes(struct mem *m)
{
	char *p;

	p = map_anon(5 * PAGE, 5 * PAGE, RW);
	p[1 * PAGE] = p[3 * PAGE] = 1;
	want(m, 5 * PAGE, 10 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	look_at(map_anon(13 * PAGE, 7 * PAGE, PROT_READ), 7 * PAGE);
	want(m, 13 * PAGE, 20 * PAGE, PT_LEAF, 0, PT_USER);
	touch(map_anon(MIB2 - 2 * PAGE, 5 * PAGE, RW), 5 * PAGE);
	want(m, MIB2 - 2 * PAGE, MIB2 + 3 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	map_anon(2 * MIB2, PAGE, PROT_NONE);
	touch(map_anon(GIB - 2 * PAGE, 5 * PAGE, RW), 5 * PAGE);
	want(m, GIB - 2 * PAGE, GIB + 3 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	/* Two VMAs under one empty entry of a PUD, with a hole between */
	map_anon(2 * GIB + 8 * MIB2, 3 * PAGE, RW);
	map_anon(2 * GIB + 9 * MIB2, 3 * PAGE, RW);
	touch(map_anon(3 * GIB + 7 * PAGE, PAGE, RW), PAGE);
	want(m, 3 * GIB + 7 * PAGE, 3 * GIB + 8 * PAGE, PT_LEAF, 0, PT_USER | PT_WRITE);
	m->len = 3 * GIB + 32 * PAGE;
	m->present = 2 + 7 + 5 + 5 + 1;
}

/* Asked from the middle of one VMA to the middle of another */
void make_cut(struct mem *m)
{
	make_holes(m);
	m->va = ARENA + MIB2 - PAGE;
	m->len = GIB + PAGE - MIB2;
	m->present = 4 + 2;
}

/* A page in each of @nr parts of @distance bytes */
static char *sparse(struct mem *m, uint64_t nr, uint64_t distance)
{
	char *p = map_anon(0, nr * distance, RW);
	uint64_t i;

	for (i = 0; i < nr; i++)
		p[i * distance] = 1;
	m->len = nr * distance;
	m->present = nr;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
	return p;
}

void make_sparse(struct mem *m)
{
	sparse(m, 16, GIB);
}

/* More tables than the module reads in one go (256), most of them empty again */
void make_many_tables(struct mem *m)
{
	char *p = sparse(m, 400, MIB2);
	unsigned int i;

	for (i = 0; i < 400; i++)
		if (i % 8 && !madvise(p + i * MIB2, PAGE, MADV_DONTNEED))
			m->present--;
}

void make_swapped(struct mem *m)
{
	void *p = map_anon(0, 64 * PAGE, RW);
	char *swaps = read_path("/proc/swaps"), *first = strchr(swaps, '\n');
	bool has = first && first[1];
	struct spans vmas = { 0 }, pages = { 0 };
	uint64_t n;

	free(swaps);
	if (!has) {
		skip("no swap is on");
		return;
	}
	/* Contents of their own: a page of zeroes may take another way. */
	for (n = 0; n < 64; n++)
		memset((char *)p + n * PAGE, 'a' + n, PAGE);
	madvise(p, 64 * PAGE, MADV_PAGEOUT);
	m->len = 64 * PAGE;
	spans_add(&vmas, m->va, m->len, ORDINARY, 0);
	read_pagemap(m, &vmas, &pages);
	n = spans_pages(&pages, SWAPPED);
	m->present = spans_pages(&pages, PRESENT);
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
	if (!n)
		skip("the kernel swapped none of 64 pages out");
	spans_free(&vmas);
	spans_free(&pages);
}

/* BAR 0 of the device for tests: an entry, and no struct page behind it */
void make_device(struct mem *m)
{
	const char *bdf = getenv("BDF");
	char path[96], *text;
	uint64_t start, end;
	int fd;

	if (!bdf) {
		skip("no test device: BDF is not set");
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
	text = read_path(path);
	if (sscanf(text, "0x%" SCNx64 " 0x%" SCNx64, &start, &end) != 2 || !start) {
		free(text);
		skip("%s: no BAR 0", path);
		return;
	}
	free(text);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	m->len = end + 1 - start;
	if (fd < 0 || !map_at(ARENA, m->len, RW, MAP_SHARED, fd))
		skip("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	m->io_pa = start;
	m->present = 0;
	want(m, 0, m->len, PT_LEAF, 0, PT_USER | PT_WRITE);
}

/* Over the edge between the 47 bits of four levels and what five add */
void make_high(struct mem *m)
{
	char *p = map_at(HIGH - 2 * PAGE, 5 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!p) {
		skip("no address past 47 bits: %s", cpu_has("la57") ? strerror(errno) : "no LA57");
		return;
	}
	m->map_va = HIGH - 2 * PAGE;
	m->map_len = 5 * PAGE;
	p[PAGE] = p[2 * PAGE] = p[4 * PAGE] = 1;
	m->va = HIGH - 16 * GIB;
	m->len = 32 * GIB;
	m->present = 3;
	want(m, m->map_va - ARENA, m->map_va + m->map_len - ARENA, PT_LEAF, 0, PT_USER | PT_WRITE);
}
