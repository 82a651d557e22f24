// SPDX-License-Identifier: GPL-2.0
#include "lib/signals.h"
#include "run/ask.h"
#include "run/step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_detail(struct run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(run->end.detail, sizeof(run->end.detail), fmt, ap);
	va_end(ap);
}

/* What a back end may lack. */
static const struct {
	unsigned int bit;
	const char *text;
} lacks[] = {
	{ BACKEND_CONTAINER, "has no container" },
	{ BACKEND_GROUP, "takes the device by its own node, not through its group" },
	{ BACKEND_MAP, "has no IOMMU that memory could be mapped in" },
};

/* Why the step is skipped with the run's back end; NULL: it is not */
static const char *not_for(const struct step *step, const struct run *run)
{
	const unsigned int missing =
		run->target.vfio.be ? step->needs & ~run->target.vfio.be->has : 0;
	size_t i;

	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (missing & lacks[i].bit)
			return lacks[i].text;
	return NULL;
}

/* Allocates the step's private data, which stays until all steps are undone, and runs the step. */
static enum status run_step(const struct step *step, void **own, struct run *run)
{
	if (step->own)
		*own = calloc(1, step->own);
	if (step->own && !*own) {
		err_set(&run->end.err, ENOMEM, "no memory for the step", strerror(ENOMEM), "");
		return STATUS_ERROR;
	}
	run->own = *own;
	return step->asks ? run_ask(run, step->asks) : step->run(run);
}

/* A step that has private data and did not get it never ran, and is not undone. */
static void steps_undo(const struct step *steps, size_t done, void **own, struct run *run)
{
	const size_t nr = done;
	size_t i;

	while (done--) {
		const struct step *step = &steps[done];
		void (*undo)(struct run *) = step->asks ? step->asks->close : step->undo;

		run->own = own[done];
		if (undo && (run->own || !step->own))
			undo(run);
	}
	for (i = 0; i < nr; i++)
		free(own[i]);
	run->own = NULL;
}

void steps_run(const struct step *steps, size_t nr, struct run *run)
{
	void **own = calloc(nr + 1, sizeof(*own));
	bool stopped = !own;
	size_t i, done = 0;

	if (!own) {
		err_set(&run->end.err, ENOMEM, "no memory for the steps", strerror(ENOMEM), "");
		report_stopped(run->rep, &run->end.err);
	}
	for (i = 0; i < nr; i++) {
		const struct step *step = &steps[i];
		const char *lacking = not_for(step, run);
		enum status status;

		if (signal_seen || stopped) {
			report_step(run->rep, step->name, STATUS_SKIP, "not reached", NULL);
			continue;
		}
		if (lacking) {
			run_detail(run, "%s %s", run->target.vfio.be->name, lacking);
			report_step(run->rep, step->name, STATUS_SKIP, run->end.detail, NULL);
			continue;
		}
		if (step->heading)
			report_line(run->rep, "\n=== %s ===", step->heading);
		memset(&run->end.err, 0, sizeof(run->end.err));
		run->end.detail[0] = '\0';
		done = i + 1;
		status = run_step(step, &own[i], run);
		/* A step that a signal interrupted did not fail. */
		if (signal_seen && status != STATUS_PASS) {
			report_step(run->rep, step->name, STATUS_SKIP, "interrupted", NULL);
			continue;
		}
		if (run->end.err.what[0] && (status != STATUS_ERROR))
			report_mark(run->rep, status, "%s: %s; %s", run->end.err.what,
				    run->end.err.why, run->end.err.fix);
		report_step(run->rep, step->name, status, run->end.detail,
			    run->end.err.what[0] ? &run->end.err : NULL);
		stopped = status == STATUS_ERROR;
	}
	steps_undo(steps, done, own, run);
	free(own);
}
