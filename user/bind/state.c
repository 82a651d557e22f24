// SPDX-License-Identifier: GPL-2.0
#include "bind/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/signals.h"

#define DIR_PATH  "/run/vfio-verify"
#define MODULES	  "modules"
#define WAIT_MS	  100
#define WAIT_MOST 50 /* how often it waits WAIT_MS */

/* Fills @err for a file of ours; returns -@no. */
static int failed(struct err *err, int no, const char *what, const char *file)
{
	err->no = no;
	err_what(err, "%s " DIR_PATH "%s%s", what, file[0] ? "/" : "", file);
	err_why(err, "%s", strerror(no));
	if (no == EACCES || no == EPERM)
		err_fix(err, "run as root");
	else
		err_fix(err, "bind needs a /run that it can write to; see df /run");
	return -no;
}

static int lock(int dir, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = WAIT_MS * 1000000 };
	int i;

	for (i = 0; flock(dir, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK)
			return failed(err, errno, "could not lock", "");
		if (i == WAIT_MOST || signal_seen) {
			err_set(err, EBUSY, "could not lock " DIR_PATH,
				"another vfio_test bind or unbind is at work",
				"wait for its end; see fuser -v " DIR_PATH);
			return -EBUSY;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* A process that was killed may have left a file that it was going to rename. */
static void remove_leftovers(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!list && fd >= 0)
		close(fd);
	while (list && (e = readdir(list)))
		if (e->d_name[0] == '.' && strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			unlinkat(dir, e->d_name, 0);
	if (list)
		closedir(list);
}

int bind_state_open(struct err *err)
{
	int dir, ret;

	/* Only root may open it, since whoever can open it can also lock it. */
	if (mkdir(DIR_PATH, 0700) && errno != EEXIST)
		return failed(err, errno, "could not make", "");
	dir = open(DIR_PATH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return failed(err, errno, "could not open", "");
	ret = lock(dir, err);
	if (ret) {
		close(dir);
		return ret;
	}
	remove_leftovers(dir);
	return dir;
}

void bind_state_close(int dir)
{
	close(dir);
}

/* Reads the whole file; returns its length, or -errno. */
static ssize_t read_all(int dir, const char *name, char *buf, size_t len)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), no;
	size_t used = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (used < len && (n = read(fd, buf + used, len - used)) > 0)
		used += (size_t)n;
	no = errno;
	close(fd);
	return n < 0 ? -no : (ssize_t)used;
}

static int write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int save(int dir, const char *name, const char *buf, size_t len, struct err *err)
{
	char beside[SYSFS_NAME];
	int fd, ret;

	snprintf(beside, sizeof(beside), ".%s", name);
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return failed(err, errno, "could not write", name);
	ret = write_all(fd, buf, len);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && renameat(dir, beside, dir, name))
		ret = -errno;
	if (ret) {
		unlinkat(dir, beside, 0);
		return failed(err, -ret, "could not write", name);
	}
	/* An error is ignored here: the sync matters only if the machine loses power. */
	fsync(dir);
	return 0;
}

static int not_ours(struct err *err, const char *name)
{
	err->no = EINVAL;
	err_what(err, "could not read " DIR_PATH "/%s", name);
	err_why(err, "it is not what this version of bind writes");
	err_fix(err, "see what it says, put the device back by hand, and remove the file");
	return -EINVAL;
}

int bind_state_load(int dir, const char *bdf, struct bind_record *rec, struct err *err)
{
	char buf[BIND_TEXT_MAX];
	ssize_t n = read_all(dir, bdf, buf, sizeof(buf));

	if (n == -ENOENT)
		return -ENOENT;
	if (n < 0)
		return failed(err, (int)-n, "could not read", bdf);
	return bind_record_parse(buf, (size_t)n, rec) ? not_ours(err, bdf) : 0;
}

int bind_state_save(int dir, const char *bdf, const struct bind_record *rec, struct err *err)
{
	char buf[BIND_TEXT_MAX];

	return save(dir, bdf, buf, bind_record_format(rec, buf, sizeof(buf)), err);
}

static int remove_file(int dir, const char *name, struct err *err)
{
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		return failed(err, errno, "could not remove", name);
	return 0;
}

int bind_state_remove(int dir, const char *bdf, struct err *err)
{
	return remove_file(dir, bdf, err);
}

int bind_state_count(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), nr = 0;
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct sysfs_device dev;
	struct pci_bdf bdf;
	struct dirent *e;

	if (!list) {
		nr = -errno;
		if (fd >= 0)
			close(fd);
		return nr;
	}
	while ((e = readdir(list)))
		nr += !parse_bdf(e->d_name, &bdf) && !sysfs_device_get(e->d_name, &dev);
	closedir(list);
	return nr;
}

int bind_state_load_modules(int dir, struct bind_modules *mods, struct err *err)
{
	char buf[BIND_TEXT_MAX];
	ssize_t n = read_all(dir, MODULES, buf, sizeof(buf));

	memset(mods, 0, sizeof(*mods));
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return failed(err, (int)-n, "could not read", MODULES);
	return bind_modules_parse(buf, (size_t)n, mods) ? not_ours(err, MODULES) : 0;
}

int bind_state_save_modules(int dir, const struct bind_modules *mods, struct err *err)
{
	char buf[BIND_TEXT_MAX];

	return save(dir, MODULES, buf, bind_modules_format(mods, buf, sizeof(buf)), err);
}

int bind_state_remove_modules(int dir, struct err *err)
{
	return remove_file(dir, MODULES, err);
}
