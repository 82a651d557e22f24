/* SPDX-License-Identifier: GPL-2.0 */
/* Opens the module's files, and makes the arguments for them. */
#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include <stdint.h>

#include "uapi/verify_pte.h"

#define WALK	  "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_WALK
#define IOVA_FILE "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_IOVA

/* Opens one of these, close on exec; ends the test if that fails (is the module loaded?). */
int module_open(const char *path, int flags);

/* The number of @bdf ("0000:00:02.0") in its segment: 8 bits bus, 5 device, 3 function */
uint32_t device_number(const char *bdf);

#endif /* TESTS_ASK_H */
