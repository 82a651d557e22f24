/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Parsers for what users type: numbers, sizes, times, addresses, ranges, PCI addresses.  There is
 * one for each kind, which all commands and programs use.
 *
 * Every function parses the whole string (no blanks, no sign, nothing after it), returns 0 or a
 * negative errno, and writes to *out only on success.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The address of a PCI function, as Linux writes it: domain:bus:dev.fn */
struct pci_bdf {
	unsigned int domain; /* 16 bits; 32 behind VMD and the like */
	unsigned int bus;    /* 0..0xff */
	unsigned int dev;    /* 0..0x1f */
	unsigned int fn;     /* 0..7 */
};

/* Decimal, or hexadecimal after 0x.  -EINVAL; -ERANGE past 64 bits. */
int parse_u64(const char *s, uint64_t *out);

/*
 * A number of bytes: as parse_u64, and K, M, G or T may follow, with or without B or iB, in upper
 * or lower case.  All are powers of 1024: nobody maps 1,000,000 bytes.
 */
int parse_size(const char *s, uint64_t *out);

/*
 * An address: 0x and hexadecimal, decimal, a size (1G), or hexadecimal digits without 0x as in
 * /proc/PID/maps (7f00a000), if they can mean nothing else.  Errors as parse_u64.
 */
int parse_address(const char *s, uint64_t *out);

struct range {
	uint64_t start, len; /* bytes; len is 0 if none is given */
	bool has_len;
};

/*
 * "ADDRESS", "ADDRESS+SIZE", or "START-END" as at the beginning of a line of /proc/PID/maps
 * (hexadecimal with or without 0x; END is the first byte after the range).  -EINVAL, also for an
 * empty range; -ERANGE past 2^64.
 */
int parse_range(const char *s, struct range *out);

/*
 * Extends a range to the whole pages, of @page_size (a power of two), that it touches; a range
 * without a length becomes one page.  *moved: the range has changed.  -ERANGE past 2^64.
 */
int range_to_pages(struct range *r, uint64_t page_size, bool *moved);

/*
 * A time, as 5, 5s, 500ms, 2m or 2min, 1h; a number without a unit is in units of @unit_ms.  *ms
 * is in milliseconds.  Errors as parse_u64.
 */
int parse_duration(const char *s, uint64_t unit_ms, uint64_t *ms);

/* The expected value of _PAGE_USER: user (set), or supervisor (cleared, clear).  -EINVAL. */
int parse_expect(const char *s, bool *user);

/* 8-4-4-4-12 hexadecimal digits, in that order.  -EINVAL. */
int parse_uuid(const char *s, unsigned char out[16]);

/* Decimal or 0x, a minus sign allowed.  -EINVAL; -ERANGE outside min..max. */
int parse_int(const char *s, int min, int max, int *out);

/*
 * dddd:bb:dd.f in hexadecimal of any case, the domain of 4 to 8 digits, or bb:dd.f of domain 0.
 * -EINVAL.
 */
int parse_bdf(const char *s, struct pci_bdf *out);

#define BDF_TEXT 24 /* room for "dddddddd:bb:dd.f" */

/* The address as sysfs writes it: lower case, the domain with at least 4 digits. */
void bdf_text(const struct pci_bdf *bdf, char out[BDF_TEXT]);

/*
 * Is @value (NULL: any) in the list of the last @key=… on a kernel command line?  The text after
 * that = is copied to @out, unless @out is NULL.
 */
bool parse_kernel_word(const char *cmdline, const char *key, const char *value, char *out,
		       size_t len);

#endif /* PARSE_H */
