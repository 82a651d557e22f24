// SPDX-License-Identifier: GPL-2.0
#include "env/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/proc.h"
#include "pci/sysfs.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * What the link of an open file says; a number may follow.  If the device of a node is gone
 * from sysfs, the link is all that we know, and it ends in " (deleted)".
 */
static const struct {
	enum holder_what what;
	const char *name;
	bool number;
} files[] = {
	{ HOLDER_GROUP, "/dev/vfio/", true },
	{ HOLDER_GROUP, "/dev/vfio/noiommu-", true },
	{ HOLDER_CDEV, "/dev/vfio/devices/vfio", true },
	{ HOLDER_DEVICE, "anon_inode:[vfio-device]", false },
};

/* Where to find the device numbers of VFIO's nodes, which may have any name in any /dev. */
static const struct {
	enum holder_what what;
	const char *dir, *prefix; /* "/sys/class/vfio/noiommu-3" */
} classes[] = {
	{ HOLDER_GROUP, "/sys/class/vfio", "noiommu-" },
	{ HOLDER_CDEV, "/sys/class/vfio-dev", "vfio" },
};

struct node {
	enum holder_what what;
	int nr;
	dev_t dev;
};

struct look {
	struct holders *h;
	struct node *nodes;
	size_t nr_nodes;
	const char *pid; /* the process that is looked at */
};

static void add_node(struct look *l, enum holder_what what, int nr, const char *dev)
{
	struct node *node;
	unsigned int maj, min;

	if (sscanf(dev, "%u:%u", &maj, &min) != 2)
		return;
	node = realloc(l->nodes, (l->nr_nodes + 1) * sizeof(*node));
	if (!node) {
		l->h->unseen++;
		return;
	}
	l->nodes = node;
	node += l->nr_nodes++;
	*node = (struct node){ what, nr, makedev(maj, min) };
}

static void find_nodes(struct look *l)
{
	char path[PATH_MAX], line[32];
	const char *number;
	struct dirent *e;
	size_t i;
	DIR *dir;
	int nr;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		dir = opendir(classes[i].dir);
		while (dir && (e = readdir(dir))) {
			size_t n = strlen(classes[i].prefix);

			number = e->d_name;
			if (!strncmp(number, classes[i].prefix, n))
				number += n;
			snprintf(path, sizeof(path), "%s/%s/dev", classes[i].dir, e->d_name);
			sysfs_read_line(path, line, sizeof(line));
			if (!parse_int(number, 0, INT_MAX, &nr))
				add_node(l, classes[i].what, nr, line);
		}
		if (dir)
			closedir(dir);
	}
}

static void add_holder(struct holders *h, enum holder_what what, int nr, const char *pid)
{
	struct holder *holder = realloc(h->list, (h->nr + 1) * sizeof(*holder));

	if (!holder) {
		h->unseen++;
		return;
	}
	h->list = holder;
	holder += h->nr++;
	holder->what = what;
	holder->nr = nr;
	holder->pid = atoi(pid);
	proc_comm(holder->pid, holder->comm, sizeof(holder->comm));
}

static bool judge_number(struct look *l, const char *link)
{
	struct statx stx;
	size_t i;

	/* AT_STATX_DONT_SYNC: a network file system whose server is gone could block us. */
	if (!l->nr_nodes || statx(AT_FDCWD, link, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) ||
	    !S_ISCHR(stx.stx_mode))
		return false;
	for (i = 0; i < l->nr_nodes; i++)
		if (l->nodes[i].dev == makedev(stx.stx_rdev_major, stx.stx_rdev_minor)) {
			add_holder(l->h, l->nodes[i].what, l->nodes[i].nr, l->pid);
			return true;
		}
	return false;
}

static void judge_link(struct look *l, char *target)
{
	char *end = strstr(target, " (deleted)");
	size_t i;

	if (end)
		*end = '\0';
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n = strlen(files[i].name);
		int nr = -1;

		if (strncmp(target, files[i].name, n))
			continue;
		if (files[i].number ? !parse_int(target + n, 0, INT_MAX, &nr) : !target[n])
			add_holder(l->h, files[i].what, nr, l->pid);
	}
}

/* A process that has ended in the meantime holds nothing and is not counted. */
static void count_unseen(struct look *l, int no)
{
	if (no != ENOENT && no != ESRCH)
		l->h->unseen++;
}

/* Looks at the open files of a process, or of a thread that has files of its own. */
static bool find_files(const char *proc, void *arg)
{
	char path[80], target[64];
	struct look *l = arg;
	struct dirent *e;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "%.40s/fd", proc);
	dir = opendir(path);
	if (!dir)
		count_unseen(l, errno);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%.40s/fd/%.20s", proc, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		if (n > 0 && !judge_number(l, path))
			judge_link(l, target);
	}
	if (dir)
		closedir(dir);
	return false;
}

static void find_files_of(struct look *l, const char *pid)
{
	int ret;

	l->pid = pid;
	ret = proc_each_files(pid, find_files, l);
	if (ret < 0)
		count_unseen(l, -ret);
}

void holders_find(struct holders *h)
{
	struct look l = { .h = h };
	DIR *dir = opendir("/proc");
	struct dirent *e;

	memset(h, 0, sizeof(*h));
	if (!dir)
		h->unseen++;
	find_nodes(&l);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			find_files_of(&l, e->d_name);
	if (dir)
		closedir(dir);
	free(l.nodes);
}

void holders_free(struct holders *h)
{
	free(h->list);
	h->list = NULL;
	h->nr = 0;
}

const struct holder *holders_get(const struct holders *h, enum holder_what what, int nr)
{
	size_t i;

	for (i = 0; i < h->nr; i++)
		if (h->list[i].what == what && h->list[i].nr == nr &&
		    (nr >= 0 || what == HOLDER_DEVICE))
			return &h->list[i];
	return NULL;
}
