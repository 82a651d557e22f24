// SPDX-License-Identifier: GPL-2.0
/* The table of failures: each row by its facts or by its step and errno, and its texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "failure_fixture.h"

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

static const struct {
	void (*change)(struct env *env);
	enum check check;
	enum severity severity;
	const char *id, *why, *fix;
} facts[] = {
	{ off, CHECK_IOMMU, SEVERITY_STOPS, "iommu-off", "its command line has intel_iommu=off",
	  "intel_iommu=on" },
	{ not_on, CHECK_IOMMU, SEVERITY_STOPS, "iommu-off", "has no intel_iommu=on",
	  "intel_iommu=on" },
	{ failed, CHECK_IOMMU, SEVERITY_STOPS, "iommu-failed", "(ACPI DMAR)", "dmesg" },
	{ viot, CHECK_IOMMU, SEVERITY_STOPS, "iommu-no-driver", "VIOT", "modprobe virtio_iommu" },
	{ no_sysfs, CHECK_IOMMU, SEVERITY_STOPS, "no-sysfs", "not mounted", "mount -t sysfs" },
	{ absent_device, CHECK_DEVICE, SEVERITY_STOPS, "no-device", "no PCI device", "rescan" },
	{ gone, CHECK_ANSWERS, SEVERITY_STOPS, "device-gone", "D3cold", "rescan" },
	{ no_vfio, CHECK_MODULES, SEVERITY_STOPS, "module-absent", "/lib/modules/6.1.0-1-amd64",
	  "depmod" },
	{ no_vfio_configured, CHECK_MODULES, SEVERITY_STOPS, "not-in-kernel",
	  "CONFIG_VFIO_PCI is not set in /boot/config-6.1.0-1-amd64", "kernel" },
	{ foreign_node, CHECK_NODES, SEVERITY_STOPS, "no-permission", "(root:root, mode 0600)",
	  "chown USER /dev/vfio/3" },
	{ no_intremap, CHECK_INTREMAP, SEVERITY_STOPS, "no-intremap", "no interrupt remapping",
	  "allow_unsafe_interrupts=1" },
	{ small_memlock, CHECK_MEMORY, SEVERITY_STOPS, "memlock",
	  "1024 KiB needed, the limit is 64 KiB", "ulimit -l 1024" },
	{ huge, CHECK_MEMORY, SEVERITY_STOPS, "no-huge-pages",
	  "fewer than 3 free huge pages of 2048 KiB: of 2 that are free 1 are reserved",
	  "echo 6 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" },
	{ ordinary, CHECK_PRIVILEGE, SEVERITY_WITNESS, "no-cap-sys-admin", "no CAP_SYS_ADMIN",
	  "root" },
	{ lockdown, CHECK_LOCKDOWN, SEVERITY_WITNESS, "lockdown", "(integrity)", "lockdown=" },
	{ no_debugfs, CHECK_DEBUGFS, SEVERITY_WITNESS, "no-debugfs", "debugfs",
	  "mount -t debugfs none /sys/kernel/debug" },
	{ no_ko, CHECK_MODULE, SEVERITY_WITNESS, "no-verify-pte", "6.1.0-1-amd64", "make" },
	{ other_kernel, CHECK_MODULE, SEVERITY_WITNESS, "other-kernel",
	  "for 5.10.0-9-amd64 SMP mod_unload , and this is 6.1.0-1-amd64", "make" },
	{ other_flags, CHECK_MODULE, SEVERITY_WITNESS, "other-kernel", "SMP preempt", "make" },
	{ other_release, CHECK_MODULE, SEVERITY_WITNESS, "other-release", "6.1.0-99", "make" },
	{ cannot_load, CHECK_MODULES, SEVERITY_STOPS, "module-not-loaded", "no CAP_SYS_MODULE",
	  "modprobe vfio;" },
	{ enforce, CHECK_MODULE, SEVERITY_WITNESS, "unsigned", "signed modules only", "sign" },
	{ identity, CHECK_GROUP, SEVERITY_NOTE, "identity", "one of its own", "harmless" },
	{ no_iommufd, CHECK_BACKENDS, SEVERITY_NOTE, "no-iommufd", "CONFIG_IOMMUFD",
	  "modprobe iommufd" },
	{ noiommu, CHECK_BACKENDS, SEVERITY_NOTE, "noiommu-mode", "tainted",
	  "enable_unsafe_noiommu_mode" },
};

static void test_facts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(facts); i++) {
		struct env env = healthy();
		const struct failure *f;
		struct err err;

		facts[i].change(&env);
		f = failure_next(&env, facts[i].check, NULL);
		if (!f || strcmp(f->id, facts[i].id))
			fail_msg("%s: not seen, but %s", facts[i].id, f ? f->id : "nothing");
		failure_set(&env, f->id, f->no, "what failed", &err);
		if (f->severity != facts[i].severity || !strstr(err.why, facts[i].why) ||
		    !strstr(err.fix, facts[i].fix) || !err.what[0])
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
static const struct {
	const char *step;
	int no;
	void (*change)(struct env *env);
	const char *id, *why; /* id NULL: the table does not know it */
} errnos[] = {
	/* A device that goes while it is being opened: each call has another errno for it. */
	{ "group", ENOENT, absent_device, "device-removed", "since the run began" },
	{ "device-node", ENOENT, absent_device, "device-removed", "since the run began" },
	{ "VFIO_GROUP_GET_STATUS", ENODEV, absent_device, "device-removed", "unplugged" },
	{ "VFIO_GROUP_SET_CONTAINER", ENODEV, absent_device, "device-removed", "unplugged" },
	{ "VFIO_SET_IOMMU", EINVAL, absent_device, "device-removed", "unplugged" },
	{ "VFIO_GROUP_GET_DEVICE_FD", ENODEV, absent_device, "device-removed", "unplugged" },
	{ "VFIO_DEVICE_BIND_IOMMUFD", ENODEV, absent_device, "device-removed", "unplugged" },
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
	{ "VFIO_GROUP_GET_DEVICE_FD", ENODEV, NULL, "no-such-bdf", "no device of this name" },
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
	{ "buffer", ENOMEM, NULL, "no-buffer", "not enough memory" },
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
	{ "bind", EEXIST, NULL, "bound-elsewhere", "the earlier bind was to" },
	{ "iommu", ENOTTY, NULL, NULL, "Inappropriate ioctl" },
};

static void test_errnos(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(errnos); i++) {
		struct env env = healthy();
		struct err err;

		if (errnos[i].change)
			errnos[i].change(&env);
		memset(&err, 0x5a, sizeof(err));
		failure_explain(&env, errnos[i].step, errnos[i].no, "what failed", &err);
		if (!err.id != !errnos[i].id || (err.id && strcmp(err.id, errnos[i].id)) ||
		    !strstr(err.why, errnos[i].why) || err.no != errnos[i].no || !err.what[0] ||
		    !err.fix[0])
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
		cmocka_unit_test(test_healthy), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_facts),	cmocka_unit_test(test_errnos),
		cmocka_unit_test(test_whole),	cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
