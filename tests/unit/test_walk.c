// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/walk.c, built for the host, against a naive walk of random page tables (tests/kstub), and
 * over tables that change while it walks.
 */
#include "tests/kstub/sim_cmocka.h"

#define MAX_CAP	   64
#define MAX_ANSWER 8192

static u64 pages_compared;

/* Tables of a size of many kinds */
static void build(u64 pages)
{
	static const u64 bits[] = { 0, 0, 0, 1ULL << 47, 1ULL << 51 };

	sim.conf.levels = 4 + sim_random(2);
	sim.conf.pti = sim_random(2);
	sim.conf.shstk = sim_random(2);
	sim.conf.whole_vma = sim_random(2);
	sim.conf.all_rights = sim_chance(25);
	sim.conf.same_upper = sim_chance(30) ? 95 : 50;
	sim.conf.next = sim_chance(30) ? 98 : 70;
	sim.conf.table = sim_random(101);
	sim.conf.bad = 0;
	sim.conf.pages = pages;
	sim.conf.encrypted = bits[sim_random(ARRAY_SIZE(bits))];
	sim_build(&sim);
}

/* The question that sim.start and sim.end are */
static void ask(struct walk *w, void *buf, u32 cap, bool raw)
{
	memset(w, 0xa5, sizeof(*w));
	w->out.argsz = sizeof(w->out);
	w->out.flags = raw ? VERIFY_PTE_RAW : 0;
	w->out.pid = 1;
	w->out.nr = cap;
	w->out.start = sim.start;
	w->out.len = sim.end - sim.start;
	w->out.buf = 0;
	w->out.answer = 0;
	walk_init(w, &sim.mm, buf);
	w->cap = cap;
}

/* As the caller does: until it is full, or at the end; <0 for an error */
static int fill(struct walk *w)
{
	u64 before;
	int ret;

	w->nr = 0;
	do {
		before = w->addr;
		ret = walk_batch(w);
		if (!ret && !w->full && w->addr == before && before < w->end)
			sim_fail("no step from 0x%llx on", before);
		if (sim.locked || sim.irqs_off)
			sim_fail("a lock was kept");
		if (w->nr > w->cap || w->addr > w->end)
			sim_fail("%u records of %u, 0x%llx of 0x%llx", w->nr, w->cap, w->addr,
				 w->end);
	} while (!ret && !w->full && w->addr < w->end);
	return ret;
}

/* What is expected */

struct expected {
	u64 addr; /* first one not answered */
	u64 pages[PT_NR_KINDS];
	int ret;
	bool full;
	u32 nr;
	struct verify_pte_run runs[MAX_CAP];
};

/* Does @p belong to the run @r, whose last page, @last, is the one before it? */
static bool belongs(const struct verify_pte_run *r, const struct sim_page *last,
		    const struct sim_page *p, bool same_read)
{
	const u64 keep = has_frame(p->kind) ? ~pt_x86.volatile_mask : ~0ULL;

	if (p->kind != r->kind)
		return false;
	if (same_read)
		return true;
	if (p->kind == PT_NONE)
		return p->entry == last->entry;
	return p->level == last->level && p->upper_rights == last->upper_rights &&
	       p->upper_no_user == last->upper_no_user &&
	       !((p->entry ^ (last->entry + step_of(p->kind, p->level))) & keep);
}

/* Page by page from x->addr on, up to a full buffer */
static void expect_runs(struct expected *x, u32 cap)
{
	const struct vm_area_struct *vma;
	struct sim_page p, last = { 0 };
	u64 last_end = 0;

	x->nr = 0;
	x->full = false;
	for (; x->addr < sim.end; x->addr += PAGE_SIZE, last_end = x->addr, last = p) {
		struct verify_pte_run *r = x->nr ? &x->runs[x->nr - 1] : NULL;
		bool same_read;

		vma = sim_vma(&sim, x->addr);
		x->addr = vma ? min(max(vma->vm_start, x->addr), sim.end) : sim.end;
		if (x->addr == sim.end)
			return;
		sim_look(&sim, x->addr, &p);
		if (p.bad) {
			x->ret = -EIO;
			return;
		}
		/* A huge page that goes on; at the edge of a VMA its entry is read anew. */
		same_read = r && last_end == x->addr && x->addr != vma->vm_start &&
			    p.table == last.table && p.index == last.index;
		if (r && last_end == x->addr && belongs(r, &last, &p, same_read)) {
			r->len += PAGE_SIZE;
		} else if (x->nr == cap) {
			x->full = true;
			return;
		} else {
			x->runs[x->nr++] = (struct verify_pte_run){
				x->addr, PAGE_SIZE, p.pa,      p.entry, p.level,
				p.kind,	 p.rights,  p.no_user, 0,
			};
		}
		x->pages[p.kind]++;
		pages_compared++;
	}
}

