// SPDX-License-Identifier: GPL-2.0
/* The module's answers against what pagemap says */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"

static const char *const state_name[] = { "empty", "present", "swapped" };

static void check_want(const struct mem *m, const struct verify_pte_run *r)
{
	uint64_t from = r->vaddr - ARENA;
	unsigned int i;

	for (i = 0; i < m->nr_want; i++) {
		const struct want *w = &m->want[i];

		if (from < w->from || from + r->len > w->to)
			continue;
		if (r->kind != w->kind || r->level != w->level || r->rights != w->rights)
			fail("0x%llx: %s, level %u, rights %x; must be %s, level %d, rights %x",
			     r->vaddr, kind_words[r->kind], r->level, r->rights,
			     kind_words[w->kind], w->level, w->rights);
		return;
	}
	if (m->nr_want)
		fail("0x%llx of 0x%llx bytes is not all of one part", r->vaddr, r->len);
}

static void check_run(const struct mem *m, const struct answer *a, const struct verify_pte_run *r)
{
	const bool framed = r->kind == PT_LEAF || r->kind == PT_PROTNONE || r->kind == PT_INVALID;
	unsigned int no_user = 0;

	if (r->kind >= PT_NR_KINDS || r->kind == PT_TABLE || !r->len || r->vaddr % PAGE ||
	    r->len % PAGE || r->pa % PAGE || r->reserved || r->level >= a->info.levels) {
		fail("run 0x%llx len 0x%llx kind %u pa 0x%llx level %u", r->vaddr, r->len, r->kind,
		     r->pa, r->level);
		return;
	}
	if (!framed) {
		if (r->pa || r->rights || r->no_user_levels)
			fail("0x%llx: %s with a frame or rights", r->vaddr, kind_words[r->kind]);
		return;
	}
	/* A huge page lies in its frame as it lies in memory. */
	if ((r->pa ^ r->vaddr) & ((PAGE << 9 * r->level) - 1))
		fail("0x%llx: frame 0x%llx at level %u", r->vaddr, r->pa, r->level);
	/* Linux takes USER away from no table of user memory. */
	if (!(r->rights & PT_USER))
		no_user = 1 << r->level;
	if (r->no_user_levels != no_user)
		fail("0x%llx: levels 0x%x without USER, not 0x%x", r->vaddr, r->no_user_levels,
		     no_user);
	check_want(m, r);
}

/* Two runs that follow each other are not one in two halves. */
static void check_joined(const struct verify_pte_run *a, const struct verify_pte_run *b)
{
	/* Accessed, dirty, soft-dirty may differ; the frame's bits do. */
	const uint64_t same = ~(0x000ffffffffff000ULL | 1 << 5 | 1 << 6 | 1 << 11);
	const bool framed = a->kind == PT_LEAF || a->kind == PT_PROTNONE;

	if (a->vaddr + a->len != b->vaddr || a->kind != b->kind)
		return;
	if (a->kind == PT_NONE || (framed && a->level == b->level && a->rights == b->rights &&
				   a->pa + a->len == b->pa && !((a->entry ^ b->entry) & same)))
		fail("0x%llx and 0x%llx are one run", a->vaddr, b->vaddr);
}

/* The answer in the terms of pagemap, page by page, where pagemap has a say */
static void reduce(const struct answer *a, const struct spans *vmas, struct spans *out)
{
	size_t i, v;

	for (i = 0; i < a->nr; i++) {
		const struct verify_pte_run *r = &a->r[i];
		const int state = r->kind == PT_NONE	 ? EMPTY
				  : r->kind == PT_ABSENT ? SWAPPED
							 : PRESENT;
		uint64_t in_vmas = 0;

		for (v = 0; v < vmas->nr; v++) {
			uint64_t start = vmas->s[v].va, end = start + vmas->s[v].len;

			if (start < r->vaddr)
				start = r->vaddr;
			if (end > r->vaddr + r->len)
				end = r->vaddr + r->len;
			if (start >= end)
				continue;
			in_vmas += end - start;
			if (vmas->s[v].state == ORDINARY)
				spans_add(out, start, end - start, state,
					  r->pa + (start - r->vaddr));
		}
		if (in_vmas != r->len)
			fail("0x%llx: 0x%llx bytes, of which 0x%" PRIx64 " are in a VMA", r->vaddr,
			     r->len, in_vmas);
	}
}

