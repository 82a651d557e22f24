// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO_IOMMU_GET_INFO, VFIO_DEVICE_GET_REGION_INFO: any bytes as the kernel's
 * answer, of just that size.  What is taken from them makes sense: ranges in
 * order, IOVAs inside them, areas inside the region.
 */
#include <stdlib.h>
#include <string.h>

#include "vfio/vfio.h"
#include "vfio/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_find(const struct vfio_iommu *iommu, uint64_t min)
{
	static const uint64_t sizes[] = { 1ULL << 12, 1ULL << 21, 1ULL << 30 };
	uint64_t iova;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!vfio_iova_find(iommu, min, sizes[i], sizes[i], &iova) &&
		    (iova < min || iova % sizes[i] || !vfio_iova_usable(iommu, iova, sizes[i])))
			abort();
}

static void check_region(const uint8_t *data, size_t size)
{
	struct vfio_region_info *info;
	struct vfio_region r;
	unsigned int i;

	if (size < sizeof(*info))
		return;
	info = malloc(size);
	memcpy(info, data, size);
	if (info->argsz > size)
		info->argsz = size;
	if (vfio_region_parse(info, &r) && r.nr_areas)
		abort();
	if (r.nr_areas > VFIO_AREAS_MAX || r.caps.nr > VFIO_CAPS_MAX)
		abort();
	for (i = 0; i < r.nr_areas; i++)
		if (r.areas[i].offset + r.areas[i].size < r.areas[i].offset ||
		    r.areas[i].offset + r.areas[i].size > r.size)
			abort();
	for (i = 0; i < r.caps.nr; i++)
		if (r.caps.caps[i].at + sizeof(struct vfio_info_cap_header) > info->argsz)
			abort();
	free(info);
}

static void check_iommu(const uint8_t *data, size_t size)
{
	struct vfio_iommu_type1_info *info;
	struct vfio_iommu iommu;
	unsigned int i;

	/* get_info() never has less than this. */
	if (size < sizeof(*info))
		return;
	info = malloc(size);
	memcpy(info, data, size);
	if (info->argsz > size)
		info->argsz = size;
	if (!vfio_iommu_parse(info, &iommu)) {
		if (iommu.nr_ranges > VFIO_RANGES_MAX)
			abort();
		for (i = 0; i < iommu.nr_ranges; i++) {
			if (iommu.ranges[i].start > iommu.ranges[i].end)
				abort();
			check_find(&iommu, iommu.ranges[i].start);
		}
		check_find(&iommu, info->iova_pgsizes);
	}
	free(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_iommu(data, size);
	check_region(data, size);
	return 0;
}
