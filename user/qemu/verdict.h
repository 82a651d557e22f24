/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a check ended, in words, as an exit code, and which is worse. */
#ifndef QEMU_VERDICT_H
#define QEMU_VERDICT_H

#include <stddef.h>
#include <string.h>

enum verdict { /* and exit codes */
	       VERDICT_PASS = 0,
	       VERDICT_FAIL = 1,
	       VERDICT_ERROR = 2,
	       VERDICT_UNVERIFIED = 4,
};

/* The best first: what was not verified is never a pass. */
static const struct {
	enum verdict verdict;
	const char *name;
} qemu_verdicts[] = {
	{ VERDICT_PASS, "pass" },
	{ VERDICT_UNVERIFIED, "unverified" },
	{ VERDICT_FAIL, "fail" },
	{ VERDICT_ERROR, "error" },
};

#define QEMU_NR_VERDICTS (sizeof(qemu_verdicts) / sizeof(qemu_verdicts[0]))

static inline size_t verdict_rank(enum verdict v)
{
	size_t i;

	for (i = 0; i < QEMU_NR_VERDICTS - 1; i++)
		if (qemu_verdicts[i].verdict == v)
			break;
	return i;
}

static inline const char *verdict_name(enum verdict v)
{
	return qemu_verdicts[verdict_rank(v)].name;
}

static inline enum verdict verdict_worst(enum verdict a, enum verdict b)
{
	return verdict_rank(a) > verdict_rank(b) ? a : b;
}

#endif /* QEMU_VERDICT_H */
