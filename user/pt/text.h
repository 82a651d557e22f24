/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Page table entries in words and in JSON.  pt_fmt.h defines what the bits mean. */
#ifndef PT_TEXT_H
#define PT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"

struct json_object;

/* Room for the names of all flags of an entry. */
#define PT_FLAGS_TEXT 192

/*
 * The flags of @entry, separated by blanks: "PRESENT RW USER".  Empty if the entry has none (kinds
 * none and absent).  As snprintf() it cuts at @len, always ends with NUL, and returns the length of
 * the whole text.
 */
size_t pt_flags_text(const struct pt_fmt *fmt, uint32_t level, uint64_t entry, char *buf,
		     size_t len);

/* The same as an array of strings, which the caller puts. */
struct json_object *pt_flags_json(const struct pt_fmt *fmt, uint32_t level, uint64_t entry);

/*
 * The bits to which the kernel gives a meaning, by name, and "volatile": the mask of the bits that
 * may change at any time.  {"SPECIAL": "0x200", ..., "volatile": "0x..."}, which the caller puts.
 */
struct json_object *pt_bits_json(const struct pt_fmt *fmt);

/* Reads such an object into @soft (PT_NR_SOFT) and @volatile_mask.  -EINVAL: it is not one. */
int pt_bits_from_json(const struct pt_fmt *fmt, const struct json_object *obj, __u64 *soft,
		      __u64 *volatile_mask);

/* The size of a page whose leaf is at @level: "4K", "2M", "1G", or "?". */
const char *pt_page_size_text(const struct pt_fmt *fmt, uint32_t level);

/* Adds an address or an entry to @obj, as a string: "0x7f00". */
void json_add_hex(struct json_object *obj, const char *key, uint64_t v);

/* Reads such a string.  -EINVAL: @val is not a string of "0x" and 1 to 16 digits. */
int json_hex_value(const struct json_object *val, uint64_t *out);

/* The same for a member of @obj.  -ENOENT: there is none; -EINVAL also if @obj is no object. */
int json_get_hex(const struct json_object *obj, const char *key, uint64_t *out);

#endif /* PT_TEXT_H */
