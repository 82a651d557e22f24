// SPDX-License-Identifier: GPL-2.0
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

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
	/* Only the last end of line is the kernel's. */
	buf[n - (buf[n - 1] == '\n')] = '\0';
}
