/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Parses the capability chains in the answers of VFIO's info calls.  Pure. */
#ifndef VFIO_CAPS_H
#define VFIO_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio/vfio.h"

struct vfio_cap {
	uint16_t id, version;
	uint32_t at; /* offset in the answer */
};

struct vfio_caps {
	struct vfio_cap caps[VFIO_CAPS_MAX];
	unsigned int nr;
};

/*
 * Lists the capabilities of a chain, of any kind.  -EINVAL: the chain is not valid; @caps has those
 * before the error.
 */
int vfio_caps_list(const void *info, size_t size, uint32_t offset, struct vfio_caps *caps);

/* A part of a region, in bytes from the region's start. */
struct vfio_area {
	uint64_t offset, size;
};

#define VFIO_AREAS_MAX (VFIO_INFO_MAX / 16) /* the most that fit into an answer */

struct vfio_region {
	uint32_t index, flags;
	uint64_t size, offset; /* offset in the device's file */
	struct vfio_caps caps;
	/* The parts that can be mapped: the whole region, unless the kernel listed areas. */
	bool sparse;
	struct vfio_area areas[VFIO_AREAS_MAX];
	unsigned int nr_areas;
	uint32_t areas_told; /* the number of areas that the kernel gave */
	bool typed;	     /* a device-specific region, after the standard ones */
	uint32_t type, subtype;
	bool msix_mappable; /* the MSI-X table may be mapped with it */
};

/*
 * -EINVAL: a chain, a count or an area is not valid.  If the region can be mapped and the kernel
 * lists no areas, all of it can be: that is one area here.
 */
int vfio_region_parse(const struct vfio_region_info *info, struct vfio_region *r);

/* Names of capabilities of a region ("sparse mmap") and of a device ("atomic completer"), or "?" */
const char *vfio_region_cap_name(uint16_t id);
const char *vfio_device_cap_name(uint16_t id);
/* Names of vfio-pci's regions: "BAR0" ... "ROM", "config", "VGA"; "" for later ones */
const char *vfio_pci_region_name(uint32_t index);

#endif /* VFIO_CAPS_H */
