// SPDX-License-Identifier: GPL-2.0
#include "witness/judge.h"

#include <inttypes.h>
#include <stdio.h>

#include "env/pagemap.h"
#include "pt/text.h"
#include "witness/entries.h"

#define BASE_PAGE 4096ULL

/* --- module ------------------------------------------------------------------------------ */

/* Do the two forms of the module's answer agree?  If not, *where is where they differ. */
static bool forms_agree(const struct module_answer *a, const struct expected_pages *x,
			uint64_t *where)
{
	const struct verify_pte_walk *info = a->info, *raw_info = a->raw_info;
	const struct entries both = {
		.fmt = a->fmt,
		.levels = info->levels,
		.pa_mask = info->pa_mask,
		.start = x->start,
		.end = x->end,
		.runs = a->runs,
		.nr_runs = a->nr_runs,
		.raws = a->raws,
		.nr_raws = a->nr_raws,
	};

	*where = both.start;
	return info->root_pa == raw_info->root_pa && info->levels == raw_info->levels &&
	       info->pa_mask == raw_info->pa_mask && entries_match(&both, where);
}

/* Counts the pages; returns the first run that is not as expected, or NULL. */
static const struct verify_pte_run *
count_pages(const struct module_answer *a, const struct expected_pages *x, struct page_counts *c)
{
	const uint32_t want = x->user ? PT_USER : 0;
	const struct verify_pte_run *odd = NULL;
	size_t i;

	*c = (struct page_counts){ 0 };
	for (i = 0; i < a->nr_runs; i++) {
		const struct verify_pte_run *r = &a->runs[i];
		const bool present = r->kind == PT_LEAF;

		if (present && r->rights & PT_USER)
			c->user += r->len / BASE_PAGE;
		else if (present)
			c->supervisor += r->len / BASE_PAGE;
		if (!odd && (!present || (r->rights & PT_USER) != want))
			odd = r;
	}
	/* A page that is in no run has lost its VMA, and counts as absent, as a hole does. */
	c->absent = (x->end - x->start) / BASE_PAGE - c->user - c->supervisor;
	return odd;
}

static void explain_odd(const struct module_answer *a, bool user, const struct verify_pte_run *odd,
			struct err *err)
{
	if (!odd)
		err_why(err, "the process no longer maps them");
	else if (odd->kind != PT_LEAF)
		err_why(err, "first 0x%llx: no page there (%s at %s)",
			(unsigned long long)odd->vaddr, pt_kind_name(odd->kind),
			pt_level_name(a->info->levels, odd->level));
	else if (user)
		err_why(err, "first 0x%llx: _PAGE_USER is clear at %s",
			(unsigned long long)odd->vaddr,
			odd->no_user_levels ? pt_level_name(a->info->levels,
							    31 - __builtin_clz(odd->no_user_levels))
					    : "no level that the module names");
	else
		err_why(err, "first 0x%llx: _PAGE_USER is set at every level",
			(unsigned long long)odd->vaddr);
	err_fix(err,
		user ? "if this kernel takes _PAGE_USER away on purpose, say --expect supervisor"
		     : "a stock kernel leaves user pages user pages; say --expect user");
}

/*
 * How many pages are not of the requested page size.  They are mapped at another level than the one
 * that the run is meant to verify, so the run must not pass.
 */
static uint64_t other_size(const struct module_answer *a, const struct expected_pages *x,
			   uint64_t total, struct err *err)
{
	const struct entries all = { .fmt = a->fmt, .runs = a->runs, .nr_runs = a->nr_runs };
	uint64_t where = 0, other = entries_other_size(&all, x->page_size, &where);

	if (!other)
		return 0;
	err_what(err, "%" PRIu64 " of %" PRIu64 " base pages are mapped by another page size",
		 other, total);
	err_why(err, "first 0x%" PRIx64 ": 0x%" PRIx64 " was asked for", where, x->page_size);
	err_fix(err, "see transparent_hugepage and hugepages in /sys/kernel/mm; run it again");
	return other;
}

void judge_module(const struct module_answer *a, const struct expected_pages *x,
		  struct page_counts *c, struct testimony *t, struct err *err)
{
	const uint64_t total = (x->end - x->start) / BASE_PAGE;
	const struct verify_pte_run *odd = count_pages(a, x, c);
	const uint64_t good = x->user ? c->user : c->supervisor;
	uint64_t where, other;

	t->unit = x->user ? "pages user" : "pages supervisor";
	t->answered = forms_agree(a, x, &where);
	if (!t->answered) {
		err_what(err, "the module contradicts itself");
		err_why(err, "runs and raw entries differ at 0x%" PRIx64, where);
		err_fix(err, "the mapping changed meanwhile, or this is a bug in verify_pte");
		testimony_give(t, STATUS_FAIL, total, 1, err->why);
		return;
	}
	if (odd || c->absent) {
		err_what(err, "%" PRIu64 " of %" PRIu64 " pages are not %s pages", total - good,
			 total, x->user ? "user" : "supervisor");
		explain_odd(a, x->user, odd, err);
		testimony_give(t, STATUS_FAIL, total, total - good, err->why);
		return;
	}
	other = other_size(a, x, total, err);
	if (other) {
		testimony_give(t, STATUS_UNVERIFIED, total - other, 0, err->why);
		t->to_judge = t->total = total;
		return;
	}
	testimony_give(t, STATUS_PASS, total, 0, NULL);
}

/* --- pagemap ----------------------------------------------------------------------------- */

