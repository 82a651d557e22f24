// SPDX-License-Identifier: GPL-2.0
/*
 * A table of steps: walked down, stopped, broken off by a signal, undone; a step that fails
 * half-way is undone as well, since what it did before that is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/signals.h"
#include "run/step.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* "abc" for the steps a, b and c, then "-c-b-a" as they are undone */
static char said[64];

static struct report rep;
static struct run run;
static const struct backend no_container = { .name = "none", .has = 0 };

static void say(const char *word)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s", word);
}

static enum status step_a(struct run *r)
{
	say("a");
	run_detail(r, "detail of %s", "a");
	return STATUS_PASS;
}

static enum status step_b(struct run *r)
{
	say("b");
	(void)r;
	return STATUS_PASS;
}

static enum status fails(struct run *r)
{
	say("f");
	err_set(&r->end.err, 0, "it", "is wrong", "mend it");
	return STATUS_FAIL;
}

static enum status stops(struct run *r)
{
	say("s");
	err_set(&r->end.err, 22, "it", "cannot be", "");
	return STATUS_ERROR;
}

static enum status unverified(struct run *r)
{
	say("u");
	err_set(&r->end.err, 0, "it", "is not known", "");
	return STATUS_UNVERIFIED;
}

static enum status skips(struct run *r)
{
	say("k");
	run_detail(r, "why not");
	return STATUS_SKIP;
}

/* Half-way through it comes, and makes the step fail. */
static enum status interrupted(struct run *r)
{
	say("i");
	signal_seen = SIGTERM;
	err_set(&r->end.err, 4, "poll", "Interrupted system call", "");
	return STATUS_FAIL;
}

static enum status signalled(struct run *r)
{
	say("p");
	(void)r;
	signal_seen = SIGTERM;
	return STATUS_PASS;
}

