// SPDX-License-Identifier: GPL-2.0
#include "failure/failure.h"

#include <errno.h>
#include <string.h>

#include "failure/facts.h"
#include "failure/words.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI	      "/sys/bus/pci"

/* --- what the facts say ---------------------------------------------------- */

static bool is_uuid(const struct env *env)
{
	return env->is_uuid;
}

static bool is_mdev(const struct env *env)
{
	return env->is_uuid && env->mdev_parent[0];
}

static bool is_absent(const struct env *env)
{
	return env->given[0] && !has_device(env) && !env->no_sysfs;
}

static bool has_no_sysfs(const struct env *env)
{
	return env->no_sysfs;
}

static bool is_bridge(const struct env *env)
{
	return has_device(env) && sysfs_bridge_name(&env->dev);
}

static bool firmware_has_iommu(const struct env *env)
{
	return env->acpi_dmar == FACT_YES || env->acpi_ivrs == FACT_YES;
}

static bool iommu_is_off(const struct env *env)
{
	return no_iommu(env) && firmware_has_iommu(env) &&
	       (env->iommu_words_off ||
		(env->acpi_dmar == FACT_YES && env->iommu_default_on != FACT_YES));
}

static bool iommu_wants_driver(const struct env *env)
{
	return no_iommu(env) && env->acpi_viot == FACT_YES;
}

static bool iommu_failed(const struct env *env)
{
	return no_iommu(env) && firmware_has_iommu(env) && !iommu_is_off(env);
}

static bool is_arm64(const struct env *env)
{
	return !strcmp(env->machine, "aarch64");
}

static bool no_iommu_in_firmware(const struct env *env)
{
	return no_iommu(env) && !firmware_has_iommu(env) && env->acpi_viot != FACT_YES;
}

static bool no_iommu_in_firmware_on_x86(const struct env *env)
{
	return no_iommu_in_firmware(env) && is_x86(env);
}

static bool no_iommu_in_firmware_on_arm64(const struct env *env)
{
	return no_iommu_in_firmware(env) && is_arm64(env);
}

static bool no_iommu_in_firmware_on_riscv64(const struct env *env)
{
	return no_iommu_in_firmware(env) && is_riscv64(env);
}

static bool no_iommu_in_firmware_elsewhere(const struct env *env)
{
	return no_iommu_in_firmware(env) && !is_x86(env) && !is_arm64(env) && !is_riscv64(env);
}

static bool has_no_group_yet(const struct env *env)
{
	return env->iommu && has_device(env) && env->dev.group < 0 && !env->dev.driver[0];
}

static bool has_no_group(const struct env *env)
{
	return env->iommu && has_device(env) && env->dev.group < 0 && env->dev.driver[0];
}

static bool has_made_up_group(const struct env *env)
{
	return env->noiommu_group;
}

static bool is_gone(const struct env *env)
{
	return has_device(env) && env->answers == FACT_NO;
}

static bool has_no_driver(const struct env *env)
{
	return has_device(env) && !env->dev.driver[0] && !env->leaving;
}

static bool has_host_driver(const struct env *env)
{
	return has_device(env) && env->dev.driver[0] && !strstr(env->dev.driver, "vfio");
}

static bool is_blocked_by(const struct env *env, bool bridge)
{
	size_t i;

	for (i = 0; i < env->nr_siblings; i++)
		if (blocks_group(env, &env->siblings[i]) &&
		    !!sysfs_bridge_name(&env->siblings[i]) == bridge)
			return true;
	return false;
}

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

/* Also where the kernel says so of a group in which nothing is seen that is to blame */
static bool has_bad_sibling(const struct env *env)
{
	if (has_foreign_sibling(env))
		return false;
	return is_blocked_by(env, false) || (env->viable == FACT_NO && !has_bad_bridge(env));
}

/* The kernel's own word of the group counts for more than a look at who is in it. */
static bool is_group_unread(const struct env *env)
{
	return env->group_unread && env->viable == FACT_UNKNOWN;
}

static bool is_held(const struct env *env)
{
	return (env->holder || env->held) && !env->leaving;
}

static bool is_leaving(const struct env *env)
{
	return env->leaving;
}

/* The kernel gives a VF only to whom its PF's user has told the token, if that is on VFIO. */
static bool wants_token(const struct env *env)
{
	return strstr(env->physfn_driver, "vfio") && !env->has_token;
}

static bool wants_pf_token(const struct env *env)
{
	return env->vf_held && strstr(env->dev.driver, "vfio") && !env->has_token;
}

