// SPDX-License-Identifier: GPL-2.0
/* The facts about one device: its power, group, siblings and nodes, and who has it open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env/env.h"

static enum fact fact(bool is)
{
	return is ? FACT_YES : FACT_NO;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void read_power(struct env *env)
{
	/*
	 * A virtual function reads all ones for vendor and device only (SR-IOV 1.1, 3.4.1.1).
	 * If a device is gone, the whole header reads all ones.
	 */
	unsigned char header[64];
	char path[PATH_MAX];
	ssize_t n;
	int fd, i;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/power_state", env->dev.bdf);
	sysfs_read_line(path, env->power, sizeof(env->power));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", env->dev.bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, header, sizeof(header));
	if (fd >= 0)
		close(fd);
	if (n != sizeof(header))
		return;
	for (i = 0; i < (int)sizeof(header) && header[i] == 0xff;)
		i++;
	env->answers = fact(i < (int)sizeof(header));
}

static bool is_blocking(const struct env *env, const struct sysfs_device *dev)
{
	return !sysfs_driver_viable(dev, env->bridges_pass);
}

/* Lists the siblings; those that keep VFIO from the group come first. */
static void read_siblings(struct env *env)
{
	struct sysfs_device *devs;
	int n = sysfs_group_get(env->dev.group, &devs), i, blocking;

	/* The kernel's version matters only if there is a bridge, and takes time to find out. */
	for (i = 0; i < n; i++)
		if (!sysfs_driver_viable(&devs[i], false) && sysfs_driver_viable(&devs[i], true))
			env->bridges_pass = sysfs_bridges_pass();
	for (blocking = 1; n > 0 && blocking >= 0; blocking--)
		for (i = 0; i < n; i++) {
			if (!strcmp(devs[i].bdf, env->dev.bdf) ||
			    is_blocking(env, &devs[i]) != blocking)
				continue;
			if (env->nr_siblings < ENV_SIBLINGS)
				env->siblings[env->nr_siblings++] = devs[i];
			else
				env->nr_more++;
		}
	/* A list in which the device itself is missing is not a list of its group. */
	env->group_unread = true;
	for (i = 0; i < n; i++)
		if (!strcmp(devs[i].bdf, env->dev.bdf))
			env->group_unread = false;
	if (n >= 0)
		free(devs);
}

/* "0x00000000000e8000 0x00000000000e8fff direct": memory that the IOMMU must always map. */
static void read_rmrr(struct env *env)
{
	unsigned long long start, end;
	char path[80], line[96], type[32];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions",
		 env->dev.group);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %llx %31s", &start, &end, type) == 3 &&
		    !strcmp(type, "direct"))
			snprintf(env->rmrr, sizeof(env->rmrr), "0x%llx-0x%llx", start, end);
	if (f)
		fclose(f);
}

static void read_group(struct env *env)
{
	char path[80];

	read_siblings(env);
	read_rmrr(env);
	env->noiommu_group = sysfs_group_noiommu(env->dev.group);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/type", env->dev.group);
	sysfs_read_line(path, env->group_type, sizeof(env->group_type));
	/* Without a VFIO driver there is no node; the failure about the driver says so. */
	if (!strstr(env->dev.driver, "vfio"))
		return;
	snprintf(path, sizeof(path), "/dev/vfio/%s%d", env->noiommu_group ? "noiommu-" : "",
		 env->dev.group);
	env_look(&env->node, path);
	if (!sysfs_cdev_path(env->dev.bdf, path, sizeof(path)))
		env_look(&env->device_node, path);
}

static void read_functions(struct env *env)
{
	struct sysfs_device pf;

	env->nr_vfs = sysfs_vfs(env->dev.bdf, env->vfs, sizeof(env->vfs));
	sysfs_physfn(env->dev.bdf, env->physfn, sizeof(env->physfn));
	if (env->physfn[0] && !sysfs_device_get(env->physfn, &pf))
		snprintf(env->physfn_driver, sizeof(env->physfn_driver), "%s", pf.driver);
}

