// SPDX-License-Identifier: GPL-2.0
/* frames.c: two lists of runs against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pt/frames.h"
#include "fmt/pt_fmt.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE	      4096ULL
#define VA	      0x7f0000000000ULL
#define PA	      0x12345000ULL
#define MAX_PAGES     64

struct seen {
	size_t nr;
	uint64_t offset[MAX_PAGES], a[MAX_PAGES], b[MAX_PAGES];
};

static void note(uint64_t offset, uint64_t pa_a, uint64_t pa_b, void *arg)
{
	struct seen *s = arg;

	assert_true(s->nr < MAX_PAGES);
	s->offset[s->nr] = offset;
	s->a[s->nr] = pa_a;
	s->b[s->nr++] = pa_b;
}

static struct verify_pte_run run(uint64_t at, uint64_t pages, uint64_t pa, enum pt_kind kind)
{
	return (struct verify_pte_run){ .vaddr = at, .len = pages * PAGE, .pa = pa, .kind = kind };
}

/* The frame of each page, page by page, as anybody would write it down. */
static void spread(const struct frames *f, uint64_t pages, uint64_t *pa)
{
	uint64_t i;
	size_t n;

	for (i = 0; i < pages; i++) {
		pa[i] = FRAME_NONE;
		for (n = 0; n < f->nr; n++) {
			uint64_t at = f->base + i * PAGE;

			if (at >= f->runs[n].vaddr && at < f->runs[n].vaddr + f->runs[n].len &&
			    f->runs[n].kind != PT_NONE && f->runs[n].kind != PT_ABSENT)
				pa[i] = f->runs[n].pa + (at - f->runs[n].vaddr);
		}
	}
}

static void compare(const struct frames *a, const struct frames *b, uint64_t pages)
{
	uint64_t pa_a[MAX_PAGES], pa_b[MAX_PAGES], i, bad;
	struct seen seen = { 0 };
	size_t n = 0;

	spread(a, pages, pa_a);
	spread(b, pages, pa_b);
	bad = frames_compare(a, b, pages * PAGE, note, &seen);
	assert_int_equal(bad, seen.nr);
	assert_int_equal(frames_compare(a, b, pages * PAGE, NULL, NULL), seen.nr);
	for (i = 0; i < pages; i++) {
		if (pa_a[i] == pa_b[i] && pa_a[i] != FRAME_NONE)
			continue;
		assert_true(n < seen.nr);
		assert_int_equal(seen.offset[n], i * PAGE);
		assert_int_equal(seen.a[n], pa_a[i]);
		assert_int_equal(seen.b[n], pa_b[i]);
		n++;
	}
	assert_int_equal(n, seen.nr);
}

static void test_same(void **state)
{
	/* The same frames, cut differently. */
	const struct verify_pte_run one[] = { run(VA, 8, PA, PT_LEAF) };
	const struct verify_pte_run many[] = { run(0, 3, PA, PT_LEAF),
					       run(3 * PAGE, 1, PA + 3 * PAGE, PT_LEAF),
					       run(4 * PAGE, 4, PA + 4 * PAGE, PT_LEAF) };
	const struct frames a = { one, ARRAY_SIZE(one), VA }, b = { many, ARRAY_SIZE(many), 0 };

	(void)state;
	assert_int_equal(frames_compare(&a, &b, 8 * PAGE, NULL, NULL), 0);
	assert_int_equal(frames_compare(&b, &a, 8 * PAGE, NULL, NULL), 0);
	compare(&a, &b, 8);
}

static void test_one_differs(void **state)
{
	const struct verify_pte_run one[] = { run(VA, 8, PA, PT_LEAF) };
	const struct verify_pte_run moved[] = { run(0, 3, PA, PT_LEAF),
						run(3 * PAGE, 1, PA + 9 * PAGE, PT_LEAF),
						run(4 * PAGE, 4, PA + 4 * PAGE, PT_LEAF) };
	const struct frames a = { one, ARRAY_SIZE(one), VA }, b = { moved, ARRAY_SIZE(moved), 0 };

	(void)state;
	assert_int_equal(frames_compare(&a, &b, 8 * PAGE, NULL, NULL), 1);
	compare(&a, &b, 8);
}

static void test_none(void **state)
{
	/* Nothing at all in either, and a hole in one: no page without a frame agrees. */
	const struct verify_pte_run holes[] = { run(0, 2, PA, PT_LEAF),
						run(2 * PAGE, 2, 0, PT_NONE),
						run(6 * PAGE, 1, PA + 6 * PAGE, PT_PROTNONE) };
	const struct verify_pte_run one[] = { run(VA, 8, PA, PT_LEAF) };
	const struct frames a = { holes, ARRAY_SIZE(holes), 0 }, b = { one, ARRAY_SIZE(one), VA };
	const struct frames nothing = { NULL, 0, 0 };

	(void)state;
	assert_int_equal(frames_compare(&a, &b, 8 * PAGE, NULL, NULL), 5);
	compare(&a, &b, 8);
	compare(&b, &a, 8);
	assert_int_equal(frames_compare(&nothing, &nothing, 8 * PAGE, NULL, NULL), 8);
	assert_int_equal(frames_compare(&b, &nothing, 8 * PAGE, NULL, NULL), 8);
	assert_int_equal(frames_compare(&a, &b, 0, NULL, NULL), 0);
}

static void test_random(void **state)
{
	unsigned int round;

	(void)state;
	srand(1);
	for (round = 0; round < 20000; round++) {
		struct verify_pte_run runs[2][MAX_PAGES];
		struct frames f[2] = { { runs[0], 0, VA }, { runs[1], 0, 0 } };
		int side;

		for (side = 0; side < 2; side++) {
			uint64_t at = rand() % 3;

			while (at < MAX_PAGES) {
				uint64_t pages = 1 + rand() % 7;

				runs[side][f[side].nr++] =
					run(f[side].base + at * PAGE, pages,
					    PA + (at + (rand() % 3 ? 0 : rand() % 4)) * PAGE,
					    rand() % 5 ? PT_LEAF : PT_NONE);
				at += pages + (rand() % 4 ? 0 : rand() % 3);
			}
		}
		compare(&f[0], &f[1], MAX_PAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_one_differs),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
