// SPDX-License-Identifier: GPL-2.0
/* The references to the module of a device's driver: do the uses that are seen explain them? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "env/in_use_search.h"

#define DEEPEST 64

static bool count_all(const char *path, const char *name, void *arg)
{
	(void)path;
	(void)name;
	++*(unsigned long *)arg;
	return false;
}

/* --- the uses of the driver's other devices -------------------------------- */

struct others {
	const char *self;    /* the directory of the device that is asked about */
	unsigned long nr;    /* other devices of its driver */
	struct search nodes; /* the nodes of all of them */
	unsigned long mounted;
};

struct volume {
	dev_t dev;
	const char *path;
};

/* The number of a btrfs is not its disk's: its source has to be compared. */
static bool is_mount_of(const struct in_use_mount *mount, const char *pid, void *arg)
{
	const struct volume *v = arg;
	struct stat st;

	(void)pid;
	if (makedev(mount->major, mount->minor) == v->dev)
		return true;
	return !strcmp(mount->type, "btrfs") && !stat(mount->source, &st) && S_ISBLK(st.st_mode) &&
	       st.st_rdev == v->dev;
}

static bool is_swap(const struct volume *v)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[1024], path[256];
	bool found = false;
	struct stat st;

	while (!found && f && fgets(line, sizeof(line), f))
		found = sscanf(line, "%255s", path) == 1 && path[0] == '/' && !stat(path, &st) &&
			S_ISBLK(st.st_mode) && st.st_rdev == v->dev;
	if (f)
		fclose(f);
	return found;
}

/* Has the kernel this disk or partition open?  Each such opener has at least one reference. */
static bool is_open_in_kernel(struct search *s, const struct volume *v)
{
	unsigned long holders = 0;
	char path[PATH_MAX];

	if (use_path(s, path, v->path, "holders"))
		use_each_entry(path, false, count_all, &holders);
	return holders || use_each_mount(is_mount_of, (void *)v) || is_swap(v);
}

/*
 * Notes the nodes below a device.  A device below that has a driver of its own is left out, since
 * an opener has a reference to the module of that driver, and perhaps none to ours.  A SCSI disk
 * is the exception: scsi_device_get() takes one to the module of the host's driver.
 *
 * All openers of a partition open its disk once (block/bdev.c: blkdev_get_part()), so they are
 * counted as one.
 */
static bool add_nodes(const char *dir, const char *name, void *arg)
{
	char path[PATH_MAX], driver[PATH_MAX], link[PATH_MAX], subsystem[32], line[32];
	struct others *o = arg;
	struct search *s = &o->nodes;
	unsigned int maj, min;
	size_t before = s->nr_nodes;

	if (s->depth == DEEPEST || !use_path(s, path, dir, name) ||
	    !use_path(s, link, path, "driver"))
		return false;
	use_subsystem(path, subsystem, sizeof(subsystem));
	if (realpath(link, driver) && strcmp(subsystem, "scsi"))
		return false;
	if (use_read_line(path, "dev", line, sizeof(line)) && in_use_parse_dev(line, &maj, &min)) {
		const struct volume v = { makedev(maj, min), path };
		bool block = !strcmp(subsystem, "block");

		if (block && is_open_in_kernel(s, &v))
			o->mounted++;
		else
			use_add_node(s, v.dev, block, name);
		if (s->nr_nodes > before) {
			s->nodes[before].single =
				use_read_line(path, "partition", line, sizeof(line));
			/* drivers/nvme/host/core.c: nvme_cdev_add(), then nvme_dev_open() */
			if (!strcmp(subsystem, "nvme") || !strcmp(subsystem, "nvme-generic"))
				s->nodes[before].refs = 2;
		}
	}
	s->depth++;
	use_each_entry(path, true, add_nodes, o);
	s->depth--;
	return false;
}

/* A device of the driver: a link to its directory, whose name is an address or "virtio3". */
static bool add_device(const char *driver, const char *name, void *arg)
{
	char link[PATH_MAX], path[PATH_MAX];
	struct others *o = arg;

	if ((!strchr(name, ':') && strncmp(name, "virtio", 6)) ||
	    !use_path(&o->nodes, link, driver, name) || !realpath(link, path) ||
	    !strcmp(path, o->self))
		return false;
	o->nr++;
	use_each_entry(path, true, add_nodes, o);
	return false;
}

/*
 * Some uses are shown by no process: a node that sysfs does not connect with the device, a file
 * that is registered with an io_uring or that is on its way through a socket.  They have a
 * reference to the driver's module.  The module counts those of all its devices, so we subtract
 * what the uses of the others explain, and that is never more than they have.  Each module that
 * depends on this one has a reference as well.
 */
void use_doubt_module(struct search *s, const char *path)
{
	char driver[PATH_MAX], module[PATH_MAX], holders[PATH_MAX], self[PATH_MAX], line[32];
	struct others o = { .self = self, .nodes = { .use = USE_NONE } };
	unsigned long refs, explained = 0;

	if (!realpath(path, self) || !use_path(s, holders, path, "driver") ||
	    !realpath(holders, driver) || !use_path(s, holders, driver, "module") ||
	    !realpath(holders, module) || !use_path(s, holders, module, "holders") ||
	    !use_read_line(module, "refcnt", line, sizeof(line)))
		return;
	use_each_entry(holders, false, count_all, &explained);
	refs = strtoul(line, NULL, 10);
	if (refs <= explained)
		return;
	use_each_entry(driver, false, add_device, &o);
	/* Of a VFIO driver, bind_held() has asked the kernel whether this device is open. */
	if (o.nr && strstr(strrchr(driver, '/'), "vfio")) {
		free(o.nodes.nodes);
		return;
	}
	explained += o.mounted;
	if (o.nodes.nr_nodes)
		explained += use_count_open(&o.nodes);
	free(o.nodes.nodes);
	if (refs > explained)
		use_unknown(s, "its driver's module %.100s has %lu user%s not seen%s",
			    strrchr(module, '/') + 1, refs - explained,
			    refs - explained > 1 ? "s that are" : " that is",
			    o.nr ? ", of this device or of another one" : "");
}
