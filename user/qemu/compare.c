// SPDX-License-Identifier: GPL-2.0
/* What a report says of page tables, against the tables that QEMU has. */
#include "qemu/compare.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pt/text.h"

struct state {
	const struct qemu_report *r;
	const struct pt_fmt *fmt;
	struct qemu_compare *c;
	struct qemu_walk walk;	     /* of this address */
	size_t entry[PT_MAX_LEVELS]; /* cursors into r->entries */
	size_t seen[PT_MAX_LEVELS];  /* cursors past the last one that was compared */
	size_t run;		     /* cursor into r->runs */
	bool partial;		     /* some pages were not followed to the end */
	bool exact;
};

void qemu_note(struct qemu_findings *f, const char *fmt, ...)
{
	va_list ap;

	if (f->nr++ >= QEMU_COMPARE_LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(f->line[f->nr - 1], sizeof(f->line[0]), fmt, ap);
	va_end(ap);
}

#define note(s, ...)  qemu_note(&(s)->c->findings, __VA_ARGS__)
#define doubt(s, ...) qemu_note(&(s)->c->doubts, __VA_ARGS__)

void qemu_levels_text(uint32_t levels, uint32_t mask, char *buf, size_t len)
{
	uint32_t level = levels;
	size_t n = 0;

	buf[0] = '\0';
	while (level-- && n < len)
		if (mask & 1U << level)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", n ? " " : "",
					      pt_level_name(levels, level));
}

static bool has_flag(const struct pt_fmt *fmt, uint32_t level, uint64_t entry, const char *flag)
{
	unsigned int pos = 0;
	const char *name;

	while ((name = pt_next_flag(fmt, level, entry, &pos)))
		if (!strcmp(name, flag))
			return true;
	return false;
}

/* The flags of @a that @b lacks; returns the new length of @buf. */
static size_t add_missing(const struct pt_fmt *fmt, uint32_t level, uint64_t a, uint64_t b,
			  char *buf, size_t len, size_t n)
{
	unsigned int pos = 0;
	const char *name;

	while ((name = pt_next_flag(fmt, level, a, &pos)))
		if (!has_flag(fmt, level, b, name) && n < len)
			n += (size_t)snprintf(buf + n, len - n, " %s", name);
	return n;
}

/* How two entries differ: " USER address", or the bits if none of them has a name. */
static void diff_text(const struct pt_fmt *fmt, uint32_t level, uint64_t a, uint64_t b, char *buf,
		      size_t len)
{
	uint64_t bits = a ^ b;
	size_t n = 0;

	buf[0] = '\0';
	n = add_missing(fmt, level, a, b, buf, len, n);
	n = add_missing(fmt, level, b, a, buf, len, n);
	if (fmt->kind(level, a) == fmt->kind(level, b) &&
	    fmt->pa(level, a, ~0ULL) != fmt->pa(level, b, ~0ULL) && n < len)
		n += (size_t)snprintf(buf + n, len - n, " address");
	if (!n)
		n = (size_t)snprintf(buf, len, " bits 0x%" PRIx64, bits);
	if (!(bits & ~fmt->volatile_mask) && n < len)
		snprintf(buf + n, len - n, " (changed in passing by the CPU or the kernel)");
}

static void note_entry(struct state *s, uint64_t va, const struct qemu_step *q, uint64_t table_pa,
		       uint64_t entry)
{
	const char *level = pt_level_name(s->r->levels, q->level);
	char diff[160];

	if (table_pa != q->table_pa)
		note(s,
		     "page 0x%" PRIx64 ": %s index %u: module's table 0x%" PRIx64
		     ", QEMU's 0x%" PRIx64,
		     va, level, q->index, table_pa, q->table_pa);
	if (entry == q->entry)
		return;
	diff_text(s->fmt, q->level, entry, q->entry, diff, sizeof(diff));
	note(s,
	     "page 0x%" PRIx64 ": %s index %u table 0x%" PRIx64 ": module 0x%" PRIx64
	     ", QEMU 0x%" PRIx64 ", differs in%s",
	     va, level, q->index, q->table_pa, entry, q->entry, diff);
}

/*
 * The report's entry of @level for @va: NULL where it has none, and then *next
 * is the first address after @va for which it has one again.
 */
static const struct qemu_report_entry *find_entry(struct state *s, uint32_t level, uint64_t va,
						  uint64_t *next)
{
	const struct qemu_report *r = s->r;
	uint64_t size = pt_size(s->fmt, level);
	size_t *at = &s->entry[level];

	for (; *at < r->first_entry[level + 1]; ++*at) {
		const struct qemu_report_entry *e = &r->entries[*at];

		if (va < e->vaddr) {
			*next = e->vaddr;
			return NULL;
		}
		if (va - e->vaddr < size)
			return e;
	}
	*next = r->vaddr + r->size;
	return NULL;
}

