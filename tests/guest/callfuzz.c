// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that can be asked of the module's files, right and wrong, by many at a time: root, in
 * the guest, module loaded, the test device on vfio-pci.
 *
 *	callfuzz SECONDS BDF
 *
 * Processes and their threads, on files of their own and on files that they share, with signals
 * all the time: ioctls and requests made well, and those spoiled in a place or two; with their
 * struct and buffer in memory that is read-only, half there, not there, or comes late through
 * userfaultfd; texts read in parts, at any offset, by splice, while somebody else writes.
 *
 * What is asked well about memory that stays as it is must be answered right; all else must be
 * answered in order or end with an errno that the interface knows.  Who is killed ends at once,
 *also while another reader of the same file waits for its own memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "container.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"
#include "workers.h"

#define IOVA	    UINT64_C(0x100000)
#define AREA_PAGES  300
#define MAX_RECORDS 700
#define TEXT_MAX    (256 * 1024)
/* Who is killed has ended by then. */
#define KILL_SECONDS 20
/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 12

enum {
	DID_RUNS,
	DID_RAW,
	DID_ONE,
	DID_IOVA,
	DID_TEXT,
	DID_IOVA_TEXT,
	DID_SPOILED,
	DID_SPOILED_OK,
	DID_PART,
	DID_SIGNAL,
	DID_LATE,
	DID_TINY,
	DID_PREAD,
	DID_SEEK,
	DID_READV,
	DID_SPLICE,
	DID_THREAD,
	DID_KILL_READER,
	DID_KILL_BESIDE,
	SAW_EINVAL,
	SAW_EFAULT,
	SAW_ESRCH,
	SAW_ERANGE,
	SAW_ENOTTY,
	SAW_ENODEV,
	SAW_TEXT_ERROR,
	NR_COUNTS
};

static const struct count_row counts[NR_COUNTS] = {
	[DID_RUNS] = { "runs, right", false },
	[DID_RAW] = { "raw entries, right", false },
	[DID_ONE] = { "a page, right", false },
	[DID_IOVA] = { "IOVAs, right", false },
	[DID_TEXT] = { "text, right", false },
	[DID_IOVA_TEXT] = { "text of IOVAs, right", false },
	[DID_SPOILED] = { "spoiled ioctls", false },
	[DID_SPOILED_OK] = { "spoiled ioctls that were answered", false },
	[DID_PART] = { "answers in several parts", false },
	[DID_SIGNAL] = { "signals", false },
	[DID_LATE] = { "pages that came late", false },
	[DID_TINY] = { "reads of a few bytes", false },
	[DID_PREAD] = { "reads at any offset", false },
	[DID_SEEK] = { "lseek", false },
	[DID_READV] = { "readv", false },
	[DID_SPLICE] = { "splice", false },
	[DID_THREAD] = { "by a second thread", false },
	[DID_KILL_READER] = { "killed while its memory does not come", false },
	[DID_KILL_BESIDE] = { "killed beside one whose memory does not come", false },
	[SAW_EINVAL] = { "ended with EINVAL", false },
	[SAW_EFAULT] = { "ended with EFAULT", false },
	[SAW_ESRCH] = { "ended with ESRCH", true },
	[SAW_ERANGE] = { "ended with ERANGE", true },
	[SAW_ENOTTY] = { "ended with ENOTTY", false },
	[SAW_ENODEV] = { "ended with ENODEV", true },
	[SAW_TEXT_ERROR] = { "a text that ended with an error", false },
};

enum { BAD_ANSWER, BAD_ORDER, BAD_END, BAD_KILL, BAD_WORKER, NR_BAD };

static const char *const bad_name[NR_BAD] = {
	[BAD_ANSWER] = "what is asked well is answered right",
	[BAD_ORDER] = "every answer is in order",
	[BAD_END] = "every call ended as it may",
	[BAD_KILL] = "who is killed ends at once",
	[BAD_WORKER] = "nobody hung or died",
};

