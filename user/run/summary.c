// SPDX-License-Identifier: GPL-2.0
/* The steps that sum a run up: what was opened, what privilege kept from it, what was required. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run/step.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a user without privilege has not, by step; and the step that it depends on. */
static const struct {
	const char *step, *what, *after;
} privileged[] = {
	{ "module", "verify_pte to be loaded (CAP_SYS_MODULE) and asked (CAP_SYS_ADMIN)", NULL },
	{ "page-user", "the page table, by that module", "module" },
	{ "pagemap", "the frames in /proc/self/pagemap (CAP_SYS_ADMIN)", "module" },
	{ "iommu", "what the IOMMU has for each IOVA, by that module", "module" },
	{ "dma-fault", "IOMMU faults in the kernel's log (CAP_SYSLOG and /dev/kmsg)", NULL },
};

/* Did it end unverified for want of a permission? */
static bool was_denied(const struct report *rep, const char *step, const char *after)
{
	int no = report_step_errno(rep, step);

	if (no == EACCES || no == EPERM)
		return true;
	return !no && after && was_denied(rep, after, NULL);
}

/* Into JSON, and by name into run->privilege */
static void list_privileged(struct run *run)
{
	struct json_object *list = json_object_new_array();
	struct text text;
	size_t i;

	text_begin(&text, run->privilege, sizeof(run->privilege));
	json_object_object_add(run->rep->root, "needs_privilege", list);
	for (i = 0; i < ARRAY_SIZE(privileged); i++) {
		if (!was_denied(run->rep, privileged[i].step, privileged[i].after))
			continue;
		if (!text.used)
			report_line(run->rep,
				    "Needs privilege, and was not verified (run as root):");
		report_line(run->rep, "  - %s: %s", privileged[i].step, privileged[i].what);
		json_object_array_add(list, json_text(privileged[i].step));
		text_list(&text, ", ", privileged[i].step);
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

/* A check for each witness of --require; what is not proven is unverified, exit 4. */
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
