// SPDX-License-Identifier: GPL-2.0
#include "failure/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "failure/facts.h"
#include "lib/parse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LIST_LEN      200 /* of names in a message */

/*
 * "0000:00:1f.0 on lpc_ich": the members of the group that keep VFIO out, @bridges or others,
 * and the number of those that do not fit.
 */
static void put_blocking(const struct env *env, bool bridges, char *buf, size_t len)
{
	size_t used = 0, left = 0, i;

	snprintf(buf, len, "a driver that is not seen; all %zu are on none, or on one of VFIO's",
		 env->nr_siblings);
	for (i = 0; i < env->nr_siblings; i++) {
		const struct sysfs_device *dev = &env->siblings[i];
		const char *bridge = sysfs_bridge_name(dev);
		char one[160];
		size_t n;

		if (!blocks_group(env, dev) || !!bridge != bridges)
			continue;
		n = snprintf(one, sizeof(one), "%s%s%s%s%s on %s", used ? ", " : "", dev->bdf,
			     bridge ? " (" : "", bridge ? bridge : "", bridge ? ")" : "",
			     dev->driver);
		/* After the first that does not fit, the others are counted too. */
		if (left || used + n + sizeof(" and 99999 more") > len || used + n > LIST_LEN)
			left++;
		else
			used += snprintf(buf + used, len - used, "%s", one);
	}
	/*
	 * env has no room for all siblings, and lists those that block first.  If its last one
	 * blocks, those that it had no room for may block as well and are counted.
	 */
	if (used && env->nr_more && i && blocks_group(env, &env->siblings[i - 1]))
		left += env->nr_more;
	if (left)
		snprintf(buf + used, len - used, " and %zu more", left);
}

static void put_siblings(const struct env *env, char *buf, size_t len)
{
	put_blocking(env, false, buf, len);
}

static void put_bad_bridges(const struct env *env, char *buf, size_t len)
{
	put_blocking(env, true, buf, len);
}

static void put_bad_bridge(const struct env *env, char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < env->nr_siblings; i++)
		if (blocks_group(env, &env->siblings[i]) && sysfs_bridge_name(&env->siblings[i]))
			break;
	snprintf(buf, len, "%s", i < env->nr_siblings ? env->siblings[i].bdf : "?");
}

static void put_firmware(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s",
		 env->acpi_iort == FACT_YES    ? "ACPI (IORT)"
		 : env->acpi_rimt == FACT_YES  ? "ACPI (RIMT)"
		 : env->devicetree == FACT_YES ? "the device tree"
					       : "the firmware");
}

static void put_nr_vfs(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%u", env->nr_vfs);
}

static void put_tables(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s", env->acpi_dmar == FACT_YES ? "DMAR" : "",
		 env->acpi_dmar == FACT_YES && env->acpi_ivrs == FACT_YES ? ", " : "",
		 env->acpi_ivrs == FACT_YES ? "IVRS" : "");
}

/* The word of the kernel's command line that keeps the IOMMU off, or the one it lacks. */
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

/* The node that a text is about: one that may not be opened, or else the group's. */
static const struct env_node *the_node(const struct env *env)
{
	const struct env_node *bad = bad_node(env, EACCES);

	if (!bad)
		bad = bad_node(env, EPERM);
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

static void put_numbers(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%u:%u", major(the_node(env)->dev), minor(the_node(env)->dev));
}

static void put_mode(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%04o", the_node(env)->mode);
}

static void put_module(const struct env *env, char *buf, size_t len)
{
	const struct vfio_module *module = missing_module(env);
	const char *name = "?";

	if (!module)
		module = unloaded_module(env);
	if (env->object)
		name = env->object;
	else if (module)
		name = module->name;
	snprintf(buf, len, "%s", name);
}

static void put_object(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%s", env->object ? env->object : "?");
}

static void put_config_word(const struct env *env, char *buf, size_t len)
{
	const struct vfio_module *missing = missing_module(env);

	snprintf(buf, len, "%s", missing ? missing->config : "?");
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

#define PUT_ROOM(name, field)                                                 \
	static void put_##name(const struct env *env, char *buf, size_t len)  \
	{                                                                     \
		if (env->mem.field == MEMORY_NO_LIMIT)                        \
			snprintf(buf, len, "unlimited");                      \
		else                                                          \
			snprintf(buf, len, "%" PRIu64, env->mem.field >> 10); \
	}

PUT_ROOM(memlock, memlock)
PUT_ROOM(available, available)
PUT_ROOM(cgroup, cgroup)
PUT_ROOM(hugetlb, hugetlb)
PUT_ROOM(as, address_space)
PUT_ROOM(data, data)
PUT_ROOM(commit, commit)

/* The bytes of all mappings together. */
static uint64_t to_lock(const struct env *env)
{
	return env->size * (env->mappings ? env->mappings : 1);
}

static void put_lock_kib(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, to_lock(env) >> 10);
}

static void put_lock_goal(const struct env *env, char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64,
		 (memory_charged(&env->mem, env->account) + to_lock(env)) >> 10);
}