static void compare_pages(const struct walk *w, const u64 *pages)
{
	u32 kind;

	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (w->out.pages[kind] != pages[kind])
			sim_fail("%s: %llu pages, not %llu", pt_kind_name(kind), w->out.pages[kind],
				 pages[kind]);
}

static void compare_run(const struct verify_pte_run *a, const struct verify_pte_run *b)
{
	if (memcmp(a, b, sizeof(*a)))
		sim_fail(
			"run 0x%llx+0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %u no user %x; expected 0x%llx+0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %u no user %x",
			a->vaddr, a->len, a->pa, a->entry, a->level, a->kind, a->rights,
			a->no_user_levels, b->vaddr, b->len, b->pa, b->entry, b->level, b->kind,
			b->rights, b->no_user_levels);
}

static bool any_vma(void)
{
	const struct vm_area_struct *vma = sim_vma(&sim, sim.start);

	return vma && vma->vm_start < sim.end;
}

static void check_runs(u32 cap)
{
	struct verify_pte_run *buf = calloc(cap, sizeof(*buf));
	struct expected x = { .addr = sim.start };
	struct walk w;
	int ret;
	u32 i;

	ask(&w, buf, cap, false);
	do {
		expect_runs(&x, cap);
		ret = fill(&w);
		if (ret != x.ret)
			sim_fail("ended with %d, not %d, at 0x%llx", ret, x.ret, x.addr);
		if (ret)
			break;
		for (i = 0; i < min(w.nr, x.nr); i++)
			compare_run(&buf[i], &x.runs[i]);
		if (w.nr != x.nr || w.full != x.full || w.addr != x.addr)
			sim_fail("%u runs, not %u; full %d, not %d; next 0x%llx, not 0x%llx", w.nr,
				 x.nr, w.full, x.full, w.addr, x.addr);
		compare_pages(&w, x.pages);
	} while (w.addr < w.end);
	if (!ret) {
		assert_int_equal(w.seen_vma, any_vma());
		if (w.out.descents < sim.locks - 1 || w.out.entries < sim.nr_seen ||
		    w.out.entries > sim.nr_reads)
			sim_fail("%llu entries counted, %llu different ones read, in %llu reads",
				 w.out.entries, sim.nr_seen, sim.nr_reads);
	}
	free(buf);
}

static void test_runs(void **state)
{
	static const u32 caps[] = { 1, 2, 3, 5, 17, MAX_CAP };
	unsigned long i;

	(void)state;
	for (i = 0; i < rounds(2500); i++) {
		sim_seed(i);
		build(i % 100 ? 3000 : 3 << 18);
		check_runs(caps[i % ARRAY_SIZE(caps)]);
	}
}

/* Everything as random_frame() has it, but the upper levels: what a run must tell apart */
static void test_runs_upper_rights(void **state)
{
	unsigned long i;

	(void)state;
	for (i = 0; i < rounds(500); i++) {
		sim_seed(i);
		build(3000);
		sim.conf.next = 100;
		sim.conf.table = 100;
		sim.conf.all_rights = false;
		sim.conf.whole_vma = true;
		sim.conf.same_upper = i % 100;
		sim_build(&sim);
		check_runs(1 + i % MAX_CAP);
	}
}

