// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes and PCI addresses as users type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <limits.h>

#include "lib/parse.h"

#define UNTOUCHED     0x5a5a5a5a5a5a5a5aULL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct number {
	const char *text;
	int ret;
	uint64_t value;
};

static void check(int (*parse)(const char *, uint64_t *), const struct number *t, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		uint64_t v = UNTOUCHED;
		int ret = parse(t[i].text, &v);

		if (ret != t[i].ret || v != (ret ? UNTOUCHED : t[i].value))
			fail_msg("\"%s\": %d, 0x%llx", t[i].text, ret, (unsigned long long)v);
	}
}

static const struct number numbers[] = {
	{ "0", 0, 0 },
	{ "1", 0, 1 },
	{ "010", 0, 10 },
	{ "0x10", 0, 16 },
	{ "0XaBcDeF", 0, 0xabcdef },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "0xffffffffffffffff", 0, UINT64_MAX },
	{ "0x0000000000000000000001", 0, 1 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "0x10000000000000000", -ERANGE, 0 },
	{ "99999999999999999999999999", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "0x", -EINVAL, 0 },
	{ "x1", -EINVAL, 0 },
	{ "ff", -EINVAL, 0 },
	{ "1f", -EINVAL, 0 },
	{ "0xg", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1\n", -EINVAL, 0 },
	{ "1.0", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "0x0x1", -EINVAL, 0 },
	{ "\xff", -EINVAL, 0 },
};

static void test_u64(void **state)
{
	(void)state;
	check(parse_u64, numbers, ARRAY_SIZE(numbers));
}

