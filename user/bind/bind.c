// SPDX-License-Identifier: GPL-2.0
#include "bind/bind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bind/record.h"
#include "failure/failure.h"
#include "env/in_use_search.h"
#include "lib/limited.h"

#define PCI "/sys/bus/pci"

static int say_failed(struct err *err, int no, const char *path, const char *text)
{
	char what[sizeof(err->what)];

	snprintf(what, sizeof(what), "could not write %.60s to %.100s",
		 text[0] ? text : "an empty line", path);
	failure_explain(NULL, "bind-write", no, what, err);
	return -no;
}

/*
 * These files take the device's lock.  A driver that waits holds it all the time, as VFIO's
 * does while a process has the device open.  So each access has a time limit.
 */
#define LIMIT_MS      60000
#define READ_LIMIT_MS 5000

struct line {
	char path[PATH_MAX], text[SYSFS_NAME + 1];
};

/* The whole line in one write: sysfs takes each write as a whole value. */
static int write_now(const void *in, void *out)
{
	const struct line *l = in;
	size_t n = strlen(l->text);
	int fd = open(l->path, O_WRONLY | O_CLOEXEC);

	(void)out;
	return fd < 0 || write(fd, l->text, n) != (ssize_t)n ? -errno : 0;
}

static int write_line(const char *path, const char *text, struct err *err)
{
	struct line l;
	int ret;

	snprintf(l.path, sizeof(l.path), "%s", path);
	snprintf(l.text, sizeof(l.text), "%s\n", text);
	ret = limited(write_now, &l, NULL, 0, LIMIT_MS);
	return ret ? say_failed(err, -ret, path, text) : 0;
}

static int read_now(const void *in, void *out)
{
	struct line *answer = out;
	int fd = open(in, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, answer->text, sizeof(answer->text));

	return n < 0 ? -errno : (int)n;
}

int bind_override_get(const char *bdf, char *out, size_t len)
{
	char path[PATH_MAX];
	struct line answer;
	int n;

	snprintf(path, sizeof(path), PCI "/devices/%s/driver_override", bdf);
	n = limited(read_now, path, &answer, sizeof(answer), READ_LIMIT_MS);
	if (n < 0)
		return n;
	if (n == 0 || answer.text[n - 1] != '\n' || (size_t)n > len)
		return -E2BIG;
	memcpy(out, answer.text, (size_t)n - 1);
	out[n - 1] = '\0';
	return 0;
}

static int override_set(const char *bdf, const char *value, struct err *err)
{
	char path[PATH_MAX], now[SYSFS_NAME];

	if (!bind_override_get(bdf, now, sizeof(now)) && !strcmp(now, value))
		return 0;
	snprintf(path, sizeof(path), PCI "/devices/%s/driver_override", bdf);
	return write_line(path, strcmp(value, BIND_NULL) ? value : "", err);
}

bool bind_driver_present(const char *driver)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI "/drivers/%s/bind", driver);
	return !access(path, F_OK);
}

static int unbind(const struct sysfs_device *dev, struct err *err)
{
	char path[PATH_MAX];
	struct sysfs_device now;
	int ret;

	snprintf(path, sizeof(path), PCI "/drivers/%s/unbind", dev->driver);
	ret = write_line(path, dev->bdf, err);
	/* If another process unbound it first, that is what we want; a time-out is not. */
	if (ret && ret != -ETIMEDOUT && !sysfs_device_get(dev->bdf, &now) && !now.driver[0]) {
		memset(err, 0, sizeof(*err));
		ret = 0;
	}
	return ret;
}

static int get_device(const char *bdf, struct sysfs_device *dev, struct err *err)
{
	int ret = sysfs_device_get(bdf, dev);

	if (ret)
		failure_set(NULL, "no-device", -ret, NULL, err);
	return ret;
}

