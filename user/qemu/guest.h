/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a report proves about its guest, judged by its figures and not by its words. */
#ifndef QEMU_GUEST_H
#define QEMU_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "qemu/report.h"
#include "lib/status.h"

/* The key of our own witness.  What it said in an earlier joined report does not count. */
#define QEMU_WITNESS "qemu"

struct qemu_guest {
	enum status verdict;
	bool held;	  /* the run goes on after this report: it can still fail */
	char reason[256]; /* why it is no pass, or "" */
};

/*
 * Does the report say pass, or pass so far, or nothing that a run says?  Then it has to be judged:
 * only the plain words unverified, fail and error claim nothing.
 */
bool qemu_guest_claims_pass(const struct qemu_report *r);

/*
 * The guest's verdict is the worst of the report's own verdict (so_far while the run is held), its
 * error, each step with its checks, each witness, and what the report tells beside them
 * (qemu/beside.h).  A witness is unverified if it is missing, was not asked, has no step that
 * passed, or compared another number of pages than the mapping has; and the IOMMU's also if a run
 * that has ended did not compare it again before the unmap.  A witness that found a difference has
 * failed, whatever its status says, and so has a run whose pages are not all present and of the
 * kind that it expected.  Where the report does not say which kind, only user pages pass.
 * -EINVAL with the reason in @why (cut at @why_len) if the report lacks any of this or contradicts
 * itself.
 */
int qemu_guest_judge(const struct qemu_report *r, struct qemu_guest *out, char *why,
		     size_t why_len);

#endif /* QEMU_GUEST_H */
