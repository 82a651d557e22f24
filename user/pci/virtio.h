/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Does the DMA of a virtio PCI device go through the IOMMU, by its own account?  Pure.
 *
 * Virtual I/O Device (VIRTIO) 1.2: 4.1.2 (PCI ids), 4.1.4 (capabilities), 4.1.4.3 (common
 * configuration), 6 (reserved feature bits).
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/config.h"

/* Offsets in the common configuration; each register has 32 bits, little-endian. */
#define VIRTIO_FEATURE_SELECT 0x00
#define VIRTIO_FEATURE	      0x04
#define VIRTIO_COMMON_MIN     0x08 /* the length that is used here */

/* Both are in the second word of the features, which is selected by 1. */
#define VIRTIO_FEATURE_WORD    1
#define VIRTIO_VERSION_1       (1U << 0) /* bit 32 */
#define VIRTIO_ACCESS_PLATFORM (1U << 1) /* bit 33 */

/* Vendor 1af4, device 1000 to 107f */
bool virtio_is(uint32_t vendor, uint32_t device);
/* Of a virtio device: does it have the registers of the interface before 1.0? */
bool virtio_transitional(uint32_t device);

/* Where the common configuration is. */
struct virtio_common {
	unsigned int bar;
	uint32_t offset, length;
};

/*
 * Finds it by its capability.  0; -ENOENT: there is none, as in a device that has only the
 * interface before 1.0; -EINVAL: the capability is inconsistent.
 */
int virtio_common_find(const uint8_t *config, size_t size, const struct pci_config *c,
		       struct virtio_common *common);

enum virtio_path {
	VIRTIO_TRANSLATED, /* its DMA goes through the IOMMU */
	VIRTIO_PAST,	   /* its addresses are physical ones */
	VIRTIO_UNKNOWN,	   /* what was read is not a word of features */
};

/* Judges the second word of the features. */
enum virtio_path virtio_judge(uint32_t features);

#endif /* VIRTIO_H */
