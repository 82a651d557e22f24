// SPDX-License-Identifier: GPL-2.0
/* What a report proves about its guest, judged by its figures. */
#include "qemu/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "pt/text.h"
#include "qemu/beside.h"

#define MAX_NAMED 64 /* in proven and in not_proven; a run names far fewer */

/* What a witness has to have compared for a pass. */
enum scope {
	SCOPE_PAGES,   /* each page of the mapping */
	SCOPE_DEVICE,  /* each of them, at each IOVA */
	SCOPE_DEVICES, /* the same, for each device */
	SCOPE_PART,    /* part of one device's pages, or a sample of them */
};

/* The witnesses that a pass needs, and the step of a run that asks each. */
static const struct {
	const char *name, *step;
	bool may_skip; /* the run may leave it out, as with --dma none */
	enum scope scope;
} needed[] = {
	{ "module", "page-user", false, SCOPE_PAGES },
	{ "pagemap", "pagemap", false, SCOPE_PAGES },
	{ "iommu", "iommu", false, SCOPE_DEVICES },
	{ "device_dma", "device-dma", true, SCOPE_PART },
};

struct judge {
	const struct qemu_report *r;
	uint64_t pages;
	uint64_t for_one;		  /* pages, at each IOVA */
	uint64_t for_all;		  /* the same, for each device */
	struct json_object *iovas, *with; /* arrays, or NULL */
	struct qemu_guest *g;
	char *why;
	size_t why_len;
};

__attribute__((format(printf, 2, 3))) static int bad(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->why, j->why_len, fmt, ap);
	va_end(ap);
	text_clean(j->why, j->why_len);
	return -EINVAL;
}

/* Lowers the guest's verdict to @verdict if that is worse, and keeps the reason for it. */
__attribute__((format(printf, 3, 4))) static void worse(struct judge *j, enum status verdict,
							const char *fmt, ...)
{
	va_list ap;

	if (!status_is_worse(verdict, j->g->verdict))
		return;
	j->g->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(j->g->reason, sizeof(j->g->reason), fmt, ap);
	va_end(ap);
	text_clean(j->g->reason, sizeof(j->g->reason));
}

/* A verdict in words; "skip", where it may be, is STATUS_PASS and *skip. */
static int parse_verdict(struct json_object *val, bool *skip, enum status *out)
{
	if (!json_object_is_type(val, json_type_string) ||
	    status_from_name(json_object_get_string(val), out))
		return -EINVAL;
	if (*out != STATUS_SKIP)
		return 0;
	if (!skip)
		return -EINVAL;
	*out = STATUS_PASS;
	*skip = true;
	return 0;
}

/* A count of @obj: a whole number, not negative, not clamped.  @what names the object. */
static int get_count(struct judge *j, struct json_object *obj, const char *what, const char *key,
		     uint64_t *out)
{
	struct json_object *val;
	int64_t v;

	if (!json_object_object_get_ex(obj, key, &val) || !json_object_is_type(val, json_type_int))
		return bad(j, "report.%s.%s is not a count", what, key);
	v = json_object_get_int64(val);
	if (v < 0 || v == INT64_MAX)
		return bad(j, "report.%s.%s is not a count", what, key);
	*out = (uint64_t)v;
	return 0;
}

/* Other keys of the same witness must not contradict its figures. */
static int judge_beside(struct judge *j, struct json_object *obj, const char *what,
			uint64_t compared, uint64_t mismatched)
{
	struct json_object *val = NULL;
	uint64_t total = 0;

	if (!mismatched && json_object_object_get_ex(obj, "first_mismatch", &val) && val)
		return bad(j, "report.%s has a first_mismatch, but mismatched is 0", what);
	if (!json_object_object_get_ex(obj, "total", &val))
		return 0;
	if (get_count(j, obj, what, "total", &total))
		return -EINVAL;
	if (compared > total)
		return bad(j, "report.%s: compared is %" PRIu64 ", but total is %" PRIu64, what,
			   compared, total);
	return 0;
}

