// SPDX-License-Identifier: GPL-2.0
/* What stands between a device and VFIO, and which of several such failures comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "failure_fixture.h"

#define HOST_BRIDGE   0x060000
#define ISA_BRIDGE    0x060100
#define PCI_BRIDGE    0x060400
#define PCI_BRIDGE_SD 0x060401 /* subtractive decode */
#define CARDBUS	      0x060700
#define SEMI	      0x060940

/* What list and a run's first step say of a device. */
static void test_device(void **state)
{
	static const struct {
		uint32_t class;
		const char *driver;
		int group;
		bool iommu, noiommu;
		int holder;
		const char *id;	       /* NULL: ready */
		const char *why, *fix; /* what they must have in them */
	} t[] = {
		{ ETHERNET, "vfio-pci", 3, true, false, 0, NULL, "", "" },
		{ ETHERNET, "mlx5_vfio_pci", 0, true, false, 0, NULL, "", "" },
		/* A bridge to ISA carries no PCI devices: VFIO can have it. */
		{ ISA_BRIDGE, "vfio-pci", 3, true, false, 0, NULL, "", "" },
		{ HOST_BRIDGE, "", 0, true, false, 0, "bridge", "a host bridge", "" },
		{ PCI_BRIDGE, "pcieport", 1, true, false, 0, "bridge", "a PCI bridge", "" },
		{ PCI_BRIDGE_SD, "", 1, true, false, 0, "bridge", "a PCI bridge", "" },
		{ CARDBUS, "", 1, true, false, 0, "bridge", "CardBus", "" },
		{ SEMI, "", 1, true, false, 0, "bridge", "semi-transparent", "" },
		{ ETHERNET, "", -1, false, false, 0, "no-iommu", "no IOMMU is active",
		  "intel_iommu=on" },
		{ ETHERNET, "", -1, true, false, 0, "no-group-yet", "it is on no driver",
		  "vfio_test bind 0000:00:02.0" },
		{ ETHERNET, "vfio-pci", -1, true, false, 0, "no-group", "but not for this device",
		  "dmesg" },
		{ ETHERNET, "vfio-pci", 0, false, true, 0, "noiommu-group", "made the group up",
		  "IOMMU" },
		{ ETHERNET, "", 3, true, false, 0, "no-driver", "it is on no driver",
		  "vfio_test bind 0000:00:02.0" },
		{ ETHERNET, "e1000e", 3, true, false, 0, "host-driver",
		  "it is on the driver e1000e", "vfio_test bind 0000:00:02.0" },
		/* Good for a sibling, not to be used itself. */
		{ ETHERNET, "pci-stub", 3, true, false, 0, "host-driver", "the driver pci-stub",
		  "vfio_test bind 0000:00:02.0" },
		{ ETHERNET, "vfio-pci", 3, true, false, 77, "held", "process 77 (qemu) has it open",
		  "end that process" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct env env = healthy();
		const struct failure *f;
		struct err err;

		env.dev = device("0000:00:02.0", t[i].class, t[i].driver, t[i].group);
		env.iommu = t[i].iommu;
		env.noiommu_group = t[i].noiommu;
		env.holder = t[i].holder;
		strcpy(env.holder_comm, "qemu");
		if (!t[i].iommu) {
			env.acpi_dmar = FACT_NO;
			env.nr_groups = t[i].group < 0 ? 0 : 1;
		}
		memset(&err, 0x5a, sizeof(err));
		f = failure_blocking(&env, "list", &err);
		if (!f != !t[i].id || (f && strcmp(f->id, t[i].id)) || !strstr(err.why, t[i].why) ||
		    !strstr(err.fix, t[i].fix) || !err.what[0] != !f || !err.no != !f ||
		    (f && err.id != f->id))
			fail_msg("row %zu: %s: %s: %s; %s", i, f ? f->id : "ready", err.what,
				 err.why, err.fix);
	}
}

static void test_siblings(void **state)
{
	const struct sysfs_device good[] = {
		device("0000:00:03.0", PCI_BRIDGE, "some-bridge-driver", 3),
		device("0000:01:02.0", ETHERNET, "", 3),
		device("0000:01:03.0", ETHERNET, "vfio-pci", 3),
		device("0000:01:04.0", ETHERNET, "pci-stub", 3),
		device("0000:01:05.0", PCI_BRIDGE, "pcieport", 3),
	};
	const struct sysfs_device bad[] = {
		good[0],
		device("0000:01:02.0", ETHERNET, "e1000e", 3),
		good[2],
		device("0000:01:03.0", ISA_BRIDGE, "lpc_ich", 3),
	};
	struct env env = healthy();
	struct err err;

	(void)state;
	memcpy(env.siblings, good, sizeof(good));
	env.nr_siblings = ARRAY_SIZE(good);
	/* Until 5.19 a bridge was no matter. */
	env.bridges_pass = true;
	assert_null(failure_blocking(&env, "list", &err));
	env.bridges_pass = false;
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "bridge-driver");
	assert_non_null(strstr(err.why, "0000:00:03.0 (a PCI bridge) on some-bridge-driver, a"));
	assert_null(strstr(err.why, "pcieport"));
	assert_non_null(strstr(err.fix, "echo 0000:00:03.0 > /sys/bus/pci/devices/0000:00:03.0/"));
	failure_explain(&env, "group-viable", EPERM, "", &err);
	assert_string_equal(err.id, "bridge-driver");
	/* The kernel's own word counts for more. */
	env.viable = FACT_YES;
	assert_null(failure_blocking(&env, "list", &err));
	env.viable = FACT_UNKNOWN;
	env.bridges_pass = true;

	memcpy(env.siblings, bad, sizeof(bad));
	env.nr_siblings = ARRAY_SIZE(bad);
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "not-viable");
	assert_string_equal(err.what, "group 3 is not viable");
	assert_string_equal(err.why,
			    "in the same group: 0000:01:02.0 on e1000e, 0000:01:03.0 on lpc_ich");

	env.viable = FACT_YES;
	assert_null(failure_blocking(&env, "list", &err));

	/* The kernel says no, and nothing is seen that is to blame. */
	env.viable = FACT_NO;
	env.nr_siblings = 1;
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "not-viable");
	assert_non_null(strstr(err.why, "a driver that is not seen"));
}