static bool has_rmrr(const struct env *env)
{
	return env->rmrr[0];
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

static bool may_be_opened(const struct env_node *node)
{
	/* Held by another, or with its driver not there yet: that is no lack of permission. */
	return node->no != EACCES && node->no != EPERM;
}

/* Is one way open whole?  One without its nodes is none. */
static bool has_open_way(const struct env *env)
{
	bool has_iommufd = env->iommufd.path[0] && env->iommufd.no != ENOENT &&
			   (!has_device(env) || env->device_node.path[0]);

	return (env->container.path[0] && env->container.no != ENOENT &&
		may_be_opened(&env->container) && may_be_opened(&env->node)) ||
	       (has_iommufd && may_be_opened(&env->iommufd) && may_be_opened(&env->device_node));
}

/* Its permissions are as they should be, and yet it cannot be opened: what else forbids it? */
static bool is_on_nodev(const struct env *env)
{
	const struct env_node *node = bad_node(env, EACCES);

	return node && node->nodev;
}

/* Whom the permissions of the node do not keep out, by what faccessat(2) asks */
static bool is_forbidden_by_lsm(const struct env *env)
{
	const struct env_node *node = bad_node(env, EACCES);

	return node && node->opened && !node->nodev && node->allowed;
}

static bool is_on_nodev_only(const struct env *env)
{
	return is_on_nodev(env) && !has_open_way(env);
}

static bool is_forbidden_only(const struct env *env)
{
	return is_forbidden_by_lsm(env) && !has_open_way(env);
}

static bool may_not_open(const struct env *env)
{
	return bad_node(env, EACCES) && !is_on_nodev(env) && !is_forbidden_by_lsm(env) &&
	       !has_open_way(env);
}

/* EPERM of a node that is not the kernel's word on a group without an IOMMU */
static bool is_kept_by_cgroup(const struct env *env)
{
	return bad_node(env, EPERM) && !has_open_way(env) && !lacks_rawio(env);
}

static bool is_kept_by_rawio(const struct env *env)
{
	return env->node.path[0] && env->node.no == EPERM && lacks_rawio(env);
}

static bool has_no_container(const struct env *env)
{
	return env->container.path[0] && env->container.no == ENOENT &&
	       env->modules[MODULE_VFIO] >= MODULE_LOADED;
}

static bool has_no_node(const struct env *env)
{
	return env->node.path[0] && env->node.no == ENOENT;
}

static bool has_no_intremap(const struct env *env)
{
	return env->intremap == FACT_NO && env->unsafe_interrupts != FACT_YES && !no_iommu(env) &&
	       is_x86(env);
}

static bool may_lack_isolation(const struct env *env)
{
	return env->intremap != FACT_YES && !is_x86(env);
}

static bool has_no_isolation(const struct env *env)
{
	return env->intremap == FACT_NO && env->unsafe_interrupts != FACT_YES && !no_iommu(env) &&
	       !is_x86(env);
}

static bool may_lack_intremap(const struct env *env)
{
	return env->intremap != FACT_YES && is_x86(env);
}

static bool lacks(const struct env *env, enum memory_kind kind)
{
	const struct memory_need need = memory_need(env);

	return memory_lacks(&env->mem, &need, kind);
}

static bool lacks_memlock(const struct env *env)
{
	return lacks(env, MEMORY_MEMLOCK);
}

static bool wants_huge(const struct env *env)
{
	return env->page_size > PAGE_4K;
}

static bool lacks_huge(const struct env *env)
{
	return lacks(env, MEMORY_HUGE);
}

static bool lacks_hugetlb_group(const struct env *env)
{
	return lacks(env, MEMORY_HUGETLB_GROUP);
}

static bool lacks_group(const struct env *env)
{
	return lacks(env, MEMORY_GROUP);
}

static bool lacks_available(const struct env *env)
{
	return lacks(env, MEMORY_AVAILABLE);
}

static bool lacks_address_space(const struct env *env)
{
	return lacks(env, MEMORY_ADDRESS_SPACE);
}

static bool lacks_data(const struct env *env)
{
	return lacks(env, MEMORY_DATA);
}

static bool lacks_commit(const struct env *env)
{
	return lacks(env, MEMORY_COMMIT);
}

static bool is_unaligned(const struct env *env)
{
	return env->has_iova && env->page_size && ((env->iova | env->size) & (env->page_size - 1));
}

static bool is_beyond(const struct env *env)
{
	return env->has_iova && (env->iova + env->size - 1 < env->iova ||
				 env->iova + env->size - 1 > env->last_iova);
}

static bool has_iova(const struct env *env)
{
	return env->has_iova;
}

static bool lacks_cap_sys_admin(const struct env *env)
{
	return env->cap_sys_admin == FACT_NO;
}

static bool may_not_load_vfio(const struct env *env)
{
	return env->cap_sys_module == FACT_NO && !concerns_verify_pte(env) && unloaded_module(env);
}

static bool lacks_cap_sys_module(const struct env *env)
{
	return env->cap_sys_module == FACT_NO;
}

static bool is_in_kernel(const struct env *env)
{
	return env->modules[MODULE_VERIFY_PTE] >= MODULE_LOADED;
}

static bool would_load_ko(const struct env *env)
{
	return !is_in_kernel(env) && env->ko.path[0];
}

static bool lacks_debugfs(const struct env *env)
{
	return env->debugfs == FACT_NO;
}

static bool is_locked_down(const struct env *env)
{
	return env->lockdown == FACT_YES;
}

static bool would_refuse_unsigned(const struct env *env)
{
	return would_load_ko(env) && env->sig_enforce == FACT_YES && !env->ko.is_signed;
}

static bool has_no_ko(const struct env *env)
{
	return !is_in_kernel(env) && !env->ko.path[0];
}

static bool is_about_missing_ko(const struct env *env)
{
	return concerns_verify_pte(env) && !env->ko.path[0];
}

/* Where a module's vermagic has what comes after the release */
static const char *flags_of(const char *vermagic)
{
	return vermagic + strcspn(vermagic, " ");
}

static bool is_of_other_release(const struct env *env)
{
	size_t n = flags_of(env->ko.vermagic) - env->ko.vermagic;

	return would_load_ko(env) && n &&
	       (n != strlen(env->release) || strncmp(env->ko.vermagic, env->release, n) != 0);
}

/*
 * kernel/module/version.c: same_magic().  With the versions of symbols in both, the release
 * does not matter, the rest does.
 */
static bool is_of_another_kernel(const struct env *env)
{
	const char *flags = flags_of(env->ko.vermagic);

	if (!strstr(flags, "modversions"))
		return is_of_other_release(env);
	return would_load_ko(env) && env->vermagic[0] &&
	       strcmp(flags, flags_of(env->vermagic)) != 0;
}

static bool may_be_of_this_kernel(const struct env *env)
{
	return is_of_other_release(env) && !is_of_another_kernel(env);
}

static bool is_of_another_in_any_way(const struct env *env)
{
	return is_of_other_release(env) || is_of_another_kernel(env);
}

static bool is_identity(const struct env *env)
{
	return env->passthrough || !strcmp(env->group_type, "identity");
}

/* Beside a container; a kernel that has neither has no back end at all. */
static bool has_no_iommufd(const struct env *env)
{
	return env->iommufd.path[0] && env->iommufd.no == ENOENT && env->container.opened &&
	       !env->container.no;
}

/* VFIO is not in the kernel yet, but can be; until then nothing of it can be opened. */
static bool is_to_be_loaded(const struct env *env)
{
	return env->modules[MODULE_VFIO] == MODULE_THERE &&
	       env->modules[MODULE_TYPE1] >= MODULE_THERE &&
	       !(env->container.opened && !env->container.no) &&
	       !(env->iommufd.opened && !env->iommufd.no);
}

static bool is_realtime(const struct env *env)
{
	return env->realtime;
}

static bool allows_noiommu(const struct env *env)
{
	return env->noiommu_mode == FACT_YES;
}

/* --- the table ------------------------------------------------------------- */

/*
 * In the order in which they stand in the way, and so in which to put them right.  Where
 * several fit an errno, the first whose applies_if() agrees is the one.
 *
 * clang-format would move the whole table by a tab: the excess of its long texts adds up.
 */
/* clang-format off */
static const struct failure failures[] = {
	{
		.id = "mdev",
		.steps = "address",
		.applies_if = is_mdev,
		.what = "{given}: a mediated device (mdev), not a PCI one",
		.why = "it is of the type {mdev_type}, and {mdev_parent} has made it: it has no PCI address and no hardware of its own, that one's driver serves it",
		.fix = "give the PCI address of a device, see vfio_test list; QEMU takes this one: -device vfio-pci,sysfsdev=/sys/bus/mdev/devices/{given}",
		.source = "Documentation/driver-api/vfio-mediated-device.rst",
	},
	{
		.id = "mdev",
		.steps = "address",
		.applies_if = is_uuid,
		.what = "{given}: a UUID, not a PCI address",
		.why = "mediated devices (mdev) have such names, and the kernel has none of this name; this program tests PCI devices",
		.fix = "give the PCI address of a device, as in 0000:00:01.0, see vfio_test list; mdevs: ls /sys/bus/mdev/devices",
		.source = "Documentation/driver-api/vfio-mediated-device.rst",
	},
	{
		.id = "bad-address",
		.steps = "address",
		.what = "{given}: not a PCI address",
		.why = "it has the form dddd:bb:dd.f",
		.fix = "as in 0000:00:01.0, see lspci -D",
		.source = "Documentation/ABI/testing/sysfs-bus-pci",
	},
	{
		.id = "no-sysfs",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENOENT,
		.applies_if = has_no_sysfs,
		.detect = has_no_sysfs,
		.what = "no sysfs",
		.why = "it is not mounted on /sys: nothing can be found out of devices and IOMMUs",
		.fix = "mount -t sysfs none /sys",
		.source = "fs/sysfs/mount.c: sysfs_init()",
	},
	{
		.id = "no-device",
		.check = CHECK_DEVICE,
		.steps = "device",
		.no = ENOENT,
		.detect = is_absent,
		.what = "no such device",
		.why = "the kernel knows no PCI device at this address",
		.fix = "see lspci -D or vfio_test list; one that was removed comes back with echo 1 > " PCI
		       "/rescan",
		.source = "drivers/pci/pci-sysfs.c: remove_store(), rescan_store()",
	},
	{
		.id = "bridge",
		.check = CHECK_DEVICE,
		.steps = "list bind",
		.no = ENODEV,
		.applies_if = is_bridge,
		.detect = is_bridge,
		.what = "not a candidate",
		.why = "it is {bridge}, and other devices are behind it",
		.fix = "give one of those",
		.source = "drivers/iommu/iommu.c: pci_device_group()",
	},
	{
		.id = "iommu-off",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = iommu_is_off,
		.detect = iommu_is_off,
		.what = "no IOMMU group",
		.why = "the machine has an IOMMU (ACPI {tables}), and the kernel leaves it off: its line has {iommu_words}",
		.fix = "boot with intel_iommu=on (Intel), or without amd_iommu=off (AMD), and without iommu=off: GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub, reboot",
		.source =
			"drivers/iommu/intel/iommu.c: intel_iommu_setup(); Documentation/admin-guide/kernel-parameters.txt",
	},
	{
		.id = "iommu-no-driver",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = iommu_wants_driver,
		.detect = iommu_wants_driver,
		.what = "no IOMMU group",
		.why = "the machine has an IOMMU (ACPI VIOT) that no driver has taken",
		.fix = "modprobe virtio_iommu, before the device is bound; the kernel needs CONFIG_VIRTIO_IOMMU",
		.source = "drivers/acpi/viot.c, drivers/iommu/virtio-iommu.c",
	},
	{
		.id = "iommu-failed",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = iommu_failed,
		.detect = iommu_failed,
		.what = "no IOMMU group",
		.why = "the machine has an IOMMU (ACPI {tables}), and the kernel did not take it",
		.fix = "see dmesg | grep -i -e DMAR -e AMD-Vi; the kernel needs CONFIG_INTEL_IOMMU or CONFIG_AMD_IOMMU",
		.source = "drivers/iommu/intel/dmar.c, drivers/iommu/amd/init.c",
	},
	{
		.id = "no-iommu",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = no_iommu_in_firmware_on_x86,
		.detect = no_iommu_in_firmware_on_x86,
		.what = "no IOMMU group",
		.why = "no IOMMU is active: the firmware tells of none (no ACPI table DMAR, IVRS or VIOT)",
		.fix = "switch VT-d or AMD-Vi on in the firmware and boot with intel_iommu=on (Intel); in a VM give QEMU -device intel-iommu,intremap=on,caching-mode=on",
		.source = "drivers/iommu/intel/dmar.c: dmar_table_detect()",
	},
	{
		.id = "no-iommu",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = no_iommu_in_firmware_on_arm64,
		.detect = no_iommu_in_firmware_on_arm64,
		.what = "no IOMMU group",
		.why = "no IOMMU is active: the kernel has taken no SMMU from {firmware}",
		.fix = "the kernel needs CONFIG_ARM_SMMU_V3 (or CONFIG_ARM_SMMU), the firmware must describe the SMMU; in a VM give QEMU -M virt,iommu=smmuv3",
		.source = "drivers/acpi/arm64/iort.c, drivers/iommu/of_iommu.c",
	},
	{
		.id = "no-iommu",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = no_iommu_in_firmware_on_riscv64,
		.detect = no_iommu_in_firmware_on_riscv64,
		.what = "no IOMMU group",
		.why = "no IOMMU is active: the kernel has taken none from {firmware}",
		.fix = "the kernel needs CONFIG_RISCV_IOMMU (since 6.13), the machine an IOMMU; in a VM give QEMU (since 9.2) -device riscv-iommu-pci",
		.source = "drivers/iommu/riscv/iommu.c",
	},
	{
		.id = "no-iommu",
		.check = CHECK_IOMMU,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = no_iommu_in_firmware,
		.detect = no_iommu_in_firmware_elsewhere,
		.what = "no IOMMU group",
		.why = "no IOMMU is active on this machine ({machine})",
		.fix = "the kernel needs the driver of this machine's IOMMU; see dmesg | grep -i iommu",
		.source = "drivers/iommu/Kconfig",
	},
	{
		.id = "no-group-yet",
		.check = CHECK_GROUP,
		.steps = "device list",
		.no = ENODEV,
		.applies_if = has_no_group_yet,
		.detect = has_no_group_yet,
		.what = "no IOMMU group",
		.why = "it is on no driver, and this IOMMU may give it a group when it has one",
		.fix = "vfio_test bind {bdf}",
		.source = "drivers/iommu/iommu.c: iommu_probe_device()",
	},
	{
		.id = "no-group",
		.check = CHECK_GROUP,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = has_no_group,
		.detect = has_no_group,
		.what = "no IOMMU group",
		.why = "an IOMMU is active, but not for this device",
		.fix = "see dmesg | grep -i -e DMAR -e AMD-Vi -e iommu -e smmu; give a device that the IOMMU covers",
		.source =
			"drivers/iommu/intel/dmar.c: dmar_find_matched_drhd_unit(); drivers/acpi/arm64/iort.c: iort_iommu_configure_id()",
	},
	{
		.id = "noiommu-group",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_GROUP,
		.steps = "list",
		.no = ENODEV,
		.applies_if = has_made_up_group,
		.detect = has_made_up_group,
		.what = "no IOMMU",
		.why = "VFIO made the group up (enable_unsafe_noiommu_mode): nothing keeps the device's DMA in bounds, no DMA can be mapped, and to bind it has tainted the kernel (U)",
		.fix = "boot with an IOMMU",
		.source = "drivers/vfio/group.c: vfio_noiommu_group_alloc()",
	},
	{
		.id = "device-gone",
		.check = CHECK_ANSWERS,
		.steps = "device list bind",
		.no = ENODEV,
		.applies_if = is_gone,
		.detect = is_gone,
		.what = "the device does not answer",
		.why = "its configuration space reads all ones: it is gone or without power (power state {power})",
		.fix = "switch its slot or port on, or plug it in again; then echo 1 > " PCI
		       "/devices/{bdf}/remove; echo 1 > " PCI "/rescan",
		.source = "include/linux/pci.h: PCI_POSSIBLE_ERROR()",
	},
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
		.why = "who is in the group cannot be read: a device on a driver of its own would keep VFIO out",
		.fix = "mount -t sysfs none /sys; see ls -l /sys/kernel/iommu_groups/{group}/devices",
		.source = "Documentation/ABI/testing/sysfs-kernel-iommu_groups",
	},
	{
		.id = "noiommu-rawio",
		.steps = "VFIO_GROUP_SET_CONTAINER VFIO_GROUP_GET_DEVICE_FD",
		.no = EPERM,
		.applies_if = lacks_rawio,
		.why = "the group is not for this user: without an IOMMU it takes CAP_SYS_RAWIO",
		.fix = "run as root",
		.source = "drivers/vfio/container.c: vfio_container_attach_group()",
	},
	{
		.id = "not-viable",
		.steps = "group-viable VFIO_GROUP_SET_CONTAINER",
		.no = EPERM,
		.what = "group {group} is not viable",
		.why = "the kernel lets nobody else have a group in which a driver uses DMA, and none is seen: it may have gone since, or be no PCI driver",
		.fix = "see ls -l /sys/kernel/iommu_groups/{group}/devices/*/driver",
		.source = "drivers/iommu/iommu.c: iommu_group_claim_dma_owner()",
	},
	{
		.id = "no-container",
		.check = CHECK_NODES,
		.steps = "container",
		.no = ENOENT,
		.detect = has_no_container,
		.why = "there is no such node",
		.fix = "modprobe vfio (or iommufd, for that back end); the kernel needs CONFIG_VFIO and CONFIG_VFIO_CONTAINER (or CONFIG_IOMMUFD)",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "no-container",
		.steps = "container",
		.no = ENODEV,
		.why = "the node is there, the module vfio is not",
		.fix = "modprobe vfio",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "no-node",
		.check = CHECK_NODES,
		.steps = "group",
		.no = ENOENT,
		.detect = has_no_node,
		.why = "the group has no node",
		.fix = "bind every device of the group to vfio-pci; in a container let it see the node",
		.source = "drivers/vfio/group.c: vfio_create_group()",
	},
	{
		.id = "no-node",
		.steps = "group",
		.no = ENODEV,
		.why = "no device of the group is on a VFIO driver",
		.fix = "bind every device of the group to vfio-pci",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "stale-node",
		.steps = "container group device-node",
		.no = ENXIO,
		.why = "no driver is behind the node: it is left over, or made with another number",
		.fix = "rm it, and bind the device anew (vfio_test bind {bdf}); see ls -l /sys/dev/char",
		.source = "fs/char_dev.c: chrdev_open()",
	},
	{
		.id = "no-files-left",
		.steps = "*",
		.no = EMFILE,
		.why = "this process has as many files open as it may",
		.fix = "raise the limit: ulimit -n 1024",
		.source = "getrlimit(2): RLIMIT_NOFILE",
	},
	{
		.id = "no-files-left",
		.steps = "*",
		.no = ENFILE,
		.why = "the machine has as many files open as it may",
		.fix = "end other programs, or raise the limit: sysctl fs.file-max",
		.source = "Documentation/admin-guide/sysctl/fs.rst: file-max",
	},
	{
		.id = "no-device-node",
		.steps = "device-node",
		.no = ENOENT,
		.why = "the device has a node in sysfs, and none in this /dev",
		.fix = "in a container let it see the node; else udevadm trigger",
		.source = "drivers/vfio/device_cdev.c: vfio_cdev_init()",
	},
	{
		.id = "nodev",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.applies_if = is_on_nodev,
		.detect = is_on_nodev_only,
		.why = "{node} lies on a file system that is mounted nodev: no node works there",
		.fix = "mount a devtmpfs, or bind-mount the host's /dev there without nodev",
		.source = "fs/namei.c: may_open_dev()",
	},
	{
		.id = "security-module",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.applies_if = is_forbidden_by_lsm,
		.detect = is_forbidden_only,
		.why = "the permissions of {node} ({owner}, mode {mode}) are enough, and yet it is refused: a security module (SELinux, AppArmor, Landlock) forbids it",
		.fix = "see ausearch -m avc or dmesg | grep -i -e apparmor -e audit; give this program leave in its policy",
		.source =
			"security/security.c: security_inode_permission(), security_file_open()",
	},
	{
		.id = "no-permission",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.detect = may_not_open,
		.why = "no permission on {node} ({owner}, mode {mode})",
		.fix = "run as root, or give the user the node: chown USER {node}",
		.source = "Documentation/driver-api/vfio.rst",
	},
	{
		.id = "noiommu-rawio",
		.check = CHECK_NODES,
		.steps = "group",
		.no = EPERM,
		.applies_if = lacks_rawio,
		.detect = is_kept_by_rawio,
		.why = "the group is not for this user: without an IOMMU it takes CAP_SYS_RAWIO",
		.fix = "run as root",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "devices-cgroup",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EPERM,
		.detect = is_kept_by_cgroup,
		.why = "{node} is refused though its permissions ({owner}, mode {mode}) do not say so: the devices cgroup of this process forbids it",
		.fix = "allow it where the process was started: docker run --device {node}, systemd DeviceAllow={node} rw; cgroup v1: echo 'c {numbers} rw' > devices.allow",
		.source = "security/device_cgroup.c: devcgroup_check_permission()",
	},
	{
		.id = "held",
		.check = CHECK_HELD,
		.steps = "group list bind",
		.no = EBUSY,
		.detect = is_held,
		.what = "group {group} is in use",
		.why = "{holder} has it open",
		.fix = "end that process; fuser -v {node} names it",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "held",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD",
		.no = EBUSY,
		.why = "{holder} has the device or its group open",
		.fix = "end that process; vfio_test doctor {bdf} names it where it can be seen",
		.source = "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()",
	},
	{
		.id = "unbind-waits",
		.steps = "unbind",
		.no = EBUSY,
		.what = "the device is open",
		.why = "{holder} has it open, and the kernel would have the unbind wait for its end",
		.fix = "end that process",
		.source = "drivers/vfio/vfio_main.c: vfio_unregister_group_dev()",
	},
	{
		.id = "has-vfs",
		.steps = "bind unbind",
		.no = EBUSY,
		.what = "it has virtual functions",
		.why = "{nr_vfs} of them ({vfs}): whoever uses them, they would go with its driver or lose what runs them, and VFIO takes no such device",
		.fix = "end what uses them, then echo 0 > " PCI
		       "/devices/{bdf}/sriov_numvfs",
		.source =
			"drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device(), vfio_pci_core_unregister_device()",
	},
	{
		.id = "in-use",
		.steps = "bind",
		.no = EBUSY,
		.what = "the device is in use",
		.why = "{object}",
		.fix = "end that use, or take the device all the same with --force",
		.source =
			"Documentation/ABI/stable/sysfs-block: holders; Documentation/ABI/testing/sysfs-class-net: flags",
	},
	{
		.id = "use-unknown",
		.steps = "bind",
		.no = EBUSY,
		.what = "it cannot be found out whether the device is in use",
		.why = "{object}",
		.fix = "run where all processes can be seen, as root, or take the device all the same with --force",
		.source = "proc(5): /proc/PID/fd; pid_namespaces(7)",
	},
	{
		.id = "never-bound",
		.steps = "unbind",
		.no = ENOENT,
		.what = "nothing to put back",
		.why = "there is no record of a vfio_test bind of it",
		.fix = "one that was put on a VFIO driver by hand the kernel takes back with --force",
		.source = "user/cmd/bind.c",
	},
	{
		.id = "moved-since",
		.steps = "unbind",
		.no = EEXIST,
		.what = "not where bind had put it",
		.why = "somebody has put it on {driver} since",
		.fix = "--force puts it back to {object}",
		.source = "user/bind/record.c: bind_standing()",
	},
	{
		.id = "bound-elsewhere",
		.steps = "bind",
		.no = EEXIST,
		.what = "bound to another driver by an earlier bind",
		.why = "that was to {object}",
		.fix = "vfio_test unbind {bdf} first",
		.source = "user/bind/record.c: bind_plan()",
	},
	{
		.id = "sysfs-denied",
		.steps = "bind-write",
		.no = EACCES,
		.why = "no permission: which driver has a device is root's to say",
		.fix = "run as root",
		.source = "drivers/pci/pci-sysfs.c: driver_override_store()",
	},
	{
		.id = "sysfs-read-only",
		.steps = "bind-write",
		.no = EROFS,
		.why = "/sys is read-only here",
		.fix = "run outside of the container, or mount /sys for writing",
		.source = "mount(2)",
	},
	{
		.id = "write-waits",
		.steps = "bind-write",
		.no = ETIMEDOUT,
		.why = "the kernel has not answered in time: a driver waits for the device, or for somebody who has it open",
		.fix = "see fuser -v /dev/vfio/* and ps ax | grep ' D'; it goes on when that ends",
		.source =
			"drivers/base/dd.c: device_driver_detach(); drivers/vfio/vfio_main.c: vfio_unregister_group_dev()",
	},
	{
		.id = "driver-gone",
		.steps = "bind-write",
		.no = ENOENT,
		.why = "the device or the driver is gone",
		.fix = "see vfio_test list; modprobe the driver",
		.source = "drivers/base/bus.c: bus_remove_driver()",
	},
	{
		.id = "driver-failed",
		.steps = "bind-write",
		.no = EIO,
		.why = "the driver's probe failed: the device does not answer as the driver expects",
		.fix = "vfio_test doctor with its address; see the last lines of dmesg",
		.source = "drivers/base/dd.c: call_driver_probe()",
	},
	{
		.id = "driver-later",
		.steps = "bind-write",
		.no = EAGAIN,
		.why = "the driver has put it off: it waits for another driver or device",
		.fix = "see /sys/kernel/debug/devices_deferred; then do this again",
		.source = "drivers/base/dd.c: device_driver_attach()",
	},
	{
		.id = "driver-refused",
		.steps = "bind-write",
		.no = ENODEV,
		.why = "the driver did not take it: its probe failed, or it does not know such a device",
		.fix = "see the last lines of dmesg, which name the driver",
		.source = "drivers/base/bus.c: bind_store()",
	},
	{
		.id = "driver-refused",
		.steps = "bind-write",
		.no = EINVAL,
		.why = "the driver refused it; VFIO does so where there is no IOMMU for it, and of a bridge",
		.fix = "vfio_test doctor with its address says what it lacks",
		.source =
			"drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()",
	},
	{
		.id = "driver-refused",
		.steps = "bind-write",
		.no = EBUSY,
		.why = "the driver found it in use: its memory or ports belong to another driver, or, of VFIO, it has virtual functions",
		.fix = "see /proc/iomem for who has its memory, and sriov_numvfs in the device's directory",
		.source =
			"drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()",
	},
	{
		.id = "no-intremap",
		.check = CHECK_INTREMAP,
		.steps = "VFIO_SET_IOMMU",
		.no = EPERM,
		.applies_if = may_lack_intremap,
		.detect = has_no_intremap,
		.what = "VFIO_SET_IOMMU",
		.why = "no interrupt remapping: the device could raise any interrupt of the host",
		.fix = "give the IOMMU intremap=on (in a VM QEMU's -device intel-iommu,intremap=on with -M q35,kernel-irqchip=split), or, where that risk is none, load vfio_iommu_type1 with allow_unsafe_interrupts=1; see dmesg",
		.source =
			"drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()",
	},
	{
		.id = "no-intremap",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD VFIO_GROUP_GET_DEVICE_FD",
		.no = EPERM,
		.applies_if = may_lack_intremap,
		.why = "no interrupt remapping: the device could raise any interrupt of the host",
		.fix = "give the IOMMU intremap=on, or, where that risk is none, load iommufd with allow_unsafe_interrupts=1",
		.source = "drivers/iommu/iommufd/device.c: iommufd_device_bind()",
	},
	{
		.id = "no-intremap",
		.check = CHECK_INTREMAP,
		.steps = "VFIO_SET_IOMMU VFIO_DEVICE_BIND_IOMMUFD VFIO_GROUP_GET_DEVICE_FD",
		.no = EPERM,
		.applies_if = may_lack_isolation,
		.detect = has_no_isolation,
		.why = "nothing isolates its interrupts: the device could raise any interrupt of the host",
		.fix = "arm64: the machine needs a GIC with an ITS (in a VM QEMU's -M virt,gic-version=3); where that risk is none, load vfio_iommu_type1 or iommufd with allow_unsafe_interrupts=1",
		.source = "drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/device.c: iommu_group_has_isolated_msi()",
	},
	{
		.id = "rmrr",
		.steps = "VFIO_SET_IOMMU",
		.no = EPERM,
		.applies_if = has_rmrr,
		.what = "VFIO_SET_IOMMU",
		.why = "the firmware reserves memory for this device (RMRR {rmrr}), which it must go on to reach",
		.fix = "switch what uses it off in the firmware (USB legacy support, a BMC), or give another device",
		.source = "drivers/iommu/intel/iommu.c: device_rmrr_is_relaxable()",
	},
	{
		.id = "rmrr",
		.steps = "VFIO_SET_IOMMU",
		.no = EPERM,
		.what = "VFIO_SET_IOMMU",
		.why = "the firmware reserves memory for this device (RMRR), which it must go on to reach",
		.fix = "see dmesg | grep -i rmrr; switch what uses it off in the firmware, or give another device",
		.source = "drivers/iommu/intel/iommu.c: device_rmrr_is_relaxable()",
	},
	{
		.id = "rmrr",
		.steps = "VFIO_DEVICE_ATTACH_IOMMUFD_PT",
		.no = EINVAL,
		.why = "the firmware reserves memory for this device (RMRR), or the address space does not fit its IOMMU",
		.fix = "see /sys/kernel/iommu_groups/{group}/reserved_regions; give another device",
		.source = "drivers/iommu/iommufd/device.c: iommufd_device_attach()",
	},
	{
		.id = "no-vf-token",
		.steps = "VFIO_GROUP_GET_DEVICE_FD",
		.no = EINVAL,
		.applies_if = is_wrong_token,
		.what = "a VF token was given",
		.why = "this device takes none: it is no virtual function of a device on VFIO, nor has it any",
		.fix = "leave --vf-token out",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "no-vf-token",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD",
		.no = EINVAL,
		.applies_if = is_wrong_token,
		.what = "a VF token was given",
		.why = "this device takes none, or this kernel takes none through iommufd (since 6.18)",
		.fix = "leave --vf-token out, or give --iommu type1v2",
		.source = "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()",
	},
	{
		.id = "not-coherent",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD",
		.no = EINVAL,
		.why = "its IOMMU does not keep DMA coherent with the caches, or the device is bound already",
		.fix = "give another device, or --iommu type1v2",
		.source = "drivers/iommu/iommufd/device.c: iommufd_device_bind()",
	},
	{
		.id = "owned",
		.steps = "VFIO_SET_IOMMU VFIO_DEVICE_ATTACH_IOMMUFD_PT",
		.no = EBUSY,
		.why = "the group has another IOMMU domain: a kernel driver or another program took it",
		.fix = "vfio_test doctor {bdf}; bind each device of the group to vfio-pci: vfio_test bind --group {bdf}",
		.source = "drivers/iommu/iommu.c: iommu_attach_group()",
	},
	{
		.id = "no-domain-left",
		.steps = "VFIO_SET_IOMMU",
		.no = EIO,
		.why = "the IOMMU's driver gave no domain of the kind that VFIO needs",
		.fix = "see dmesg | grep -i -e iommu -e DMAR -e AMD-Vi -e smmu; give another device",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()",
	},
	{
		.id = "wrong-order",
		.steps = "VFIO_SET_IOMMU VFIO_GROUP_GET_DEVICE_FD",
		.no = EINVAL,
		.why = "calls in the wrong order: a container without a group has no IOMMU to set, and one without an IOMMU gives no device",
		.fix = "open the container, open the group, ask whether it is viable, SET_CONTAINER, SET_IOMMU, then MAP_DMA and GET_DEVICE_FD",
		.source =
			"drivers/vfio/container.c: vfio_ioctl_set_iommu(); Documentation/driver-api/vfio.rst",
	},
	{
		.id = "wrong-order",
		.steps = "VFIO_SET_IOMMU",
		.no = ENODEV,
		.why = "no such back end, or calls in the wrong order: a container without a group has no IOMMU to set",
		.fix = "modprobe vfio_iommu_type1; open the container, open the group, SET_CONTAINER, then SET_IOMMU",
		.source = "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()",
	},
	{
		.id = "no-back-end",
		.steps = "back-end extensions",
		.no = ENODEV,
		.why = "no IOMMU back end is registered",
		.fix = "modprobe vfio_iommu_type1",
		.source =
			"drivers/vfio/container.c: vfio_container_ioctl_check_extension()",
	},
	{
		.id = "no-cdev",
		.steps = "offered-iommufd",
		.no = ENODEV,
		.what = "iommufd is not offered",
		.why = "the device has no node of its own",
		.fix = "choose another --iommu, or boot a kernel with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV (since 6.6)",
		.source = "drivers/vfio/device_cdev.c",
	},
	{
		.id = "made-up-group",
		.steps = "offered-iommu",
		.no = ENODEV,
		.what = "group {group} has no IOMMU",
		.why = "VFIO made it up, since enable_unsafe_noiommu_mode is on",
		.fix = "boot with an IOMMU, or give --iommu noiommu, which verifies nothing",
		.source = "drivers/vfio/group.c: vfio_noiommu_group_alloc()",
	},
	{
		.id = "has-iommu",
		.steps = "offered-noiommu",
		.no = ENODEV,
		.what = "noiommu is not offered",
		.why = "group {group} is an IOMMU's",
		.fix = "choose another --iommu: noiommu is for devices without an IOMMU",
		.source = "drivers/vfio/group.c: vfio_noiommu_group_alloc()",
	},
	{
		.id = "iommu-enable",
		.steps = "VFIO_IOMMU_ENABLE",
		.no = ENOTTY,
		.what = "VFIO_IOMMU_ENABLE",
		.why = "this call is of sPAPR (POWER) alone: a Type1 container answers ENOTTY, on bare metal too, and EINVAL before SET_IOMMU; nesting has nothing to do with it",
		.fix = "never call it: SET_IOMMU has switched translation on, go on with MAP_DMA",
		.source = "drivers/vfio/vfio_iommu_spapr_tce.c; include/uapi/linux/vfio.h",
	},
	{
		.id = "memlock",
		.check = CHECK_MEMORY,
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOMEM,
		.applies_if = lacks_memlock,
		.detect = lacks_memlock,
		.why = "not enough memory may be locked: {lock_kib} KiB needed, the limit is {memlock_kib} KiB{charged}",
		.fix = "raise it with ulimit -l {lock_goal_kib} or more (its hard limit in /etc/security/limits.conf: USER hard memlock {lock_goal_kib}), or run with CAP_IPC_LOCK",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_lock_acct(); getrlimit(2)",
	},
	{
		.id = "no-memory",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOMEM,
		.why = "the kernel has no memory left for the IOMMU's tables or its own",
		.fix = "give a smaller --size, or end other programs",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "address-space",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_address_space,
		.detect = lacks_address_space,
		.what = "could not allocate the buffer",
		.why = "a process may have no more address space than it has and {as_kib} KiB (RLIMIT_AS)",
		.fix = "raise it with ulimit -v unlimited, or give a smaller --size",
		.source = "mm/mmap.c: may_expand_vm(); getrlimit(2)",
	},
	{
		.id = "data-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_data,
		.detect = lacks_data,
		.what = "could not allocate the buffer",
		.why = "a process may have no more private memory than it has and {data_kib} KiB (RLIMIT_DATA)",
		.fix = "raise it with ulimit -d unlimited, or give a smaller --size",
		.source = "mm/mmap.c: may_expand_vm(); getrlimit(2)",
	},
	{
		.id = "commit-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_commit,
		.detect = lacks_commit,
		.what = "could not allocate the buffer",
		.why = "the kernel promises {commit_kib} KiB more and no more (vm.overcommit_memory=2)",
		.fix = "give a smaller --size, end other programs, or raise vm.overcommit_ratio",
		.source = "mm/util.c: __vm_enough_memory()",
	},
	{
		.id = "no-huge-pages",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_huge,
		.detect = lacks_huge,
		.what = "could not allocate the buffer",
		.why = "the kernel has fewer than {huge_need} free huge pages of {huge_kib} KiB{huge_reserved}",
		.fix = "echo {huge_goal} > /sys/kernel/mm/hugepages/hugepages-{huge_kib}kB/nr_hugepages",
		.source =
			"mm/hugetlb.c: gather_surplus_pages(); Documentation/admin-guide/mm/hugetlbpage.rst",
	},
	{
		.id = "hugetlb-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.applies_if = lacks_hugetlb_group,
		.detect = lacks_hugetlb_group,
		.what = "could not allocate the buffer",
		.why = "the control group leaves {hugetlb_kib} KiB of huge pages, {size_kib} are needed: {hugetlb_file}",
		.fix = "raise that limit, run outside of the group, or give a smaller --size",
		.source = "mm/hugetlb_cgroup.c; Documentation/admin-guide/cgroup-v2.rst: HugeTLB",
	},
	{
		.id = "memory-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_group,
		.detect = lacks_group,
		.what = "could not allocate the buffer",
		.why = "the control group leaves {cgroup_kib} KiB of memory, {ordinary_kib} are needed: {cgroup_file}",
		.fix = "raise that limit, run outside of the group, or give a smaller --size",
		.source =
			"mm/memcontrol.c: try_charge_memcg(); Documentation/admin-guide/cgroup-v2.rst: Memory",
	},
	{
		.id = "memory-short",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_available,
		.detect = lacks_available,
		.what = "could not allocate the buffer",
		.why = "{available_kib} KiB of memory are available, {ordinary_kib} are needed; pages that a device reaches are never swapped out",
		.fix = "give a smaller --size, or end other programs",
		.source = "Documentation/filesystems/proc.rst: MemAvailable",
	},
	{
		.id = "no-huge-pages",
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = wants_huge,
		.what = "could not allocate the buffer",
		.why = "the kernel could not make as many huge pages of {huge_kib} KiB, or not where this process may have memory (its cpuset)",
		.fix = "reserve them at boot with hugepagesz={huge_kib}K hugepages={huge_need}; see /proc/self/status: Mems_allowed_list",
		.source = "mm/hugetlb.c: gather_surplus_pages(), allowed_mems_nr()",
	},
	{
		.id = "page-refused",
		.steps = "buffer",
		.no = EFAULT,
		.what = "could not fill the buffer",
		.why = "the kernel gives no page for it, where touching it would be SIGBUS: a limit on huge pages, or broken memory",
		.fix = "see dmesg, and hugetlb.*.max of the control group in /proc/self/cgroup",
		.source =
			"mm/madvise.c: madvise_populate(); Documentation/admin-guide/cgroup-v2.rst: HugeTLB",
	},
	{
		.id = "no-huge-size",
		.steps = "buffer",
		.no = EINVAL,
		.applies_if = wants_huge,
		.what = "could not allocate the buffer",
		.why = "this CPU or kernel has no pages of {huge_kib} KiB",
		.fix = "give another --page-size; see ls /sys/kernel/mm/hugepages",
		.source = "Documentation/admin-guide/mm/hugetlbpage.rst",
	},
	{
		.id = "no-buffer",
		.steps = "buffer",
		.no = ENOMEM,
		.what = "could not allocate the buffer",
		.why = "there is not so much memory",
		.fix = "give a smaller --size",
		.source = "mmap(2)",
	},
	{
		.id = "iova-unaligned",
		.steps = "usage VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EINVAL,
		.applies_if = is_unaligned,
		.what = "--iova {iova}",
		.why = "not aligned to the page size, {page_size}",
		.fix = "choose another",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "iova-beyond",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.applies_if = is_beyond,
		.what = "IOVA {iova} of {size} bytes",
		.why = "it is in none of the IOVA ranges: past the aperture, which ends at {last_iova}",
		.fix = "choose a lower --iova or a smaller --size; in a VM with QEMU's intel-iommu aw-bits=48 makes it reach further",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()",
	},
	{
		.id = "iova-reserved",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EINVAL,
		.applies_if = has_iova,
		.what = "IOVA {iova} of {size} bytes",
		.why = "it is in none of the IOVA ranges: part of it is reserved, for interrupts (0xfee00000 on x86) or by the firmware",
		.fix = "choose another --iova or a smaller --size; see /sys/kernel/iommu_groups/{group}/reserved_regions",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()",
	},
	{
		.id = "iova-overlap",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EEXIST,
		.why = "the IOVAs of two mappings overlap",
		.fix = "choose each --iova at least --size from the others",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "entry-limit",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOSPC,
		.why = "the container holds as many mappings as it may",
		.fix = "unmap some, or raise vfio_iommu_type1.dma_entry_limit before the container is opened",
		.source = "drivers/vfio/vfio_iommu_type1.c: dma_entry_limit",
	},
	{
		.id = "not-writable",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EFAULT,
		.why = "the buffer is not memory that the device may write: mapped read-only, or not mapped",
		.fix = "map it with PROT_WRITE, or map it for the device with VFIO_DMA_MAP_FLAG_READ alone",
		.source = "drivers/vfio/vfio_iommu_type1.c: vaddr_get_pfns()",
	},
	{
		.id = "link-not-back",
		.severity = SEVERITY_WITNESS,
		.steps = "reset",
		.no = ENOTTY,
		.why = "the port above the device did not report that its link came back, for which the kernel waits a second (QEMU's pcie-root-port above 5 GT/s never does)",
		.fix = "see dmesg; in a VM give QEMU's pcie-root-port x-speed=5, or leave resets out with --no-reset",
		.source = "drivers/pci/pci.c: pci_bridge_wait_for_secondary_bus()",
	},
	{
		.id = "gone-after-reset",
		.steps = "reset",
		.no = ENODEV,
		.what = "the device does not answer after a reset",
		.why = "its configuration space reads all ones: what it would say now is worth nothing",
		.fix = "see dmesg; switch its slot off and on, or start the machine anew; leave resets out with --no-reset",
		.source = "include/linux/pci.h: PCI_POSSIBLE_ERROR()",
	},
	{
		.id = "virtio-past-iommu",
		.steps = "dma-path",
		.what = "the DMA of {bdf} goes past the IOMMU",
		.why = "this virtio device does not offer feature bit 33 (VIRTIO_F_ACCESS_PLATFORM): it takes physical addresses, whatever is mapped",
		.fix = "in a VM give QEMU's device disable-legacy=on,iommu_platform=on; else do not hand the device to anybody who must be kept in bounds",
		.source =
			"VIRTIO 1.2, 6: reserved feature bits; drivers/virtio/virtio_ring.c: vring_use_dma_api()",
	},
	{
		.id = "many-ranges",
		.steps = "VFIO_IOMMU_GET_INFO IOMMU_IOAS_IOVA_RANGES",
		.no = E2BIG,
		.why = "the IOMMU has more ranges of IOVAs than this program looks at",
		.fix = "report it, with /sys/kernel/iommu_groups/{group}/reserved_regions",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_build_caps()",
	},
	{
		.id = "no-such-bdf",
		.steps = "VFIO_GROUP_GET_DEVICE_FD",
		.no = ENODEV,
		.why = "the group has no device of this name on a VFIO driver",
		.fix = "give its address in full, as in 0000:00:01.0; see vfio_test list",
		.source = "drivers/vfio/group.c: vfio_group_ioctl_get_device_fd()",
	},
	{
		.id = "vf-token",
		.check = CHECK_DRIVER,
		.steps = "VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD list",
		.no = EACCES,
		.applies_if = wants_token,
		.detect = wants_token,
		.what = "a VF token is needed",
		.why = "it is a virtual function of {physfn}, which is on {physfn_driver}: who uses that one must trust who uses this one",
		.fix = "--vf-token UUID, the one that the user of {physfn} has set (vfio_test --vf-token UUID --hold {physfn}), or put {physfn} back on its own driver",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "vf-token",
		.steps = "VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD",
		.no = EACCES,
		.applies_if = is_wrong_token,
		.what = "the VF token is not accepted",
		.why = "it is not the UUID that the user of the physical function has set",
		.fix = "give the same --vf-token to both; the first user of the physical function sets it",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "vf-token",
		.check = CHECK_DRIVER,
		.steps = "VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD list",
		.no = EACCES,
		.detect = wants_pf_token,
		.what = "a VF token is needed",
		.why = "its virtual functions are in use, and who uses them must trust who uses it",
		.fix = "--vf-token UUID, the one that their users gave, or end what uses them",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "not-enabled",
		.steps = "VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD",
		.no = EIO,
		.why = "the kernel could not switch the device on: it does not answer, or its BARs have no addresses (power state {power})",
		.fix = "vfio_test doctor {bdf}; echo 1 > " PCI
		       "/devices/{bdf}/remove; echo 1 > " PCI "/rescan",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_enable()",
	},
	/* The witnesses: VFIO itself works without them. */
	{
		.id = "no-cap-sys-admin",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_PRIVILEGE,
		.steps = "debugfs pagemap",
		.no = EPERM,
		.applies_if = lacks_cap_sys_admin,
		.detect = lacks_cap_sys_admin,
		.why = "no CAP_SYS_ADMIN: page tables and frames are not for everybody",
		.fix = "run as root",
		.source = "fs/proc/task_mmu.c: pagemap_read(); kmod/main.c",
	},
	{
		.id = "no-cap-sys-admin",
		.severity = SEVERITY_WITNESS,
		.steps = "debugfs",
		.no = EACCES,
		.why = "no permission: debugfs and the module are root's",
		.fix = "run as root",
		.source = "fs/debugfs/inode.c; kmod/main.c",
	},
	{
		.id = "no-cap-sys-module",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EPERM,
		.applies_if = lacks_cap_sys_module,
		.why = "no CAP_SYS_MODULE",
		.fix = "run as root",
		.source = "kernel/module/main.c: may_init_module()",
	},
	{
		.id = "lockdown",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_LOCKDOWN,
		.steps = "insert debugfs",
		.no = EPERM,
		.applies_if = is_locked_down,
		.detect = is_locked_down,
		.why = "the kernel is locked down ({lockdown}): no unsigned module, no debugfs",
		.fix = "boot without lockdown= and with secure boot off; VFIO itself works",
		.source =
			"kernel/module/signing.c: module_sig_check(); fs/debugfs/file.c: debugfs_locked_down()",
	},
	{
		.id = "not-permitted",
		.severity = SEVERITY_WITNESS,
		.steps = "insert debugfs",
		.no = EPERM,
		.why = "not permitted: the kernel is locked down, or a security module forbids it",
		.fix = "see dmesg; boot without lockdown=",
		.source = "security/lockdown/lockdown.c: lockdown_is_locked_down()",
	},
	{
		.id = "debugfs-off",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENODEV,
		.applies_if = concerns_verify_pte,
		.why = "the kernel makes no files in debugfs, where the module answers",
		.fix = "boot without debugfs=off; see Documentation/admin-guide/kernel-parameters.txt",
		.source = "fs/debugfs/inode.c: debugfs_create_dir()",
	},
	{
		.id = "no-debugfs",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_DEBUGFS,
		.steps = "debugfs",
		.no = ENOENT,
		.applies_if = lacks_debugfs,
		.detect = lacks_debugfs,
		.why = "debugfs is not mounted at /sys/kernel/debug, where the module answers",
		.fix = "mount -t debugfs none /sys/kernel/debug",
		.source = "Documentation/filesystems/debugfs.rst",
	},
	{
		.id = "not-loaded",
		.severity = SEVERITY_WITNESS,
		.steps = "debugfs",
		.no = ENOENT,
		.why = "the module is not loaded",
		.fix = "insmod verify_pte.ko",
		.source = "kmod/main.c",
	},
	{
		.id = "no-verify-pte",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = is_about_missing_ko,
		.detect = has_no_ko,
		.what = "could not load the module verify_pte",
		.why = "no such file: it is not beside the program, nor in /lib/modules/{release}",
		.fix = "build it for this kernel with `make`, then give --module kmod/verify_pte.ko or run `make install`",
		.source = "kmod/Makefile",
	},
	{
		.id = "unknown-symbol",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = concerns_verify_pte,
		.why = "it uses a symbol that this kernel lacks, or its file is gone",
		.fix = "see dmesg; build it for this kernel with `make`",
		.source = "kernel/module/main.c: resolve_symbol_wait()",
	},
	{
		.id = "other-kernel",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = ENOEXEC,
		.applies_if = is_of_another_in_any_way,
		.detect = is_of_another_kernel,
		.what = "could not load the module {ko}",
		.why = "built for another kernel: for {vermagic}, and this is {release}",
		.fix = "build it for this kernel with `make`, with linux-headers-{release} installed",
		.source = "kernel/module/main.c: check_modinfo()",
	},
	{
		.id = "other-kernel",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EINVAL,
		.applies_if = is_of_another_in_any_way,
		.what = "could not load the module {ko}",
		.why = "built for another kernel, {vermagic}: its symbols have other versions here",
		.fix = "build it for this kernel with `make`, with linux-headers-{release} installed",
		.source = "kernel/module/version.c: check_version()",
	},
	{
		.id = "other-release",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.detect = may_be_of_this_kernel,
		.what = "it may not load",
		.why = "built for another release, {vermagic}: taken only if all its symbols have the same versions in {release}",
		.fix = "build it for this kernel with `make`",
		.source = "kernel/module/version.c: same_magic(), check_version()",
	},
	{
		.id = "no-module",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENOEXEC,
		.why = "built for another kernel, or not a module",
		.fix = "see dmesg; build it for this kernel with `make`",
		.source = "kernel/module/main.c: elf_validity_check()",
	},
	{
		.id = "unsigned",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = EKEYREJECTED,
		.detect = would_refuse_unsigned,
		.what = "could not load the module {ko}",
		.why = "this kernel takes signed modules only (module.sig_enforce)",
		.fix = "sign it with a key that the kernel knows (scripts/sign-file), or boot without module.sig_enforce",
		.source = "kernel/module/signing.c: module_sig_check()",
	},
	{
		.id = "bad-machine",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EOPNOTSUPP,
		.why = "the module does not support this machine",
		.fix = "see dmesg",
		.source = "kmod/main.c",
	},
	/* Answers of the module. */
	{
		.id = "no-process",
		.steps = "walk",
		.no = ESRCH,
		.why = "no such process, or one without memory of its own (a kernel thread, a zombie)",
		.fix = "see ps",
		.source = "kmod/walk.c",
	},
	{
		.id = "no-vma",
		.steps = "walk",
		.no = EFAULT,
		.why = "nothing is mapped there: it is in no VMA",
		.fix = "see /proc/PID/maps",
		.source = "kmod/walk.c",
	},
	{
		.id = "kernel-half",
		.steps = "walk",
		.no = ERANGE,
		.why = "beyond the user half of the address space",
		.fix = "give a user address",
		.source = "kmod/walk.c",
	},
	{
		.id = "bad-request",
		.steps = "walk",
		.no = EINVAL,
		.why = "the module does not take this request",
		.fix = "align address and length to 4096; is the module of this version?",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "other-mm",
		.steps = "walk",
		.no = ESTALE,
		.why = "the process changed its address space: it has executed another program or ended, and what was found up to there was of the old one",
		.fix = "ask again when the process has started up",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "bad-entry",
		.steps = "walk",
		.no = EIO,
		.why = "an entry that no kernel writes points out of memory",
		.fix = "see dmesg",
		.source = "kmod/walk.c",
	},
	{
		.id = "no-domain",
		.steps = "iova",
		.no = ENOENT,
		.why = "the device has no IOMMU domain of its VFIO user's",
		.fix = "an IOMMU must be active (see dmesg), and a device node bound to an iommufd",
		.source = "kmod/iova.c",
	},
	{
		.id = "domain-moved",
		.steps = "iova",
		.no = EAGAIN,
		.why = "the device was moved to another IOMMU domain while it was asked about, again and again",
		.fix = "ask when its user has finished setting it up",
		.source = "kmod/iova.c",
	},
	{
		.id = "no-vfio-file",
		.steps = "iova",
		.no = EBADF,
		.why = "the module does not know the open device file for a VFIO one",
		.fix = "report it: this kernel keeps its VFIO files differently",
		.source = "kmod/iova.c",
	},
	{
		.id = "not-held",
		.steps = "iova-holder",
		.no = EBADF,
		.what = "no process has the device open through VFIO",
		.why = "its IOMMU domain is its holder's, and can be asked while that lives",
		.fix = "start the program that uses it, or vfio_test --hold {given}",
		.source = "kmod/iova.c",
	},
	{
		.id = "realtime-kernel",
		.steps = "iova",
		.no = EOPNOTSUPP,
		.applies_if = is_realtime,
		.why = "this kernel is built with PREEMPT_RT, where an IOMMU's translations cannot be asked with all CPUs stopped",
		.fix = "run on a kernel without PREEMPT_RT",
		.source = "kmod/iova.c: iova_batch()",
	},
	{
		.id = "odd-domain",
		.steps = "iova",
		.no = EOPNOTSUPP,
		.why = "the device's IOMMU domain is of a kind that has no translations to ask for (neither paging nor blocked)",
		.fix = "bind the device to vfio-pci and let a process use it, which gives it a domain of VFIO's; see dmesg",
		.source = "kmod/iova.c",
	},
	{
		.id = "old-module",
		.steps = "iova",
		.no = ENOTTY,
		.why = "the module knows no such question",
		.fix = "load the module of this version",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "no-pagemap",
		.severity = SEVERITY_WITNESS,
		.steps = "pagemap",
		.no = ENOENT,
		.why = "the kernel has no pagemap",
		.fix = "the kernel needs CONFIG_PROC_PAGE_MONITOR",
		.source = "Documentation/admin-guide/mm/pagemap.rst",
	},
	/* Worth knowing. */
	{
		.id = "not-loaded-yet",
		.severity = SEVERITY_NOTE,
		.check = CHECK_NODES,
		.detect = is_to_be_loaded,
		.what = "no node of VFIO could be opened",
		.why = "VFIO is not in the kernel yet: vfio_test loads it when it runs",
		.fix = "nothing; to have it looked at as well, modprobe vfio_iommu_type1, and run doctor again",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "not-loaded-yet",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.detect = is_to_be_loaded,
		.what = "none is there yet",
		.why = "vfio_iommu_type1 can be loaded, and vfio_test does so when it runs",
		.fix = "nothing; to have it looked at as well, modprobe vfio_iommu_type1, and run doctor again",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_init()",
	},
	{
		.id = "identity",
		.severity = SEVERITY_NOTE,
		.check = CHECK_GROUP,
		.detect = is_identity,
		.what = "the host's own DMA is not translated (iommu=pt)",
		.why = "VFIO takes the device out of the identity domain into one of its own",
		.fix = "nothing: it is harmless here",
		.source = "drivers/iommu/iommu.c: iommu_def_domain_type",
	},
	{
		.id = "noiommu-mode",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.detect = allows_noiommu,
		.what = "VFIO may be used without an IOMMU (enable_unsafe_noiommu_mode)",
		.why = "a device without one that is bound gets a made-up group: no DMA can be mapped, nothing keeps it in bounds, it takes CAP_SYS_RAWIO, and the kernel is tainted (U)",
		.fix = "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		.source =
			"drivers/vfio/vfio_main.c; Documentation/admin-guide/tainted-kernels.rst",
	},
	{
		.id = "no-iommufd",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.steps = "iommufd",
		.no = ENOENT,
		.detect = has_no_iommufd,
		.what = "no iommufd",
		.why = "there is no /dev/iommu: no CONFIG_IOMMUFD (since 6.2), or its module is not loaded",
		.fix = "modprobe iommufd; the container does without",
		.source = "Documentation/userspace-api/iommufd.rst",
	},
};
/* clang-format on */

