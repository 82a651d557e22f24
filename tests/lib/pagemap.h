/* SPDX-License-Identifier: GPL-2.0 */
/* Frames as /proc/self/pagemap tells them (Documentation/admin-guide/mm/pagemap.rst) */
#ifndef TESTS_PAGEMAP_H
#define TESTS_PAGEMAP_H

#include <stdint.h>

/* Of an entry of a present page: the number of its frame; 0 without CAP_SYS_ADMIN */
#define PFN_MASK ((UINT64_C(1) << 55) - 1)

/*
 * The physical address, in bytes, of each of @pages pages from @va on, which are our own and
 * present.  Ends the test if one of them cannot be told.
 */
void read_frames(const void *va, uint64_t *frame, unsigned int pages);

#endif /* TESTS_PAGEMAP_H */
