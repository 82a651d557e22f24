// SPDX-License-Identifier: GPL-2.0
/* What the guest says in its report, by its figures. */
#include "qemu/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "pt/text.h"

/* What a pass of a witness is about. */
enum scope {
	SCOPE_PAGES,   /* each page of the mapping */
	SCOPE_DEVICE,  /* each of them, at each IOVA */
	SCOPE_DEVICES, /* the same, for each device */
	SCOPE_PART,    /* some of one device's: it may reach a part, a sample */
};

/* Whose word a pass needs, and the step of a run that asks it. */
static const struct {
	const char *name, *step;
	bool may_skip; /* the run may leave it out, and say so: --dma none */
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

/* The guest is no better than @verdict; the reason of the worst, and of those the first, stays. */
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
		return bad(j, "report.%s.%s is no count", what, key);
	v = json_object_get_int64(val);
	if (v < 0 || v == INT64_MAX)
		return bad(j, "report.%s.%s is no count", what, key);
	*out = (uint64_t)v;
	return 0;
}

/* What stands beside the figures is of the same witness: it says nothing else. */
static int judge_beside(struct judge *j, struct json_object *obj, const char *what,
			uint64_t compared, uint64_t mismatched)
{
	struct json_object *val = NULL;
	uint64_t total = 0;

	if (!mismatched && json_object_object_get_ex(obj, "first_mismatch", &val) && val)
		return bad(j, "report.%s: nothing mismatched, and a first_mismatch", what);
	if (!json_object_object_get_ex(obj, "total", &val))
		return 0;
	if (get_count(j, obj, what, "total", &total))
		return -EINVAL;
	if (compared > total)
		return bad(j, "report.%s: %" PRIu64 " compared of %" PRIu64, what, compared, total);
	return 0;
}

/* {status, compared, mismatched}; *compared and *skip are for whoever asks for more. */
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
		return bad(j, "report.%s.status is none of pass, skip, unverified, fail and error",
			   what);
	if (get_count(j, obj, what, "compared", compared) ||
	    get_count(j, obj, what, "mismatched", &mismatched))
		return -EINVAL;
	if (mismatched > *compared)
		return bad(j, "report.%s: %" PRIu64 " mismatched of %" PRIu64 " compared", what,
			   mismatched, *compared);
	if (*skip && *compared)
		return bad(j, "report.%s: skipped, and %" PRIu64 " compared", what, *compared);
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

/* A step of the run itself, not of a check below it, that passed */
static bool has_passed(struct json_object *report, const char *name)
{
	struct json_object *steps = NULL, *val;
	size_t i;

	if (!json_object_object_get_ex(report, "steps", &steps) ||
	    !json_object_is_type(steps, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		if (json_object_object_get_ex(step, "name", &val) &&
		    !strcmp(json_object_get_string(val) ?: "", name) &&
		    json_object_object_get_ex(step, "status", &val) &&
		    !strcmp(json_object_get_string(val) ?: "", "pass"))
			return true;
	}
	return false;
}

/* As many as there are: fewer leave pages out, more are no count of these pages. */
static void judge_scope(struct judge *j, const char *what, enum scope scope, uint64_t compared)
{
	const uint64_t all = scope == SCOPE_PAGES     ? j->pages
			     : scope == SCOPE_DEVICES ? j->for_all
						      : j->for_one;

	if (compared < all && scope != SCOPE_PART)
		worse(j, STATUS_UNVERIFIED, "%s: %" PRIu64 " of %" PRIu64 " pages were compared",
		      what, compared, all);
	else if (compared > all)
		worse(j, STATUS_UNVERIFIED,
		      "%s: %" PRIu64 " were compared, and the report is of %" PRIu64 " pages", what,
		      compared, all);
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
		if (!has_passed(j->r->json, needed[i].step))
			worse(j, STATUS_UNVERIFIED, "%s: no step %s that passed asked it", what,
			      needed[i].step);
	}
	return 0;
}

/* A run expects all pages to be there and of one kind, whether or not the report says of which. */
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
		      " supervisor pages, and a run expects one of them",
		      r->user, r->supervisor);
	else if (r->expect != EXPECT_DEFAULT && against)
		worse(j, STATUS_FAIL,
		      "pages: %" PRIu64 " of %" PRIu64
		      " are %s pages, and the run expected %s pages",
		      against, j->pages, want_user ? "supervisor" : "user",
		      want_user ? "user" : "supervisor");
}

/* Those that this version does not know may say no worse either. */
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

