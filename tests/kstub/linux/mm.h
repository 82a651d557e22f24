/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kmod/walk.c uses of the kernel, for a build of it on the host: see sim.h.  Where walk.c
 * begins to use something else, add it here.
 */
#ifndef KSTUB_LINUX_MM_H
#define KSTUB_LINUX_MM_H

#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CONFIG_X86_64			 1
#define CONFIG_MMU_GATHER_RCU_TABLE_FREE 1

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define BIT(n)		       (1UL << (n))
#define ARRAY_SIZE(a)	       (sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(wrong)    _Static_assert(!(wrong), #wrong)
#define likely(x)	       (x)
#define unlikely(x)	       (x)
#define min(a, b)	       ((a) < (b) ? (a) : (b))
#define max(a, b)	       ((a) > (b) ? (a) : (b))
#define min_t(type, a, b)      min((type)(a), (type)(b))
#define max_t(type, a, b)      max((type)(a), (type)(b))
#define clamp_t(type, v, l, h) min_t(type, max_t(type, v, l), h)

#define PAGE_SHIFT	       12
#define PAGE_SIZE	       (1UL << PAGE_SHIFT)
#define PAGE_ALIGNED(a)	       (!((a) & (PAGE_SIZE - 1)))
#define PTRS_PER_PTE	       512
#define PHYS_PFN(pa)	       ((unsigned long)((pa) >> PAGE_SHIFT))
#define PFN_PHYS(pfn)	       ((u64)(pfn) << PAGE_SHIFT)

/* Each read of an entry comes past the simulation. */
#define READ_ONCE(x) (sim_read(&(x)), *(const volatile __typeof__(x) *)&(x))
void sim_read(const u64 *entry);

#define __maybe_unused __attribute__((unused))

/* As 6.1 has them */
#define _PAGE_SPECIAL	 (1UL << 9)
#define _PAGE_UFFD_WP	 (1UL << 10)
#define _PAGE_SOFT_DIRTY (1UL << 11)
#define _PAGE_ACCESSED	 (1UL << 5)
#define _PAGE_DIRTY	 (1UL << 6)
#define _PAGE_DEVMAP	 (1UL << 58)
#define _PAGE_BIT_SOFTW4 58

#define PTE_PFN_MASK	 sim_pa_mask()
u64 sim_pa_mask(void);
bool pgtable_l5_enabled(void);

#define X86_FEATURE_PTI	       0
#define X86_FEATURE_USER_SHSTK 1
bool cpu_feature_enabled(unsigned int feature);

#define __pa(p)	 sim_pa(p)
#define __va(pa) sim_va(pa)
u64 sim_pa(const void *p);
void *sim_va(u64 pa);
bool pfn_valid(unsigned long pfn);

struct page;
#define ZERO_PAGE(va) ((struct page *)NULL)
#define SIM_ZERO_PFN  0x777UL
static inline unsigned long page_to_pfn(const struct page *page)
{
	return page ? 0 : SIM_ZERO_PFN;
}

typedef struct {
	unsigned long pgd;
} pgd_t;

struct mm_struct {
	pgd_t *pgd;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
};

struct task_struct {
	struct mm_struct *mm;
};

extern struct task_struct sim_current;
#define current (&sim_current)

int mmap_read_lock_killable(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);

void sim_irqs_off(void);
void sim_irqs_on(void);
#define local_irq_save(flags)	 ((flags) = 1, sim_irqs_off())
#define local_irq_restore(flags) ((void)(flags), sim_irqs_on())

#endif /* KSTUB_LINUX_MM_H */
