// SPDX-License-Identifier: GPL-2.0
/*
 * One open file of the module, and several who use it: processes, threads, requests, answers that
 * take more than one call. Root, in the guest, module loaded.
 *
 *	share
 *	share --fragments PAGES		nothing but a process of so many runs, which executes sleep
 *					after SIGUSR1
 *
 * What was read or given of one answer is never gone on with out of another; nobody waits for
 * another's page fault; a process is asked about as long as it lives, and held by nobody.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "ktap.h"
#include "proc.h"
#include "share.h"

/* In all; a VM has 600 or 900, for this and for other programs. */
#define LIMIT_SECONDS 250

bool failed;
const char *skipped;

__attribute__((format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	comment("%s", line);
	failed = true;
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "a second request ends the answer in progress", test_second_request },
	{ "an ioctl between two reads", test_ioctl_between },
	{ "a process whose first thread has ended", test_first_thread },
	{ "nobody waits for another's page fault", test_fault },
	{ "an answer of several calls", test_continue },
	{ "exec and exit in the middle of an answer", test_exec },
	{ "another pid namespace", test_pid_namespace_asked },
	{ "a 32-bit caller", test_compat },
	{ "what the kernel means by its bits", test_soft_bits },
	{ "no address space is kept", test_references },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "--fragments"))
		return fragments(strtoul(argv[2], NULL, 0));
	limit_time(LIMIT_SECONDS);
	ktap_plan(ARRAY_SIZE(tests));
	make_area(PAGES);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		failed = false;
		skipped = NULL;
		tests[i].run();
		if (skipped && !failed)
			result_skip(skipped, "share: %s", tests[i].name);
		else
			result(!failed, "share: %s", tests[i].name);
	}
	return ktap_status();
}
