// SPDX-License-Identifier: GPL-2.0
/*
 * What a report tells beside its witnesses.  No VM can confirm it, so it is judged against the
 * steps of the same report: who changes one of them has to change the other as well.
 */
#include "qemu/beside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static int bad(struct qemu_beside *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Lowers the verdict to @verdict if that is worse, and keeps the reason for it. */
__attribute__((format(printf, 3, 4))) static void worse(struct qemu_beside *b, enum status verdict,
							const char *fmt, ...)
{
	va_list ap;

	if (!status_is_worse(verdict, b->verdict))
		return;
	b->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	va_end(ap);
}

static const char *string_of(struct json_object *obj, const char *key)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val) ||
	    !json_object_is_type(val, json_type_string))
		return NULL;
	return json_object_get_string(val);
}

const char *qemu_step_status(struct json_object *report, const char *name)
{
	struct json_object *steps = NULL;
	size_t i;

	if (!json_object_object_get_ex(report, "steps", &steps) ||
	    !json_object_is_type(steps, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		if (!strcmp(string_of(step, "name") ?: "", name))
			return string_of(step, "status");
	}
	return NULL;
}

bool qemu_step_passed(struct json_object *report, const char *name)
{
	return !strcmp(qemu_step_status(report, name) ?: "", "pass");
}

/* A run makes each step once: of two with one name, one would hide what the other says. */
static int judge_once(struct qemu_beside *b, struct json_object *report)
{
	struct json_object *steps = NULL, *seen;
	int ret = 0;
	size_t i;

	if (!json_object_object_get_ex(report, "steps", &steps) ||
	    !json_object_is_type(steps, json_type_array))
		return 0;		 /* the judge of the steps refuses it */
	seen = json_object_new_object(); /* a set, since a report may have millions of them */
	for (i = 0; i < json_object_array_length(steps) && !ret; i++) {
		const char *name = string_of(json_object_array_get_idx(steps, i), "name");

		if (name && json_object_object_get_ex(seen, name, NULL))
			ret = bad(b, "report.steps has %s twice", name);
		else if (name)
			json_object_object_add(seen, name, NULL);
	}
	json_object_put(seen);
	return ret;
}

static int get_bool(struct qemu_beside *b, struct json_object *obj, const char *what,
		    const char *key, bool *out)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val) ||
	    !json_object_is_type(val, json_type_boolean))
		return bad(b, "report.%s.%s is neither true nor false", what, key);
	*out = json_object_get_boolean(val);
	return 0;
}

static int get_count(struct qemu_beside *b, struct json_object *obj, const char *what,
		     const char *key, int64_t *out)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val) ||
	    !json_object_is_type(val, json_type_int) || json_object_get_int64(val) < 0)
		return bad(b, "report.%s.%s is not a count", what, key);
	*out = json_object_get_int64(val);
	return 0;
}

/*
 * dma_path {virtio, translated}: only a virtio device says whether its DMA goes through the IOMMU;
 * its step is skipped for any other.
 */
static int judge_path(struct qemu_beside *b, struct json_object *report)
{
	const char *step = qemu_step_status(report, "dma-path");
	struct json_object *path = NULL, *val = NULL;
	bool virtio = false, translated = false;

	if (!json_object_object_get_ex(report, "dma_path", &path)) {
		if (step)
			worse(b, STATUS_UNVERIFIED, "dma_path is missing");
		return 0;
	}
	if (!json_object_is_type(path, json_type_object))
		return bad(b, "report.dma_path is not an object");
	if (get_bool(b, path, "dma_path", "virtio", &virtio))
		return -EINVAL;
	if (!json_object_object_get_ex(path, "translated", &val))
		return bad(b, "report.dma_path.translated is missing");
	if (val && get_bool(b, path, "dma_path", "translated", &translated))
		return -EINVAL;
	if (val && !translated)
		worse(b, STATUS_FAIL, "dma_path: the device's DMA goes past the IOMMU");
	else if (virtio != translated)
		worse(b, STATUS_UNVERIFIED,
		      virtio ? "dma_path: it is not known whether the DMA goes through the IOMMU"
			     : "dma_path: translated, but it is not a virtio device, which says so");
	else if (strcmp(step ?: "", virtio ? "pass" : "skip"))
		worse(b, STATUS_UNVERIFIED, "dma_path: the step dma-path did not %s",
		      virtio ? "pass" : "skip it");
	return 0;
}

