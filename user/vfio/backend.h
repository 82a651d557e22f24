/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * VFIO's back ends: what gives a device its IOMMU domain, and maps memory for it.
 *
 * A const table, and one set of calls over all of it, in this order: open, group, set_iommu,
 * get_device, then info, map and unmap as often as wanted; close takes all of it back.  Each
 * returns 0 or a negative errno, with the call that gave it in vfio->call; nothing is printed.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "pci/sysfs.h"
#include "vfio/vfio.h"

/* What a back end has: a step that needs what it has not is skipped. */
enum {
	BACKEND_CONTAINER = 1 << 0, /* VFIO's container: API version, extensions */
	BACKEND_GROUP = 1 << 1,	    /* the device comes through its group's node */
	BACKEND_MAP = 1 << 2,	    /* an IOMMU translates: memory is mapped for DMA */
};

/* Whose answers the rules of mapping expect; run/rules.c has a column for each. */
enum backend_rules { RULES_TYPE1, RULES_TYPE1V2, RULES_IOMMUFD, RULES_COMPAT, NR_RULES };

struct vfio;

struct backend_module {
	const char *name;
	const char *proof; /* a path that is there when it is, also built in; or NULL */
};

#define BACKEND_MODULES 2

struct backend_ops {
	/* The container or the iommufd: vfio->container */
	int (*open)(struct vfio *vfio);
	int (*set_iommu)(struct vfio *vfio);
	/* *device: a file descriptor, the caller's to close, before close() */
	int (*get_device)(struct vfio *vfio, int *device);
	int (*info)(struct vfio *vfio, struct vfio_iommu *iommu);
	/* @flags: VFIO_DMA_MAP_FLAG_READ, _WRITE, of the device's view */
	int (*map)(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size,
		   uint32_t flags);
	/* *unmapped: bytes that the kernel says it unmapped */
	int (*unmap)(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped);
};

struct backend {
	const char *name;  /* as for --iommu, and in JSON */
	const char *title; /* in text */
	unsigned int has;
	enum backend_rules rules;
	int type;	  /* what VFIO_SET_IOMMU takes */
	const char *node; /* what is opened first */
	/* What the kernel must have of it besides vfio itself. */
	struct backend_module modules[BACKEND_MODULES];
	bool automatic; /* the first such in the table that is offered is what auto takes */
	/* Does the kernel have it for this device, as far as /sys shows?  Else @err. */
	bool (*offered)(const struct sysfs_device *dev, struct err *err);
	const struct backend_ops *ops;
};

/* In the order in which auto prefers them. */
extern const struct backend backends[];
extern const size_t nr_backends;

/* NULL where there is none of that name */
const struct backend *backend_named(const char *name);

/* A device's way through a back end; set up by vfio_init(). */
struct vfio {
	const struct backend *be;
	const struct sysfs_device *dev;
	int container; /* or iommufd */
	int group;
	bool in_container; /* the group is */
	uint32_t ioas, dev_id;
	const char *call; /* what gave the last error: "group", "device-node" of opening @node */
	char node[64];
	const char *token; /* the VF token, a UUID; or NULL */
};

#define VFIO_INIT                            \
	{                                    \
		.container = -1, .group = -1 \
	}

/* Can this user open what the back end opens?  What cannot be is told when it is opened. */
bool vfio_accessible(const struct backend *be, const struct sysfs_device *dev);
/* Does the kernel know its type of IOMMU?  Its modules are there. */
bool vfio_known(const struct backend *be);

int vfio_open(struct vfio *vfio);
/* The group's node: /dev/vfio/N, or /dev/vfio/noiommu-N */
int vfio_group_path(const struct sysfs_device *dev, char *path, size_t len);
int vfio_group_open(struct vfio *vfio);
int vfio_group_set_container(struct vfio *vfio);
int vfio_set_iommu(struct vfio *vfio);
int vfio_get_device(struct vfio *vfio, int *device);
int vfio_info(struct vfio *vfio, struct vfio_iommu *iommu);
int vfio_map(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size, uint32_t flags);
int vfio_unmap(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped);

/* Each takes its part back, if it was done; never fails. */
void vfio_group_unset_container(struct vfio *vfio);
void vfio_group_close(struct vfio *vfio);
void vfio_close(struct vfio *vfio);

/* vfio/container.c, vfio/iommufd.c */
extern const struct backend_ops backend_container_ops;
extern const struct backend_ops backend_iommufd_ops;

#endif /* BACKEND_H */
