// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/walk.c, built for the host, over page tables that change while it walks: entries at any
 * moment, tables wherever interrupts are on or the mmap lock is free (tests/kstub).
 *
 * What no answer may lack or have, whatever changes: each page of a VMA is in it once, in order;
 * what is said of a page was so at some moment since the question; the counts are those of the
 * records; a raw entry stands in the table that the entry before it, a level above, points to.
 */
#include "tests/kstub/sim_cmocka.h"

#define MAX_PAGES   1400
#define MAX_RECORDS (4 * MAX_PAGES)
#define MAX_PAST    24

static u64 nr_changes, nr_pages, nr_during;

/* What each page has been since the question, flags that come in passing left out */
static struct past {
	u32 nr;
	struct state {
		u32 kind, level, rights, no_user;
		u64 entry, pa;
	} state[MAX_PAST];
} past[MAX_PAGES];

static u32 change_percent; /* at each moment; at a read: in a thousand */
static bool in_walk;

static u64 lasting(u32 kind, u64 entry)
{
	return has_frame(kind) ? entry & ~pt_x86.volatile_mask : entry;
}

static bool same_state(const struct state *a, const struct state *b)
{
	if (a->kind != b->kind || a->entry != b->entry)
		return false;
	return a->kind == PT_NONE || (a->level == b->level && a->pa == b->pa &&
				      a->rights == b->rights && a->no_user == b->no_user);
}

/* Notes what the page is now; false where nothing more can be noted of it. */
static bool note(u64 va)
{
	struct past *p = &past[(va - sim.start) / PAGE_SIZE];
	struct sim_page page;
	struct state now;
	u32 i;

	sim_look(&sim, va, &page);
	now = (struct state){ page.kind, page.level, page.rights, page.no_user, 0, page.pa };
	now.entry = lasting(page.kind, page.entry);
	for (i = 0; i < p->nr; i++)
		if (same_state(&p->state[i], &now))
			return true;
	if (p->nr < MAX_PAST)
		p->state[p->nr++] = now;
	return p->nr < MAX_PAST;
}

/* Notes all pages that an entry covers. */
static bool note_entry(u32 level, u64 base)
{
	u64 va = max(base, sim.start), end = min(base + sim_size(level), sim.end);
	bool more = true;

	for (; va < end; va += PAGE_SIZE)
		more &= note(va);
	return more;
}

/* Where changes go on: an entry of @level on the way to @va; false where there is none */
static bool entry_of(u64 va, u32 level, u32 *table, u32 *index)
{
	u32 at = sim.conf.levels - 1;
	u64 entry;

	for (*table = sim.root;; at--) {
		*index = va / sim_size(at) % SIM_SLOTS;
		entry = *sim_slot(&sim, *table, *index);
		if (at == level)
			return true;
		if (!(entry & 1) || (entry & 0x80))
			return false;
		*table = sim_table_of(&sim, entry);
		if (*table == SIM_TABLES)
			return false;
	}
}

/* A huge page where there was a table, tables where there was a huge page, other rights... */
static void change_table(struct sim *s)
{
	u64 va = s->start + sim_random((s->end - s->start) / PAGE_SIZE) * PAGE_SIZE;
	u32 level = sim_chance(85) ? 1 : 2, table, index, child;
	u64 old, base, entry;

	if (!entry_of(va, level, &table, &index))
		return;
	base = va & ~(sim_size(level) - 1);
	old = *sim_slot(s, table, index);
	child = sim_table_of(s, old);
	if ((old & 1) && !(old & 0x80) && sim_chance(25))
		entry = old ^ (1ULL << (1 + sim_random(2)));
	else
		entry = sim_new_entry(s, level, base);
	if ((old & 1) && !(old & 0x80) && sim_table_of(s, entry) != child)
		sim_free_table(s, child);
	sim_set(s, table, index, entry);
	if (!note_entry(level, base))
		change_percent = 0;
	nr_changes++;
}

static void at_irqs_on(struct sim *s)
{
	if (in_walk && sim_chance(change_percent))
		change_table(s);
}

static void at_unlocked(struct sim *s)
{
	while (in_walk && sim_chance(change_percent))
		change_table(s);
}

