// SPDX-License-Identifier: GPL-2.0
/* Finds a process that has a node open or mapped, by the node's number and not its name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/kcmp.h>

#include "env/in_use_search.h"
#include "lib/proc.h"

/* include/linux/proc_ns.h: PROC_PID_INIT_INO, the PID namespace that has every process. */
#define INIT_PID_NS 0xEFFFFFFCU

#define OPENED_MAX  256 /* open files that are compared; what is beyond is not counted */

/* Open files of nodes: one file descriptor of each. */
struct opened {
	size_t nr;
	struct {
		const struct use_node *node;
		pid_t tid;
		int fd;
	} list[OPENED_MAX];
};

struct look {
	struct search *s;
	const char *bdf;
	const char *pid;
	char comm[PROC_COMM];
	struct opened *opened; /* NULL: the first use ends the search; else they are counted */
};

/* The node that a link leads to.  AT_STATX_DONT_SYNC: a network file system could block us. */
static const struct use_node *node_at(const struct search *s, const char *link)
{
	struct statx stx;
	size_t i;
	dev_t dev;

	if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) ||
	    (!S_ISCHR(stx.stx_mode) && !S_ISBLK(stx.stx_mode)))
		return NULL;
	dev = makedev(stx.stx_rdev_major, stx.stx_rdev_minor);
	for (i = 0; i < s->nr_nodes; i++)
		if (s->nodes[i].dev == dev && s->nodes[i].block == !!S_ISBLK(stx.stx_mode))
			return &s->nodes[i];
	return NULL;
}

static bool say_has(struct look *l, const char *name, const char *how)
{
	return use_found(l->s, "process %.20s (%s) has %.100s %s", l->pid, l->comm, name, how);
}

/* ".../0000:00:02.0/resource0": a program that has it open drives the device by itself. */
static const char *resource_in(const struct look *l, const char *path)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "/%.32s/resource", l->bdf);
	path = strstr(path, mark);
	return path ? strrchr(path, '/') + 1 : NULL;
}

bool in_use_parse_registered(const char *line, bool *within, char *name, size_t len)
{
	const char *at, *slash;

	/* "UserFiles:\t1", then a line for each file, then the next key (io_uring/fdinfo.c) */
	if (line[0] != ' ') {
		*within = !strncmp(line, "UserFiles:", strlen("UserFiles:"));
		return false;
	}
	at = *within ? strstr(line, ": ") : NULL;
	if (!at)
		return false;
	slash = strrchr(at, '/');
	at = slash ? slash + 1 : at + 2;
	snprintf(name, len, "%.*s", (int)strcspn(at, "\n"), at);
	return name[0];
}

/*
 * A file that is registered with an io_uring stays open without a file descriptor.  The kernel
 * shows its name only, and that only when the ring is not at work; if not, the references to the
 * driver's module give it away.
 */
