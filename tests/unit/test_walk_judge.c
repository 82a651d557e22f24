// SPDX-License-Identifier: GPL-2.0
/* What was asked for and not judged is no pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "witness/walk_judge.h"

#define K 4096ULL

struct piece {
	uint64_t page, pages;
	uint32_t kind, rights;
};

/* From page 16 on, @pages of them; the verdict. */
static enum status walk(struct walk_judge *j, uint64_t pages, const struct piece *p)
{
	walk_judge_begin(j, 16 * K);
	for (; p->pages; p++)
		walk_judge_add(j, p->page * K, p->pages * K, p->kind, p->rights);
	walk_judge_end(j, (16 + pages) * K);
	return walk_judge_verdict(j);
}

#define PIECES(...) ((const struct piece[]){ __VA_ARGS__, { 0 } })
#define NOTHING	    ((const struct piece[]){ { 0 } })
#define USER                                        \
	{                                           \
		.judges = true, .expect_user = true \
	}
#define SUPERVISOR             \
	{                      \
		.judges = true \
	}

static void test_all_judged(void **state)
{
	struct walk_judge j = USER, k = SUPERVISOR;

	(void)state;
	assert_int_equal(
		walk(&j, 4,
		     PIECES({ 16, 3, PT_LEAF, PT_USER }, { 19, 1, PT_LEAF, PT_USER | PT_WRITE })),
		STATUS_PASS);
	assert_int_equal(j.asked, 4);
	assert_int_equal(walk_judged(&j), 4);
	assert_int_equal(j.unjudged, 0);
	assert_int_equal(walk(&k, 4, PIECES({ 16, 4, PT_LEAF, PT_WRITE })), STATUS_PASS);
	assert_int_equal(k.supervisor, 4);
}

static void test_differs(void **state)
{
	struct walk_judge j = USER, k = SUPERVISOR;

	(void)state;
	assert_int_equal(walk(&j, 4,
			      PIECES({ 16, 2, PT_LEAF, PT_USER }, { 18, 1, PT_LEAF, 0 },
				     { 19, 1, PT_LEAF, PT_EXEC })),
			 STATUS_FAIL);
	assert_int_equal(j.differ, 2);
	assert_int_equal(j.first_differ, 18 * K);
	assert_int_equal(walk(&k, 1, PIECES({ 16, 1, PT_LEAF, PT_USER })), STATUS_FAIL);
	assert_int_equal(k.differ, 1);
}

/* One page is mapped, 255 are in no VMA: wherever they lie. */
static void test_no_vma(void **state)
{
	struct walk_judge after = USER, before = USER, amid = USER, none = USER;
	char text[256];

	(void)state;
	assert_int_equal(walk(&after, 256, PIECES({ 16, 1, PT_LEAF, PT_USER })), STATUS_UNVERIFIED);
	assert_int_equal(after.asked, 256);
	assert_int_equal(after.unmapped, 255);
	assert_int_equal(after.unjudged, 255);
	assert_int_equal(after.first_unjudged, 17 * K);
	walk_judge_text(&after, text, sizeof(text));
	assert_string_equal(text, "1 of 256 pages judged: 255 in no VMA; first 0x11000");

	assert_int_equal(walk(&before, 256, PIECES({ 271, 1, PT_LEAF, PT_USER })),
			 STATUS_UNVERIFIED);
	assert_int_equal(before.unjudged, 255);
	assert_int_equal(before.first_unjudged, 16 * K);

	assert_int_equal(walk(&amid, 4,
			      PIECES({ 16, 1, PT_LEAF, PT_USER }, { 18, 2, PT_LEAF, PT_USER })),
			 STATUS_UNVERIFIED);
	assert_int_equal(amid.unjudged, 1);
	assert_int_equal(amid.first_unjudged, 17 * K);

	assert_int_equal(walk(&none, 3, NOTHING), STATUS_UNVERIFIED);
	assert_int_equal(none.unjudged, 3);
}

