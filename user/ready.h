/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Can VFIO have a PCI device as it stands, and if not, why?  Pure. */
#ifndef READY_H
#define READY_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "sysfs.h"

enum ready {
	READY_YES,
	READY_BRIDGE,	  /* it carries other devices: not a candidate */
	READY_NO_IOMMU,	  /* no group, since no IOMMU is active */
	READY_NO_GROUP,	  /* an IOMMU is active, but not for this device */
	READY_NOIOMMU,	  /* the group is one that VFIO made up, without an IOMMU */
	READY_NO_DRIVER,  /* on no driver */
	READY_DRIVER,	  /* on a host driver */
	READY_NOT_VIABLE, /* another device of the group is on a host driver */
	READY_HELD,	  /* a process has the group open */
};

struct ready_facts {
	const struct sysfs_device *dev;
	bool iommu;   /* one is registered with the kernel */
	bool noiommu; /* the group is VFIO's own */
	const struct sysfs_device *siblings;
	size_t nr_siblings; /* the group's other devices */
	int holder;	    /* pid that has the group open; 0: none seen */
	const char *holder_comm;
};

/* @err: what is in the way, why, and the cure; empty for READY_YES */
enum ready ready_judge(const struct ready_facts *f, struct err *err);

/* "host-driver" and so on, as in JSON */
const char *ready_name(enum ready ready);

/* "a PCI bridge" and so on, where it has other devices behind it; else NULL */
const char *ready_bridge(const struct sysfs_device *dev);

#endif /* READY_H */
