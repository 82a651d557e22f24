// SPDX-License-Identifier: GPL-2.0
/* The step that listens for the kernel's request to give the device back. */
#include <stdio.h>
#include <string.h>

#include "run/request.h"
#include "run/step.h"

enum status step_request(struct run *run)
{
	int ret = request_listen(&run->target.request, run->target.device, run->opts->bdf);

	if (ret) {
		run_detail(run, "cannot listen for requests to give the device back: %s",
			   strerror(-ret));
		return STATUS_SKIP;
	}
	run_detail(run, "listening for requests to give the device back");
	return STATUS_PASS;
}

void undo_request(struct run *run)
{
	request_stop(&run->target.request);
}

bool run_unheard(struct run *run)
{
	const bool listening = run->target.request.listening;

	request_stop(&run->target.request);
	return listening;
}

void run_heard(struct run *run)
{
	if (request_listen(&run->target.request, run->target.device, run->opts->bdf))
		report_line(run->rep,
			    "From here on requests to give the device back are not noticed");
}

bool run_given_back(struct run *run)
{
	struct err err = { 0 };

	if (!request_seen())
		return false;
	err_set(&err, 0, "", "it is being unplugged, or unbound from its driver",
		"nothing of the run is left; start it again when the device is back");
	err_what(&err, "the kernel wants %s back, and it was given back", request_seen());
	report_stopped(run->rep, &err);
	return true;
}