#define UNDO(name)                             \
	static void undo_##name(struct run *r) \
	{                                      \
		(void)r;                       \
		say("-" #name);                \
	}
UNDO(a)
UNDO(b)
UNDO(f)
UNDO(s)
UNDO(i)
UNDO(p)
UNDO(u)

/* Its block is its own, is there for its undo, and starts as zeros. */
struct counted {
	unsigned int runs;
};

static enum status counts(struct run *r)
{
	struct counted *own = r->own;

	say(own->runs ? "?" : "n");
	own->runs = 7;
	return STATUS_PASS;
}

static void undo_n(struct run *r)
{
	const struct counted *own = r->own;

	say(own->runs == 7 ? "-n" : "-?");
}

static const struct step
	a = { .name = "a", .run = step_a, .undo = undo_a },
	b = { .name = "b", .run = step_b, .undo = undo_b },
	f = { .name = "f", .run = fails, .undo = undo_f },
	s = { .name = "s", .run = stops, .undo = undo_s },
	u = { .name = "u", .run = unverified, .undo = undo_u }, k = { .name = "k", .run = skips },
	i = { .name = "i", .run = interrupted, .undo = undo_i },
	p = { .name = "p", .run = signalled, .undo = undo_p },
	block = { .name = "n", .run = counts, .undo = undo_n, .own = sizeof(struct counted) },
	no_map = { .name = "x",
		   .needs = BACKEND_MAP,
		   .run = counts,
		   .undo = undo_n,
		   .own = sizeof(struct counted) },
	container = { .name = "c", .needs = BACKEND_CONTAINER, .run = step_b, .undo = undo_b },
	group = { .name = "g", .needs = BACKEND_GROUP, .run = step_b, .undo = undo_b },
	map = { .name = "m", .needs = BACKEND_MAP, .run = step_b, .undo = undo_b };

static const char *step_key(size_t nr, const char *key)
{
	return json_object_get_string(json_object_object_get(
		json_object_array_get_idx(report_object(&rep, "steps"), nr), key));
}

static int setup(void **state)
{
	(void)state;
	memset(said, 0, sizeof(said));
	memset(&run, 0, sizeof(run));
	signal_seen = 0;
	/* No text: the report is JSON that nobody prints. */
	testimonies_init(&run.testimonies);
	report_init(&rep, &run.testimonies, REPORT_JSON, true, false, 0);
	/* The witnesses without which no run passes have spoken. */
	testimony_give(&run.testimonies.said[WITNESS_MODULE], STATUS_PASS, 1, 0, NULL);
	testimony_give(&run.testimonies.said[WITNESS_PAGEMAP], STATUS_PASS, 1, 0, NULL);
	testimony_give(&run.testimonies.said[WITNESS_IOMMU], STATUS_PASS, 1, 0, NULL);
	run.rep = &rep;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signal_seen = 0;
	report_deinit(&rep);
	return 0;
}

#define WALK(...)                                                         \
	do {                                                              \
		const struct step steps[] = { __VA_ARGS__ };              \
                                                                          \
		steps_run(steps, sizeof(steps) / sizeof(steps[0]), &run); \
	} while (0)

static void expect_steps(const char *const *status, const char *const *detail, size_t nr)
{
	size_t n;

	assert_int_equal(json_object_array_length(report_object(&rep, "steps")), nr);
	assert_int_equal(rep.nr, nr);
	for (n = 0; n < nr; n++) {
		assert_string_equal(step_key(n, "status"), status[n]);
		assert_string_equal(step_key(n, "detail"), detail[n]);
	}
}

static void test_order(void **state)
{
	static const char *const status[] = { "pass", "pass", "skip" };
	static const char *const detail[] = { "detail of a", "", "why not" };

	(void)state;
	WALK(a, b, k);
	assert_string_equal(said, "abk-b-a");
	expect_steps(status, detail, 3);
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
}

/* What failed goes on, and is undone too. */
static void test_failed(void **state)
{
	static const char *const status[] = { "pass", "fail", "pass" };
	static const char *const detail[] = { "detail of a", "", "" };

	(void)state;
	WALK(a, f, b);
	assert_string_equal(said, "afb-b-f-a");
	expect_steps(status, detail, 3);
	assert_int_equal(report_verdict(&rep), STATUS_FAIL);
	assert_false(rep.have_err);
}

/* What stops the run may have done half of its work: it is undone as well. */
static void test_stopped(void **state)
{
	static const char *const status[] = { "pass", "fail", "skip", "skip" };
	static const char *const detail[] = { "detail of a", "", "not reached", "not reached" };

	(void)state;
	WALK(a, s, b, f);
	assert_string_equal(said, "as-s-a");
	expect_steps(status, detail, 4);
	assert_int_equal(report_verdict(&rep), STATUS_ERROR);
	assert_true(rep.have_err);
	assert_string_equal(rep.err.why, "cannot be");
	assert_int_equal(rep.err.no, 22);
}

static void test_first_step_stops(void **state)
{
	(void)state;
	WALK(s, a);
	assert_string_equal(said, "s-s");
}

static void test_unverified(void **state)
{
	(void)state;
	WALK(u, a);
	assert_string_equal(said, "ua-a-u");
	assert_int_equal(report_verdict(&rep), STATUS_UNVERIFIED);
	assert_false(rep.have_err);
	assert_string_equal(step_key(0, "status"), "unverified");
}

/* What a signal broke off did not fail; nothing after it runs. */
static void test_signal_within(void **state)
{
	static const char *const status[] = { "pass", "skip", "skip" };
	static const char *const detail[] = { "detail of a", "interrupted", "not reached" };

	(void)state;
	WALK(a, i, b);
	assert_string_equal(said, "ai-i-a");
	expect_steps(status, detail, 3);
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
}

/* A step that ended well before the signal was seen did so. */
static void test_signal_between(void **state)
{
	static const char *const status[] = { "pass", "pass", "skip" };
	static const char *const detail[] = { "detail of a", "", "not reached" };

	(void)state;
	WALK(a, p, b);
	assert_string_equal(said, "ap-p-a");
	expect_steps(status, detail, 3);
}

static void test_signal_before(void **state)
{
	(void)state;
	signal_seen = SIGINT;
	WALK(a, b);
	assert_string_equal(said, "");
	assert_string_equal(step_key(0, "detail"), "not reached");
}

/* A step that the back end has no use for is not run, and not undone where it comes last. */
static void test_back_end(void **state)
{
	static const char *const status[] = { "pass", "skip", "skip", "skip" };
	static const char *const detail[] = {
		"detail of a", "none has no container",
		"none takes the device by its own node, not through its group",
		"none has no IOMMU that memory could be mapped in"
	};

	(void)state;
	run.target.vfio.be = &no_container;
	WALK(a, container, group, map);
	assert_string_equal(said, "a-a");
	expect_steps(status, detail, 4);
}

/* Two steps of one kind have a block each; one that did not run has none, and no undo. */
static void test_own_blocks(void **state)
{
	(void)state;
	run.target.vfio.be = &no_container;
	WALK(block, a, no_map, block, b);
	assert_string_equal(said, "nanb-b-n-a-n");
	assert_null(run.own);
}

/* What one step left there is no reason of the next. */
static void test_nothing_carried_over(void **state)
{
	struct json_object *err;

	(void)state;
	WALK(f, b);
	assert_true(json_object_object_get_ex(
		json_object_array_get_idx(report_object(&rep, "steps"), 0), "error", &err));
	assert_false(json_object_object_get_ex(
		json_object_array_get_idx(report_object(&rep, "steps"), 1), "error", &err));
	assert_string_equal(step_key(1, "detail"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_order),	   TEST(test_failed),
		TEST(test_stopped),	   TEST(test_first_step_stops),
		TEST(test_unverified),	   TEST(test_signal_within),
		TEST(test_signal_between), TEST(test_signal_before),
		TEST(test_back_end),	   TEST(test_nothing_carried_over),
		TEST(test_own_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
