// SPDX-License-Identifier: GPL-2.0
#include "ready.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PCI	      "/sys/bus/pci"

/* Base class and subclass of what has other devices behind it. */
static const struct {
	uint32_t class;
	const char *name;
} bridges[] = {
	{ 0x0600, "a host bridge" },
	{ 0x0604, "a PCI bridge" },
	{ 0x0607, "a CardBus bridge" },
	{ 0x0609, "a semi-transparent PCI bridge" },
};

const char *ready_bridge(const struct sysfs_device *dev)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bridges); i++)
		if (dev->class >> 8 == bridges[i].class)
			return bridges[i].name;
	return NULL;
}

static bool is_bridge(const struct ready_facts *f)
{
	return ready_bridge(f->dev);
}

static bool has_no_iommu(const struct ready_facts *f)
{
	return f->dev->group < 0 && !f->iommu;
}

static bool has_no_group(const struct ready_facts *f)
{
	return f->dev->group < 0;
}

static bool has_made_up_group(const struct ready_facts *f)
{
	return f->noiommu;
}

static bool has_no_driver(const struct ready_facts *f)
{
	return !f->dev->driver[0];
}

static bool has_host_driver(const struct ready_facts *f)
{
	return !strstr(f->dev->driver, "vfio");
}

static bool has_bad_sibling(const struct ready_facts *f)
{
	size_t i;

	for (i = 0; i < f->nr_siblings; i++)
		if (!sysfs_driver_viable(&f->siblings[i]))
			return true;
	return false;
}

static bool is_held(const struct ready_facts *f)
{
	return f->holder;
}

static void explain_bridge(const struct ready_facts *f, struct err *err)
{
	err_why(err, "it is %s, and other devices are behind it", ready_bridge(f->dev));
}

/* The line to type.  new_id would take every device of that ID. */
static void explain_driver(const struct ready_facts *f, struct err *err)
{
	const char *bdf = f->dev->bdf, *driver = f->dev->driver;
	char unbind[160] = "";

	if (driver[0]) {
		err_why(err, "it is on the driver %s", driver);
		snprintf(unbind, sizeof(unbind), "echo %s > " PCI "/drivers/%s/unbind; ", bdf,
			 driver);
	}
	err_fix(err,
		"modprobe vfio-pci; %secho vfio-pci > " PCI
		"/devices/%s/driver_override; echo %s > " PCI "/drivers_probe",
		unbind, bdf, bdf);
}

static void explain_siblings(const struct ready_facts *f, struct err *err)
{
	char list[sizeof(err->why) - 32] = "";
	size_t used = 0, i;

	for (i = 0; i < f->nr_siblings; i++) {
		if (sysfs_driver_viable(&f->siblings[i]) || used >= sizeof(list))
			continue;
		used += snprintf(list + used, sizeof(list) - used, "%s%s on %s", used ? ", " : "",
				 f->siblings[i].bdf, f->siblings[i].driver);
	}
	err_what(err, "group %d is not viable", f->dev->group);
	err_why(err, "in the same group: %s", list);
}

static void explain_held(const struct ready_facts *f, struct err *err)
{
	err_what(err, "group %d is in use", f->dev->group);
	err_why(err, "process %d (%s) has it open", f->holder, f->holder_comm);
	err_fix(err, "end that process");
}

/* In the order in which they stand in the way: the first that applies is told. */
static const struct {
	const char *name;
	bool (*applies)(const struct ready_facts *f);
	int no;
	const char *what, *why, *fix;
	/* What depends on the device; or NULL */
	void (*explain)(const struct ready_facts *f, struct err *err);
} reasons[] = {
	[READY_BRIDGE] = { "bridge", is_bridge, ENODEV, "not a candidate", "", "", explain_bridge },
	[READY_NO_IOMMU] = { "no-iommu", has_no_iommu, ENODEV, "no IOMMU group",
			     "no IOMMU is active",
			     "boot with intel_iommu=on (Intel) or switch it on in the firmware; in a VM give QEMU -device intel-iommu,intremap=on,caching-mode=on",
			     NULL },
	[READY_NO_GROUP] = { "no-group", has_no_group, ENODEV, "no IOMMU group",
			     "an IOMMU is active, but not for this device",
			     "see dmesg | grep -i -e DMAR -e AMD-Vi; give a device that the IOMMU covers",
			     NULL },
	[READY_NOIOMMU] = { "noiommu-group", has_made_up_group, ENODEV, "no IOMMU",
			    "VFIO made the group up (enable_unsafe_noiommu_mode): nothing keeps the device's DMA in bounds",
			    "boot with an IOMMU", NULL },
	[READY_NO_DRIVER] = { "no-driver", has_no_driver, EBUSY, "not on vfio-pci",
			      "it is on no driver", "", explain_driver },
	[READY_DRIVER] = { "host-driver", has_host_driver, EBUSY, "not on vfio-pci", "", "",
			   explain_driver },
	[READY_NOT_VIABLE] = { "not-viable", has_bad_sibling, EPERM, "", "",
			       "bind each of them to vfio-pci, or to no driver", explain_siblings },
	[READY_HELD] = { "held", is_held, EBUSY, "", "", "", explain_held },
};

enum ready ready_judge(const struct ready_facts *f, struct err *err)
{
	size_t i;

	memset(err, 0, sizeof(*err));
	for (i = READY_YES + 1; i < ARRAY_SIZE(reasons); i++) {
		if (!reasons[i].applies(f))
			continue;
		err_set(err, reasons[i].no, reasons[i].what, reasons[i].why, reasons[i].fix);
		if (reasons[i].explain)
			reasons[i].explain(f, err);
		return i;
	}
	return READY_YES;
}

const char *ready_name(enum ready ready)
{
	return ready == READY_YES ? "ready" : reasons[ready].name;
}
