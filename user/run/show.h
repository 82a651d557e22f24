/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the steps that look at a device need to tell of it: values into JSON, bits by name. */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

void add_string(struct json_object *obj, const char *key, const char *v);
void add_int(struct json_object *obj, const char *key, int v);
void add_bool(struct json_object *obj, const char *key, bool v);
/* An empty list below @obj, and an empty object at the end of @list */
struct json_object *add_array(struct json_object *obj, const char *key);
struct json_object *append_object(struct json_object *list);

/* Bits by name. */
struct flag {
	uint32_t bit;
	const char *name;
};

/* " (READ WRITE)"; "" where no bit has a name */
const char *flags_text(const struct flag *flags, uint32_t v, char *buf, size_t len);

#endif /* RUN_SHOW_H */
