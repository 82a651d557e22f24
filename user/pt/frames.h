/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Two lists of runs against each other, frame by frame.  Pure: no I/O, no allocation. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "uapi/verify_pte.h"

/* Runs in the order of their addresses, none over another; what none covers has no frame. */
struct frames {
	const struct verify_pte_run *runs;
	size_t nr;
	uint64_t base; /* what offset 0 is called here, in bytes */
};

/* The frame of no page */
#define FRAME_NONE UINT64_MAX

/*
 * Compares the frames of @len bytes from the bases of both on (multiples of 4096).
 * @differs is told of each 4K page that has another frame in @b than in @a, or in
 * either none, in order: its offset, and both frames.  Returns how many there are.
 */
uint64_t frames_compare(const struct frames *a, const struct frames *b, uint64_t len,
			void (*differs)(uint64_t offset, uint64_t pa_a, uint64_t pa_b, void *arg),
			void *arg);

#endif /* FRAMES_H */
