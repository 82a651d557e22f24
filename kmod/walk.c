// SPDX-License-Identifier: GPL-2.0
/*
 * Reads page tables.  Never writes one, never faults a page in.  What keeps them:
 *
 *   mm_users (the caller): exit does not tear them down.
 *   The mmap lock, and a VMA around the address: munmap frees tables after it
 *	has downgraded to a read lock, so the lock alone protects nothing else.
 *   Interrupts off: khugepaged, PT_RECLAIM and hugetlb unsharing free a table
 *	under a VMA too, after a grace period or an IPI, as they do for GUP-fast.
 *	Off for one table's entries at the most.
 *
 * Each entry is read once, into a copy, and what the copy says is what is used.
 */
#include <linux/mm.h>
#include <linux/swap.h>

#include "walk.h"

#ifndef CONFIG_X86_64
#error "verify_pte knows the page tables of x86-64 only"
#endif
#ifndef CONFIG_MMU_GATHER_RCU_TABLE_FREE
#error "interrupts off protects no other process's tables on this kernel"
#endif

/* Descents (of at most one table each) between two looks at the scheduler. */
#define WALK_BUDGET 256

u32 walk_levels(void)
{
	return pgtable_l5_enabled() ? 5 : 4;
}

int walk_check_range(u64 start, u64 len)
{
	u64 end = start + len;

	if (!len || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(len) || end < start)
		return -EINVAL;
	if (end > pt_user_end(&pt_native, walk_levels()))
		return -ERANGE;
	return 0;
}

void walk_init(struct walk *w, struct mm_struct *mm, const struct verify_pte_walk *ask, void *buf)
{
	static const u8 swap_nr[] = { MAX_SWAPFILES, SWP_HWPOISON_NUM, SWP_MIGRATION_NUM,
				      SWP_DEVICE_NUM };
	const u8 *pgd = (const u8 *)mm->pgd;

	*w = (struct walk){ .mm = mm, .end = ask->start + ask->len, .buf = buf, .out = *ask };
	w->raw = ask->flags & VERIFY_PTE_RAW;
	memset(w->out.pages, 0, sizeof(w->out.pages));
	w->out.features = 0;
	w->out.descents = 0;
	w->out.entries = 0;
	BUILD_BUG_ON(ARRAY_SIZE(w->out.pages) != PT_NR_KINDS);
	w->out.levels = walk_levels();
	w->out.pa_mask = PTE_PFN_MASK;
	w->out.kernel_root_pa = __pa(pgd);
	/*
	 * With PTI the kernel's PGD has NX in every entry of the user half, and
	 * the CPU walks the other PGD at user level: the page after it
	 * (arch/x86/include/asm/pgtable.h, kernel_to_user_pgdp()).
	 */
	if (boot_cpu_has(X86_FEATURE_PTI)) {
		w->out.features |= VERIFY_PTE_PTI;
		pgd += PAGE_SIZE;
	}
#ifdef X86_FEATURE_USER_SHSTK /* since 6.6 */
	if (boot_cpu_has(X86_FEATURE_USER_SHSTK))
		w->out.features |= VERIFY_PTE_SHSTK;
#endif
	w->root = (const u64 *)pgd;
	w->out.root_pa = __pa(pgd);
	w->out.zero_pa = PFN_PHYS(page_to_pfn(ZERO_PAGE(0)));
	memcpy(w->out.swap_nr, swap_nr, sizeof(swap_nr));
}

/* Has a record been given already of the entry of @level at @addr? */
static bool walk_raw_given(const struct walk *w, u32 level, u64 addr)
{
	u32 shift = pt_shift(&pt_native, level);

	return w->given && level >= w->given_level && w->given_at >> shift == addr >> shift;
}

static bool walk_add_raw(struct walk *w, const u64 *table, u32 level, u64 addr, u64 entry,
			 enum pt_kind kind)
{
	if (w->nr == w->cap) {
		w->full = true;
		return false;
	}
	w->raws[w->nr++] = (struct verify_pte_entry){
		addr, __pa(table), entry, pt_index(&pt_native, level, addr), level, kind, 0
	};
	w->given = true;
	w->given_at = addr;
	w->given_level = level;
	return true;
}

