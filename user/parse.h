/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What users type: numbers, sizes, PCI addresses.
 *
 * Every function takes a whole string (no blanks, no sign, nothing after it),
 * returns 0 or a negative errno, and writes to *out only on success.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a PCI function sits, as Linux names it: domain:bus:dev.fn */
struct pci_bdf {
	unsigned int domain; /* 16 bits; 32 behind VMD and the like */
	unsigned int bus;    /* 0..0xff */
	unsigned int dev;    /* 0..0x1f */
	unsigned int fn;     /* 0..7 */
};

/* Decimal, or hexadecimal after 0x.  -EINVAL; -ERANGE past 64 bits. */
int parse_u64(const char *s, uint64_t *out);

/* As parse_u64, and one of K M G (powers of 1024, any case) may follow: bytes. */
int parse_size(const char *s, uint64_t *out);

/* Decimal or 0x, a minus sign allowed.  -EINVAL; -ERANGE outside min..max. */
int parse_int(const char *s, int min, int max, int *out);

/* dddd:bb:dd.f in hexadecimal, the domain of 4 to 8 digits.  -EINVAL. */
int parse_bdf(const char *s, struct pci_bdf *out);

/*
 * The last @key=… of a kernel line: does its list have @value (NULL: any)?  All that stands
 * after the = goes to @out, unless it is NULL.
 */
bool parse_kernel_word(const char *cmdline, const char *key, const char *value, char *out,
		       size_t len);

#endif /* PARSE_H */
