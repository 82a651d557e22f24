// SPDX-License-Identifier: GPL-2.0
/* Page table entries in words and in JSON. */
#include "pt/text.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/text.h"

size_t pt_flags_text(const struct pt_fmt *fmt, uint32_t level, uint64_t entry, char *buf,
		     size_t len)
{
	unsigned int pos = 0;
	const char *name;
	size_t n = 0;

	if (len)
		buf[0] = '\0';
	while ((name = pt_next_flag(fmt, level, entry, &pos))) {
		if (n < len)
			snprintf(buf + n, len - n, "%s%s", n ? " " : "", name);
		n += strlen(name) + (n ? 1 : 0);
	}
	return n;
}

struct json_object *pt_flags_json(const struct pt_fmt *fmt, uint32_t level, uint64_t entry)
{
	struct json_object *arr = json_object_new_array();
	unsigned int pos = 0;
	const char *name;

	while ((name = pt_next_flag(fmt, level, entry, &pos)))
		json_object_array_add(arr, json_text(name));
	return arr;
}

struct json_object *pt_bits_json(const struct pt_fmt *fmt)
{
	struct json_object *obj = json_object_new_object();
	const struct pt_flag *f;

	for (f = fmt->flags; f->name; f++)
		if (f->soft && fmt->soft[f->soft - 1])
			json_add_hex(obj, f->name, fmt->soft[f->soft - 1]);
	json_add_hex(obj, "volatile", fmt->volatile_mask);
	return obj;
}

int pt_bits_from_json(const struct pt_fmt *fmt, const struct json_object *obj, __u64 *soft,
		      __u64 *volatile_mask)
{
	const struct pt_flag *f;
	uint64_t mask;
	int ret;

	memset(soft, 0, PT_NR_SOFT * sizeof(*soft));
	for (f = fmt->flags; f->name; f++) {
		if (!f->soft)
			continue;
		ret = json_get_hex(obj, f->name, &mask);
		if (!ret)
			soft[f->soft - 1] = mask;
		else if (ret != -ENOENT)
			return -EINVAL;
	}
	if (json_get_hex(obj, "volatile", &mask))
		return -EINVAL;
	*volatile_mask = mask;
	return 0;
}

const char *pt_page_size_text(const struct pt_fmt *fmt, uint32_t level)
{
	switch (pt_shift(fmt, level)) {
	case 12:
		return "4K";
	case 21:
		return "2M";
	case 30:
		return "1G";
	}
	return "?";
}

void json_add_hex(struct json_object *obj, const char *key, uint64_t v)
{
	char text[2 + 16 + 1];

	snprintf(text, sizeof(text), "0x%" PRIx64, v);
	json_object_object_add(obj, key, json_text(text));
}

int json_hex_value(const struct json_object *val, uint64_t *out)
{
	struct json_object *v = (struct json_object *)val; /* json-c does not take const */
	const char *s;
	size_t len;

	if (!json_object_is_type(v, json_type_string))
		return -EINVAL;
	s = json_object_get_string(v);
	len = strlen(s);
	/* A JSON string may contain a NUL; then strlen() does not see all of it. */
	if (len != (size_t)json_object_get_string_len(v))
		return -EINVAL;
	if (len < 3 || len > 2 + 16 || s[0] != '0' || s[1] != 'x')
		return -EINVAL;
	return parse_u64(s, out) ? -EINVAL : 0;
}

int json_get_hex(const struct json_object *obj, const char *key, uint64_t *out)
{
	struct json_object *val;

	if (!json_object_is_type(obj, json_type_object))
		return -EINVAL;
	if (!json_object_object_get_ex(obj, key, &val))
		return -ENOENT;
	return json_hex_value(val, out);
}
