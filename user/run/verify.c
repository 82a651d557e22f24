// SPDX-License-Identifier: GPL-2.0
/* The witnesses of the page table: the module, and pagemap, which is compared with it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env/pagemap.h"
#include "pt/text.h"
#include "fmt/pt_x86.h"
#include "run/ask.h"
#include "run/asked.h"
#include "lib/text.h"

#define RUN_LINES 8 /* runs in the text; --verbose shows all */

static const struct pt_fmt *const fmt = &pt_x86;

enum status step_module(struct run *run)
{
	if (!run->mapping.nr) {
		err_set(&run->end.err, 0, "no page under DMA was verified", "",
			"boot with an IOMMU, and choose a back end that maps memory");
		err_why(&run->end.err, "%s maps none", run->target.vfio.be->name);
		return STATUS_UNVERIFIED;
	}
	if (run->opts->no_module) {
		err_set(&run->end.err, 0, "the module was not asked", "--no-module",
			"run without it to verify the page table");
		return STATUS_UNVERIFIED;
	}
	run->evidence.walk =
		verify_pte_open(run->mods, run->opts->module_path, VERIFY_PTE_WALK, &run->end.err);
	if (run->evidence.walk < 0)
		return STATUS_UNVERIFIED;
	run_detail(run, "verify_pte is loaded");
	return STATUS_PASS;
}

void undo_module(struct run *run)
{
	if (run->evidence.walk >= 0)
		close(run->evidence.walk);
	run->evidence.walk = -1;
}

/* Writes to JSON every level of the first page, and every entry that maps the buffer. */
static void tell_entries(struct run *run)
{
	const struct module_asked *own = run->own;
	struct json_object *walk = report_object(run->rep, "walk");
	struct json_object *tables = report_object(run->rep, "tables");
	struct json_object *list[PT_MAX_LEVELS] = { NULL };
	const struct verify_pte_entry *prev[PT_MAX_LEVELS] = { NULL };
	bool first = true;
	char hex[24];
	size_t i;

	if (run->rep->mode != REPORT_JSON)
		return;
	for (i = 0; i < own->nr_raws; i++) {
		const struct verify_pte_entry *e = &own->raws[i];
		const struct verify_pte_entry *p = prev[e->level];
		const char *level = pt_level_name(run->evidence.info.levels, e->level);
		struct json_object *obj;

		if (first) {
			obj = json_object_new_object();
			json_object_object_add(obj, "level", json_text(level));
			json_object_object_add(obj, "index", json_object_new_int(e->index));
			json_add_hex(obj, "table_pa", e->table_pa);
			json_add_hex(obj, "entry", e->entry);
			json_object_object_add(obj, "flags",
					       pt_flags_json(&own->fmt, e->level, e->entry));
			json_object_array_add(walk, obj);
			first = e->kind == PT_TABLE;
		}
		/* Each further answer of the module repeats the entries of upper levels. */
		if (p && p->table_pa == e->table_pa && p->entry == e->entry &&
		    p->vaddr >> pt_shift(fmt, e->level) == e->vaddr >> pt_shift(fmt, e->level))
			continue;
		if (!p || p->table_pa != e->table_pa || p->index + 1 != e->index) {
			obj = json_object_new_object();
			json_object_object_add(obj, "level", json_text(level));
			json_add_hex(obj, "table_pa", e->table_pa);
			json_add_hex(obj, "vaddr", e->vaddr);
			json_object_object_add(obj, "index", json_object_new_int(e->index));
			list[e->level] = json_object_new_array();
			json_object_object_add(obj, "entries", list[e->level]);
			json_object_array_add(tables, obj);
		}
		snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)e->entry);
		json_object_array_add(list[e->level], json_text(hex));
		prev[e->level] = e;
	}
}

static void tell_runs(struct run *run)
{
	struct json_object *pages = report_object(run->rep, "pages");
	struct json_object *runs = json_object_new_array();
	uint64_t base = (uintptr_t)run->mapping.buf;
	size_t i;

	json_object_object_add(pages, "total", json_object_new_uint64(run->opts->size / BASE_PAGE));
	json_object_object_add(pages, "user", json_object_new_uint64(run->evidence.pages.user));
	json_object_object_add(pages, "supervisor",
			       json_object_new_uint64(run->evidence.pages.supervisor));
	json_object_object_add(pages, "absent", json_object_new_uint64(run->evidence.pages.absent));
	json_object_object_add(pages, "runs", runs);
	for (i = 0; i < run->evidence.nr_runs; i++) {
		const struct verify_pte_run *r = &run->evidence.runs[i];
		struct json_object *obj;

		if (r->kind != PT_LEAF)
			continue;
		obj = json_object_new_object();
		json_add_hex(obj, "vaddr", r->vaddr);
		json_add_hex(obj, "iova", run->mapping.iovas[0] + (r->vaddr - base));
		json_add_hex(obj, "pa", r->pa);
		json_add_hex(obj, "len", r->len);
		json_add_hex(obj, "page_size", pt_size(fmt, r->level));
		json_object_object_add(obj, "user", json_object_new_boolean(r->rights & PT_USER));
		json_object_object_add(obj, "write", json_object_new_boolean(r->rights & PT_WRITE));
		json_object_object_add(obj, "exec", json_object_new_boolean(r->rights & PT_EXEC));
		json_object_array_add(runs, obj);
	}
}

