// SPDX-License-Identifier: GPL-2.0
/* The container or the iommufd, and the back end of the IOMMU. */
#include "failure/rows.h"

#include <errno.h>

#include "failure/facts.h"

static bool has_rmrr(const struct env *env)
{
	return env->rmrr[0];
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

/* clang-format off */
static const struct failure rows[] = {
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
		.why = "the firmware reserves memory for this device (RMRR {rmrr}), which the device must always be able to reach",
		.fix = "switch what uses it off in the firmware (USB legacy support, a BMC), or give another device",
		.source = "drivers/iommu/intel/iommu.c: device_rmrr_is_relaxable()",
	},
	{
		.id = "rmrr",
		.steps = "VFIO_SET_IOMMU",
		.no = EPERM,
		.what = "VFIO_SET_IOMMU",
		.why = "the firmware reserves memory for this device (RMRR), which the device must always be able to reach",
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
		.applies_if = token_was_given,
		.what = "a VF token was given",
		.why = "this device takes none: it is not a virtual function of a device on VFIO, and has none itself",
		.fix = "leave --vf-token out",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "no-vf-token",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD",
		.no = EINVAL,
		.applies_if = token_was_given,
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
		.why = "VFIO made it up, because enable_unsafe_noiommu_mode is on",
		.fix = "boot with an IOMMU, or give --iommu noiommu, which verifies nothing",
		.source = "drivers/vfio/group.c: vfio_noiommu_group_alloc()",
	},
	{
		.id = "has-iommu",
		.steps = "offered-noiommu",
		.no = ENODEV,
		.what = "noiommu is not offered",
		.why = "group {group} has an IOMMU",
		.fix = "choose another --iommu: noiommu is for devices without an IOMMU",
		.source = "drivers/vfio/group.c: vfio_noiommu_group_alloc()",
	},
	{
		.id = "iommu-enable",
		.steps = "VFIO_IOMMU_ENABLE",
		.no = ENOTTY,
		.what = "VFIO_IOMMU_ENABLE",
		.why = "this is a call of sPAPR (POWER) only: a Type1 container answers ENOTTY, on bare metal too, and EINVAL before SET_IOMMU; it does not matter whether this is a nested VM",
		.fix = "never call it: SET_IOMMU has switched translation on, go on with MAP_DMA",
		.source = "drivers/vfio/vfio_iommu_spapr_tce.c; include/uapi/linux/vfio.h",
	},
};
/* clang-format on */

const struct failure_rows rows_vfio = { .row = rows, .nr = ARRAY_SIZE(rows) };
