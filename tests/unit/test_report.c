// SPDX-License-Identifier: GPL-2.0
/*
 * A report against the memory of a machine: agreement, every single bit that
 * can be wrong, and reports that are no reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "qemu/compare.h"
#include "qemu/report.h"
#include "qemu/walk.h"
#include "report_fixture.h"

static int parse(const char *text, struct qemu_report *r, char why[256])
{
	return qemu_report_parse(&pt_x86, text, strlen(text), r, why, 256);
}

static int setup(void **state)
{
	struct qemu_report *r = calloc(1, sizeof(*r));
	char why[256];

	fill_memory();
	if (!r || parse(good, r, why)) {
		print_error("%s\n", why);
		return -1;
	}
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	qemu_report_free(*state);
	free(*state);
	return 0;
}

static bool exact = true;

static int compare(const struct qemu_report *r, struct qemu_compare *c)
{
	static struct qemu_tables tables;

	tables = (struct qemu_tables){ .fmt = &pt_x86, .read = read_memory, .ram = &ram };
	return qemu_compare(r, &tables, exact, c);
}

/* Something is found, and the first line names @page and @what. */
static void expect_mismatch(const struct qemu_report *r, uint64_t page, const char *what)
{
	struct qemu_compare c;
	char text[64];

	assert_int_equal(compare(r, &c), 0);
	assert_false(qemu_compare_agrees(&c));
	assert_true(c.findings.nr > 0);
	assert_true(c.mismatched + c.claims_mismatched > 0);
	snprintf(text, sizeof(text), "page 0x%" PRIx64 ": %s", page, what);
	if (strncmp(c.findings.line[0], text, strlen(text)))
		fail_msg("\"%s\" does not name %s", c.findings.line[0], text);
}

static void test_agrees(void **state)
{
	struct qemu_compare c;

	reads = 0;
	assert_int_equal(compare(*state, &c), 0);
	if (!qemu_compare_agrees(&c))
		fail_msg("%s", c.findings.line[0]);
	assert_true(c.pages == PAGES);
	assert_true(c.compared == COMPARED);
	assert_true(c.pages_compared == PAGES && !c.pages_mismatched);
	assert_true(c.distinct == DISTINCT);
	assert_true(c.levels_min == 4 && c.levels_max == 5);
	assert_true(c.claims == 2 * LEVELS + PAGES + FRAMES + 4 + 2);
	assert_true(c.user == PAGES - ABSENT && c.absent == ABSENT && !c.supervisor);
	assert_true(c.first_absent == 0x7f0000402000);
	assert_int_equal(reads, NR_TABLES - 1); /* not OTHER */
}

/* The first page that an entry stands for */
static uint64_t first_page(const struct qemu_report_entry *e)
{
	return e->vaddr > VA ? e->vaddr : VA;
}

/* The same entry in memory */
static uint64_t *in_memory(const struct qemu_report_entry *e)
{
	return &memory[e->table_pa / 4096 - 1][pt_index(&pt_x86, e->level, e->vaddr)];
}

static void test_every_bit_of_every_entry(void **state)
{
	struct qemu_report *r = *state;
	unsigned int bit;
	size_t i;

	for (i = 0; i < r->nr_entries; i++) {
		struct qemu_report_entry *e = &r->entries[i];

		for (bit = 0; bit < 64; bit++) {
			e->entry ^= 1ULL << bit;
			expect_mismatch(r, first_page(e), pt_level_name(LEVELS, e->level));
			e->entry ^= 1ULL << bit;
		}
		for (bit = 12; bit < 52; bit++) {
			e->table_pa ^= 1ULL << bit;
			expect_mismatch(r, first_page(e), pt_level_name(LEVELS, e->level));
			e->table_pa ^= 1ULL << bit;
		}
	}
}

/* How many pages stand behind an entry of a table: what --exact finds wrong when it is flipped */
static uint64_t pages_behind(const struct qemu_report *r)
{
	struct qemu_compare c;

	exact = true;
	assert_int_equal(compare(r, &c), 0);
	exact = false;
	return c.mismatched;
}

/* Without --exact: the bits that are set in passing, and no others, and only where they mean that.
 */
