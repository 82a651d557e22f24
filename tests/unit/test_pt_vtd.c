// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of Intel's IOMMU, taken from the document and not from the headers under test: nothing
 * here uses their PT_VTD_* bits.
 *
 * Intel Virtualization Technology for Directed I/O, Architecture Specification: sections 9.1 to 9.8
 * (entries), and the Root Table Address Register in chapter 11.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fmt/pt_vtd.h"
#include "pt_fixture.h"

#define RID(b, d, f) ((b) << 8 | (d) << 3 | (f))

/* What an entry of a table of pages means */
struct entry_row {
	uint32_t level;
	uint64_t entry;
	enum pt_kind kind;
	int malformed;
	uint64_t pa;
	uint32_t rights; /* 1 read, 2 write */
	const char *what;
};

static void check_entries(const struct pt_fmt *f, const struct entry_row *rows, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		const uint32_t level = rows[i].level;
		const uint64_t e = rows[i].entry;
		uint32_t rights = 0;

		if (rows[i].rights & 1)
			rights |= 8;
		if (rows[i].rights & 2)
			rights |= 2;
		if (f->kind(level, e) != rows[i].kind ||
		    f->malformed(level, e) != rows[i].malformed ||
		    f->pa(level, e, ALL_PA) != rows[i].pa || f->rights(level, e) != rights)
			fail_msg("%s (level %u, 0x%llx): %s, malformed %d, pa 0x%llx, rights %u",
				 rows[i].what, level, ull(e), pt_kind_name(f->kind(level, e)),
				 f->malformed(level, e), ull(f->pa(level, e, ALL_PA)),
				 f->rights(level, e));
	}
}

/* Section 9.8: bit 0 read, 1 write, 7 page size, 8 accessed, 9 dirty, 11 snoop, 51:12 address */
static const struct entry_row second[] = {
	{ 0, 0, PT_NONE, 0, 0, 0, "SS-PTE, empty" },
	{ 4, 0, PT_NONE, 0, 0, 0, "SS-PML5E, empty" },
	{ 0, 0x12345000, PT_ABSENT, 0, 0x12345000, 0, "SS-PTE, an address without a right" },
	{ 0, 0x804, PT_ABSENT, 0, 0, 0, "SS-PTE, execute does not make it present" },
	{ 1, 0x80, PT_ABSENT, 0, 0, 0, "SS-PDE, page size alone" },
	{ 0, 0x12345003, PT_LEAF, 0, 0x12345000, 3, "SS-PTE" },
	{ 0, 0x12345001, PT_LEAF, 0, 0x12345000, 1, "SS-PTE, read only" },
	{ 0, 0x12345002, PT_LEAF, 0, 0x12345000, 2, "SS-PTE, write only" },
	{ 0, 0x12345803, PT_LEAF, 0, 0x12345000, 3, "SS-PTE, snooped" },
	{ 0, 0x12345083, PT_LEAF, 0, 0x12345000, 3, "SS-PTE, bit 7 is no page size" },
	{ 0, ALL_PA | 3, PT_LEAF, 0, ALL_PA, 3, "SS-PTE, all address bits" },
	{ 0, BIT(63) | BIT(52) | 0x1003, PT_LEAF, 0, 0x1000, 3, "SS-PTE, 63:52 are no address" },
	{ 1, 0x12345003, PT_TABLE, 0, 0x12345000, 3, "SS-PDE" },
	{ 2, 0x12345001, PT_TABLE, 0, 0x12345000, 1, "SS-PDPTE, read only" },
	{ 3, 0x12345002, PT_TABLE, 0, 0x12345000, 2, "SS-PML4E, write only" },
	{ 4, 0x12345003, PT_TABLE, 0, 0x12345000, 3, "SS-PML5E" },
	{ 1, 0x0be00083, PT_LEAF, 0, 0x0be00000, 3, "SS-PDE of a 2-MByte page" },
	{ 2, 0x40000883, PT_LEAF, 0, 0x40000000, 3, "SS-PDPTE of a 1-GByte page" },
	{ 1, 0x0be01083, PT_LEAF, 1, 0x0be01000, 3, "2-MByte page, bit 12 is reserved" },
	{ 1, 0x0bf00083, PT_LEAF, 1, 0x0bf00000, 3, "2-MByte page, bit 20 is reserved" },
	{ 2, 0x60000083, PT_LEAF, 1, 0x60000000, 3, "1-GByte page, bit 29 is reserved" },
	{ 2, 0x40200083, PT_LEAF, 1, 0x40200000, 3, "1-GByte page, bit 21 is reserved" },
	{ 3, 0x83, PT_LEAF, 1, 0, 3, "SS-PML4E, bit 7 is reserved" },
	{ 4, 0x83, PT_LEAF, 1, 0, 3, "SS-PML5E, bit 7 is reserved" },
};

