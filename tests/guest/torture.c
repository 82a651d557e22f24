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
#include <pthread.h>
#include <sched.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "uapi/verify_pte.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define WALK	      "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK

#define PAGE	      UINT64_C(4096)
#define MIB	      (UINT64_C(1) << 20)
#define MIB2	      (UINT64_C(1) << 21)
#define GIB	      (UINT64_C(1) << 30)
#define TIB	      (UINT64_C(1) << 40)

#define RW	      (PROT_READ | PROT_WRITE)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define NR_MUTATORS 3
#define NR_WALKERS  4
#define NR_WORKERS  (NR_MUTATORS + 1 + NR_WALKERS) /* 1: who forks */
#define NR_KIDS	    3

/* A worker that does nothing for as long is hung, however slow the machine. */
#define HUNG_SECONDS 90
/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 4
/* Told of one kind of failure; more of it is noise. */
#define SAY_MAX 8

/* A present entry of level 0, or a table's of any other, outside of any RAM */
#define DATA_WORD UINT64_C(0x000ffffffffff067)
/* include/linux/poison.h: PAGE_POISON */
#define POISON_WORD UINT64_C(0xaaaaaaaaaaaaaaaa)

/* What happened: by whoever does it or sees it */
enum {
	DID_MMAP,
	DID_MUNMAP,
	DID_MREMAP,
	DID_MREMAP_PMD,
	DID_MPROTECT,
	DID_PROT_NONE,
	DID_DONTNEED,
	DID_FREE,
	DID_PAGEOUT,
	DID_SHMEM,
	DID_HUGETLB,
	DID_STACK,
	DID_FORK,
	DID_EXEC,
	DID_WALK_EXIT,
	DID_WALK_KID,
	SAW_PAGE,
	SAW_HUGE,
	SAW_NONE,
	SAW_PROTNONE,
	SAW_ABSENT,
	SAW_INVALID,
	DID_SIGNAL,
	DID_PARTIAL,
	WALK_RUNS,
	WALK_RAW,
	WALK_ONE,
	WALK_TEXT,
	WALK_TEXT_ONE,
	WALK_LAST,
	FIXED_CHECKED,
	FIXED_MOVED,
	NR_COUNTS
};

static const struct {
	const char *name;
	bool may_be_none; /* rare: told, not demanded */
} counts[NR_COUNTS] = {
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

/* What can be wrong */
enum { BAD_FIXED, BAD_END, BAD_RECORDS, BAD_WORKER, NR_BAD };

static const char *const bad_name[NR_BAD] = {
	[BAD_FIXED] = "the fixed pages were right in every walk",
	[BAD_END] = "every walk ended as it may",
	[BAD_RECORDS] = "no record says what cannot be",
	[BAD_WORKER] = "nobody hung or died",
};

struct worker {
	char name[24];
	pid_t tid; /* 0: not there, or ended */
	const char *doing;
	uint64_t beats;
};

/* Between all processes */
static struct shared {
	bool ready, stop;
	bool have_thp, have_hugetlb;
	pid_t victim;
	pid_t kid[NR_KIDS];
	uint64_t root_pa;
	uint64_t count[NR_COUNTS];
	uint64_t bad[NR_BAD];
	struct worker worker[NR_WORKERS];
} * sh;

static uint64_t seed;
static uint64_t user_end;
static unsigned int levels;
static __thread uint64_t rnd_state;
static __thread struct worker *me;
static __thread volatile sig_atomic_t signals;

static uint64_t rnd(uint64_t below)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (rnd_state >> 11) % below;
}

static void rnd_init(uint64_t salt)
{
	rnd_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		    (salt + 1) * UINT64_C(0xd1342543de82ef95);
	if (!rnd_state)
		rnd_state = 1;
	rnd(2);
}

static void count_n(int what, uint64_t n)
{
	if (n)
		__atomic_fetch_add(&sh->count[what], n, __ATOMIC_RELAXED);
}

static void count(int what)
{
	count_n(what, 1);
}

static bool stopping(void)
{
	return __atomic_load_n(&sh->stop, __ATOMIC_RELAXED);
}

static void doing(const char *what)
{
	__atomic_store_n(&me->doing, what, __ATOMIC_RELAXED);
	__atomic_fetch_add(&me->beats, 1, __ATOMIC_RELAXED);
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
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

static const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : err ? "an unknown error" : "no error";
}

/* A number after a word in a file; 0 without */
static uint64_t number_in(const char *path, const char *word)
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

/* RAM */

static struct {
	uint64_t from, to;
} ram[64];
static unsigned int nr_ram;

static void read_ram(void)
{
	unsigned long long from, to;
	char line[256];
	FILE *f = fopen("/proc/iomem", "re");

	while (f && fgets(line, sizeof(line), f))
		if (nr_ram < ARRAY_SIZE(ram) && line[0] != ' ' && strstr(line, ": System RAM") &&
		    sscanf(line, "%llx-%llx", &from, &to) == 2) {
			ram[nr_ram].from = from;
			ram[nr_ram++].to = to + 1;
		}
	if (f)
		fclose(f);
	if (!nr_ram || !ram[nr_ram - 1].from)
		bail_out("/proc/iomem: no RAM to be seen: are you root?");
}

static bool in_ram(uint64_t pa, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < nr_ram; i++)
		if (pa >= ram[i].from && pa < ram[i].to)
			return len <= ram[i].to - pa;
	return false;
}

/* The fixed pages */

#define FIXED UINT64_C(0x300000000000)
/* In pages from FIXED: those of one table, one huge page, one of hugetlb */
#define NR_SMALL     64
#define THP_FIRST    512
#define TLB_FIRST    1024
#define FIXED_PAGES  1536
#define NEIGHBOURS   128 /* from here on the same table has guests that come and go */
#define NEIGHBOURS_N 96

/* What a page must be like; a copy for what an answer said of it */
struct page {
	int kind, level;
	unsigned int rights;
	uint64_t pa;
	unsigned int times; /* that it was in the answer */
};

static const struct part {
	unsigned int first, nr;
	struct page page;
} parts[] = {
	{ 0, 16, { PT_LEAF, 0, PT_USER, 0, 0 } },
	{ 16, 8, { PT_LEAF, 0, PT_USER | PT_WRITE, 0, 0 } },
	{ 24, 8, { PT_LEAF, 0, PT_USER | PT_EXEC, 0, 0 } },
	{ 32, 8, { PT_PROTNONE, 0, 0, 0, 0 } },
	{ 40, 8, { PT_NONE, 0, 0, 0, 0 } },
	{ 48, 16, { PT_LEAF, 0, PT_USER, 0, 0 } }, /* every other one; else nothing */
	{ THP_FIRST, 512, { PT_LEAF, 1, PT_USER, 0, 0 } },
	{ TLB_FIRST, 512, { PT_LEAF, 1, PT_USER, 0, 0 } },
};

static bool part_there(const struct part *part)
{
	return part->first == THP_FIRST	  ? sh->have_thp
	       : part->first == TLB_FIRST ? sh->have_hugetlb
					  : true;
}

static const struct part *part_of(uint64_t page)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (page - parts[i].first < parts[i].nr)
			return part_there(&parts[i]) ? &parts[i] : NULL;
	return NULL;
}

static bool part_is_hole(const struct part *part, unsigned int page)
{
	return part->page.kind == PT_NONE || (part->first == 48 && page % 2);
}

