// SPDX-License-Identifier: GPL-2.0
#include "witness/entries.h"

#define BASE_PAGE 4096ULL

/*
 * Are the runs sorted, of whole pages, without overlap, and within the range?  If they are not,
 * their addresses must not be used as indexes.
 */
static bool runs_in_order(const struct entries *e, uint64_t *where)
{
	uint64_t at = e->start;
	size_t i;

	for (i = 0; i < e->nr_runs; i++) {
		const struct verify_pte_run *r = &e->runs[i];

		*where = r->vaddr;
		if (r->vaddr < at || r->vaddr >= e->end || !r->len || r->len > e->end - r->vaddr ||
		    r->vaddr % BASE_PAGE || r->len % BASE_PAGE)
			return false;
		at = r->vaddr + r->len;
	}
	return true;
}

/* The run that contains @at, searched from @r on; NULL: there is none. */
static const struct verify_pte_run *run_at(const struct entries *e, const struct verify_pte_run *r,
					   uint64_t at)
{
	const struct verify_pte_run *end = e->runs + e->nr_runs;

	while (r < end && at >= r->vaddr + r->len)
		r++;
	return r < end && at >= r->vaddr ? r : NULL;
}

bool entries_match(const struct entries *e, uint64_t *where)
{
	uint32_t upper[PT_MAX_LEVELS + 1];
	const struct verify_pte_run *r = e->runs;
	uint64_t at = e->start;
	size_t i;

	if (e->levels > PT_MAX_LEVELS || !runs_in_order(e, where))
		return false;
	upper[e->levels] = PT_RIGHTS_ALL;
	for (i = 0; i < e->nr_raws; i++) {
		const struct verify_pte_entry *raw = &e->raws[i];
		uint64_t size, pa, len;

		*where = raw->vaddr;
		if (raw->level >= e->levels || raw->kind != e->fmt->kind(raw->level, raw->entry))
			return false;
		size = pt_size(e->fmt, raw->level);
		pa = e->fmt->pa(raw->level, raw->entry, e->pa_mask);
		len = size - (raw->vaddr & (size - 1));
		upper[raw->level] = upper[raw->level + 1] & e->fmt->rights(raw->level, raw->entry);
		if (raw->kind == PT_TABLE)
			continue;
		if (raw->vaddr != at || at >= e->end)
			return false;
		if (len > e->end - at)
			len = e->end - at;
		r = run_at(e, r, at);
		if (!r || raw->kind != r->kind)
			return false;
		/* A page is never split between runs.  A hole may extend past the end of a VMA. */
		if (raw->kind == PT_LEAF &&
		    (r->vaddr + r->len - at < len ||
		     r->pa + (at - r->vaddr) != pa + (at & (size - 1)) ||
		     r->rights != upper[raw->level] || r->level != raw->level))
			return false;
		at += len;
	}
	*where = at;
	return at == e->end;
}

uint64_t entries_other_size(const struct entries *e, uint64_t page_size, uint64_t *where)
{
	uint64_t other = 0;
	size_t i;

	for (i = 0; i < e->nr_runs; i++) {
		const struct verify_pte_run *r = &e->runs[i];

		if (r->kind != PT_LEAF || pt_size(e->fmt, r->level) == page_size)
			continue;
		if (!other)
			*where = r->vaddr;
		other += r->len / BASE_PAGE;
	}
	return other;
}
