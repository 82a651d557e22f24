/* SPDX-License-Identifier: GPL-2.0 */
/* A machine on which all is well: each test of the failures changes some of its facts. */
#ifndef FAILURE_FIXTURE_H
#define FAILURE_FIXTURE_H

#include <string.h>

#include "failure/failure.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ETHERNET      0x020000

static struct sysfs_device device(const char *bdf, uint32_t class, const char *driver, int group)
{
	struct sysfs_device dev = { .class = class, .group = group };

	strncpy(dev.bdf, bdf, sizeof(dev.bdf) - 1);
	strncpy(dev.driver, driver, sizeof(dev.driver) - 1);
	return dev;
}

/* A machine on which all is well, and a device that VFIO can have */
static struct env healthy(void)
{
	struct env env = {
		.release = "6.1.0-1-amd64",
		.cmdline = "quiet intel_iommu=on",
		.iommu_default_on = FACT_YES,
		.lockdown = FACT_NO,
		.lockdown_mode = "none",
		.sig_enforce = FACT_NO,
		.acpi_dmar = FACT_YES,
		.acpi_ivrs = FACT_NO,
		.acpi_viot = FACT_NO,
		.iommu = true,
		.nr_groups = 4,
		.intremap = FACT_YES,
		.cap_ipc_lock = FACT_YES,
		.cap_sys_admin = FACT_YES,
		.cap_sys_module = FACT_YES,
		.mem = { .read = true,
			 .available = MEMORY_NO_LIMIT,
			 .address_space = MEMORY_NO_LIMIT,
			 .data = MEMORY_NO_LIMIT,
			 .commit = MEMORY_NO_LIMIT,
			 .cgroup = MEMORY_NO_LIMIT,
			 .hugetlb = MEMORY_NO_LIMIT,
			 .memlock = MEMORY_NO_LIMIT },
		.container = { "/dev/vfio/vfio", 0, 0666, "root:root", .opened = true },
		.iommufd = { "/dev/iommu", 0, 0600, "root:root" },
		.debugfs = FACT_YES,
		.ko = { "/lib/modules/verify_pte.ko", "6.1.0-1-amd64 SMP mod_unload ", false },
		.dev = device("0000:00:02.0", ETHERNET, "vfio-pci", 3),
		.node = { "/dev/vfio/3", 0, 0600, "root:root" },
		.group_type = "DMA",
		.power = "D0",
		.answers = FACT_YES,
		.cap_sys_ptrace = FACT_YES,
		.given = "0000:00:02.0",
		.size = 1 << 20,
		.page_size = 4096,
	};
	size_t i;

	for (i = 0; i < ENV_MODULES; i++)
		env.modules[i] = MODULE_THERE;
	return env;
}

/* No group was made, though the firmware has an IOMMU. */
static void failed(struct env *env)
{
	env->iommu = false;
	env->nr_groups = 0;
	env->dev.group = -1;
}

#endif /* FAILURE_FIXTURE_H */