/* Is this the first time that the entry at the cursor of @level is compared? */
static bool is_first_look(struct state *s, uint32_t level)
{
	if (s->seen[level] > s->entry[level])
		return false;
	s->seen[level] = s->entry[level] + 1;
	s->c->distinct++;
	return true;
}

/*
 * Do the entries differ only in bits that are set in passing?  Those bits mean something else in
 * an entry without a frame or a table.
 */
static bool is_in_passing(const struct state *s, uint32_t level, uint64_t a, uint64_t b)
{
	enum pt_kind kind = s->fmt->kind(level, a);

	return !s->exact && !((a ^ b) & ~s->fmt->volatile_mask) && kind == s->fmt->kind(level, b) &&
	       (kind == PT_TABLE || pt_has_frame(kind));
}

/* The address after what the entry of @step covers, or the mapping's end. */
static uint64_t covered_until(const struct state *s, const struct qemu_step *step, uint64_t va)
{
	uint64_t size = pt_size(s->fmt, step->level);
	uint64_t end = (va & ~(size - 1)) + size;
	uint64_t last = s->r->vaddr + s->r->size;

	return end < last ? end : last;
}

/* Does the walk end where the CPU finds no page, whatever the entries say?  Then it is noted. */
static bool note_dead_end(struct state *s, uint64_t va)
{
	const struct qemu_walk *w = &s->walk;
	const struct qemu_step *last = qemu_walk_last(w);

	if (w->reserved)
		note(s,
		     "page 0x%" PRIx64 ": %s entry 0x%" PRIx64
		     ": the CPU faults on its reserved bits",
		     va, pt_level_name(s->r->levels, last->level), last->entry);
	else if (w->kind == PT_TABLE)
		note(s, "page 0x%" PRIx64 ": %s table 0x%" PRIx64 " is not in the VM's memory", va,
		     pt_level_name(s->r->levels, last->level - 1), w->lost_pa);
	return w->reserved || w->kind == PT_TABLE;
}

/* The levels behind one address: how many were compared, and how these ended. */
struct tally {
	uint32_t levels, wrong, passing;
};

static void count_entries(struct state *s, const struct tally *t, uint64_t pages, bool whole)
{
	struct qemu_compare *c = s->c;

	c->compared += t->levels * pages;
	c->mismatched += t->wrong * pages;
	c->in_passing += t->passing * pages;
	if (whole || t->wrong)
		c->pages_compared += pages;
	if (t->wrong)
		c->pages_mismatched += pages;
	if (t->levels < c->levels_min)
		c->levels_min = t->levels;
	if (t->levels > c->levels_max)
		c->levels_max = t->levels;
}

/* The report has no entry of @level for the pages from @va up to @next. */
static void count_unverified(struct state *s, uint64_t va, uint64_t next, uint32_t level)
{
	struct qemu_compare *c = s->c;

	if (!c->unverified)
		snprintf(c->unverified_first, sizeof(c->unverified_first),
			 "page 0x%" PRIx64 ": the report has no %s entry for it", va,
			 pt_level_name(s->r->levels, level));
	c->unverified += (next - va) >> s->fmt->page_shift;
}

/*
 * The entries behind @va, and behind every page from there to *end, which have
 * the same.  True if they led to the page; false if the report has nothing more
 * to compare with, and then *end is where to go on: so the work is bounded by
 * what the report holds, not by what it says the size is.
 */
static bool compare_entries(struct state *s, uint64_t va, uint64_t *end)
{
	const struct qemu_walk *w = &s->walk;
	const struct qemu_report_entry *e = NULL;
	struct tally t = { 0 };
	uint64_t next = 0;

	*end = covered_until(s, qemu_walk_last(w), va);
	for (; t.levels < w->nr; t.levels++) {
		const struct qemu_step *q = &w->step[t.levels];
		bool is_new;

		e = find_entry(s, q->level, va, &next);
		if (!e)
			break;
		is_new = is_first_look(s, q->level);
		if (e->entry == q->entry && e->table_pa == q->table_pa)
			continue;
		if (e->table_pa == q->table_pa && is_in_passing(s, q->level, e->entry, q->entry)) {
			t.passing++;
			continue;
		}
		t.wrong++;
		if (is_new)
			note_entry(s, va, q, e->table_pa, e->entry);
		/* The kinds differ, so the report has nothing to compare below this entry. */
		if (s->fmt->kind(q->level, e->entry) != s->fmt->kind(q->level, q->entry)) {
			*end = covered_until(s, q, va);
			t.levels++;
			break;
		}
	}
	if (e && t.levels == w->nr && note_dead_end(s, va))
		t.wrong += t.wrong < t.levels;
	if (!e && next < *end)
		*end = next;
	count_entries(s, &t, (*end - va) >> s->fmt->page_shift, e);
	if (e)
		return t.levels == w->nr;
	count_unverified(s, va, next, w->step[t.levels].level);
	*end = next;
	return false;
}

