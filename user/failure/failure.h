/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Every failure that VFIO, this machine or the module can give a user: how it is recognised,
 * what it means, what to do, and which part of the kernel says so.  They are the rows of one
 * const table (rows.h), from which all commands and docs/failures.md take their texts.  The
 * lookup does no I/O: the facts are in struct env, which env.h fills.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>
#include <stddef.h>

#include "env/env.h"
#include "lib/err.h"

/* What the failure does to a run. */
enum severity {
	SEVERITY_STOPS,	  /* the run ends with exit code 2 */
	SEVERITY_WITNESS, /* VFIO works, but something stays unverified: exit code 4 */
	SEVERITY_NOTE,	  /* it is worth knowing, and harmless */
};

/* What doctor checks, one line of its output each, in the order in which to fix it. */
enum check {
	CHECK_NONE, /* only a call that fails shows it, so doctor does not check it */
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
	const char *id; /* its name in JSON and for doctor --why; several rows may share it */
	enum severity severity;
	enum check check;
	/*
	 * The call, or the step of a run or of another command, that fails.  The names have
	 * blanks between them; "*" is every step.  NULL: no step shows this failure.
	 */
	const char *steps;
	int no; /* the errno with which it fails; 0: any */
	/* Tells rows with the same step and errno apart; NULL: the row always applies. */
	bool (*applies_if)(const struct env *env);
	/* Shows the failure from the facts, before any call; NULL: the facts do not show it. */
	bool (*detect)(const struct env *env);
	/* Texts with {names} of facts in them.  what NULL: the caller says what failed. */
	const char *what, *why, *fix;
	const char *source; /* a file and function of the kernel, or a document */
};

/*
 * The row number @i, from 0; NULL: past the last one.  The order is that in which to fix the
 * failures.
 */
const struct failure *failure_row(size_t i);

/* The first row with this id; NULL: there is none. */
const struct failure *failure_get(const char *id);

/*
 * Fills @err for a step that failed with errno @no (positive).  Where several rows have this
 * step and errno, the first whose applies_if() agrees is taken.  @what is what failed in the
 * caller's words ("could not open …"), for rows that have no such text.  If no row fits, @err
 * gets strerror() and no id.  @env NULL: no facts are known.
 */
void failure_explain(const struct env *env, const char *step, int no, const char *what,
		     struct err *err);

/*
 * Fills @err from the first row with the id @id, which must be in the table.  @env and @what
 * are as for failure_explain().
 */
void failure_set(const struct env *env, const char *id, int no, const char *what, struct err *err);

/* Fills @err from this row: of several with one id, failure_set() would take the first. */
void failure_fill(const struct env *env, const struct failure *f, const char *what,
		  struct err *err);

/*
 * The next row after @last (NULL: the first row) whose failure the facts show, among those of
 * this check (CHECK_NONE: of all checks); NULL: there are no more.
 */
const struct failure *failure_next(const struct env *env, enum check check,
				   const struct failure *last);

/*
 * The first failure of this step that the facts show, with @err filled in; NULL: there is
 * none, and @err is empty.  The step "list" has what keeps VFIO from the device as it stands.
 */
const struct failure *failure_blocking(const struct env *env, const char *step, struct err *err);

/* A text of the table with the facts in it; @env NULL: with their names in capitals. */
void failure_text(const struct env *env, const char *text, char *buf, size_t len);

#endif /* FAILURE_H */
