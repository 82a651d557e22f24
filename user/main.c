// SPDX-License-Identifier: GPL-2.0
/* vfio_test: picks the command; the plain form is `run`. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "failure.h"
#include "version.h"

static int cmd_help_run(int argc, char **argv, struct globals *g);

static const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.help = "the commands, or one of them",
	.run = cmd_help_run,
};

static const struct cmd *const commands[] = { &cmd_run,	   &cmd_list, &cmd_bind, &cmd_unbind,
					      &cmd_doctor, &cmd_walk, &cmd_iova, &cmd_help };

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cmd *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void print_command(const struct cmd *cmd)
{
	printf("usage: vfio_test %s %s\n\n%s\n", cmd->name, cmd->args, cmd->help);
	if (cmd->options)
		printf("\n%s", cmd->options);
	puts("\nEverywhere:\n"
	     "  -j, --json       one JSON object on stdout\n"
	     "      --ktap       a KTAP line a step\n"
	     "  -q, --quiet      the verdict only\n"
	     "  -v, --verbose    all runs of pages\n"
	     "      --no-color   as NO_COLOR in the environment\n"
	     "  -V, --version\n"
	     "  -h, --help\n\n"
	     "Exit: 0 all that was asked holds; 1 a check failed; 2 usage, or the\n"
	     "environment stops it; 4 something could not be verified.");
}

static int cmd_help_run(int argc, char **argv, struct globals *g)
{
	size_t i;

	(void)g;
	if (argc > 1) {
		const struct cmd *cmd = find_command(argv[1]);

		if (!cmd)
			return usage_error(
				"%s: no such command: nothing has that name; see vfio_test help",
				argv[1]);
		print_command(cmd);
		return EXIT_OK;
	}
	puts("usage: vfio_test [COMMAND] [OPTIONS] ...\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-6s %-29s %s\n", commands[i]->name, commands[i]->args,
		       commands[i]->help);
	puts("\nvfio_test BDF is vfio_test run BDF.  See vfio_test help COMMAND.");
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
		puts("vfio_test " VFIO_VERIFY_VERSION);
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

int usage_error(const char *fmt, ...)
{
	va_list ap;

	fputs("vfio_test: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_STOPPED;
}

int bad_address(const char *given)
{
	struct env env = { .dev = { .group = -1 } };
	struct err err;

	snprintf(env.given, sizeof(env.given), "%.47s", given);
	failure_set(&env, "bad-address", 0, NULL, &err);
	err_print(&err, "vfio_test", NULL);
	return EXIT_STOPPED;
}

int main(int argc, char **argv)
{
	const struct cmd *cmd = argc > 1 ? find_command(argv[1]) : NULL;
	struct globals g = { 0 };

	if (cmd)
		return cmd->run(argc - 1, argv + 1, &g);
	return cmd_run.run(argc, argv, &g);
}
