// SPDX-License-Identifier: GPL-2.0
/* The address, the device, its IOMMU and its group. */
#include "failure/rows.h"

#include <errno.h>
#include <string.h>

#include "failure/facts.h"

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

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "mdev",
		.steps = "address",
		.applies_if = is_mdev,
		.what = "{given}: a mediated device (mdev), not a PCI one",
		.why = "it is of the type {mdev_type}: it has no PCI address and no hardware of its own, since the driver of {mdev_parent} provides it",
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
		.why = "it is not mounted on /sys, so nothing can be found out about devices and IOMMUs",
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
		.id = "device-removed",
		.steps = "group device-node VFIO_GROUP_GET_STATUS group-viable VFIO_GROUP_SET_CONTAINER VFIO_SET_IOMMU VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD",
		.applies_if = is_absent,
		.why = "the device is not there any more: it was unplugged, or removed through sysfs, since the run began",
		.fix = "start it again when the device is back; one that was removed comes back with echo 1 > " PCI
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
		.why = "the machine has an IOMMU (ACPI {tables}), but the kernel does not use it: its command line has {iommu_words}",
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
		.why = "the machine has an IOMMU (ACPI {tables}), but the kernel did not enable it",
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
		.why = "no IOMMU is active: the firmware does not describe one (no ACPI table DMAR, IVRS or VIOT)",
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
		.why = "it is on no driver, and this IOMMU may give it a group when it gets one",
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
		.why = "VFIO made the group up (enable_unsafe_noiommu_mode): nothing restricts the device's DMA, no DMA can be mapped, and binding the device has tainted the kernel (U)",
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
};
/* clang-format on */

const struct failure_rows rows_device = { .row = rows, .nr = ARRAY_SIZE(rows) };