/* An entry that no kernel writes ends the walk where it is reached. */
static void test_bad_entries(void **state)
{
	unsigned long i, seen = 0;

	(void)state;
	for (i = 0; i < rounds(1500); i++) {
		struct expected x = { 0 };

		sim_seed(i);
		build(3000);
		sim.conf.bad = 1 + sim_random(500);
		sim_build(&sim);
		x.addr = sim.start;
		expect_runs(&x, MAX_CAP);
		seen += x.ret == -EIO;
		check_runs(1 + i % MAX_CAP);
	}
	assert_true(seen > rounds(100));
}

/* A leaf where no level can have one: as the first entry of a table, or behind others */
static void test_bad_levels(void **state)
{
	u32 level, at, form;

	(void)state;
	for (form = 0; form < 6; form++)
		for (at = 0; at < 3; at++) {
			static const u64 entry[] = { 0x81, 0x100, 0x80 };
			struct verify_pte_run run[4];
			struct walk w;

			sim_seed(form);
			build(1);
			level = sim.conf.levels - 1;
			sim.start = 0;
			sim.end = 8 * sim_size(level);
			sim.vma[0] = (struct vm_area_struct){ sim.start, sim.end };
			sim.nr_vmas = 1;
			memset(sim_slot(&sim, sim.root, 0), 0, PAGE_SIZE);
			*sim_slot(&sim, sim.root, at) = entry[form % 3];
			ask(&w, run, 4, form / 3);
			assert_int_equal(fill(&w), -EIO);
		}
}

/* Raw entries */

struct raw_expected {
	u64 addr;
	u64 pages[PT_NR_KINDS];
	bool given[SIM_TABLES][SIM_SLOTS];
	bool full;
	u32 nr;
	struct verify_pte_entry raws[MAX_CAP];
};

static bool expect_raw(struct raw_expected *x, u32 cap, u32 level, u32 table, u64 va, u32 kind)
{
	const u32 index = va / sim_size(level) % SIM_SLOTS;
	u64 entry = *sim_slot(&sim, table, index);

	if (x->given[table][index])
		return true;
	x->full = x->nr == cap;
	if (x->full)
		return false;
	x->given[table][index] = true;
	x->raws[x->nr++] = (struct verify_pte_entry){
		va, sim_pa(sim_slot(&sim, table, 0)), entry, index, level, kind, 0,
	};
	return true;
}

static void expect_raws(struct raw_expected *x, u32 cap)
{
	const struct vm_area_struct *vma;
	struct sim_page p;

	x->nr = 0;
	x->full = false;
	for (; x->addr < sim.end; x->addr += PAGE_SIZE) {
		u32 level = sim.conf.levels - 1, t = sim.root;

		vma = sim_vma(&sim, x->addr);
		x->addr = vma ? min(max(vma->vm_start, x->addr), sim.end) : sim.end;
		if (x->addr == sim.end)
			return;
		sim_look(&sim, x->addr, &p);
		for (; level > p.level; level--) {
			if (!expect_raw(x, cap, level, t, x->addr, PT_TABLE))
				return;
			t = sim_table_of(&sim, *sim_slot(&sim, t, x->addr / sim_size(level) % 512));
		}
		if (!expect_raw(x, cap, level, t, x->addr, p.kind))
			return;
		x->pages[p.kind]++;
		pages_compared++;
	}
}

static void check_raw(u32 cap)
{
	struct verify_pte_entry *buf = calloc(cap, sizeof(*buf));
	struct raw_expected *x = calloc(1, sizeof(*x));
	struct walk w;
	u32 i;

	x->addr = sim.start;
	ask(&w, buf, cap, true);
	do {
		expect_raws(x, cap);
		assert_int_equal(fill(&w), 0);
		for (i = 0; i < min(w.nr, x->nr); i++)
			if (memcmp(&buf[i], &x->raws[i], sizeof(*buf)))
				sim_fail(
					"entry %u: level %u 0x%llx kind %u; expected level %u 0x%llx kind %u",
					i, buf[i].level, buf[i].vaddr, buf[i].kind,
					x->raws[i].level, x->raws[i].vaddr, x->raws[i].kind);
		if (w.nr != x->nr || w.full != x->full || w.addr != x->addr)
			sim_fail("%u entries, not %u; full %d, not %d; next 0x%llx, not 0x%llx",
				 w.nr, x->nr, w.full, x->full, w.addr, x->addr);
		compare_pages(&w, x->pages);
	} while (w.addr < w.end);
	assert_int_equal(w.seen_vma, any_vma());
	free(x);
	free(buf);
}

