// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the page tables of a process.  It never writes an entry and never faults a page in.
 *
 * Three things keep the tables from being freed while they are read:
 *
 *   mm_users, which the caller holds: exit does not tear the tables down.
 *
 *   The mmap lock for reading, and a VMA that covers the address: munmap() first takes the VMA out
 *	under the write lock, then it may free the tables of that range under the read lock, at
 *	the same time as we hold it.  So only addresses inside of a VMA are walked.
 *
 *   Interrupts off: khugepaged, PT_RECLAIM and hugetlb unsharing free a table inside of a VMA, and
 *	they wait for an RCU grace period or send an IPI to every CPU first, because GUP-fast
 *	needs that.  Neither completes while interrupts are off here.  They are off for one
 *	descent, and so for the entries of one table at most.
 *
 * For one page of the caller's own mm, interrupts off are enough without the mmap lock: GUP-fast
 * does the same.
 *
 * Each entry is read once, with READ_ONCE(), and everything that is said about it comes from that
 * copy.  An entry that does not end up in the answer is read again by the next descent.
 */
#include <linux/swap.h>

#include "walk.h"

#if !defined(CONFIG_X86_64) || !defined(CONFIG_MMU_GATHER_RCU_TABLE_FREE)
#error "only for x86-64 with MMU_GATHER_RCU_TABLE_FREE: a table could be freed while it is read"
#endif

/* Descents in one batch: then the mmap lock is given up, and the caller calls cond_resched(). */
#define WALK_BUDGET 256

/*
 * The same bit has several names in some kernels.  If the kernel uses it for something, only that
 * name is given, not the number of the software bit.
 */
const u64 pt_native_soft[PT_NR_SOFT] = {
	[PT_SOFT_SPECIAL] = _PAGE_SPECIAL,
#ifdef _PAGE_UFFD_WP
	[PT_SOFT_UFFD_WP] = _PAGE_UFFD_WP,
#endif
	[PT_SOFT_SOFT_DIRTY] = _PAGE_SOFT_DIRTY,
#ifdef _PAGE_DEVMAP /* to 6.17 */
	[PT_SOFT_DEVMAP] = _PAGE_DEVMAP,
#else
	[PT_SOFT_SOFTW4] = 1ULL << _PAGE_BIT_SOFTW4,
#endif
#ifdef _PAGE_SAVED_DIRTY /* since 6.6 */
	[PT_SOFT_SAVED_DIRTY] = _PAGE_SAVED_DIRTY,
#elif defined(_PAGE_BIT_SOFTW5)
	[PT_SOFT_SOFTW5] = 1ULL << _PAGE_BIT_SOFTW5,
#endif
};

void walk_init(struct walk *w, struct mm_struct *mm, void *buf)
{
	const u8 nr[] = { MAX_SWAPFILES, SWP_HWPOISON_NUM, SWP_MIGRATION_NUM, SWP_DEVICE_NUM };
	const void *pgd;

	memset((u8 *)&w->out + WALK_ASKED, 0, sizeof(w->out) - WALK_ASKED);
	w->nr = 0;
	w->path.level = PT_MAX_LEVELS;
	w->domain = NULL;
	w->seen_vma = false;
	w->mm = mm;
	w->addr = w->out.start;
	w->end = w->addr + w->out.len;
	w->buf = buf;
	w->raw = w->out.flags & VERIFY_PTE_RAW;
	BUILD_BUG_ON(ARRAY_SIZE(w->out.pages) != PT_NR_KINDS);
	if (!mm)
		return;
	pgd = mm->pgd;
	w->out.levels = walk_levels();
	w->out.pa_mask = PTE_PFN_MASK;
	w->out.kernel_root_pa = __pa(pgd);
	/*
	 * With PTI the PGD is two pages.  At user level the CPU uses the second one:
	 * kernel_to_user_pgdp().
	 */
	if (cpu_feature_enabled(X86_FEATURE_PTI)) {
		w->out.features |= VERIFY_PTE_PTI;
		pgd += PAGE_SIZE;
	}
#ifdef X86_FEATURE_USER_SHSTK /* since 6.6 */
	if (cpu_feature_enabled(X86_FEATURE_USER_SHSTK))
		w->out.features |= VERIFY_PTE_SHSTK;
#endif
	w->root = pgd;
	w->out.root_pa = __pa(pgd);
	w->out.zero_pa = PFN_PHYS(page_to_pfn(ZERO_PAGE(0)));
	memcpy(w->out.swap_nr, nr, sizeof(nr));
}

