/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the capability chains of VFIO's info calls say.  Pure. */
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

/* A chain, whatever is in it.  -EINVAL for one that lies; what came before is there. */
int vfio_caps_list(const void *info, size_t size, uint32_t offset, struct vfio_caps *caps);

/* A part of a region, in bytes from the region's start. */
struct vfio_area {
	uint64_t offset, size;
};

#define VFIO_AREAS_MAX (VFIO_INFO_MAX / 16) /* as many as an answer may hold */

struct vfio_region {
	uint32_t index, flags;
	uint64_t size, offset; /* the latter from the start of the device's file */
	struct vfio_caps caps;
	/* What can be mapped: all of the region, unless the kernel said areas. */
	bool sparse;
	struct vfio_area areas[VFIO_AREAS_MAX];
	unsigned int nr_areas;
	uint32_t areas_told; /* by the kernel */
	bool typed;	     /* a region of the device's own, past the usual ones */
	uint32_t type, subtype;
	bool msix_mappable; /* with the MSI-X table in it */
};

/*
 * -EINVAL for a chain, a count or an area that lies.  A kernel that says no areas
 * although the region can be mapped means all of it: that is one area here.
 */
int vfio_region_parse(const struct vfio_region_info *info, struct vfio_region *r);

/* "sparse mmap"; of device info: "atomic completer"; "?" */
const char *vfio_region_cap_name(uint16_t id);
const char *vfio_device_cap_name(uint16_t id);
/* "BAR0" ... "ROM", "config", "VGA", for vfio-pci; "" past them */
const char *vfio_pci_region_name(uint32_t index);

#endif /* VFIO_CAPS_H */
