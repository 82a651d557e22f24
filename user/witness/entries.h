/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The module reports a range in two forms: runs of pages, and the raw entries that the runs sum up.
 * These functions compare the two.  Pure.
 */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"
#include "uapi/verify_pte.h"

struct entries {
	const struct pt_fmt *fmt;
	unsigned int levels;
	uint64_t pa_mask;
	uint64_t start, end; /* the requested range */
	const struct verify_pte_run *runs;
	size_t nr_runs;
	const struct verify_pte_entry *raws;
	size_t nr_raws;
};

/*
 * Do both forms agree on every page of the range, and contain no other page?  If not, @where has
 * the first address where they differ.
 */
bool entries_match(const struct entries *e, uint64_t *where);

/*
 * How many base pages are mapped by pages of another size than @page_size; @where has the first.
 */
uint64_t entries_other_size(const struct entries *e, uint64_t page_size, uint64_t *where);

#endif /* ENTRIES_H */
