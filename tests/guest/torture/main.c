// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of an address space that never stands still: root, in the guest, module
 * loaded.
 *
 *	torture SECONDS [SEED]
 *
 * A victim maps, unmaps, moves, protects, splits, collapses, swaps and forks as
 * fast as it can, while the threads of another process walk it, and its
 * children, in each form that the module has, with signals hitting them.  Some
 * of the victim's pages are known and stay: each walk that passes them must get
 * them right, /proc/PID/pagemap of before and after the walk being the judge of
 * their frames.  Of all the rest no more is known than what can never be: a
 * frame outside of RAM, records out of order, an error without its cause.
 *
 * To tell a table that was freed from one in use: the victim's data looks like
 * entries that point outside of RAM, and with page_poison=1 on the kernel line
 * freed pages are full of a pattern that no entry has.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

static const struct count_row counts[NR_COUNTS] = {
	[DID_MMAP] = { "mmap", false },
	[DID_MUNMAP] = { "munmap", false },
	[DID_MREMAP] = { "mremap", false },
	[DID_MREMAP_PMD] = { "mremap of whole PMDs", false },
	[DID_MPROTECT] = { "mprotect", false },
	[DID_PROT_NONE] = { "mprotect to PROT_NONE", false },
	[DID_DONTNEED] = { "MADV_DONTNEED", false },
	[DID_FREE] = { "MADV_FREE", false },
	[DID_PAGEOUT] = { "MADV_PAGEOUT", false },
	[DID_SHMEM] = { "shared memory", false },
	[DID_HUGETLB] = { "hugetlb", false },
	[DID_STACK] = { "stack growth", false },
	[DID_FORK] = { "fork", false },
	[DID_EXEC] = { "exec", false },
	[DID_WALK_EXIT] = { "a process gone while walked", false },
	[DID_WALK_KID] = { "a child walked", false },
	[SAW_PAGE] = { "walks saw a 4K page", false },
	[SAW_HUGE] = { "walks saw a huge page", false },
	[SAW_NONE] = { "walks saw a hole", false },
	[SAW_PROTNONE] = { "walks saw PROT_NONE", false },
	[SAW_ABSENT] = { "walks saw a page absent", false },
	[SAW_INVALID] = { "walks saw a huge page being split", true },
	[DID_SIGNAL] = { "a signal in a walk", false },
	[DID_PARTIAL] = { "an answer that a signal cut short", false },
	[WALK_RUNS] = { "runs of a range", false },
	[WALK_RAW] = { "raw entries of a range", false },
	[WALK_ONE] = { "a single page", false },
	[WALK_TEXT] = { "text of a range", false },
	[WALK_TEXT_ONE] = { "text of one address", false },
	[WALK_LAST] = { "text of the last request, read-only", false },
	[FIXED_CHECKED] = { "fixed pages checked", false },
	[FIXED_MOVED] = { "fixed pages that pagemap moved meanwhile", true },
};

static const char *const bad_name[NR_BAD] = {
	[BAD_FIXED] = "the fixed pages were right in every walk",
	[BAD_END] = "every walk ended as it may",
	[BAD_RECORDS] = "no record says what cannot be",
	[BAD_WORKER] = "nobody hung or died",
};

static pid_t children[2];

/* Where a worker is, in the kernel's words */
static void report_hung(const struct worker *w)
{
	char path[64], line[200];
	FILE *f;

	bad(BAD_WORKER, "%s (task %d) hangs in: %s", w->name, w->tid, w->doing);
	snprintf(path, sizeof(path), "/proc/%d/stack", w->tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		comment("  %s", line);
	}
	if (f)
		fclose(f);
}

static void kill_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(children); i++)
		if (children[i] > 0)
			kill(children[i], SIGKILL);
}

/* The main thread itself is stuck: nothing of stdio here */
static void on_alarm(int nr)
{
	static const char late[] = "# torture itself came to no end\nBail out! hung in: ";
	unsigned int i;

	(void)nr;
	kill_all();
	if (write(STDOUT_FILENO, late, strlen(late)) < 0)
		_exit(1);
	for (i = 0; i < NR_WORKERS; i++)
		if (sh->worker[i].tid && sh->worker[i].doing &&
		    (write(STDOUT_FILENO, sh->worker[i].name, strlen(sh->worker[i].name)) < 0 ||
		     write(STDOUT_FILENO, ": ", 2) < 0 ||
		     write(STDOUT_FILENO, sh->worker[i].doing, strlen(sh->worker[i].doing)) < 0 ||
		     write(STDOUT_FILENO, "; ", 2) < 0))
			break;
	if (write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(1);
	_exit(1);
}

static pid_t start(void (*run)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid)
		run();
	return pid;
}

/* What the kernel counts, and how often that was before */
static const struct {
	const char *name, *field;
	bool swap;
} events[] = {
	{ "huge pages faulted in", "thp_fault_alloc", false },
	{ "huge pages split", "thp_split_pmd", false },
	{ "huge pages collapsed", "thp_collapse_alloc", false },
	{ "pages swapped out", "pswpout", true },
	{ "pages swapped in", "pswpin", true },
};

static uint64_t events_before[ARRAY_SIZE(events)];
static bool have_swap;

static uint64_t event(unsigned int i)
{
	return number_in("/proc/vmstat", events[i].field) - events_before[i];
}

