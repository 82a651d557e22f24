// SPDX-License-Identifier: GPL-2.0
/*
 * What users type: numbers, sizes, PCI addresses.
 *
 * Not strtoull(): it takes blanks, signs and octal, and depends on errno.
 */
#include "parse.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return INT_MAX;
}

/* The number that *s begins with; moves *s past it. */
static int scan_u64(const char **s, uint64_t *out)
{
	const char *p = *s;
	const char *first;
	uint64_t v = 0;
	int base = 10;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	for (first = p; digit_value(*p) < base; p++) {
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*p), &v))
			return -ERANGE;
	}
	if (p == first)
		return -EINVAL;
	*s = p;
	*out = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *out)
{
	uint64_t v;
	int ret;

	ret = scan_u64(&s, &v);
	if (ret)
		return ret;
	if (*s)
		return -EINVAL;
	*out = v;
	return 0;
}

int parse_size(const char *s, uint64_t *out)
{
	unsigned int shift = 0;
	uint64_t v;
	int ret;

	ret = scan_u64(&s, &v);
	if (ret)
		return ret;
	switch (*s) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	if (shift)
		s++;
	if (*s)
		return -EINVAL;
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*out = v << shift;
	return 0;
}

int parse_int(const char *s, int min, int max, int *out)
{
	int minus = *s == '-';
	int64_t v;
	uint64_t u;
	int ret;

	ret = parse_u64(s + minus, &u);
	if (ret)
		return ret;
	if (u > (uint64_t)INT_MAX + 1)
		return -ERANGE;
	v = minus ? -(int64_t)u : (int64_t)u;
	if (v < min || v > max)
		return -ERANGE;
	*out = (int)v;
	return 0;
}

/* @min to @max hexadecimal digits and then @end; moves *s past it. */
static int scan_hex_field(const char **s, int min, int max, char end, unsigned int *out)
{
	unsigned int v = 0;
	int n;

	for (n = 0; n <= max && digit_value((*s)[n]) < 16; n++)
		v = v << 4 | (unsigned int)digit_value((*s)[n]);
	if (n < min || n > max || (*s)[n] != end)
		return -EINVAL;
	*s += n + (end != '\0');
	*out = v;
	return 0;
}

int parse_bdf(const char *s, struct pci_bdf *out)
{
	struct pci_bdf bdf;

	if (scan_hex_field(&s, 4, 8, ':', &bdf.domain) || scan_hex_field(&s, 2, 2, ':', &bdf.bus) ||
	    scan_hex_field(&s, 2, 2, '.', &bdf.dev) || scan_hex_field(&s, 1, 1, '\0', &bdf.fn))
		return -EINVAL;
	if (bdf.dev > 0x1f || bdf.fn > 7)
		return -EINVAL;
	*out = bdf;
	return 0;
}

/* Is @value one of the words, with commas between them, of which @list has @len bytes? */
static bool list_has(const char *list, size_t len, const char *value)
{
	size_t n = strlen(value), i;

	for (i = 0; i + n <= len; i++)
		if ((!i || list[i - 1] == ',') && !strncmp(list + i, value, n) &&
		    (i + n == len || list[i + n] == ','))
			return true;
	return false;
}

bool parse_kernel_word(const char *cmdline, const char *key, const char *value, char *out,
		       size_t len)
{
	size_t n = strlen(key);
	bool found = false;

	while (*cmdline) {
		size_t word = strcspn(cmdline, " ");

		if (word > n && !strncmp(cmdline, key, n) && cmdline[n] == '=') {
			const char *list = cmdline + n + 1;

			found = !value || list_has(list, word - n - 1, value);
			if (out)
				snprintf(out, len, "%.*s", (int)(word - n - 1), list);
		}
		cmdline += word;
		cmdline += strspn(cmdline, " ");
	}
	return found;
}
