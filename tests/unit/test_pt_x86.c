// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of x86-64 page tables, taken from the documents and not from the
 * header under test: nothing here uses its PT_X86_* names.
 *
 * Intel SDM volume 3A: section 4.5, tables 4-14 (PML5E), 4-15 (PML4E), 4-16
 * and 4-17 (PDPTE: 1-GByte page, directory), 4-18 and 4-19 (PDE: 2-MByte page,
 * table), 4-20 (PTE); section 4.6 (rights).
 * Linux: arch/x86/include/asm/pgtable_types.h (_PAGE_BIT_*, PAGE_NONE,
 * _PAGE_KNL_ERRATUM_MASK), pgtable.h (pte_none, pmd_mkinvalid), pgtable_64.h
 * (swap entries), pgtable-invert.h (__pte_needs_invert).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "fmt/pt_x86.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)	      (1ULL << (n))

/* SDM table 4-20 and its neighbours */
#define P    BIT(0)
#define RW   BIT(1)
#define US   BIT(2)
#define A    BIT(5)
#define D    BIT(6)
#define PS   BIT(7)
#define G    BIT(8)
#define XD   BIT(63)
#define ADDR 0x000ffffffffff000ULL /* M-1:12 with the most that M can be */
/* Linux, pgtable_types.h */
#define PROTNONE BIT(8) /* _PAGE_BIT_PROTNONE = _PAGE_BIT_GLOBAL */

#define ALL_PA	 ADDR /* PTE_PFN_MASK without encryption */
#define C_BIT	 BIT(47)
#define C_MASK	 (ALL_PA & ~C_BIT) /* as with SEV: cc_mask left out */

static unsigned long long ull(uint64_t v)
{
	return v;
}

/* Linux's L1TF form of an entry that is not present: pfn_pte(), pfn_pmd() */
static uint64_t inverted(uint64_t pa, uint64_t size, uint64_t flags)
{
	return (~pa & ADDR & ~(size - 1)) | flags;
}

static const uint64_t sizes[] = { 1ULL << 12, 1ULL << 21, 1ULL << 30 };

