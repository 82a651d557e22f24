// SPDX-License-Identifier: GPL-2.0
/* The one function that asks a witness: in which order, what it refuses, and what it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run/ask.h"

/* "oamjt" as its functions are called */
static char said[16];
static struct run run;
static enum status opens, asks, more, judges;

static void say(const char *word)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s", word);
}

static enum status open_it(struct run *r)
{
	(void)r;
	say("o");
	return opens;
}

static enum status ask_it(struct run *r, struct testimony *t)
{
	const uint64_t until = now_ns() + 1000000;

	(void)r;
	(void)t;
	say("a");
	while (now_ns() < until)
		;
	return asks;
}

static enum status ask_more(struct run *r)
{
	(void)r;
	say("m");
	return more;
}

static void judge_it(struct run *r, struct testimony *t)
{
	(void)r;
	say("j");
	testimony_give(t, judges, 4, judges == STATUS_FAIL, NULL);
}

/* What it tells of has been timed. */
static void tell_it(struct run *r, const struct testimony *t)
{
	(void)r;
	say(t->ns ? "t" : "n");
}

static struct asker asker;

static int setup(void **state)
{
	(void)state;
	said[0] = '\0';
	opens = asks = more = judges = STATUS_PASS;
	memset(&run, 0, sizeof(run));
	testimonies_init(&run.testimonies);
	asker = (struct asker){
		WITNESS_MODULE, open_it, ask_it, ask_more, judge_it, tell_it, NULL
	};
	return 0;
}

static const struct testimony *heard(void)
{
	return &run.testimonies.said[asker.id];
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(run_ask(&run, &asker), STATUS_PASS);
	assert_string_equal(said, "oamjt");
	assert_int_equal(heard()->judged, 4);
	assert_true(heard()->ns >= 1000000 / 4);
	assert_true(testimony_proven(heard()));
}

/* What has no more to gather is judged by what there is. */
static void test_least(void **state)
{
	(void)state;
	asker.open = NULL;
	asker.ask_more = NULL;
	asker.tell = NULL;
	assert_int_equal(run_ask(&run, &asker), STATUS_PASS);
	assert_string_equal(said, "aj");
}

/* Nothing is judged where not all evidence is there, and nobody has testified. */
static void test_ends_early(void **state)
{
	(void)state;
	more = STATUS_UNVERIFIED;
	assert_int_equal(run_ask(&run, &asker), STATUS_UNVERIFIED);
	assert_string_equal(said, "oam");
	setup(NULL);
	asks = STATUS_FAIL;
	assert_int_equal(run_ask(&run, &asker), STATUS_FAIL);
	assert_string_equal(said, "oa");
	setup(NULL);
	opens = STATUS_SKIP;
	assert_int_equal(run_ask(&run, &asker), STATUS_SKIP);
	assert_string_equal(said, "o");
	assert_int_equal(heard()->judged, 0);
	assert_int_equal(testimony_status(heard()), STATUS_SKIP);
}

static void test_judged(void **state)
{
	(void)state;
	judges = STATUS_FAIL;
	assert_int_equal(run_ask(&run, &asker), STATUS_FAIL);
	assert_string_equal(said, "oamjt");
	assert_int_equal(testimony_status(heard()), STATUS_FAIL);
}

/* It is held against another's answer: without that it is not even opened. */
static void test_against(void **state)
{
	(void)state;
	asker.id = WITNESS_IOMMU;
	assert_int_equal(run_ask(&run, &asker), STATUS_UNVERIFIED);
	assert_string_equal(said, "");
	assert_string_equal(run.end.detail, "nothing from the module to compare with");
	run.testimonies.said[WITNESS_MODULE].answered = true;
	assert_int_equal(run_ask(&run, &asker), STATUS_PASS);
	assert_string_equal(said, "oamjt");
}

/* One that waits on purpose is not timed. */
static void test_not_timed(void **state)
{
	(void)state;
	asker.id = WITNESS_INTERRUPTS;
	assert_int_equal(run_ask(&run, &asker), STATUS_PASS);
	assert_string_equal(said, "oamjn");
	assert_int_equal(heard()->ns, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_order),  TEST(test_least),   TEST(test_ends_early),
		TEST(test_judged), TEST(test_against), TEST(test_not_timed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
