// SPDX-License-Identifier: GPL-2.0
/*
 * hold - uses a file until it is ended
 *
 *	hold open|excl|map|lock|thread|ended|sent|uring FILE
 *
 * open: for reading; excl: a block device for itself alone; map: its first page, with the
 * file closed again; lock: flock(2); thread: in a thread with files of its own; ended: in a
 * process whose first thread has ended; sent: in a message that nobody receives; uring: registered
 * with an io_uring, and closed.  Says "held" once it does.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/io_uring.h>

static int alone; /* files of its own */

static void *other(void *file)
{
	if ((alone && unshare(CLONE_FILES)) || open(file, O_RDONLY | O_NONBLOCK) < 0) {
		perror(file);
		exit(2);
	}
	/* The first thread has ended, or will have in a moment. */
	usleep(100000);
	puts("held");
	fflush(stdout);
	pause();
	return NULL;
}

static int hold_in_thread(char *file, int ended)
{
	pthread_t thread;

	alone = !ended;
	if (pthread_create(&thread, NULL, other, file)) {
		perror("pthread_create");
		return 2;
	}
	if (ended)
		syscall(SYS_exit, 0);
	pause();
	return 0;
}

/* It is then open, and no process has it. */
static int send_away(int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2];

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || sendmsg(pair[0], &msg, 0) != 1 ||
	       close(fd);
}

static int give_to_ring(int fd)
{
	struct io_uring_params params = { .flags = 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params);

	return ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) ||
	       close(fd);
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	int fd;

	if (argc != 3) {
		fputs("usage: hold open|excl|map|lock|thread|ended|sent|uring FILE\n", stderr);
		return 2;
	}
	if (!strcmp(how, "thread") || !strcmp(how, "ended"))
		return hold_in_thread(argv[2], !strcmp(how, "ended"));
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
	if (!strcmp(how, "sent") && send_away(fd)) {
		perror("sendmsg");
		return 2;
	}
	if (!strcmp(how, "uring") && give_to_ring(fd)) {
		perror("io_uring");
		return 2;
	}
	puts("held");
	fflush(stdout);
	pause();
	return 0;
}
