// SPDX-License-Identifier: GPL-2.0
/* Each judge: what is as expected passes, and each thing that is not is told by its figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fmt/pt_x86.h"
#include "witness/judge.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Four pages: two in a row of frames, and two each by itself. */
#define VA    0x7f0000000000ULL
#define PAGES 4
#define END   (VA + PAGES * 4096)
#define LEAF  0x8000000000000867ULL
#define TABLE 0x67ULL
#define MASK  0xffffffffff000ULL
#define ALL   (PT_USER | PT_WRITE)

static const uint64_t frame[PAGES] = { 0x111000, 0x112000, 0x333000, 0x555000 };

static struct verify_pte_run runs[3];
static struct verify_pte_entry raws[3 + PAGES];
static uint64_t map[PAGES]; /* of pagemap */
static struct verify_pte_walk info, raw_info;
static struct module_answer answer;
static struct expected_pages expected;
static struct page_counts counts;
static struct testimony t;
static struct err err;

static void set_raw(size_t i, unsigned int level, uint64_t vaddr, uint64_t entry)
{
	raws[i] = (struct verify_pte_entry){
		.vaddr = vaddr,
		.entry = entry,
		.index = pt_index(&pt_x86, level, vaddr),
		.level = level,
		.kind = pt_x86.kind(level, entry),
	};
}

static void set_run(size_t i, uint64_t vaddr, uint64_t len, uint64_t pa)
{
	runs[i] = (struct verify_pte_run){
		.vaddr = vaddr, .len = len, .pa = pa, .kind = PT_LEAF, .rights = ALL
	};
}

static int setup(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		set_raw(i, 3 - i, VA, 0x1000 * (i + 1) | TABLE);
	for (i = 0; i < PAGES; i++) {
		set_raw(3 + i, 0, VA + i * 4096, frame[i] | LEAF);
		map[i] = 1ULL << 63 | frame[i] / 4096;
	}
	set_run(0, VA, 2 * 4096, frame[0]);
	set_run(1, VA + 2 * 4096, 4096, frame[2]);
	set_run(2, VA + 3 * 4096, 4096, frame[3]);
	info = raw_info =
		(struct verify_pte_walk){ .levels = 4, .root_pa = 0x9000, .pa_mask = MASK };
	answer = (struct module_answer){
		&pt_x86, &info, &raw_info, runs, 3, raws, ARRAY_SIZE(raws)
	};
	expected = (struct expected_pages){ VA, END, 4096, true };
	memset(&t, 0, sizeof(t));
	memset(&err, 0, sizeof(err));
	return 0;
}

static void expect(enum status status, uint64_t judged, uint64_t differing, const char *why)
{
	assert_int_equal(testimony_status(&t), status);
	assert_int_equal(t.judged, judged);
	assert_int_equal(t.differing, differing);
	if (why)
		assert_string_equal(err.why, why);
	else
		assert_string_equal(err.what, "");
}

/* --- module ------------------------------------------------------------------------------ */

static void ask_module(void)
{
	judge_module(&answer, &expected, &counts, &t, &err);
}

static void test_module(void **state)
{
	(void)state;
	ask_module();
	expect(STATUS_PASS, PAGES, 0, NULL);
	assert_true(t.answered);
	assert_true(testimony_proven(&t));
	assert_string_equal(t.unit, "pages user");
	assert_int_equal(counts.user, PAGES);
	assert_int_equal(counts.supervisor + counts.absent, 0);
}

/* Pages of the other kind than expected fail, each of them, and the first is named. */
static void test_module_rights(void **state)
{
	(void)state;
	expected.user = false;
	ask_module();
	expect(STATUS_FAIL, PAGES, PAGES, "first 0x7f0000000000: _PAGE_USER is set at every level");
	assert_string_equal(t.unit, "pages supervisor");
	setup(NULL);
	runs[1].rights = PT_WRITE;
	runs[1].no_user_levels = 1;
	set_raw(5, 0, VA + 2 * 4096, frame[2] | (LEAF & ~PT_X86_US));
	ask_module();
	expect(STATUS_FAIL, PAGES, 1, "first 0x7f0000002000: _PAGE_USER is clear at PTE");
	assert_int_equal(counts.user, 3);
	assert_int_equal(counts.supervisor, 1);
	assert_string_equal(t.why, err.why);
	assert_true(t.answered);
}

