// SPDX-License-Identifier: GPL-2.0
/* Walks a page table from outside of the machine that it belongs to. */
#include "qemu/walk.h"

#include <errno.h>
#include <stdlib.h>

/* 64-bit FNV-1a over the words, without the bits that are set in passing. */
static uint64_t table_sum(const struct pt_fmt *fmt, const uint64_t *entries)
{
	uint64_t sum = 0xcbf29ce484222325ULL, e;
	size_t i;

	for (i = 0; i < QEMU_TABLE; i++) {
		e = entries[i];
		/* Level 0 gives rights to any present entry; each bit of a swap entry counts. */
		if (fmt->rights(0, e))
			e &= ~fmt->volatile_mask;
		sum = (sum ^ e) * 0x100000001b3ULL;
		sum ^= sum >> 32;
	}
	return sum;
}

static int keep_seen(struct qemu_tables *t, uint64_t pa, const uint64_t *entries)
{
	struct qemu_seen *more;

	if (t->nr_seen == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		more = realloc(t->seen, t->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->seen = more;
	}
	t->seen[t->nr_seen++] = (struct qemu_seen){ pa, table_sum(t->fmt, entries) };
	return 0;
}

int qemu_tables_reread(struct qemu_tables *t, size_t *changed, uint64_t *first)
{
	uint64_t entries[QEMU_TABLE];
	size_t i;
	int ret;

	*changed = 0;
	for (i = 0; i < t->nr_seen; i++) {
		ret = t->read(t->ctx, t->seen[i].pa, entries);
		if (ret)
			return ret;
		if (table_sum(t->fmt, entries) == t->seen[i].sum)
			continue;
		if (!(*changed)++)
			*first = t->seen[i].pa;
	}
	return 0;
}

void qemu_tables_free(struct qemu_tables *t)
{
	free(t->seen);
	t->seen = NULL;
	t->nr_seen = t->room = 0;
}

static int get_table(struct qemu_tables *t, uint32_t level, uint64_t pa, const uint64_t **out)
{
	int ret;

	if (!t->cached[level] || t->cached_pa[level] != pa) {
		t->cached[level] = false;
		if (!ram_map_has(t->ram, pa, sizeof(t->entries[level])))
			return -EFAULT;
		ret = t->read(t->ctx, pa, t->entries[level]);
		if (ret)
			return ret;
		ret = t->keep ? keep_seen(t, pa, t->entries[level]) : 0;
		if (ret)
			return ret;
		t->nr_read++;
		t->cached[level] = true;
		t->cached_pa[level] = pa;
	}
	*out = t->entries[level];
	return 0;
}

/* Does the CPU refuse this leaf, for its level or an address that its size does not divide? */
static bool is_reserved(const struct pt_fmt *fmt, uint32_t level, uint64_t entry)
{
	/* The lowest bit of a huge leaf's address is its memory type, PAT. */
	uint64_t low = (pt_size(fmt, level) - 1) & qemu_pa_field(fmt) & ~pt_size(fmt, 0);

	return level > fmt->max_leaf_level ||
	       (level && fmt->kind(level, entry) == PT_LEAF && entry & low);
}

int qemu_walk(struct qemu_tables *t, uint64_t va, struct qemu_walk *out)
{
	const struct pt_fmt *fmt = t->fmt;
	uint32_t level = t->levels;
	uint64_t pa = t->root_pa;
	const uint64_t *table;
	struct qemu_step *s = out->step;
	uint64_t in_page;
	int ret;

	if (pa & (pt_size(fmt, 0) - 1))
		return -ERANGE;
	*out = (struct qemu_walk){ .eff = PT_EFFECTIVE_INIT };
	while (level--) {
		ret = get_table(t, level, pa, &table);
		if (ret == -EFAULT && out->nr) {
			out->lost_pa = pa;
			return 0;
		}
		if (ret)
			return ret;
		s = &out->step[out->nr++];
		s->level = level;
		s->index = pt_index(fmt, level, va);
		s->table_pa = pa;
		s->entry = table[s->index];
		out->kind = fmt->kind(level, s->entry);
		pt_effective_add(fmt, &out->eff, level, s->entry);
		if (out->kind != PT_TABLE)
			break;
		pa = fmt->pa(level, s->entry, ~0ULL);
	}
	/* Level 0 has no kind PT_TABLE, so the walk ended at s. */
	if (pt_has_frame(out->kind) && is_reserved(fmt, s->level, s->entry)) {
		out->reserved = true;
		out->kind = PT_ABSENT;
		out->eff.rights = 0;
	}
	if (pt_has_frame(out->kind)) {
		in_page = va & (pt_size(fmt, s->level) - 1);
		in_page &= ~(pt_size(fmt, 0) - 1);
		out->pa = fmt->pa(s->level, s->entry, ~0ULL) + in_page;
	}
	return 0;
}
