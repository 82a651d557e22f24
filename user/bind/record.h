/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What `bind` has to know to put a device back, and what follows from it.  Pure.
 *
 * A record is a text of five lines, each a key, a blank and a value:
 *
 *	vfio-verify bind 1
 *	device 8086:10d3
 *	from e1000e
 *	to vfio-pci
 *	override (null)
 */
#ifndef BIND_RECORD_H
#define BIND_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/sysfs.h"

#define BIND_TEXT_MAX 4096 /* longer than any file of ours */
#define BIND_MODULES  32   /* that one bind loads, at the most */
#define BIND_NONE     "(none)"
#define BIND_NULL     "(null)" /* how the kernel shows a driver_override that is not set */

struct bind_record {
	uint32_t vendor, device;   /* what was there: another device is not the one we bound */
	char from[SYSFS_NAME];	   /* its driver before; "" for none */
	char to[SYSFS_NAME];	   /* where we put it */
	char override[SYSFS_NAME]; /* its driver_override before, as the file says it */
};

/* The modules that bind loaded, in that order */
struct bind_modules {
	char names[BIND_MODULES][SYSFS_NAME];
	size_t nr;
};

/* Could it be the name of a driver?  Such a one can be part of a path. */
bool bind_name_ok(const char *name);

/* 0, or -EINVAL; all of the text is taken, or nothing. */
int bind_record_parse(const char *text, size_t len, struct bind_record *rec);
/* Returns the length without the end; @buf of BIND_TEXT_MAX has room for it. */
size_t bind_record_format(const struct bind_record *rec, char *buf, size_t len);

int bind_modules_parse(const char *text, size_t len, struct bind_modules *mods);
size_t bind_modules_format(const struct bind_modules *mods, char *buf, size_t len);
/* Once, at the end; false: no room */
bool bind_modules_add(struct bind_modules *mods, const char *name);

/* How a device stands to the record of it; @rec may be NULL */
enum bind_standing {
	BIND_UNKNOWN, /* no record, or of another device at the same address */
	BIND_OURS,    /* as we left it, or on the way there or back */
	BIND_MOVED,   /* on a driver that is neither where it was nor where we put it */
};

enum bind_standing bind_standing(const struct sysfs_device *dev, const struct bind_record *rec);

/* What a bind to a driver takes */
enum bind_plan {
	BIND_DONE,   /* nothing: it is there, by somebody else */
	BIND_FRESH,  /* a record of how it is now, then the change */
	BIND_RESUME, /* there is a record of how it was: the change alone */
	BIND_OTHER,  /* cannot be: an earlier bind put it on another driver */
};

/* @override: the device's driver_override now */
enum bind_plan bind_plan(const struct sysfs_device *dev, const char *override,
			 const struct bind_record *rec, const char *to);

#endif /* BIND_RECORD_H */
