// SPDX-License-Identifier: GPL-2.0
/* Foreign text, made fit for a terminal and for JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *in, *out;
} texts[] = {
	{ "", "" },
	{ "sleep", "sleep" },
	{ "a b~!\"\\", "a b~!\"\\" },
	{ "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m" },
	{ "a\nb\tc\r", "a\\x0ab\\x09c\\x0d" },
	{ "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
	{ "\xff", "\\xff" },
	{ "\x80z", "\\x80z" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x9c\x93", "\xe2\x9c\x93" },
	{ "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
	{ "\xc2\x80\xc2\x9b\xc2\x9f", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f" }, /* C1: CSI */
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xc0\xaf", "\\xc0\\xaf" },	       /* longer than it need be */
	{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" }, /* likewise */
	{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
	{ "\xc3", "\\xc3" }, /* ends too early */
	{ "\xe2\x9c", "\\xe2\\x9c" },
	{ "\xf0\x9f\x90", "\\xf0\\x9f\\x90" },
	{ "\xe2\x9cz", "\\xe2\\x9cz" },
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* from right to left */
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* a line separator */
	{ "\xe2\x80\x8b\xef\xbb\xbf", "\\xe2\\x80\\x8b\\xef\\xbb\\xbf" },
};

static void test_escape(void **state)
{
	char out[128], again[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(text_escape(texts[i].in, out, sizeof(out)), strlen(texts[i].out));
		assert_string_equal(out, texts[i].out);
		text_escape(out, again, sizeof(again));
		assert_string_equal(again, out);
	}
}

static void test_cut(void **state)
{
	const char *in = "a\xc3\xbc\nb";
	static const char *const want[] = { "",
					    "",
					    "a",
					    "a",
					    "a\xc3\xbc",
					    "a\xc3\xbc",
					    "a\xc3\xbc",
					    "a\xc3\xbc",
					    "a\xc3\xbc\\x0a",
					    "a\xc3\xbc\\x0a"
					    "b" };
	char out[16];
	size_t len;

	(void)state;
	for (len = 0; len < ARRAY_SIZE(want); len++) {
		memset(out, 'X', sizeof(out));
		assert_int_equal(text_escape(in, out, len), 8);
		if (len)
			assert_string_equal(out, want[len]);
		assert_int_equal(out[len], 'X');
	}
	/* A short one that would fit does not come after one that did not. */
	assert_int_equal(text_escape("\nb", out, 4), 5);
	assert_string_equal(out, "");
}

static void test_lines(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(text_escape_lines("\n== a\r ==\n", out, sizeof(out)), 13);
	assert_string_equal(out, "\n== a\\x0d ==\n");
}

static void test_clean(void **state)
{
	char buf[8] = "ab\x1b";

	(void)state;
	text_clean(buf, sizeof(buf));
	assert_string_equal(buf, "ab\\x1b");
	text_clean(buf, sizeof(buf));
	assert_string_equal(buf, "ab\\x1b");
	memcpy(buf, "abcdef\x1b", 8);
	text_clean(buf, sizeof(buf));
	assert_string_equal(buf, "abcdef");
}

static void test_shown(void **state)
{
	const char *plain = "plain", *a, *b;
	char in[3000];

	(void)state;
	assert_ptr_equal(text_shown(plain), plain);
	assert_string_equal(text_shown(NULL), "(null)");
	a = text_shown("\x1b"), b = text_shown("\x07");
	assert_string_equal(a, "\\x1b");
	assert_string_equal(b, "\\x07");
	memset(in, '\x1b', sizeof(in) - 1);
	in[sizeof(in) - 1] = '\0';
	assert_int_equal(strlen(text_shown(in)), 1020);
}

static void test_json(void **state)
{
	struct json_object *obj = json_text("a\xff\x1b");
	size_t i;

	(void)state;
	assert_null(json_text(NULL));
	assert_string_equal(json_object_get_string(obj), "a\\xff\\x1b");
	json_object_put(obj);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json_tokener *tok = json_tokener_new();
		struct json_object *back;
		const char *text;

		obj = json_text(texts[i].in);
		assert_string_equal(json_object_get_string(obj), texts[i].out);
		text = json_object_to_json_string(obj);
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		back = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
		assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
		assert_string_equal(json_object_get_string(back), texts[i].out);
		json_object_put(back);
		json_object_put(obj);
		json_tokener_free(tok);
	}
}

