/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst. */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGEMAP_PAGE 4096ULL

/* Is the page present in RAM? */
static inline bool pagemap_present(uint64_t entry)
{
	return entry >> 63;
}

/* Its physical address in bytes; a reader without CAP_SYS_ADMIN sees 0. */
static inline uint64_t pagemap_pa(uint64_t entry)
{
	return (entry & ((1ULL << 55) - 1)) * PAGEMAP_PAGE;
}

/* Reads @nr entries of this process, from @vaddr on.  0 or -errno. */
int pagemap_read(uint64_t vaddr, size_t nr, uint64_t *entries);

#endif /* PAGEMAP_H */
