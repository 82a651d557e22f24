// SPDX-License-Identifier: GPL-2.0
/* What a run names at its end as kept from this user, and what was required and not proven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "run/step.h"

static struct report rep;
static struct run run;
static struct run_opts opts;
static const struct backend any = { .name = "any" };

static int setup(void **state)
{
	(void)state;
	memset(&run, 0, sizeof(run));
	memset(&opts, 0, sizeof(opts));
	run.opts = &opts;
	run.target.vfio.be = &any;
	testimonies_init(&run.testimonies);
	report_init(&rep, &run.testimonies, REPORT_JSON, true, false, 0);
	run.rep = &rep;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_deinit(&rep);
	return 0;
}

/* A step has ended unverified by a call that failed with @no; 0: by none */
static void unverified(const char *name, int no)
{
	struct err err = { .what = "it" };

	err.no = no;
	report_step(&rep, name, STATUS_UNVERIFIED, "", no ? &err : NULL);
}

static void expect_named(const char *names)
{
	assert_int_equal(step_summary(&run), STATUS_PASS);
	assert_string_equal(run.privilege, names);
}

/* Without the module, nobody was asked who is asked through it or held against it. */
static void test_all_denied(void **state)
{
	char tail[96];

	(void)state;
	unverified("module", EPERM);
	unverified("page-user", 0);
	unverified("pagemap", 0);
	unverified("iommu", 0);
	unverified("dma-fault", EACCES);
	expect_named("module, page-user, pagemap, iommu, dma-fault");
	run_verdict_tail(&run, tail, sizeof(tail));
	assert_string_equal(tail,
			    "; needs privilege: module, page-user, pagemap, iommu, dma-fault");
	assert_int_equal(json_object_array_length(report_object(&rep, "needs_privilege")), 5);
}

/* Each by itself: what was asked and not answered for another reason is not named. */
static void test_some_denied(void **state)
{
	(void)state;
	report_step(&rep, "module", STATUS_PASS, "", NULL);
	report_step(&rep, "page-user", STATUS_PASS, "", NULL);
	unverified("pagemap", EPERM);
	unverified("iommu", EOPNOTSUPP);
	unverified("dma-fault", ETIME);
	expect_named("pagemap");
	teardown(NULL);
	setup(NULL);
	unverified("module", ENOENT);
	unverified("page-user", 0);
	unverified("pagemap", 0);
	expect_named("");
	teardown(NULL);
	setup(NULL);
	/* A failure is no question of privilege. */
	report_step(&rep, "iommu", STATUS_FAIL, "", &(struct err){ .what = "it", .no = EPERM });
	expect_named("");
	/* Nor is a step that takes none. */
	unverified("reset", EPERM);
	expect_named("");
}

static void test_require(void **state)
{
	(void)state;
	assert_int_equal(step_require(&run), STATUS_SKIP);
	opts.require = WITNESS_BIT(WITNESS_MODULE) | WITNESS_BIT(WITNESS_INTERRUPTS);
	testimony_give(&run.testimonies.said[WITNESS_MODULE], STATUS_PASS, 4, 0, NULL);
	assert_int_equal(step_require(&run), STATUS_UNVERIFIED);
	assert_string_equal(run.end.err.why, "interrupts");
	testimony_give(&run.testimonies.said[WITNESS_INTERRUPTS], STATUS_PASS, 2, 0, NULL);
	assert_int_equal(step_require(&run), STATUS_PASS);
	/* Of a further device it is not. */
	testimonies_further(&run.testimonies, WITNESS_INTERRUPTS, "0000:01:00.0", "not tried");
	assert_int_equal(step_require(&run), STATUS_UNVERIFIED);
	assert_string_equal(run.end.err.why, "interrupts");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_all_denied),
		TEST(test_some_denied),
		TEST(test_require),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