__attribute__((format(printf, 2, 3))) static void split(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vsplit(e, 22, "usage", fmt, ap);
	va_end(ap);
}

static void is_err(const struct err *e, const char *what, const char *why, const char *fix)
{
	assert_string_equal(e->what, what);
	assert_string_equal(e->why, why);
	assert_string_equal(e->fix, fix);
	assert_string_equal(e->id, "usage");
	assert_int_equal(e->no, 22);
}

static void test_split(void **state)
{
	char longest[5000];
	struct err e;

	(void)state;
	split(&e, "%s: no such command: nothing has that name; see help %d", "lst", 7);
	is_err(&e, "lst: no such command", "nothing has that name", "see help 7");
	split(&e, "--dma %s: not one of its values; choose from: %s", "a: b; c", "d; e: f");
	is_err(&e, "--dma a: b; c", "not one of its values", "choose from: d; e: f");
	split(&e, "no device: needed; as in 0000:00:01.0, see lspci -D");
	is_err(&e, "no device", "needed", "as in 0000:00:01.0, see lspci -D");
	split(&e, "%s", "alone: and; so");
	is_err(&e, "alone: and; so", "", "");
	split(&e, "%s: why", "\x1b[2J");
	is_err(&e, "\\x1b[2J", "why", "");
	split(&e, "what; %s", "fix");
	is_err(&e, "what", "", "fix");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	split(&e, "%s: too long; make it %s", longest, "short");
	assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
	assert_string_equal(e.why, "too long");
	assert_string_equal(e.fix, "make it short");
}

static void test_err(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, 5, "a\x1b", "b\xff", "c\n");
	assert_string_equal(e.what, "a\\x1b");
	assert_string_equal(e.why, "b\\xff");
	assert_string_equal(e.fix, "c\\x0a");
	strcpy(e.why, "\x07");
	err_clean(&e);
	assert_string_equal(e.why, "\\x07");
}

/* Put together: never longer than its buffer, and cut where it says so. */
static void test_add(void **state)
{
	char buf[16 + 8];
	struct text text;
	size_t len, i;

	(void)state;
	text_begin(&text, buf, 16);
	assert_string_equal(buf, "");
	text_list(&text, ", ", "one");
	text_list(&text, ", ", "two");
	text_add(&text, " %d", 12345);
	assert_string_equal(buf, "one, two 12345");
	assert_false(text.cut);
	assert_int_equal(text.used, strlen(buf));
	text_add(&text, "6");
	assert_string_equal(buf, "one, two 123456"); /* to the last byte */
	assert_false(text.cut);
	text_add(&text, "%s", "");
	assert_false(text.cut);
	text_add(&text, "7");
	assert_string_equal(buf, "one, two 123...");
	assert_true(text.cut);
	text_add(&text, "8");
	text_list(&text, ", ", "9");
	assert_string_equal(buf, "one, two 123...");
	assert_int_equal(text.used, strlen(buf));
	/* Too small for the dots */
	for (len = 1; len < 4; len++) {
		memset(buf, 'x', sizeof(buf));
		text_begin(&text, buf, len);
		text_add(&text, "12345");
		text_add(&text, "6");
		assert_true(text.cut);
		assert_int_equal(strlen(buf), len - 1);
		assert_int_equal(buf[len], 'x');
	}
	/* Of every size, with nothing behind it touched, and no half of a character. */
	for (len = 4; len <= 16; len++) {
		memset(buf, 'x', sizeof(buf));
		text_begin(&text, buf, len);
		for (i = 0; i < 10; i++)
			text_add(&text, "\xc3\xbc");
		assert_true(text.cut);
		assert_true(strlen(buf) < len && strlen(buf) + 2 >= len - (len == 4));
		assert_string_equal(buf + strlen(buf) - 3, "...");
		assert_int_equal((strlen(buf) - 3) % 2, 0);
		for (i = len; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 'x');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_lines),  cmocka_unit_test(test_clean),
		cmocka_unit_test(test_shown),  cmocka_unit_test(test_json),
		cmocka_unit_test(test_split),  cmocka_unit_test(test_err),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
