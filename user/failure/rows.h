/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The rows of the table of failures, a file for each theme.  Within a file they stand in the
 * order in which to put them right; lookup.c has the order of the files.
 *
 * The tables are kept from clang-format, which would move each of them by a tab: the excess of
 * their long texts adds up.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

#include "failure/failure.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI	      "/sys/bus/pci"

struct failure_rows {
	const struct failure *row;
	size_t nr;
};

extern const struct failure_rows rows_device;
extern const struct failure_rows rows_driver;
extern const struct failure_rows rows_node;
extern const struct failure_rows rows_bind;
extern const struct failure_rows rows_vfio;
extern const struct failure_rows rows_mapping;
extern const struct failure_rows rows_vfio_device;
extern const struct failure_rows rows_module;
extern const struct failure_rows rows_note;

#endif /* ROWS_H */
