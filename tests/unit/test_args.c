// SPDX-License-Identifier: GPL-2.0
/* Which command it is, and what its arguments become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/args.h"

static const struct option run_options[] = { { "size", required_argument, NULL, 256 },
					     { "with", required_argument, NULL, 257 },
					     { "hold", optional_argument, NULL, 258 },
					     { "no-rules", no_argument, NULL, 259 },
					     { "no-reset", no_argument, NULL, 260 },
					     GLOBAL_OPTIONS,
					     { 0 } };
static const struct option walk_options[] = { { "expect", required_argument, NULL, 256 },
					      GLOBAL_OPTIONS,
					      { 0 } };
static const struct option plain_options[] = { GLOBAL_OPTIONS, { 0 } };

static const struct cmd run = { .name = "run", .long_options = run_options };
static const struct cmd walk = { .name = "walk", .long_options = walk_options };
static const struct cmd list = { .name = "list", .long_options = plain_options };
static const struct cmd bind = { .name = "bind", .long_options = plain_options };
static const struct cmd unbind = { .name = "unbind", .long_options = plain_options };
static const struct cmd doctor = { .name = "doctor", .long_options = plain_options };
static const struct cmd *const cmds[] = { &run, &walk, &list, &bind, &unbind, &doctor };

#define NR 6

/* Words with blanks between them, and what the command sees: "name: arguments". */
static const struct {
	const char *line, *sees, *word;
	bool json, help;
} lines[] = {
	{ "", "prog", NULL, false, false },
	{ "list", "list: list", "list", false, false },
	{ "--json list", "list: list --json", "list", true, false },
	{ "list --json", "list: list --json", "list", true, false },
	{ "-qj list 00:01.0", "list: list -qj 0000:00:01.0", "list", true, false },
	{ "--js list", "list: list --js", "list", true, false },
	{ "-q -v list", "list: list -q -v", "list", false, false },
	{ "--expect user walk 1 0x1000", "walk: walk --expect user 1 0x1000", "walk", false,
	  false },
	{ "--expect=user walk 1", "walk: walk --expect=user 1", "walk", false, false },
	{ "--exp user walk 1", "walk: walk --exp user 1", "walk", false, false },
	/* A value that is called as a command is. */
	{ "--expect list walk 1", "walk: walk --expect list 1", "walk", false, false },
	{ "--size 2M 0000:00:01.0", "prog --size 2M 0000:00:01.0", "0000:00:01.0", false, false },
	{ "--size 2M run 00:1F.0", "run: run --size 2M 0000:00:1f.0", "run", false, false },
	{ "00:01.0", "prog 0000:00:01.0", "00:01.0", false, false },
	{ "10000:E1:00.0", "prog 10000:e1:00.0", "10000:E1:00.0", false, false },
	{ "run --with 00:02.0 --with=00:0A.0 00:01.0",
	  "run: run --with 0000:00:02.0 --with=0000:00:0a.0 0000:00:01.0", "run", false, false },
	{ "--hold 5 00:01.0", "prog --hold=5 0000:00:01.0", "00:01.0", false, false },
	{ "--hold 5 run 00:01.0", "run: run --hold=5 0000:00:01.0", "run", false, false },
	{ "run 00:01.0 --hold 5s", "run: run 0000:00:01.0 --hold=5s", "run", false, false },
	{ "run --hold 00:01.0", "run: run --hold 0000:00:01.0", "run", false, false },
	{ "run --hold=3 7 00:01.0", "run: run --hold=3 7 0000:00:01.0", "run", false, false },
	{ "run 00:01.0 --hold", "run: run 0000:00:01.0 --hold", "run", false, false },
	{ "walk --hold 5", "walk: walk --hold 5", "walk", false, false },
	{ "-- list", "prog -- list", "list", false, false },
	{ "-- --json", "prog -- --json", "--json", false, false },
	{ "run -- --hold 5", "run: run -- --hold 5", "run", false, false },
	{ "lst", "prog lst", "lst", false, false },
	{ "--help", "prog --help", NULL, false, true },
	{ "-qh", "prog -qh", NULL, false, true },
	{ "walk --help", "walk: walk --help", "walk", false, true },
	{ "--json --help", "prog --json --help", NULL, true, true },
	{ "--jsonx list", "list: list --jsonx", "list", false, false },
	{ "-jx list", "list: list -jx", "list", false, false },
	{ "- list", "prog - list", "-", false, false },
};