static void test_in_passing(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_compare c;
	uint64_t passed = 0;
	unsigned int bit;
	size_t i;

	exact = false;
	for (i = 0; i < r->nr_entries; i++) {
		struct qemu_report_entry *e = &r->entries[i];
		enum pt_kind kind = pt_x86_kind(e->level, e->entry);
		bool counts = kind != PT_NONE && kind != PT_ABSENT;

		for (bit = 0; bit < 64; bit++) {
			e->entry ^= 1ULL << bit;
			if (counts && (bit == 5 || bit == 6 || bit == 11)) {
				assert_int_equal(compare(r, &c), 0);
				assert_true(qemu_compare_agrees(&c));
				assert_true(c.in_passing == pages_behind(r));
				passed++;
			} else {
				expect_mismatch(r, first_page(e), pt_level_name(LEVELS, e->level));
			}
			e->entry ^= 1ULL << bit;
		}
	}
	assert_true(passed >= 3 * (LEVELS + 2));
	assert_int_equal(compare(r, &c), 0);
	assert_true(!c.in_passing && qemu_compare_agrees(&c));

	/* the walk of the first page says the same */
	memory[PTE_A][510] ^= PT_X86_A | PT_X86_D;
	assert_int_equal(compare(r, &c), 0);
	assert_true(qemu_compare_agrees(&c));
	r->walk[LEVELS - 1].entry ^= PT_X86_US;
	expect_mismatch(r, VA, "PTE");
	exact = true;
}

static void test_every_bit_of_memory(void **state)
{
	struct qemu_report *r = *state;
	unsigned int bit;
	char text[64];
	size_t i;

	for (i = 0; i < r->nr_entries; i++) {
		struct qemu_report_entry *e = &r->entries[i];

		for (bit = 0; bit < 64; bit++) {
			struct qemu_compare c;

			*in_memory(e) ^= 1ULL << bit;
			assert_int_equal(compare(r, &c), 0);
			assert_false(qemu_compare_agrees(&c));
			assert_true(c.findings.nr && c.mismatched);
			snprintf(text, sizeof(text), "page 0x%" PRIx64 ": %s index", first_page(e),
				 pt_level_name(LEVELS, e->level));
			assert_memory_equal(c.findings.line[0], text, strlen(text));
			*in_memory(e) ^= 1ULL << bit;
		}
	}
}

static void test_names_what_differs(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_compare c;

	memory[PTE_B][1] &= ~PT_X86_US;
	assert_int_equal(compare(r, &c), 0);
	assert_string_equal(
		c.findings.line[0],
		"page 0x7f0000401000: PTE index 1 table 0x6000: module 0x8000000022221865, QEMU 0x8000000022221861, differs in USER");
	assert_true(c.mismatched == 1 && c.compared == COMPARED);
	assert_true(c.pages_mismatched == 1 && c.pages_compared == PAGES);
	assert_true(c.supervisor == 1 && c.first_supervisor == 0x7f0000401000);
	assert_true(c.first_no_user_levels == 1);

	fill_memory();
	memory[PUD][0] |= PT_X86_NX;
	assert_int_equal(compare(r, &c), 0);
	/* one entry behind all pages: named once, wrong for each */
	assert_true(strstr(c.findings.line[0], "PUD index 0 table 0x3000: ") &&
		    strstr(c.findings.line[0], "differs in NX"));
	assert_true(c.mismatched == PAGES && c.pages_mismatched == PAGES);

	/* a page whose entries differ at two levels is one page */
	memory[PTE_A][510] ^= PT_X86_D;
	assert_int_equal(compare(r, &c), 0);
	assert_true(c.mismatched == PAGES + 1 && c.pages_mismatched == PAGES);

	fill_memory();
	memory[PTE_A][511] ^= 0x3000;
	assert_int_equal(compare(r, &c), 0);
	assert_non_null(strstr(c.findings.line[0], "PTE index 511 "));
	assert_non_null(strstr(c.findings.line[0], "differs in address"));

	fill_memory();
	memory[ROOT][0] ^= PT_X86_A;
	assert_int_equal(compare(r, &c), 0);
	assert_non_null(strstr(c.findings.line[0], "differs in ACCESSED (changed in passing"));

	fill_memory();
	memory[ROOT][0] ^= 1ULL << 55;
	assert_int_equal(compare(r, &c), 0);
	assert_non_null(strstr(c.findings.line[0], "differs in bits 0x80000000000000"));
}

