// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that make one answer about a device: all of them are of one domain, or the answer
 * fails.  ioctl() of this test stands for the module, and keeps the contract of its header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "module/client.h"

#define GIB  (1ULL << 30)
#define SIZE (3 * GIB)

static struct {
	uint64_t piece;	      /* bytes that a call answers, as if a signal came; 0: all */
	unsigned int move_at; /* before this call the device gets another domain; 0: never */
	bool no_number;	      /* a call that is not the last one gives no number */
	unsigned int calls, answers, domain, domain_of_answer;
	struct itimerval timer; /* during the last call */
} module;

int ioctl(int fd, unsigned long cmd, ...)
{
	struct verify_pte_walk *ask;
	struct verify_pte_run *run;
	va_list ap;

	va_start(ap, cmd);
	ask = va_arg(ap, void *);
	va_end(ap);
	assert_int_equal(fd, 77);
	assert_int_equal(cmd, VERIFY_PTE_IOC_IOVA);
	getitimer(ITIMER_REAL, &module.timer);
	if (++module.calls == module.move_at)
		module.domain++;
	if (!ask->answer) {
		module.answers++;
		module.domain_of_answer = module.domain;
	} else if (module.domain_of_answer != module.domain) {
		errno = EAGAIN;
		return -1;
	}
	run = (void *)(uintptr_t)ask->buf;
	*run = (struct verify_pte_run){
		.vaddr = ask->start,
		.len = module.piece && module.piece < ask->len ? module.piece : ask->len,
		.pa = ((uint64_t)module.domain << 40) + ask->start,
		.kind = PT_LEAF,
	};
	ask->nr = 1;
	ask->next = ask->start + run->len;
	ask->answer = run->len < ask->len && !module.no_number ? 5 : 0;
	return 0;
}

static int get(uint64_t piece, unsigned int move_at, bool no_number)
{
	const struct verify_pte_who who = { .id = 8 };
	struct verify_pte_run *runs = NULL;
	struct verify_pte_walk sum;
	uint64_t at = 0;
	size_t nr = 0, i;
	int ret;

	memset(&module, 0, sizeof(module));
	module.domain = 1;
	module.piece = piece;
	module.move_at = move_at;
	module.no_number = no_number;
	ret = verify_pte_get(77, who, 0, SIZE, VERIFY_PTE_IOVAS, (void **)&runs, &nr, &sum);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		assert_int_equal(runs[i].vaddr, at);
		assert_int_equal(runs[i].pa >> 40, runs[0].pa >> 40);
		at += runs[i].len;
	}
	assert_int_equal(at, SIZE);
	/* Where a call ended is no end of a run. */
	assert_int_equal(nr, 1);
	free(runs);
	return 0;
}

static void test_one_answer(void **state)
{
	(void)state;
	assert_int_equal(get(0, 0, false), 0);
	assert_int_equal(module.answers, 1);
	/* A range of any length is one answer, in as many calls as the module makes of it. */
	assert_int_equal(get(GIB / 2, 0, false), 0);
	assert_int_equal(module.answers, 1);
	assert_int_equal(module.calls, 6);
}

/* The device moves between any two calls: the answer is begun again, and all of it is new. */
static void test_moved(void **state)
{
	unsigned int at;

	(void)state;
	for (at = 2; at <= 3; at++) {
		assert_int_equal(get(GIB, at, false), 0);
		assert_int_equal(module.domain, 2);
		assert_int_equal(module.answers, 2);
	}
}

/* A part without the number to go on with could be continued by a part of another domain. */
static void test_no_number(void **state)
{
	(void)state;
	assert_int_equal(get(GIB, 0, true), -EPROTO);
	assert_int_equal(module.calls, 1);
}

static bool at_second(void *arg)
{
	return ++*(int *)arg == 2;
}

/* Between two calls, and not after the last one, the answer can be given up. */
static void test_given_up(void **state)
{
	int asked = 0;
	const struct verify_pte_who who = { .id = 8, .give_up = at_second, .arg = &asked };
	struct verify_pte_run *runs = NULL;
	struct verify_pte_walk sum;
	size_t nr;

	(void)state;
	memset(&module, 0, sizeof(module));
	module.piece = GIB;
	assert_int_equal(verify_pte_get(77, who, 0, SIZE, VERIFY_PTE_IOVAS, (void **)&runs, &nr,
					&sum),
			 -ECANCELED);
	assert_int_equal(module.calls, 2);
	asked = 0;
	module.piece = 2 * GIB;
	assert_int_equal(
		verify_pte_get(77, who, 0, SIZE, VERIFY_PTE_IOVAS, (void **)&runs, &nr, &sum), 0);
	assert_int_equal(asked, 1);
	free(runs);
}

/* A timer ends each call after a while, and is gone afterwards. */
static void test_timer(void **state)
{
	struct sigaction now;
	struct itimerval timer;

	(void)state;
	assert_int_equal(get(0, 0, false), 0);
	assert_in_range(module.timer.it_interval.tv_usec, 1, 500000);
	assert_int_equal(module.timer.it_interval.tv_sec, 0);
	getitimer(ITIMER_REAL, &timer);
	assert_int_equal(timer.it_value.tv_sec + timer.it_value.tv_usec, 0);
	sigaction(SIGALRM, NULL, &now);
	assert_true(now.sa_handler == SIG_DFL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_answer), cmocka_unit_test(test_moved),
		cmocka_unit_test(test_no_number),  cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
