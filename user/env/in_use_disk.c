// SPDX-License-Identifier: GPL-2.0
/* Who uses a disk or a partition: mounts, swap, other block devices, exclusive holders. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/loop.h>

#include "env/in_use_search.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- mounts ---------------------------------------------------------------- */

bool in_use_parse_mount(const char *line, struct in_use_mount *mount)
{
	const char *rest;
	int n = 0;

	/* id, parent, device, root, where, options, [optional...] - type source options */
	if (sscanf(line, "%*d %*d %u:%u %*s %255s %*s%n", &mount->major, &mount->minor,
		   mount->where, &n) != 3 ||
	    !n)
		return false;
	rest = strstr(line + n, " - ");
	return rest && sscanf(rest, " - %63s %255s", mount->type, mount->source) == 2;
}

/* Was this mount namespace looked at before?  If not, it is added to @seen. */
static bool is_known(ino_t **seen, size_t *nr, ino_t ns)
{
	ino_t *more;
	size_t i;

	for (i = 0; i < *nr; i++)
		if ((*seen)[i] == ns)
			return true;
	more = realloc(*seen, (*nr + 1) * sizeof(*more));
	/* If there is no memory, it will be looked at once more, which does no harm. */
	if (more) {
		*seen = more;
		more[(*nr)++] = ns;
	}
	return false;
}

static bool
each_mount_of(const char *pid,
	      bool (*each)(const struct in_use_mount *mount, const char *pid, void *arg), void *arg)
{
	char path[64], *line = NULL;
	struct in_use_mount mount;
	bool found = false;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/mountinfo", pid);
	f = fopen(path, "re");
	while (!found && f && getline(&line, &room, f) > 0)
		found = in_use_parse_mount(line, &mount) && each(&mount, pid, arg);
	/* EINVAL: the process has ended (fs/proc_namespace.c: mounts_open_common()). */
	if ((!f && errno != EINVAL) || (f && ferror(f)))
		use_note_unread(path, errno);
	free(line);
	if (f)
		fclose(f);
	return found;
}

bool use_each_mount(bool (*each)(const struct in_use_mount *mount, const char *pid, void *arg),
		    void *arg)
{
	bool found = each_mount_of("self", each, arg);
	DIR *dir = opendir("/proc");
	ino_t *seen = NULL;
	struct dirent *e;
	struct stat st;
	size_t nr = 0;
	char path[64];

	if (!stat("/proc/self/ns/mnt", &st))
		is_known(&seen, &nr, st.st_ino);
	while (!found && dir && (e = readdir(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", e->d_name);
		if (stat(path, &st))
			use_note_unread(path, errno);
		else if (!is_known(&seen, &nr, st.st_ino))
			found = each_mount_of(e->d_name, each, arg);
	}
	free(seen);
	if (dir)
		closedir(dir);
	return found;
}

/* Is it this block device?  AT_STATX_DONT_SYNC: a network file system could block us. */
static bool is_device(const char *path, dev_t dev)
{
	struct statx stx;

	return path[0] == '/' && !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, &stx) &&
	       S_ISBLK(stx.stx_mode) && makedev(stx.stx_rdev_major, stx.stx_rdev_minor) == dev;
}

struct volume {
	struct search *s;
	const char *name;
	dev_t dev;
};

static bool is_mount_of(const struct in_use_mount *mount, const char *pid, void *arg)
{
	struct volume *v = arg;

	/* The number of btrfs, ZFS or an overlay is not the disk's: compare the source then. */
	if (makedev(mount->major, mount->minor) != v->dev &&
	    (mount->major || !is_device(mount->source, v->dev)))
		return false;
	if (!strcmp(pid, "self"))
		return use_found(v->s, "%.64s is mounted on %.100s", v->name, mount->where);
	return use_found(v->s, "%.64s is mounted on %.100s in the mount namespace of process %s",
			 v->name, mount->where, pid);
}

/* --- users in the kernel --------------------------------------------------- */

static bool is_swap(const struct volume *v)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[1024], path[256];
	bool found = false;

	while (!found && f && fgets(line, sizeof(line), f))
		found = sscanf(line, "%255s", path) == 1 && is_device(path, v->dev);
	if (f)
		fclose(f);
	return found && use_found(v->s, "%.64s is swap", v->name);
}

static bool is_holder(const char *path, const char *name, void *arg)
{
	struct volume *v = arg;

	(void)path;
	return use_found(v->s, "%.64s is part of %.100s", v->name, name);
}

