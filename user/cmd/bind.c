// SPDX-License-Identifier: GPL-2.0
/*
 * vfio_test bind, unbind: devices to a VFIO driver, and back to where they were.
 *
 * First all devices are looked at, and nothing is changed where one of them cannot
 * be had.  Then, of each: its record, the modules, the device.  The record goes last,
 * when the device is back and the modules are gone.  So a run that was killed at any
 * point has left a record of what it may have changed, and can be done again, or
 * taken back by unbind.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>

#include "bind/bind.h"
#include "bind/record.h"
#include "bind/state.h"
#include "cmd/cmd.h"
#include "env/env.h"
#include "lib/err.h"
#include "failure/failure.h"
#include "env/holder.h"
#include "env/in_use.h"
#include "lib/out.h"
#include "module/module.h"
#include "lib/parse.h"
#include "report/report.h"
#include "lib/signals.h"
#include "pci/sysfs.h"
#include "lib/term.h"
#include "lib/text.h"

#define VFIO_PCI "vfio-pci"

/* Where a device stands in this run */
enum item_status {
	ITEM_NOT_REACHED,
	ITEM_BOUND,
	ITEM_RESTORED,
	ITEM_UNCHANGED, /* it was so already */
	ITEM_SKIPPED,	/* not a candidate, and not asked for by its own address */
	ITEM_FAILED,
	ITEM_UNDONE, /* changed, and put back since another one failed */
};

static const char *const status_names[] = {
	[ITEM_NOT_REACHED] = "not-reached", [ITEM_BOUND] = "bound",
	[ITEM_RESTORED] = "restored",	    [ITEM_UNCHANGED] = "unchanged",
	[ITEM_SKIPPED] = "skipped",	    [ITEM_FAILED] = "failed",
	[ITEM_UNDONE] = "undone",
};

struct bind_item {
	struct sysfs_device dev;   /* as this run found it */
	char override[SYSFS_NAME]; /* the same */
	bool member;		   /* here for its group's sake alone */
	bool recorded;
	struct bind_record rec; /* where recorded, or touched */
	bool let_go;		/* unbind --force of one that has no record */
	bool touched;		/* this run may have changed it */
	enum item_status status;
	struct err err;
};

struct bind_cmd {
	const struct globals *g;
	bool unbind, group, force;
	bool interrupted;   /* by a signal, before all was done; a later one is too late */
	const char *driver; /* to bind to */
	int dir;	    /* of the records; also the lock */
	struct modules *mods;
	struct holders holders;
	struct env env;		  /* of the device in hand */
	struct sysfs_device *all; /* every PCI device */
	size_t nr_all;
	struct bind_item *items;
	size_t nr;
	struct err err; /* of no single device */
};

/* --- which devices --------------------------------------------------------- */

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

/* All of a group but bridges, which are told.  *added counts. */
static int bind_items_group(struct bind_cmd *c, int group, size_t *added)
{
	size_t i, nr = c->nr;
	int ret = 0;

	for (i = 0; group >= 0 && i < c->nr_all && !ret; i++)
		if (c->all[i].group == group)
			ret = add_item(c, &c->all[i], true);
	*added = c->nr - nr;
	return ret;
}

static int bind_items_look(struct bind_cmd *c)
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

static int bind_items_asked(struct bind_cmd *c, char **bdfs, int nr)
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

/* --- may it be? ------------------------------------------------------------ */

static int bind_item_refuse(struct bind_item *it)
{
	it->status = ITEM_FAILED;
	return -(it->err.no ? it->err.no : EBUSY);
}

/* Refused for what the table of failures has under this name */
static int refuse_for(struct bind_cmd *c, struct bind_item *it, const char *id, const char *object)
{
	c->env.object = object;
	failure_set(&c->env, id, failure_get(id)->no, NULL, &it->err);
	c->env.object = NULL;
	return bind_item_refuse(it);
}

