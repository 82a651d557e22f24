// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of AMD's IOMMU, taken from the document and not from the header under test: nothing here
 * uses its PT_AMD_* bits.
 *
 * AMD I/O Virtualization Technology (IOMMU) Specification: sections 2.2.2 (device table) and 2.2.3
 * (I/O page tables for host translations).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fmt/pt_amd.h"
#include "pt_fixture.h"

#define RW (BIT(61) | BIT(62))

/* Bit 0 present, 5 accessed, 6 dirty, 11:9 next level, 51:12 address, 61 read, 62 write */
static const struct {
	uint32_t level;
	uint64_t entry;
	enum pt_kind kind;
	int malformed;
	uint32_t next, shift; /* of a table; of a leaf */
	uint64_t pa;
	const char *what;
} entries[] = {
	{ 0, 0, PT_NONE, 0, 0, 0, 0, "empty" },
	{ 5, 0, PT_NONE, 0, 0, 0, 0, "empty, level 6" },
	{ 0, RW | 0x12345000, PT_ABSENT, 0, 0, 0, 0x12345000, "not present" },
	{ 2, RW | 7 << 9, PT_ABSENT, 0, 0, 0, 0, "not present, a size" },

	{ 0, RW | 0x12345001, PT_LEAF, 0, 0, 12, 0x12345000, "4K" },
	{ 0, BIT(60) | BIT(59) | 0x12345061, PT_LEAF, 0, 0, 12, 0x12345000, "4K, FC, U, A, D" },
	{ 0, ALL_PA | 1, PT_LEAF, 0, 0, 12, ALL_PA, "4K, all address bits" },
	{ 0, BIT(52) | 0x1001, PT_LEAF, 1, 0, 12, 0x1000, "4K, bit 52 is reserved" },
	{ 0, BIT(58) | 0x1001, PT_LEAF, 1, 0, 12, 0x1000, "4K, bit 58 is reserved" },
	{ 1, RW | 0x0be00001, PT_LEAF, 0, 0, 21, 0x0be00000, "2M" },
	{ 2, RW | 0x40000001, PT_LEAF, 0, 0, 30, 0x40000000, "1G" },
	{ 3, RW | 0x8000000001, PT_LEAF, 0, 0, 39, 0x8000000000, "512G" },
	{ 4, RW | 1, PT_LEAF, 0, 0, 48, 0, "256T" },
	{ 5, RW | 1, PT_LEAF, 1, 0, 57, 0, "level 6 has no leaf" },

	/* Next level 7: the size is twice the value of the lowest address bit that is 0. */
	{ 0, RW | 0x10e01, PT_LEAF, 0, 0, 13, 0x10000, "8K" },
	{ 0, RW | 0x12e01, PT_LEAF, 0, 0, 13, 0x12000, "8K at an odd 8K" },
	{ 0, RW | 0x11e01, PT_LEAF, 0, 0, 14, 0x10000, "16K" },
	{ 0, RW | 0x15e01, PT_LEAF, 0, 0, 14, 0x14000, "16K at an odd 16K" },
	{ 0, RW | 0x4fe01, PT_LEAF, 0, 0, 17, 0x40000, "128K" },
	{ 0, RW | 0x4017fe01, PT_LEAF, 0, 0, 20, 0x40100000, "1M" },
	{ 0, RW | 0x400ffe01, PT_LEAF, 1, 0, 21, 0x40000000, "2M in a table for 4K" },
	{ 0, RW | 0x401ffe01, PT_LEAF, 1, 0, 22, 0x40000000, "4M in a table for 4K" },
	{ 1, RW | 0x401ffe01, PT_LEAF, 0, 0, 22, 0x40000000, "4M" },
	{ 1, RW | 0x400ffe01, PT_LEAF, 0, 0, 21, 0x40000000, "2M, by its size" },
	{ 1, RW | 0x4007fe01, PT_LEAF, 1, 0, 20, 0x40000000, "1M in a table for 2M" },
	{ 1, RW | 0x10e01, PT_LEAF, 1, 0, 13, 0x10000, "8K in a table for 2M" },
	{ 1, RW | 0x0fffee01, PT_LEAF, 1, 0, 13, 0x0fffe000, "8K, ones above it" },
	{ 1, RW | 0x0ffffe01, PT_LEAF, 0, 0, 29, 0, "512M" },
	{ 1, RW | 0x1ffffe01, PT_LEAF, 1, 0, 30, 0, "1G in a table for 2M" },
	{ 2, RW | 0x807ffffe01, PT_LEAF, 0, 0, 32, 0x8000000000, "4G" },
	{ 4, RW | 0x7ffffffffe01 | BIT(47), PT_LEAF, 0, 0, 49, 0, "512T" },

	{ 1, RW | 0x12345201, PT_TABLE, 0, 0, 0, 0x12345000, "level 2 to level 1" },
	{ 2, RW | 0x12345401, PT_TABLE, 0, 1, 0, 0x12345000, "level 3 to level 2" },
	{ 5, RW | 0x12345a01, PT_TABLE, 0, 4, 0, 0x12345000, "level 6 to level 5" },
	{ 2, RW | 0x12345201, PT_TABLE, 0, 0, 0, 0x12345000, "level 3 to level 1: skips one" },
	{ 5, RW | 0x12345201, PT_TABLE, 0, 0, 0, 0x12345000, "level 6 to level 1: skips four" },
	{ 1, RW | 0x12345401, PT_TABLE, 1, 1, 0, 0x12345000, "level 2 to level 2" },
	{ 1, RW | 0x12345601, PT_TABLE, 1, 2, 0, 0x12345000, "level 2 to level 3" },
	{ 0, RW | 0x12345201, PT_TABLE, 1, 0, 0, 0x12345000, "level 1 to level 1" },
	{ 4, RW | 0x12345c01, PT_TABLE, 1, 5, 0, 0x12345000, "level 5 to level 6" },
	{ 2, BIT(52) | 0x12345401, PT_TABLE, 1, 1, 0, 0x12345000, "table, bit 52 is reserved" },
	{ 2, BIT(60) | 0x12345401, PT_TABLE, 1, 1, 0, 0x12345000, "table, bit 60 is reserved" },
};