static void test_size(void **state)
{
	static const struct number t[] = {
		{ "4k", 0, 4096 },
		{ "2M", 0, 2 << 20 },
		{ "1G", 0, 1 << 30 },
		{ "0x10K", 0, 16384 },
		{ "0G", 0, 0 },
		{ "17179869183G", 0, 17179869183ULL << 30 },
		{ "17179869184G", -ERANGE, 0 },
		{ "18014398509481984K", -ERANGE, 0 },
		{ "18446744073709551616K", -ERANGE, 0 },
		{ "1KB", 0, 1024 },
		{ "1KiB", 0, 1024 },
		{ "1kb", 0, 1024 },
		{ "1kIb", 0, 1024 },
		{ "3MB", 0, 3 << 20 },
		{ "3MiB", 0, 3 << 20 },
		{ "2m", 0, 2 << 20 },
		{ "2GB", 0, 2ULL << 30 },
		{ "2gib", 0, 2ULL << 30 },
		{ "1T", 0, 1ULL << 40 },
		{ "1TiB", 0, 1ULL << 40 },
		{ "0x10KiB", 0, 16384 },
		{ "0x1b", 0, 0x1b },
		{ "16777216T", -ERANGE, 0 },
		{ "1B", -EINVAL, 0 },
		{ "1iB", -EINVAL, 0 },
		{ "1Ki", -EINVAL, 0 },
		{ "1KiBs", -EINVAL, 0 },
		{ "1Kb ", -EINVAL, 0 },
		{ "1P", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "0xK", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
		{ "1 K", -EINVAL, 0 },
		{ "-1K", -EINVAL, 0 },
		{ "1.5G", -EINVAL, 0 },
	};

	(void)state;
	check(parse_size, numbers, ARRAY_SIZE(numbers));
	check(parse_size, t, ARRAY_SIZE(t));
}

static void test_int(void **state)
{
	static const struct {
		const char *text;
		int min, max, ret, value;
	} t[] = {
		{ "0", 0, 0, 0, 0 },
		{ "65535", 1, 65535, 0, 65535 },
		{ "0x1f", 0, 100, 0, 31 },
		{ "-5", -5, 5, 0, -5 },
		{ "-2147483648", INT_MIN, INT_MAX, 0, INT_MIN },
		{ "2147483647", INT_MIN, INT_MAX, 0, INT_MAX },
		{ "2147483648", INT_MIN, INT_MAX, -ERANGE, 0 },
		{ "-2147483649", INT_MIN, INT_MAX, -ERANGE, 0 },
		{ "99999999999999999999", INT_MIN, INT_MAX, -ERANGE, 0 },
		{ "0", 1, 2, -ERANGE, 0 },
		{ "3", 1, 2, -ERANGE, 0 },
		{ "-", INT_MIN, INT_MAX, -EINVAL, 0 },
		{ "--1", INT_MIN, INT_MAX, -EINVAL, 0 },
		{ "- 1", INT_MIN, INT_MAX, -EINVAL, 0 },
		{ "", INT_MIN, INT_MAX, -EINVAL, 0 },
		{ "1x", INT_MIN, INT_MAX, -EINVAL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		int v = 77, ret = parse_int(t[i].text, t[i].min, t[i].max, &v);

		if (ret != t[i].ret || v != (ret ? 77 : t[i].value))
			fail_msg("\"%s\": %d, %d", t[i].text, ret, v);
	}
}

static void test_bdf(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"0:01.0",
		"0:00:01.0",
		":00:01.0",
		"00:01",
		"00:01.8",
		"00:20.0",
		"00:01.0:",
		"0000:0000:00:01.0",
		"000:00:01.0",
		"0000:00:01",
		"0000:00:01.",
		"0000:00:01.8",
		"0000:00:20.0",
		"0000:00:1f.7 ",
		" 0000:00:01.0",
		"0000:00:01.0\n",
		"0000:000:01.0",
		"0000:0:01.0",
		"0000:00:1.0",
		"0000:00:001.0",
		"0000:00:01.00",
		"0000-00:01.0",
		"0000:00.01.0",
		"g000:00:01.0",
		"123456789:00:01.0",
		"0x00:00:01.0",
		"0000:00:01.0/..",
		"-000:00:01.0",
		"0000:+0:01.0",
		"0000::01.0",
	};
	struct pci_bdf bdf = { .domain = 77 };
	size_t i;

	(void)state;
	assert_int_equal(parse_bdf("0000:00:01.0", &bdf), 0);
	assert_int_equal(bdf.domain, 0);
	assert_int_equal(bdf.bus, 0);
	assert_int_equal(bdf.dev, 1);
	assert_int_equal(bdf.fn, 0);
	assert_int_equal(parse_bdf("fFfFfFfF:fE:1f.7", &bdf), 0);
	assert_int_equal(bdf.domain, 0xffffffffU);
	assert_int_equal(bdf.bus, 0xfe);
	assert_int_equal(bdf.dev, 0x1f);
	assert_int_equal(bdf.fn, 7);
	assert_int_equal(parse_bdf("10000:01:00.0", &bdf), 0);
	assert_int_equal(bdf.domain, 0x10000);
	bdf.domain = 77;
	assert_int_equal(parse_bdf("0a:1F.7", &bdf), 0);
	assert_int_equal(bdf.domain, 0);
	assert_int_equal(bdf.bus, 0xa);
	assert_int_equal(bdf.dev, 0x1f);
	assert_int_equal(bdf.fn, 7);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bdf.domain = 77;
		if (parse_bdf(bad[i], &bdf) != -EINVAL || bdf.domain != 77)
			fail_msg("\"%s\" taken", bad[i]);
	}
}

static void test_bdf_text(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "00:01.0", "0000:00:01.0" },
		{ "0000:0A:1F.7", "0000:0a:1f.7" },
		{ "10000:E1:00.0", "10000:e1:00.0" },
		{ "00010000:00:01.0", "10000:00:01.0" },
		{ "fFfFfFfF:ff:1f.7", "ffffffff:ff:1f.7" },
	};
	struct pci_bdf bdf;
	char text[BDF_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse_bdf(t[i].in, &bdf), 0);
		bdf_text(&bdf, text);
		assert_string_equal(text, t[i].out);
	}
}

static void test_address(void **state)
{
	static const struct number t[] = {
		{ "0x7f0000001000", 0, 0x7f0000001000 },
		{ "4194304", 0, 4194304 },
		{ "400000", 0, 400000 }, /* decimal: what it was always taken for */
		{ "1G", 0, 1 << 30 },
		{ "7f0000001000", 0, 0x7f0000001000 },
		{ "7F00A000", 0, 0x7f00a000 },
		{ "ff", 0, 0xff },
		{ "1e3", 0, 0x1e3 },
		{ "1b", 0, 0x1b },
		{ "ffffffffffffffff", 0, UINT64_MAX },
		{ "1ffffffffffffffff", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "0xg", -EINVAL, 0 },
		{ "7f00 ", -EINVAL, 0 },
		{ " 7f00", -EINVAL, 0 },
		{ "-ff", -EINVAL, 0 },
		{ "7fg0", -EINVAL, 0 },
		{ "1Gb0", -EINVAL, 0 },
		{ "end", -EINVAL, 0 },
	};

	(void)state;
	check(parse_address, t, ARRAY_SIZE(t));
}