/* " no_user_at PMD": the levels without _PAGE_USER; "" if every level has it */
static void no_user_text(const struct run *run, const struct verify_pte_run *r, char *buf,
			 size_t len)
{
	struct text text;
	int level;

	text_begin(&text, buf, len);
	for (level = PT_MAX_LEVELS - 1; level >= 0; level--)
		if (r->no_user_levels & 1U << level)
			text_add(&text, "%s %s", text.used ? "" : " no_user_at",
				 pt_level_name(run->evidence.info.levels, level));
}

static void show_walk(struct run *run)
{
	const struct module_asked *own = run->own;
	const struct verify_pte_walk *info = &run->evidence.info;
	char flags[PT_FLAGS_TEXT], no_user[48];
	size_t i;

	report_line(run->rep, "Root: 0x%llx, %u levels%s", (unsigned long long)info->root_pa,
		    info->levels,
		    info->features & VERIFY_PTE_PTI ? ", PTI (user half of the PGD)" : "");
	report_line(run->rep, "First page:");
	for (i = 0; i < own->nr_raws; i++) {
		const struct verify_pte_entry *e = &own->raws[i];

		pt_flags_text(&own->fmt, e->level, e->entry, flags, sizeof(flags));
		report_line(run->rep, "  %s index %3u table 0x%016llx entry 0x%016llx %s",
			    pt_level_name(info->levels, e->level), e->index,
			    (unsigned long long)e->table_pa, (unsigned long long)e->entry, flags);
		if (e->kind != PT_TABLE)
			break;
	}
	report_line(run->rep, "Runs of pages with equal rights and consecutive frames: %zu",
		    run->evidence.nr_runs);
	for (i = 0; i < run->evidence.nr_runs; i++) {
		const struct verify_pte_run *r = &run->evidence.runs[i];

		if (i == RUN_LINES && !run->rep->verbose) {
			report_line(run->rep, "  ... and %zu more; --verbose shows them",
				    run->evidence.nr_runs - i);
			break;
		}
		if (r->kind != PT_LEAF) {
			report_line(run->rep, "  0x%llx +0x%llx %s", (unsigned long long)r->vaddr,
				    (unsigned long long)r->len, pt_kind_name(r->kind));
			continue;
		}
		no_user_text(run, r, no_user, sizeof(no_user));
		report_line(run->rep, "  0x%llx +0x%llx pa 0x%llx %s %s %s %s%s",
			    (unsigned long long)r->vaddr, (unsigned long long)r->len,
			    (unsigned long long)r->pa, pt_page_size_text(fmt, r->level),
			    r->rights & PT_USER ? "user" : "supervisor",
			    r->rights & PT_WRITE ? "write" : "nowrite",
			    r->rights & PT_EXEC ? "exec" : "noexec", no_user);
	}
}

static enum status open_walk(struct run *run)
{
	if (run->evidence.walk >= 0)
		return STATUS_PASS;
	run_detail(run, "no answer from the module");
	return STATUS_UNVERIFIED;
}

static enum status no_answer(struct run *run, int ret)
{
	err_set(&run->end.err, -ret, "the module did not answer", strerror(-ret),
		"see dmesg; is the module of this version?");
	return STATUS_UNVERIFIED;
}

static const struct verify_pte_who own_pages = { 0 };

static enum status ask_runs(struct run *run, struct testimony *t)
{
	struct evidence *e = &run->evidence;
	struct module_asked *own = run->own;
	int ret = verify_pte_format(e->walk, &own->bits, &own->fmt);

	(void)t;
	if (!ret)
		ret = verify_pte_get(e->walk, own_pages, (uintptr_t)run->mapping.buf,
				     run->opts->size, VERIFY_PTE_RUNS, (void **)&e->runs,
				     &e->nr_runs, &e->info);
	return ret ? no_answer(run, ret) : STATUS_PASS;
}

static enum status ask_entries(struct run *run)
{
	struct module_asked *own = run->own;
	int ret = verify_pte_get(run->evidence.walk, own_pages, (uintptr_t)run->mapping.buf,
				 run->opts->size, VERIFY_PTE_ENTRIES, (void **)&own->raws,
				 &own->nr_raws, &own->raw_info);

	return ret ? no_answer(run, ret) : STATUS_PASS;
}

