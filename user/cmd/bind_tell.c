// SPDX-License-Identifier: GPL-2.0
/* vfio_test bind, unbind: what became of each device, as text and as JSON. */
#include <stdio.h>
#include <string.h>
#include <json-c/json.h>

#include "cmd/bind_items.h"
#include "lib/err.h"
#include "lib/out.h"
#include "lib/signals.h"
#include "lib/text.h"
#include "pci/sysfs.h"

static const char *const status_names[] = {
	[ITEM_NOT_REACHED] = "not-reached", [ITEM_BOUND] = "bound",
	[ITEM_RESTORED] = "restored",	    [ITEM_UNCHANGED] = "unchanged",
	[ITEM_SKIPPED] = "skipped",	    [ITEM_FAILED] = "failed",
	[ITEM_UNDONE] = "undone",
};

static const char *none_or(const char *driver)
{
	return driver[0] ? text_shown(driver) : "no driver";
}

/* The driver before the bind, and the one that it should have now; "" for none. */
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

/* Calls @each for the devices that keep VFIO from the groups of the devices that were bound. */
static void each_blocking(struct bind_cmd *c,
			  void (*each)(const struct sysfs_device *dev, const char *ours, void *arg),
			  void *arg)
{
	struct sysfs_device now;
	size_t i, k;

	if (c->unbind || !strstr(c->driver, "vfio") || bind_items_look(c))
		return;
	for (k = 0; k < c->nr_all; k++) {
		/* The kernel's version matters only for bridges, and takes time to find out. */
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

int bind_tell(struct bind_cmd *c)
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

void bind_tell_interrupted(struct bind_cmd *c)
{
	struct err err = { 0 };

	signals_explain(&err);
	print_json(c, c->err.what[0] ? &c->err : &err);
}
