// SPDX-License-Identifier: GPL-2.0
#include "failure/facts.h"

#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

bool has_device(const struct env *env)
{
	return env->dev.bdf[0];
}

bool no_iommu(const struct env *env)
{
	return !env->iommu && !env->no_sysfs &&
	       (has_device(env) ? env->dev.group < 0 : env->nr_groups <= 0);
}

bool is_x86(const struct env *env)
{
	return !env->machine[0] || !strcmp(env->machine, "x86_64") ||
	       (env->machine[0] == 'i' && !strcmp(env->machine + 2, "86"));
}

bool is_riscv64(const struct env *env)
{
	return !strcmp(env->machine, "riscv64");
}

bool blocks_group(const struct env *env, const struct sysfs_device *dev)
{
	return env->viable != FACT_YES && !sysfs_driver_viable(dev, env->bridges_pass);
}

bool token_was_given(const struct env *env)
{
	return env->has_token;
}

bool lacks_rawio(const struct env *env)
{
	return env->noiommu_group && env->cap_sys_rawio != FACT_YES;
}

/* What a run needs of VFIO. */
static const struct vfio_module vfio_modules[] = {
	{ MODULE_VFIO, "vfio", "CONFIG_VFIO" },
	{ MODULE_TYPE1, "vfio_iommu_type1", "CONFIG_VFIO_IOMMU_TYPE1" },
	{ MODULE_VFIO_PCI, "vfio_pci", "CONFIG_VFIO_PCI" },
};

const struct vfio_module *missing_module(const struct env *env)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vfio_modules); i++) {
		enum module_state state = env->modules[vfio_modules[i].module];

		if (env->object ? !strcmp(env->object, vfio_modules[i].name)
				: state == MODULE_ABSENT || state == MODULE_NO_FILE)
			return &vfio_modules[i];
	}
	return NULL;
}

bool concerns_verify_pte(const struct env *env)
{
	return env->object && strstr(env->object, "verify_pte");
}

/*
 * The nodes of the two ways to a device: container and group, then iommufd and the device's
 * own node, each way in the order in which its nodes are opened.
 */
static const struct env_node *node_nr(const struct env *env, size_t i)
{
	const struct env_node *nodes[] = { &env->container, &env->node, &env->iommufd,
					   &env->device_node };

	return i < ARRAY_SIZE(nodes) ? nodes[i] : NULL;
}

const struct env_node *bad_node(const struct env *env, int no)
{
	const struct env_node *node;
	size_t i;

	for (i = 0; (node = node_nr(env, i)); i++)
		if (node->path[0] && node->no == no)
			return node;
	return NULL;
}

struct memory_need memory_need(const struct env *env)
{
	return (struct memory_need){
		.size = env->size,
		.page_size = env->page_size ? env->page_size : PAGE_4K,
		.mappings = env->mappings,
		.account = env->account,
		.json = env->json,
	};
}

const struct vfio_module *unloaded_module(const struct env *env)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vfio_modules); i++)
		if (vfio_modules[i].module != MODULE_VFIO_PCI &&
		    env->modules[vfio_modules[i].module] == MODULE_THERE)
			return &vfio_modules[i];
	return NULL;
}
