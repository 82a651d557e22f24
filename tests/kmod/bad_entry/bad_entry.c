// SPDX-License-Identifier: GPL-2.0
/*
 * bad_entry: writes an entry that no kernel writes into an empty slot of its caller's page table.
 *
 * For tests only: verify_pte must not follow such an entry.  /sys/kernel/debug/bad_entry, one entry
 * for each open file:
 *
 *	LEVEL ADDR ENTRY	into the slot of ADDR at LEVEL: pmd, pud or p4d (the PGD where there
 *				are four levels)
 *	remove			takes it out again; so does closing the file
 *
 * All of the slot must be in one VMA, in which nothing was touched yet.  The kernel must never meet
 * the entry: a notifier takes it out before munmap() and before the exit of the process frees its
 * tables.  It is no table that the kernel has counted, so mm_pgtables does not change.  Nothing
 *else may be done with the range meanwhile: the notifier would come too late in mprotect(), and
 *there is none for readers of /proc/PID/pagemap and smaps.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor-flags.h>

#define MAX_TEXT 127

/* The entry of one open file */
struct planted {
	struct mmu_notifier notifier;
	struct mutex mutex;   /* write against write; protects mm */
	struct mm_struct *mm; /* mm_count is held by the notifier; NULL: nothing was planted */
	spinlock_t lock;      /* protects what follows */
	unsigned long *slot;  /* NULL: it is out again */
	unsigned long start, end;
	unsigned long value;
	bool twice; /* with PTI, the PGD has a second page */
};

static struct dentry *file;

/* The slot of @addr at @level (1 PMD, 2 PUD, 3 P4D), or NULL if the table of that level is missing.
 */
