// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes, times, addresses, ranges and PCI addresses: any text. */
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is one page or more, in whole pages, and holds all of what was given. */
static void check_pages(const struct range *given)
{
	struct range r = *given;
	const uint64_t last = given->start + (given->has_len ? given->len - 1 : 0);
	bool moved;

	if (range_to_pages(&r, 4096, &moved))
		return;
	if (r.start % 4096 || r.len % 4096 || !r.len || r.start > given->start ||
	    r.start + (r.len - 1) < last || given->start - r.start > 4095 ||
	    r.start + (r.len - 1) - last > 4095)
		abort();
	if (!moved && (r.start != given->start || (given->has_len && r.len != given->len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), name[BDF_TEXT];
	struct pci_bdf bdf, again;
	struct range r;
	uint64_t a, b;
	bool user;
	int i;

	memcpy(text, data, size);
	text[size] = '\0';
	/* What is a number is the same one as a size; and that as an address, and as a range. */
	if (!parse_u64(text, &a) && (parse_size(text, &b) || a != b))
		abort();
	if (!parse_size(text, &a) && (parse_address(text, &b) || a != b))
		abort();
	if (!parse_address(text, &a) && strlen(text) < 32 &&
	    (parse_range(text, &r) || r.has_len || r.start != a))
		abort();
	if (!parse_range(text, &r)) {
		if (r.has_len && (!r.len || r.start + (r.len - 1) < r.start))
			abort();
		check_pages(&r);
	}
	if (!parse_duration(text, 1, &a) && !parse_duration(text, 1000, &b) && a != b &&
	    a != b / 1000)
		abort();
	if (!parse_int(text, -7, 7, &i) && (i < -7 || i > 7))
		abort();
	parse_expect(text, &user);
	if (!parse_bdf(text, &bdf)) {
		if (bdf.bus > 0xff || bdf.dev > 0x1f || bdf.fn > 7)
			abort();
		bdf_text(&bdf, name);
		if (parse_bdf(name, &again) || memcmp(&bdf, &again, sizeof(bdf)) != 0)
			abort();
	}
	free(text);
	return 0;
}
