// SPDX-License-Identifier: GPL-2.0
#include "lib/text.h"
#include "pci/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PCI_DEVICES	     "/sys/bus/pci/devices"
#define GROUPS		     "/sys/kernel/iommu_groups"
#define PCI_CLASS_BRIDGE_PCI 0x0604

/* The last component of the link's target; "" if there is no link */
static void link_at(const char *dir, const char *link, char *out, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;

	out[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, link) >= sizeof(path))
		return;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	snprintf(out, len, "%.*s", (int)len - 1, name);
}

static void link_name(const char *bdf, const char *link, char *out, size_t len)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s", bdf);
	link_at(dir, link, out, len);
}

/* 0, or a negative errno: an id that cannot be read must not be taken for 0. */
static int read_hex(const char *bdf, const char *file, uint32_t *v)
{
	char path[PATH_MAX];
	int ret = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf, file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%" SCNx32, v) != 1)
		ret = ferror(f) ? -EIO : -ENODATA;
	fclose(f);
	return ret;
}

int sysfs_device_get(const char *bdf, struct sysfs_device *dev)
{
	char path[PATH_MAX], group[SYSFS_NAME];
	int ret;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", bdf);
	if (access(path, F_OK))
		return -errno;
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->bdf, sizeof(dev->bdf), "%s", bdf);
	ret = read_hex(bdf, "vendor", &dev->vendor);
	if (!ret)
		ret = read_hex(bdf, "device", &dev->device);
	if (!ret)
		ret = read_hex(bdf, "class", &dev->class);
	if (ret)
		return ret;
	link_name(bdf, "driver", dev->driver, sizeof(dev->driver));
	link_name(bdf, "iommu_group", group, sizeof(group));
	dev->group = group[0] ? atoi(group) : -1;
	return 0;
}

