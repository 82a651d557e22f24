// SPDX-License-Identifier: GPL-2.0
#include "lib/status.h"

#include <stddef.h>

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
