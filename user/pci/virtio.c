// SPDX-License-Identifier: GPL-2.0
#include "pci/virtio.h"

#include <errno.h>
#include <linux/pci_regs.h>

#define VENDOR	     0x1af4
#define FIRST_DEVICE 0x1000
#define LAST_DEVICE  0x107f
#define FIRST_MODERN 0x1040

/* struct virtio_pci_cap: offsets in the capability, and its size */
#define CAP_LEN	    2
#define CAP_TYPE    3
#define CAP_BAR	    4
#define CAP_OFFSET  8
#define CAP_LENGTH  12
#define CAP_SIZE    16

#define TYPE_COMMON 1

bool virtio_is(uint32_t vendor, uint32_t device)
{
	return vendor == VENDOR && device >= FIRST_DEVICE && device <= LAST_DEVICE;
}

bool virtio_transitional(uint32_t device)
{
	return device < FIRST_MODERN;
}

static uint32_t get32(const uint8_t *b)
{
	return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

int virtio_common_find(const uint8_t *config, size_t size, const struct pci_config *c,
		       struct virtio_common *common)
{
	unsigned int i;

	for (i = 0; i < c->nr_caps; i++) {
		const uint8_t *cap = config + c->caps[i].at;

		if (c->caps[i].id != PCI_CAP_ID_VNDR)
			continue;
		if (size - c->caps[i].at <= CAP_TYPE)
			return -EINVAL;
		if (cap[CAP_TYPE] != TYPE_COMMON)
			continue;
		if (cap[CAP_LEN] < CAP_SIZE || size - c->caps[i].at < CAP_SIZE)
			return -EINVAL;
		common->bar = cap[CAP_BAR];
		common->offset = get32(cap + CAP_OFFSET);
		common->length = get32(cap + CAP_LENGTH);
		/* Values above 5 are reserved; a driver must ignore such a capability. */
		if (common->bar >= PCI_BARS)
			continue;
		if (common->offset % sizeof(uint32_t) || common->length < VIRTIO_COMMON_MIN)
			return -EINVAL;
		return 0;
	}
	/* A broken list might have had it after the point where decoding stopped. */
	return c->wrong ? -EINVAL : -ENOENT;
}

enum virtio_path virtio_judge(uint32_t features)
{
	/* All ones: the device did not respond.  A word of features always has VERSION_1. */
	if (features == UINT32_MAX || !(features & VIRTIO_VERSION_1))
		return VIRTIO_UNKNOWN;
	return features & VIRTIO_ACCESS_PLATFORM ? VIRTIO_TRANSLATED : VIRTIO_PAST;
}
