// SPDX-License-Identifier: GPL-2.0
/*
 * The walk of an IOMMU's page table (kmod/fmt/pt_io_walk.h, pt_io_runs.h) against a naive walk of
 * random tables (tests/kstub/io_sim.h), over garbage, and over tables that change while they are
 * read; and the way from the root register to the table (pt_io_find.h).
 *
 * WALK_SEED=N and WALK_ROUNDS=PERCENT in the environment: other tables, or more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_sim.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)	      (1ULL << (n))
#define MAX_CAP	      64
#define PA_MASK	      0x000ffffffffff000ULL

static struct io_sim sim;
static uint64_t random_state, first_seed = 1, pages_compared;
static unsigned long rounds_percent = 100;

uint64_t io_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % below;
}

void io_fail(const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fail_msg("WALK_SEED=%llu: %s", (unsigned long long)sim.seed, text);
	abort();
}

static unsigned long rounds(unsigned long n)
{
	return n * rounds_percent / 100;
}

static void build(uint64_t seed, uint32_t bad)
{
	sim.seed = first_seed + seed;
	random_state = (sim.seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
	io_random(2);
	sim.format = io_random(3);
	sim.levels = 3 + io_random(3);
	if (sim.format == IO_AMD)
		sim.levels = 1 + io_random(6);
	else if (sim.format == IO_FIRST)
		sim.levels = 4 + io_random(2);
	sim.next = io_random(3) ? 98 : 70;
	sim.table = io_random(101);
	sim.bad = bad;
	io_build(&sim);
}

static const struct pt_fmt *format(void)
{
	if (sim.format == IO_AMD)
		return &pt_amd_v1;
	return sim.format == IO_FIRST ? &pt_vtd_first : &pt_vtd_second;
}

/* What is asked, with all that the answer needs */
struct question {
	struct pt_io_space space;
	struct pt_io_mem mem;
	struct pt_io_walk w;
	__u64 table[IO_ENTRIES];
	struct pt_io_run runs[MAX_CAP];
};

static void ask(struct question *q, uint32_t cap)
{
	memset(q, 0xa5, sizeof(*q));
	q->space = (struct pt_io_space){
		.kind = PT_IO_TABLE,
		.fmt = format(),
		.root_pa = sim.ram_pa + sim.root * IO_PAGE,
		.levels = sim.levels,
		.rights = io_random(4)	 ? 10
			  : io_random(2) ? 8
					 : 2,
	};
	q->mem = (struct pt_io_mem){ .read = io_read, .arg = &sim };
	q->w = (struct pt_io_walk){
		.space = &q->space,
		.mem = &q->mem,
		.pa_mask = PA_MASK,
		.table = q->table,
		.runs = q->runs,
		.cap = cap,
		.addr = sim.start,
		.end = sim.end,
	};
}

/* Until the buffer is full, or at the end */
static int fill(struct question *q)
{
	uint64_t before;
	int ret;

	q->w.nr = 0;
	do {
		before = q->w.addr;
		ret = pt_io_batch(&q->w);
		if (!ret && !q->w.full && q->w.addr == before)
			io_fail("no step from 0x%llx on", (unsigned long long)before);
		if (q->w.nr > q->w.cap || q->w.addr > q->w.end || q->w.depth > PT_IO_MAX_LEVELS)
			io_fail("%u runs, %u levels", q->w.nr, q->w.depth);
	} while (!ret && !q->w.full && q->w.addr < q->w.end);
	return ret;
}

struct expected {
	uint64_t addr;
	int err;
	uint32_t level; /* of the error */
	bool full;
	uint32_t nr;
	struct pt_io_run runs[MAX_CAP];
};

/* Does the page belong to the run?  Neighbours are joined by what they mean. */
static bool belongs(const struct pt_io_run *r, const struct io_page *p)
{
	uint64_t flags = ~PA_MASK & ~(sim.format == IO_SECOND ? 0x300ULL : 0x60ULL);

	if (p->kind != r->kind)
		return false;
	if (p->kind == PT_NONE)
		return true;
	if (p->kind == PT_ABSENT)
		return p->entry == r->entry;
	return p->level == r->level && p->shift == r->page_shift && p->rights == r->rights &&
	       p->pa == r->pa + r->len && !((p->entry ^ r->entry) & flags);
}