/* What the runs say of the pages from @va up to @end, which are of one entry. */
static void compare_runs(struct state *s, uint64_t va, uint64_t end)
{
	uint32_t shift = s->fmt->page_shift;
	const struct qemu_walk *w = &s->walk;
	uint64_t size = pt_size(s->fmt, qemu_walk_last(w)->level);
	bool has_frame = pt_has_frame(w->kind);
	const struct qemu_report *r = s->r;
	struct qemu_compare *c = s->c;
	uint64_t from = va, stop, pa, said;

	for (; va < end; va = stop) {
		const struct qemu_report_run *run = NULL;

		while (s->run < r->nr_runs && r->runs[s->run].vaddr + r->runs[s->run].len <= va)
			s->run++;
		stop = end;
		if (s->run < r->nr_runs) {
			run = &r->runs[s->run];
			if (run->vaddr > va) {
				stop = run->vaddr < end ? run->vaddr : end;
				run = NULL;
			} else if (run->vaddr + run->len < end) {
				stop = run->vaddr + run->len;
			}
		}
		c->claims += (stop - va) >> shift;
		if (!run && w->kind != PT_LEAF)
			continue; /* no page, and no run says that there is one */
		if (!run) {
			note(s, "page 0x%" PRIx64 ": it is in no run, but QEMU has a page there",
			     va);
			c->claims_mismatched += (stop - va) >> shift;
			continue;
		}
		/* A run consists of pages, so it is wrong wherever there is no frame. */
		if (!has_frame) {
			note(s, "page 0x%" PRIx64 ": it is in a run, but QEMU has no page there",
			     va);
			c->claims_mismatched += (stop - va) >> shift;
			continue;
		}
		pa = w->pa + (va - from);
		said = run->pa + (va - run->vaddr);
		if (said == pa && run->rights == w->eff.rights && run->page_size == size)
			continue;
		c->claims_mismatched += (stop - va) >> shift;
		note(s,
		     "page 0x%" PRIx64 ": %s: run says pa 0x%" PRIx64 " size 0x%" PRIx64
		     " %s %s %s, QEMU pa 0x%" PRIx64 " size 0x%" PRIx64 " %s %s %s",
		     va, pt_level_name(r->levels, qemu_walk_last(w)->level), said, run->page_size,
		     run->rights & PT_USER ? "user" : "supervisor",
		     run->rights & PT_WRITE ? "write" : "nowrite",
		     run->rights & PT_EXEC ? "exec" : "noexec", pa, size,
		     w->eff.rights & PT_USER ? "user" : "supervisor",
		     w->eff.rights & PT_WRITE ? "write" : "nowrite",
		     w->eff.rights & PT_EXEC ? "exec" : "noexec");
	}
}

/* Does the report name exactly the flags that @a has, in the order of the format? */
static bool same_flags(const struct state *s, const struct qemu_report_step *a)
{
	size_t nr = json_object_array_length(a->flags), i = 0;
	unsigned int pos = 0;
	const char *name;

	while ((name = pt_next_flag(s->fmt, a->level, a->entry, &pos))) {
		struct json_object *said = i < nr ? json_object_array_get_idx(a->flags, i) : NULL;

		if (!json_object_is_type(said, json_type_string) ||
		    strcmp(json_object_get_string(said), name))
			return false;
		i++;
	}
	return i == nr;
}

