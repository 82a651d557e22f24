// SPDX-License-Identifier: GPL-2.0
/* Spans of pages: what pagemap says, and what an answer comes down to */
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

/* Joins what is alike, so that two lists of the same pages are the same list. */
void spans_add(struct spans *l, uint64_t va, uint64_t len, int state, uint64_t pa)
{
	struct span *last = l->nr ? &l->s[l->nr - 1] : NULL;

	if (state != PRESENT)
		pa = 0;
	if (last && last->va + last->len == va && last->state == state &&
	    (state != PRESENT || last->pa + last->len == pa)) {
		last->len += len;
		return;
	}
	l->s = grow(l->s, l->nr, &l->room, sizeof(*l->s));
	l->s[l->nr++] = (struct span){ va, len, pa, state };
}

void spans_free(struct spans *l)
{
	free(l->s);
	*l = (struct spans){ 0 };
}

bool spans_equal(const struct spans *a, const struct spans *b)
{
	size_t i;

	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (a->s[i].va != b->s[i].va || a->s[i].len != b->s[i].len ||
		    a->s[i].pa != b->s[i].pa || a->s[i].state != b->s[i].state)
			return false;
	return true;
}

uint64_t spans_pages(const struct spans *l, int state)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (l->s[i].state == state)
			pages += l->s[i].len / PAGE;
	return pages;
}

struct spans read_vmas(pid_t pid, uint64_t start, uint64_t len)
{
	char path[64], *text, *line, *save;
	struct spans vmas = { 0 };

	snprintf(path, sizeof(path), "/proc/%d/maps", pid ? pid : getpid());
	text = read_path(path);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t from, to;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
			bail_out("%s: what is \"%s\"?", path, line);
		if (from < start)
			from = start;
		if (to > start + len)
			to = start + len;
		/* VM_PFNMAP, which pagemap leaves out: vvar, a device's memory */
		if (from < to)
			spans_add(&vmas, from, to - from,
				  strstr(line, "[vvar") || strstr(line, "/resource") ? SPECIAL
										     : ORDINARY,
				  0);
	}
	free(text);
	return vmas;
}

/* Documentation/admin-guide/mm/pagemap.rst: bit 63 present, 62 swapped, 54:0 frame */
void read_pagemap(const struct mem *m, const struct spans *vmas, struct spans *out)
{
	static uint64_t entry[1 << 16];
	char path[64];
	size_t i, n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", m->pid ? m->pid : getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail_out("%s: %s", path, strerror(errno));
	spans_free(out);
	for (i = 0; i < vmas->nr; i++) {
		uint64_t va = vmas->s[i].va, end = va + vmas->s[i].len;

		while (vmas->s[i].state == ORDINARY && va < end) {
			size_t nr = (end - va) / PAGE;

			if (nr > ARRAY_SIZE(entry))
				nr = ARRAY_SIZE(entry);
			if (pread(fd, entry, nr * 8, va / PAGE * 8) != (ssize_t)(nr * 8))
				bail_out("%s at 0x%" PRIx64 ": short read", path, va);
			for (n = 0; n < nr; n++, va += PAGE)
				spans_add(out, va, PAGE,
					  entry[n] >> 63       ? PRESENT
					  : entry[n] >> 62 & 1 ? SWAPPED
							       : EMPTY,
					  (entry[n] & ((1ULL << 55) - 1)) * PAGE);
		}
	}
	close(fd);
}
