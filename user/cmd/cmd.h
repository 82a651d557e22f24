/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The commands of vfio_test. */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>

#include "lib/args.h"

struct err;

extern const struct cmd cmd_run;
extern const struct cmd cmd_walk;
extern const struct cmd cmd_iova;
extern const struct cmd cmd_list;
extern const struct cmd cmd_bind;
extern const struct cmd cmd_unbind;
extern const struct cmd cmd_doctor;

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

/* The same for an error that the caller has filled in. */
int usage_err(const struct err *err);

/* The same if getopt_long() returned @c ('?' or ':'); suggests what may have been meant. */
int bad_option(int c, char *const *argv, const struct cmd *cmd);

/* The same for a value of --expect that parse_expect() refused. */
int bad_expect(const char *given);

/* The same for an argument that is not a PCI address. */
int bad_address(const char *given);

#endif /* CMD_H */
