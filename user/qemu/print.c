// SPDX-License-Identifier: GPL-2.0
/* What qemu_verify_pte prints: text, or one JSON object. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "lib/out.h"
#include "pt/text.h"
#include "qemu/job.h"
#include "lib/term.h"
#include "lib/text.h"

static void print_verdict(enum status verdict, const char *text)
{
	const char *color = term_yellow(), *sign = term_question();

	if (verdict == STATUS_PASS) {
		color = term_green();
		sign = term_tick();
	} else if (verdict != STATUS_UNVERIFIED) {
		color = term_red();
		sign = term_cross();
	}
	printf("%s%s%s %s\n", color, sign, term_reset(), text_shown(text));
}

/* In the layout of the module's own answer, so that both can be compared by eye. */
static void print_walk(const struct job *j)
{
	const struct qemu_tables *t = &j->tables;
	const struct qemu_walk *w = &j->walk;
	char text[PT_FLAGS_TEXT];
	uint32_t i;

	printf("root 0x%016" PRIx64 " levels %u (%s)\n", t->root_pa, t->levels, j->root_from);
	for (i = 0; i < w->nr; i++) {
		const struct qemu_step *s = &w->step[i];
		enum pt_kind kind = i + 1 < w->nr ? PT_TABLE : w->kind;

		pt_flags_text(j->fmt, s->level, s->entry, text, sizeof(text));
		printf("%s index %3u table 0x%016" PRIx64 " entry 0x%016" PRIx64 "%s%s",
		       pt_level_name(t->levels, s->level), s->index, s->table_pa, s->entry,
		       *text ? " " : "", text);
		if (kind != PT_TABLE && kind != PT_LEAF)
			printf(" (%s)", pt_kind_name(kind));
		putchar('\n');
	}
	i = qemu_walk_last(w)->level;
	if (!pt_has_frame(w->kind)) {
		printf("effective: not present: %s at %s\n_PAGE_USER: none\n",
		       w->kind == PT_TABLE ? "no memory behind the table" : pt_kind_name(w->kind),
		       pt_level_name(t->levels, i));
		return;
	}
	qemu_levels_text(t->levels, w->eff.no_user_levels, text, sizeof(text));
	printf("page %s pa 0x%016" PRIx64 "\neffective: %s %s %s\n_PAGE_USER: %s%s%s\n",
	       pt_page_size_text(j->fmt, i), w->pa, w->eff.rights & PT_USER ? "user" : "supervisor",
	       w->eff.rights & PT_WRITE ? "write" : "nowrite",
	       w->eff.rights & PT_EXEC ? "exec" : "noexec",
	       w->eff.rights & PT_USER ? "set" : "clear", *text ? " " : "", text);
}

/* What the report says and no VM can confirm. */
static void print_not_compared(const struct job *j)
{
	size_t nr = json_object_array_length(j->not_compared), n;

	fputs("not compared:", stdout);
	for (n = 0; n < nr; n++)
		printf("%s %s", n ? "," : "",
		       json_object_get_string(json_object_array_get_idx(j->not_compared, n)));
	putchar('\n');
}

