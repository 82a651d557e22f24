// SPDX-License-Identifier: GPL-2.0
/* vfio_test bind, unbind: which devices, and whether each may be changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/record.h"
#include "bind/state.h"
#include "cmd/bind_items.h"
#include "env/env.h"
#include "env/holder.h"
#include "env/in_use.h"
#include "failure/failure.h"
#include "lib/err.h"
#include "lib/parse.h"
#include "pci/sysfs.h"

static struct bind_item *find_item(struct bind_cmd *c, const char *bdf)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		if (!strcmp(c->items[i].dev.bdf, bdf))
			return &c->items[i];
	return NULL;
}

static int add_item(struct bind_cmd *c, const struct sysfs_device *dev, bool member)
{
	struct bind_item *it = find_item(c, dev->bdf);

	if (it) {
		it->member = it->member && member;
		return 0;
	}
	it = realloc(c->items, (c->nr + 1) * sizeof(*it));
	if (!it) {
		err_set(&c->err, ENOMEM, "the list of devices", strerror(ENOMEM),
			"end other programs");
		return -ENOMEM;
	}
	c->items = it;
	it += c->nr++;
	memset(it, 0, sizeof(*it));
	it->dev = *dev;
	it->member = member;
	return 0;
}

int bind_items_group(struct bind_cmd *c, int group, size_t *added)
{
	size_t i, nr = c->nr;
	int ret = 0;

	for (i = 0; group >= 0 && i < c->nr_all && !ret; i++)
		if (c->all[i].group == group)
			ret = add_item(c, &c->all[i], true);
	*added = c->nr - nr;
	return ret;
}

int bind_items_look(struct bind_cmd *c)
{
	int nr;

	free(c->all);
	c->all = NULL;
	nr = sysfs_devices(&c->all);
	c->nr_all = nr < 0 ? 0 : (size_t)nr;
	if (nr < 0)
		err_set(&c->err, -nr, "/sys/bus/pci/devices", strerror(-nr),
			"mount -t sysfs none /sys; a machine without PCI has no such devices");
	return nr < 0 ? nr : 0;
}

int bind_items_asked(struct bind_cmd *c, char **bdfs, int nr)
{
	int i, ret = bind_items_look(c);
	struct pci_bdf bdf;
	struct sysfs_device dev;
	char name[SYSFS_BDF];
	size_t added;

	for (i = 0; i < nr && !ret; i++) {
		parse_bdf(bdfs[i], &bdf);
		snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", bdf.domain, bdf.bus, bdf.dev,
			 bdf.fn);
		ret = sysfs_device_get(name, &dev);
		if (ret) {
			failure_set(NULL, "no-device", -ret, NULL, &c->err);
			err_what(&c->err, "%s: no such device", name);
			return ret;
		}
		ret = add_item(c, &dev, false);
		if (!ret && c->group)
			ret = bind_items_group(c, dev.group, &added);
	}
	return ret;
}

int bind_item_refuse(struct bind_item *it)
{
	it->status = ITEM_FAILED;
	return -(it->err.no ? it->err.no : EBUSY);
}

/* Refuses @it for the failure with this id. */
static int refuse_for(struct bind_cmd *c, struct bind_item *it, const char *id, const char *object)
{
	c->env.object = object;
	failure_set(&c->env, id, failure_get(id)->no, NULL, &it->err);
	c->env.object = NULL;
	return bind_item_refuse(it);
}

/* Reads its driver_override and its record.  A record of another device does not count. */
static int look_at(struct bind_cmd *c, struct bind_item *it)
{
	int ret;

	/* While a removal waits it holds the device's lock, which driver_override takes too. */
	if (c->env.leaving)
		return refuse_for(c, it, "removal-waits", NULL);
	ret = bind_override_get(it->dev.bdf, it->override, sizeof(it->override));

	if (ret) {
		it->err.no = -ret;
		err_what(&it->err, "could not read driver_override");
		err_why(&it->err, "%s", strerror(-ret));
		err_fix(&it->err, "see the device's directory below /sys/bus/pci/devices");
		return bind_item_refuse(it);
	}
	ret = bind_state_load(c->dir, it->dev.bdf, &it->rec, &it->err);
	if (ret && ret != -ENOENT)
		return bind_item_refuse(it);
	it->recorded = !ret && bind_standing(&it->dev, &it->rec) != BIND_UNKNOWN;
	return 0;
}

