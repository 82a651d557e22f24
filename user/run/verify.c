// SPDX-License-Identifier: GPL-2.0
/* The steps that look at the page table: the module, and who checks it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness/entries.h"
#include "env/pagemap.h"
#include "pt/text.h"
#include "fmt/pt_x86.h"
#include "run/step.h"
#include "lib/text.h"

#define RUN_LINES 8 /* of the text; --verbose shows all */

static const struct pt_fmt *const fmt = &pt_x86;

/* Why the module says nothing, which is in run->end.err, is the reason of its witness. */
static enum status no_module(struct run *run)
{
	char why[sizeof(run->end.err.what) + sizeof(run->end.err.why) + 2];

	snprintf(why, sizeof(why), "%s: %s", run->end.err.what, run->end.err.why);
	report_witness(run->rep, "module", STATUS_UNVERIFIED, 0, 0, why);
	return STATUS_UNVERIFIED;
}

enum status step_module(struct run *run)
{
	if (!run->mapping.nr) {
		err_set(&run->end.err, 0, "no page under DMA was verified", "",
			"boot with an IOMMU, and choose a back end that maps memory");
		err_why(&run->end.err, "%s maps none", run->target.vfio.be->name);
		return no_module(run);
	}
	if (run->opts->no_module) {
		err_set(&run->end.err, 0, "the module was not asked", "--no-module",
			"run without it to verify the page table");
		return no_module(run);
	}
	run->evidence.walk =
		verify_pte_open(run->mods, run->opts->module_path, VERIFY_PTE_WALK, &run->end.err);
	if (run->evidence.walk < 0)
		return no_module(run);
	run_detail(run, "verify_pte is loaded");
	return STATUS_PASS;
}

void undo_module(struct run *run)
{
	if (run->evidence.walk >= 0)
		close(run->evidence.walk);
	run->evidence.walk = -1;
}

/* JSON: every level of the first page, and every entry behind the mapping. */
static void tell_entries(struct run *run)
{
	struct json_object *walk = report_object(run->rep, "walk");
	struct json_object *tables = report_object(run->rep, "tables");
	struct json_object *list[PT_MAX_LEVELS] = { NULL };
	const struct verify_pte_entry *prev[PT_MAX_LEVELS] = { NULL };
	bool first = true;
	char hex[24];
	size_t i;

	if (run->rep->mode != REPORT_JSON)
		return;
	for (i = 0; i < run->evidence.nr_raws; i++) {
		const struct verify_pte_entry *e = &run->evidence.raws[i];
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
					       pt_flags_json(&run->evidence.fmt, e->level,
							     e->entry));
			json_object_array_add(walk, obj);
			first = e->kind == PT_TABLE;
		}
		/* A further answer of the module begins with the entries on the way. */
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
	json_object_object_add(pages, "user", json_object_new_uint64(run->evidence.user));
	json_object_object_add(pages, "supervisor",
			       json_object_new_uint64(run->evidence.supervisor));
	json_object_object_add(pages, "absent", json_object_new_uint64(run->evidence.absent));
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

