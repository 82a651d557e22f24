// SPDX-License-Identifier: GPL-2.0
#include "run/irq_cause.h"

#include "env/klog.h"

const struct irq_cause *run_irq_cause(struct irq_host *host, uint32_t index, int no)
{
	const struct irq_cause *cause = irq_host_cause(host, index, no);
	int said;

	if (cause || !irq_host_log_tells(index, no))
		return cause;
	said = klog_said(IRQ_LOG_NO_MSI);
	host->chipset_no_msi = said > 0;
	if (said < 0)
		host->known = false;
	return irq_host_cause(host, index, no);
}
