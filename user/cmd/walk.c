// SPDX-License-Identifier: GPL-2.0
/* vfio_test walk: shows the page table of a process, which the module walks. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "failure/failure.h"
#include "module/module.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "lib/proc.h"
#include "pt/text.h"
#include "pt/x86_names.h"
#include "report/report.h"
#include "lib/signals.h"
#include "lib/status.h"
#include "lib/term.h"
#include "lib/text.h"
#include "module/client.h"
#include "witness/walk_judge.h"

#define BASE_PAGE 4096ULL

/* The format of x86, with the software bits of the running kernel. */
static struct verify_pte_info bits;
static struct pt_fmt told;
static const struct pt_fmt *const fmt = &told;

struct walk_cmd {
	int pid;
	char comm[PROC_COMM];
	uint64_t start, len;
	bool whole;			 /* no VADDR: walk the whole user half */
	bool single;			 /* no LEN: print every level of one address */
	uint64_t asked_start, asked_len; /* as typed, if these are not whole pages */
	const char *module_path;
	const struct globals *g;

	struct json_object *root, *list; /* with --json */
	bool headed;
	struct pt_effective eff; /* single: gathered from the root down */
	struct walk_judge judge;
};

static bool is_text(const struct walk_cmd *w)
{
	return !w->g->json && !w->g->quiet;
}

/* Describes what the flags of an entry do not say: "zero", "swap", "cache UC-", "pkey 1". */
static void extras(const struct verify_pte_walk *answer, uint32_t level, uint32_t kind, uint64_t pa,
		   uint64_t entry, char *buf, size_t len)
{
	struct text text;

	text_begin(&text, buf, len);
	if (kind == PT_ABSENT) {
		text_add(&text, " %s (type %u, offset 0x%" PRIx64 ")",
			 pt_x86_absent_name(answer->swap_nr, entry), pt_x86_swap_type(entry),
			 (uint64_t)pt_x86_swap_offset(entry));
		return;
	}
	if (!pt_has_frame(kind))
		return;
	if (pa == answer->zero_pa)
		text_add(&text, " zero-page");
	if (strcmp(pt_x86_caching(level, entry), "WB"))
		text_add(&text, " cache=%s", pt_x86_caching(level, entry));
	if (pt_x86_pkey(entry))
		text_add(&text, " pkey=%u", pt_x86_pkey(entry));
	if (answer->features & VERIFY_PTE_SHSTK && pt_x86_is_shadow_stack(entry))
		text_add(&text, " shadow-stack");
}

static void rights_text(uint32_t rights, char *buf, size_t len)
{
	snprintf(buf, len, "%s %s %s", rights & PT_USER ? "user" : "supervisor",
		 rights & PT_WRITE ? "write" : "nowrite", rights & PT_EXEC ? "exec" : "noexec");
}

static void head(struct walk_cmd *w, const struct verify_pte_walk *answer)
{
	struct json_object *m;

	if (w->headed)
		return;
	w->headed = true;
	if (is_text(w))
		printf("pid %d (%s) root 0x%llx levels %u pti %s\n", w->pid, text_shown(w->comm),
		       (unsigned long long)answer->root_pa, answer->levels,
		       answer->features & VERIFY_PTE_PTI ? "on" : "off");
	if (!w->g->json)
		return;
	m = json_object_new_object();
	json_object_object_add(m, "pid", json_object_new_int(w->pid));
	json_object_object_add(m, "comm", json_text(w->comm));
	json_add_hex(m, "root_pa", answer->root_pa);
	json_add_hex(m, "kernel_root_pa", answer->kernel_root_pa);
	json_add_hex(m, "pa_mask", answer->pa_mask);
	json_object_object_add(m, "levels", json_object_new_int(answer->levels));
	/* If the range that was typed is not whole pages, the walk covers all pages it touches. */
	if (w->asked_start || w->asked_len)
		json_add_hex(m, "asked_start", w->asked_start);
	if (w->asked_len)
		json_add_hex(m, "asked_len", w->asked_len);
	json_add_hex(m, "start", w->start);
	json_add_hex(m, "len", w->len);
	json_object_object_add(m, "pti",
			       json_object_new_boolean(answer->features & VERIFY_PTE_PTI));
	json_object_object_add(w->root, "mapping", m);
	w->list = json_object_new_array();
	json_object_object_add(w->root, w->single ? "walk" : "runs", w->list);
}

