// SPDX-License-Identifier: GPL-2.0
/* The modules of VFIO, the driver of the device, and the drivers of its group. */
#include "failure/rows.h"

#include <errno.h>
#include <string.h>

#include "failure/facts.h"

static bool has_no_driver(const struct env *env)
{
	return has_device(env) && !env->dev.driver[0] && !env->leaving;
}

static bool has_host_driver(const struct env *env)
{
	return has_device(env) && env->dev.driver[0] && !strstr(env->dev.driver, "vfio");
}

/* Does a bridge, or does a device that is none, keep VFIO from the group? */
static bool is_blocked_by(const struct env *env, bool bridge)
{
	size_t i;

	for (i = 0; i < env->nr_siblings; i++)
		if (blocks_group(env, &env->siblings[i]) &&
		    !!sysfs_bridge_name(&env->siblings[i]) == bridge)
			return true;
	return false;
}

/* Does a device that is not of PCI, which bind cannot take, keep VFIO from the group? */
static bool has_foreign_sibling(const struct env *env)
{
	size_t i;

	for (i = 0; i < env->nr_siblings; i++)
		if (env->siblings[i].not_pci && blocks_group(env, &env->siblings[i]))
			return true;
	return false;
}

static bool has_bad_bridge(const struct env *env)
{
	return is_blocked_by(env, true);
}

/* True as well if the kernel says that the group is not viable and no culprit is seen. */
static bool has_bad_sibling(const struct env *env)
{
	if (has_foreign_sibling(env))
		return false;
	return is_blocked_by(env, false) || (env->viable == FACT_NO && !has_bad_bridge(env));
}

/* If the kernel was asked, its answer makes a look at the members unnecessary. */
static bool is_group_unread(const struct env *env)
{
	return env->group_unread && env->viable == FACT_UNKNOWN;
}

static bool is_leaving(const struct env *env)
{
	return env->leaving;
}

static enum fact configured(const struct env *env, enum env_module module)
{
	return module == MODULE_VFIO	   ? env->config_vfio
	       : module == MODULE_TYPE1	   ? env->config_type1
	       : module == MODULE_VFIO_PCI ? env->config_vfio_pci
					   : FACT_UNKNOWN;
}

static bool is_not_configured(const struct env *env)
{
	const struct vfio_module *missing = missing_module(env);

	return missing && configured(env, missing->module) == FACT_NO;
}

static bool is_not_configured_on_riscv64(const struct env *env)
{
	return is_not_configured(env) && is_riscv64(env);
}

static bool is_not_configured_elsewhere(const struct env *env)
{
	return is_not_configured(env) && !is_riscv64(env);
}

static bool lacks_module(const struct env *env)
{
	return !is_not_configured(env) &&
	       (env->object ? !concerns_verify_pte(env) : missing_module(env) != NULL);
}