/* Judges {status, compared, mismatched}; *compared and *skip are for further checks. */
static int judge_figures(struct judge *j, struct json_object *obj, const char *what,
			 uint64_t *compared, bool *skip)
{
	struct json_object *val = NULL;
	enum status verdict;
	uint64_t mismatched = 0;

	*skip = false;
	*compared = 0;
	if (!json_object_is_type(obj, json_type_object))
		return bad(j, "report.%s is not an object", what);
	if (!json_object_object_get_ex(obj, "status", &val) || parse_verdict(val, skip, &verdict))
		return bad(j,
			   "report.%s.status is not one of pass, skip, unverified, fail and error",
			   what);
	if (get_count(j, obj, what, "compared", compared) ||
	    get_count(j, obj, what, "mismatched", &mismatched))
		return -EINVAL;
	if (mismatched > *compared)
		return bad(j, "report.%s: mismatched is %" PRIu64 ", but compared is %" PRIu64,
			   what, mismatched, *compared);
	if (*skip && *compared)
		return bad(j, "report.%s: it was skipped, but compared is %" PRIu64, what,
			   *compared);
	if (judge_beside(j, obj, what, *compared, mismatched))
		return -EINVAL;
	worse(j, verdict, "%s: its status is %s", what, status_name(verdict));
	if (mismatched)
		worse(j, STATUS_FAIL, "%s: %" PRIu64 " of %" PRIu64 " differ", what, mismatched,
		      *compared);
	if (!*skip && !*compared)
		worse(j, STATUS_UNVERIFIED, "%s: nothing was compared", what);
	return 0;
}

/* How many pages there are to compare. */
static uint64_t all_of(const struct judge *j, enum scope scope)
{
	return scope == SCOPE_PAGES ? j->pages : scope == SCOPE_DEVICES ? j->for_all : j->for_one;
}

/* A witness must have compared all pages; more than all is not a count of these pages. */
static void judge_scope(struct judge *j, const char *what, enum scope scope, uint64_t compared)
{
	const uint64_t all = all_of(j, scope);

	if (compared < all && scope != SCOPE_PART)
		worse(j, STATUS_UNVERIFIED, "%s: %" PRIu64 " of %" PRIu64 " pages were compared",
		      what, compared, all);
	else if (compared > all)
		worse(j, STATUS_UNVERIFIED,
		      "%s: %" PRIu64 " pages were compared, but there are %" PRIu64 " to compare",
		      what, compared, all);
}

/* A run tells the total only if not all were compared, as of a sample. */
static int judge_total(struct judge *j, struct json_object *one, const char *what, enum scope scope,
		       uint64_t compared)
{
	const uint64_t all = all_of(j, scope);
	uint64_t total = 0;

	if (!json_object_object_get_ex(one, "total", NULL))
		return 0;
	if (get_count(j, one, what, "total", &total))
		return -EINVAL;
	if (total != all)
		worse(j, STATUS_UNVERIFIED,
		      "%s: total is %" PRIu64 ", but there are %" PRIu64 " to compare", what, total,
		      all);
	else if (total == compared)
		worse(j, STATUS_UNVERIFIED, "%s: it has a total, but all were compared", what);
	return 0;
}

static int judge_needed(struct judge *j, struct json_object *witnesses)
{
	uint64_t compared = 0;
	bool skip = false;
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const char *name = needed[i].name;
		struct json_object *one;
		char what[64];

		snprintf(what, sizeof(what), "witnesses.%s", name);
		if (!json_object_object_get_ex(witnesses, name, &one)) {
			worse(j, STATUS_UNVERIFIED, "%s is missing", what);
			continue;
		}
		if (judge_figures(j, one, what, &compared, &skip))
			return -EINVAL;
		if (skip && !needed[i].may_skip)
			worse(j, STATUS_UNVERIFIED, "%s was skipped", what);
		if (skip)
			continue;
		judge_scope(j, what, needed[i].scope, compared);
		if (judge_total(j, one, what, needed[i].scope, compared))
			return -EINVAL;
		if (!qemu_step_passed(j->r->json, needed[i].step))
			worse(j, STATUS_UNVERIFIED, "%s: there is no step %s that passed", what,
			      needed[i].step);
	}
	return 0;
}

