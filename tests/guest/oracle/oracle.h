/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of oracle share; main.c says what it is about. */
#ifndef ORACLE_H
#define ORACLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind and PT_*; no decoding */
#include "ktap.h"

/* Where memory is made: nothing else of a process comes here. */
#define ARENA	   UINT64_C(0x200000000000)
#define ARENA_SIZE (UINT64_C(1) << 40)
#define HIGH	   (UINT64_C(1) << 48) /* past it with 5 levels only */

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif

enum state { EMPTY, PRESENT, SWAPPED };

struct span {
	uint64_t va, len, pa;
	int state;
};

struct spans {
	struct span *s;
	size_t nr, room;
};

/* What the pages of a part must be like, where they are present. */
struct want {
	uint64_t from, to; /* from the start of the arena */
	int kind, level;
	unsigned int rights;
};

struct mem {
	pid_t pid;	  /* whose; 0 = our own */
	uint64_t va, len; /* what is asked about */
	uint64_t present; /* base pages that pagemap must have; ANY */
	struct want want[8];
	unsigned int nr_want;	  /* 0: nothing is known beforehand */
	uint64_t io_pa;		  /* a device's memory: pagemap knows nothing of it */
	uint64_t map_va, map_len; /* one more mapping to take down */
	struct spans oracle;	  /* what pagemap said last */
};

#define ANY UINT64_MAX

/* [start, end) of /proc/PID/maps in a range; SPECIAL are those without pages */
enum { ORDINARY, SPECIAL };

struct answer {
	struct verify_pte_run *r;
	size_t nr, room;
	int fd;
	struct verify_pte_walk info; /* of the last call; text fills in what it has */
	uint64_t pages[PT_NR_KINDS];
};

#define NR_WAYS 6

struct way {
	const char *name;
	void (*ask)(const struct mem *m, const struct spans *vmas, struct answer *a);
	bool joined;  /* its runs are as long as they can be */
	bool sampled; /* not of every page */
};

/* point.c */
extern bool failed; /* the point at hand */
extern char skipped[200];
__attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void skip(const char *fmt, ...);
void test_begin(void);
void test_end(const char *name, const char *way);

/* files.c */
void *grow(void *array, size_t nr, size_t *room, size_t size);
char *read_all(int fd, size_t chunk, size_t *size, int *err);
char *read_path(const char *path);
uint64_t read_number(const char *path);
bool write_path(const char *path, const char *text);
bool cpu_has(const char *word);

/* spans.c */
void spans_add(struct spans *l, uint64_t va, uint64_t len, int state, uint64_t pa);
void spans_free(struct spans *l);
bool spans_equal(const struct spans *a, const struct spans *b);
uint64_t spans_pages(const struct spans *l, int state);
struct spans read_vmas(pid_t pid, uint64_t start, uint64_t len);
void read_pagemap(const struct mem *m, const struct spans *vmas, struct spans *out);

/* ask.c */
struct verify_pte_run *answer_add(struct answer *a);
int walk_call(struct verify_pte_walk *arg);
struct verify_pte_walk walk_arg(pid_t pid, uint64_t start, uint64_t len, void *buf, unsigned int nr,
				unsigned int flags);
void ask_all(const struct mem *m, const struct spans *vmas, struct answer *a);
void ask_three(const struct mem *m, const struct spans *vmas, struct answer *a);
uint64_t naive_pa(const struct verify_pte_entry *e, uint64_t pa_mask, bool huge);
void raw_run(struct answer *a, const struct verify_pte_entry *path, unsigned int level, uint64_t va,
	     uint64_t len);
void ask_raw(const struct mem *m, const struct spans *vmas, struct answer *a);
void ask_raw_five(const struct mem *m, const struct spans *vmas, struct answer *a);

/* text.c */
extern const char *const kind_words[PT_NR_KINDS];
int walk_request(int fd, const char *text);
char *ask_text_once(const char *request, int *err);
void ask_text(const struct mem *m, const struct spans *vmas, struct answer *a);
void ask_levels(const struct mem *m, const struct spans *vmas, struct answer *a);

/* compare.c */
extern const struct way ways[NR_WAYS];
void check_way(struct mem *m, const struct way *way);

/* kinds_page.c */
void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd);
void *map_anon(uint64_t offset, uint64_t len, int prot);
void touch(void *p, uint64_t len);
void look_at(const void *p, uint64_t len);
void want(struct mem *m, uint64_t from, uint64_t to, int kind, int level, unsigned int rights);
void want_all(struct mem *m, uint64_t len, int kind, int level, unsigned int rights);
void make_anon(struct mem *m);
void make_anon_rwx(struct mem *m);
void make_memfd(struct mem *m);
void make_file_read(struct mem *m);
void make_file_exec(struct mem *m);
void make_untouched(struct mem *m);
void make_zero_page(struct mem *m);
void make_read_only(struct mem *m);
void make_prot_none(struct mem *m);
void make_prot_none_untouched(struct mem *m);
void every_other(struct mem *m, unsigned int pages);
void make_every_other(struct mem *m);
void make_pkey(struct mem *m);

/* kinds_huge.c */
void make_thp(struct mem *m);
void make_thp_part(struct mem *m);
void make_thp_prot_none(struct mem *m);
void make_thp_split(struct mem *m);
void make_hugetlb_2m(struct mem *m);
void make_hugetlb_2m_prot_none(struct mem *m);
void make_hugetlb_1g(struct mem *m);
void make_hugetlb_1g_part(struct mem *m);
void make_hugetlb_1g_prot_none(struct mem *m);

/* kinds_range.c */
void make_holes(struct mem *m);
void make_cut(struct mem *m);
void make_sparse(struct mem *m);
void make_many_tables(struct mem *m);
void make_swapped(struct mem *m);
void make_device(struct mem *m);
void make_high(struct mem *m);

/* kinds_process.c */
extern pid_t cow_child;
pid_t spawn(void (*setup)(void));
void reap(pid_t pid);
void other_setup(void);
void make_other(struct mem *m);
void make_other_all(struct mem *m);
void make_cow(struct mem *m);
void make_uffd_wp(struct mem *m);
void make_poisoned(struct mem *m);
void make_guard(struct mem *m);
void make_thousand_vmas(struct mem *m);

/* calls.c */
uint64_t some_page(void);
void test_file(void);
void test_open(void);
void test_root(void);
void test_exec_root(void);
void test_ioctl_fields(void);
void test_ioctl_argsz(void);
void test_ioctl_one_page(void);
void test_ioctl_number(void);
void test_ioctl_raw_nr(void);
void test_dead(void);

/* requests.c */
void test_requests(void);
void test_refused(void);
void test_forms(void);
void test_no_vma(void);
void test_pieces(void);
void test_second_request(void);
void test_two_files(void);
void test_read_only(void);
void test_dies_half_read(void);

#endif /* ORACLE_H */