static void test_range(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t start, len;
		bool has_len;
	} t[] = {
		{ "0x1000", 0, 0x1000, 0, false },
		{ "0x1000+4K", 0, 0x1000, 4096, true },
		{ "7f00a000+2MiB", 0, 0x7f00a000, 2 << 20, true },
		{ "0x1001+1", 0, 0x1001, 1, true },
		{ "00400000-00452000", 0, 0x400000, 0x52000, true },
		{ "400000-452000", 0, 0x400000, 0x52000, true },
		{ "0x400000-0x452000", 0, 0x400000, 0x52000, true },
		{ "7ffff7fc1000-7FFFF7FC3000", 0, 0x7ffff7fc1000, 0x2000, true },
		{ "0xfffffffffffff000+4K", 0, 0xfffffffffffff000, 4096, true },
		{ "0xfffffffffffff000+8K", -ERANGE, 0, 0, false },
		{ "0+16777215T", 0, 0, 16777215ULL << 40, true },
		{ "2-2", -EINVAL, 0, 0, false },
		{ "3-2", -EINVAL, 0, 0, false },
		{ "1000-", -EINVAL, 0, 0, false },
		{ "-1000", -EINVAL, 0, 0, false },
		{ "1000-2000-3000", -EINVAL, 0, 0, false },
		{ "1000-2000+1", -EINVAL, 0, 0, false },
		{ "1000-2G", -EINVAL, 0, 0, false },
		{ "1000-2000 ", -EINVAL, 0, 0, false },
		{ "1-10000000000000000", -ERANGE, 0, 0, false },
		{ "0x1000+", -EINVAL, 0, 0, false },
		{ "0x1000+0", -EINVAL, 0, 0, false },
		{ "0x1000+4K+4K", -EINVAL, 0, 0, false },
		{ "0x1000+-1", -EINVAL, 0, 0, false },
		{ "+4K", -EINVAL, 0, 0, false },
		{ "", -EINVAL, 0, 0, false },
		{ "0x0000000000000000000000000000000000001000", -EINVAL, 0, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct range r = { 7, 7, true };
		int ret = parse_range(t[i].text, &r);

		if (ret != t[i].ret)
			fail_msg("\"%s\": %d", t[i].text, ret);
		assert_int_equal(r.start, ret ? 7 : t[i].start);
		assert_int_equal(r.len, ret ? 7 : t[i].len);
		assert_int_equal(r.has_len, ret ? true : t[i].has_len);
	}
}

