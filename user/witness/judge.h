/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Judges: the evidence that a run has gathered and what is expected of it go in, a testimony
 * comes out, with words for whoever is to mend it.  Pure: no I/O, and what was read is not
 * read again.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "pt/frames.h"
#include "fmt/pt_fmt.h"
#include "uapi/verify_pte.h"
#include "witness/witness.h"

/* --- module: rights and sizes of the pages, over all levels ------------------------------ */

struct expected_pages {
	uint64_t start, end; /* the buffer's virtual addresses */
	uint64_t page_size;
	bool user; /* what _PAGE_USER has to be */
};

/* What the module says of the buffer, in both of its forms. */
struct module_answer {
	const struct pt_fmt *fmt;
	const struct verify_pte_walk *info, *raw_info; /* of the runs; of the entries */
	const struct verify_pte_run *runs;
	size_t nr_runs;
	const struct verify_pte_entry *raws;
	size_t nr_raws;
};

/* Base pages by their rights; absent: no page, or in no VMA. */
struct page_counts {
	uint64_t user, supervisor, absent;
};

void judge_module(const struct module_answer *answer, const struct expected_pages *expected,
		  struct page_counts *counts, struct testimony *t, struct err *err);

/* --- pagemap: the frame of each page, by the kernel's own file --------------------------- */

/* Nobody without privilege sees a frame: all of @map is without, though some are there. */
bool pagemap_hides(const uint64_t *map, uint64_t nr);

/* @map: an entry of /proc/PID/pagemap for each of the @pages base pages from @process->base on. */
void judge_pagemap(const struct frames *process, const uint64_t *map, uint64_t pages,
		   struct testimony *t, struct err *err);

/* --- IOMMU: the frame behind each IOVA -------------------------------------------------- */

/* One mapping of the buffer, as the IOMMU has it for one device. */
struct translation {
	unsigned int device; /* of the run: 0 is the first */
	const char *bdf;     /* named where there are several devices; or NULL */
	uint64_t iova;
	struct verify_pte_run *runs;
	size_t nr;
};

/* What was found, translation after translation. */
struct odd_pages {
	uint64_t nr;
	char first[192];
	/* Told of each, in order: in words, and its virtual address.  Or NULL */
	void (*each)(const char *text, uint64_t vaddr, void *arg);
	void *arg;
};

/* @size bytes of @process against what the IOMMU has for them; adds to @odd. */
void judge_translation(const struct frames *process, const struct translation *iommu, uint64_t size,
		       struct odd_pages *odd);

/* Of @pages frames, those in @odd differ. */
void judge_iommu(const struct odd_pages *odd, uint64_t pages, struct testimony *t, struct err *err);

/* The same again, later: the testimony only gets worse. */
enum status judge_stale(const struct odd_pages *odd, uint64_t pages, struct testimony *t,
			struct err *err);

/* --- device DMA and interrupts ------------------------------------------------------------ */

/* Base pages: that there are, that were to take part, that were compared, that were wrong */
struct dma_seen {
	uint64_t total, asked, compared, bad;
	bool sample;	    /* not all took part */
	char unproven[160]; /* why one direction is not proven; "" both are */
};

/* @why: what is wrong; or, of a sample, how all take part. */
void judge_dma(const struct dma_seen *seen, const char *why, struct testimony *t);

/* @kinds that the device has, of which @tried could be tried, ended like that. */
void judge_interrupts(unsigned int kinds, unsigned int tried, enum status status, const char *why,
		      struct testimony *t);

#endif /* JUDGE_H */
