// SPDX-License-Identifier: GPL-2.0
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "text.h"
#include "version.h"

static const struct {
	const char *name;
	int exit_code;
} statuses[] = {
	[STATUS_PASS] = { "pass", 0 },	 [STATUS_FAIL] = { "fail", 1 },
	[STATUS_SKIP] = { "skip", 0 },	 [STATUS_UNVERIFIED] = { "unverified", 4 },
	[STATUS_ERROR] = { "error", 2 },
};

const char *status_name(enum status status)
{
	return statuses[status].name;
}

int status_exit_code(enum status verdict)
{
	return statuses[verdict].exit_code;
}

/* The order of the keys in the contract; each is there, filled or not. */
static const char *const root_objects[] = {
	"device",    "iommu", "steps",	 "mapping", "pages", "walk",  "tables", "translations",
	"witnesses", "stale", "regions", "config",  "irqs",  "reset", "faults",
};

static const char *const root_arrays[] = {
	"steps", "walk", "tables", "translations", "regions", "irqs", "faults",
};

void report_init(struct report *rep, enum report_mode mode, bool quiet, bool verbose,
		 unsigned int nr_steps)
{
	size_t i, j;

	memset(rep, 0, sizeof(*rep));
	rep->mode = mode;
	rep->quiet = quiet;
	rep->verbose = verbose;
	rep->root = json_object_new_object();
	json_object_object_add(rep->root, "tool", json_text("vfio_test"));
	json_object_object_add(rep->root, "version", json_text(VFIO_VERIFY_VERSION));
	json_object_object_add(rep->root, "schema", json_object_new_int(1));
	/* Its place in the object; the value comes last. */
	json_object_object_add(rep->root, "verdict", NULL);
	for (i = 0; i < sizeof(root_objects) / sizeof(root_objects[0]); i++) {
		struct json_object *obj = NULL;

		for (j = 0; j < sizeof(root_arrays) / sizeof(root_arrays[0]); j++)
			if (!strcmp(root_arrays[j], root_objects[i]))
				obj = json_object_new_array();
		json_object_object_add(rep->root, root_objects[i],
				       obj ? obj : json_object_new_object());
	}
	rep->steps = report_object(rep, "steps");
	if (mode == REPORT_KTAP)
		printf("KTAP version 1\n1..%u\n", nr_steps);
}

void report_deinit(struct report *rep)
{
	json_object_put(rep->root);
	json_object_put(rep->checks);
	rep->root = NULL;
	rep->checks = NULL;
}

/* Whatever was quoted in it, no more than text and the ends of lines reaches the terminal. */
__attribute__((format(printf, 1, 0))) static void print_lines(const char *fmt, va_list ap)
{
	char *raw = NULL, *text = NULL;
	size_t len;

	if (vasprintf(&raw, fmt, ap) >= 0) {
		len = text_escape_lines(raw, NULL, 0) + 1;
		text = malloc(len);
	}
	if (text) {
		text_escape_lines(raw, text, len);
		fputs(text, stdout);
	}
	free(text);
	free(raw);
}

__attribute__((format(printf, 3, 0))) static void vline(struct report *rep, const char *mark,
							const char *fmt, va_list ap)
{
	if (rep->mode != REPORT_TEXT || rep->quiet)
		return;
	fputs(mark, stdout);
	print_lines(fmt, ap);
	putchar('\n');
	fflush(stdout); /* who reads along sees each step as it ends */
}

void report_line(struct report *rep, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vline(rep, "", fmt, ap);
	va_end(ap);
}

static void mark_text(enum status status, char *buf, size_t len)
{
	const char *colour = term_green(), *sign = term_tick();

	if (status == STATUS_FAIL || status == STATUS_ERROR) {
		colour = term_red();
		sign = term_cross();
	} else if (status != STATUS_PASS) {
		colour = term_yellow();
		sign = term_question();
	}
	snprintf(buf, len, "%s%s%s ", colour, sign, term_reset());
}

void report_ok(struct report *rep, const char *fmt, ...)
{
	char mark[32];
	va_list ap;

	mark_text(STATUS_PASS, mark, sizeof(mark));
	va_start(ap, fmt);
	vline(rep, mark, fmt, ap);
	va_end(ap);
}

void report_mark(struct report *rep, enum status status, const char *fmt, ...)
{
	char mark[32];
	va_list ap;

	mark_text(status, mark, sizeof(mark));
	va_start(ap, fmt);
	vline(rep, mark, fmt, ap);
	va_end(ap);
}

