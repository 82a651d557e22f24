/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Does the host use a device, so that it would lose something with the device's driver? */
#ifndef IN_USE_H
#define IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum use {
	USE_NONE,
	USE_FOUND,
	USE_UNKNOWN, /* not everything could be looked at */
};

/*
 * Is a PCI device, anything below it, or a device that depends on it, in use by anybody:
 * a network interface that is up or in another network namespace; a disk or a partition that
 * is mounted in any mount namespace, swapped to, held by another (dm, md, loop, nvmet) or
 * claimed; a node of it that any process has open or mapped; the console, its keyboard or
 * its framebuffer; a running watchdog; an IOMMU?
 *
 * @what gets the first use that was found: "nvme0n1p1 is mounted on /mnt".  A child with a time
 * limit does the search, since some of these questions can block.
 */
enum use in_use(const char *bdf, char *what, size_t len);

/* --- parts of it, which are pure ------------------------------------------ */

/*
 * A line of /proc/PID/mountinfo: the device's number, the type and source of the file system,
 * where it is mounted; each of @len.
 */
struct in_use_mount {
	unsigned int major, minor;
	char type[64], source[256], where[256];
};

bool in_use_parse_mount(const char *line, struct in_use_mount *mount);

/* "nvme0c1n2" is a path to the disk "nvme0n2"; other names are copied as they are. */
void in_use_disk_name(const char *name, char *out, size_t len);

/*
 * Is a line of /proc/iomem a framebuffer of the firmware ("efifb", "simplefb") that lies
 * within start..end?
 */
bool in_use_firmware_fb(const char *line, uint64_t start, uint64_t end);

/* The device number of a line of /proc/consoles, "ttyS0  -W- (EC p a)  4:64" */
bool in_use_parse_console(const char *line, unsigned int *major, unsigned int *minor);

/* The number of a line of a "dev" file, "259:0" */
bool in_use_parse_dev(const char *line, unsigned int *major, unsigned int *minor);

/*
 * Lines of /proc/PID/fdinfo/N of an io_uring: if this one names a file that is registered with it,
 * as "    0: nvme0n1", copies the last part of the name to @name.  *within is the state between
 * the lines, at first false.
 */
bool in_use_parse_registered(const char *line, bool *within, char *name, size_t len);

#endif /* IN_USE_H */