static const struct {
	uint32_t level;
	uint64_t entry;
	enum pt_kind kind;
	const char *what;
} entry_kinds[] = {
	{ 0, 0, PT_NONE, "pte_none" },
	{ 1, 0, PT_NONE, "pmd_none" },
	{ 2, 0, PT_NONE, "pud_none" },
	{ 3, 0, PT_NONE, "p4d_none" },
	{ 4, 0, PT_NONE, "pgd_none" },

	/* Tables 4-14, 4-15, 4-17, 4-19: bit 0 set, bit 7 clear */
	{ 4, 0x067, PT_TABLE, "PML5E" },
	{ 4, XD | 0x12345067, PT_TABLE, "PML5E that PTI gives XD" },
	{ 3, 0x12345067, PT_TABLE, "PML4E" },
	{ 3, 0x001, PT_TABLE, "PML4E, bit 0 alone" },
	{ 2, 0x12345067, PT_TABLE, "PDPTE of a directory" },
	{ 1, 0x12345067, PT_TABLE, "PDE of a table" },
	{ 1, 0x12345067 | G, PT_TABLE, "PDE of a table, bit 8 ignored" },
	{ 1, 0x12345027 | BIT(58), PT_TABLE, "PDE of a table, bits 62:52 ignored" },
	{ 1, ADDR | XD | 0xf7f, PT_TABLE, "PDE of a table, all but bit 7" },
	/* Tables 4-16, 4-18, 4-20 */
	{ 0, 0x12345067, PT_LEAF, "PTE" },
	{ 0, 0x001, PT_LEAF, "PTE of frame 0, bit 0 alone" },
	{ 0, 0x12345067 | PS, PT_LEAF, "PTE, bit 7 is PAT" },
	{ 0, ~0ULL, PT_LEAF, "PTE, all bits" },
	{ 1, 0x12200067 | PS, PT_LEAF, "PDE of a 2-MByte page" },
	{ 1, PS | P, PT_LEAF, "PDE of a 2-MByte page at 0" },
	{ 1, 0x12201067 | PS, PT_LEAF, "PDE of a 2-MByte page, bit 12 is PAT" },
	{ 2, 0x40000067 | PS, PT_LEAF, "PDPTE of a 1-GByte page" },
	{ 2, 0x40000067 | PS | G, PT_LEAF, "PDPTE of a 1-GByte page, global" },

	/* pte_present(): P or PROTNONE; PAGE_NONE = PROTNONE | ACCESSED */
	{ 0, 0xfffffedcba000 | PROTNONE | A, PT_PROTNONE, "PTE, PROT_NONE" },
	{ 0, PROTNONE, PT_PROTNONE, "PTE, PROT_NONE of the last frame" },
	{ 0, 0xfffffedcba000 | PROTNONE | A | D | PS, PT_PROTNONE, "PTE, PROT_NONE, PAT" },
	{ 1, 0xfffffeda00000 | PROTNONE | A | PS, PT_PROTNONE, "PMD, PROT_NONE" },
	{ 2, 0xfffffc0000000 | PROTNONE | A | PS, PT_PROTNONE, "PUD, PROT_NONE" },
	{ 1, 0xfffffeda00000 | PROTNONE | A | PS | XD, PT_PROTNONE, "PMD, PROT_NONE, NX" },
	/* P wins: the same bit is GLOBAL then */
	{ 0, 0x12345067 | G, PT_LEAF, "PTE, global" },
	{ 1, 0x12200067 | PS | G, PT_LEAF, "PDE of a 2-MByte page, global" },

	/* pmd_mkinvalid(): clears P and PROTNONE, PSE stays */
	{ 1, 0xfffffeda00000 | RW | US | A | D | PS, PT_INVALID, "pmd_mkinvalid" },
	{ 2, 0xfffffc0000000 | RW | US | PS, PT_INVALID, "pud_mkinvalid" },
	{ 1, PS, PT_INVALID, "PMD, PSE alone" },
	/* In a PTE that bit is PAT, which swap entries leave 0 */
	{ 0, 0xfffffedcba000 | RW | US | PS, PT_ABSENT, "PTE, bit 7, no P" },

	/* Swap: type 63:59, ~offset 58:9, bits 1-4 flags, 8 and 7 and 0 clear */
	{ 0, 0x07fffffffffffe00ULL, PT_ABSENT, "swap type 0 offset 0" },
	{ 0, 0x0ffffffffff00000ULL | RW, PT_ABSENT, "swap type 1, soft-dirty" },
	{ 0, 0xf7fffffffe000000ULL | US, PT_ABSENT, "migration, uffd-wp" },
	{ 0, BIT(59), PT_ABSENT, "swap type 1, the last offset" },
	{ 0, RW, PT_ABSENT, "bit 1 alone" },
	{ 0, US, PT_ABSENT, "bit 2 alone" },
	{ 0, XD, PT_ABSENT, "bit 63 alone" },
	{ 1, 0xf7fffffffe000000ULL, PT_ABSENT, "PMD migration: neither none nor leaf" },
	{ 2, 0xf7fffffffe000000ULL, PT_ABSENT, "PUD migration" },
	{ 1, 0x12345066, PT_ABSENT, "PMD, a table with P cleared" },

	/* _PAGE_KNL_ERRATUM_MASK: stray A and D are still none */
	{ 0, A, PT_NONE, "PTE, stray A" },
	{ 0, D, PT_NONE, "PTE, stray D" },
	{ 0, A | D, PT_NONE, "PTE, stray A and D" },
	{ 1, A | D, PT_NONE, "PMD, stray A and D" },
	{ 2, A | D, PT_NONE, "PUD, stray A and D" },
	{ 3, A | D, PT_NONE, "P4D, stray A and D" },
	{ 0, A | D | BIT(9), PT_ABSENT, "PTE, A, D and one more" },
};