/* Finds another process that has the node of the group or of the device open. */
static void read_holder(struct env *env, const struct holders *h)
{
	const struct holder *holder = NULL;
	size_t i;

	for (i = 0; i < h->nr && !holder; i++)
		if (h->list[i].pid != getpid() && h->list[i].what == HOLDER_GROUP &&
		    h->list[i].nr == env->dev.group)
			holder = &h->list[i];
	for (i = 0; i < h->nr && !holder; i++)
		if (h->list[i].pid != getpid() && h->list[i].what == HOLDER_CDEV &&
		    h->list[i].nr == env->cdev)
			holder = &h->list[i];
	env->unseen = h->unseen;
	if (!holder)
		return;
	env->holder = holder->pid;
	snprintf(env->holder_comm, sizeof(env->holder_comm), "%s", holder->comm);
}

/* The N of its node /dev/vfio/devices/vfioN; -1: it has none. */
static int cdev_of(const char *bdf)
{
	char path[PATH_MAX];
	struct dirent *e;
	int nr = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && nr < 0 && (e = readdir(dir)))
		if (sscanf(e->d_name, "vfio%d", &nr) != 1)
			nr = -1;
	if (dir)
		closedir(dir);
	return nr;
}

/* Does another process have one of its virtual functions open through VFIO? */
static void read_vf_holders(struct env *env, const struct holders *h)
{
	struct sysfs_device vf;
	char bdf[SYSFS_BDF];
	unsigned int i;

	for (i = 0; i < env->nr_vfs && !env->vf_held; i++) {
		sysfs_virtfn(env->dev.bdf, i, bdf, sizeof(bdf));
		env->vf_held = !sysfs_device_get(bdf, &vf) && strstr(vf.driver, "vfio") &&
			       (holders_get(h, HOLDER_GROUP, vf.group) ||
				holders_get(h, HOLDER_CDEV, cdev_of(bdf)));
	}
}

/*
 * An unbind removes the link to the driver first and then calls the driver's remove().  VFIO's
 * waits there until nobody has the device open (drivers/vfio/vfio_main.c:
 * vfio_unregister_group_dev()).  Such a device has no driver, but is still enabled, and VFIO
 * still has its group.
 */
static void read_leaving(struct env *env, const struct holders *h)
{
	const struct holder *who = holders_get(h, HOLDER_DEVICE, -1);
	char path[PATH_MAX], line[16];
	size_t i;

	if (env->dev.driver[0])
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", env->dev.bdf);
	sysfs_read_line(path, line, sizeof(line));
	snprintf(path, sizeof(path), "/sys/class/vfio/%s%d", env->noiommu_group ? "noiommu-" : "",
		 env->dev.group);
	if (atoi(line) <= 0 || !is_there(path))
		return;
	/* The node of such a device is no longer in sysfs, but a process still has it open. */
	for (i = 0; i < h->nr && !who; i++) {
		snprintf(path, sizeof(path), "/sys/class/vfio-dev/vfio%d", h->list[i].nr);
		if (h->list[i].what == HOLDER_CDEV && !is_there(path))
			who = &h->list[i];
	}
	if (!env->holder && who) {
		env->holder = who->pid;
		snprintf(env->holder_comm, sizeof(env->holder_comm), "%s", who->comm);
	}
	env->leaving = env->holder || h->unseen;
}

int env_device(struct env *env, const char *bdf, const struct holders *known)
{
	struct holders own = { 0 };
	int ret;

	snprintf(env->given, sizeof(env->given), "%.47s", bdf);
	memset(&env->dev, 0, sizeof(env->dev));
	memset(&env->node, 0, sizeof(env->node));
	memset(&env->device_node, 0, sizeof(env->device_node));
	env->dev.group = env->cdev = -1;
	env->nr_siblings = env->nr_more = 0;
	env->group_unread = false;
	env->holder = 0;
	env->holder_comm[0] = env->power[0] = env->group_type[0] = env->rmrr[0] = '\0';
	env->physfn[0] = env->physfn_driver[0] = env->vfs[0] = '\0';
	env->noiommu_group = env->leaving = env->held = env->unseen = env->vf_held = false;
	env->answers = env->viable = FACT_UNKNOWN;
	env->nr_vfs = 0;
	ret = sysfs_device_get(bdf, &env->dev);
	if (ret) {
		env->dev.bdf[0] = '\0';
		return ret;
	}
	read_power(env);
	read_functions(env);
	if (env->dev.group < 0)
		return 0;
	read_group(env);
	env->cdev = cdev_of(bdf);
	if (!known)
		holders_find(&own);
	read_holder(env, known ? known : &own);
	read_leaving(env, known ? known : &own);
	read_vf_holders(env, known ? known : &own);
	holders_free(&own);
	return 0;
}
