/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* An error as it is shown to a user: what failed, why, and what to do. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>

struct err {
	char what[192]; /* "no IOMMU group" */
	char why[320];	/* "no IOMMU is active" */
	char fix[384];	/* "boot with intel_iommu=on"; may be empty */
	int no;		/* errno, positive; 0 where no call failed */
	const char *id; /* of its row in the table of failures; NULL: it has none */
};

__attribute__((format(printf, 2, 3))) void err_what(struct err *e, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void err_why(struct err *e, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void err_fix(struct err *e, const char *fmt, ...);

/* Sets all three texts, where none needs formatting; @no is a positive errno. */
void err_set(struct err *e, int no, const char *what, const char *why, const char *fix);

/* Escapes all three texts for display; err_what() and the like do it for the text they set. */
void err_clean(struct err *e);

/*
 * Fills @e from a format of the form "what: why; fix".  The first "; " and the last ": " before
 * it separate the parts.  Only those in the format count, not those in the arguments.
 */
__attribute__((format(printf, 4, 0))) void err_vsplit(struct err *e, int no, const char *id,
						      const char *fmt, va_list ap);

/* "prog: object: what: why; fix" on stderr; @object may be NULL */
void err_print(const struct err *e, const char *prog, const char *object);

#endif /* ERR_H */