/* --- what others ask ------------------------------------------------------- */

void failure_text(const struct env *env, const char *text, char *buf, size_t len)
{
	size_t used = 0;

	while (*text && used + 1 < len) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;

		if (end) {
			words_put(env, text + 1, end - text - 1, buf + used, len - used);
			used += strlen(buf + used);
			text = end + 1;
		} else {
			buf[used++] = *text++;
		}
	}
	buf[used] = '\0';
}

const struct failure *failure_row(size_t i)
{
	return i < ARRAY_SIZE(failures) ? &failures[i] : NULL;
}

const struct failure *failure_get(const char *id)
{
	const struct failure *f;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++)
		if (!strcmp(f->id, id))
			return f;
	return NULL;
}

static const struct env nothing = { .dev = { .group = -1 }, .nr_groups = -1 };

static void fill(const struct env *env, const struct failure *f, int no, const char *what,
		 struct err *err)
{
	if (!env)
		env = &nothing;
	memset(err, 0, sizeof(*err));
	err->id = f->id;
	err->no = no;
	if (f->what)
		failure_text(env, f->what, err->what, sizeof(err->what));
	else
		err_what(err, "%s", what ? what : f->id);
	failure_text(env, f->why, err->why, sizeof(err->why));
	failure_text(env, f->fix, err->fix, sizeof(err->fix));
	err_clean(err); /* names of processes and drivers are anybody's words */
}

