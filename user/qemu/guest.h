/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the guest says in its report, by its figures and not by its words. */
#ifndef QEMU_GUEST_H
#define QEMU_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "qemu/report.h"
#include "lib/status.h"

/* QEMU's own place among the witnesses: what the host said before does not count. */
#define QEMU_WITNESS "qemu"

struct qemu_guest {
	enum status verdict;
	bool held;	  /* the run goes on after this report: it can still fail */
	char reason[256]; /* what made it no pass, or "" */
};

/* Does the report say that it is a pass, or was one so far? */
bool qemu_guest_claims_pass(const struct qemu_report *r);

/*
 * The worst of: the report's verdict (so_far of a held one), its error, each step with its checks,
 * and each witness: one that is missing, was not asked, has no step that passed, or judged another
 * number than there are pages in the mapping is unverified; one that found a difference has failed;
 * and so has a run whose pages are not all present and of the kind that it expected.  Whatever
 * their status says. -EINVAL with the reason in @why (cut at @why_len) for a report that does not
 * say it, or that cannot be so.
 */
int qemu_guest_judge(const struct qemu_report *r, struct qemu_guest *out, char *why,
		     size_t why_len);

#endif /* QEMU_GUEST_H */