/* Page by page from x->addr on, up to a full buffer */
static void expect(struct expected *x, uint32_t cap, uint32_t rights)
{
	struct io_page p;

	x->nr = 0;
	x->full = false;
	for (; x->addr < sim.end; x->addr += IO_PAGE) {
		struct pt_io_run *r = x->nr ? &x->runs[x->nr - 1] : NULL;

		io_look(&sim, x->addr, rights, &p);
		if (p.err) {
			x->err = p.err;
			x->level = p.level;
			return;
		}
		if (r && belongs(r, &p)) {
			r->len += IO_PAGE;
		} else if (x->nr == cap) {
			x->full = true;
			return;
		} else {
			x->runs[x->nr++] = (struct pt_io_run){
				.iova = x->addr,
				.len = IO_PAGE,
				.pa = p.pa,
				.entry = p.entry,
				.level = p.level,
				.kind = p.kind,
				.rights = p.rights,
				.page_shift = p.shift,
			};
		}
		pages_compared++;
	}
}

static void compare(const struct pt_io_run *a, const struct pt_io_run *b)
{
	if (memcmp(a, b, sizeof(*a)))
		io_fail("0x%llx+0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %u shift %u; expected 0x%llx+0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %u shift %u",
			a->iova, a->len, a->pa, a->entry, a->level, a->kind, a->rights,
			a->page_shift, b->iova, b->len, b->pa, b->entry, b->level, b->kind,
			b->rights, b->page_shift);
}

/* Returns how the answer ended. */
static int check_runs(uint32_t cap)
{
	struct expected x = { .addr = sim.start };
	static struct question q;
	uint32_t i;
	int ret;

	ask(&q, cap);
	do {
		expect(&x, cap, q.space.rights);
		ret = fill(&q);
		if (ret != x.err || (ret && q.w.level != x.level) || q.w.addr != x.addr)
			io_fail("ended with %d at 0x%llx, level %u, not %d at 0x%llx, level %u",
				ret, (unsigned long long)q.w.addr, q.w.level, x.err,
				(unsigned long long)x.addr, x.level);
		for (i = 0; i < q.w.nr && i < x.nr; i++)
			compare(&q.runs[i], &x.runs[i]);
		if (q.w.nr != x.nr || !!q.w.full != x.full)
			io_fail("%u runs, not %u; full %d, not %d", q.w.nr, x.nr, q.w.full, x.full);
	} while (!ret && q.w.addr < q.w.end);
	if (q.w.retries)
		io_fail("looked again, and nothing had changed");
	if (q.w.entries != sim.reads)
		io_fail("%llu entries counted, %llu read", q.w.entries,
			(unsigned long long)sim.reads);
	return ret;
}

static const uint32_t caps[] = { 1, 2, 3, 5, 17, MAX_CAP };

static void test_runs(void **state)
{
	unsigned long i;

	(void)state;
	for (i = 0; i < rounds(3000); i++) {
		build(i, 0);
		assert_int_equal(check_runs(caps[i % ARRAY_SIZE(caps)]), 0);
	}
}

/* Entries that are refused, tables that are in no RAM, tables that are above themselves */
static void test_bad(void **state)
{
	unsigned long i, eio = 0, eloop = 0, ebadmsg = 0;
	int ret;

	(void)state;
	for (i = 0; i < rounds(3000); i++) {
		build(i, 1 + i % 300);
		ret = check_runs(caps[i % ARRAY_SIZE(caps)]);
		eio += ret == -EIO;
		eloop += ret == -ELOOP;
		ebadmsg += ret == -EBADMSG;
	}
	printf("# %lu EIO, %lu ELOOP, %lu EBADMSG\n", eio, eloop, ebadmsg);
	assert_true(eio > rounds(20) && eloop > rounds(20) && ebadmsg > rounds(100));
}

/* Tables of nothing but garbage: whatever it says, it is what the naive walk says. */
static void test_garbage(void **state)
{
	unsigned long i;
	uint32_t t, k;

	(void)state;
	for (i = 0; i < rounds(500); i++) {
		build(i, 100);
		for (t = 0; t < IO_TABLES; t++)
			for (k = 0; k < IO_ENTRIES; k += 1 + io_random(100)) {
				uint64_t e = io_random(BIT(53)) << 11 ^ io_random(BIT(53));

				if (io_random(2))
					e = (e & 0xfff) |
					    (sim.ram_pa + io_random(IO_TABLES) * IO_PAGE);
				*io_slot(t, k) = e;
			}
		if (sim.end - sim.start > 512 * IO_PAGE)
			sim.end = sim.start + 512 * IO_PAGE;
		check_runs(caps[i % ARRAY_SIZE(caps)]);
	}
}

