/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the terminal can show: colours, and signs beyond ASCII. */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>

/*
 * Checks stdout, the locale and NO_COLOR; called once, at the start.  There is no colour before
 * that, or if stdout is not a terminal, and only ASCII unless the locale is UTF-8.
 */
void term_init(bool no_color);

/* "✓" or "[ok]"; "✗" or "[FAIL]"; "?" or "[??]" */
const char *term_tick(void);
const char *term_cross(void);
const char *term_question(void);

/* Escape sequences, "" without colour. */
const char *term_green(void);
const char *term_red(void);
const char *term_yellow(void);
const char *term_reset(void);

/* Can a line on stderr be overwritten, to show progress? */
bool term_progress_ok(void);

#endif /* TERM_H */
