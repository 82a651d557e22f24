/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Judges: each takes the evidence that a run has gathered and what is expected, and returns a
 * testimony, with an explanation for the user if they differ.  Pure: no I/O, and nothing is read
 * again.
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
	bool user; /* the expected value of _PAGE_USER */
};

/* What the module says about the buffer, in both of its forms. */
struct module_answer {
	const struct pt_fmt *fmt;
	const struct verify_pte_walk *info, *raw_info; /* of the runs; of the entries */
	const struct verify_pte_run *runs;
	size_t nr_runs;
	const struct verify_pte_entry *raws;
	size_t nr_raws;
};

/* Base pages by their rights; absent: there is no page, or no VMA. */
struct page_counts {
	uint64_t user, supervisor, absent;
};

void judge_module(const struct module_answer *answer, const struct expected_pages *expected,
		  struct page_counts *counts, struct testimony *t, struct err *err);

/* --- pagemap: the frame of each page, by the kernel's own file --------------------------- */

/* Does @map hide the frames, as the kernel does from users without privilege?  All are 0 then. */
bool pagemap_hides(const uint64_t *map, uint64_t nr);

/* @map: an entry of /proc/PID/pagemap for each of the @pages base pages from process->base on. */
void judge_pagemap(const struct frames *process, const uint64_t *map, uint64_t pages,
		   struct testimony *t, struct err *err);

/* --- IOMMU: the frame behind each IOVA -------------------------------------------------- */

/* One mapping of the buffer, as the IOMMU has it for one device. */
struct translation {
	unsigned int device; /* index in the run; 0 is the first */
	const char *bdf;     /* set if there are several devices; or NULL */
	uint64_t iova;
	struct verify_pte_run *runs;
	size_t nr;
};

/* The differences found, over all translations. */
struct odd_pages {
	uint64_t nr;
	char first[192];
	/* Called for each, in order, with a description and its virtual address; or NULL */
	void (*each)(const char *text, uint64_t vaddr, void *arg);
	void *arg;
};

/* Compares @size bytes of @process with the IOMMU's translation of them; adds to @odd. */
void judge_translation(const struct frames *process, const struct translation *iommu, uint64_t size,
		       struct odd_pages *odd);

/* The testimony for @pages frames, of which those in @odd differ. */
void judge_iommu(const struct odd_pages *odd, uint64_t pages, struct testimony *t, struct err *err);

/* The same for a later comparison; it can only make the testimony worse. */
enum status judge_stale(const struct odd_pages *odd, uint64_t pages, struct testimony *t,
			struct err *err);

/* --- device DMA and interrupts ------------------------------------------------------------ */

/* Numbers of base pages: in the mapping, to be used, compared, and wrong */
struct dma_seen {
	uint64_t total, asked, compared, bad;
	bool sample;	    /* not all were used */
	char unproven[160]; /* why one direction is not proven; "": both are */
};

/* @why: what is wrong; or, for a sample, how to test all pages. */
void judge_dma(const struct dma_seen *seen, const char *why, struct testimony *t);

/* The device has @kinds of interrupts, of which @tried were tested, with the result @status. */
void judge_interrupts(unsigned int kinds, unsigned int tried, enum status status, const char *why,
		      struct testimony *t);

#endif /* JUDGE_H */