void failure_set(const struct env *env, const char *id, int no, const char *what, struct err *err)
{
	fill(env, failure_get(id), no, what, err);
}

void failure_fill(const struct env *env, const struct failure *f, const char *what, struct err *err)
{
	fill(env, f, f->no, what, err);
}

/* Is @step one of the words? */
static bool is_met_in(const struct failure *f, const char *step)
{
	const char *at = f->steps;
	size_t n = strlen(step);

	if (at && !strcmp(at, "*"))
		return true;

	while (at && (at = strstr(at, step))) {
		if ((at == f->steps || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
		at += n;
	}
	return false;
}

void failure_explain(const struct env *env, const char *step, int no, const char *what,
		     struct err *err)
{
	const struct env *facts = env ? env : &nothing;
	const struct failure *f;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++) {
		if (!is_met_in(f, step) || (f->no && f->no != no) ||
		    (f->applies_if && !f->applies_if(facts)))
			continue;
		fill(env, f, no, what, err);
		return;
	}
	memset(err, 0, sizeof(*err));
	err->no = no;
	err_what(err, "%s", what);
	err_why(err, "%s", strerror(no));
	err_fix(err, "see dmesg");
}

const struct failure *failure_next(const struct env *env, enum check check,
				   const struct failure *last)
{
	const struct failure *f;
	bool after = !last;
	size_t i;

	for (i = 0; (f = failure_row(i)); i++) {
		if (after && f->detect && (check == CHECK_NONE || f->check == check) &&
		    f->detect(env))
			return f;
		after = after || f == last;
	}
	return NULL;
}

const struct failure *failure_blocking(const struct env *env, const char *step, struct err *err)
{
	const struct failure *f = NULL;

	memset(err, 0, sizeof(*err));
	while ((f = failure_next(env, CHECK_NONE, f)))
		if (is_met_in(f, step)) {
			fill(env, f, f->no, NULL, err);
			return f;
		}
	return NULL;
}
