// SPDX-License-Identifier: GPL-2.0
#include "holder.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "proc.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What the link of an open file says, before its number where it has one */
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

static void add_holder(struct holders *h, enum holder_what what, int nr, const char *pid)
{
	struct holder *holder = realloc(h->list, (h->nr + 1) * sizeof(*holder));

	if (!holder)
		return;
	h->list = holder;
	holder += h->nr++;
	holder->what = what;
	holder->nr = nr;
	holder->pid = atoi(pid);
	proc_comm(holder->pid, holder->comm, sizeof(holder->comm));
}

static void judge_link(struct holders *h, const char *target, const char *pid)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n = strlen(files[i].name);
		int nr = -1;

		if (strncmp(target, files[i].name, n))
			continue;
		if (files[i].number ? !parse_int(target + n, 0, INT_MAX, &nr) : !target[n])
			add_holder(h, files[i].what, nr, pid);
	}
}

/* Of one process: its files, where we may look at them. */
static void find_files_of(struct holders *h, const char *pid)
{
	char path[80], target[64];
	struct dirent *e;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		judge_link(h, target, pid);
	}
	if (dir)
		closedir(dir);
}

void holders_find(struct holders *h)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;

	h->list = NULL;
	h->nr = 0;
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			find_files_of(h, e->d_name);
	if (dir)
		closedir(dir);
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
