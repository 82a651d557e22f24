// SPDX-License-Identifier: GPL-2.0
/*
 * What a run reports: the exit code of each verdict, the witnesses' figures in JSON, a held
 * report that is no verdict, and what becomes of it when the run ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/report.h"

static struct report rep;
static struct testimonies all;
static int saved = -1; /* stdout as it was */
static char path[] = "/tmp/test_run_report.XXXXXX";
static char printed[16384];

static const struct err wrong = { .what = "it", .why = "is wrong", .fix = "mend it", .no = 5 };

static int setup(void **state)
{
	(void)state;
	testimonies_init(&all);
	report_init(&rep, &all, REPORT_JSON, false, false, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_deinit(&rep);
	return 0;
}

/* From here on stdout is that file. */
static void capture(int fd)
{
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
}

static void release(void)
{
	fflush(stdout);
	clearerr(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
}

static int open_file(int flags)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	fd = open(path, O_RDWR | flags);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static const char *read_back(int fd)
{
	ssize_t n = pread(fd, printed, sizeof(printed) - 1, 0);

	assert_true(n >= 0 && n < (ssize_t)sizeof(printed) - 1);
	printed[n] = '\0';
	return printed;
}

/* It was asked for so many, of so many that there are. */
static void of(struct testimony *t, uint64_t to_judge, uint64_t total)
{
	t->to_judge = to_judge;
	t->total = total;
}

/* In the order of the witnesses */
static void all_speak(void)
{
	static const char *const steps[] = { "page-user", "pagemap", "iommu", "device-dma",
					     "interrupts" };
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		testimony_give(&all.said[i], STATUS_PASS, 256, 0, NULL);
		report_step(&rep, steps[i], STATUS_PASS, "fine", NULL);
	}
}

static const char *word(struct json_object *obj, const char *key)
{
	return json_object_get_string(json_object_object_get(obj, key));
}

static struct json_object *root(const char *key)
{
	return json_object_object_get(rep.root, key);
}

/* The final report, thrown away */
static void finish(void)
{
	int fd = open("/dev/null", O_WRONLY);

	capture(fd);
	assert_int_equal(report_finish(&rep, ""), 0);
	release();
	close(fd);
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(status_exit_code(STATUS_PASS), 0);
	assert_int_equal(status_exit_code(STATUS_FAIL), 1);
	assert_int_equal(status_exit_code(STATUS_ERROR), 2);
	assert_int_equal(status_exit_code(STATUS_UNVERIFIED), 4);
}

/* A failure is worse than a doubt, and what stopped the run than both. */
static void test_ranks(void **state)
{
	(void)state;
	all_speak();
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
	report_step(&rep, "a", STATUS_PASS, "", NULL);
	report_step(&rep, "b", STATUS_SKIP, "", NULL);
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
	report_step(&rep, "c", STATUS_UNVERIFIED, "", &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_UNVERIFIED);
	report_step(&rep, "d", STATUS_FAIL, "", &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_FAIL);
	report_step(&rep, "e", STATUS_UNVERIFIED, "", &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_FAIL);
	assert_false(rep.have_err);
	report_step(&rep, "f", STATUS_ERROR, "", &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_ERROR);
	report_step(&rep, "g", STATUS_FAIL, "", &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_ERROR);
	assert_true(rep.have_err);
}

/* No run passes in which module, pagemap or IOMMU said nothing, whatever its steps say. */
static void test_needed(void **state)
{
	static const struct {
		const char *name, *step;
		enum status without;
	} rows[] = {
		{ "module", "page-user", STATUS_UNVERIFIED },
		{ "pagemap", "pagemap", STATUS_UNVERIFIED },
		{ "iommu", "iommu", STATUS_UNVERIFIED },
		{ "device_dma", "device-dma", STATUS_PASS },
		{ "interrupts", "interrupts", STATUS_PASS },
	};
	size_t i;

	(void)state;
	assert_int_equal(report_verdict(&rep), STATUS_UNVERIFIED);
	all_speak();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		testimony_give(&all.said[witness_named(rows[i].name)], STATUS_SKIP, 0, 0,
			       "left out");
		report_step(&rep, rows[i].step, STATUS_SKIP, "left out", NULL);
		assert_int_equal(report_verdict(&rep), rows[i].without);
		testimony_give(&all.said[witness_named(rows[i].name)], STATUS_PASS, 1, 0, NULL);
		assert_int_equal(report_verdict(&rep), STATUS_PASS);
	}
}

