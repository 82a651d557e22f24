// SPDX-License-Identifier: GPL-2.0
/* verify_pte: shows page tables, a process's and a device's, through debugfs; changes nothing. */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "walk.h"

/* 384 runs or 480 raws; struct walk_file with it stays under 16 KiB. */
#define WALK_BUF_SIZE (15 * 1024)
#define WALK_REQ_MAX  127 /* characters of a written request */

/* What was asked. pid holds a reference, so a reused number is another one. */
struct walk_req {
	struct pid *pid;
	struct verify_pte_walk ask; /* VERIFY_PTE_RAW: no LEN, every level of one address */
};

/* The state of an open file, under the lock of its seq_file. */
struct walk_file {
	struct walk_req req;
	bool iova; /* of a device; else of a process */
	/* The text answer in progress, a buffer of records at a time. */
	struct walk walk;
	struct mm_struct *mm; /* mm_count only: never keeps it alive */
	u64 addr;	      /* where the next buffer starts */
	loff_t pos;	      /* in the text, of the first run of buf */
	int err;
	u8 buf[WALK_BUF_SIZE] __aligned(8); /* of records, for either answer */
};

/* The last request of any opener, for those who only read. */
static DEFINE_MUTEX(last_lock);
static struct walk_req last_req[2];
static struct dentry *walk_dir;

static void req_set(struct walk_req *dst, const struct walk_req *src)
{
	put_pid(dst->pid);
	*dst = *src;
	get_pid(dst->pid);
}

static struct mm_struct *pid_get_mm(struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	return mm;
}

/* "PID VADDR [LEN]", "PID:VADDR[+LEN]" or "VADDR"; "BDF IOVA [LEN]"; @text is cut up */
static int req_parse(char *text, bool iova, struct walk_req *req, int *nr)
{
	char *word[3] = { 0 }, *rest = strim(text), *w;
	unsigned int n = 0, domain, bus, slot, fn;
	bool colon;
	int end;

	if (iova) {
		/* It stands where a process's number would. */
		if (sscanf(rest, "%4x:%2x:%2x.%1u%n", &domain, &bus, &slot, &fn, &end) != 4 ||
		    slot > 31 || fn > 7 || !strchr(" \t", rest[end]))
			return -EINVAL;
		req->ask.device = domain << 16 | bus << 8 | PCI_DEVFN(slot, fn);
		word[n++] = "1";
		rest += end;
	}
	colon = strchr(rest, ':');
	while ((w = strsep(&rest, !colon ? " \t" : n ? "+" : ":"))) {
		if (!*w && !colon)
			continue;
		if (n == ARRAY_SIZE(word))
			return -EINVAL;
		word[n++] = w;
	}
	*nr = 0;
	req->ask.len = PAGE_SIZE;
	req->ask.flags = n < 3 && !iova ? VERIFY_PTE_RAW : 0;
	if (n <= iova || (n > 1 && (kstrtoint(word[0], 10, nr) || *nr <= 0)) ||
	    kstrtou64(word[n > 1], 0, &req->ask.start) ||
	    (n == 3 && kstrtou64(word[2], 0, &req->ask.len)))
		return -EINVAL;
	return walk_check_range(req->ask.start, req->ask.len, iova);
}

static ssize_t walk_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct walk_file *wf = m->private;
	struct walk_req req = { 0 };
	struct mm_struct *mm;
	char *text;
	int nr, ret;

	if (!count || count > WALK_REQ_MAX)
		return -EINVAL;
	text = memdup_user_nul(ubuf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = strlen(text) == count ? req_parse(text, wf->iova, &req, &nr) : -EINVAL;
	kfree(text);
	if (ret)
		return ret;

	if (!wf->iova) {
		req.pid = nr ? find_get_pid(nr) : get_pid(task_tgid(current));
		mm = pid_get_mm(req.pid);
		if (!mm) {
			put_pid(req.pid);
			return -ESRCH;
		}
		mmput(mm);
	}

	mutex_lock(&m->lock);
	req_set(&wf->req, &req);
	mutex_unlock(&m->lock);
	mutex_lock(&last_lock);
	req_set(&last_req[wf->iova], &req);
	mutex_unlock(&last_lock);
	put_pid(req.pid);
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

	while ((flag = pt_next_flag(&pt_native, level, entry, &pos)))
		seq_printf(m, " %s", flag);
}

