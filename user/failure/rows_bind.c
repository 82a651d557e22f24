// SPDX-License-Identifier: GPL-2.0
/* What bind and unbind refuse, and what the kernel answers to them. */
#include "failure/rows.h"

#include <errno.h>

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "unbind-waits",
		.steps = "unbind",
		.no = EBUSY,
		.what = "the device is open",
		.why = "{holder} has it open, and an unbind would wait in the kernel until that process ends",
		.fix = "end that process",
		.source = "drivers/vfio/vfio_main.c: vfio_unregister_group_dev()",
	},
	{
		.id = "has-vfs",
		.steps = "bind unbind",
		.no = EBUSY,
		.what = "it has virtual functions",
		.why = "{nr_vfs} of them ({vfs}): without its driver they would be removed or stop working, whoever uses them; and VFIO does not take a device that has any",
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
		.why = "there is no record that vfio_test bind has moved it",
		.fix = "if it was put on a VFIO driver by hand, --force lets the kernel choose a driver for it",
		.source = "user/cmd/bind_items.c",
	},
	{
		.id = "moved-since",
		.steps = "unbind",
		.no = EEXIST,
		.what = "not on the driver that bind gave it",
		.why = "it was put on {driver} after the bind",
		.fix = "--force puts it back to {object}",
		.source = "user/bind/record.c: bind_standing()",
	},
	{
		.id = "bound-elsewhere",
		.steps = "bind",
		.no = EEXIST,
		.what = "bound to another driver by an earlier bind",
		.why = "the earlier bind was to {object}",
		.fix = "vfio_test unbind {bdf} first",
		.source = "user/bind/record.c: bind_plan()",
	},
	{
		.id = "sysfs-denied",
		.steps = "bind-write",
		.no = EACCES,
		.why = "no permission: only root may change the driver of a device",
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
		.fix = "see fuser -v /dev/vfio/* and ps ax | grep ' D'; the kernel goes on when that wait ends",
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
		.why = "the driver has deferred its probe: it waits for another driver or device",
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
		.why = "the driver refused it; a VFIO driver refuses bridges, and devices without an IOMMU",
		.fix = "vfio_test doctor with its address says what it lacks",
		.source =
			"drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()",
	},
	{
		.id = "driver-refused",
		.steps = "bind-write",
		.no = EBUSY,
		.why = "the driver found it in use: its memory or ports belong to another driver, or (for a VFIO driver) it has virtual functions",
		.fix = "see /proc/iomem for who has its memory, and sriov_numvfs in the device's directory",
		.source =
			"drivers/vfio/pci/vfio_pci_core.c: vfio_pci_core_register_device()",
	},
};
/* clang-format on */

const struct failure_rows rows_bind = { .row = rows, .nr = ARRAY_SIZE(rows) };