static void test_entries(void **state)
{
	const struct pt_fmt *f = &pt_amd_v1;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		const uint32_t level = entries[i].level;
		const uint64_t e = entries[i].entry;
		const enum pt_kind kind = f->kind(level, e);

		if (kind != entries[i].kind || f->malformed(level, e) != entries[i].malformed ||
		    f->pa(level, e, ALL_PA) != entries[i].pa)
			fail_msg("%s (level %u, 0x%llx): %s, malformed %d, pa 0x%llx",
				 entries[i].what, level, ull(e), pt_kind_name(kind),
				 f->malformed(level, e), ull(f->pa(level, e, ALL_PA)));
		if (kind == PT_TABLE && pt_next_level(f, level, e) != entries[i].next)
			fail_msg("%s: to %u, not %u", entries[i].what, pt_next_level(f, level, e),
				 entries[i].next);
		if (kind == PT_LEAF && pt_leaf_shift(f, level, e) != entries[i].shift)
			fail_msg("%s: %u bits, not %u", entries[i].what, pt_leaf_shift(f, level, e),
				 entries[i].shift);
	}
	assert_int_equal(f->pa(0, BIT(47) | 0x12345001, ALL_PA & ~BIT(47)), 0x12345000);
}

/* Every size from 8K on, at every level that can have it, and an address above it */
static void test_sizes(void **state)
{
	uint32_t level, shift;

	(void)state;
	for (shift = 13; shift < 52; shift++) {
		const uint64_t e = 1 | 7 << 9 | BIT(51) | ((BIT(shift - 1) - 1) & ALL_PA);

		for (level = 0; level < 6; level++) {
			const uint32_t low = 12 + 9 * level;
			const int fits = level < 5 && shift >= low && shift < low + 9;

			assert_int_equal(pt_leaf_shift(&pt_amd_v1, level, e), shift);
			assert_int_equal(pt_amd_v1.malformed(level, e), !fits);
			assert_int_equal(pt_amd_v1.pa(level, e, ALL_PA), BIT(51));
		}
	}
	/* An address of ones has no bit that says the size: it ends. */
	assert_int_equal(pt_leaf_shift(&pt_amd_v1, 0, ~0ULL), 53);
	assert_int_equal(pt_frame(&pt_amd_v1, 0, 0x4fe01, 0x55555123, ALL_PA), 0x55123);
}

static void test_rights(void **state)
{
	(void)state;
	assert_int_equal(pt_amd_v1.rights(0, 0x1001), 0);
	assert_int_equal(pt_amd_v1.rights(0, BIT(61) | 0x1001), 8);
	assert_int_equal(pt_amd_v1.rights(0, BIT(62) | 0x1001), 2);
	assert_int_equal(pt_amd_v1.rights(3, RW | 0x1601), 10);
}

static void test_step(void **state)
{
	(void)state;
	assert_int_equal(pt_amd_v1.step(0, 0x1001), 0x1000);
	assert_int_equal(pt_amd_v1.step(1, 0x200001), 0x200000);
	assert_int_equal(pt_amd_v1.step(4, 1), BIT(48));
	/* One page in several entries, which are equal */
	assert_int_equal(pt_amd_v1.step(0, 0x4fe01), 0);
	assert_int_equal(pt_amd_v1.step(1, 0x1201), 0);
	assert_int_equal(pt_amd_v1.step(0, 0x1000), 0);
	assert_int_equal(pt_amd_v1.step(0, 0), 0);
}