/* What stays as it is: every other page read-only, each with a frame that pagemap told once */
static char *area;
static uint64_t frame[AREA_PAGES], iova_frame[AREA_PAGES];
static const char *bdf;
static int shared_fd[2]; /* walk, iova */

static void area_init(void)
{
	unsigned int i;

	area = mmap(NULL, AREA_PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || madvise(area, AREA_PAGES * PAGE, MADV_NOHUGEPAGE) ||
	    madvise(area, AREA_PAGES * PAGE, MADV_DONTFORK) || mlock(area, AREA_PAGES * PAGE))
		bail_out("no memory: %s", strerror(errno));
	memset(area, 0x5a, AREA_PAGES * PAGE);
	read_frames(area, frame, AREA_PAGES);
	for (i = 1; i < AREA_PAGES; i += 2)
		if (mprotect(area + i * PAGE, PAGE, PROT_READ))
			bail_out("mprotect: %s", strerror(errno));
}

#include "places.h"

/* Ioctls */

struct caller {
	int fd[2]; /* of its own: walk, iova */
	char text[TEXT_MAX + 1];
	char room[PAGE + 512] __attribute__((aligned(8))); /* for a struct, and what is behind it */
	char records[MAX_RECORDS * sizeof(struct verify_pte_run) + 64];
};

static void end_with(int no, bool text)
{
	static const int may[] = { EINVAL, EFAULT, ESRCH, ERANGE, EINTR,      ENOTTY, ESTALE,
				   ENOMEM, ENODEV, EBADF, ENOENT, EOPNOTSUPP, EAGAIN, E2BIG };
	unsigned int i;

	if (no == EINVAL)
		count(SAW_EINVAL);
	else if (no == EFAULT)
		count(SAW_EFAULT);
	else if (no == ESRCH)
		count(SAW_ESRCH);
	else if (no == ERANGE)
		count(SAW_ERANGE);
	else if (no == ENOTTY)
		count(SAW_ENOTTY);
	else if (no == ENODEV)
		count(SAW_ENODEV);
	for (i = 0; i < ARRAY_SIZE(may); i++)
		if (no == may[i])
			return;
	if (!text || (no != ENODATA && no != ESPIPE))
		bad(BAD_END, "%s: %s", text ? "text" : "ioctl", error_name(no));
}

static struct verify_pte_walk well_made(bool iova, bool raw, uint32_t nr, void *buf)
{
	struct verify_pte_walk w;
	uint64_t at = rnd(AREA_PAGES), pages = nr == 1 ? 1 : 1 + rnd(AREA_PAGES - at);

	memset(&w, 0, sizeof(w));
	w.argsz = sizeof(w);
	w.flags = raw ? VERIFY_PTE_RAW : 0;
	w.nr = nr;
	w.start = (iova ? IOVA : (uintptr_t)area) + at * PAGE;
	w.len = pages * PAGE;
	w.buf = (uintptr_t)buf;
	if (iova)
		w.device = device_number(bdf);
	else
		w.pid = rnd(2) ? 0 : getpid();
	return w;
}

/* The records of an answer, whatever was asked */
static bool in_order(const struct verify_pte_walk *ask, const struct verify_pte_walk *got,
		     const char *records)
{
	const struct verify_pte_entry *e = (const void *)records;
	const struct verify_pte_run *r = (const void *)records;
	uint64_t at = ask->start, end = ask->start + ask->len;
	uint32_t i;

	if (got->nr > ask->nr || got->next < ask->start || got->next > end) {
		bad(BAD_ORDER, "%u records of %u, next 0x%llx of 0x%llx+0x%llx", got->nr, ask->nr,
		    (unsigned long long)got->next, (unsigned long long)ask->start,
		    (unsigned long long)ask->len);
		return false;
	}
	for (i = 0; i < got->nr && i < MAX_RECORDS; i++) {
		const bool raw = ask->flags & VERIFY_PTE_RAW;
		const uint64_t va = raw ? e[i].vaddr : r[i].vaddr, len = raw ? 0 : r[i].len;

		if (va < at || va + len > got->next || va + len < va ||
		    (raw ? e[i].level > 4 || e[i].index > 511 || e[i].kind >= PT_NR_KINDS
			 : !len || len % PAGE || r[i].kind >= PT_NR_KINDS || r[i].reserved)) {
			bad(BAD_ORDER, "record %u: 0x%llx+0x%llx behind 0x%llx", i,
			    (unsigned long long)va, (unsigned long long)len,
			    (unsigned long long)at);
			return false;
		}
		at = va + len;
	}
	return true;
}

