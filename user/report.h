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

#include "err.h"
#include "out.h"

enum report_mode { REPORT_TEXT, REPORT_JSON, REPORT_KTAP };

/* How a step, a witness or a whole run ended. */
enum status {
	STATUS_PASS,
	STATUS_FAIL,	   /* a check ran and failed */
	STATUS_SKIP,	   /* not asked for, or nothing to do */
	STATUS_UNVERIFIED, /* asked for, and could not be checked */
	STATUS_ERROR,	   /* usage or environment stops the run */
};

const char *status_name(enum status status);

struct report {
	enum report_mode mode;
	bool quiet, verbose;
	unsigned int nr;		      /* steps told so far */
	unsigned int count[STATUS_ERROR + 1]; /* steps by status */
	struct json_object *root;	      /* all of the JSON; keys by their name */
	struct json_object *steps;
	struct json_object *checks; /* of the step in hand, or NULL */
	bool have_err;
	struct err err; /* the first that stopped the run */
	bool printed;
};

void report_init(struct report *rep, enum report_mode mode, bool quiet, bool verbose,
		 unsigned int nr_steps);
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

/*
 * One of several checks that a step is made of, before its report_step(): below it in
 * JSON (checks) and KTAP; in text where it did not pass, and all with --verbose.
 */
__attribute__((format(printf, 4, 5))) void report_check(struct report *rep, const char *name,
							enum status status, const char *fmt, ...);
/* How many of the step in hand ended so. */
unsigned int report_checks(const struct report *rep, enum status status);

/* The errno of a step that ended unverified; 0: it has none there, -1: it ended otherwise. */
int report_step_errno(const struct report *rep, const char *name);

/* The object below the root under @key, made when it is not there. */
struct json_object *report_object(struct report *rep, const char *key);

/* A witness: what it compared, and where it first found something else. */
void report_witness(struct report *rep, const char *name, enum status status,
		    unsigned long long compared, unsigned long long mismatched,
		    const char *first_mismatch);
/* What it cost, in nanoseconds a page; after report_witness() */
void report_witness_ns(struct report *rep, const char *name, unsigned long long ns);

/* The verdict over all steps told so far. */
enum status report_verdict(const struct report *rep);

/*
 * The end, once: the JSON object, or the verdict as text.  Returns 0, or
 * -errno where stdout would not take it.
 */
int report_finish(struct report *rep, const char *summary);

/* The exit code that goes with a verdict: 0, 1, 2 or 4. */
int status_exit_code(enum status verdict);

#endif /* REPORT_H */
