// SPDX-License-Identifier: GPL-2.0
/* verify_pte: shows page tables, a process's and a device's, through debugfs; changes nothing. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "walk.h"

#define WALK_BUF_SIZE (15 * 1024) /* 384 runs or 480 raws; walk_file is under 16 KiB */
#define WALK_TEXT_MAX 32	  /* records: some 6 KiB of text, which seq_file keeps as a whole */
#define WALK_REQ_MAX  127	  /* characters of a written request */

/* What was asked; of a process by mm_count: it is never kept alive, nor taken for another. */
struct walk_req {
	struct mm_struct *mm;	    /* NULL: of a device */
	struct verify_pte_walk ask; /* VERIFY_PTE_RAW: every level of one address */
};

/* The state of an open file, under the lock of its seq_file. */
struct walk_file {
	bool iova; /* asks devices; else processes */
	struct walk_req req;
	struct walk walk; /* the text answer in progress */
	loff_t pos;	  /* of buf, in buffers */
	int err;
	u8 buf[WALK_BUF_SIZE] __aligned(8); /* of records, for either answer */
};

/* The last request of any opener, for those who only read. */
static DEFINE_MUTEX(last_lock);
static struct walk_req last_req[2];
static struct dentry *walk_dir;

static void req_set(struct mutex *lock, struct walk_req *dst, const struct walk_req *src)
{
	mutex_lock(lock);
	if (src->mm)
		mmgrab(src->mm);
	if (dst->mm)
		mmdrop(dst->mm);
	*dst = *src;
	mutex_unlock(lock);
}

/* The mm of a process by its number, or NULL; the caller puts it. */
static struct mm_struct *pid_get_mm(pid_t nr)
{
	struct task_struct *task;
	struct mm_struct *mm;

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	mm = task ? get_task_mm(task) : NULL;
	rcu_read_unlock();
	return mm;
}

/* "PID VADDR [LEN]", "PID:VADDR[+LEN]" or "VADDR"; "BDF IOVA [LEN]"; @text is cut up */
static int req_parse(char *text, bool iova, struct verify_pte_walk *ask)
{
	unsigned int n = 0, domain, bus, slot, fn;
	char *word[3], *rest = strim(text), *w, more;
	const bool colon = !iova && strchr(rest, ':');

	while ((w = strsep(&rest, !colon ? " \t" : n ? "+" : ":"))) {
		if (!*w && !colon)
			continue;
		if (n == ARRAY_SIZE(word))
			return -EINVAL;
		word[n++] = w;
	}
	if (n < (iova ? 2 : 1))
		return -EINVAL;
	ask->pid = task_tgid_vnr(current);
	if (iova && (sscanf(word[0], "%4x:%2x:%2x.%1u%c", &domain, &bus, &slot, &fn, &more) != 4 ||
		     slot > 31 || fn > 7))
		return -EINVAL;
	if (iova)
		ask->device = domain << 16 | bus << 8 | PCI_DEVFN(slot, fn);
	else if (n > 1 && (kstrtoint(word[0], 10, &ask->pid) || ask->pid <= 0))
		return -EINVAL;
	ask->len = PAGE_SIZE;
	ask->flags = n < 3 && !iova ? VERIFY_PTE_RAW : 0;
	if (kstrtou64(word[n > 1], 0, &ask->start) || (n == 3 && kstrtou64(word[2], 0, &ask->len)))
		return -EINVAL;
	return walk_check_range(ask->start, ask->len, iova);
}

static ssize_t walk_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct walk_file *wf = m->private;
	char text[WALK_REQ_MAX + 1] = "";
	struct walk_req req = { 0 };
	int ret;

	if (!count || count > WALK_REQ_MAX)
		return -EINVAL;
	if (copy_from_user(text, ubuf, count))
		return -EFAULT;
	ret = strlen(text) == count ? req_parse(text, wf->iova, &req.ask) : -EINVAL;
	if (ret)
		return ret;
	req.mm = wf->iova ? NULL : pid_get_mm(req.ask.pid);
	if (!req.mm && !wf->iova)
		return -ESRCH;
	req_set(&m->lock, &wf->req, &req);
	req_set(&last_lock, &last_req[wf->iova], &req);
	if (req.mm)
		mmput(req.mm);
	*ppos = 0; /* the next read is of this answer */
	return count;
}