static bool walk_add_run(struct walk *w, const struct pt_effective *upper, u32 level, u64 addr,
			 u64 len, u64 entry, enum pt_kind kind)
{
	u64 inside = addr & (pt_size(&pt_native, level) - 1);
	struct pt_effective eff = *upper;
	struct verify_pte_run *run;
	u64 pa = 0;

	/* Holes join whatever the level at which each was found. */
	if (kind == PT_NONE && w->nr && w->run_end == addr && w->runs[w->nr - 1].kind == PT_NONE) {
		w->runs[w->nr - 1].len += len;
		w->run_end += len;
		return true;
	}
	if (w->nr == w->cap) {
		w->full = true;
		return false;
	}
	if (pt_has_frame(kind)) {
		pa = pt_native.pa(level, entry, w->out.pa_mask) + inside;
		pt_effective_add(&pt_native, &eff, level, entry);
		w->run_keep = ~pt_native.volatile_mask;
	} else {
		eff = (struct pt_effective){ 0 };
		w->run_keep = ~0ULL;
	}
	run = &w->runs[w->nr++];
	*run = (struct verify_pte_run){ addr,  len,  pa,	 entry,
					level, kind, eff.rights, eff.no_user_levels,
					0 };
	w->run_upper = *upper;
	w->run_step = pt_native.step(level, entry);
	w->run_next = entry + w->run_step;
	w->run_end = addr + len;
	return true;
}

/*
 * The entries of one table from @addr on, as long as they point to no further
 * table.  Returns the address that it got to.
 */
static u64 walk_table(struct walk *w, const u64 *table, u32 level, const struct pt_effective *upper,
		      u64 addr, u64 end)
{
	const u64 size = pt_size(&pt_native, level);
	u32 index = pt_index(&pt_native, level, addr);
	bool joins = !w->raw && w->nr && w->run_end == addr && w->runs[w->nr - 1].level == level &&
		     w->run_upper.rights == upper->rights &&
		     w->run_upper.no_user_levels == upper->no_user_levels;

	for (; addr < end && index < PTRS_PER_PTE; index++) {
		u64 entry = READ_ONCE(table[index]);
		u64 len = min(size - (addr & (size - 1)), end - addr);
		enum pt_kind kind;

		w->out.entries++;
		if (joins && !((entry ^ w->run_next) & w->run_keep)) {
			kind = w->runs[w->nr - 1].kind;
			w->runs[w->nr - 1].len += len;
			w->run_next += w->run_step;
			w->run_end += len;
		} else {
			kind = pt_native.kind(level, entry);
			if (kind == PT_TABLE)
				break;
			if (!w->raw) {
				if (!walk_add_run(w, upper, level, addr, len, entry, kind))
					break;
				joins = w->runs[w->nr - 1].level == level;
			} else if (!walk_raw_given(w, level, addr) &&
				   !walk_add_raw(w, table, level, addr, entry, kind)) {
				break;
			}
		}
		w->out.pages[kind] += len >> PAGE_SHIFT;
		addr += len;
	}
	return addr;
}

/* One descent from the root, interrupts off: ends in one table. */
static int walk_descend(struct walk *w, u64 *addr, u64 end)
{
	struct pt_effective eff = PT_EFFECTIVE_INIT;
	const u64 *table = w->root;
	u32 level = w->out.levels - 1;

	w->out.descents++;
	for (;; level--) {
		u64 entry = READ_ONCE(table[pt_index(&pt_native, level, *addr)]);
		enum pt_kind kind = pt_native.kind(level, entry);
		u64 next_pa;

		if (kind != PT_TABLE) {
			if (pt_has_frame(kind) && level > pt_native.max_leaf_level)
				return -EIO;
			*addr = walk_table(w, table, level, &eff, *addr, end);
			return 0;
		}
		if (w->raw && !walk_raw_given(w, level, *addr) &&
		    !walk_add_raw(w, table, level, *addr, entry, kind))
			return 0;
		pt_effective_add(&pt_native, &eff, level, entry);
		w->out.entries++;
		next_pa = pt_native.pa(level, entry, w->out.pa_mask);
		if (!pfn_valid(PHYS_PFN(next_pa)))
			return -EIO;
		table = __va(next_pa);
	}
}

int walk_batch(struct walk *w, u64 *addr)
{
	struct vm_area_struct *vma = NULL;
	int budget = WALK_BUDGET;
	unsigned long flags;
	int ret = 0;

	if (mmap_read_lock_killable(w->mm))
		return -EINTR;
	w->full = false;
	while (*addr < w->end) {
		if (!vma || *addr >= vma->vm_end)
			vma = find_vma(w->mm, *addr);
		if (!vma || vma->vm_start >= w->end) {
			*addr = w->end;
			break;
		}
		if (*addr < vma->vm_start)
			*addr = vma->vm_start;
		w->seen_vma = true;
		if (!budget--)
			break;

		local_irq_save(flags);
		ret = walk_descend(w, addr, min_t(u64, vma->vm_end, w->end));
		local_irq_restore(flags);
		if (ret || w->full)
			break;
	}
	mmap_read_unlock(w->mm);
	return ret;
}
