/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open file of the module.  It answers ioctls (main.c), and it answers reads after a request was
 * written (text.c).
 *
 * Threads and processes may share an open file.  User memory is never accessed under the file's
 * lock: a page fault may be handled by another process (userfaultfd, FUSE), which could delay all
 * other users of the file without end.
 */
#ifndef FILE_H
#define FILE_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/pid.h>

#include "walk.h"

#define WALK_BUF_SIZE (16 * 1024) /* bytes: 409 runs, or 512 raw entries */

/*
 * A request that was written.  It holds mm_count of the mm: exit is not delayed, and the pointer is
 * not reused for another mm.
 */
struct walk_req {
	int err;		    /* why the request was refused; -ENODATA: there was none */
	struct mm_struct *mm;	    /* NULL: the request is about a device */
	struct pid *pid;	    /* the owner of mm, for a reader in any pid namespace */
	struct verify_pte_walk ask; /* with VERIFY_PTE_RAW: every level of one address */
};

struct walk_file {
	bool iova; /* this is the file about devices, not the one about processes */
	void *buf; /* for records; NULL while a call uses it, see buf_take() */

	struct mutex lock; /* protects all that follows; always taken killably */
	struct walk_req req;

	/* The text answer to req that is being read; a new request ends it. */
	bool begun, ended;
	int text_err;	  /* the error that ended it, or 0 */
	struct walk walk; /* walk.mm is req.mm */
	char *text;	  /* the current piece of the text, TEXT_SIZE bytes */
	u32 text_len;
	loff_t text_at; /* offset of that piece in the whole text */

	/* The ioctl answer that can be continued. */
	u32 answer;	  /* its number; 0: there is none */
	u32 last_answer;  /* the last number that was given to an answer */
	struct walk kept; /* holds mm_count of its mm */
};

/* The mm of a process, with mm_users held, or NULL.  The caller calls mmput(). */
struct mm_struct *pid_get_mm(struct pid *pid);

/* Takes the file's buffer for records, or allocates one.  NULL: no memory. */
void *buf_take(struct walk_file *wf);
/* Gives @buf back to the file, and frees the one that another call gave back meanwhile. */
void buf_give(struct walk_file *wf, void *buf);

/* Fills the buffer with the next records.  Fewer come at the end of the range and on a signal. */
int walk_fill(struct walk *w);

ssize_t text_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos);
ssize_t text_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos);
/* @last: the file is opened for reading only; it answers the last request written to any file. */
void text_open(struct walk_file *wf, bool last);
void text_release(struct walk_file *wf);
void text_exit(void);

#endif /* FILE_H */