static void show_no_user(struct seq_file *m, u32 level, u32 no_user_levels, const char *head)
{
	seq_puts(m, no_user_levels ? head : "");
	while (level--)
		if (no_user_levels & BIT(level))
			seq_printf(m, " %s", pt_level_name(walk_levels(), level));
}

static void show_head(struct seq_file *m, const struct walk_file *wf)
{
	const struct verify_pte_walk *out = &wf->walk.out;

	if (wf->iova) {
		seq_printf(m, "device %04x:%02x:%02x.%x iova 0x%016llx len 0x%llx\ndomain %s\n",
			   out->device >> 16, PCI_BUS_NUM(out->device), PCI_SLOT(out->device),
			   PCI_FUNC(out->device), out->start, out->len,
			   out->features == VERIFY_PTE_PAGING	  ? "paging"
			   : out->features == VERIFY_PTE_IDENTITY ? "identity"
								  : "blocked");
		return;
	}
	seq_printf(m, "pid %d vaddr 0x%016llx", pid_vnr(wf->req.pid), wf->req.ask.start);
	if (!wf->walk.raw)
		seq_printf(m, " len 0x%llx", wf->req.ask.len);
	seq_printf(m, "\nroot 0x%016llx levels %u pti %s", out->root_pa, out->levels,
		   out->features & VERIFY_PTE_PTI ? "on" : "off");
	if (out->features & VERIFY_PTE_PTI)
		seq_printf(m, " kernel_root 0x%016llx", out->kernel_root_pa);
	seq_putc(m, '\n');
}

/* Every level of one address; the records are raw, from the root down. */
static void show_levels(struct seq_file *m, const struct walk *w)
{
	struct pt_effective eff = PT_EFFECTIVE_INIT;
	const struct verify_pte_entry *e = NULL;
	u32 i;

	for (i = 0; i < w->nr; i++) {
		e = &w->raws[i];
		pt_effective_add(&pt_native, &eff, e->level, e->entry);
		seq_printf(m, "%s index %3u table 0x%016llx entry 0x%016llx",
			   pt_level_name(w->out.levels, e->level), e->index, e->table_pa, e->entry);
		show_flags(m, e->level, e->entry);
		if (e->kind != PT_TABLE && e->kind != PT_LEAF)
			seq_printf(m, " (%s)", pt_kind_name(e->kind));
		seq_putc(m, '\n');
	}
	if (!e) {
		seq_puts(m, "effective: not mapped: the address is in no VMA\n_PAGE_USER: none\n");
		return;
	}
	if (!pt_has_frame(e->kind)) {
		seq_printf(m, "effective: not present: %s at %s\n_PAGE_USER: none\n",
			   pt_kind_name(e->kind), pt_level_name(w->out.levels, e->level));
		return;
	}
	seq_printf(m, "page %s pa 0x%016llx\neffective: ", pt_size_name(e->level),
		   pt_native.pa(e->level, e->entry, w->out.pa_mask) +
			   (e->vaddr & (pt_size(&pt_native, e->level) - 1)));
	show_rights(m, eff.rights);
	seq_printf(m, "\n_PAGE_USER: %s", eff.rights & PT_USER ? "set" : "clear");
	show_no_user(m, w->out.levels, eff.no_user_levels, "");
	seq_putc(m, '\n');
}

static void show_run(struct seq_file *m, const struct walk *w, const struct verify_pte_run *r)
{
	seq_printf(m, "0x%016llx-0x%016llx %s", r->vaddr, r->vaddr + r->len, pt_kind_name(r->kind));
	if (pt_has_frame(r->kind)) {
		if (w->mm)
			seq_printf(m, " %s", pt_size_name(r->level));
		seq_printf(m, " pa 0x%016llx ", r->pa);
		if (w->mm)
			show_rights(m, r->rights);
	}
	if (r->kind != PT_NONE && w->mm) {
		seq_printf(m, " entry 0x%016llx", r->entry);
		show_flags(m, r->level, r->entry);
	}
	show_no_user(m, w->out.levels, r->no_user_levels, " no_user_at");
	seq_putc(m, '\n');
}

