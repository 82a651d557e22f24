/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The commands of vfio_test. */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>

struct option;
struct err;

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

extern const struct cmd cmd_run;
extern const struct cmd cmd_walk;
extern const struct cmd cmd_iova;
extern const struct cmd cmd_list;
extern const struct cmd cmd_bind;
extern const struct cmd cmd_unbind;
extern const struct cmd cmd_doctor;

/* Exit codes, of every program here. */
enum { EXIT_OK, EXIT_FAILED, EXIT_STOPPED, EXIT_UNVERIFIED = 4 };

/* The getopt_long() entries of the global options; see globals_option(). */
#define GLOBAL_OPTIONS                                                                         \
	{ "json", no_argument, NULL, 'j' }, { "ktap", no_argument, NULL, 'k' },                \
		{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },    \
		{ "no-color", no_argument, NULL, 'C' }, { "version", no_argument, NULL, 'V' }, \
	{                                                                                      \
		"help", no_argument, NULL, 'h'                                                 \
	}
#define GLOBAL_SHORT "jqvVh"

/*
 * Takes a global option, as getopt_long() returned it.  True if it was one;
 * *exit_code >= 0 then says that the program is done (--help, --version).
 */
bool globals_option(int c, struct globals *g, const struct cmd *cmd, int *exit_code);

/*
 * Usage errors, in the form "what: why; fix" (err_vsplit()): the message on stderr, and with
 * --json the answer on stdout.  Returns EXIT_STOPPED.
 */
__attribute__((format(printf, 1, 2))) int usage_error(const char *fmt, ...);

/* The same of an error that is there already. */
int usage_err(const struct err *err);

/* The same of what getopt_long() returned @c ('?' or ':') for; says what may have been meant. */
int bad_option(int c, char *const *argv, const struct cmd *cmd);

/* The same of a value of --expect that parse_expect() refused. */
int bad_expect(const char *given);

/* The same of an argument that is no PCI address. */
int bad_address(const char *given);

#endif /* CMD_H */
