// SPDX-License-Identifier: GPL-2.0
/* Why the kernel sets an interrupt up not, as facts of the host tell it apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "pci/irq_host.h"

/* Indexes as in linux/vfio.h: INTx, MSI, MSI-X, ERR, REQ */
enum { INTX, MSI, MSIX, ERR, REQ };

static void test_line(void **state)
{
	static const char *const yes[] = {
		"pci=nomsi",
		"quiet pci=nomsi",
		"pci=nomsi quiet",
		"pci=noaer,nomsi",
		"pci=nomsi,noaer",
		"pci=nomsi pci=noaer",
		"pci=noaer pci=nomsi x=y",
	};
	static const char *const no[] = {
		"", "pci=noaer", "pci=nomsix", "xpci=nomsi", "nomsi", "pci= nomsi", "pci=xnomsi",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!irq_line_nomsi(yes[i]))
			fail_msg("not seen: %s", yes[i]);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (irq_line_nomsi(no[i]))
			fail_msg("seen: %s", no[i]);
}

static void test_firmware(void **state)
{
	uint8_t fadt[128] = { 0 };

	(void)state;
	fadt[8] = 3;
	assert_false(irq_fadt_no_msi(fadt, sizeof(fadt)));
	fadt[109] = 0x08;
	assert_true(irq_fadt_no_msi(fadt, sizeof(fadt)));
	assert_true(irq_fadt_no_msi(fadt, 110));
	assert_false(irq_fadt_no_msi(fadt, 109));
	fadt[109] = 0xf7;
	assert_false(irq_fadt_no_msi(fadt, sizeof(fadt)));
	/* ACPI 1.0: that byte is not there yet. */
	fadt[109] = 0x08;
	fadt[8] = 1;
	assert_false(irq_fadt_no_msi(fadt, sizeof(fadt)));
}

static void expect(const struct irq_host *host, uint32_t index, int no, const char *want)
{
	const struct irq_cause *cause = irq_host_cause(host, index, no);
	char text[256] = "";

	if (cause)
		irq_cause_text(cause, host, text, sizeof(text));
	if (!want)
		assert_null(cause);
	else if (!strstr(text, want))
		fail_msg("'%s' is not in '%s'", want, text);
}

static void test_causes(void **state)
{
	struct irq_host host = { .known = true };

	(void)state;
	/* Nothing known against it: it is the kernel's answer that is looked at. */
	expect(&host, MSI, EINVAL, NULL);
	expect(&host, MSIX, EINVAL, NULL);
	expect(&host, INTX, EINVAL, NULL);
	expect(&host, MSI, EBUSY, NULL);
	expect(&host, REQ, EBUSY, NULL);
	expect(&host, MSI, EPERM, NULL);
	expect(&host, MSI, 0, NULL);
	/* What the errno itself says */
	expect(&host, MSI, ENOSPC, "not so many interrupt vectors left; see /proc/interrupts");
	expect(&host, MSIX, ENOSPC, "vectors left");
	expect(&host, INTX, ENOSPC, NULL);
	expect(&host, MSI, 524, "no MSI domain");
	expect(&host, MSIX, EOPNOTSUPP, "no MSI domain");
	expect(&host, INTX, EBUSY, "cannot mask INTx itself");
	expect(&host, INTX, ENOMEM, "no memory");
	expect(&host, MSIX, ENOMEM, "no memory");
	/* and with facts */
	host.nomsi = true;
	expect(&host, MSI, EINVAL, "pci=nomsi; boot without pci=nomsi");
	expect(&host, MSIX, EINVAL, "pci=nomsi");
	expect(&host, INTX, EINVAL, NULL);
	expect(&host, ERR, EINVAL, NULL);
	host.nomsi = false;
	host.firmware_no_msi = true;
	expect(&host, MSIX, EINVAL, "FADT");
	host.firmware_no_msi = false;
	host.chipset_no_msi = true;
	expect(&host, MSI, EINVAL, "switched it off for this chipset");
	expect(&host, MSIX, EINVAL, "switched it off for this chipset");
	expect(&host, INTX, EINVAL, NULL);
	expect(&host, MSI, EPERM, NULL);
	host.chipset_no_msi = false;
	assert_true(irq_host_log_tells(MSI, EINVAL) && irq_host_log_tells(MSIX, EINVAL));
	assert_false(irq_host_log_tells(INTX, EINVAL) || irq_host_log_tells(MSI, EBUSY));
	strcpy(host.no_msi_at, "0000:00:1c.0");
	expect(&host, MSIX, EINVAL,
	       "MSI is switched off at 0000:00:1c.0: its file msi_bus says 0; ");
	host.no_msi_at[0] = '\0';
	host.asleep = true;
	expect(&host, MSI, EINVAL, "not in power state D0");
	host.asleep = false;
	host.nointxmask = true;
	expect(&host, INTX, EBUSY, "nointxmask is on");
	expect(&host, MSI, EINVAL, NULL);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(irq_errno_text(0), "success");
	assert_string_equal(irq_errno_text(EINVAL), "EINVAL");
	assert_string_equal(irq_errno_text(524), "ENOTSUPP");
	assert_non_null(irq_errno_text(9999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("irq_host", tests, NULL, NULL);
}
