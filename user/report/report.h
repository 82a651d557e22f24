/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Prints a run: text while it runs, one JSON object at the end, or KTAP.  During a run nothing else
 * in vfio_test prints to stdout.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "lib/out.h"
#include "lib/status.h"
#include "witness/witness.h"

enum report_mode { REPORT_TEXT, REPORT_JSON, REPORT_KTAP };

/* A step that was reported.  It is kept for later use, as JSON is only written, never read back. */
struct told_step {
	char name[32];
	enum status status;
	int no;	       /* errno of what failed; 0: no call failed */
	char why[520]; /* "what: why", or its detail */
};

struct told_check {
	char name[160], detail[256];
	enum status status;
};

struct report {
	enum report_mode mode;
	bool quiet, verbose;
	unsigned int count[NR_STATUSES]; /* steps by status */
	struct told_step *steps;
	size_t nr;		   /* steps reported so far */
	struct told_check *checks; /* of the current step */
	size_t nr_checks;
	struct json_object *root; /* the whole JSON object */
	bool have_err;
	struct err err;		 /* the first error that stopped the run */
	struct testimonies *all; /* the run's testimonies, which are reported */
	bool printed;
	int stdout_no; /* errno of the first write to stdout that failed; 0: none did */
	/* Where in stdout the held report is, if that is a regular file; or -1 */
	long long held_at, held_end;
};

void report_init(struct report *rep, struct testimonies *all, enum report_mode mode, bool quiet,
		 bool verbose, unsigned int nr_steps);
void report_deinit(struct report *rep);

/* Prints a line of text; report_ok() puts a tick before it. */
__attribute__((format(printf, 2, 3))) void report_line(struct report *rep, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void report_ok(struct report *rep, const char *fmt, ...);
/* As report_ok(), with the sign of @status: a tick, a cross or a question mark. */
__attribute__((format(printf, 3, 4))) void report_mark(struct report *rep, enum status status,
						       const char *fmt, ...);

/* Reports the end of a step, in JSON and KTAP.  @err may be NULL. */
void report_step(struct report *rep, const char *name, enum status status, const char *detail,
		 const struct err *err);

/* Reports an error that stops the run outside of a step. */
void report_stopped(struct report *rep, const struct err *err);

/*
 * Reports one of several checks of a step, before its report_step().  JSON (checks) and KTAP have
 * them below the step; text has those that did not pass, with --verbose all.
 */
__attribute__((format(printf, 4, 5))) void report_check(struct report *rep, const char *name,
							enum status status, const char *fmt, ...);
/* How many checks of the current step have this status. */
unsigned int report_checks(const struct report *rep, enum status status);

/* The step of that name; NULL: it has not ended yet. */
const struct told_step *report_told(const struct report *rep, const char *name);

/* The object under @key in the root; it is created if it is not there. */
struct json_object *report_object(struct report *rep, const char *key);

/* The verdict over all steps and testimonies so far. */
enum status report_verdict(const struct report *rep);

/*
 * With JSON, prints the report while the mapping is held, for a program that compares from outside.
 * It is not final, and its verdict is never pass.  Does nothing in the other modes.  Returns 0, or
 * -errno of stdout.
 */
int report_held(struct report *rep);

/*
 * Prints the end, once: the JSON object, or the verdict as text, followed by @tail.  If stdout is a
 * regular file, the JSON replaces the held report; otherwise it follows it.  Returns 0, or -errno
 * of stdout.
 */
int report_finish(struct report *rep, const char *tail);

#endif /* REPORT_H */
