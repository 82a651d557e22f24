// SPDX-License-Identifier: GPL-2.0
/*
 * Reads page tables.  Never writes one, never faults a page in.  What keeps the tables:
 *   mm_users (the caller): exit does not tear them down.
 *   The mmap read lock, and a VMA around the address: munmap frees the tables of what is in no VMA
 *	any more, and may do so under a read lock of its own.  So a walk of another process's
 *	tables is one of its VMAs, always.
 *   Interrupts off: whoever frees a table that a VMA is around (khugepaged, PT_RECLAIM, hugetlb
 *	unsharing) waits for a grace period or for an IPI to every CPU, as GUP-fast needs it.
 *	Neither comes while interrupts are off here, which is for one table's entries at the most.
 *	For a page of the caller's own mm this is enough without the lock: GUP-fast has no more.
 * What is used of an entry is what one copy of it says; a copy not used is dropped.
 */
#include <linux/swap.h>

#include "walk.h"

#if !defined(CONFIG_X86_64) || !defined(CONFIG_MMU_GATHER_RCU_TABLE_FREE)
#error "x86-64 only, with tables freed by RCU: else interrupts off keep none that a VMA is around"
#endif

/* Descents (of at most one table each) between two looks at the scheduler. */
#define WALK_BUDGET 256

/* A bit that the kernel has a name of its own for is not told by its number as well. */
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
	/* There the CPU uses the page after it at user level: kernel_to_user_pgdp(). */
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
 * An entry on the way to the last record has one of its own, unless it has changed since; then it
 * is recorded again, and so is all below it.  False: there is no room.
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
 * The entries of one table from w->addr on, @entry the first, up to one that points to a table, or
 * is a leaf where none can be: the next descent ends there.
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
	 * A hole joins whatever the level at which its parts were found; a frame only one in the
	 * entry before this one, which a VMA that ends inside of a huge page may not be.
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
			/* As long as four at once go on; what differs is read anew. */
			for (e++, next += step; last - e >= 4; e += 4, next += 4 * step)
				if (((READ_ONCE(e[0]) ^ next) | (READ_ONCE(e[1]) ^ (next + step)) |
				     (READ_ONCE(e[2]) ^ (next + 2 * step)) |
				     (READ_ONCE(e[3]) ^ (next + 3 * step))) &
				    keep)
					break;
			for (; e < last; e++, next += step) {
				entry = READ_ONCE(*e);
				if ((entry ^ next) & keep)
					break;
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

/* One descent from the root, interrupts off: ends in one table. */
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
	 * Fast path: one page of the caller's own mm.  Where there is a frame there is a VMA; where
	 * there is none the walk begins again below.
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