/*
 * A run expects all pages to be there and of one kind.  Reports did not always say of which, and
 * their version does not tell them apart: then only what a run expects by itself is a pass.
 */
static void judge_pages(struct judge *j)
{
	const struct qemu_report *r = j->r;
	const bool want_user = r->expect == EXPECT_USER;
	const uint64_t against = want_user ? r->supervisor : r->user;

	if (r->absent)
		worse(j, STATUS_FAIL, "pages: %" PRIu64 " of %" PRIu64 " are absent", r->absent,
		      j->pages);
	else if (r->expect == EXPECT_DEFAULT && r->user && r->supervisor)
		worse(j, STATUS_FAIL,
		      "pages: %" PRIu64 " are user and %" PRIu64
		      " supervisor pages, but a run expects all to be of one kind",
		      r->user, r->supervisor);
	else if (r->expect == EXPECT_DEFAULT && r->supervisor)
		worse(j, STATUS_UNVERIFIED,
		      "pages: %" PRIu64 " of %" PRIu64
		      " are supervisor pages, and the report does not say that the run expected them",
		      r->supervisor, j->pages);
	else if (r->expect != EXPECT_DEFAULT && against)
		worse(j, STATUS_FAIL,
		      "pages: %" PRIu64 " of %" PRIu64
		      " are %s pages, but the run expected %s pages",
		      against, j->pages, want_user ? "supervisor" : "user",
		      want_user ? "user" : "supervisor");
}

/* Witnesses that this version does not know are judged too. */
static int judge_witnesses(struct judge *j, struct json_object *report)
{
	struct json_object *witnesses = NULL;
	uint64_t compared;
	char what[96];
	bool skip;

	if (!json_object_object_get_ex(report, "witnesses", &witnesses) ||
	    !json_object_is_type(witnesses, json_type_object))
		return bad(j, "report.witnesses is %s", witnesses ? "not an object" : "missing");
	json_object_object_foreach(witnesses, name, one)
	{
		if (!strcmp(name, QEMU_WITNESS))
			continue;
		snprintf(what, sizeof(what), "witnesses.%s", name);
		if (judge_figures(j, one, what, &compared, &skip))
			return -EINVAL;
	}
	return judge_needed(j, witnesses);
}

/* Does not_proven name it, for any device? */
static bool is_not_proven(struct json_object *report, const char *name)
{
	struct json_object *arr = NULL, *val = NULL;
	size_t i;

	if (!json_object_object_get_ex(report, "not_proven", &arr) ||
	    !json_object_is_type(arr, json_type_array))
		return false; /* judge_not_proven() refuses another type */
	for (i = 0; i < json_object_array_length(arr); i++)
		if (json_object_object_get_ex(json_object_array_get_idx(arr, i), "witness", &val) &&
		    !strcmp(json_object_get_string(val) ?: "", name))
			return true;
	return false;
}

/* Each witness that is named in proven must have figures that prove it all. */
static int judge_proven(struct judge *j, struct json_object *report)
{
	struct json_object *arr, *witnesses = NULL, *one, *val;
	uint64_t compared = 0, mismatched = 0;
	enum status verdict;
	bool skip = false;
	const char *name;
	char what[96];
	size_t i;

	if (!json_object_object_get_ex(report, "proven", &arr))
		return 0; /* reports of 0.1.0 have none */
	if (!json_object_is_type(arr, json_type_array) || json_object_array_length(arr) > MAX_NAMED)
		return bad(j, "report.proven is not an array of names, or too long");
	json_object_object_get_ex(report, "witnesses", &witnesses);
	for (i = 0; i < json_object_array_length(arr); i++) {
		one = json_object_array_get_idx(arr, i);
		if (!json_object_is_type(one, json_type_string))
			return bad(j, "report.proven[%zu] is not a string", i);
		name = json_object_get_string(one);
		if (!strcmp(name, QEMU_WITNESS))
			continue; /* it is judged here */
		if (is_not_proven(report, name))
			return bad(j, "report.proven names %s, and not_proven does too", name);
		/* They have no figures in a report. */
		if (!strcmp(name, "interrupts") && qemu_step_passed(report, name))
			continue;
		snprintf(what, sizeof(what), "witnesses.%s", name);
		if (!json_object_object_get_ex(witnesses, name, &one) ||
		    !json_object_object_get_ex(one, "status", &val) ||
		    parse_verdict(val, &skip, &verdict) ||
		    get_count(j, one, what, "compared", &compared) ||
		    get_count(j, one, what, "mismatched", &mismatched) || skip ||
		    verdict != STATUS_PASS || !compared || mismatched ||
		    json_object_object_get_ex(one, "total", NULL))
			return bad(j, "report.proven names %s, but its figures prove nothing",
				   name);
	}
	return 0;
}

