/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a report says of page tables, against the tables that QEMU has. */
#ifndef QEMU_COMPARE_H
#define QEMU_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu/report.h"
#include "qemu/walk.h"

#define QEMU_COMPARE_LINES 10  /* mismatches named */
#define QEMU_COMPARE_LINE  320 /* characters of one */

/* One kind of finding: how many, and the first ones in words. */
struct qemu_findings {
	uint64_t nr;
	char line[QEMU_COMPARE_LINES][QEMU_COMPARE_LINE];
};

/* One more of them, in words. */
__attribute__((format(printf, 2, 3))) void qemu_note(struct qemu_findings *f, const char *fmt, ...);

struct qemu_compare {
	uint64_t pages; /* base pages of the mapping */
	/* Entries: each page counts one comparison for each of its levels. */
	uint64_t compared;
	uint64_t mismatched;
	/* Pages of which all levels were compared or one differs, and those of which one differs */
	uint64_t pages_compared;
	uint64_t pages_mismatched;
	/*
	 * Of compared, in agreement: what differs is only what the CPU or the kernel set and clear
	 * in passing (pt_fmt.volatile_mask), between the module's reading and QEMU's.
	 */
	uint64_t in_passing;
	uint64_t distinct;   /* entries, each counted once */
	uint64_t changed;    /* entries that the module read twice, and not alike */
	uint32_t levels_min; /* behind a page */
	uint32_t levels_max;
	/* Statements: walk[], and for each page its run; the totals; what mapping says. */
	uint64_t claims;
	uint64_t claims_mismatched;
	/* Pages of which the report lacks an entry, so that nothing is verified for them. */
	uint64_t unverified;
	char unverified_first[QEMU_COMPARE_LINE];
	/* Each distinct mismatch once, in the order of addresses. */
	struct qemu_findings findings;
	/* Reasons why it is no proof although nothing differs. */
	struct qemu_findings doubts;

	/* What QEMU's tables say of the pages that were compared */
	uint64_t user;
	uint64_t supervisor;
	uint64_t absent;   /* no page there that the CPU may reach */
	uint64_t not_ram;  /* with a frame that is no RAM of the VM: each is a finding */
	uint64_t pa_bits;  /* address bits that entries use */
	uint32_t leaf_min; /* levels of leaves; valid if user or supervisor */
	uint32_t leaf_max;
	uint64_t first_user; /* address of the first; valid if any */
	uint64_t first_supervisor;
	uint64_t first_absent;
	uint32_t first_no_user_levels; /* at first_supervisor */
};

/*
 * Compares everything in @r with the VM's tables, which @tables reads and caches.  @exact: a bit
 * that is set in passing is a difference like any other.  Returns 0 when it came to the end,
 * whatever it found, -EFAULT if the root is not in memory, or what the reader returned.
 */
int qemu_compare(const struct qemu_report *r, struct qemu_tables *tables, bool exact,
		 struct qemu_compare *out);

/* Everything of the report was compared, some of it is a page, and all of it agreed. */
bool qemu_compare_agrees(const struct qemu_compare *c);

/* Levels by name, from the root down: "PGD PMD"; cuts at @len. */
void qemu_levels_text(uint32_t levels, uint32_t mask, char *buf, size_t len);

#endif /* QEMU_COMPARE_H */
