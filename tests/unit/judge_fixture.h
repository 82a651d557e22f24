/* SPDX-License-Identifier: GPL-2.0 */
/* The judge of a guest's report, with the frames of the report in join_fixture.h */
#ifndef JUDGE_FIXTURE_H
#define JUDGE_FIXTURE_H

#include "fmt/pt_x86.h"
#include "join_fixture.h"
#include "qemu/guest.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The frames that the report is of */
static struct qemu_report_run runs[] = {
	{ .vaddr = 0x7f0000000000, .len = 0x80000, .pa = 0x1000000 },
	{ .vaddr = 0x7f0000080000, .len = 0x80000, .pa = 0x2000000 },
};

static int judge(struct json_object *report, struct qemu_guest *g, char why[256])
{
	const struct qemu_report r = { .vaddr = 0x7f0000000000,
				       .size = PAGES << 12,
				       .user = PAGES,
				       .fmt = pt_x86,
				       .runs = runs,
				       .nr_runs = ARRAY_SIZE(runs),
				       .json = report };

	return qemu_guest_judge(&r, g, why, 256);
}

#endif /* JUDGE_FIXTURE_H */
