/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Why an interrupt could not be set up, from the host's settings and the kernel's log */
#ifndef IRQ_CAUSE_H
#define IRQ_CAUSE_H

#include "pci/irq_host.h"

/*
 * As irq_host_cause(), which is tried first.  If it finds nothing, and the kernel's log may have
 * the cause, the log is read, and @host is updated: with what the log says, or as not known if the
 * log cannot be read.
 */
const struct irq_cause *run_irq_cause(struct irq_host *host, uint32_t index, int no);

#endif /* IRQ_CAUSE_H */
