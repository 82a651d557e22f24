/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a report tells beside its witnesses, judged against the steps of the run. */
#ifndef QEMU_BESIDE_H
#define QEMU_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "lib/status.h"

struct qemu_beside {
	enum status verdict;
	char reason[200]; /* why it is no pass, or what contradicts itself; "" if it is a pass */
};

/*
 * The status of the step @name of the run, or NULL if it has none.  The checks below a step do not
 * count.
 */
const char *qemu_step_status(struct json_object *report, const char *name);
/* Did this step of the run pass? */
bool qemu_step_passed(struct json_object *report, const char *name);

/*
 * Judges the steps, of which each may stand only once, and dma_path, recheck, faults, irqs and
 * needs_privilege.  What none of them can be in a report of a run is -EINVAL, with the reason in
 * @out.  A key that an older version did not write is not missed, unless its step is there.
 */
int qemu_beside_judge(struct json_object *report, struct qemu_beside *out);

#endif /* QEMU_BESIDE_H */