/* Does the range hold a fixed page? */
static bool has_fixed(uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (part_there(&parts[i]) &&
		    start < FIXED + (parts[i].first + parts[i].nr) * PAGE &&
		    end > FIXED + parts[i].first * PAGE)
			return true;
	return false;
}

static void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd)
{
	void *p = mmap((void *)va, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (p != MAP_FAILED && p != (void *)va) {
		munmap(p, len);
		p = MAP_FAILED;
	}
	return p == MAP_FAILED ? NULL : p;
}

static void *map_fixed(unsigned int page, unsigned int nr, int prot, int flags)
{
	void *p = map_at(FIXED + page * PAGE, nr * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			 -1);

	if (!p && !(flags & MAP_HUGETLB))
		bail_out("fixed pages: mmap: %s", strerror(errno));
	return p;
}

/* Is the huge page of pages really one?  A frame that is aligned, all in a row */
static bool is_huge(unsigned int page)
{
	static uint64_t entry[512];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool huge = fd >= 0 && pread(fd, entry, sizeof(entry), (FIXED / PAGE + page) * 8) ==
				       (ssize_t)sizeof(entry);
	unsigned int i;

	for (i = 0; i < 512 && huge; i++)
		huge = entry[i] >> 63 && !((entry[0] & 511)) &&
		       (entry[i] & ((1ULL << 55) - 1)) == (entry[0] & ((1ULL << 55) - 1)) + i;
	if (fd >= 0)
		close(fd);
	return huge;
}

static void fixed_init(void)
{
	static const int prot[] = { PROT_READ, RW, PROT_READ | PROT_EXEC, PROT_NONE };
	unsigned int i, n;
	char *p;

	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		p = map_fixed(parts[i].first, parts[i].nr, RW, 0);
		madvise(p, parts[i].nr * PAGE, MADV_NOHUGEPAGE);
		if (mlock(p, parts[i].nr * PAGE))
			bail_out("mlock: %s", strerror(errno));
		memset(p, 0x11, parts[i].nr * PAGE);
		/* Copy on write would take the right to write away, for a while. */
		if (prot[i] & PROT_WRITE)
			madvise(p, parts[i].nr * PAGE, MADV_DONTFORK);
		mprotect(p, parts[i].nr * PAGE, prot[i]);
	}
	map_fixed(40, 8, PROT_READ, MAP_NORESERVE);
	p = map_fixed(48, 16, RW, 0);
	madvise(p, 16 * PAGE, MADV_NOHUGEPAGE);
	if (mlock2(p, 16 * PAGE, MLOCK_ONFAULT))
		bail_out("mlock2: %s", strerror(errno));
	for (n = 0; n < 16; n += 2)
		p[n * PAGE] = 1;
	mprotect(p, 16 * PAGE, PROT_READ);

	p = map_fixed(THP_FIRST, 512, RW, 0);
	madvise(p, MIB2, MADV_HUGEPAGE);
	memset(p, 0x11, MIB2);
	madvise(p, MIB2, MADV_DONTFORK);
	sh->have_thp = !mlock(p, MIB2) && !mprotect(p, MIB2, PROT_READ) && is_huge(THP_FIRST);

	p = map_fixed(TLB_FIRST, 512, RW, MAP_HUGETLB | MAP_HUGE_2MB);
	if (p) {
		memset(p, 0x11, MIB2);
		mprotect(p, MIB2, PROT_READ);
	}
	sh->have_hugetlb = p && is_huge(TLB_FIRST);
}

/* The victim */

enum { FREE_SLOT, ANON, THP, SHMEM, HUGETLB, STACK };

/* A place for a mapping, which may have moved elsewhere */
struct slot {
	uint64_t base, room;
	uint64_t va, len;
	int type;
};

#define NR_SLOTS 14

static int data_fd = -1, sink_fd = -1;
static bool no_collapse;

/* Faults in, as a write or read of user memory that fails where it must */
static bool fill(uint64_t va, uint64_t len)
{
	return pread(data_fd, (void *)va, len, 0) > 0;
}

static void look(uint64_t va)
{
	if (pwrite(sink_fd, (void *)va, 1, 0) < 0)
		return;
}

static void fill_some(const struct slot *s)
{
	uint64_t pages = s->len / PAGE, at = rnd(pages), n = 1 + rnd(rnd(8) ? 4 : 64);

	if (n > pages - at)
		n = pages - at;
	if (rnd(8))
		fill(s->va + at * PAGE, n * PAGE);
	else
		while (n--)
			look(s->va + (at + n) * PAGE);
}

static void slot_map(struct slot *s)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;
	bool small = s->room < MIB2;

	s->type = small || rnd(2) ? ANON : ANON + rnd(5);
	s->va = s->base;
	s->len = s->room;
	switch (s->type) {
	case ANON:
		s->va += rnd(s->room / PAGE / 2) * PAGE;
		s->len = (1 + rnd(s->room / PAGE / 2)) * PAGE;
		if (!small && rnd(2)) {
			s->va = s->base;
			s->len = s->room;
		}
		break;
	case THP:
		s->len = rnd(2) ? s->room : MIB2;
		break;
	case SHMEM:
		s->len = MIB2;
		fd = memfd_create("torture", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, s->len)) {
			s->type = FREE_SLOT;
			if (fd >= 0)
				close(fd);
			return;
		}
		flags = MAP_SHARED;
		break;
	case HUGETLB:
		s->len = MIB2;
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB;
		break;
	case STACK:
		s->va = s->base + s->room - 2 * PAGE;
		s->len = 2 * PAGE;
		flags |= MAP_GROWSDOWN;
		break;
	}
	if (!map_at(s->va, s->len, RW, flags, fd)) {
		s->type = FREE_SLOT;
	} else {
		count(s->type == SHMEM ? DID_SHMEM : s->type == HUGETLB ? DID_HUGETLB : DID_MMAP);
		if (s->type == THP || s->type == SHMEM)
			madvise((void *)s->va, s->len, MADV_HUGEPAGE);
		if (s->type == ANON && rnd(2))
			madvise((void *)s->va, s->len, MADV_NOHUGEPAGE);
		fill_some(s);
	}
	if (fd >= 0)
		close(fd);
}

/* Tables that come and go as fast as it gets: one page, and it is gone again */
static void slot_flash(const struct slot *s)
{
	unsigned int n = 1 + rnd(20);

	while (n--) {
		uint64_t va = s->base + rnd(s->room / PAGE) * PAGE;

		if (!map_at(va, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1))
			break;
		count(DID_MMAP);
		fill(va, PAGE);
		if (!munmap((void *)va, PAGE))
			count(DID_MUNMAP);
	}
}

static void slot_unmap(struct slot *s)
{
	uint64_t pages = s->len / PAGE, at = rnd(pages);

	if (!rnd(3) && s->type != STACK) {
		/* A hole; what is around it stays. */
		if (!munmap((void *)(s->va + at * PAGE), (1 + rnd(pages - at)) * PAGE))
			count(DID_MUNMAP);
		return;
	}
	if (!munmap((void *)s->va, s->len)) {
		count(DID_MUNMAP);
		s->type = FREE_SLOT;
	}
}

