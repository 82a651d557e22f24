// SPDX-License-Identifier: GPL-2.0
/* Opens the module's files, and makes the arguments for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "ktap.h"

int module_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", path,
			 strerror(errno));
	return fd;
}

uint32_t device_number(const char *bdf)
{
	unsigned int segment, bus, dev, fn;

	if (sscanf(bdf, "%x:%x:%x.%u", &segment, &bus, &dev, &fn) != 4)
		bail_out("%s: not a PCI address", bdf);
	return bus << 8 | dev << 3 | fn;
}
