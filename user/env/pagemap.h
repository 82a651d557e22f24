/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst. */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGEMAP_PAGE 4096ULL

/* Is a page there (in RAM), and at which physical address? */
static inline bool pagemap_present(uint64_t entry)
{
	return entry >> 63;
}

/* In bytes; 0 is what a reader without CAP_SYS_ADMIN sees. */
static inline uint64_t pagemap_pa(uint64_t entry)
{
	return (entry & ((1ULL << 55) - 1)) * PAGEMAP_PAGE;
}

/* @nr entries of this process from @vaddr on.  0 or -errno. */
int pagemap_read(uint64_t vaddr, size_t nr, uint64_t *entries);

#endif /* PAGEMAP_H */
