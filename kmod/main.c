// SPDX-License-Identifier: GPL-2.0
/*
 * verify_pte: shows the page table of a process and the IOMMU domain of a device in debugfs.  It
 * only reads: it changes neither.
 *
 * This file has the two debugfs files, their ioctls, and the loading and unloading of the module.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "file.h"

static struct dentry *walk_dir;
static bool walk_ready; /* all files exist: from here on the module cannot fail to load */

/*
 * The main thread of a process may have exited while others still run; it has no mm any more then,
 * but every thread that still runs has one, and it is the same mm.
 */
struct mm_struct *pid_get_mm(struct pid *pid)
{
	struct task_struct *task, *thread;
	struct mm_struct *mm = NULL;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (task)
		mm = get_task_mm(task);
	if (task && !mm) {
		for_each_thread(task, thread) {
			mm = get_task_mm(thread);
			if (mm)
				break;
		}
	}
	rcu_read_unlock();
	return mm;
}

/*
 * The file keeps one buffer, so that a call normally allocates none.  Where another call uses that
 * buffer at the same time, this call allocates one of its own.
 */
void *buf_take(struct walk_file *wf)
{
	void *buf = xchg(&wf->buf, NULL);

	return buf ? buf : kmalloc(WALK_BUF_SIZE, GFP_KERNEL);
}

void buf_give(struct walk_file *wf, void *buf)
{
	kfree(xchg(&wf->buf, buf));
}

int walk_fill(struct walk *w)
{
	int ret;

	w->nr = 0;
	for (;;) {
		ret = w->mm ? walk_batch(w) : iova_batch(w);
		if (ret || w->full || w->addr == w->end || signal_pending(current))
			return ret;
		cond_resched();
	}
}

/*
 * Copies a word at a time.  For a struct of a few words this takes a fraction of the time of
 * copy_to_user(), which matters when a program asks about one page a call.
 */
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

/*
 * Walks the range and copies each full buffer of records to the caller.  No lock is held while user
 * memory is written.
 */
static int walk_ioctl_fill(struct walk *w, size_t size)
{
	u8 __user *ubuf = u64_to_user_ptr(w->out.buf);
	u32 nr = 0;
	int ret, err;

	do {
		w->cap = min_t(u32, WALK_BUF_SIZE / size, w->out.nr - nr);
		err = walk_fill(w);
		/*
		 * An entry that cannot be followed ends the answer before it.  The call fails with
		 * -EIO only if that entry is the first one that it asks about.
		 */
		ret = err;
		if (err == -EIO && w->addr != w->out.start)
			ret = 0;
		if (!ret && !words_to_user(ubuf + nr * size, w->buf, w->nr * size))
			ret = -EFAULT;
		if (ret)
			return ret;
		nr += w->nr;
	} while (!err && w->full && nr < w->out.nr && !signal_pending(current));
	if (w->mm && !w->seen_vma)
		return -EFAULT;
	w->out.argsz = sizeof(w->out);
	w->out.nr = nr;
	w->out.next = w->addr;
	return 0;
}

/*
 * Takes over the state of the answer that the caller continues: its number, the address at which it
 * stopped, and the process or device must be the same.
 */
static int answer_resume(struct walk_file *wf, struct walk *w)
{
	const struct walk *kept = &wf->kept;
	int ret = -ESTALE;

	if (mutex_lock_killable(&wf->lock))
		return -EINTR;
	if (wf->answer == w->out.answer && kept->addr == w->addr && kept->raw == w->raw &&
	    kept->out.device == w->out.device && kept->out.segment == w->out.segment &&
	    kept->mm == w->mm) {
		w->seen_vma = true;
		w->path = kept->path;
		w->domain = kept->domain;
		w->attached = kept->attached;
		ret = 0;
	}
	mutex_unlock(&wf->lock);
	return ret;
}

/*
 * Keeps the state of an answer that is not complete, under a number which the next call gives back.
 * The state of a complete answer is dropped.
 */