static void test_table_outside_of_memory(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_compare c;

	/* both say so, and still nothing is verified by it */
	memory[PMD][2] = 0x7777067;
	r->entries[r->first_entry[1] + 2].entry = 0x7777067;
	assert_int_equal(compare(r, &c), 0);
	assert_false(qemu_compare_agrees(&c));
	assert_string_equal(c.findings.line[0],
			    "page 0x7f0000400000: PTE table 0x7777000 is not in the VM's memory");

	r->root_pa = 0x7777000;
	assert_int_equal(compare(r, &c), -EFAULT);
}

static void test_every_bit_of_walk(void **state)
{
	struct qemu_report *r = *state;
	unsigned int bit;
	uint32_t i;

	for (i = 0; i < r->nr_walk; i++) {
		struct qemu_report_step *s = &r->walk[i];
		const char *level = pt_level_name(LEVELS, s->level);

		for (bit = 0; bit < 64; bit++) {
			s->entry ^= 1ULL << bit;
			expect_mismatch(r, VA, level);
			s->entry ^= 1ULL << bit;
			s->table_pa ^= 1ULL << bit;
			expect_mismatch(r, VA, level);
			s->table_pa ^= 1ULL << bit;
			s->index ^= 1ULL << bit;
			expect_mismatch(r, VA, level);
			s->index ^= 1ULL << bit;
		}
	}
	for (i = 1; i < LEVELS; i++) {
		r->nr_walk = i;
		expect_mismatch(r, VA, pt_level_name(LEVELS, LEVELS - 1 - i));
	}
}

static void test_runs(void **state)
{
	struct qemu_report *r = *state;
	unsigned int bit;
	size_t i;

	for (i = 0; i < r->nr_runs; i++) {
		struct qemu_report_run *run = &r->runs[i];
		const char *level = i == 1 ? "PMD" : "PTE";

		for (bit = 0; bit < 64; bit++) {
			run->pa ^= 1ULL << bit;
			expect_mismatch(r, run->vaddr, level);
			run->pa ^= 1ULL << bit;
			run->page_size ^= 1ULL << bit;
			expect_mismatch(r, run->vaddr, level);
			run->page_size ^= 1ULL << bit;
		}
		for (bit = 0; bit < 3; bit++) {
			run->rights ^= 1U << bit;
			expect_mismatch(r, run->vaddr, level);
			run->rights ^= 1U << bit;
		}
	}
	/* a run too short: the page after it is in none */
	r->runs[1].len -= 4096;
	expect_mismatch(r, 0x7f00003ff000, "it is in no run");
	r->runs[1].len += 4096;
	/* one that goes on over a page that is not there */
	r->runs[4].len += 4096;
	expect_mismatch(r, 0x7f0000403000, "it is in a run");
	r->runs[4].len -= 4096;
	/* a run of what nobody may reach may be told, or left out; one of nothing is of no page */
	r->nr_runs--;
	test_agrees(state);
	r->nr_runs++;
	r->runs = realloc(r->runs, 6 * sizeof(*r->runs));
	assert_non_null(r->runs);
	r->runs[r->nr_runs++] = (struct qemu_report_run){
		.vaddr = 0x7f0000403000,
		.len = 4096,
		.page_size = 4096,
	};
	expect_mismatch(r, 0x7f0000403000, "it is in a run");
	r->nr_runs = 0;
	expect_mismatch(r, VA, "it is in no run");
}

static void test_totals(void **state)
{
	struct qemu_report *r = *state;
	uint64_t *total[] = { &r->total, &r->user, &r->supervisor, &r->absent };
	struct qemu_compare c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(total); i++) {
		++*total[i];
		assert_int_equal(compare(r, &c), 0);
		assert_false(qemu_compare_agrees(&c));
		assert_true(!strncmp(c.findings.line[0], "pages.", 6));
		--*total[i];
	}
}