static void tell_run(struct walk_cmd *w, const struct verify_pte_run *r,
		     const struct verify_pte_walk *answer)
{
	char flags[PT_FLAGS_TEXT], extra[96], rights[40];
	struct json_object *obj;

	walk_judge_add(&w->judge, r->vaddr, r->len, r->kind, r->rights);
	/* For a whole process, holes are only counted. */
	if (w->whole && r->kind == PT_NONE)
		return;
	extras(answer, r->level, r->kind, r->pa, r->entry, extra, sizeof(extra));
	if (is_text(w)) {
		printf("0x%012llx-0x%012llx", (unsigned long long)r->vaddr,
		       (unsigned long long)(r->vaddr + r->len));
		if (pt_has_frame(r->kind)) {
			rights_text(r->rights, rights, sizeof(rights));
			pt_flags_text(fmt, r->level, r->entry, flags, sizeof(flags));
			printf(" %s pa 0x%llx %s %s %s", pt_page_size_text(fmt, r->level),
			       (unsigned long long)r->pa, rights, pt_kind_name(r->kind), flags);
		} else {
			printf(" %s", pt_kind_name(r->kind));
			if (r->kind == PT_ABSENT)
				printf(" entry 0x%llx", (unsigned long long)r->entry);
		}
		puts(extra);
	}
	if (!w->g->json)
		return;
	obj = json_object_new_object();
	json_add_hex(obj, "vaddr", r->vaddr);
	json_add_hex(obj, "len", r->len);
	json_object_object_add(obj, "kind", json_text(pt_kind_name(r->kind)));
	if (r->kind == PT_ABSENT)
		json_object_object_add(obj, "absent",
				       json_text(pt_x86_absent_name(answer->swap_nr, r->entry)));
	if (r->kind != PT_NONE)
		json_add_hex(obj, "entry", r->entry);
	if (pt_has_frame(r->kind)) {
		json_add_hex(obj, "pa", r->pa);
		json_add_hex(obj, "page_size", pt_size(fmt, r->level));
		json_object_object_add(obj, "user", json_object_new_boolean(r->rights & PT_USER));
		json_object_object_add(obj, "write", json_object_new_boolean(r->rights & PT_WRITE));
		json_object_object_add(obj, "exec", json_object_new_boolean(r->rights & PT_EXEC));
		json_object_object_add(obj, "flags", pt_flags_json(fmt, r->level, r->entry));
		json_object_object_add(obj, "caching",
				       json_text(pt_x86_caching(r->level, r->entry)));
		json_object_object_add(obj, "zero_page",
				       json_object_new_boolean(r->pa == answer->zero_pa));
	}
	json_object_array_add(w->list, obj);
}

/* Prints one level of a single address; the last level says what is mapped. */
static void tell_level(struct walk_cmd *w, const struct verify_pte_entry *e,
		       const struct verify_pte_walk *answer)
{
	const char *level = pt_level_name(answer->levels, e->level);
	uint64_t inside = e->vaddr & (pt_size(fmt, e->level) - 1);
	uint64_t pa = fmt->pa(e->level, e->entry, answer->pa_mask) + inside;
	char flags[PT_FLAGS_TEXT], extra[96], rights[40];
	unsigned int i;

	pt_effective_add(fmt, &w->eff, e->level, e->entry);
	pt_flags_text(fmt, e->level, e->entry, flags, sizeof(flags));
	extras(answer, e->level, e->kind, pa, e->entry, extra, sizeof(extra));
	if (is_text(w))
		printf("%s index %3u table 0x%016llx entry 0x%016llx %s%s\n", level, e->index,
		       (unsigned long long)e->table_pa, (unsigned long long)e->entry, flags, extra);
	if (w->g->json) {
		struct json_object *obj = json_object_new_object();

		json_object_object_add(obj, "level", json_text(level));
		json_object_object_add(obj, "index", json_object_new_int(e->index));
		json_add_hex(obj, "table_pa", e->table_pa);
		json_add_hex(obj, "entry", e->entry);
		json_object_object_add(obj, "kind", json_text(pt_kind_name(e->kind)));
		json_object_object_add(obj, "flags", pt_flags_json(fmt, e->level, e->entry));
		json_object_array_add(w->list, obj);
	}
	if (e->kind == PT_TABLE)
		return;
	walk_judge_add(&w->judge, w->start, BASE_PAGE, e->kind, w->eff.rights);
	if (!is_text(w))
		return;
	if (!pt_has_frame(e->kind)) {
		printf("effective: not present: %s at %s\n_PAGE_USER: none\n",
		       pt_kind_name(e->kind), level);
		return;
	}
	rights_text(w->eff.rights, rights, sizeof(rights));
	printf("page %s pa 0x%016llx\neffective: %s\n_PAGE_USER: %s",
	       pt_page_size_text(fmt, e->level), (unsigned long long)pa, rights,
	       w->eff.rights & PT_USER ? "set" : "clear");
	for (i = answer->levels; i--;)
		if (w->eff.no_user_levels & 1U << i)
			printf(" %s", pt_level_name(answer->levels, i));
	putchar('\n');
}