static void test_raw(void **state)
{
	static const u32 caps[] = { PT_MAX_LEVELS, 6, 7, 17, MAX_CAP };
	unsigned long i;

	(void)state;
	for (i = 0; i < rounds(1500); i++) {
		sim_seed(i);
		build(2000);
		check_raw(caps[i % ARRAY_SIZE(caps)]);
	}
}

/* One page: of the caller's own without a lock where it has a frame, else with it */
static void test_one_page(void **state)
{
	unsigned long i, unlocked = 0;

	(void)state;
	for (i = 0; i < rounds(20000); i++) {
		struct verify_pte_run run, want = { 0 };
		struct expected x = { 0 };
		struct sim_page p;
		struct walk w;
		bool own;

		sim_seed(i);
		build(1);
		sim.conf.bad = i % 2 * 500;
		sim_build(&sim);
		own = i % 4;
		sim_current.mm = own ? &sim.mm : NULL;
		sim.fast_allowed = own;
		sim_look(&sim, sim.start, &p);
		/* Where there is a frame there is a VMA. */
		if (has_frame(p.kind) && !p.bad) {
			sim.vma[0] = (struct vm_area_struct){ sim.start, sim.end };
			sim.nr_vmas = 1;
		}
		x.addr = sim.start;
		expect_runs(&x, 1);
		ask(&w, &run, 1, false);
		assert_int_equal(fill(&w), x.ret);
		if (own && has_frame(p.kind) && !p.bad) {
			if (sim.locks)
				sim_fail("a lock for one page of its own");
			unlocked++;
		}
		if (x.ret)
			continue;
		want = x.nr ? x.runs[0] : want;
		assert_int_equal(w.nr, x.nr);
		if (w.nr)
			compare_run(&run, &want);
		compare_pages(&w, x.pages);
		assert_int_equal(w.seen_vma, any_vma());
		assert_true(w.addr == w.end);
		assert_int_equal(w.out.descents, any_vma());
	}
	assert_true(unlocked > rounds(1000));
}

/* What stands over the answer */
static void test_head(void **state)
{
	static const u8 swap_nr[] = { 23, 1, 3, 4 };
	struct verify_pte_run run;
	unsigned long i;
	struct walk w;

	(void)state;
	for (i = 0; i < 100; i++) {
		u64 features;

		sim_seed(i);
		build(100);
		ask(&w, &run, 1, false);
		features = (sim.conf.pti ? 1 : 0) | (sim.conf.shstk ? 2 : 0);
		assert_int_equal(w.out.levels, sim.conf.levels);
		assert_int_equal(w.out.features, features);
		assert_true(w.out.kernel_root_pa == sim.ram_pa);
		assert_true(w.out.root_pa == sim.ram_pa + (sim.conf.pti ? 4096 : 0));
		assert_true(w.out.pa_mask == (0x000ffffffffff000ULL & ~sim.conf.encrypted));
		assert_true(w.out.zero_pa == 0x777000);
		assert_memory_equal(w.out.swap_nr, swap_nr, 4);
		assert_true(w.out.start == sim.start && w.out.len == sim.end - sim.start);
		assert_int_equal(w.out.reserved, 0);
		assert_true(w.out.next == 0 && !w.out.descents && !w.out.entries);
		assert_true(w.addr == sim.start && w.end == sim.end && !w.nr && !w.seen_vma);
	}
}

/* A lock that is not to be had ends it, at the first batch and at a later one. */
static u32 kill_in;

static void kill_later(struct sim *s)
{
	if (kill_in && !--kill_in)
		s->kill = true;
}

