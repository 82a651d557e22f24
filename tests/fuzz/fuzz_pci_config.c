// SPDX-License-Identifier: GPL-2.0
/* Configuration space: any bytes, of just that size.  What is found is inside. */
#include <stdlib.h>
#include <string.h>

#include "pci/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_caps(const struct pci_cap *caps, unsigned int nr, unsigned int from, size_t to)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (caps[i].at < from || caps[i].at + 4U > to || caps[i].at % 4)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct pci_config c;
	unsigned int i;

	memcpy(copy, data, size);
	if (!pci_config_decode(copy, size, &c)) {
		if (c.nr_caps > PCI_CAPS_MAX || c.nr_ext_caps > PCI_EXT_CAPS_MAX ||
		    c.nr_bars > PCI_BARS || c.msix.entries > 2048 || c.msi.vectors > 128)
			abort();
		check_caps(c.caps, c.nr_caps, PCI_CONFIG_CAPS_AT,
			   size < PCI_CONFIG_STANDARD ? size : PCI_CONFIG_STANDARD);
		check_caps(c.ext_caps, c.nr_ext_caps, PCI_CONFIG_STANDARD, size);
		for (i = 0; i < PCI_BARS; i++)
			if (c.bars[i].address && !c.bars[i].used)
				abort();
		if (c.wrong && c.wrong_at >= size)
			abort();
	}
	free(copy);
	return 0;
}
