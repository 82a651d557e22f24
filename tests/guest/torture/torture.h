/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of torture share; main.c says what it is about. */
#ifndef TORTURE_H
#define TORTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "ktap.h"
#include "proc.h"
#include "tally.h"

#define TIB (UINT64_C(1) << 40)

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define NR_MUTATORS 3
#define NR_WALKERS  4
#define NR_WORKERS  (NR_MUTATORS + 1 + NR_WALKERS) /* 1: who forks */
#define NR_KIDS	    3

/* A worker that does nothing for as long is hung, however slow the machine. */
/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 4

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

/* What can be wrong */
enum { BAD_FIXED, BAD_END, BAD_RECORDS, BAD_WORKER, NR_BAD };

struct worker {
	char name[24];
	pid_t tid; /* 0: not there, or ended */
	const char *doing;
	uint64_t beats;
};

/* Between all processes */
struct shared {
	struct tally tally;
	bool ready;
	bool have_thp, have_hugetlb;
	pid_t victim;
	pid_t kid[NR_KIDS];
	uint64_t root_pa;
	struct worker worker[NR_WORKERS];
};

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

struct part {
	unsigned int first, nr;
	struct page page;
};

#define ARENA(n) (UINT64_C(0x200000000000) + (n) * (UINT64_C(1) << 40))

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

/* workers.c */
extern struct shared *sh;
extern uint64_t seed;
extern uint64_t user_end;
extern unsigned int levels;
extern __thread struct worker *me;
void rnd_init(uint64_t salt);
void doing(const char *what);
void worker_begin(struct worker *w);
void worker_end(void);
void run_workers(unsigned int first, unsigned int nr, const char *name, void *(*run)(void *),
		 pthread_t *threads);

/* fixed.c */
void read_ram(void);
bool in_ram(uint64_t pa, uint64_t len);
const struct part *part_of(uint64_t page);
bool part_is_hole(const struct part *part, unsigned int page);
bool has_fixed(uint64_t start, uint64_t end);
void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd);
void fixed_init(void);

/* victim.c */
int kid_main(void);
void victim(void);

/* walkers.c */
extern int shared_fd; /* of all walkers */
extern __thread volatile sig_atomic_t signals;
void arm(const struct walker *w);
void walk_begin(struct walker *w, pid_t pid, bool kid, uint64_t start, uint64_t len);
void take(struct walker *w, uint64_t va, uint64_t len, int kind, int level, unsigned int rights,
	  uint64_t pa);
void saw(int kind, unsigned int level);
void walkers(void);

/* records.c */
bool framed(int kind);
uint64_t naive_pa(const struct walker *w, uint64_t entry, unsigned int level, bool table);
bool entry_fits(int kind, unsigned int level, uint64_t entry);
void check_runs(struct walker *w, const char *form, const struct verify_pte_run *r, unsigned int nr,
		uint64_t at, uint64_t next, const uint64_t *pages);
void check_error(const struct walker *w, const char *form, uint64_t at, int err, bool signalled);
void ioctl_walk(struct walker *w, const char *form, uint32_t flags);

/* text.c */
void text_walk(struct walker *w, const char *form, bool one);
void last_walk(struct walker *w);

#endif /* TORTURE_H */
