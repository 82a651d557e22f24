/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Ranges of IOVAs as runs, and one IOVA level by level: what pt_io_walk.h finds, table by table.
 */
#ifndef PT_IO_RUNS_H
#define PT_IO_RUNS_H

#include "pt_io_walk.h"

#define PT_IO_TRIES 16 /* of one table, where its path changes each time */

/* Adds a run at w->addr, or joins it to the last one.  Returns 0 if there is no room. */
static inline int pt_io_add(struct pt_io_walk *w, const struct pt_io_run *add, __u64 volatile_mask)
{
	struct pt_io_run *last = w->nr ? &w->runs[w->nr - 1] : (void *)0;
	int joins = last && last->kind == add->kind && last->iova + last->len == w->addr;

	if (joins && add->kind == PT_LEAF)
		joins = last->level == add->level && last->rights == add->rights &&
			last->page_shift == add->page_shift && last->pa + last->len == add->pa &&
			!((last->entry ^ add->entry) & ~volatile_mask & ~PT_IO_ADDR);
	if (joins && add->kind == PT_ABSENT)
		joins = last->entry == add->entry;
	w->full = !joins && w->nr == w->cap;
	if (w->full)
		return 0;
	if (joins)
		last->len += add->len;
	else
		w->runs[w->nr++] = *add;
	w->addr += add->len;
	return 1;
}

/* How many entries of @level the next @len bytes touch */
static inline __u32 pt_io_touched(const struct pt_io_walk *w, __u32 level, __u64 len)
{
	const __u32 shift = pt_shift(w->space->fmt, level);

	return (((w->addr & ((1ULL << shift) - 1)) + len - 1) >> shift) + 1;
}

/*
 * How many entries from @e on, @nr at most, can be told as one: pages that follow each other, one
 * page that several entries map, or equal entries that map none
 */
static inline __u32 pt_io_follow(const struct pt_io_walk *w, __u32 level, const __u64 *e, __u32 nr)
{
	const struct pt_fmt *fmt = w->space->fmt;
	const __u64 step = fmt->step(level, *e);
	__u64 next = *e, keep = ~0ULL, max = nr;
	__u32 i;

	if (fmt->kind(level, *e) == PT_LEAF) {
		keep = ~fmt->volatile_mask;
		/* Up to the end of the page, or as long as the address fits into its bits. */
		if (step)
			max = (PT_IO_ADDR + 0x1000 - (*e & PT_IO_ADDR)) >> pt_shift(fmt, level);
		else
			max = pt_io_touched(w, level, pt_io_left(w, pt_leaf_shift(fmt, level, *e)));
	}
	for (i = 1; i < nr && i < max; i++) {
		next += step;
		if ((e[i] ^ next) & keep)
			break;
	}
	return i;
}

/* Records the entries that were copied, up to one that leads to a table or that is refused. */
static inline void pt_io_record(struct pt_io_walk *w, __u32 level, __u32 nr)
{
	const struct pt_fmt *fmt = w->space->fmt;
	__u32 i = 0, n;

	while (i < nr) {
		const __u64 entry = w->table[i], within = w->addr & (pt_size(fmt, level) - 1);
		struct pt_io_run run = { .iova = w->addr, .entry = entry, .level = level };

		run.kind = fmt->kind(level, entry);
		if (run.kind == PT_TABLE || fmt->malformed(level, entry))
			return;
		n = pt_io_follow(w, level, &w->table[i], nr - i);
		/* The entries of a table of level 5 cover more than 64 bits can count. */
		if (n == nr - i)
			run.len = pt_io_left(w, pt_shift(fmt, level + 1));
		else
			run.len = ((__u64)n << pt_shift(fmt, level)) - within;
		if (run.kind == PT_LEAF) {
			run.pa = pt_frame(fmt, level, entry, w->addr, w->pa_mask);
			run.rights = w->upper & fmt->rights(level, entry);
			run.page_shift = pt_leaf_shift(fmt, level, entry);
		}
		if (!pt_io_add(w, &run, fmt->volatile_mask))
			return;
		i += n;
	}
}

/* What no table is read for: nothing is mapped, or everything is mapped to itself. */
static inline void pt_io_plain(struct pt_io_walk *w, __u32 level, __u64 entry, __u64 len)
{
	struct pt_io_run run = {
		.iova = w->addr, .len = len, .entry = entry, .level = level, .kind = PT_NONE
	};

	if (w->space->kind == PT_IO_PASS) {
		run.kind = PT_LEAF;
		run.pa = w->addr;
		run.rights = w->space->rights;
	}
	pt_io_add(w, &run, 0);
}

/*
 * One descent for w->addr.  Copies the rest of the last table into w->table, and returns how many
 * entries, or 0 for an entry to a table that does not cover w->addr, or an error.
 */
static inline int pt_io_look(struct pt_io_walk *w)
{
	const struct pt_fmt *fmt = w->space->fmt;
	struct pt_io_step *last;
	int ret = pt_io_descend(w);
	__u32 nr;

	if (ret)
		return ret;
	last = &w->path[w->depth - 1];
	if (fmt->kind(last->level, last->entry) == PT_TABLE)
		return 0;
	nr = pt_io_touched(w, last->level, pt_io_left(w, pt_shift(fmt, last->level + 1)));
	ret = pt_io_copy(w, last, w->table, nr);
	return ret ? ret : (int)nr;
}

/*
 * Answers from w->addr on, as far as one table goes.  Who wants the levels of one IOVA asks about
 * its page, and finds them in w->path.  Returns 0, also where the buffer is full (w->full); the
 * caller goes on while w->addr < w->end.  Or
 *	-EIO		the table of w->level for w->addr is not in RAM
 *	-ELOOP		it is a table of an upper level too
 *	-EBADMSG	the hardware refuses the entry of w->level for w->addr
 *	-EAGAIN		the tables changed each time that they were looked at
 */
static inline int pt_io_batch(struct pt_io_walk *w)
{
	const struct pt_fmt *fmt = w->space->fmt;
	const int table = w->space->kind == PT_IO_TABLE;
	const __u32 bits = table ? pt_shift(fmt, w->space->levels) : 0;
	struct pt_io_step *last;
	__u32 tries;
	int ret;

	w->full = 0;
	w->depth = 0;
	if (!table || (bits < 64 && w->addr >> bits)) {
		pt_io_plain(w, 0, 0, w->end - w->addr);
		return 0;
	}
	for (tries = 0; tries < PT_IO_TRIES; tries++) {
		if (tries)
			w->retries++;
		ret = pt_io_look(w);
		if (!pt_io_same_path(w, ret > 0 ? w->depth - 1 : w->depth))
			continue;
		if (ret < 0)
			return ret;
		last = &w->path[w->depth - 1];
		if (!ret) {
			pt_io_plain(w, last->level, last->entry,
				    pt_io_left(w, pt_shift(fmt, last->level)));
			return 0;
		}
		/* The copy has the last entry too, which was read before it. */
		last->entry = w->table[0];
		if (fmt->kind(last->level, last->entry) == PT_TABLE ||
		    fmt->malformed(last->level, last->entry))
			continue;
		pt_io_record(w, last->level, ret);
		return 0;
	}
	return -EAGAIN;
}

#endif /* PT_IO_RUNS_H */