/* A witness that not_proven names is no pass if it is needed for all pages. */
static int judge_not_proven(struct judge *j, struct json_object *report)
{
	struct json_object *arr, *one, *val;
	size_t i, n;

	if (!json_object_object_get_ex(report, "not_proven", &arr))
		return 0; /* reports of 0.1.0 have none */
	if (!json_object_is_type(arr, json_type_array) || json_object_array_length(arr) > MAX_NAMED)
		return bad(j, "report.not_proven is not an array of names, or too long");
	for (i = 0; i < json_object_array_length(arr); i++) {
		one = json_object_array_get_idx(arr, i);
		if (!json_object_object_get_ex(one, "witness", &val) ||
		    !json_object_is_type(val, json_type_string))
			return bad(j, "report.not_proven[%zu] names no witness", i);
		for (n = 0; n < sizeof(needed) / sizeof(needed[0]); n++)
			if (needed[n].scope != SCOPE_PART &&
			    !strcmp(needed[n].name, json_object_get_string(val)))
				worse(j, STATUS_UNVERIFIED, "not_proven names %s", needed[n].name);
	}
	return 0;
}

/* An array of {name, status, checks: [...]}, recursively; json_strict() limits the depth. */
static int judge_steps(struct judge *j, struct json_object *arr, const char *what)
{
	size_t nr, i;

	if (!json_object_is_type(arr, json_type_array))
		return bad(j, "report.%s is %s", what, arr ? "not an array" : "missing");
	nr = json_object_array_length(arr);
	for (i = 0; i < nr; i++) {
		struct json_object *step = json_object_array_get_idx(arr, i), *val = NULL;
		struct json_object *checks;
		const char *name = NULL;
		enum status verdict;
		bool skip = false;

		if (json_object_object_get_ex(step, "name", &val) &&
		    json_object_is_type(val, json_type_string))
			name = json_object_get_string(val);
		if (!name)
			return bad(j, "report.%s[%zu] has no name", what, i);
		if (!json_object_object_get_ex(step, "status", &val) ||
		    parse_verdict(val, &skip, &verdict))
			return bad(
				j,
				"report.%s[%zu].status is not one of pass, skip, unverified, fail and error",
				what, i);
		worse(j, verdict, "%s: %s: its status is %s", what, name, status_name(verdict));
		if (json_object_object_get_ex(step, "checks", &checks) &&
		    judge_steps(j, checks, "steps[].checks"))
			return -EINVAL;
	}
	return 0;
}

static int get_bool(struct judge *j, struct json_object *report, const char *key, bool *out)
{
	struct json_object *val;

	if (!json_object_object_get_ex(report, key, &val))
		return 0;
	if (!json_object_is_type(val, json_type_boolean))
		return bad(j, "report.%s is neither true nor false", key);
	*out = json_object_get_boolean(val);
	return 0;
}

