/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Calls that may wait in the kernel for somebody else, made by a child with a time limit:
 * a child that hangs does not keep us, our lock or our output.
 */
#ifndef LIMITED_H
#define LIMITED_H

#include <stddef.h>

/*
 * Runs @fn in a child, with a copy of our memory and none of our files (its stdin, stdout and
 * stderr are /dev/null).  Returns what @fn returned, and then @out has what @fn wrote to its
 * @out; -ETIMEDOUT: it has not ended after @ms and was told to die, which it does when the
 * kernel lets it go; another -errno: there is no such child.
 */
int limited(int (*fn)(const void *in, void *out), const void *in, void *out, size_t len,
	    unsigned int ms);

#endif /* LIMITED_H */
