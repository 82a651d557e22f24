/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Compares two lists of runs, frame by frame.  Pure: no I/O, no allocation. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "uapi/verify_pte.h"

/* Runs sorted by address that do not overlap.  An address that no run covers has no frame. */
struct frames {
	const struct verify_pte_run *runs;
	size_t nr;
	uint64_t base; /* the address of offset 0 in these runs, in bytes */
};

/* There is no frame. */
#define FRAME_NONE UINT64_MAX

/*
 * Compares the frames of @len bytes, which start at the base of each list (multiples of 4096).
 * Calls @differs, in order, for each 4K page whose frames in @a and @b differ, or that lacks a
 * frame in one or both, with its offset and both frames.  Returns the number of such pages.
 */
uint64_t frames_compare(const struct frames *a, const struct frames *b, uint64_t len,
			void (*differs)(uint64_t offset, uint64_t pa_a, uint64_t pa_b, void *arg),
			void *arg);

#endif /* FRAMES_H */