/* The report's own verdict; while the run is held, the one that it would have by now. */
static int judge_word(struct judge *j, struct json_object *report)
{
	struct json_object *val = NULL, *so_far = NULL;
	enum status verdict, early;
	bool final = true;

	if (!json_object_object_get_ex(report, "verdict", &val) ||
	    parse_verdict(val, NULL, &verdict))
		return bad(j, "report.verdict is %s",
			   val ? "not one of pass, unverified, fail and error" : "missing");
	if (get_bool(j, report, "held", &j->g->held) || get_bool(j, report, "final", &final))
		return -EINVAL;
	if (j->g->held && verdict == STATUS_PASS)
		return bad(j, "report.verdict is pass, but the run is still held");
	if (j->g->held && json_object_object_get_ex(report, "final", NULL) && final)
		return bad(j, "report.final is true, but the run is still held");
	if (!j->g->held && json_object_object_get_ex(report, "so_far", NULL))
		return bad(j, "report has so_far, but the run is not held");
	if (!j->g->held) {
		worse(j, verdict, "the report's verdict is %s", status_name(verdict));
		if (!final)
			worse(j, STATUS_UNVERIFIED, "it is not the run's final report");
		return 0;
	}
	if (!json_object_object_get_ex(report, "so_far", &so_far) ||
	    parse_verdict(so_far, NULL, &early))
		return bad(j, "report.so_far is not one of pass, unverified, fail and error");
	if (status_is_worse(early, verdict))
		return bad(j, "report.so_far is worse than its verdict");
	worse(j, early, "the report's verdict is %s so far", status_name(early));
	return 0;
}

/* A position in the translations of one device; @used bytes of the current one are consumed. */
struct cursor {
	struct json_object *arr;
	const char *what;
	size_t at;
	uint64_t used;
};

/* Do the next translations lead from @iova to @pa, for @len bytes?  The answer is in *ok. */
static int take_translation(struct judge *j, struct cursor *c, uint64_t iova, uint64_t pa,
			    uint64_t len, bool *ok)
{
	uint64_t from = 0, to = 0, size = 0, n;

	for (*ok = true; len && *ok; iova += n, pa += n, len -= n) {
		struct json_object *one = json_object_array_get_idx(c->arr, c->at);

		if (c->at == json_object_array_length(c->arr)) {
			worse(j, STATUS_UNVERIFIED, "%s: there is none for IOVA 0x%" PRIx64,
			      c->what, iova);
			*ok = false;
			return 0;
		}
		if (json_get_hex(one, "iova", &from) || json_get_hex(one, "pa", &to) ||
		    json_get_hex(one, "len", &size) || !size)
			return bad(j, "report.%s[%zu] is not a translation {iova, pa, len}",
				   c->what, c->at);
		if (from + c->used != iova || to + c->used != pa) {
			worse(j, STATUS_FAIL,
			      "%s: IOVA 0x%" PRIx64 " at 0x%" PRIx64
			      ", but by the page table IOVA 0x%" PRIx64 " at 0x%" PRIx64,
			      c->what, from + c->used, to + c->used, iova, pa);
			*ok = false;
		}
		n = size - c->used < len ? size - c->used : len;
		c->used += n;
		if (c->used == size) {
			c->at++;
			c->used = 0;
		}
	}
	return 0;
}

/* Compares the frames that the IOMMU gives one device, at each IOVA, with the process's. */
static int judge_translations(struct judge *j, struct json_object *arr, const char *what)
{
	const struct qemu_report *r = j->r;
	struct cursor c = { arr, what, 0, 0 };
	uint64_t iova = r->iova;
	size_t nr = j->iovas ? json_object_array_length(j->iovas) : 0, i, n;
	bool ok = true;

	if (!json_object_is_type(arr, json_type_array))
		return bad(j, "report.%s is not an array", what);
	for (i = 0; i < (nr ? nr : 1); i++) {
		if (nr && json_hex_value(json_object_array_get_idx(j->iovas, i), &iova))
			return bad(j, "report.mapping.iovas[%zu] is not an address", i);
		if (!i && iova != r->iova)
			return bad(j, "report.mapping.iova is not the first of iovas");
		for (n = 0; n < r->nr_runs && ok; n++)
			if (take_translation(j, &c, iova + (r->runs[n].vaddr - r->vaddr),
					     r->runs[n].pa, r->runs[n].len, &ok))
				return -EINVAL;
	}
	if (ok && c.at < json_object_array_length(arr))
		worse(j, STATUS_FAIL, "%s: %zu of them belong to no page of the mapping", what,
		      json_object_array_length(arr) - c.at);
	return 0;
}

