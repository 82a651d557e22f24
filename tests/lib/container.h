/* SPDX-License-Identifier: GPL-2.0 */
/* Opens a device in a VFIO container. */
#ifndef TESTS_CONTAINER_H
#define TESTS_CONTAINER_H

#include <stdint.h>

struct container {
	int container, group, device; /* file descriptors */
};

/* Opens @bdf in a container of type 1v2; ends the test if that fails. */
struct container container_open(const char *bdf);

/* Maps @len bytes at @va to @iova, for reading; ends the test if that fails. */
void container_map(const struct container *c, void *va, uint64_t len, uint64_t iova);

#endif /* TESTS_CONTAINER_H */
