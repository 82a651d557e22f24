// SPDX-License-Identifier: GPL-2.0
#include "pt/frames.h"

#include "fmt/pt_fmt.h"

#define BASE_PAGE 4096ULL

/*
 * The frame at @offset, or FRAME_NONE.  *same: for how many bytes from there frames are contiguous,
 * or missing.  *at is moved to the run that was used.
 */
static uint64_t frame_at(const struct frames *f, size_t *at, uint64_t offset, uint64_t *same)
{
	const uint64_t addr = f->base + offset;
	const struct verify_pte_run *r;

	while (*at < f->nr && addr - f->runs[*at].vaddr >= f->runs[*at].len &&
	       f->runs[*at].vaddr <= addr)
		(*at)++;
	*same = UINT64_MAX;
	if (*at == f->nr)
		return FRAME_NONE;
	r = &f->runs[*at];
	if (addr < r->vaddr) {
		*same = r->vaddr - addr;
		return FRAME_NONE;
	}
	*same = r->len - (addr - r->vaddr);
	return pt_has_frame(r->kind) ? r->pa + (addr - r->vaddr) : FRAME_NONE;
}

uint64_t frames_compare(const struct frames *a, const struct frames *b, uint64_t len,
			void (*differs)(uint64_t offset, uint64_t pa_a, uint64_t pa_b, void *arg),
			void *arg)
{
	uint64_t offset = 0, bad = 0, same_a, same_b, end;
	size_t at_a = 0, at_b = 0;

	while (offset < len) {
		uint64_t pa_a = frame_at(a, &at_a, offset, &same_a);
		uint64_t pa_b = frame_at(b, &at_b, offset, &same_b);
		uint64_t step = same_a < same_b ? same_a : same_b;

		/* Nothing makes a run of less than a page, but one must not stop the loop. */
		if (step > len - offset)
			step = len - offset;
		end = offset + (step + BASE_PAGE - 1) / BASE_PAGE * BASE_PAGE;
		if (pa_a == pa_b && pa_a != FRAME_NONE) {
			offset = end;
			continue;
		}
		for (; offset < end; offset += BASE_PAGE) {
			bad++;
			if (differs)
				differs(offset, pa_a, pa_b, arg);
			pa_a += pa_a == FRAME_NONE ? 0 : BASE_PAGE;
			pa_b += pa_b == FRAME_NONE ? 0 : BASE_PAGE;
		}
	}
	return bad;
}
