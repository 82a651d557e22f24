/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Prepares the command line for a command: finds the command's name wherever it stands, and
 * suggests what a misspelled word was meant to be.  Pure: it prints nothing.
 */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/status.h"

struct option;

/* Options that every command takes, wherever they stand. */
struct globals {
	bool json, ktap, quiet, verbose, no_color;
};

struct cmd {
	const char *name;
	const char *args;		   /* "[OPTIONS] BDF" */
	const char *help;		   /* one line */
	const char *options;		   /* the options in `help COMMAND`, or NULL */
	void (*print_options)(void);	   /* prints them, if a table has a part of them; or NULL */
	const char *examples;		   /* lines of it: the command, two blanks, what it does */
	const struct option *long_options; /* as getopt_long() gets them, or NULL */
	/*
	 * argv[0] is the command's name; PCI addresses in @argv already have the form that sysfs
	 * uses.  Returns the exit code; main() checks that stdout took the whole output.
	 */
	int (*run)(int argc, char **argv, struct globals *g);
};

/* The getopt_long() entries of the global options; see globals_option(). */
#define GLOBAL_OPTIONS                                                                         \
	{ "json", no_argument, NULL, 'j' }, { "ktap", no_argument, NULL, 'k' },                \
		{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },    \
		{ "no-color", no_argument, NULL, 'C' }, { "version", no_argument, NULL, 'V' }, \
	{                                                                                      \
		"help", no_argument, NULL, 'h'                                                 \
	}
#define GLOBAL_SHORT "jqvVh"

struct args {
	const struct cmd *cmd; /* NULL: no argument is a command's name */
	const char *word;      /* the first argument that is not an option, or NULL */
	int argc;
	char **argv; /* for cmd->run(); argv[0] is the command's name, or the program's */
	bool json, help;
	char **made; /* arguments that we allocated; args_free() frees them */
	int nr_made;
};

/*
 * Options may stand before the command.  A command sees its arguments in one form: a PCI address
 * is written as in sysfs (0000:00:1f.0), and the value of an option that may go without one
 * follows a "=" (--hold 5 becomes --hold=5; no command takes a number as an argument there).
 * Returns 0 or -ENOMEM.
 */
int args_init(struct args *args, int argc, char **argv, const struct cmd *const *cmds,
	      size_t nr_cmds);
void args_free(struct args *args);

/* Is --json or -j among the arguments?  For errors that occur before the options are parsed. */
bool args_have_json(int argc, char *const *argv);

/* The one of @words (NULL ends them) that was probably meant; NULL: none is close. */
const char *args_nearest(const char *word, const char *const *words);

/* The command that was probably meant; knows words of other tools too ("ls").  NULL: none */
const char *args_nearest_command(const char *word, const struct cmd *const *cmds, size_t nr_cmds);

/* The option of @cmd that was probably meant ("--size" for "--sise"), in @buf; NULL: none */
const char *args_nearest_option(const char *word, const struct cmd *cmd, char *buf, size_t len);

/* The first command that has the option @word ("--expect=user"), not shortened; NULL: none */
const char *args_command_with(const char *word, const struct cmd *const *cmds, size_t nr_cmds);

/*
 * Why getopt_long() gave '?' or ':' (@c) for @word: "no such option", "it takes no value",
 * "it needs a value", or "it may mean several options".
 */
const char *args_why_bad(int c, const char *word, const struct cmd *cmd);

#endif /* ARGS_H */
