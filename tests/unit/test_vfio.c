// SPDX-License-Identifier: GPL-2.0
/*
 * What VFIO_IOMMU_GET_INFO answers, from chains of capabilities built by hand
 * as include/uapi/linux/vfio.h lays them out: good ones, and ones that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfio/vfio.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define CAPS	      (VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS)
#define INFO	      sizeof(struct vfio_iommu_type1_info)

/* Ids of include/uapi/linux/vfio.h */
enum { RANGES = 1, MIGRATION = 2, DMA_AVAIL = 3, UNKNOWN = 0x7fff };

/*
 * An answer in the making.  Each put_*() appends at @used; what is parsed is a
 * copy of just that many bytes, so that the sanitizer sees a byte too far.
 */
struct answer {
	unsigned char bytes[2 * VFIO_INFO_MAX] __attribute__((aligned(8)));
	size_t used;
	size_t last; /* where the capability that is to point to the next stands */
};

static void put(struct answer *a, const void *data, size_t size)
{
	assert_true(a->used + size <= sizeof(a->bytes));
	memcpy(a->bytes + a->used, data, size);
	a->used += size;
}

static void put_u32(struct answer *a, uint32_t v)
{
	put(a, &v, sizeof(v));
}

static void put_u64(struct answer *a, uint64_t v)
{
	put(a, &v, sizeof(v));
}

static void set_u32(struct answer *a, size_t at, uint32_t v)
{
	memcpy(a->bytes + at, &v, sizeof(v));
}

static void begin(struct answer *a, uint32_t flags)
{
	const struct vfio_iommu_type1_info info = {
		.flags = flags,
		.iova_pgsizes = 0x40201000,
	};

	memset(a, 0, sizeof(*a));
	put(a, &info, sizeof(info));
}

/* A capability's header, linked from the one before; returns where it stands. */
static size_t put_cap(struct answer *a, uint16_t id)
{
	const uint16_t head[] = { id, 1 };
	size_t at = a->used;

	if (a->last)
		set_u32(a, a->last + offsetof(struct vfio_info_cap_header, next), at);
	else
		set_u32(a, offsetof(struct vfio_iommu_type1_info, cap_offset), at);
	a->last = at;
	put(a, head, sizeof(head));
	put_u32(a, 0);
	return at;
}

static size_t put_ranges(struct answer *a, const struct vfio_range *r, uint32_t nr)
{
	size_t at = put_cap(a, RANGES);
	uint32_t i;

	put_u32(a, nr);
	put_u32(a, 0);
	for (i = 0; i < nr; i++) {
		put_u64(a, r[i].start);
		put_u64(a, r[i].end);
	}
	return at;
}

static size_t put_avail(struct answer *a, uint32_t avail)
{
	size_t at = put_cap(a, DMA_AVAIL);

	put_u32(a, avail);
	return at;
}

static size_t put_migration(struct answer *a)
{
	size_t at = put_cap(a, MIGRATION);

	put_u32(a, 0);
	put_u64(a, 0x1000);
	put_u64(a, 1 << 28);
	return at;
}

static int parse(const struct answer *a, struct vfio_iommu *iommu)
{
	struct vfio_iommu_type1_info *info = malloc(a->used);
	int ret;

	assert_non_null(info);
	memcpy(info, a->bytes, a->used);
	info->argsz = a->used;
	memset(iommu, 0x5a, sizeof(*iommu));
	ret = vfio_iommu_parse(info, iommu);
	free(info);
	return ret;
}

/* What an Intel IOMMU of 39 bits says: the MSI window is a hole. */
static const struct vfio_range vtd[] = {
	{ 0, 0xfedfffff },
	{ 0xfef00000, 0x7fffffffff },
};

static void check_vtd(const struct vfio_iommu *iommu)
{
	size_t i;

	assert_int_equal(iommu->page_sizes, 0x40201000);
	assert_int_equal(iommu->nr_ranges, ARRAY_SIZE(vtd));
	for (i = 0; i < ARRAY_SIZE(vtd); i++) {
		assert_int_equal(iommu->ranges[i].start, vtd[i].start);
		assert_int_equal(iommu->ranges[i].end, vtd[i].end);
	}
}

static void put_many(struct answer *a, uint64_t nr)
{
	uint64_t i;

	begin(a, CAPS);
	put_cap(a, RANGES);
	put_u32(a, (uint32_t)nr);
	put_u32(a, 0);
	for (i = 0; i < nr; i++) {
		put_u64(a, i << 20);
		put_u64(a, (i << 20) + 0xffff);
	}
}