/* {compared, mismatched} of an object that has no status; a difference is a failure. */
static int judge_counts(struct judge *j, struct json_object *obj, const char *what,
			uint64_t *compared, uint64_t *mismatched)
{
	if (get_count(j, obj, what, "compared", compared) ||
	    get_count(j, obj, what, "mismatched", mismatched))
		return -EINVAL;
	if (*mismatched > *compared)
		return bad(j, "report.%s: mismatched is %" PRIu64 ", but compared is %" PRIu64,
			   what, *mismatched, *compared);
	if (*mismatched)
		worse(j, STATUS_FAIL, "%s: %" PRIu64 " of %" PRIu64 " differ", what, *mismatched,
		      *compared);
	return 0;
}

/* A further device: what the IOMMU has for it, and its DMA if it has a driver. */
static int judge_further(struct judge *j, struct json_object *one, size_t i)
{
	uint64_t compared = 0, mismatched = 0;
	struct json_object *obj;
	char what[48];

	snprintf(what, sizeof(what), "with[%zu].device_dma", i);
	if (json_object_object_get_ex(one, "device_dma", &obj)) {
		if (judge_counts(j, obj, what, &compared, &mismatched))
			return -EINVAL;
		judge_scope(j, what, SCOPE_PART, compared);
		if (!compared)
			worse(j, STATUS_UNVERIFIED, "%s: nothing was compared", what);
	}
	snprintf(what, sizeof(what), "with[%zu].iommu", i);
	if (!json_object_object_get_ex(one, "iommu", &obj)) {
		worse(j, STATUS_UNVERIFIED, "%s is missing", what);
		return 0;
	}
	if (judge_counts(j, obj, what, &compared, &mismatched))
		return -EINVAL;
	judge_scope(j, what, SCOPE_DEVICE, compared);
	return 0;
}

/* Did the IOMMU compare anything?  If it was not asked, that is reported already. */
static bool iommu_compared(struct judge *j, struct json_object *report)
{
	struct json_object *witnesses = NULL, *iommu = NULL;
	uint64_t compared = 0;

	json_object_object_get_ex(report, "witnesses", &witnesses);
	return json_object_object_get_ex(witnesses, "iommu", &iommu) &&
	       !get_count(j, iommu, "witnesses.iommu", "compared", &compared) && compared;
}

/* The translations of each device, if the IOMMU was asked. */
static int judge_devices(struct judge *j, struct json_object *report)
{
	struct json_object *arr = NULL;
	char what[48];
	size_t nr = j->with ? json_object_array_length(j->with) : 0, i;

	if (!iommu_compared(j, report))
		return 0;
	for (i = 0; i < 1 + nr; i++) {
		struct json_object *one = i ? json_object_array_get_idx(j->with, i - 1) : report;

		if (i && judge_further(j, one, i - 1))
			return -EINVAL;
		snprintf(what, sizeof(what), "translations");
		if (i)
			snprintf(what, sizeof(what), "with[%zu].translations", i - 1);
		if (!json_object_object_get_ex(one, "translations", &arr))
			worse(j, STATUS_UNVERIFIED, "%s are missing", what);
		else if (judge_translations(j, arr, what))
			return -EINVAL;
	}
	return 0;
}

/*
 * The comparison before the unmap, {compared, mismatched, pages}.  It is empty while the run is
 * held; at its end each run that asked the IOMMU has made it.
 */
