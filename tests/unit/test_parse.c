// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes and PCI addresses as users type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>

#include "parse.h"

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
		{ "K", -EINVAL, 0 },
		{ "0xK", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
		{ "1KB", -EINVAL, 0 },
		{ "1KiB", -EINVAL, 0 },
		{ "1 K", -EINVAL, 0 },
		{ "1T", -EINVAL, 0 },
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
		"00:01.0",
		"0:00:01.0",
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

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bdf.domain = 77;
		if (parse_bdf(bad[i], &bdf) != -EINVAL || bdf.domain != 77)
			fail_msg("\"%s\" taken", bad[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_bdf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