static int answer_keep(struct walk_file *wf, struct walk *w)
{
	struct mm_struct *old = NULL;
	const bool more = w->addr < w->end;

	if (!more && !w->out.answer)
		return 0;
	if (mutex_lock_killable(&wf->lock))
		return -EINTR;
	if (more && !w->out.answer) {
		/* 0 means that there is no answer, so it is left out. */
		wf->last_answer += wf->last_answer == U32_MAX ? 2 : 1;
		w->out.answer = wf->last_answer;
	}
	if (more || wf->answer == w->out.answer) {
		old = wf->kept.mm;
		wf->kept.mm = NULL;
		wf->answer = 0;
	}
	if (more) {
		wf->kept = *w;
		wf->answer = w->out.answer;
		if (w->mm)
			mmgrab(w->mm);
	} else {
		w->out.answer = 0;
	}
	mutex_unlock(&wf->lock);
	if (old)
		mmdrop(old);
	return 0;
}

static int walk_ioctl_mm(struct walk_file *wf, struct walk *w, struct mm_struct *mm)
{
	const size_t size = w->raw ? sizeof(*w->raws) : sizeof(*w->runs);
	struct verify_pte_run one; /* one record needs no allocated buffer */
	const bool single = w->out.nr == 1;
	void *buf = single ? &one : buf_take(wf);
	int ret = 0;

	if (!buf)
		return -ENOMEM;
	walk_init(w, mm, buf);
	if (w->out.answer)
		ret = answer_resume(wf, w);
	if (!ret)
		ret = walk_ioctl_fill(w, size);
	if (!ret)
		ret = answer_keep(wf, w);
	if (!single)
		buf_give(wf, buf);
	return ret;
}

/*
 * Checks the size of the caller's struct.  A shorter struct than ours is refused.  A longer one is
 * accepted if the part that we do not know is zero, as in copy_struct_from_user().  A caller whose
 * struct is refused finds in argsz the size that we know.
 */
static int check_size(void __user *user, u32 argsz, u32 known)
{
	int ret = 1;

	if (argsz == known)
		return 0;
	if (argsz > known && argsz <= PAGE_SIZE)
		ret = check_zeroed_user(user + known, argsz - known);
	if (ret < 0)
		return ret;
	if (ret && argsz > known && argsz <= PAGE_SIZE)
		return 0;
	if (put_user(known, (u32 __user *)user))
		return -EFAULT;
	return argsz < known ? -EINVAL : -E2BIG;
}

static int info_ioctl(void __user *user)
{
	struct verify_pte_info info = {
		.argsz = sizeof(info),
		.volatile_mask = pt_native.volatile_mask,
	};
	u32 asked[2]; /* argsz, flags */
	int ret;

	if (copy_from_user(asked, user, sizeof(asked)))
		return -EFAULT;
	ret = check_size(user, asked[0], sizeof(info));
	if (ret)
		return ret;
	if (asked[1])
		return -EINVAL;
	memcpy(info.soft, pt_native_soft, sizeof(pt_native_soft));
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

static long walk_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct walk_file *wf = file->private_data;
	struct verify_pte_walk __user *user = (void __user *)uarg;
	struct mm_struct *mm = NULL;
	struct walk w;
	int i, ret;

	if (cmd == VERIFY_PTE_IOC_INFO)
		return info_ioctl(user);
	if (cmd != (wf->iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK))
		return -ENOTTY;
	if (!user_read_access_begin(user, sizeof(*user)))
		return -EFAULT;
	for (i = 0; i < WALK_ASKED / sizeof(u64); i++)
		unsafe_get_user(((u64 *)&w.out)[i], (u64 __user *)user + i, fault);
	user_read_access_end();
	ret = check_size(user, w.out.argsz, sizeof(*user));
	if (ret)
		return ret;
	w.raw = w.out.flags & VERIFY_PTE_RAW;
	if (w.out.flags & (wf->iova ? ~0U : ~VERIFY_PTE_RAW) ||
	    w.out.nr < (w.raw ? PT_MAX_LEVELS : 1))
		return -EINVAL;
	if (wf->iova ? w.out.device > U16_MAX : w.out.pid < 0 || w.out.segment)
		return -EINVAL;
	ret = walk_check_range(w.out.start, w.out.len, wf->iova);
	if (ret)
		return ret;

	/* The caller's own mm cannot go away during the call; another mm needs a reference. */
	if (!wf->iova && !w.out.pid) {
		mm = current->mm;
	} else if (!wf->iova) {
		rcu_read_lock();
		mm = pid_get_mm(find_vpid(w.out.pid));
		rcu_read_unlock();
	}
	if (!mm && !wf->iova)
		return w.out.answer ? -ESTALE : -ESRCH;
	ret = walk_ioctl_mm(wf, &w, mm);
	if (mm && w.out.pid)
		mmput(mm);
	if (ret == -EIO && put_user(w.addr, &user->next))
		return -EFAULT;
	if (!ret && !words_to_user(user, &w.out, sizeof(w.out)))
		ret = -EFAULT;
	return ret;
fault:
	user_read_access_end();
	return -EFAULT;
}