/* A frame moves, goes, comes; an entry that is no table.  Interrupts off do not keep it. */
static void at_read(struct sim *s, u32 table, u32 index)
{
	const u32 level = s->table[table].level;
	u64 old, entry, base = s->table[table].base + index * sim_size(level);

	if (!in_walk || sim_random(1000) >= change_percent || level > 1)
		return;
	/* Not seldom the one after it */
	if (index + 1 < SIM_SLOTS && sim_chance(50) && base + sim_size(level) < s->end) {
		index++;
		base += sim_size(level);
	}
	old = *sim_slot(s, table, index);
	if (level && (old & 1) && !(old & 0x80))
		return;
	do {
		u32 tables = s->nr_tables;

		s->nr_tables = SIM_TABLES; /* no table of it */
		entry = sim_chance(20) ? old ^ 0x60 : sim_new_entry(s, level, base);
		s->nr_tables = tables;
	} while (level && (entry & 1) && !(entry & 0x80));
	sim_set(s, table, index, entry);
	if (!note_entry(level, base))
		change_percent = 0;
	nr_changes++;
	nr_during++;
}

static void build(u64 nr)
{
	sim_seed(nr);
	sim.conf.levels = 4 + sim_random(2);
	sim.conf.pti = sim_random(2);
	sim.conf.whole_vma = sim_random(2);
	sim.conf.all_rights = sim_random(2);
	sim.conf.same_upper = 80;
	sim.conf.next = 90;
	sim.conf.table = 30 + sim_random(60);
	sim.conf.bad = 0;
	sim.conf.pages = MAX_PAGES;
	sim.conf.encrypted = 0;
	sim_build(&sim);
	memset(past, 0, sizeof(past));
	note_entry(sim.conf.levels, 0);
	change_percent = 10 + sim_random(50);
	sim.at_irqs_on = at_irqs_on;
	sim.at_unlocked = at_unlocked;
	sim.at_read = at_read;
}

/* The whole answer, buffer after buffer of at most @cap records */
static union {
	struct verify_pte_run runs[MAX_RECORDS];
	struct verify_pte_entry raws[MAX_RECORDS];
} all;
static u32 nr_all;

static void walk_all(struct walk *w, u32 cap, bool raw)
{
	const size_t size = raw ? sizeof(*all.raws) : sizeof(*all.runs);
	void *buf = calloc(cap, size);
	int ret;

	memset(w, 0xa5, sizeof(*w));
	w->out.argsz = sizeof(w->out);
	w->out.flags = raw ? VERIFY_PTE_RAW : 0;
	w->out.pid = 1;
	w->out.nr = cap;
	w->out.start = sim.start;
	w->out.len = sim.end - sim.start;
	w->out.buf = 0;
	in_walk = true;
	walk_init(w, &sim.mm, buf);
	w->cap = cap;
	nr_all = 0;
	do {
		w->nr = 0;
		do {
			ret = walk_batch(w);
			if (ret)
				sim_fail("ended with %d", ret);
		} while (!w->full && w->addr < w->end);
		if (nr_all + w->nr > MAX_RECORDS)
			sim_fail("more records than there can be");
		memcpy((u8 *)&all + nr_all * size, buf, w->nr * size);
		nr_all += w->nr;
		at_unlocked(&sim);
	} while (w->addr < w->end);
	in_walk = false;
	nr_pages += (sim.end - sim.start) / PAGE_SIZE;
	free(buf);
}

static bool mapped(u64 va)
{
	const struct vm_area_struct *vma = sim_vma(&sim, va);

	return vma && vma->vm_start <= va;
}

static void compare_counts(const struct walk *w, const u64 *pages)
{
	u32 kind;

	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (w->out.pages[kind] != pages[kind])
			sim_fail("%s: %llu pages counted, %llu in records", pt_kind_name(kind),
				 w->out.pages[kind], pages[kind]);
}

/* Was it so?  The page at @va, a part of the run @r */
static void check_state(const struct verify_pte_run *r, u64 va)
{
	const struct past *p = &past[(va - sim.start) / PAGE_SIZE];
	const u64 size = sim_size(r->level);
	u64 nr = va / size - r->vaddr / size;
	struct state s = { r->kind, r->level, r->rights, r->no_user_levels, 0, 0 };
	u32 i;

	s.entry = lasting(r->kind, r->entry + nr * step_of(r->kind, r->level));
	s.pa = has_frame(r->kind) ? r->pa + (va - r->vaddr) : 0;
	for (i = 0; i < p->nr; i++)
		if (same_state(&p->state[i], &s))
			return;
	sim_fail("0x%llx: kind %u level %u entry 0x%llx: it never was so", va, r->kind, r->level,
		 s.entry);
}

