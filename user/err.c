// SPDX-License-Identifier: GPL-2.0
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

#define FORMAT_INTO(field)                                      \
	do {                                                    \
		va_list ap;                                     \
                                                                \
		va_start(ap, fmt);                              \
		vsnprintf(e->field, sizeof(e->field), fmt, ap); \
		va_end(ap);                                     \
	} while (0)

void err_what(struct err *e, const char *fmt, ...)
{
	FORMAT_INTO(what);
}

void err_why(struct err *e, const char *fmt, ...)
{
	FORMAT_INTO(why);
}

void err_fix(struct err *e, const char *fmt, ...)
{
	FORMAT_INTO(fix);
}

void err_set(struct err *e, int no, const char *what, const char *why, const char *fix)
{
	e->no = no;
	e->id = NULL;
	err_what(e, "%s", what);
	err_why(e, "%s", why);
	err_fix(e, "%s", fix);
}

void err_print(const struct err *e, const char *prog, const char *object)
{
	fprintf(stderr, "%s: %s%s%s", prog, object ? object : "", object ? ": " : "", e->what);
	if (e->why[0])
		fprintf(stderr, ": %s", e->why);
	if (e->fix[0])
		fprintf(stderr, "; %s", e->fix);
	fputc('\n', stderr);
}
