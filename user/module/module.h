/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Kernel modules through libkmod: load what is absent, unload what we loaded. */
#ifndef MODULE_H
#define MODULE_H

#include "lib/err.h"

struct modules; /* what was loaded, in order */

int modules_open(struct modules **mods);

/*
 * Loads a module and what it needs, unless the kernel has it; remembers what
 * it loaded.  @path is a file to load instead of looking @name up, or NULL.
 * Returns 0, or a negative errno with @err filled in.
 */
int modules_need(struct modules *mods, const char *name, const char *path, struct err *err);

/*
 * Calls @each for every module that drives what has this modalias, as modprobe
 * would look it up; none is loaded.  -errno, or how many there are.
 */
int modules_match(struct modules *mods, const char *modalias,
		  void (*each)(const char *name, void *arg), void *arg);

/*
 * Calls @each for every module that modules_need() would load, in that order; none
 * is loaded.  0, or -errno.
 */
int modules_plan(struct modules *mods, const char *name, void (*each)(const char *name, void *arg),
		 void *arg);

/* What was loaded so far is to stay. */
void modules_keep(struct modules *mods);

/* Unloads one that nobody uses: -EBUSY, -EAGAIN where somebody does; other -errno */
int modules_unload(struct modules *mods, const char *name);

/*
 * Unloads what modules_need() loaded, the last first, and frees @mods.  Tells
 * of each that would not go by @warn (name, errno).
 */
void modules_close(struct modules *mods, void (*warn)(const char *name, int no));

#endif /* MODULE_H */
