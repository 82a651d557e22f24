// SPDX-License-Identifier: GPL-2.0
/* Any bytes, made fit for a terminal and for JSON; and as an argument of an error. */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "lib/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((format(printf, 2, 3))) static void split(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vsplit(e, 1, "usage", fmt, ap);
	va_end(ap);
}

/* json-c is the oracle of what is UTF-8; of what a terminal obeys, the bytes are. */
static void check(const char *text)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj = json_object_new_string(text), *back;
	const char *json = json_object_to_json_string(obj);
	const unsigned char *c;

	for (c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
			abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	back = json_tokener_parse_ex(tok, json, (int)strlen(json) + 1);
	if (json_tokener_get_error(tok) != json_tokener_success)
		abort();
	json_object_put(back);
	json_object_put(obj);
	json_tokener_free(tok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *out, *cut;
	size_t len, room;
	struct err e;

	memcpy(text, data, size);
	text[size] = '\0';
	len = text_escape(text, NULL, 0);
	out = malloc(len + 1);
	if (text_escape(text, out, len + 1) != len || strlen(out) != len)
		abort();
	check(out);
	/* Twice is once; what is cut is a part of the whole, and fit as well. */
	if (text_escape(out, NULL, 0) != len)
		abort();
	room = len ? data[0] % (len + 1) : 0;
	cut = malloc(room + 1);
	if (text_escape(text, cut, room + 1) != len || strncmp(cut, out, strlen(cut)) != 0)
		abort();
	check(cut);
	check(text_shown(text));
	split(&e, "%s: not %s; see %s", text, text, text);
	check(e.what);
	check(e.why);
	check(e.fix);
	free(cut);
	free(out);
	free(text);
	return 0;
}
