/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * VFIO's back ends: they give a device its IOMMU domain, and map memory for it.
 *
 * There is a const table of them, and one set of calls that works with each, in this order: open,
 * group, set_iommu, get_device, then info, map and unmap as often as needed; close undoes all of
 * it.  Each returns 0 or a negative errno, and vfio->call names the call that failed.  Nothing is
 * printed.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "pci/sysfs.h"
#include "vfio/vfio.h"

/* What a back end has.  A step that needs something else is skipped. */
enum {
	BACKEND_CONTAINER = 1 << 0, /* VFIO's container: API version, extensions */
	BACKEND_GROUP = 1 << 1,	    /* the device comes through its group's node */
	BACKEND_MAP = 1 << 2,	    /* an IOMMU: memory can be mapped for DMA */
};

/* Which answers to expect when mapping rules are tested; run/rules.c has a column for each. */
enum backend_rules { RULES_TYPE1, RULES_TYPE1V2, RULES_IOMMUFD, RULES_COMPAT, NR_RULES };

struct vfio;

struct backend_module {
	const char *name;
	const char *proof; /* a path that exists if the module does, also if built in; or NULL */
};

#define BACKEND_MODULES 2

struct backend_ops {
	/* Opens the container or the iommufd: vfio->container */
	int (*open)(struct vfio *vfio);
	int (*set_iommu)(struct vfio *vfio);
	/* *device: a file descriptor, which the caller closes before vfio_close() */
	int (*get_device)(struct vfio *vfio, int *device);
	int (*info)(struct vfio *vfio, struct vfio_iommu *iommu);
	/* @flags: VFIO_DMA_MAP_FLAG_READ, _WRITE: what the device may do */
	int (*map)(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size,
		   uint32_t flags);
	/* *unmapped: the number of bytes that were unmapped, according to the kernel */
	int (*unmap)(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped);
};

struct backend {
	const char *name;  /* for --iommu and in JSON */
	const char *title; /* in text */
	unsigned int has;
	enum backend_rules rules;
	int type;	  /* for VFIO_SET_IOMMU */
	const char *node; /* the file that is opened first */
	/* The modules that it needs besides vfio itself. */
	struct backend_module modules[BACKEND_MODULES];
	bool automatic; /* --iommu auto takes the first of these that is offered */
	/* Does the kernel have it for this device, as far as /sys shows?  If not, fills @err. */
	bool (*offered)(const struct sysfs_device *dev, struct err *err);
	const struct backend_ops *ops;
};

/* In the order in which auto prefers them. */
extern const struct backend backends[];
extern const size_t nr_backends;

/* The back end of that name, or NULL */
const struct backend *backend_named(const char *name);

/* A device that is opened through a back end; starts as VFIO_INIT. */
struct vfio {
	const struct backend *be;
	const struct sysfs_device *dev;
	int container; /* or iommufd */
	int group;
	bool in_container; /* the group is in the container */
	uint32_t ioas, dev_id;
	const char *call; /* the last call; "group" or "device-node" when @node was opened */
	char node[64];
	const char *token; /* the VF token, a UUID; or NULL */
};

#define VFIO_INIT                            \
	{                                    \
		.container = -1, .group = -1 \
	}

/* May this user open the files that the back end needs?  The reason is given by opening them. */
bool vfio_accessible(const struct backend *be, const struct sysfs_device *dev);
/* Does the kernel know its type of IOMMU?  To be asked when its modules are loaded. */
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

/* Each undoes its part if that was done, and never fails. */
void vfio_group_unset_container(struct vfio *vfio);
void vfio_group_close(struct vfio *vfio);
void vfio_close(struct vfio *vfio);

/* vfio/container.c, vfio/iommufd.c */
extern const struct backend_ops backend_container_ops;
extern const struct backend_ops backend_iommufd_ops;

#endif /* BACKEND_H */