static void compare(const struct spans *answer, const struct spans *oracle)
{
	static const struct span end = { .va = UINT64_MAX };
	size_t i;

	for (i = 0; i < answer->nr || i < oracle->nr; i++) {
		const struct span *a = i < answer->nr ? &answer->s[i] : &end;
		const struct span *o = i < oracle->nr ? &oracle->s[i] : &end;

		if (a->va == o->va && a->len == o->len && a->state == o->state && a->pa == o->pa)
			continue;
		fail("module: 0x%" PRIx64 " len 0x%" PRIx64 " %s pa 0x%" PRIx64, a->va, a->len,
		     state_name[a->state], a->pa);
		fail("kernel: 0x%" PRIx64 " len 0x%" PRIx64 " %s pa 0x%" PRIx64, o->va, o->len,
		     state_name[o->state], o->pa);
		return;
	}
}

/* The counts that came with the answer are those of its runs. */
static void check_counts(const struct answer *a)
{
	uint64_t pages[PT_NR_KINDS] = { 0 };
	unsigned int kind;
	size_t i;

	for (i = 0; i < a->nr; i++)
		pages[a->r[i].kind] += a->r[i].len / PAGE;
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (a->pages[kind] != pages[kind])
			fail("counts %" PRIu64 " pages of kind %s, gives %" PRIu64, a->pages[kind],
			     kind_words[kind], pages[kind]);
}

/* For single pages: the oracle's word on just those */
static struct spans cut_out(const struct spans *oracle, const struct answer *a)
{
	struct spans out = { 0 };
	size_t i, n;

	for (n = 0; n < a->nr; n++)
		for (i = 0; i < oracle->nr; i++) {
			const struct span *s = &oracle->s[i];
			uint64_t va = a->r[n].vaddr;

			if (va >= s->va && va < s->va + s->len)
				spans_add(&out, va, PAGE, s->state, s->pa + (va - s->va));
		}
	return out;
}

const struct way ways[NR_WAYS] = {
	{ "runs, one call", ask_all, true, false },
	{ "runs, three a call", ask_three, true, false },
	{ "raw, one call", ask_raw, false, false },
	{ "raw, five a call", ask_raw_five, false, false },
	{ "text of the range", ask_text, true, false },
	{ "text of one address", ask_levels, false, true },
};

static void check_answer(const struct mem *m, const struct way *way, const struct answer *a,
			 const struct spans *vmas, const struct spans *oracle)
{
	struct spans got = { 0 }, sample = { 0 };
	size_t i;

	for (i = 0; i < a->nr; i++) {
		check_run(m, a, &a->r[i]);
		if (i && way->joined)
			check_joined(&a->r[i - 1], &a->r[i]);
	}
	if (failed)
		return;
	check_counts(a);
	reduce(a, vmas, &got);
	if (way->sampled)
		sample = cut_out(oracle, a);
	compare(&got, way->sampled ? &sample : oracle);
	spans_free(&got);
	spans_free(&sample);
}

/* What pagemap says now; false if that is another thing than before. */
static bool update_oracle(struct mem *m, const struct spans *vmas)
{
	struct spans now = { 0 };
	bool same;

	read_pagemap(m, vmas, &now);
	same = spans_equal(&now, &m->oracle);
	spans_free(&m->oracle);
	m->oracle = now;
	if (m->present != ANY && spans_pages(&now, PRESENT) != m->present)
		fail("pagemap: %" PRIu64 " pages present, not %" PRIu64, spans_pages(&now, PRESENT),
		     m->present);
	return same;
}

/*
 * Pages may move under us (compaction): pagemap is read before and after, and
 * the question asked again if the two differ.  That a walk faults nothing in is
 * in the count of present pages, which each kind of memory knows beforehand.
 */
void check_way(struct mem *m, const struct way *way)
{
	struct spans vmas = read_vmas(m->pid, m->va, m->len), io = { 0 };
	struct answer a = { .fd = module_open(WALK, O_RDWR) };
	int try = 0;

	if (m->io_pa) /* known beforehand, whatever pagemap leaves out */
		vmas.s[0].state = ORDINARY;
	if (!m->oracle.nr)
		update_oracle(m, &vmas);
	do {
		a.nr = 0;
		memset(a.pages, 0, sizeof(a.pages));
		memset(&a.info, 0, sizeof(a.info));
		way->ask(m, &vmas, &a);
	} while (!update_oracle(m, &vmas) && !failed && ++try < 5);
	if (try == 5)
		fail("pagemap is never the same before and after");
	if (m->io_pa)
		spans_add(&io, m->va, m->len, PRESENT, m->io_pa);
	if (!failed)
		check_answer(m, way, &a, &vmas, m->io_pa ? &io : &m->oracle);
	close(a.fd);
	free(a.r);
	spans_free(&io);
	spans_free(&vmas);
}
