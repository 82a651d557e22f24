/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Checks that a text is one JSON value that follows RFC 8259 strictly.
 *
 * json-c accepts more than that, even in its strict mode: a key given twice (the last one
 * counts), NaN and Infinity, numbers that overflow.  Code that reads files of unknown origin
 * checks them here first, and gives json-c only text that passed.
 */
#ifndef JSON_STRICT_H
#define JSON_STRICT_H

#include <stddef.h>

#define JSON_MAX_DEPTH	 16	    /* of arrays and objects */
#define JSON_MAX_KEYS	 128	    /* of one object */
#define JSON_MAX_OBJECTS (2U << 20) /* json-c needs about 2 GiB for so many */
#define JSON_MAX_VALUES	 (16U << 20)

/*
 * Returns 0, or -EINVAL with the reason and the line in @why (cut at @why_len).  Besides text
 * that is not JSON it refuses: a key given twice in an object, keys with escapes (our programs
 * write none, and a second way to write a key would hide that it is given twice), NUL in strings,
 * text that is not UTF-8, and anything above the limits, which bound time and memory.
 */
int json_strict(const char *text, size_t len, char *why, size_t why_len);

#endif /* JSON_STRICT_H */
