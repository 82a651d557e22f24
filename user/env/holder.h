/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Which processes have VFIO's files open, as far as /proc lets us look. */
#ifndef HOLDER_H
#define HOLDER_H

#include <stddef.h>

enum holder_what {
	HOLDER_GROUP,  /* /dev/vfio/N or /dev/vfio/noiommu-N; nr is N */
	HOLDER_CDEV,   /* /dev/vfio/devices/vfioN; nr is N */
	HOLDER_DEVICE, /* a device's file, of which nobody says which: nr is -1 */
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
 * All there are, by the number of the node that a file is, whatever it is called; what cannot
 * be looked at is counted.
 */
void holders_find(struct holders *h);
void holders_free(struct holders *h);

/* The first of a kind, or NULL; @nr < 0: none, but for HOLDER_DEVICE */
const struct holder *holders_get(const struct holders *h, enum holder_what what, int nr);

#endif /* HOLDER_H */
