/* SPDX-License-Identifier: GPL-2.0 */
/* The module's files, and how they are asked */
#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include <stdint.h>

#include "uapi/verify_pte.h"

#define WALK	  "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK
#define IOVA_FILE "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_IOVA

/* Opens one of these, close on exec; ends the test if that fails, as without the module. */
int module_open(const char *path, int flags);

/* The PCI device @bdf ("0000:00:02.0") within its segment: bus, device, function (8, 5, 3 bits) */
uint32_t device_number(const char *bdf);

#endif /* TESTS_ASK_H */
