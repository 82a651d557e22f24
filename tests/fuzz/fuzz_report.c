// SPDX-License-Identifier: GPL-2.0
/*
 * Reports: any bytes.  What parses is compared with a memory that agrees with
 * the report's own tables, where it has them, and points at itself elsewhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "qemu/compare.h"
#include "qemu/join.h"
#include "qemu/report.h"
#include "qemu/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_table(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE])
{
	const struct qemu_report *r = ctx;
	size_t i;

	if (pa >> 40)
		return -EFAULT;
	for (i = 0; i < QEMU_TABLE; i++)
		entries[i] = (pa ^ i << 12) | 0x67;
	for (i = 0; i < r->nr_entries; i++)
		if (r->entries[i].table_pa == pa)
			entries[pt_index(&pt_x86, r->entries[i].level, r->entries[i].vaddr)] =
				r->entries[i].entry;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ram_range all = { 0, (1ULL << 40) - 1, true };
	static const struct ram_map ram = { &all, 1 };
	static struct qemu_tables tables;
	struct qemu_guest guest;
	struct qemu_compare c;
	struct qemu_report r;
	char why[64];

	if (qemu_report_parse(&pt_x86, (const char *)data, size, &r, why, sizeof(why)))
		return 0;
	tables = (struct qemu_tables){ .fmt = &pt_x86, .read = read_table, .ctx = &r, .ram = &ram };
	if (!qemu_compare(&r, &tables, false, &c)) {
		if (c.mismatched > c.compared || c.claims_mismatched > c.claims ||
		    c.pages_mismatched > c.pages_compared || c.pages_compared > c.pages ||
		    !c.mismatched != !c.pages_mismatched ||
		    c.unverified + c.user + c.supervisor + c.absent > c.pages)
			abort();
		if (qemu_compare_agrees(&c) &&
		    (c.user != r.user || c.supervisor != r.supervisor || c.absent != r.absent ||
		     c.pages != r.total || c.user + c.supervisor + c.absent != c.pages ||
		     !(c.user + c.supervisor) || c.changed || c.not_ram))
			abort();
	}
	if (!qemu_guest_judge(&r, &guest, why, sizeof(why)) &&
	    qemu_join(r.json, NULL, &guest, STATUS_UNVERIFIED, "") == STATUS_PASS)
		abort();
	qemu_report_free(&r);
	return 0;
}