static void test_kind(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(entry_kinds); i++) {
		enum pt_kind kind = pt_x86.kind(entry_kinds[i].level, entry_kinds[i].entry);

		if (kind != entry_kinds[i].kind)
			fail_msg("%s (level %u, 0x%llx): %s, not %s", entry_kinds[i].what,
				 entry_kinds[i].level, ull(entry_kinds[i].entry),
				 pt_kind_name(kind), pt_kind_name(entry_kinds[i].kind));
	}
}

static void test_has_frame(void **state)
{
	(void)state;
	assert_true(pt_has_frame(PT_LEAF));
	assert_true(pt_has_frame(PT_PROTNONE));
	assert_true(pt_has_frame(PT_INVALID));
	assert_false(pt_has_frame(PT_NONE));
	assert_false(pt_has_frame(PT_TABLE));
	assert_false(pt_has_frame(PT_ABSENT));
}

static void test_pa(void **state)
{
	static const struct {
		uint32_t level;
		uint64_t entry, mask, pa;
		const char *what;
	} t[] = {
		{ 0, XD | 0x12345067, ALL_PA, 0x12345000, "PTE" },
		{ 0, P, ALL_PA, 0, "PTE of frame 0" },
		{ 0, ~0ULL, ALL_PA, ADDR, "PTE, all 52 bits, none of 62:52 or 11:0" },
		{ 0, ~0ULL, ~0ULL, ADDR, "PTE, a mask of more than an address" },
		{ 0, BIT(51) | P, ALL_PA, BIT(51), "PTE, bit 51" },
		{ 0, BIT(52) | P, ALL_PA, 0, "PTE, bit 52 is no address" },
		{ 0, BIT(12) | P, ALL_PA, BIT(12), "PTE, bit 12 is address" },
		{ 1, ADDR | XD | 0x067, ALL_PA, ADDR, "PDE of a table" },
		{ 2, 0x12345067, ALL_PA, 0x12345000, "PDPTE of a directory" },
		{ 3, 0x12345067, ALL_PA, 0x12345000, "PML4E" },
		{ 4, 0x12345067, ALL_PA, 0x12345000, "PML5E" },
		{ 1, 0x12200067 | PS, ALL_PA, 0x12200000, "PDE of a 2-MByte page" },
		{ 1, 0x12201067 | PS, ALL_PA, 0x12200000, "2-MByte page, PAT" },
		{ 1, 0x123ff067 | PS, ALL_PA, 0x12200000, "2-MByte page, 20:13 reserved" },
		{ 1, ~0ULL, ALL_PA, 0x000fffffffe00000ULL, "2-MByte page, all bits" },
		{ 2, 0x7fffffff | XD, ALL_PA, 0x40000000, "1-GByte page, 29:12" },
		{ 2, 0x40001067 | PS, ALL_PA, 0x40000000, "1-GByte page, PAT" },
		{ 2, ~0ULL, ALL_PA, 0x000fffffc0000000ULL, "1-GByte page, all bits" },

		/* PROT_NONE and pmd_mkinvalid: inverted */
		{ 0, 0x000fffffedcba000ULL | PROTNONE | A, ALL_PA, 0x12345000, "PTE, PROT_NONE" },
		{ 0, ADDR | PROTNONE | A, ALL_PA, 0, "PTE, PROT_NONE of frame 0" },
		{ 0, PROTNONE, ALL_PA, ADDR, "PTE, PROT_NONE of the last frame" },
		{ 0, XD | BIT(58) | 0x000fffffedcba000ULL | PROTNONE, ALL_PA, 0x12345000,
		  "PTE, PROT_NONE, high flags" },
		{ 1, 0x000fffffede00000ULL | PROTNONE | PS, ALL_PA, 0x12000000,
		  "PMD, PROT_NONE, 20:12 clear (pfn_pmd)" },
		{ 1, 0x000fffffedfff000ULL | PROTNONE | PS, ALL_PA, 0x12000000,
		  "PMD, PROT_NONE, 20:12 set (huge_pte_modify)" },
		{ 2, 0x000fffff80000000ULL | PROTNONE | PS, ALL_PA, 0x40000000, "PUD, PROT_NONE" },
		{ 2, 0x000fffffbffff000ULL | PROTNONE | PS, ALL_PA, 0x40000000,
		  "PUD, PROT_NONE, 29:12 set" },
		{ 1, 0x000fffffede00000ULL | RW | US | A | D | PS, ALL_PA, 0x12000000,
		  "pmd_mkinvalid" },

		/* Encryption: the kernel's mask lacks the bit; inverted or not */
		{ 0, C_BIT | 0x12345067, C_MASK, 0x12345000, "PTE, C-bit" },
		{ 0, C_BIT | 0x12345067, ALL_PA, C_BIT | 0x12345000, "PTE, no C-bit" },
		{ 1, C_BIT | 0x12345067, C_MASK, 0x12345000, "PDE of a table, C-bit" },
		{ 1, C_BIT | 0x12200067 | PS, C_MASK, 0x12200000, "2-MByte page, C-bit" },
		{ 0, C_BIT | 0x000f7fffedcba000ULL | PROTNONE, C_MASK, 0x12345000,
		  "PTE, PROT_NONE, C-bit" },
		{ 0, 0x000f7fffedcba000ULL | PROTNONE, C_MASK, 0x12345000,
		  "PTE, PROT_NONE, C-bit clear" },
		{ 0, BIT(51) | 0x12345067, ALL_PA & ~BIT(51), 0x12345000, "PTE, bit 51 shared" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t pa = pt_x86.pa(t[i].level, t[i].entry, t[i].mask);

		if (pa != t[i].pa)
			fail_msg("%s (level %u, 0x%llx): 0x%llx, not 0x%llx", t[i].what, t[i].level,
				 ull(t[i].entry), ull(pa), ull(t[i].pa));
	}
}

/* Each address bit by itself, present and inverted, at each level of leaves. */
static void test_pa_bits(void **state)
{
	uint32_t level, bit;

	(void)state;
	for (level = 0; level < 3; level++)
		for (bit = 12; bit < 52; bit++) {
			uint64_t size = sizes[level], flags = level ? PS : 0;
			uint64_t want = BIT(bit) & ~(size - 1);

			assert_int_equal(pt_x86.pa(level, BIT(bit) | flags | P, ALL_PA), want);
			assert_int_equal(pt_x86.pa(level,
						   inverted(BIT(bit), size, flags | PROTNONE),
						   ALL_PA),
					 want);
			if (level)
				assert_int_equal(pt_x86.pa(level, inverted(BIT(bit), size, PS | RW),
							   ALL_PA),
						 want);
		}
}

/* Section 4.6.1: an entry that is not present gives nothing. */
static void test_rights(void **state)
{
	uint32_t level, bits;

	(void)state;
	for (level = 0; level < 5; level++)
		for (bits = 0; bits < 16; bits++) {
			bool p = bits & 1, rw = bits & 2, us = bits & 4, xd = bits & 8;
			uint64_t entry = ADDR | (p ? P : PROTNONE) | (rw ? RW : 0) | (us ? US : 0) |
					 (xd ? XD : 0);
			uint32_t want = 0;

			if (p && us)
				want |= PT_USER;
			if (p && rw)
				want |= PT_WRITE;
			if (p && !xd)
				want |= PT_EXEC;
			assert_int_equal(pt_x86.rights(level, entry), want);
		}
}

/*
 * Every combination of U/S, R/W and XD over every level of a walk that ends at
 * @leaf, against one question a right: is there an entry that takes it away?
 */
static void check_effective(uint32_t levels, uint32_t leaf)
{
	const uint32_t n = levels - leaf;
	uint32_t combination;

	for (combination = 0; combination < 1U << 3 * n; combination++) {
		struct pt_effective eff = PT_EFFECTIVE_INIT;
		bool user = true, write = true, exec = true;
		uint32_t i, no_user = 0, want = 0;

		for (i = 0; i < n; i++) {
			uint32_t level = levels - 1 - i;
			uint32_t bits = combination >> 3 * i & 7;
			uint64_t entry = 0x12345000 | P;

			if (bits & 1)
				entry |= US;
			else
				user = false;
			if (!(bits & 1))
				no_user |= 1U << level;
			if (bits & 2)
				entry |= RW;
			else
				write = false;
			if (bits & 4) {
				entry |= XD;
				exec = false;
			}
			if (level == leaf && leaf)
				entry |= PS;
			pt_effective_add(&pt_x86, &eff, level, entry);
		}
		if (user)
			want += 1;
		if (write)
			want += 2;
		if (exec)
			want += 4;
		if (eff.rights != want || eff.no_user_levels != no_user)
			fail_msg(
				"%u levels, leaf at %u, combination 0x%x: rights 0x%x, not 0x%x; no user at 0x%x, not 0x%x",
				levels, leaf, combination, eff.rights, want, eff.no_user_levels,
				no_user);
	}
}

static void test_effective(void **state)
{
	uint32_t levels, leaf;

	(void)state;
	assert_int_equal(PT_USER, 1);
	assert_int_equal(PT_WRITE, 2);
	assert_int_equal(PT_EXEC, 4);
	for (levels = 4; levels <= 5; levels++)
		for (leaf = 0; leaf < 3; leaf++)
			check_effective(levels, leaf);
}

/* A PROT_NONE page is nobody's, and it is the leaf that takes USER away. */
static void test_effective_protnone(void **state)
{
	uint32_t leaf, level;

	(void)state;
	for (leaf = 0; leaf < 3; leaf++) {
		struct pt_effective eff = PT_EFFECTIVE_INIT;

		for (level = 4; level > leaf; level--)
			pt_effective_add(&pt_x86, &eff, level, 0x12345067);
		assert_int_equal(eff.rights, PT_RIGHTS_ALL);
		pt_effective_add(&pt_x86, &eff, leaf, ADDR | PROTNONE | A | (leaf ? PS : 0));
		assert_int_equal(eff.rights, 0);
		assert_int_equal(eff.no_user_levels, 1U << leaf);
	}
}

/* Entry plus step is the entry of the next frame, and differs in nothing else. */
static void test_step(void **state)
{
	static const uint64_t frames[] = { 0, 0x40000000, 0x7fc0000000, 0x0007ffffc0000000 };
	static const uint64_t none[] = {
		0, A | D, 0x07fffffffffffe00ULL, 0x07fffffffffffe00ULL | RW, XD,
	};
	uint32_t level;
	size_t i;

	(void)state;
	for (level = 0; level < 3; level++) {
		const uint64_t size = sizes[level], ps = level ? PS : 0;

		for (i = 0; i < ARRAY_SIZE(frames); i++) {
			const uint64_t pa = frames[i];
			uint64_t e = pa | XD | 0x067 | ps;

			assert_int_equal(e + pt_x86.step(level, e), (pa + size) | XD | 0x067 | ps);
			e = inverted(pa, size, XD | PROTNONE | A | ps);
			assert_int_equal(e + pt_x86.step(level, e),
					 inverted(pa + size, size, XD | PROTNONE | A | ps));
			if (!level)
				continue;
			e = inverted(pa, size, XD | RW | US | PS);
			assert_int_equal(e + pt_x86.step(level, e),
					 inverted(pa + size, size, XD | RW | US | PS));
		}
		for (i = 0; i < ARRAY_SIZE(none); i++)
			assert_int_equal(pt_x86.step(level, none[i]), 0);
	}
	for (level = 1; level < 5; level++)
		assert_int_equal(pt_x86.step(level, 0x12345067), 0);
}

/* Section 4.5: bits 56:48, 47:39, 38:30, 29:21, 20:12 and 11:0 of an address */
static void test_geometry(void **state)
{
	static const uint32_t low_bit[] = { 12, 21, 30, 39, 48 };
	static const struct {
		uint64_t va;
		uint32_t index[5]; /* by level */
	} t[] = {
		{ 0, { 0, 0, 0, 0, 0 } },
		{ 0xfff, { 0, 0, 0, 0, 0 } },
		{ 0x1000, { 1, 0, 0, 0, 0 } },
		{ 0x1fffff, { 511, 0, 0, 0, 0 } },
		{ 0x200000, { 0, 1, 0, 0, 0 } },
		{ 0x3fffffff, { 511, 511, 0, 0, 0 } },
		{ 0x40000000, { 0, 0, 1, 0, 0 } },
		{ 0x0000007fffffffff, { 511, 511, 511, 0, 0 } },
		{ 0x0000008000000000, { 0, 0, 0, 1, 0 } },
		{ 0x00007fffffffffff, { 511, 511, 511, 255, 0 } },
		{ 0x0000800000000000, { 0, 0, 0, 256, 0 } },
		{ 0x0000ffffffffffff, { 511, 511, 511, 511, 0 } },
		{ 0x0001000000000000, { 0, 0, 0, 0, 1 } },
		{ 0x00ffffffffffffff, { 511, 511, 511, 511, 255 } },
		{ 0x0100000000000000, { 0, 0, 0, 0, 256 } },
		{ 0xffffffffffffffff, { 511, 511, 511, 511, 511 } },
		{ 0x0001020304050607, { 80, 32, 12, 4, 1 } },
	};
	uint32_t level;
	size_t i;

	(void)state;
	for (level = 0; level < 5; level++) {
		assert_int_equal(pt_shift(&pt_x86, level), low_bit[level]);
		assert_int_equal(pt_size(&pt_x86, level), BIT(low_bit[level]));
		for (i = 0; i < ARRAY_SIZE(t); i++)
			if (pt_index(&pt_x86, level, t[i].va) != t[i].index[level])
				fail_msg("0x%llx level %u: index %u, not %u", ull(t[i].va), level,
					 pt_index(&pt_x86, level, t[i].va), t[i].index[level]);
	}
	/* The first address past the lower canonical half: 47 bits, 56 bits */
	assert_int_equal(pt_user_end(&pt_x86, 4), 0x0000800000000000);
	assert_int_equal(pt_user_end(&pt_x86, 5), 0x0100000000000000);
	assert_int_equal(pt_x86.page_shift, 12);
	assert_int_equal(pt_x86.index_bits, 9);
	assert_int_equal(pt_x86.max_leaf_level, 2);
	/* The CPU's A and D (section 4.8), Linux's soft-dirty */
	assert_int_equal(pt_x86.volatile_mask, A | D | BIT(11));
}

static void test_names(void **state)
{
	static const char *const four[] = { "PTE", "PMD", "PUD", "PGD" };
	static const char *const five[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };
	static const char *const kinds[] = {
		[PT_NONE] = "none",	    [PT_TABLE] = "table",     [PT_LEAF] = "page",
		[PT_PROTNONE] = "protnone", [PT_INVALID] = "invalid", [PT_ABSENT] = "absent",
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_string_equal(pt_level_name(4, i), four[i]);
	for (i = 0; i < 5; i++)
		assert_string_equal(pt_level_name(5, i), five[i]);
	assert_string_equal(pt_level_name(4, 4), "?");
	assert_string_equal(pt_level_name(5, 5), "?");
	assert_string_equal(pt_level_name(6, 0), "?");
	assert_string_equal(pt_level_name(0, 0), "?");
	assert_string_equal(pt_level_name(5, UINT32_MAX), "?");
	assert_int_equal(PT_NR_KINDS, ARRAY_SIZE(kinds));
	for (i = 0; i < PT_NR_KINDS; i++)
		assert_string_equal(pt_kind_name(i), kinds[i]);
	assert_string_equal(pt_kind_name(PT_NR_KINDS), "?");
	assert_string_equal(pt_kind_name(UINT32_MAX), "?");
}

/* What each bit is called where, from pgtable_types.h; NULL: not a flag there */
static const struct {
	const char *table, *leaf, *huge, *protnone;
} bit_name[64] = {
	[0] = { "PRESENT", "PRESENT", "PRESENT", NULL },
	[1] = { "RW", "RW", "RW", "RW" },
	[2] = { "USER", "USER", "USER", NULL }, /* the CPU reads no bit of what is not present */
	[3] = { "PWT", "PWT", "PWT", "PWT" },
	[4] = { "PCD", "PCD", "PCD", "PCD" },
	[5] = { "ACCESSED", "ACCESSED", "ACCESSED", "ACCESSED" },
	[6] = { NULL, "DIRTY", "DIRTY", "DIRTY" }, /* ignored in a table's entry */
	[7] = { NULL, "PAT", "PSE", NULL },
	[8] = { NULL, "GLOBAL", "GLOBAL", "PROTNONE" },
	[9] = { NULL, "SPECIAL", "SPECIAL", "SPECIAL" },
	[10] = { NULL, "UFFD_WP", "UFFD_WP", "UFFD_WP" },
	[11] = { NULL, "SOFT_DIRTY", "SOFT_DIRTY", "SOFT_DIRTY" },
	[12] = { NULL, NULL, "PAT", NULL },
	[59] = { NULL, "PKEY_BIT0", "PKEY_BIT0", "PKEY_BIT0" },
	[60] = { NULL, "PKEY_BIT1", "PKEY_BIT1", "PKEY_BIT1" },
	[61] = { NULL, "PKEY_BIT2", "PKEY_BIT2", "PKEY_BIT2" },
	[62] = { NULL, "PKEY_BIT3", "PKEY_BIT3", "PKEY_BIT3" },
	[63] = { "NX", "NX", "NX", "NX" },
};

static const char *name_of(unsigned int bit, enum pt_kind kind, uint32_t level)
{
	switch (kind) {
	case PT_TABLE:
		return bit_name[bit].table;
	case PT_LEAF:
		return level ? bit_name[bit].huge : bit_name[bit].leaf;
	default:
		return bit_name[bit].protnone;
	}
}

/* The flags of @entry are exactly what @bit_name says of its bits, each once. */
static void check_flags(uint32_t level, uint64_t entry)
{
	enum pt_kind kind = pt_x86.kind(level, entry);
	unsigned int pos = 0, bit, n = 0;
	const char *seen[64], *name;
	size_t i, want = 0;

	while ((name = pt_next_flag(&pt_x86, level, entry, &pos))) {
		assert_true(n < ARRAY_SIZE(seen));
		seen[n++] = name;
	}
	/* At the end it stays. */
	assert_null(pt_next_flag(&pt_x86, level, entry, &pos));
	assert_null(pt_next_flag(&pt_x86, level, entry, &pos));
	for (bit = 0; bit < 64; bit++) {
		size_t count = 0;

		name = name_of(bit, kind, level);
		if (!(entry >> bit & 1) || !name)
			continue;
		want++;
		for (i = 0; i < n; i++)
			count += !strcmp(seen[i], name);
		if (count != 1)
			fail_msg("level %u, 0x%llx: %s given %zu times", level, ull(entry), name,
				 count);
	}
	if (n != want)
		fail_msg("level %u, 0x%llx: %u flags, not %zu", level, ull(entry), n, want);
}

static void test_flags(void **state)
{
	static const struct {
		uint32_t level;
		uint64_t base;
		enum pt_kind kind;
	} t[] = {
		{ 1, P, PT_TABLE },
		{ 2, P, PT_TABLE },
		{ 3, P, PT_TABLE },
		{ 4, P, PT_TABLE },
		{ 0, P, PT_LEAF },
		{ 1, P | PS, PT_LEAF },
		{ 2, P | PS, PT_LEAF },
		{ 0, PROTNONE, PT_PROTNONE },
		{ 1, PROTNONE | PS, PT_PROTNONE },
		{ 2, PROTNONE | PS, PT_PROTNONE },
		{ 1, PS, PT_INVALID },
		{ 2, PS, PT_INVALID },
	};
	unsigned int bit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t all = t[i].base;

		for (bit = 0; bit < 64; bit++) {
			uint64_t entry = t[i].base | BIT(bit);

			/* A bit that makes another kind of it has its turn there. */
			if (pt_x86.kind(t[i].level, entry) != t[i].kind)
				continue;
			check_flags(t[i].level, entry);
			all |= BIT(bit);
		}
		check_flags(t[i].level, t[i].base);
		check_flags(t[i].level, all);
	}
}

/* In the order of the bits, as people read them; PRESENT first. */
static void test_flags_order(void **state)
{
	static const char *const want[] = {
		"PRESENT", "RW", "USER", "ACCESSED", "DIRTY", "PSE", "PAT", "SOFT_DIRTY", "NX",
	};
	const uint64_t entry = XD | BIT(12) | BIT(11) | PS | 0x067;
	unsigned int pos = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(pt_next_flag(&pt_x86, 1, entry, &pos), want[i]);
	assert_null(pt_next_flag(&pt_x86, 1, entry, &pos));
}

/* Bits 57 and 58 are named as the kernel that was asked says: pgtable_types.h of three kernels. */
static void test_flags_told(void **state)
{
	static const __u64 v6_1[PT_NR_SOFT] = { [PT_SOFT_DEVMAP] = BIT(58) };
	static const __u64 v6_12[PT_NR_SOFT] = {
		[PT_SOFT_DEVMAP] = BIT(57),
		[PT_SOFT_SAVED_DIRTY] = BIT(58),
		[PT_SOFT_SPECIAL] = BIT(9),
	};
	static const __u64 v7_2[PT_NR_SOFT] = {
		[PT_SOFT_SOFTW4] = BIT(57),
		[PT_SOFT_SAVED_DIRTY] = BIT(58),
	};
	static const struct {
		const __u64 *soft;
		const char *b57, *b58;
	} t[] = {
		{ pt_x86_soft, NULL, NULL },
		{ v6_1, NULL, "DEVMAP" },
		{ v6_12, "DEVMAP", "SAVED_DIRTY" },
		{ v7_2, "SOFTW4", "SAVED_DIRTY" },
	};
	struct pt_fmt fmt = pt_x86;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		unsigned int pos = 0;

		fmt.soft = t[i].soft;
		assert_string_equal(pt_next_flag(&fmt, 0, P | BIT(57) | BIT(58), &pos), "PRESENT");
		if (t[i].b57)
			assert_string_equal(pt_next_flag(&fmt, 0, P | BIT(57) | BIT(58), &pos),
					    t[i].b57);
		if (t[i].b58)
			assert_string_equal(pt_next_flag(&fmt, 0, P | BIT(57) | BIT(58), &pos),
					    t[i].b58);
		assert_null(pt_next_flag(&fmt, 0, P | BIT(57) | BIT(58), &pos));
		/* Not of a table's entry, nor of one without the bit */
		pos = 1;
		assert_null(pt_next_flag(&fmt, 1, P | BIT(57) | BIT(58), &pos));
		pos = 1;
		assert_null(pt_next_flag(&fmt, 0, P | BIT(56), &pos));
	}
}

