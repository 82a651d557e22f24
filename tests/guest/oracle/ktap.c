// SPDX-License-Identifier: GPL-2.0
/* One point at a time: what fails it or skips it is said first, then it is told. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

unsigned int nr_failed;
bool failed;
char skipped[200];

static unsigned int test_nr, nr_said;

/* More of a failing test than this is noise. */
#define SAY_MAX 10

__attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	va_list ap;

	failed = true;
	if (nr_said++ >= SAY_MAX)
		return;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
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
	nr_failed += failed;
	if (failed)
		printf("not ok %u - %s%s%s\n", ++test_nr, name, sep, way);
	else if (skipped[0])
		printf("ok %u - %s%s%s # SKIP %s\n", ++test_nr, name, sep, way, skipped);
	else
		printf("ok %u - %s%s%s\n", ++test_nr, name, sep, way);
	fflush(stdout);
}

__attribute__((noreturn, format(printf, 1, 2))) void bail_out(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}
