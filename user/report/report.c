// SPDX-License-Identifier: GPL-2.0
#include "report/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/term.h"
#include "lib/text.h"

/* The keys in the documented order; each is in every report, even if it is empty. */
static const char *const root_objects[] = {
	"device",    "iommu", "steps",	 "mapping", "pages", "walk",  "tables", "translations",
	"witnesses", "stale", "regions", "config",  "irqs",  "reset", "faults",
};

static const char *const root_arrays[] = {
	"steps", "walk", "tables", "translations", "regions", "irqs", "faults",
};

void report_init(struct report *rep, struct testimonies *all, enum report_mode mode, bool quiet,
		 bool verbose, unsigned int nr_steps)
{
	size_t i, j;

	memset(rep, 0, sizeof(*rep));
	rep->all = all;
	rep->mode = mode;
	rep->quiet = quiet;
	rep->verbose = verbose;
	rep->root = json_answer("vfio_test", NULL); /* the verdict comes last */
	json_object_object_add(rep->root, "final", json_object_new_boolean(false));
	json_object_object_add(rep->root, "proven", NULL);
	json_object_object_add(rep->root, "not_proven", NULL);
	rep->held_at = -1;
	for (i = 0; i < sizeof(root_objects) / sizeof(root_objects[0]); i++) {
		struct json_object *obj = NULL;

		for (j = 0; j < sizeof(root_arrays) / sizeof(root_arrays[0]); j++)
			if (!strcmp(root_arrays[j], root_objects[i]))
				obj = json_object_new_array();
		json_object_object_add(rep->root, root_objects[i],
				       obj ? obj : json_object_new_object());
	}
	if (mode == REPORT_KTAP)
		printf("KTAP version 1\n1..%u\n", nr_steps);
}

void report_deinit(struct report *rep)
{
	json_object_put(rep->root);
	rep->root = NULL;
	free(rep->steps);
	free(rep->checks);
	rep->steps = NULL;
	rep->checks = NULL;
}

/* A line may quote foreign text; all but text and newlines is escaped for the terminal. */
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

/* Flushes stdout: 0, or -errno of the first write that failed.  stdio does not keep it; *no does.
 */
static int stdout_end(int *no)
{
	errno = 0;
	if (fflush(stdout) && !*no)
		*no = errno;
	if (ferror(stdout) && !*no)
		*no = EIO;
	return -*no;
}

__attribute__((format(printf, 3, 0))) static void vline(struct report *rep, const char *mark,
							const char *fmt, va_list ap)
{
	if (rep->mode != REPORT_TEXT || rep->quiet)
		return;
	fputs(mark, stdout);
	print_lines(fmt, ap);
	putchar('\n');
	stdout_end(&rep->stdout_no); /* a reader sees each step when it ends */
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

static void keep_error(struct report *rep, const struct err *err)
{
	if (rep->have_err)
		return;
	rep->have_err = true;
	rep->err = *err;
}

void report_stopped(struct report *rep, const struct err *err)
{
	rep->count[STATUS_ERROR]++;
	keep_error(rep, err);
}

/* Room for one more element of @size bytes after @nr; NULL: no memory, and the run is stopped. */
static void *one_more(struct report *rep, void *list, size_t nr, size_t size)
{
	struct err err = { 0 };
	void *more = realloc(list, (nr + 1) * size);

	if (more)
		return more;
	err_set(&err, ENOMEM, "the report", strerror(ENOMEM), "end other programs");
	report_stopped(rep, &err);
	return NULL;
}

void report_check(struct report *rep, const char *name, enum status status, const char *fmt, ...)
{
	struct told_check *checks = one_more(rep, rep->checks, rep->nr_checks, sizeof(*checks)),
			  *check;
	va_list ap;

	if (!checks)
		return;
	rep->checks = checks;
	check = &checks[rep->nr_checks++];
	snprintf(check->name, sizeof(check->name), "%s", name);
	check->status = status;
	va_start(ap, fmt);
	vsnprintf(check->detail, sizeof(check->detail), fmt, ap);
	va_end(ap);
	if (status == STATUS_FAIL || status == STATUS_UNVERIFIED || rep->verbose)
		report_mark(rep, status, "%s: %s", name, check->detail);
}

unsigned int report_checks(const struct report *rep, enum status status)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < rep->nr_checks; i++)
		n += rep->checks[i].status == status;
	return n;
}

/* The plan of a subtest comes first, so all is printed only when the step has ended. */
static void print_checks(const struct report *rep, const char *name)
{
	size_t i;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%zu\n", name, rep->nr_checks);
	for (i = 0; i < rep->nr_checks; i++) {
		const struct told_check *check = &rep->checks[i];
		bool unverified = check->status == STATUS_UNVERIFIED;
		bool skip = unverified || check->status == STATUS_SKIP;
		bool ok = skip || check->status == STATUS_PASS;

		printf("    %s %zu - %s%s%s%s\n", ok ? "ok" : "not ok", i + 1, check->name,
		       skip ? " # SKIP " : "", unverified ? "unverified: " : "",
		       skip ? text_shown(check->detail) : "");
		if (!ok)
			printf("    # %s\n", text_shown(check->detail));
	}
}