static int tell(const void *records, size_t nr, const struct verify_pte_walk *answer, void *arg)
{
	struct walk_cmd *w = arg;
	size_t i;

	head(w, answer);
	for (i = 0; i < nr; i++)
		if (w->single)
			tell_level(w, (const struct verify_pte_entry *)records + i, answer);
		else
			tell_run(w, (const struct verify_pte_run *)records + i, answer);
	if (term_progress_ok() && !w->single)
		fprintf(stderr, "\rvfio_test: 0x%016llx", (unsigned long long)answer->next);
	return signal_seen ? -EINTR : out_lost() ? -EPIPE : 0;
}

static void json_counts(struct walk_cmd *w)
{
	struct json_object *obj = json_object_new_object(), *kinds = json_object_new_object();
	const struct walk_judge *j = &w->judge;
	unsigned int kind;

	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (kind != PT_TABLE)
			json_object_object_add(kinds, pt_kind_name(kind),
					       json_object_new_uint64(j->kinds[kind]));
	json_object_object_add(obj, "user", json_object_new_uint64(j->user));
	json_object_object_add(obj, "supervisor", json_object_new_uint64(j->supervisor));
	json_object_object_add(obj, "kinds", kinds);
	json_object_object_add(obj, "asked", json_object_new_uint64(j->asked));
	if (!w->whole)
		json_object_object_add(obj, "unmapped", json_object_new_uint64(j->unmapped));
	json_object_object_add(w->root, "pages", obj);
	if (!j->judges)
		return;
	obj = json_object_new_object();
	json_object_object_add(obj, "expect", json_text(j->expect_user ? "user" : "supervisor"));
	json_object_object_add(obj, "asked", json_object_new_uint64(j->asked));
	json_object_object_add(obj, "judged", json_object_new_uint64(walk_judged(j)));
	json_object_object_add(obj, "not_judged", json_object_new_uint64(j->unjudged));
	json_object_object_add(obj, "differ", json_object_new_uint64(j->differ));
	if (j->differ)
		json_add_hex(obj, "first_differ", j->first_differ);
	if (j->unjudged)
		json_add_hex(obj, "first_not_judged", j->first_unjudged);
	json_object_object_add(w->root, "judged", obj);
}

static void tell_counts(struct walk_cmd *w)
{
	const struct walk_judge *j = &w->judge;
	unsigned int kind;

	if (is_text(w) && !w->single) {
		printf("%" PRIu64 " user, %" PRIu64 " supervisor; by kind:", j->user,
		       j->supervisor);
		for (kind = 0; kind < PT_NR_KINDS; kind++)
			if (kind != PT_TABLE)
				printf(" %s %" PRIu64, pt_kind_name(kind), j->kinds[kind]);
		/* For a whole process, addresses in no VMA were not asked for. */
		if (!w->whole && j->unmapped)
			printf("; in no VMA %" PRIu64, j->unmapped);
		puts(" (4K pages)");
	}
	if (w->g->json)
		json_counts(w);
}

