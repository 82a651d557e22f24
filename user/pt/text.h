/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Page table entries in words and in JSON.  What a bit means is pt_fmt.h's. */
#ifndef PT_TEXT_H
#define PT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"

struct json_object;

/* Room for every flag of an entry by name. */
#define PT_FLAGS_TEXT 192

/*
 * The flags of @entry, separated by blanks: "PRESENT RW USER".  Empty for an
 * entry that has none (kinds none and absent).  Cuts at @len and always ends
 * with NUL, as snprintf() does; returns the length of the whole text.
 */
size_t pt_flags_text(const struct pt_fmt *fmt, uint32_t level, uint64_t entry, char *buf,
		     size_t len);

/* The same as an array of strings; the caller's to put. */
struct json_object *pt_flags_json(const struct pt_fmt *fmt, uint32_t level, uint64_t entry);

/*
 * What the kernel means by its bits, each by its name, and "volatile": the mask of those that
 * change in passing.  {"SPECIAL": "0x200", ..., "volatile": "0x..."}; the caller's to put.
 */
struct json_object *pt_bits_json(const struct pt_fmt *fmt);

/* The way back: into @soft (PT_NR_SOFT) and @volatile_mask.  -EINVAL: not such an object. */
int pt_bits_from_json(const struct pt_fmt *fmt, const struct json_object *obj, __u64 *soft,
		      __u64 *volatile_mask);

/* Size of a page whose leaf is at @level: "4K" "2M" "1G", or "?". */
const char *pt_page_size_text(const struct pt_fmt *fmt, uint32_t level);

/* An address or an entry in JSON is a string: "0x7f00". */
void json_add_hex(struct json_object *obj, const char *key, uint64_t v);

/* The way back: -EINVAL where @val is not a string of "0x" and 1 to 16 digits. */
int json_hex_value(const struct json_object *val, uint64_t *out);

/* The same of a member; -ENOENT where @obj has none, -EINVAL if not an object. */
int json_get_hex(const struct json_object *obj, const char *key, uint64_t *out);

#endif /* PT_TEXT_H */
