// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as the tables of an IOMMU, from the root register on.  Whatever they are, the walk
 * ends, reads inside of pages, and its runs follow each other without a gap up to where it ends.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_io_find.h"
#include "fmt/pt_io_runs.h"

#define TABLES	  8
#define RAM	  0x100000ULL
#define CAP	  7
#define MAX_CALLS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static __u64 ram[TABLES][PT_IO_ENTRIES];

static int read_ram(void *arg, __u64 pa, __u64 *words, __u32 nr)
{
	const __u64 at = pa - RAM;

	(void)arg;
	if (!nr || pa % 8 || pa / 4096 != (pa + nr * 8ULL - 1) / 4096)
		abort();
	if (pa < RAM || at >= sizeof(ram))
		return -EIO;
	memcpy(words, (char *)ram + at, nr * 8);
	return 0;
}

static void check(const struct pt_io_walk *w, __u64 start)
{
	__u64 at = start;
	__u32 i;

	for (i = 0; i < w->nr; i++) {
		const struct pt_io_run *r = &w->runs[i];

		if (r->iova != at || !r->len || r->len % 4096 || r->rights & ~PT_IO_RIGHTS ||
		    (r->kind != PT_NONE && r->kind != PT_LEAF && r->kind != PT_ABSENT) ||
		    (r->kind != PT_LEAF && (r->pa || r->rights)))
			abort();
		at += r->len;
	}
	if (at != w->addr || w->addr > w->end || w->depth > PT_IO_MAX_LEVELS)
		abort();
}

static void walk(const struct pt_io_mem *mem, const struct pt_io_space *space, __u64 start)
{
	static __u64 table[PT_IO_ENTRIES];
	struct pt_io_run runs[CAP];
	struct pt_io_walk w = {
		.space = space,
		.mem = mem,
		.pa_mask = PT_IO_ADDR,
		.table = table,
		.runs = runs,
		.cap = CAP,
		.addr = start & ~0xfffULL,
		.end = ~0xfffULL,
	};
	unsigned int calls = 0;
	int ret = 0;

	while (!ret && w.addr < w.end && calls < MAX_CALLS) {
		const __u64 from = w.addr;

		w.nr = 0;
		w.full = 0;
		while (!ret && !w.full && w.addr < w.end && calls++ < MAX_CALLS) {
			const __u64 before = w.addr;

			ret = pt_io_batch(&w);
			if (!ret && !w.full && w.addr == before)
				abort();
			if (ret && ret != -EIO && ret != -ELOOP && ret != -EBADMSG)
				abort();
		}
		check(&w, from);
	}
	if (w.retries)
		abort();
}

/* The register, a requester id, where the walk begins; then words of the memory with their places
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pt_io_mem mem = { .read = read_ram };
	struct pt_io_found found;
	uint64_t head[3];
	struct {
		uint16_t place;
		uint64_t word;
	} __attribute__((packed)) put;
	size_t at;
	int ret;

	if (size < sizeof(head))
		return 0;
	memcpy(head, data, sizeof(head));
	memset(ram, 0, sizeof(ram));
	for (at = sizeof(head); size - at >= sizeof(put); at += sizeof(put)) {
		memcpy(&put, data + at, sizeof(put));
		/* Every other word leads to one of the tables. */
		if (put.place & 0x8000)
			put.word =
				(put.word & ~PT_IO_ADDR) | (RAM + (put.word >> 12) % TABLES * 4096);
		ram[put.place / PT_IO_ENTRIES % TABLES][put.place % PT_IO_ENTRIES] = put.word;
	}
	/* Most registers would lead out of RAM. */
	head[0] = (head[0] & 0xfff) | (RAM + (head[0] >> 12) % TABLES * 4096);
	ret = head[1] & 0x10000 ? pt_amd_find(&mem, head[0], head[1] & 0xffff, &found)
				: pt_vtd_find(&mem, head[0], head[1] & 0xffff, &found);
	if (found.nr > PT_IO_WORDS || (!ret && found.space.levels > PT_IO_MAX_LEVELS))
		abort();
	if (!ret)
		walk(&mem, &found.space, head[2]);
	return 0;
}