static void slot_move(struct slot *s, struct slot *slots)
{
	struct slot *to = &slots[1 + rnd(NR_SLOTS - 1)];
	uint64_t len = s->len, from = s->va, dst;
	unsigned int n = 2 * rnd(10);
	void *p;

	if (s->type == STACK)
		return;
	if (!rnd(4) && s->type != HUGETLB && s->type != SHMEM) {
		/* To wherever the kernel likes, one page longer or shorter */
		len = rnd(2) && len > PAGE ? len - PAGE : len < s->room ? len + PAGE : len;
		p = mremap((void *)s->va, s->len, len, MREMAP_MAYMOVE);
		if (p != MAP_FAILED) {
			s->va = (uintptr_t)p;
			s->len = len;
			count(DID_MREMAP);
		}
		return;
	}
	if (to->type != FREE_SLOT || to->room < len)
		return;
	dst = to->base;
	if (s->type == ANON && rnd(2))
		dst += rnd((to->room - len) / PAGE + 1) * PAGE;
	if (len > MIB2 && rnd(2)) {
		/* The second half alone; the first one ends where it was. */
		from += MIB2;
		len -= MIB2;
	}
	/* There, and a few times back and there again */
	do {
		p = mremap((void *)(n % 2 ? dst : from), len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			   (void *)(n % 2 ? from : dst));
		if (p == MAP_FAILED)
			break;
		count(len >= MIB2 && !(from % MIB2) && !(dst % MIB2) ? DID_MREMAP_PMD : DID_MREMAP);
	} while (n--);
	if (p == MAP_FAILED && !(n % 2))
		return; /* still, or again, where it was */
	to->type = s->type;
	to->va = dst;
	to->len = len;
	if (from == s->va)
		s->type = FREE_SLOT;
	else
		s->len = from - s->va;
}

static void slot_protect(const struct slot *s)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW, PROT_READ | PROT_EXEC };
	uint64_t pages = s->len / PAGE, at = rnd(pages), n = 1 + rnd(rnd(2) ? 1 : pages - at);
	int prot = prots[rnd(ARRAY_SIZE(prots))];

	if (s->type == HUGETLB) {
		at = 0;
		n = pages;
	}
	if (!mprotect((void *)(s->va + at * PAGE), n * PAGE, prot))
		count(prot == PROT_NONE ? DID_PROT_NONE : DID_MPROTECT);
	if (rnd(2) && !mprotect((void *)s->va, s->len, RW))
		count(DID_MPROTECT);
}

static void slot_advise(const struct slot *s)
{
	static const struct {
		int advice, count;
	} advices[] = {
		{ MADV_DONTNEED, DID_DONTNEED },
		{ MADV_FREE, DID_FREE },
		{ MADV_PAGEOUT, DID_PAGEOUT },
	};
	uint64_t pages = s->len / PAGE, at = rnd(pages), n = 1 + rnd(rnd(2) ? 1 : pages - at);
	unsigned int i = rnd(ARRAY_SIZE(advices)), k;

	/* Pages out goes only what is there, and no child's as well. */
	if (advices[i].advice == MADV_PAGEOUT)
		fill(s->va + at * PAGE, (n < 4 ? n : 4) * PAGE);
	if (madvise((void *)(s->va + at * PAGE), n * PAGE, advices[i].advice))
		return;
	count(advices[i].count);
	/* And in again what went out */
	for (k = rnd(2) ? 4 : 0; k-- && at < pages; at++)
		look(s->va + at * PAGE);
}

static void slot_collapse(const struct slot *s)
{
	uint64_t va = (s->va + MIB2 - 1) & ~(MIB2 - 1);

	if ((s->type != ANON && s->type != THP && s->type != SHMEM) || va + MIB2 > s->va + s->len)
		return;
	fill_some(s);
	madvise((void *)s->va, s->len, MADV_HUGEPAGE);
	if (no_collapse || !madvise((void *)va, MIB2, MADV_COLLAPSE))
		return;
	/* Before 6.1: khugepaged alone does it. */
	no_collapse = errno == EINVAL && s->type != SHMEM;
}

static void slot_grow(struct slot *s)
{
	uint64_t to = s->base + rnd(s->room / PAGE) * PAGE;

	if (s->type != STACK || to >= s->va)
		return;
	if (fill(to, PAGE)) {
		count(DID_STACK);
		s->len += s->va - to;
		s->va = to;
	}
}

static void slot_churn(struct slot *s, struct slot *slots)
{
	if (s->type == FREE_SLOT) {
		doing("map");
		if (rnd(2))
			slot_map(s);
		else
			slot_flash(s);
		return;
	}
	switch (rnd(12)) {
	case 0:
	case 1:
		doing("unmap");
		slot_unmap(s);
		break;
	case 2:
	case 3:
		doing("mremap");
		slot_move(s, slots);
		break;
	case 4:
	case 5:
		doing("mprotect");
		slot_protect(s);
		break;
	case 6:
	case 7:
		doing("madvise");
		slot_advise(s);
		break;
	case 8:
		doing("collapse");
		if (!rnd(2))
			slot_collapse(s);
		break;
	case 9:
		doing("grow");
		slot_grow(s);
		break;
	default:
		doing("fill");
		fill_some(s);
		break;
	}
}

static void worker_begin(struct worker *w)
{
	me = w;
	rnd_init(w - sh->worker);
	doing("begins");
	__atomic_store_n(&w->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
}

static void worker_end(void)
{
	doing("ended");
	__atomic_store_n(&me->tid, 0, __ATOMIC_RELAXED);
}

#define ARENA(n) (UINT64_C(0x200000000000) + (n) * (UINT64_C(1) << 40))

static void *mutate(void *arg)
{
	struct slot slots[NR_SLOTS] = { { 0 } };
	unsigned int i, nr;

	worker_begin(arg);
	nr = me - sh->worker;
	for (i = 0; i < NR_SLOTS; i++) {
		/* Six in one PMD table, the others with one each, or even more */
		slots[i].base = ARENA(nr) + i * (i < 7 ? 8 * MIB : i < 11 ? GIB : TIB / 16);
		slots[i].room = 2 * MIB2;
	}
	/* The first one shares the table of the fixed pages. */
	slots[0].base = FIXED + (NEIGHBOURS + nr * (NEIGHBOURS_N + 8)) * PAGE;
	slots[0].room = NEIGHBOURS_N * PAGE;
	while (!stopping())
		slot_churn(&slots[rnd(NR_SLOTS)], slots);
	worker_end();
	return NULL;
}

static void nap(uint64_t us)
{
	struct timespec t = { 0, us * 1000 };

	nanosleep(&t, NULL);
}

/* Copies on write, and more, of what the parent had; nothing here can fail it */
static void kid_churn(void)
{
	unsigned int n = rnd(60);

	while (n--) {
		uint64_t va = ARENA(rnd(NR_MUTATORS)) + rnd(7) * 8 * MIB + rnd(1024) * PAGE;

		switch (rnd(4)) {
		case 0:
			munmap((void *)(va & ~(MIB2 - 1)), MIB2);
			break;
		case 1:
			mprotect((void *)va, PAGE * (1 + rnd(100)), rnd(2) ? RW : PROT_NONE);
			break;
		default:
			fill(va, PAGE * (1 + rnd(4)));
			break;
		}
	}
}

/* After exec: something to see, and a stack that grows as they do */
__attribute__((noinline)) static int grow_stack(int depth)
{
	volatile char page[4096];

	page[0] = depth;
	return depth ? grow_stack(depth - 1) + page[0] : page[0];
}

static int kid_main(void)
{
	rnd_init(getpid());
	grow_stack(rnd(150));
	nap(rnd(20000));
	return 0;
}

static void kid(unsigned int n, uint64_t salt)
{
	static const char exe[] = "/proc/self/exe", option[] = "--kid";
	char *argv[] = { (char *)exe, (char *)option, NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rnd_init(salt);
	switch (n) {
	case 0:
		break;
	case 1:
		kid_churn();
		nap(rnd(20000));
		kid_churn();
		break;
	default:
		nap(rnd(3000));
		execv(exe, argv);
		_exit(127);
	}
	_exit(0);
}

static void *fork_off(void *arg)
{
	pid_t pids[NR_KIDS] = { 0 };
	unsigned int i, kinds[NR_KIDS];
	int status;

	worker_begin(arg);
	while (!stopping()) {
		i = rnd(NR_KIDS);
		if (pids[i]) {
			doing("wait");
			__atomic_store_n(&sh->kid[i], rnd(2) ? 0 : pids[i], __ATOMIC_RELAXED);
			if (waitpid(pids[i], &status, 0) != pids[i] || status)
				bad(BAD_WORKER, "a child of kind %u ended with status 0x%x",
				    kinds[i], status);
			else if (kinds[i] == 2)
				count(DID_EXEC);
			pids[i] = 0;
		}
		doing("fork");
		kinds[i] = rnd(3);
		pids[i] = fork();
		if (!pids[i])
			kid(kinds[i], rnd(1ULL << 40));
		if (pids[i] < 0) {
			pids[i] = 0;
			nap(1000);
			continue;
		}
		count(DID_FORK);
		__atomic_store_n(&sh->kid[i], pids[i], __ATOMIC_RELAXED);
		nap(rnd(20000));
	}
	for (i = 0; i < NR_KIDS; i++)
		if (pids[i])
			waitpid(pids[i], &status, 0);
	worker_end();
	return NULL;
}

/* Runs a function of @nr workers from @first on in threads; they end by themselves */
static void run_workers(unsigned int first, unsigned int nr, const char *name, void *(*run)(void *),
			pthread_t *threads)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct worker *w = &sh->worker[first + i];

		snprintf(w->name, sizeof(w->name), "%s %u", name, i);
		if (pthread_create(&threads[i], NULL, run, w))
			bail_out("no thread for %s", w->name);
	}
}

