// SPDX-License-Identifier: GPL-2.0
#include "pci/irq_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "lib/parse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI_DEVICES   "/sys/bus/pci/devices"

#define INTX	      (1U << VFIO_PCI_INTX_IRQ_INDEX)
#define MESSAGE	      (1U << VFIO_PCI_MSI_IRQ_INDEX | 1U << VFIO_PCI_MSIX_IRQ_INDEX)
#define ANY	      (~0U)

/* An errno meant for use inside the kernel, which does reach user space (include/linux/errno.h) */
#define KERNEL_ENOTSUPP 524

static bool is_nomsi(const struct irq_host *host)
{
	return host->nomsi;
}

static bool is_firmware(const struct irq_host *host)
{
	return host->firmware_no_msi;
}

static bool is_chipset(const struct irq_host *host)
{
	return host->chipset_no_msi;
}

static bool is_bridge(const struct irq_host *host)
{
	return host->no_msi_at[0];
}

static bool is_asleep(const struct irq_host *host)
{
	return host->asleep;
}

static bool is_nointxmask(const struct irq_host *host)
{
	return host->nointxmask;
}

/* The first row that fits the index and the errno, and whose applies() agrees, is the cause. */
static const struct {
	uint32_t indexes; /* bits */
	int no;
	bool (*applies)(const struct irq_host *host); /* NULL: the errno is sufficient */
	struct irq_cause cause;
} causes[] = {
	{ MESSAGE,
	  EINVAL,
	  is_nomsi,
	  { "the kernel gives no MSI: its line has pci=nomsi", "boot without pci=nomsi",
	    "drivers/pci/msi/msi.c: pci_msi_supported()" } },
	{ MESSAGE,
	  EINVAL,
	  is_firmware,
	  { "the firmware says that this machine has no MSI (ACPI's FADT)", "update the firmware",
	    "drivers/pci/pci-acpi.c: acpi_pci_init()" } },
	{ MESSAGE,
	  EINVAL,
	  is_chipset,
	  { "the kernel gives no MSI: it has switched it off for this chipset, see dmesg | grep quirk",
	    "use INTx, or another machine", "drivers/pci/quirks.c: quirk_disable_all_msi()" } },
	{ MESSAGE,
	  EINVAL,
	  is_bridge,
	  { "MSI is switched off at %s: its file msi_bus says 0",
	    "write 1 to that file, unless the kernel switched it off for a chipset that cannot",
	    "drivers/pci/msi/msi.c: pci_msi_supported(); drivers/pci/quirks.c: quirk_disable_msi()" } },
	{ MESSAGE,
	  EINVAL,
	  is_asleep,
	  { "the device is not in power state D0", "see the device's file power_state in /sys",
	    "drivers/pci/msi/msi.c: __pci_enable_msi_range()" } },
	{ MESSAGE,
	  KERNEL_ENOTSUPP,
	  NULL,
	  { "the machine has no MSI domain for the device", "see dmesg | grep -i msi",
	    "drivers/pci/msi/irqdomain.c: pci_msi_domain_supports()" } },
	{ MESSAGE,
	  EOPNOTSUPP,
	  NULL,
	  { "the machine has no MSI domain for the device", "see dmesg | grep -i msi",
	    "drivers/pci/msi/irqdomain.c: pci_msi_domain_supports()" } },
	{ MESSAGE,
	  ENOSPC,
	  NULL,
	  { "the machine has not so many interrupt vectors left",
	    "see /proc/interrupts; unbind other devices with many vectors",
	    "arch/x86/kernel/apic/vector.c: assign_irq_vector()" } },
	{ INTX,
	  EBUSY,
	  is_nointxmask,
	  { "its line is shared, and vfio-pci must have a line alone: nointxmask is on",
	    "load vfio-pci without nointxmask, or unbind what shares the line; see /proc/interrupts",
	    "drivers/vfio/pci/vfio_pci_intrs.c: vfio_intx_set_signal()" } },
	{ INTX,
	  EBUSY,
	  NULL,
	  { "its line is shared, and the device cannot mask INTx itself: it must have the line alone",
	    "unbind what shares the line; see /proc/interrupts",
	    "drivers/vfio/pci/vfio_pci_intrs.c: vfio_intx_set_signal()" } },
	{ ANY,
	  ENOMEM,
	  NULL,
	  { "the kernel has no memory for it, or its IOMMU has no entry left for interrupts",
	    "end other programs; see dmesg",
	    "drivers/iommu/intel/irq_remapping.c: alloc_irte()" } },
};

