/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Joins what the host found to the guest's own report. */
#ifndef QEMU_JOIN_H
#define QEMU_JOIN_H

#include <stddef.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "qemu/guest.h"
#include "lib/status.h"

/*
 * Sets witnesses.qemu of @report to @qemu, whose reference it takes, and verdict to the worse of
 * @guest and @host, which it returns.  proven and not_proven name the witness too if the report
 * has them.  Everything else of the report stays.  A held run goes on and can still fail, so its
 * verdict is no pass, and the worse of both is in so_far.  @why is why @host is no pass.
 */
enum status qemu_join(struct json_object *report, struct json_object *qemu,
		      const struct qemu_guest *guest, enum status host, const char *why);

/*
 * Writes @report to the file @path, as a whole or not at all: an old file stays until the new one
 * is complete.  "-" is standard output.  Returns 0, or -errno with @e.
 */
int qemu_join_write(const char *path, struct json_object *report, struct err *e);

#endif /* QEMU_JOIN_H */