static void show_rights(struct seq_file *m, u32 rights)
{
	seq_printf(m, "%s %s %s", rights & PT_USER ? "user" : "supervisor",
		   rights & PT_WRITE ? "write" : "nowrite", rights & PT_EXEC ? "exec" : "noexec");
}

static void show_flags(struct seq_file *m, u32 level, u64 entry)
{
	unsigned int pos = 0;
	const char *flag;

	seq_printf(m, " entry 0x%016llx", entry);
	while ((flag = pt_next_flag(&pt_native, level, entry, &pos)))
		seq_printf(m, " %s", flag);
}

static void show_no_user(struct seq_file *m, u32 levels, u32 no_user_levels)
{
	for (; no_user_levels; no_user_levels &= ~BIT(__fls(no_user_levels)))
		seq_printf(m, " %s", pt_level_name(levels, __fls(no_user_levels)));
	seq_putc(m, '\n');
}

static void show_head(struct seq_file *m, const struct walk *w)
{
	static const char *const domain[] = { "paging", "identity", "blocked" };
	const struct verify_pte_walk *out = &w->out;

	if (w->mm)
		seq_printf(m, "pid %d vaddr 0x%016llx", out->pid, out->start);
	else
		seq_printf(m, "device %04x:%02x:%02x.%x iova 0x%016llx", out->device >> 16,
			   PCI_BUS_NUM(out->device), PCI_SLOT(out->device), PCI_FUNC(out->device),
			   out->start);
	if (!w->raw)
		seq_printf(m, " len 0x%llx", out->len);
	if (!w->mm)
		seq_printf(m, "\ndomain %s", domain[__ffs(out->features / VERIFY_PTE_PAGING)]);
	else
		seq_printf(m, "\nroot 0x%016llx levels %u pti %s", out->root_pa, out->levels,
			   out->features & VERIFY_PTE_PTI ? "on" : "off");
	if (out->features & VERIFY_PTE_PTI)
		seq_printf(m, " kernel_root 0x%016llx", out->kernel_root_pa);
	seq_putc(m, '\n');
}

static void show_entry(struct seq_file *m, const struct walk *w, const struct verify_pte_entry *e)
{
	seq_printf(m, "%s index %3u table 0x%016llx", pt_level_name(w->out.levels, e->level),
		   e->index, e->table_pa);
	show_flags(m, e->level, e->entry);
	if (e->kind != PT_TABLE && e->kind != PT_LEAF)
		seq_printf(m, " (%s)", pt_kind_name(e->kind));
	seq_putc(m, '\n');
}

/* What the entries of one address, from the root down, come to. */
static void show_page(struct seq_file *m, const struct walk *w)
{
	const struct verify_pte_entry *e = w->raws, *end = e + w->nr;
	struct pt_effective eff = PT_EFFECTIVE_INIT;

	for (; e < end; e++)
		pt_effective_add(&pt_native, &eff, e->level, e->entry);
	if (!w->nr) {
		seq_puts(m, "effective: not mapped: the address is in no VMA\n_PAGE_USER: none\n");
	} else if (!pt_has_frame((--e)->kind)) {
		seq_printf(m, "effective: not present: %s at %s\n_PAGE_USER: none\n",
			   pt_kind_name(e->kind), pt_level_name(w->out.levels, e->level));
	} else {
		seq_printf(m, "page %d%c pa 0x%016llx\neffective: ", 4 >> e->level, "KMG"[e->level],
			   pt_frame(&pt_native, e->level, e->entry, e->vaddr, w->out.pa_mask));
		show_rights(m, eff.rights);
		seq_printf(m, "\n_PAGE_USER: %s", eff.rights & PT_USER ? "set" : "clear");
		show_no_user(m, w->out.levels, eff.no_user_levels);
	}
}

static void show_run(struct seq_file *m, const struct walk *w, const struct verify_pte_run *r)
{
	seq_printf(m, "0x%016llx-0x%016llx %s", r->vaddr, r->vaddr + r->len, pt_kind_name(r->kind));
	if (pt_has_frame(r->kind)) {
		if (w->mm)
			seq_printf(m, " %d%c", 4 >> r->level, "KMG"[r->level]);
		seq_printf(m, " pa 0x%016llx ", r->pa);
		if (w->mm)
			show_rights(m, r->rights);
	}
	if (r->kind != PT_NONE && w->mm)
		show_flags(m, r->level, r->entry);
	seq_puts(m, r->no_user_levels ? " no_user_at" : "");
	show_no_user(m, w->out.levels, r->no_user_levels);
}