static unsigned long *find_slot(struct mm_struct *mm, unsigned long addr, unsigned int level)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (level == 3)
		return (unsigned long *)p4d;
	if (!p4d_present(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (level == 2)
		return (unsigned long *)pud;
	if (!pud_present(*pud) || pud_leaf(*pud))
		return NULL;
	return (unsigned long *)pmd_offset(pud, addr);
}

static void write_slot(struct planted *p, unsigned long value)
{
	WRITE_ONCE(p->slot[0], value);
	if (p->twice)
		WRITE_ONCE(p->slot[PTRS_PER_PGD], value);
}

/* Global pages and all PCIDs, as __flush_tlb_all() does it, which is not exported any more. */
static void flush_cpu(void *unused)
{
	unsigned long cr4;

	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 ^ X86_CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

/* Takes the entry out if its slot lies, in part at least, in the range from @start to @end. */
static void take_out(struct planted *p, unsigned long start, unsigned long end)
{
	bool flush = false;

	spin_lock(&p->lock);
	if (p->slot && start < p->end && end > p->start) {
		WARN_ONCE((READ_ONCE(*p->slot) ^ p->value) & ~(_PAGE_ACCESSED | _PAGE_DIRTY),
			  "0x%lx: somebody changed the entry\n", p->start);
		write_slot(p, 0);
		p->slot = NULL;
		flush = true;
	}
	spin_unlock(&p->lock);
	/* A CPU may have read the entry ahead, and may keep it in its paging-structure cache. */
	if (flush)
		on_each_cpu(flush_cpu, NULL, 1);
}

static int notify_invalidate(struct mmu_notifier *n, const struct mmu_notifier_range *range)
{
	take_out(container_of(n, struct planted, notifier), range->start, range->end);
	return 0;
}

static void notify_release(struct mmu_notifier *n, struct mm_struct *mm)
{
	take_out(container_of(n, struct planted, notifier), 0, ULONG_MAX);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = notify_invalidate,
	.release = notify_release,
};

/*
 * Called with the mmap lock held for writing.  The table that has the slot cannot be freed before
 * the VMA is unmapped, and then the notifier comes first.
 */
static int put_in(struct planted *p, unsigned long addr, unsigned int level, unsigned long value)
{
	static const unsigned long sizes[] = { 0, PMD_SIZE, PUD_SIZE, 1UL << 39 };
	const unsigned long size = sizes[level];
	struct vm_area_struct *vma;
	unsigned long *slot;
	int ret = 0;

	if (addr % size || addr > TASK_SIZE_MAX - size)
		return -EINVAL;
	vma = find_vma(p->mm, addr);
	if (!vma || vma->vm_start > addr || vma->vm_end < addr + size)
		return -EFAULT;
	slot = find_slot(p->mm, addr, level);
	if (!slot)
		return -ENOENT;
	spin_lock(&p->lock);
	if (READ_ONCE(*slot)) {
		ret = -EEXIST;
	} else {
		p->slot = slot;
		p->start = addr;
		p->end = addr + size;
		p->value = value;
		p->twice = level == 3 && !pgtable_l5_enabled() && boot_cpu_has(X86_FEATURE_PTI);
		write_slot(p, value);
	}
	spin_unlock(&p->lock);
	return ret;
}

/* The caller has p->mutex, or is the last user of the file. */
static void remove(struct planted *p)
{
	if (!p->mm)
		return;
	take_out(p, 0, ULONG_MAX);
	mmu_notifier_unregister(&p->notifier, p->mm);
	p->mm = NULL;
}

static int plant(struct planted *p, const char *text)
{
	static const char *const names[] = { "", "pmd", "pud", "p4d" };
	unsigned long addr, value;
	char name[4], more;
	int level, ret;

	if (sscanf(text, "%3s 0x%lx 0x%lx%c", name, &addr, &value, &more) != 3)
		return -EINVAL;
	level = match_string(names, ARRAY_SIZE(names), name);
	if (level < 1 || !(value & _PAGE_PRESENT))
		return -EINVAL;
	/* Only what would harm nobody who follows the rules: no RAM is behind it. */
	if (level == 3 && value & _PAGE_PSE)
		value &= ~PTE_PFN_MASK;
	else if (value & _PAGE_PSE || pfn_valid((value & PTE_PFN_MASK) >> PAGE_SHIFT))
		return -EINVAL;

	p->mm = current->mm;
	ret = mmu_notifier_register(&p->notifier, p->mm);
	if (ret) {
		p->mm = NULL;
		return ret;
	}
	mmap_write_lock(p->mm);
	ret = put_in(p, addr, level, value);
	mmap_write_unlock(p->mm);
	if (ret)
		remove(p);
	return ret;
}

static ssize_t bad_entry_write(struct file *filp, const char __user *ubuf, size_t count,
			       loff_t *ppos)
{
	struct planted *p = filp->private_data;
	char *text, *line;
	int ret = 0;

	if (!count || count > MAX_TEXT)
		return -EINVAL;
	text = memdup_user_nul(ubuf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	line = strim(text);
	mutex_lock(&p->mutex);
	if (!strcmp(line, "remove"))
		remove(p);
	else
		ret = p->mm ? -EBUSY : plant(p, line);
	mutex_unlock(&p->mutex);
	kfree(text);
	return ret ? ret : count;
}

static int bad_entry_open(struct inode *inode, struct file *filp)
{
	struct planted *p;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->notifier.ops = &notifier_ops;
	mutex_init(&p->mutex);
	spin_lock_init(&p->lock);
	filp->private_data = p;
	return 0;
}

static int bad_entry_release(struct inode *inode, struct file *filp)
{
	struct planted *p = filp->private_data;

	remove(p);
	kfree(p);
	return 0;
}

/* An open file keeps the module: rmmod has nothing to take out. */
static const struct file_operations bad_entry_fops = {
	.owner = THIS_MODULE,
	.open = bad_entry_open,
	.write = bad_entry_write,
	.release = bad_entry_release,
};

static int __init bad_entry_init(void)
{
	/* In a Xen PV guest the hypervisor writes the entries. */
	if (boot_cpu_has(X86_FEATURE_XENPV))
		return -EOPNOTSUPP;
	file = debugfs_create_file("bad_entry", 0600, NULL, NULL, &bad_entry_fops);
	return 0;
}
module_init(bad_entry_init);

static void __exit bad_entry_exit(void)
{
	debugfs_remove(file);
}
module_exit(bad_entry_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Writes an entry that no kernel writes into a page table, for tests");