/* Each page of an answer about the area */
static uint64_t check_area(bool iova, uint64_t from, uint64_t to, const struct verify_pte_run *r,
			   uint32_t nr)
{
	const uint64_t base = iova ? IOVA : (uintptr_t)area, *want = iova ? iova_frame : frame;
	uint64_t at = from;
	uint32_t i;

	for (i = 0; i < nr; i++, r++)
		for (; at < r->vaddr + r->len; at += PAGE) {
			const uint64_t page = (at - base) / PAGE;

			if (at < r->vaddr || page >= AREA_PAGES || r->kind != PT_LEAF ||
			    r->pa + (at - r->vaddr) != want[page] ||
			    (!iova && r->rights != (page % 2 ? PT_USER : PT_USER | PT_WRITE) &&
			     r->rights != (page % 2 ? PT_USER | PT_EXEC : PT_RIGHTS_ALL))) {
				bad(BAD_ANSWER, "%s: page %llu: kind %u rights %u pa 0x%llx",
				    iova ? "iova" : "walk", (unsigned long long)page, r->kind,
				    r->rights, (unsigned long long)r->pa);
				return to;
			}
		}
	if (at != to)
		bad(BAD_ANSWER, "%s: 0x%llx-0x%llx has records up to 0x%llx",
		    iova ? "iova" : "walk", (unsigned long long)from, (unsigned long long)to,
		    (unsigned long long)at);
	return to;
}

/* Asks to the end, in parts where there is no room for more, or a signal came. */
static void ask_well(struct caller *c, int fd, bool iova, bool raw)
{
	const uint32_t nr = raw ? 5 + rnd(MAX_RECORDS - 5) : 1 + rnd(rnd(2) ? 4 : MAX_RECORDS - 1);
	struct verify_pte_walk w = well_made(iova, raw, nr, c->records), ask = w;
	const uint64_t start = w.start, end = w.start + w.len;
	unsigned int parts = 0;

	while (ask.start < end) {
		w = ask;
		if (ioctl(fd, iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK, &w)) {
			if (errno != EINTR && errno != ENOMEM)
				bad(BAD_ANSWER, "%s: %s", iova ? "iova" : "walk",
				    error_name(errno));
			return;
		}
		if (!in_order(&ask, &w, c->records))
			return;
		if (!raw)
			check_area(iova, ask.start, w.next, (const void *)c->records, w.nr);
		else if (w.pages[PT_LEAF] != (w.next - ask.start) / PAGE)
			bad(BAD_ANSWER, "raw: %llu pages of 0x%llx-0x%llx",
			    (unsigned long long)w.pages[PT_LEAF], (unsigned long long)ask.start,
			    (unsigned long long)w.next);
		parts++;
		ask.start = w.next;
		ask.len = end - w.next;
	}
	if (parts > 1)
		count(DID_PART);
	count(iova ? DID_IOVA : raw ? DID_RAW : end - start == PAGE ? DID_ONE : DID_RUNS);
}

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = {
		0,
		1,
		4,
		5,
		4095,
		4096,
		UINT64_C(1) << 31,
		UINT32_MAX,
		UINT64_C(1) << 32,
		UINT64_C(1) << 47,
		(UINT64_C(1) << 47) - 4096,
		UINT64_C(1) << 56,
		UINT64_C(1) << 63,
		UINT64_MAX,
		UINT64_MAX - 4095,
		sizeof(struct verify_pte_walk),
		sizeof(struct verify_pte_walk) + 8,
	};

	if (!rnd(4))
		return rnd(UINT64_C(1) << 52) << rnd(12);
	return !rnd(4) ? (uintptr_t)area + rnd(AREA_PAGES) * PAGE : odd[rnd(ARRAY_SIZE(odd))];
}

