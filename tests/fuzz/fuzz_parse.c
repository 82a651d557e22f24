// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes and PCI addresses: any text. */
#include <stdlib.h>
#include <string.h>

#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct pci_bdf bdf;
	uint64_t a, b;
	int i;

	memcpy(text, data, size);
	text[size] = '\0';
	/* What is a number is the same one as a size. */
	if (!parse_u64(text, &a) && (parse_size(text, &b) || a != b))
		abort();
	if (!parse_int(text, -7, 7, &i) && (i < -7 || i > 7))
		abort();
	if (!parse_bdf(text, &bdf) && (bdf.bus > 0xff || bdf.dev > 0x1f || bdf.fn > 7))
		abort();
	free(text);
	return 0;
}
