// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of processes that change in every way that a process can: root, in the guest, module
 * loaded.
 *
 *	race SECONDS
 *
 * Processes exec, from their first thread and from another, vfork, lose their first thread, end;
 * move, unmap, protect and drop what they have mapped, share tables of hugetlb pages and part them
 * again, have pages merged, collapsed, split and swapped, while CPUs come and go.  What they map at
 * the addresses that are told from each other here is one file, whose pages stay where they are:
 * so a page of an answer has the one frame that its address can have, or none.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
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

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"
#include "workers.h"

/* Where the file's small pages are mapped, from its start; each place can have them or not */
#define NR_PAGES   1024
#define NR_PLACES  6
#define PLACE(n)   (UINT64_C(0x310000000000) + (n)*8 * MIB2)
#define PLACES_END PLACE(NR_PLACES)
/* Where its hugetlb pages are, with room for tables to be shared: a GiB, aligned */
#define NR_HUGE 4
#define HUGE_AT (UINT64_C(0x320000000000))
/* What has frames of its own */
#define OTHER_AT  UINT64_C(0x330000000000)
#define OTHER_LEN (4 * MIB2)
/* Files that an exec keeps */
#define PAGES_FD  200
#define SHARED_FD 201

#define MAX_RUNS  1200
#define TEXT_MAX  (512 * 1024)

/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 12

enum {
	DID_MMAP,
	DID_MUNMAP,
	DID_MREMAP,
	DID_PROTECT,
	DID_DROP,
	DID_EXEC,
	DID_EXEC_THREAD,
	DID_VFORK,
	DID_FIRST_GONE,
	DID_EXIT,
	DID_SHARE,
	DID_PART,
	DID_MERGE,
	DID_UNMERGE,
	DID_COLLAPSE,
	DID_SPLIT,
	DID_PAGEOUT,
	DID_CPU,
	DID_RMMOD,
	WALK_RUNS,
	WALK_RAW,
	WALK_ONE,
	WALK_PARTS,
	WALK_TEXT,
	SAW_PAGE,
	SAW_HUGETLB,
	SAW_THP,
	SAW_NONE,
	SAW_PROTNONE,
	SAW_ABSENT,
	SAW_GONE,
	SAW_STALE,
	SAW_UNMAPPED,
	NR_COUNTS
};

static const struct count_row counts[NR_COUNTS] = {
	[DID_MMAP] = { "mmap", false },
	[DID_MUNMAP] = { "munmap", false },
	[DID_MREMAP] = { "mremap", false },
	[DID_PROTECT] = { "mprotect", false },
	[DID_DROP] = { "MADV_DONTNEED", false },
	[DID_EXEC] = { "exec", false },
	[DID_EXEC_THREAD] = { "exec by another thread", false },
	[DID_VFORK] = { "vfork", false },
	[DID_FIRST_GONE] = { "a process without its first thread", false },
	[DID_EXIT] = { "exit", false },
	[DID_SHARE] = { "hugetlb pages mapped by two", false },
	[DID_PART] = { "hugetlb pages protected or unmapped by one of two", false },
	[DID_MERGE] = { "pages merged (KSM)", false },
	[DID_UNMERGE] = { "merged pages written to", false },
	[DID_COLLAPSE] = { "MADV_COLLAPSE", false },
	[DID_SPLIT] = { "a huge page split", false },
	[DID_PAGEOUT] = { "MADV_PAGEOUT", false },
	[DID_CPU] = { "a CPU went and came", false },
	[DID_RMMOD] = { "the module stays while its files are open", false },
	[WALK_RUNS] = { "runs of a range", false },
	[WALK_RAW] = { "raw entries of a range", false },
	[WALK_ONE] = { "a single page", false },
	[WALK_PARTS] = { "an answer of several calls", false },
	[WALK_TEXT] = { "text of a range", false },
	[SAW_PAGE] = { "walks saw a page of the file", false },
	[SAW_HUGETLB] = { "walks saw a hugetlb page of it", false },
	[SAW_THP] = { "walks saw another huge page", false },
	[SAW_NONE] = { "walks saw a hole", false },
	[SAW_PROTNONE] = { "walks saw PROT_NONE", false },
	[SAW_ABSENT] = { "walks saw a page swapped out", false },
	[SAW_GONE] = { "walks of a process that was gone", false },
	[SAW_STALE] = { "answers that ended with their address space", false },
	[SAW_UNMAPPED] = { "walks of what was unmapped", false },
};