static bool is_registered(struct look *l, const char *dir, const char *fd)
{
	char path[96], name[NAME_MAX + 1], *line = NULL;
	bool within = false, found = false;
	size_t room = 0, i;
	FILE *f;

	/* @dir is "/proc/TID/fd". */
	snprintf(path, sizeof(path), "%.60sinfo/%.20s", dir, fd);
	f = fopen(path, "re");
	if (!f)
		use_note_unread(path, errno);
	while (!found && f && getline(&line, &room, f) > 0) {
		if (!in_use_parse_registered(line, &within, name, sizeof(name)))
			continue;
		for (i = 0; !found && i < l->s->nr_nodes; i++)
			found = !strcmp(l->s->nodes[i].name, name) &&
				say_has(l, name, "registered with io_uring");
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* KCMP_FILE of kcmp(2) compares open files.  If it cannot, they count as the same. */
static bool is_same_file(const struct opened *o, size_t i, pid_t tid, int fd)
{
	return syscall(SYS_kcmp, o->list[i].tid, tid, KCMP_FILE, (unsigned long)o->list[i].fd,
		       (unsigned long)fd) <= 0;
}

/* Notes an open file, unless it is one of those noted before. */
static void count_file(struct opened *o, const struct use_node *node, pid_t tid, int fd)
{
	size_t i;

	for (i = 0; i < o->nr; i++)
		if (o->list[i].node == node && (node->single || is_same_file(o, i, tid, fd)))
			return;
	if (o->nr == OPENED_MAX)
		return;
	o->list[o->nr].node = node;
	o->list[o->nr].tid = tid;
	o->list[o->nr++].fd = fd;
}

static bool is_open(const char *path, const char *name, void *arg)
{
	char link[96], target[PATH_MAX];
	const struct use_node *node;
	struct look *l = arg;
	const char *resource;
	ssize_t n;

	snprintf(link, sizeof(link), "%.60s/%.20s", path, name);
	node = node_at(l->s, link);
	if (node && l->opened)
		count_file(l->opened, node, atoi(path + strlen("/proc/")), atoi(name));
	if (l->opened)
		return false;
	if (node)
		return say_has(l, node->name, "open");
	n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	if (!strcmp(target, "anon_inode:[io_uring]") && is_registered(l, path, name))
		return true;
	resource = resource_in(l, target);
	return resource && say_has(l, resource, "open");
}

/* Looks at the mappings too, since they stay when the file descriptor is closed. */
static bool has_mapped(struct look *l, const char *dir)
{
	char path[96], last[80] = "", where[80], range[64], file[80];
	const struct use_node *node;
	const char *resource;
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%.40s/maps", dir);
	f = fopen(path, "re");
	if (!f && errno != ENOENT && errno != ESRCH)
		use_unknown(l->s, "what process %.20s (%s) has mapped cannot be read: %s", l->pid,
			    l->comm, strerror(errno));
	while (!found && f && getline(&line, &room, f) > 0) {
		/* 7f00-7f01 rw-s 00000000 00:05 123 /dev/… */
		if (sscanf(line, "%63s %*s %*s %40s %30s", range, file, where) != 3 ||
		    !strcmp(where, "0"))
			continue;
		strcat(strcat(file, " "), where);
		if (!strcmp(file, last))
			continue;
		strcpy(last, file);
		resource = resource_in(l, line);
		line[strcspn(line, "\n")] = '\0';
		snprintf(path, sizeof(path), "%.40s/map_files/%.40s", dir, range);
		node = resource ? NULL : node_at(l->s, path);
		found = (resource || node) &&
			say_has(l, resource ? resource : node->name, "mapped");
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* A process that has ended in the meantime has nothing open. */
static void say_unseen(struct look *l, int no)
{
	if (no != ENOENT && no != ESRCH)
		use_unknown(l->s, "what process %.20s (%s) has open cannot be looked at: %s",
			    l->pid, l->comm, strerror(no));
}

static bool uses_files(const char *dir, void *arg)
{
	struct look *l = arg;
	char path[64];
	DIR *files;

	snprintf(path, sizeof(path), "%.40s/fd", dir);
	files = opendir(path);
	if (files)
		closedir(files);
	else
		say_unseen(l, errno);
	return use_each_entry(path, false, is_open, l) || (!l->opened && has_mapped(l, dir));
}

static bool uses_node(const char *proc, const char *name, void *arg)
{
	struct look *l = arg;
	pid_t pid = atoi(name);
	int ret;

	(void)proc;
	/* Leaves out this process and its parent, which is vfio_test. */
	if (name[0] < '1' || name[0] > '9' || pid == getpid() || pid == getppid())
		return false;
	l->pid = name;
	proc_comm(pid, l->comm, sizeof(l->comm));
	ret = proc_each_files(name, uses_files, l);
	if (ret < 0)
		say_unseen(l, -ret);
	return ret > 0;
}

unsigned long use_count_open(struct search *s)
{
	struct opened opened = { .nr = 0 };
	struct look l = { .s = s, .bdf = "", .opened = &opened };
	unsigned long refs = 0;
	size_t i;

	use_each_entry("/proc", true, uses_node, &l);
	for (i = 0; i < opened.nr; i++)
		refs += opened.list[i].node->refs;
	return refs;
}

bool use_of_nodes(struct search *s, const char *bdf)
{
	struct look l = { .s = s, .bdf = bdf };
	struct stat st;

	if (use_each_entry("/proc", true, uses_node, &l))
		return true;
	if (access("/proc/self/fd", F_OK))
		use_unknown(s,
			    "what processes have open cannot be looked at: /proc is not mounted");
	else if (s->nr_nodes && !stat("/proc/self/ns/pid", &st) && st.st_ino != INIT_PID_NS)
		use_unknown(
			s,
			"only the processes of this PID namespace are seen, and others may have %.100s open",
			s->nodes[0].name);
	return false;
}
