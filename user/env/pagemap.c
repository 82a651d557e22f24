// SPDX-License-Identifier: GPL-2.0
#include "env/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int pagemap_read(uint64_t vaddr, size_t nr, uint64_t *entries)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), err = 0;
	size_t done = 0, want = nr * sizeof(*entries);

	if (fd < 0)
		return -errno;
	while (done < want) {
		ssize_t n = pread(fd, (char *)entries + done, want - done,
				  vaddr / PAGEMAP_PAGE * sizeof(*entries) + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n ? -errno : -EFAULT;
			break;
		}
		done += n;
	}
	close(fd);
	return err;
}
