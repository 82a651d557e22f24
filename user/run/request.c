// SPDX-License-Identifier: GPL-2.0
#include "run/request.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/signals.h"
#include "vfio/vfio.h"

/* The signal is repeated, as the first may arrive between a check of signal_seen and a wait. */
#define AGAIN_MS 100

static pthread_t listener; /* the thread that gets the signal */
static char wanted[sizeof(((struct request *)0)->bdf)];

const char *request_seen(void)
{
	return signal_requested ? wanted : NULL;
}

/*
 * A run may wait in many places: in poll(), in a driver's sleep, in the kernel.  An eventfd cannot
 * send a signal, so a thread waits for the eventfd, and interrupts the waits with a signal.
 */
static void *hear(void *arg)
{
	const struct timespec again = { .tv_nsec = AGAIN_MS * 1000000L };
	const struct request *req = arg;
	uint64_t count;

	while (read(req->event, &count, sizeof(count)) != sizeof(count))
		if (errno != EINTR)
			return NULL;
	/* request_stop() writes to it too, to wake this thread. */
	if (req->stopping)
		return NULL;
	/* If two are requested at a time, either may be named; all are given back. */
	memcpy(wanted, req->bdf, sizeof(wanted));
	signal_requested = 1;
	while (!req->stopping) {
		pthread_kill(listener, SIGNAL_REQUEST);
		nanosleep(&again, NULL);
	}
	return NULL;
}

/* Starts the thread with all signals blocked, so that the main thread gets them. */
static int start_hearing(struct request *req)
{
	sigset_t all, was;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	listener = pthread_self();
	ret = -pthread_create(&req->thread, NULL, hear, req);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return ret;
}

/*
 * Is the device being taken from its driver already?  Its link in sysfs goes before the driver is
 * asked to let go of it: __device_release_driver() in drivers/base/dd.c.
 */
static bool is_leaving(const char *bdf)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	if (access(path, F_OK))
		return false;
	strncat(path, "/driver", sizeof(path) - strlen(path) - 1);
	return access(path, F_OK) && errno == ENOENT;
}

int request_listen(struct request *req, int device, const char *bdf)
{
	const uint64_t one = 1;
	int ret;

	memset(req, 0, sizeof(*req));
	snprintf(req->bdf, sizeof(req->bdf), "%s", bdf);
	req->device = device;
	req->event = eventfd(0, EFD_CLOEXEC);
	if (req->event < 0)
		return -errno;
	ret = vfio_irq_enable(device, VFIO_PCI_REQ_IRQ_INDEX, req->event);
	if (!ret) {
		ret = start_hearing(req);
		if (!ret) {
			req->listening = true;
			/* What was requested before is requested again only after 10 s. */
			if (is_leaving(bdf) && write(req->event, &one, sizeof(one)) < 0)
				return -errno;
			return 0;
		}
		vfio_irq_disable(device, VFIO_PCI_REQ_IRQ_INDEX);
	}
	close(req->event);
	return ret;
}

void request_stop(struct request *req)
{
	const uint64_t one = 1;

	if (!req->listening)
		return;
	req->listening = false;
	vfio_irq_disable(req->device, VFIO_PCI_REQ_IRQ_INDEX);
	req->stopping = true;
	/* An eventfd whose counter is full is readable too.  pthread_cancel() would need libgcc_s.
	 */
	while (write(req->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(req->thread, NULL);
	close(req->event);
}