/* What the first device did is no proof of what a further one did not. */
static void test_further(void **state)
{
	struct json_object * not ;
	int i;

	(void)state;
	all_speak();
	assert_true(testimonies_proven(&all, WITNESS_DEVICE_DMA));
	/* More than there can be are not written past the end. */
	for (i = 0; i < MAX_FURTHER + 2; i++)
		testimonies_further(&all, WITNESS_DEVICE_DMA, "0000:01:00.0", "no driver");
	assert_false(testimonies_proven(&all, WITNESS_DEVICE_DMA));
	/* It says nothing of any other witness. */
	assert_true(testimonies_proven(&all, WITNESS_INTERRUPTS));
	assert_true(testimonies_proven(&all, WITNESS_IOMMU));
	finish();
	assert_int_equal(json_object_array_length(root("proven")), 4);
	not = root("not_proven");
	assert_int_equal(json_object_array_length(not ), MAX_FURTHER);
	assert_string_equal(word(json_object_array_get_idx(not, 0), "witness"), "device_dma");
	assert_string_equal(word(json_object_array_get_idx(not, 0), "device"), "0000:01:00.0");
	assert_string_equal(word(json_object_array_get_idx(not, 0), "why"), "no driver");
	assert_string_equal(word(rep.root, "verdict"), "pass");
}

/* More steps than a line of any fixed length has room for: each is named. */
static void test_many_steps(void **state)
{
	char name[16], line[64];
	int fd = open_file(0), i;

	teardown(state);
	testimonies_init(&all);
	report_init(&rep, &all, REPORT_TEXT, true, false, 0);
	all_speak();
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		report_step(&rep, name, i % 2 ? STATUS_FAIL : STATUS_UNVERIFIED, "", &wrong);
	}
	capture(fd);
	assert_int_equal(report_finish(&rep, ""), 0);
	release();
	read_back(fd);
	for (i = 0; i < 60; i++) {
		snprintf(line, sizeof(line), "; step s%d %s: it: is wrong", i,
			 i % 2 ? "failed" : "was not verified");
		assert_non_null(strstr(printed, line));
	}
	close(fd);
}

/* What stops a run at no step of it */
static void test_stopped(void **state)
{
	const struct err first = { .what = "first" };

	(void)state;
	report_stopped(&rep, &first);
	report_stopped(&rep, &wrong);
	assert_int_equal(report_verdict(&rep), STATUS_ERROR);
	assert_string_equal(rep.err.what, "first");
	finish();
	assert_string_equal(word(root("error"), "what"), "first");
	assert_string_equal(word(rep.root, "verdict"), "error");
}

/* A step that says pass does not make a witness pass that judged nothing, or too little. */
static void test_figures_decide(void **state)
{
	(void)state;
	all_speak();
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
	testimony_give(&all.said[WITNESS_IOMMU], STATUS_PASS, 0, 0, NULL);
	assert_int_equal(report_verdict(&rep), STATUS_UNVERIFIED);
	testimony_give(&all.said[WITNESS_IOMMU], STATUS_PASS, 255, 0, NULL);
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
	of(&all.said[WITNESS_IOMMU], 256, 256);
	assert_int_equal(report_verdict(&rep), STATUS_UNVERIFIED);
	testimony_give(&all.said[WITNESS_IOMMU], STATUS_PASS, 256, 1, "page 0x1000");
	assert_int_equal(report_verdict(&rep), STATUS_FAIL);
}