static void test_parse_good(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;

	(void)state;
	begin(&a, CAPS);
	put_ranges(&a, vtd, 2);
	put_avail(&a, 65535);
	put_migration(&a);
	assert_int_equal(parse(&a, &iommu), 0);
	check_vtd(&iommu);
	assert_true(iommu.has_dma_avail);
	assert_int_equal(iommu.dma_avail, 65535);

	/* As the kernel adds them: migration, DMA avail, ranges; and unknown ones. */
	begin(&a, CAPS);
	put_cap(&a, UNKNOWN);
	put_migration(&a);
	put_avail(&a, 0);
	put_cap(&a, 0);
	put_ranges(&a, vtd, 2);
	assert_int_equal(parse(&a, &iommu), 0);
	check_vtd(&iommu);
	assert_true(iommu.has_dma_avail);
	assert_int_equal(iommu.dma_avail, 0);

	/* No mapping is left, and that is known; nothing else is. */
	begin(&a, VFIO_IOMMU_INFO_CAPS);
	put_avail(&a, UINT32_MAX);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.page_sizes, 0);
	assert_int_equal(iommu.nr_ranges, 0);
	assert_int_equal(iommu.dma_avail, UINT32_MAX);

	/* Backwards in the buffer is no cycle. */
	begin(&a, CAPS);
	put_ranges(&a, vtd, 2);
	a.last = 0;
	set_u32(&a, put_avail(&a, 7) + 4, INFO);
	assert_int_equal(parse(&a, &iommu), 0);
	check_vtd(&iommu);
	assert_int_equal(iommu.dma_avail, 7);

	/* No range at all is an answer too: nr_ranges 0. */
	begin(&a, CAPS);
	put_ranges(&a, vtd, 0);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.nr_ranges, 0);
	assert_false(iommu.has_dma_avail);

	/* As many as a machine may have: none is left out. */
	put_many(&a, 200);
	put_avail(&a, 9);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.nr_ranges, 200);
	assert_int_equal(iommu.ranges[199].start, 199 << 20);
	assert_int_equal(iommu.dma_avail, 9);
	/* More than any kernel says: no answer, rather than a part of one */
	put_many(&a, VFIO_RANGES_MAX);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.nr_ranges, VFIO_RANGES_MAX);
	put_many(&a, VFIO_RANGES_MAX + 1);
	assert_int_equal(parse(&a, &iommu), -E2BIG);
}

/*
 * Before 6.6 the kernel puts a capability right behind the one before: after
 * the 12 bytes of DMA avail the 64-bit fields of the next are at 4 modulo 8.
 */
static void test_parse_4_aligned(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;

	(void)state;
	begin(&a, CAPS);
	put_avail(&a, 42);
	assert_int_equal((put_ranges(&a, vtd, 2) + 16) % 8, 4);
	put_migration(&a);
	assert_int_equal(put_avail(&a, 43) % 8, 0);
	assert_int_equal(parse(&a, &iommu), 0);
	check_vtd(&iommu);
	assert_int_equal(iommu.dma_avail, 43);
}

static void test_parse_no_caps(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;

	(void)state;
	/* A chain that nothing announces is not one. */
	begin(&a, VFIO_IOMMU_INFO_PGSIZES);
	put_ranges(&a, vtd, 2);
	put_avail(&a, 1);
	set_u32(&a, offsetof(struct vfio_iommu_type1_info, cap_offset), 3);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.page_sizes, 0x40201000);
	assert_int_equal(iommu.nr_ranges, 0);
	assert_false(iommu.has_dma_avail);

	/* One that is announced, and empty. */
	begin(&a, CAPS);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.nr_ranges, 0);
	assert_false(iommu.has_dma_avail);
}

/* Offsets that do not lead to a capability: the first one's, and the next's. */
static void test_parse_bad_offset(void **state)
{
	static const struct {
		int64_t from_end; /* offset = used + from_end; or */
		uint32_t offset;
	} t[] = {
		{ 0, 0 },  /* just past the end */
		{ -4, 0 }, /* half a header left */
		{ 4, 0 },	   { 1 << 20, 0 }, { 0, UINT32_MAX - 3 },
		{ 0, 0x80000000 }, { 0, 25 },	   { 0, 26 },
		{ 0, 27 }, /* no header stands so */
		{ 0, UINT32_MAX },
	};
	struct vfio_iommu iommu;
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint32_t offset;

		begin(&a, CAPS);
		put_cap(&a, UNKNOWN);
		put_avail(&a, 1);
		offset = t[i].offset ? t[i].offset : a.used + t[i].from_end;
		set_u32(&a, a.last + 4, offset);
		if (parse(&a, &iommu) != -EINVAL)
			fail_msg("next 0x%x of %zu bytes taken", offset, a.used);
		set_u32(&a, offsetof(struct vfio_iommu_type1_info, cap_offset), offset);
		if (parse(&a, &iommu) != -EINVAL)
			fail_msg("cap_offset 0x%x of %zu bytes taken", offset, a.used);
	}
}