/* Its driver_override and its record; those of another device are no record. */
static int look_at(struct bind_cmd *c, struct bind_item *it)
{
	int ret;

	/* Its lock is taken for as long as that lasts, and its driver_override is under it. */
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

/* VFIO's drivers take nothing without an IOMMU: better said than tried. */
static int check_device(struct bind_cmd *c, struct bind_item *it)
{
	const struct failure *f;

	if (it->dev.group < 0) {
		env_machine(&c->env, NULL);
		env_device(&c->env, it->dev.bdf, &c->holders);
	}
	f = failure_blocking(&c->env, "bind", &it->err);
	/* One on no driver may get its group with the driver. */
	if (!f || (f->check == CHECK_GROUP && !it->dev.driver[0]) ||
	    (f->check == CHECK_IOMMU && c->env.noiommu_mode == FACT_YES)) {
		memset(&it->err, 0, sizeof(it->err));
		return 0;
	}
	return bind_item_refuse(it);
}

/* Who uses it, and what hangs from it, before anything is touched */
static int check_use(struct bind_cmd *c, struct bind_item *it)
{
	char what[256];
	enum use use;

	use = bind_held(&c->env, &c->holders, what, sizeof(what));
	if (use == USE_FOUND)
		return refuse_for(c, it, "unbind-waits", NULL);
	/* Not even by force: VFIO refuses such a device, and a driver takes them along. */
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
	/* Of a group there need only be one. */
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

/* All of them, so that everything that is in the way is told at once */
static int bind_items_check(struct bind_cmd *c, size_t from)
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

/* --- modules --------------------------------------------------------------- */

struct planned {
	struct bind_modules *mods;
	bool all; /* there was room for them */
};

static void plan_module(const char *name, void *arg)
{
	struct planned *p = arg;

	p->all = bind_modules_add(p->mods, name) && p->all;
}

/* Loads the driver where the kernel lacks it, and before that writes down what. */
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
	/* What cannot be planned cannot be loaded, and that says why. */
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

/* Once no other device needs them: what bind loaded, the last first, if nobody uses it */
static int drop_modules(struct bind_cmd *c, int records_left, struct err *err)
{
	struct bind_modules mods;
	bool told = c->g->quiet;
	int ret;

	/* Where they could not be counted somebody may need them. */
	if (records_left)
		return 0;
	ret = bind_state_load_modules(c->dir, &mods, err);
	if (ret)
		return ret;
	while (mods.nr) {
		const char *name = mods.names[--mods.nr];

		if (!sysfs_module_present(name))
			continue;
		/* The kernel would take the driver from a device: no use counts that. */
		ret = bind_module_has_devices(name) ? -EBUSY : modules_unload(c->mods, name);
		/* Those below it are then in use by it. */
		if (ret && !told)
			fprintf(stderr, "vfio_test: %s: left loaded: %s; modprobe -r %s\n", name,
				ret == -EBUSY || ret == -EAGAIN ? "something uses it"
								: strerror(-ret),
				name);
		told = told || ret;
	}
	return bind_state_remove_modules(c->dir, err);
}

/* --- the change ------------------------------------------------------------ */

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

/* Did this run find it bound by an earlier one? */
static bool bind_item_was_bound(const struct bind_item *it)
{
	return it->recorded && !strcmp(it->dev.driver, it->rec.to);
}

/* Takes @it back to what this run found, or, where that was half-way, to its beginning */
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
	/* Its record is still needed. */
	return !bind_item_was_bound(it);
}

/* The records of those that are @done, after the modules */
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
	/* What made us undo is what is to be told. */
	if (err.what[0])
		c->err = err;
	free(done);
}

static int bind_items_bind(struct bind_cmd *c)
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

/* One that fails keeps no other from its driver; nor does a signal undo what is back. */
static int bind_items_unbind(struct bind_cmd *c)
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
			"there is no record of a vfio_test bind of any device in its group");
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

/* --- what is told ---------------------------------------------------------- */

static const char *none_or(const char *driver)
{
	return driver[0] ? text_shown(driver) : "no driver";
}

/* Where it was before all, and where it should be now; "" for on no driver */
static const char *item_from(const struct bind_cmd *c, const struct bind_item *it)
{
	return !c->unbind && (it->recorded || it->touched) ? it->rec.from : it->dev.driver;
}

static const char *item_to(const struct bind_cmd *c, const struct bind_item *it,
			   struct sysfs_device *now)
{
	if (!c->unbind)
		return c->driver;
	if (!it->let_go)
		return it->rec.from;
	return sysfs_device_get(it->dev.bdf, now) ? "" : now->driver;
}

static void print_item(const struct bind_cmd *c, const struct bind_item *it)
{
	const char *bridge = sysfs_bridge_name(&it->dev);
	struct sysfs_device now;

	switch (it->status) {
	case ITEM_BOUND:
	case ITEM_RESTORED:
		printf("%s: %s -> %s\n", it->dev.bdf, none_or(item_from(c, it)),
		       none_or(item_to(c, it, &now)));
		if (c->g->verbose && !c->unbind)
			printf("  driver_override was %s; all of it in /run/vfio-verify/%s\n",
			       text_shown(it->rec.override), it->dev.bdf);
		break;
	case ITEM_UNCHANGED:
		printf("%s: on %s already%s\n", it->dev.bdf, text_shown(it->dev.driver),
		       it->recorded ? "" : ", by somebody else");
		break;
	case ITEM_SKIPPED:
		if (bridge && !c->unbind)
			printf("%s: left alone: it is %s\n", it->dev.bdf, bridge);
		break;
	case ITEM_UNDONE:
		printf("%s: undone: on %s again\n", it->dev.bdf,
		       none_or(bind_item_was_bound(it) ? it->rec.to : it->rec.from));
		break;
	case ITEM_NOT_REACHED:
	case ITEM_FAILED:
		break;
	}
}