/* Not present, for whatever reason; a page that differs is still the worse of the two. */
static void test_absent(void **state)
{
	static const uint32_t kinds[] = { PT_NONE, PT_ABSENT, PT_PROTNONE, PT_INVALID };
	static const char *const texts[] = { "never touched", "not present (swap, migration)",
					     "kept from the process (PROT_NONE)", "being split" };
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct walk_judge j = USER, k = SUPERVISOR, l = USER;

		assert_int_equal(
			walk(&j, 3,
			     PIECES({ 16, 1, PT_LEAF, PT_USER }, { 17, 2, kinds[i], PT_USER })),
			STATUS_UNVERIFIED);
		assert_int_equal(j.unjudged, 2);
		assert_int_equal(walk_judged(&j), 1);
		assert_int_equal(j.kinds[kinds[i]], 2);
		walk_judge_text(&j, text, sizeof(text));
		assert_non_null(strstr(text, texts[i]));
		assert_non_null(strstr(text, "1 of 3 pages judged"));
		assert_int_equal(walk(&k, 1, PIECES({ 16, 1, kinds[i], 0 })), STATUS_UNVERIFIED);
		assert_int_equal(walk(&l, 2, PIECES({ 16, 1, kinds[i], 0 }, { 17, 1, PT_LEAF, 0 })),
				 STATUS_FAIL);
	}
}

/* Of all that a process has mapped, holes and what it never touched are not asked for. */
static void test_whole(void **state)
{
	struct walk_judge j = USER, k = USER, l = USER;

	(void)state;
	j.whole = k.whole = l.whole = true;
	assert_int_equal(walk(&j, 100,
			      PIECES({ 20, 1, PT_LEAF, PT_USER }, { 21, 5, PT_NONE, 0 },
				     { 50, 1, PT_LEAF, PT_USER })),
			 STATUS_PASS);
	assert_int_equal(j.asked, 2);
	assert_int_equal(j.kinds[PT_NONE], 5);
	assert_int_equal(walk(&k, 100,
			      PIECES({ 20, 1, PT_LEAF, PT_USER }, { 21, 1, PT_ABSENT, 0 })),
			 STATUS_UNVERIFIED);
	assert_int_equal(k.asked, 2);
	assert_int_equal(walk(&l, 100, PIECES({ 20, 1, PT_NONE, 0 })), STATUS_UNVERIFIED);
}

/* Without --expect nothing is judged, and the figures are there all the same. */
static void test_no_expect(void **state)
{
	struct walk_judge j = { 0 };

	(void)state;
	assert_int_equal(walk(&j, 4, PIECES({ 16, 1, PT_LEAF, PT_USER }, { 17, 1, PT_LEAF, 0 })),
			 STATUS_PASS);
	assert_int_equal(j.user, 1);
	assert_int_equal(j.supervisor, 1);
	assert_int_equal(j.unmapped, 2);
}

static void test_text_cut(void **state)
{
	struct walk_judge j = USER;
	char text[300], cut[8];
	size_t len;

	(void)state;
	walk(&j, 9,
	     PIECES({ 16, 1, PT_NONE, 0 }, { 17, 1, PT_ABSENT, 0 }, { 18, 1, PT_PROTNONE, 0 }));
	for (len = 1; len < sizeof(text); len++) {
		memset(text, 'X', sizeof(text));
		walk_judge_text(&j, text, len);
		assert_true(memchr(text, '\0', len));
		assert_int_equal(text[len], 'X');
	}
	walk_judge_text(&j, cut, sizeof(cut));
	assert_string_equal(cut, "0 of...");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_judged), cmocka_unit_test(test_differs),
		cmocka_unit_test(test_no_vma),	   cmocka_unit_test(test_absent),
		cmocka_unit_test(test_whole),	   cmocka_unit_test(test_no_expect),
		cmocka_unit_test(test_text_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
