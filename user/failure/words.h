/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The words that a text of the table may have in braces.  Each stands for a fact. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#include "env/env.h"

/*
 * Writes the fact that the first @n characters of @name stand for.  @env NULL: writes the name
 * in capitals.  A name that is not known stays as it is, with its braces.
 */
void words_put(const struct env *env, const char *name, size_t n, char *buf, size_t len);

#endif /* WORDS_H */
