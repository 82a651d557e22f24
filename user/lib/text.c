// SPDX-License-Identifier: GPL-2.0
#include "lib/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

/* The Unicode standard, table 3-7: the first two bytes determine the length of a character. */
static const struct {
	unsigned char first, last;	      /* range of the first byte */
	unsigned char second_min, second_max; /* of the second one */
	unsigned char len;
} utf8[] = {
	{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Characters that are valid, but must not be shown. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f }, /* controls */
	{ 0x061c, 0x061c },		    /* direction of writing */
	{ 0x200b, 0x200f },		    /* without width; direction */
	{ 0x2028, 0x202e },		    /* line and paragraph; direction */
	{ 0x2066, 0x2069 },		    /* direction */
	{ 0xfeff, 0xfeff },		    /* without width */
	{ 0xfff9, 0xfffb },		    /* annotations */
};

/* The length of the character at the beginning of @s, 0 if it is not valid; *c is the character. */
static size_t character(const unsigned char *s, uint32_t *c)
{
	size_t i, n;

	for (i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		if (s[0] >= utf8[i].first && s[0] <= utf8[i].last)
			break;
	if (i == sizeof(utf8) / sizeof(utf8[0]))
		return 0;
	n = utf8[i].len;
	*c = n == 1 ? s[0] : s[0] & (0x7fU >> n);
	if (n > 1 && (s[1] < utf8[i].second_min || s[1] > utf8[i].second_max))
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	return n;
}

static bool may_show(uint32_t c, bool lines)
{
	size_t i;

	if (lines && c == '\n')
		return true;
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	return true;
}

static size_t escape(const char *in, char *out, size_t len, bool lines)
{
	const unsigned char *s = (const unsigned char *)in;
	size_t total = 0, used = 0, i;
	bool cut = !len;

	while (*s) {
		uint32_t c = 0;
		size_t n = character(s, &c), bytes = n ? n : 1;
		bool shown = n && may_show(c, lines);
		size_t need = shown ? n : 4 * bytes;

		/* After a character that did not fit, nothing is added. */
		cut = cut || used + need >= len;
		for (i = 0; !cut && i < bytes; i++) {
			if (shown)
				out[used++] = (char)s[i];
			else
				used += (size_t)sprintf(out + used, "\\x%02x", s[i]);
		}
		total += need;
		s += bytes;
	}
	if (len)
		out[used] = '\0';
	return total;
}

size_t text_escape(const char *in, char *out, size_t len)
{
	return escape(in, out, len, false);
}

size_t text_escape_lines(const char *in, char *out, size_t len)
{
	return escape(in, out, len, true);
}

void text_clean(char *buf, size_t len)
{
	char *copy;

	if (text_escape(buf, NULL, 0) == strlen(buf))
		return; /* nothing to escape: escaping makes a text longer */
	copy = strdup(buf);
	if (copy)
		text_escape(copy, buf, len);
	else
		snprintf(buf, len, "?");
	free(copy);
}

const char *text_shown(const char *in)
{
	static char bufs[8][1024];
	static unsigned int next;
	char *buf;

	if (!in)
		return "(null)";
	if (text_escape(in, NULL, 0) == strlen(in))
		return in;
	buf = bufs[next++ % 8];
	text_escape(in, buf, sizeof(bufs[0]));
	return buf;
}

struct json_object *json_text(const char *in)
{
	struct json_object *obj;
	size_t len;
	char *buf;

	if (!in)
		return NULL;
	len = text_escape(in, NULL, 0);
	if (len == strlen(in))
		return json_object_new_string(in);
	buf = malloc(len + 1);
	if (!buf)
		return json_object_new_string("?");
	text_escape(in, buf, len + 1);
	obj = json_object_new_string(buf);
	free(buf);
	return obj;
}

void text_begin(struct text *text, char *buf, size_t len)
{
	*text = (struct text){ .buf = buf, .len = len };
	buf[0] = '\0';
}

void text_add(struct text *text, const char *fmt, ...)
{
	const size_t room = text->len - text->used;
	va_list ap;
	int n;

	if (text->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text->buf + text->used, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room) {
		text->used += n;
		return;
	}
	text->cut = true;
	if (text->len < sizeof("..."))
		return;
	text->used = text->len - sizeof("...");
	/* Do not cut within a character. */
	while (text->used && ((unsigned char)text->buf[text->used] & 0xc0) == 0x80)
		text->used--;
	strcpy(text->buf + text->used, "...");
	text->used += 3;
}

void text_list(struct text *text, const char *between, const char *word)
{
	text_add(text, "%s%s", text->used ? between : "", word);
}
