// SPDX-License-Identifier: GPL-2.0
/* The table of failures: each by its facts or its errno, and which one comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "failure/failure.h"

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

/* A machine on which all is well, and a device that VFIO can have */
static struct env healthy(void)
{
	struct env env = {
		.release = "6.1.0-1-amd64",
		.cmdline = "quiet intel_iommu=on",
		.iommu_default_on = FACT_YES,
		.lockdown = FACT_NO,
		.lockdown_mode = "none",
		.sig_enforce = FACT_NO,
		.acpi_dmar = FACT_YES,
		.acpi_ivrs = FACT_NO,
		.acpi_viot = FACT_NO,
		.iommu = true,
		.nr_groups = 4,
		.intremap = FACT_YES,
		.cap_ipc_lock = FACT_YES,
		.cap_sys_admin = FACT_YES,
		.cap_sys_module = FACT_YES,
		.mem = { .read = true,
			 .available = MEMORY_NO_LIMIT,
			 .address_space = MEMORY_NO_LIMIT,
			 .data = MEMORY_NO_LIMIT,
			 .commit = MEMORY_NO_LIMIT,
			 .cgroup = MEMORY_NO_LIMIT,
			 .hugetlb = MEMORY_NO_LIMIT,
			 .memlock = MEMORY_NO_LIMIT },
		.container = { "/dev/vfio/vfio", 0, 0666, "root:root", .opened = true },
		.iommufd = { "/dev/iommu", 0, 0600, "root:root" },
		.debugfs = FACT_YES,
		.ko = { "/lib/modules/verify_pte.ko", "6.1.0-1-amd64 SMP mod_unload ", false },
		.dev = device("0000:00:02.0", ETHERNET, "vfio-pci", 3),
		.node = { "/dev/vfio/3", 0, 0600, "root:root" },
		.group_type = "DMA",
		.power = "D0",
		.answers = FACT_YES,
		.cap_sys_ptrace = FACT_YES,
		.given = "0000:00:02.0",
		.size = 1 << 20,
		.page_size = 4096,
	};
	size_t i;

	for (i = 0; i < ENV_MODULES; i++)
		env.modules[i] = MODULE_THERE;
	return env;
}

static void test_healthy(void **state)
{
	struct env env = healthy();
	struct env little = healthy();
	const struct failure *f = failure_next(&env, CHECK_NONE, NULL);
	struct err err;

	(void)state;
	if (f)
		fail_msg("all is well, and yet: %s", f->id);
	/* What was not read does not lack. */
	memset(&little.mem, 0, sizeof(little.mem));
	assert_null(failure_next(&little, CHECK_MEMORY, NULL));
	memset(&err, 0x5a, sizeof(err));
	assert_null(failure_blocking(&env, "list", &err));
	assert_true(!err.id && !err.what[0] && !err.why[0] && !err.fix[0] && !err.no);
}

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
	const char *rest;
	unsigned int more;
	struct err err;
	size_t i;

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
	env.viable = FACT_UNKNOWN;

	/* More than an error has room for: the rest is counted. */
	for (i = 0; i < ENV_SIBLINGS; i++)
		env.siblings[i] = bad[1];
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
	env.siblings[ENV_SIBLINGS - 1] = good[1];
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