/* Sets driver_override first, which lets any driver take any device. */
static int attach(const struct sysfs_device *was, const char *driver, struct err *err)
{
	char path[PATH_MAX];
	struct sysfs_device now;
	int ret;

	if (!bind_driver_present(driver)) {
		err->no = ENOENT;
		err_what(err, "could not bind to %s", driver);
		err_why(err, "the kernel has no PCI driver of that name now");
		err_fix(err, "modprobe the module that has it, then do this again");
		return -ENOENT;
	}
	ret = override_set(was->bdf, driver, err);
	if (!ret && was->driver[0])
		ret = unbind(was, err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), PCI "/drivers/%s/bind", driver);
	ret = write_line(path, was->bdf, err);
	/* Some kernels report an error for a bind that worked, so we look where the device is. */
	if (get_device(was->bdf, &now, err))
		return -ENODEV;
	if (!strcmp(now.driver, driver)) {
		memset(err, 0, sizeof(*err));
		return 0;
	}
	return ret ? ret : say_failed(err, ENODEV, path, was->bdf);
}

int bind_put(const char *bdf, const char *driver, const char *override, struct err *err)
{
	struct sysfs_device dev;
	int ret = get_device(bdf, &dev, err);

	if (!ret && strcmp(dev.driver, driver))
		ret = driver[0] ? attach(&dev, driver, err) : unbind(&dev, err);
	return ret ? ret : override_set(bdf, override, err);
}

int bind_let_go(const char *bdf, struct err *err)
{
	struct sysfs_device dev;
	int ret = get_device(bdf, &dev, err);

	if (!ret)
		ret = override_set(bdf, BIND_NULL, err);
	if (!ret && dev.driver[0])
		ret = unbind(&dev, err);
	return ret ? ret : write_line(PCI "/drivers_probe", bdf, err);
}

/* Counts the entries that begin with @prefix and, unless @each is NULL, for which it is true. */
static int count_entries(const char *path, const char *prefix, bool (*each)(const char *path))
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char below[PATH_MAX];
	int nr = 0;

	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) ||
		    (size_t)snprintf(below, sizeof(below), "%s/%s", path, e->d_name) >=
			    sizeof(below))
			continue;
		nr += !each || each(below);
	}
	if (dir)
		closedir(dir);
	return nr;
}

static bool is_device_link(const char *path)
{
	char below[PATH_MAX];

	/* The driver's directory links to its devices, and to its module, which has no driver. */
	return (size_t)snprintf(below, sizeof(below), "%s/driver", path) < sizeof(below) &&
	       !access(below, F_OK);
}

static bool driver_has_devices(const char *path)
{
	return count_entries(path, "", is_device_link) > 0;
}

bool bind_module_has_devices(const char *module)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s/drivers", module);
	return count_entries(path, "pci:", driver_has_devices) > 0;
}

/*
 * Asks the kernel: the node of a group cannot be opened while the group or one of its devices is
 * open (EBUSY).  0, or an errno.
 */
static int open_group(const struct env *env)
{
	char path[80], line[32], name[32];
	unsigned int maj, min;
	int fd;

	snprintf(name, sizeof(name), "vfio/%s%d", env->noiommu_group ? "noiommu-" : "",
		 env->dev.group);
	snprintf(path, sizeof(path), "/sys/class/%s/dev", name);
	sysfs_read_line(path, line, sizeof(line));
	if (!in_use_parse_dev(line, &maj, &min))
		return ENOENT;
	/* By its number: the node may be missing in this /dev, and be open in another one. */
	fd = use_open_node(makedev(maj, min), false, name, 0);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

enum use bind_held(struct env *env, const struct holders *holders, char *what, size_t len)
{
	const struct holder *who = holders_get(holders, HOLDER_CDEV, env->cdev);
	int no;

	if (env->dev.group < 0 || !strstr(env->dev.driver, "vfio"))
		return USE_NONE;
	no = open_group(env);
	if (!who)
		who = holders_get(holders, HOLDER_GROUP, env->dev.group);
	if (!who && no != EBUSY) {
		/* Without groups, only the processes that we see can tell. */
		if (!no || (no == ENOENT && !holders->unseen))
			return USE_NONE;
		snprintf(what, len, "whether its group is open cannot be asked: %s", strerror(no));
		return USE_UNKNOWN;
	}
	/* A process that has closed the group's file can still have a device's file open. */
	if (!who)
		who = holders_get(holders, HOLDER_DEVICE, -1);
	env->holder = who ? who->pid : 0;
	if (who)
		snprintf(env->holder_comm, sizeof(env->holder_comm), "%s", who->comm);
	return USE_FOUND;
}
