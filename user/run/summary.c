// SPDX-License-Identifier: GPL-2.0
/* The steps that sum up a run: what was opened, what needs privilege, what was required. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run/ask.h"
#include "run/step.h"
#include "lib/text.h"

static const struct step *step_named(const char *name)
{
	size_t i;

	for (i = 0; i < run_nr_steps; i++)
		if (!strcmp(run_steps[i].name, name))
			return &run_steps[i];
	return NULL;
}

/* What an unprivileged user cannot do in this step; NULL: it needs no privilege */
static const char *privilege_of(const struct step *step)
{
	return step->asks ? witnesses[step->asks->id].privilege : step->privilege;
}

/* The step that makes this one's witness available, or whose answer it needs; or NULL */
static const struct step *step_before(const struct step *step)
{
	const struct witness *w = step->asks ? &witnesses[step->asks->id] : NULL;

	if (!w)
		return NULL;
	if (w->way)
		return step_named(w->way);
	return w->against < 0 ? NULL : step_named(witnesses[w->against].step);
}

/* Did it end unverified because it, or a step that it depends on, lacked a permission? */
static bool was_denied(const struct report *rep, const struct step *step)
{
	for (; step; step = step_before(step)) {
		const struct told_step *told = report_told(rep, step->name);

		if (!told || told->status != STATUS_UNVERIFIED)
			return false;
		if (told->no)
			return told->no == EACCES || told->no == EPERM;
	}
	return false;
}

/* Lists the steps that need privilege in text, JSON, and run->privilege. */
static void list_privileged(struct run *run)
{
	struct json_object *list = json_object_new_array();
	struct text text;
	size_t i;

	text_begin(&text, run->privilege, sizeof(run->privilege));
	json_object_object_add(run->rep->root, "needs_privilege", list);
	for (i = 0; i < run_nr_steps; i++) {
		const struct step *step = &run_steps[i];
		const char *privilege = privilege_of(step);

		if (!privilege || !was_denied(run->rep, step))
			continue;
		if (!text.used)
			report_line(run->rep,
				    "Needs privilege, and was not verified (run as root):");
		report_line(run->rep, "  - %s: %s", step->name, privilege);
		json_object_array_add(list, json_text(step->name));
		text_list(&text, ", ", step->name);
	}
}

void run_verdict_tail(const struct run *run, char *buf, size_t len)
{
	buf[0] = '\0';
	if (run->privilege[0])
		snprintf(buf, len, "; needs privilege: %s", run->privilege);
}

enum status step_summary(struct run *run)
{
	enum status verdict = report_verdict(run->rep);
	struct report *rep = run->rep;

	report_mark(rep, verdict, "%s",
		    verdict == STATUS_PASS ? "All VFIO operations completed successfully"
		    : verdict == STATUS_UNVERIFIED
			    ? "All VFIO operations completed; not everything was verified"
			    : "A check failed");
	list_privileged(run);
	report_line(rep, "  - %s: fd=%d",
		    run->target.vfio.be->has & BACKEND_CONTAINER ? "Container" : "iommufd",
		    run->target.vfio.container);
	if (run->target.vfio.be->has & BACKEND_GROUP)
		report_line(rep, "  - Group: fd=%d (group %d)", run->target.vfio.group,
			    run->target.dev.group);
	report_line(rep, "  - Device: fd=%d (%s)", run->target.device, run->target.dev.bdf);
	if (!run->mapping.nr)
		return STATUS_PASS;
	report_line(rep, "  - DMA: IOVA=0x%" PRIx64 ", VADDR=%p", run->mapping.iovas[0],
		    run->mapping.buf);
	if (!run->opts->hold)
		return STATUS_PASS;
	report_line(rep, "\nYou can now use QEMU monitor to verify PTE _PAGE_USER bit:");
	if (run->testimonies.said[WITNESS_MODULE].answered)
		report_line(rep, "  qemu_verify_pte --root 0x%llx 1334 %p",
			    (unsigned long long)run->evidence.info.root_pa, run->mapping.buf);
	else
		report_line(rep, "  qemu_verify_pte 1334 %p", run->mapping.buf);
	return STATUS_PASS;
}

/* Makes a check for each witness of --require; one that is not proven is unverified: exit 4. */
enum status step_require(struct run *run)
{
	struct text text;
	char missing[128];
	int id;

	text_begin(&text, missing, sizeof(missing));
	if (!run->opts->require) {
		run_detail(run, "no --require");
		return STATUS_SKIP;
	}
	for (id = 0; id < NR_WITNESSES; id++) {
		const struct testimony *t = &run->testimonies.said[id];
		char why[sizeof(t->why)];

		if (!(run->opts->require & WITNESS_BIT(id)))
			continue;
		if (testimonies_proven(&run->testimonies, id)) {
			report_check(run->rep, witnesses[id].name, STATUS_PASS, "proven");
			continue;
		}
		testimony_why(id, t, why, sizeof(why));
		if (testimony_proven(t))
			snprintf(why, sizeof(why), "%u further devices did not prove it",
				 testimonies_without(&run->testimonies, id));
		report_check(run->rep, witnesses[id].name, STATUS_UNVERIFIED, "not proven: %s",
			     why);
		text_list(&text, ", ", witnesses[id].name);
	}
	if (!text.used) {
		run_detail(run, "all that is required is proven");
		return STATUS_PASS;
	}
	err_set(&run->end.err, 0, "", "", "");
	err_what(&run->end.err, "required and not proven");
	err_why(&run->end.err, "%s", missing);
	err_fix(&run->end.err, "see the reason of each, or do not require it");
	run_detail(run, "not proven: %s", missing);
	return STATUS_UNVERIFIED;
}