static void print_compare(const struct job *j)
{
	const struct qemu_report *r = &j->report;
	const struct qemu_compare *c = &j->compare;
	uint64_t i;

	if (!j->opt.quiet)
		printf("root 0x%016" PRIx64 " levels %u pti %s\n"
		       "mapping 0x%" PRIx64 "-0x%" PRIx64 ": %" PRIu64 " user, %" PRIu64
		       " supervisor, %" PRIu64 " absent of %" PRIu64 " pages\n",
		       r->root_pa, r->levels, r->pti ? "on" : "off", r->vaddr, r->vaddr + r->size,
		       c->user, c->supervisor, c->absent, c->pages);
	for (i = 0; i < c->findings.nr && i < QEMU_COMPARE_LINES; i++)
		printf("%s\n", text_shown(c->findings.line[i]));
	if (c->findings.nr > i)
		printf("... and %" PRIu64 " more\n", c->findings.nr - i);
	for (i = 0; i < c->doubts.nr && i < QEMU_COMPARE_LINES; i++)
		printf("not verified: %s\n", text_shown(c->doubts.line[i]));
	if (c->doubts.nr > i)
		printf("... and %" PRIu64 " more\n", c->doubts.nr - i);
	if (c->unverified)
		printf("%" PRIu64 " pages not verified: %s\n", c->unverified,
		       text_shown(c->unverified_first));
	else if (j->verdict == STATUS_UNVERIFIED && !c->doubts.nr)
		printf("not verified: %s\n", text_shown(j->detail));
	else if (!c->findings.nr && j->verdict == STATUS_FAIL)
		printf("%s\n", text_shown(j->detail));
	if (c->mismatched && !j->opt.quiet)
		puts("If vfio_test has removed the mapping since, take a report with --hold and verify it during the hold.");
	if (j->opt.quiet)
		return;
	printf("%" PRIu64 " of %" PRIu64
	       " statements agree (walk, runs, frames in RAM, totals, mapping)\n",
	       c->claims - c->claims_mismatched, c->claims);
	print_not_compared(j);
}

static void print_result(const struct job *j)
{
	const struct qemu_compare *c = &j->compare;
	char line[400], shape[64] = "", passing[96] = "";

	if (!j->opt.report || !c->pages) { /* without pages it is another VM's report */
		if (!j->opt.report && !j->opt.quiet)
			print_walk(j);
		snprintf(line, sizeof(line), "%s: %s", status_name(j->verdict), j->detail);
		print_verdict(j->verdict, line);
		return;
	}
	print_compare(j);
	if (c->levels_min == c->levels_max && !c->unverified)
		snprintf(shape, sizeof(shape), " x %u levels", c->levels_max);
	if (c->in_passing)
		snprintf(passing, sizeof(passing),
			 ", %" PRIu64 " of them except for ACCESSED, DIRTY or SOFT_DIRTY",
			 c->in_passing);
	snprintf(line, sizeof(line),
		 "%" PRIu64 " of %" PRIu64 " entries agree%s (%" PRIu64 " pages%s; %" PRIu64
		 " distinct entries, %" PRIu64 " tables read)",
		 c->compared - c->mismatched, c->compared, passing, c->pages, shape, c->distinct,
		 j->tables.nr_read);
	print_verdict(j->verdict, line);
}

void qemu_print_text(const struct job *j)
{
	char line[400];

	print_result(j);
	if (!j->opt.join)
		return;
	snprintf(line, sizeof(line), "joined report: %s (guest %s%s, host %s)%s%s",
		 status_name(j->joined), status_name(j->guest.verdict),
		 j->guest.held ? " so far" : "", status_name(j->verdict),
		 j->guest.reason[0] ? ": " : "", j->guest.reason);
	print_verdict(j->joined, line);
}

static void json_add(struct json_object *obj, const char *key, const char *value)
{
	json_object_object_add(obj, key, json_text(value));
}

static void json_add_count(struct json_object *obj, const char *key, uint64_t v)
{
	json_object_object_add(obj, key, json_object_new_uint64(v));
}

static void json_add_bool(struct json_object *obj, const char *key, bool v)
{
	json_object_object_add(obj, key, json_object_new_boolean(v));
}

static void json_walk(struct json_object *root, const struct job *j)
{
	struct json_object *arr = json_object_new_array();
	struct json_object *obj;
	const struct qemu_walk *w = &j->walk;
	uint32_t i;

	json_add_hex(root, "vaddr", j->opt.va);
	json_add(root, "root_from", j->root_from);
	for (i = 0; i < w->nr; i++) {
		const struct qemu_step *s = &w->step[i];

		obj = json_object_new_object();
		json_add(obj, "level", pt_level_name(j->tables.levels, s->level));
		json_add_count(obj, "index", s->index);
		json_add_hex(obj, "table_pa", s->table_pa);
		json_add_hex(obj, "entry", s->entry);
		json_object_object_add(obj, "flags", pt_flags_json(j->fmt, s->level, s->entry));
		json_object_array_add(arr, obj);
	}
	json_object_object_add(root, "walk", arr);
	obj = json_object_new_object();
	json_add(obj, "kind", pt_kind_name(w->kind));
	if (pt_has_frame(w->kind)) {
		json_add_hex(obj, "pa", w->pa);
		json_add_count(obj, "page_size", pt_size(j->fmt, qemu_walk_last(w)->level));
	}
	json_add_bool(obj, "user", w->eff.rights & PT_USER);
	json_add_bool(obj, "write", w->eff.rights & PT_WRITE);
	json_add_bool(obj, "exec", w->eff.rights & PT_EXEC);
	json_object_object_add(root, "page", obj);
}

