// SPDX-License-Identifier: GPL-2.0
#include "failure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI	      "/sys/bus/pci"
#define PAGE_4K	      4096ULL

/* --- what the facts say ---------------------------------------------------- */

static bool has_device(const struct env *env)
{
	return env->dev.bdf[0];
}

static bool is_absent(const struct env *env)
{
	return env->given[0] && !has_device(env);
}

static bool is_bridge(const struct env *env)
{
	return has_device(env) && sysfs_bridge_name(&env->dev);
}

static bool no_iommu(const struct env *env)
{
	return !env->iommu && env->nr_groups <= 0 && (!has_device(env) || env->dev.group < 0);
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
	return no_iommu(env) && firmware_has_iommu(env);
}

static bool has_no_group_yet(const struct env *env)
{
	return has_device(env) && env->dev.group < 0 && !env->dev.driver[0];
}

static bool has_no_group(const struct env *env)
{
	return has_device(env) && env->dev.group < 0;
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
	return has_device(env) && !env->dev.driver[0];
}

static bool has_host_driver(const struct env *env)
{
	return has_device(env) && !strstr(env->dev.driver, "vfio");
}

static bool has_bad_sibling(const struct env *env)
{
	size_t i;

	for (i = 0; i < env->nr_siblings; i++)
		if (!sysfs_driver_viable(&env->siblings[i]))
			return true;
	return false;
}

static bool is_held(const struct env *env)
{
	return env->holder;
}

/* What a run needs besides what it tests. */
static const struct {
	enum env_module module;
	const char *name, *config;
} vfio_modules[] = {
	{ MODULE_VFIO, "vfio", "CONFIG_VFIO" },
	{ MODULE_TYPE1, "vfio_iommu_type1", "CONFIG_VFIO_IOMMU_TYPE1" },
	{ MODULE_VFIO_PCI, "vfio_pci", "CONFIG_VFIO_PCI" },
};

static enum fact configured(const struct env *env, enum env_module module)
{
	return module == MODULE_VFIO	   ? env->config_vfio
	       : module == MODULE_TYPE1	   ? env->config_type1
	       : module == MODULE_VFIO_PCI ? env->config_vfio_pci
					   : FACT_UNKNOWN;
}

/* The one that a call was about, or else the first that is not there; -1: all are. */
static int missing_module(const struct env *env)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vfio_modules); i++) {
		enum module_state state = env->modules[vfio_modules[i].module];

		if (env->object ? !strcmp(env->object, vfio_modules[i].name)
				: state == MODULE_ABSENT || state == MODULE_NO_FILE)
			return (int)i;
	}
	return -1;
}

static bool lacks_module(const struct env *env)
{
	return missing_module(env) >= 0;
}

static bool is_not_configured(const struct env *env)
{
	int i = missing_module(env);

	return i >= 0 && configured(env, vfio_modules[i].module) == FACT_NO;
}

/* The first node that it may not have, for this reason; NULL: none */
static const struct env_node *bad_node(const struct env *env, int no)
{
	if (env->container.path[0] && env->container.no == no)
		return &env->container;
	if (env->node.path[0] && env->node.no == no)
		return &env->node;
	return NULL;
}

static bool may_not_open(const struct env *env)
{
	return bad_node(env, EACCES);
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
	return env->intremap == FACT_NO && env->unsafe_interrupts != FACT_YES && !no_iommu(env);
}

static bool may_lack_intremap(const struct env *env)
{
	return env->intremap != FACT_YES;
}

static bool lacks_memlock(const struct env *env)
{
	return env->cap_ipc_lock == FACT_NO && env->size > env->memlock;
}

static bool wants_huge(const struct env *env)
{
	return env->page_size > PAGE_4K;
}