/* A witness whose step did not pass is not proven, whatever it counted. */
static void test_step_decides(void **state)
{
	(void)state;
	testimony_give(&all.said[WITNESS_IOMMU], STATUS_PASS, 256, 0, NULL);
	assert_true(testimony_proven(&all.said[WITNESS_IOMMU]));
	report_step(&rep, "iommu", STATUS_UNVERIFIED, "", &wrong);
	assert_int_equal(testimony_status(&all.said[WITNESS_IOMMU]), STATUS_UNVERIFIED);
	testimony_give(&all.said[WITNESS_PAGEMAP], STATUS_PASS, 256, 0, NULL);
	report_step(&rep, "pagemap", STATUS_FAIL, "", &wrong);
	finish();
	assert_int_equal(json_object_array_length(root("proven")), 0);
	assert_string_equal(word(json_object_object_get(root("witnesses"), "iommu"), "status"),
			    "unverified");
	assert_string_equal(word(json_object_object_get(root("witnesses"), "pagemap"), "status"),
			    "fail");
}

/* Checks are counted and told for their own step only. */
static void test_checks(void **state)
{
	struct json_object *list, *second;

	(void)state;
	report_check(&rep, "one", STATUS_PASS, "%d", 1);
	report_check(&rep, "two", STATUS_FAIL, "it is %s", "wrong");
	report_check(&rep, "three", STATUS_SKIP, "none");
	assert_int_equal(report_checks(&rep, STATUS_PASS), 1);
	assert_int_equal(report_checks(&rep, STATUS_FAIL), 1);
	assert_int_equal(report_checks(&rep, STATUS_UNVERIFIED), 0);
	report_step(&rep, "a", STATUS_FAIL, "", &wrong);
	assert_int_equal(report_checks(&rep, STATUS_FAIL), 0);
	report_step(&rep, "b", STATUS_UNVERIFIED, "the detail", NULL);
	list = json_object_object_get(json_object_array_get_idx(root("steps"), 0), "checks");
	assert_int_equal(json_object_array_length(list), 3);
	second = json_object_array_get_idx(list, 1);
	assert_string_equal(word(second, "name"), "two");
	assert_string_equal(word(second, "status"), "fail");
	assert_string_equal(word(second, "detail"), "it is wrong");
	assert_null(json_object_object_get(json_object_array_get_idx(root("steps"), 1), "checks"));
	assert_int_equal(report_told(&rep, "a")->no, wrong.no);
	assert_int_equal(report_told(&rep, "b")->no, 0);
	assert_string_equal(report_told(&rep, "a")->why, "it: is wrong");
	assert_string_equal(report_told(&rep, "b")->why, "the detail");
	assert_null(report_told(&rep, "c"));
}

/* Seen once, it stays, whatever is seen later. */
static void test_differs_later(void **state)
{
	(void)state;
	all_speak();
	testimony_differs(&all.said[WITNESS_IOMMU], 0, "nothing");
	assert_int_equal(report_verdict(&rep), STATUS_PASS);
	testimony_differs(&all.said[WITNESS_IOMMU], 3, "page 0x3000");
	assert_int_equal(report_verdict(&rep), STATUS_FAIL);
	testimony_differs(&all.said[WITNESS_IOMMU], 1, "page 0x1000");
	assert_int_equal(all.said[WITNESS_IOMMU].differing, 3);
	finish();
	assert_string_equal(word(json_object_object_get(root("witnesses"), "iommu"),
				 "first_mismatch"),
			    "page 0x3000");
}