static void test_runs(void **state)
{
	static const u32 caps[] = { 1, 2, 5, 40 };
	u64 pages[PT_NR_KINDS], va;
	unsigned long i;
	struct walk w;
	u32 n;

	(void)state;
	for (i = 0; i < rounds(4000); i++) {
		const struct verify_pte_run *r = all.runs;

		build(i);
		walk_all(&w, caps[i % ARRAY_SIZE(caps)], false);
		memset(pages, 0, sizeof(pages));
		for (n = 0, va = sim.start; va < sim.end; va += PAGE_SIZE) {
			if (n < nr_all && va >= r[n].vaddr + r[n].len)
				n++;
			if (!mapped(va)) {
				if (n < nr_all && va >= r[n].vaddr)
					sim_fail("0x%llx: in no VMA, but in a record", va);
				continue;
			}
			if (n == nr_all || va < r[n].vaddr)
				sim_fail("0x%llx: in no record", va);
			check_state(&r[n], va);
			pages[r[n].kind]++;
		}
		if (n + 1 < nr_all)
			sim_fail("records out of order, or behind the end");
		compare_counts(&w, pages);
	}
}

/* Was it that entry, at some moment? */
static void check_raw_state(const struct verify_pte_entry *e)
{
	const u32 t = (e->table_pa - sim.ram_pa) / PAGE_SIZE;
	u32 i;

	if (e->table_pa < sim.ram_pa || t >= SIM_TABLES || e->index >= SIM_SLOTS ||
	    sim.table[t].level != e->level || e->index != e->vaddr / sim_size(e->level) % SIM_SLOTS)
		sim_fail("0x%llx level %u: no such entry", e->vaddr, e->level);
	if (*sim_slot(&sim, t, e->index) == e->entry)
		return;
	for (i = 0; i < sim.nr_changes; i++)
		if (sim.change[i].table == t && sim.change[i].index == e->index &&
		    sim.change[i].old == e->entry)
			return;
	sim_fail("0x%llx level %u: 0x%llx: it never was so", e->vaddr, e->level, e->entry);
}

/* Each raw entry is of the table that the last one above it points to. */
static void check_chain(void)
{
	struct verify_pte_entry above[PT_MAX_LEVELS + 1] = { 0 };
	const u32 levels = sim.conf.levels;
	u32 n, level;

	for (n = 0; n < nr_all; n++) {
		const struct verify_pte_entry *e = &all.raws[n], *up;

		level = e->level;
		if (level >= levels || (n && e->vaddr < e[-1].vaddr))
			sim_fail("0x%llx level %u: out of order", e->vaddr, level);
		check_raw_state(e);
		up = &above[level + 1];
		if (level == levels - 1
			    ? sim_table_of(&sim, e->table_pa) != sim.root
			    : (up->kind != PT_TABLE ||
			       up->vaddr / sim_size(level + 1) != e->vaddr / sim_size(level + 1) ||
			       sim_table_of(&sim, up->entry) != sim_table_of(&sim, e->table_pa)))
			sim_fail("0x%llx level %u: of a table that no entry before it points to",
				 e->vaddr, level);
		above[level] = *e;
	}
}

static void test_raw(void **state)
{
	static const u32 caps[] = { PT_MAX_LEVELS, 6, 11, 60 };
	u64 pages[PT_NR_KINDS], va;
	unsigned long i;
	struct walk w;
	u32 n;

	(void)state;
	for (i = 0; i < rounds(4000); i++) {
		const struct verify_pte_entry *e = NULL;

		build(i);
		walk_all(&w, caps[i % ARRAY_SIZE(caps)], true);
		check_chain();
		memset(pages, 0, sizeof(pages));
		for (n = 0, va = sim.start; va < sim.end; va += PAGE_SIZE) {
			/* What is said of a page: the last that is no table and not behind it */
			for (; n < nr_all && all.raws[n].vaddr <= va; n++)
				if (all.raws[n].kind != PT_TABLE)
					e = &all.raws[n];
			if (!mapped(va))
				continue;
			if (!e || e->vaddr / sim_size(e->level) != va / sim_size(e->level))
				sim_fail("0x%llx: counted, but in no record", va);
			pages[e->kind]++;
		}
		compare_counts(&w, pages);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_raw),
	};
	int ret;

	sim_environment();
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# %llu pages, %llu changes, %llu of them between two reads\n", nr_pages, nr_changes,
	       nr_during);
	return ret || !nr_changes || !nr_during;
}
