/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Moves a PCI device from one driver to another, and finds who would be in the way. */
#ifndef BIND_H
#define BIND_H

#include <stdbool.h>

#include "env/env.h"
#include "lib/err.h"
#include "env/holder.h"
#include "env/in_use.h"
#include "pci/sysfs.h"

/* Reads driver_override as its file shows it.  0 or -errno; -E2BIG: it is longer than @len. */
int bind_override_get(const char *bdf, char *out, size_t len);

/*
 * Puts the device on @driver ("": on none) and sets this driver_override (as its file shows
 * it), wherever the device was before.  It writes only what differs, so it can be broken off at
 * any point and done again.  0, or -errno with @err.
 */
int bind_put(const char *bdf, const char *driver, const char *override, struct err *err);

/* Takes the device from its driver, clears driver_override, and lets the kernel choose. */
int bind_let_go(const char *bdf, struct err *err);

bool bind_driver_present(const char *driver);
/* Does any PCI driver of this module have a device?  A module may register several. */
bool bind_module_has_devices(const char *module);

/*
 * If the device of @env is on a VFIO driver: does a process have it or its group open, so that
 * an unbind would wait in the kernel?  If so, @env gets the process, if it is known.  For
 * USE_UNKNOWN, @what says why.
 */
enum use bind_held(struct env *env, const struct holders *holders, char *what, size_t len);

#endif /* BIND_H */
