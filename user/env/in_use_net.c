// SPDX-License-Identifier: GPL-2.0
/*
 * Network interfaces of a device, in any network namespace.
 *
 * A directory "net" of sysfs shows the interfaces of one namespace: that of the process which
 * mounted it.  But its link count includes the interfaces of all namespaces (fs/kernfs/dir.c:
 * kernfs_link_sibling(), kernfs_refresh_inode()), which proves that there is a hidden one.  To
 * find its namespace, we mount sysfs in each of the other namespaces.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/in_use_search.h"
#include "lib/proc.h"

#define IFF_UP 0x1 /* include/uapi/linux/if.h, as the file "flags" has it */

static bool is_up(const char *path)
{
	unsigned int flags;
	char line[32];

	return use_read_line(path, "flags", line, sizeof(line)) &&
	       sscanf(line, "%x", &flags) == 1 && flags & IFF_UP;
}

bool use_of_interface(struct search *s, const char *path, const char *name)
{
	return is_up(path) && use_found(s, "the network interface %.64s is up", name);
}

static bool count(const char *path, const char *name, void *arg)
{
	(void)path;
	(void)name;
	++*(size_t *)arg;
	return false;
}

/* The search in other namespaces for the interfaces of this directory. */
struct elsewhere {
	struct search *s;
	const char *path;
	const char *who; /* the name of the namespace, or a process in it */
	ino_t *seen;
	size_t nr_seen;
};

static bool is_interface(const char *path, const char *name, void *arg)
{
	struct elsewhere *e = arg;
	char dir[PATH_MAX];

	if (!use_path(e->s, dir, path, name))
		return false;
	return use_found(e->s,
			 "the network interface %.32s%s is in another network namespace (%.80s)",
			 name, is_up(dir) ? ", which is up," : "", e->who);
}

/* Was this namespace looked at before?  If not, it is added to e->seen. */
static bool is_known(struct elsewhere *e, ino_t ns)
{
	ino_t *more;
	size_t i;

	for (i = 0; i < e->nr_seen; i++)
		if (e->seen[i] == ns)
			return true;
	more = realloc(e->seen, (e->nr_seen + 1) * sizeof(*more));
	/* If there is no memory, it will be looked at once more, which does no harm. */
	if (more) {
		e->seen = more;
		more[e->nr_seen++] = ns;
	}
	return false;
}

/* Enters a namespace for good: this process was made for the search only. */
static bool look_in(struct elsewhere *e, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	bool found = false;
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && !is_known(e, st.st_ino) && !setns(fd, CLONE_NEWNET) &&
	    !mount("none", "/sys", "sysfs", MS_RDONLY, NULL)) {
		found = use_each_entry(e->path, false, is_interface, e);
		umount2("/sys", MNT_DETACH);
	}
	close(fd);
	return found;
}

static bool look_in_process(const char *path, const char *name, void *arg)
{
	struct elsewhere *e = arg;
	char file[64], comm[PROC_COMM], who[PROC_COMM + 32];

	if (name[0] < '1' || name[0] > '9')
		return false;
	proc_comm(atoi(name), comm, sizeof(comm));
	snprintf(who, sizeof(who), "process %.20s, %s", name, comm);
	snprintf(file, sizeof(file), "%s/%.20s/ns/net", path, name);
	e->who = who;
	return look_in(e, file);
}

static bool look_in_named(const char *path, const char *name, void *arg)
{
	struct elsewhere *e = arg;
	char file[PATH_MAX];

	if (!use_path(e->s, file, path, name))
		return false;
	e->who = name;
	return look_in(e, file);
}

bool use_of_hidden_interfaces(struct search *s, const char *path)
{
	struct elsewhere e = { .s = s, .path = path };
	size_t visible = 0;
	struct stat st;
	bool found;

	use_each_entry(path, true, count, &visible);
	if (stat(path, &st) || st.st_nlink < 2 || st.st_nlink - 2 <= visible)
		return false;
	if (!stat("/proc/self/ns/net", &st))
		is_known(&e, st.st_ino);
	/* A mount namespace of our own, so that nobody else sees our mounts. */
	found = !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		(use_each_entry("/run/netns", false, look_in_named, &e) ||
		 use_each_entry("/proc", true, look_in_process, &e));
	free(e.seen);
	return found || use_found(s, "a network interface of it is in another network namespace");
}
