/* SPDX-License-Identifier: GPL-2.0 */
/* Definitions for all programs for the guest: page sizes of x86-64, in bytes. */
#ifndef TESTS_BASE_H
#define TESTS_BASE_H

#include <stdint.h>
#include <sys/mman.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define PAGE	      UINT64_C(4096)
#define MIB	      (UINT64_C(1) << 20)
#define MIB2	      (UINT64_C(1) << 21)
#define GIB	      (UINT64_C(1) << 30)

#define RW	      (PROT_READ | PROT_WRITE)

/* Bookworm's headers may be older than the kernel of the guest. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif

#endif /* TESTS_BASE_H */
