/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Every failure that VFIO, this machine or the module can give a user: how it is
 * recognised, what it means, what to do, and what of the kernel says so.  One const table;
 * all commands speak from it, and so does the README.  Pure: env.h has the facts.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>
#include <stddef.h>

#include "env/env.h"
#include "lib/err.h"

/* What it does to a run. */
enum severity {
	SEVERITY_STOPS,	  /* ends with 2 */
	SEVERITY_WITNESS, /* VFIO works, something stays unverified: 4 */
	SEVERITY_NOTE,	  /* worth knowing, and harmless */
};

/* What doctor looks at, a line each, in the order in which to put it right. */
enum check {
	CHECK_NONE, /* a call alone shows it */
	CHECK_IOMMU,
	CHECK_DEVICE,
	CHECK_ANSWERS,
	CHECK_GROUP,
	CHECK_MODULES,
	CHECK_DRIVER,
	CHECK_VIABLE,
	CHECK_NODES,
	CHECK_HELD,
	CHECK_INTREMAP,
	CHECK_MEMORY,
	CHECK_PRIVILEGE,
	CHECK_DEBUGFS,
	CHECK_LOCKDOWN,
	CHECK_MODULE,
	CHECK_BACKENDS,
	NR_CHECKS
};

struct failure {
	const char *id; /* in JSON, and for doctor --why */
	enum severity severity;
	enum check check;
	/* Recognised by a call, or a step of a run or of another command, that failed with: */
	const char *steps; /* names, blanks between them; NULL: by none */
	int no;		   /* errno; 0: any */
	/* and, where several have the same, by which of them it is; or NULL */
	bool (*applies_if)(const struct env *env);
	/* Recognised by the facts alone; NULL: not */
	bool (*detect)(const struct env *env);
	/* Texts with {names} of facts in them.  what NULL: what failed is the caller's word. */
	const char *what, *why, *fix;
	const char *source; /* of the kernel, or a document */
};

/* The row @i, from 0, of all in their order; NULL: there are no more. */
const struct failure *failure_row(size_t i);

/* By its id; NULL: there is none. */
const struct failure *failure_get(const char *id);

/*
 * A step failed with errno @no (positive): fills @err with the failure that it is.  @what is
 * what failed, in the caller's words ("could not open …"), where the table has none.  One
 * that the table does not know gets strerror() and no id.  @env NULL: nothing is known.
 */
void failure_explain(const struct env *env, const char *step, int no, const char *what,
		     struct err *err);

/* Fills @err with a failure that is known already and in the table.  @env, @what as above. */
void failure_set(const struct env *env, const char *id, int no, const char *what, struct err *err);

/* The same of a row: several rows may have one id, of which failure_set() takes the first. */
void failure_fill(const struct env *env, const struct failure *f, const char *what,
		  struct err *err);

/*
 * The next failure after @last (NULL: the first) that the facts alone show, of this check
 * (CHECK_NONE: of any); NULL: no more.  In the order in which to put them right.
 */
const struct failure *failure_next(const struct env *env, enum check check,
				   const struct failure *last);

/*
 * The first of a step's failures that the facts alone show, with @err filled in; NULL: none,
 * and @err is empty.  "list": what keeps VFIO from the device as it stands.
 */
const struct failure *failure_blocking(const struct env *env, const char *step, struct err *err);

/* A text of the table with the facts in it; @env NULL: with their names, in capitals */
void failure_text(const struct env *env, const char *text, char *buf, size_t len);

#endif /* FAILURE_H */
