/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Makes a call that may block in the kernel in a child process, with a time limit.  A child that
 * hangs does not block us, and does not keep our lock or our output open.
 */
#ifndef LIMITED_H
#define LIMITED_H

#include <stddef.h>

/*
 * Runs @fn in a child that has a copy of our memory, and none of our open files (its stdin,
 * stdout and stderr are /dev/null).  Returns what @fn returned, and @out then holds what @fn wrote
 * to its @out.  -ETIMEDOUT: the child did not end within @ms milliseconds and was sent SIGKILL; it
 * dies as soon as the kernel lets it.  Another -errno: the child could not be started, or died.
 */
int limited(int (*fn)(const void *in, void *out), const void *in, void *out, size_t len,
	    unsigned int ms);

#endif /* LIMITED_H */
