/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Reads of memory that may not answer. */
#ifndef MMIO_H
#define MMIO_H

#include <stdint.h>

/* -EFAULT where the read gave SIGBUS: the device's memory is off, or it is gone. */
int mmio_read32(const volatile uint32_t *from, uint32_t *value);

#endif /* MMIO_H */