static void test_second(void **state)
{
	(void)state;
	check_entries(&pt_vtd_second, second, ARRAY_SIZE(second));
	assert_int_equal(pt_vtd_second.pa(0, BIT(47) | 0x12345003, ALL_PA & ~BIT(47)), 0x12345000);
}

/* Section 9.7: as the CPU's, but bits 11:8 and an entry without P mean nothing. */
static const struct entry_row first[] = {
	{ 0, 0, PT_NONE, 0, 0, 0, "FS-PTE, empty" },
	{ 0, BIT(8) | 0x12345066, PT_ABSENT, 0, 0x12345000, 0, "FS-PTE, no P: no PROT_NONE here" },
	{ 1, 0x80, PT_ABSENT, 0, 0, 0, "FS-PDE, page size alone" },
	{ 0, 0x12345067, PT_LEAF, 0, 0x12345000, 3, "FS-PTE" },
	{ 0, 0x12345065, PT_LEAF, 0, 0x12345000, 1, "FS-PTE, read only" },
	{ 0, 0x12345063, PT_LEAF, 0, 0x12345000, 0, "FS-PTE, supervisor" },
	{ 0, 0x123450e7, PT_LEAF, 0, 0x12345000, 3, "FS-PTE, bit 7 is PAT" },
	{ 0, BIT(63) | 0x12345067, PT_LEAF, 0, 0x12345000, 3, "FS-PTE, XD" },
	{ 3, 0x12345067, PT_TABLE, 0, 0x12345000, 3, "FS-PML4E" },
	{ 4, 0x12345027, PT_TABLE, 0, 0x12345000, 3, "FS-PML5E" },
	{ 1, 0x0be000e7, PT_LEAF, 0, 0x0be00000, 3, "FS-PDE of a 2-MByte page" },
	{ 1, 0x0be010e7, PT_LEAF, 0, 0x0be00000, 3, "2-MByte page, bit 12 is PAT" },
	{ 1, 0x0be020e7, PT_LEAF, 1, 0x0be02000, 3, "2-MByte page, bit 13 is reserved" },
	{ 2, 0x400000e7, PT_LEAF, 0, 0x40000000, 3, "FS-PDPTE of a 1-GByte page" },
	{ 2, 0x600000e7, PT_LEAF, 1, 0x60000000, 3, "1-GByte page, bit 29 is reserved" },
	{ 3, 0x000000e7, PT_LEAF, 1, 0, 3, "FS-PML4E, bit 7 is reserved" },
};

static void test_first(void **state)
{
	(void)state;
	check_entries(&pt_vtd_first, first, ARRAY_SIZE(first));
}

/* Entry plus step is the entry of the next frame. */
static void test_step(void **state)
{
	(void)state;
	assert_int_equal(pt_vtd_second.step(0, 0x1003), 0x1000);
	assert_int_equal(pt_vtd_second.step(1, 0x200083), 0x200000);
	assert_int_equal(pt_vtd_second.step(2, 0x40000083), 0x40000000);
	assert_int_equal(pt_vtd_second.step(1, 0x1003), 0);
	assert_int_equal(pt_vtd_second.step(0, 0), 0);
	assert_int_equal(pt_vtd_second.step(0, 0x1000), 0);
	assert_int_equal(pt_vtd_first.step(0, 0x1067), 0x1000);
	assert_int_equal(pt_vtd_first.step(1, 0x2000e7), 0x200000);
	assert_int_equal(pt_vtd_first.step(1, 0x1067), 0);
	assert_int_equal(pt_vtd_first.step(0, 0x1066), 0);
	assert_int_equal(pt_next_level(&pt_vtd_second, 3, 0x1003), 2);
	assert_int_equal(pt_leaf_shift(&pt_vtd_second, 0, 0x1003), 12);
	assert_int_equal(pt_leaf_shift(&pt_vtd_second, 2, 0x40000083), 30);
	assert_int_equal(pt_frame(&pt_vtd_second, 1, 0x0be00083, 0x71f5123, ALL_PA), 0x0bff5123);
}

static void test_flags(void **state)
{
	unsigned int pos = 0;

	(void)state;
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "READ");
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "WRITE");
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "PS");
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "ACCESSED");
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "DIRTY");
	assert_string_equal(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos), "SNP");
	assert_null(pt_next_flag(&pt_vtd_second, 1, 0xb83, &pos));
	pos = 0;
	assert_string_equal(pt_next_flag(&pt_vtd_first, 0, 0x1001, &pos), "PRESENT");
	assert_null(pt_next_flag(&pt_vtd_first, 0, 0x1001, &pos));
}