static void victim(void)
{
	pthread_t threads[NR_MUTATORS + 1];
	uint64_t words[PAGE / 8], at;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	data_fd = memfd_create("data", MFD_CLOEXEC);
	sink_fd = memfd_create("sink", MFD_CLOEXEC);
	if (data_fd < 0 || sink_fd < 0)
		bail_out("memfd: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = DATA_WORD;
	for (at = 0; at < 64 * PAGE; at += PAGE)
		if (pwrite(data_fd, words, PAGE, at) != (ssize_t)PAGE)
			bail_out("memfd: %s", strerror(errno));
	fixed_init();
	run_workers(0, NR_MUTATORS, "mutator", mutate, threads);
	run_workers(NR_MUTATORS, 1, "forker", fork_off, threads + NR_MUTATORS);
	__atomic_store_n(&sh->ready, true, __ATOMIC_RELEASE);
	for (i = 0; i < NR_MUTATORS + 1; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* The walkers */

#define MAX_RUNS 20000 /* records in one call, or of one text */
#define MAX_TEXT (4 * MIB)

struct walker {
	int fd, pagemap_fd;
	timer_t timer;
	void *buf; /* of records; one more than MAX_RUNS */
	char *text;

	/* of the walk at hand */
	pid_t pid;
	bool kid;
	uint64_t start, end, at; /* asked, and answered so far */
	uint64_t pa_mask;
	bool watch; /* fixed pages are in it */
	uint64_t before[NR_SMALL + 2], after[NR_SMALL + 2];
	struct page got[FIXED_PAGES];
};

static int shared_fd = -1; /* of all walkers */

static void on_signal(int nr)
{
	(void)nr;
	signals++;
}

/* The next signal, soon; or none */
static void arm(const struct walker *w)
{
	struct itimerspec t = { { 0, 0 }, { 0, 0 } };

	if (rnd(2))
		t.it_value.tv_nsec = 1000 + rnd(rnd(2) ? 300000 : 8000000);
	timer_settime(w->timer, 0, &t, NULL);
}

/*
 * All of them.  pagemap was seen to answer EFAULT once, with this much memory swapped: the kernel
 * could not write to our memory just then.  It is asked again, a few times.
 */
static bool read_entries(const struct walker *w, uint64_t *entry, size_t size, off_t at)
{
	unsigned int i;
	ssize_t n = -1;

	for (i = 0; i < 4; i++) {
		n = pread(w->pagemap_fd, entry, size, at);
		if (n >= 0 || errno != EFAULT)
			break;
		sched_yield();
	}
	return n == (ssize_t)size;
}

/* The bits that matter: present, swapped, frame */
static void read_pagemap(const struct walker *w, uint64_t *entry)
{
	static const unsigned int huge[] = { THP_FIRST, TLB_FIRST };
	const uint64_t bits = 3ULL << 62 | ((1ULL << 55) - 1);
	const off_t at = FIXED / PAGE * 8;
	bool ok = read_entries(w, entry, NR_SMALL * 8, at);
	unsigned int i;

	for (i = 0; i < 2; i++)
		ok &= read_entries(w, entry + NR_SMALL + i, 8, at + huge[i] * 8);
	if (!ok)
		bad(BAD_WORKER, "pagemap: %s", strerror(errno));
	for (i = 0; i < NR_SMALL + 2; i++)
		entry[i] &= bits;
}

/* Its entry for a fixed page: of the first of a huge one, counted on from there */
static uint64_t pagemap_of(const uint64_t *entry, unsigned int page)
{
	if (page < THP_FIRST)
		return entry[page];
	return entry[NR_SMALL + (page >= TLB_FIRST)] + page % 512;
}

static void walk_begin(struct walker *w, pid_t pid, bool kid, uint64_t start, uint64_t len)
{
	w->pid = pid;
	w->kid = kid;
	w->start = w->at = start;
	w->end = start + len;
	w->watch = !kid && pid == sh->victim && has_fixed(start, w->end);
	if (w->watch) {
		memset(w->got, 0, sizeof(w->got));
		read_pagemap(w, w->before);
	}
	arm(w);
}

/* All answered up to w->at: were the fixed pages right? */
static void walk_end(struct walker *w, const char *form)
{
	uint64_t checked = 0, moved = 0;
	unsigned int p;

	if (!w->watch)
		return;
	read_pagemap(w, w->after);
	for (p = 0; p < FIXED_PAGES; p++) {
		const uint64_t va = FIXED + p * PAGE;
		const struct part *part = part_of(p);
		const struct page *got = &w->got[p];
		struct page want = { PT_NONE, 0, 0, 0, 1 };
		uint64_t entry;

		if (!part || va < w->start || va >= w->at)
			continue;
		entry = pagemap_of(w->before, p);
		if (entry != pagemap_of(w->after, p)) {
			moved++;
			continue;
		}
		if (!part_is_hole(part, p)) {
			want = part->page;
			want.pa = (entry & ((1ULL << 55) - 1)) * PAGE;
			want.times = 1;
		}
		if (entry >> 63 != !part_is_hole(part, p) || entry >> 62 & 1)
			bad(BAD_FIXED, "%s: 0x%" PRIx64 ": pagemap says 0x%" PRIx64, form, va,
			    entry);
		checked++;
		if (got->kind != want.kind || got->level != want.level ||
		    got->rights != want.rights || got->pa != want.pa || got->times != want.times)
			bad(BAD_FIXED,
			    "%s: fixed 0x%" PRIx64 " of 0x%" PRIx64 "-0x%" PRIx64
			    ": %u times, kind %d level %d rights %x pa 0x%" PRIx64
			    "; must be kind %d level %d rights %x pa 0x%" PRIx64,
			    form, va, w->start, w->end, got->times, got->kind, got->level,
			    got->rights, got->pa, want.kind, want.level, want.rights, want.pa);
	}
	count_n(FIXED_CHECKED, checked);
	count_n(FIXED_MOVED, moved);
}

/* What an answer says of [va, va + len), as far as fixed pages go */
static void take(struct walker *w, uint64_t va, uint64_t len, int kind, int level,
		 unsigned int rights, uint64_t pa)
{
	const uint64_t first = FIXED, last = FIXED + FIXED_PAGES * PAGE;
	uint64_t at = va < first ? first : va, to = va + len > last ? last : va + len;

	if (!w->watch)
		return;
	for (; at < to; at += PAGE) {
		struct page *got = &w->got[(at - first) / PAGE];

		got->kind = kind;
		/* A hole joins others whatever their level; it has no page size. */
		got->level = kind == PT_NONE ? 0 : level;
		got->rights = rights;
		got->pa = pa ? pa + (at - va) : 0;
		got->times++;
	}
}

static void saw(int kind, unsigned int level)
{
	switch (kind) {
	case PT_NONE:
		count(SAW_NONE);
		break;
	case PT_LEAF:
		count(level ? SAW_HUGE : SAW_PAGE);
		break;
	case PT_PROTNONE:
		count(SAW_PROTNONE);
		break;
	case PT_INVALID:
		count(SAW_INVALID);
		break;
	case PT_ABSENT:
		count(SAW_ABSENT);
		break;
	}
}

static bool framed(int kind)
{
	return kind == PT_LEAF || kind == PT_PROTNONE || kind == PT_INVALID;
}

/* The bits of an entry, as the manual has them; on purpose not pt_x86.h's code. */
static uint64_t naive_pa(const struct walker *w, uint64_t entry, unsigned int level, bool table)
{
	uint64_t pa = (entry & 1 ? entry : ~entry) & 0x000ffffffffff000ULL & w->pa_mask;

	return table ? pa : pa & ~((PAGE << 9 * level) - 1);
}

/* Can an entry of this kind be like that? */
static bool entry_fits(int kind, unsigned int level, uint64_t entry)
{
	const bool present = entry & 1, ps = entry & 0x80, global = entry & 0x100;

	if (entry == POISON_WORD || level > 4)
		return false;
	switch (kind) {
	case PT_NONE:
		return !(entry & ~0x60ULL);
	case PT_TABLE:
		return level && present && !ps;
	case PT_LEAF:
		return present && level < 3 && (!level || ps);
	case PT_PROTNONE:
		return !present && global && level < 3;
	case PT_INVALID:
		return !present && !global && ps && (level == 1 || level == 2);
	case PT_ABSENT:
		return !present && !global && entry;
	}
	return false;
}

/* All that holds for the runs of one answer, [at, next) */
static void check_runs(struct walker *w, const char *form, const struct verify_pte_run *r,
		       unsigned int nr, uint64_t at, uint64_t next, const uint64_t *pages)
{
	uint64_t sum[PT_NR_KINDS] = { 0 };
	unsigned int i, kind;

	for (i = 0; i < nr; i++, r++) {
		const uint64_t size = PAGE << 9 * (r->level < 3 ? r->level : 0);
		bool ok = r->kind < PT_NR_KINDS && r->kind != PT_TABLE && r->level < levels &&
			  r->len && !(r->vaddr % PAGE) && !(r->len % PAGE) && !r->reserved &&
			  r->vaddr >= at && r->len <= next - r->vaddr && r->vaddr < next;

		ok = ok && entry_fits(r->kind, r->level, r->entry);
		if (ok && framed(r->kind))
			ok = in_ram(r->pa, r->len) && !((r->pa ^ r->vaddr) & (size - 1)) &&
			     r->pa == naive_pa(w, r->entry, r->level, false) +
					      (r->vaddr & (size - 1)) &&
			     r->no_user_levels == (r->kind == PT_LEAF ? 0 : 1 << r->level) &&
			     (r->rights & PT_USER) == (r->kind == PT_LEAF ? PT_USER : 0);
		else if (ok)
			ok = !r->pa && !r->rights && !r->no_user_levels;
		if (!ok) {
			bad(BAD_RECORDS,
			    "%s: pid %d from 0x%" PRIx64 " to 0x%" PRIx64
			    ": run 0x%llx len 0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %x no user %x",
			    form, w->pid, at, next, r->vaddr, r->len, r->pa, r->entry, r->level,
			    r->kind, r->rights, r->no_user_levels);
			w->watch = false; /* that is told */
			return;
		}
		at = r->vaddr + r->len;
		sum[r->kind] += r->len / PAGE;
		if (i % 16 == 0)
			saw(r->kind, r->level);
		take(w, r->vaddr, r->len, r->kind, r->level, r->rights, r->pa);
	}
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (sum[kind] != pages[kind])
			bad(BAD_RECORDS,
			    "%s: counts %" PRIu64 " pages of kind %u, its runs have %" PRIu64, form,
			    pages[kind], kind, sum[kind]);
}

/*
 * All that holds for the raw entries of one answer.  @still: nobody changed the
 * tables meanwhile (one descent, or the tables of the fixed pages), so that each
 * table is the one that the entry above points to.
 */
static void check_raw(struct walker *w, const char *form, const struct verify_pte_entry *e,
		      const struct verify_pte_walk *arg, uint64_t at, bool still)
{
	struct verify_pte_entry path[PT_MAX_LEVELS] = { { 0 } };
	unsigned int i, l, have = 0;

	for (i = 0; i < arg->nr; i++, e++) {
		const uint64_t size = PAGE << 9 * (e->level < 5 ? e->level : 0);
		const bool fixed = !w->kid && has_fixed(e->vaddr, e->vaddr + 1);
		uint64_t to = (e->vaddr | (size - 1)) + 1, pa = 0, table;
		bool ok = e->level < levels && e->kind < PT_NR_KINDS && !e->reserved &&
			  !(e->vaddr % PAGE) && e->vaddr >= at && e->vaddr <= arg->next &&
			  (e->vaddr < arg->next || e->kind == PT_TABLE) &&
			  e->index == (e->vaddr / size & 511) && in_ram(e->table_pa, PAGE) &&
			  !(e->table_pa % PAGE) && entry_fits(e->kind, e->level, e->entry);

		/* Ascending; from the root down where one address has several */
		if (ok && i)
			ok = e->vaddr > e[-1].vaddr ||
			     (e->vaddr == e[-1].vaddr && e->level < e[-1].level);
		if (ok && (framed(e->kind) || e->kind == PT_TABLE)) {
			pa = naive_pa(w, e->entry, e->level, e->kind == PT_TABLE);
			ok = in_ram(pa, e->kind == PT_TABLE ? PAGE : size);
		}
		if (ok && (fixed || still)) {
			table = e->level == levels - 1
					? arg->root_pa
					: naive_pa(w, path[e->level + 1].entry, e->level + 1, true);
			ok = e->table_pa == table &&
			     (e->level == levels - 1 || have >> (e->level + 1) & 1);
		}
		if (!ok) {
			bad(BAD_RECORDS,
			    "%s: pid %d from 0x%" PRIx64
			    " to 0x%llx: record %u: vaddr 0x%llx index %u table 0x%llx entry 0x%llx level %u kind %u",
			    form, w->pid, at, arg->next, i, e->vaddr, e->index, e->table_pa,
			    e->entry, e->level, e->kind);
			w->watch = false; /* that is told */
			return;
		}
		path[e->level] = *e;
		have |= 1U << e->level;
		if (e->kind == PT_TABLE)
			continue;
		if (i % 16 == 0)
			saw(e->kind, e->level);
		if (fixed) {
			unsigned int rights = framed(e->kind) ? PT_RIGHTS_ALL : 0;

			for (l = e->level; l < levels; l++)
				rights &=
					(path[l].entry & 1 && path[l].entry & 4 ? PT_USER : 0) |
					(path[l].entry & 1 && path[l].entry & 2 ? PT_WRITE : 0) |
					(path[l].entry & 1 && !(path[l].entry >> 63) ? PT_EXEC : 0);
			if (to > w->end)
				to = w->end;
			take(w, e->vaddr, to - e->vaddr, e->kind, e->level, rights,
			     framed(e->kind) ? pa + (e->vaddr & (size - 1)) : 0);
		}
	}
}

/* May a call about [at, w->end) end with this errno? */
static void check_error(const struct walker *w, const char *form, uint64_t at, int err,
			bool signalled)
{
	bool ok = false;

	switch (err) {
	case EINTR:
		ok = signalled;
		break;
	case ESRCH:
		ok = w->kid;
		if (ok)
			count(DID_WALK_EXIT);
		break;
	case ENODATA:
		ok = !w->pid; /* read-only, and nobody has asked yet */
		break;
	case EFAULT:
		/* No VMA: of ranges where things come and go */
		ok = w->kid || !has_fixed(at, w->end);
		break;
	}
	if (!ok)
		bad(BAD_END, "%s: pid %d%s 0x%" PRIx64 "-0x%" PRIx64 ": %s%s", form, w->pid,
		    w->kid ? " (a child)" : "", at, w->end, error_name(err),
		    err == EINTR ? " without a signal" : "");
}

static void ioctl_walk(struct walker *w, const char *form, uint32_t flags)
{
	static const unsigned int rooms[] = { 1, 2, 3, 5, 64, 408, 409, 410, 1000, 5000, MAX_RUNS };
	const size_t size = flags ? sizeof(struct verify_pte_entry) : sizeof(struct verify_pte_run);
	unsigned int room = rooms[rnd(ARRAY_SIZE(rooms))], calls = 0, i;
	int fd = rnd(8) ? w->fd : shared_fd;
	const int before = signals;

	/* Of a long range few at a time takes too long. */
	if (w->end - w->start > MIB2 && room < 64 && rnd(16))
		room = 64 << rnd(6);
	if (flags && room < PT_MAX_LEVELS)
		room = PT_MAX_LEVELS;
	while (w->at < w->end && calls++ < 300) {
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.flags = flags,
			.pid = w->pid,
			.nr = room,
			.start = w->at,
			.len = w->end - w->at,
			.buf = (uintptr_t)w->buf,
		};
		unsigned char *past = (unsigned char *)w->buf + room * size;
		const int had = signals;
		uint64_t pages[PT_NR_KINDS];

		memset(past, 0xa5, size);
		doing(form);
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, &arg)) {
			check_error(w, form, w->at, errno, signals != had);
			if (errno != EINTR || stopping())
				break;
			continue;
		}
		for (i = 0; i < size; i++)
			if (past[i] != 0xa5) {
				bad(BAD_RECORDS, "%s: more than %u records written", form, room);
				return;
			}
		if (arg.nr > room || arg.next <= w->at || arg.next > w->end || arg.next % PAGE ||
		    arg.levels != levels || (arg.next < w->end && !arg.nr) ||
		    arg.descents > arg.entries || !arg.descents) {
			bad(BAD_RECORDS, "%s: at 0x%" PRIx64 ": %u of %u records, next 0x%llx",
			    form, w->at, arg.nr, room, arg.next);
			return;
		}
		/* Short of the end for a reason: no room, or a signal */
		if (arg.next < w->end && arg.nr < room) {
			if (signals == had)
				bad(BAD_END,
				    "%s: ended at 0x%llx of 0x%" PRIx64
				    " with %u of %u records and no signal",
				    form, arg.next, w->end, arg.nr, room);
			count(DID_PARTIAL);
		}
		if (!w->kid && arg.root_pa != sh->root_pa)
			bad(BAD_RECORDS, "%s: root 0x%llx, not 0x%" PRIx64, form, arg.root_pa,
			    sh->root_pa);
		w->pa_mask = arg.pa_mask;
		for (i = 0; i < PT_NR_KINDS; i++)
			pages[i] = arg.pages[i];
		if (flags)
			check_raw(w, form, w->buf, &arg, w->at, w->end - w->start == PAGE);
		else
			check_runs(w, form, w->buf, arg.nr, w->at, arg.next, pages);
		w->at = arg.next;
		if (w->kid)
			count(DID_WALK_KID);
		if (!rnd(200) || stopping())
			break;
	}
	count_n(DID_SIGNAL, signals - before);
}