/* One IOVA: the path has every level that was read, and the last entry is that of the run. */
static void test_path(void **state)
{
	static struct question q;
	unsigned long i;
	uint32_t k;

	(void)state;
	for (i = 0; i < rounds(3000); i++) {
		struct io_page p;

		build(i, 0);
		sim.start += io_random((sim.end - sim.start) / IO_PAGE) * IO_PAGE;
		sim.end = sim.start + IO_PAGE;
		ask(&q, 1);
		assert_int_equal(fill(&q), 0);
		io_look(&sim, sim.start, q.space.rights, &p);
		if (!q.w.depth) {
			assert_true(sim.levels < 6 && sim.start >> (12 + 9 * sim.levels));
			continue;
		}
		assert_true(q.w.path[0].table_pa == q.space.root_pa);
		assert_int_equal(q.w.path[0].level, sim.levels - 1);
		for (k = 0; k < q.w.depth; k++) {
			const struct pt_io_step *s = &q.w.path[k];

			assert_int_equal(s->index, sim.start >> (12 + 9 * s->level) & 511);
			assert_true(*io_slot(io_table_of(&sim, s->table_pa), s->index) == s->entry);
			if (k)
				assert_true(io_table_of(&sim, q.w.path[k - 1].entry) ==
					    io_table_of(&sim, s->table_pa));
		}
		assert_true(q.w.path[q.w.depth - 1].entry == p.entry);
		assert_int_equal(q.w.path[q.w.depth - 1].level, p.level);
	}
}

/* Changes while it is walked */

static uint32_t change_every, changes;

/* Frees a table, or links a new one, behind an entry of an upper table; in the order of drivers. */
static void change(struct io_sim *s, uint64_t pa, uint32_t nr)
{
	uint32_t level = s->levels - 1, t = s->root, old;
	const uint64_t iova = s->start + io_random((s->end - s->start) / IO_PAGE) * IO_PAGE;
	uint64_t *e;

	(void)pa;
	(void)nr;
	if (io_random(change_every))
		return;
	for (;; t = old) {
		e = io_slot(t, iova >> (12 + 9 * level) & 511);
		if (!io_is_table(s, level, *e))
			return;
		old = io_table_of(s, *e);
		if (old == IO_TABLES)
			return;
		if (!io_random(level + 1))
			break;
		level = s->format == IO_AMD ? (*e >> 9) % 8 - 1 : level - 1;
	}
	changes++;
	if (io_random(3) && s->nr_tables + 8 < IO_TABLES)
		*e = io_new_entry(s, level, iova >> (12 + 9 * level) << (12 + 9 * level));
	else
		*e = 0;
	/* Those below it are left alone: nothing leads there but this one. */
	io_free_table(s, old);
}

/* What is in a table that was freed is never told. */
static void test_changes(void **state)
{
	unsigned long i, again = 0, retried = 0;
	static struct question q;
	uint32_t k;
	int ret;

	(void)state;
	changes = 0;
	for (i = 0; i < rounds(3000); i++) {
		build(i, 0);
		ask(&q, MAX_CAP);
		change_every = 2 + i % 40;
		sim.before_read = change;
		do {
			ret = fill(&q);
			again += ret == -EAGAIN;
			if (ret && ret != -EAGAIN)
				io_fail("ended with %d", ret);
			for (k = 0; k < q.w.nr; k++)
				if ((q.runs[k].pa & 0x000fffff00000000ULL) == IO_POISON)
					io_fail("a table that was freed: 0x%llx is 0x%llx",
						q.runs[k].iova, q.runs[k].pa);
		} while (!ret && q.w.addr < q.w.end);
		retried += q.w.retries;
	}
	printf("# %u changes, %lu looks again, %lu gave up\n", changes, retried, again);
	assert_true(changes > rounds(1000) && retried > rounds(500));
}

static uint32_t flips;