/* Sections 3.4 and 9.1 to 9.6: where the entries of a device are */
static void test_places(void **state)
{
	const uint64_t legacy = 0x7fff000, scalable = 0x7fff000 | 1 << 10;
	__u64 context[4] = { 0xabc000 | 1, 0x1234, 0, 0 };

	(void)state;
	assert_int_equal(pt_vtd_mode(legacy), 0);
	assert_int_equal(pt_vtd_mode(scalable), 1);
	assert_int_equal(pt_vtd_mode(0x7fff000 | 2 << 10), 2);
	assert_int_equal(pt_vtd_mode(0x7fff000 | 3 << 10), 3);
	assert_int_equal(pt_vtd_root_at(legacy, RID(0, 1, 0)), 0x7fff000);
	assert_int_equal(pt_vtd_root_at(legacy, RID(2, 31, 7)), 0x7fff020);
	assert_int_equal(pt_vtd_root_at(legacy, RID(255, 0, 0)), 0x7fffff0);
	assert_int_equal(pt_vtd_root_at(scalable, RID(2, 15, 7)), 0x7fff020);
	assert_int_equal(pt_vtd_root_at(scalable, RID(2, 16, 0)), 0x7fff028);
	assert_int_equal(pt_vtd_context_at(PT_VTD_LEGACY, 0x5000 | 1, RID(2, 1, 0)), 0x5080);
	assert_int_equal(pt_vtd_context_at(PT_VTD_LEGACY, 0x5000 | 1, RID(2, 31, 7)), 0x5ff0);
	assert_int_equal(pt_vtd_context_at(PT_VTD_SCALABLE, 0x5000 | 1, RID(2, 1, 0)), 0x5100);
	assert_int_equal(pt_vtd_context_at(PT_VTD_SCALABLE, 0x5000 | 1, RID(2, 31, 7)), 0x5fe0);
	assert_int_equal(pt_vtd_pasid_dir_at(context, 0x1234), 0xabc000 + 0x48 * 8);
	assert_int_equal(pt_vtd_pasid_at(0xdef000 | 1, 0x1234), 0xdef000 + 0x34 * 64);
	assert_int_equal(pt_vtd_rid_pasid(context), 0x1234);
	assert_int_equal(pt_vtd_root_malformed(0x5001), 0);
	assert_int_equal(pt_vtd_root_malformed(0x5003), 1);
	assert_int_equal(pt_vtd_root_malformed(0x5801), 1);
}

