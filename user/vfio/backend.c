// SPDX-License-Identifier: GPL-2.0
#include "vfio/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure/failure.h"
#include "vfio/iommufd_uapi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The back end is not offered; the table of failures has the reason. */
static bool refuse(const struct sysfs_device *dev, const char *step, struct err *err)
{
	struct env env = { .dev = *dev };

	failure_explain(&env, step, ENODEV, step, err);
	return false;
}

/* VFIO creates a group for a device without an IOMMU; only the noiommu back end can use that one.
 */
static bool has_iommu(const struct sysfs_device *dev, struct err *err)
{
	return !sysfs_group_noiommu(dev->group) || refuse(dev, "offered-iommu", err);
}

static bool has_no_iommu(const struct sysfs_device *dev, struct err *err)
{
	return sysfs_group_noiommu(dev->group) || refuse(dev, "offered-noiommu", err);
}

static bool has_cdev(const struct sysfs_device *dev, struct err *err)
{
	char path[64];

	return !sysfs_cdev_path(dev->bdf, path, sizeof(path)) ||
	       refuse(dev, "offered-iommufd", err);
}

/* The driver creates /sys/class/misc/iommu, even where the node /dev/iommu is missing. */
#define IOMMUFD_MODULE                                                        \
	{                                                                     \
		.name = "iommufd", .proof = "/sys/class/misc/" IOMMUFD_DEVICE \
	}
#define TYPE1_MODULE                       \
	{                                  \
		.name = "vfio_iommu_type1" \
	}

const struct backend backends[] = {
	{
		.name = "iommufd",
		.title = "iommufd",
		.has = BACKEND_MAP,
		.rules = RULES_IOMMUFD,
		.node = IOMMUFD_PATH,
		.modules = { IOMMUFD_MODULE },
		.automatic = true,
		.offered = has_cdev,
		.ops = &backend_iommufd_ops,
	},
	{
		.name = "type1v2",
		.title = "Type1v2",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_TYPE1V2,
		.type = VFIO_TYPE1v2_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.modules = { TYPE1_MODULE },
		.automatic = true,
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "type1",
		.title = "Type1",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_TYPE1,
		.type = VFIO_TYPE1_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.modules = { TYPE1_MODULE },
		.automatic = true,
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "compat",
		.title = "iommufd's Type1v2",
		.has = BACKEND_CONTAINER | BACKEND_GROUP | BACKEND_MAP,
		.rules = RULES_COMPAT,
		.type = VFIO_TYPE1v2_IOMMU,
		.node = IOMMUFD_PATH,
		.modules = { IOMMUFD_MODULE },
		.offered = has_iommu,
		.ops = &backend_container_ops,
	},
	{
		.name = "noiommu",
		.title = "noiommu",
		.has = BACKEND_CONTAINER | BACKEND_GROUP,
		.type = VFIO_NOIOMMU_IOMMU,
		.node = VFIO_CONTAINER_PATH,
		.automatic = true,
		.offered = has_no_iommu,
		.ops = &backend_container_ops,
	},
};

const size_t nr_backends = ARRAY_SIZE(backends);

const struct backend *backend_named(const char *name)
{
	size_t i;

	for (i = 0; i < nr_backends; i++)
		if (!strcmp(backends[i].name, name))
			return &backends[i];
	return NULL;
}

bool vfio_accessible(const struct backend *be, const struct sysfs_device *dev)
{
	char path[64] = "";

	if (be->has & BACKEND_GROUP)
		vfio_group_path(dev, path, sizeof(path));
	else
		sysfs_cdev_path(dev->bdf, path, sizeof(path));
	return !faccessat(AT_FDCWD, be->node, R_OK | W_OK, AT_EACCESS) &&
	       !faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS);
}

bool vfio_known(const struct backend *be)
{
	bool known;
	int fd;

	if (!(be->has & BACKEND_CONTAINER))
		return true;
	fd = open(be->node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return true;
	known = ioctl(fd, VFIO_CHECK_EXTENSION, be->type) == 1;
	close(fd);
	return known;
}

int vfio_open(struct vfio *vfio)
{
	return vfio->be->ops->open(vfio);
}

void vfio_close(struct vfio *vfio)
{
	if (vfio->container >= 0)
		close(vfio->container);
	vfio->container = -1;
}

int vfio_set_iommu(struct vfio *vfio)
{
	return vfio->be->ops->set_iommu(vfio);
}

int vfio_get_device(struct vfio *vfio, int *device)
{
	return vfio->be->ops->get_device(vfio, device);
}

int vfio_info(struct vfio *vfio, struct vfio_iommu *iommu)
{
	return vfio->be->ops->info(vfio, iommu);
}

int vfio_map(struct vfio *vfio, const void *vaddr, uint64_t iova, uint64_t size, uint32_t flags)
{
	return vfio->be->ops->map(vfio, vaddr, iova, size, flags);
}

int vfio_unmap(struct vfio *vfio, uint64_t iova, uint64_t size, uint64_t *unmapped)
{
	return vfio->be->ops->unmap(vfio, iova, size, unmapped);
}