/* The kernel's encoding of a device number for ioctl()s: include/linux/kdev_t.h */
static dev_t decode_dev(uint64_t dev)
{
	return makedev(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

/* A loop device does not claim what it is on, so each loop device is asked. */
static bool is_loop_of(const char *path, const char *name, void *arg)
{
	char dir[PATH_MAX], line[PATH_MAX];
	struct loop_info64 info;
	struct volume *v = arg;
	unsigned int maj, min;
	bool is;
	int fd;

	if (strncmp(name, "loop", 4) ||
	    (size_t)snprintf(dir, sizeof(dir), "%s/%s", path, name) >= sizeof(dir) ||
	    !use_read_line(dir, "loop/backing_file", line, sizeof(line)))
		return false;
	is = is_device(line, v->dev);
	if (!is && use_read_line(dir, "dev", line, sizeof(line)) &&
	    in_use_parse_dev(line, &maj, &min)) {
		fd = use_open_node(makedev(maj, min), true, name, 0);
		is = fd >= 0 && !ioctl(fd, LOOP_GET_STATUS64, &info) && info.lo_rdevice &&
		     decode_dev(info.lo_rdevice) == v->dev;
		if (fd >= 0)
			close(fd);
	}
	return is && use_found(v->s, "%.64s is behind %.100s", v->name, name);
}

/* Files with the paths of the disks that the kernel exports to other machines. */
static const struct {
	const char *pattern, *who;
} exports[] = {
	{ "/sys/kernel/config/nvmet/subsystems/*/namespaces/*/device_path", "NVMe target" },
	{ "/sys/kernel/config/target/core/*/*/udev_path", "SCSI target" },
};

static bool is_exported(const struct volume *v)
{
	char path[PATH_MAX];
	bool found = false;
	size_t i, k;
	glob_t g;

	for (i = 0; !found && i < ARRAY_SIZE(exports); i++) {
		if (glob(exports[i].pattern, GLOB_NOSORT, NULL, &g))
			continue;
		for (k = 0; !found && k < g.gl_pathc; k++) {
			char *slash = strrchr(g.gl_pathv[k], '/');

			*slash = '\0';
			found = use_read_line(g.gl_pathv[k], slash + 1, path, sizeof(path)) &&
				is_device(path, v->dev) &&
				use_found(v->s, "%.64s is exported by the %s", v->name,
					  exports[i].who);
		}
		globfree(&g);
	}
	return found;
}

/* Asks the kernel for an exclusive user, which finds the uses that nothing above shows. */
static bool is_claimed(const struct volume *v)
{
	int fd = use_open_node(v->dev, true, v->name, O_EXCL);

	if (fd >= 0) {
		close(fd);
		return false;
	}
	/* A drive without a medium has no users; any other error leaves it unknown. */
	if (errno != EBUSY && errno != ENOMEDIUM)
		use_unknown(
			v->s,
			"the kernel does not say whether somebody has exclusive use of %.64s: %s",
			v->name, strerror(errno));
	return errno == EBUSY &&
	       use_found(v->s, "%.64s is in use: somebody has exclusive use of it (O_EXCL)",
			 v->name);
}

/* --- a disk, a partition --------------------------------------------------- */

/* Is the disk or partition with this directory in sysfs in use? */
static bool volume_in_use(struct search *s, const char *path, const char *name)
{
	struct volume v = { .s = s, .name = name };
	char line[32], holders[PATH_MAX];
	unsigned int maj, min;

	if (!use_read_line(path, "dev", line, sizeof(line)) || !in_use_parse_dev(line, &maj, &min))
		return false;
	v.dev = makedev(maj, min);
	return use_each_mount(is_mount_of, &v) || is_swap(&v) ||
	       (use_path(s, holders, path, "holders") &&
		use_each_entry(holders, false, is_holder, &v)) ||
	       use_each_entry("/sys/class/block", false, is_loop_of, &v) || is_exported(&v) ||
	       is_claimed(&v);
}

static bool partition_in_use(const char *disk, const char *name, void *arg)
{
	char path[PATH_MAX], line[32];
	struct search *s = arg;
	unsigned int maj, min;

	if (!use_path(s, path, disk, name) || !use_read_line(path, "partition", line, sizeof(line)))
		return false;
	if (use_read_line(path, "dev", line, sizeof(line)) && in_use_parse_dev(line, &maj, &min))
		use_add_node(s, makedev(maj, min), true, name);
	return volume_in_use(s, path, name);
}

void in_use_disk_name(const char *name, char *out, size_t len)
{
	unsigned int subsystem, controller, ns;
	int n = 0;

	if (sscanf(name, "nvme%uc%un%u%n", &subsystem, &controller, &ns, &n) == 3 && !name[n])
		snprintf(out, len, "nvme%un%u", subsystem, ns);
	else
		snprintf(out, len, "%s", name);
}

/* An NVMe disk with several paths is not below the device, and neither is its "ng" node. */
static void add_shared_nodes(struct search *s, const char *path, const char *disk)
{
	char line[32], generic[PATH_MAX], name[NAME_MAX + 1];
	unsigned int maj, min;

	if (use_read_line(path, "dev", line, sizeof(line)) && in_use_parse_dev(line, &maj, &min))
		use_add_node(s, makedev(maj, min), true, disk);
	snprintf(name, sizeof(name), "ng%.200s", disk + strlen("nvme"));
	snprintf(generic, sizeof(generic), "/sys/class/nvme-generic/%.250s", name);
	if (use_read_line(generic, "dev", line, sizeof(line)) && in_use_parse_dev(line, &maj, &min))
		use_add_node(s, makedev(maj, min), false, name);
}

bool use_of_disk(struct search *s, const char *path, const char *name)
{
	char disk[NAME_MAX + 1], shared[PATH_MAX];

	in_use_disk_name(name, disk, sizeof(disk));
	if (strcmp(disk, name)) {
		snprintf(shared, sizeof(shared), "/sys/class/block/%s", disk);
		path = shared;
		add_shared_nodes(s, path, disk);
	}
	/* The partitions come first: their messages say more than those of the disk. */
	return use_each_entry(path, true, partition_in_use, s) || volume_in_use(s, path, disk);
}