/* Another entry at each look: no answer can be had. */
static void flip(struct io_sim *s, uint64_t pa, uint32_t nr)
{
	(void)pa;
	(void)nr;
	flips++;
	*io_slot(s->root, 0) =
		(s->ram_pa + (1 + flips % 2) * IO_PAGE) | (flips % 1000ULL) << 52 | 3;
}

static void simple(void)
{
	uint32_t t, i;

	memset(&sim, 0, sizeof(sim));
	sim.format = IO_SECOND;
	sim.levels = 3;
	sim.ram_pa = 0x100000;
	for (t = 0; t < 8; t++)
		for (i = 0; i < IO_ENTRIES; i++)
			*io_slot(t, i) = 0;
	*io_slot(0, 0) = (sim.ram_pa + IO_PAGE) | 3;
	*io_slot(1, 0) = (sim.ram_pa + 3 * IO_PAGE) | 3;
	*io_slot(2, 0) = (sim.ram_pa + 4 * IO_PAGE) | 3;
	for (i = 0; i < IO_ENTRIES; i++) {
		*io_slot(3, i) = (0x40000000 + i * IO_PAGE) | 3;
		*io_slot(4, i) = (0x80000000 + i * IO_PAGE) | 3;
	}
	sim.end = 512 * IO_PAGE;
}

/* Bounded, with no run of what was seen meanwhile; and an answer as soon as it stands still. */
static void test_never_still(void **state)
{
	static struct question q;

	(void)state;
	simple();
	ask(&q, MAX_CAP);
	sim.before_read = flip;
	assert_int_equal(fill(&q), -EAGAIN);
	assert_int_equal(q.w.nr, 0);
	assert_int_equal(q.w.addr, 0);
	assert_int_equal(q.w.retries, PT_IO_TRIES - 1);
	sim.before_read = NULL;
	assert_int_equal(fill(&q), 0);
	assert_int_equal(q.w.nr, 1);
	assert_true(q.runs[0].len == sim.end);
}

/* Accessed and dirty bits that come meanwhile are no change. */
static void set_accessed(struct io_sim *s, uint64_t pa, uint32_t nr)
{
	(void)pa;
	if (nr == 1)
		return;
	/* Between the first and the second look at the path, and at the last entry */
	*io_slot(s->root, 0) |= 0x100;
	*io_slot(3, 0) |= 0x300;
}

static void test_accessed(void **state)
{
	static struct question q;

	(void)state;
	simple();
	ask(&q, MAX_CAP);
	sim.before_read = set_accessed;
	assert_int_equal(fill(&q), 0);
	assert_int_equal(q.w.retries, 0);
	assert_int_equal(q.w.nr, 1);
	assert_true(q.runs[0].entry == q.w.path[2].entry);
}

/* Behind the last frame of all there is no next one: the address has no bit for it. */
static void test_last_frame(void **state)
{
	static struct question q;

	(void)state;
	simple();
	*io_slot(3, 0) = PA_MASK | 3;
	*io_slot(3, 1) = (PA_MASK | 3) + IO_PAGE;
	ask(&q, MAX_CAP);
	q.w.end = 2 * IO_PAGE;
	assert_int_equal(fill(&q), 0);
	assert_int_equal(q.w.nr, 2);
	assert_true(q.runs[0].pa == PA_MASK && q.runs[0].len == IO_PAGE);
	assert_true(q.runs[1].pa == 0 && q.runs[1].len == IO_PAGE);
}

/* Six levels translate 64 bits: a table that is empty is one hole, however long. */
static void test_whole(void **state)
{
	static struct question q;

	(void)state;
	simple();
	sim.format = IO_AMD;
	sim.levels = 6;
	*io_slot(0, 0) = 0;
	ask(&q, MAX_CAP);
	q.w.end = ~0xfffULL;
	assert_int_equal(fill(&q), 0);
	assert_int_equal(q.w.nr, 1);
	assert_true(q.runs[0].kind == PT_NONE && q.runs[0].len == ~0xfffULL);
}

