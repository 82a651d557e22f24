/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef VERSION_H
#define VERSION_H

/* One version for the module, the tester and the host program. */
#define VFIO_VERIFY_VERSION "0.1.0"

#endif /* VERSION_H */
