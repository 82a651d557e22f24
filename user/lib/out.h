/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Standard input, output and error: there from the start, and not lost in the end. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>

struct err;
struct json_object;

/*
 * To be called before anything is opened.  A descriptor 0, 1 or 2 that the caller closed would
 * be taken by the next file, and text for it would land in a device's registers: it becomes
 * /dev/null, opened so that to write to it (0: to read from it) still fails.  A reader that
 * goes away ends nothing (SIGPIPE): what was changed has to be undone.
 */
void out_init(const char *prog);

/* Is standard output lost already?  Then there is no use in going on with a long answer. */
bool out_lost(void);

/*
 * At the very end: what standard output still has is written.  Returns @exit_code, or 2 where
 * not all was taken; says so, unless its reader has gone away (head), who knows.
 */
int out_finish(const char *prog, int exit_code);

/* --- one JSON object, of either program ---------------------------------- */

/* {tool, version, schema, verdict}; @verdict NULL keeps its place. */
struct json_object *json_answer(const char *tool, const char *verdict);

/* {id, what, why, fix, errno} */
struct json_object *err_json(const struct err *err);

/* On one line, or @pretty; ends it, and puts the object. */
void json_print(struct json_object *obj, bool pretty);

#endif /* OUT_H */