static int judge_stale(struct judge *j, struct json_object *report)
{
	const bool due = !j->g->held && iommu_compared(j, report);
	struct json_object *stale = NULL, *pages = NULL;
	uint64_t compared = 0, mismatched = 0;

	if (json_object_object_get_ex(report, "stale", &stale) &&
	    !json_object_is_type(stale, json_type_object))
		return bad(j, "report.stale is not an object");
	if (due && !qemu_step_passed(report, "recheck"))
		worse(j, STATUS_UNVERIFIED, "stale: there is no step recheck that passed");
	if (!stale || !json_object_object_length(stale)) {
		if (due)
			worse(j, STATUS_UNVERIFIED, "stale: nothing was compared before the unmap");
		return 0;
	}
	if (judge_counts(j, stale, "stale", &compared, &mismatched))
		return -EINVAL;
	if (!json_object_object_get_ex(stale, "pages", &pages) ||
	    !json_object_is_type(pages, json_type_array) ||
	    json_object_array_length(pages) != mismatched)
		return bad(j,
			   "report.stale.pages does not hold the %" PRIu64 " pages that mismatched",
			   mismatched);
	judge_scope(j, "stale", SCOPE_DEVICES, compared);
	return 0;
}

/* The array @key of @obj; *out is NULL if there is none. */
static int get_array(struct judge *j, struct json_object *obj, const char *key,
		     struct json_object **out)
{
	*out = NULL;
	if (!json_object_object_get_ex(obj, key, out) || json_object_is_type(*out, json_type_array))
		return 0;
	return bad(j, "report: %s is not an array", key);
}

/* How many pages there are to compare, for one device and for all of them. */
static int find_scope(struct judge *j)
{
	struct json_object *mapping = NULL;

	json_object_object_get_ex(j->r->json, "mapping", &mapping);
	if (get_array(j, mapping, "iovas", &j->iovas) || get_array(j, j->r->json, "with", &j->with))
		return -EINVAL;
	j->pages = j->r->size >> j->r->fmt.page_shift;
	j->for_one = j->pages;
	if (j->iovas && json_object_array_length(j->iovas))
		j->for_one *= json_object_array_length(j->iovas);
	j->for_all = j->for_one;
	if (j->with)
		j->for_all *= 1 + json_object_array_length(j->with);
	return 0;
}

/* Is report.@key the word for a run that ended, and not with a pass? */
static bool is_no_pass(struct json_object *report, const char *key)
{
	struct json_object *val;
	enum status verdict;

	return json_object_object_get_ex(report, key, &val) &&
	       !parse_verdict(val, NULL, &verdict) && verdict != STATUS_PASS;
}

bool qemu_guest_claims_pass(const struct qemu_report *r)
{
	if (!is_no_pass(r->json, "verdict"))
		return true;
	/* A run that is held is no pass yet, and says what it would be by now. */
	return (json_object_object_get_ex(r->json, "held", NULL) ||
		json_object_object_get_ex(r->json, "so_far", NULL)) &&
	       !is_no_pass(r->json, "so_far");
}

int qemu_guest_judge(const struct qemu_report *r, struct qemu_guest *out, char *why, size_t why_len)
{
	struct judge j = { .r = r, .g = out, .why = why, .why_len = why_len };
	struct json_object *report = r->json, *val = NULL;
	struct qemu_beside beside;

	*out = (struct qemu_guest){ .verdict = STATUS_PASS };
	if (find_scope(&j))
		return -EINVAL;
	if (judge_word(&j, report) || judge_witnesses(&j, report) || judge_not_proven(&j, report) ||
	    judge_proven(&j, report))
		return -EINVAL;
	val = NULL;
	json_object_object_get_ex(report, "steps", &val);
	if (judge_steps(&j, val, "steps"))
		return -EINVAL;
	if (!json_object_array_length(val))
		return bad(&j, "report.steps is empty");
	if (qemu_beside_judge(report, &beside))
		return bad(&j, "%s", beside.reason);
	worse(&j, beside.verdict, "%s", beside.reason);
	judge_pages(&j);
	if (json_object_object_get_ex(report, "error", &val) && val)
		worse(&j, STATUS_ERROR, "the report has an error");
	return judge_devices(&j, report) ? -EINVAL : judge_stale(&j, report);
}