static void ask_spoiled(struct caller *c, int fd, bool iova)
{
	const bool raw = !rnd(3);
	bool struct_seen, records_seen;
	void *buf = place(c->records, 512, &records_seen), *where;
	struct verify_pte_walk w = well_made(iova, raw, 1 + rnd(MAX_RECORDS - 1), buf), ask;
	unsigned long cmd = iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK;
	unsigned int n = rnd(4);
	uint64_t word;

	for (; n; n--) {
		const size_t at = rnd(8) ? rnd(48) & ~7 : rnd(sizeof(w) / 8) * 8;

		word = odd_number();
		if (rnd(2))
			memcpy((char *)&w + at, &word, 8);
		else
			memcpy((char *)&w + at + rnd(2) * 4, &word, 4);
	}
	if (!rnd(12))
		cmd = VERIFY_PTE_IOC_INFO;
	else if (!rnd(8))
		cmd = rnd(2) ? rnd(UINT32_MAX) : cmd ^ (1UL << rnd(32));
	where = place(c->room, sizeof(w), &struct_seen);
	ask = w;
	/* Where it cannot be put it is not. */
	if (struct_seen)
		memcpy(where, &w, sizeof(w));
	else if (where >= (void *)half && where < (void *)(half + PAGE))
		memcpy(where, &w,
		       (size_t)(half + PAGE - (char *)where) < sizeof(w)
			       ? (size_t)(half + PAGE - (char *)where)
			       : sizeof(w));
	count(DID_SPOILED);
	if (ioctl(fd, cmd, where)) {
		end_with(errno, false);
		return;
	}
	count(DID_SPOILED_OK);
	if (struct_seen && (cmd == VERIFY_PTE_IOC_WALK || cmd == VERIFY_PTE_IOC_IOVA)) {
		memcpy(&w, where, sizeof(w));
		if (records_seen && ask.buf == (uintptr_t)buf)
			in_order(&ask, &w, c->records);
	}
}

/* Texts */

static int request(bool iova, char *text, size_t size)
{
	if (iova)
		return snprintf(text, size, "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, IOVA,
				AREA_PAGES * PAGE);
	return snprintf(text, size, "%d 0x%" PRIxPTR " 0x%" PRIx64, getpid(), (uintptr_t)area,
			AREA_PAGES * PAGE);
}

/* To the end, signals or not; the length or -errno */
static ssize_t read_text(int fd, char *text, bool tiny)
{
	size_t have = 0;
	ssize_t n;

	while (have < TEXT_MAX) {
		n = read(fd, text + have, tiny ? 1 + rnd(200) : TEXT_MAX - have);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		have += n > 0 ? n : 0;
	}
	return have;
}

/* Each page of a text about the area; a signal may have cut a run in two. */
static const char *wrong_text(char *text, bool iova)
{
	const uint64_t base = iova ? IOVA : (uintptr_t)area, *want = iova ? iova_frame : frame;
	unsigned long long from, to, pa;
	char *line = strtok_r(text, "\n", &text);
	uint64_t at = base;

	for (; line && strncmp(line, "complete:", 9); line = strtok_r(NULL, "\n", &text)) {
		char *word = strstr(line, " pa 0x");

		if (sscanf(line, "0x%llx-0x%llx", &from, &to) != 2)
			continue;
		if (from != at || to > base + AREA_PAGES * PAGE || !word)
			return "a run is missing, or in no place";
		pa = strtoull(word + 4, NULL, 0);
		for (; at < to; at += PAGE, pa += PAGE)
			if (pa != want[(at - base) / PAGE] ||
			    (!iova && !strstr(line, (at - base) / PAGE % 2 ? " user nowrite "
									   : " user write ")))
				return "a page is not what it is";
	}
	return !line ? "it ends early" : at != base + AREA_PAGES * PAGE ? "runs are missing" : NULL;
}