/* " no_user_at PMD": the levels without _PAGE_USER; nothing where every level has it */
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
	const struct verify_pte_walk *info = &run->evidence.info;
	char flags[PT_FLAGS_TEXT], no_user[48];
	size_t i;

	report_line(run->rep, "Root: 0x%llx, %u levels%s", (unsigned long long)info->root_pa,
		    info->levels,
		    info->features & VERIFY_PTE_PTI ? ", PTI (user half of the PGD)" : "");
	report_line(run->rep, "First page:");
	for (i = 0; i < run->evidence.nr_raws; i++) {
		const struct verify_pte_entry *e = &run->evidence.raws[i];

		pt_flags_text(&run->evidence.fmt, e->level, e->entry, flags, sizeof(flags));
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

/* The two forms of the module's answer, against each other. */
static bool forms_agree(const struct run *run, const struct verify_pte_walk *raw_info,
			uint64_t *where)
{
	const struct verify_pte_walk *info = &run->evidence.info;
	const struct entries both = {
		.fmt = fmt,
		.levels = info->levels,
		.pa_mask = info->pa_mask,
		.start = (uintptr_t)run->mapping.buf,
		.end = (uintptr_t)run->mapping.buf + run->opts->size,
		.runs = run->evidence.runs,
		.nr_runs = run->evidence.nr_runs,
		.raws = run->evidence.raws,
		.nr_raws = run->evidence.nr_raws,
	};

	*where = both.start;
	return info->root_pa == raw_info->root_pa && info->levels == raw_info->levels &&
	       info->pa_mask == raw_info->pa_mask && entries_match(&both, where);
}

/*
 * A page size that was asked for is the one that is verified: pages of another were mapped by
 * other levels than those that the run is to be about.
 */
static bool other_size(struct run *run)
{
	const struct entries all = { .fmt = fmt,
				     .runs = run->evidence.runs,
				     .nr_runs = run->evidence.nr_runs };
	const uint64_t total = run->opts->size / BASE_PAGE;
	uint64_t where = 0, other = entries_other_size(&all, run->opts->page_size, &where);

	if (!other)
		return false;
	err_what(&run->end.err,
		 "%" PRIu64 " of %" PRIu64 " base pages are mapped by another page size", other,
		 total);
	err_why(&run->end.err, "first 0x%" PRIx64 ": 0x%" PRIx64 " was asked for", where,
		run->opts->page_size);
	err_fix(&run->end.err,
		"see transparent_hugepage and hugepages in /sys/kernel/mm; run it again");
	report_witness(run->rep, "module", STATUS_UNVERIFIED, total - other, 0, run->end.err.why);
	report_witness_of(run->rep, "module", total, total);
	return true;
}

/* Counts the pages; the first that is not as expected goes to *odd. */
static void count_pages(struct run *run, const struct verify_pte_run **odd)
{
	uint64_t total = run->opts->size / BASE_PAGE;
	__u32 want = run->opts->expect_user ? PT_USER : 0;
	size_t i;

	*odd = NULL;
	for (i = 0; i < run->evidence.nr_runs; i++) {
		const struct verify_pte_run *r = &run->evidence.runs[i];
		bool present = r->kind == PT_LEAF;

		if (present && r->rights & PT_USER)
			run->evidence.user += r->len / BASE_PAGE;
		else if (present)
			run->evidence.supervisor += r->len / BASE_PAGE;
		if (!*odd && (!present || (r->rights & PT_USER) != want))
			*odd = r;
	}
	/* What no run speaks of is in no VMA any more: as absent as a hole. */
	run->evidence.absent = total - run->evidence.user - run->evidence.supervisor;
}

static void explain_odd(struct run *run, const struct verify_pte_run *odd)
{
	const char *want = run->opts->expect_user ? "user" : "supervisor";
	uint64_t total = run->opts->size / BASE_PAGE;
	uint64_t good = run->opts->expect_user ? run->evidence.user : run->evidence.supervisor;

	err_what(&run->end.err, "%" PRIu64 " of %" PRIu64 " pages are not %s pages", total - good,
		 total, want);
	if (!odd)
		err_why(&run->end.err, "they are in no VMA any more");
	else if (odd->kind != PT_LEAF)
		err_why(&run->end.err, "first 0x%llx: no page there (%s at %s)",
			(unsigned long long)odd->vaddr, pt_kind_name(odd->kind),
			pt_level_name(run->evidence.info.levels, odd->level));
	else if (run->opts->expect_user)
		err_why(&run->end.err, "first 0x%llx: _PAGE_USER is clear at %s",
			(unsigned long long)odd->vaddr,
			odd->no_user_levels ? pt_level_name(run->evidence.info.levels,
							    31 - __builtin_clz(odd->no_user_levels))
					    : "no level that the module names");
	else
		err_why(&run->end.err, "first 0x%llx: _PAGE_USER is set at every level",
			(unsigned long long)odd->vaddr);
	err_fix(&run->end.err,
		run->opts->expect_user
			? "if this kernel takes _PAGE_USER away on purpose, say --expect supervisor"
			: "a stock kernel leaves user pages user pages; say --expect user");
}

enum status step_verify(struct run *run)
{
	struct json_object *mapping = report_object(run->rep, "mapping");
	uint64_t vaddr = (uintptr_t)run->mapping.buf, total = run->opts->size / BASE_PAGE;
	const struct verify_pte_who own = { 0 };
	const struct verify_pte_run *odd;
	struct verify_pte_walk info;
	uint64_t where, start, ns;
	int ret;

	if (run->evidence.walk < 0) {
		run_detail(run, "no answer from the module");
		return STATUS_UNVERIFIED;
	}
	start = now_ns();
	ret = verify_pte_format(run->evidence.walk, &run->evidence.bits, &run->evidence.fmt);
	if (!ret)
		ret = verify_pte_get(run->evidence.walk, own, vaddr, run->opts->size,
				     VERIFY_PTE_RUNS, (void **)&run->evidence.runs,
				     &run->evidence.nr_runs, &run->evidence.info);
	ns = (now_ns() - start) / total;
	if (!ret)
		ret = verify_pte_get(run->evidence.walk, own, vaddr, run->opts->size,
				     VERIFY_PTE_ENTRIES, (void **)&run->evidence.raws,
				     &run->evidence.nr_raws, &info);
	if (ret) {
		err_set(&run->end.err, -ret, "the module did not answer", strerror(-ret),
			"see dmesg; is the module of this version?");
		return no_module(run);
	}
	report_witness_unit(run->rep, "module",
			    run->opts->expect_user ? "pages user" : "pages supervisor");
	json_add_hex(mapping, "root_pa", run->evidence.info.root_pa);
	json_object_object_add(mapping, "levels", json_object_new_int(run->evidence.info.levels));
	json_object_object_add(mapping, "pti",
			       json_object_new_boolean(run->evidence.info.features &
						       VERIFY_PTE_PTI));
	json_add_hex(mapping, "kernel_root_pa", run->evidence.info.kernel_root_pa);
	json_add_hex(mapping, "pa_mask", run->evidence.info.pa_mask);
	json_object_object_add(mapping, "bits", pt_bits_json(&run->evidence.fmt));
	count_pages(run, &odd);
	tell_runs(run);
	tell_entries(run);
	show_walk(run);
	run_detail(run, "%" PRIu64 " user, %" PRIu64 " supervisor, %" PRIu64 " absent of %" PRIu64,
		   run->evidence.user, run->evidence.supervisor, run->evidence.absent, total);
	if (!forms_agree(run, &info, &where)) {
		err_what(&run->end.err, "the module contradicts itself");
		err_why(&run->end.err, "runs and raw entries differ at 0x%" PRIx64, where);
		err_fix(&run->end.err,
			"the mapping changed meanwhile, or this is a bug in verify_pte");
		report_witness(run->rep, "module", STATUS_FAIL, total, 1, run->end.err.why);
		return STATUS_FAIL;
	}
	run->evidence.verified = true;
	if (odd || run->evidence.absent) {
		uint64_t good =
			run->opts->expect_user ? run->evidence.user : run->evidence.supervisor;

		explain_odd(run, odd);
		report_witness(run->rep, "module", STATUS_FAIL, total, total - good,
			       run->end.err.why);
		return STATUS_FAIL;
	}
	if (other_size(run))
		return STATUS_UNVERIFIED;
	report_witness(run->rep, "module", STATUS_PASS, total, 0, NULL);
	report_witness_ns(run->rep, "module", ns);
	report_ok(run->rep,
		  "_PAGE_USER: %s on %" PRIu64 " of %" PRIu64 " pages, over all levels, %" PRIu64
		  " ns a page",
		  run->opts->expect_user ? "set" : "clear", total, total, ns);
	return STATUS_PASS;
}

void undo_verify(struct run *run)
{
	free(run->evidence.runs);
	free(run->evidence.raws);
	run->evidence.runs = NULL;
	run->evidence.raws = NULL;
}

/* Frame by frame; the text of the first difference in run->end.err.why. */
static uint64_t compare_frames(struct run *run, const uint64_t *map)
{
	uint64_t vaddr = (uintptr_t)run->mapping.buf, bad = 0, i = 0, covered = 0;
	size_t n;

	for (n = 0; n < run->evidence.nr_runs; n++) {
		const struct verify_pte_run *r = &run->evidence.runs[n];

		covered += r->len / BASE_PAGE;
		for (i = (r->vaddr - vaddr) / BASE_PAGE;
		     i < (r->vaddr + r->len - vaddr) / BASE_PAGE; i++) {
			uint64_t page = vaddr + i * BASE_PAGE;
			bool present = pt_has_frame(r->kind);
			uint64_t pa = present ? r->pa + (page - r->vaddr) : 0;

			if (present == pagemap_present(map[i]) &&
			    (!present || pa == pagemap_pa(map[i])))
				continue;
			if (!bad++)
				err_why(&run->end.err,
					"page 0x%" PRIx64 ": module 0x%" PRIx64
					"%s, pagemap 0x%" PRIx64 "%s",
					page, pa, present ? "" : " (absent)", pagemap_pa(map[i]),
					pagemap_present(map[i]) ? "" : " (absent)");
		}
	}
	return bad + run->opts->size / BASE_PAGE - covered;
}

enum status step_pagemap(struct run *run)
{
	uint64_t total = run->opts->size / BASE_PAGE, bad, i, known = 0, start = now_ns(), ns;
	enum status status = STATUS_UNVERIFIED;
	uint64_t *map = NULL;
	int ret;

	if (!run->evidence.verified) {
		run_detail(run, "nothing from the module to compare with");
		goto out;
	}
	map = calloc(total, sizeof(*map));
	ret = map ? pagemap_read((uintptr_t)run->mapping.buf, total, map) : -ENOMEM;
	if (ret) {
		run_failed(run, "pagemap", ret, "could not read /proc/self/pagemap");
		goto out;
	}
	ns = (now_ns() - start) / total;
	for (i = 0; i < total; i++)
		known += !!pagemap_pa(map[i]);
	if (!known && run->evidence.user + run->evidence.supervisor) {
		run_failed(run, "pagemap", -EPERM, "pagemap hides the frames");
		goto out;
	}
	bad = compare_frames(run, map);
	run_detail(run, "%" PRIu64 " of %" PRIu64 " frames agree", total - bad, total);
	status = bad ? STATUS_FAIL : STATUS_PASS;
	report_witness(run->rep, "pagemap", status, total, bad, run->end.err.why);
	report_witness_ns(run->rep, "pagemap", ns);
	if (bad) {
		err_what(&run->end.err,
			 "%" PRIu64 " of %" PRIu64 " frames differ between module and pagemap", bad,
			 total);
		err_fix(&run->end.err, "pages moved meanwhile, or this is a bug in verify_pte");
	} else {
		report_ok(run->rep,
			  "module = pagemap on %" PRIu64 " of %" PRIu64 " frames, %" PRIu64
			  " ns a page",
			  total, total, ns);
	}
out:
	free(map);
	return status;
}