static struct json_object *checks_json(const struct report *rep)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < rep->nr_checks; i++) {
		const struct told_check *check = &rep->checks[i];
		struct json_object *obj = json_object_new_object();

		json_object_object_add(obj, "name", json_text(check->name));
		json_object_object_add(obj, "status", json_text(status_name(check->status)));
		json_object_object_add(obj, "detail", json_text(check->detail));
		json_object_array_add(list, obj);
	}
	return list;
}

/* "what: why" of a step, or its detail */
static void reason_text(const struct err *err, const char *detail, char *buf, size_t len)
{
	if (err && err->what[0])
		snprintf(buf, len, "%s%s%s", err->what, err->why[0] ? ": " : "", err->why);
	else
		snprintf(buf, len, "%s", detail ? detail : "");
}

static void step_json(struct report *rep, const char *name, enum status status, const char *detail,
		      const struct err *err)
{
	struct json_object *step = json_object_new_object();

	json_object_object_add(step, "name", json_text(name));
	json_object_object_add(
		step, "status",
		json_text(status_name(status == STATUS_ERROR ? STATUS_FAIL : status)));
	json_object_object_add(step, "detail", json_text(detail));
	if (err)
		json_object_object_add(step, "error", err_json(err));
	if (rep->nr_checks)
		json_object_object_add(step, "checks", checks_json(rep));
	json_object_array_add(report_object(rep, "steps"), step);
}

/* "unverified" is a SKIP in KTAP, as exit code 4 is for kselftest. */
static void step_ktap(struct report *rep, const char *name, enum status status, const char *detail,
		      const struct err *err)
{
	const bool failed = status == STATUS_FAIL || status == STATUS_ERROR;

	if (rep->nr_checks)
		print_checks(rep, name);
	printf("%s %zu - %s", failed ? "not ok" : "ok", rep->nr, name);
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

void report_step(struct report *rep, const char *name, enum status status, const char *detail,
		 const struct err *err)
{
	struct told_step *steps = one_more(rep, rep->steps, rep->nr, sizeof(*steps)), *step;

	if (!steps)
		return;
	rep->steps = steps;
	step = &steps[rep->nr++];
	snprintf(step->name, sizeof(step->name), "%s", name);
	step->status = status;
	step->no = err ? err->no : 0;
	reason_text(err, detail, step->why, sizeof(step->why));
	rep->count[status]++;
	testimonies_step(rep->all, name, status, step->why);
	if (err && status == STATUS_ERROR)
		keep_error(rep, err);
	step_json(rep, name, status, detail, err);
	if (rep->mode == REPORT_KTAP)
		step_ktap(rep, name, status, detail, err);
	rep->nr_checks = 0;
}

const struct told_step *report_told(const struct report *rep, const char *name)
{
	size_t i;

	for (i = 0; i < rep->nr; i++)
		if (!strcmp(rep->steps[i].name, name))
			return &rep->steps[i];
	return NULL;
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

static struct json_object *witness_json(const struct report *rep, enum witness_id id)
{
	const struct testimony *t = &rep->all->said[id];
	struct json_object *w = json_object_new_object();
	char why[600];

	json_object_object_add(w, "status", json_text(status_name(testimony_status(t))));
	json_object_object_add(w, "compared", json_object_new_uint64(t->judged));
	json_object_object_add(w, "mismatched", json_object_new_uint64(t->differing));
	if (t->judged != t->total)
		json_object_object_add(w, "total", json_object_new_uint64(t->total));
	if (t->differing && t->why[0])
		json_object_object_add(w, "first_mismatch", json_text(t->why));
	testimony_why(id, t, why, sizeof(why));
	if (why[0])
		json_object_object_add(w, "reason", json_text(why));
	if (t->ns)
		json_object_object_add(w, "ns_per_page", json_object_new_uint64(t->ns));
	return w;
}

/* {witness, why}, and the device if it is not the first one */
static struct json_object *not_proven_json(const char *witness, const char *bdf, const char *why)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "witness", json_text(witness));
	if (bdf)
		json_object_object_add(obj, "device", json_text(bdf));
	json_object_object_add(obj, "why", json_text(why));
	return obj;
}