static bool lacks_huge(const struct env *env)
{
	return wants_huge(env) && env->huge_known &&
	       env->huge_free < (env->size + env->page_size - 1) / env->page_size;
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

static bool is_about_ours(const struct env *env)
{
	return env->object && (strstr(env->object, "verify_pte") || env->module_path);
}

static bool is_about_missing_ko(const struct env *env)
{
	return is_about_ours(env) && !env->ko.path[0];
}

static bool is_of_another_kernel(const struct env *env)
{
	return would_load_ko(env) && env->ko.vermagic[0] &&
	       strcmp(env->ko.vermagic, env->release) != 0;
}

static bool is_identity(const struct env *env)
{
	return env->passthrough || !strcmp(env->group_type, "identity");
}

static bool has_no_iommufd(const struct env *env)
{
	return env->iommufd.path[0] && env->iommufd.no == ENOENT;
}

static bool allows_noiommu(const struct env *env)
{
	return env->noiommu_mode == FACT_YES;
}

/* --- the table ------------------------------------------------------------- */

/*
 * In the order in which they stand in the way, and so in which to put them right.  Where
 * several fit an errno, the first whose which() agrees is the one.
 */
const struct failure failures[] = {
	{ "bad-address", SEVERITY_STOPS, CHECK_NONE, "usage", 0, NULL, NULL,
	  "{given}: not a PCI address", "it has the form dddd:bb:dd.f",
	  "as in 0000:00:01.0, see lspci -D", "Documentation/ABI/testing/sysfs-bus-pci" },
	{ "no-device", SEVERITY_STOPS, CHECK_DEVICE, "device", ENOENT, NULL, is_absent,
	  "no such device", "the kernel knows no PCI device at this address",
	  "see lspci -D or vfio_test list; one that was removed comes back with echo 1 > " PCI
	  "/rescan",
	  "drivers/pci/pci-sysfs.c: remove_store(), rescan_store()" },
	{ "bridge", SEVERITY_STOPS, CHECK_DEVICE, "list bind", ENODEV, is_bridge, is_bridge,
	  "not a candidate", "it is {bridge}, and other devices are behind it", "give one of those",
	  "drivers/iommu/iommu.c: pci_device_group()" },
	{ "iommu-off", SEVERITY_STOPS, CHECK_IOMMU, "device list bind", ENODEV, iommu_is_off,
	  iommu_is_off, "no IOMMU group",
	  "the machine has an IOMMU (ACPI {tables}), and the kernel leaves it off: its line has {iommu_words}",
	  "boot with intel_iommu=on (Intel), or without amd_iommu=off (AMD), and without iommu=off: GRUB_CMDLINE_LINUX in /etc/default/grub, update-grub, reboot",
	  "drivers/iommu/intel/iommu.c: intel_iommu_setup(); Documentation/admin-guide/kernel-parameters.txt" },
	{ "iommu-no-driver", SEVERITY_STOPS, CHECK_IOMMU, "device list bind", ENODEV,
	  iommu_wants_driver, iommu_wants_driver, "no IOMMU group",
	  "the machine has an IOMMU (ACPI VIOT) that no driver has taken",
	  "modprobe virtio_iommu, before the device is bound; the kernel needs CONFIG_VIRTIO_IOMMU",
	  "drivers/acpi/viot.c, drivers/iommu/virtio-iommu.c" },
	{ "iommu-failed", SEVERITY_STOPS, CHECK_IOMMU, "device list bind", ENODEV, iommu_failed,
	  iommu_failed, "no IOMMU group",
	  "the machine has an IOMMU (ACPI {tables}), and the kernel did not take it",
	  "see dmesg | grep -i -e DMAR -e AMD-Vi; the kernel needs CONFIG_INTEL_IOMMU or CONFIG_AMD_IOMMU",
	  "drivers/iommu/intel/dmar.c, drivers/iommu/amd/init.c" },
	{ "no-iommu", SEVERITY_STOPS, CHECK_IOMMU, "device list bind", ENODEV, no_iommu, no_iommu,
	  "no IOMMU group",
	  "no IOMMU is active: the firmware tells of none (no ACPI table DMAR, IVRS or VIOT)",
	  "switch VT-d or AMD-Vi on in the firmware and boot with intel_iommu=on (Intel); in a VM give QEMU -device intel-iommu,intremap=on,caching-mode=on",
	  "drivers/iommu/intel/dmar.c: dmar_table_detect()" },
	{ "no-group-yet", SEVERITY_STOPS, CHECK_GROUP, "device list", ENODEV, has_no_group_yet,
	  has_no_group_yet, "no IOMMU group",
	  "it is on no driver, and this IOMMU may give it a group when it has one",
	  "vfio_test bind {bdf}", "drivers/iommu/iommu.c: iommu_probe_device()" },
	{ "no-group", SEVERITY_STOPS, CHECK_GROUP, "device list bind", ENODEV, has_no_group,
	  has_no_group, "no IOMMU group", "an IOMMU is active, but not for this device",
	  "see dmesg | grep -i -e DMAR -e AMD-Vi -e iommu; give a device that the IOMMU covers",
	  "drivers/iommu/intel/dmar.c: dmar_find_matched_drhd_unit()" },
	{ "noiommu-group", SEVERITY_STOPS, CHECK_GROUP, "list", ENODEV, has_made_up_group,
	  has_made_up_group, "no IOMMU",
	  "VFIO made the group up (enable_unsafe_noiommu_mode): nothing keeps the device's DMA in bounds, no DMA can be mapped, and using it taints the kernel",
	  "boot with an IOMMU", "drivers/vfio/group.c: vfio_noiommu_group_alloc()" },
	{ "device-gone", SEVERITY_STOPS, CHECK_ANSWERS, "device list bind", ENODEV, is_gone,
	  is_gone, "the device does not answer",
	  "its configuration space reads all ones: it is gone or without power (power state {power})",
	  "switch its slot or port on, or plug it in again; then echo 1 > " PCI
	  "/devices/{bdf}/remove; echo 1 > " PCI "/rescan",
	  "include/linux/pci.h: PCI_POSSIBLE_ERROR()" },
	{ "not-in-kernel", SEVERITY_STOPS, CHECK_MODULES, "insert", ENOENT, is_not_configured,
	  is_not_configured, "could not load the module {module}",
	  "this kernel is built without it: {config_word} is not set in {config}",
	  "boot a kernel that has it, as every generic one of a distribution",
	  "drivers/vfio/Kconfig" },
	{ "module-absent", SEVERITY_STOPS, CHECK_MODULES, "insert", ENOENT, lacks_module,
	  lacks_module, "could not load the module {module}", "it is not in /lib/modules/{release}",
	  "install the modules of this kernel, or reboot into the one that is installed; then depmod -a",
	  "drivers/vfio/Kconfig; modules.dep(5)" },
	{ "no-driver", SEVERITY_STOPS, CHECK_DRIVER, "device list", EBUSY, has_no_driver,
	  has_no_driver, "not on vfio-pci", "it is on no driver", "vfio_test bind {bdf}",
	  "Documentation/ABI/testing/sysfs-bus-pci: driver_override" },
	{ "host-driver", SEVERITY_STOPS, CHECK_DRIVER, "device list", EBUSY, has_host_driver,
	  has_host_driver, "not on vfio-pci", "it is on the driver {driver}",
	  "vfio_test bind {bdf}", "Documentation/ABI/testing/sysfs-bus-pci: driver_override" },
	{ "not-viable", SEVERITY_STOPS, CHECK_VIABLE, "group-viable set-container list", EPERM,
	  NULL, has_bad_sibling, "group {group} is not viable", "in the same group: {siblings}",
	  "vfio_test bind --group {bdf}",
	  "drivers/iommu/iommu.c: iommu_group_claim_dma_owner(); before 5.19 drivers/vfio/vfio.c: vfio_dev_viable()" },
	{ "no-container", SEVERITY_STOPS, CHECK_NODES, "container", ENOENT, NULL, has_no_container,
	  "could not open /dev/vfio/vfio", "there is no such node",
	  "modprobe vfio; the kernel needs CONFIG_VFIO and CONFIG_VFIO_CONTAINER",
	  "drivers/vfio/container.c: vfio_container_init()" },
	{ "no-container", SEVERITY_STOPS, CHECK_NONE, "container", ENODEV, NULL, NULL,
	  "could not open /dev/vfio/vfio", "the node is there, the module vfio is not",
	  "modprobe vfio", "drivers/vfio/container.c: vfio_container_init()" },
	{ "no-node", SEVERITY_STOPS, CHECK_NODES, "group", ENOENT, NULL, has_no_node,
	  "could not open /dev/vfio/{group}", "the group has no node",
	  "bind every device of the group to vfio-pci; in a container let it see the node",
	  "drivers/vfio/group.c: vfio_create_group()" },
	{ "no-node", SEVERITY_STOPS, CHECK_NONE, "group", ENODEV, NULL, NULL,
	  "could not open /dev/vfio/{group}", "no device of the group is on a VFIO driver",
	  "bind every device of the group to vfio-pci",
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ "no-permission", SEVERITY_STOPS, CHECK_NODES, "container group", EACCES, NULL,
	  may_not_open, "could not open {node}", "no permission on the node ({owner}, mode {mode})",
	  "run as root, or give the user the node: chown USER {node}",
	  "Documentation/driver-api/vfio.rst" },
	{ "noiommu-rawio", SEVERITY_STOPS, CHECK_NONE, "group", EPERM, NULL, NULL,
	  "could not open /dev/vfio/{group}",
	  "the group is not for this user: without an IOMMU it takes CAP_SYS_RAWIO", "run as root",
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ "held", SEVERITY_STOPS, CHECK_HELD, "group list bind", EBUSY, NULL, is_held,
	  "group {group} is in use", "{holder} has it open",
	  "end that process; fuser -v {node} names it",
	  "drivers/vfio/group.c: vfio_group_fops_open()" },
	{ "unbind-waits", SEVERITY_STOPS, CHECK_NONE, "unbind", EBUSY, NULL, NULL,
	  "the device is open",
	  "{holder} has it open, and the kernel would have the unbind wait for its end",
	  "end that process", "drivers/vfio/vfio_main.c: vfio_unregister_group_dev()" },
	{ "in-use", SEVERITY_STOPS, CHECK_NONE, "bind", EBUSY, NULL, NULL, "the device is in use",
	  "{object}", "end that use, or take the device all the same with --force",
	  "Documentation/ABI/stable/sysfs-block: holders; Documentation/ABI/testing/sysfs-class-net: flags" },
	{ "never-bound", SEVERITY_STOPS, CHECK_NONE, "unbind", ENOENT, NULL, NULL,
	  "nothing to put back", "there is no record of a vfio_test bind of it",
	  "one that was put on a VFIO driver by hand the kernel takes back with --force",
	  "user/cmd_bind.c" },
	{ "moved-since", SEVERITY_STOPS, CHECK_NONE, "unbind", EEXIST, NULL, NULL,
	  "not where bind had put it", "somebody has put it on {driver} since",
	  "--force puts it back to {object}", "user/bind_record.c: bind_standing()" },
	{ "bound-elsewhere", SEVERITY_STOPS, CHECK_NONE, "bind", EEXIST, NULL, NULL,
	  "bound to another driver by an earlier bind", "that was to {object}",
	  "vfio_test unbind {bdf} first", "user/bind_record.c: bind_plan()" },
	{ "sysfs-denied", SEVERITY_STOPS, CHECK_NONE, "bind-write", EACCES, NULL, NULL, NULL,
	  "no permission: which driver has a device is root's to say", "run as root",
	  "drivers/pci/pci-sysfs.c: driver_override_store()" },
	{ "sysfs-read-only", SEVERITY_STOPS, CHECK_NONE, "bind-write", EROFS, NULL, NULL, NULL,
	  "/sys is read-only here", "run outside of the container, or mount /sys for writing",
	  "mount(2)" },
	{ "driver-gone", SEVERITY_STOPS, CHECK_NONE, "bind-write", ENOENT, NULL, NULL, NULL,
	  "the device or the driver is gone", "see vfio_test list; modprobe the driver",
	  "drivers/base/bus.c: bus_remove_driver()" },
	{ "driver-refused", SEVERITY_STOPS, CHECK_NONE, "bind-write", ENODEV, NULL, NULL, NULL,
	  "the driver did not take it", "see dmesg", "drivers/base/bus.c: bind_store()" },
	{ "driver-refused", SEVERITY_STOPS, CHECK_NONE, "bind-write", EINVAL, NULL, NULL, NULL,
	  "the driver refused it; VFIO does so where there is no IOMMU for it",
	  "see dmesg, and vfio_test list",
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
	{ "driver-refused", SEVERITY_STOPS, CHECK_NONE, "bind-write", EBUSY, NULL, NULL, NULL,
	  "the driver found it in use; VFIO does so where it has virtual functions", "see dmesg",
	  "drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()" },
	{ "no-intremap", SEVERITY_STOPS, CHECK_INTREMAP, "set-iommu", EPERM, may_lack_intremap,
	  has_no_intremap, "VFIO_SET_IOMMU",
	  "no interrupt remapping: the device could raise any interrupt of the host",
	  "give the IOMMU intremap=on (in a VM QEMU's -device intel-iommu,intremap=on with -M q35,kernel-irqchip=split), or, where that risk is none, load vfio_iommu_type1 with allow_unsafe_interrupts=1; see dmesg",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_attach_group()" },
	{ "rmrr", SEVERITY_STOPS, CHECK_NONE, "set-iommu", EPERM, NULL, NULL, "VFIO_SET_IOMMU",
	  "the firmware reserves memory for this device (RMRR), which it must go on to reach",
	  "see dmesg; switch what uses it off in the firmware, or give another device",
	  "drivers/iommu/intel/iommu.c: device_rmrr_is_relaxable()" },
	{ "wrong-order", SEVERITY_STOPS, CHECK_NONE, "set-iommu device-fd", EINVAL, NULL, NULL,
	  NULL,
	  "calls in the wrong order: a container without a group has no IOMMU to set, and one without an IOMMU gives no device",
	  "open the container, open the group, ask whether it is viable, SET_CONTAINER, SET_IOMMU, then MAP_DMA and GET_DEVICE_FD",
	  "drivers/vfio/container.c: vfio_ioctl_set_iommu(); Documentation/driver-api/vfio.rst" },
	{ "wrong-order", SEVERITY_STOPS, CHECK_NONE, "set-iommu", ENODEV, NULL, NULL, NULL,
	  "no such back end, or calls in the wrong order: a container without a group has no IOMMU to set",
	  "modprobe vfio_iommu_type1; open the container, open the group, SET_CONTAINER, then SET_IOMMU",
	  "drivers/iommu/iommufd/vfio_compat.c: iommufd_vfio_set_iommu()" },
	{ "no-type1", SEVERITY_STOPS, CHECK_NONE, "extensions", ENODEV, NULL, NULL,
	  "VFIO Type1 IOMMU not supported", "no IOMMU back end is registered",
	  "modprobe vfio_iommu_type1",
	  "drivers/vfio/container.c: vfio_container_ioctl_check_extension()" },
	{ "iommu-enable", SEVERITY_STOPS, CHECK_NONE, "iommu-enable", ENOTTY, NULL, NULL,
	  "VFIO_IOMMU_ENABLE",
	  "this call is of sPAPR (POWER) alone: a Type1 container answers ENOTTY, on bare metal too, and EINVAL before SET_IOMMU; nesting has nothing to do with it",
	  "never call it: SET_IOMMU has switched translation on, go on with MAP_DMA",
	  "drivers/vfio/vfio_iommu_spapr_tce.c; include/uapi/linux/vfio.h" },
	{ "memlock", SEVERITY_STOPS, CHECK_MEMORY, "dma-map", ENOMEM, lacks_memlock, lacks_memlock,
	  NULL,
	  "not enough memory may be locked: {size_kib} KiB needed, the limit is {memlock_kib} KiB",
	  "raise it with ulimit -l {size_kib} or more (its hard limit in /etc/security/limits.conf: USER hard memlock {size_kib}), or run with CAP_IPC_LOCK",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_lock_acct(); getrlimit(2)" },
	{ "no-memory", SEVERITY_STOPS, CHECK_NONE, "dma-map", ENOMEM, NULL, NULL, NULL,
	  "the kernel has no memory left for the IOMMU's tables or its own",
	  "give a smaller --size, or end other programs",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ "no-huge-pages", SEVERITY_STOPS, CHECK_MEMORY, "buffer", ENOMEM, wants_huge, lacks_huge,
	  "could not allocate the buffer",
	  "the kernel has fewer than {huge_need} free huge pages of {huge_kib} KiB",
	  "echo {huge_need} > /sys/kernel/mm/hugepages/hugepages-{huge_kib}kB/nr_hugepages",
	  "Documentation/admin-guide/mm/hugetlbpage.rst" },
	{ "no-huge-size", SEVERITY_STOPS, CHECK_NONE, "buffer", EINVAL, wants_huge, NULL,
	  "could not allocate the buffer", "this CPU or kernel has no pages of {huge_kib} KiB",
	  "give another --page-size; see ls /sys/kernel/mm/hugepages",
	  "Documentation/admin-guide/mm/hugetlbpage.rst" },
	{ "no-buffer", SEVERITY_STOPS, CHECK_NONE, "buffer", ENOMEM, NULL, NULL,
	  "could not allocate the buffer", "there is not so much memory", "give a smaller --size",
	  "mmap(2)" },
	{ "iova-unaligned", SEVERITY_STOPS, CHECK_NONE, "usage dma-map", EINVAL, is_unaligned, NULL,
	  "--iova {iova}", "not aligned to the page size, {page_size}", "choose another",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ "iova-beyond", SEVERITY_STOPS, CHECK_NONE, "dma-map", EINVAL, is_beyond, NULL,
	  "IOVA {iova} of {size} bytes",
	  "it is in none of the IOVA ranges: past the aperture, which ends at {last_iova}",
	  "choose a lower --iova or a smaller --size; in a VM QEMU's intel-iommu reaches further with aw-bits=48",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()" },
	{ "iova-reserved", SEVERITY_STOPS, CHECK_NONE, "dma-map", EINVAL, has_iova, NULL,
	  "IOVA {iova} of {size} bytes",
	  "it is in none of the IOVA ranges: part of it is reserved, for interrupts (0xfee00000) or by the firmware",
	  "choose another --iova or a smaller --size; see /sys/kernel/iommu_groups/{group}/reserved_regions",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()" },
	{ "iova-overlap", SEVERITY_STOPS, CHECK_NONE, "dma-map", EEXIST, NULL, NULL, NULL,
	  "the IOVAs of two mappings overlap", "choose each --iova at least --size from the others",
	  "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()" },
	{ "entry-limit", SEVERITY_STOPS, CHECK_NONE, "dma-map", ENOSPC, NULL, NULL, NULL,
	  "the container holds as many mappings as it may",
	  "unmap some, or raise vfio_iommu_type1.dma_entry_limit before the container is opened",
	  "drivers/vfio/vfio_iommu_type1.c: dma_entry_limit" },
	{ "not-writable", SEVERITY_STOPS, CHECK_NONE, "dma-map", EFAULT, NULL, NULL, NULL,
	  "the buffer is not memory that the device may write: mapped read-only, or not mapped",
	  "map it with PROT_WRITE, or map it for the device with VFIO_DMA_MAP_FLAG_READ alone",
	  "drivers/vfio/vfio_iommu_type1.c: vaddr_get_pfns()" },
	{ "no-such-bdf", SEVERITY_STOPS, CHECK_NONE, "device-fd", ENODEV, NULL, NULL, NULL,
	  "the group has no device of this name on a VFIO driver",
	  "give its address in full, as in 0000:00:01.0; see vfio_test list",
	  "drivers/vfio/group.c: vfio_group_ioctl_get_device_fd()" },
	/* The witnesses: VFIO itself works without them. */
	{ "no-cap-sys-admin", SEVERITY_WITNESS, CHECK_PRIVILEGE, "debugfs pagemap", EPERM,
	  lacks_cap_sys_admin, lacks_cap_sys_admin, NULL,
	  "no CAP_SYS_ADMIN: page tables and frames are not for everybody", "run as root",
	  "fs/proc/task_mmu.c: pagemap_read(); kmod/main.c" },
	{ "no-cap-sys-admin", SEVERITY_WITNESS, CHECK_NONE, "debugfs", EACCES, NULL, NULL, NULL,
	  "no permission: debugfs and the module are root's", "run as root",
	  "fs/debugfs/inode.c; kmod/main.c" },
	{ "no-cap-sys-module", SEVERITY_WITNESS, CHECK_NONE, "insert", EPERM, lacks_cap_sys_module,
	  NULL, NULL, "no CAP_SYS_MODULE", "run as root",
	  "kernel/module/main.c: may_init_module()" },
	{ "lockdown", SEVERITY_WITNESS, CHECK_LOCKDOWN, "insert debugfs", EPERM, is_locked_down,
	  is_locked_down, NULL,
	  "the kernel is locked down ({lockdown}): no unsigned module, no debugfs",
	  "boot without lockdown= and with secure boot off; VFIO itself works",
	  "kernel/module/signing.c: module_sig_check(); fs/debugfs/file.c: debugfs_locked_down()" },
	{ "not-permitted", SEVERITY_WITNESS, CHECK_NONE, "insert debugfs", EPERM, NULL, NULL, NULL,
	  "not permitted: the kernel is locked down, or a security module forbids it",
	  "see dmesg; boot without lockdown=",
	  "security/lockdown/lockdown.c: lockdown_is_locked_down()" },
	{ "no-debugfs", SEVERITY_WITNESS, CHECK_DEBUGFS, "debugfs", ENOENT, lacks_debugfs,
	  lacks_debugfs, NULL,
	  "debugfs is not mounted at /sys/kernel/debug, where the module answers",
	  "mount -t debugfs none /sys/kernel/debug", "Documentation/filesystems/debugfs.rst" },
	{ "not-loaded", SEVERITY_WITNESS, CHECK_NONE, "debugfs", ENOENT, NULL, NULL, NULL,
	  "the module is not loaded", "insmod verify_pte.ko", "kmod/main.c" },
	{ "no-verify-pte", SEVERITY_WITNESS, CHECK_MODULE, "insert", ENOENT, is_about_missing_ko,
	  has_no_ko, "could not load the module verify_pte",
	  "no such file: it is not beside the program, nor in /lib/modules/{release}",
	  "build it for this kernel with `make`, then give --module kmod/verify_pte.ko or run `make install`",
	  "kmod/Makefile" },
	{ "unknown-symbol", SEVERITY_WITNESS, CHECK_NONE, "insert", ENOENT, is_about_ours, NULL,
	  NULL, "it uses a symbol that this kernel lacks, or its file is gone",
	  "see dmesg; build it for this kernel with `make`",
	  "kernel/module/main.c: resolve_symbol_wait()" },
	{ "other-kernel", SEVERITY_WITNESS, CHECK_MODULE, "insert", ENOEXEC, is_of_another_kernel,
	  is_of_another_kernel, "could not load the module {ko}",
	  "built for another kernel: for {vermagic}, and this is {release}",
	  "build it for this kernel with `make`, with linux-headers-{release} installed",
	  "kernel/module/main.c: check_modinfo()" },
	{ "no-module", SEVERITY_WITNESS, CHECK_NONE, "insert", ENOEXEC, NULL, NULL, NULL,
	  "built for another kernel, or not a module",
	  "see dmesg; build it for this kernel with `make`",
	  "kernel/module/main.c: elf_validity_check()" },
	{ "unsigned", SEVERITY_WITNESS, CHECK_MODULE, "insert", EKEYREJECTED, NULL,
	  would_refuse_unsigned, "could not load the module {ko}",
	  "this kernel takes signed modules only (module.sig_enforce)",
	  "sign it with a key that the kernel knows (scripts/sign-file), or boot without module.sig_enforce",
	  "kernel/module/signing.c: module_sig_check()" },
	{ "bad-machine", SEVERITY_WITNESS, CHECK_NONE, "insert", EOPNOTSUPP, NULL, NULL, NULL,
	  "the module does not support this machine", "see dmesg", "kmod/main.c" },
	/* Answers of the module. */
	{ "no-process", SEVERITY_STOPS, CHECK_NONE, "walk", ESRCH, NULL, NULL, NULL,
	  "no such process, or one without memory of its own (a kernel thread, a zombie)", "see ps",
	  "kmod/walk.c" },
	{ "no-vma", SEVERITY_STOPS, CHECK_NONE, "walk", EFAULT, NULL, NULL, NULL,
	  "nothing is mapped there: it is in no VMA", "see /proc/PID/maps", "kmod/walk.c" },
	{ "kernel-half", SEVERITY_STOPS, CHECK_NONE, "walk", ERANGE, NULL, NULL, NULL,
	  "beyond the user half of the address space", "give a user address", "kmod/walk.c" },
	{ "bad-request", SEVERITY_STOPS, CHECK_NONE, "walk", EINVAL, NULL, NULL, NULL,
	  "the module does not take this request",
	  "align address and length to 4096; is the module of this version?",
	  "kmod/uapi/verify_pte.h" },
	{ "bad-entry", SEVERITY_STOPS, CHECK_NONE, "walk", EIO, NULL, NULL, NULL,
	  "an entry that no kernel writes points out of memory", "see dmesg", "kmod/walk.c" },
	{ "no-domain", SEVERITY_STOPS, CHECK_NONE, "iova", ENOENT, NULL, NULL, NULL,
	  "the device has no IOMMU domain", "an IOMMU must be active; see dmesg", "kmod/iova.c" },
	{ "no-vfio-file", SEVERITY_STOPS, CHECK_NONE, "iova", EBADF, NULL, NULL, NULL,
	  "the module does not know the open device file for a VFIO one",
	  "report it: this kernel keeps its VFIO files differently", "kmod/iova.c" },
	{ "not-held", SEVERITY_STOPS, CHECK_NONE, "iova-holder", EBADF, NULL, NULL,
	  "no process has the device open through VFIO",
	  "its IOMMU domain is its holder's, and can be asked while that lives",
	  "start the program that uses it, or vfio_test --hold {given}", "kmod/iova.c" },
	{ "odd-domain", SEVERITY_STOPS, CHECK_NONE, "iova", EOPNOTSUPP, NULL, NULL, NULL,
	  "the device's IOMMU domain is of a kind that cannot be asked",
	  "run on a kernel without PREEMPT_RT", "kmod/iova.c" },
	{ "old-module", SEVERITY_STOPS, CHECK_NONE, "iova", ENOTTY, NULL, NULL, NULL,
	  "the module knows no such question", "load the module of this version",
	  "kmod/uapi/verify_pte.h" },
	{ "no-pagemap", SEVERITY_WITNESS, CHECK_NONE, "pagemap", ENOENT, NULL, NULL, NULL,
	  "the kernel has no pagemap", "the kernel needs CONFIG_PROC_PAGE_MONITOR",
	  "Documentation/admin-guide/mm/pagemap.rst" },
	/* Worth knowing. */
	{ "identity", SEVERITY_NOTE, CHECK_GROUP, NULL, 0, NULL, is_identity,
	  "the host's own DMA is not translated (iommu=pt)",
	  "VFIO takes the device out of the identity domain into one of its own",
	  "nothing: it is harmless here", "drivers/iommu/iommu.c: iommu_def_domain_type" },
	{ "noiommu-mode", SEVERITY_NOTE, CHECK_BACKENDS, NULL, 0, NULL, allows_noiommu,
	  "VFIO may be used without an IOMMU (enable_unsafe_noiommu_mode)",
	  "a device without one then gets a made-up group: no DMA can be mapped, nothing keeps it in bounds, it takes CAP_SYS_RAWIO, and using it taints the kernel (U)",
	  "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
	  "drivers/vfio/vfio_main.c; Documentation/admin-guide/tainted-kernels.rst" },
	{ "no-iommufd", SEVERITY_NOTE, CHECK_BACKENDS, "iommufd", ENOENT, NULL, has_no_iommufd,
	  "no iommufd",
	  "there is no /dev/iommu: the kernel has no CONFIG_IOMMUFD (it came with 6.2), or its module is not loaded",
	  "modprobe iommufd; the container (--iommu type1v2) does without",
	  "Documentation/userspace-api/iommufd.rst" },
};

const size_t nr_failures = ARRAY_SIZE(failures);

/* --- texts ----------------------------------------------------------------- */

static void put_siblings(const struct env *env, char *buf, size_t len)
{
	size_t used = 0, i;

	snprintf(buf, len, "(none seen)");
	for (i = 0; i < env->nr_siblings && used < len; i++)
		if (!sysfs_driver_viable(&env->siblings[i]))
			used += snprintf(buf + used, len - used, "%s%s on %s", used ? ", " : "",
					 env->siblings[i].bdf, env->siblings[i].driver);
}

static void put_tables(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s", env->acpi_dmar == FACT_YES ? "DMAR" : "",
		 env->acpi_dmar == FACT_YES && env->acpi_ivrs == FACT_YES ? ", " : "",
		 env->acpi_ivrs == FACT_YES ? "IVRS" : "");
}

/* The word of the kernel line that keeps the IOMMU off, or that it lacks the one for it */
static void put_iommu_words(const struct env *env, char *buf, size_t len)
{
	static const char *const keys[] = { "intel_iommu", "amd_iommu", "iommu" };
	size_t i;

	snprintf(buf, len, "no intel_iommu=on");
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (parse_kernel_word(env->cmdline, keys[i], "off", NULL, 0)) {
			snprintf(buf, len, "%s=off", keys[i]);
			return;
		}
}

static void put_holder(const struct env *env, char *buf, size_t len)
{
	if (env->holder)
		snprintf(buf, len, "process %d (%s)", env->holder, env->holder_comm);
	else
		snprintf(buf, len, "another process");
}

/* The node that a text is about: one that may not be had, or else the group's */
static const struct env_node *the_node(const struct env *env)
{
	const struct env_node *bad = bad_node(env, EACCES);

	return bad ? bad : &env->node;
}

static void put_node(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", the_node(env)->path);
}

static void put_owner(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", the_node(env)->owner);
}

static void put_mode(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%04o", the_node(env)->mode);
}

static void put_module(const struct env *env, char *buf, size_t len)
{
	int i = missing_module(env);

	snprintf(buf, len, "%s", env->object ? env->object : i < 0 ? "?" : vfio_modules[i].name);
}

static void put_object(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->object ? env->object : "?");
}

static void put_config_word(const struct env *env, char *buf, size_t len)
{
	int i = missing_module(env);

	snprintf(buf, len, "%s", i < 0 ? "?" : vfio_modules[i].config);
}

static void put_bridge(const struct env *env, char *buf, size_t len)
{
	const char *name = sysfs_bridge_name(&env->dev);

	snprintf(buf, len, "%s", name ? name : "no bridge");
}

static void put_ko(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->ko.path[0] ? env->ko.path : "verify_pte");
}

static void put_memlock(const struct env *env, char *buf, size_t len)
{
	if (env->memlock == UINT64_MAX)
		snprintf(buf, len, "unlimited");
	else
		snprintf(buf, len, "%" PRIu64, env->memlock >> 10);
}

static void put_size_kib(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, env->size >> 10);
}

static void put_huge_need(const struct env *env, char *buf, size_t len)
{
	uint64_t page = env->page_size ? env->page_size : PAGE_4K;

	snprintf(buf, len, "%" PRIu64, (env->size + page - 1) / page);
}

static void put_huge_kib(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, env->page_size >> 10);
}

static void put_group(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%d", env->dev.group);
}

static void put_power(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->power[0] ? env->power : "not told");
}