/* Without a page table: all passes, or nothing does. */
static void test_plain(void **state)
{
	static struct question q;

	(void)state;
	simple();
	ask(&q, MAX_CAP);
	q.space.kind = PT_IO_PASS;
	q.space.rights = 8;
	q.w.addr = 0x5000;
	q.w.end = ~0xfffULL;
	assert_int_equal(fill(&q), 0);
	assert_int_equal(q.w.nr, 1);
	assert_true(q.runs[0].pa == 0x5000 && q.runs[0].len == ~0xfffULL - 0x5000);
	assert_true(q.runs[0].kind == PT_LEAF && q.runs[0].rights == 8 && !q.runs[0].page_shift);
	ask(&q, MAX_CAP);
	q.space.kind = PT_IO_BLOCKED;
	assert_int_equal(fill(&q), 0);
	assert_true(q.w.nr == 1 && q.runs[0].kind == PT_NONE && q.runs[0].len == sim.end);
	assert_int_equal(sim.reads, 0);
	/* A bit of memory encryption is part of no address. */
	ask(&q, MAX_CAP);
	q.w.pa_mask = PA_MASK & ~BIT(47);
	q.space.root_pa |= BIT(47);
	*io_slot(0, 0) |= BIT(47);
	*io_slot(1, 0) |= BIT(47);
	*io_slot(3, 0) |= BIT(47);
	q.w.end = IO_PAGE;
	assert_int_equal(fill(&q), 0);
	assert_true(q.w.nr == 1 && q.runs[0].pa == 0x40000000);
}

/* From the register to the table: VT-d */

static uint64_t at(uint32_t table)
{
	return sim.ram_pa + table * IO_PAGE;
}

static int find_vtd(uint64_t rtaddr, uint32_t rid, struct pt_io_found *f)
{
	const struct pt_io_mem mem = { .read = io_read, .arg = &sim };

	memset(f, 0xa5, sizeof(*f));
	return pt_vtd_find(&mem, rtaddr, rid, f);
}

/* 01:02.0: the root entry in table 5, the context entry in table 6 */
static void test_find_legacy(void **state)
{
	struct pt_io_found f, again;

	(void)state;
	simple();
	*io_slot(5, 2) = at(6) | 1;
	*io_slot(6, 0x20) = at(0) | 1;
	*io_slot(6, 0x21) = 0x701;
	assert_int_equal(find_vtd(at(5), 0x110, &f), 0);
	assert_true(f.space.kind == PT_IO_TABLE && f.space.fmt == &pt_vtd_second);
	assert_true(f.space.root_pa == at(0) && f.space.levels == 3 && f.space.domain_id == 7);
	assert_int_equal(f.nr, 3);
	assert_true(f.word[0].what == PT_IO_ROOT && f.word[0].pa == at(5) + 16);
	assert_true(f.word[1].what == PT_IO_CONTEXT && f.word[1].pa == at(6) + 0x100);
	assert_true(f.word[2].index == 1 && f.word[2].value == 0x701);
	assert_int_equal(find_vtd(at(5), 0x110, &again), 0);
	assert_true(pt_io_same(&f, &again));
	*io_slot(6, 0x21) = 0x801;
	assert_int_equal(find_vtd(at(5), 0x110, &again), 0);
	assert_false(pt_io_same(&f, &again));
	/* Another device, another bus, an entry or a register that is refused, no RAM */
	assert_int_equal(find_vtd(at(5), 0x118, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && f.nr == 3);
	assert_false(pt_io_same(&f, &again));
	assert_int_equal(find_vtd(at(5), 0x010, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && f.nr == 1);
	*io_slot(5, 2) |= 2;
	assert_int_equal(find_vtd(at(5), 0x110, &f), -EBADMSG);
	*io_slot(5, 2) = (sim.ram_pa + IO_TABLES * IO_PAGE) | 1;
	assert_int_equal(find_vtd(at(5), 0x110, &f), -EIO);
	assert_int_equal(find_vtd(0x1000, 0x110, &f), -EIO);
	assert_int_equal(find_vtd(at(5) | 2 << 10, 0x110, &f), -EBADMSG);
	assert_int_equal(find_vtd(at(5) | 3 << 10, 0x110, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && !f.nr);
	assert_int_equal(find_vtd(~0ULL, 0x110, &f), 0); /* as blocked: who asks looks at GSTS */
}

/* 00:12.0 (upper half of the root entry), RID_PASID 0x41: directory in table 7, entry in table 3 */
static void test_find_scalable(void **state)
{
	struct pt_io_found f;

	(void)state;
	simple();
	*io_slot(5, 1) = at(6) | 1;
	*io_slot(6, 0x10 * 4) = at(7) | 1;
	*io_slot(6, 0x10 * 4 + 1) = 0x41;
	*io_slot(7, 1) = at(3) | 1;
	*io_slot(3, 8) = at(0) | 1 | 2 << 6 | 1 << 2;
	*io_slot(3, 9) = 0x12;
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), 0);
	assert_true(f.space.kind == PT_IO_TABLE && f.space.fmt == &pt_vtd_second);
	assert_true(f.space.root_pa == at(0) && f.space.levels == 3 && f.space.domain_id == 0x12);
	assert_int_equal(f.nr, PT_IO_WORDS);
	assert_true(f.word[5].what == PT_IO_PASID_DIR && f.word[5].pa == at(7) + 8);
	assert_true(f.word[6].what == PT_IO_PASID && f.word[6].pa == at(3) + 64);
	*io_slot(3, 8) = 1 | 1 << 6;
	*io_slot(3, 10) = at(2) | 1 << 2;
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), 0);
	assert_true(f.space.fmt == &pt_vtd_first && f.space.levels == 5);
	assert_true(f.space.root_pa == at(2));
	*io_slot(3, 8) = 0;
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && f.nr == PT_IO_WORDS);
	*io_slot(7, 1) = 0;
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && f.nr == 6);
	*io_slot(6, 0x10 * 4 + 1) = 0xfffff; /* more than a directory of 128 has */
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), -EBADMSG);
	*io_slot(6, 0x10 * 4) = 0;
	assert_int_equal(find_vtd(at(5) | 1 << 10, 0x90, &f), 0);
	assert_true(f.space.kind == PT_IO_BLOCKED && f.nr == 5);
}

