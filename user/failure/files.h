/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How many files this program may have open. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>

#include "lib/err.h"

/* As many as any command has open at a time, and room for what libraries open. */
#define FILES_NEEDED 64

/*
 * With fewer, files of /proc and /sys would look as if they were not there.  Raises the soft
 * limit where the hard one allows; false: @err says why not.
 */
bool files_enough(struct err *err);

#endif /* FILES_H */