enum { BAD_FRAME, BAD_RECORDS, BAD_SPACE, BAD_END, BAD_MODULE, BAD_WORKER, NR_BAD };

static const char *const bad_name[NR_BAD] = {
	[BAD_FRAME] = "no frame but the one that the address can have",
	[BAD_RECORDS] = "every page counted has a record, in order",
	[BAD_SPACE] = "every answer is of one address space",
	[BAD_END] = "every walk ended as it may",
	[BAD_MODULE] = "a module in use stays",
	[BAD_WORKER] = "nobody hung or died",
};

/* Who can be walked */
enum { MOVER, EXECER, VFORKED, SHARER, PARTNER, OTHER, NR_VICTIMS };

static struct shared {
	struct workers workers; /* first: what sh points to */
	pid_t victim[NR_VICTIMS];
	uint64_t frame[NR_PAGES], huge_frame[NR_HUGE];
	unsigned int kid_form;
} * all;

static int huge_fd;

static void *map_place(unsigned int n, int flags)
{
	void *p = mmap((void *)PLACE(n), NR_PAGES * PAGE, RW,
		       MAP_SHARED | MAP_FIXED_NOREPLACE | flags, PAGES_FD, 0);

	if (p == MAP_FAILED)
		return NULL;
	count(DID_MMAP);
	return p;
}

/* Moves, unmaps, protects, drops what is at the places. */
static void mover_main(void)
{
	bool there[NR_PLACES] = { false };
	unsigned int n, to;
	volatile char *p;

	all->victim[MOVER] = getpid();
	while (!stopping()) {
		doing("move");
		n = rnd(NR_PLACES);
		if (!there[n]) {
			there[n] = map_place(n, rnd(2) ? MAP_POPULATE : 0);
			continue;
		}
		p = (char *)PLACE(n);
		to = rnd(NR_PLACES);
		switch (rnd(6)) {
		case 0:
			munmap((void *)p, NR_PAGES * PAGE);
			there[n] = false;
			count(DID_MUNMAP);
			break;
		case 1:
			if (there[to] ||
			    mremap((void *)p, NR_PAGES * PAGE, NR_PAGES * PAGE,
				   MREMAP_MAYMOVE | MREMAP_FIXED, (void *)PLACE(to)) == MAP_FAILED)
				break;
			there[n] = false;
			there[to] = true;
			count(DID_MREMAP);
			break;
		case 2:
			mprotect((char *)p + rnd(NR_PAGES) / 2 * PAGE, (1 + rnd(300)) * PAGE,
				 rnd(2) ? PROT_NONE : PROT_READ);
			mprotect((void *)p, NR_PAGES * PAGE, rnd(2) ? RW : PROT_READ);
			count(DID_PROTECT);
			break;
		case 3:
			madvise((char *)p + rnd(NR_PAGES / 2) * PAGE, NR_PAGES / 2 * PAGE,
				MADV_DONTNEED);
			count(DID_DROP);
			break;
		default:
			mprotect((void *)p, NR_PAGES * PAGE, PROT_READ);
			for (to = rnd(64); to < NR_PAGES; to += 1 + rnd(16))
				(void)p[to * PAGE];
		}
		if (!rnd(16))
			nap(rnd(2000));
	}
}

/* The process that execs itself again and again */

static char *kid_argv[] = { "race", "--kid", NULL };

static void kid_exec(void)
{
	execv("/proc/self/exe", kid_argv);
	_exit(9);
}

static void *kid_thread(void *arg)
{
	nap(rnd(20000));
	if (arg) {
		count(DID_EXEC_THREAD);
		kid_exec();
	}
	count(DID_FIRST_GONE);
	nap(50000);
	_exit(0);
}

