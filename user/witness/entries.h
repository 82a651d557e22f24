/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The module gives a range in two forms: runs of pages, which are its sum, and the entries
 * that the sum is taken of.  Holds the two against each other.  Pure.
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
	uint64_t start, end; /* the range asked for */
	const struct verify_pte_run *runs;
	size_t nr_runs;
	const struct verify_pte_entry *raws;
	size_t nr_raws;
};

/*
 * Do both say the same of every page of the range, and nothing of any other?  Else false, and
 * @where has the first address where they do not.
 */
bool entries_match(const struct entries *e, uint64_t *where);

/*
 * How many base pages of the range are mapped, and not by pages of @page_size: the first of them
 * in @where.
 */
uint64_t entries_other_size(const struct entries *e, uint64_t page_size, uint64_t *where);

#endif /* ENTRIES_H */
