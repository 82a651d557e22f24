// SPDX-License-Identifier: GPL-2.0
/*
 * Requests and answers as text.  A program writes a request, then it reads the answer from offset 0
 * on.  The text is made and kept one piece at a time.
 *
 * A reader never gets the beginning of one answer and the rest of another: a new request ends the
 * answer to the one before it, and a request that is refused leaves no answer.
 */
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "file.h"

#define TEXT_SIZE    (8 * 1024)
#define TEXT_RECORDS 20	 /* in one piece; each is a line of less than 380 characters */
#define REQUEST_MAX  127 /* characters */

/* The last request that was written to any file, for those who open a file for reading only. */
static DEFINE_MUTEX(last_lock);
static struct walk_req last_req[2] = { { .err = -ENODATA }, { .err = -ENODATA } };

static void req_hold(const struct walk_req *req)
{
	if (req->mm)
		mmgrab(req->mm);
	get_pid(req->pid);
}

static void req_drop(const struct walk_req *req)
{
	if (req->mm)
		mmdrop(req->mm);
	put_pid(req->pid);
}

static void last_req_set(bool iova, const struct walk_req *req)
{
	struct walk_req old;

	req_hold(req);
	mutex_lock(&last_lock);
	old = last_req[iova];
	last_req[iova] = *req;
	mutex_unlock(&last_lock);
	req_drop(&old);
}

/* Parses "0000:00:01.0".  The number of a PCI domain can have more than 16 bits, as behind VMD. */
static int device_parse(const char *text, struct verify_pte_walk *ask)
{
	unsigned int domain, bus, slot, fn;
	char more;

	if (sscanf(text, "%8x:%2x:%2x.%1u%c", &domain, &bus, &slot, &fn, &more) != 4 || slot > 31 ||
	    fn > 7)
		return -EINVAL;
	ask->segment = domain;
	ask->device = bus << 8 | PCI_DEVFN(slot, fn);
	return 0;
}

/*
 * Parses a request: "PID VADDR [LEN]", "PID:VADDR[+LEN]" or "VADDR"; for a device "BDF IOVA [LEN]".
 * Writes to @text.
 */
static int req_parse(char *text, bool iova, struct verify_pte_walk *ask)
{
	char *rest = strim(text), *word[3] = { NULL }, *w;
	const bool colon = !iova && strchr(rest, ':');
	const char *between = colon ? ":" : " \t", *at;
	unsigned int n = 0;

	while ((w = strsep(&rest, between))) {
		if (!*w && !colon)
			continue;
		if (n == ARRAY_SIZE(word))
			return -EINVAL;
		word[n++] = w;
		if (colon)
			between = "+";
	}
	if (n < (iova ? 2 : 1))
		return -EINVAL;
	if (iova && device_parse(word[0], ask))
		return -EINVAL;
	if (!iova && n > 1 && (kstrtoint(word[0], 10, &ask->pid) || ask->pid <= 0))
		return -EINVAL;
	at = n > 1 ? word[1] : word[0];
	ask->len = PAGE_SIZE;
	if (kstrtou64(at, 0, &ask->start) || (word[2] && kstrtou64(word[2], 0, &ask->len)))
		return -EINVAL;
	if (!iova && !word[2])
		ask->flags = VERIFY_PTE_RAW;
	return walk_check_range(ask->start, ask->len, iova);
}

/* Reads and parses a request that was written.  Takes mm_users of the process's mm, and its pid. */
static int req_get(struct walk_req *req, bool iova, const char __user *ubuf, size_t count)
{
	char text[REQUEST_MAX + 1] = "";
	int ret;

	if (!count || count > REQUEST_MAX)
		return -EINVAL;
	if (copy_from_user(text, ubuf, count))
		return -EFAULT;
	if (strlen(text) != count)
		return -EINVAL;
	ret = req_parse(text, iova, &req->ask);
	if (ret || iova)
		return ret;
	req->pid = req->ask.pid ? find_get_pid(req->ask.pid) : get_pid(task_tgid(current));
	req->mm = pid_get_mm(req->pid);
	return req->mm ? 0 : -ESRCH;
}

ssize_t text_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos)
{
	struct walk_file *wf = file->private_data;
	struct walk_req req = { 0 }, old;
	struct mm_struct *users;
	struct pid *pid;
	int killed;

	req.err = req_get(&req, wf->iova, ubuf, count);
	users = req.mm;
	pid = req.pid;
	killed = mutex_lock_killable(&wf->lock);
	if (!killed) {
		req_hold(&req);
		old = wf->req;
		wf->req = req;
		wf->begun = false;
		mutex_unlock(&wf->lock);
		req_drop(&old);
		last_req_set(wf->iova, &req);
	}
	if (users)
		mmput(users);
	put_pid(pid);
	if (killed || req.err)
		return killed ? killed : req.err;
	*ppos = 0; /* the next read() begins with this answer */
	return count;
}

static __printf(2, 3) void put(struct walk_file *wf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	wf->text_len += vscnprintf(wf->text + wf->text_len, TEXT_SIZE - wf->text_len, fmt, ap);
	va_end(ap);
}

