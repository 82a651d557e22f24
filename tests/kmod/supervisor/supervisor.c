// SPDX-License-Identifier: GPL-2.0
/*
 * supervisor: takes _PAGE_USER away from the pages of a mapping, and gives it back.
 *
 * For tests only: what a kernel does that takes the bit away from DMA buffers, so that
 * vfio_test --expect supervisor has something to pass on.  /sys/kernel/debug/supervisor,
 * each open file one mapping at a time:
 *
 *	PID START LEN		the bit of every page's own entry (PID 0: the writer)
 *	PID START LEN KEEP	of all but page number KEEP
 *	PID START LEN pmd	of the entries one level up alone; START and LEN of 2 MiB
 *	restore			gives it back; so does closing the file
 *
 * Private anonymous memory in 4K pages, all present, of one VMA: anything else is
 * refused, with nothing changed.  Whatever the kernel does to such entries itself (unmap,
 * move, protect, copy at fork, exit) it does to user pages: a notifier gives the bit back
 * first.  A user access meanwhile is a SIGSEGV.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/processor-flags.h>

#define MAX_LEN	 (64UL << 20)
#define MAX_TEXT 127
#define KEEP_ALL ULONG_MAX

/* A mapping that the bit was taken from, one an open file */
struct taken {
	struct mmu_notifier notifier;
	struct mm_struct *mm;	  /* mm_count, by the notifier; NULL: none */
	struct mutex mutex;	  /* of mm: write against write */
	spinlock_t lock;	  /* of what follows; outside of the page table's */
	unsigned long start, end; /* equal: nothing is taken (any more) */
	unsigned long keep;	  /* this page has it still */
	bool pmd;
};

static struct dentry *file;

/*
 * The entry of the last table that covers @addr, or NULL.  A table is freed after a grace
 * period at the earliest: the caller has rcu_read_lock(), and looks at the entry again.
 */
static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_leaf(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	return pmd_present(*pmd) && !pmd_leaf(*pmd) ? pmd : NULL;
}

/* The bit of one entry, set or cleared; the CPU may set its own bits at the same time. */
static int change_entry(unsigned long *entry, bool user)
{
	if (!(READ_ONCE(*entry) & _PAGE_PRESENT))
		return -EFAULT;
	if (user)
		set_bit(_PAGE_BIT_USER, entry);
	else if (!test_and_clear_bit(_PAGE_BIT_USER, entry))
		return -EEXIST; /* not ours: could not be given back */
	return 0;
}

/* The entries of one table, or the entry of that table; *addr to what comes after. */
static int change_table(struct taken *t, unsigned long *addr, unsigned long end, bool user)
{
	pmd_t *pmd = find_pmd(t->mm, *addr), value;
	spinlock_t *ptl; /* the page table's own */
	int ret = 0;
	pte_t *pte;

	if (!pmd)
		return -EFAULT;
	if (t->pmd) {
		ptl = pmd_lock(t->mm, pmd);
		ret = pmd_leaf(*pmd) ? -EFAULT : change_entry((unsigned long *)pmd, user);
		spin_unlock(ptl);
		*addr += ret ? 0 : PMD_SIZE;
		return ret;
	}
	value = READ_ONCE(*pmd);
	if (!pmd_present(value) || pmd_leaf(value))
		return -EFAULT;
	ptl = pte_lockptr(t->mm, &value);
	spin_lock(ptl);
	pte = pte_offset_kernel(&value, *addr);
	end = min(end, (*addr | ~PMD_MASK) + 1);
	if (pmd_val(READ_ONCE(*pmd)) != pmd_val(value))
		ret = -EAGAIN; /* the table went away */
	for (; !ret && *addr < end; pte++) {
		if (*addr != t->keep)
			ret = change_entry((unsigned long *)pte, user);
		*addr += ret ? 0 : PAGE_SIZE;
	}
	spin_unlock(ptl);
	return ret;
}

static int change(struct taken *t, unsigned long *addr, unsigned long end, bool user)
{
	int ret = 0;

	rcu_read_lock();
	while (!ret && *addr < end)
		ret = change_table(t, addr, end, user);
	rcu_read_unlock();
	return ret;
}

/*
 * All that this CPU's TLB has, of every PCID, as __flush_tlb_all() does it, which newer
 * kernels keep for KVM.  Interrupts are off.
 */
