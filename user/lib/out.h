/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Standard input, output and error: open from the start, and checked at the end. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>

struct err;
struct json_object;

/*
 * Must be called before any file is opened.  If the caller closed descriptor 0, 1 or 2, the next
 * file opened would get its number, and our output could be written to a device's registers.  So
 * it is opened as /dev/null, in a mode in which writing to it (for 0: reading from it) still
 * fails.  SIGPIPE is ignored: when a reader goes away, changes still have to be undone.
 */
void out_init(const char *prog);

/* Has a write to standard output failed?  Then a long answer need not be continued. */
bool out_lost(void);

/*
 * Called at the very end: writes what standard output still buffers.  Returns @exit_code, or 2 if
 * not all of it could be written.  It then prints an error, unless the reader went away (as head
 * does), which is not an error to report.
 */
int out_finish(const char *prog, int exit_code);

/* --- the JSON object that a program prints ------------------------------- */

/* {tool, version, schema, verdict}; with @verdict NULL the key is there with null. */
struct json_object *json_answer(const char *tool, const char *verdict);

/* {id, what, why, fix, errno} */
struct json_object *err_json(const struct err *err);

/* Prints @obj on one line, or on several if @pretty, with a newline; then puts @obj. */
void json_print(struct json_object *obj, bool pretty);

#endif /* OUT_H */
