/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef VERSION_H
#define VERSION_H

/* One version for the module, the tester and the host program, in the file VERSION. */
#ifndef VFIO_VERIFY_VERSION
#error "VFIO_VERIFY_VERSION: the Makefile defines it, from the file VERSION"
#endif

#endif /* VERSION_H */