#define PUT_STRING(name, field)                                              \
	static void put_##name(const struct env *env, char *buf, size_t len) \
	{                                                                    \
		snprintf(buf, len, "%s", env->field);                        \
	}
#define PUT_HEX(name)                                                        \
	static void put_##name(const struct env *env, char *buf, size_t len) \
	{                                                                    \
		snprintf(buf, len, "0x%" PRIx64, env->name);                 \
	}

PUT_STRING(given, given)
PUT_STRING(bdf, dev.bdf)
PUT_STRING(driver, dev.driver)
PUT_STRING(release, release)
PUT_STRING(config, config)
PUT_STRING(vermagic, ko.vermagic)
PUT_STRING(lockdown, lockdown_mode)
PUT_HEX(iova)
PUT_HEX(size)
PUT_HEX(last_iova)
PUT_HEX(page_size)

static const struct {
	const char *name;
	void (*put)(const struct env *env, char *buf, size_t len);
} words[] = {
	{ "given", put_given },		{ "bdf", put_bdf },
	{ "bridge", put_bridge },	{ "driver", put_driver },
	{ "group", put_group },		{ "siblings", put_siblings },
	{ "holder", put_holder },	{ "power", put_power },
	{ "tables", put_tables },	{ "iommu_words", put_iommu_words },
	{ "module", put_module },	{ "object", put_object },
	{ "config", put_config },	{ "config_word", put_config_word },
	{ "release", put_release },	{ "node", put_node },
	{ "owner", put_owner },		{ "mode", put_mode },
	{ "size_kib", put_size_kib },	{ "memlock_kib", put_memlock },
	{ "huge_need", put_huge_need }, { "huge_kib", put_huge_kib },
	{ "iova", put_iova },		{ "size", put_size },
	{ "last_iova", put_last_iova }, { "page_size", put_page_size },
	{ "lockdown", put_lockdown },	{ "ko", put_ko },
	{ "vermagic", put_vermagic },
};