bool pagemap_hides(const uint64_t *map, uint64_t nr)
{
	uint64_t i;

	for (i = 0; i < nr; i++)
		if (pagemap_pa(map[i]))
			return false;
	return true;
}

/* Compares frame by frame, and describes the first difference in @err. */
static uint64_t compare_pagemap(const struct frames *process, const uint64_t *map, uint64_t pages,
				struct err *err)
{
	uint64_t bad = 0, covered = 0, i;
	size_t n;

	for (n = 0; n < process->nr; n++) {
		const struct verify_pte_run *r = &process->runs[n];

		const uint64_t from = (r->vaddr - process->base) / BASE_PAGE;

		covered += r->len / BASE_PAGE;
		for (i = from; i < from + r->len / BASE_PAGE && i < pages; i++) {
			uint64_t page = process->base + i * BASE_PAGE;
			bool present = pt_has_frame(r->kind);
			uint64_t pa = present ? r->pa + (page - r->vaddr) : 0;

			if (present == pagemap_present(map[i]) &&
			    (!present || pa == pagemap_pa(map[i])))
				continue;
			if (!bad++)
				err_why(err,
					"page 0x%" PRIx64 ": module 0x%" PRIx64
					"%s, pagemap 0x%" PRIx64 "%s",
					page, pa, present ? "" : " (absent)", pagemap_pa(map[i]),
					pagemap_present(map[i]) ? "" : " (absent)");
		}
	}
	/* Pages that are in no run count as different, and so do pages beyond the buffer. */
	return bad + (covered > pages ? covered - pages : pages - covered);
}

void judge_pagemap(const struct frames *process, const uint64_t *map, uint64_t pages,
		   struct testimony *t, struct err *err)
{
	const uint64_t bad = compare_pagemap(process, map, pages, err);

	t->answered = true;
	testimony_give(t, bad ? STATUS_FAIL : STATUS_PASS, pages, bad, err->why);
	if (!bad)
		return;
	err_what(err, "%" PRIu64 " of %" PRIu64 " frames differ between module and pagemap", bad,
		 pages);
	err_fix(err, "pages moved meanwhile, or this is a bug in verify_pte");
}

/* --- IOMMU ------------------------------------------------------------------------------- */

struct odd_arg {
	struct odd_pages *odd;
	const struct translation *iommu;
	uint64_t base;
};

static void add_odd(uint64_t offset, uint64_t pa_process, uint64_t pa_iommu, void *arg)
{
	const struct odd_arg *a = arg;
	const char *bdf = a->iommu->bdf;
	char process[24] = "no frame", iommu[24] = "no frame", text[sizeof(a->odd->first)];
	const uint64_t vaddr = a->base + offset;

	if (pa_process != FRAME_NONE)
		snprintf(process, sizeof(process), "0x%" PRIx64, pa_process);
	if (pa_iommu != FRAME_NONE)
		snprintf(iommu, sizeof(iommu), "0x%" PRIx64, pa_iommu);
	snprintf(text, sizeof(text),
		 "page 0x%" PRIx64 ", IOVA 0x%" PRIx64 "%s%s: process %s, IOMMU %s", vaddr,
		 a->iommu->iova + offset, bdf ? " of " : "", bdf ? bdf : "", process, iommu);
	if (!a->odd->nr++)
		snprintf(a->odd->first, sizeof(a->odd->first), "%s", text);
	if (a->odd->each)
		a->odd->each(text, vaddr, a->odd->arg);
}

void judge_translation(const struct frames *process, const struct translation *iommu, uint64_t size,
		       struct odd_pages *odd)
{
	const struct frames has = { iommu->runs, iommu->nr, iommu->iova };
	struct odd_arg arg = { odd, iommu, process->base };

	frames_compare(process, &has, size, add_odd, &arg);
}

void judge_iommu(const struct odd_pages *odd, uint64_t pages, struct testimony *t, struct err *err)
{
	t->answered = true;
	testimony_give(t, odd->nr ? STATUS_FAIL : STATUS_PASS, pages, odd->nr, odd->first);
	if (!odd->nr)
		return;
	err_what(err, "%" PRIu64 " of %" PRIu64 " frames differ between process and IOMMU", odd->nr,
		 pages);
	err_why(err, "first %s", odd->first);
	err_fix(err, "the device reaches other memory than the process: do not let it run");
}

enum status judge_stale(const struct odd_pages *odd, uint64_t pages, struct testimony *t,
			struct err *err)
{
	if (!odd->nr)
		return STATUS_PASS;
	err_what(err,
		 "stale DMA: %" PRIu64 " of %" PRIu64
		 " pages have another frame in the process than in the IOMMU by now",
		 odd->nr, pages);
	err_why(err, "first %s", odd->first);
	err_fix(err,
		"what changed the mapping of the process (madvise, fork, mremap, a hole punched) must unmap it for the device before");
	testimony_differs(t, odd->nr, err->why);
	return STATUS_FAIL;
}

/* --- device DMA and interrupts ------------------------------------------------------------ */

void judge_dma(const struct dma_seen *seen, const char *why, struct testimony *t)
{
	t->answered = true;
	testimony_give(t, seen->bad ? STATUS_FAIL : STATUS_PASS, seen->compared, seen->bad, why);
	t->to_judge = seen->asked;
	t->total = seen->total;
}

void judge_interrupts(unsigned int kinds, unsigned int tried, enum status status, const char *why,
		      struct testimony *t)
{
	t->answered = true;
	testimony_give(t, status, tried, status == STATUS_FAIL, why);
	t->to_judge = t->total = kinds;
}
