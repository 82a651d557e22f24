// SPDX-License-Identifier: GPL-2.0
/*
 * hold - uses a file until it is ended
 *
 *	hold open|excl|map|lock FILE
 *
 * open: for reading; excl: a block device for itself alone; map: its first page, with the
 * file closed again; lock: flock(2).  Says "held" once it does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	int fd;

	if (argc != 3) {
		fputs("usage: hold open|excl|map|lock FILE\n", stderr);
		return 2;
	}
	fd = open(argv[2], (strcmp(how, "map") ? O_RDONLY : O_RDWR) | O_NONBLOCK |
				   (strcmp(how, "excl") ? 0 : O_EXCL));
	if (fd < 0 || (!strcmp(how, "lock") && flock(fd, LOCK_EX))) {
		perror(argv[2]);
		return 2;
	}
	if (!strcmp(how, "map")) {
		if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED) {
			perror("mmap");
			return 2;
		}
		close(fd);
	}
	puts("held");
	fflush(stdout);
	pause();
	return 0;
}
