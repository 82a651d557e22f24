/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Reads from a device's memory, which may not respond. */
#ifndef MMIO_H
#define MMIO_H

#include <stdint.h>

/* -EFAULT: the read caused SIGBUS, as the device's memory is disabled or the device is gone. */
int mmio_read32(const volatile uint32_t *from, uint32_t *value);

#endif /* MMIO_H */