/* The text of an error has room for some siblings: it counts the others. */
static void test_many_siblings(void **state)
{
	const struct sysfs_device blocking = device("0000:01:02.0", ETHERNET, "e1000e", 3);
	const struct sysfs_device harmless = device("0000:01:02.0", ETHERNET, "", 3);
	struct env env = healthy();
	const char *rest;
	unsigned int more;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ENV_SIBLINGS; i++)
		env.siblings[i] = blocking;
	env.nr_siblings = ENV_SIBLINGS;
	env.nr_more = 100;
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "not-viable");
	assert_true(strlen(err.why) < sizeof(err.why) - 1);
	assert_non_null(strstr(err.why, "0000:01:02.0 on e1000e, 0000:01:02.0 on e1000e"));
	for (i = 0, rest = err.why; (rest = strstr(rest, " on e1000e")); rest++)
		i++;
	assert_int_equal(sscanf(strstr(err.why, " and "), " and %u more", &more), 1);
	assert_int_equal(i + more, ENV_SIBLINGS + 100);
	/* Not those of the rest that do not block. */
	env.siblings[ENV_SIBLINGS - 1] = harmless;
	failure_blocking(&env, "list", &err);
	assert_int_equal(sscanf(strstr(err.why, " and "), " and %u more", &more), 1);
	assert_int_equal(i + more, ENV_SIBLINGS - 1);
}