static void judge_answer(struct run *run, struct testimony *t)
{
	const struct module_asked *own = run->own;
	const uint64_t vaddr = (uintptr_t)run->mapping.buf;
	const struct module_answer answer = {
		.fmt = fmt,
		.info = &run->evidence.info,
		.raw_info = &own->raw_info,
		.runs = run->evidence.runs,
		.nr_runs = run->evidence.nr_runs,
		.raws = own->raws,
		.nr_raws = own->nr_raws,
	};
	const struct expected_pages expected = {
		.start = vaddr,
		.end = vaddr + run->opts->size,
		.page_size = run->opts->page_size,
		.user = run->opts->expect_user,
	};

	judge_module(&answer, &expected, &run->evidence.pages, t, &run->end.err);
}

static void tell_module(struct run *run, const struct testimony *t)
{
	struct json_object *mapping = report_object(run->rep, "mapping");
	const struct verify_pte_walk *info = &run->evidence.info;
	const struct page_counts *pages = &run->evidence.pages;
	const struct module_asked *own = run->own;
	const uint64_t total = run->opts->size / BASE_PAGE;

	json_add_hex(mapping, "root_pa", info->root_pa);
	json_object_object_add(mapping, "levels", json_object_new_int(info->levels));
	json_object_object_add(mapping, "pti",
			       json_object_new_boolean(info->features & VERIFY_PTE_PTI));
	json_add_hex(mapping, "kernel_root_pa", info->kernel_root_pa);
	json_add_hex(mapping, "pa_mask", info->pa_mask);
	json_object_object_add(mapping, "bits", pt_bits_json(&own->fmt));
	tell_runs(run);
	tell_entries(run);
	show_walk(run);
	run_detail(run, "%" PRIu64 " user, %" PRIu64 " supervisor, %" PRIu64 " absent of %" PRIu64,
		   pages->user, pages->supervisor, pages->absent, total);
	if (t->step == STATUS_PASS)
		report_ok(run->rep,
			  "_PAGE_USER: %s on %" PRIu64 " of %" PRIu64
			  " pages, over all levels, %" PRIu64 " ns a page",
			  run->opts->expect_user ? "set" : "clear", total, total, t->ns);
}

static void close_module(struct run *run)
{
	struct module_asked *own = run->own;

	free(run->evidence.runs);
	run->evidence.runs = NULL;
	free(own->raws);
	own->raws = NULL;
}

const struct asker ask_module = {
	.id = WITNESS_MODULE,
	.open = open_walk,
	.ask = ask_runs,
	.ask_more = ask_entries,
	.judge = judge_answer,
	.tell = tell_module,
	.close = close_module,
};

/* --- pagemap ----------------------------------------------------------------------------- */

static enum status read_pagemap(struct run *run, struct testimony *t)
{
	const uint64_t total = run->opts->size / BASE_PAGE;
	struct pagemap_asked *own = run->own;
	int ret;

	(void)t;
	own->map = calloc(total, sizeof(*own->map));
	ret = own->map ? pagemap_read((uintptr_t)run->mapping.buf, total, own->map) : -ENOMEM;
	if (!ret)
		return STATUS_PASS;
	run_failed(run, "pagemap", ret, "could not read /proc/self/pagemap");
	return STATUS_UNVERIFIED;
}

/* If the kernel hides the frames, there is nothing to compare. */
static enum status shown(struct run *run)
{
	const struct page_counts *pages = &run->evidence.pages;
	const struct pagemap_asked *own = run->own;

	if (!pagemap_hides(own->map, run->opts->size / BASE_PAGE) ||
	    !(pages->user + pages->supervisor))
		return STATUS_PASS;
	run_failed(run, "pagemap", -EPERM, "pagemap hides the frames");
	return STATUS_UNVERIFIED;
}

static void judge_map(struct run *run, struct testimony *t)
{
	const struct frames process = { run->evidence.runs, run->evidence.nr_runs,
					(uintptr_t)run->mapping.buf };
	const struct pagemap_asked *own = run->own;

	judge_pagemap(&process, own->map, run->opts->size / BASE_PAGE, t, &run->end.err);
}

static void tell_pagemap(struct run *run, const struct testimony *t)
{
	run_detail(run, "%" PRIu64 " of %" PRIu64 " frames agree", t->total - t->differing,
		   t->total);
	if (t->step == STATUS_PASS)
		report_ok(run->rep,
			  "module = pagemap on %" PRIu64 " of %" PRIu64 " frames, %" PRIu64
			  " ns a page",
			  t->total, t->total, t->ns);
}

static void close_pagemap(struct run *run)
{
	struct pagemap_asked *own = run->own;

	free(own->map);
	own->map = NULL;
}

const struct asker ask_pagemap = {
	.id = WITNESS_PAGEMAP,
	.ask = read_pagemap,
	.ask_more = shown,
	.judge = judge_map,
	.tell = tell_pagemap,
	.close = close_pagemap,
};