static void test_killed(void **state)
{
	static struct verify_pte_entry buf[MAX_CAP];
	struct verify_pte_run run;
	u32 i, seeds = 0;
	struct walk w;
	int ret;

	(void)state;
	for (i = 0; i < 40; i++) {
		sim_seed(i);
		build(10);
		sim.conf.whole_vma = true;
		sim_build(&sim);
		sim.kill = true;
		/* Every other time the lock is taken after a look without it, which found nothing.
		 */
		if (i % 2) {
			sim_current.mm = &sim.mm;
			sim.fast_allowed = true;
			sim.end = sim.start + PAGE_SIZE;
			memset(sim_slot(&sim, sim.root, 0), 0, PAGE_SIZE);
		}
		ask(&w, &run, 1, false);
		assert_int_equal(fill(&w), -EINTR);
	}
	for (i = 1; i < 4; i++) {
		do {
			sim_seed(seeds++);
			build(2000);
			sim.conf.whole_vma = true;
			sim.conf.table = 100;
			sim_build(&sim);
		} while (sim.nr_tables < 8);
		sim.at_unlocked = kill_later;
		kill_in = i;
		ask(&w, buf, PT_MAX_LEVELS, true);
		while (!(ret = fill(&w)) && w.addr < w.end)
			;
		assert_int_equal(ret, -EINTR);
		assert_int_equal(sim.locks, i);
	}
}

/* A long walk lets go of the lock now and then, and joins what it finds before and after. */
static void test_budget(void **state)
{
	unsigned long i, t, several = 0;

	(void)state;
	for (i = 0; i < 30; i++) {
		sim_seed(i);
		build(310 * 512);
		sim.conf.table = 100;
		sim.conf.whole_vma = true;
		sim.conf.all_rights = true;
		sim_build(&sim);
		/* One hole, in as many tables as there are */
		for (t = 0; t < sim.nr_tables; t++)
			if (sim.table[t].used && !sim.table[t].level)
				memset(sim_slot(&sim, t, 0), 0, PAGE_SIZE);
		check_runs(MAX_CAP);
		several += sim.nr_tables > SIM_MAX_DESCENTS && sim.locks > 1;
	}
	assert_true(several > 0);
}

/* walk.h: what may be asked */
static void test_range(void **state)
{
	static const struct {
		u32 levels;
		u64 start, len;
		bool iova;
		int ret;
	} t[] = {
		{ 4, 0, 4096, false, 0 },
		{ 4, 0, 0x800000000000, false, 0 },
		{ 4, 0, 0x800000001000, false, -ERANGE },
		{ 4, 0x7ffffffff000, 0x1000, false, 0 },
		{ 4, 0x7ffffffff000, 0x2000, false, -ERANGE },
		{ 4, 0x800000000000, 0x1000, false, -ERANGE },
		{ 5, 0x800000000000, 0x1000, false, 0 },
		{ 5, 0xfffffffffff000, 0x1000, false, 0 },
		{ 5, 0x100000000000000, 0x1000, false, -ERANGE },
		{ 4, 0xffff888000000000, 0x1000, false, -ERANGE },
		{ 4, 0xffff888000000000, 0x1000, true, 0 },
		{ 4, 0, 0, false, -EINVAL },
		{ 4, 1, 4096, false, -EINVAL },
		{ 4, 4096, 4095, false, -EINVAL },
		{ 4, 4096, 1, true, -EINVAL },
		{ 4, 0xfffffffffffff000, 0x2000, true, -EINVAL },
		{ 4, 0xfffffffffffff000, 0xfffffffffffff000, false, -EINVAL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		sim.conf.levels = t[i].levels;
		if (walk_check_range(t[i].start, t[i].len, t[i].iova) != t[i].ret)
			sim_fail("range %zu: not %d", i, t[i].ret);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),	    cmocka_unit_test(test_head),
		cmocka_unit_test(test_runs),	    cmocka_unit_test(test_runs_upper_rights),
		cmocka_unit_test(test_bad_entries), cmocka_unit_test(test_bad_levels),
		cmocka_unit_test(test_raw),	    cmocka_unit_test(test_one_page),
		cmocka_unit_test(test_killed),	    cmocka_unit_test(test_budget),
	};
	int ret;

	sim_environment();
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# %llu pages compared\n", pages_compared);
	return ret;
}
