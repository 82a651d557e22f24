/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The kernel's request to give a device back, because it is to be unplugged, or unbound from its
 * driver.  The process that asked for that waits until we close the device, without a time limit.
 * So a request ends the run as a signal does: waits end, and everything is undone.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The listener for requests for one device. */
struct request {
	char bdf[16];
	int device, event;
	pthread_t thread;
	bool listening;
	atomic_bool stopping;
};

/*
 * From now on a request for @device sets signal_seen.  To be called by the thread that handles
 * signals.  0 or -errno; -ENOTTY or -EINVAL: this kernel or device makes no requests.
 */
int request_listen(struct request *req, int device, const char *bdf);
/* Stops listening, and disables the device's request index. */
void request_stop(struct request *req);

/* The address of the device that was requested back; NULL: none was. */
const char *request_seen(void);

#endif /* REQUEST_H */