/* walk[]: every level of the first page. */
static void compare_walk(struct state *s)
{
	const struct qemu_report *r = s->r;
	const struct qemu_walk *w = &s->walk;
	uint32_t nr = r->nr_walk > w->nr ? r->nr_walk : w->nr, i;
	char diff[160];

	for (i = 0; i < nr; i++) {
		const struct qemu_report_step *a = &r->walk[i];
		const struct qemu_step *q = &w->step[i];
		const char *level = pt_level_name(r->levels, r->levels - 1 - i);

		s->c->claims++;
		if (i >= r->nr_walk || i >= w->nr) {
			note(s, "page 0x%" PRIx64 ": %s: the walk in %s goes no further than %s",
			     r->vaddr, level, i >= w->nr ? "QEMU" : "the report",
			     pt_level_name(r->levels, r->levels - i));
			s->c->claims_mismatched++;
			return;
		}
		if (a->index == q->index && a->table_pa == q->table_pa &&
		    (a->entry == q->entry || is_in_passing(s, q->level, a->entry, q->entry))) {
			s->c->claims++;
			if (same_flags(s, a))
				continue;
			s->c->claims_mismatched++;
			note(s,
			     "page 0x%" PRIx64
			     ": %s in walk: its flags are not those of 0x%" PRIx64,
			     r->vaddr, level, a->entry);
			continue;
		}
		s->c->claims_mismatched++;
		if (a->entry == q->entry)
			snprintf(diff, sizeof(diff), " %s",
				 a->index == q->index ? "table" : "index");
		else
			diff_text(s->fmt, q->level, a->entry, q->entry, diff, sizeof(diff));
		note(s,
		     "page 0x%" PRIx64 ": %s in walk: index %" PRIu64 " table 0x%" PRIx64
		     " entry 0x%" PRIx64 ", QEMU index %u table 0x%" PRIx64 " entry 0x%" PRIx64
		     ", differs in%s",
		     r->vaddr, level, a->index, a->table_pa, a->entry, q->index, q->table_pa,
		     q->entry, diff);
	}
}

/* A frame outside of the VM's RAM is no page, whatever the entry says. */
static void check_frames(struct state *s, const struct ram_map *ram, uint64_t va, uint64_t end)
{
	const struct qemu_walk *w = &s->walk;
	uint64_t len = end - va, stop;

	if (!pt_has_frame(w->kind))
		return;
	s->c->claims++;
	stop = ram_map_end(ram, w->pa, len);
	if (stop == w->pa + len)
		return;
	s->c->claims_mismatched++;
	s->c->not_ram += (w->pa + len - stop) >> s->fmt->page_shift;
	note(s, "page 0x%" PRIx64 ": its frame 0x%" PRIx64 " is not in the VM's RAM",
	     va + (stop - w->pa), stop);
}

static void count_pages(struct state *s, uint64_t va, uint64_t end)
{
	const struct qemu_walk *w = &s->walk;
	uint32_t level = qemu_walk_last(w)->level;
	struct qemu_compare *c = s->c;
	uint64_t *nr, *first;

	if (w->kind == PT_LEAF) {
		if (!(c->user + c->supervisor))
			c->leaf_min = c->leaf_max = level;
		c->leaf_min = level < c->leaf_min ? level : c->leaf_min;
		c->leaf_max = level > c->leaf_max ? level : c->leaf_max;
	}
	if (w->kind != PT_LEAF) {
		nr = &c->absent;
		first = &c->first_absent;
	} else if (w->eff.rights & PT_USER) {
		nr = &c->user;
		first = &c->first_user;
	} else {
		nr = &c->supervisor;
		first = &c->first_supervisor;
		if (!*nr)
			c->first_no_user_levels = w->eff.no_user_levels;
	}
	if (!*nr)
		*first = va;
	*nr += (end - va) >> s->fmt->page_shift;
}

static void compare_total(struct state *s, const char *name, uint64_t said, uint64_t counted)
{
	s->c->claims++;
	if (said == counted)
		return;
	s->c->claims_mismatched++;
	note(s, "pages.%s: the report says %" PRIu64 ", QEMU %" PRIu64, name, said, counted);
}

/* Collects the address bits that the present entries of this walk use. */
static void gather_pa_bits(struct state *s)
{
	const struct qemu_walk *w = &s->walk;
	uint32_t i;

	for (i = 0; i < w->nr; i++) {
		const struct qemu_step *q = &w->step[i];
		enum pt_kind kind = s->fmt->kind(q->level, q->entry);

		if (kind == PT_TABLE || pt_has_frame(kind))
			s->c->pa_bits |= s->fmt->pa(q->level, q->entry, ~0ULL);
	}
}