static int by_address(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dot(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/*
 * The devices that a directory lists: returns how many, or a negative errno.  A device that is gone
 * or is being removed is skipped; one that cannot be read is an error.
 */
static int get_all(const char *path, struct sysfs_device **devs,
		   int (*get)(const char *dir, const char *name, struct sysfs_device *dev))
{
	struct dirent **list;
	int n = scandir(path, &list, not_dot, by_address), i, nr = 0, ret = 0;

	if (n < 0)
		return -errno;
	*devs = calloc(n ? n : 1, sizeof(**devs));
	if (!*devs)
		ret = -ENOMEM;
	for (i = 0; i < n; i++) {
		int one = ret ? ret : get(path, list[i]->d_name, &(*devs)[nr]);

		if (!one)
			nr++;
		else if (one != -ENOENT && one != -ENODEV)
			ret = one;
		free(list[i]);
	}
	free(list);
	if (!ret)
		return nr;
	free(*devs);
	*devs = NULL;
	return ret;
}

static int get_pci(const char *dir, const char *name, struct sysfs_device *dev)
{
	(void)dir;
	return sysfs_device_get(name, dev);
}

int sysfs_devices(struct sysfs_device **devs)
{
	return get_all(PCI_DEVICES, devs, get_pci);
}

void sysfs_read_line(const char *path, char *out, size_t len)
{
	FILE *f = fopen(path, "re");

	out[0] = '\0';
	if (!f)
		return;
	if (!fgets(out, len, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

void sysfs_modalias(const char *bdf, char *out, size_t len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/modalias", bdf);
	sysfs_read_line(path, out, len);
}

int sysfs_resources(const char *bdf, struct sysfs_resource *res, size_t max)
{
	char path[PATH_MAX];
	size_t nr = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource", bdf);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (nr < max && fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, &res[nr].start,
				  &res[nr].end, &res[nr].flags) == 3)
		nr++;
	fclose(f);
	return nr;
}

bool sysfs_is_vf(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/physfn", bdf);
	return !access(path, F_OK);
}

bool sysfs_group_noiommu(int group)
{
	char path[PATH_MAX], name[SYSFS_NAME];

	snprintf(path, sizeof(path), GROUPS "/%d/name", group);
	sysfs_read_line(path, name, sizeof(name));
	return !strcmp(name, "vfio-noiommu");
}

void sysfs_virtfn(const char *bdf, unsigned int nr, char *out, size_t len)
{
	char link[32];

	snprintf(link, sizeof(link), "virtfn%u", nr);
	link_name(bdf, link, out, len);
}

unsigned int sysfs_vfs(const char *bdf, char *list, size_t len)
{
	char vf[SYSFS_BDF];
	unsigned int nr = 0, shown = 0;
	struct text text;

	text_begin(&text, list, len);
	for (;; nr++) {
		sysfs_virtfn(bdf, nr, vf, sizeof(vf));
		if (!vf[0])
			break;
		if (shown < nr || text.used + strlen(vf) + sizeof(", and 65535 more") > len)
			continue;
		text_list(&text, ", ", vf);
		shown++;
	}
	if (shown < nr)
		text_add(&text, ", and %u more", nr - shown);
	return nr;
}

void sysfs_physfn(const char *bdf, char *out, size_t len)
{
	link_name(bdf, "physfn", out, len);
}

bool sysfs_takes_token(const char *bdf)
{
	char path[PATH_MAX], pf[SYSFS_BDF];

	sysfs_physfn(bdf, pf, sizeof(pf));
	/* access() does not take the device's lock; reading the file would. */
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/sriov_numvfs", bdf);
	return pf[0] || !access(path, F_OK);
}

int sysfs_cdev_path(const char *bdf, char *path, size_t len)
{
	char dir[PATH_MAX], dev[PATH_MAX + SYSFS_NAME];
	struct dirent **list;
	int n, i, ret = -ENODEV;

	path[0] = '\0';
	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s/vfio-dev", bdf);
	n = scandir(dir, &list, not_dot, by_address);
	for (i = 0; i < n; i++) {
		/* No "dev": the kernel has no device nodes, or the group has no IOMMU. */
		snprintf(dev, sizeof(dev), "%s/%.*s/dev", dir, SYSFS_NAME - 8, list[i]->d_name);
		if (ret && !access(dev, F_OK)) {
			snprintf(path, len, "/dev/vfio/devices/%s", list[i]->d_name);
			ret = 0;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return ret;
}

/* A group may have devices that are not PCI devices; they may have a driver too. */
static int get_member(const char *dir, const char *name, struct sysfs_device *dev)
{
	int ret = sysfs_device_get(name, dev);
	char path[PATH_MAX];

	if (ret != -ENOENT)
		return ret;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return -ENAMETOOLONG;
	if (access(path, F_OK))
		return -errno;
	memset(dev, 0, sizeof(*dev));
	dev->not_pci = true;
	dev->group = -1;
	snprintf(dev->bdf, sizeof(dev->bdf), "%.*s", (int)sizeof(dev->bdf) - 1, name);
	link_at(path, "driver", dev->driver, sizeof(dev->driver));
	return 0;
}

int sysfs_group_get(int group, struct sysfs_device **devs)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), GROUPS "/%d/devices", group);
	return get_all(path, devs, get_member);
}

bool sysfs_driver_viable(const struct sysfs_device *dev, bool bridges_pass)
{
	/* drivers/pci/pcie/portdrv.c, drivers/pci/pci-stub.c: driver_managed_dma */
	static const char *const allowed[] = { "", "pci-stub", "pcieport" };
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!strcmp(dev->driver, allowed[i]))
			return true;
	return strstr(dev->driver, "vfio") ||
	       (bridges_pass && dev->class >> 8 == PCI_CLASS_BRIDGE_PCI);
}

/* Has this kernel a function of that name?  Any user may read the names, if not the addresses. */
static int has_symbol(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[256], word[200];
	int found = f ? 0 : -1, lines = 0;

	while (f && found <= 0 && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%*s %*c %199s", word) == 1 && !strcmp(word, name);
		lines++;
	}
	if (f)
		fclose(f);
	return lines ? found : -1;
}

bool sysfs_bridges_pass(void)
{
	static int pass = -1;
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (pass >= 0)
		return pass;
	/* drivers/iommu/iommu.c; distributions have backported it to older kernels. */
	pass = has_symbol("iommu_group_claim_dma_owner");
	if (pass >= 0) {
		pass = !pass;
		return pass;
	}
	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	pass = major < 5 || (major == 5 && minor < 19);
	return pass;
}

const char *sysfs_bridge_name(const struct sysfs_device *dev)
{
	/* Base class and subclass. */
	static const struct {
		uint32_t class;
		const char *name;
	} bridges[] = {
		{ 0x0600, "a host bridge" },
		{ 0x0604, "a PCI bridge" },
		{ 0x0607, "a CardBus bridge" },
		{ 0x0609, "a semi-transparent PCI bridge" },
	};
	size_t i;

	for (i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++)
		if (dev->class >> 8 == bridges[i].class)
			return bridges[i].name;
	return NULL;
}

bool sysfs_module_present(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}
