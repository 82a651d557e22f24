/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Walks the page table of an IOMMU in any format, without a lock.  Tables are copied by a callback,
 * and an entry counts only if the entries that led to its table are still the same afterwards.
 *
 * Drivers unlink a table before they free it.  So where the path from the root is the same before
 * and after, the table was copied while it was in use.  There is one exception: a table that was
 * freed and linked again in the same place between the two looks.  The caller must look again at
 * what it is going to call a difference.
 *
 * The caller compares the root itself: pt_io_find.h.
 */
#ifndef PT_IO_WALK_H
#define PT_IO_WALK_H

#include "pt_io.h"

#define PT_IO_ENTRIES 512 /* of a table */

/* Neighbouring pages with consecutive frames, of one size, with equal rights and flags */
struct pt_io_run {
	__u64 iova;
	__u64 len;	 /* bytes */
	__u64 pa;	 /* of iova; 0 where nothing is mapped */
	__u64 entry;	 /* that ended the walk at iova */
	__u8 level;	 /* of that entry */
	__u8 kind;	 /* enum pt_kind: PT_NONE, PT_LEAF or PT_ABSENT */
	__u8 rights;	 /* PT_IO_* over all levels */
	__u8 page_shift; /* PT_LEAF: log2 of the page size; 0: there is no page table */
	__u32 reserved;
};

/* An entry on the path from the root to the last table */
struct pt_io_step {
	__u64 table_pa, entry;
	__u32 index, level;
};

struct pt_io_walk {
	const struct pt_io_space *space;
	const struct pt_io_mem *mem;
	__u64 pa_mask; /* the address bits, without those that memory encryption takes */
	__u64 *table;  /* room for a table */
	struct pt_io_run *runs;
	__u32 cap; /* room in runs */
	__u32 nr;  /* runs that are filled */
	int full;
	__u64 addr, end; /* what is not answered yet; multiples of 4096 */

	/* Of the last descent: its path, and the level of the entry to which an error belongs. */
	struct pt_io_step path[PT_IO_MAX_LEVELS];
	__u32 depth, level;
	__u32 upper; /* rights of the levels above the last one */
	__u64 entries, descents, retries;
};

static inline int pt_io_copy(struct pt_io_walk *w, const struct pt_io_step *s, __u64 *words,
			     __u32 nr)
{
	w->entries += nr;
	return w->mem->read(w->mem->arg, s->table_pa + s->index * 8ULL, words, nr);
}

/* The bytes from w->addr on that are in one range of 2^shift, or less where the question ends */
static inline __u64 pt_io_left(const struct pt_io_walk *w, __u32 shift)
{
	const __u64 left = w->end - w->addr, size = shift < 64 ? 1ULL << shift : 0;
	const __u64 room = size - (w->addr & (size - 1));

	return size && room < left ? room : left;
}

/* Does the entry lead to a table that covers w->addr?  Skipped levels must have index 0. */
static inline int pt_io_leads(const struct pt_io_walk *w, const struct pt_io_step *s)
{
	const struct pt_fmt *fmt = w->space->fmt;
	const __u64 below = w->addr & (pt_size(fmt, s->level) - 1);
	__u32 next;

	if (fmt->kind(s->level, s->entry) != PT_TABLE)
		return 0;
	next = pt_next_level(fmt, s->level, s->entry);
	return !(below >> pt_shift(fmt, next + 1));
}

/*
 * From the root to the first entry that leads no further.  A table that is on its own path is no
 * table of anybody's: -ELOOP.  Each step is to a lower level, so there are as many as levels at
 * most.
 */
static inline int pt_io_descend(struct pt_io_walk *w)
{
	const struct pt_fmt *fmt = w->space->fmt;
	struct pt_io_step s = { .table_pa = w->space->root_pa & w->pa_mask,
				.level = w->space->levels - 1 };
	__u32 i;
	int ret;

	w->depth = 0;
	w->upper = w->space->rights;
	w->descents++;
	for (;;) {
		w->level = s.level;
		for (i = 0; i < w->depth; i++)
			if (w->path[i].table_pa == s.table_pa)
				return -ELOOP;
		s.index = pt_index(fmt, s.level, w->addr);
		ret = pt_io_copy(w, &s, &s.entry, 1);
		if (ret)
			return ret;
		w->path[w->depth++] = s;
		if (fmt->malformed(s.level, s.entry))
			return -EBADMSG;
		if (!pt_io_leads(w, &s))
			return 0;
		w->upper &= fmt->rights(s.level, s.entry);
		s.table_pa = fmt->pa(s.level, s.entry, w->pa_mask);
		s.level = pt_next_level(fmt, s.level, s.entry);
	}
}

/* Are the first @nr entries of the path as they were? */
static inline int pt_io_same_path(struct pt_io_walk *w, __u32 nr)
{
	const __u64 keep = ~w->space->fmt->volatile_mask;
	__u64 entry;
	__u32 i;

	for (i = 0; i < nr; i++)
		if (pt_io_copy(w, &w->path[i], &entry, 1) || (entry ^ w->path[i].entry) & keep)
			return 0;
	return 1;
}

#endif /* PT_IO_WALK_H */
