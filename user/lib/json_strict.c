// SPDX-License-Identifier: GPL-2.0
/* Checks that a text is one JSON value that follows RFC 8259 strictly. */
#include "lib/json_strict.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct key {
	const char *text;
	size_t len;
};

struct scan {
	const char *text, *at, *end;
	unsigned int depth;
	size_t objects, values;
	const char *why; /* NULL: nothing is wrong so far */
	const char *where;
	struct key twice;
	struct key keys[JSON_MAX_DEPTH][JSON_MAX_KEYS];
};

static bool bad(struct scan *s, const char *why)
{
	if (!s->why) {
		s->why = why;
		s->where = s->at;
	}
	return false;
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
		s->at++;
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool is_digit(const struct scan *s)
{
	return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool take_digits(struct scan *s)
{
	if (!is_digit(s))
		return bad(s, "a number is cut short");
	while (is_digit(s))
		s->at++;
	return true;
}

/* RFC 8259, section 6: the only sign is a minus, and there are no leading zeros. */
static bool take_number(struct scan *s)
{
	take(s, '-');
	if (!take(s, '0') && !take_digits(s))
		return false;
	if (is_digit(s))
		return bad(s, "a number begins with 0");
	if (take(s, '.') && !take_digits(s))
		return false;
	if (!take(s, 'e') && !take(s, 'E'))
		return true;
	if (!take(s, '+'))
		take(s, '-');
	return take_digits(s);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX; -1 if there are not four. */
static int take_unit(struct scan *s)
{
	int unit = 0, i;

	for (i = 0; i < 4; i++, s->at++) {
		if (s->at == s->end || hex_value(*s->at) < 0)
			return -1;
		unit = unit << 4 | hex_value(*s->at);
	}
	return unit;
}

static bool take_escape(struct scan *s)
{
	int unit;

	if (s->at < s->end && *s->at && strchr("\"\\/bfnrt", *s->at)) {
		s->at++;
		return true;
	}
	if (!take(s, 'u'))
		return bad(s, "no such escape");
	unit = take_unit(s);
	if (unit < 0)
		return bad(s, "an escape is cut short");
	if (!unit)
		return bad(s, "a string holds a NUL");
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (!take(s, '\\') || !take(s, 'u'))
			return bad(s, "half of a surrogate pair");
		unit = take_unit(s);
		if (unit < 0xdc00 || unit > 0xdfff)
			return bad(s, "half of a surrogate pair");
	} else if (unit >= 0xdc00 && unit <= 0xdfff) {
		return bad(s, "half of a surrogate pair");
	}
	return true;
}

/* One character beyond ASCII: RFC 3629, section 4, the table of the ranges. */
static bool take_utf8(struct scan *s)
{
	const unsigned char *c = (const unsigned char *)s->at;
	unsigned int n = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2, i;
	unsigned char low = 0x80, high = 0xbf;

	if (c[0] < 0xc2 || c[0] > 0xf4 || (size_t)(s->end - s->at) < n)
		return bad(s, "the text is not UTF-8");
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (c[i] < low || c[i] > high)
			return bad(s, "the text is not UTF-8");
	s->at += n;
	return true;
}

static bool take_string(struct scan *s, struct key *key)
{
	const char *start = s->at + 1;

	if (!take(s, '"'))
		return bad(s, "a string is missing");
	while (s->at < s->end && *s->at != '"') {
		if ((unsigned char)*s->at < 0x20)
			return bad(s, "a control character in a string");
		if ((unsigned char)*s->at >= 0x80) {
			if (!take_utf8(s))
				return false;
		} else if (take(s, '\\')) {
			if (key)
				return bad(s, "a key with an escape");
			if (!take_escape(s))
				return false;
		} else {
			s->at++;
		}
	}
	if (key)
		*key = (struct key){ start, (size_t)(s->at - start) };
	return take(s, '"') || bad(s, "it ends too early");
}

static bool take_key(struct scan *s, size_t nr)
{
	struct key *keys = s->keys[s->depth - 1], *key = &keys[nr];
	size_t i;

	if (nr == JSON_MAX_KEYS)
		return bad(s, "an object of more keys than any report has");
	if (!take_string(s, key))
		return false;
	for (i = 0; i < nr; i++) {
		if (keys[i].len == key->len && !memcmp(keys[i].text, key->text, key->len)) {
			s->twice = *key;
			return bad(s, "a key is given twice in one object");
		}
	}
	skip_blanks(s);
	return take(s, ':') || bad(s, "a colon is missing");
}

static bool take_value(struct scan *s);

/* All of an array or object after its first bracket. */
static bool take_members(struct scan *s, bool object)
{
	const char last = object ? '}' : ']';
	size_t nr;

	skip_blanks(s);
	if (take(s, last))
		return true;
	for (nr = 0;; nr++) {
		skip_blanks(s);
		if ((object && !take_key(s, nr)) || !take_value(s))
			return false;
		skip_blanks(s);
		if (take(s, last))
			return true;
		if (!take(s, ','))
			return bad(s, s->at == s->end ? "it ends too early" : "a comma is missing");
	}
}

static bool take_value(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, len;
	bool object, ok;

	skip_blanks(s);
	if (s->at == s->end)
		return bad(s, "it ends too early");
	if (++s->values > JSON_MAX_VALUES)
		return bad(s, "more values than any report has");
	if (*s->at == '{' || *s->at == '[') {
		object = *s->at++ == '{';
		if (s->depth == JSON_MAX_DEPTH)
			return bad(s, "it nests too deep");
		s->objects += object;
		if (s->objects > JSON_MAX_OBJECTS)
			return bad(s, "more objects than any report has");
		s->depth++;
		ok = take_members(s, object);
		s->depth--;
		return ok;
	}
	if (*s->at == '"')
		return take_string(s, NULL);
	if (*s->at == '-' || is_digit(s))
		return take_number(s);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if ((size_t)(s->end - s->at) >= len && !memcmp(s->at, words[i], len)) {
			s->at += len;
			return true;
		}
	}
	return bad(s, "no such value");
}

int json_strict(const char *text, size_t len, char *why, size_t why_len)
{
	static struct scan s;
	const char *c;
	size_t line = 1, i;

	s = (struct scan){ .text = text, .at = text, .end = text + len };
	if (take_value(&s)) {
		skip_blanks(&s);
		if (s.at == s.end)
			return 0;
		bad(&s, "more follows after the JSON value");
	}
	for (c = text; c < s.where; c++)
		line += *c == '\n';
	snprintf(why, why_len, "not strict JSON: line %zu: %s%s%.*s", line, s.why,
		 s.twice.text ? ": " : "", (int)(s.twice.len < 40 ? s.twice.len : 40),
		 s.twice.text ? s.twice.text : "");
	for (i = 0; i < why_len && why[i]; i++) /* a terminal cannot show a cut character */
		if ((unsigned char)why[i] >= 0x7f)
			why[i] = '?';
	return -EINVAL;
}
