/* SPDX-License-Identifier: GPL-2.0 */
/* Reads frames from /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#ifndef TESTS_PAGEMAP_H
#define TESTS_PAGEMAP_H

#include <stdint.h>

/* The frame number in the entry of a present page; it is 0 without CAP_SYS_ADMIN. */
#define PFN_MASK ((UINT64_C(1) << 55) - 1)

/*
 * Reads the physical address, in bytes, of each of the @pages pages at @va, which must be present
 * in this process.  Ends the test if one of them is not shown.
 */
void read_frames(const void *va, uint64_t *frame, unsigned int pages);

#endif /* TESTS_PAGEMAP_H */
