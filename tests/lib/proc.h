/* SPDX-License-Identifier: GPL-2.0 */
/* Time, other processes, and the kernel's files of words and numbers */
#ifndef TESTS_PROC_H
#define TESTS_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC, in seconds */
double now(void);

/* Sleeps for @us microseconds, or until a signal comes. */
void nap(uint64_t us);

/* Writes @word into the file @path, as of sysfs; 0 or -errno. */
int tell(const char *path, const char *word);

/* The number after @word and a blank or colon, in the last such line of @path; 0 if none has it. */
uint64_t number_in(const char *path, const char *word);

/* Waits for the child @pid: its status, or -1 if it has not ended within @seconds. */
int ends_within(pid_t pid, double seconds);

/* Prints as comments where in the kernel each thread of @pid is, to help find the cause. */
void say_where(pid_t pid);

/*
 * Kills this process if it has not ended after @seconds, with comments that say so and where it
 * hangs.  It is for a program that waits for others: if it hangs, it fails within the time of its
 * group.  To be called before any thread is created.
 */
void limit_time(unsigned int seconds);

#endif /* TESTS_PROC_H */
