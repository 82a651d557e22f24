// SPDX-License-Identifier: GPL-2.0
#include "lib/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/kcmp.h>

void proc_comm(int pid, char *buf, size_t len)
{
	char path[40];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, len - 1);
		close(fd);
	}
	if (n <= 0) {
		snprintf(buf, len, "?");
		return;
	}
	/* The kernel adds the last newline; others belong to the name. */
	buf[n - (buf[n - 1] == '\n')] = '\0';
}

/* False also if the kernel cannot tell. */
static bool share_files(int one, int other)
{
	return one && !syscall(SYS_kcmp, one, other, KCMP_FILES, 0UL, 0UL);
}

int proc_each_files(const char *pid, bool (*each)(const char *dir, void *arg), void *arg)
{
	int last = 0, tid, ret = 0;
	struct dirent *e;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!ret && (errno = 0, e = readdir(dir))) {
		tid = atoi(e->d_name);
		if (tid <= 0 || share_files(last, tid))
			continue;
		last = tid;
		/* Not /proc/PID/task/TID: map_files is missing there. */
		snprintf(path, sizeof(path), "/proc/%d", tid);
		ret = each(path, arg);
	}
	if (!ret && errno)
		ret = -errno;
	closedir(dir);
	return ret;
}