static void text_well(struct caller *c, bool iova)
{
	char text[128];
	const int len = request(iova, text, sizeof(text));
	const bool tiny = !rnd(4);
	const char *wrong;
	ssize_t n;

	/* Behind the highest offset the VFS lets nobody write. */
	lseek(c->fd[iova], 0, SEEK_SET);
	n = write(c->fd[iova], text, len);
	n = n == len ? read_text(c->fd[iova], c->text, tiny) : -errno;
	if (tiny)
		count(DID_TINY);
	if (n == -ENOMEM)
		return;
	c->text[n < 0 ? 0 : n] = '\0';
	wrong = n < 0 ? error_name(-n) : wrong_text(c->text, iova);
	if (wrong)
		bad(BAD_ANSWER, "%s: text: %s", iova ? "iova" : "walk", wrong);
	else
		count(iova ? DID_IOVA_TEXT : DID_TEXT);
}

static void text_spoiled(struct caller *c, int fd, bool iova)
{
	char text[256];
	int len = request(iova, text, sizeof(text)), n;
	bool seen;
	void *where;

	switch (rnd(4)) {
	case 0:
		for (n = 0; n < (int)sizeof(text); n++)
			text[n] = rnd(256);
		len = rnd(sizeof(text));
		break;
	case 1:
		len = snprintf(text, sizeof(text), "%d 0x%" PRIx64 " 0x%" PRIx64, (int)rnd(300),
			       odd_number(), odd_number());
		break;
	default:
		for (n = rnd(4); n; n--)
			text[rnd(len)] = rnd(2) ? (int)" :+-0x9a\t\n"[rnd(10)] : (int)rnd(256);
	}
	where = place(text, len, &seen);
	if (write(fd, where, len) < 0)
		end_with(errno, true);
	(void)c;
}

static void read_oddly(struct caller *c, int fd)
{
	static const off_t at[] = { 0, 1, 100, 4096, 8191, INT32_MAX, INT64_MAX, -1 };
	struct iovec iov[3] = { { c->text, rnd(50) }, { read_only, 10 }, { c->text, 5000 } };
	ssize_t n = 0;
	int pipes[2];
	bool seen;

	switch (rnd(6)) {
	case 0:
		n = pread(fd, place(c->text, 4096, &seen), rnd(TEXT_MAX), at[rnd(8)]);
		count(DID_PREAD);
		break;
	case 1:
		n = lseek(fd, rnd(2) ? at[rnd(8)] : (off_t)rnd(9000), rnd(4));
		count(DID_SEEK);
		break;
	case 2:
		n = readv(fd, iov, 3);
		count(DID_READV);
		break;
	case 3:
		if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
			return;
		n = splice(fd, NULL, pipes[1], NULL, rnd(70000), SPLICE_F_NONBLOCK);
		close(pipes[0]);
		close(pipes[1]);
		count(DID_SPLICE);
		break;
	case 4:
		n = read(fd, c->text, 1 + rnd(3));
		count(DID_TINY);
		break;
	default:
		n = read(fd, place(c->text, 4096, &seen), rnd(9000));
	}
	if (n < 0) {
		count(SAW_TEXT_ERROR);
		if (errno != EOVERFLOW) /* an offset */
			end_with(errno, true);
	}
}

static void *caller_thread(void *arg)
{
	struct caller *c = calloc(1, sizeof(*c));
	bool iova;
	int i;

	if (!c)
		bail_out("no memory");
	for (i = 0; i < 2; i++) {
		c->fd[i] = open(i ? IOVA_FILE : WALK, O_RDWR | O_CLOEXEC);
		if (c->fd[i] < 0)
			bail_out("%s: %s: load the module first", WALK, strerror(errno));
	}
	while (!stopping()) {
		doing("calls");
		iova = !rnd(10); /* each has to wait for its turn */
		switch (rnd(7)) {
		case 0:
		case 1:
			ask_well(c, rnd(2) ? c->fd[iova] : shared_fd[iova], iova, !iova && rnd(2));
			break;
		case 2:
			text_well(c, iova);
			break;
		case 3:
			text_spoiled(c, rnd(2) ? c->fd[iova] : shared_fd[iova], iova);
			break;
		case 4:
			read_oddly(c, rnd(2) ? c->fd[iova] : shared_fd[iova]);
			break;
		default:
			ask_spoiled(c, rnd(2) ? c->fd[iova] : shared_fd[iova], iova);
		}
		if (arg)
			count(DID_THREAD);
	}
	return NULL;
}

