/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A report of `vfio_test --json`, as far as it speaks of page tables.
 *
 * A report is a file from anywhere and is not trusted.  A report that parses is consistent in
 * itself (levels, ranges, alignments); qemu/compare.h finds out whether it is complete and true.
 *
 * The module answers a large range in several calls, each of which tells the upper entries again.
 * Equal ones are one entry.  One that differs has changed in between, and both readings are kept.
 */
#ifndef QEMU_REPORT_H
#define QEMU_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pt_fmt.h"

struct json_object;

#define QEMU_REPORT_SCHEMA   1
#define QEMU_REPORT_MAX_SIZE (1ULL << 40)   /* bytes of a mapping */
#define QEMU_REPORT_MAX_TEXT (512ULL << 20) /* bytes of the file */

/* What kind of page is expected; EXPECT_DEFAULT: nobody has said. */
enum expect { EXPECT_DEFAULT, EXPECT_USER, EXPECT_SUPERVISOR };

/* One entry of one table; its index follows from vaddr. */
struct qemu_report_entry {
	uint64_t vaddr; /* what it covers starts here */
	uint64_t table_pa;
	uint64_t entry;
	uint32_t level;
	uint32_t seq; /* its position in the report */
};

struct qemu_report_run {
	uint64_t vaddr;
	uint64_t len; /* bytes */
	uint64_t pa;
	uint64_t page_size; /* bytes */
	uint32_t rights;    /* PT_USER | PT_WRITE | PT_EXEC */
};

struct qemu_report_step {
	uint32_t level;
	uint64_t index;
	uint64_t table_pa;
	uint64_t entry;
	struct json_object *flags; /* an array of strings; of json below */
};

struct qemu_report {
	uint64_t vaddr;	    /* of the mapping; page aligned, as is size */
	uint64_t size;	    /* bytes, 4096 to QEMU_REPORT_MAX_SIZE */
	uint64_t page_size; /* of the mapping, bytes */
	uint64_t iova;	    /* of its first page, at the first IOVA */
	uint64_t root_pa;
	uint64_t kernel_root_pa;
	uint64_t pa_mask;
	enum expect expect; /* what the run expected; reports of 0.1.0 do not say it */
	uint32_t levels;    /* 4 or 5 */
	bool pti;
	__u64 soft[PT_NR_SOFT]; /* what the guest's kernel uses its bits for, */
	struct pt_fmt fmt;	/* and the format with these; points into this struct */

	/* Each entry once, in its last reading.  Sorted by level, then by vaddr. */
	struct qemu_report_entry *entries;
	size_t nr_entries;
	size_t first_entry[PT_MAX_LEVELS + 1]; /* of level N; of N + 1: the end */
	/* Earlier readings that differ from the last one, in the same order. */
	struct qemu_report_entry *changed;
	size_t nr_changed;
	struct qemu_report_run *runs; /* ascending, without overlaps */
	size_t nr_runs;
	struct qemu_report_step walk[PT_MAX_LEVELS];
	uint32_t nr_walk;
	uint64_t total, user, supervisor, absent; /* base pages */
	struct json_object *json;		  /* the whole report */
};

/*
 * Parses @len bytes of JSON.  -EINVAL with the reason in @why (cut at
 * @why_len), or -ENOMEM.  On success the caller calls qemu_report_free().
 */
int qemu_report_parse(const struct pt_fmt *fmt, const char *text, size_t len,
		      struct qemu_report *out, char *why, size_t why_len);

/*
 * The names of what the report says and no VM can confirm: an array of strings, the caller's to
 * put.  @joined: verdict, steps and witnesses are judged.
 */
struct json_object *qemu_report_not_compared(const struct qemu_report *r, bool joined);

void qemu_report_free(struct qemu_report *r);

#endif /* QEMU_REPORT_H */