static void test_flags(void **state)
{
	unsigned int pos = 0;

	(void)state;
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, RW | BIT(60) | 0x1201, &pos), "PR");
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, RW | BIT(60) | 0x1201, &pos), "IR");
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, RW | BIT(60) | 0x1201, &pos), "IW");
	assert_null(pt_next_flag(&pt_amd_v1, 1, RW | BIT(60) | 0x1201, &pos));
	pos = 0;
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, BIT(60) | 0x1041, &pos), "PR");
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, BIT(60) | 0x1041, &pos), "DIRTY");
	assert_string_equal(pt_next_flag(&pt_amd_v1, 1, BIT(60) | 0x1041, &pos), "FC");
	assert_null(pt_next_flag(&pt_amd_v1, 1, BIT(60) | 0x1041, &pos));
}

/* The register: 8:0 pages, minus one; 51:12 base; an entry has 32 bytes */
static void test_place(void **state)
{
	(void)state;
	assert_int_equal(pt_amd_dte_at(0x123000 | 0x1ff, 0), 0x123000);
	assert_int_equal(pt_amd_dte_at(0x123000 | 0x1ff, 0x0008), 0x123100);
	assert_int_equal(pt_amd_dte_at(0x123000 | 0x1ff, 0xffff), 0x123000 + 0x1fffe0);
	assert_int_equal(pt_amd_dte_at(0x123000 | 1, 0xff), 0x123000 + 0x1fe0);
	assert_int_equal(pt_amd_dte_at(0x123000 | 1, 0x100), 0);
	assert_int_equal(pt_amd_dte_at(0x123000, 0x7f), 0x123fe0);
	assert_int_equal(pt_amd_dte_at(0x123000, 0x80), 0);
	assert_int_equal(pt_amd_dte_at(BIT(62) | 0x123000, 0), 0x123000);
}

/* V 0, TV 1, mode 11:9, root 51:12, GV 55, IR 61, IW 62; domain 79:64 */
static void test_dte(void **state)
{
	static const struct {
		__u64 dte[4];
		int ret;
		enum pt_io_kind kind;
		uint64_t root;
		uint32_t levels, rights, domain;
	} t[] = {
		{ { 0 }, 0, PT_IO_PASS, 0, 0, 10, 0 },
		{ { ~1ULL, ~0ULL }, 0, PT_IO_PASS, 0, 0, 10, 0 },
		{ { 1 }, 0, PT_IO_BLOCKED, 0, 0, 0, 0 },
		{ { RW | 0x12345601 }, 0, PT_IO_BLOCKED, 0, 0, 0, 0 },
		{ { 3 }, 0, PT_IO_BLOCKED, 0, 0, 0, 0 },
		{ { RW | 3, 5 }, 0, PT_IO_PASS, 0, 0, 10, 5 },
		{ { BIT(61) | 3, 5 }, 0, PT_IO_PASS, 0, 0, 8, 5 },
		{ { RW | 0x12345203, 5 }, 0, PT_IO_TABLE, 0x12345000, 1, 10, 5 },
		{ { RW | 0x12345603, 5 }, 0, PT_IO_TABLE, 0x12345000, 3, 10, 5 },
		{ { RW | 0x12345c03, 0x1ffff }, 0, PT_IO_TABLE, 0x12345000, 6, 10, 0xffff },
		{ { BIT(62) | 0x12345603, 5 }, 0, PT_IO_TABLE, 0x12345000, 3, 2, 5 },
		{ { 0x12345603, 5 }, 0, PT_IO_BLOCKED, 0, 0, 0, 5 },
		{ { RW | 0x12345e03, 5 }, -EBADMSG, 0, 0, 0, 0, 0 },
		{ { RW | BIT(55) | 0x12345603 }, -EOPNOTSUPP, 0, 0, 0, 0, 0 },
		{ { ~0ULL, ~0ULL }, -EOPNOTSUPP, 0, 0, 0, 0, 0 },
	};
	struct pt_io_space s;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		memset(&s, 0xa5, sizeof(s));
		ret = pt_amd_dte_space(t[i].dte, &s);
		if (ret != t[i].ret)
			fail_msg("0x%llx: %d, not %d", ull(t[i].dte[0]), ret, t[i].ret);
		if (ret)
			continue;
		if (s.kind != t[i].kind || s.root_pa != t[i].root || s.levels != t[i].levels ||
		    s.rights != t[i].rights || s.domain_id != t[i].domain ||
		    s.fmt != (s.kind == PT_IO_TABLE ? &pt_amd_v1 : NULL))
			fail_msg("0x%llx: kind %d, root 0x%llx, levels %u, rights %u, domain %u",
				 ull(t[i].dte[0]), s.kind, ull(s.root_pa), s.levels, s.rights,
				 s.domain_id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_rights),	cmocka_unit_test(test_step),
		cmocka_unit_test(test_flags),	cmocka_unit_test(test_place),
		cmocka_unit_test(test_dte),
	};

	return cmocka_run_group_tests_name("pt_amd", tests, NULL, NULL);
}
