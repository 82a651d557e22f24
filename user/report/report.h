/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a run tells: text as it goes, one JSON object at the end, or KTAP.
 * Nothing else of vfio_test prints to stdout.
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

/* What was told, for what is told later of it: JSON is written, and not read again. */
struct told_step {
	char name[32];
	enum status status;
	int no;	       /* errno of what failed; 0: none, or nothing failed */
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
	size_t nr;		   /* steps told so far */
	struct told_check *checks; /* of the step in hand */
	size_t nr_checks;
	struct json_object *root; /* all of the JSON; keys by their name */
	bool have_err;
	struct err err;		 /* the first that stopped the run */
	struct testimonies *all; /* the run's, to be told of */
	bool printed;
	int stdout_no; /* why stdout first took no more; 0: it takes all */
	/* The held report, where it stands in a regular file that is stdout; or -1 */
	long long held_at, held_end;
};

void report_init(struct report *rep, struct testimonies *all, enum report_mode mode, bool quiet,
		 bool verbose, unsigned int nr_steps);
void report_deinit(struct report *rep);

/* A line of text; a tick, a cross or a question mark before it. */
__attribute__((format(printf, 2, 3))) void report_line(struct report *rep, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void report_ok(struct report *rep, const char *fmt, ...);
/* As report_ok() with the sign of @status. */
__attribute__((format(printf, 3, 4))) void report_mark(struct report *rep, enum status status,
						       const char *fmt, ...);

/* One step's end: into JSON and KTAP.  @err may be NULL. */
void report_step(struct report *rep, const char *name, enum status status, const char *detail,
		 const struct err *err);

/* What stops the run, and is the end of no step. */
void report_stopped(struct report *rep, const struct err *err);

/*
 * One of several checks that a step is made of, before its report_step(): below it in
 * JSON (checks) and KTAP; in text where it did not pass, and all with --verbose.
 */
__attribute__((format(printf, 4, 5))) void report_check(struct report *rep, const char *name,
							enum status status, const char *fmt, ...);
/* How many of the step in hand ended so. */
unsigned int report_checks(const struct report *rep, enum status status);

/* A step that has ended; NULL: it has not. */
const struct told_step *report_told(const struct report *rep, const char *name);

/* The object below the root under @key, made when it is not there. */
struct json_object *report_object(struct report *rep, const char *key);

/* The verdict over all steps told so far. */
enum status report_verdict(const struct report *rep);

/*
 * JSON: the report of a mapping that is held, for whoever compares from outside: it is not
 * final, and no pass.  Nothing in the other modes.  0, or -errno of stdout.
 */
int report_held(struct report *rep);

/*
 * The end, once: the JSON object, or the verdict as text, with @tail behind it.  In a file it
 * takes the place of the held report, elsewhere it follows that.  Returns 0, or -errno where
 * stdout would not take it.
 */
int report_finish(struct report *rep, const char *tail);

#endif /* REPORT_H */
