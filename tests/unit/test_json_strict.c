// SPDX-License-Identifier: GPL-2.0
/* JSON to the letter: what is none is refused, wherever it stands, and within limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_strict.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A copy without a final NUL, so that the sanitizers see its end. */
static int check(const char *text, size_t len, char why[128])
{
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, text, len);
	why[0] = '\0';
	ret = json_strict(copy, len, why, 128);
	free(copy);
	return ret;
}

static void test_good(void **state)
{
	static const char *const good[] = {
		"0",
		"-0",
		"1.5e+10",
		"-12E-3",
		"true",
		"false",
		"null",
		"\"\"",
		"[]",
		"{}",
		" [ 1 , 2 ] ",
		"{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
		"\"\\ud83d\\ude00\"",
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
		"\t\r\n[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
		"{\"\":1,\"a\":2,\"A\":3,\"\xc3\xa9\":4}",
		"\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80\xf0\x90\x80\x80\"",
	};
	char why[128];
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (check(good[i], strlen(good[i]), why))
			fail_msg("%s: %s", good[i], why);
		/* cut anywhere it is none, but for a number and blanks */
		for (len = 0; len < strlen(good[i]); len++)
			if (strchr("[{\"", good[i][strspn(good[i], " \t\r\n")]) &&
			    !strchr(" ", good[i][len]) && check(good[i], len, why) != -EINVAL)
				fail_msg("%.*s", (int)len, good[i]);
	}
}

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "ends too early" },
	{ " ", "ends too early" },
	{ "nul", "no such value" },
	{ "True", "no such value" },
	{ "NaN", "no such value" },
	{ "nan", "no such value" },
	{ "Infinity", "no such value" },
	{ "-Infinity", "cut short" },
	{ "'a'", "no such value" },
	{ "// x\n1", "no such value" },
	{ "/* x */ 1", "no such value" },
	{ "1 // x", "more follows" },
	{ "01", "begins with 0" },
	{ "-01", "begins with 0" },
	{ "1.", "cut short" },
	{ ".5", "no such value" },
	{ "1e", "cut short" },
	{ "1e+", "cut short" },
	{ "+1", "no such value" },
	{ "-", "cut short" },
	{ "0x10", "more follows" },
	{ "1 2", "more follows" },
	{ "{}{}", "more follows" },
	{ "{} null", "more follows" },
	{ "[1,]", "no such value" },
	{ "[,1]", "no such value" },
	{ "[1 2]", "comma is missing" },
	{ "[1", "ends too early" },
	{ "{\"a\":1,}", "string is missing" },
	{ "{a:1}", "string is missing" },
	{ "{1:1}", "string is missing" },
	{ "{\"a\" 1}", "colon is missing" },
	{ "{\"a\":}", "no such value" },
	{ "{\"a\":1 \"b\":2}", "comma is missing" },
	{ "{\"a\":1,\"a\":1}", "twice in one object: a" },
	{ "{\"a\":1,\"b\":{\"c\":[{\"d\":1,\"e\":2,\"d\":3}]}}", "line 1: a key is given twice" },
	{ "{\"\":1,\"\":2}", "twice" },
	{ "{\"\xc3\xa9\":1,\n\"\xc3\xa9\":2}", "line 2: a key is given twice in one object: ??" },
	{ "{\"a\":1,\"\\u0061\":2}", "a key with an escape" },
	{ "{\"a\\\"\":1}", "a key with an escape" },
	{ "\"a", "ends too early" },
	{ "\"\n\"", "control character" },
	{ "\"\t\"", "control character" },
	{ "\"\\x41\"", "no such escape" },
	{ "\"\\\"", "ends too early" },
	{ "\"\\", "no such escape" },
	{ "\"\\u00\"", "cut short" },
	{ "\"\\u00g0\"", "cut short" },
	{ "\"\\u0000\"", "NUL" },
	{ "\"\\ud800\"", "surrogate" },
	{ "\"\\ud800x\"", "surrogate" },
	{ "\"\\ud800\\u0041\"", "surrogate" },
	{ "\"\\udc00\"", "surrogate" },
	{ "\"\x80\"", "not UTF-8" },
	{ "\"\xff\"", "not UTF-8" },
	{ "\"\xc3\"", "not UTF-8" },
	{ "\"\xc3", "not UTF-8" },
	{ "\"\xc0\x80\"", "not UTF-8" },
	{ "\"\xe0\x80\x80\"", "not UTF-8" },
	{ "\"\xed\xa0\x80\"", "not UTF-8" },
	{ "\"\xf0\x80\x80\x80\"", "not UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", "not UTF-8" },
	{ "\"\xf8\x88\x80\x80\x80\"", "not UTF-8" },
	{ "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "nests too deep" },
	{ "\xef\xbb\xbf{}", "no such value" },
};

static void test_bad(void **state)
{
	char why[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (check(bad[i].text, strlen(bad[i].text), why) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (!strstr(why, bad[i].why) || strncmp(why, "not strict JSON: line ", 22))
			fail_msg("%s: %s", bad[i].text, why);
	}
	assert_int_equal(check("\"a\0b\"", 5, why), -EINVAL);
	assert_int_equal(check("1\0", 2, why), -EINVAL);
}

/* Text that takes long, or much memory, is refused in little of both. */
static void test_limits(void **state)
{
	const size_t nr = JSON_MAX_VALUES + 2;
	char *text = malloc(4 * nr + 16), why[128], *p;
	size_t i;

	(void)state;
	assert_non_null(text);
	p = text;
	*p++ = '{';
	for (i = 0; i <= JSON_MAX_KEYS; i++)
		p += sprintf(p, "%s\"%zu\":0", i ? "," : "", i);
	*p++ = '}';
	assert_int_equal(json_strict(text, (size_t)(p - text), why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "more keys"));
	for (i = 0, p = text, *p++ = '['; i < nr; i++) {
		*p++ = '0';
		*p++ = i + 1 < nr ? ',' : ']';
	}
	assert_int_equal(json_strict(text, (size_t)(p - text), why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "more values"));
	for (i = 0, p = text, *p++ = '['; i <= JSON_MAX_OBJECTS; i++) {
		*p++ = '{';
		*p++ = '}';
		*p++ = i < JSON_MAX_OBJECTS ? ',' : ']';
	}
	assert_int_equal(json_strict(text, (size_t)(p - text), why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "more objects"));
	memset(text, '[', nr);
	assert_int_equal(json_strict(text, nr, why, sizeof(why)), -EINVAL);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