static void put_charged(const struct env *env, char *buf, size_t len)
{
	const uint64_t charged = memory_charged(&env->mem, env->account);

	buf[0] = '\0';
	if (charged)
		snprintf(buf, len, ", of which %s %" PRIu64 " KiB",
			 env->account == ACCOUNT_USER ? "this user's processes have"
						      : "this process has",
			 charged >> 10);
}

static void put_ordinary(const struct env *env, char *buf, size_t len)
{
	const struct memory_need need = memory_need(env);

	snprintf(buf, len, "%" PRIu64, memory_ordinary(&need) >> 10);
}

static void put_huge_reserved(const struct env *env, char *buf, size_t len)
{
	buf[0] = '\0';
	if (env->mem.huge_reserved)
		snprintf(buf, len, ": of %" PRIu64 " that are free %" PRIu64 " are reserved",
			 env->mem.huge_free, env->mem.huge_reserved);
}

static void put_huge_goal(const struct env *env, char *buf, size_t len)
{
	const struct memory_need need = memory_need(env);

	snprintf(buf, len, "%" PRIu64, memory_huge_goal(&env->mem, &need));
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
PUT_STRING(mdev_parent, mdev_parent)
PUT_STRING(mdev_type, mdev_type)
PUT_STRING(bdf, dev.bdf)
PUT_STRING(driver, dev.driver)
PUT_STRING(machine, machine)
PUT_STRING(vfs, vfs)
PUT_STRING(physfn, physfn)
PUT_STRING(physfn_driver, physfn_driver)
PUT_STRING(rmrr, rmrr)
PUT_STRING(release, release)
PUT_STRING(config, config)
PUT_STRING(vermagic, ko.vermagic)
PUT_STRING(lockdown, lockdown_mode)
PUT_STRING(cgroup_file, mem.cgroup_file)
PUT_STRING(hugetlb_file, mem.hugetlb_file)
PUT_HEX(iova)
PUT_HEX(size)
PUT_HEX(last_iova)
PUT_HEX(page_size)

static const struct {
	const char *name;
	void (*put)(const struct env *env, char *buf, size_t len);
} words[] = {
	{ "given", put_given },
	{ "bdf", put_bdf },
	{ "bridge", put_bridge },
	{ "driver", put_driver },
	{ "group", put_group },
	{ "siblings", put_siblings },
	{ "holder", put_holder },
	{ "power", put_power },
	{ "tables", put_tables },
	{ "iommu_words", put_iommu_words },
	{ "module", put_module },
	{ "object", put_object },
	{ "config", put_config },
	{ "config_word", put_config_word },
	{ "release", put_release },
	{ "node", put_node },
	{ "owner", put_owner },
	{ "mode", put_mode },
	{ "size_kib", put_size_kib },
	{ "memlock_kib", put_memlock },
	{ "huge_need", put_huge_need },
	{ "huge_kib", put_huge_kib },
	{ "iova", put_iova },
	{ "size", put_size },
	{ "last_iova", put_last_iova },
	{ "page_size", put_page_size },
	{ "lockdown", put_lockdown },
	{ "ko", put_ko },
	{ "vermagic", put_vermagic },
	{ "machine", put_machine },
	{ "firmware", put_firmware },
	{ "bad_bridges", put_bad_bridges },
	{ "bad_bridge", put_bad_bridge },
	{ "numbers", put_numbers },
	{ "nr_vfs", put_nr_vfs },
	{ "vfs", put_vfs },
	{ "physfn", put_physfn },
	{ "physfn_driver", put_physfn_driver },
	{ "rmrr", put_rmrr },
	{ "lock_kib", put_lock_kib },
	{ "charged", put_charged },
	{ "lock_goal_kib", put_lock_goal },
	{ "as_kib", put_as },
	{ "data_kib", put_data },
	{ "commit_kib", put_commit },
	{ "available_kib", put_available },
	{ "cgroup_kib", put_cgroup },
	{ "cgroup_file", put_cgroup_file },
	{ "hugetlb_kib", put_hugetlb },
	{ "hugetlb_file", put_hugetlb_file },
	{ "ordinary_kib", put_ordinary },
	{ "huge_goal", put_huge_goal },
	{ "huge_reserved", put_huge_reserved },
	{ "mdev_parent", put_mdev_parent },
	{ "mdev_type", put_mdev_type },
};

void words_put(const struct env *env, const char *name, size_t n, char *buf, size_t len)
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
