// SPDX-License-Identifier: GPL-2.0
/* Ready for VFIO, or why not: each reason alone, and which one comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ready.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ETHERNET      0x020000
#define HOST_BRIDGE   0x060000
#define ISA_BRIDGE    0x060100
#define PCI_BRIDGE    0x060400
#define PCI_BRIDGE_SD 0x060401 /* subtractive decode */
#define CARDBUS	      0x060700
#define SEMI	      0x060940

static struct sysfs_device device(const char *bdf, uint32_t class, const char *driver, int group)
{
	struct sysfs_device dev = { .class = class, .group = group };

	strncpy(dev.bdf, bdf, sizeof(dev.bdf) - 1);
	strncpy(dev.driver, driver, sizeof(dev.driver) - 1);
	return dev;
}

static void test_alone(void **state)
{
	static const struct {
		uint32_t class;
		const char *driver;
		int group;
		bool iommu, noiommu;
		int holder;
		enum ready ready;
		const char *name, *why, *fix; /* what they must have in them */
	} t[] = {
		{ ETHERNET, "vfio-pci", 3, true, false, 0, READY_YES, "ready", "", "" },
		{ ETHERNET, "mlx5_vfio_pci", 0, true, false, 0, READY_YES, "ready", "", "" },
		/* A bridge to ISA carries no PCI devices: VFIO can have it. */
		{ ISA_BRIDGE, "vfio-pci", 3, true, false, 0, READY_YES, "ready", "", "" },
		{ HOST_BRIDGE, "", 0, true, false, 0, READY_BRIDGE, "bridge", "a host bridge", "" },
		{ PCI_BRIDGE, "pcieport", 1, true, false, 0, READY_BRIDGE, "bridge", "a PCI bridge",
		  "" },
		{ PCI_BRIDGE_SD, "", 1, true, false, 0, READY_BRIDGE, "bridge", "a PCI bridge",
		  "" },
		{ CARDBUS, "", 1, true, false, 0, READY_BRIDGE, "bridge", "CardBus", "" },
		{ SEMI, "", 1, true, false, 0, READY_BRIDGE, "bridge", "semi-transparent", "" },
		{ ETHERNET, "", -1, false, false, 0, READY_NO_IOMMU, "no-iommu",
		  "no IOMMU is active", "intel_iommu=on" },
		{ ETHERNET, "vfio-pci", -1, true, false, 0, READY_NO_GROUP, "no-group",
		  "but not for this device", "dmesg" },
		{ ETHERNET, "vfio-pci", 0, false, true, 0, READY_NOIOMMU, "noiommu-group",
		  "made the group up", "IOMMU" },
		{ ETHERNET, "", 3, true, false, 0, READY_NO_DRIVER, "no-driver",
		  "it is on no driver",
		  "modprobe vfio-pci; echo vfio-pci > /sys/bus/pci/devices/0000:00:02.0/driver_override; echo 0000:00:02.0 > /sys/bus/pci/drivers_probe" },
		{ ETHERNET, "e1000e", 3, true, false, 0, READY_DRIVER, "host-driver",
		  "it is on the driver e1000e",
		  "echo 0000:00:02.0 > /sys/bus/pci/drivers/e1000e/unbind; echo vfio-pci > " },
		/* Good for a sibling, not to be used itself. */
		{ ETHERNET, "pci-stub", 3, true, false, 0, READY_DRIVER, "host-driver",
		  "the driver pci-stub", "drivers/pci-stub/unbind" },
		{ ETHERNET, "vfio-pci", 3, true, false, 77, READY_HELD, "held",
		  "process 77 (qemu) has it open", "end that process" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct sysfs_device dev =
			device("0000:00:02.0", t[i].class, t[i].driver, t[i].group);
		const struct ready_facts facts = {
			.dev = &dev,
			.iommu = t[i].iommu,
			.noiommu = t[i].noiommu,
			.holder = t[i].holder,
			.holder_comm = "qemu",
		};
		struct err err;
		enum ready ready;

		memset(&err, 0x5a, sizeof(err));
		ready = ready_judge(&facts, &err);
		if (ready != t[i].ready || strcmp(ready_name(ready), t[i].name) ||
		    !strstr(err.why, t[i].why) || !strstr(err.fix, t[i].fix) ||
		    !err.what[0] != (ready == READY_YES) || !err.no != (ready == READY_YES))
			fail_msg("row %zu: %s: %s: %s; %s", i, ready_name(ready), err.what, err.why,
				 err.fix);
		if (ready == READY_YES && (err.why[0] || err.fix[0]))
			fail_msg("row %zu: ready, and yet: %s; %s", i, err.why, err.fix);
	}
}

static void test_siblings(void **state)
{
	struct sysfs_device dev = device("0000:01:01.0", ETHERNET, "vfio-pci", 7);
	struct sysfs_device good[] = {
		device("0000:00:03.0", PCI_BRIDGE, "some-bridge-driver", 7),
		device("0000:01:02.0", ETHERNET, "", 7),
		device("0000:01:03.0", ETHERNET, "vfio-pci", 7),
		device("0000:01:04.0", ETHERNET, "pci-stub", 7),
		device("0000:01:05.0", PCI_BRIDGE, "pcieport", 7),
	};
	struct sysfs_device bad[] = {
		good[0],
		device("0000:01:02.0", ETHERNET, "e1000e", 7),
		good[2],
		device("0000:01:03.0", ISA_BRIDGE, "lpc_ich", 7),
	};
	struct ready_facts facts = {
		.dev = &dev,
		.iommu = true,
		.siblings = good,
		.nr_siblings = ARRAY_SIZE(good),
	};
	struct sysfs_device many[300];
	struct err err;
	size_t i;

	(void)state;
	assert_int_equal(ready_judge(&facts, &err), READY_YES);

	facts.siblings = bad;
	facts.nr_siblings = ARRAY_SIZE(bad);
	assert_int_equal(ready_judge(&facts, &err), READY_NOT_VIABLE);
	assert_string_equal(err.what, "group 7 is not viable");
	assert_string_equal(err.why,
			    "in the same group: 0000:01:02.0 on e1000e, 0000:01:03.0 on lpc_ich");
	assert_string_equal(ready_name(READY_NOT_VIABLE), "not-viable");

	/* More than an error has room for: cut, and no byte too far. */
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = bad[1];
	facts.siblings = many;
	facts.nr_siblings = ARRAY_SIZE(many);
	assert_int_equal(ready_judge(&facts, &err), READY_NOT_VIABLE);
	assert_true(strlen(err.why) < sizeof(err.why));
	assert_non_null(strstr(err.why, "0000:01:02.0 on e1000e, 0000:01:02.0 on e1000e"));
}

/* Of several reasons the one that has to be cured first. */
static void test_order(void **state)
{
	struct sysfs_device sibling = device("0000:00:02.1", ETHERNET, "e1000e", 4);
	struct sysfs_device dev = device("0000:00:02.0", HOST_BRIDGE, "e1000e", -1);
	struct ready_facts facts = {
		.dev = &dev,
		.siblings = &sibling,
		.nr_siblings = 1,
		.holder = 1,
		.holder_comm = "x",
	};
	struct err err;

	(void)state;
	assert_int_equal(ready_judge(&facts, &err), READY_BRIDGE);
	dev.class = ETHERNET;
	assert_int_equal(ready_judge(&facts, &err), READY_NO_IOMMU);
	facts.iommu = true;
	assert_int_equal(ready_judge(&facts, &err), READY_NO_GROUP);
	dev.group = 4;
	facts.noiommu = true;
	assert_int_equal(ready_judge(&facts, &err), READY_NOIOMMU);
	facts.noiommu = false;
	assert_int_equal(ready_judge(&facts, &err), READY_DRIVER);
	dev.driver[0] = '\0';
	assert_int_equal(ready_judge(&facts, &err), READY_NO_DRIVER);
	strcpy(dev.driver, "vfio-pci");
	assert_int_equal(ready_judge(&facts, &err), READY_NOT_VIABLE);
	sibling.driver[0] = '\0';
	assert_int_equal(ready_judge(&facts, &err), READY_HELD);
	facts.holder = 0;
	assert_int_equal(ready_judge(&facts, &err), READY_YES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_siblings),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
