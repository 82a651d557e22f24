// SPDX-License-Identifier: GPL-2.0
/* The victim: its mappings come, change and go, and it forks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

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

int kid_main(void)
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

void victim(void)
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