/* Of the groups of what was bound: the devices that keep VFIO from them.  @each of them. */
static void each_blocking(struct bind_cmd *c,
			  void (*each)(const struct sysfs_device *dev, const char *ours, void *arg),
			  void *arg)
{
	struct sysfs_device now;
	size_t i, k;

	if (c->unbind || !strstr(c->driver, "vfio") || bind_items_look(c))
		return;
	for (k = 0; k < c->nr_all; k++) {
		/* What kernel it is takes time to find out, and matters for bridges alone. */
		if (c->all[k].group < 0 || sysfs_driver_viable(&c->all[k], false) ||
		    (sysfs_driver_viable(&c->all[k], true) && sysfs_bridges_pass()))
			continue;
		for (i = 0; i < c->nr; i++)
			if (c->items[i].status != ITEM_SKIPPED &&
			    !sysfs_device_get(c->items[i].dev.bdf, &now) &&
			    now.group == c->all[k].group)
				break;
		if (i < c->nr)
			each(&c->all[k], c->items[i].dev.bdf, arg);
	}
}

static void print_blocking(const struct sysfs_device *dev, const char *ours, void *arg)
{
	const char *bridge = sysfs_bridge_name(dev);

	(void)arg;
	if (bridge)
		fprintf(stderr,
			"vfio_test: %s: group %d is not viable yet: in the same group: %s (%s) on %s; take it from its driver: echo %s > /sys/bus/pci/drivers/%s/unbind\n",
			ours, dev->group, dev->bdf, bridge, text_shown(dev->driver), dev->bdf,
			text_shown(dev->driver));
	else
		fprintf(stderr,
			"vfio_test: %s: group %d is not viable yet: in the same group: %s on %s; vfio_test bind --group %s\n",
			ours, dev->group, dev->bdf, text_shown(dev->driver), ours);
}

static void add_string(struct json_object *obj, const char *key, const char *v)
{
	json_object_object_add(obj, key, v && v[0] ? json_text(v) : NULL);
}

static struct json_object *item_json(const struct bind_cmd *c, const struct bind_item *it)
{
	struct json_object *obj = json_object_new_object();
	struct sysfs_device now;

	add_string(obj, "bdf", it->dev.bdf);
	add_string(obj, "from", item_from(c, it));
	add_string(obj, "to", item_to(c, it, &now));
	add_string(obj, "status", status_names[it->status]);
	if (it->err.what[0])
		json_object_object_add(obj, "error", err_json(&it->err));
	return obj;
}

static void blocking_json(const struct sysfs_device *dev, const char *ours, void *arg)
{
	struct json_object *obj = json_object_new_object();

	(void)ours;
	add_string(obj, "bdf", dev->bdf);
	add_string(obj, "driver", dev->driver);
	json_object_object_add(obj, "group", json_object_new_int(dev->group));
	json_object_array_add(arg, obj);
}

static void print_json(struct bind_cmd *c, const struct err *err)
{
	struct json_object *root = json_answer("vfio_test", err ? "error" : "pass");
	struct json_object *list = json_object_new_array();
	struct json_object *blocking = json_object_new_array();
	size_t i;

	for (i = 0; i < c->nr; i++)
		json_object_array_add(list, item_json(c, &c->items[i]));
	json_object_object_add(root, "devices", list);
	if (!err)
		each_blocking(c, blocking_json, blocking);
	json_object_object_add(root, "blocking", blocking);
	if (err)
		json_object_object_add(root, "error", err_json(err));
	json_print(root, true);
}

static int bind_tell(struct bind_cmd *c)
{
	const struct err *first = c->err.what[0] ? &c->err : NULL;
	size_t i;

	if (first)
		err_print(first, "vfio_test", NULL);
	for (i = 0; i < c->nr; i++) {
		const struct bind_item *it = &c->items[i];

		if (!c->g->quiet && !c->g->json)
			print_item(c, it);
		if (!it->err.what[0])
			continue;
		err_print(&it->err, "vfio_test", it->dev.bdf);
		first = first ? first : &it->err;
	}
	if (c->g->json)
		print_json(c, first);
	if (!first && !c->g->quiet)
		each_blocking(c, print_blocking, NULL);
	return first ? EXIT_STOPPED : EXIT_OK;
}

/* What was done, undone or not reached; that a signal came is what stopped it. */
static void bind_tell_interrupted(struct bind_cmd *c)
{
	struct err err = { 0 };

	signals_explain(&err);
	print_json(c, c->err.what[0] ? &c->err : &err);
}