/* Judges a complete walk: the exit code, with what is wrong in @err. */
static int conclude(const struct walk_cmd *w, struct err *err)
{
	const struct walk_judge *j = &w->judge;
	const enum status verdict = walk_judge_verdict(j);
	char text[256];

	switch (verdict) {
	case STATUS_PASS:
		break;
	case STATUS_FAIL:
		err_set(err, 0, "", "", "see the walk above");
		err->id = "walk-differs";
		err_what(err, "pid %d: %" PRIu64 " pages are not %s pages", w->pid, j->differ,
			 j->expect_user ? "user" : "supervisor");
		walk_judge_text(j, text, sizeof(text));
		err_why(err, "first 0x%" PRIx64 "; %s", j->first_differ, text);
		break;
	default:
		walk_judge_text(j, text, sizeof(text));
		err_set(err, 0, "", text,
			"ask for pages that the process has touched; /proc/PID/maps has its VMAs");
		err->id = "walk-unverified";
		err_what(err, "pid %d: not all could be verified", w->pid);
	}
	return status_exit_code(verdict);
}

static void explain(struct walk_cmd *w, int no, const struct verify_pte_walk *answer,
		    struct err *err)
{
	char what[64];

	if (no == EIO)
		snprintf(what, sizeof(what), "pid %d: 0x%llx", w->pid,
			 (unsigned long long)answer->next);
	else if (w->whole)
		snprintf(what, sizeof(what), "pid %d", w->pid);
	else
		snprintf(what, sizeof(what), "pid %d: 0x%" PRIx64, w->pid, w->start);
	failure_explain(NULL, "walk", no, what, err);
}

static void warn_module(const char *name, int no)
{
	fprintf(stderr, "vfio_test: %s: left loaded: %s; modprobe -r %s\n", name, strerror(no),
		name);
}

/* Walks; returns the exit code, with what went wrong in @err. */
static int do_walk(struct walk_cmd *w, struct err *err)
{
	const struct verify_pte_who who = { .id = w->pid };
	struct verify_pte_walk sum = { 0 };
	enum verify_pte_form form = w->single ? VERIFY_PTE_ENTRIES : VERIFY_PTE_RUNS;
	struct modules *mods;
	int fd, ret;

	ret = modules_open(&mods);
	if (ret) {
		err_set(err, -ret, "libkmod", strerror(-ret), "");
		return EXIT_STOPPED;
	}
	fd = verify_pte_open(mods, w->module_path, VERIFY_PTE_WALK, err);
	if (fd < 0) {
		modules_close(mods, warn_module);
		return EXIT_UNVERIFIED;
	}
	walk_judge_begin(&w->judge, w->start);
	ret = verify_pte_format(fd, &bits, &told);
	if (!ret)
		ret = verify_pte_each(fd, who, w->start, w->len, form, tell, w, &sum);
	if (ret == -ERANGE && w->whole) { /* four levels */
		w->len = pt_user_end(fmt, 4);
		ret = verify_pte_each(fd, who, w->start, w->len, form, tell, w, &sum);
	}
	if (term_progress_ok() && !w->single)
		fputs("\r\033[K", stderr);
	close(fd);
	modules_close(mods, warn_module);
	if (ret) {
		if (!out_lost())
			explain(w, -ret, &sum, err);
		return ret == -ESTALE ? EXIT_UNVERIFIED : EXIT_STOPPED;
	}
	walk_judge_end(&w->judge, w->start + w->len);
	tell_counts(w);
	return conclude(w, err);
}