static void show_counts(struct seq_file *m, const struct walk *w)
{
	u32 kind;

	if (w->mm && !w->seen_vma)
		seq_puts(m, "not mapped: the range is in no VMA\n");
	seq_printf(m, "complete: none %llu", w->out.pages[PT_NONE]);
	for (kind = PT_LEAF; kind < PT_NR_KINDS; kind++)
		seq_printf(m, " %s %llu", pt_kind_name(kind), w->out.pages[kind]);
	seq_puts(m, " (4K pages)\n");
}

/* The next records, as many as there is room for; less at the end and on a signal. */
static int walk_fill(struct walk *w)
{
	int ret;

	for (w->nr = 0;; cond_resched()) {
		ret = w->mm ? walk_batch(w) : iova_batch(w);
		if (ret || w->full || w->addr == w->end || signal_pending(current))
			return ret;
	}
}

/* The next buffer of the text; the mm is kept from its exit in here only. */
static int walk_file_fill(struct walk_file *wf, bool first)
{
	struct mm_struct *mm = wf->req.mm;
	struct walk *w = &wf->walk;
	int ret;

	if (!wf->req.ask.len)
		return -ENODATA; /* nothing was asked */
	if (mm && !mmget_not_zero(mm))
		return -ESRCH;
	if (first) {
		w->out = wf->req.ask;
		walk_init(w, mm, wf->buf);
		w->cap = WALK_TEXT_MAX;
	}
	ret = walk_fill(w);
	if (mm)
		mmput(mm);
	return ret;
}

/* The text, a buffer of records at a time. */
static void *walk_seq_start(struct seq_file *m, loff_t *pos)
{
	struct walk_file *wf = m->private;

	if (!*pos || (!wf->err && *pos == wf->pos + 1 && wf->walk.addr < wf->walk.end)) {
		wf->err = walk_file_fill(wf, !*pos);
		wf->pos = *pos;
	}
	return wf->err ? ERR_PTR(wf->err) : *pos == wf->pos ? wf : NULL;
}

static void *walk_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return walk_seq_start(m, pos);
}

static void walk_seq_stop(struct seq_file *m, void *v)
{
}

static int walk_seq_show(struct seq_file *m, void *v)
{
	const struct walk_file *wf = v;
	const struct walk *w = &wf->walk;
	u32 i;

	if (!wf->pos)
		show_head(m, w);
	for (i = 0; i < w->nr; i++)
		w->raw ? show_entry(m, w, &w->raws[i]) : show_run(m, w, &w->runs[i]);
	if (w->addr == w->end)
		w->raw ? show_page(m, w) : show_counts(m, w);
	return 0;
}

static const struct seq_operations walk_seq_ops = {
	.start = walk_seq_start,
	.next = walk_seq_next,
	.stop = walk_seq_stop,
	.show = walk_seq_show,
};