/* recheck {interval_ms, comparisons, ended_hold, first}: a difference ends the hold. */
static int judge_recheck(struct qemu_beside *b, struct json_object *report)
{
	struct json_object *recheck = NULL, *val = NULL;
	int64_t interval = 0, comparisons = 0;
	bool ended = false;

	if (!json_object_object_get_ex(report, "recheck", &recheck))
		return 0;
	if (!json_object_is_type(recheck, json_type_object))
		return bad(b, "report.recheck is not an object");
	if (get_count(b, recheck, "recheck", "interval_ms", &interval) ||
	    get_count(b, recheck, "recheck", "comparisons", &comparisons) ||
	    get_bool(b, recheck, "recheck", "ended_hold", &ended))
		return -EINVAL;
	if (!interval)
		return bad(b, "report.recheck.interval_ms is 0, so nothing was compared");
	if (!ended && json_object_object_get_ex(recheck, "first", &val))
		return bad(b, "report.recheck has a first difference, but it did not end the hold");
	if (ended)
		worse(b, STATUS_UNVERIFIED, "recheck: a comparison ended the hold");
	else if (!qemu_step_passed(report, "hold"))
		worse(b, STATUS_UNVERIFIED, "recheck: there is no step hold that passed");
	return 0;
}

/* faults [{iova, kind, log}]: each fault that was provoked must be in the kernel's log. */
static int judge_faults(struct qemu_beside *b, struct json_object *report)
{
	struct json_object *faults = NULL;
	size_t nr = 0, i;

	if (json_object_object_get_ex(report, "faults", &faults)) {
		if (!json_object_is_type(faults, json_type_array))
			return bad(b, "report.faults is not an array");
		nr = json_object_array_length(faults);
	}
	for (i = 0; i < nr; i++)
		if (!string_of(json_object_array_get_idx(faults, i), "log"))
			worse(b, STATUS_UNVERIFIED, "faults[%zu] is not in the kernel's log", i);
	if (nr && !qemu_step_passed(report, "dma-fault"))
		worse(b, STATUS_UNVERIFIED, "faults: there is no step dma-fault that passed");
	if (!nr && qemu_step_passed(report, "dma-fault"))
		worse(b, STATUS_UNVERIFIED, "faults: none, but the step dma-fault passed");
	return 0;
}

/* {raised, arrived, held_while_masked} of one kind; *raised is 0 if the device was not made to. */
static int judge_irq(struct qemu_beside *b, struct json_object *one, const char *what,
		     int64_t *raised)
{
	int64_t arrived = 0;
	bool held = true;

	*raised = 0;
	if (!json_object_is_type(one, json_type_object))
		return bad(b, "report.%s is not an object", what);
	if (!json_object_object_get_ex(one, "raised", NULL) &&
	    !json_object_object_get_ex(one, "arrived", NULL))
		return 0;
	if (get_count(b, one, what, "raised", raised) ||
	    get_count(b, one, what, "arrived", &arrived) ||
	    (json_object_object_get_ex(one, "held_while_masked", NULL) &&
	     get_bool(b, one, what, "held_while_masked", &held)))
		return -EINVAL;
	if (*raised != arrived)
		worse(b, STATUS_UNVERIFIED, "%s: %" PRId64 " raised, but %" PRId64 " arrived", what,
		      *raised, arrived);
	else if (*raised && !held)
		worse(b, STATUS_UNVERIFIED, "%s: one arrived while masked", what);
	return 0;
}

/* irqs: each that the device raised must have arrived, and its step is not without any. */
static int judge_irqs(struct qemu_beside *b, struct json_object *report)
{
	struct json_object *irqs = NULL;
	int64_t raised = 0;
	bool any = false;
	size_t nr = 0, i;
	char what[32];

	if (json_object_object_get_ex(report, "irqs", &irqs)) {
		if (!json_object_is_type(irqs, json_type_array))
			return bad(b, "report.irqs is not an array");
		nr = json_object_array_length(irqs);
	}
	for (i = 0; i < nr; i++) {
		snprintf(what, sizeof(what), "irqs[%zu]", i);
		if (judge_irq(b, json_object_array_get_idx(irqs, i), what, &raised))
			return -EINVAL;
		any = any || raised;
	}
	if (!any && qemu_step_passed(report, "interrupts"))
		worse(b, STATUS_UNVERIFIED,
		      "irqs: none was raised, but the step interrupts passed");
	return 0;
}

/* What was not verified for want of privilege is no pass. */
static int judge_privilege(struct qemu_beside *b, struct json_object *report)
{
	struct json_object *list = NULL, *first;

	if (!json_object_object_get_ex(report, "needs_privilege", &list))
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return bad(b, "report.needs_privilege is not an array");
	if (!json_object_array_length(list))
		return 0;
	first = json_object_array_get_idx(list, 0);
	if (!json_object_is_type(first, json_type_string))
		return bad(b, "report.needs_privilege[0] is not a string");
	worse(b, STATUS_UNVERIFIED, "needs_privilege names %s", json_object_get_string(first));
	return 0;
}

int qemu_beside_judge(struct json_object *report, struct qemu_beside *out)
{
	*out = (struct qemu_beside){ .verdict = STATUS_PASS };
	return judge_once(out, report) || judge_path(out, report) || judge_recheck(out, report) ||
			       judge_faults(out, report) || judge_irqs(out, report) ||
			       judge_privilege(out, report)
		       ? -EINVAL
		       : 0;
}
