/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Which processes have VFIO's files open, as far as /proc shows it. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stddef.h>

enum holder_what {
	HOLDER_GROUP,  /* /dev/vfio/N or /dev/vfio/noiommu-N; nr is N */
	HOLDER_CDEV,   /* /dev/vfio/devices/vfioN; nr is N */
	HOLDER_DEVICE, /* the file of a device; /proc does not say of which, and nr is -1 */
};

struct holder {
	enum holder_what what;
	int nr, pid;
	char comm[32];
};

struct holders {
	struct holder *list;
	size_t nr;
	size_t unseen; /* processes that could not be looked at, and holders left out */
};

/*
 * Finds all of them by the device number of the open file, whatever its name is.  It counts the
 * processes that it may not look at.
 */
void holders_find(struct holders *h);
void holders_free(struct holders *h);

/* The first of this kind and number, or NULL.  Only HOLDER_DEVICE has an @nr below 0. */
const struct holder *holders_get(const struct holders *h, enum holder_what what, int nr);

#endif /* HOLDER_H */