static void put_rights(struct walk_file *wf, u32 rights)
{
	put(wf, "%s %s %s", rights & PT_USER ? "user" : "supervisor",
	    rights & PT_WRITE ? "write" : "nowrite", rights & PT_EXEC ? "exec" : "noexec");
}

static void put_flags(struct walk_file *wf, u32 level, u64 entry)
{
	unsigned int pos = 0;
	const char *flag;

	put(wf, " entry 0x%016llx", entry);
	while ((flag = pt_next_flag(&pt_native, level, entry, &pos)))
		put(wf, " %s", flag);
}

static void put_no_user(struct walk_file *wf, u32 levels, u32 no_user_levels)
{
	for (; no_user_levels; no_user_levels &= ~BIT(__fls(no_user_levels)))
		put(wf, " %s", pt_level_name(levels, __fls(no_user_levels)));
	put(wf, "\n");
}

static void put_head(struct walk_file *wf)
{
	const struct verify_pte_walk *out = &wf->walk.out;

	if (wf->iova)
		put(wf, "device %04x:%02x:%02x.%x iova 0x%016llx", out->segment,
		    PCI_BUS_NUM(out->device), PCI_SLOT(out->device), PCI_FUNC(out->device),
		    out->start);
	else
		put(wf, "pid %d vaddr 0x%016llx", pid_vnr(wf->req.pid), out->start);
	if (!wf->walk.raw)
		put(wf, " len 0x%llx", out->len);
	if (wf->iova)
		put(wf, "\ndomain %s", out->features & VERIFY_PTE_PAGING ? "paging" : "blocked");
	else
		put(wf, "\nroot 0x%016llx levels %u pti %s", out->root_pa, out->levels,
		    out->features & VERIFY_PTE_PTI ? "on" : "off");
	if (out->features & VERIFY_PTE_PTI)
		put(wf, " kernel_root 0x%016llx", out->kernel_root_pa);
	put(wf, "\n");
}

static void put_entry(struct walk_file *wf, const struct verify_pte_entry *e)
{
	put(wf, "%s index %3u table 0x%016llx", pt_level_name(wf->walk.out.levels, e->level),
	    e->index, e->table_pa);
	put_flags(wf, e->level, e->entry);
	if (e->kind != PT_TABLE && e->kind != PT_LEAF)
		put(wf, " (%s)", pt_kind_name(e->kind));
	put(wf, "\n");
}

/* The end of the answer about one address: what all its entries together mean. */
static void put_address(struct walk_file *wf)
{
	const struct walk *w = &wf->walk;
	const struct verify_pte_entry *e = w->raws, *end = e + w->nr;
	struct pt_effective eff = PT_EFFECTIVE_INIT;

	if (!w->nr) {
		put(wf, "effective: not mapped: the address is in no VMA\n_PAGE_USER: none\n");
		return;
	}
	for (; e < end; e++)
		pt_effective_add(&pt_native, &eff, e->level, e->entry);
	e = end - 1;
	if (!pt_has_frame(e->kind)) {
		put(wf, "effective: not present: %s at %s\n_PAGE_USER: none\n",
		    pt_kind_name(e->kind), pt_level_name(w->out.levels, e->level));
		return;
	}
	put(wf, "page %d%c pa 0x%016llx\neffective: ", 4 >> e->level, "KMG"[e->level],
	    pt_frame(&pt_native, e->level, e->entry, e->vaddr, w->out.pa_mask));
	put_rights(wf, eff.rights);
	put(wf, "\n_PAGE_USER: %s", eff.rights & PT_USER ? "set" : "clear");
	put_no_user(wf, w->out.levels, eff.no_user_levels);
}

static void put_run(struct walk_file *wf, const struct verify_pte_run *r)
{
	put(wf, "0x%016llx-0x%016llx %s", r->vaddr, r->vaddr + r->len, pt_kind_name(r->kind));
	if (pt_has_frame(r->kind)) {
		if (!wf->iova)
			put(wf, " %d%c", 4 >> r->level, "KMG"[r->level]);
		put(wf, " pa 0x%016llx ", r->pa);
		if (!wf->iova)
			put_rights(wf, r->rights);
	}
	if (r->kind != PT_NONE && !wf->iova)
		put_flags(wf, r->level, r->entry);
	if (r->no_user_levels)
		put(wf, " no_user_at");
	put_no_user(wf, wf->walk.out.levels, r->no_user_levels);
}

static void put_counts(struct walk_file *wf)
{
	const struct walk *w = &wf->walk;
	u32 kind;

	if (!wf->iova && !w->seen_vma)
		put(wf, "not mapped: the range is in no VMA\n");
	put(wf, "complete: none %llu", w->out.pages[PT_NONE]);
	for (kind = PT_LEAF; kind < PT_NR_KINDS; kind++)
		put(wf, " %s %llu", pt_kind_name(kind), w->out.pages[kind]);
	put(wf, " (4K pages)\n");
}