static void flush_cpu(void *unused)
{
	unsigned long cr4;

	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 ^ X86_CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

/* Both ways: where a TLB alone denies a read, the kernel does not look: a SIGSEGV. */
static void flush_all(void)
{
	on_each_cpu(flush_cpu, NULL, 1);
}

/* Those that lie in the range from @start to @end make it all of them. */
static void give_back(struct taken *t, unsigned long start, unsigned long end)
{
	unsigned long addr;

	spin_lock(&t->lock);
	if (start >= t->end || end <= t->start) {
		spin_unlock(&t->lock);
		return;
	}
	addr = t->start;
	end = t->end;
	t->end = t->start;
	/* It was there when it was taken, and nothing changed it since. */
	WARN_ONCE(change(t, &addr, end, true), "0x%lx: the entry is gone\n", addr);
	spin_unlock(&t->lock);
	flush_all();
}

static int notify_invalidate(struct mmu_notifier *n, const struct mmu_notifier_range *range)
{
	give_back(container_of(n, struct taken, notifier), range->start, range->end);
	return 0;
}

static void notify_release(struct mmu_notifier *n, struct mm_struct *mm)
{
	give_back(container_of(n, struct taken, notifier), 0, ULONG_MAX);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = notify_invalidate,
	.release = notify_release,
};

/* Under the mmap lock for writing */
static int take(struct taken *t, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(t->mm, start);
	unsigned long addr = start;
	int ret;

	if (!vma || vma->vm_start > start || vma->vm_end < end)
		return -EFAULT;
	if (!vma_is_anonymous(vma) || vma->vm_flags & VM_SHARED)
		return -EOPNOTSUPP;
	spin_lock(&t->lock);
	t->start = start;
	t->end = start;
	ret = change(t, &addr, end, false);
	t->end = addr;
	spin_unlock(&t->lock);
	if (ret)
		give_back(t, start, end);
	else
		flush_all();
	return ret;
}

static struct mm_struct *mm_of(int nr)
{
	struct pid *pid = nr ? find_get_pid(nr) : get_pid(task_tgid(current));
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	put_pid(pid);
	return mm;
}

/* The caller has t->mutex. */
static void restore(struct taken *t)
{
	if (!t->mm)
		return;
	/* An mm that is past its last user was given its bits back by the notifier. */
	if (mmget_not_zero(t->mm)) {
		mmap_read_lock(t->mm);
		give_back(t, 0, ULONG_MAX);
		mmap_read_unlock(t->mm);
		mmput(t->mm);
	}
	mmu_notifier_unregister(&t->notifier, t->mm);
	t->mm = NULL;
}

static int start(struct taken *t, char *text)
{
	unsigned long number[2], size, addr, len, keep = KEEP_ALL;
	char *word[4] = { 0 }, *w;
	unsigned int n = 0;
	int nr, ret;

	while ((w = strsep(&text, " "))) {
		if (n == ARRAY_SIZE(word))
			return -EINVAL;
		word[n++] = w;
	}
	if (n < 3 || kstrtoint(word[0], 10, &nr) || nr < 0 || kstrtoul(word[1], 0, &number[0]) ||
	    kstrtoul(word[2], 0, &number[1]))
		return -EINVAL;
	addr = number[0];
	len = number[1];
	t->pmd = n == 4 && !strcmp(word[3], "pmd");
	if (n == 4 && !t->pmd && kstrtoul(word[3], 0, &keep))
		return -EINVAL;
	size = t->pmd ? PMD_SIZE : PAGE_SIZE;
	if (!len || len > MAX_LEN || addr % size || len % size || addr >= TASK_SIZE_MAX ||
	    len > TASK_SIZE_MAX - addr || (keep != KEEP_ALL && keep >= len / PAGE_SIZE))
		return -EINVAL;
	t->keep = keep == KEEP_ALL ? KEEP_ALL : addr + keep * PAGE_SIZE;

	t->mm = mm_of(nr);
	if (!t->mm)
		return -ESRCH;
	ret = mmu_notifier_register(&t->notifier, t->mm);
	if (ret) {
		mmput(t->mm);
		t->mm = NULL;
		return ret;
	}
	mmap_write_lock(t->mm);
	ret = take(t, addr, addr + len);
	mmap_write_unlock(t->mm);
	if (ret) {
		struct mm_struct *mm = t->mm;

		restore(t);
		mmput(mm);
		return ret;
	}
	mmput(t->mm);
	return 0;
}

static ssize_t supervisor_write(struct file *filp, const char __user *ubuf, size_t count,
				loff_t *ppos)
{
	struct taken *t = filp->private_data;
	char *text, *line;
	int ret = 0;

	if (!count || count > MAX_TEXT)
		return -EINVAL;
	text = memdup_user_nul(ubuf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	line = strim(text);
	mutex_lock(&t->mutex);
	if (!strcmp(line, "restore"))
		restore(t);
	else
		ret = t->mm ? -EBUSY : start(t, line);
	mutex_unlock(&t->mutex);
	kfree(text);
	return ret ? ret : count;
}

/* How many bytes are without the bit: 0 as soon as the kernel had to have it back */
static ssize_t supervisor_read(struct file *filp, char __user *ubuf, size_t count, loff_t *ppos)
{
	struct taken *t = filp->private_data;
	char text[24];
	int n;

	spin_lock(&t->lock);
	n = scnprintf(text, sizeof(text), "0x%lx\n", t->end - t->start);
	spin_unlock(&t->lock);
	return simple_read_from_buffer(ubuf, count, ppos, text, n);
}

static int supervisor_open(struct inode *inode, struct file *filp)
{
	struct taken *t;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	t->notifier.ops = &notifier_ops;
	mutex_init(&t->mutex);
	spin_lock_init(&t->lock);
	filp->private_data = t;
	return 0;
}

static int supervisor_release(struct inode *inode, struct file *filp)
{
	struct taken *t = filp->private_data;

	restore(t);
	kfree(t);
	return 0;
}

/* An open file keeps the module: rmmod has nothing to give back. */
static const struct file_operations supervisor_fops = {
	.owner = THIS_MODULE,
	.open = supervisor_open,
	.read = supervisor_read,
	.write = supervisor_write,
	.release = supervisor_release,
};

static int __init supervisor_init(void)
{
	/* There an entry is the hypervisor's to write. */
	if (boot_cpu_has(X86_FEATURE_XENPV))
		return -EOPNOTSUPP;
	file = debugfs_create_file("supervisor", 0600, NULL, NULL, &supervisor_fops);
	return 0;
}
module_init(supervisor_init);

static void __exit supervisor_exit(void)
{
	debugfs_remove(file);
}
module_exit(supervisor_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Takes _PAGE_USER away from a process's pages, for tests");