static void test_lines(void **state)
{
	char copy[256], sees[256], *argv[24];
	struct args args;
	size_t i, used;
	int argc, k;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(copy, sizeof(copy), "%s", lines[i].line);
		argc = 0;
		argv[argc++] = (char *)"prog";
		for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
			argv[argc++] = w;
		argv[argc] = NULL;
		assert_int_equal(args_init(&args, argc, argv, cmds, NR), 0);
		used = args.cmd ? snprintf(sees, sizeof(sees), "%s: ", args.cmd->name) : 0;
		for (k = 0; k < args.argc; k++)
			used += snprintf(sees + used, sizeof(sees) - used, "%s%s", k ? " " : "",
					 args.argv[k]);
		assert_string_equal(sees, lines[i].sees);
		assert_null(args.argv[args.argc]);
		if (lines[i].word)
			assert_string_equal(args.word, lines[i].word);
		else
			assert_null(args.word);
		assert_int_equal(args.json, lines[i].json);
		assert_int_equal(args.help, lines[i].help);
		args_free(&args);
	}
}

static void is_nearest(const char *word, const char *want)
{
	const char *got = args_nearest_command(word, cmds, NR);

	if (!want != !got || (want && strcmp(want, got) != 0))
		fail_msg("%s: %s", word, got ? got : "none");
}

static void test_nearest(void **state)
{
	char buf[32];

	(void)state;
	is_nearest("lst", "list");
	is_nearest("lsit", "list");
	is_nearest("lists", "list");
	is_nearest("List", "list");
	is_nearest("rum", "run");
	is_nearest("test", "run");
	is_nearest("ls", "list");
	is_nearest("doc", "doctor");
	is_nearest("docter", "doctor");
	is_nearest("unbnd", "unbind");
	is_nearest("binding", "bind");
	is_nearest("", NULL);
	is_nearest("x", NULL);
	is_nearest("frobnicate", NULL);
	is_nearest("0000:00:01.0", NULL);
	is_nearest("a-word-that-is-longer-than-any-name-of-ours", NULL);
	assert_string_equal(args_nearest_option("--sise", &run, buf, sizeof(buf)), "--size");
	assert_string_equal(args_nearest_option("--sise=4K", &run, buf, sizeof(buf)), "--size");
	assert_string_equal(args_nearest_option("--jsn", &walk, buf, sizeof(buf)), "--json");
	assert_string_equal(args_nearest_option("-size", &run, buf, sizeof(buf)), "--size");
	assert_string_equal(args_nearest_option("--no-rule", &run, buf, sizeof(buf)), "--no-rules");
	assert_null(args_nearest_option("--nonsense", &run, buf, sizeof(buf)));
	assert_null(args_nearest_option("--size", &walk, buf, sizeof(buf)));
	assert_null(args_nearest_option("-x", &walk, buf, sizeof(buf)));
}

static void test_command_with(void **state)
{
	(void)state;
	assert_string_equal(args_command_with("--hold", cmds, NR), "run");
	assert_string_equal(args_command_with("--expect=user", cmds, NR), "walk");
	assert_null(args_command_with("--hol", cmds, NR));
	assert_null(args_command_with("--holds", cmds, NR));
	assert_null(args_command_with("-hold", cmds, NR));
	assert_null(args_command_with("--", cmds, NR));
}

static void test_why(void **state)
{
	(void)state;
	assert_string_equal(args_why_bad(':', "--size", &run), "it needs a value");
	assert_string_equal(args_why_bad('?', "--json=1", &run), "it takes no value");
	assert_string_equal(args_why_bad('?', "--no-re=1", &run), "it takes no value");
	assert_string_equal(args_why_bad('?', "--no-r", &run), "it may mean several options");
	assert_string_equal(args_why_bad('?', "--sise", &run), "no such option");
	assert_string_equal(args_why_bad('?', "-x", &run), "no such option");
	assert_string_equal(args_why_bad('?', "--", &run), "no such option");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_command_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