void report_check(struct report *rep, const char *name, enum status status, const char *fmt, ...)
{
	struct json_object *check = json_object_new_object();
	char detail[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	if (!rep->checks)
		rep->checks = json_object_new_array();
	json_object_object_add(check, "name", json_text(name));
	json_object_object_add(check, "status", json_text(status_name(status)));
	json_object_object_add(check, "detail", json_text(detail));
	json_object_array_add(rep->checks, check);
	if (status == STATUS_FAIL || status == STATUS_UNVERIFIED || rep->verbose)
		report_mark(rep, status, "%s: %s", name, detail);
}

static const char *check_string(const struct report *rep, size_t i, const char *key)
{
	return json_object_get_string(
		json_object_object_get(json_object_array_get_idx(rep->checks, i), key));
}

unsigned int report_checks(const struct report *rep, enum status status)
{
	size_t nr = rep->checks ? json_object_array_length(rep->checks) : 0, i;
	unsigned int n = 0;

	for (i = 0; i < nr; i++)
		n += !strcmp(check_string(rep, i, "status"), status_name(status));
	return n;
}

/* A subtest has its plan first: so it is printed when its step has ended. */
static void print_checks(const struct report *rep, const char *name)
{
	size_t nr = json_object_array_length(rep->checks), i;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%zu\n", name, nr);
	for (i = 0; i < nr; i++) {
		const char *status = check_string(rep, i, "status");
		const char *detail = check_string(rep, i, "detail");
		bool unverified = !strcmp(status, status_name(STATUS_UNVERIFIED));
		bool skip = unverified || !strcmp(status, status_name(STATUS_SKIP));
		bool ok = skip || !strcmp(status, status_name(STATUS_PASS));

		printf("    %s %zu - %s%s%s%s\n", ok ? "ok" : "not ok", i + 1,
		       check_string(rep, i, "name"), skip ? " # SKIP " : "",
		       unverified ? "unverified: " : "", skip ? text_shown(detail) : "");
		if (!ok)
			printf("    # %s\n", text_shown(detail));
	}
}

void report_step(struct report *rep, const char *name, enum status status, const char *detail,
		 const struct err *err)
{
	struct json_object *step = json_object_new_object();
	bool failed = status == STATUS_FAIL || status == STATUS_ERROR;

	rep->nr++;
	rep->count[status]++;
	if (err && status == STATUS_ERROR && !rep->have_err) {
		rep->have_err = true;
		rep->err = *err;
	}
	json_object_object_add(step, "name", json_text(name));
	json_object_object_add(step, "status",
			       json_text(status_name(failed ? STATUS_FAIL : status)));
	json_object_object_add(step, "detail", json_text(detail));
	if (err)
		json_object_object_add(step, "error", err_json(err));
	json_object_array_add(rep->steps, step);
	if (rep->mode == REPORT_KTAP && rep->checks)
		print_checks(rep, name);
	if (rep->checks)
		json_object_object_add(step, "checks", rep->checks);
	rep->checks = NULL;

	if (rep->mode != REPORT_KTAP)
		return;
	/* What was asked for and not checked is a skip of KTAP, as exit code 4 is of kselftest. */
	printf("%s %u - %s", failed ? "not ok" : "ok", rep->nr, name);
	if (!failed && status == STATUS_UNVERIFIED)
		printf(" # SKIP unverified: %s",
		       text_shown(err && err->why[0] ? err->why : detail));
	else if (!failed && status == STATUS_SKIP)
		printf(" # SKIP %s", text_shown(detail));
	putchar('\n');
	if (err)
		printf("# %s: %s; %s\n", text_shown(err->what), text_shown(err->why),
		       text_shown(err->fix));
	fflush(stdout);
}

int report_step_errno(const struct report *rep, const char *name)
{
	size_t nr = json_object_array_length(rep->steps), i;

	for (i = 0; i < nr; i++) {
		struct json_object *step = json_object_array_get_idx(rep->steps, i), *err;

		if (strcmp(json_object_get_string(json_object_object_get(step, "name")), name) ||
		    strcmp(json_object_get_string(json_object_object_get(step, "status")),
			   status_name(STATUS_UNVERIFIED)))
			continue;
		if (!json_object_object_get_ex(step, "error", &err))
			return 0;
		return json_object_get_int(json_object_object_get(err, "errno"));
	}
	return -1;
}

struct json_object *report_object(struct report *rep, const char *key)
{
	struct json_object *obj;

	if (json_object_object_get_ex(rep->root, key, &obj))
		return obj;
	obj = json_object_new_object();
	json_object_object_add(rep->root, key, obj);
	return obj;
}

void report_witness(struct report *rep, const char *name, enum status status,
		    unsigned long long compared, unsigned long long mismatched,
		    const char *first_mismatch)
{
	struct json_object *w = json_object_new_object();

	json_object_object_add(w, "status", json_text(status_name(status)));
	json_object_object_add(w, "compared", json_object_new_uint64(compared));
	json_object_object_add(w, "mismatched", json_object_new_uint64(mismatched));
	if (first_mismatch && first_mismatch[0])
		json_object_object_add(w, "first_mismatch", json_text(first_mismatch));
	json_object_object_add(report_object(rep, "witnesses"), name, w);
}

void report_witness_ns(struct report *rep, const char *name, unsigned long long ns)
{
	struct json_object *w;

	if (json_object_object_get_ex(report_object(rep, "witnesses"), name, &w))
		json_object_object_add(w, "ns_per_page", json_object_new_uint64(ns));
}

enum status report_verdict(const struct report *rep)
{
	/* Worst first: what stopped the run, what failed, what is unknown. */
	static const enum status order[] = {
		STATUS_ERROR,
		STATUS_FAIL,
		STATUS_UNVERIFIED,
	};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (rep->count[order[i]])
			return order[i];
	return STATUS_PASS;
}

int report_finish(struct report *rep, const char *summary)
{
	enum status verdict = report_verdict(rep);

	if (rep->printed)
		return 0;
	rep->printed = true;
	json_object_object_add(rep->root, "verdict", json_text(status_name(verdict)));
	if (rep->have_err)
		json_object_object_add(rep->root, "error", err_json(&rep->err));
	switch (rep->mode) {
	case REPORT_JSON:
		puts(json_object_to_json_string_ext(
			rep->root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					   JSON_C_TO_STRING_NOSLASHESCAPE));
		break;
	case REPORT_TEXT:
		if (verdict != STATUS_ERROR)
			printf("Verdict: %s: %s\n", status_name(verdict), text_shown(summary));
		break;
	case REPORT_KTAP:
		printf("# verdict: %s: %s\n", status_name(verdict), text_shown(summary));
		break;
	}
	if (fflush(stdout) || ferror(stdout))
		return errno ? -errno : -EIO;
	return 0;
}
