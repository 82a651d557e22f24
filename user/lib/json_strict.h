/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Is this one JSON value, by RFC 8259 to the letter?
 *
 * json-c takes more than that, even when told to be strict: a key given twice (the last one
 * counts), NaN and Infinity, numbers that overflow.  What reads files from anywhere asks here
 * first, and lets json-c take apart only what passed.
 */
#ifndef JSON_STRICT_H
#define JSON_STRICT_H

#include <stddef.h>

#define JSON_MAX_DEPTH	 16	    /* of arrays and objects */
#define JSON_MAX_KEYS	 128	    /* of one object */
#define JSON_MAX_OBJECTS (2U << 20) /* so many take json-c about 2 GiB */
#define JSON_MAX_VALUES	 (16U << 20)

/*
 * 0, or -EINVAL with the reason and the place in @why (cut at @why_len).  Refused besides what is
 * no JSON: a key given twice in an object, keys with escapes (no program of ours writes any, and
 * two ways to write a key would hide that it is given twice), NUL in strings, text that is not
 * UTF-8, and more than the limits above, which bound the time and the memory that it takes.
 */
int json_strict(const char *text, size_t len, char *why, size_t why_len);

#endif /* JSON_STRICT_H */
