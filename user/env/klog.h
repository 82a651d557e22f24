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

/* What a line says about a DMA that an IOMMU refused. */
struct klog_fault {
	const char *iommu; /* "intel", "amd", "virtio" */
	uint16_t rid;	   /* the device: bus << 8 | dev << 3 | fn */
	bool has_domain;   /* the line has the PCI domain */
	uint32_t domain;
	bool has_addr;
	uint64_t addr;
};

/*
 * Parses a record of @len bytes of /dev/kmsg, "6,339,5140900,-;text\n KEY=value\n": its time in
 * microseconds since boot, and its text with the kernel's escapes resolved.  False: it is not
 * such a record.  No I/O.
 */
bool klog_parse_record(const char *record, size_t len, uint64_t *usec, char *text, size_t text_len);

/* Is this text a message about an IOMMU fault?  No I/O. */
bool klog_parse_fault(const char *text, struct klog_fault *fault);

/* Is it a fault of this device and, if the line has an address, of this page? */
bool klog_fault_is(const struct klog_fault *fault, const struct pci_bdf *bdf, uint64_t iova);

/*
 * The kernel logs some faults and then none for a while, at most for this long:
 * DEFAULT_RATELIMIT_INTERVAL of include/linux/ratelimit_types.h, and a little more.
 */
#define KLOG_LIMIT_MS 5200

/* In this time a full log is read; one that takes longer is written faster than it is read. */
#define KLOG_OPEN_MS 10000

/*
 * Opens the log at its end; returns the file descriptor, or a negative errno: -EBUSY where the end
 * was not reached within KLOG_OPEN_MS, -EINTR: signal_seen.
 * *limited: there were faults a moment ago, so the next one may not be logged.
 */
int klog_open(bool *limited);

/*
 * Waits for the next fault of this device at this page, for @timeout_ms at most.
 * 0: its text is in @line (KLOG_LINE bytes); -ETIME: there was none; -EINTR: signal_seen.
 */
int klog_wait_fault(int fd, const struct pci_bdf *bdf, uint64_t iova, int timeout_ms, char *line);

/*
 * Has a line of the log @words in it?  1, 0, or a negative errno where nobody can tell: the log
 * cannot be read (-EBUSY and -EINTR as above), or (-ENODATA) has lost its beginning.
 */
int klog_said(const char *words);

/* Writes a line, with its end, into the log.  An error is ignored: the line only helps. */
void klog_say(const char *text);

#endif /* KLOG_H */