struct json_object *qemu_witness_json(const struct job *j)
{
	struct json_object *qemu = json_object_new_object();
	struct json_object *pages = json_object_new_object();
	const struct qemu_compare *c = &j->compare;

	json_add(qemu, "status", status_name(j->verdict));
	json_add_count(qemu, "compared", c->compared);
	json_add_count(qemu, "mismatched", c->mismatched);
	json_add_count(qemu, "in_passing", c->in_passing);
	json_add_count(pages, "compared", c->pages_compared);
	json_add_count(pages, "mismatched", c->pages_mismatched);
	json_add_count(qemu, "changed", c->changed);
	json_object_object_add(qemu, "pages", pages);
	json_add_count(qemu, "statements_compared", c->claims);
	json_add_count(qemu, "statements_mismatched", c->claims_mismatched);
	if (c->findings.nr)
		json_add(qemu, "first_mismatch", c->findings.line[0]);
	if (j->verdict != STATUS_PASS)
		json_add(qemu, "detail", j->detail);
	return qemu;
}

/* The first findings, in words */
static void json_findings(struct json_object *root, const char *key, const struct qemu_findings *f)
{
	struct json_object *arr = json_object_new_array();
	size_t i;

	for (i = 0; i < f->nr && i < QEMU_COMPARE_LINES; i++)
		json_object_array_add(arr, json_text(f->line[i]));
	json_object_object_add(root, key, arr);
}

static void json_joined(struct json_object *root, const struct job *j)
{
	struct json_object *obj = json_object_new_object();

	json_add(obj, "file", j->opt.join);
	json_add(obj, "verdict", status_name(j->joined));
	json_add(obj, "guest", status_name(j->guest.verdict));
	json_add_bool(obj, "held", j->guest.held);
	if (j->guest.reason[0])
		json_add(obj, "reason", j->guest.reason);
	json_object_object_add(root, "joined", obj);
}

static void json_compare(struct json_object *root, const struct job *j)
{
	struct json_object *obj = json_object_new_object();
	const struct qemu_compare *c = &j->compare;

	json_add_count(obj, "total", c->pages);
	json_add_count(obj, "user", c->user);
	json_add_count(obj, "supervisor", c->supervisor);
	json_add_count(obj, "absent", c->absent);
	json_add_count(obj, "unverified", c->unverified);
	json_add_count(obj, "not_ram", c->not_ram);
	json_object_object_add(root, "pages", obj);
	json_findings(root, "mismatches", &c->findings);
	json_findings(root, "doubts", &c->doubts);
	json_object_object_add(root, "not_compared", json_object_get(j->not_compared));

	obj = json_object_new_object();
	json_object_object_add(obj, "qemu", qemu_witness_json(j));
	json_object_object_add(root, "witnesses", obj);
	json_add_count(root, "entries_distinct", c->distinct);
	if (j->opt.join)
		json_joined(root, j);
}

void qemu_print_json(const struct job *j)
{
	struct json_object *root = json_answer(PROG, status_name(j->verdict));

	if (j->verdict == STATUS_ERROR) {
		json_object_object_add(root, "error", err_json(&j->err));
	} else {
		json_add(root, "detail", j->detail);
		json_add_hex(root, "root_pa", j->tables.root_pa);
		json_add_count(root, "levels", j->tables.levels);
		if (j->opt.report)
			json_compare(root, j);
		else
			json_walk(root, j);
		json_add_count(root, "tables_read", j->tables.nr_read);
	}
	json_print(root, false);
}
