// SPDX-License-Identifier: GPL-2.0
/* The table of verdicts that both programs share. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/status.h"

/* From the best on, with the word and the exit code that users see. */
static const struct {
	enum status status;
	const char *name;
	int exit_code;
} rows[] = {
	{ STATUS_SKIP, "skip", 0 },
	{ STATUS_PASS, "pass", 0 },
	{ STATUS_UNVERIFIED, "unverified", 4 },
	{ STATUS_FAIL, "fail", 1 },
	{ STATUS_ERROR, "error", 2 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void test_table(void **state)
{
	enum status status;
	size_t i;

	(void)state;
	assert_int_equal(NR_ROWS, NR_STATUSES);
	for (i = 0; i < NR_ROWS; i++) {
		assert_string_equal(status_name(rows[i].status), rows[i].name);
		assert_int_equal(status_exit_code(rows[i].status), rows[i].exit_code);
		status = NR_STATUSES;
		assert_int_equal(status_from_name(rows[i].name, &status), 0);
		assert_int_equal(status, rows[i].status);
	}
	assert_string_equal(exit_code_name(0), "pass");
	assert_string_equal(exit_code_name(3), "error");
}

static void test_no_such_name(void **state)
{
	static const char *const names[] = { "", "Pass", "pass ", "passed", "fai", "ok" };
	enum status status;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(status_from_name(names[i], &status), -EINVAL);
}

static void test_order(void **state)
{
	size_t a, b;

	(void)state;
	for (a = 0; a < NR_ROWS; a++) {
		for (b = 0; b < NR_ROWS; b++) {
			assert_int_equal(status_is_worse(rows[a].status, rows[b].status), a > b);
			assert_int_equal(status_worse(rows[a].status, rows[b].status),
					 rows[a > b ? a : b].status);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_such_name),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
