/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The guest's own report with the host's word in it. */
#ifndef QEMU_JOIN_H
#define QEMU_JOIN_H

#include <stddef.h>
#include <json-c/json.h>

#include "err.h"
#include "qemu_verdict.h"

/*
 * What the guest says in all: the worst of the report's verdict and of its
 * witnesses, that of qemu left out.  -EINVAL with the reason in @why (cut at
 * @why_len) where the report does not say it.
 */
int qemu_join_verdict(struct json_object *report, enum verdict *out, char *why, size_t why_len);

/*
 * Puts @qemu, whose reference it takes, in the place of witnesses.qemu and the
 * worst of @guest and @host in that of verdict, and returns that; all else of
 * the report stays.  qemu_join_verdict() comes first.
 */
enum verdict qemu_join(struct json_object *report, struct json_object *qemu, enum verdict guest,
		       enum verdict host);

/*
 * All of @report to the file @path, or nothing: what was there before stays
 * until the new one is whole.  "-" is standard output.  0 or -errno, with @e.
 */
int qemu_join_write(const char *path, struct json_object *report, struct err *e);

#endif /* QEMU_JOIN_H */