/* What a report leaves out is never verified, whichever entry it is. */
static void test_gaps(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_report_entry *e, lost;
	struct qemu_compare c;
	size_t n, level;

	for (n = 0; n < r->nr_entries; n++) {
		e = &r->entries[n];
		lost = *e;
		memmove(e, e + 1, (r->nr_entries - n - 1) * sizeof(*e));
		for (level = lost.level + 1; level <= PT_MAX_LEVELS; level++)
			r->first_entry[level]--;
		r->nr_entries--;
		assert_int_equal(compare(r, &c), 0);
		assert_false(qemu_compare_agrees(&c));
		assert_true(c.unverified > 0 && !c.mismatched && !c.findings.nr);
		assert_true(c.pages_compared == PAGES - c.unverified && !c.pages_mismatched);
		assert_non_null(strstr(c.unverified_first, pt_level_name(LEVELS, lost.level)));
		memmove(e + 1, e, (r->nr_entries - n) * sizeof(*e));
		*e = lost;
		for (level = lost.level + 1; level <= PT_MAX_LEVELS; level++)
			r->first_entry[level]++;
		r->nr_entries++;
	}
	/* the mapping is larger than what the tables tell of */
	r->size += 1ULL << 39;
	r->total += 1ULL << 27;
	assert_int_equal(compare(r, &c), 0);
	assert_true(c.unverified == 1ULL << 27 && c.pages_compared == PAGES);
	assert_false(qemu_compare_agrees(&c));
}

static void test_no_tables(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_compare c;
	size_t n;

	for (n = 0; n <= PT_MAX_LEVELS; n++)
		r->first_entry[n] = 0;
	assert_int_equal(compare(r, &c), 0);
	assert_false(qemu_compare_agrees(&c));
	assert_true(c.unverified == PAGES && !c.compared && !c.pages_compared);
}

static void test_many_mismatches(void **state)
{
	struct qemu_report *r = *state;
	struct qemu_compare c;
	unsigned int i;

	(void)r;
	for (i = 510; i < 512; i++)
		memory[PTE_A][i] ^= PT_X86_US;
	for (i = 0; i < 4; i++)
		memory[PTE_B][i] ^= PT_X86_US;
	memory[PMD][1] ^= PT_X86_US;
	assert_int_equal(compare(r, &c), 0);
	assert_true(c.findings.nr > QEMU_COMPARE_LINES);
	assert_true(c.mismatched == 2 + 512 + 4);
}

