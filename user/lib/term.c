// SPDX-License-Identifier: GPL-2.0
/* What the terminal can show: colours, and signs beyond ASCII. */
#include "lib/term.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_color;
static bool has_utf8;

void term_init(bool no_color)
{
	const char *env = getenv("NO_COLOR"); /* no-color.org: non-empty */
	const char *term = getenv("TERM");

	/* Only LC_CTYPE: numbers must stay as JSON and scripts expect them. */
	has_utf8 = setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8");
	has_color = !no_color && !(env && *env) && isatty(STDOUT_FILENO) && term &&
		    strcmp(term, "dumb");
}

const char *term_tick(void)
{
	return has_utf8 ? "\u2713" : "[ok]";
}

const char *term_cross(void)
{
	return has_utf8 ? "\u2717" : "[FAIL]";
}

const char *term_question(void)
{
	return has_utf8 ? "?" : "[??]";
}

const char *term_green(void)
{
	return has_color ? "\033[32m" : "";
}

const char *term_red(void)
{
	return has_color ? "\033[31m" : "";
}

const char *term_yellow(void)
{
	return has_color ? "\033[33m" : "";
}

const char *term_reset(void)
{
	return has_color ? "\033[0m" : "";
}

bool term_progress_ok(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}