/*
 * Records one entry.  An entry on the path to the last record is in the answer already, and is not
 * recorded twice.  If it has changed since, it is recorded again, and so is every entry below it.
 * Returns false if the buffer is full.
 */
static bool walk_add_raw(struct walk *w, const u64 *table, u32 level, u64 addr, u64 entry,
			 enum pt_kind kind)
{
	const u32 shift = pt_shift(&pt_native, level);
	struct walk_path *path = &w->path;

	if (level >= path->level && path->addr >> shift == addr >> shift &&
	    path->entry[level] == entry)
		return true;
	w->full = w->nr == w->cap;
	if (w->full)
		return false;
	w->raws[w->nr++] = (struct verify_pte_entry){
		.vaddr = addr,
		.table_pa = __pa(table),
		.entry = entry,
		.index = pt_index(&pt_native, level, addr),
		.level = level,
		.kind = kind,
	};
	path->entry[level] = entry;
	path->addr = addr;
	path->level = level;
	return true;
}

/* Begins a new run with one entry.  Returns false if the buffer is full. */
static bool walk_add_run(struct walk *w, const struct pt_effective *upper, u32 level, u64 addr,
			 u64 end, u64 entry, enum pt_kind kind)
{
	struct pt_effective eff = { 0 };
	u64 pa = 0;

	w->full = w->nr == w->cap;
	if (w->full)
		return false;
	if (pt_has_frame(kind)) {
		pa = pt_frame(&pt_native, level, entry, addr, w->out.pa_mask);
		eff = *upper;
		pt_effective_add(&pt_native, &eff, level, entry);
	}
	w->runs[w->nr++] = (struct verify_pte_run){
		.vaddr = addr,
		.len = end - addr,
		.pa = pa,
		.entry = entry,
		.level = level,
		.kind = kind,
		.rights = eff.rights,
		.no_user_levels = eff.no_user_levels,
	};
	w->run_upper = *upper;
	w->run_keep = pt_has_frame(kind) ? ~pt_native.volatile_mask : ~0ULL;
	w->run_step = pt_native.step(level, entry);
	w->run_next = entry + w->run_step;
	w->run_end = end;
	return true;
}

/*
 * Records the entries of one table from w->addr up to @end.  @entry is a copy of the first one.
 *
 * Stops before an entry that points to a lower table, and before a leaf at a level that has none.
 * The next descent starts at that address, and follows the one and refuses the other.
 */
static void walk_table(struct walk *w, const u64 *table, u32 level,
		       const struct pt_effective *upper, u64 entry, u64 end)
{
	u64 addr = w->addr;
	const u32 shift = pt_shift(&pt_native, level), index = pt_index(&pt_native, level, addr);
	const u64 base = addr >> shift << shift, *first = table + index, *e = first;
	const u64 *last = e + min_t(u64, PTRS_PER_PTE - index, ((end - 1 - base) >> shift) + 1);
	struct verify_pte_run *run = w->runs + (w->nr ? w->nr - 1 : 0);
	/*
	 * Can the entry continue the last run?  A hole continues a hole, at any level.  Anything
	 * else must be at the same level, with the same rights above it.  A frame must also be the
	 * next one: where a VMA ends inside of a huge page the run ends there too, and the next VMA
	 * begins with the same entry again, while run_next is the entry after it.
	 */
	bool joins =
		!w->raw && w->nr && w->run_end == addr &&
		(run->kind == PT_NONE || (run->level == level && (addr == base || !w->run_step) &&
					  !memcmp(&w->run_upper, upper, sizeof(*upper))));

	for (;; entry = READ_ONCE(*e)) {
		const u64 keep = w->run_keep, step = w->run_step;
		u64 to, next = w->run_next;
		enum pt_kind kind;

		if (joins && !((entry ^ next) & keep)) {
			/*
			 * Compare four entries at a time while all of them continue the run.  When
			 * one of the four does not, they are read again, one by one, and only what
			 * is read then counts.
			 */
			e++;
			next += step;
			while (last - e >= 4) {
				if (((READ_ONCE(e[0]) ^ next) | (READ_ONCE(e[1]) ^ (next + step)) |
				     (READ_ONCE(e[2]) ^ (next + 2 * step)) |
				     (READ_ONCE(e[3]) ^ (next + 3 * step))) &
				    keep)
					break;
				e += 4;
				next += 4 * step;
			}
			while (e < last) {
				entry = READ_ONCE(*e);
				if ((entry ^ next) & keep)
					break;
				e++;
				next += step;
			}
			w->run_next = next;
			to = min(base + ((u64)(e - first) << shift), end);
			run = &w->runs[w->nr - 1];
			run->len += to - addr;
			w->run_end = to;
			w->out.pages[run->kind] += (to - addr) >> PAGE_SHIFT;
			addr = to;
			if (e == last)
				break;
		}
		kind = pt_native.kind(level, entry);
		if (kind == PT_TABLE || (level > pt_native.max_leaf_level && pt_has_frame(kind)))
			break;
		to = min(base + ((u64)(e + 1 - first) << shift), end);
		joins = !w->raw;
		if (joins ? !walk_add_run(w, upper, level, addr, to, entry, kind)
			  : !walk_add_raw(w, table, level, addr, entry, kind))
			break;
		w->out.pages[kind] += (to - addr) >> PAGE_SHIFT;
		addr = to;
		if (++e == last)
			break;
	}
	w->out.entries += e - first + (e < last);
	w->addr = addr;
}

