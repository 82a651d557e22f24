// SPDX-License-Identifier: GPL-2.0
/*
 * qmp_liar SOCKET OURS COMMAND refuse|lie: a client of QEMU's SOCKET in the place of QEMU at OURS,
 * for one client.  All is passed on, but for COMMAND, which QEMU never sees: it is answered with an
 * error, or as if it had been done.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int unix_socket(const char *path, int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || use(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(path);
		_exit(2);
	}
	return fd;
}

/* The client's next line: to QEMU, or answered here; 0 at the end of what it says. */
static int from_client(int client, int qemu, const char *command, int lie)
{
	char line[4096], word[64], answer[256];
	const char *id;
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(client, line + n, 1) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
	if (!n)
		return 0;
	snprintf(word, sizeof(word), "\"execute\": \"%s\"", command);
	id = strstr(line, "\"id\": ");
	if (!strstr(line, word) || !id)
		return write(qemu, line, n) == (ssize_t)n;
	snprintf(answer, sizeof(answer), "{%s, %.*s}\r\n",
		 lie ? "\"return\": {}"
		     : "\"error\": {\"class\": \"GenericError\", \"desc\": \"not today\"}",
		 (int)(strcspn(id + 6, " ,}\r\n") + 6), id);
	return write(client, answer, strlen(answer)) > 0;
}

int main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	char buf[4096];
	int listener;
	ssize_t n;

	if (argc != 5) {
		fputs("usage: qmp_liar SOCKET OURS COMMAND refuse|lie\n", stderr);
		return 2;
	}
	unlink(argv[2]);
	listener = unix_socket(argv[2], bind);
	fds[1].fd = unix_socket(argv[1], connect);
	listen(listener, 1);
	puts("ready");
	fflush(stdout);
	fds[0].fd = accept(listener, NULL, NULL);
	while (poll(fds, 2, -1) > 0) {
		if (fds[1].revents) {
			n = read(fds[1].fd, buf, sizeof(buf));
			if (n <= 0 || write(fds[0].fd, buf, (size_t)n) != n)
				return 0;
		}
		if (fds[0].revents &&
		    !from_client(fds[0].fd, fds[1].fd, argv[3], !strcmp(argv[4], "lie")))
			return 0;
	}
	return 1;
}
