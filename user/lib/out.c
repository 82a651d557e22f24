// SPDX-License-Identifier: GPL-2.0
#include "lib/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "lib/text.h"
#include "lib/version.h"

static int lost; /* errno of the first write that failed; 0: none */

/*
 * The function that stdio writes with.  stdio tells only that an error occurred, and errno may be
 * overwritten by the time a long answer ends, so the first error is kept here.
 */
static ssize_t put(void *cookie, const char *buf, size_t len)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	size_t done = 0;
	ssize_t n;

	(void)cookie;
	while (!lost && done < len) {
		n = write(STDOUT_FILENO, buf + done, len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && (errno != EAGAIN || poll(&out, 1, -1) < 0))
			lost = errno; /* EINTR too: after a signal we wait for no reader */
	}			      /* EAGAIN: another process set O_NONBLOCK on the file */
	errno = lost;
	return (ssize_t)done; /* less than @len is the error */
}

static void watch_stdout(void)
{
	const cookie_io_functions_t io = { .write = put };
	FILE *f = fopencookie(NULL, "w", io);

	if (!f)
		return; /* errors are still seen, but not their cause */
	setvbuf(f, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	stdout = f;
}

void out_init(const char *prog)
{
	int fd, got;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* open() takes the lowest free number, which is fd.  Without /dev, / serves too. */
		got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (got < 0)
			got = open("/", O_PATH | O_DIRECTORY);
		if (got == fd)
			continue;
		fprintf(stderr,
			"%s: standard input, output or error is closed, and /dev/null cannot be opened: "
			"%s; give it all three\n",
			prog, strerror(errno));
		_exit(2);
	}
	signal(SIGPIPE, SIG_IGN);
	watch_stdout();
}

bool out_lost(void)
{
	return lost || ferror(stdout);
}

int out_finish(const char *prog, int exit_code)
{
	int no;

	if (!fflush(stdout) && !out_lost())
		return exit_code;
	no = lost;
	if (no != EPIPE)
		fprintf(stderr, "%s: stdout: the answer is lost: %s; %s\n", prog,
			no ? strerror(no) : "not all of it could be written",
			no == EBADF		       ? "open standard output for writing"
			: no == ENOSPC || no == EDQUOT ? "free some space"
						       : "see where standard output goes");
	return 2;
}

struct json_object *json_answer(const char *tool, const char *verdict)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "tool", json_text(tool));
	json_object_object_add(root, "version", json_text(VFIO_VERIFY_VERSION));
	json_object_object_add(root, "schema", json_object_new_int(1));
	json_object_object_add(root, "verdict", json_text(verdict));
	return root;
}

struct json_object *err_json(const struct err *err)
{
	struct json_object *obj = json_object_new_object();

	/* "other": the table of failures has no row for this error. */
	json_object_object_add(obj, "id", json_text(err->id ? err->id : "other"));
	json_object_object_add(obj, "what", json_text(err->what));
	json_object_object_add(obj, "why", json_text(err->why));
	json_object_object_add(obj, "fix", json_text(err->fix));
	json_object_object_add(obj, "errno", json_object_new_int(err->no));
	return obj;
}

void json_print(struct json_object *obj, bool pretty)
{
	int layout = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (pretty)
		layout |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts(json_object_to_json_string_ext(obj, layout));
	json_object_put(obj);
}
