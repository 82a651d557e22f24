// SPDX-License-Identifier: GPL-2.0
/* Any bytes: what json_strict takes, json-c takes as well, and finds as many keys in it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "lib/json_strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members of all objects; json-c keeps one of two with the same key. */
static size_t members(struct json_object *obj)
{
	size_t nr = 0, i;

	if (json_object_is_type(obj, json_type_object)) {
		json_object_object_foreach(obj, key, val)
		{
			(void)key;
			nr += 1 + members(val);
		}
	} else if (json_object_is_type(obj, json_type_array)) {
		for (i = 0; i < json_object_array_length(obj); i++)
			nr += members(json_object_array_get_idx(obj, i));
	}
	return nr;
}

/* Colons outside of strings: one a member. */
static size_t colons(const char *text)
{
	bool in_string = false;
	size_t nr = 0;

	for (; *text; text++) {
		if (in_string && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			in_string = !in_string;
		else
			nr += !in_string && *text == ':';
	}
	return nr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tok;
	struct json_object *obj;
	char *text, why[64];

	if (json_strict((const char *)data, size, why, sizeof(why)))
		return 0;
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0'; /* a number ends only with what follows it */
	tok = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, text, (int)size + 1);
	if (json_tokener_get_error(tok) != json_tokener_success || members(obj) != colons(text))
		abort();
	json_object_put(obj);
	json_tokener_free(tok);
	free(text);
	return 0;
}
