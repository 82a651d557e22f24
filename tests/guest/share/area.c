// SPDX-License-Identifier: GPL-2.0
/* Memory of many runs, processes that have it, and requests about it */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "ktap.h"
#include "share.h"

/* Memory that takes many records to tell */
void make_area(size_t pages)
{
	char *p = mmap(AREA, pages * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i += 2)
		p[i * PAGE] = 1;
}

static void on_signal(int nr)
{
	(void)nr;
}

int fragments(size_t pages)
{
	const struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	make_area(pages);
	puts("ready");
	fflush(stdout);
	pause();
	execl("/bin/sleep", "sleep", "1000", NULL);
	return 1;
}

/* A process that has it and does what @then does; it is there when this returns. */
pid_t spawn(void (*then)(int go), int *go)
{
	int ready[2], start[2];
	char c;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(start, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		make_area(PAGES);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		then(start[0]);
		_exit(0);
	}
	close(ready[1]);
	close(start[0]);
	if (read(ready[0], &c, 1) != 1)
		bail_out("a process did not come up: %s", strerror(errno));
	close(ready[0]);
	if (go)
		*go = start[1];
	else
		close(start[1]);
	return pid;
}

void stay(int go)
{
	(void)go;
	for (;;)
		pause();
}

void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void request(int fd, pid_t pid, uint64_t pages)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%d 0x%" PRIx64 " 0x%" PRIx64, pid, (uint64_t)AREA,
			 pages * PAGE);

	if (write(fd, text, n) != n)
		fail("\"%s\": %s", text, error_name(errno));
}

/* All that is left from @at on; what it ended with is *err */
char *read_rest(int fd, off_t at, int *err)
{
	static char text[1 << 20];
	size_t n = 0;
	ssize_t got;

	while ((got = pread(fd, text + n, sizeof(text) - 1 - n, at + n)) > 0)
		n += got;
	*err = got < 0 ? errno : 0;
	text[n] = '\0';
	return text;
}
