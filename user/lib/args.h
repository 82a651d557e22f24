/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The command line before any command sees it: which command it is, wherever its word stands,
 * and what was meant by a word that is none.  Pure: nothing is printed.
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
	const char *options;		   /* the rest of `help COMMAND`, or NULL */
	const struct option *long_options; /* as getopt_long() gets them, or NULL */
	/*
	 * argv[0] is the command's name; a PCI address in it is in the form of sysfs already
	 * (args.h).  Returns the exit code; that stdout took all is main()'s to see.
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
	const struct cmd *cmd; /* NULL: no command's name is in it */
	const char *word;      /* NULL, or the first argument that is no option */
	int argc;
	char **argv; /* for cmd->run(); argv[0] is the command's name, or the program's */
	bool json, help;
	char **made; /* arguments that we made: args_free() */
	int nr_made;
};

/*
 * Options may stand before the command.  What commands see is in one form: a PCI address as sysfs
 * writes it (0000:00:1f.0), and the value of an option that needs none behind a "=" (--hold 5
 * becomes --hold=5, as a number is nothing that a command could take there).  0 or -ENOMEM.
 */
int args_init(struct args *args, int argc, char **argv, const struct cmd *const *cmds,
	      size_t nr_cmds);
void args_free(struct args *args);

/* Is it asked for, wherever it stands?  For an error before options were looked at. */
bool args_have_json(int argc, char *const *argv);

/* One of the words, NULL ends them, that was probably meant; NULL: none is near. */
const char *args_nearest(const char *word, const char *const *words);

/* The command that was probably meant, also by a word of another tool ("ls"); NULL: none */
const char *args_nearest_command(const char *word, const struct cmd *const *cmds, size_t nr_cmds);

/* An option of this command, "--size" for "--sise"; NULL: none.  @buf is scratch. */
const char *args_nearest_option(const char *word, const struct cmd *cmd, char *buf, size_t len);

/* The first command that has the option @word ("--expect=user"), as it stands; NULL: none */
const char *args_command_with(const char *word, const struct cmd *const *cmds, size_t nr_cmds);

/*
 * Why getopt_long() gave '?' or ':' (@c) for @word: "no such option", "it takes no value",
 * "it needs a value", or "it may mean several options".
 */
const char *args_why_bad(int c, const char *word, const struct cmd *cmd);

#endif /* ARGS_H */