/* A group whose members cannot be read may have anything in it. */
static void test_group_unread(void **state)
{
	struct env env = healthy();
	struct err err;

	(void)state;
	env.group_unread = true;
	assert_non_null(failure_blocking(&env, "list", &err));
	assert_string_equal(err.id, "group-unread");
	assert_string_equal(err.what, "group 3 cannot be judged");
	/* The kernel, where it was asked, knows. */
	env.viable = FACT_YES;
	assert_null(failure_blocking(&env, "list", &err));
	/* That the device itself is not VFIO's comes first. */
	env.viable = FACT_UNKNOWN;
	env.dev.driver[0] = '\0';
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "no-driver");
}

/* Nodes that cannot be had: which, and for what reason of all that give the same errno */
static void test_nodes(void **state)
{
	static const struct {
		int container, group, iommufd, device; /* errno; -1: no such node */
		bool allowed, nodev, noiommu;
		const char *id, *why; /* NULL: nothing is in the way */
	} t[] = {
		{ 0, 0, 0, 0, true, false, false, NULL, "" },
		{ 0, EACCES, EACCES, EACCES, false, false, false, "no-permission", "/dev/vfio/3" },
		{ EACCES, 0, -1, -1, false, false, false, "no-permission", "/dev/vfio/vfio" },
		/* One way is enough. */
		{ 0, 0, EACCES, EACCES, false, false, false, NULL, "" },
		{ EACCES, EACCES, 0, 0, false, false, false, NULL, "" },
		{ 0, 0, EPERM, EPERM, true, false, false, NULL, "" },
		{ 0, 0, EACCES, EACCES, true, true, false, NULL, "" },
		{ 0, 0, EACCES, EACCES, true, false, false, NULL, "" },
		/* But a way without the device's own node is none. */
		{ 0, EACCES, 0, -1, false, false, false, "no-permission", "/dev/vfio/3" },
		{ ENOENT, -1, EACCES, 0, false, false, false, "no-permission", "/dev/iommu" },
		{ ENOENT, -1, 0, EACCES, false, false, false, "no-permission",
		  "/dev/vfio/devices/vfio0" },
		{ 0, EPERM, EPERM, EPERM, true, false, false, "devices-cgroup", "/dev/vfio/3" },
		{ EPERM, EPERM, -1, -1, true, false, false, "devices-cgroup", "/dev/vfio/vfio" },
		{ 0, EPERM, -1, -1, true, false, true, "noiommu-rawio", "CAP_SYS_RAWIO" },
		{ 0, EACCES, -1, -1, true, true, false, "nodev", "/dev/vfio/3" },
		{ 0, EACCES, -1, -1, true, false, false, "security-module", "/dev/vfio/3" },
		/* Somebody has it: that is told elsewhere. */
		{ 0, EBUSY, -1, -1, true, false, false, NULL, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct env env = healthy();
		const struct failure *f;
		struct err err = { 0 };
		const struct {
			struct env_node *node;
			const char *path;
			int no;
		} nodes[] = {
			{ &env.container, "/dev/vfio/vfio", t[i].container },
			{ &env.node, "/dev/vfio/3", t[i].group },
			{ &env.iommufd, "/dev/iommu", t[i].iommufd },
			{ &env.device_node, "/dev/vfio/devices/vfio0", t[i].device },
		};
		size_t k;

		for (k = 0; k < ARRAY_SIZE(nodes); k++) {
			*nodes[k].node =
				(struct env_node){ .no = nodes[k].no < 0 ? 0 : nodes[k].no };
			if (nodes[k].no >= 0)
				strcpy(nodes[k].node->path, nodes[k].path);
			nodes[k].node->opened = true;
			nodes[k].node->allowed = t[i].allowed;
			nodes[k].node->nodev = t[i].nodev;
		}
		if (t[i].iommufd < 0)
			env.iommufd.no = ENOENT;
		env.noiommu_group = t[i].noiommu;
		env.modules[MODULE_VFIO] = MODULE_THERE;
		f = failure_next(&env, CHECK_NODES, NULL);
		if (f)
			failure_set(&env, f->id, f->no, "nodes", &err);
		if (!f != !t[i].id || (f && strcmp(f->id, t[i].id)) || !strstr(err.why, t[i].why))
			fail_msg("row %zu: %s: %s", i, f ? f->id : "nothing", err.why);
	}
}

/* A device whose removal waits, a machine without /sys, a device that is open, reserved memory */
static void test_states(void **state)
{
	struct env env = healthy();
	struct err err;

	(void)state;
	env.dev.driver[0] = '\0';
	env.leaving = true;
	env.holder = 7;
	strcpy(env.holder_comm, "qemu");
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "removal-waits");
	assert_non_null(strstr(err.why, "waits for process 7 (qemu)"));
	/* And nothing else: no driver, in use */
	assert_null(failure_next(&env, CHECK_DRIVER, failure_get("removal-waits")));
	assert_null(failure_next(&env, CHECK_HELD, NULL));
	assert_null(strstr(err.fix, "bind"));

	/* Without /sys: that, and not that there is no IOMMU or no such device */
	env = healthy();
	env.no_sysfs = true;
	env.iommu = false;
	env.nr_groups = -1;
	strcpy(env.given, "0000:00:01.0");
	env.dev.bdf[0] = '\0';
	assert_string_equal(failure_blocking(&env, "device", &err)->id, "no-sysfs");
	assert_null(failure_next(&env, CHECK_IOMMU, failure_get("no-sysfs")));
	assert_null(failure_next(&env, CHECK_DEVICE, NULL));

	/* The kernel's word, without a process that is seen */
	env = healthy();
	env.held = true;
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "held");
	assert_non_null(strstr(err.why, "another process"));

	env = healthy();
	env.intremap = FACT_YES;
	failure_explain(&env, "VFIO_SET_IOMMU", EPERM, "", &err);
	assert_non_null(strstr(err.why, "(RMRR)"));
	strcpy(env.rmrr, "0xe8000-0xe8fff");
	failure_explain(&env, "VFIO_SET_IOMMU", EPERM, "", &err);
	assert_non_null(strstr(err.why, "RMRR 0xe8000-0xe8fff"));
}

