/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The kernel's request to give a device back: it is to be unplugged, or unbound from its
 * driver, and whoever wants that waits for us without limit.  As a signal does, a request ends
 * what waits, and everything is undone.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* What hears the requests for one device. */
struct request {
	char bdf[16];
	int device, event;
	pthread_t thread;
	bool listening;
	atomic_bool stopping;
};

/*
 * From here on a request for @device sets signal_seen.  Called by the thread that handles
 * signals.  0 or -errno; -ENOTTY or -EINVAL: this kernel or device makes no requests.
 */
int request_listen(struct request *req, int device, const char *bdf);
/* Not any more; the device's request index is as before. */
void request_stop(struct request *req);

/* The device that is wanted back, by its address; NULL: none. */
const char *request_seen(void);

#endif /* REQUEST_H */
