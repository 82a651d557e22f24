/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The words that a text of the table may have in braces, each of which is a fact. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#include "env/env.h"

/*
 * The fact of the name @name, which is @n characters long.  @env NULL: the name in capitals.
 * A name that is not known stays as it is, with its braces.
 */
void words_put(const struct env *env, const char *name, size_t n, char *buf, size_t len);

#endif /* WORDS_H */
