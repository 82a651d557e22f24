// SPDX-License-Identifier: GPL-2.0
/* The two forms of the module's answer: alike, and with every single thing wrong in one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "witness/entries.h"
#include "fmt/pt_x86.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Two pages at the end of a table, 2 MiB as one page, a page without write, a hole. */
#define VA    0x7f00001fe000ULL
#define END   0x7f0000402000ULL
#define TABLE 0x67ULL
#define LEAF  0x8000000000000867ULL
#define MASK  0xffffffffff000ULL

static struct verify_pte_entry raws[12];
static struct verify_pte_run runs[5];
static struct entries both;

static void add_raw(unsigned int level, uint64_t vaddr, uint64_t entry)
{
	raws[both.nr_raws++] = (struct verify_pte_entry){
		.vaddr = vaddr,
		.entry = entry,
		.index = pt_index(&pt_x86, level, vaddr),
		.level = level,
		.kind = pt_x86.kind(level, entry),
	};
}

static void add_run(unsigned int level, uint64_t vaddr, uint64_t len, uint64_t pa,
		    unsigned int kind, unsigned int rights)
{
	runs[both.nr_runs++] = (struct verify_pte_run){
		.vaddr = vaddr,
		.len = len,
		.pa = pa,
		.level = level,
		.kind = kind,
		.rights = rights,
	};
}

static int setup(void **state)
{
	(void)state;
	both = (struct entries){
		.fmt = &pt_x86,
		.levels = 4,
		.pa_mask = MASK,
		.start = VA,
		.end = END,
		.runs = runs,
		.raws = raws,
	};
	add_raw(3, VA, 0x1000 | TABLE);
	add_raw(2, VA, 0x2000 | TABLE);
	add_raw(1, VA, 0x3000 | TABLE);
	add_raw(0, VA, 0x11110000 | LEAF);
	add_raw(0, VA + 0x1000, 0x11111000 | LEAF);
	add_raw(1, 0x7f0000200000, 0x40000000 | LEAF | PT_X86_PS);
	add_raw(1, 0x7f0000400000, 0x4000 | TABLE);
	add_raw(0, 0x7f0000400000, 0x22220000 | (LEAF & ~PT_X86_RW));
	add_raw(0, 0x7f0000401000, 0);
	add_run(0, VA, 0x2000, 0x11110000, PT_LEAF, PT_USER | PT_WRITE);
	add_run(1, 0x7f0000200000, 0x200000, 0x40000000, PT_LEAF, PT_USER | PT_WRITE);
	add_run(0, 0x7f0000400000, 0x1000, 0x22220000, PT_LEAF, PT_USER);
	add_run(0, 0x7f0000401000, 0x1000, 0, PT_NONE, 0);
	return 0;
}

static void expect_differs(uint64_t where)
{
	uint64_t got = 0;

	assert_false(entries_match(&both, &got));
	assert_int_equal(got, where);
}

static void test_alike(void **state)
{
	uint64_t where;

	(void)state;
	assert_true(entries_match(&both, &where));
}

static void test_each_field(void **state)
{
	size_t i;

	for (i = 0; i < both.nr_runs; i++) {
		const struct verify_pte_run good = runs[i];
		uint64_t where;

		if (good.kind == PT_LEAF) {
			runs[i].pa ^= 0x1000;
			expect_differs(good.vaddr);
			runs[i] = good;
			runs[i].rights ^= PT_USER;
			expect_differs(good.vaddr);
			runs[i].rights = good.rights ^ PT_WRITE;
			expect_differs(good.vaddr);
			runs[i].rights = good.rights ^ PT_EXEC;
			expect_differs(good.vaddr);
			runs[i] = good;
			runs[i].level ^= 1;
			expect_differs(good.vaddr);
			runs[i] = good;
		}
		runs[i].kind = good.kind == PT_LEAF ? PT_NONE : PT_LEAF;
		expect_differs(good.vaddr);
		runs[i] = good;
		runs[i].vaddr += 0x1000;
		assert_false(entries_match(&both, &where));
		runs[i] = good;
		runs[i].len += 0x1000;
		assert_false(entries_match(&both, &where));
		runs[i].len = good.len - 0x1000;
		assert_false(entries_match(&both, &where));
		runs[i].len = good.len - 1;
		assert_false(entries_match(&both, &where));
		setup(state);
	}
}

