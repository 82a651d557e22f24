// SPDX-License-Identifier: GPL-2.0
/* A page table walked from outside of the machine that it belongs to. */
#include "qemu_walk.h"

#include <errno.h>

static int get_table(struct qemu_tables *t, uint32_t level, uint64_t pa, const uint64_t **out)
{
	int ret;

	if (!t->cached[level] || t->cached_pa[level] != pa) {
		t->cached[level] = false;
		ret = t->read(t->ctx, pa, t->entries[level]);
		if (ret)
			return ret;
		t->nr_read++;
		t->cached[level] = true;
		t->cached_pa[level] = pa;
	}
	*out = t->entries[level];
	return 0;
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
		pa = fmt->pa(level, s->entry, t->pa_mask);
	}
	/* level 0 has no kind PT_TABLE, so s is where it ended */
	if (pt_has_frame(out->kind) && s->level > fmt->max_leaf_level) {
		out->kind = PT_ABSENT; /* a reserved bit: the CPU faults on it */
		out->eff.rights = 0;
	}
	if (pt_has_frame(out->kind)) {
		in_page = va & (pt_size(fmt, s->level) - 1);
		in_page &= ~(pt_size(fmt, 0) - 1);
		out->pa = fmt->pa(s->level, s->entry, t->pa_mask) + in_page;
	}
	return 0;
}