/*
 * One descent from the root, with interrupts off.  It ends in the table in which the entry for
 * w->addr points to no further table, and records the entries of that table.
 */
static int walk_descend(struct walk *w, u64 end)
{
	struct pt_effective eff = PT_EFFECTIVE_INIT;
	const u64 *table = w->root;
	u32 level = w->out.levels - 1;

	w->out.descents++;
	for (;; level--) {
		u64 entry = READ_ONCE(table[pt_index(&pt_native, level, w->addr)]);
		enum pt_kind kind = pt_native.kind(level, entry);
		u64 next_pa;

		if (kind != PT_TABLE) {
			if (pt_has_frame(kind) && level > pt_native.max_leaf_level)
				return -EIO;
			walk_table(w, table, level, &eff, entry, end);
			return 0;
		}
		if (w->raw && !walk_add_raw(w, table, level, w->addr, entry, kind))
			return 0;
		pt_effective_add(&pt_native, &eff, level, entry);
		w->out.entries++;
		next_pa = pt_native.pa(level, entry, w->out.pa_mask);
		if (!pfn_valid(PHYS_PFN(next_pa)))
			return -EIO;
		table = __va(next_pa);
	}
}

int walk_batch(struct walk *w)
{
	struct vm_area_struct *vma = NULL;
	int budget = WALK_BUDGET, ret = 0;
	unsigned long flags;

	w->full = false;
	/*
	 * Fast path: one page of the caller's own mm needs interrupts off only, as in GUP-fast.  A
	 * frame proves that there is a VMA.  Without one the walk begins again below, under the
	 * mmap lock, which tells a hole in a VMA from an address that is in no VMA.
	 */
	if (w->mm == current->mm && !w->raw && w->out.len == PAGE_SIZE && !w->out.answer) {
		local_irq_save(flags);
		w->seen_vma = !walk_descend(w, w->end) && w->nr && pt_has_frame(w->runs[0].kind);
		local_irq_restore(flags);
		if (w->seen_vma)
			return 0;
		walk_init(w, w->mm, w->buf);
	}
	if (mmap_read_lock_killable(w->mm))
		return -EINTR;
	while (w->addr < w->end) {
		if (!vma || w->addr >= vma->vm_end)
			vma = find_vma(w->mm, w->addr);
		w->addr = vma ? clamp_t(u64, vma->vm_start, w->addr, w->end) : w->end;
		if (w->addr == w->end)
			break;
		w->seen_vma = true;
		if (!budget--)
			break;

		local_irq_save(flags);
		ret = walk_descend(w, min_t(u64, vma->vm_end, w->end));
		local_irq_restore(flags);
		if (ret || w->full)
			break;
	}
	mmap_read_unlock(w->mm);
	return ret;
}