/* What runs after an exec: maps the file, and goes on to the next one some way. */
static int kid_main(void)
{
	pthread_t thread;
	pid_t pid;

	all = mmap(NULL, sizeof(*all), RW, MAP_SHARED, SHARED_FD, 0);
	if (all == MAP_FAILED)
		return 8;
	workers_use(&all->workers, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map_place(rnd(NR_PLACES), MAP_POPULATE);
	map_place(rnd(NR_PLACES), 0);
	nap(rnd(10000));
	if (stopping())
		return 0;
	switch (__atomic_fetch_add(&all->kid_form, 1, __ATOMIC_RELAXED) % 5) {
	case 0:
		if (pthread_create(&thread, NULL, kid_thread, kid_argv))
			return 7;
		for (;;)
			pause();
	case 1:
		if (pthread_create(&thread, NULL, kid_thread, NULL))
			return 7;
		pthread_exit(NULL);
	case 2:
		pid = vfork();
		if (!pid) {
			all->victim[VFORKED] = getpid();
			usleep(10000);
			execl("/bin/true", "true", NULL);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		count(DID_VFORK);
		break;
	case 3:
		count(DID_EXIT);
		return 0;
	}
	count(DID_EXEC);
	kid_exec();
	return 6;
}

static void execer_main(void)
{
	int status;

	while (!stopping()) {
		pid_t pid = fork();

		doing("exec");
		if (pid < 0)
			bail_out("fork: %s", strerror(errno));
		if (!pid)
			kid_exec();
		all->victim[EXECER] = pid;
		while (waitpid(pid, &status, WNOHANG) != pid) {
			doing("exec");
			nap(5000);
		}
		if (status)
			bad(BAD_WORKER, "kid: ended with status 0x%x", status);
	}
}

/* Hugetlb pages: two processes with the same range, whose tables the kernel shares if it can */
static void share_once(void)
{
	const bool hole = rnd(2);
	char *p = mmap((void *)HUGE_AT, GIB, RW, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
		       huge_fd, 0);
	unsigned int n;

	if (p == MAP_FAILED)
		return;
	for (n = 0; n < NR_HUGE; n++)
		*(volatile char *)(p + n * MIB2);
	count(DID_SHARE);
	nap(rnd(5000));
	if (rnd(2))
		mprotect(p + rnd(NR_HUGE) * MIB2, MIB2, rnd(2) ? PROT_READ : PROT_NONE);
	if (hole)
		munmap(p + rnd(NR_HUGE) * MIB2, MIB2);
	count(DID_PART);
	nap(rnd(3000));
	munmap(p, GIB);
}

static void sharer_main(void)
{
	pid_t pid = fork();

	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	all->victim[pid ? SHARER : PARTNER] = getpid();
	while (!stopping()) {
		doing("share");
		share_once();
	}
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static long number_of(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atol(text);
}

/* Memory of its own, merged, collapsed, split, swapped out */
static void other_main(void)
{
	char *p = mmap((void *)OTHER_AT, OTHER_LEN, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	uint64_t at;

	if (p == MAP_FAILED)
		bail_out("no memory");
	all->victim[OTHER] = getpid();
	madvise(p + OTHER_LEN / 2, OTHER_LEN / 2, MADV_MERGEABLE);
	while (!stopping()) {
		doing("memory of its own");
		at = rnd(OTHER_LEN / MIB2) * MIB2;
		switch (rnd(6)) {
		case 0:
			memset(p + OTHER_LEN / 2, 0x77, OTHER_LEN / 4);
			for (at = 0; at < 20 && !stopping(); at++) {
				nap(10000);
				if (number_of("/sys/kernel/mm/ksm/pages_sharing") > 0) {
					count(DID_MERGE);
					break;
				}
			}
			break;
		case 1:
			if (number_of("/sys/kernel/mm/ksm/pages_sharing") > 0)
				count(DID_UNMERGE);
			for (at = 0; at < OTHER_LEN / 4; at += 7 * PAGE)
				p[OTHER_LEN / 2 + at] = rnd(256);
			break;
		case 2:
			memset(p + at, rnd(256), MIB2);
			if (!madvise(p + at, MIB2, MADV_COLLAPSE))
				count(DID_COLLAPSE);
			break;
		case 3:
			mprotect(p + at + rnd(512) * PAGE, PAGE, PROT_READ);
			mprotect(p + at, MIB2, RW);
			count(DID_SPLIT);
			break;
		case 4:
			if (!madvise(p + at, MIB2, MADV_PAGEOUT))
				count(DID_PAGEOUT);
			break;
		default:
			madvise(p + at, rnd(512) * PAGE, MADV_DONTNEED);
			for (at = rnd(2000); at < OTHER_LEN / PAGE; at += 1 + rnd(50))
				p[at * PAGE]++;
		}
	}
}

static void cpu_main(void)
{
	char path[64];
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int ret;

	while (!stopping()) {
		doing("CPU");
		if (cpus < 2)
			bail_out("one CPU: none can go");
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/online",
			 (long)(1 + rnd(cpus - 1)));
		ret = tell(path, "0");
		nap(rnd(100000));
		if (!ret)
			ret = tell(path, "1");
		if (!ret)
			count(DID_CPU);
		else if (ret != -EBUSY)
			bad(BAD_WORKER, "%s: %s", path, error_name(-ret));
		nap(rnd(200000));
	}
}

/* Its files are open: it must not go. */
static void rmmod_main(void)
{
	const int fd = open(WALK, O_RDWR | O_CLOEXEC);

	while (!stopping()) {
		doing("rmmod");
		if (!syscall(176 /* delete_module */, "verify_pte", O_NONBLOCK) ||
		    (errno != EAGAIN && errno != EBUSY))
			bad(BAD_MODULE, "rmmod: %s", error_name(errno));
		else
			count(DID_RMMOD);
		nap(rnd(100000));
	}
	close(fd);
}

#include "race_walkers.h"

/* The file of small pages, and that of huge ones; where each of their pages is */
static void files_init(void)
{
	const int shared_fd = memfd_create("race-shared", 0), fd = memfd_create("race", 0);
	uint64_t entry;
	char *p;
	int n;

	if (shared_fd < 0 || fd < 0 || ftruncate(shared_fd, sizeof(*all)) ||
	    ftruncate(fd, NR_PAGES * PAGE) || dup2(shared_fd, SHARED_FD) < 0 ||
	    dup2(fd, PAGES_FD) < 0)
		bail_out("memfd: %s", strerror(errno));
	close(fd);
	close(shared_fd);
	all = mmap(NULL, sizeof(*all), RW, MAP_SHARED, SHARED_FD, 0);
	if (all == MAP_FAILED)
		bail_out("no memory");
	workers_use(&all->workers, MAX_WORKERS - 1);
	tally->seed = (uint64_t)time(NULL);
	p = mmap(NULL, NR_PAGES * PAGE, RW, MAP_SHARED, PAGES_FD, 0);
	if (p == MAP_FAILED || mlock(p, NR_PAGES * PAGE))
		bail_out("mlock: %s", strerror(errno));
	memset(p, 1, NR_PAGES * PAGE);
	read_frames(p, all->frame, NR_PAGES);

	huge_fd = memfd_create("race-huge", MFD_CLOEXEC | MFD_HUGETLB);
	if (huge_fd < 0 || ftruncate(huge_fd, GIB))
		bail_out("hugetlb: %s", strerror(errno));
	for (n = 0; n < NR_HUGE; n++) {
		p = mmap(NULL, MIB2, RW, MAP_SHARED, huge_fd, n * MIB2);
		if (p == MAP_FAILED)
			bail_out("hugetlb: mmap: %s; see /proc/sys/vm/nr_hugepages",
				 strerror(errno));
		memset(p, 1, MIB2);
		read_frames(p, &entry, 1);
		all->huge_frame[n] = entry;
	}
}

int main(int argc, char **argv)
{
	static const struct worker_row rows[] = {
		{ "mover", mover_main },   { "execer", execer_main }, { "sharer", sharer_main },
		{ "other", other_main },   { "cpu", cpu_main },	      { "rmmod", rmmod_main },
		{ "walker", walker_main }, { "walker", walker_main },
	};
	const struct race race = {
		.rows = rows,
		.nr_rows = ARRAY_SIZE(rows),
		.counts = counts,
		.nr_counts = NR_COUNTS,
		.bad_name = bad_name,
		.nr_bad = NR_BAD,
		.more_time = MORE_TIME,
	};
	const unsigned long seconds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (argc == 2 && !strcmp(argv[1], "--kid"))
		return kid_main();
	if (!seconds || seconds > 100000) {
		fprintf(stderr, "usage: race SECONDS\n");
		return 2;
	}
	files_init();
	race_plan(&race);
	race_run(&race, seconds);
	return ktap_status();
}