/* VFIO's drivers refuse a device without an IOMMU: we say so before anything is changed. */
static int check_device(struct bind_cmd *c, struct bind_item *it)
{
	const struct failure *f;

	if (it->dev.group < 0) {
		env_machine(&c->env, NULL);
		env_device(&c->env, it->dev.bdf, &c->holders);
	}
	f = failure_blocking(&c->env, "bind", &it->err);
	/* A device that has no driver may get its group together with the driver. */
	if (!f || (f->check == CHECK_GROUP && !it->dev.driver[0]) ||
	    (f->check == CHECK_IOMMU && c->env.noiommu_mode == FACT_YES)) {
		memset(&it->err, 0, sizeof(it->err));
		return 0;
	}
	return bind_item_refuse(it);
}

/* Refuses a device that is in use, or that others depend on, before anything is changed. */
static int check_use(struct bind_cmd *c, struct bind_item *it)
{
	char what[256];
	enum use use;

	use = bind_held(&c->env, &c->holders, what, sizeof(what));
	if (use == USE_FOUND)
		return refuse_for(c, it, "unbind-waits", NULL);
	/* --force does not help: VFIO refuses it, and unbinding its driver removes the VFs. */
	if (c->env.nr_vfs)
		return refuse_for(c, it, "has-vfs", NULL);
	if (c->force)
		return 0;
	if (use == USE_UNKNOWN)
		return refuse_for(c, it, "use-unknown", what);
	use = in_use(it->dev.bdf, what, sizeof(what));
	if (use == USE_NONE)
		return 0;
	return refuse_for(c, it, use == USE_FOUND ? "in-use" : "use-unknown", what);
}

static int may_bind(struct bind_cmd *c, struct bind_item *it)
{
	const char *bridge = sysfs_bridge_name(&it->dev);

	if (bridge && it->member) {
		it->status = ITEM_SKIPPED;
		return 0;
	}
	if (bridge)
		return refuse_for(c, it, "bridge", NULL);
	if (look_at(c, it))
		return -1;
	switch (bind_plan(&it->dev, it->override, it->recorded ? &it->rec : NULL, c->driver)) {
	case BIND_DONE:
		it->status = ITEM_UNCHANGED;
		return 0;
	case BIND_OTHER:
		return refuse_for(c, it, "bound-elsewhere", it->rec.to);
	case BIND_FRESH:
		it->recorded = false;
		break;
	case BIND_RESUME:
		if (strcmp(it->dev.driver, c->driver) || strcmp(it->override, c->driver))
			break;
		it->status = ITEM_UNCHANGED;
		return 0;
	}
	if (strstr(c->driver, "vfio") && check_device(c, it))
		return -1;
	return strcmp(it->dev.driver, c->driver) ? check_use(c, it) : 0;
}

static int may_unbind(struct bind_cmd *c, struct bind_item *it)
{
	bool on_vfio = strstr(it->dev.driver, "vfio");

	if (look_at(c, it))
		return -1;
	it->let_go = !it->recorded && c->force && on_vfio && !it->member;
	/* With --group, it is enough if one device of the group has a record. */
	if (!it->recorded && !it->let_go && c->group) {
		it->status = ITEM_SKIPPED;
		return 0;
	}
	if (!it->recorded && !it->let_go)
		return refuse_for(c, it, "never-bound", NULL);
	if (it->recorded && !c->force && bind_standing(&it->dev, &it->rec) == BIND_MOVED)
		return refuse_for(c, it, "moved-since",
				  it->rec.from[0] ? it->rec.from : "no driver");
	return it->let_go || strcmp(it->dev.driver, it->rec.from) ? check_use(c, it) : 0;
}

int bind_items_check(struct bind_cmd *c, size_t from)
{
	int ret = 0;

	holders_free(&c->holders);
	holders_find(&c->holders);
	for (; from < c->nr; from++) {
		struct bind_item *it = &c->items[from];

		memset(&c->env, 0, sizeof(c->env));
		env_device(&c->env, it->dev.bdf, &c->holders);
		if (c->unbind ? may_unbind(c, it) : may_bind(c, it))
			ret = -1;
	}
	return ret;
}

bool bind_item_was_bound(const struct bind_item *it)
{
	return it->recorded && !strcmp(it->dev.driver, it->rec.to);
}
