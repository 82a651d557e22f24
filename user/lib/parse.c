// SPDX-License-Identifier: GPL-2.0
/*
 * Parsers for what users type: numbers, sizes, times, addresses, ranges, PCI addresses.
 *
 * strtoull() is not used: it accepts blanks, signs and octal, and reports errors in errno.
 */
#include "lib/parse.h"

#include <ctype.h>
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

/* The number at the beginning of *s; moves *s past it. */
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

/* KB is 1024 bytes, as KiB is: that is how memory is counted, and what the kernel's "kB" means. */
static const struct {
	const char *name;
	unsigned int shift;
} size_units[] = {
	{ "", 0 },    { "K", 10 },   { "KB", 10 },  { "KiB", 10 }, { "M", 20 },
	{ "MB", 20 }, { "MiB", 20 }, { "G", 30 },   { "GB", 30 },  { "GiB", 30 },
	{ "T", 40 },  { "TB", 40 },  { "TiB", 40 },
};

int parse_size(const char *s, uint64_t *out)
{
	uint64_t v;
	size_t i;
	int ret;

	ret = scan_u64(&s, &v);
	if (ret)
		return ret;
	for (i = 0; i < sizeof(size_units) / sizeof(size_units[0]); i++) {
		if (strcasecmp(s, size_units[i].name) != 0)
			continue;
		if (v > UINT64_MAX >> size_units[i].shift)
			return -ERANGE;
		*out = v << size_units[i].shift;
		return 0;
	}
	return -EINVAL;
}

/* Hexadecimal, with or without 0x, up to @end (a character or '\0'); moves *s past it. */
static int scan_hex(const char **s, char end, uint64_t *out)
{
	const char *p = *s, *first;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (first = p; digit_value(*p) < 16; p++) {
		if (v >> 60)
			return -ERANGE;
		v = v << 4 | (uint64_t)digit_value(*p);
	}
	if (p == first || *p != end)
		return -EINVAL;
	*s = p + (end != '\0');
	*out = v;
	return 0;
}

int parse_address(const char *s, uint64_t *out)
{
	int ret = parse_size(s, out);

	/* It is not a number or a size, but may be hexadecimal digits as in /proc/PID/maps. */
	if (ret == -EINVAL && strpbrk(s, "abcdefABCDEF"))
		ret = scan_hex(&s, '\0', out);
	return ret;
}

int parse_range(const char *s, struct range *out)
{
	char start[32];
	struct range r = { 0 };
	size_t n = strcspn(s, "+-");
	int ret;

	if (s[n] == '-') { /* as in /proc/PID/maps: hexadecimal, END is the first byte after */
		uint64_t end;

		ret = scan_hex(&s, '-', &r.start);
		if (!ret)
			ret = scan_hex(&s, '\0', &end);
		if (ret)
			return ret;
		if (end <= r.start)
			return -EINVAL;
		r.len = end - r.start;
		r.has_len = true;
		*out = r;
		return 0;
	}
	if (n >= sizeof(start))
		return -EINVAL;
	memcpy(start, s, n);
	start[n] = '\0';
	ret = parse_address(start, &r.start);
	if (!ret && s[n]) {
		r.has_len = true;
		ret = parse_size(s + n + 1, &r.len);
		if (!ret && !r.len)
			ret = -EINVAL;
	}
	if (ret)
		return ret;
	if (r.len && r.start + (r.len - 1) < r.start)
		return -ERANGE;
	*out = r;
	return 0;
}

int range_to_pages(struct range *r, uint64_t page_size, bool *moved)
{
	const uint64_t inside = r->start & (page_size - 1);
	uint64_t len = r->has_len ? r->len : 1;

	/* The range ends with the last page that it touches; that may be 2^64, not more. */
	if (__builtin_add_overflow(len, inside, &len) ||
	    __builtin_add_overflow(len, page_size - 1, &len))
		return -ERANGE;
	len &= ~(page_size - 1);
	if (r->start - inside + (len - 1) < r->start - inside)
		return -ERANGE;
	*moved = inside || (r->has_len && len != r->len);
	r->start -= inside;
	r->len = len;
	return 0;
}

static const struct {
	const char *name;
	uint64_t ms;
} time_units[] = {
	{ "ms", 1 },	{ "s", 1000 },	  { "sec", 1000 },
	{ "m", 60000 }, { "min", 60000 }, { "h", 3600000 },
};

int parse_duration(const char *s, uint64_t unit_ms, uint64_t *ms)
{
	uint64_t v, unit = 0;
	size_t i;
	int ret;

	ret = scan_u64(&s, &v);
	if (ret)
		return ret;
	if (!*s)
		unit = unit_ms;
	for (i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++)
		if (!strcmp(s, time_units[i].name))
			unit = time_units[i].ms;
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(v, unit, &v))
		return -ERANGE;
	*ms = v;
	return 0;
}

int parse_expect(const char *s, bool *user)
{
	static const struct {
		const char *name;
		bool user;
	} words[] = {
		{ "user", true },     { "set", true },	  { "supervisor", false },
		{ "cleared", false }, { "clear", false },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(s, words[i].name)) {
			*user = words[i].user;
			return 0;
		}
	return -EINVAL;
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

int parse_uuid(const char *s, unsigned char out[16])
{
	unsigned char uuid[16];
	size_t i;

	for (i = 0; i < sizeof(uuid); i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *s++ != '-')
			return -EINVAL;
		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]))
			return -EINVAL;
		sscanf(s, "%2hhx", &uuid[i]);
		s += 2;
	}
	if (*s)
		return -EINVAL;
	memcpy(out, uuid, sizeof(uuid));
	return 0;
}

int parse_bdf(const char *s, struct pci_bdf *out)
{
	struct pci_bdf bdf = { 0 };
	const char *colon = strchr(s, ':');

	/* Without a domain it is domain 0, as for lspci. */
	if (colon && strchr(colon + 1, ':') && scan_hex_field(&s, 4, 8, ':', &bdf.domain))
		return -EINVAL;
	if (scan_hex_field(&s, 2, 2, ':', &bdf.bus) || scan_hex_field(&s, 2, 2, '.', &bdf.dev) ||
	    scan_hex_field(&s, 1, 1, '\0', &bdf.fn))
		return -EINVAL;
	if (bdf.dev > 0x1f || bdf.fn > 7)
		return -EINVAL;
	*out = bdf;
	return 0;
}

void bdf_text(const struct pci_bdf *bdf, char out[BDF_TEXT])
{
	snprintf(out, BDF_TEXT, "%04x:%02x:%02x.%x", bdf->domain, bdf->bus & 0xff, bdf->dev & 0x1f,
		 bdf->fn & 7);
}

/* Is @value one of the words in @list, of @len bytes, which are separated by commas? */
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