static void test_find_amd(void **state)
{
	const struct pt_io_mem mem = { .read = io_read, .arg = &sim };
	struct pt_io_found f;

	(void)state;
	simple();
	*io_slot(5, 0x10 * 4) = at(0) | 3 | 3 << 9 | BIT(61) | BIT(62);
	*io_slot(5, 0x10 * 4 + 1) = 9;
	assert_int_equal(pt_amd_find(&mem, at(5), 0x10, &f), 0);
	assert_true(f.space.kind == PT_IO_TABLE && f.space.fmt == &pt_amd_v1);
	assert_true(f.space.root_pa == at(0) && f.space.levels == 3 && f.space.domain_id == 9);
	assert_true(f.nr == 4 && f.word[0].what == PT_IO_DTE && f.word[0].pa == at(5) + 0x200);
	assert_int_equal(pt_amd_find(&mem, at(5), 0x18, &f), 0);
	assert_int_equal(f.space.kind, PT_IO_PASS);
	assert_int_equal(pt_amd_find(&mem, at(5), 0x80, &f), 0); /* past the end */
	assert_true(f.space.kind == PT_IO_BLOCKED && !f.nr);
	assert_int_equal(pt_amd_find(&mem, 0x1000, 0x10, &f), -EIO);
	*io_slot(5, 0x10 * 4) |= 7 << 9;
	assert_int_equal(pt_amd_find(&mem, at(5), 0x10, &f), -EBADMSG);
}

int main(void)
{
	const char *text = getenv("WALK_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),	    cmocka_unit_test(test_bad),
		cmocka_unit_test(test_garbage),	    cmocka_unit_test(test_path),
		cmocka_unit_test(test_changes),	    cmocka_unit_test(test_never_still),
		cmocka_unit_test(test_accessed),    cmocka_unit_test(test_plain),
		cmocka_unit_test(test_find_legacy), cmocka_unit_test(test_find_scalable),
		cmocka_unit_test(test_find_amd),    cmocka_unit_test(test_last_frame),
		cmocka_unit_test(test_whole),
	};
	int ret;

	first_seed = text ? strtoull(text, NULL, 0) : first_seed;
	text = getenv("WALK_ROUNDS");
	rounds_percent = text ? strtoul(text, NULL, 0) : rounds_percent;
	ret = cmocka_run_group_tests_name("pt_io", tests, NULL, NULL);
	printf("# %llu pages compared\n", (unsigned long long)pages_compared);
	return ret;
}
