// SPDX-License-Identifier: GPL-2.0
#include "in_use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define IFF_UP	      0x1 /* include/uapi/linux/if.h, as the file "flags" has it */
#define DEEPEST	      16  /* directories below a device's: USB hubs and the like */

/* Where the answer goes */
struct answer {
	char *what;
	size_t len;
};

/* Looks at all entries of a directory until @each says true. */
static bool each_entry(const char *path, bool dirs_only,
		       bool (*each)(const char *path, const char *name, void *arg), void *arg)
{
	DIR *dir = opendir(path);
	bool found = false;
	struct dirent *e;

	while (!found && dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && (!dirs_only || e->d_type == DT_DIR))
			found = each(path, e->d_name, arg);
	if (dir)
		closedir(dir);
	return found;
}

/* The first line of @dir/@file; false: it cannot be read */
static bool read_line(const char *dir, const char *file, char *line, size_t len)
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return false;
	f = fopen(path, "re");
	ok = f && fgets(line, (int)len, f);
	if (f)
		fclose(f);
	return ok;
}

static bool interface_in_use(const char *path, const char *name, struct answer *a)
{
	unsigned int flags;
	char line[32];

	if (!read_line(path, "flags", line, sizeof(line)) || sscanf(line, "%x", &flags) != 1 ||
	    !(flags & IFF_UP))
		return false;
	snprintf(a->what, a->len, "the network interface %s is up", name);
	return true;
}

bool in_use_parse_mount(const char *line, unsigned int *major, unsigned int *minor, char *source,
			char *where, size_t len)
{
	const char *rest;
	int n = 0;

	/* id, parent, device, root, where, options, [optional...] - type source options */
	if (len < 256 ||
	    sscanf(line, "%*d %*d %u:%u %*s %255s %*s%n", major, minor, where, &n) != 3 || !n)
		return false;
	rest = strstr(line + n, " - ");
	return rest && sscanf(rest, " - %*s %255s", source) == 1;
}

static bool is_device(const char *path, dev_t dev)
{
	struct stat st;

	return !stat(path, &st) && S_ISBLK(st.st_mode) && st.st_rdev == dev;
}

static bool is_mounted(const char *name, dev_t dev, struct answer *a)
{
	/* Ours, and that of the first process where it is another. */
	static const char *const files[] = { "/proc/self/mountinfo", "/proc/1/mountinfo" };
	char *line = NULL, source[256], where[256];
	unsigned int maj, min;
	size_t i, size = 0;
	bool found = false;

	for (i = 0; !found && i < ARRAY_SIZE(files); i++) {
		FILE *f = fopen(files[i], "re");

		while (!found && f && getline(&line, &size, f) > 0) {
			if (!in_use_parse_mount(line, &maj, &min, source, where, sizeof(where)))
				continue;
			/* Some file systems have a number of their own: then the source. */
			found = makedev(maj, min) == dev || is_device(source, dev);
		}
		if (f)
			fclose(f);
	}
	free(line);
	if (found)
		snprintf(a->what, a->len, "%s is mounted on %s", name, where);
	return found;
}

static bool is_swap(const char *name, dev_t dev, struct answer *a)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[1024], path[256];
	bool found = false;

	while (!found && f && fgets(line, sizeof(line), f))
		found = sscanf(line, "%255s", path) == 1 && is_device(path, dev);
	if (f)
		fclose(f);
	if (found)
		snprintf(a->what, a->len, "%s is swap", name);
	return found;
}

static bool copy_name(const char *path, const char *name, void *arg)
{
	(void)path;
	snprintf(arg, NAME_MAX + 1, "%s", name);
	return true;
}

/* The kernel's own word on an exclusive user; for all that is not seen otherwise */
static bool is_claimed(const char *name, dev_t dev, struct answer *a)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	if (!is_device(path, dev))
		return false;
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EBUSY)
		return false;
	snprintf(a->what, a->len, "%s is in use", name);
	return true;
}

/* A disk, or a partition of one, by its directory in sysfs */
static bool volume_in_use(const char *path, const char *name, struct answer *a)
{
	char line[32], holders[PATH_MAX], holder[NAME_MAX + 1];
	unsigned int maj, min;

	if (!read_line(path, "dev", line, sizeof(line)) || sscanf(line, "%u:%u", &maj, &min) != 2)
		return false;
	if (is_mounted(name, makedev(maj, min), a) || is_swap(name, makedev(maj, min), a))
		return true;
	if ((size_t)snprintf(holders, sizeof(holders), "%s/holders", path) < sizeof(holders) &&
	    each_entry(holders, false, copy_name, holder)) {
		snprintf(a->what, a->len, "%s is part of %s", name, holder);
		return true;
	}
	return is_claimed(name, makedev(maj, min), a);
}

static bool partition_in_use(const char *disk, const char *name, void *arg)
{
	char path[PATH_MAX], line[32];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", disk, name) >= sizeof(path))
		return false;
	return read_line(path, "partition", line, sizeof(line)) && volume_in_use(path, name, arg);
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

static bool disk_in_use(const char *name, struct answer *a)
{
	char disk[NAME_MAX + 1], path[PATH_MAX];

	in_use_disk_name(name, disk, sizeof(disk));
	snprintf(path, sizeof(path), "/sys/class/block/%s", disk);
	/* A partition first, which says more than its disk. */
	return each_entry(path, true, partition_in_use, a) || volume_in_use(path, disk, a);
}

struct walk {
	struct answer answer;
	int depth;
};

/* What kind of thing a directory is: "net", "block", ...; "" */
static void subsystem_of(const char *path, char *out, size_t len)
{
	char link[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;

	out[0] = '\0';
	if ((size_t)snprintf(link, sizeof(link), "%s/subsystem", path) >= sizeof(link))
		return;
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(out, len, "%.*s", (int)len - 1, name ? name + 1 : target);
}

/* Not by the name of the directory above: an nvme's disk has no "block" there. */
static bool look_at(const char *dir, const char *name, void *arg)
{
	struct walk *w = arg, below = *w;
	char path[PATH_MAX], subsystem[32];

	if (w->depth == DEEPEST ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return false;
	subsystem_of(path, subsystem, sizeof(subsystem));
	if (!strcmp(subsystem, "net"))
		return interface_in_use(path, name, &w->answer);
	if (!strcmp(subsystem, "block"))
		return disk_in_use(name, &w->answer);
	below.depth++;
	return each_entry(path, true, look_at, &below);
}

bool in_use(const char *bdf, char *what, size_t len)
{
	struct walk w = { .answer = { what, len } };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	return each_entry(path, true, look_at, &w);
}
