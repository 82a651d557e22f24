/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the terminal can show: colours, and signs beyond ASCII. */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>

/*
 * Looks at stdout, the locale and NO_COLOR, once, at the start.  Before it, and
 * where stdout is no terminal, there is no colour; outside UTF-8 no sign
 * beyond ASCII.
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

/* May a line on stderr be drawn over, to show how far we are? */
bool term_progress_ok(void);

#endif /* TERM_H */
