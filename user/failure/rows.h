/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The rows of the table of failures, one file a theme.  The order of all rows has a meaning:
 * a failure stands before those that cannot be fixed, or judged, while it lasts, and of
 * several rows that fit a failed step the first is taken.  lookup.c has the order of the files,
 * so a theme has two files where the rows of others stand between its own.
 *
 * clang-format is off for the tables: it would indent each of them by one more tab, since
 * their texts are longer than a line.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

#include "failure/failure.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI	      "/sys/bus/pci"

/* The table of one file. */
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
