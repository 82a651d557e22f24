// SPDX-License-Identifier: GPL-2.0
/* KTAP on stdout; each call writes a whole line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

#define LINE_MAX_BYTES 400

unsigned int nr_failed;

static unsigned int test_nr;

/* Flushes stdio, then writes the line with one write(). */
__attribute__((format(printf, 2, 0))) static void line_out(const char *before, const char *fmt,
							   va_list ap)
{
	char line[LINE_MAX_BYTES];
	size_t n = strlen(before);

	memcpy(line, before, n);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	n = strlen(line);
	line[n++] = '\n';
	fflush(stdout);
	while (write(STDOUT_FILENO, line, n) < 0 && errno == EINTR)
		;
}

void ktap_plan(unsigned int points)
{
	printf("KTAP version 1\n1..%u\n", points);
	fflush(stdout);
}

void result(bool ok, const char *fmt, ...)
{
	char before[32];
	va_list ap;

	nr_failed += !ok;
	snprintf(before, sizeof(before), "%s %u - ", ok ? "ok" : "not ok", ++test_nr);
	va_start(ap, fmt);
	line_out(before, fmt, ap);
	va_end(ap);
}

void result_skip(const char *why, const char *fmt, ...)
{
	char name[LINE_MAX_BYTES / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	result(true, "%s # SKIP %s", name, why);
}

void comment(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_out("# ", fmt, ap);
	va_end(ap);
}

void bail_out(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_out("Bail out! ", fmt, ap);
	va_end(ap);
	_exit(1);
}

int ktap_status(void)
{
	return nr_failed ? 1 : 0;
}

const char *error_name(int err)
{
	const char *name;

	if (!err)
		return "no error";
	name = strerrorname_np(abs(err));
	return name ? name : "an unknown error";
}
