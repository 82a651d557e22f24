// SPDX-License-Identifier: GPL-2.0
/* Turns what was found into a verdict with its reason.  Pure. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "qemu/job.h"

__attribute__((format(printf, 3, 4))) static void conclude(struct job *j, enum status verdict,
							   const char *fmt, ...)
{
	va_list ap;

	j->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(j->detail, sizeof(j->detail), fmt, ap);
	va_end(ap);
}

void qemu_judge_doubt(struct job *j, const char *fmt, ...)
{
	va_list ap;

	if (j->verdict != STATUS_PASS)
		return;
	j->verdict = STATUS_UNVERIFIED;
	va_start(ap, fmt);
	vsnprintf(j->detail, sizeof(j->detail), fmt, ap);
	va_end(ap);
}

/* Judges a page that is present, by _PAGE_USER over all levels. */
static void judge_leaf(struct job *j)
{
	const struct qemu_walk *w = &j->walk;
	bool user = w->eff.rights & PT_USER;
	bool want = j->opt.expect != EXPECT_SUPERVISOR;
	const struct ram_range *behind = ram_map_find(&j->vm.ram, w->pa);
	char at[32] = "";

	qemu_levels_text(j->tables.levels, w->eff.no_user_levels, at, sizeof(at));
	if (!behind)
		conclude(j, STATUS_FAIL, "the frame 0x%" PRIx64 " is neither memory nor a device",
			 w->pa);
	else if (user != want)
		conclude(j, STATUS_FAIL, "_PAGE_USER is %s%s, expected %s",
			 user ? "set at every level" : "clear at ", at,
			 want ? "user" : "supervisor");
	else
		conclude(j, STATUS_PASS, "_PAGE_USER is %s%s, as expected%s",
			 user ? "set at every level" : "clear at ", at,
			 behind->ram ? "" : "; the frame is a device's");
}

void qemu_judge_walk(struct job *j)
{
	const struct qemu_walk *w = &j->walk;
	const struct qemu_step *s = qemu_walk_last(w);
	const char *last = pt_level_name(j->tables.levels, s->level);

	if (!j->opt.has_root) {
		conclude(
			j, STATUS_UNVERIFIED,
			"it is not known whose page table CR3 points to; give --root, which vfio_test prints as root_pa");
		return;
	}
	if (w->kind == PT_TABLE)
		conclude(j, STATUS_FAIL,
			 "the %s entry points to 0x%" PRIx64 ", where the VM has no memory", last,
			 w->lost_pa);
	else if (w->reserved)
		conclude(j, STATUS_FAIL,
			 "not mapped: the CPU faults on reserved bits of the %s entry 0x%" PRIx64,
			 last, s->entry);
	else if (w->kind != PT_LEAF)
		conclude(j, STATUS_FAIL, "not mapped: %s at %s", pt_kind_name(w->kind), last);
	else
		judge_leaf(j);
	if (j->vm.kernel_cpu == j->vm.nr)
		qemu_judge_doubt(
			j,
			"no vCPU runs on a page table with the kernel half of 0x%" PRIx64
			": it is not a root of this boot, or all vCPUs run firmware or a nested guest",
			j->tables.root_pa);
	else if (qemu_vcpu_levels(&j->vm.cpu[j->vm.kernel_cpu]) != j->tables.levels)
		qemu_judge_doubt(j, "--levels is %u, but CR4 says %u", j->tables.levels,
				 qemu_vcpu_levels(&j->vm.cpu[j->vm.kernel_cpu]));
}

/* Holds each page against --expect; a page that is not mapped is neither user nor supervisor. */
static void judge_expected(struct job *j)
{
	const struct qemu_compare *c = &j->compare;
	bool want_user = j->opt.expect == EXPECT_USER;
	uint64_t against = want_user ? c->supervisor : c->user;
	uint64_t first = want_user ? c->first_supervisor : c->first_user;
	char at[32];

	if (against && want_user) {
		qemu_levels_text(j->report.levels, c->first_no_user_levels, at, sizeof(at));
		conclude(j, STATUS_FAIL,
			 "page 0x%" PRIx64 ": _PAGE_USER is clear at %s, expected user", first, at);
	} else if (against) {
		conclude(j, STATUS_FAIL,
			 "page 0x%" PRIx64 ": _PAGE_USER is set, expected supervisor", first);
	} else if (c->absent) {
		conclude(j, STATUS_FAIL, "page 0x%" PRIx64 ": not mapped, expected %s",
			 c->first_absent, want_user ? "user" : "supervisor");
	}
}

/*
 * The figures of a report that says pass must support it.  With --join the guest's verdict is part
 * of the joined one instead.
 */
static void judge_claim(struct job *j)
{
	const struct qemu_guest *g = &j->guest;

	if (j->opt.join || j->verdict == STATUS_FAIL)
		return;
	if (status_is_worse(g->verdict, STATUS_UNVERIFIED))
		conclude(j, STATUS_FAIL, "the report says pass, but %s", g->reason);
	else if (g->verdict == STATUS_UNVERIFIED)
		qemu_judge_doubt(j, "the report says pass, but %s", g->reason);
}

void qemu_judge_compare(struct job *j)
{
	const struct qemu_compare *c = &j->compare;

	if (c->findings.nr)
		conclude(j, STATUS_FAIL, "%s", c->findings.line[0]);
	else if (c->unverified)
		conclude(j, STATUS_UNVERIFIED,
			 "%" PRIu64 " of %" PRIu64 " pages are not verified: %s", c->unverified,
			 c->pages, c->unverified_first);
	else if (c->doubts.nr)
		conclude(j, STATUS_UNVERIFIED, "%s", c->doubts.line[0]);
	else if (!(c->user + c->supervisor))
		conclude(j, STATUS_UNVERIFIED, "no page of the mapping is present");
	else if (!qemu_compare_agrees(c))
		conclude(j, STATUS_UNVERIFIED, "nothing was compared");
	else
		conclude(j, STATUS_PASS, "every entry agrees");
	if (j->opt.expect != EXPECT_DEFAULT && j->verdict != STATUS_FAIL)
		judge_expected(j);
	judge_claim(j);
}