/* Good text with one piece of it replaced: refused, and the reason names it. */
static const struct {
	const char *from, *to, *why;
} malformed[] = {
	{ "\"vfio_test\"", "\"other\"", "vfio_test" },
	{ "\"vfio_test\"", "1", "report.tool" },
	{ "\"schema\":1", "\"schema\":2", "schema is 2" },
	{ "\"schema\":1", "\"schema\":\"1\"", "schema" },
	{ "\"schema\":1", "\"schema\":1e0", "schema" },
	{ "\"schema\":1", "\"schema\":-1", "schema" },
	{ "\"schema\":1,", "", "schema is missing" },
	{ "\"mapping\":{", "\"mapping\":[],\"x\":{", "mapping" },
	{ "\"mapping\"", "\"mopping\"", "mapping is missing" },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":4096", "root_pa" },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":\"4096\"", "root_pa" },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":\"0x1001\"", "root_pa" },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":\"0x10000000000000\"", "root_pa" },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":null", "root_pa" },
	{ "\"root_pa\":\"0x1000\",", "", "root_pa is missing" },
	{ "\"pa_mask\":\"0xffffffffff000\"", "\"pa_mask\":\"0x0\"", "root_pa" },
	{ "\"levels\":5", "\"levels\":3", "levels" },
	{ "\"levels\":5", "\"levels\":6", "levels" },
	{ "\"levels\":5", "\"levels\":4294967301", "levels" },
	{ "\"levels\":5", "\"levels\":4", "" },
	{ "\"kernel_root_pa\":\"0x1000\",", "", "kernel_root_pa is missing" },
	{ "\"page_size\":4096,\"root_pa\"", "\"root_pa\"", "mapping.page_size is" },
	{ "\"flags\":[\"PRESENT\"", "\"flugs\":[\"PRESENT\"", "walk[0].flags is missing" },
	{ "\"pti\":false", "\"pti\":0", "pti" },
	{ "\"size\":2121728", "\"size\":0", "whole pages" },
	{ "\"size\":2121728", "\"size\":4095", "whole pages" },
	{ "\"size\":2121728", "\"size\":-4096", "size" },
	{ "\"size\":2121728", "\"size\":18446744073709547520", "size" },
	{ "\"size\":2121728", "\"size\":99999999999999999999999", "size" },
	{ "\"size\":2121728", "\"size\":\"0xfffffffffffff000\"", "size" },
	{ "\"size\":2121728", "\"size\":2199023255552", "size is above" },
	{ "\"size\":2121728", "\"size\":4096", "" },
	{ "\"size\":2121728", "\"size\":{}", "size" },
	{ "\"vaddr\":\"0x7f00001fe000\",\"iova\"", "\"vaddr\":\"0xfffffffffffff000\",\"iova\"",
	  "user half" },
	{ "\"vaddr\":\"0x7f00001fe000\",\"iova\"", "\"vaddr\":\"0xfffffffffff000\",\"iova\"",
	  "user half" },
	{ "\"vaddr\":\"0x7f00001fe000\",\"iova\"", "\"vaddr\":\"0x7f00001fe001\",\"iova\"",
	  "whole pages" },
	{ "\"iova\":\"0x0\"", "\"iova\":0", "mapping.iova is not a string" },
	{ "\"pa\":\"0x11110000\"", "\"iova\":\"0x1000\",\"pa\":\"0x11110000\"",
	  "pages.runs[0].iova is not mapping.iova + 0x0" },
	{ "\"pa\":\"0x40000000\"", "\"iova\":\"0x1000\",\"pa\":\"0x40000000\"",
	  "pages.runs[1].iova is not mapping.iova + 0x2000" },
	{ "\"pa\":\"0x40000000\"", "\"iova\":8192,\"pa\":\"0x40000000\"",
	  "pages.runs[1].iova is not a string" },
	{ "\"pages\":{", "\"pages\":7,\"x\":{", "pages" },
	{ "\"total\":518", "\"total\":-1", "total" },
	{ "\"total\":518", "\"total\":9223372036854775807", "total" },
	{ "\"user\":516", "\"user\":516.5", "user" },
	{ "\"absent\":2,", "", "absent is missing" },
	{ "\"runs\":[", "\"runs\":[null,", "runs[0]" },
	{ "\"runs\":[", "\"runs\":{},\"x\":[", "runs" },
	{ "\"len\":8192", "\"len\":0", "runs[0]" },
	{ "\"len\":8192", "\"len\":8191", "runs[0]" },
	{ "\"len\":8192", "\"len\":12288", "runs[1]" },
	{ "\"len\":8192", "\"len\":\"0xfffffffffffff000\"", "runs[0]" },
	{ "\"page_size\":4096,\"user\":true", "\"page_size\":\"4Q\",\"user\":true", "page_size" },
	{ "\"vaddr\":\"0x7f0000401000\",\"pa\"", "\"vaddr\":\"0x7f0000200000\",\"pa\"", "runs[3]" },
	{ "\"vaddr\":\"0x7f0000402000\",\"pa\"", "\"vaddr\":\"0x7f0000404000\",\"pa\"", "runs[4]" },
	{ "\"exec\":false", "\"exec\":\"no\"", "exec" },
	{ "\"walk\":[", "\"walk\":[],\"x\":[", "walk" },
	{ "\"walk\":[", "\"walk\":[{},", "walk" },
	{ "\"level\":\"PUD\",\"index\":0,\"table_pa\"",
	  "\"level\":\"P4D\",\"index\":0,\"table_pa\"", "walk[2]" },
	{ "\"level\":\"PUD\",\"index\":0,\"table_pa\"", "\"level\":\"\",\"index\":0,\"table_pa\"",
	  "walk[2]" },
	{ "\"tables\":[", "\"tables\":null,\"x\":[", "tables" },
	{ "\"tables\":[", "\"x\":[", "tables is missing" },
	{ "\"tables\":[", "\"tables\":[[],", "tables[0]" },
	{ "\"index\":254,\"entries\"", "\"index\":253,\"entries\"", "tables[1]" },
	{ "\"index\":254,\"entries\"", "\"index\":512,\"entries\"", "tables[1]" },
	{ "\"index\":254,\"entries\"", "\"index\":4294967550,\"entries\"", "tables[1]" },
	{ "\"0x8000000011110867\",\"0x8000000011111867\"]",
	  "\"0x8000000011110867\",\"0x8000000011111867\",\"0x0\"]", "tables[5]" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":[]", "tables[1]" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":[12391]", "entries[0]" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":[\"3067\"]", "entries[0]" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":[\"0x3067\\u0000\"]", "holds a NUL" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":[\"0x10000000000003067\"]", "entries[0]" },
	{ "\"entries\":[\"0x3067\"]", "\"entries\":\"0x3067\"", "entries" },
	{ "\"table_pa\":\"0x6000\"", "\"table_pa\":\"0x6008\"", "tables[4]" },
	{ "\"vaddr\":\"0x7f0000400000\",\"index\"", "\"vaddr\":\"0x7f0000401000\",\"index\"",
	  "tables[4]" },
	{ "\"vaddr\":\"0x7f0000400000\",\"index\"", "\"vaddr\":\"0x7f0000400008\",\"index\"",
	  "tables[4]" },
	{ "\"0xfffffddddd100\",\"0x0\"]", "\"0xfffffddddd100\",\"0x0\",\"0x0\"]", "past the end" },
	{ "\"vaddr\":\"0x7f0000400000\",\"index\"", "\"vaddr\":\"0x7f0000600000\",\"index\"",
	  "tables[4]" },
	{ "\"vaddr\":\"0x7f0000400000\",\"index\"", "\"vaddr\":\"0x7f0000000000\",\"index\"",
	  "tables[4]" },
	{ "\"pti\":false", "\"pti\":false,\"pti\":false", "given twice in one object: pti" },
	{ "\"user\":516", "\"user\":516,\"total\":518", "given twice in one object: total" },
	{ "\"pti\":false", "\"p\\u0074i\":true,\"pti\":false", "a key with an escape" },
	{ "\"user\":516", "\"user\":NaN", "no such value" },
	{ "\"user\":516", "\"user\":0516", "begins with 0" },
	{ "\"user\":516", "\"user\":+516", "no such value" },
	{ "{\"tool\"", "[{\"tool\"", "JSON" },
	{ "{\"tool\"", "null{\"tool\"", "more follows" },
	{ "{\"tool\"", "{\"tool\":{\"tool\"", "JSON" },
	{ "}]}\n", "}]} {}\n", "more follows" },
	{ "}]}\n", "}]", "ends too early" },
	{ "{\"tool\"", "[[[[[[[[[[[[[[[[[[[[{\"tool\"", "nests too deep" },
};

