/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Settings of the host that keep the kernel from setting up an interrupt.  VFIO counts a device's
 * vectors by its configuration space, even if the host cannot provide any.  That is not a fault of
 * the device or the back end under test.
 */
#ifndef IRQ_HOST_H
#define IRQ_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/sysfs.h"

struct irq_host {
	bool known;	      /* the fields below could be read */
	bool nomsi;	      /* pci=nomsi on the kernel's line */
	bool firmware_no_msi; /* ACPI's FADT says that the machine has no MSI */
	bool chipset_no_msi;  /* the kernel has disabled MSI because of a bug of the chipset */
	bool nointxmask;      /* vfio-pci was told not to mask INTx at the device */
	bool asleep;	      /* the device is not in D0 */
	/* The device, or the bridge above it, whose msi_bus is 0; "" if there is none */
	char no_msi_at[SYSFS_BDF];
};

/*
 * Reads the current settings from /proc and /sys.  Those do not have chipset_no_msi: see
 * run/irq_cause.h.
 */
void irq_host_read(struct irq_host *host, const char *bdf);

struct irq_cause {
	const char *why, *fix; /* the first may have one %s: no_msi_at */
	const char *source;
};

/*
 * Why interrupts of @index (VFIO_PCI_*_IRQ_INDEX) could not be enabled, with the positive errno
 * @no, if the host's settings explain it; NULL if they do not.  Pure.
 */
const struct irq_cause *irq_host_cause(const struct irq_host *host, uint32_t index, int no);

/*
 * Would chipset_no_msi explain the error?  The kernel then logs IRQ_LOG_NO_MSI (quirks.c,
 * quirk_disable_all_msi()).  Pure.
 */
#define IRQ_LOG_NO_MSI "MSI quirk detected; MSI disabled"
bool irq_host_log_tells(uint32_t index, int no);

/* The cause in words, "WHY; FIX", into @buf */
void irq_cause_text(const struct irq_cause *cause, const struct irq_host *host, char *buf,
		    size_t len);

/* Does a kernel command line have nomsi in a list pci=...?  Pure. */
bool irq_line_nomsi(const char *cmdline);

/* Do the boot flags of a FADT of @size bytes say "no MSI" (ACPI 6.5, 5.2.9.3)?  Pure. */
bool irq_fadt_no_msi(const uint8_t *fadt, size_t size);

/* "EINVAL"; "success" for 0; strerror() if there is no name; knows the kernel's own ENOTSUPP */
const char *irq_errno_text(int no);

#endif /* IRQ_HOST_H */