/* What mapping says of all its pages. */
static void compare_mapping(struct state *s)
{
	const struct qemu_report *r = s->r;
	struct qemu_compare *c = s->c;
	uint64_t lost = c->pa_bits & ~r->pa_mask;

	c->claims += 2;
	if (lost) {
		c->claims_mismatched++;
		note(s,
		     "mapping.pa_mask: 0x%" PRIx64 " leaves out 0x%" PRIx64
		     ", address bits that the VM's entries use",
		     r->pa_mask, lost);
	} else if (r->pa_mask != qemu_pa_field(s->fmt)) {
		doubt(s,
		      "mapping.pa_mask: 0x%" PRIx64 " is not the whole address field 0x%" PRIx64
		      ": memory is encrypted, or the report is not of this VM",
		      r->pa_mask, qemu_pa_field(s->fmt));
	}
	if (!(c->user + c->supervisor))
		return;
	/* The kernel may merge 4K pages into huge ones, but it never splits those of hugetlbfs. */
	if (r->page_size <= pt_size(s->fmt, c->leaf_min) &&
	    (r->page_size == pt_size(s->fmt, 0) || r->page_size == pt_size(s->fmt, c->leaf_max)))
		return;
	c->claims_mismatched++;
	note(s,
	     "mapping.page_size: the report says 0x%" PRIx64 ", QEMU has pages of 0x%llx to 0x%llx",
	     r->page_size, pt_size(s->fmt, c->leaf_min), pt_size(s->fmt, c->leaf_max));
}

/* Entries that the module read twice, in two of its answers, and not alike. */
static void compare_changed(struct state *s)
{
	const struct qemu_report *r = s->r;
	const struct qemu_report_entry *now = r->entries, *end = r->entries + r->nr_entries;
	char diff[160];
	size_t i;

	for (i = 0; i < r->nr_changed; i++) {
		const struct qemu_report_entry *was = &r->changed[i];
		uint64_t va = was->vaddr > r->vaddr ? was->vaddr : r->vaddr;

		while (now < end && (now->level != was->level || now->vaddr != was->vaddr))
			now++;
		if (now < end && now->table_pa == was->table_pa &&
		    is_in_passing(s, was->level, was->entry, now->entry)) {
			s->c->in_passing++;
			continue;
		}
		s->c->changed++;
		diff_text(s->fmt, was->level, was->entry, now < end ? now->entry : 0, diff,
			  sizeof(diff));
		doubt(s,
		      "page 0x%" PRIx64 ": %s changed while the module read: table 0x%" PRIx64
		      " entry 0x%" PRIx64 ", then table 0x%" PRIx64 " entry 0x%" PRIx64
		      ", differs in%s",
		      va, pt_level_name(r->levels, was->level), was->table_pa, was->entry,
		      now < end ? now->table_pa : 0, now < end ? now->entry : 0, diff);
	}
}

/* Entries of the report to which no walk from the root leads. */
static void compare_leftovers(struct state *s)
{
	const struct qemu_report *r = s->r;
	size_t left = r->nr_entries - s->c->distinct;

	/* Below an entry that differs, or that is missing, there are some. */
	if (!left || s->c->findings.nr || s->c->unverified)
		return;
	if (r->nr_changed) {
		doubt(s, "%zu entries of the report are of tables that were replaced since", left);
		return;
	}
	s->c->claims++;
	s->c->claims_mismatched++;
	note(s, "tables: %zu entries of the report are in no table that the root leads to", left);
}

int qemu_compare(const struct qemu_report *r, struct qemu_tables *tables, bool exact,
		 struct qemu_compare *c)
{
	struct state s = { .r = r, .fmt = tables->fmt, .c = c, .exact = exact };
	uint64_t va, last = r->vaddr + r->size, end;
	uint32_t i;
	bool whole;
	int ret;

	tables->root_pa = r->root_pa;
	tables->levels = r->levels;
	for (i = 0; i < PT_MAX_LEVELS; i++)
		s.entry[i] = r->first_entry[i];
	*c = (struct qemu_compare){ .levels_min = PT_MAX_LEVELS };
	c->pages = r->size >> s.fmt->page_shift;

	for (va = r->vaddr; va < last; va = end) {
		ret = qemu_walk(tables, va, &s.walk);
		if (ret)
			return ret;
		gather_pa_bits(&s);
		whole = compare_entries(&s, va, &end);
		if (va == r->vaddr)
			compare_walk(&s);
		if (whole) {
			compare_runs(&s, va, end);
			check_frames(&s, tables->ram, va, end);
			count_pages(&s, va, end);
		} else {
			s.partial = true;
		}
	}
	compare_total(&s, "total", r->total, c->pages);
	if (!s.partial) {
		compare_total(&s, "user", r->user, c->user);
		compare_total(&s, "supervisor", r->supervisor, c->supervisor);
		compare_total(&s, "absent", r->absent, c->absent);
	}
	compare_mapping(&s);
	compare_changed(&s);
	compare_leftovers(&s);
	return 0;
}

bool qemu_compare_agrees(const struct qemu_compare *c)
{
	return c->compared && !c->mismatched && !c->claims_mismatched && !c->findings.nr &&
	       !c->unverified && !c->doubts.nr && c->user + c->supervisor;
}