/* Text */

static int word_in(const char *word, const char *const *list, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(word, list[i]))
			return i;
	return -1;
}

static const char *const kind_words[] = {
	"none", "table", "page", "protnone", "invalid", "absent"
};
static const char *const size_words[] = { "4K", "2M", "1G" };

static int parse_rights(const char *text, int *used)
{
	static const char *const yes[] = { "user", "write", "exec" };
	static const char *const no[] = { "supervisor", "nowrite", "noexec" };
	int rights = 0, i;
	char word[3][16];

	if (sscanf(text, " %15s %15s %15s%n", word[0], word[1], word[2], used) != 3)
		return -1;
	for (i = 0; i < 3; i++)
		if (!strcmp(word[i], yes[i]))
			rights |= 1 << i;
		else if (strcmp(word[i], no[i]))
			return -1;
	return rights;
}

/* "0xA-0xB kind [size pa 0xP rights] [entry 0xE FLAG...] [no_user_at LEVEL...]" */
static bool parse_run(char *line, struct verify_pte_run *r)
{
	unsigned long long from, to, pa = 0, entry = 0;
	int kind, level = 0, rights = 0, used, n;
	char word[16];

	if (sscanf(line, "0x%llx-0x%llx %15s%n", &from, &to, word, &used) != 3)
		return false;
	line += used;
	kind = word_in(word, kind_words, ARRAY_SIZE(kind_words));
	if (kind < 0)
		return false;
	if (framed(kind)) {
		if (sscanf(line, " %15s pa 0x%llx%n", word, &pa, &used) != 2)
			return false;
		level = word_in(word, size_words, ARRAY_SIZE(size_words));
		rights = parse_rights(line + used, &n);
		if (level < 0 || rights < 0)
			return false;
		line += used + n;
	}
	if (kind != PT_NONE && sscanf(line, " entry 0x%llx", &entry) != 1)
		return false;
	*r = (struct verify_pte_run){
		.vaddr = from,
		.len = to - from,
		.pa = pa,
		.entry = entry,
		.level = kind == PT_ABSENT && entry & 0x80 ? 0 : level,
		.kind = kind,
		.rights = rights,
		/* The text names levels; that one without USER is there will do. */
		.no_user_levels = strstr(line, "no_user_at") ? 1 << level : 0,
	};
	return true;
}

