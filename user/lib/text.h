/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Text that somebody else wrote (a process's name, a path, an argument, a line of the
 * kernel's log), made fit for a terminal and for JSON.
 *
 * A byte is shown as \xNN where a terminal could obey it, or where it belongs to no character:
 * control characters (C0, DEL, C1), characters that change the direction of writing or break a
 * line, and whatever is not valid UTF-8.  A backslash stays as it is, so that doing it twice
 * changes nothing.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/*
 * A text that is put together piece by piece, in a buffer of the caller's.  What does not fit is
 * left out, with all that would follow, and the text ends in "..." where there is room for that.
 */
struct text {
	char *buf;
	size_t len;  /* of @buf */
	size_t used; /* without the NUL; never more than len - 1 */
	bool cut;
};

/* An empty one; @buf is overwritten. */
void text_begin(struct text *text, char *buf, size_t len);

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *fmt, ...);

/* One more of a list: @between stands before it unless nothing is there yet. */
void text_list(struct text *text, const char *between, const char *word);

/*
 * Writes @in to @out, @len bytes with the final NUL (0: nothing is written); cut between two
 * characters where it does not fit.  Returns the length of the whole, without the NUL.
 */
size_t text_escape(const char *in, char *out, size_t len);

/* As text_escape(), and newlines stay. */
size_t text_escape_lines(const char *in, char *out, size_t len);

/* The same in place: cut where what is escaped does not fit into @len bytes. */
void text_clean(char *buf, size_t len);

/*
 * @in as it may be printed: itself, or one of eight buffers that the calls take in turn (1023
 * bytes of it are shown).  For arguments of printf(); "(null)" for NULL.
 */
const char *text_shown(const char *in);

/* A string of JSON; NULL gives null.  All strings of JSON are made by it. */
struct json_object *json_text(const char *in);

#endif /* TEXT_H */
