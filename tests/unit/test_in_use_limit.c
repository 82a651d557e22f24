// SPDX-License-Identifier: GPL-2.0
/*
 * The search for the users of a device is made by a child with a time limit, and what ends
 * without an answer is not "nobody": limited() of this test answers in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "env/in_use.h"
#include "lib/limited.h"

static unsigned int calls, given_ms;
static int answer;

int limited(int (*fn)(const void *in, void *out), const void *in, void *out, size_t len,
	    unsigned int ms)
{
	assert_non_null(fn);
	assert_string_equal(in, "0000:00:1f.7");
	assert_non_null(out);
	assert_true(len > 0);
	calls++;
	given_ms = ms;
	return answer;
}

static void search(int ret, const char *says)
{
	char what[300] = "";

	calls = 0;
	answer = ret;
	assert_int_equal(in_use("0000:00:1f.7", what, sizeof(what)), USE_UNKNOWN);
	assert_int_equal(calls, 1);
	assert_in_range(given_ms, 1, 60000);
	assert_non_null(strstr(what, says));
}

static void test_no_answer(void **state)
{
	(void)state;
	search(-ETIMEDOUT, "has not ended after");
	search(-EAGAIN, "cannot be looked for: Resource temporarily unavailable");
	/* It ended well and wrote nothing: nobody was found to be "nobody". */
	search(0, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_answer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