/* The two lines that each text begins with; NULL, or what comes after them */
static char *parse_head(char *text, int *pid, uint64_t *start, uint64_t *len, uint64_t *root)
{
	unsigned long long va, n = 0, r;
	char pti[8], *line;
	unsigned int lv;
	int used;

	if (sscanf(text, "pid %d vaddr 0x%llx%n", pid, &va, &used) != 2)
		return NULL;
	line = text + used;
	if (*line == ' ' && sscanf(line, " len 0x%llx%n", &n, &used) == 1)
		line += used;
	if (*line++ != '\n' ||
	    sscanf(line, "root 0x%llx levels %u pti %7s%n", &r, &lv, pti, &used) != 3 ||
	    lv != levels)
		return NULL;
	*start = va;
	*len = n;
	*root = r;
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

static void check_text_range(struct walker *w, const char *form, char *line)
{
	struct verify_pte_run *r = w->buf;
	unsigned long long n[5];
	unsigned int nr = 0;
	char *end;

	for (; !strncmp(line, "0x", 2); line = end + 1) {
		end = strchr(line, '\n');
		if (!end || nr == MAX_RUNS)
			break;
		*end = '\0';
		if (!parse_run(line, &r[nr++])) {
			bad(BAD_RECORDS, "%s: \"%s\"", form, line);
			return;
		}
	}
	if (nr == MAX_RUNS)
		return;
	if (!strncmp(line, "not mapped: ", 12)) {
		if (nr || w->watch)
			bad(BAD_RECORDS, "%s: \"%.60s\" with fixed pages, or %u runs", form, line,
			    nr);
		line = strchrnul(line, '\n') + 1;
	}
	if (sscanf(line, "complete: none %llu page %llu protnone %llu invalid %llu absent %llu (",
		   &n[0], &n[1], &n[2], &n[3], &n[4]) != 5) {
		bad(BAD_RECORDS, "%s: ends with \"%.100s\"", form, line);
		return;
	}
	check_runs(w, form, r, nr, w->start, w->end,
		   (uint64_t[]){ n[0], 0, n[1], n[2], n[3], n[4] });
}

/* One address, which one descent answers: each table is what the line above says */
static void check_text_one(struct walker *w, const char *form, char *line, uint64_t root)
{
	static const char *const five[] = { "PTE", "PMD", "PUD", "P4D", "PGD" };
	static const char *const four[] = { "PTE", "PMD", "PUD", "PGD" };
	unsigned long long table, entry = 0, pa;
	unsigned int index, level = levels;
	uint64_t expect = root;
	char word[16], size[8];
	const char *why = NULL;
	int used, kind, rights;
	char *text = line;

	while (sscanf(line, "%15s index %u table 0x%llx entry 0x%llx", word, &index, &table,
		      &entry) == 4) {
		if (!level-- || strcmp(word, (levels == 5 ? five : four)[level]) ||
		    index != (w->start / (PAGE << 9 * level) & 511) || table != expect ||
		    entry == POISON_WORD || !in_ram(table, PAGE)) {
			why = "a level";
			break;
		}
		expect = naive_pa(w, entry, level, true);
		line = strchrnul(line, '\n');
		line += !!*line;
	}
	if (!why && sscanf(line, "page %7s pa 0x%llx\neffective:%n", size, &pa, &used) == 2) {
		rights = parse_rights(line + used, &used);
		if (word_in(size, size_words, 3) != (int)level || rights < 0 || !in_ram(pa, PAGE) ||
		    pa != naive_pa(w, entry, level, false) + (w->start & ((PAGE << 9 * level) - 1)))
			why = "the page";
		kind = entry & 1 ? PT_LEAF : entry & 0x100 ? PT_PROTNONE : PT_INVALID;
		if (!why)
			take(w, w->start, PAGE, kind, level, rights, pa);
	} else if (!why && sscanf(line, "effective: not present: %15s", word) == 1) {
		kind = word_in(word, kind_words, ARRAY_SIZE(kind_words));
		if ((kind != PT_NONE && kind != PT_ABSENT) || !entry_fits(kind, level, entry))
			why = "what is not present";
		else
			take(w, w->start, PAGE, kind, level, 0, 0);
	} else if (!why && (strncmp(line, "effective: not mapped", 21) || w->watch)) {
		why = "the end";
	}
	if (!why && !strstr(line, "_PAGE_USER: "))
		why = "no _PAGE_USER";
	if (why)
		bad(BAD_RECORDS, "%s: pid %d 0x%" PRIx64 ": %s: \"%.250s\"", form, w->pid, w->start,
		    why, text);
}

/* What a file has to say, in odd pieces.  False: not all of it, for a good reason */
static bool read_text(struct walker *w, int fd, const char *form, size_t *size)
{
	static const size_t sizes[] = { 1, 7, 100, 511, 4095, 4096, 4097, 65536 };
	size_t n = 0, chunk;
	unsigned int reads = 0;

	for (;;) {
		const int had = signals;
		ssize_t got;

		chunk = reads++ < 40 ? sizes[rnd(ARRAY_SIZE(sizes))] : 65536;
		if (chunk > MAX_TEXT - n)
			chunk = MAX_TEXT - n;
		if (!chunk || (stopping() && n > 100000))
			return false;
		if (!rnd(4))
			arm(w);
		doing(form);
		got = read(fd, w->text + n, chunk);
		if (got > 0)
			n += got;
		w->text[n] = '\0';
		*size = n;
		if (!got)
			return true;
		if (got > 0)
			continue;
		check_error(w, form, w->at, errno, signals != had);
		if (errno == EINTR && signals != had)
			continue; /* and the next one goes on from there */
		if (strstr(w->text, "complete:"))
			bad(BAD_END, "%s: \"complete:\", and then an error", form);
		return false;
	}
}

/* Text of a range or, without one, of one address; by write and read */
static void text_walk(struct walker *w, const char *form, bool one)
{
	const int before = signals;
	int fd = rnd(4) ? w->fd : open(WALK, O_RDWR | O_CLOEXEC), pid;
	uint64_t start = 0, len = 0, root = 0;
	char request[100], *rest;
	size_t size = 0;
	int n;

	if (one)
		n = snprintf(request, sizeof(request), rnd(2) ? "%d:0x%" PRIx64 : "%d 0x%" PRIx64,
			     w->pid, w->start);
	else
		n = snprintf(request, sizeof(request),
			     rnd(2) ? "%d 0x%" PRIx64 " 0x%" PRIx64 : "%d:0x%" PRIx64 "+0x%" PRIx64,
			     w->pid, w->start, w->end - w->start);
	doing(form);
	if (fd < 0) {
		bad(BAD_END, "open: %s", error_name(errno));
		return;
	}
	if (write(fd, request, n) != n) {
		check_error(w, form, w->end, errno, false);
	} else {
		/* A pid's new request on a used file is answered from the start. */
		lseek(fd, 0, SEEK_SET);
		if (read_text(w, fd, form, &size)) {
			rest = parse_head(w->text, &pid, &start, &len, &root);
			if (!rest || strlen(w->text) != size || pid != w->pid ||
			    start != w->start || len != (one ? 0 : w->end - w->start) ||
			    (!w->kid && root != sh->root_pa))
				bad(BAD_RECORDS, "%s: \"%s\": \"%.200s\"", form, request, w->text);
			else if (one)
				check_text_one(w, form, rest, root);
			else
				check_text_range(w, form, rest);
			w->at = w->end;
			if (w->kid)
				count(DID_WALK_KID);
		}
	}
	count_n(DID_SIGNAL, signals - before);
	if (fd != w->fd)
		close(fd);
}

/* Whatever somebody asked last */
static void last_walk(struct walker *w)
{
	static const char form[] = "the last request";
	int fd = open(WALK, O_RDONLY | O_CLOEXEC), pid;
	uint64_t start = 0, len = 0, root = 0;
	size_t size = 0;
	char *rest;

	if (fd < 0) {
		bad(BAD_END, "open: %s", error_name(errno));
		return;
	}
	/* Not known of whom: all errors are a child's. */
	walk_begin(w, 0, true, 0, user_end);
	if (read_text(w, fd, form, &size)) {
		rest = parse_head(w->text, &pid, &start, &len, &root);
		w->start = start;
		w->end = start + (len ? len : PAGE);
		w->pid = rest ? pid : 0;
		if (!rest || strlen(w->text) != size)
			bad(BAD_RECORDS, "%s: \"%.200s\"", form, w->text);
		else if (len)
			check_text_range(w, form, rest);
		else
			check_text_one(w, form, rest, root);
		count(WALK_LAST);
	}
	close(fd);
}

/* A place worth a look: of what changes, of what does not, of both */
static uint64_t some_address(void)
{
	uint64_t n = rnd(16);

	if (n < 6)
		return ARENA(rnd(NR_MUTATORS)) + rnd(7) * 8 * MIB + rnd(1024) * PAGE;
	if (n < 9)
		return ARENA(rnd(NR_MUTATORS)) + (7 + rnd(4)) * GIB + rnd(1024) * PAGE;
	if (n < 10)
		return rnd(user_end / PAGE) * PAGE;
	return FIXED + rnd(rnd(2) ? NR_SMALL + 16 : FIXED_PAGES) * PAGE;
}

static uint64_t some_length(uint64_t start)
{
	static const uint64_t most[] = { 8, 600, 5000, GIB / PAGE, 4 * TIB / PAGE };
	uint64_t len = (1 + rnd(most[rnd(ARRAY_SIZE(most))])) * PAGE;

	return len < user_end - start ? len : user_end - start;
}

static void walk_once(struct walker *w)
{
	bool whole = !rnd(6), one = false;
	pid_t pid = sh->victim, other;
	uint64_t start = whole ? 0 : some_address(), len = whole ? user_end : some_length(start);
	bool is_kid = false;
	int form = rnd(16);

	if (!rnd(4)) {
		other = __atomic_load_n(&sh->kid[rnd(NR_KIDS)], __ATOMIC_RELAXED);
		is_kid = other > 0;
		if (is_kid)
			pid = other;
	}
	if (form >= 8 && form < 14)
		one = true;
	if (one) {
		start = some_address();
		len = PAGE;
	}
	if (form == 15) {
		last_walk(w);
		return;
	}
	walk_begin(w, pid, is_kid, start, len);
	if (form < 4) {
		ioctl_walk(w, "runs", 0);
		walk_end(w, "runs");
		count(WALK_RUNS);
	} else if (form < 7) {
		ioctl_walk(w, "raw", VERIFY_PTE_RAW);
		walk_end(w, "raw");
		count(WALK_RAW);
	} else if (form == 7 || form == 14) {
		text_walk(w, "text of a range", false);
		walk_end(w, "text of a range");
		count(WALK_TEXT);
	} else if (form < 11) {
		text_walk(w, "text of one address", true);
		walk_end(w, "text of one address");
		count(WALK_TEXT_ONE);
	} else {
		ioctl_walk(w, "single page", form == 11 ? 0 : VERIFY_PTE_RAW);
		walk_end(w, "single page");
		count(WALK_ONE);
	}
}

static void *walk(void *arg)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct walker *w = calloc(1, sizeof(*w));
	char path[64];

	worker_begin(arg);
	if (!w)
		bail_out("no memory");
	ev._sigev_un._tid = me->tid;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", sh->victim);
	w->pa_mask = UINT64_MAX;
	w->buf = malloc((MAX_RUNS + 1) * sizeof(struct verify_pte_run));
	w->text = malloc(MAX_TEXT + 1);
	w->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
	w->fd = open(WALK, O_RDWR | O_CLOEXEC);
	if (!w->buf || !w->text || w->pagemap_fd < 0 || w->fd < 0 ||
	    timer_create(CLOCK_MONOTONIC, &ev, &w->timer))
		bail_out("a walker: %s", strerror(errno));
	while (!stopping()) {
		walk_once(w);
		if (!rnd(50)) {
			close(w->fd);
			w->fd = open(WALK, O_RDWR | O_CLOEXEC);
			if (w->fd < 0)
				bail_out("open: %s", strerror(errno));
		}
	}
	timer_delete(w->timer);
	worker_end();
	return NULL;
}

