// SPDX-License-Identifier: GPL-2.0
#include "failure/files.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

#include "failure/failure.h"

bool files_enough(struct err *err)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur >= FILES_NEEDED)
		return true;
	if (lim.rlim_max >= FILES_NEEDED) {
		lim.rlim_cur = FILES_NEEDED;
		if (!setrlimit(RLIMIT_NOFILE, &lim))
			return true;
	}
	failure_set(NULL, "no-files-left", EMFILE, "files", err);
	err_why(err, "this process may have %llu files open, and %d are needed",
		(unsigned long long)lim.rlim_max, FILES_NEEDED);
	return false;
}
