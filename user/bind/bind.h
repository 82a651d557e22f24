/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A PCI device from one driver to another, and who would be in the way. */
#ifndef BIND_H
#define BIND_H

#include <stdbool.h>

#include "env/env.h"
#include "lib/err.h"
#include "env/holder.h"
#include "env/in_use.h"
#include "pci/sysfs.h"

/* driver_override as its file says it; -errno, -E2BIG where it is longer than @len */
int bind_override_get(const char *bdf, char *out, size_t len);

/*
 * On @driver ("": on none) and with this driver_override (as its file says it) is
 * where the device is afterwards, wherever it was.  Nothing is written that is so
 * already: so it can be broken off at any point and done again.  -errno, with @err.
 */
int bind_put(const char *bdf, const char *driver, const char *override, struct err *err);

/* Takes the device from its driver, clears driver_override, and lets the kernel choose. */
int bind_let_go(const char *bdf, struct err *err);

bool bind_driver_present(const char *driver);
/* Has the driver any device?  By the module's name, which may bring several drivers. */
bool bind_module_has_devices(const char *module);

/*
 * The device of @env, if it is on a VFIO driver: does somebody have it or its group open, so
 * that an unbind would wait for them in the kernel?  Then @env has who, as far as is known;
 * of USE_UNKNOWN @what says why.
 */
enum use bind_held(struct env *env, const struct holders *holders, char *what, size_t len);

#endif /* BIND_H */
