/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* An error as a user needs it: what failed, why, and what to do. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>

struct err {
	char what[192]; /* "no IOMMU group" */
	char why[320];	/* "no IOMMU is active" */
	char fix[384];	/* "boot with intel_iommu=on"; may be empty */
	int no;		/* errno, positive; 0 where no call failed */
	const char *id; /* of failure.h's table; NULL: not in it */
};

__attribute__((format(printf, 2, 3))) void err_what(struct err *e, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void err_why(struct err *e, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void err_fix(struct err *e, const char *fmt, ...);

/* what, why and fix in one go, for those that need no formatting; @no positive */
void err_set(struct err *e, int no, const char *what, const char *why, const char *fix);

/* Makes all of it fit to be shown; err_what() and the like do it for what they fill in. */
void err_clean(struct err *e);

/*
 * From a format of the form "what: why; fix", of which the first "; " and the last ": " before
 * it divide the parts, not those that arguments bring along.
 */
__attribute__((format(printf, 4, 0))) void err_vsplit(struct err *e, int no, const char *id,
						      const char *fmt, va_list ap);

/* "prog: object: what: why; fix" on stderr; @object may be NULL */
void err_print(const struct err *e, const char *prog, const char *object);

#endif /* ERR_H */