static void test_parse_cycle(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;
	size_t at;

	(void)state;
	begin(&a, CAPS);
	at = put_avail(&a, 1);
	set_u32(&a, at + 4, at);
	assert_int_equal(parse(&a, &iommu), -EINVAL);

	begin(&a, CAPS);
	put_avail(&a, 1);
	at = put_cap(&a, UNKNOWN);
	put_ranges(&a, vtd, 2);
	put_migration(&a);
	set_u32(&a, a.last + 4, at);
	assert_int_equal(parse(&a, &iommu), -EINVAL);
}

/* The longest chain is taken, one more is not: as good as a cycle. */
static void test_parse_long(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;
	size_t i;

	(void)state;
	begin(&a, CAPS);
	for (i = 0; i < VFIO_CAPS_MAX; i++)
		put_avail(&a, i);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.dma_avail, VFIO_CAPS_MAX - 1);
	put_avail(&a, i);
	assert_int_equal(parse(&a, &iommu), -EINVAL);
}

/* A capability whose body is cut off by the end of the answer. */
static void test_parse_short(void **state)
{
	struct vfio_iommu iommu;
	struct answer a;

	(void)state;
	begin(&a, CAPS);
	put_cap(&a, DMA_AVAIL);
	assert_int_equal(parse(&a, &iommu), -EINVAL);

	begin(&a, CAPS);
	put_cap(&a, RANGES);
	assert_int_equal(parse(&a, &iommu), -EINVAL);
	put_u32(&a, 0);
	assert_int_equal(parse(&a, &iommu), -EINVAL);
	put_u32(&a, 0);
	assert_int_equal(parse(&a, &iommu), 0);

	/* One that is not known needs no more than its header. */
	begin(&a, CAPS);
	put_cap(&a, UNKNOWN);
	assert_int_equal(parse(&a, &iommu), 0);
}

static void test_parse_bad_ranges(void **state)
{
	static const uint32_t lies[] = {
		3, 4, 0x10000000, 0x10000001, 0x7fffffff, 0x80000000, UINT32_MAX,
	};
	static const struct vfio_range backwards[] = { { 0, 0xfff }, { 0x2000, 0x1fff } };
	struct vfio_iommu iommu;
	struct answer a;
	size_t i, at;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		begin(&a, CAPS);
		at = put_ranges(&a, vtd, 2);
		set_u32(&a, at + 8, lies[i]);
		if (parse(&a, &iommu) != -EINVAL)
			fail_msg("nr_iovas 0x%x of two taken", lies[i]);
	}
	/* Fewer than there are is what the count says. */
	begin(&a, CAPS);
	at = put_ranges(&a, vtd, 2);
	set_u32(&a, at + 8, 1);
	assert_int_equal(parse(&a, &iommu), 0);
	assert_int_equal(iommu.nr_ranges, 1);

	begin(&a, CAPS);
	put_ranges(&a, backwards, 2);
	assert_int_equal(parse(&a, &iommu), -EINVAL);
}

