/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A memory with random tables of an IOMMU in it, and what a naive walk makes of each page.  The
 * naive walk decodes by itself, from the words of the specifications that pt_vtd_second.h,
 * pt_vtd_first.h and pt_amd.h name.
 */
#ifndef KSTUB_IO_SIM_H
#define KSTUB_IO_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "fmt/pt_io_find.h"
#include "fmt/pt_io_runs.h"

#define IO_TABLES  400
#define IO_ENTRIES 512
#define IO_PAGE	   4096ULL

enum io_format { IO_SECOND, IO_FIRST, IO_AMD };

struct io_sim {
	uint64_t seed;
	enum io_format format;
	uint32_t levels;
	/* Percent, but "bad", which is of 10,000 */
	uint32_t next;	/* an entry goes on where the one before ended */
	uint32_t table; /* in the level of 2 MiB; else a leaf or nothing */
	uint32_t bad;	/* an entry that the hardware refuses, a table that is in no RAM, a loop */
	uint64_t start, end;

	uint64_t ram_pa;
	bool used[IO_TABLES];
	uint32_t nr_tables, root;
	uint64_t next_leaf[5], path[PT_IO_MAX_LEVELS];

	uint64_t reads;
	void (*before_read)(struct io_sim *s, uint64_t pa, uint32_t nr);
};

/* What a page is; or what is wrong, with the level */
struct io_page {
	int err;
	uint32_t kind, level, shift, rights;
	uint64_t entry, pa;
};

/* Given by who links this: a number below @below; what to do with a difference */
uint64_t io_random(uint64_t below);
__attribute__((noreturn, format(printf, 1, 2))) void io_fail(const char *fmt, ...);

void io_build(struct io_sim *s);
void io_look(const struct io_sim *s, uint64_t iova, uint32_t rights, struct io_page *page);
uint64_t *io_slot(uint32_t table, uint32_t index);
/* The table that an entry points to; IO_TABLES where it is none */
uint32_t io_table_of(const struct io_sim *s, uint64_t entry);
/* Makes a table for an entry at @level, or a table of such, and gives the entry for it. */
uint64_t io_new_entry(struct io_sim *s, uint32_t level, uint64_t iova);
/* The table's memory belongs to somebody else from now on. */
void io_free_table(struct io_sim *s, uint32_t table);
bool io_is_table(const struct io_sim *s, uint32_t level, uint64_t entry);

/* The memory for the code under test; arg is the struct io_sim */
int io_read(void *arg, __u64 pa, __u64 *words, __u32 nr);

#define IO_POISON 0x000dead000000000ULL /* frames in tables that were freed */

#endif /* KSTUB_IO_SIM_H */
