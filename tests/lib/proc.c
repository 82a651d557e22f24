// SPDX-License-Identifier: GPL-2.0
/* Time, other processes, and the kernel's files of words and numbers */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "ktap.h"
#include "proc.h"

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void nap(uint64_t us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

int tell(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

uint64_t number_in(const char *path, const char *word)
{
	char line[256];
	uint64_t v = 0;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)) && strchr(" :", line[strlen(word)]))
			v = strtoull(line + strlen(word) + 1, NULL, 0);
	if (f)
		fclose(f);
	return v;
}

int ends_within(pid_t pid, double seconds)
{
	const double until = now() + seconds;
	int status;

	while (now() < until) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nap(2000);
	}
	return -1;
}

/* Prints each line of /proc/PID/task/TID/@file as a comment. */
static void say_file(pid_t pid, const char *tid, const char *file)
{
	char path[300], line[200];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/%s", pid, tid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		comment("thread %s: %s: %.*s", tid, file, (int)strcspn(line, "\n"), line);
	if (f)
		fclose(f);
}

void say_where(pid_t pid)
{
	static const char *const file[] = { "comm", "syscall", "stack" };
	char path[64];
	struct dirent *d;
	unsigned int i;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		for (i = 0; i < ARRAY_SIZE(file) && d->d_name[0] != '.'; i++)
			say_file(pid, d->d_name, file[i]);
	if (dir)
		closedir(dir);
}

/* Another process watches, as SIGALRM does not reach a process in an uninterruptible wait. */
void limit_time(unsigned int seconds)
{
	const double until = now() + seconds;
	const pid_t watched = getpid();
	pid_t watch;

	fflush(stdout);
	watch = fork();
	if (watch < 0)
		bail_out("fork: %s", strerror(errno));
	if (watch)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The watched process may have ended before prctl(). */
	while (getppid() == watched && now() < until)
		nap((until - now()) * 1e6 + 1);
	if (getppid() == watched) {
		comment("not done after %u s: killed", seconds);
		say_where(watched);
		kill(watched, SIGKILL);
	}
	_exit(0);
}