/* A name in proven is one whose figures say so. */
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
	if (!json_object_is_type(arr, json_type_array))
		return bad(j, "report.proven is not an array");
	json_object_object_get_ex(report, "witnesses", &witnesses);
	for (i = 0; i < json_object_array_length(arr); i++) {
		one = json_object_array_get_idx(arr, i);
		if (!json_object_is_type(one, json_type_string))
			return bad(j, "report.proven[%zu] is no name", i);
		name = json_object_get_string(one);
		if (!strcmp(name, QEMU_WITNESS) || !strcmp(name, "interrupts"))
			continue; /* which is ours to say; which has no figures in a report */
		snprintf(what, sizeof(what), "witnesses.%s", name);
		if (!json_object_object_get_ex(witnesses, name, &one) ||
		    !json_object_object_get_ex(one, "status", &val) ||
		    parse_verdict(val, &skip, &verdict) ||
		    get_count(j, one, what, "compared", &compared) ||
		    get_count(j, one, what, "mismatched", &mismatched) || skip ||
		    verdict != STATUS_PASS || !compared || mismatched)
			return bad(j, "report.proven names %s, whose figures do not say so", name);
	}
	return 0;
}

/* Who is named there has not proven all: what is needed of all pages passes only if it has. */
static int judge_not_proven(struct judge *j, struct json_object *report)
{
	struct json_object *arr, *one, *val;
	size_t i, n;

	if (!json_object_object_get_ex(report, "not_proven", &arr))
		return 0; /* reports of 0.1.0 have none */
	if (!json_object_is_type(arr, json_type_array))
		return bad(j, "report.not_proven is not an array");
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

/* An array of {name, status, checks: [...]}, and so on down: RFC depth is json_strict's. */
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
				"report.%s[%zu].status is none of pass, skip, unverified, fail and error",
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

/* The word itself; of a held report what it would be if it ended here. */
static int judge_word(struct judge *j, struct json_object *report)
{
	struct json_object *val = NULL, *so_far = NULL;
	enum status verdict, early;
	bool final = true;

	if (!json_object_object_get_ex(report, "verdict", &val) ||
	    parse_verdict(val, NULL, &verdict))
		return bad(j, "report.verdict is %s",
			   val ? "none of pass, unverified, fail and error" : "missing");
	if (get_bool(j, report, "held", &j->g->held) || get_bool(j, report, "final", &final))
		return -EINVAL;
	if (j->g->held && verdict == STATUS_PASS)
		return bad(j, "report.verdict is pass, and the report is of a run that is held");
	if (!j->g->held) {
		worse(j, verdict, "its verdict is %s", status_name(verdict));
		if (!final)
			worse(j, STATUS_UNVERIFIED, "it is not the run's last word");
		return 0;
	}
	if (!json_object_object_get_ex(report, "so_far", &so_far) ||
	    parse_verdict(so_far, NULL, &early))
		return bad(j, "report.so_far is none of pass, unverified, fail and error");
	if (status_is_worse(early, verdict))
		return bad(j, "report.so_far is worse than its verdict");
	worse(j, early, "its verdict is %s so far", status_name(early));
	return 0;
}

/* A place in the translations of one device: so many bytes of one of them are used up. */
struct cursor {
	struct json_object *arr;
	const char *what;
	size_t at;
	uint64_t used;
};

/* @len bytes from @iova on are at @pa, as the next translations have it?  *ok: they are. */
static int take_translation(struct judge *j, struct cursor *c, uint64_t iova, uint64_t pa,
			    uint64_t len, bool *ok)
{
	uint64_t from = 0, to = 0, size = 0, n;

	for (*ok = true; len && *ok; iova += n, pa += n, len -= n) {
		struct json_object *one = json_object_array_get_idx(c->arr, c->at);

		if (c->at == json_object_array_length(c->arr)) {
			worse(j, STATUS_UNVERIFIED, "%s: none for IOVA 0x%" PRIx64, c->what, iova);
			*ok = false;
			return 0;
		}
		if (json_get_hex(one, "iova", &from) || json_get_hex(one, "pa", &to) ||
		    json_get_hex(one, "len", &size) || !size)
			return bad(j, "report.%s[%zu] is no translation", c->what, c->at);
		if (from + c->used != iova || to + c->used != pa) {
			worse(j, STATUS_FAIL,
			      "%s: IOVA 0x%" PRIx64 " at 0x%" PRIx64
			      ", and the process has IOVA 0x%" PRIx64 " at 0x%" PRIx64,
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

/* The frames of one device, as the IOMMU has them at each IOVA, against the process's. */
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
			return bad(j, "report.mapping.iovas[%zu] is no address", i);
		if (!i && iova != r->iova)
			return bad(j, "report.mapping.iova is not the first of iovas");
		for (n = 0; n < r->nr_runs && ok; n++)
			if (take_translation(j, &c, iova + (r->runs[n].vaddr - r->vaddr),
					     r->runs[n].pa, r->runs[n].len, &ok))
				return -EINVAL;
	}
	if (ok && c.at < json_object_array_length(arr))
		worse(j, STATUS_FAIL, "%s: %zu are of no page of the mapping", what,
		      json_object_array_length(arr) - c.at);
	return 0;
}

/* {compared, mismatched} of what has no status of its own; a difference has failed. */
static int judge_counts(struct judge *j, struct json_object *obj, const char *what,
			uint64_t *compared, uint64_t *mismatched)
{
	if (get_count(j, obj, what, "compared", compared) ||
	    get_count(j, obj, what, "mismatched", mismatched))
		return -EINVAL;
	if (*mismatched > *compared)
		return bad(j, "report.%s: %" PRIu64 " mismatched of %" PRIu64 " compared", what,
			   *mismatched, *compared);
	if (*mismatched)
		worse(j, STATUS_FAIL, "%s: %" PRIu64 " of %" PRIu64 " differ", what, *mismatched,
		      *compared);
	return 0;
}

/* What a further device was asked: all that the IOMMU has for it, and its DMA, where it has any. */
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

/* Of each device, once the IOMMU was asked. */
static int judge_devices(struct judge *j, struct json_object *report)
{
	struct json_object *witnesses = NULL, *iommu = NULL, *arr = NULL;
	uint64_t compared = 0;
	char what[48];
	size_t nr = j->with ? json_object_array_length(j->with) : 0, i;

	json_object_object_get_ex(report, "witnesses", &witnesses);
	if (!json_object_object_get_ex(witnesses, "iommu", &iommu) ||
	    get_count(j, iommu, "witnesses.iommu", "compared", &compared) || !compared)
		return 0; /* which is told already */
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

/* The comparison before unmap: {compared, mismatched, pages}, once it was made. */
static int judge_stale(struct judge *j, struct json_object *report)
{
	struct json_object *stale = NULL, *pages = NULL;
	uint64_t compared = 0, mismatched = 0;

	if (!json_object_object_get_ex(report, "stale", &stale))
		return 0;
	if (!json_object_is_type(stale, json_type_object))
		return bad(j, "report.stale is not an object");
	if (!json_object_object_length(stale))
		return 0;
	if (judge_counts(j, stale, "stale", &compared, &mismatched))
		return -EINVAL;
	if (json_object_object_get_ex(stale, "pages", &pages) &&
	    (!json_object_is_type(pages, json_type_array) ||
	     json_object_array_length(pages) != mismatched))
		return bad(j, "report.stale.pages are not the %" PRIu64 " that mismatched",
			   mismatched);
	judge_scope(j, "stale", SCOPE_DEVICES, compared);
	return 0;
}

/* @key of @obj, where it is there, as an array. */
static int get_array(struct judge *j, struct json_object *obj, const char *key,
		     struct json_object **out)
{
	*out = NULL;
	if (!json_object_object_get_ex(obj, key, out) || json_object_is_type(*out, json_type_array))
		return 0;
	return bad(j, "report: %s is not an array", key);
}

/* How much there is to compare, for one device at one IOVA and for all. */
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

static bool says_pass(struct json_object *report, const char *key)
{
	struct json_object *val;
	enum status verdict;

	return json_object_object_get_ex(report, key, &val) &&
	       !parse_verdict(val, NULL, &verdict) && verdict == STATUS_PASS;
}

bool qemu_guest_claims_pass(const struct qemu_report *r)
{
	return says_pass(r->json, "verdict") || says_pass(r->json, "so_far");
}

int qemu_guest_judge(const struct qemu_report *r, struct qemu_guest *out, char *why, size_t why_len)
{
	struct judge j = { .r = r, .g = out, .why = why, .why_len = why_len };
	struct json_object *report = r->json, *val = NULL;

	*out = (struct qemu_guest){ .verdict = STATUS_PASS };
	if (find_scope(&j))
		return -EINVAL;
	if (judge_word(&j, report) || judge_witnesses(&j, report) || judge_proven(&j, report) ||
	    judge_not_proven(&j, report))
		return -EINVAL;
	val = NULL;
	json_object_object_get_ex(report, "steps", &val);
	if (judge_steps(&j, val, "steps"))
		return -EINVAL;
	if (!json_object_array_length(val))
		return bad(&j, "report.steps is empty");
	judge_pages(&j);
	if (json_object_object_get_ex(report, "error", &val) && val)
		worse(&j, STATUS_ERROR, "it holds an error");
	return judge_devices(&j, report) ? -EINVAL : judge_stale(&j, report);
}
