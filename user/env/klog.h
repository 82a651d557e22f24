/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The kernel's log, from a point in time on, and the IOMMU faults in it.
 * Documentation/ABI/testing/dev-kmsg.
 */
#ifndef KLOG_H
#define KLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/parse.h"

#define KLOG_LINE 512 /* a message longer than that is cut */

/* What a line says of a DMA that an IOMMU refused. */
struct klog_fault {
	const char *iommu; /* "intel", "amd", "virtio" */
	uint16_t rid;	   /* the device: bus << 8 | dev << 3 | fn */
	bool has_domain;   /* of PCI; else the line does not tell */
	uint32_t domain;
	bool has_addr;
	uint64_t addr;
};

/*
 * A record as /dev/kmsg gives it, "6,339,5140900,-;text\n KEY=value\n", of @len
 * bytes: its time in microseconds since boot and its text, without what the
 * kernel escaped.  False: it is none.  Pure.
 */
bool klog_parse_record(const char *record, size_t len, uint64_t *usec, char *text, size_t text_len);

/* Is this text that of an IOMMU fault?  Pure. */
bool klog_parse_fault(const char *text, struct klog_fault *fault);

/* Is it one of this device, and, where the line has an address, of that page? */
bool klog_fault_is(const struct klog_fault *fault, const struct pci_bdf *bdf, uint64_t iova);

/*
 * The kernel logs a few faults and then is silent for a while: this long at most.
 * DEFAULT_RATELIMIT_INTERVAL of include/linux/ratelimit_types.h, and a little.
 */
#define KLOG_LIMIT_MS 5200

/*
 * Opens the log where it ends now: the file descriptor, or a negative errno.
 * *limited: there were faults a moment ago, so the next may not be logged.
 */
int klog_open(bool *limited);

/*
 * The next fault of this device at this page, at most @timeout_ms later.
 * 0: its text is in @line (KLOG_LINE bytes); -ETIME; -EINTR: signal_seen.
 */
int klog_wait_fault(int fd, const struct pci_bdf *bdf, uint64_t iova, int timeout_ms, char *line);

/* A line of our own, with its end; nobody misses it where it cannot be. */
void klog_say(const char *text);

#endif /* KLOG_H */
