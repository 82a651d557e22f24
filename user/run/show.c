// SPDX-License-Identifier: GPL-2.0
#include "run/show.h"

#include "lib/text.h"

void add_string(struct json_object *obj, const char *key, const char *v)
{
	json_object_object_add(obj, key, json_text(v));
}

void add_int(struct json_object *obj, const char *key, int v)
{
	json_object_object_add(obj, key, json_object_new_int(v));
}

void add_bool(struct json_object *obj, const char *key, bool v)
{
	json_object_object_add(obj, key, json_object_new_boolean(v));
}

struct json_object *add_array(struct json_object *obj, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(obj, key, list);
	return list;
}

struct json_object *append_object(struct json_object *list)
{
	struct json_object *obj = json_object_new_object();

	json_object_array_add(list, obj);
	return obj;
}

const char *flags_text(const struct flag *flags, uint32_t v, char *buf, size_t len)
{
	struct text text;

	text_begin(&text, buf, len);
	for (; flags->name; flags++)
		if (v & flags->bit)
			text_add(&text, "%s%s", text.used ? " " : " (", flags->name);
	if (text.used)
		text_add(&text, ")");
	return buf;
}