static void failed(struct env *env)
{
	env->iommu = false;
	env->nr_groups = 0;
	env->dev.group = -1;
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

/* A device whose removal waits, one that is a virtual function, one that is open somewhere */
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

	env = healthy();
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

static void unknown(struct env *env)
{
	memset(env, 0, sizeof(*env));
	env->dev.group = -1;
	env->nr_groups = -1;
	env->iommu = true;
}

/* What could not be found out is no failure: nothing is made of it. */
static void test_unknown(void **state)
{
	const struct failure *f = NULL;
	struct env env;

	(void)state;
	unknown(&env);
	while ((f = failure_next(&env, CHECK_NONE, f)))
		if (strcmp(f->id, "no-verify-pte"))
			fail_msg("of nothing known: %s", f->id);
}

/* Facts of a healthy machine that are changed, one at a time. */
static void off(struct env *env)
{
	env->iommu = false;
	env->nr_groups = 0;
	strcpy(env->cmdline, "intel_iommu=on iommu=on intel_iommu=off");
	env->iommu_words_off = true;
	env->dev.group = -1;
}

static void not_on(struct env *env)
{
	env->iommu = false;
	env->nr_groups = 0;
	env->cmdline[0] = '\0';
	env->iommu_default_on = FACT_UNKNOWN;
	env->dev.group = -1;
}

static void viot(struct env *env)
{
	failed(env);
	env->acpi_dmar = FACT_NO;
	env->acpi_viot = FACT_YES;
}

static void no_intremap(struct env *env)
{
	env->intremap = FACT_NO;
}

static void no_sysfs(struct env *env)
{
	env->no_sysfs = true;
	env->iommu = false;
	env->nr_groups = -1;
	env->dev.bdf[0] = '\0';
}

static void absent_device(struct env *env)
{
	env->dev.bdf[0] = '\0';
}

static void gone(struct env *env)
{
	env->answers = FACT_NO;
	strcpy(env->power, "D3cold");
}

static void no_vfio(struct env *env)
{
	env->modules[MODULE_VFIO_PCI] = MODULE_ABSENT;
}

static void no_vfio_configured(struct env *env)
{
	no_vfio(env);
	env->config_vfio_pci = FACT_NO;
	strcpy(env->config, "/boot/config-6.1.0-1-amd64");
}

static void foreign_node(struct env *env)
{
	env->node.no = EACCES;
}

static void small_memlock(struct env *env)
{
	env->cap_ipc_lock = FACT_NO;
	env->mem.memlock = 64 << 10;
}

static void huge(struct env *env)
{
	env->page_size = 2 << 20;
	env->size = 5 << 20;
	env->mem.huge_known = true;
	env->mem.huge_total = 4;
	env->mem.huge_free = 2;
	env->mem.huge_reserved = 1;
}

static void realtime(struct env *env)
{
	env->realtime = true;
}

static void ordinary(struct env *env)
{
	env->cap_sys_admin = FACT_NO;
}

static void lockdown(struct env *env)
{
	env->lockdown = FACT_YES;
	strcpy(env->lockdown_mode, "integrity");
}

static void no_debugfs(struct env *env)
{
	env->debugfs = FACT_NO;
}

static void no_ko(struct env *env)
{
	env->ko.path[0] = '\0';
	env->object = "verify_pte";
}

static void other_kernel(struct env *env)
{
	strcpy(env->ko.vermagic, "5.10.0-9-amd64 SMP mod_unload ");
}

/* With the versions of symbols the release alone says nothing. */
static void other_flags(struct env *env)
{
	strcpy(env->ko.vermagic, "6.1.0-1-amd64 SMP preempt mod_unload modversions ");
	strcpy(env->vermagic, "6.1.0-1-amd64 SMP mod_unload modversions ");
}

static void other_release(struct env *env)
{
	strcpy(env->ko.vermagic, "6.1.0-99-amd64 SMP mod_unload modversions ");
	strcpy(env->vermagic, "6.1.0-1-amd64 SMP mod_unload modversions ");
}

static void cannot_load(struct env *env)
{
	env->cap_sys_module = FACT_NO;
}

static void enforce(struct env *env)
{
	env->sig_enforce = FACT_YES;
}

static void identity(struct env *env)
{
	strcpy(env->group_type, "identity");
}

static void no_iommufd(struct env *env)
{
	env->iommufd.no = ENOENT;
}

static void noiommu(struct env *env)
{
	env->noiommu_mode = FACT_YES;
}

static void test_facts(void **state)
{
	static const struct {
		void (*change)(struct env *env);
		enum check check;
		enum severity severity;
		const char *id, *why, *fix;
	} t[] = {
		{ off, CHECK_IOMMU, SEVERITY_STOPS, "iommu-off", "its line has intel_iommu=off",
		  "intel_iommu=on" },
		{ not_on, CHECK_IOMMU, SEVERITY_STOPS, "iommu-off", "has no intel_iommu=on",
		  "intel_iommu=on" },
		{ failed, CHECK_IOMMU, SEVERITY_STOPS, "iommu-failed", "(ACPI DMAR)", "dmesg" },
		{ viot, CHECK_IOMMU, SEVERITY_STOPS, "iommu-no-driver", "VIOT",
		  "modprobe virtio_iommu" },
		{ no_sysfs, CHECK_IOMMU, SEVERITY_STOPS, "no-sysfs", "not mounted",
		  "mount -t sysfs" },
		{ absent_device, CHECK_DEVICE, SEVERITY_STOPS, "no-device", "no PCI device",
		  "rescan" },
		{ gone, CHECK_ANSWERS, SEVERITY_STOPS, "device-gone", "D3cold", "rescan" },
		{ no_vfio, CHECK_MODULES, SEVERITY_STOPS, "module-absent",
		  "/lib/modules/6.1.0-1-amd64", "depmod" },
		{ no_vfio_configured, CHECK_MODULES, SEVERITY_STOPS, "not-in-kernel",
		  "CONFIG_VFIO_PCI is not set in /boot/config-6.1.0-1-amd64", "kernel" },
		{ foreign_node, CHECK_NODES, SEVERITY_STOPS, "no-permission",
		  "(root:root, mode 0600)", "chown USER /dev/vfio/3" },
		{ no_intremap, CHECK_INTREMAP, SEVERITY_STOPS, "no-intremap",
		  "no interrupt remapping", "allow_unsafe_interrupts=1" },
		{ small_memlock, CHECK_MEMORY, SEVERITY_STOPS, "memlock",
		  "1024 KiB needed, the limit is 64 KiB", "ulimit -l 1024" },
		{ huge, CHECK_MEMORY, SEVERITY_STOPS, "no-huge-pages",
		  "fewer than 3 free huge pages of 2048 KiB: of 2 that are free 1 are reserved",
		  "echo 6 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" },
		{ ordinary, CHECK_PRIVILEGE, SEVERITY_WITNESS, "no-cap-sys-admin",
		  "no CAP_SYS_ADMIN", "root" },
		{ lockdown, CHECK_LOCKDOWN, SEVERITY_WITNESS, "lockdown", "(integrity)",
		  "lockdown=" },
		{ no_debugfs, CHECK_DEBUGFS, SEVERITY_WITNESS, "no-debugfs", "debugfs",
		  "mount -t debugfs none /sys/kernel/debug" },
		{ no_ko, CHECK_MODULE, SEVERITY_WITNESS, "no-verify-pte", "6.1.0-1-amd64", "make" },
		{ other_kernel, CHECK_MODULE, SEVERITY_WITNESS, "other-kernel",
		  "for 5.10.0-9-amd64 SMP mod_unload , and this is 6.1.0-1-amd64", "make" },
		{ other_flags, CHECK_MODULE, SEVERITY_WITNESS, "other-kernel", "SMP preempt",
		  "make" },
		{ other_release, CHECK_MODULE, SEVERITY_WITNESS, "other-release", "6.1.0-99",
		  "make" },
		{ cannot_load, CHECK_MODULES, SEVERITY_STOPS, "module-not-loaded",
		  "no CAP_SYS_MODULE", "modprobe vfio;" },
		{ enforce, CHECK_MODULE, SEVERITY_WITNESS, "unsigned", "signed modules only",
		  "sign" },
		{ identity, CHECK_GROUP, SEVERITY_NOTE, "identity", "one of its own", "harmless" },
		{ no_iommufd, CHECK_BACKENDS, SEVERITY_NOTE, "no-iommufd", "CONFIG_IOMMUFD",
		  "modprobe iommufd" },
		{ noiommu, CHECK_BACKENDS, SEVERITY_NOTE, "noiommu-mode", "tainted",
		  "enable_unsafe_noiommu_mode" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct env env = healthy();
		const struct failure *f;
		struct err err;

		t[i].change(&env);
		f = failure_next(&env, t[i].check, NULL);
		if (!f || strcmp(f->id, t[i].id))
			fail_msg("%s: not seen, but %s", t[i].id, f ? f->id : "nothing");
		failure_set(&env, f->id, f->no, "what failed", &err);
		if (f->severity != t[i].severity || !strstr(err.why, t[i].why) ||
		    !strstr(err.fix, t[i].fix) || !err.what[0])
			fail_msg("%s: %s: %s; %s", f->id, err.what, err.why, err.fix);
	}
}

static void range(struct env *env)
{
	env->has_iova = true;
	env->iova = 0xfee00000;
	env->last_iova = 0x7fffffffff;
}

static void beyond(struct env *env)
{
	range(env);
	env->iova = 0x8000000000;
}

static void wraps(struct env *env)
{
	range(env);
	env->iova = UINT64_MAX - 0xfff;
}

static void unaligned(struct env *env)
{
	range(env);
	env->iova = 0x123;
}

static void about_vfio(struct env *env)
{
	env->object = "vfio";
}

static void about_ours(struct env *env)
{
	env->object = "verify_pte";
}

static void about_other_kernel(struct env *env)
{
	about_ours(env);
	other_kernel(env);
}

static void about_lockdown(struct env *env)
{
	about_ours(env);
	lockdown(env);
}

/* A step and its errno, and what makes the difference where several have the same. */
static void test_errnos(void **state)
{
	static const struct {
		const char *step;
		int no;
		void (*change)(struct env *env);
		const char *id, *why; /* id NULL: the table does not know it */
	} t[] = {
		{ "group", EBUSY, NULL, "held", "another process" },
		{ "group", EACCES, foreign_node, "no-permission", "no permission" },
		{ "group", ENOENT, NULL, "no-node", "no node" },
		{ "group", ENODEV, NULL, "no-node", "no device of the group" },
		{ "group", EIO, NULL, NULL, "Input/output error" },
		{ "group", ENXIO, NULL, "stale-node", "no driver is behind" },
		{ "group", EPERM, NULL, "devices-cgroup", "devices cgroup" },
		{ "device-node", EACCES, NULL, "no-permission", "no permission" },
		{ "device-node", EPERM, NULL, "devices-cgroup", "devices cgroup" },
		{ "device-node", ENOENT, NULL, "no-device-node", "none in this /dev" },
		{ "container", EMFILE, NULL, "no-files-left", "as many files open" },
		{ "VFIO_GROUP_GET_DEVICE_FD", EIO, NULL, "not-enabled", "switch the device on" },
		{ "bind-write", ETIMEDOUT, NULL, "write-waits", "not answered in time" },
		{ "container", EACCES, NULL, "no-permission", "no permission" },
		{ "container", ENOENT, NULL, "no-container", "no such node" },
		{ "VFIO_GROUP_SET_CONTAINER", EPERM, NULL, "not-viable", "none is seen" },
		{ "VFIO_SET_IOMMU", EPERM, no_intremap, "no-intremap", "no interrupt remapping" },
		{ "VFIO_SET_IOMMU", EPERM, NULL, "rmrr", "RMRR" },
		{ "VFIO_SET_IOMMU", EINVAL, NULL, "wrong-order", "wrong order" },
		{ "VFIO_GROUP_GET_DEVICE_FD", EINVAL, NULL, "wrong-order", "wrong order" },
		{ "VFIO_GROUP_GET_DEVICE_FD", ENODEV, NULL, "no-such-bdf",
		  "no device of this name" },
		{ "VFIO_IOMMU_ENABLE", ENOTTY, NULL, "iommu-enable", "sPAPR" },
		{ "VFIO_IOMMU_MAP_DMA", ENOMEM, small_memlock, "memlock", "64 KiB" },
		{ "VFIO_IOMMU_MAP_DMA", ENOMEM, NULL, "no-memory", "no memory left" },
		{ "VFIO_IOMMU_MAP_DMA", EINVAL, range, "iova-reserved", "reserved" },
		{ "VFIO_IOMMU_MAP_DMA", EINVAL, beyond, "iova-beyond", "ends at 0x7fffffffff" },
		{ "VFIO_IOMMU_MAP_DMA", EINVAL, wraps, "iova-beyond", "aperture" },
		{ "VFIO_IOMMU_MAP_DMA", EINVAL, unaligned, "iova-unaligned", "0x1000" },
		{ "VFIO_IOMMU_MAP_DMA", EEXIST, NULL, "iova-overlap", "overlap" },
		{ "VFIO_IOMMU_MAP_DMA", ENOSPC, NULL, "entry-limit", "as many" },
		{ "IOMMU_IOAS_MAP", EOVERFLOW, wraps, "iova-beyond", "aperture" },
		{ "VFIO_IOMMU_MAP_DMA", EFAULT, NULL, "not-writable", "read-only" },
		{ "buffer", ENOMEM, huge, "no-huge-pages", "huge pages" },
		{ "iova", EOPNOTSUPP, realtime, "realtime-kernel", "PREEMPT_RT" },
		{ "iova", EOPNOTSUPP, NULL, "odd-domain", "neither paging nor blocked" },
		{ "reset", ENOTTY, NULL, "link-not-back", "its link came back" },
		{ "anything at all", EMFILE, NULL, "no-files-left", "as many files open" },
		{ "walk", ENFILE, NULL, "no-files-left", "the machine has" },
		{ "buffer", EFAULT, NULL, "page-refused", "SIGBUS" },
		{ "buffer", ENOMEM, NULL, "no-buffer", "not so much" },
		{ "insert", ENOENT, about_vfio, "module-absent", "/lib/modules/" },
		{ "insert", ENOENT, no_ko, "no-verify-pte", "no such file" },
		{ "insert", ENOENT, about_ours, "unknown-symbol", "symbol" },
		{ "insert", ENOEXEC, about_other_kernel, "other-kernel", "5.10.0-9" },
		{ "insert", ENOEXEC, other_release, "other-kernel", "6.1.0-99" },
		{ "insert", EINVAL, other_release, "other-kernel", "other versions" },
		{ "insert", ENOEXEC, about_ours, "no-module", "not a module" },
		{ "insert", EKEYREJECTED, about_ours, "unsigned", "signed modules" },
		{ "insert", EPERM, about_lockdown, "lockdown", "integrity" },
		{ "insert", EPERM, about_ours, "not-permitted", "security module" },
		{ "debugfs", EPERM, lockdown, "lockdown", "integrity" },
		{ "debugfs", EPERM, ordinary, "no-cap-sys-admin", "CAP_SYS_ADMIN" },
		{ "debugfs", ENOENT, no_debugfs, "no-debugfs", "debugfs" },
		{ "debugfs", ENOENT, NULL, "not-loaded", "not loaded" },
		{ "unbind", EBUSY, NULL, "unbind-waits", "another process" },
		{ "VFIO_DEVICE_BIND_IOMMUFD", EPERM, no_intremap, "no-intremap", "interrupt" },
		{ "VFIO_DEVICE_BIND_IOMMUFD", EBUSY, NULL, "held", "another process" },
		{ "VFIO_DEVICE_BIND_IOMMUFD", EINVAL, NULL, "not-coherent", "coherent" },
		{ "VFIO_DEVICE_ATTACH_IOMMUFD_PT", EINVAL, NULL, "rmrr", "RMRR" },
		{ "iommufd", ENOENT, NULL, "no-iommufd", "/dev/iommu" },
		{ "walk", ESRCH, NULL, "no-process", "no such process" },
		{ "walk", ESTALE, NULL, "other-mm", "changed its address space" },
		{ "iova", ENOENT, NULL, "no-domain", "no IOMMU domain" },
		{ "iova", EAGAIN, NULL, "domain-moved", "another IOMMU domain" },
		/* A step is a whole word: a bind is no unbind. */
		{ "bind", EEXIST, NULL, "bound-elsewhere", "that was to" },
		{ "iommu", ENOTTY, NULL, NULL, "Inappropriate ioctl" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct env env = healthy();
		struct err err;

		if (t[i].change)
			t[i].change(&env);
		memset(&err, 0x5a, sizeof(err));
		failure_explain(&env, t[i].step, t[i].no, "what failed", &err);
		if (!err.id != !t[i].id || (err.id && strcmp(err.id, t[i].id)) ||
		    !strstr(err.why, t[i].why) || err.no != t[i].no || !err.what[0] || !err.fix[0])
			fail_msg("row %zu: %s: %s: %s; %s", i, err.id ? err.id : "unknown",
				 err.what, err.why, err.fix);
	}
}

/* Every row says all that it must, in words that are known, and in the room there is. */
static void test_whole(void **state)
{
	struct env env = healthy();
	const struct failure *f;
	size_t i, j;

	(void)state;
	for (i = 0; (f = failure_row(i)); i++) {
		char with[512], names[512];
		struct err err;

		if (!f->id || !f->why || !f->fix || !f->source || !f->why[0] || !f->fix[0] ||
		    !f->source[0])
			fail_msg("row %zu: something is missing", i);
		if (!f->steps && !f->detect)
			fail_msg("%s: nothing can show it", f->id);
		if ((f->check != CHECK_NONE) != !!f->detect)
			fail_msg("%s: a line of doctor is told by facts", f->id);
		failure_set(&env, f->id, f->no, "what failed", &err);
		assert_string_equal(err.id, f->id);
		for (j = 0; j < 3; j++) {
			const char *text = j == 0 ? f->what : j == 1 ? f->why : f->fix;

			if (!text)
				continue;
			failure_text(&env, text, with, sizeof(with));
			failure_text(NULL, text, names, sizeof(names));
			if (strpbrk(with, "{}") || strpbrk(names, "{}"))
				fail_msg("%s: %s", f->id, text);
			if (strlen(with) >= (j == 0   ? sizeof(err.what)
					     : j == 1 ? sizeof(err.why)
						      : sizeof(err.fix)))
				fail_msg("%s: too long: %s", f->id, text);
		}
	}
	assert_null(failure_get("nonsense"));
	assert_ptr_equal(failure_get(failure_row(0)->id), failure_row(0));
}

/* A word in braces that the table does not have would stay as it is. */
static void test_text(void **state)
{
	struct env env = healthy();
	char buf[64], tiny[8];

	(void)state;
	failure_text(&env, "on {driver}, group {group}", buf, sizeof(buf));
	assert_string_equal(buf, "on vfio-pci, group 3");
	failure_text(NULL, "on {driver}, group {group}", buf, sizeof(buf));
	assert_string_equal(buf, "on DRIVER, group GROUP");
	failure_text(&env, "brace { alone", buf, sizeof(buf));
	assert_string_equal(buf, "brace { alone");
	failure_text(&env, "on {driver}, group", tiny, sizeof(tiny));
	assert_string_equal(tiny, "on vfio");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy),	 cmocka_unit_test(test_device),
		cmocka_unit_test(test_siblings), cmocka_unit_test(test_group_unread),
		cmocka_unit_test(test_order),	 cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_states),	 cmocka_unit_test(test_machines),
		cmocka_unit_test(test_unknown),	 cmocka_unit_test(test_facts),
		cmocka_unit_test(test_errnos),	 cmocka_unit_test(test_whole),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
