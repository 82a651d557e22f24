/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What of the host keeps the kernel from setting an interrupt up.  VFIO counts a device's
 * vectors by its configuration space; whether the kernel gives any is another matter, and no
 * fault of what is tested.
 */
#ifndef IRQ_HOST_H
#define IRQ_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/sysfs.h"

struct irq_host {
	bool known;	      /* what follows could be read */
	bool nomsi;	      /* pci=nomsi on the kernel's line */
	bool firmware_no_msi; /* ACPI's FADT says that the machine has no MSI */
	bool nointxmask;      /* vfio-pci was told not to mask INTx at the device */
	bool asleep;	      /* the device is not in D0 */
	/* The device, or the bridge above it, whose msi_bus is 0; "" where none is */
	char no_msi_at[SYSFS_BDF];
};

/* As /proc and /sys have it now */
void irq_host_read(struct irq_host *host, const char *bdf);

struct irq_cause {
	const char *why, *fix; /* the first may have one %s: no_msi_at */
	const char *source;
};

/*
 * The cause in the host's state for an index (VFIO_PCI_*_IRQ_INDEX) that could not be switched
 * on with errno @no (positive); NULL: nothing of the host explains it.  Pure.
 */
const struct irq_cause *irq_host_cause(const struct irq_host *host, uint32_t index, int no);

/* The cause in words, "WHY; FIX", into @buf */
void irq_cause_text(const struct irq_cause *cause, const struct irq_host *host, char *buf,
		    size_t len);

/* Does the line of a kernel have pci=nomsi, alone or in a list?  Pure. */
bool irq_line_nomsi(const char *cmdline);

/* ACPI 6.5, 5.2.9.3: do the boot flags of a FADT of so many bytes say that there is no MSI?  Pure.
 */
bool irq_fadt_no_msi(const uint8_t *fadt, size_t size);

/* "EINVAL"; "success" for 0; for one without a name, as ENOTSUPP of the kernel's own, its number */
const char *irq_errno_text(int no);

#endif /* IRQ_HOST_H */
