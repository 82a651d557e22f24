// SPDX-License-Identifier: GPL-2.0
/*
 * qmp SOCKET: a client of QEMU's machine protocol, beside another one.  Lines of standard input
 * are sent as they are, whatever QEMU says is printed line by line: so shell can count events.
 * The end of either is its end.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* All of what @from has to say by now; false at its end. */
static int pass_on(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf)), done = 0, w;

	for (; n > 0 && done < n; done += w) {
		w = write(to, buf + done, (size_t)(n - done));
		if (w < 0)
			return 0;
	}
	return n > 0;
}

int main(int argc, char **argv)
{
	static const char hello[] = "{\"execute\": \"qmp_capabilities\"}\n";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };

	if (argc != 2 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fputs("usage: qmp SOCKET\n", stderr);
		return 2;
	}
	strcpy(addr.sun_path, argv[1]);
	fds[1].fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fds[1].fd < 0 || connect(fds[1].fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    write(fds[1].fd, hello, sizeof(hello) - 1) < 0) {
		perror(argv[1]);
		return 2;
	}
	while (poll(fds, 2, -1) > 0) {
		if (fds[1].revents && !pass_on(fds[1].fd, STDOUT_FILENO))
			return 0;
		if (fds[0].revents && !pass_on(STDIN_FILENO, fds[1].fd))
			return 0;
	}
	return 1;
}
