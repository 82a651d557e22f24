// SPDX-License-Identifier: GPL-2.0
/* Records of /dev/kmsg: any bytes. */
#include <stdlib.h>
#include <string.h>

#include "env/klog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *record = malloc(size ? size : 1), *raw = malloc(size + 1);
	static const struct pci_bdf bdf = { .dev = 1 };
	struct klog_fault fault;
	uint64_t usec;
	char text[KLOG_LINE];

	memcpy(record, data, size);
	memcpy(raw, data, size);
	raw[size] = '\0';
	if (klog_parse_record(record, size, &usec, text, sizeof(text))) {
		if (strlen(text) >= size || strchr(text, '\n'))
			abort();
		klog_parse_fault(text, &fault);
	}
	/* Without the head, so that more gets as far. */
	if (klog_parse_fault(raw, &fault) &&
	    (!fault.iommu || (klog_fault_is(&fault, &bdf, 0x1000) && fault.rid != 8)))
		abort();
	free(raw);
	free(record);
	return 0;
}
