/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What of the host would go away with a device's driver. */
#ifndef IN_USE_H
#define IN_USE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is anything below a PCI device in use: a network interface that is up, a disk or
 * a partition that is mounted, swapped to, or held by another (dm, md)?  The first
 * found, in words: "nvme0n1p1 is mounted on /mnt".
 */
bool in_use(const char *bdf, char *what, size_t len);

/*
 * Parts of it, which are pure.  A line of /proc/self/mountinfo: the device's number
 * and source, where it is mounted; each of @len.
 */
bool in_use_parse_mount(const char *line, unsigned int *major, unsigned int *minor, char *source,
			char *where, size_t len);
/* "nvme0c1n2", a path to it: its disk is "nvme0n2"; else the name as it is */
void in_use_disk_name(const char *name, char *out, size_t len);

#endif /* IN_USE_H */
