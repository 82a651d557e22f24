/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the formats of an IOMMU's tables share */
#ifndef PT_FIXTURE_H
#define PT_FIXTURE_H

#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)	      (1ULL << (n))
/* The address bits of an entry where the machine has 52 of them */
#define ALL_PA 0x000ffffffffff000ULL

/* For %llx */
static unsigned long long ull(uint64_t v)
{
	return v;
}

#endif /* PT_FIXTURE_H */
