// SPDX-License-Identifier: GPL-2.0
#include "module/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libkmod.h>

#include "failure/failure.h"
#include "pci/sysfs.h"

#define LOADED_MAX 32

struct modules {
	struct kmod_ctx *ctx;
	char loaded[LOADED_MAX][SYSFS_NAME];
	unsigned int nr;
};

/* libkmod calls print_action without an argument of ours, so this is a global. */
static struct modules *recording;

static void record(struct kmod_module *mod, bool install, const char *options)
{
	const char *name = kmod_module_get_name(mod);

	(void)install;
	(void)options;
	if (recording->nr < LOADED_MAX && !sysfs_module_present(name))
		strncpy(recording->loaded[recording->nr++], name, SYSFS_NAME - 1);
}

int modules_open(struct modules **out)
{
	struct modules *mods = calloc(1, sizeof(*mods));

	if (!mods)
		return -ENOMEM;
	mods->ctx = kmod_new(NULL, NULL);
	if (!mods->ctx) {
		free(mods);
		return -ENOMEM;
	}
	/* Our own message names the cause; libkmod's log would only repeat the error. */
	kmod_set_log_priority(mods->ctx, 0);
	*out = mods;
	return 0;
}

/* @no is an errno of finit_module(2), of init_module(2) or of libkmod itself. */
static void explain(struct err *err, int no, const char *name, const char *path)
{
	char what[160];
	struct env env;

	env_machine(&env, path);
	env.object = name;
	snprintf(what, sizeof(what), "could not load the module %s", path ? path : name);
	failure_explain(&env, "insert", no, what, err);
}

static int need_path(struct modules *mods, const char *name, const char *path, struct err *err)
{
	struct kmod_module *mod;
	int ret = kmod_module_new_from_path(mods->ctx, path, &mod);

	if (!ret) {
		ret = kmod_module_insert_module(mod, 0, NULL);
		if (!ret && mods->nr < LOADED_MAX)
			strncpy(mods->loaded[mods->nr++], name, SYSFS_NAME - 1);
		kmod_module_unref(mod);
	}
	if (ret)
		explain(err, -ret, name, path);
	return ret;
}

int modules_need(struct modules *mods, const char *name, const char *path, struct err *err)
{
	struct kmod_list *list = NULL, *l;
	int ret;

	if (sysfs_module_present(name))
		return 0;
	if (path)
		return need_path(mods, name, path, err);
	ret = kmod_module_new_from_lookup(mods->ctx, name, &list);
	if (!ret && !list) {
		explain(err, ENOENT, name, NULL);
		return -ENOENT;
	}
	recording = mods;
	kmod_list_foreach(l, list)
	{
		struct kmod_module *mod = kmod_module_get_module(l);

		/* libkmod returns a number above 0 if a blacklist stopped it. */
		if (!ret)
			ret = kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, record);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	if (ret) {
		ret = ret > 0 ? -EPERM : ret;
		explain(err, -ret, name, NULL);
	}
	return ret;
}

int modules_match(struct modules *mods, const char *modalias,
		  void (*each)(const char *name, void *arg), void *arg)
{
	struct kmod_list *list = NULL, *l;
	int ret = kmod_module_new_from_lookup(mods->ctx, modalias, &list), nr = 0;

	if (ret)
		return ret;
	kmod_list_foreach(l, list)
	{
		struct kmod_module *mod = kmod_module_get_module(l);

		each(kmod_module_get_name(mod), arg);
		kmod_module_unref(mod);
		nr++;
	}
	kmod_module_unref_list(list);
	return nr;
}

int modules_plan(struct modules *mods, const char *name, void (*each)(const char *name, void *arg),
		 void *arg)
{
	struct modules plan = { .ctx = mods->ctx };
	struct kmod_list *list = NULL, *l;
	int ret = kmod_module_new_from_lookup(mods->ctx, name, &list);
	unsigned int i;

	recording = &plan;
	kmod_list_foreach(l, list)
	{
		struct kmod_module *mod = kmod_module_get_module(l);

		if (!ret)
			ret = kmod_module_probe_insert_module(mod, KMOD_PROBE_DRY_RUN, NULL, NULL,
							      NULL, record);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	recording = NULL;
	for (i = 0; !ret && i < plan.nr; i++)
		each(plan.loaded[i], arg);
	return ret > 0 ? -EPERM : ret;
}

void modules_keep(struct modules *mods)
{
	mods->nr = 0;
}

int modules_unload(struct modules *mods, const char *name)
{
	struct kmod_module *mod;
	int ret = kmod_module_new_from_name(mods->ctx, name, &mod);

	if (!ret) {
		ret = kmod_module_remove_module(mod, O_NONBLOCK);
		kmod_module_unref(mod);
	}
	return ret;
}

void modules_close(struct modules *mods, void (*warn)(const char *name, int no))
{
	while (mods->nr) {
		const char *name = mods->loaded[--mods->nr];
		int ret;

		if (!sysfs_module_present(name))
			continue;
		ret = modules_unload(mods, name);
		if (ret)
			warn(name, -ret);
	}
	kmod_unref(mods->ctx);
	free(mods);
}
