// SPDX-License-Identifier: GPL-2.0
#include "vfio/caps.h"

#include <errno.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

int vfio_caps_list(const void *info, size_t size, uint32_t offset, struct vfio_caps *caps)
{
	const struct vfio_info_cap_header *cap = NULL;
	unsigned int left = VFIO_CAPS_MAX;
	int err = 0;

	caps->nr = 0;
	while ((cap = vfio_cap_next(info, size, offset, cap, &left, &err)))
		caps->caps[caps->nr++] = (struct vfio_cap){
			.id = cap->id,
			.version = cap->version,
			.at = (const char *)cap - (const char *)info,
		};
	return err;
}

/* A capability is aligned to 4 bytes only, so structures with 64-bit fields are copied out. */
static int parse_sparse(const char *cap, size_t room, struct vfio_region *r)
{
	struct vfio_region_info_cap_sparse_mmap head;
	uint32_t i;

	if (room < sizeof(head))
		return -EINVAL;
	memcpy(&head, cap, sizeof(head));
	if (head.nr_areas > (room - sizeof(head)) / sizeof(struct vfio_region_sparse_mmap_area))
		return -EINVAL;
	if (head.nr_areas > VFIO_AREAS_MAX)
		return -E2BIG;
	r->sparse = true;
	r->areas_told = head.nr_areas;
	r->nr_areas = 0;
	for (i = 0; i < head.nr_areas; i++) {
		struct vfio_region_sparse_mmap_area area;

		memcpy(&area, cap + sizeof(head) + i * sizeof(area), sizeof(area));
		if (area.offset > r->size || area.size > r->size - area.offset)
			return -EINVAL;
		r->areas[r->nr_areas++] = (struct vfio_area){ area.offset, area.size };
	}
	return 0;
}

static int parse_type(const char *cap, size_t room, struct vfio_region *r)
{
	struct vfio_region_info_cap_type type;

	if (room < sizeof(type))
		return -EINVAL;
	memcpy(&type, cap, sizeof(type));
	r->typed = true;
	r->type = type.type;
	r->subtype = type.subtype;
	return 0;
}

static int parse_msix_mappable(const char *cap, size_t room, struct vfio_region *r)
{
	(void)cap;
	(void)room;
	r->msix_mappable = true;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(const char *cap, size_t room, struct vfio_region *r);
} region_caps[] = {
	[VFIO_REGION_INFO_CAP_SPARSE_MMAP] = { "sparse mmap", parse_sparse },
	[VFIO_REGION_INFO_CAP_TYPE] = { "type", parse_type },
	[VFIO_REGION_INFO_CAP_MSIX_MAPPABLE] = { "MSI-X mappable", parse_msix_mappable },
	[VFIO_REGION_INFO_CAP_NVLINK2_SSATGT] = { "NVLink2 target address", NULL },
	[VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD] = { "NVLink2 speed", NULL },
};

int vfio_region_parse(const struct vfio_region_info *info, struct vfio_region *r)
{
	unsigned int i;
	int err = 0;

	memset(r, 0, sizeof(*r));
	r->index = info->index;
	r->flags = info->flags;
	r->size = info->size;
	r->offset = info->offset;
	if (info->flags & VFIO_REGION_INFO_FLAG_CAPS)
		err = vfio_caps_list(info, info->argsz, info->cap_offset, &r->caps);
	for (i = 0; !err && i < r->caps.nr; i++) {
		const struct vfio_cap *cap = &r->caps.caps[i];

		if (cap->id < ARRAY_SIZE(region_caps) && region_caps[cap->id].parse)
			err = region_caps[cap->id].parse((const char *)info + cap->at,
							 info->argsz - cap->at, r);
	}
	if (err) {
		r->nr_areas = 0;
		return err;
	}
	if (!r->sparse && r->size && r->flags & VFIO_REGION_INFO_FLAG_MMAP) {
		r->areas[0] = (struct vfio_area){ 0, r->size };
		r->nr_areas = 1;
	}
	return 0;
}

const char *vfio_region_cap_name(uint16_t id)
{
	return id < ARRAY_SIZE(region_caps) && region_caps[id].name ? region_caps[id].name : "?";
}

const char *vfio_device_cap_name(uint16_t id)
{
	/* The last one was added in 6.6. */
	static const char *const names[] = {
		"?", "zPCI base", "zPCI group", "zPCI util", "zPCI PFIP", "atomic completer",
	};

	return id < ARRAY_SIZE(names) ? names[id] : "?";
}

const char *vfio_pci_region_name(uint32_t index)
{
	static const char *const names[VFIO_PCI_NUM_REGIONS] = {
		"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5", "ROM", "config", "VGA",
	};

	return index < ARRAY_SIZE(names) ? names[index] : "";
}
