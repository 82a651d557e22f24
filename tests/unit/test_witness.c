// SPDX-License-Identifier: GPL-2.0
/* What follows from the figures of a witness, and the line that names each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "witness/witness.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* total, to judge, judged, differing, and how its step ended | what follows, and is it proven? */
static const struct {
	uint64_t total, to_judge, judged, differing;
	enum status step, status;
	bool proven;
} figures[] = {
	{ 256, 256, 256, 0, STATUS_PASS, STATUS_PASS, true },
	{ 1, 1, 1, 0, STATUS_PASS, STATUS_PASS, true },
	/* nothing judged is never a pass */
	{ 0, 0, 0, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	{ 256, 256, 0, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	{ 256, 0, 256, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	/* nor are fewer than were to be */
	{ 256, 256, 255, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	{ 512, 256, 255, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	/* or more than there are */
	{ 256, 256, 257, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	{ 256, 257, 257, 0, STATUS_PASS, STATUS_UNVERIFIED, false },
	/* a sample passes, and proves not all */
	{ 512, 256, 256, 0, STATUS_PASS, STATUS_PASS, false },
	/* a difference fails, whatever else is said */
	{ 256, 256, 256, 1, STATUS_PASS, STATUS_FAIL, false },
	{ 256, 256, 256, 1, STATUS_SKIP, STATUS_FAIL, false },
	{ 256, 256, 255, 1, STATUS_UNVERIFIED, STATUS_FAIL, false },
	{ 0, 0, 0, 1, STATUS_PASS, STATUS_FAIL, false },
	/* the step knows more: the figures make it no better */
	{ 256, 256, 256, 0, STATUS_FAIL, STATUS_FAIL, false },
	{ 0, 0, 0, 0, STATUS_FAIL, STATUS_FAIL, false },
	{ 256, 256, 256, 0, STATUS_UNVERIFIED, STATUS_UNVERIFIED, false },
	{ 256, 256, 256, 0, STATUS_SKIP, STATUS_SKIP, false },
	{ 256, 256, 256, 0, STATUS_ERROR, STATUS_ERROR, false },
	{ 0, 0, 0, 0, STATUS_SKIP, STATUS_SKIP, false },
	{ 256, 256, 0, 0, STATUS_SKIP, STATUS_SKIP, false },
	{ 256, 0, 256, 0, STATUS_SKIP, STATUS_SKIP, false },
	{ 0, 0, 0, 0, STATUS_UNVERIFIED, STATUS_UNVERIFIED, false },
};

static void test_figures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct testimony t = {
			.total = figures[i].total,
			.to_judge = figures[i].to_judge,
			.judged = figures[i].judged,
			.differing = figures[i].differing,
			.step = figures[i].step,
		};

		if (testimony_status(&t) != figures[i].status ||
		    testimony_proven(&t) != figures[i].proven)
			fail_msg("row %zu: %s, proven %d", i, status_name(testimony_status(&t)),
				 testimony_proven(&t));
	}
}

static void test_why(void **state)
{
	static const struct {
		struct testimony t;
		const char *why;
	} rows[] = {
		{ { .total = 4, .to_judge = 4, .judged = 4, .why = "no reason" }, "" },
		{ { .total = 4, .to_judge = 4, .judged = 4, .differing = 1, .why = "page 0x1000" },
		  "1 of 4 pages differ: page 0x1000" },
		{ { .total = 4, .to_judge = 4, .judged = 4, .differing = 2 },
		  "2 of 4 pages differ" },
		{ { .total = 8, .to_judge = 4, .judged = 4, .why = "ask for all" },
		  "4 of 8 pages, a sample; ask for all" },
		{ { .total = 8, .to_judge = 8, .judged = 5 }, "5 of 8 pages were judged" },
		{ { .step = STATUS_SKIP, .why = "no driver for 1b36:0010" },
		  "no driver for 1b36:0010" },
		{ { .step = STATUS_SKIP }, "it was not asked" },
		{ { .total = 4,
		    .to_judge = 4,
		    .judged = 4,
		    .step = STATUS_UNVERIFIED,
		    .why = "the log is lost" },
		  "4 of 4 pages were judged: the log is lost" },
	};
	char why[600];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		testimony_why(WITNESS_MODULE, &rows[i].t, why, sizeof(why));
		assert_string_equal(why, rows[i].why);
	}
}

static void test_worst(void **state)
{
	static const struct {
		unsigned int count[NR_STATUSES]; /* pass, fail, skip, unverified, error */
		enum status worst;
	} rows[] = {
		{ { 0, 0, 0, 0, 0 }, STATUS_PASS },	  { { 9, 0, 9, 0, 0 }, STATUS_PASS },
		{ { 9, 0, 9, 1, 0 }, STATUS_UNVERIFIED }, { { 9, 1, 9, 9, 0 }, STATUS_FAIL },
		{ { 9, 1, 0, 0, 0 }, STATUS_FAIL },	  { { 9, 9, 9, 9, 1 }, STATUS_ERROR },
		{ { 0, 0, 0, 9, 1 }, STATUS_ERROR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(status_worst(rows[i].count), rows[i].worst);
}

static void test_names(void **state)
{
	static const struct {
		const char *list;
		int ret;
		unsigned int bits;
		const char *bad;
	} rows[] = {
		{ "module", 0, 1U << WITNESS_MODULE, NULL },
		{ "device_dma,iommu", 0, 1U << WITNESS_DEVICE_DMA | 1U << WITNESS_IOMMU, NULL },
		{ "all", 0, WITNESS_ALL, NULL },
		{ "all,qemu", 0, WITNESS_ALL | 1U << WITNESS_QEMU, NULL },
		{ "interrupts,pagemap", 0, 1U << WITNESS_INTERRUPTS | 1U << WITNESS_PAGEMAP, NULL },
		{ "", -EINVAL, 0, "" },
		{ "iommu,", -EINVAL, 0, "" },
		{ ",iommu", -EINVAL, 0, "" },
		{ "iommu,IOMMU", -EINVAL, 0, "IOMMU" },
		{ "mod", -EINVAL, 0, "mod" },
		{ "modulee,iommu", -EINVAL, 0, "modulee" },
		{ "device-dma", -EINVAL, 0, "device-dma" },
		{ "a-word-that-is-much-longer-than-any-name-of-a-witness", -EINVAL, 0,
		  "a-word-that-is-much" },
	};
	char bad[20], names[96];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int bits = 0;

		assert_int_equal(witness_parse(rows[i].list, &bits, bad, sizeof(bad)), rows[i].ret);
		if (rows[i].ret)
			assert_string_equal(bad, rows[i].bad);
		else
			assert_int_equal(bits, rows[i].bits);
	}
	assert_false(WITNESS_ALL & WITNESS_BIT(WITNESS_QEMU));
	assert_true(WITNESS_ALL & WITNESS_BIT(WITNESS_INTERRUPTS));
	witness_names(", ", names, sizeof(names));
	assert_string_equal(names, "module, pagemap, iommu, device_dma, interrupts, qemu, all");
	/* It fits, or it is cut. */
	witness_names(", ", names, 10);
	assert_string_equal(names, "module...");
}

static const struct testimony proven = { .total = 256, .to_judge = 256, .judged = 256 };

static void fill(struct testimonies *all)
{
	int id;

	for (id = 0; id < NR_WITNESSES; id++)
		all->said[id] = proven;
	all->said[WITNESS_MODULE].unit = "pages user";
	all->said[WITNESS_QEMU] = (struct testimony){ .step = STATUS_SKIP, .why = "ask the host" };
}

static void expect_line(const struct verdict_facts *facts, const char *line)
{
	char text[VERDICT_TEXT];

	verdict_text(facts, text, sizeof(text));
	assert_string_equal(text, line);
}

#define PROVEN_3 \
	"module (256 of 256 pages user), pagemap (256 of 256 frames), IOMMU (256 of 256 pages)"

static void test_line(void **state)
{
	struct testimonies all = { 0 };
	struct verdict_facts f = { .verdict = STATUS_PASS, .all = &all };

	(void)state;
	fill(&all);
	expect_line(&f, "4 of 4 witnesses; proven: " PROVEN_3
			", device DMA (256 of 256 pages), interrupts (256 of 256 kinds)");
	all.said[WITNESS_DEVICE_DMA] =
		(struct testimony){ .step = STATUS_SKIP, .why = "no driver for 1b36:0010" };
	all.said[WITNESS_INTERRUPTS] = (struct testimony){ .step = STATUS_SKIP };
	expect_line(&f, "3 of 4 witnesses; device DMA not proven: no driver for 1b36:0010"
			"; interrupts not proven: it was not asked; proven: " PROVEN_3);
	/* What a further device did not prove has its own place. */
	all.further[0] = (struct further_device){ WITNESS_DEVICE_DMA, "0000:01:00.0",
						  "16 of 256 pages, a sample" };
	all.nr_further = 1;
	expect_line(&f, "3 of 4 witnesses; device DMA not proven: no driver for 1b36:0010"
			"; interrupts not proven: it was not asked"
			"; device DMA of 0000:01:00.0 not proven: 16 of 256 pages, a sample"
			"; proven: " PROVEN_3);
	/* Nor is what the first one did a proof for all. */
	all.said[WITNESS_DEVICE_DMA] = (struct testimony){
		.step = STATUS_PASS, .total = 256, .to_judge = 256, .judged = 256
	};
	expect_line(&f, "3 of 4 witnesses; interrupts not proven: it was not asked"
			"; device DMA of 0000:01:00.0 not proven: 16 of 256 pages, a sample"
			"; proven: " PROVEN_3);
	/* The same of the interrupts that nobody had a further device raise. */
	all.said[WITNESS_INTERRUPTS] = all.said[WITNESS_DEVICE_DMA];
	all.further[0] = (struct further_device){ WITNESS_INTERRUPTS, "0000:01:00.0", "not tried" };
	expect_line(&f, "4 of 4 witnesses; interrupts of 0000:01:00.0 not proven: not tried"
			"; proven: " PROVEN_3 ", device DMA (256 of 256 pages)");
	all.said[WITNESS_INTERRUPTS] = (struct testimony){ .step = STATUS_SKIP };
	all.nr_further = 0;
	all.said[WITNESS_DEVICE_DMA] =
		(struct testimony){ .step = STATUS_SKIP, .why = "no driver for 1b36:0010" };
	/* QEMU counts where it is required. */
	all.required = WITNESS_BIT(WITNESS_QEMU);
	expect_line(&f, "3 of 5 witnesses; device DMA not proven: no driver for 1b36:0010"
			"; interrupts not proven: it was not asked; QEMU not proven: ask the host"
			"; proven: " PROVEN_3);
}

static void test_line_of_failures(void **state)
{
	static const struct step_said steps[] = {
		{ "dma-fault", "no log", STATUS_UNVERIFIED },
		{ "reset", "the bus: did not come back", STATUS_FAIL },
	};
	static const struct step_said stop = { "group", "no group: no IOMMU", STATUS_ERROR };
	struct testimonies all = { 0 };
	struct verdict_facts f = {
		.verdict = STATUS_FAIL, .all = &all, .steps = steps, .nr_steps = 2
	};

	(void)state;
	fill(&all);
	all.said[WITNESS_INTERRUPTS] = (struct testimony){ .step = STATUS_SKIP, .why = "none" };
	all.said[WITNESS_PAGEMAP].differing = 3;
	all.said[WITNESS_DEVICE_DMA].total = 512;
	expect_line(&f, "2 of 4 witnesses; step reset failed: the bus: did not come back"
			"; step dma-fault was not verified: no log"
			"; pagemap fails: 3 of 256 frames differ"
			"; device DMA not proven: 256 of 512 pages, a sample"
			"; interrupts not proven: none"
			"; proven: module (256 of 256 pages user), IOMMU (256 of 256 pages)");
	/* What stopped a run is the reason for all that is missing. */
	f = (struct verdict_facts){
		.verdict = STATUS_ERROR, .all = &all, .steps = &stop, .nr_steps = 1
	};
	expect_line(&f, "step group stopped the run: no group: no IOMMU");
	f.nr_steps = 0;
	expect_line(&f, "");
}

static void test_line_is_cut(void **state)
{
	struct testimonies all = { 0 };
	struct verdict_facts f = { .verdict = STATUS_PASS, .all = &all };
	char text[VERDICT_TEXT], whole[VERDICT_TEXT];
	size_t len;

	(void)state;
	fill(&all);
	verdict_text(&f, whole, sizeof(whole));
	for (len = 1; len < strlen(whole); len++) {
		memset(text, 'x', sizeof(text));
		verdict_text(&f, text, len);
		assert_int_equal(strlen(text), len - 1);
		assert_memory_equal(text, whole, len < 4 ? len - 1 : len - 4);
		assert_string_equal(text + (len < 4 ? len - 1 : len - 4), len < 4 ? "" : "...");
		assert_int_equal(text[len], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),	    cmocka_unit_test(test_why),
		cmocka_unit_test(test_worst),	    cmocka_unit_test(test_names),
		cmocka_unit_test(test_line),	    cmocka_unit_test(test_line_of_failures),
		cmocka_unit_test(test_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