/* Why it cannot happen here; NULL where it can */
static const char *count_skip(unsigned int what)
{
	return what == DID_HUGETLB && !sh->have_hugetlb && !tally->count[what]
		       ? "no hugetlb pages of 2 MiB; see /proc/sys/vm/nr_hugepages"
		       : NULL;
}

/* Is there something that has to happen and has not, so far? */
static bool missing(void)
{
	unsigned int i;

	for (i = 0; i < NR_COUNTS; i++)
		if (!tally->count[i] && !counts[i].may_be_none && !count_skip(i))
			return true;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (!event(i) && (have_swap || !events[i].swap))
			return true;
	return false;
}

/*
 * Watches until they are to stop, and until they have or one hangs.  They are to
 * stop at @until, or later on a slow machine where not all has happened by then.
 */
static void watch(double until, double latest)
{
	uint64_t last[NR_WORKERS] = { 0 };
	double moved[NR_WORKERS];
	unsigned int i, left = ARRAY_SIZE(children);
	bool hung = false;
	int status;

	for (i = 0; i < NR_WORKERS; i++)
		moved[i] = now();
	while (left && !hung) {
		nap(200000);
		if (now() >= latest || (now() >= until && !missing()))
			stop_all();
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			if (children[i] <= 0 || waitpid(children[i], &status, WNOHANG) <= 0)
				continue;
			if (status || !stopping())
				bad(BAD_WORKER, "%s: ended early, or with status 0x%x",
				    i ? "the walkers" : "the victim", status);
			children[i] = 0;
			left--;
			stop_all();
		}
		for (i = 0; i < NR_WORKERS; i++) {
			const struct worker *w = &sh->worker[i];

			if (!w->tid || w->beats != last[i]) {
				last[i] = w->beats;
				moved[i] = now();
			} else if (now() - moved[i] > HUNG_SECONDS) {
				report_hung(w);
				hung = true;
			}
		}
	}
	/* Who hangs in the kernel may not even die: that is not waited for. */
	kill_all();
}

/* The victim's root, and how many levels there are */
static void look_first(void)
{
	struct verify_pte_run run;
	struct verify_pte_walk arg = {
		.argsz = sizeof(arg),
		.pid = sh->victim,
		.nr = 1,
		.start = FIXED,
		.len = PAGE,
		.buf = (uintptr_t)&run,
	};
	int fd = open(WALK, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", WALK,
			 strerror(errno));
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &arg))
		bail_out("the first walk: %s", strerror(errno));
	levels = arg.levels;
	user_end = 1ULL << (12 + 9 * levels - 1);
	sh->root_pa = arg.root_pa;
	close(fd);
}

/* A point for what happened @times; @skip says why it cannot, NULL if it can. */
static void tell_point(uint64_t times, const char *name, const char *skip)
{
	if (skip)
		result_skip(skip, "%s", name);
	else
		result(times, "%s", name);
}

int main(int argc, char **argv)
{
	unsigned int i;
	char *end = NULL;
	unsigned long seconds;
	double begun;

	if (argc == 2 && !strcmp(argv[1], "--kid"))
		return kid_main();
	seconds = argc > 1 ? strtoul(argv[1], &end, 10) : 0;
	if (argc < 2 || argc > 3 || *end || !seconds || seconds > 100000) {
		fprintf(stderr, "usage: torture SECONDS [SEED]\n");
		return 2;
	}
	seed = argc > 2 ? strtoull(argv[2], NULL, 0)
			: (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	sh = mmap(NULL, sizeof(*sh), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		bail_out("no memory");
	tally_use(&sh->tally);
	read_ram();
	signal(SIGALRM, on_alarm);

	ktap_plan(tally_points(counts, NR_COUNTS, NR_BAD) + ARRAY_SIZE(events));
	comment("seed 0x%" PRIx64, seed);
	for (i = 0; i < ARRAY_SIZE(events); i++)
		events_before[i] = number_in("/proc/vmstat", events[i].field);
	have_swap = number_in("/proc/meminfo", "SwapTotal");

	children[0] = sh->victim = start(victim);
	begun = now();
	while (!__atomic_load_n(&sh->ready, __ATOMIC_ACQUIRE)) {
		if (waitpid(sh->victim, NULL, WNOHANG) || now() - begun > HUNG_SECONDS) {
			kill_all();
			bail_out("the victim did not come up");
		}
		nap(10000);
	}
	if (!sh->have_thp)
		comment("no huge page among the fixed ones");
	if (!sh->have_hugetlb)
		comment("no hugetlb page among the fixed ones");
	look_first();
	children[1] = start(walkers);
	alarm(MORE_TIME * seconds + 2 * HUNG_SECONDS);
	watch(now() + seconds, now() + MORE_TIME * seconds);
	alarm(0);

	for (i = 0; i < NR_COUNTS; i++) {
		const char *skip = count_skip(i);

		comment("%s: %" PRIu64, counts[i].name, tally->count[i]);
		if (!counts[i].may_be_none)
			tell_point(tally->count[i], counts[i].name, skip);
	}
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const char *skip = events[i].swap && !have_swap ? "no swap" : NULL;

		comment("%s: %" PRIu64, events[i].name, event(i));
		tell_point(event(i), events[i].name, skip);
	}
	tally_tell_bad(bad_name, NR_BAD);
	return ktap_status();
}
