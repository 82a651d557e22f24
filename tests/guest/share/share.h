/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of share share; main.c says what it is about. */
#ifndef SHARE_H
#define SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "uapi/verify_pte.h"

#define AREA  ((char *)0x200000000000)
#define PAGES 1200 /* every other one is there: as many runs */

/* Of the point at hand */
extern bool failed;
extern const char *skipped; /* why; NULL if it is not */
__attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...);

/* area.c */
/* Memory that takes many records to tell */
void make_area(size_t pages);
int fragments(size_t pages);
/* A process that has it and does what @then does; it is there when this returns. */
pid_t spawn(void (*then)(int go), int *go);
void stay(int go);
void reap(pid_t pid);
/* Asks about @pages of @pid as text. */
void request(int fd, pid_t pid, uint64_t pages);
/* All that is left from @at on; what it ended with is *err */
char *read_rest(int fd, off_t at, int *err);

/* second.c */
void test_second_request(void);
void test_ioctl_between(void);
void test_first_thread(void);

/* fault.c */
void test_fault(void);

/* calls.c */
/* The next call of the answer that *ask is of, with room for @nr records; 0 or an errno */
int go_on(int fd, struct verify_pte_walk *ask, pid_t pid, uint32_t nr);
void want(int err, int wanted, const char *what);
void test_continue(void);
void test_exec(void);
void test_references(void);

/* callers.c */
void test_pid_namespace_asked(void);
void test_compat(void);
void test_soft_bits(void);

#endif /* SHARE_H */
