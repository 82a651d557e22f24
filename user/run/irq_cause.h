/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The cause in the host's state for an interrupt that could not be set up, its log included */
#ifndef IRQ_CAUSE_H
#define IRQ_CAUSE_H

#include "pci/irq_host.h"

/*
 * As irq_host_cause(), which is asked first.  Where nothing explains it and the kernel's log may,
 * that is read, and @host then says what it has, or that not all of the host is known.
 */
const struct irq_cause *run_irq_cause(struct irq_host *host, uint32_t index, int no);

#endif /* IRQ_CAUSE_H */
