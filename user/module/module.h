/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Kernel modules through libkmod: loads what is missing, and unloads what was loaded here. */
#ifndef MODULE_H
#define MODULE_H

#include "lib/err.h"

struct modules; /* the modules that were loaded, in order */

int modules_open(struct modules **mods);

/*
 * Loads a module and those that it needs, unless the kernel has it, and remembers what it
 * loaded.  @path is a file to load instead of looking @name up, or NULL.  Returns 0, or a
 * negative errno with @err filled in.
 */
int modules_need(struct modules *mods, const char *name, const char *path, struct err *err);

/*
 * Calls @each for every module that modprobe would load for this modalias.  It loads none.
 * Returns how many there are, or -errno.
 */
int modules_match(struct modules *mods, const char *modalias,
		  void (*each)(const char *name, void *arg), void *arg);

/*
 * Calls @each for every module that modules_need() would load, in that order.  It loads none.
 * Returns 0 or -errno.
 */
int modules_plan(struct modules *mods, const char *name, void (*each)(const char *name, void *arg),
		 void *arg);

/* Keeps what was loaded so far: modules_close() will not unload it. */
void modules_keep(struct modules *mods);

/* Unloads a module.  0 or -errno; -EBUSY or -EAGAIN if it is in use. */
int modules_unload(struct modules *mods, const char *name);

/*
 * Unloads what modules_need() loaded, in reverse order, and frees @mods.  Calls @warn with the
 * name and the errno for each module that could not be unloaded.
 */
void modules_close(struct modules *mods, void (*warn)(const char *name, int no));

#endif /* MODULE_H */