/* A word at a time: for a few of them a fraction of the cost of copy_to_user(). */
static bool words_to_user(void __user *to, const void *from, size_t size)
{
	if (!user_write_access_begin(to, size))
		return false;
	unsafe_copy_to_user(to, from, size, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

static int walk_ioctl_mm(struct walk *w, struct mm_struct *mm, void *buf, size_t size)
{
	u8 __user *ubuf = u64_to_user_ptr(w->out.buf);
	u32 nr = 0;
	int ret;

	walk_init(w, mm, buf);
	do {
		w->cap = min_t(u32, WALK_BUF_SIZE / size, w->out.nr - nr);
		ret = walk_fill(w);
		if (!ret && !words_to_user(ubuf + nr * size, buf, w->nr * size))
			ret = -EFAULT;
		if (ret)
			return ret;
		nr += w->nr;
	} while (w->full && nr < w->out.nr && !signal_pending(current));
	if (mm && !w->seen_vma)
		return -EFAULT;
	w->out.argsz = sizeof(w->out);
	w->out.nr = nr;
	w->out.next = w->addr;
	return 0;
}

static long walk_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct seq_file *m = file->private_data;
	struct walk_file *wf = m->private;
	struct verify_pte_walk __user *user = (void __user *)uarg;
	struct verify_pte_run one; /* not worth a lock */
	struct mm_struct *mm;
	struct walk w;
	int i, ret = 1;

	if (cmd != (wf->iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK))
		return -ENOTTY;
	if (!user_read_access_begin(user, sizeof(*user)))
		return -EFAULT;
	for (i = 0; i < WALK_ASKED / sizeof(u64); i++)
		unsafe_get_user(((u64 *)&w.out)[i], (u64 __user *)user + i, fault);
	user_read_access_end();
	if (w.out.argsz < sizeof(*user) || w.out.argsz > PAGE_SIZE)
		return put_user((u32)sizeof(*user), &user->argsz) ? -EFAULT : -EINVAL;
	if (w.out.argsz > sizeof(*user))
		ret = check_zeroed_user(user + 1, w.out.argsz - sizeof(*user));
	if (ret <= 0)
		return ret ? ret : -EINVAL;
	w.raw = w.out.flags & VERIFY_PTE_RAW;
	if (w.out.flags & (wf->iova ? ~0U : ~VERIFY_PTE_RAW) || (!wf->iova && w.out.pid < 0) ||
	    w.out.nr < (w.raw ? PT_MAX_LEVELS : 1))
		return -EINVAL;
	ret = walk_check_range(w.out.start, w.out.len, wf->iova);
	if (ret)
		return ret;

	/* Its own mm is there as long as the caller is; another's needs a reference. */
	mm = wf->iova ? NULL : w.out.pid ? pid_get_mm(w.out.pid) : current->mm;
	if (!mm && !wf->iova)
		return -ESRCH;
	if (w.out.nr == 1) {
		ret = walk_ioctl_mm(&w, mm, &one, sizeof(one));
	} else {
		mutex_lock(&m->lock);
		wf->err = -ESPIPE; /* the text goes on from its start only: both use the buffer */
		ret = walk_ioctl_mm(&w, mm, wf->buf, w.raw ? sizeof(*w.raws) : sizeof(*w.runs));
		mutex_unlock(&m->lock);
	}
	if (mm && w.out.pid)
		mmput(mm);
	return ret ? ret : words_to_user(user, &w.out, sizeof(w.out)) ? 0 : -EFAULT;
fault:
	user_read_access_end();
	return -EFAULT;
}

static int walk_open(struct inode *inode, struct file *file)
{
	struct walk_file *wf;

	/* As for pagemap: physical addresses are for the administrator. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	wf = __seq_open_private(file, &walk_seq_ops, sizeof(*wf));
	if (!wf)
		return -ENOMEM;
	wf->iova = inode->i_private;
	if (!(file->f_mode & FMODE_WRITE))
		req_set(&last_lock, &wf->req, &last_req[wf->iova]);
	return 0;
}

static int walk_release(struct inode *inode, struct file *file)
{
	struct walk_file *wf = ((struct seq_file *)file->private_data)->private;

	req_set(&last_lock, &wf->req, &(struct walk_req){ 0 });
	return seq_release_private(inode, file);
}

static const struct file_operations walk_fops = {
	.owner = THIS_MODULE,
	.open = walk_open,
	.read = seq_read,
	.write = walk_write,
	.unlocked_ioctl = walk_ioctl,
	.llseek = seq_lseek,
	.release = walk_release,
};

static int __init verify_pte_init(void)
{
	/* There an entry holds a machine frame: __va() of it is not its table. */
	if (boot_cpu_has(X86_FEATURE_XENPV)) {
		pr_err("verify_pte: Xen PV guests' entries hold machine frames; not supported\n");
		return -EOPNOTSUPP;
	}
	walk_dir = debugfs_create_dir(VERIFY_PTE_DIR, NULL);
	debugfs_create_file(VERIFY_PTE_WALK, 0600, walk_dir, NULL, &walk_fops);
	debugfs_create_file(VERIFY_PTE_IOVA, 0600, walk_dir, last_req, &walk_fops);
	return 0;
}
module_init(verify_pte_init);

static void __exit verify_pte_exit(void)
{
	debugfs_remove(walk_dir);
	req_set(&last_lock, &last_req[0], &(struct walk_req){ 0 });
}
module_exit(verify_pte_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Page table of a process, every level, read-only");
MODULE_VERSION("0.1.0");