static bool may_not_load_vfio(const struct env *env)
{
	return env->cap_sys_module == FACT_NO && !concerns_verify_pte(env) && unloaded_module(env);
}

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "not-in-kernel",
		.check = CHECK_MODULES,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = is_not_configured_on_riscv64,
		.detect = is_not_configured_on_riscv64,
		.what = "could not load the module {module}",
		.why = "this kernel is built without it: {config_word} is not set in {config}; on riscv64 there was no IOMMU for VFIO before 6.13",
		.fix = "boot a kernel of 6.13 or later with CONFIG_RISCV_IOMMU, CONFIG_VFIO_PCI and CONFIG_IOMMUFD",
		.source = "drivers/vfio/Kconfig, drivers/iommu/riscv/Kconfig",
	},
	{
		.id = "not-in-kernel",
		.check = CHECK_MODULES,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = is_not_configured_elsewhere,
		.detect = is_not_configured_elsewhere,
		.what = "could not load the module {module}",
		.why = "this kernel is built without it: {config_word} is not set in {config}",
		.fix = "boot a kernel that has it, as every generic one of a distribution",
		.source = "drivers/vfio/Kconfig",
	},
	{
		.id = "module-absent",
		.check = CHECK_MODULES,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = lacks_module,
		.detect = lacks_module,
		.what = "could not load the module {module}",
		.why = "it is not in /lib/modules/{release}",
		.fix = "install the modules of this kernel, or reboot into the one that is installed; then depmod -a",
		.source = "drivers/vfio/Kconfig; modules.dep(5)",
	},
	{
		.id = "module-not-loaded",
		.check = CHECK_MODULES,
		.steps = "insert",
		.no = EPERM,
		.applies_if = may_not_load_vfio,
		.detect = may_not_load_vfio,
		.what = "could not load the module {module}",
		.why = "no CAP_SYS_MODULE, and it is not in the kernel yet",
		.fix = "as root: modprobe {module}; for every boot: echo {module} > /etc/modules-load.d/vfio.conf",
		.source = "kernel/module/main.c: may_init_module()",
	},
	{
		.id = "removal-waits",
		.check = CHECK_DRIVER,
		.steps = "device list bind unbind",
		.no = EBUSY,
		.applies_if = is_leaving,
		.detect = is_leaving,
		.what = "its removal is waiting",
		.why = "it was unplugged or taken from its VFIO driver, and the kernel waits for {holder}, who has it open",
		.fix = "end that process: the removal then goes on by itself",
		.source = "drivers/vfio/vfio_main.c: vfio_unregister_group_dev()",
	},
	{
		.id = "no-driver",
		.check = CHECK_DRIVER,
		.steps = "device list",
		.no = EBUSY,
		.applies_if = has_no_driver,
		.detect = has_no_driver,
		.what = "not on vfio-pci",
		.why = "it is on no driver",
		.fix = "vfio_test bind {bdf}",
		.source = "Documentation/ABI/testing/sysfs-bus-pci: driver_override",
	},
	{
		.id = "host-driver",
		.check = CHECK_DRIVER,
		.steps = "device list",
		.no = EBUSY,
		.applies_if = has_host_driver,
		.detect = has_host_driver,
		.what = "not on vfio-pci",
		.why = "it is on the driver {driver}",
		.fix = "vfio_test bind {bdf}",
		.source = "Documentation/ABI/testing/sysfs-bus-pci: driver_override",
	},
	{
		.id = "not-viable",
		.check = CHECK_VIABLE,
		.steps = "group-viable VFIO_GROUP_SET_CONTAINER VFIO_DEVICE_BIND_IOMMUFD list",
		.no = EPERM,
		.applies_if = has_foreign_sibling,
		.detect = has_foreign_sibling,
		.what = "group {group} is not viable",
		.why = "in the same group: {siblings}; not all of them are PCI devices, which bind could take",
		.fix = "take each from its driver: echo NAME > /sys/kernel/iommu_groups/{group}/devices/NAME/driver/unbind",
		.source =
			"drivers/iommu/iommu.c: iommu_group_claim_dma_owner(); before 5.19 drivers/vfio/vfio.c: vfio_dev_viable()",
	},
	{
		.id = "not-viable",
		.check = CHECK_VIABLE,
		.steps = "group-viable VFIO_GROUP_SET_CONTAINER VFIO_DEVICE_BIND_IOMMUFD list",
		.no = EPERM,
		.applies_if = has_bad_sibling,
		.detect = has_bad_sibling,
		.what = "group {group} is not viable",
		.why = "in the same group: {siblings}",
		.fix = "vfio_test bind --group {bdf}",
		.source =
			"drivers/iommu/iommu.c: iommu_group_claim_dma_owner(); before 5.19 drivers/vfio/vfio.c: vfio_dev_viable()",
	},
	{
		.id = "bridge-driver",
		.check = CHECK_VIABLE,
		.steps = "group-viable VFIO_GROUP_SET_CONTAINER VFIO_DEVICE_BIND_IOMMUFD list",
		.no = EPERM,
		.applies_if = has_bad_bridge,
		.detect = has_bad_bridge,
		.what = "group {group} is not viable",
		.why = "in the same group: {bad_bridges}, a driver that does not leave DMA to others (driver_managed_dma), as it must since 5.19",
		.fix = "take the bridge from it, a bridge works without a driver: echo {bad_bridge} > " PCI
		       "/devices/{bad_bridge}/driver/unbind",
		.source =
			"drivers/pci/pci-driver.c: pci_dma_configure(); drivers/pci/pcie/portdrv.c",
	},
	{
		.id = "group-unread",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_VIABLE,
		.steps = "list",
		.no = EIO,
		.applies_if = is_group_unread,
		.detect = is_group_unread,
		.what = "group {group} cannot be judged",
		.why = "the members of the group cannot be read, and one on a host driver would keep VFIO out",
		.fix = "mount -t sysfs none /sys; see ls -l /sys/kernel/iommu_groups/{group}/devices",
		.source = "Documentation/ABI/testing/sysfs-kernel-iommu_groups",
	},
	{
		.id = "noiommu-rawio",
		.steps = "VFIO_GROUP_SET_CONTAINER VFIO_GROUP_GET_DEVICE_FD",
		.no = EPERM,
		.applies_if = lacks_rawio,
		.why = "this process may not use the group: without an IOMMU it needs CAP_SYS_RAWIO",
		.fix = "run as root",
		.source = "drivers/vfio/container.c: vfio_container_attach_group()",
	},
	{
		.id = "not-viable",
		.steps = "group-viable VFIO_GROUP_SET_CONTAINER",
		.no = EPERM,
		.what = "group {group} is not viable",
		.why = "a host driver that uses DMA keeps the whole group, but none is seen: it may be gone by now, or not be a PCI driver",
		.fix = "see ls -l /sys/kernel/iommu_groups/{group}/devices/*/driver",
		.source = "drivers/iommu/iommu.c: iommu_group_claim_dma_owner()",
	},
};
/* clang-format on */

const struct failure_rows rows_driver = { .row = rows, .nr = ARRAY_SIZE(rows) };
