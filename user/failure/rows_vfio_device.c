// SPDX-License-Identifier: GPL-2.0
/* The device that VFIO gives: its reset, its DMA, its ranges of IOVAs, its VF token. */
#include "failure/rows.h"

#include <errno.h>
#include <string.h>

#include "failure/facts.h"

/* If the PF is on VFIO, the kernel gives its VFs only to those who know the PF's token. */
static bool wants_token(const struct env *env)
{
	return strstr(env->physfn_driver, "vfio") && !env->has_token;
}

/* The same holds for the PF while its VFs are in use. */
static bool wants_pf_token(const struct env *env)
{
	return env->vf_held && strstr(env->dev.driver, "vfio") && !env->has_token;
}

/* clang-format off */
static const struct failure rows[] = {
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
		.why = "its configuration space reads all ones, so whatever else it answers means nothing",
		.fix = "see dmesg; switch its slot off and on, or start the machine anew; leave resets out with --no-reset",
		.source = "include/linux/pci.h: PCI_POSSIBLE_ERROR()",
	},
	{
		.id = "virtio-past-iommu",
		.steps = "dma-path",
		.what = "the DMA of {bdf} goes past the IOMMU",
		.why = "this virtio device does not offer feature bit 33 (VIRTIO_F_ACCESS_PLATFORM): it uses physical addresses, whatever is mapped",
		.fix = "in a VM give QEMU's device disable-legacy=on,iommu_platform=on; else do not give the device to anybody whom you do not trust with all memory",
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
		.why = "it is a virtual function of {physfn}, which is on {physfn_driver}: the users of both must trust each other",
		.fix = "--vf-token UUID, the one that the user of {physfn} has set (vfio_test --vf-token UUID --hold {physfn}), or put {physfn} back on its own driver",
		.source = "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_validate_vf_token()",
	},
	{
		.id = "vf-token",
		.steps = "VFIO_GROUP_GET_DEVICE_FD VFIO_DEVICE_BIND_IOMMUFD",
		.no = EACCES,
		.applies_if = token_was_given,
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
		.why = "its virtual functions are in use, and their users and its own must trust each other",
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
};
/* clang-format on */

const struct failure_rows rows_vfio_device = { .row = rows, .nr = ARRAY_SIZE(rows) };
