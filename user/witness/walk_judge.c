// SPDX-License-Identifier: GPL-2.0
#include "lib/text.h"
#include "witness/walk_judge.h"

#include <inttypes.h>
#include <stdio.h>

#define PAGE 4096ULL

static void add_unjudged(struct walk_judge *j, uint64_t vaddr, uint64_t pages)
{
	if (pages && !j->unjudged)
		j->first_unjudged = vaddr;
	j->unjudged += pages;
}

/* Counts the pages between the last run and @to, which are in no VMA. */
static void skip_to(struct walk_judge *j, uint64_t to)
{
	uint64_t pages = to > j->next ? (to - j->next) / PAGE : 0;

	j->unmapped += pages;
	if (!j->whole) {
		j->asked += pages;
		add_unjudged(j, j->next, pages);
	}
	if (to > j->next)
		j->next = to;
}

void walk_judge_begin(struct walk_judge *j, uint64_t start)
{
	j->next = start;
}

void walk_judge_add(struct walk_judge *j, uint64_t vaddr, uint64_t len, uint32_t kind,
		    uint32_t rights)
{
	const bool user = rights & PT_USER;
	const uint64_t pages = len / PAGE;

	skip_to(j, vaddr);
	j->next = vaddr + len;
	if (kind < PT_NR_KINDS)
		j->kinds[kind] += pages;
	if (j->whole && kind == PT_NONE)
		return;
	j->asked += pages;
	if (kind != PT_LEAF) {
		add_unjudged(j, vaddr, pages);
		return;
	}
	if (user)
		j->user += pages;
	else
		j->supervisor += pages;
	if (user == j->expect_user)
		return;
	if (!j->differ)
		j->first_differ = vaddr;
	j->differ += pages;
}

void walk_judge_end(struct walk_judge *j, uint64_t end)
{
	skip_to(j, end);
}

enum status walk_judge_verdict(const struct walk_judge *j)
{
	if (!j->judges)
		return STATUS_PASS;
	if (j->differ)
		return STATUS_FAIL;
	return j->unjudged || !walk_judged(j) ? STATUS_UNVERIFIED : STATUS_PASS;
}

void walk_judge_text(const struct walk_judge *j, char *buf, size_t len)
{
	static const struct {
		uint32_t kind;
		const char *text;
	} reasons[] = {
		{ PT_NONE, "never touched" },
		{ PT_ABSENT, "not present (swap, migration)" },
		{ PT_PROTNONE, "kept from the process (PROT_NONE)" },
		{ PT_INVALID, "being split" },
		{ PT_TABLE, "behind a table that was not followed" },
	};
	const char *before = ": ";
	struct text text;
	size_t i;

	text_begin(&text, buf, len);
	text_add(&text, "%" PRIu64 " of %" PRIu64 " pages judged", walk_judged(j), j->asked);
	if (!j->whole && j->unmapped) {
		text_add(&text, "%s%" PRIu64 " in no VMA", before, j->unmapped);
		before = ", ";
	}
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const uint64_t pages = j->kinds[reasons[i].kind];

		if (!pages || (j->whole && reasons[i].kind == PT_NONE))
			continue;
		text_add(&text, "%s%" PRIu64 " %s", before, pages, reasons[i].text);
		before = ", ";
	}
	if (j->unjudged)
		text_add(&text, "; first 0x%" PRIx64, j->first_unjudged);
}