/* Parses PID, PID VADDR[+LEN] or PID START-END; a colon may stand for the blank. */
static int parse_target(struct walk_cmd *w, char *pid, char *range)
{
	struct range r = { 0 };
	bool moved = false;
	int ret;

	if (!range && strchr(pid, ':')) {
		range = strchr(pid, ':');
		*range++ = '\0';
	}
	if (parse_int(pid, 1, 1 << 30, &w->pid))
		return usage_error("%s: not a process ID: it is a number above 0; see ps", pid);
	w->whole = !range;
	w->judge.whole = w->whole;
	w->len = pt_user_end(&pt_x86, PT_MAX_LEVELS);
	if (w->whole)
		return 0;
	ret = parse_range(range, &r);
	if (!ret) {
		w->asked_start = r.start;
		w->asked_len = r.len;
		ret = range_to_pages(&r, BASE_PAGE, &moved);
	}
	if (ret)
		return usage_error(
			"%s: not an address or a range: %s; as in 0x7f0000001000, 0x7f0000001000+2M or 7f0000001000-7f0000003000",
			range,
			ret == -ERANGE ? "it ends past 2^64"
				       : "it is VADDR, VADDR+LEN or START-END");
	w->single = !r.has_len;
	w->start = r.start;
	w->len = r.len;
	if (moved && !w->g->quiet)
		fprintf(stderr,
			"vfio_test: %s: in the middle of a page: the pages 0x%" PRIx64 "+0x%" PRIx64
			" are looked at\n",
			text_shown(range), w->start, w->len);
	if (!moved)
		w->asked_start = w->asked_len = 0;
	return 0;
}

enum { OPT_EXPECT = 256, OPT_MODULE };

static const struct option long_options[] = { { "expect", required_argument, NULL, OPT_EXPECT },
					      { "module", required_argument, NULL, OPT_MODULE },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const char options_help[] =
	"  PID VADDR       every level of one address (also PID:VADDR); one in the middle\n"
	"                  of a page is rounded down\n"
	"  PID VADDR+LEN   runs of pages with equal rights and consecutive frames\n"
	"  PID START-END   the same, as /proc/PID/maps writes it\n"
	"  PID             all that the process has mapped\n"
	"  --expect user|supervisor   judge every page (also set, cleared): exit 1 if one is\n"
	"                  not, 4 if one cannot be judged, as it is not present or in no VMA\n"
	"  --module PATH   verify_pte.ko to load\n";

static const char examples[] =
	"  vfio_test walk 1                            all that process 1 has mapped\n"
	"  vfio_test walk 1 0x400000                   every level behind one address\n"
	"  vfio_test walk 1 7f0000000000-7f0000200000  a line of /proc/1/maps\n"
	"  vfio_test walk --expect user 1 0x400000+1M  each page judged\n";

static int walk_main(int argc, char **argv, struct globals *g)
{
	struct walk_cmd w = { .g = g, .eff = PT_EFFECTIVE_INIT };
	struct err err = { 0 };
	int c, done, ret;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":" GLOBAL_SHORT, long_options, NULL)) != -1) {
		if (globals_option(c, g, &cmd_walk, &done)) {
			if (done >= 0)
				return done;
			continue;
		}
		if (c == OPT_MODULE) {
			w.module_path = optarg;
		} else if (c == OPT_EXPECT) {
			if (parse_expect(optarg, &w.judge.expect_user))
				return bad_expect(optarg);
			w.judge.judges = true;
		} else {
			return bad_option(c, argv, &cmd_walk);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: a walk has no test points; use --json");
	if (argc - optind < 1 || argc - optind > 2)
		return usage_error(
			"walk: it takes PID and VADDR[+LEN]; as in vfio_test walk 1 0x7f0000001000");
	ret = parse_target(&w, argv[optind], optind + 1 < argc ? argv[optind + 1] : NULL);
	if (ret)
		return ret;
	term_init(g->no_color);
	proc_comm(w.pid, w.comm, sizeof(w.comm));
	if (g->json)
		w.root = json_answer("vfio_test", NULL);
	signals_catch();
	ret = do_walk(&w, &err);
	if (!signal_seen && err.what[0])
		err_print(&err, "vfio_test", NULL);
	if (signal_seen && g->json) {
		signals_json();
	} else if (g->json) {
		json_object_object_add(w.root, "verdict", json_text(exit_code_name(ret)));
		if (err.what[0])
			json_object_object_add(w.root, "error", err_json(&err));
		json_print(json_object_get(w.root), false);
	}
	json_object_put(w.root);
	signals_die();
	return ret;
}

const struct cmd cmd_walk = {
	.name = "walk",
	.args = "[OPTIONS] PID [VADDR[+LEN]]",
	.help = "a process's page table, through the module",
	.options = options_help,
	.examples = examples,
	.long_options = long_options,
	.run = walk_main,
};