static void show_tail(struct seq_file *m, const struct walk *w)
{
	u32 kind;

	if (w->mm && !w->seen_vma)
		seq_puts(m, "not mapped: the range is in no VMA\n");
	seq_printf(m, "complete: none %llu", w->out.pages[PT_NONE]);
	for (kind = PT_LEAF; kind < PT_NR_KINDS; kind++)
		seq_printf(m, " %s %llu", pt_kind_name(kind), w->out.pages[kind]);
	seq_puts(m, " (4K pages)\n");
}

/* Fills the buffer again; the mm is kept from its exit in here only. */
static int walk_file_fill(struct walk_file *wf)
{
	struct walk *w = &wf->walk;
	int ret;

	w->nr = 0;
	if (wf->mm && !mmget_not_zero(wf->mm))
		return -ESRCH;
	do {
		ret = wf->mm ? walk_batch(w, &wf->addr) : iova_batch(w, &wf->addr);
		cond_resched();
	} while (!ret && !w->full && wf->addr < w->end && !signal_pending(current));
	if (wf->mm)
		mmput(wf->mm);
	return ret;
}

static void walk_file_end(struct walk_file *wf)
{
	if (wf->mm)
		mmdrop(wf->mm);
	wf->mm = NULL;
	wf->err = -ESPIPE; /* goes on from the start only */
}

static int walk_file_begin(struct walk_file *wf)
{
	struct mm_struct *mm = NULL;

	walk_file_end(wf);
	if (!wf->req.ask.len)
		return -ENODATA; /* nothing was asked */
	if (!wf->iova) {
		mm = pid_get_mm(wf->req.pid);
		if (!mm)
			return -ESRCH;
		mmgrab(mm);
		wf->mm = mm;
	}
	wf->addr = wf->req.ask.start;
	wf->pos = 1;
	wf->walk.out = wf->req.ask;
	walk_init(&wf->walk, mm, wf->buf);
	wf->walk.cap = WALK_BUF_SIZE / sizeof(struct verify_pte_run);
	if (mm)
		mmput(mm);
	return walk_file_fill(wf);
}

/* The text: at 0 its head, then a run each, then the tail. */
static void *walk_seq_start(struct seq_file *m, loff_t *at)
{
	struct walk_file *wf = m->private;
	struct walk *w = &wf->walk;
	const loff_t pos = *at;

	if (!pos) {
		wf->err = walk_file_begin(wf);
	} else if (!wf->err && pos == wf->pos + w->nr && wf->addr < w->end) {
		wf->pos = pos;
		wf->err = walk_file_fill(wf);
	}
	if (wf->err || !pos)
		return wf->err ? ERR_PTR(wf->err) : SEQ_START_TOKEN;
	if (!w->raw && pos >= wf->pos && pos < wf->pos + w->nr)
		return &w->runs[pos - wf->pos];
	return pos == wf->pos + (w->raw ? 0 : w->nr) ? wf : NULL;
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
	struct walk_file *wf = m->private;

	if (v == SEQ_START_TOKEN)
		show_head(m, wf);
	else if (v != wf)
		show_run(m, &wf->walk, v);
	else if (wf->walk.raw)
		show_levels(m, &wf->walk);
	else
		show_tail(m, &wf->walk);
	return 0;
}

static const struct seq_operations walk_seq_ops = {
	.start = walk_seq_start,
	.next = walk_seq_next,
	.stop = walk_seq_stop,
	.show = walk_seq_show,
};

/* A word at a time: for a few of them a fraction of the cost of copy_from_user(), _to_user(). */
static bool words_from_user(void *to, const void __user *from, size_t size)
{
	if (!user_read_access_begin(from, size))
		return false;
	for (size /= sizeof(u64); size--;)
		unsafe_get_user(((u64 *)to)[size], (u64 __user *)from + size, fault);
	user_read_access_end();
	return true;
fault:
	user_read_access_end();
	return false;
}

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

