// SPDX-License-Identifier: GPL-2.0
/* vfio_test: picks the command; the plain form is `run`. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <json-c/json.h>

#include "cmd/cmd.h"
#include "lib/err.h"
#include "failure/failure.h"
#include "failure/files.h"
#include "lib/out.h"
#include "lib/parse.h"
#include "lib/text.h"
#include "lib/version.h"

#define PROG "vfio_test"

static int cmd_help_run(int argc, char **argv, struct globals *g);

static const struct option help_options[] = { GLOBAL_OPTIONS, { 0 } };

static const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "the commands, or one of them",
	.examples = "  vfio_test help run   the options of one command\n",
	.long_options = help_options,
	.run = cmd_help_run,
};

/* The first command is run if none is named. */
static const struct cmd *const commands[] = { &cmd_run,	   &cmd_list, &cmd_bind, &cmd_unbind,
					      &cmd_doctor, &cmd_walk, &cmd_iova, &cmd_help };

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Known before the options are parsed, so that an early error is JSON as well. */
static bool wants_json;

static const char everywhere[] =
	"Everywhere:\n"
	"  -j, --json       one JSON object on stdout\n"
	"      --ktap       a KTAP line a step\n"
	"  -q, --quiet      the verdict only\n"
	"  -v, --verbose    all runs of pages\n"
	"      --no-color   as NO_COLOR in the environment\n"
	"  -V, --version\n"
	"  -h, --help\n\n"
	"Options may stand before the command.  00:01.0 is 0000:00:01.0; sizes take K, M, G,\n"
	"KiB, MiB, GiB (powers of 1024); addresses take 0x.\n\n"
	"Exit: 0 all that was asked holds; 1 a check failed; 2 usage, or the\n"
	"environment stops it; 4 something could not be verified.";

static const char first_examples[] =
	"Examples:\n"
	"  vfio_test list                    the devices, and what VFIO lacks of each\n"
	"  vfio_test doctor 01:00.0          each problem, its cause, and what to type\n"
	"  vfio_test bind --group 01:00.0    to vfio-pci\n"
	"  vfio_test 01:00.0                 the test\n"
	"  vfio_test unbind --group 01:00.0  back to the driver that it had\n";

static const struct cmd *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static struct json_object *command_json(const struct cmd *cmd)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "name", json_text(cmd->name));
	json_object_object_add(obj, "args", json_text(cmd->args));
	json_object_object_add(obj, "help", json_text(cmd->help));
	return obj;
}

static void print_command(const struct cmd *cmd)
{
	struct json_object *root, *list;
	const struct option *o;

	if (!wants_json) {
		printf("usage: " PROG " %s %s\n\n%s\n", cmd->name, cmd->args, cmd->help);
		if (cmd->options)
			printf("\n%s", cmd->options);
		if (cmd->print_options)
			cmd->print_options();
		if (cmd->examples)
			printf("\nExamples:\n%s", cmd->examples);
		printf("\n%s\n", everywhere);
		return;
	}
	root = json_answer(PROG, "pass");
	list = json_object_new_array();
	for (o = cmd->long_options; o && o->name; o++)
		json_object_array_add(list, json_text(o->name));
	json_object_object_add(root, "command", command_json(cmd));
	json_object_object_add(root, "options", list);
	json_print(root, true);
}

static void print_commands(void)
{
	struct json_object *root, *list;
	size_t i;

	if (!wants_json) {
		puts("usage: " PROG " [COMMAND] [OPTIONS] ...\n");
		for (i = 0; i < NR_COMMANDS; i++)
			printf("  %-6s %-29s %s\n", commands[i]->name, commands[i]->args,
			       commands[i]->help);
		printf("\n" PROG " BDF is " PROG " run BDF.  See " PROG
		       " help COMMAND.\n\n%s\n%s\n",
		       first_examples, everywhere);
		return;
	}
	root = json_answer(PROG, "pass");
	list = json_object_new_array();
	for (i = 0; i < NR_COMMANDS; i++)
		json_object_array_add(list, command_json(commands[i]));
	json_object_object_add(root, "commands", list);
	json_print(root, true);
}

static void print_version(void)
{
	if (wants_json)
		json_print(json_answer(PROG, "pass"), true);
	else
		puts(PROG " " VFIO_VERIFY_VERSION);
}

static int no_command(const char *word)
{
	const char *near = args_nearest_command(word, commands, NR_COMMANDS);

	if (near)
		return usage_error("%s: no such command: did you mean %s?; see " PROG " help", word,
				   near);
	return usage_error("%s: no such command: nothing has that name; see " PROG " help", word);
}