/* --- the command line ------------------------------------------------------ */

enum { OPT_GROUP = 256, OPT_FORCE, OPT_DRIVER };

static const struct option bind_options[] = { { "group", no_argument, NULL, OPT_GROUP },
					      { "force", no_argument, NULL, OPT_FORCE },
					      { "driver", required_argument, NULL, OPT_DRIVER },
					      GLOBAL_OPTIONS,
					      { 0 } };

static const struct option unbind_options[] = { { "group", no_argument, NULL, OPT_GROUP },
						{ "force", no_argument, NULL, OPT_FORCE },
						GLOBAL_OPTIONS,
						{ 0 } };

static const char bind_help[] =
	"  --group          all devices of its IOMMU group as well, but bridges\n"
	"  --driver NAME    to another driver than vfio-pci\n"
	"  --force          also a device that is in use: its disk, network interface, console,\n"
	"                   or a node of it that a program has open\n";

static const char unbind_help[] =
	"  --group          all devices of its IOMMU group that bind had taken\n"
	"  --force          also one that somebody has put on another driver since, or that is\n"
	"                   in use there, and one on a VFIO driver by hand: the kernel then\n"
	"                   chooses a driver\n";

/* 0, or the exit code of a usage error; *done >= 0: nothing left to do */
static int parse_options(int argc, char **argv, struct globals *g, const struct cmd *cmd,
			 struct bind_cmd *c, int *done)
{
	const struct option *options = c->unbind ? unbind_options : bind_options;
	struct pci_bdf bdf;
	int opt, i;

	*done = -1;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":" GLOBAL_SHORT, options, NULL)) != -1) {
		if (globals_option(opt, g, cmd, done)) {
			if (*done >= 0)
				return 0;
		} else if (opt == OPT_GROUP) {
			c->group = true;
		} else if (opt == OPT_FORCE) {
			c->force = true;
		} else if (opt == OPT_DRIVER) {
			c->driver = optarg;
		} else {
			return bad_option(opt, argv, cmd);
		}
	}
	if (g->ktap)
		return usage_error("--ktap: there are no test points here; use --json");
	if (!bind_name_ok(c->driver))
		return usage_error(
			"--driver %s: not the name of a driver; see /sys/bus/pci/drivers",
			c->driver);
	if (optind == argc)
		return usage_error(
			"no device: a PCI address is needed; as in vfio_test %s 0000:00:01.0, see vfio_test list",
			cmd->name);
	for (i = optind; i < argc; i++)
		if (parse_bdf(argv[i], &bdf))
			return bad_address(argv[i]);
	return 0;
}

static void work(struct bind_cmd *c, char **bdfs, int nr)
{
	int ret;

	c->dir = bind_state_open(&c->err);
	if (c->dir < 0)
		return;
	ret = modules_open(&c->mods);
	if (ret)
		err_set(&c->err, -ret, "libkmod", strerror(-ret), "end other programs");
	else if (!bind_items_asked(c, bdfs, nr)) {
		if (c->unbind)
			bind_items_unbind(c);
		else
			bind_items_bind(c);
	}
	if (c->mods)
		modules_close(c->mods, NULL);
	bind_state_close(c->dir);
}

static int bind_cmd_main(int argc, char **argv, struct globals *g, const struct cmd *cmd)
{
	struct bind_cmd c = { .g = g, .unbind = cmd == &cmd_unbind, .driver = VFIO_PCI };
	int ret, done;

	ret = parse_options(argc, argv, g, cmd, &c, &done);
	if (ret || done >= 0)
		return ret ? ret : done;
	term_init(g->no_color);
	signals_catch();
	work(&c, argv + optind, argc - optind);
	if (!c.interrupted)
		ret = bind_tell(&c);
	else if (g->json)
		bind_tell_interrupted(&c);
	free(c.items);
	free(c.all);
	holders_free(&c.holders);
	if (c.interrupted)
		signals_die();
	return ret;
}

static int bind_main(int argc, char **argv, struct globals *g)
{
	return bind_cmd_main(argc, argv, g, &cmd_bind);
}

static int unbind_main(int argc, char **argv, struct globals *g)
{
	return bind_cmd_main(argc, argv, g, &cmd_unbind);
}

const struct cmd cmd_bind = {
	.name = "bind",
	.args = "[OPTIONS] BDF...",
	.help = "devices to vfio-pci; remembers where they were",
	.options = bind_help,
	.long_options = bind_options,
	.run = bind_main,
};

const struct cmd cmd_unbind = {
	.name = "unbind",
	.args = "[OPTIONS] BDF...",
	.help = "back to the driver that they had before bind",
	.options = unbind_help,
	.long_options = unbind_options,
	.run = unbind_main,
};
