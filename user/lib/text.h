/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Escapes text from elsewhere (a process's name, a path, an argument, a line of the kernel's log)
 * so that it is safe on a terminal and valid in JSON.
 *
 * A byte is written as \xNN if it could control the terminal, or is not part of a character:
 * control characters (C0, DEL, C1), characters that change the direction of writing or break a
 * line, and invalid UTF-8.  A backslash is not escaped, so that escaping twice changes nothing.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/*
 * A text that is assembled piece by piece in the caller's buffer.  A piece that does not fit is
 * cut, everything after it is left out, and the text ends in "..." if there is room for that.
 */
struct text {
	char *buf;
	size_t len;  /* of @buf */
	size_t used; /* without the NUL; never more than len - 1 */
	bool cut;
};

/* Starts an empty text in @buf. */
void text_begin(struct text *text, char *buf, size_t len);

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *fmt, ...);

/* Adds an item to a list: @between goes before it, unless the text is still empty. */
void text_list(struct text *text, const char *between, const char *word);

/*
 * Writes the escaped @in to @out, which has @len bytes with the final NUL (0: nothing is written).
 * A text that does not fit is cut between two characters.  Returns the length of the whole text,
 * without the NUL.
 */
size_t text_escape(const char *in, char *out, size_t len);

/* As text_escape(), but newlines are kept. */
size_t text_escape_lines(const char *in, char *out, size_t len);

/* As text_escape(), in place; the text is cut if its escaped form does not fit into @len bytes. */
void text_clean(char *buf, size_t len);

/*
 * @in in a form that may be printed: @in itself, or an escaped copy in one of eight buffers that
 * calls use in turn (cut at 1023 bytes).  For arguments of printf(); "(null)" for NULL.
 */
const char *text_shown(const char *in);

/* A JSON string, or null for NULL.  Every string in our JSON is made by this function. */
struct json_object *json_text(const char *in);

#endif /* TEXT_H */