static int cmd_help_run(int argc, char **argv, struct globals *g)
{
	const struct cmd *cmd;
	int c, done;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":" GLOBAL_SHORT, help_options, NULL)) != -1) {
		if (!globals_option(c, g, &cmd_help, &done))
			return bad_option(c, argv, &cmd_help);
		if (done >= 0)
			return done;
	}
	if (optind + 1 < argc)
		return usage_error("%s: one command too many; look at one at a time",
				   argv[optind + 1]);
	if (optind == argc) {
		print_commands();
		return EXIT_OK;
	}
	cmd = find_command(argv[optind]);
	if (!cmd)
		return no_command(argv[optind]);
	print_command(cmd);
	return EXIT_OK;
}

bool globals_option(int c, struct globals *g, const struct cmd *cmd, int *exit_code)
{
	*exit_code = -1;
	switch (c) {
	case 'j':
		g->json = true;
		break;
	case 'k':
		g->ktap = true;
		break;
	case 'q':
		g->quiet = true;
		break;
	case 'v':
		g->verbose = true;
		break;
	case 'C':
		g->no_color = true;
		break;
	case 'V':
		print_version();
		*exit_code = EXIT_OK;
		break;
	case 'h':
		print_command(cmd);
		*exit_code = EXIT_OK;
		break;
	default:
		return false;
	}
	return true;
}

int usage_err(const struct err *err)
{
	struct json_object *root;

	err_print(err, PROG, NULL);
	if (wants_json) {
		root = json_answer(PROG, "error");
		json_object_object_add(root, "error", err_json(err));
		json_print(root, true);
	}
	return EXIT_STOPPED;
}

int usage_error(const char *fmt, ...)
{
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	err_vsplit(&err, EINVAL, "usage", fmt, ap);
	va_end(ap);
	return usage_err(&err);
}

int bad_option(int c, char *const *argv, const struct cmd *cmd)
{
	char letter[3] = { '-', (char)optopt, '\0' }, buf[32];
	const char *word = argv[optind - 1], *why, *near = NULL;

	/* If several letters stand together, name the wrong one; letters are below 256. */
	if (optopt && optopt < 256 && strncmp(word, "--", 2) != 0)
		word = letter;
	why = args_why_bad(c, word, cmd);
	if (c == '?' && !strcmp(why, "no such option")) {
		near = args_command_with(word, commands, NR_COMMANDS);
		if (near)
			return usage_error("%s: no such option of %s: %s has it; see " PROG
					   " help %s",
					   word, cmd->name, near, cmd->name);
		near = args_nearest_option(word, cmd, buf, sizeof(buf));
	}
	if (near)
		return usage_error("%s: no such option: did you mean %s?; see " PROG " help %s",
				   word, near, cmd->name);
	return usage_error("%s: %s; see " PROG " help %s", word, why, cmd->name);
}

int bad_expect(const char *given)
{
	return usage_error(
		"--expect %s: not one of its values; choose from: user, supervisor (or set, cleared)",
		given);
}

int bad_address(const char *given)
{
	struct env env = { .dev = { .group = -1 } };
	struct err err;

	env_given(&env, given);
	failure_explain(&env, "address", EINVAL, given, &err);
	return usage_err(&err);
}

/* Is it more likely a mistyped command than a mistyped address? */
static bool is_like_a_command(const char *word)
{
	return !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")] ||
	       args_nearest_command(word, commands, NR_COMMANDS);
}

static int run_command(const struct args *args)
{
	const struct cmd *cmd = args->cmd ? args->cmd : commands[0];
	struct globals g = { 0 };
	struct err err;

	if (!args->cmd && !args->word && args->help) {
		print_commands();
		return EXIT_OK;
	}
	if (args->word && !args->word[0])
		return usage_error("an empty argument: it is no command and no device; see " PROG
				   " help");
	if (!args->cmd && args->word && is_like_a_command(args->word))
		return no_command(args->word);
	if (cmd != &cmd_help && !args->help && !files_enough(&err))
		return usage_err(&err);
	return cmd->run(args->argc, args->argv, &g);
}

int main(int argc, char **argv)
{
	struct args args;
	int code;

	out_init(PROG);
	wants_json = args_have_json(argc, argv);
	if (args_init(&args, argc, argv, commands, NR_COMMANDS))
		code = usage_error("arguments: not enough memory; end other programs");
	else
		code = run_command(&args);
	args_free(&args);
	return out_finish(PROG, code);
}
