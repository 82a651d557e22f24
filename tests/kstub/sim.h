/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A memory with random page tables in it, under the kernel functions that kmod/walk.c calls, and
 * what a naive walk makes of each page.  The naive walk decodes by itself, from the SDM's words.
 *
 * Every read of an entry is checked: interrupts off, the mmap lock held (or one page of the
 * caller's own), a table that is in use, an entry that covers something asked about and in a VMA.
 */
#ifndef KSTUB_SIM_H
#define KSTUB_SIM_H

#include "walk.h"

#define SIM_TABLES   320
#define SIM_MAX_VMAS 8
#define SIM_SLOTS    512
/* Between two looks at the scheduler, and in one go with interrupts off */
#define SIM_MAX_DESCENTS 256
#define SIM_MAX_READS	 (2 * SIM_SLOTS + PT_MAX_LEVELS)

/* An entry as it was before a change, and where */
struct sim_change {
	unsigned int table, index;
	u64 old;
};

struct sim_table {
	bool used;
	u32 level;
	u64 base; /* first address that it covers */
};

struct sim {
	u64 seed;
	/* What it is made of: percent, unless said otherwise */
	struct {
		u32 levels;
		bool pti, shstk, whole_vma, all_rights;
		u32 same_upper; /* a table has the rights of the one before */
		u32 next;	/* an entry goes on where the one before ended */
		u32 table;	/* at the level of 2 MiB; else a leaf or nothing */
		u32 bad;	/* in 10,000: an entry that no kernel writes */
		u64 pages;	/* of the range, at the most */
		u64 encrypted;	/* a bit of each entry, which is none of the address; or 0 */
	} conf;

	u64 start, end; /* of the question */
	struct mm_struct mm;
	struct vm_area_struct vma[SIM_MAX_VMAS];
	u32 nr_vmas;

	u64 ram_pa; /* of the first table */
	struct sim_table table[SIM_TABLES];
	u32 nr_tables; /* ever given out: a freed one stays free */
	u32 root;

	/* Generation */
	u64 next[3];
	u64 upper_rights[PT_MAX_LEVELS];

	/* The kernel's state */
	bool irqs_off, locked, fast_allowed;
	u32 reads, descents, locks;
	u64 nr_reads;
	bool kill;			  /* the lock is not to be had */
	bool seen[SIM_TABLES][SIM_SLOTS]; /* entries read */
	u64 nr_seen;

	/* Called where tables may change: interrupts on; unlocked; before an entry is read */
	void (*at_irqs_on)(struct sim *s);
	void (*at_unlocked)(struct sim *s);
	void (*at_read)(struct sim *s, u32 table, u32 index);
	struct sim_change change[4096];
	u32 nr_changes;
};

/* What a page is */
struct sim_page {
	u32 kind, level;
	u64 entry, pa;
	u32 rights, no_user;
	u32 upper_rights, upper_no_user; /* without the last entry */
	u64 entry_base;			 /* first address that the entry covers */
	u32 table, index;		 /* where it stands */
	bool bad;			 /* EIO */
};

extern struct sim sim;

/* Given by who links this: numbers below @below; what to do with a difference */
u64 sim_random(u64 below);
__attribute__((noreturn, format(printf, 1, 2))) void sim_fail(const char *fmt, ...);

static inline bool sim_chance(u32 percent)
{
	return sim_random(100) < percent;
}

/* New tables under sim.conf; a range to ask about, and VMAs. */
void sim_build(struct sim *s);

void sim_look(const struct sim *s, u64 va, struct sim_page *page);
const struct vm_area_struct *sim_vma(const struct sim *s, u64 va);

u64 *sim_slot(struct sim *s, u32 table, u32 index);
/* The table that an entry points to; SIM_TABLES where there is none */
u32 sim_table_of(const struct sim *s, u64 entry);

/* Changes of a living page table: an entry; a table made of, or freed for, an entry */
void sim_set(struct sim *s, u32 table, u32 index, u64 entry);
u64 sim_new_entry(struct sim *s, u32 level, u64 va);
u64 sim_new_table(struct sim *s, u32 level, u64 base);
void sim_free_table(struct sim *s, u32 table);
u64 sim_size(u32 level);

#endif /* KSTUB_SIM_H */
