// SPDX-License-Identifier: GPL-2.0
#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

/* An error may quote text from anywhere, so all of it is escaped here. */
#define FORMAT_INTO(field)                                      \
	do {                                                    \
		va_list ap;                                     \
                                                                \
		va_start(ap, fmt);                              \
		vsnprintf(e->field, sizeof(e->field), fmt, ap); \
		va_end(ap);                                     \
		text_clean(e->field, sizeof(e->field));         \
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

void err_clean(struct err *e)
{
	text_clean(e->what, sizeof(e->what));
	text_clean(e->why, sizeof(e->why));
	text_clean(e->fix, sizeof(e->fix));
}

/* As strstr(), but the last one before @end. */
static size_t last_before(const char *fmt, size_t end, const char *mark)
{
	size_t n = strlen(mark), at = end;

	while (at--)
		if (at + n <= end && !strncmp(fmt + at, mark, n))
			return at;
	return end;
}

/* The length of the first @n bytes of @fmt once they are formatted. */
__attribute__((format(printf, 1, 0))) static size_t formatted(const char *fmt, size_t n, va_list ap)
{
	char head[512];
	va_list copy;
	int len;

	snprintf(head, sizeof(head), "%.*s", (int)n, fmt);
	va_copy(copy, ap);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	len = vsnprintf(NULL, 0, head, copy);
#pragma GCC diagnostic pop
	va_end(copy);
	return len < 0 ? 0 : (size_t)len;
}

void err_vsplit(struct err *e, int no, const char *id, const char *fmt, va_list ap)
{
	const char *semicolon = strstr(fmt, "; ");
	size_t end = semicolon ? (size_t)(semicolon - fmt) : strlen(fmt);
	size_t colon = last_before(fmt, end, ": ");
	size_t why = formatted(fmt, colon, ap), fix = formatted(fmt, end, ap), len;
	char *text;

	memset(e, 0, sizeof(*e));
	e->no = no;
	e->id = id;
	/* The format is split, not the result: an argument may contain a colon too. */
	if (vasprintf(&text, fmt, ap) < 0) {
		err_what(e, "not enough memory to say what is wrong");
		return;
	}
	len = strlen(text);
	err_what(e, "%.*s", (int)why, text);
	if (colon < end && why + 2 < fix)
		err_why(e, "%.*s", (int)(fix - why - 2), text + why + 2);
	if (semicolon && fix + 2 < len)
		err_fix(e, "%s", text + fix + 2);
	free(text);
}

void err_print(const struct err *e, const char *prog, const char *object)
{
	/* Escaped once more, as a caller may have written to a field directly. */
	fprintf(stderr, "%s: %s%s%s", prog, object ? text_shown(object) : "", object ? ": " : "",
		text_shown(e->what));
	if (e->why[0])
		fprintf(stderr, ": %s", text_shown(e->why));
	if (e->fix[0])
		fprintf(stderr, "; %s", text_shown(e->fix));
	fputc('\n', stderr);
}