static void test_pages(void **state)
{
	static const struct {
		struct range in;
		int ret;
		uint64_t start, len;
		bool moved;
	} t[] = {
		{ { 0x1000, 0, false }, 0, 0x1000, 4096, false },
		{ { 0x1fff, 0, false }, 0, 0x1000, 4096, true },
		{ { 0x1000, 4096, true }, 0, 0x1000, 4096, false },
		{ { 0x1000, 1, true }, 0, 0x1000, 4096, true },
		{ { 0x1fff, 2, true }, 0, 0x1000, 8192, true },
		{ { 0x1001, 4096, true }, 0, 0x1000, 8192, true },
		{ { 0xfffffffffffff001, 0, false }, 0, 0xfffffffffffff000, 4096, true },
		{ { 0xfffffffffffff000, 4096, true }, 0, 0xfffffffffffff000, 4096, false },
		{ { 0xfffffffffffff001, 4096, true }, -ERANGE, 0, 0, false },
		{ { 1, UINT64_MAX - 1, true }, -ERANGE, 0, 0, false },
		{ { 0, UINT64_MAX, true }, -ERANGE, 0, 0, false },
		{ { 0, UINT64_MAX - 4095, true }, 0, 0, UINT64_MAX - 4095, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct range r = t[i].in;
		bool moved = false;

		if (range_to_pages(&r, 4096, &moved) != t[i].ret)
			fail_msg("row %zu", i);
		if (t[i].ret)
			continue;
		if (r.start != t[i].start || r.len != t[i].len || moved != t[i].moved)
			fail_msg("row %zu: 0x%llx 0x%llx %d", i, (unsigned long long)r.start,
				 (unsigned long long)r.len, moved);
	}
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		uint64_t unit;
		int ret;
		uint64_t ms;
	} t[] = {
		{ "5", 1000, 0, 5000 },
		{ "5", 1, 0, 5 },
		{ "5s", 1, 0, 5000 },
		{ "5sec", 1, 0, 5000 },
		{ "500ms", 1000, 0, 500 },
		{ "2m", 1000, 0, 120000 },
		{ "2min", 1, 0, 120000 },
		{ "1h", 1, 0, 3600000 },
		{ "0", 1000, 0, 0 },
		{ "", 1000, -EINVAL, 0 },
		{ "s", 1000, -EINVAL, 0 },
		{ "5 s", 1000, -EINVAL, 0 },
		{ "5S", 1000, -EINVAL, 0 },
		{ "5x", 1000, -EINVAL, 0 },
		{ "-5", 1000, -EINVAL, 0 },
		{ "1.5s", 1000, -EINVAL, 0 },
		{ "18446744073709551615h", 1000, -ERANGE, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t ms = UNTOUCHED;
		int ret = parse_duration(t[i].text, t[i].unit, &ms);

		if (ret != t[i].ret || ms != (ret ? UNTOUCHED : t[i].ms))
			fail_msg("\"%s\": %d, %llu", t[i].text, ret, (unsigned long long)ms);
	}
}

static void test_expect(void **state)
{
	static const struct {
		const char *text;
		int ret;
		bool user;
	} t[] = {
		{ "user", 0, true },	   { "set", 0, true },	       { "supervisor", 0, false },
		{ "cleared", 0, false },   { "clear", 0, false },      { "", -EINVAL, false },
		{ "use", -EINVAL, false }, { "User", -EINVAL, false }, { "users", -EINVAL, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		bool user = !t[i].user;

		assert_int_equal(parse_expect(t[i].text, &user), t[i].ret);
		assert_int_equal(user, t[i].ret ? !t[i].user : t[i].user);
	}
}

static void test_uuid(void **state)
{
	static const char *const bad[] = {
		"",
		"5d4a9a3e",
		"5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2",
		"5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2cc",
		"5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2g",
		"5d4a9a3e-3f0b-4a1e-9d3f_0c6a8f9e1b2c",
		"5d4a9a3e3f0b4a1e9d3f0c6a8f9e1b2c",
		"5d4a9a3-e3f0b-4a1e-9d3f-0c6a8f9e1b2c",
		" 5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2",
		"+d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2c",
	};
	static const unsigned char right[16] = { 0x5d, 0x4a, 0x9a, 0x3e, 0x3f, 0x0b, 0x4a, 0x1e,
						 0x9d, 0x3f, 0x0c, 0x6a, 0x8f, 0x9e, 0x1b, 0x2c };
	unsigned char uuid[16];
	size_t i;

	(void)state;
	assert_int_equal(parse_uuid("5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2c", uuid), 0);
	assert_memory_equal(uuid, right, sizeof(right));
	memset(uuid, 0, sizeof(uuid));
	assert_int_equal(parse_uuid("5D4A9A3E-3F0B-4A1E-9D3F-0C6A8F9E1B2C", uuid), 0);
	assert_memory_equal(uuid, right, sizeof(right));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(uuid, 0x5a, sizeof(uuid));
		if (parse_uuid(bad[i], uuid) != -EINVAL || uuid[0] != 0x5a || uuid[15] != 0x5a)
			fail_msg("%s", bad[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uuid),	cmocka_unit_test(test_u64),
		cmocka_unit_test(test_size),	cmocka_unit_test(test_int),
		cmocka_unit_test(test_bdf),	cmocka_unit_test(test_bdf_text),
		cmocka_unit_test(test_address), cmocka_unit_test(test_range),
		cmocka_unit_test(test_pages),	cmocka_unit_test(test_duration),
		cmocka_unit_test(test_expect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
