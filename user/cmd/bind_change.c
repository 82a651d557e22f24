// SPDX-License-Identifier: GPL-2.0
/* vfio_test bind, unbind: the modules and the devices are changed, and put back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/record.h"
#include "bind/state.h"
#include "cmd/bind_items.h"
#include "failure/failure.h"
#include "lib/err.h"
#include "lib/signals.h"
#include "module/module.h"
#include "pci/sysfs.h"

struct planned {
	struct bind_modules *mods;
	bool all; /* all modules fitted into mods */
};

static void plan_module(const char *name, void *arg)
{
	struct planned *p = arg;

	p->all = bind_modules_add(p->mods, name) && p->all;
}

/* Loads the driver if the kernel lacks it; records first which modules it will load. */
static int need_driver(struct bind_cmd *c, struct err *err)
{
	struct bind_modules mods;
	struct planned planned = { .mods = &mods, .all = true };
	int ret;

	if (bind_driver_present(c->driver))
		return 0;
	ret = bind_state_load_modules(c->dir, &mods, err);
	if (ret)
		return ret;
	ret = modules_plan(c->mods, c->driver, plan_module, &planned);
	/* If planning fails, loading fails as well, and its error is the better one. */
	if (!ret && mods.nr) {
		ret = bind_state_save_modules(c->dir, &mods, err);
		if (ret)
			return ret;
	}
	if (!ret && !planned.all) {
		err_set(err, E2BIG, "could not load the driver", "it needs too many modules",
			"modprobe it, and bind again");
		return -E2BIG;
	}
	ret = modules_need(c->mods, c->driver, NULL, err);
	modules_keep(c->mods);
	if (!ret && !bind_driver_present(c->driver)) {
		err->no = ret = ENOENT;
		err_what(err, "no driver %s", c->driver);
		err_why(err, "the module of that name has no PCI driver of that name");
	}
	if (ret && !err->fix[0])
		err_fix(err,
			strcmp(c->driver, VFIO_PCI)
				? "modprobe the module that has the driver, and bind again"
				: "the kernel needs CONFIG_VFIO_PCI; see find /lib/modules -name 'vfio*'");
	return ret ? -1 : 0;
}

/* When no device has a record any more, unloads what bind loaded, in reverse order. */
static int drop_modules(struct bind_cmd *c, int records_left, struct err *err)
{
	struct bind_modules mods;
	bool told = c->g->quiet;
	int ret;

	/* Also if the records could not be counted: a device may still need the modules. */
	if (records_left)
		return 0;
	ret = bind_state_load_modules(c->dir, &mods, err);
	if (ret)
		return ret;
	while (mods.nr) {
		const char *name = mods.names[--mods.nr];

		if (!sysfs_module_present(name))
			continue;
		/* A driver's devices are not in the use count: unloading would unbind them. */
		ret = bind_module_has_devices(name) ? -EBUSY : modules_unload(c->mods, name);
		/* The modules that it needs then stay too, so only the first is reported. */
		if (ret && !told)
			fprintf(stderr, "vfio_test: %s: left loaded: %s; modprobe -r %s\n", name,
				ret == -EBUSY || ret == -EAGAIN ? "something uses it"
								: strerror(-ret),
				name);
		told = told || ret;
	}
	return bind_state_remove_modules(c->dir, err);
}

static int bind_one(struct bind_cmd *c, struct bind_item *it)
{
	if (it->status != ITEM_NOT_REACHED)
		return 0;
	if (!it->recorded) {
		it->rec.vendor = it->dev.vendor;
		it->rec.device = it->dev.device;
		snprintf(it->rec.from, sizeof(it->rec.from), "%s", it->dev.driver);
		snprintf(it->rec.to, sizeof(it->rec.to), "%s", c->driver);
		snprintf(it->rec.override, sizeof(it->rec.override), "%s", it->override);
		if (bind_state_save(c->dir, it->dev.bdf, &it->rec, &it->err))
			return bind_item_refuse(it);
	}
	it->touched = true;
	if (need_driver(c, &it->err) || bind_put(it->dev.bdf, c->driver, c->driver, &it->err))
		return bind_item_refuse(it);
	it->status = ITEM_BOUND;
	return 0;
}

/*
 * Puts @it back as this run found it; if an earlier bind was broken off half-way, as it was
 * before that.  True: its record is no longer needed.
 */
