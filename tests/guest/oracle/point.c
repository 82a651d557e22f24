// SPDX-License-Identifier: GPL-2.0
/* One point at a time: what fails it or skips it is said first, then it is told. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdio.h>

#include "oracle.h"

bool failed;
char skipped[200];

static unsigned int nr_said;

/* More of a failing test than this is noise. */
#define SAY_MAX 10

__attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	failed = true;
	if (nr_said++ >= SAY_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	comment("%s", line);
}

__attribute__((format(printf, 1, 2))) void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(skipped, sizeof(skipped), fmt, ap);
	va_end(ap);
}

void test_begin(void)
{
	failed = false;
	nr_said = 0;
	skipped[0] = '\0';
}

void test_end(const char *name, const char *way)
{
	const char *sep = way ? ": " : "";

	if (!way)
		way = "";
	if (skipped[0] && !failed)
		result_skip(skipped, "%s%s%s", name, sep, way);
	else
		result(!failed, "%s%s%s", name, sep, way);
}
