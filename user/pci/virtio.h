/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a virtio PCI device says of its DMA: does it go through the IOMMU?  Pure.
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
#define VIRTIO_COMMON_MIN     0x08 /* as much of it as is used here */

/* Both are in the second word of the features, which is selected by 1. */
#define VIRTIO_FEATURE_WORD    1
#define VIRTIO_VERSION_1       (1U << 0) /* bit 32 */
#define VIRTIO_ACCESS_PLATFORM (1U << 1) /* bit 33 */

/* Vendor 1af4, device 1000 to 107f */
bool virtio_is(uint32_t vendor, uint32_t device);
/* Of one: has it the registers of before 1.0, besides others or alone? */
bool virtio_transitional(uint32_t device);

/* Where the common configuration is. */
struct virtio_common {
	unsigned int bar;
	uint32_t offset, length;
};

/*
 * Finds it among the capabilities.  0; -ENOENT: there is none, as of a device with the
 * interface of before 1.0 alone; -EINVAL: the capability contradicts itself.
 */
int virtio_common_find(const uint8_t *config, size_t size, const struct pci_config *c,
		       struct virtio_common *common);

enum virtio_path {
	VIRTIO_TRANSLATED, /* its DMA goes through the IOMMU */
	VIRTIO_PAST,	   /* its addresses are physical ones */
	VIRTIO_UNKNOWN,	   /* what was read are no features */
};

/* Judges the second word of the features. */
enum virtio_path virtio_judge(uint32_t features);

#endif /* VIRTIO_H */