static void test_cap_next(void **state)
{
	const struct vfio_info_cap_header chain[] = {
		{ .id = 1, .next = 24 },
		{ .id = 2, .next = 0 },
		{ .id = 3, .next = 20 },
		{ .id = 4, .next = 8 },
	};
	const struct vfio_info_cap_header *cap;
	unsigned int left = VFIO_CAPS_MAX;
	int err = 77;

	(void)state;
	/* No first one: the end, at once, and no error. */
	assert_null(vfio_cap_next(chain, sizeof(chain), 0, NULL, &left, &err));
	assert_int_equal(err, 0);
	assert_int_equal(left, VFIO_CAPS_MAX);

	cap = vfio_cap_next(chain, sizeof(chain), 24, NULL, &left, &err);
	assert_ptr_equal(cap, &chain[3]);
	assert_int_equal(left, VFIO_CAPS_MAX - 1);
	/* @offset counts for the first only. */
	cap = vfio_cap_next(chain, sizeof(chain), 24, cap, &left, &err);
	assert_ptr_equal(cap, &chain[1]);
	assert_null(vfio_cap_next(chain, sizeof(chain), 24, cap, &left, &err));
	assert_int_equal(err, 0);
	assert_int_equal(left, VFIO_CAPS_MAX - 2);

	/* The last byte of the header is the last of the buffer, or past it. */
	err = 77;
	assert_ptr_equal(vfio_cap_next(chain, 32, 24, NULL, &left, &err), &chain[3]);
	assert_int_equal(err, 0);
	assert_null(vfio_cap_next(chain, 31, 24, NULL, &left, &err));
	assert_int_equal(err, -EINVAL);
	assert_null(vfio_cap_next(chain, 24, 24, NULL, &left, &err));
	assert_int_equal(err, -EINVAL);
	assert_null(vfio_cap_next(chain, 4, 24, NULL, &left, &err));
	assert_int_equal(err, -EINVAL);
	/* An error before does not stay. */
	assert_non_null(vfio_cap_next(chain, 32, 8, NULL, &left, &err));
	assert_int_equal(err, 0);

	/* Nothing left to follow: an error, unless it ends there anyway. */
	left = 0;
	assert_null(vfio_cap_next(chain, sizeof(chain), 0, &chain[1], &left, &err));
	assert_int_equal(err, 0);
	assert_null(vfio_cap_next(chain, sizeof(chain), 8, NULL, &left, &err));
	assert_int_equal(err, -EINVAL);
	assert_int_equal(left, 0);
}

static const struct vfio_iommu intel = {
	.nr_ranges = 2,
	.ranges = { { 0, 0xfedfffff }, { 0xfef00000, 0x7fffffffff } },
};
static const struct vfio_iommu all = {
	.nr_ranges = 1,
	.ranges = { { 0, UINT64_MAX } },
};
/* Nothing at the bottom: as where the IOMMU keeps it for itself */
static const struct vfio_iommu high = {
	.nr_ranges = 2,
	.ranges = { { 0x3000, 0x5fff }, { 0x7000, 0xffff } },
};
static const struct vfio_iommu unknown;