/* A page that is not there has no rights, whatever was expected of it. */
static void test_module_absent(void **state)
{
	(void)state;
	runs[2].kind = PT_NONE;
	runs[2].rights = 0;
	set_raw(6, 0, VA + 3 * 4096, 0);
	ask_module();
	expect(STATUS_FAIL, PAGES, 1, "first 0x7f0000003000: no page there (none at PTE)");
	assert_int_equal(counts.absent, 1);
}

/* Runs and entries that are not of one table are an answer to nothing. */
static void test_module_forms(void **state)
{
	(void)state;
	raws[4].entry += 0x1000;
	ask_module();
	expect(STATUS_FAIL, PAGES, 1, "runs and raw entries differ at 0x7f0000001000");
	assert_false(t.answered);
	setup(NULL);
	raw_info.root_pa += 0x1000;
	ask_module();
	expect(STATUS_FAIL, PAGES, 1, "runs and raw entries differ at 0x7f0000000000");
	assert_false(t.answered);
	setup(NULL);
	raw_info.pa_mask = 0xfffff000;
	ask_module();
	expect(STATUS_FAIL, PAGES, 1, "runs and raw entries differ at 0x7f0000000000");
}

/* Pages of another size than was asked for were not verified as such: no pass, no failure. */
static void test_module_size(void **state)
{
	(void)state;
	expected.page_size = 2 << 20;
	ask_module();
	expect(STATUS_UNVERIFIED, 0, 0, "first 0x7f0000000000: 0x200000 was asked for");
	assert_int_equal(t.total, PAGES);
	assert_true(t.answered);
}

/* --- pagemap ----------------------------------------------------------------------------- */

static void ask_pagemap(size_t nr_runs)
{
	const struct frames process = { runs, nr_runs, VA };

	judge_pagemap(&process, map, PAGES, &t, &err);
}

static void test_pagemap(void **state)
{
	(void)state;
	ask_pagemap(3);
	expect(STATUS_PASS, PAGES, 0, NULL);
	assert_true(testimony_proven(&t));
	/* Another frame, of a page in the middle of a run */
	map[1]++;
	ask_pagemap(3);
	expect(STATUS_FAIL, PAGES, 1, "page 0x7f0000001000: module 0x112000, pagemap 0x113000");
	/* One that only one of them has, and one that no run speaks of */
	setup(NULL);
	map[2] = 0;
	ask_pagemap(2);
	expect(STATUS_FAIL, PAGES, 2, "page 0x7f0000002000: module 0x333000, pagemap 0x0 (absent)");
}

/* Absent on both sides agrees; a run past the end indexes nothing. */
static void test_pagemap_absent(void **state)
{
	(void)state;
	runs[2].kind = PT_NONE;
	map[3] = 0;
	ask_pagemap(3);
	expect(STATUS_PASS, PAGES, 0, NULL);
	setup(NULL);
	runs[2].len = 64 * 4096;
	ask_pagemap(3);
	assert_int_equal(testimony_status(&t), STATUS_FAIL);
}

static void test_pagemap_hides(void **state)
{
	size_t i;

	(void)state;
	assert_false(pagemap_hides(map, PAGES));
	for (i = 0; i < PAGES; i++)
		map[i] = 1ULL << 63;
	assert_true(pagemap_hides(map, PAGES));
	map[PAGES - 1]++;
	assert_false(pagemap_hides(map, PAGES));
}

/* --- IOMMU ------------------------------------------------------------------------------- */

#define IOVA 0x100000ULL

static struct verify_pte_run mapped[2];
static unsigned int told;
static struct odd_pages odd;

static void count_told(const char *text, uint64_t vaddr, void *arg)
{
	assert_ptr_equal(arg, &odd);
	assert_int_equal(vaddr % 4096, 0);
	assert_non_null(strstr(text, "page 0x7f000000"));
	told++;
}

/* What the IOMMU has for the first @nr runs of the process */
static void ask_iommu(size_t nr, const char *bdf)
{
	const struct frames process = { runs, 3, VA };
	const struct translation one = { 0, bdf, IOVA, mapped, nr };

	told = 0;
	odd = (struct odd_pages){ .each = count_told, .arg = &odd };
	judge_translation(&process, &one, PAGES * 4096, &odd);
	judge_iommu(&odd, PAGES, &t, &err);
	assert_int_equal(told, odd.nr);
}

static void map_all(void)
{
	runs[1].pa = frame[0] + 2 * 4096;
	runs[1].len = 2 * 4096;
	runs[2].len = 0;
	mapped[0] = (struct verify_pte_run){
		.vaddr = IOVA, .len = PAGES * 4096, .pa = frame[0], .kind = PT_LEAF
	};
}

