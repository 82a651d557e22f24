/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * x86-64: what an entry says beyond its flags.  This is not in pt_x86.h because only the programs
 * need it: the module returns raw entries.
 *
 * Memory types: Intel SDM volume 3A, 12.12 "Page attribute table", with the
 * PAT that Linux sets (arch/x86/mm/pat/memtype.c, pat_bp_init()).
 * Entries that are not present: arch/x86/include/asm/pgtable_64.h, "Encode and
 * de-code a swap entry": type in bits 63:59, offset inverted in bits 58:9.
 * Markers: include/linux/swapops.h, PTE_MARKER_*.
 */
#ifndef PT_X86_NAMES_H
#define PT_X86_NAMES_H

#include "fmt/pt_x86.h"

/* "WB", "WC", "UC-", "UC", "WP", "WT": how the CPU caches what a leaf maps. */
static inline const char *pt_x86_caching(__u32 level, __u64 entry)
{
	static const char *const name[8] = { "WB", "WC", "UC-", "UC", "WB", "WP", "UC-", "WT" };
	__u64 pat = level ? PT_X86_PAT_HUGE : PT_X86_PAT;

	return name[(entry & pat ? 4 : 0) | (entry & PT_X86_PCD ? 2 : 0) |
		    (entry & PT_X86_PWT ? 1 : 0)];
}

/* The protection key, 0 to 15; it is 0 unless pkey_mprotect() has set another. */
static inline unsigned int pt_x86_pkey(__u64 entry)
{
	return entry >> 59 & 15;
}

/* A page that only call, ret and WRUSS can write: since Linux 6.6, if the CPU has the feature. */
static inline int pt_x86_is_shadow_stack(__u64 entry)
{
	return (entry & PT_X86_P) && (entry & PT_X86_D) && !(entry & PT_X86_RW);
}

static inline unsigned int pt_x86_swap_type(__u64 entry)
{
	return entry >> 59;
}

static inline __u64 pt_x86_swap_offset(__u64 entry)
{
	return ~entry << 5 >> 14;
}

/*
 * What a PT_ABSENT entry stands for.  @nr has the number of the kernel's swap types in each class
 * (verify_pte_walk.swap_nr): files, poison, migration, device.  Types above these are markers.
 */
static inline const char *pt_x86_absent_name(const __u8 nr[4], __u64 entry)
{
	static const char *const class_name[4] = { "swap", "poisoned", "migration", "device" };
	unsigned int type = pt_x86_swap_type(entry), class;
	__u64 marker = pt_x86_swap_offset(entry);

	for (class = 0; class < 4; class ++) {
		if (type < nr[class])
			return class_name[class];
		type -= nr[class];
	}
	if (type)
		return "swap-error"; /* SWP_SWAPIN_ERROR, 6.1 */
	return marker & 4   ? "guard"
	       : marker & 2 ? "poison-marker"
	       : marker & 1 ? "uffd-wp"
			    : "marker";
}

#endif /* PT_X86_NAMES_H */
