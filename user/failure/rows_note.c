// SPDX-License-Identifier: GPL-2.0
/* What is worth knowing, and harmless. */
#include "failure/rows.h"

#include <errno.h>
#include <string.h>

static bool is_identity(const struct env *env)
{
	return env->passthrough || !strcmp(env->group_type, "identity");
}

/* Only if a container can be opened: a kernel that has neither has no back end at all. */
static bool has_no_iommufd(const struct env *env)
{
	return env->iommufd.path[0] && env->iommufd.no == ENOENT && env->container.opened &&
	       !env->container.no;
}

/* VFIO can be loaded and is not yet, so that none of its nodes can be opened. */
static bool is_to_be_loaded(const struct env *env)
{
	return env->modules[MODULE_VFIO] == MODULE_THERE &&
	       env->modules[MODULE_TYPE1] >= MODULE_THERE &&
	       !(env->container.opened && !env->container.no) &&
	       !(env->iommufd.opened && !env->iommufd.no);
}

static bool allows_noiommu(const struct env *env)
{
	return env->noiommu_mode == FACT_YES;
}

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "not-loaded-yet",
		.severity = SEVERITY_NOTE,
		.check = CHECK_NODES,
		.detect = is_to_be_loaded,
		.what = "no node of VFIO could be opened",
		.why = "VFIO is not in the kernel yet: vfio_test loads it when it runs",
		.fix = "nothing to do; to check it as well, modprobe vfio_iommu_type1, and run doctor again",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "not-loaded-yet",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.detect = is_to_be_loaded,
		.what = "none is there yet",
		.why = "vfio_iommu_type1 can be loaded, and vfio_test does so when it runs",
		.fix = "nothing to do; to check it as well, modprobe vfio_iommu_type1, and run doctor again",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_type1_init()",
	},
	{
		.id = "identity",
		.severity = SEVERITY_NOTE,
		.check = CHECK_GROUP,
		.detect = is_identity,
		.what = "the host's own DMA is not translated (iommu=pt)",
		.why = "VFIO takes the device out of the identity domain into one of its own",
		.fix = "nothing: it is harmless here",
		.source = "drivers/iommu/iommu.c: iommu_def_domain_type",
	},
	{
		.id = "noiommu-mode",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.detect = allows_noiommu,
		.what = "VFIO may be used without an IOMMU (enable_unsafe_noiommu_mode)",
		.why = "if a device without an IOMMU is bound, it gets a made-up group: no DMA can be mapped, nothing restricts its DMA, it needs CAP_SYS_RAWIO, and the kernel is tainted (U)",
		.fix = "echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		.source =
			"drivers/vfio/vfio_main.c; Documentation/admin-guide/tainted-kernels.rst",
	},
	{
		.id = "no-iommufd",
		.severity = SEVERITY_NOTE,
		.check = CHECK_BACKENDS,
		.steps = "iommufd",
		.no = ENOENT,
		.detect = has_no_iommufd,
		.what = "no iommufd",
		.why = "there is no /dev/iommu: no CONFIG_IOMMUFD (since 6.2), or its module is not loaded",
		.fix = "modprobe iommufd; the container works without it",
		.source = "Documentation/userspace-api/iommufd.rst",
	},
};
/* clang-format on */

const struct failure_rows rows_note = { .row = rows, .nr = ARRAY_SIZE(rows) };