static int walk_open(struct inode *inode, struct file *file)
{
	struct walk_file *wf;

	/* Physical addresses are for the administrator only, as in /proc/PID/pagemap. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/*
	 * If the module failed to load after all, the reference that this open file holds would not
	 * keep its code.
	 */
	if (!smp_load_acquire(&walk_ready))
		return -ENODEV;
	wf = kzalloc(sizeof(*wf), GFP_KERNEL);
	if (!wf)
		return -ENOMEM;
	mutex_init(&wf->lock);
	wf->iova = inode->i_private;
	text_open(wf, !(file->f_mode & FMODE_WRITE));
	file->private_data = wf;
	/*
	 * The VFS would take its own lock on the file offset.  It is not killable, and it would be
	 * held while user memory is copied, which another process may delay without end.
	 */
	file->f_mode &= ~FMODE_ATOMIC_POS;
	return 0;
}

static int walk_release(struct inode *inode, struct file *file)
{
	struct walk_file *wf = file->private_data;

	text_release(wf);
	if (wf->kept.mm)
		mmdrop(wf->kept.mm);
	kfree(wf->buf);
	kfree(wf);
	return 0;
}

static const struct file_operations walk_fops = {
	.owner = THIS_MODULE,
	.read = text_read,
	.write = text_write,
	.unlocked_ioctl = walk_ioctl,
	.compat_ioctl = compat_ptr_ioctl, /* the structs have the same layout in 32 bits */
	.llseek = no_seek_end_llseek,
	.open = walk_open,
	.release = walk_release,
};

static int __init verify_pte_init(void)
{
	struct dentry *walk, *iova;
	int ret;

	/*
	 * In a Xen PV guest an entry holds a machine frame number, so __va() of it is not the
	 * address of the next table.
	 */
	if (boot_cpu_has(X86_FEATURE_XENPV)) {
		pr_err("verify_pte: Xen PV guests' entries hold machine frames; not supported\n");
		return -EOPNOTSUPP;
	}
	walk_dir = debugfs_create_dir(VERIFY_PTE_DIR, NULL);
	if (IS_ERR(walk_dir)) {
		pr_err("verify_pte: there is no debugfs for its files (%pe): boot without debugfs=off\n",
		       walk_dir);
		return -ENODEV;
	}
	iova_init();
	/*
	 * The "unsafe" kind does not protect an operation against removal of its file.  These files
	 * are removed on unload only, and an open file holds a reference on the module.  The other
	 * kind cannot be used: its wrapper has no compat_ioctl.
	 */
	walk = debugfs_create_file_unsafe(VERIFY_PTE_WALK, 0600, walk_dir, NULL, &walk_fops);
	iova = debugfs_create_file_unsafe(VERIFY_PTE_IOVA, 0600, walk_dir, &walk_dir, &walk_fops);
	ret = PTR_ERR_OR_ZERO(walk);
	if (!ret)
		ret = PTR_ERR_OR_ZERO(iova);
	if (ret) {
		debugfs_remove(walk_dir);
		iova_exit();
		return ret;
	}
	/* Pairs with the load in walk_open(): who sees the flag set sees all that init did. */
	smp_store_release(&walk_ready, true);
	return 0;
}
module_init(verify_pte_init);

static void __exit verify_pte_exit(void)
{
	debugfs_remove(walk_dir);
	iova_exit();
	text_exit();
}
module_exit(verify_pte_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Page table of a process, every level, read-only");
MODULE_VERSION(VERIFY_PTE_VERSION);
