// SPDX-License-Identifier: GPL-2.0
/*
 * What VFIO_DEVICE_GET_REGION_INFO answers, from chains built by hand as
 * include/uapi/linux/vfio.h lays them out: good ones, and ones that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfio/caps.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { SPARSE = 1, TYPE = 2, MSIX = 3, SSATGT = 4, UNKNOWN = 0x7fff };
enum { READ = 1, WRITE = 2, MMAP = 4, CAPS = 8 };

/* As in test_vfio.c: what is parsed is a copy of just the bytes put. */
struct answer {
	unsigned char bytes[2 * VFIO_INFO_MAX] __attribute__((aligned(8)));
	size_t used, last;
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

static void begin(struct answer *a, uint32_t flags, uint64_t size)
{
	const struct vfio_region_info info = {
		.flags = flags,
		.index = 2,
		.size = size,
		.offset = 2ULL << 40,
	};

	memset(a, 0, sizeof(*a));
	put(a, &info, sizeof(info));
}

static size_t put_cap(struct answer *a, uint16_t id)
{
	const uint16_t head[] = { id, 1 };
	size_t at = a->used;

	if (a->last)
		set_u32(a, a->last + offsetof(struct vfio_info_cap_header, next), at);
	else
		set_u32(a, offsetof(struct vfio_region_info, cap_offset), at);
	a->last = at;
	put(a, head, sizeof(head));
	put_u32(a, 0);
	return at;
}

static size_t put_sparse(struct answer *a, const struct vfio_area *areas, uint32_t nr)
{
	size_t at = put_cap(a, SPARSE);
	uint32_t i;

	put_u32(a, nr);
	put_u32(a, 0);
	for (i = 0; i < nr; i++) {
		put_u64(a, areas[i].offset);
		put_u64(a, areas[i].size);
	}
	return at;
}

static int parse(const struct answer *a, struct vfio_region *r)
{
	struct vfio_region_info *info = malloc(a->used);
	int ret;

	assert_non_null(info);
	memcpy(info, a->bytes, a->used);
	info->argsz = a->used;
	memset(r, 0x5a, sizeof(*r));
	ret = vfio_region_parse(info, r);
	free(info);
	return ret;
}

static const struct vfio_area around_msix[] = { { 0, 0x2000 }, { 0x4000, 0xc000 } };

static void test_plain(void **state)
{
	struct vfio_region r;
	struct answer a;

	(void)state;
	begin(&a, READ | WRITE | MMAP, 0x100000);
	assert_int_equal(parse(&a, &r), 0);
	assert_int_equal(r.index, 2);
	assert_int_equal(r.flags, READ | WRITE | MMAP);
	assert_int_equal(r.size, 0x100000);
	assert_int_equal(r.offset, 2ULL << 40);
	assert_int_equal(r.caps.nr, 0);
	/* All of it can be mapped. */
	assert_false(r.sparse);
	assert_int_equal(r.nr_areas, 1);
	assert_int_equal(r.areas[0].offset, 0);
	assert_int_equal(r.areas[0].size, 0x100000);

	/* Nothing of it; nothing there. */
	begin(&a, READ | WRITE, 0x20);
	assert_int_equal(parse(&a, &r), 0);
	assert_int_equal(r.nr_areas, 0);
	begin(&a, READ | MMAP, 0);
	assert_int_equal(parse(&a, &r), 0);
	assert_int_equal(r.nr_areas, 0);

	/* A chain that no flag announces is not one. */
	begin(&a, MMAP, 0x1000);
	put_sparse(&a, around_msix, 2);
	assert_int_equal(parse(&a, &r), 0);
	assert_int_equal(r.caps.nr, 0);
	assert_int_equal(r.nr_areas, 1);
}

static void test_chain(void **state)
{
	struct vfio_region r;
	struct answer a;
	size_t at;

	(void)state;
	begin(&a, READ | MMAP | CAPS, 0x10000);
	put_cap(&a, MSIX);
	put_cap(&a, TYPE);
	put_u32(&a, 0x80008086);
	put_u32(&a, 3);
	put_cap(&a, UNKNOWN);
	put_u32(&a, 0);
	/* At 4 modulo 8, as kernels before 6.6 leave it. */
	at = put_sparse(&a, around_msix, 2);
	assert_int_equal(at % 8, 4);
	put_cap(&a, SSATGT);
	assert_int_equal(parse(&a, &r), 0);
	assert_int_equal(r.caps.nr, 5);
	assert_int_equal(r.caps.caps[0].id, MSIX);
	assert_int_equal(r.caps.caps[0].at, sizeof(struct vfio_region_info));
	assert_int_equal(r.caps.caps[2].id, UNKNOWN);
	assert_int_equal(r.caps.caps[3].at, at);
	assert_int_equal(r.caps.caps[4].version, 1);
	assert_true(r.msix_mappable);
	assert_true(r.typed);
	assert_int_equal(r.type, 0x80008086);
	assert_int_equal(r.subtype, 3);
	assert_true(r.sparse);
	assert_int_equal(r.areas_told, 2);
	assert_int_equal(r.nr_areas, 2);
	assert_int_equal(r.areas[1].offset, 0x4000);
	assert_int_equal(r.areas[1].size, 0xc000);

	/* No area at all: nothing can be mapped, whatever the flag says. */
	begin(&a, MMAP | CAPS, 0x10000);
	put_sparse(&a, NULL, 0);
	assert_int_equal(parse(&a, &r), 0);
	assert_true(r.sparse);
	assert_int_equal(r.nr_areas, 0);

	/* None is left out, and more than any kernel says is no answer. */
	for (uint64_t nr = 200; nr <= VFIO_AREAS_MAX + 1; nr += VFIO_AREAS_MAX + 1 - 200) {
		begin(&a, MMAP | CAPS, 0x10000000);
		put_cap(&a, SPARSE);
		put_u32(&a, (uint32_t)nr);
		put_u32(&a, 0);
		for (uint64_t i = 0; i < nr; i++) {
			put_u64(&a, i * 0x1000);
			put_u64(&a, 0x1000);
		}
		assert_int_equal(parse(&a, &r), nr == 200 ? 0 : -E2BIG);
		if (nr != 200)
			continue;
		assert_int_equal(r.nr_areas, 200);
		assert_int_equal(r.areas_told, 200);
		assert_int_equal(r.areas[199].offset, 199 * 0x1000);
	}
}

static void test_areas(void **state)
{
	static const struct {
		struct vfio_area area;
		int ret;
	} t[] = {
		{ { 0, 0x10000 }, 0 },
		{ { 0x10000, 0 }, 0 },
		{ { 0xf000, 0x1000 }, 0 },
		{ { 0xf000, 0x1001 }, -EINVAL },
		{ { 0x10001, 0 }, -EINVAL },
		{ { 0, 0x10001 }, -EINVAL },
		{ { UINT64_MAX, 2 }, -EINVAL }, /* past 2^64 */
		{ { 0x1000, UINT64_MAX }, -EINVAL },
	};
	struct vfio_region r;
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		begin(&a, MMAP | CAPS, 0x10000);
		put_sparse(&a, &t[i].area, 1);
		if (parse(&a, &r) != t[i].ret || r.nr_areas != !t[i].ret)
			fail_msg("row %zu: %u areas", i, r.nr_areas);
	}
}

