// SPDX-License-Identifier: GPL-2.0
/* Reads frames from /proc/self/pagemap. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "ktap.h"
#include "pagemap.h"

void read_frames(const void *va, uint64_t *frame, unsigned int pages)
{
	const ssize_t size = pages * sizeof(*frame);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int i;

	if (fd < 0 || pread(fd, frame, size, (uintptr_t)va / PAGE * sizeof(*frame)) != size)
		bail_out("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	for (i = 0; i < pages; i++) {
		frame[i] = (frame[i] & PFN_MASK) * PAGE;
		if (!frame[i])
			bail_out("/proc/self/pagemap: no frames to be seen: are you root?");
	}
}