static bool undo_item(struct bind_item *it)
{
	struct err err = { 0 };

	if (bind_put(it->dev.bdf, bind_item_was_bound(it) ? it->rec.to : it->rec.from,
		     bind_item_was_bound(it) ? it->override : it->rec.override, &err)) {
		err_print(&err, "vfio_test", it->dev.bdf);
		return false;
	}
	if (it->status != ITEM_FAILED)
		it->status = ITEM_UNDONE;
	/* The record of an earlier bind is still needed. */
	return !bind_item_was_bound(it);
}

/* Unloads the modules, then removes the records of the devices that are @done. */
static int drop_records(struct bind_cmd *c, const bool *done)
{
	int left = bind_state_count(c->dir), ret;
	size_t i;

	for (i = 0; left > 0 && i < c->nr; i++)
		left -= done[i];
	ret = drop_modules(c, left, &c->err);
	for (i = 0; i < c->nr && !ret; i++)
		if (done[i])
			ret = bind_state_remove(c->dir, c->items[i].dev.bdf, &c->err);
	return ret;
}

static void undo_all(struct bind_cmd *c)
{
	bool *done = calloc(c->nr + 1, sizeof(*done));
	struct err err = c->err;
	size_t i;

	for (i = c->nr; i-- > 0;)
		if (c->items[i].touched && undo_item(&c->items[i]) && done)
			done[i] = true;
	if (done && drop_records(c, done))
		err_print(&c->err, "vfio_test", NULL);
	/* Report the error that made us undo. */
	if (err.what[0])
		c->err = err;
	free(done);
}

int bind_items_bind(struct bind_cmd *c)
{
	size_t i = 0, added;
	int ret = bind_items_check(c, 0);

	while (!ret && i < c->nr) {
		for (; i < c->nr && !ret; i++)
			ret = signal_seen ? -EINTR : bind_one(c, &c->items[i]);
		if (ret || !c->group)
			break;
		/* Some IOMMUs give a group only to a device that has a driver. */
		ret = bind_items_look(c);
		for (added = 0; !ret && !added && i > 0; i--) {
			struct sysfs_device now;

			if (!sysfs_device_get(c->items[i - 1].dev.bdf, &now))
				ret = bind_items_group(c, now.group, &added);
		}
		i = c->nr - added;
		if (!ret && added)
			ret = bind_items_check(c, i);
	}
	c->interrupted = signal_seen;
	if (ret || c->interrupted)
		undo_all(c);
	return ret;
}

static int unbind_one(struct bind_item *it)
{
	int ret;

	if (it->status != ITEM_NOT_REACHED)
		return 0;
	if (it->let_go)
		ret = bind_let_go(it->dev.bdf, &it->err);
	else
		ret = bind_put(it->dev.bdf, it->rec.from, it->rec.override, &it->err);
	if (ret)
		return bind_item_refuse(it);
	it->status = ITEM_RESTORED;
	return 0;
}

/* If one device fails, the others are still put back; after a signal, what is back stays. */
int bind_items_unbind(struct bind_cmd *c)
{
	bool *done = calloc(c->nr + 1, sizeof(*done));
	size_t i, nr = 0;
	int ret = done ? bind_items_check(c, 0) : -ENOMEM;

	if (!done)
		err_set(&c->err, ENOMEM, "the list of devices", strerror(ENOMEM),
			"end other programs");
	for (i = 0; !ret && i < c->nr; i++)
		nr += c->items[i].status != ITEM_SKIPPED;
	if (!ret && !nr) {
		failure_set(NULL, "never-bound", ENOENT, NULL, &c->err);
		err_what(&c->err, "%s: nothing to put back", c->items[0].dev.bdf);
		err_why(&c->err,
			"there is no record that vfio_test bind has moved any device in its group");
		ret = -ENOENT;
	}
	if (ret) {
		free(done);
		return ret;
	}
	for (i = 0; i < c->nr && !c->interrupted; i++) {
		c->interrupted = signal_seen;
		if (!c->interrupted && unbind_one(&c->items[i]))
			ret = -1;
		done[i] = c->items[i].status == ITEM_RESTORED && c->items[i].recorded;
	}
	if (drop_records(c, done))
		ret = -1;
	free(done);
	return ret;
}