/* The step's reason is the witness's, where that has none of its own. */
static void test_reasons(void **state)
{
	struct json_object * not ;

	(void)state;
	report_step(&rep, "page-user", STATUS_UNVERIFIED, "", &wrong);
	testimony_give(&all.said[WITNESS_PAGEMAP], STATUS_UNVERIFIED, 0, 0, "its own reason");
	report_step(&rep, "pagemap", STATUS_UNVERIFIED, "", &wrong);
	report_step(&rep, "iommu", STATUS_SKIP, "the detail", NULL);
	testimony_give(&all.said[WITNESS_DEVICE_DMA], STATUS_PASS, 2, 0, "ask for all");
	of(&all.said[WITNESS_DEVICE_DMA], 2, 4);
	report_step(&rep, "device-dma", STATUS_PASS, "two pages", NULL);
	testimony_give(&all.said[WITNESS_INTERRUPTS], STATUS_PASS, 2, 0, NULL);
	report_step(&rep, "interrupts", STATUS_PASS, "all", NULL);
	finish();
	not = root("not_proven");
	assert_int_equal(json_object_array_length(not ), 4);
	assert_string_equal(word(json_object_array_get_idx(not, 0), "witness"), "module");
	assert_string_equal(word(json_object_array_get_idx(not, 0), "why"), "it: is wrong");
	assert_string_equal(word(json_object_array_get_idx(not, 1), "why"), "its own reason");
	assert_string_equal(word(json_object_array_get_idx(not, 2), "why"), "the detail");
	assert_string_equal(word(json_object_array_get_idx(not, 3), "why"),
			    "2 of 4 pages, a sample; ask for all");
	assert_int_equal(json_object_array_length(root("proven")), 1);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(root("proven"), 0)),
			    "interrupts");
	/* Interrupts are about no page: no witness object of the contract. */
	assert_int_equal(json_object_object_length(root("witnesses")), 5);
	assert_null(json_object_object_get(root("witnesses"), "interrupts"));
}

static void test_final(void **state)
{
	(void)state;
	all_speak();
	assert_false(json_object_get_boolean(root("final")));
	finish();
	assert_string_equal(word(rep.root, "verdict"), "pass");
	assert_true(json_object_get_boolean(root("final")));
	assert_int_equal(json_object_array_length(root("proven")), 5);
	assert_int_equal(json_object_array_length(root("not_proven")), 0);
	assert_null(root("held"));
}

/* Objects in what was printed: those that start a line */
static int objects(const char *text)
{
	int nr = 0;

	for (; text; text = strchr(text, '\n'), text += text ? 1 : 0)
		nr += *text == '{';
	return nr;
}

static void expect_held(enum status step, const char *verdict, const char *so_far)
{
	int fd = open("/dev/null", O_WRONLY);

	report_step(&rep, "a", step, "", &wrong);
	capture(fd);
	assert_int_equal(report_held(&rep), 0);
	release();
	close(fd);
	assert_string_equal(word(rep.root, "verdict"), verdict);
	assert_string_equal(word(rep.root, "so_far"), so_far);
	assert_true(json_object_get_boolean(root("held")));
	assert_false(json_object_get_boolean(root("final")));
}

static void test_held_is_no_pass(void **state)
{
	(void)state;
	all_speak();
	expect_held(STATUS_PASS, "unverified", "pass");
	expect_held(STATUS_UNVERIFIED, "unverified", "unverified");
	expect_held(STATUS_FAIL, "fail", "fail");
	finish();
	assert_string_equal(word(rep.root, "verdict"), "fail");
	assert_null(root("so_far"));
	assert_null(root("held"));
}