static void test_lies(void **state)
{
	static const uint32_t counts[] = { 3, 0x10000000, 0x10000001, 0x80000000, UINT32_MAX };
	struct vfio_region r;
	struct answer a;
	size_t i, at;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		begin(&a, MMAP | CAPS, 0x10000);
		at = put_sparse(&a, around_msix, 2);
		set_u32(&a, at + 8, counts[i]);
		if (parse(&a, &r) != -EINVAL)
			fail_msg("nr_areas 0x%x of two taken", counts[i]);
		assert_int_equal(r.nr_areas, 0);
	}

	/* Cut off: a type without its subtype, areas without their count. */
	begin(&a, CAPS, 0);
	put_cap(&a, TYPE);
	put_u32(&a, 1);
	assert_int_equal(parse(&a, &r), -EINVAL);
	begin(&a, CAPS, 0);
	put_cap(&a, SPARSE);
	assert_int_equal(parse(&a, &r), -EINVAL);

	/* A cycle; an offset past the end. */
	begin(&a, MMAP | CAPS, 0x10000);
	at = put_cap(&a, MSIX);
	put_cap(&a, UNKNOWN);
	set_u32(&a, a.last + 4, at);
	assert_int_equal(parse(&a, &r), -EINVAL);
	assert_int_equal(r.nr_areas, 0);
	assert_int_equal(r.size, 0x10000);
	begin(&a, MMAP | CAPS, 0x10000);
	put_cap(&a, MSIX);
	set_u32(&a, a.last + 4, a.used);
	assert_int_equal(parse(&a, &r), -EINVAL);
	assert_int_equal(r.caps.nr, 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(vfio_region_cap_name(SPARSE), "sparse mmap");
	assert_string_equal(vfio_region_cap_name(MSIX), "MSI-X mappable");
	assert_string_equal(vfio_region_cap_name(0), "?");
	assert_string_equal(vfio_region_cap_name(6), "?");
	assert_string_equal(vfio_device_cap_name(5), "atomic completer");
	assert_string_equal(vfio_device_cap_name(6), "?");
	assert_string_equal(vfio_pci_region_name(0), "BAR0");
	assert_string_equal(vfio_pci_region_name(6), "ROM");
	assert_string_equal(vfio_pci_region_name(7), "config");
	assert_string_equal(vfio_pci_region_name(8), "VGA");
	assert_string_equal(vfio_pci_region_name(9), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_chain),
		cmocka_unit_test(test_areas), cmocka_unit_test(test_lies),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