/* Writes the current witnesses, proven and not_proven. */
static void tell_witnesses(struct report *rep)
{
	struct json_object *all = json_object_new_object();
	struct json_object *proven = json_object_new_array(), *not = json_object_new_array();
	size_t i;
	int id;

	for (id = 0; id < NR_WITNESSES; id++) {
		const struct testimony *t = &rep->all->said[id];
		char why[600];

		if (witnesses[id].in_json)
			json_object_object_add(all, witnesses[id].name, witness_json(rep, id));
		if (testimonies_proven(rep->all, id))
			json_object_array_add(proven, json_text(witnesses[id].name));
		if (testimony_proven(t) ||
		    (id == WITNESS_QEMU && !(rep->all->required & WITNESS_BIT(id))))
			continue;
		testimony_why(id, t, why, sizeof(why));
		json_object_array_add(not, not_proven_json(witnesses[id].name, NULL, why));
	}
	for (i = 0; i < rep->all->nr_further; i++)
		json_object_array_add(not, not_proven_json(witnesses[rep->all->further[i].id].name,
							   rep->all->further[i].bdf,
							   rep->all->further[i].why));
	json_object_object_add(rep->root, "witnesses", all);
	json_object_object_add(rep->root, "proven", proven);
	json_object_object_add(rep->root, "not_proven", not );
}

/* The witnesses' counts are judged as well: a step's status cannot hide a difference. */
enum status report_verdict(const struct report *rep)
{
	unsigned int count[NR_STATUSES];
	int id;

	memcpy(count, rep->count, sizeof(count));
	for (id = 0; id < NR_WITNESSES; id++)
		count[witness_verdict(id, &rep->all->said[id])]++;
	return status_worst(count);
}

/* Does the verdict line name the step?  For a step that asks a witness, the witness is named. */
static bool has_own_place(const struct told_step *step)
{
	if (step->status == STATUS_ERROR)
		return true;
	return (step->status == STATUS_FAIL || step->status == STATUS_UNVERIFIED) &&
	       !step_has_witness(step->name);
}

static void verdict_line(const struct report *rep, char *buf, size_t len)
{
	struct step_said *steps = calloc(rep->nr + 1, sizeof(*steps));
	struct verdict_facts facts = {
		.verdict = report_verdict(rep),
		.all = rep->all,
		.steps = steps,
	};
	size_t i;

	for (i = 0; i < rep->nr && steps; i++) {
		const struct told_step *step = &rep->steps[i];

		if (has_own_place(step))
			steps[facts.nr_steps++] =
				(struct step_said){ step->name, step->why, step->status };
	}
	verdict_text(&facts, buf, len);
	free(steps);
}

static size_t print_json(struct report *rep)
{
	const char *text = json_object_to_json_string_ext(
		rep->root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	errno = 0;
	if (puts(text) == EOF && !rep->stdout_no)
		rep->stdout_no = errno;
	return strlen(text) + 1;
}

int report_held(struct report *rep)
{
	const enum status verdict = report_verdict(rep);
	struct stat st;
	size_t len;
	int ret;

	if (rep->mode != REPORT_JSON)
		return 0;
	/* The steps after it can still fail, so the verdict is not pass yet. */
	json_object_object_add(
		rep->root, "verdict",
		json_text(status_name(verdict == STATUS_PASS ? STATUS_UNVERIFIED : verdict)));
	json_object_object_add(rep->root, "held", json_object_new_boolean(true));
	json_object_object_add(rep->root, "so_far", json_text(status_name(verdict)));
	tell_witnesses(rep);
	len = print_json(rep);
	ret = stdout_end(&rep->stdout_no);
	if (!ret && !fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode)) {
		rep->held_end = lseek(STDOUT_FILENO, 0, SEEK_CUR);
		rep->held_at = rep->held_end - (long long)len;
	}
	return ret;
}

/* Removes the held report from the file, unless something was written after it. */
static void take_held_back(const struct report *rep)
{
	struct stat st;

	if (rep->held_at < 0 || fstat(STDOUT_FILENO, &st) || st.st_size != rep->held_end ||
	    ftruncate(STDOUT_FILENO, rep->held_at))
		return;
	lseek(STDOUT_FILENO, rep->held_at, SEEK_SET);
}

int report_finish(struct report *rep, const char *tail)
{
	enum status verdict = report_verdict(rep);
	char text[VERDICT_TEXT];

	if (rep->printed)
		return 0;
	rep->printed = true;
	verdict_line(rep, text, sizeof(text));
	text_clean(text, sizeof(text));
	switch (rep->mode) {
	case REPORT_JSON:
		json_object_object_add(rep->root, "verdict", json_text(status_name(verdict)));
		json_object_object_add(rep->root, "final", json_object_new_boolean(true));
		json_object_object_del(rep->root, "held");
		json_object_object_del(rep->root, "so_far");
		if (rep->have_err)
			json_object_object_add(rep->root, "error", err_json(&rep->err));
		tell_witnesses(rep);
		take_held_back(rep);
		print_json(rep);
		break;
	case REPORT_TEXT:
		if (verdict != STATUS_ERROR)
			printf("Verdict: %s: %s%s\n", status_name(verdict), text, tail);
		break;
	case REPORT_KTAP:
		printf("# verdict: %s: %s%s\n", status_name(verdict), text, tail);
		break;
	}
	return stdout_end(&rep->stdout_no);
}
