// SPDX-License-Identifier: GPL-2.0
/* The step that holds the mapping, and repeatedly checks whether it is still the same. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run/request.h"
#include "lib/signals.h"
#include "run/step.h"
#include "lib/text.h"

/* A signal may arrive right before poll(); then it is noticed after this time at the latest. */
#define LOOK_MS 1000

static int64_t now_ms(void)
{
	return (int64_t)(now_ns() / 1000000);
}

struct hold {
	struct pollfd in;
	int64_t end;	/* when a hold with a time ends; 0: it has no time */
	int64_t again;	/* when the next comparison is due */
	int recheck_ms; /* 0: no comparisons */
	uint64_t comparisons;
	enum status found; /* of the comparison that ended the hold; STATUS_PASS: none did */
};

/* Makes the comparison that is due.  If a signal interrupts it, it does not count. */
static void look_again(struct run *run, struct hold *h)
{
	const enum status found = recheck(run, false);

	h->again = now_ms() + h->recheck_ms;
	if (signal_seen)
		return;
	h->comparisons++;
	h->found = found;
}

/* Was Enter pressed?  At the end of stdin, which will never have one, stops reading it. */
static bool entered(struct hold *h)
{
	char c;
	ssize_t n = read(h->in.fd, &c, 1);

	if (n <= 0)
		h->in.fd = -1;
	return n == 1 && (c == '\n' || c == '\r');
}

/* Waits until the time is over, or for Enter, a signal, a request for the device, or a difference.
 */
static void wait_held(struct run *run, struct hold *h)
{
	while (!signal_seen && h->found == STATUS_PASS) {
		const int64_t now = now_ms();
		int64_t left = LOOK_MS;

		if (h->end && now >= h->end)
			return;
		if (h->end && h->end - now < left)
			left = h->end - now;
		if (h->recheck_ms && h->again - now < left)
			left = h->again > now ? h->again - now : 0;
		if (poll(&h->in, 1, (int)left) > 0 && entered(h))
			return;
		if (h->recheck_ms && !signal_seen && now_ms() >= h->again)
			look_again(run, h);
	}
}

/* Writes the comparisons to JSON, with the first page if a difference ended the hold. */
static void tell_comparisons(struct run *run, const struct hold *h)
{
	struct json_object *obj = report_object(run->rep, "recheck");

	json_object_object_add(obj, "interval_ms", json_object_new_int(h->recheck_ms));
	json_object_object_add(obj, "comparisons", json_object_new_uint64(h->comparisons));
	json_object_object_add(obj, "ended_hold", json_object_new_boolean(h->found != STATUS_PASS));
	if (h->found != STATUS_PASS)
		json_object_object_add(obj, "first", json_text(run->end.err.why));
}

/* Prints the report of the held mapping; STATUS_ERROR: it could not be written. */
static enum status tell_held(struct run *run)
{
	int ret;

	if (run->opts->recheck_ms)
		return STATUS_PASS;
	ret = report_held(run->rep);
	if (!ret)
		return STATUS_PASS;
	err_set(&run->end.err, -ret, "stdout: the report of the held mapping could not be written",
		strerror(-ret), "redirect standard output to a file with enough space");
	return STATUS_ERROR;
}

enum status step_hold(struct run *run)
{
	const unsigned int seconds = run->opts->hold_seconds;
	struct hold h = {
		.in = { .fd = seconds ? -1 : STDIN_FILENO, .events = POLLIN },
		.recheck_ms = run->testimonies.said[WITNESS_IOMMU].answered
				      ? (int)run->opts->recheck_ms
				      : 0,
		.found = STATUS_PASS,
	};

	if (!run->opts->hold) {
		run_detail(run, "not asked for");
		return STATUS_SKIP;
	}
	/* A program that compares from outside needs the report while the mapping exists. */
	if (tell_held(run) != STATUS_PASS)
		return STATUS_ERROR;
	if (seconds)
		fprintf(stderr, "vfio_test: holding the mapping for %u s\n", seconds);
	else
		fprintf(stderr, "vfio_test: holding the mapping until Enter or a signal\n");
	h.end = seconds ? now_ms() + seconds * INT64_C(1000) : 0;
	h.again = now_ms() + h.recheck_ms;
	wait_held(run, &h);
	/* After a signal, which only ends the hold, the run goes on; after a request it does not.
	 */
	if (request_seen())
		return STATUS_SKIP;
	signal_seen = 0;
	if (h.recheck_ms)
		tell_comparisons(run, &h);
	if (h.found == STATUS_PASS) {
		memset(&run->end.err, 0, sizeof(run->end.err));
		run_detail(run, "held; %" PRIu64 " comparisons meanwhile", h.comparisons);
		return STATUS_PASS;
	}
	/* A difference decides the result, even if all agrees again before unmap. */
	fprintf(stderr, "vfio_test: the hold ends early: %s: %s\n", run->end.err.what,
		run->end.err.why);
	run_detail(run, "ended early, by comparison %" PRIu64, h.comparisons);
	return h.found;
}
