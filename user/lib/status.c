// SPDX-License-Identifier: GPL-2.0
#include "lib/status.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* "unverified" ranks above "pass", so that what was not verified never counts as a pass. */
static const struct {
	const char *name;
	int exit_code;
	int rank; /* a worse status has a higher rank */
} statuses[] = {
	[STATUS_SKIP] = { "skip", EXIT_OK, 0 },
	[STATUS_PASS] = { "pass", EXIT_OK, 1 },
	[STATUS_UNVERIFIED] = { "unverified", EXIT_UNVERIFIED, 2 },
	[STATUS_FAIL] = { "fail", EXIT_FAILED, 3 },
	[STATUS_ERROR] = { "error", EXIT_STOPPED, 4 },
};

const char *status_name(enum status status)
{
	return statuses[status].name;
}

int status_from_name(const char *name, enum status *out)
{
	int i;

	for (i = 0; i < NR_STATUSES; i++) {
		if (!strcmp(statuses[i].name, name)) {
			*out = (enum status)i;
			return 0;
		}
	}
	return -EINVAL;
}

int status_exit_code(enum status status)
{
	return statuses[status].exit_code;
}

const char *exit_code_name(int exit_code)
{
	size_t i;

	for (i = 0; i < NR_STATUSES; i++)
		if (statuses[i].exit_code == exit_code)
			return statuses[i].name;
	return statuses[STATUS_ERROR].name;
}

bool status_is_worse(enum status a, enum status b)
{
	return statuses[a].rank > statuses[b].rank;
}

enum status status_worse(enum status a, enum status b)
{
	return status_is_worse(a, b) ? a : b;
}