static void test_malformed(void **state)
{
	struct qemu_report r;
	char why[256], *text;
	const char *at;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(malformed); i++) {
		at = strstr(good, malformed[i].from);
		assert_non_null(at);
		text = malloc(sizeof(good) + strlen(malformed[i].to));
		sprintf(text, "%.*s%s%s", (int)(at - good), good, malformed[i].to,
			at + strlen(malformed[i].from));
		strcpy(why, "");
		if (parse(text, &r, why) != -EINVAL)
			fail_msg("taken: %s -> %s", malformed[i].from, malformed[i].to);
		if (!*why || !strstr(why, malformed[i].why))
			fail_msg("%s -> %s: %s", malformed[i].from, malformed[i].to, why);
		free(text);
	}
	assert_int_equal(parse("", &r, why), -EINVAL);
	assert_int_equal(parse("7", &r, why), -EINVAL);
	assert_int_equal(parse("null", &r, why), -EINVAL);
}

/* Cut anywhere, it is no report. */
static void test_cut(void **state)
{
	struct qemu_report r;
	char why[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) - 2; i++)
		assert_int_equal(qemu_report_parse(&pt_x86, good, i, &r, why, sizeof(why)),
				 -EINVAL);
}

static void test_walk(void **state)
{
	static struct qemu_tables t;
	struct qemu_walk w;

	(void)state;
	t = (struct qemu_tables){
		.fmt = &pt_x86,
		.read = read_memory,
		.root_pa = TABLE_PA(ROOT),
		.levels = LEVELS,
		.ram = &ram,
	};
	assert_int_equal(qemu_walk(&t, 0x7f00002abcde, &w), 0);
	assert_true(w.kind == PT_LEAF && w.nr == 4 && w.pa == 0x400ab000);
	assert_true(w.eff.rights == (PT_USER | PT_WRITE));
	assert_int_equal(qemu_walk(&t, 0, &w), 0);
	assert_true(w.kind == PT_NONE && w.nr == 2 && !w.pa);
	assert_int_equal(qemu_walk(&t, 0x7f0000402000, &w), 0);
	assert_true(w.kind == PT_PROTNONE && w.pa == 0x22222000 && !w.eff.rights);
	/* of a huge page's address the lowest bit is its memory type, and others must be 0 */
	t.cached[1] = false;
	memory[PMD][1] |= PT_X86_PAT_HUGE;
	assert_int_equal(qemu_walk(&t, 0x7f00002abcde, &w), 0);
	assert_true(w.kind == PT_LEAF && !w.reserved && w.pa == 0x400ab000);
	t.cached[1] = false;
	memory[PMD][1] |= 1ULL << 20;
	assert_int_equal(qemu_walk(&t, 0x7f00002abcde, &w), 0);
	assert_true(w.kind == PT_ABSENT && w.reserved && !w.pa && !w.eff.rights);
	/* the page size bit where there are no such pages is no page */
	t.cached[LEVELS - 1] = false;
	memory[ROOT][0] |= PT_X86_PS;
	assert_int_equal(qemu_walk(&t, VA, &w), 0);
	assert_true(w.kind == PT_ABSENT && w.nr == 1 && !w.pa && !w.eff.rights);
	t.root_pa |= 8;
	assert_int_equal(qemu_walk(&t, VA, &w), -ERANGE);
}