static void walkers(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t threads[NR_WALKERS];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGALRM, &sa, NULL); /* no SA_RESTART */
	/* What is walked has to move faster than they do. */
	if (nice(5) < 0)
		comment("nice: %s", strerror(errno));
	shared_fd = open(WALK, O_RDWR | O_CLOEXEC);
	run_workers(NR_MUTATORS + 1, NR_WALKERS, "walker", walk, threads);
	for (i = 0; i < NR_WALKERS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* All of it */

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

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
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
	return what == DID_HUGETLB && !sh->have_hugetlb && !sh->count[what]
		       ? "no hugetlb pages of 2 MiB; see /proc/sys/vm/nr_hugepages"
		       : NULL;
}

/* Is there something that has to happen and has not, so far? */
static bool missing(void)
{
	unsigned int i;

	for (i = 0; i < NR_COUNTS; i++)
		if (!sh->count[i] && !counts[i].may_be_none && !count_skip(i))
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
			__atomic_store_n(&sh->stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < ARRAY_SIZE(children); i++) {
			if (children[i] <= 0 || waitpid(children[i], &status, WNOHANG) <= 0)
				continue;
			if (status || !stopping())
				bad(BAD_WORKER, "%s: ended early, or with status 0x%x",
				    i ? "the walkers" : "the victim", status);
			children[i] = 0;
			left--;
			__atomic_store_n(&sh->stop, true, __ATOMIC_RELAXED);
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

static unsigned int test_nr, nr_failed;

static void result(bool ok, const char *name, const char *skip)
{
	nr_failed += !ok;
	printf("%s %u - %s%s%s\n", ok ? "ok" : "not ok", ++test_nr, name, skip ? " # SKIP " : "",
	       skip ? skip : "");
}

int main(int argc, char **argv)
{
	unsigned int i, points = 0;
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
	read_ram();
	signal(SIGALRM, on_alarm);

	for (i = 0; i < NR_COUNTS; i++)
		points += !counts[i].may_be_none;
	printf("KTAP version 1\n1..%zu\n", points + ARRAY_SIZE(events) + NR_BAD);
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

		comment("%s: %" PRIu64, counts[i].name, sh->count[i]);
		if (!counts[i].may_be_none)
			result(sh->count[i] || skip, counts[i].name, skip);
	}
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const char *skip = events[i].swap && !have_swap ? "no swap" : NULL;

		comment("%s: %" PRIu64, events[i].name, event(i));
		result(event(i) || skip, events[i].name, skip);
	}
	for (i = 0; i < NR_BAD; i++) {
		if (sh->bad[i])
			comment("%" PRIu64 " times not so:", sh->bad[i]);
		result(!sh->bad[i], bad_name[i], NULL);
	}
	return nr_failed ? 1 : 0;
}
