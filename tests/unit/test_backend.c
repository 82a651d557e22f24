// SPDX-License-Identifier: GPL-2.0
/* The table of back ends: whole, named once, in the order that auto takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "vfio/backend.h"
#include "vfio/iommufd_uapi.h"

static void test_table(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < nr_backends; i++) {
		const struct backend *be = &backends[i];

		assert_non_null(be->name);
		assert_non_null(be->title);
		assert_non_null(be->node);
		assert_non_null(be->offered);
		assert_non_null(be->ops->open);
		assert_non_null(be->ops->set_iommu);
		assert_non_null(be->ops->get_device);
		assert_ptr_equal(backend_named(be->name), be);
		assert_string_not_equal(be->name, "auto");
		/* What says that it maps can, and its rules are somebody's. */
		if (be->has & BACKEND_MAP)
			assert_true(be->ops->info && be->ops->map && be->ops->unmap &&
				    be->rules < NR_RULES);
		/* A container has a type, and a group that goes into it. */
		if (be->has & BACKEND_CONTAINER)
			assert_true(be->type && be->has & BACKEND_GROUP);
		for (j = 0; j < i; j++)
			assert_string_not_equal(be->name, backends[j].name);
	}
	assert_null(backend_named("spapr"));
	assert_null(backend_named("auto"));
}

static void test_order(void **state)
{
	static const char *const want[] = { "iommufd", "type1v2", "type1", "noiommu" };
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < nr_backends; i++) {
		if (!backends[i].automatic)
			continue;
		assert_true(n < sizeof(want) / sizeof(want[0]));
		assert_string_equal(backends[i].name, want[n++]);
	}
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
}

/* As the kernel has them: include/uapi/linux/iommufd.h, include/uapi/linux/vfio.h */
static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(IOMMU_DESTROY, 0x3b80);
	assert_int_equal(IOMMU_IOAS_ALLOC, 0x3b81);
	assert_int_equal(IOMMU_IOAS_ALLOW_IOVAS, 0x3b82);
	assert_int_equal(IOMMU_IOAS_COPY, 0x3b83);
	assert_int_equal(IOMMU_IOAS_IOVA_RANGES, 0x3b84);
	assert_int_equal(IOMMU_IOAS_MAP, 0x3b85);
	assert_int_equal(IOMMU_IOAS_UNMAP, 0x3b86);
	assert_int_equal(IOMMU_OPTION, 0x3b87);
	assert_int_equal(VFIO_DEVICE_BIND_IOMMUFD, 0x3b76);
	assert_int_equal(VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0x3b77);
	assert_int_equal(VFIO_DEVICE_DETACH_IOMMUFD_PT, 0x3b78);
	assert_int_equal(sizeof(struct iommu_ioas_alloc), 12);
	assert_int_equal(sizeof(struct iommu_ioas_iova_ranges), 32);
	assert_int_equal(sizeof(struct iommu_ioas_allow_iovas), 24);
	assert_int_equal(sizeof(struct iommu_ioas_map), 40);
	assert_int_equal(sizeof(struct iommu_ioas_copy), 40);
	assert_int_equal(sizeof(struct iommu_ioas_unmap), 24);
	assert_int_equal(sizeof(struct iommu_option), 24);
	assert_int_equal(IOMMU_HWPT_ALLOC, 0x3b89);
	assert_int_equal(IOMMU_GET_HW_INFO, 0x3b8a);
	assert_int_equal(sizeof(struct iommu_hwpt_alloc), 40);
	assert_int_equal(sizeof(struct iommu_hw_info), 40);
	assert_int_equal(sizeof(struct vfio_device_bind_iommufd), 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
