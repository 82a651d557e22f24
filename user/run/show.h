/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Functions for the steps that report a device: add values to JSON, name bits. */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

void add_string(struct json_object *obj, const char *key, const char *v);
void add_int(struct json_object *obj, const char *key, int v);
void add_bool(struct json_object *obj, const char *key, bool v);
/* Adds an empty list to @obj, and an empty object to the end of @list. */
struct json_object *add_array(struct json_object *obj, const char *key);
struct json_object *append_object(struct json_object *list);

/* The name of a bit. */
struct flag {
	uint32_t bit;
	const char *name;
};

/* " (READ WRITE)"; "" if no bit that is set has a name */
const char *flags_text(const struct flag *flags, uint32_t v, char *buf, size_t len);

#endif /* RUN_SHOW_H */
