/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A run of vfio_test bind or unbind: its devices, and what is done with them. */
#ifndef BIND_ITEMS_H
#define BIND_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "bind/record.h"
#include "env/env.h"
#include "env/holder.h"
#include "lib/args.h"
#include "lib/err.h"
#include "pci/sysfs.h"

struct modules;

#define VFIO_PCI "vfio-pci"

/* What this run has done with a device. */
enum item_status {
	ITEM_NOT_REACHED,
	ITEM_BOUND,
	ITEM_RESTORED,
	ITEM_UNCHANGED, /* it was on that driver already */
	ITEM_SKIPPED,	/* not a candidate, and named only by its group */
	ITEM_FAILED,
	ITEM_UNDONE, /* changed, and put back because another device failed */
};

struct bind_item {
	struct sysfs_device dev;   /* as this run found it */
	char override[SYSFS_NAME]; /* its driver_override, as this run found it */
	bool member;		   /* not named itself: --group added it */
	bool recorded;
	struct bind_record rec; /* valid if recorded or touched */
	bool let_go;		/* unbind --force takes it although it has no record */
	bool touched;		/* this run may have changed it */
	enum item_status status;
	struct err err;
};

struct bind_cmd {
	const struct globals *g;
	bool unbind, group, force;
	bool interrupted;   /* a signal came before all was done */
	const char *driver; /* the driver to bind to */
	int dir;	    /* the directory of the records, which is also the lock */
	struct modules *mods;
	struct holders holders;
	struct env env;		  /* facts about the device in hand */
	struct sysfs_device *all; /* every PCI device */
	size_t nr_all;
	struct bind_item *items;
	size_t nr;
	struct err err; /* an error that no single device has */
};

/* bind_items.c: the first three return 0 or -errno with c->err. */

/* The devices that the command line names, and with --group those of their groups */
int bind_items_asked(struct bind_cmd *c, char **bdfs, int nr);

/* All of @group; *added says how many of them were not there yet. */
int bind_items_group(struct bind_cmd *c, int group, size_t *added);

/* Reads the list of every PCI device anew. */
int bind_items_look(struct bind_cmd *c);

/*
 * May the devices from number @from on be changed?  -1 if one of them may not: its err says
 * why.  All are asked, so that the user sees all reasons at once.
 */
int bind_items_check(struct bind_cmd *c, size_t from);

/* Marks @it as failed; returns the errno of its err, negative. */
int bind_item_refuse(struct bind_item *it);

/* Had an earlier run bound @it when this run began? */
bool bind_item_was_bound(const struct bind_item *it);

/*
 * bind_change.c: 0, or below zero if a device failed.  bind_items_bind() then has undone what
 * it had changed; bind_items_unbind() goes on with the others.
 */
int bind_items_bind(struct bind_cmd *c);
int bind_items_unbind(struct bind_cmd *c);

/* bind_tell.c */

/* Says what became of each device, as text or as JSON; returns the exit code. */
int bind_tell(struct bind_cmd *c);

/* The JSON of a run that a signal has ended */
void bind_tell_interrupted(struct bind_cmd *c);

#endif /* BIND_ITEMS_H */