/* Prints the records in the buffer, with the head before the first and the end after the last. */
static void put_piece(struct walk_file *wf, bool first, int err)
{
	const struct walk *w = &wf->walk;
	u32 i;

	if (first)
		put_head(wf);
	for (i = 0; i < w->nr; i++) {
		if (w->raw)
			put_entry(wf, &w->raws[i]);
		else
			put_run(wf, &w->runs[i]);
	}
	if (err)
		put(wf, "stopped at 0x%016llx: an entry that no kernel writes\n", w->addr);
	if (err || w->addr != w->end)
		return;
	if (w->raw)
		put_address(wf);
	else
		put_counts(wf);
	wf->ended = true;
}

/*
 * Makes the next piece of the text, with @buf for its records.  mm_users is held only during this
 * call, so a reader that stops reading does not delay the process's exit.
 *
 * The process that the request named must still have the same mm.  An mm can outlive its process,
 * as with vfork(), where the parent still uses it; it is not shown as the process's any more.
 */
static int text_fill(struct walk_file *wf, void *buf)
{
	struct mm_struct *mm = wf->iova ? NULL : pid_get_mm(wf->req.pid);
	const bool first = !wf->begun;
	struct walk *w = &wf->walk;
	int ret = -ESRCH;

	if (mm != wf->req.mm)
		goto out;
	if (first) {
		w->out = wf->req.ask;
		walk_init(w, mm, buf);
	}
	w->buf = buf;
	w->cap = TEXT_RECORDS;
	ret = walk_fill(w);
	if (!ret || ret == -EIO) {
		wf->text_at += wf->text_len;
		wf->text_len = 0;
		put_piece(wf, first, ret);
		wf->begun = true;
	} else if (ret == -EINTR) {
		/* A killed reader loses the records of this piece, so the next begins anew. */
		wf->begun = false;
	}
out:
	if (mm)
		mmput(mm);
	/* A full buffer may have cut the text: that is an error, not an answer. */
	return wf->text_len == TEXT_SIZE - 1 ? -EOVERFLOW : ret;
}

/*
 * Goes on to the next piece.  An error ends the answer for good; but after -EINTR and -ENOMEM the
 * same piece can be asked for again.
 */
static int text_next(struct walk_file *wf)
{
	void *buf = buf_take(wf);
	int ret = -ENOMEM;

	if (!wf->begun) {
		wf->text_at = 0;
		wf->text_len = 0;
		wf->text_err = 0;
		wf->ended = false;
	}
	if (!wf->text)
		wf->text = kmalloc(TEXT_SIZE, GFP_KERNEL);
	if (buf && wf->text)
		ret = text_fill(wf, buf);
	buf_give(wf, buf);
	if (ret != -EINTR && ret != -ENOMEM)
		wf->text_err = ret;
	/* With -EIO the piece has what was found up to the bad entry: it is read first. */
	return ret == -EIO ? 0 : ret;
}

/*
 * Makes the piece that holds offset @pos the current one.  Returns 0, also where @pos is at or past
 * the end of the text, or an error.
 */
static int text_find(struct walk_file *wf, loff_t pos)
{
	int ret;

	if (wf->req.err)
		return wf->req.err;
	/* The offset belongs to the answer to an earlier request. */
	if (pos && !wf->begun)
		return -ESPIPE;
	/* The text before the current piece is not kept: walk again from the start up to there. */
	if (!pos || pos < wf->text_at)
		wf->begun = false;
	if (!wf->begun) {
		ret = text_next(wf);
		if (ret)
			return ret;
	}
	while (pos >= wf->text_at + wf->text_len) {
		if (wf->text_err || wf->ended)
			return wf->text_err;
		ret = signal_pending(current) ? -EINTR : text_next(wf);
		if (ret)
			return ret;
	}
	return 0;
}

ssize_t text_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos)
{
	struct walk_file *wf = file->private_data;
	const loff_t pos = *ppos;
	char *page;
	ssize_t ret;
	size_t n = 0;

	if (!count)
		return 0;
	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	ret = mutex_lock_killable(&wf->lock);
	if (!ret) {
		ret = text_find(wf, pos);
		if (!ret && pos < wf->text_at + wf->text_len) {
			n = min_t(u64, min_t(size_t, count, PAGE_SIZE),
				  wf->text_at + wf->text_len - pos);
			memcpy(page, wf->text + (pos - wf->text_at), n);
		}
		mutex_unlock(&wf->lock);
	}
	if (n) {
		ret = n - copy_to_user(ubuf, page, n);
		*ppos = pos + ret;
		if (!ret)
			ret = -EFAULT;
	}
	free_page((unsigned long)page);
	return ret;
}

void text_open(struct walk_file *wf, bool last)
{
	wf->req.err = -ENODATA; /* no request was written yet */
	if (!last)
		return;
	mutex_lock(&last_lock);
	wf->req = last_req[wf->iova];
	req_hold(&wf->req);
	mutex_unlock(&last_lock);
}

void text_release(struct walk_file *wf)
{
	req_drop(&wf->req);
	kfree(wf->text);
}

void text_exit(void)
{
	req_drop(&last_req[0]);
}