/* In a file the final report takes the place of the held one; what stood before it stays. */
static void test_held_replaced(void **state)
{
	static const int flags[] = { 0, O_APPEND };
	size_t i;

	for (i = 0; i < 2; i++) {
		int fd = open_file(flags[i]);

		all_speak();
		assert_int_equal(write(fd, "before\n", 7), 7);
		capture(fd);
		assert_int_equal(report_held(&rep), 0);
		assert_int_equal(objects(read_back(fd)), 1);
		report_step(&rep, "later", STATUS_FAIL, "", &wrong);
		assert_int_equal(report_finish(&rep, ""), 0);
		release();
		assert_int_equal(objects(read_back(fd)), 1);
		assert_memory_equal(printed, "before\n{", 8);
		assert_non_null(strstr(printed, "\"final\": true"));
		assert_null(strstr(printed, "\"held\""));
		assert_string_equal(printed + strlen(printed) - 2, "}\n");
		close(fd);
		teardown(state);
		setup(state);
	}
}

/* What somebody else wrote behind it is not thrown away. */
static void test_held_followed(void **state)
{
	int fd = open_file(0);

	(void)state;
	all_speak();
	capture(fd);
	assert_int_equal(report_held(&rep), 0);
	assert_int_equal(write(fd, "a message\n", 10), 10);
	assert_int_equal(report_finish(&rep, ""), 0);
	release();
	assert_int_equal(objects(read_back(fd)), 2);
	assert_non_null(strstr(printed, "a message\n{"));
	close(fd);
}

/* As in a pipe */
static void test_held_pipe(void **state)
{
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	all_speak();
	capture(fds[1]);
	assert_int_equal(report_held(&rep), 0);
	assert_int_equal(report_finish(&rep, ""), 0);
	release();
	n = read(fds[0], printed, sizeof(printed) - 1);
	assert_true(n > 0);
	printed[n] = '\0';
	assert_int_equal(objects(printed), 2);
	close(fds[0]);
	close(fds[1]);
}

static void test_lost(void **state)
{
	int fd = open("/dev/full", O_WRONLY), held, end;

	(void)state;
	assert_true(fd >= 0);
	capture(fd);
	held = report_held(&rep);
	end = report_finish(&rep, "");
	release();
	close(fd);
	assert_int_equal(held, -ENOSPC);
	assert_int_equal(end, -ENOSPC);
}

/* Once only */
static void test_finish_once(void **state)
{
	int fd = open_file(0);
	(void)state;
	capture(fd);
	assert_int_equal(report_finish(&rep, ""), 0);
	assert_int_equal(report_finish(&rep, ""), 0);
	release();
	assert_int_equal(objects(read_back(fd)), 1);
	close(fd);
}

/* Text and KTAP: the line itself */
static void test_line(void **state)
{
	int fd = open_file(0);

	teardown(state);
	testimonies_init(&all);
	report_init(&rep, &all, REPORT_TEXT, true, false, 0);
	all_speak();
	report_step(&rep, "reset", STATUS_FAIL, "", &wrong);
	report_step(&rep, "module", STATUS_UNVERIFIED, "", &wrong);
	testimony_give(&all.said[WITNESS_IOMMU], STATUS_SKIP, 0, 0, "no\033[31m table");
	capture(fd);
	assert_int_equal(report_held(&rep), 0);
	assert_int_equal(report_finish(&rep, "; needs privilege: x"), 0);
	release();
	assert_string_equal(
		read_back(fd),
		"Verdict: fail: 3 of 4 witnesses; step reset failed: it: is wrong"
		"; IOMMU not proven: no\\x1b[31m table; proven: module (256 of 256 pages)"
		", pagemap (256 of 256 frames), device DMA (256 of 256 pages)"
		", interrupts (256 of 256 kinds); needs privilege: x\n");
	close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_exit_codes),	   TEST(test_ranks),	     TEST(test_stopped),
		TEST(test_figures_decide), TEST(test_differs_later), TEST(test_reasons),
		TEST(test_step_decides),   TEST(test_further),	     TEST(test_needed),
		TEST(test_many_steps),	   TEST(test_final),	     TEST(test_held_is_no_pass),
		TEST(test_held_replaced),  TEST(test_held_followed), TEST(test_held_pipe),
		TEST(test_checks),	   TEST(test_lost),	     TEST(test_finish_once),
		TEST(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
