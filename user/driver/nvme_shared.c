// SPDX-License-Identifier: GPL-2.0
/* A disk that several controllers have: does this machine use it by another of them? */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/nvme.h"
#include "env/in_use.h"
#include "lib/parse.h"
#include "pci/sysfs.h"

/* Does the controller with this directory belong to @nqn, and is what it has in use? */
static bool used_by(const char *dir, const char *nqn, char *why, size_t len)
{
	char path[PATH_MAX], line[256], device[PATH_MAX], what[160];
	struct pci_bdf bdf;
	const char *name;

	snprintf(path, sizeof(path), "%s/subsysnqn", dir);
	sysfs_read_line(path, line, sizeof(line));
	snprintf(path, sizeof(path), "%s/device", dir);
	if (strcmp(line, nqn) || !realpath(path, device))
		return false;
	name = strrchr(device, '/') + 1;
	/* One over a network has no such address. */
	if (parse_bdf(name, &bdf))
		return false;
	switch (in_use(name, what, sizeof(what))) {
	case USE_NONE:
		return false;
	case USE_FOUND:
		snprintf(why, len, "it is in use through %s: %s", name, what);
		return true;
	default:
		snprintf(why, len, "%s has it as well, and may be in use: %s", name, what);
		return true;
	}
}

bool nvme_used_elsewhere(const char *nqn, char *why, size_t len)
{
	bool found = false;
	size_t i;
	glob_t g;

	if (!nqn[0] || glob("/sys/class/nvme/*", GLOB_NOSORT, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !found; i++)
		found = used_by(g.gl_pathv[i], nqn, why, len);
	globfree(&g);
	return found;
}