static void test_usable(void **state)
{
	static const struct {
		const struct vfio_iommu *iommu;
		uint64_t iova, size;
		int usable;
	} t[] = {
		{ &intel, 0, 0x1000, 1 },
		{ &intel, 0, 0xfee00000, 1 },
		{ &intel, 0, 0xfee00001, 0 },
		{ &intel, 0xfedff000, 0x1000, 1 },
		{ &intel, 0xfedff000, 0x2000, 0 },
		{ &intel, 0xfee00000, 0x1000, 0 }, /* the MSI window */
		{ &intel, 0xfeeff000, 0x1000, 0 },
		{ &intel, 0xfeeff000, 0x2000, 0 },
		{ &intel, 0xfef00000, 0x1000, 1 },
		{ &intel, 0, 0x100000000, 0 },	     /* over the window */
		{ &intel, 0x7ffffff000, 0x1000, 1 }, /* the aperture's end */
		{ &intel, 0x7ffffff000, 0x1001, 0 },
		{ &intel, 0x7fffffffff, 1, 1 },
		{ &intel, 0x8000000000, 1, 0 },
		{ &intel, 0xfef00000, 0x8000000000 - 0xfef00000, 1 },
		{ &intel, 0, 0, 0 }, /* nothing is not usable */
		{ &all, UINT64_MAX, 1, 1 },
		{ &all, UINT64_MAX - 0xfff, 0x1000, 1 },
		{ &all, UINT64_MAX - 0xfff, 0x1001, 0 }, /* past 2^64 */
		{ &all, 0x1000, UINT64_MAX, 0 },
		{ &all, 0, UINT64_MAX, 1 },
		{ &unknown, 0xfee00000, 0x1000, 1 },
		{ &unknown, 0, 0, 0 },
		{ &unknown, UINT64_MAX - 0xfff, 0x2000, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		if (!vfio_iova_usable(t[i].iommu, t[i].iova, t[i].size) != !t[i].usable)
			fail_msg("row %zu: 0x%llx of 0x%llx bytes is %susable", i,
				 (unsigned long long)t[i].iova, (unsigned long long)t[i].size,
				 t[i].usable ? "" : "not ");
}

static void test_find(void **state)
{
	static const struct {
		const struct vfio_iommu *iommu;
		uint64_t min, size, align;
		int ret;
		uint64_t iova;
	} t[] = {
		{ &intel, 0, 0x1000, 0x1000, 0, 0 },
		{ &intel, 0x5000, 0x1000, 0x1000, 0, 0x5000 },
		{ &intel, 0xfee00000, 0x1000, 0x1000, 0, 0xfef00000 },
		{ &intel, 0xfedff000, 0x2000, 0x1000, 0, 0xfef00000 },
		{ &intel, 0xfedff000, 0x1000, 0x1000, 0, 0xfedff000 },
		{ &intel, 0xfedff001, 0x1000, 0x1000, 0, 0xfef00000 },
		/* Alignment: also of where it starts, and past the hole's end */
		{ &intel, 1, 0x1000, 0x1000, 0, 0x1000 },
		{ &intel, 0x1000, 0x1000, 0x200000, 0, 0x200000 },
		{ &intel, 0xfee00000, 0x200000, 0x200000, 0, 0xff000000 },
		{ &intel, 0xc0000000, 0x40000000, 0x40000000, 0, 0x100000000 },
		/* The end of the aperture */
		{ &intel, 0x7fc0000000, 0x40000000, 0x40000000, 0, 0x7fc0000000 },
		{ &intel, 0x7fc0000001, 0x1000, 0x40000000, -ENOSPC, 0 },
		{ &intel, 0x7ffffff000, 0x2000, 0x1000, -ENOSPC, 0 },
		{ &intel, 0x8000000000, 0x1000, 0x1000, -ENOSPC, 0 },
		{ &intel, 0, 0x8000000000, 0x1000, -ENOSPC, 0 },
		{ &intel, 0, 0, 0x1000, -ENOSPC, 0 },
		/* The lowest, also where @min lies under all ranges */
		{ &high, 0, 0x1000, 0x1000, 0, 0x3000 },
		{ &high, 0, 0x4000, 0x1000, 0, 0x7000 },
		{ &high, 0, 0x2000, 0x4000, 0, 0x4000 },
		{ &high, 0, 0x3000, 0x4000, 0, 0x8000 },
		{ &high, 0, 0xa000, 0x1000, -ENOSPC, 0 },
		{ &high, 0, 1, 1, 0, 0x3000 },
		/* 2^64 */
		{ &all, UINT64_MAX - 0xfff, 0x1000, 0x1000, 0, UINT64_MAX - 0xfff },
		{ &all, UINT64_MAX - 0xffe, 0x1000, 0x1000, -ENOSPC, 0 },
		{ &all, UINT64_MAX, 1, 1, 0, UINT64_MAX },
		{ &all, UINT64_MAX, 2, 1, -ENOSPC, 0 },
		{ &all, 1, 0x1000, 1ULL << 63, 0, 1ULL << 63 },
		{ &all, (1ULL << 63) + 1, 0x1000, 1ULL << 63, -ENOSPC, 0 },
		/* No range known: whatever is asked, aligned */
		{ &unknown, 0xfee00000, 0x1000, 0x1000, 0, 0xfee00000 },
		{ &unknown, 0x1001, 0x1000, 0x1000, 0, 0x2000 },
		{ &unknown, UINT64_MAX - 0xfff, 0x2000, 0x1000, -ENOSPC, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t iova = 0x5a5a;
		int ret = vfio_iova_find(t[i].iommu, t[i].min, t[i].size, t[i].align, &iova);

		if (ret != t[i].ret || iova != (ret ? 0x5a5a : t[i].iova))
			fail_msg("row %zu: %d, 0x%llx", i, ret, (unsigned long long)iova);
	}
}

/* One index of each may be refused, in one way. */
static void test_refusable(void **state)
{
	static const int nos[] = { EINVAL, ENOMEM, EIO, ENODEV, ENOTTY };
	uint32_t index;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nos); i++)
		for (index = 0; index < 2 * VFIO_PCI_NUM_REGIONS; index++) {
			assert_true(vfio_region_refusable(index, nos[i]) ==
				    (index == 8 && nos[i] == EINVAL)); /* VGA */
			assert_true(vfio_irq_refusable(index, nos[i]) ==
				    (index == 3 && nos[i] == EINVAL)); /* ERR */
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_good),    cmocka_unit_test(test_parse_4_aligned),
		cmocka_unit_test(test_parse_no_caps), cmocka_unit_test(test_parse_bad_offset),
		cmocka_unit_test(test_parse_cycle),   cmocka_unit_test(test_parse_long),
		cmocka_unit_test(test_parse_short),   cmocka_unit_test(test_parse_bad_ranges),
		cmocka_unit_test(test_cap_next),      cmocka_unit_test(test_usable),
		cmocka_unit_test(test_find),	      cmocka_unit_test(test_refusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
