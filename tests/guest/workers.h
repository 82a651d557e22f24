/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that race with each other for some seconds: random numbers, counts of what happened,
 * what went wrong, and a watch over who hangs.  For programs of one file: include it once, with
 * the tables below filled in.
 */
#ifndef WORKERS_H
#define WORKERS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE	      UINT64_C(4096)
#define RW	      (PROT_READ | PROT_WRITE)

#define MAX_COUNTS    48
#define MAX_BAD	      8
#define MAX_WORKERS   16

/* A process that does nothing for as long is hung, however slow the machine. */
#define HUNG_SECONDS 90
/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 12
#define SAY_MAX	  8

struct count_row {
	const char *name;
	bool may_be_none; /* rare: told, not demanded */
};

struct worker_row {
	const char *name;
	void (*main)(void); /* until stopping() */
};

/* Between all processes */
static struct workers {
	bool stop;
	uint64_t seed;
	uint64_t count[MAX_COUNTS];
	uint64_t bad[MAX_BAD];
	uint64_t beats[MAX_WORKERS];
	const char *doing[MAX_WORKERS];
} * sh;

static unsigned int me = MAX_WORKERS - 1; /* the number of this worker */
static __thread uint64_t rnd_state;

static inline uint64_t rnd(uint64_t below)
{
	if (!rnd_state)
		rnd_state = __atomic_add_fetch(&sh->seed, UINT64_C(0x9e3779b97f4a7c15),
					       __ATOMIC_RELAXED) |
			    1;
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

static inline void count(int what)
{
	__atomic_fetch_add(&sh->count[what], 1, __ATOMIC_RELAXED);
}

static inline bool stopping(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED);
}

static inline void doing(const char *what)
{
	__atomic_store_n(&sh->doing[me], what, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sh->beats[me], 1, __ATOMIC_RELAXED);
}

/* A line, whole, whoever else writes */
__attribute__((format(printf, 1, 0))) static void say(const char *fmt, va_list ap)
{
	char line[400] = "# ";
	size_t n;

	vsnprintf(line + 2, sizeof(line) - 3, fmt, ap);
	n = strlen(line);
	line[n++] = '\n';
	while (write(STDOUT_FILENO, line, n) < 0 && errno == EINTR)
		;
}

__attribute__((format(printf, 1, 2))) static void comment(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void bad(int what, const char *fmt, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&sh->bad[what], 1, __ATOMIC_RELAXED) >= SAY_MAX)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

__attribute__((noreturn, format(printf, 1, 2))) static void bail_out(const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(stdout);
	dprintf(STDOUT_FILENO, "Bail out! %s\n", text);
	_exit(1);
}

static inline const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : err ? "an unknown error" : "no error";
}

static inline void nap(unsigned int us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Writes a word into a file of the kernel's; 0 or -errno */
static inline int tell(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Does @pid end within @seconds?  Its status; -1 where it does not */
static inline int ends_within(pid_t pid, double seconds)
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

/* The frame of each page of @va, as pagemap tells it; in bytes */
static inline void read_frames(const void *va, uint64_t *frame, unsigned int pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int i;

	if (fd < 0 || pread(fd, frame, pages * 8, (uintptr_t)va / PAGE * 8) != pages * 8)
		bail_out("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	for (i = 0; i < pages; i++) {
		frame[i] = (frame[i] & ((UINT64_C(1) << 55) - 1)) * PAGE;
		if (!frame[i])
			bail_out("/proc/self/pagemap: no frames to be seen: are you root?");
	}
}

static unsigned int test_nr, nr_failed;

static inline void result(bool ok, const char *name)
{
	nr_failed += !ok;
	printf("%s %u - %s\n", ok ? "ok" : "not ok", ++test_nr, name);
	fflush(stdout);
}

static inline void workers_init(void)
{
	sh = mmap(NULL, sizeof(*sh), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		bail_out("no memory");
	sh->seed = (uint64_t)time(NULL);
}

static inline bool workers_missing(const struct count_row *counts, unsigned int nr_counts)
{
	unsigned int i;

	for (i = 0; i < nr_counts; i++)
		if (!sh->count[i] && !counts[i].may_be_none)
			return true;
	return false;
}

/* Where each thread of @pid is: the kernel's word, for who looks for the cause */
static inline void say_where(pid_t pid)
{
	static const char *const file[] = { "comm", "syscall", "stack" };
	char path[300], line[200];
	struct dirent *d;
	unsigned int i;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		for (i = 0; i < ARRAY_SIZE(file) && d->d_name[0] != '.'; i++) {
			snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", pid, d->d_name,
				 file[i]);
			f = fopen(path, "re");
			while (f && fgets(line, sizeof(line), f))
				comment("thread %s: %s: %.*s", d->d_name, file[i],
					(int)strcspn(line, "\n"), line);
			if (f)
				fclose(f);
		}
	if (dir)
		closedir(dir);
}

/*
 * Runs each of @rows in a process of its own, for @seconds, or longer where not all has happened
 * by then; then a point for each count and each thing that can be wrong.
 */
static inline void workers_run(const struct worker_row *rows, unsigned int nr, unsigned int seconds,
			       const struct count_row *counts, unsigned int nr_counts,
			       const char *const *bad_name, unsigned int nr_bad)
{
	double moved[MAX_WORKERS], begun = now();
	uint64_t last[MAX_WORKERS] = { 0 };
	pid_t pid[MAX_WORKERS];
	unsigned int i, left = nr;
	int status;

	fflush(stdout);
	for (i = 0; i < nr; i++) {
		moved[i] = now();
		pid[i] = fork();
		if (pid[i] < 0)
			bail_out("fork: %s", strerror(errno));
		if (!pid[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			me = i;
			rows[i].main();
			_exit(0);
		}
	}
	while (left) {
		nap(100000);
		if (now() - begun >= MORE_TIME * seconds ||
		    (now() - begun >= seconds && !workers_missing(counts, nr_counts)))
			__atomic_store_n(&sh->stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < nr; i++) {
			if (!pid[i])
				continue;
			if (waitpid(pid[i], &status, WNOHANG) > 0) {
				if (status || !stopping())
					bad(nr_bad - 1, "%s: ended early, or with status 0x%x",
					    rows[i].name, status);
				pid[i] = 0;
				left--;
				__atomic_store_n(&sh->stop, true, __ATOMIC_RELAXED);
			} else if (sh->beats[i] != last[i]) {
				last[i] = sh->beats[i];
				moved[i] = now();
			} else if (now() - moved[i] > HUNG_SECONDS) {
				bad(nr_bad - 1, "%s hangs in: %s", rows[i].name, sh->doing[i]);
				say_where(pid[i]);
				kill(pid[i], SIGKILL);
				pid[i] = 0;
				left--;
			}
		}
	}
	for (i = 0; i < nr_counts; i++) {
		comment("%s: %" PRIu64, counts[i].name, sh->count[i]);
		if (!counts[i].may_be_none)
			result(sh->count[i], counts[i].name);
	}
	for (i = 0; i < nr_bad; i++) {
		if (sh->bad[i])
			comment("%" PRIu64 " times not so:", sh->bad[i]);
		result(!sh->bad[i], bad_name[i]);
	}
}

static inline unsigned int workers_points(const struct count_row *counts, unsigned int nr_counts,
					  unsigned int nr_bad)
{
	unsigned int i, points = nr_bad;

	for (i = 0; i < nr_counts; i++)
		points += !counts[i].may_be_none;
	return points;
}

#endif /* WORKERS_H */