/* A virtual function, whose physical function has to give a token, and the other way round */
static void test_virtual_functions(void **state)
{
	struct env env = healthy();
	struct err err;

	(void)state;
	strcpy(env.physfn, "0000:00:01.0");
	strcpy(env.physfn_driver, "nvme");
	assert_null(failure_blocking(&env, "list", &err));
	strcpy(env.physfn_driver, "vfio-pci");
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "vf-token");
	assert_non_null(
		strstr(err.why, "a virtual function of 0000:00:01.0, which is on vfio-pci"));
	failure_explain(&env, "VFIO_GROUP_GET_DEVICE_FD", EACCES, "", &err);
	assert_string_equal(err.what, "a VF token is needed");
	env.has_token = true;
	assert_null(failure_blocking(&env, "list", &err));
	failure_explain(&env, "VFIO_DEVICE_BIND_IOMMUFD", EACCES, "", &err);
	assert_string_equal(err.what, "the VF token is not accepted");
	failure_explain(&env, "VFIO_GROUP_GET_DEVICE_FD", EINVAL, "", &err);
	assert_string_equal(err.id, "no-vf-token");
	env.has_token = false;
	failure_explain(&env, "VFIO_GROUP_GET_DEVICE_FD", EINVAL, "", &err);
	assert_string_equal(err.id, "wrong-order");
	env.physfn_driver[0] = '\0';
	failure_explain(&env, "VFIO_GROUP_GET_DEVICE_FD", EACCES, "", &err);
	assert_non_null(strstr(err.why, "its virtual functions are in use"));

	env = healthy();
	env.nr_vfs = 1;
	assert_null(failure_blocking(&env, "list", &err));
	env.vf_held = true;
	assert_string_equal(failure_blocking(&env, "list", &err)->id, "vf-token");
	assert_non_null(strstr(err.why, "its virtual functions are in use"));
	env.has_token = true;
	assert_null(failure_blocking(&env, "list", &err));
}