static void on_signal(int nr)
{
	(void)nr;
	count(DID_SIGNAL);
}

static void caller_main(void)
{
	struct itimerval every = { { 0, 23000 }, { 0, 23000 } };
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t thread;
	sigset_t alarm;

	area_init();
	places_init();
	sigaction(SIGALRM, &sa, NULL); /* no SA_RESTART */
	setitimer(ITIMER_REAL, &every, NULL);
	if (pthread_create(&thread, NULL, caller_thread, &every))
		bail_out("pthread_create: %s", strerror(errno));
	caller_thread(NULL);
	/* Only a signal ends a range that would take hours: the other thread is to get it. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	pthread_join(thread, NULL);
}

/*
 * A reader, or an ioctl, whose memory never comes, and another process that uses the same file
 * meanwhile: both are killed, the other one first.
 */
static void killed_main(void)
{
	static char text[TEXT_MAX];

	while (!stopping()) {
		const int fd = open(WALK, O_RDWR | O_CLOEXEC), form = rnd(3);
		char *never = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t reader, beside;
		int len;

		doing("killed");
		if (fd < 0 || never == MAP_FAILED)
			bail_out("%s", strerror(errno));
		len = snprintf(text, sizeof(text), "%d 0x%" PRIxPTR " 0x%" PRIx64, getpid(),
			       (uintptr_t)area, AREA_PAGES * PAGE);
		if (write(fd, text, len) != len)
			bail_out("request: %s", strerror(errno));
		reader = fork();
		if (!reader) {
			struct verify_pte_walk w;

			area = never;
			uffd_open(never, 64 * PAGE);
			w = well_made(false, false, 2, form ? never : text);
			w.pid = getppid();
			w.start = (uintptr_t)text & ~(PAGE - 1);
			w.len = 2 * PAGE;
			if (form == 2 && read(fd, never, PAGE) < 0)
				_exit(2);
			ioctl(fd, VERIFY_PTE_IOC_WALK, form ? &w : (void *)never);
			_exit(1);
		}
		nap(20000);
		beside = fork();
		if (!beside) {
			while (lseek(fd, 0, SEEK_SET) == 0 && read(fd, text, PAGE) > 0)
				;
			_exit(0);
		}
		nap(rnd(30000));
		kill(beside, SIGKILL);
		if (ends_within(beside, KILL_SECONDS) < 0)
			bad(BAD_KILL, "beside a reader whose memory does not come (form %d)", form);
		else
			count(DID_KILL_BESIDE);
		kill(reader, SIGKILL);
		if (ends_within(reader, KILL_SECONDS) != SIGKILL)
			bad(BAD_KILL, "one whose memory does not come (form %d)", form);
		else
			count(DID_KILL_READER);
		munmap(never, 64 * PAGE);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	static const struct worker_row rows[] = {
		{ "caller 1", caller_main },
		{ "caller 2", caller_main },
		{ "killed", killed_main },
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
	const unsigned long seconds = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	struct container device;
	unsigned int i;

	if (!seconds || seconds > 100000) {
		fprintf(stderr, "usage: callfuzz SECONDS BDF\n");
		return 2;
	}
	bdf = argv[2];
	workers_init();
	race_plan(&race);
	area_init();
	memcpy(iova_frame, frame, sizeof(frame));
	device = container_open(bdf);
	container_map(&device, area, AREA_PAGES * PAGE, IOVA);
	for (i = 0; i < 2; i++)
		shared_fd[i] = open(i ? IOVA_FILE : WALK, O_RDWR);
	if (shared_fd[0] < 0 || shared_fd[1] < 0)
		bail_out("%s: %s: load the module first", WALK, strerror(errno));
	race_run(&race, seconds);
	return ktap_status();
}
