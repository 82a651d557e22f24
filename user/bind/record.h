/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What `bind` has to remember to put a device back, and what it decides from that.  No I/O.
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
#define BIND_MODULES  32   /* the most modules that one bind loads */
#define BIND_NONE     "(none)"
#define BIND_NULL     "(null)" /* how the kernel shows a driver_override that is not set */

struct bind_record {
	uint32_t vendor, device;   /* of the device that we bound: another one may be there now */
	char from[SYSFS_NAME];	   /* its driver before; "" for none */
	char to[SYSFS_NAME];	   /* where we put it */
	char override[SYSFS_NAME]; /* its driver_override before, as the file says it */
};

/* The modules that bind loaded, in that order */
struct bind_modules {
	char names[BIND_MODULES][SYSFS_NAME];
	size_t nr;
};

/* Can it be the name of a driver?  If so, it is safe as a part of a path. */
bool bind_name_ok(const char *name);

/* 0, or -EINVAL if any part of the text is wrong; @rec is then not written. */
int bind_record_parse(const char *text, size_t len, struct bind_record *rec);
/* Returns the length without the NUL; BIND_TEXT_MAX bytes are enough for @buf. */
size_t bind_record_format(const struct bind_record *rec, char *buf, size_t len);

int bind_modules_parse(const char *text, size_t len, struct bind_modules *mods);
size_t bind_modules_format(const struct bind_modules *mods, char *buf, size_t len);
/* Appends @name unless it is there already; false: there is no room. */
bool bind_modules_add(struct bind_modules *mods, const char *name);

/* How a device compares with the record of it; @rec may be NULL. */
enum bind_standing {
	BIND_UNKNOWN, /* there is no record, or it is of another device at this address */
	BIND_OURS,    /* it is as we left it, or in the middle of a bind or unbind */
	BIND_MOVED,   /* its driver is neither the one before the bind nor the one after */
};

enum bind_standing bind_standing(const struct sysfs_device *dev, const struct bind_record *rec);

/* What a bind to a driver has to do. */
enum bind_plan {
	BIND_DONE,   /* nothing: somebody else has put it on this driver */
	BIND_FRESH,  /* write a record of how it is now, then change it */
	BIND_RESUME, /* change it: a record of how it was exists already */
	BIND_OTHER,  /* refuse: an earlier bind put it on another driver */
};

/* @override is the device's driver_override now. */
enum bind_plan bind_plan(const struct sysfs_device *dev, const char *override,
			 const struct bind_record *rec, const char *to);

#endif /* BIND_RECORD_H */