static void test_iommu(void **state)
{
	(void)state;
	map_all();
	ask_iommu(1, NULL);
	expect(STATUS_PASS, PAGES, 0, NULL);
	assert_true(testimony_proven(&t));
	/* Another frame: all pages of the translation */
	mapped[0].pa += 4096;
	ask_iommu(1, NULL);
	expect(STATUS_FAIL, PAGES, PAGES,
	       "first page 0x7f0000000000, IOVA 0x100000: process 0x111000, IOMMU 0x112000");
	assert_string_equal(t.why, odd.first);
	/* None: of which device is said where there are several */
	setup(NULL);
	map_all();
	mapped[0].len -= 4096;
	ask_iommu(1, "0000:00:02.0");
	expect(STATUS_FAIL, PAGES, 1,
	       "first page 0x7f0000003000, IOVA 0x103000 of 0000:00:02.0: process 0x114000, IOMMU no frame");
	setup(NULL);
	ask_iommu(0, NULL);
	expect(STATUS_FAIL, PAGES, PAGES,
	       "first page 0x7f0000000000, IOVA 0x100000: process 0x111000, IOMMU no frame");
}

/* Seen later it makes the testimony worse, and nothing makes it better. */
static void test_stale(void **state)
{
	static const struct odd_pages none = { 0 }, two = { .nr = 2, .first = "page 2" };

	(void)state;
	testimony_give(&t, STATUS_PASS, PAGES, 0, NULL);
	assert_int_equal(judge_stale(&none, PAGES, &t, &err), STATUS_PASS);
	expect(STATUS_PASS, PAGES, 0, NULL);
	assert_int_equal(judge_stale(&two, PAGES, &t, &err), STATUS_FAIL);
	expect(STATUS_FAIL, PAGES, 2, "first page 2");
	assert_int_equal(judge_stale(&none, PAGES, &t, &err), STATUS_PASS);
	expect(STATUS_FAIL, PAGES, 2, "first page 2");
}

/* --- device DMA and interrupts ------------------------------------------------------------ */

static void test_dma(void **state)
{
	static const struct {
		struct dma_seen seen;
		enum status status;
		bool proven;
	} rows[] = {
		{ { 4, 4, 4, 0, false, "" }, STATUS_PASS, true },
		/* A sample, all of which was right */
		{ { 8, 4, 4, 0, true, "" }, STATUS_PASS, false },
		{ { 4, 4, 4, 1, false, "" }, STATUS_FAIL, false },
		/* Nothing, or less than was to take part, is no pass. */
		{ { 4, 4, 0, 0, false, "" }, STATUS_UNVERIFIED, false },
		{ { 4, 4, 3, 0, false, "" }, STATUS_UNVERIFIED, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&t, 0, sizeof(t));
		judge_dma(&rows[i].seen, "why", &t);
		assert_int_equal(testimony_status(&t), rows[i].status);
		assert_int_equal(testimony_proven(&t), rows[i].proven);
		assert_int_equal(t.total, rows[i].seen.total);
		assert_string_equal(t.why, "why");
	}
}

static void test_interrupts(void **state)
{
	(void)state;
	judge_interrupts(2, 2, STATUS_PASS, "", &t);
	assert_true(testimony_proven(&t));
	judge_interrupts(2, 1, STATUS_UNVERIFIED, "no vector is left", &t);
	assert_int_equal(testimony_status(&t), STATUS_UNVERIFIED);
	assert_int_equal(t.total, 2);
	assert_string_equal(t.why, "no vector is left");
	/* Fewer than there are prove nothing, whatever the step says. */
	judge_interrupts(2, 1, STATUS_PASS, "", &t);
	assert_int_equal(testimony_status(&t), STATUS_UNVERIFIED);
	judge_interrupts(2, 2, STATUS_FAIL, "MSI did not arrive", &t);
	assert_int_equal(testimony_status(&t), STATUS_FAIL);
	assert_int_equal(t.differing, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_module),	   TEST(test_module_rights), TEST(test_module_absent),
		TEST(test_module_forms),   TEST(test_module_size),   TEST(test_pagemap),
		TEST(test_pagemap_absent), TEST(test_pagemap_hides), TEST(test_iommu),
		TEST(test_stale),	   TEST(test_dma),	     TEST(test_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
