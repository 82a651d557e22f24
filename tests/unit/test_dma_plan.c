// SPDX-License-Identifier: GPL-2.0
/* Which bytes a device copies: every page once, nothing twice, all inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "driver/plan.h"

#define EDU_MAX 4095

/* How often a page is touched as source (low) and destination (high byte). */
static void count(uint16_t *pages, uint64_t total, uint64_t at, uint32_t len, uint16_t one)
{
	uint64_t page;

	assert_true(len && (at + len - 1) / DMA_PAGE < total);
	for (page = at / DMA_PAGE; page <= (at + len - 1) / DMA_PAGE; page++)
		pages[page] += one;
}

/* All copies of a plan; returns how many pages took part. */
static uint64_t check_plan(uint64_t total, uint64_t max, uint32_t copy_max)
{
	uint16_t *pages = calloc(total, sizeof(*pages));
	struct dma_plan plan;
	uint64_t i, took_part = 0;

	dma_plan_init(&plan, total, max, copy_max);
	for (i = 0; i < dma_plan_copies(&plan); i++) {
		struct dma_copy c;

		dma_plan_copy(&plan, i, &c);
		assert_true(c.len && c.len <= copy_max && !(c.len % 8));
		assert_true(!(c.from % 8) && !(c.to % 8));
		/* What is read is not what is written. */
		assert_true(c.from + c.len <= c.to || c.to + c.len <= c.from);
		count(pages, total, c.from, c.len, 1);
		count(pages, total, c.to, c.len, 0x100);
	}
	for (i = 0; i < total; i++) {
		took_part += !!pages[i];
		if (total > 1 && pages[i] != 0 && pages[i] != 1 && pages[i] != 0x100)
			fail_msg("%d of %d: page %d is touched 0x%x times", (int)max, (int)total,
				 (int)i, pages[i]);
	}
	assert_int_equal(took_part, plan.pages);
	/* As few copies as there can be: each has two ends of two pages. */
	assert_true(dma_plan_copies(&plan) <= plan.pages / 4 + 1);
	free(pages);
	return took_part;
}

static void test_all_pages(void **state)
{
	uint64_t total;

	(void)state;
	for (total = 1; total <= 600; total++)
		assert_int_equal(check_plan(total, 0, EDU_MAX), total);
}

static void test_sample(void **state)
{
	uint64_t total;

	(void)state;
	for (total = 1; total <= 1100; total++)
		assert_int_equal(check_plan(total, 256, EDU_MAX), total < 256 ? total : 256);
	assert_int_equal(check_plan(65536, 256, EDU_MAX), 256);
	assert_int_equal(check_plan(1000, 7, EDU_MAX), 6);
}

static void test_short_copies(void **state)
{
	uint32_t max;

	(void)state;
	for (max = 64; max < 5000; max += 7) {
		check_plan(1, 0, max);
		check_plan(2, 0, max);
		check_plan(16, 0, max);
		check_plan(17, 0, max);
	}
}

/* From the first page to the last, no gap more than twice another. */
static void test_evenly(void **state)
{
	struct dma_plan plan;
	struct dma_copy c;
	uint64_t i, last = 0;

	(void)state;
	dma_plan_init(&plan, 16384, 256, EDU_MAX);
	assert_int_equal(dma_plan_copies(&plan), 64);
	for (i = 0; i < 64; i++) {
		dma_plan_copy(&plan, i, &c);
		assert_int_equal(c.from / DMA_PAGE, i * 128);
		assert_int_equal(c.to / DMA_PAGE, (i + 64) * 128);
		last = c.to / DMA_PAGE;
	}
	assert_true(last == 127 * 128);
}

static void test_words(void **state)
{
	static const uint64_t key = 0x0123456789abcdefULL;
	uint64_t offset;

	(void)state;
	for (offset = 0; offset < 1 << 20; offset += 8)
		assert_true(dma_word_offset(key, dma_word(key, offset)) == offset);
}

/* What is written on purpose where nothing is mapped must meet none of the mappings. */
int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_pages),    cmocka_unit_test(test_sample),
		cmocka_unit_test(test_short_copies), cmocka_unit_test(test_evenly),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