static void put_word(const struct env *env, const char *name, size_t n, char *buf, size_t len)
{
	size_t i;

	for (i = 0; env && i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].name) == n && !strncmp(words[i].name, name, n)) {
			words[i].put(env, buf, len);
			return;
		}
	snprintf(buf, len, env ? "{%.*s}" : "%.*s", (int)n, name);
	for (i = 0; !env && buf[i]; i++)
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] += 'A' - 'a';
}

void failure_text(const struct env *env, const char *text, char *buf, size_t len)
{
	size_t used = 0;

	while (*text && used + 1 < len) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;

		if (end) {
			put_word(env, text + 1, end - text - 1, buf + used, len - used);
			used += strlen(buf + used);
			text = end + 1;
		} else {
			buf[used++] = *text++;
		}
	}
	buf[used] = '\0';
}

/* --- what others ask ------------------------------------------------------- */

const struct failure *failure_get(const char *id)
{
	size_t i;

	for (i = 0; i < nr_failures; i++)
		if (!strcmp(failures[i].id, id))
			return &failures[i];
	return NULL;
}

static void fill(const struct env *env, const struct failure *f, int no, const char *what,
		 struct err *err)
{
	memset(err, 0, sizeof(*err));
	err->id = f->id;
	err->no = no;
	if (f->what)
		failure_text(env, f->what, err->what, sizeof(err->what));
	else
		err_what(err, "%s", what ? what : f->id);
	failure_text(env, f->why, err->why, sizeof(err->why));
	failure_text(env, f->fix, err->fix, sizeof(err->fix));
}

void failure_set(const struct env *env, const char *id, int no, const char *what, struct err *err)
{
	fill(env, failure_get(id), no, what, err);
}

/* Is @step one of the words? */
static bool is_met_in(const struct failure *f, const char *step)
{
	const char *at = f->steps;
	size_t n = strlen(step);

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
	size_t i;

	for (i = 0; i < nr_failures; i++) {
		const struct failure *f = &failures[i];

		if (!is_met_in(f, step) || (f->no && f->no != no) || (f->which && !f->which(env)))
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
	size_t i = last ? (size_t)(last - failures) + 1 : 0;

	for (; i < nr_failures; i++)
		if (failures[i].state && (check == CHECK_NONE || failures[i].check == check) &&
		    failures[i].state(env))
			return &failures[i];
	return NULL;
}

const struct failure *failure_at(const struct env *env, const char *step, struct err *err)
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