static int walk_ioctl_mm(struct walk *w, struct mm_struct *mm, void *buf, u32 cap, size_t size)
{
	u8 __user *ubuf = u64_to_user_ptr(w->out.buf);
	u64 addr = w->out.start;
	u32 nr = 0;
	int ret;

	walk_init(w, mm, buf);
	do {
		bool stop;

		w->cap = min(cap, w->out.nr - nr);
		ret = mm ? walk_batch(w, &addr) : iova_batch(w, &addr);
		if (ret)
			return ret;
		stop = addr == w->end || signal_pending(current);
		if (w->full || stop) {
			if (!words_to_user(ubuf + nr * size, buf, w->nr * size))
				return -EFAULT;
			nr += w->nr;
			w->nr = 0;
		}
		if (stop)
			break;
		cond_resched();
	} while (nr < w->out.nr);
	if (mm && !w->seen_vma)
		return -EFAULT;

	w->out.argsz = sizeof(w->out);
	w->out.nr = nr;
	w->out.next = addr;
	return 0;
}

static long walk_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct seq_file *m = file->private_data;
	struct walk_file *wf = m->private;
	struct verify_pte_walk __user *user = (void __user *)uarg;
	struct mm_struct *mm = current->mm;
	size_t size = sizeof(struct verify_pte_run);
	struct verify_pte_run one; /* not worth a lock */
	struct walk w;
	int ret = 1;

	if (cmd != (wf->iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK))
		return -ENOTTY;
	if (!words_from_user(&w.out, user, VERIFY_PTE_ASKED))
		return -EFAULT;
	if (w.out.argsz < sizeof(*user) || w.out.argsz > PAGE_SIZE)
		return put_user((u32)sizeof(*user), &user->argsz) ? -EFAULT : -EINVAL;
	if (w.out.argsz > sizeof(*user))
		ret = check_zeroed_user(user + 1, w.out.argsz - sizeof(*user));
	if (ret <= 0)
		return ret ? ret : -EINVAL;
	if (w.out.flags & VERIFY_PTE_RAW)
		size = sizeof(struct verify_pte_entry);
	if (w.out.flags & (wf->iova ? ~0U : ~VERIFY_PTE_RAW) || (!wf->iova && w.out.pid < 0) ||
	    w.out.nr < (w.out.flags & VERIFY_PTE_RAW ? PT_MAX_LEVELS : 1))
		return -EINVAL;
	ret = walk_check_range(w.out.start, w.out.len, wf->iova);
	if (ret)
		return ret;

	/* Its own mm is there as long as the caller is; another's needs a reference. */
	if (wf->iova) {
		mm = NULL;
	} else if (w.out.pid) {
		struct pid *pid = find_get_pid(w.out.pid);

		mm = pid_get_mm(pid);
		put_pid(pid);
	}
	if (!mm && !wf->iova)
		return -ESRCH;
	if (w.out.nr == 1) {
		ret = walk_ioctl_mm(&w, mm, &one, 1, size);
	} else {
		mutex_lock(&m->lock);
		walk_file_end(wf); /* both answers use the buffer */
		ret = walk_ioctl_mm(&w, mm, wf->buf, WALK_BUF_SIZE / size, size);
		mutex_unlock(&m->lock);
	}
	if (mm && w.out.pid)
		mmput(mm);
	return ret ? ret : words_to_user(user, &w.out, sizeof(w.out)) ? 0 : -EFAULT;
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
	if (!(file->f_mode & FMODE_WRITE)) {
		mutex_lock(&last_lock);
		req_set(&wf->req, &last_req[wf->iova]);
		mutex_unlock(&last_lock);
	}
	return 0;
}

static int walk_release(struct inode *inode, struct file *file)
{
	struct walk_file *wf = ((struct seq_file *)file->private_data)->private;

	walk_file_end(wf);
	put_pid(wf->req.pid);
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
	put_pid(last_req[0].pid);
}
module_exit(verify_pte_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Page table of a process, every level, read-only");
MODULE_VERSION("0.1.0");