/* A huge leaf in the middle of a split: one word for _PAGE_USER, in both places. */
static void test_invalid_user(void **state)
{
	const uint64_t entry = 0xfffffeda00000 | RW | US | A | D | PS;
	struct pt_effective eff = PT_EFFECTIVE_INIT;
	unsigned int pos = 0;
	const char *name;

	(void)state;
	pt_effective_add(&pt_x86, &eff, 1, entry);
	assert_int_equal(eff.no_user_levels, 2);
	while ((name = pt_next_flag(&pt_x86, 1, entry, &pos)))
		assert_string_not_equal(name, "USER");
}

/* What is no page and no table has bits of another meaning: no flags. */
static void test_flags_absent(void **state)
{
	static const uint64_t entries[] = {
		0, A | D, 0x07fffffffffffe00ULL | RW | US, XD, ADDR | RW | US | A | D,
	};
	unsigned int pos = 0;
	uint32_t level;
	size_t i;

	(void)state;
	for (level = 0; level < 5; level++)
		for (i = 0; i < ARRAY_SIZE(entries); i++)
			assert_null(pt_next_flag(&pt_x86, level, entries[i], &pos));
	assert_int_equal(pos, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_has_frame),
		cmocka_unit_test(test_pa),
		cmocka_unit_test(test_pa_bits),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_effective),
		cmocka_unit_test(test_effective_protnone),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_flags_order),
		cmocka_unit_test(test_flags_told),
		cmocka_unit_test(test_invalid_user),
		cmocka_unit_test(test_flags_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
