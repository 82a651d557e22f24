/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Walks a page table from outside of the machine that it belongs to. */
#ifndef QEMU_WALK_H
#define QEMU_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"
#include "qemu/ram_map.h"

#define QEMU_TABLE 512 /* entries of one table */

/*
 * Reads the table at a physical address: 0 or a negative errno, -EFAULT where
 * the machine has no memory there.
 */
typedef int (*qemu_read_table_fn)(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE]);

/*
 * The tables of one root.  Keeps the last table of each level, as a walk in ascending order returns
 * to no other.
 */
struct qemu_tables {
	const struct pt_fmt *fmt;
	qemu_read_table_fn read;
	void *ctx;
	const struct ram_map *ram; /* only RAM is read, as reading a device may change it */
	uint64_t root_pa;
	uint32_t levels; /* 4 or 5 */

	uint64_t nr_read; /* tables read */
	bool keep;	  /* remember what was read, for qemu_tables_reread() */
	struct qemu_seen *seen;
	size_t nr_seen, room;
	bool cached[PT_MAX_LEVELS];
	uint64_t cached_pa[PT_MAX_LEVELS];
	uint64_t entries[PT_MAX_LEVELS][QEMU_TABLE];
};

/* A table that was read, and a checksum without the bits that change in passing. */
struct qemu_seen {
	uint64_t pa;
	uint64_t sum;
};

struct qemu_step {
	uint32_t level;
	uint32_t index;
	uint64_t table_pa;
	uint64_t entry;
};

/* One address, from the root down to the entry at which the walk ends. */
struct qemu_walk {
	uint32_t nr;			      /* steps */
	struct qemu_step step[PT_MAX_LEVELS]; /* [0] is the root's */
	enum pt_kind kind;		      /* of the last entry; if PT_TABLE, see lost_pa */
	bool reserved;	  /* it ended at an entry with reserved bits, on which the CPU faults */
	uint64_t lost_pa; /* the next table, which is not in memory */
	uint64_t pa;	  /* of the base page; 0 without a frame */
	struct pt_effective eff;
};

/* All bits of an entry that can belong to an address, whatever a report says. */
static inline uint64_t qemu_pa_field(const struct pt_fmt *fmt)
{
	return fmt->pa(0, ~0ULL, ~0ULL);
}

/*
 * Walks down to @va, through entries that are present tables, by the whole address field of the
 * architecture.  -EFAULT if the root is not in memory, -ERANGE if it is not the address of a table,
 * or what the reader returned.
 */
int qemu_walk(struct qemu_tables *t, uint64_t va, struct qemu_walk *out);

/*
 * Reads all tables again that were read with keep.  *changed is how many differ now, *first the
 * address of the first one.  Returns 0, or what the reader returned.
 */
int qemu_tables_reread(struct qemu_tables *t, size_t *changed, uint64_t *first);

void qemu_tables_free(struct qemu_tables *t);

static inline const struct qemu_step *qemu_walk_last(const struct qemu_walk *w)
{
	return &w->step[w->nr - 1];
}

#endif /* QEMU_WALK_H */