/* What a VM that runs on changes meanwhile: a bit in passing is none, all else is. */
static void test_reread(void **state)
{
	static struct qemu_tables t;
	uint64_t first = 0;
	size_t changed = 0;
	struct qemu_walk w;

	(void)state;
	t = (struct qemu_tables){ .fmt = &pt_x86,
				  .read = read_memory,
				  .ram = &ram,
				  .root_pa = TABLE_PA(ROOT),
				  .levels = LEVELS,
				  .keep = true };
	assert_int_equal(qemu_walk(&t, VA, &w), 0);
	assert_int_equal(t.nr_seen, LEVELS);
	memory[PTE_A][510] ^= PT_X86_A | PT_X86_D;
	memory[ROOT][0] ^= PT_X86_A;
	assert_int_equal(qemu_tables_reread(&t, &changed, &first), 0);
	assert_int_equal(changed, 0);
	memory[PTE_A][510] ^= PT_X86_RW;
	memory[PMD][7] = 0x20; /* of no page: each bit counts */
	assert_int_equal(qemu_tables_reread(&t, &changed, &first), 0);
	assert_int_equal(changed, 2);
	assert_true(first == TABLE_PA(PMD));
	qemu_tables_free(&t);
	/* only where it was asked for */
	t.keep = false;
	t.cached[0] = false;
	assert_int_equal(qemu_walk(&t, VA, &w), 0);
	assert_int_equal(t.nr_seen, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_agrees),
		TEST(test_every_bit_of_every_entry),
		TEST(test_in_passing),
		TEST(test_every_bit_of_memory),
		TEST(test_names_what_differs),
		TEST(test_table_outside_of_memory),
		TEST(test_every_bit_of_walk),
		TEST(test_runs),
		TEST(test_totals),
		TEST(test_gaps),
		TEST(test_no_tables),
		TEST(test_many_mismatches),
		TEST(test_malformed),
		TEST(test_cut),
		TEST(test_walk),
		TEST(test_reread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
