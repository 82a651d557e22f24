/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The guest's own report with the host's word in it. */
#ifndef QEMU_JOIN_H
#define QEMU_JOIN_H

#include <stddef.h>
#include <json-c/json.h>

#include "lib/err.h"
#include "qemu/guest.h"
#include "lib/status.h"

/*
 * Puts @qemu, whose reference it takes, in the place of witnesses.qemu and the worst of @guest and
 * @host in that of verdict, and returns that; proven and not_proven, where the report has them,
 * name it too; all else of the report stays.  The run of a held report goes on and can still fail,
 * so that its verdict is no pass, and the worst of both is in so_far.  @why: why @host is no pass.
 */
enum status qemu_join(struct json_object *report, struct json_object *qemu,
		      const struct qemu_guest *guest, enum status host, const char *why);

/*
 * All of @report to the file @path, or nothing: what was there before stays
 * until the new one is whole.  "-" is standard output.  0 or -errno, with @e.
 */
int qemu_join_write(const char *path, struct json_object *report, struct err *e);

#endif /* QEMU_JOIN_H */