/* Section 9.4: 8:5 and from 85 on reserved; the directory has 2^(PDTS + 7) entries */
static void test_scalable_context(void **state)
{
	static const struct {
		__u64 context[4];
		int malformed;
	} t[] = {
		{ { 0x5001, 0 }, 0 },
		{ { 0x501f, 1 << 20 }, 0 },
		{ { 0x5021, 0 }, 1 },
		{ { 0x5101, 0 }, 1 },
		{ { 0x5001, 1 << 21 }, 1 },
		{ { 0x5001, BIT(63) }, 1 },
		{ { 0x5001, 127 << 6 | 63 }, 0 },
		{ { 0x5001, 128 << 6 }, 1 },
		{ { 0x5001 | 1 << 9, 128 << 6 }, 0 },
		{ { 0x5001 | 7 << 9, 0xfffff }, 0 },
		{ { 0x5001 | 6 << 9, 0xfffff }, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		if (pt_vtd_sm_context_malformed(t[i].context) != t[i].malformed)
			fail_msg("0x%llx 0x%llx: not %d", ull(t[i].context[0]),
				 ull(t[i].context[1]), t[i].malformed);
}

struct space_test {
	__u64 word[8];
	int ret;
	enum pt_io_kind kind;
	const struct pt_fmt *fmt;
	uint64_t root;
	uint32_t levels, domain;
};

static void check_space(const struct space_test *t, int ret, const struct pt_io_space *s)
{
	if (ret != t->ret)
		fail_msg("0x%llx 0x%llx: %d, not %d", ull(t->word[0]), ull(t->word[1]), ret,
			 t->ret);
	if (ret)
		return;
	if (s->kind != t->kind || s->fmt != t->fmt || s->root_pa != t->root ||
	    s->levels != t->levels || s->domain_id != t->domain ||
	    s->rights != (s->kind == PT_IO_BLOCKED ? 0U : 10U))
		fail_msg("0x%llx 0x%llx: kind %d, root 0x%llx, levels %u, domain %u, rights %u",
			 ull(t->word[0]), ull(t->word[1]), s->kind, ull(s->root_pa), s->levels,
			 s->domain_id, s->rights);
}

#define SECOND PT_IO_TABLE, &pt_vtd_second
#define FIRST  PT_IO_TABLE, &pt_vtd_first

/* Section 9.3: P 0, type 3:2, 11:4 reserved; AW 66:64, 71 reserved, domain 87:72, rest reserved */
static void test_legacy_context(void **state)
{
	static const struct space_test t[] = {
		{ { 0, 0 }, 0, PT_IO_BLOCKED, NULL, 0, 0, 0 },
		{ { 0x7ff5ffe, ~0ULL }, 0, PT_IO_BLOCKED, NULL, 0, 0, 0 },
		{ { 0x7ff5001, 0x1201 }, 0, SECOND, 0x7ff5000, 3, 0x12 },
		{ { 0x7ff5001, 0x1202 }, 0, SECOND, 0x7ff5000, 4, 0x12 },
		{ { 0x7ff5001, 0xabcd03 }, 0, SECOND, 0x7ff5000, 5, 0xabcd },
		{ { 0x7ff5003, 0x1202 }, 0, SECOND, 0x7ff5000, 4, 0x12 },
		{ { 0x7ff5005, 0x127a }, 0, SECOND, 0x7ff5000, 4, 0x12 },
		{ { 0x0000009, 0x1202 }, 0, PT_IO_PASS, NULL, 0, 0, 0x12 },
		{ { 0x7ff500d, 0x1202 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001, 0x1200 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001, 0x1204 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001, 0x1282 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5011, 0x1202 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5801, 0x1202 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001, BIT(24) | 0x1202 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { ~0ULL, ~0ULL }, -EBADMSG, 0, NULL, 0, 0, 0 },
	};
	struct pt_io_space s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		memset(&s, 0xa5, sizeof(s));
		check_space(&t[i], pt_vtd_context_space(t[i].word, &s), &s);
	}
}

/* Section 9.6: P 0, AW 4:2, type 8:6; domain 79:64; first-stage mode 131:130, its table 191:140 */
static void test_pasid(void **state)
{
	static const struct space_test t[] = {
		{ { 0 }, 0, PT_IO_BLOCKED, NULL, 0, 0, 0 },
		{ { ~1ULL, ~0ULL }, 0, PT_IO_BLOCKED, NULL, 0, 0, 0 },
		{ { 0x7ff5001 | 2 << 6 | 1 << 2, 7 }, 0, SECOND, 0x7ff5000, 3, 7 },
		{ { 0x7ff5001 | 2 << 6 | 2 << 2, 7 }, 0, SECOND, 0x7ff5000, 4, 7 },
		{ { 0x7ff5001 | 2 << 6 | 3 << 2, 0x1ffff }, 0, SECOND, 0x7ff5000, 5, 0xffff },
		{ { 0x7ff5001 | 2 << 6 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001 | 2 << 6 | 4 << 2 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 1 | 1 << 6, 9, 0x6ff5000 }, 0, FIRST, 0x6ff5000, 4, 9 },
		{ { 1 | 1 << 6, 9, 0x6ff5000 | 1 << 2 }, 0, FIRST, 0x6ff5000, 5, 9 },
		{ { 1 | 1 << 6, 9, 0x6ff5000 | 2 << 2 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 1 | 1 << 6, 9, 0x6ff5000 | 3 << 2 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 0x7ff5001 | 3 << 6 | 2 << 2, 9, 0x6ff5000 }, -EOPNOTSUPP, 0, NULL, 0, 0, 0 },
		{ { 1 | 4 << 6 | 2 << 2, 9 }, 0, PT_IO_PASS, NULL, 0, 0, 9 },
		{ { 1 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 1 | 5 << 6 | 2 << 2 }, -EBADMSG, 0, NULL, 0, 0, 0 },
		{ { 1 | 7 << 6 | 2 << 2 }, -EBADMSG, 0, NULL, 0, 0, 0 },
	};
	struct pt_io_space s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		memset(&s, 0xa5, sizeof(s));
		check_space(&t[i], pt_vtd_pasid_space(t[i].word, &s), &s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second),	       cmocka_unit_test(test_first),
		cmocka_unit_test(test_step),	       cmocka_unit_test(test_flags),
		cmocka_unit_test(test_places),	       cmocka_unit_test(test_scalable_context),
		cmocka_unit_test(test_legacy_context), cmocka_unit_test(test_pasid),
	};

	return cmocka_run_group_tests_name("pt_vtd", tests, NULL, NULL);
}
