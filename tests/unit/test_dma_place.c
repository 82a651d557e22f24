// SPDX-License-Identifier: GPL-2.0
/* Where a further IOVA has room: beside mappings, BARs and what the IOMMU does not take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "driver/place.h"

static void test_taken(void **state)
{
	static const struct dma_range taken[] = { { 0x100000, 0x10000 },
						  { 0x111000, 0x10000 },
						  { 0x40000, 0x10000 } };
	static const struct dma_range large[] = { { 0x100000, 0x1000 } };

	(void)state;
	/* The first page behind the first mapping is free, the second is the second's. */
	assert_true(dma_taken_to(taken, 3, 0x110000, 0x2000) == 0x121000);
	assert_true(dma_taken_to(taken, 3, 0x110000, 0x1000) == 0);
	assert_true(dma_taken_to(taken, 3, 0x121000, 0x2000) == 0);
	assert_true(dma_taken_to(taken, 3, 0xff000, 0x2000) == 0x110000);
	assert_true(dma_taken_to(taken, 3, 0xfe000, 0x2000) == 0);
	assert_true(dma_taken_to(taken, 3, 0x4f000, 0x1000) == 0x50000);
	assert_true(dma_taken_to(taken, 2, 0x4f000, 0x1000) == 0);
	assert_true(dma_taken_to(large, 1, 0, 0x200000) == 0x101000);
}

static const struct vfio_iommu iommu = {
	.ranges = { { 0x1000, 0xfedfffff }, { 0xfef00000, 0xffffffffffULL } },
	.nr_ranges = 2,
};

static const struct place {
	const char *name;
	struct dma_range taken[3];
	unsigned int nr;
	uint64_t from, size, limit, want; /* want 0: no room */
} places[] = {
	{ "nothing is taken", { { 0 } }, 0, 0, 0x2000, ~0ULL, 0x1000 },
	{ "behind a mapping", { { 0x1000, 0x100000 } }, 1, 0, 0x2000, ~0ULL, 0x101000 },
	{ "between two", { { 0x1000, 0x1000 }, { 0x4000, 0x1000 } }, 2, 0, 0x2000, ~0ULL, 0x2000 },
	{ "not between two",
	  { { 0x1000, 0x1000 }, { 0x3000, 0x1000 } },
	  2,
	  0,
	  0x2000,
	  ~0ULL,
	  0x4000 },
	{ "in any order",
	  { { 0x5000, 0x1000 }, { 0x1000, 0x2000 }, { 0x3000, 0x2000 } },
	  3,
	  0,
	  0x2000,
	  ~0ULL,
	  0x6000 },
	{ "over what the IOMMU does not take",
	  { { 0x1000, 0xfede0000 } },
	  1,
	  0,
	  0x100000,
	  ~0ULL,
	  0xfef00000 },
	{ "a BAR at the end of the mapping",
	  { { 0x1000, 0xff000 }, { 0x100000, 0x4000 } },
	  2,
	  0,
	  0x1000,
	  ~0ULL,
	  0x104000 },
	{ "aligned", { { 0x1000, 0x1800 } }, 1, 0, 0x1000, ~0ULL, 0x3000 },
	{ "up to the limit", { { 0x1000, 0x1000 } }, 1, 0, 0x2000, 0x4000, 0x2000 },
	{ "past the limit", { { 0x1000, 0x1000 } }, 1, 0, 0x2000, 0x3fff, 0 },
	{ "more than there is", { { 0 } }, 0, 0, 0x20000000000ULL, ~0ULL, 0 },
};

static void test_place(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		uint64_t iova = 0;
		int ret = dma_place(&iommu, p->taken, p->nr, p->from, p->size, 0x1000, p->limit,
				    &iova);

		if (ret != (p->want ? 0 : -ENOSPC) || (!ret && iova != p->want))
			fail_msg("%s: %d, 0x%llx", p->name, ret, (unsigned long long)iova);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_taken),
					    cmocka_unit_test(test_place) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