const struct irq_cause *irq_host_cause(const struct irq_host *host, uint32_t index, int no)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].indexes >> index & 1 && causes[i].no == no &&
		    (!causes[i].applies || causes[i].applies(host)))
			return &causes[i].cause;
	return NULL;
}

bool irq_host_log_tells(uint32_t index, int no)
{
	return MESSAGE >> index & 1 && no == EINVAL;
}

void irq_cause_text(const struct irq_cause *cause, const struct irq_host *host, char *buf,
		    size_t len)
{
	const char *mark = strstr(cause->why, "%s");

	if (mark)
		snprintf(buf, len, "%.*s%s%s; %s", (int)(mark - cause->why), cause->why,
			 host->no_msi_at, mark + 2, cause->fix);
	else
		snprintf(buf, len, "%s; %s", cause->why, cause->fix);
}

/* Every pci= counts, not only the last one: drivers/pci/pci.c, pci_setup(). */
bool irq_line_nomsi(const char *cmdline)
{
	while (*cmdline) {
		size_t n = strcspn(cmdline, " ");
		char *word = strndup(cmdline, n);
		bool found = word && parse_kernel_word(word, "pci", "nomsi", NULL, 0);

		free(word);
		if (found)
			return true;
		cmdline += n;
		cmdline += strspn(cmdline, " ");
	}
	return false;
}

bool irq_fadt_no_msi(const uint8_t *fadt, size_t size)
{
	/* IAPC_BOOT_ARCH, bit 3; the table of revision 1 ends before it. */
	enum { REVISION = 8, BOOT_ARCH = 109, NO_MSI = 1 << 3 };

	return size > BOOT_ARCH && fadt[REVISION] > 1 && fadt[BOOT_ARCH] & NO_MSI;
}

const char *irq_errno_text(int no)
{
	const char *name = strerrorname_np(no);

	if (!no || name)
		return no ? name : "success";
	return no == KERNEL_ENOTSUPP ? "ENOTSUPP" : strerror(no);
}

static void read_firmware(struct irq_host *host)
{
	int fd = open("/sys/firmware/acpi/tables/FACP", O_RDONLY | O_CLOEXEC);
	uint8_t fadt[128];
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, fadt, sizeof(fadt));
	close(fd);
	host->firmware_no_msi = n > 0 && irq_fadt_no_msi(fadt, (size_t)n);
}

/* Checks the device, then each bridge above it; their addresses are the components of its path. */
static void read_msi_bus(struct irq_host *host, const char *bdf)
{
	char path[PATH_MAX], real[PATH_MAX], word[8], *slash;
	struct pci_bdf ignored;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s", bdf);
	if (!realpath(path, real)) {
		host->known = false;
		return;
	}
	while ((slash = strrchr(real, '/')) && !parse_bdf(slash + 1, &ignored)) {
		snprintf(path, sizeof(path), "%.*s/msi_bus", (int)(sizeof(path) - 16), real);
		sysfs_read_line(path, word, sizeof(word));
		if (!strcmp(word, "0")) {
			snprintf(host->no_msi_at, sizeof(host->no_msi_at), "%.*s", SYSFS_BDF - 1,
				 slash + 1);
			return;
		}
		*slash = '\0';
	}
}

void irq_host_read(struct irq_host *host, const char *bdf)
{
	char cmdline[4096], path[PATH_MAX], word[16];

	memset(host, 0, sizeof(*host));
	sysfs_read_line("/proc/cmdline", cmdline, sizeof(cmdline));
	host->known = cmdline[0];
	host->nomsi = irq_line_nomsi(cmdline);
	read_firmware(host);
	sysfs_read_line("/sys/module/vfio_pci/parameters/nointxmask", word, sizeof(word));
	host->nointxmask = word[0] == 'Y';
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/power_state", bdf);
	sysfs_read_line(path, word, sizeof(word));
	host->asleep = word[0] == 'D' && strcmp(word, "D0") != 0;
	read_msi_bus(host, bdf);
}
