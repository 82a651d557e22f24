/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open file of the module.  It answers ioctls (main.c) and, after a written request, reads
 * (text.c).  Processes and threads may share it: no user memory is touched under its lock, which a
 * page fault handled by another process could hold up for ever.
 */
#ifndef FILE_H
#define FILE_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/pid.h>

#include "walk.h"

#define WALK_BUF_SIZE (16 * 1024) /* 409 runs or 512 raws */

/*
 * What was written.  The mm is held by mm_count: exit is not delayed by it, and no other mm gets
 * its address.
 */
struct walk_req {
	int err;		    /* the request was refused, or there was none */
	struct mm_struct *mm;	    /* NULL: of a device */
	struct pid *pid;	    /* whose mm it was, for a reader in any pid namespace */
	struct verify_pte_walk ask; /* VERIFY_PTE_RAW: every level of one address */
};

struct walk_file {
	bool iova; /* asks devices; else processes */
	void *buf; /* of records: who needs it takes it out; see buf_take() */

	struct mutex lock; /* taken killably; for all below */
	struct walk_req req;

	/* The text answer in progress, of req; a new request ends it. */
	bool begun, ended;
	int text_err;	  /* what it ended with */
	struct walk walk; /* its mm is req's */
	char *text;	  /* the piece in hand, TEXT_SIZE long */
	u32 text_len;
	loff_t text_at; /* where in the text it stands */

	/* The ioctl answer that can be gone on with. */
	u32 answer, last_answer; /* its number, 0: none; the last one given out */
	struct walk kept;	 /* holds mm_count of its mm */
};

/* The mm of the process that a task belongs to, or NULL; the caller puts it. */
struct mm_struct *pid_get_mm(struct pid *pid);

/* The buffer for records, or one for this call alone; NULL: no memory. */
void *buf_take(struct walk_file *wf);
void buf_give(struct walk_file *wf, void *buf);

/* The next records, as many as there is room for; less at the end and on a signal. */
int walk_fill(struct walk *w);

ssize_t text_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos);
ssize_t text_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos);
/* @last: a file that is opened to be read only is asked what was asked last, of any file */
void text_open(struct walk_file *wf, bool last);
void text_release(struct walk_file *wf);
void text_exit(void);

#endif /* FILE_H */