/* What a machine has no part of is no cure for it. */
static void test_machines(void **state)
{
	static const struct {
		const char *machine, *cure;
	} t[] = {
		{ "x86_64", "intel-iommu" },
		{ "i686", "intel-iommu" },
		{ "", "intel-iommu" },
		{ "aarch64", "iommu=smmuv3" },
		{ "riscv64", "riscv-iommu-pci" },
		{ "ppc64le", "the driver of this machine's IOMMU" },
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct env env = healthy();

		failed(&env);
		env.acpi_dmar = FACT_NO;
		env.devicetree = FACT_YES;
		strcpy(env.machine, t[i].machine);
		assert_string_equal(failure_blocking(&env, "list", &err)->id, "no-iommu");
		if (!strstr(err.fix, t[i].cure) || (strstr(err.fix, "intel") && i > 2))
			fail_msg("%s: %s", t[i].machine, err.fix);
		failure_explain(&env, "list", ENODEV, "", &err);
		if (!strstr(err.fix, t[i].cure))
			fail_msg("%s: %s", t[i].machine, err.fix);
		assert_null(failure_next(&env, CHECK_IOMMU, failure_next(&env, CHECK_IOMMU, NULL)));
		env.iommu = true;
		env.intremap = FACT_NO;
		failure_explain(&env, "VFIO_SET_IOMMU", EPERM, "", &err);
		assert_string_equal(err.id, "no-intremap");
		if (!strstr(err.fix, "intel-iommu") != (i > 2))
			fail_msg("%s: %s", t[i].machine, err.fix);
		env.dev.group = 3;
		assert_string_equal(failure_next(&env, CHECK_INTREMAP, NULL)->id, "no-intremap");
		assert_null(failure_next(&env, CHECK_INTREMAP,
					 failure_next(&env, CHECK_INTREMAP, NULL)));
	}
}

static void first_is(const struct env *env, const char *id)
{
	struct err err;
	const struct failure *f = failure_blocking(env, "list", &err);

	assert_string_equal(f ? f->id : "", id);
}

/* Of several the one that has to be cured first. */
static void test_order(void **state)
{
	struct env env = healthy();

	(void)state;
	env.siblings[0] = device("0000:00:02.1", ETHERNET, "e1000e", 4);
	env.nr_siblings = 1;
	env.dev = device("0000:00:02.0", HOST_BRIDGE, "e1000e", -1);
	env.iommu = false;
	env.nr_groups = 0;
	env.acpi_dmar = FACT_NO;
	env.holder = 1;
	env.answers = FACT_NO;
	first_is(&env, "bridge");
	env.dev.class = ETHERNET;
	first_is(&env, "no-iommu");
	env.iommu = true;
	env.nr_groups = 1;
	first_is(&env, "no-group");
	env.dev.group = 4;
	env.noiommu_group = true;
	first_is(&env, "noiommu-group");
	env.noiommu_group = false;
	first_is(&env, "device-gone");
	env.answers = FACT_UNKNOWN;
	first_is(&env, "host-driver");
	env.dev.driver[0] = '\0';
	first_is(&env, "no-driver");
	strcpy(env.dev.driver, "vfio-pci");
	first_is(&env, "not-viable");
	env.siblings[0].driver[0] = '\0';
	first_is(&env, "held");
	env.holder = 0;
	first_is(&env, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device),	      cmocka_unit_test(test_siblings),
		cmocka_unit_test(test_many_siblings), cmocka_unit_test(test_group_unread),
		cmocka_unit_test(test_order),	      cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_states),	      cmocka_unit_test(test_virtual_functions),
		cmocka_unit_test(test_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