static void test_each_entry(void **state)
{
	const size_t nr = both.nr_raws;
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct verify_pte_entry good = raws[i];
		const bool table = good.kind == PT_TABLE;
		uint64_t where;

		/* Of a hole no bit counts but those that make it something else. */
		raws[i].entry ^= good.entry ? PT_X86_US : PT_X86_P | PT_X86_US;
		assert_false(entries_match(&both, &where));
		raws[i] = good;
		if (good.entry && !table) {
			raws[i].entry ^= 1ULL << 30;
			expect_differs(good.vaddr);
			raws[i] = good;
		}
		raws[i].kind = PT_INVALID;
		expect_differs(good.vaddr);
		raws[i] = good;
		raws[i].level = 4;
		expect_differs(good.vaddr);
		raws[i] = good;
		if (!table) {
			raws[i].vaddr += 0x1000;
			assert_false(entries_match(&both, &where));
			raws[i] = good;
		}
		/* One that is missing */
		if (!table) {
			memmove(&raws[i], &raws[i + 1], (nr - i - 1) * sizeof(raws[0]));
			both.nr_raws--;
			assert_false(entries_match(&both, &where));
		}
		setup(state);
	}
}

static void test_whole(void **state)
{
	uint64_t where;

	/* Neither form may say less than all, or more. */
	both.nr_runs--;
	assert_false(entries_match(&both, &where));
	both.nr_runs++;
	both.nr_raws--;
	expect_differs(END - 0x1000);
	both.nr_raws++;
	both.end += 0x1000;
	expect_differs(END);
	both.end -= 0x2000;
	assert_false(entries_match(&both, &where));
	both.end += 0x1000;
	both.start -= 0x1000;
	assert_false(entries_match(&both, &where));
	both.start += 0x1000;
	both.levels = PT_MAX_LEVELS + 1;
	assert_false(entries_match(&both, &where));
	setup(state);
	both.nr_runs = both.nr_raws = 0;
	assert_false(entries_match(&both, &where));
	/* A run past the end is nobody's page. */
	setup(state);
	both.end -= 0x1000;
	both.nr_raws--;
	assert_false(entries_match(&both, &where));
	both.nr_runs--;
	assert_true(entries_match(&both, &where));
	/* Twice the same */
	setup(state);
	runs[4] = runs[3];
	runs[3] = runs[2];
	both.nr_runs++;
	expect_differs(runs[2].vaddr);
	/* Or one inside another */
	setup(state);
	runs[4] = runs[3];
	runs[3] = runs[2];
	runs[2] = runs[1];
	runs[2].vaddr += 0x1000;
	runs[2].len -= 0x1000;
	both.nr_runs++;
	expect_differs(runs[2].vaddr);
}

/* Of the pages with a frame all have the size that was asked for, or are counted. */
static void test_size(void **state)
{
	uint64_t where = 0, pages = 0;
	size_t i;

	(void)state;
	/* Four pages of 4K or none, one of 2M: see setup(). */
	assert_int_equal(entries_other_size(&both, 4096, &where), 512);
	assert_true(where == runs[1].vaddr);
	for (i = 0; i < both.nr_runs; i++)
		pages += runs[i].kind == PT_LEAF && !runs[i].level ? runs[i].len / 4096 : 0;
	assert_true(pages > 0);
	assert_int_equal(entries_other_size(&both, 2 << 20, &where), pages);
	assert_true(where == runs[0].vaddr);
	assert_int_equal(entries_other_size(&both, 1 << 30, &where), pages + 512);
	both.nr_runs = 1;
	assert_int_equal(entries_other_size(&both, 4096, &where), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alike, setup),
		cmocka_unit_test_setup(test_each_field, setup),
		cmocka_unit_test_setup(test_each_entry, setup),
		cmocka_unit_test_setup(test_whole, setup),
		cmocka_unit_test_setup(test_size, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
