// SPDX-License-Identifier: GPL-2.0
#include "lib/text.h"
#include "witness/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A run counts the witnesses that it can ask itself; QEMU is asked from the host, by
 * qemu_verify_pte.  Interrupts prove nothing about pages, so they are named but not counted.
 */
const struct witness witnesses[NR_WITNESSES] = {
	[WITNESS_MODULE] = { .name = "module",
			     .title = "module",
			     .unit = "pages",
			     .step = "page-user",
			     .way = "module",
			     .against = -1,
			     .privilege = "the page table, by that module",
			     .timed = true,
			     .needed = true,
			     .counted = true,
			     .in_json = true },
	[WITNESS_PAGEMAP] = { .name = "pagemap",
			      .title = "pagemap",
			      .unit = "frames",
			      .step = "pagemap",
			      .against = WITNESS_MODULE,
			      .privilege = "the frames in /proc/self/pagemap (CAP_SYS_ADMIN)",
			      .timed = true,
			      .needed = true,
			      .counted = true,
			      .in_json = true },
	[WITNESS_IOMMU] = { .name = "iommu",
			    .title = "IOMMU",
			    .unit = "pages",
			    .step = "iommu",
			    .against = WITNESS_MODULE,
			    .privilege = "what the IOMMU has for each IOVA, by that module",
			    .timed = true,
			    .needed = true,
			    .counted = true,
			    .in_json = true },
	[WITNESS_DEVICE_DMA] = { .name = "device_dma",
				 .title = "device DMA",
				 .unit = "pages",
				 .step = "device-dma",
				 .against = -1,
				 .counted = true,
				 .in_json = true },
	[WITNESS_INTERRUPTS] = { .name = "interrupts",
				 .title = "interrupts",
				 .unit = "kinds",
				 .step = "interrupts",
				 .against = -1 },
	[WITNESS_QEMU] = { .name = "qemu",
			   .title = "QEMU",
			   .unit = "entries",
			   .against = -1,
			   .in_json = true },
};

int witness_named(const char *name)
{
	int id;

	for (id = 0; id < NR_WITNESSES; id++)
		if (!strcmp(witnesses[id].name, name))
			return id;
	return -1;
}

void witness_names(const char *between, char *buf, size_t len)
{
	struct text text;
	int id;

	text_begin(&text, buf, len);
	for (id = 0; id < NR_WITNESSES; id++)
		text_list(&text, between, witnesses[id].name);
	text_list(&text, between, "all");
}

int witness_parse(const char *list, unsigned int *bits, char *bad, size_t len)
{
	char word[32];

	for (;;) {
		size_t n = strcspn(list, ",");
		int id;

		snprintf(bad, len, "%.*s", (int)n, list);
		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, list, n);
		word[n] = '\0';
		id = witness_named(word);
		if (!strcmp(word, "all"))
			*bits |= WITNESS_ALL;
		else if (id < 0)
			return -EINVAL;
		else
			*bits |= WITNESS_BIT(id);
		if (!list[n])
			return 0;
		list += n + 1;
	}
}

void testimony_give(struct testimony *t, enum status status, uint64_t judged, uint64_t differing,
		    const char *why)
{
	t->step = status;
	t->total = t->to_judge = t->judged = judged;
	t->differing = differing;
	if (why && why[0])
		snprintf(t->why, sizeof(t->why), "%s", why);
}

void testimony_differs(struct testimony *t, uint64_t differing, const char *why)
{
	if (differing <= t->differing)
		return;
	t->differing = differing;
	snprintf(t->why, sizeof(t->why), "%s", why);
}

enum status testimony_status(const struct testimony *t)
{
	if (t->differing || t->step == STATUS_FAIL)
		return STATUS_FAIL;
	if (t->step == STATUS_ERROR)
		return STATUS_ERROR;
	if (!t->judged || !t->to_judge)
		return t->step == STATUS_SKIP ? STATUS_SKIP : STATUS_UNVERIFIED;
	/* A count that exceeds the total cannot be right. */
	if (t->judged != t->to_judge || t->to_judge > t->total)
		return STATUS_UNVERIFIED;
	return t->step;
}

bool testimony_proven(const struct testimony *t)
{
	return testimony_status(t) == STATUS_PASS && t->judged == t->total;
}

static const char *unit_of(enum witness_id id, const struct testimony *t)
{
	return t->unit ? t->unit : witnesses[id].unit;
}

void testimony_why(enum witness_id id, const struct testimony *t, char *buf, size_t len)
{
	const char *unit = unit_of(id, t), *why = t->why;

	buf[0] = '\0';
	if (testimony_proven(t))
		return;
	if (t->differing)
		snprintf(buf, len, "%" PRIu64 " of %" PRIu64 " %s differ%s%s", t->differing,
			 t->judged, witnesses[id].unit, why[0] ? ": " : "", why);
	else if (testimony_status(t) == STATUS_PASS)
		snprintf(buf, len, "%" PRIu64 " of %" PRIu64 " %s, a sample%s%s", t->judged,
			 t->total, unit, why[0] ? "; " : "", why);
	else if (t->judged)
		snprintf(buf, len, "%" PRIu64 " of %" PRIu64 " %s were judged%s%s", t->judged,
			 t->to_judge, unit, why[0] ? ": " : "", why);
	else
		snprintf(buf, len, "%s", why[0] ? why : "it was not asked");
}

enum status witness_verdict(enum witness_id id, const struct testimony *t)
{
	const enum status status = testimony_status(t);

	return status == STATUS_SKIP && witnesses[id].needed ? STATUS_UNVERIFIED : status;
}

enum status status_worst(const unsigned int count[NR_STATUSES])
{
	enum status worst = STATUS_PASS;
	int i;

	for (i = 0; i < NR_STATUSES; i++)
		if (count[i])
			worst = status_worse(worst, (enum status)i);
	return worst;
}

void testimonies_init(struct testimonies *all)
{
	struct testimony *qemu = &all->said[WITNESS_QEMU];
	int id;

	memset(all, 0, sizeof(*all));
	/* A witness is skipped until a step has asked it. */
	for (id = 0; id < NR_WITNESSES; id++)
		all->said[id].step = STATUS_SKIP;
	snprintf(qemu->why, sizeof(qemu->why),
		 "only the host can ask it: qemu_verify_pte --report");
}

void testimonies_further(struct testimonies *all, enum witness_id id, const char *bdf,
			 const char *why)
{
	struct further_device *d = &all->further[all->nr_further];

	if (all->nr_further == MAX_FURTHER)
		return;
	all->nr_further++;
	d->id = id;
	snprintf(d->bdf, sizeof(d->bdf), "%s", bdf);
	snprintf(d->why, sizeof(d->why), "%s", why);
}

unsigned int testimonies_without(const struct testimonies *all, enum witness_id id)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < all->nr_further; i++)
		nr += all->further[i].id == id;
	return nr;
}

bool testimonies_proven(const struct testimonies *all, enum witness_id id)
{
	return testimony_proven(&all->said[id]) && !testimonies_without(all, id);
}

void testimonies_step(struct testimonies *all, const char *step, enum status status,
		      const char *why)
{
	int id;

	for (id = 0; id < NR_WITNESSES; id++) {
		const struct witness *w = &witnesses[id];
		const bool asks = w->step && !strcmp(w->step, step);
		struct testimony *t = &all->said[id];

		if (asks)
			t->step = status;
		/* When a step passes, its detail is not a reason. */
		if (status != STATUS_PASS && !t->why[0] &&
		    (asks || (w->way && !strcmp(w->way, step))))
			snprintf(t->why, sizeof(t->why), "%s", why);
	}
}

bool step_has_witness(const char *step)
{
	int id;

	for (id = 0; id < NR_WITNESSES; id++)
		if ((witnesses[id].step && !strcmp(witnesses[id].step, step)) ||
		    (witnesses[id].way && !strcmp(witnesses[id].way, step)))
			return true;
	return false;
}

/* Starts another part of the line. */
static void part(struct text *t)
{
	if (t->used)
		text_add(t, "; ");
}

/* Is this witness named in the line of this run? */
static bool has_place(const struct verdict_facts *f, enum witness_id id)
{
	return id != WITNESS_QEMU || f->all->required & WITNESS_BIT(id);
}

static bool all_proven(const struct verdict_facts *f, enum witness_id id)
{
	return testimonies_proven(f->all, id);
}

static void add_not_proven(struct text *text, const struct verdict_facts *f)
{
	char why[600];
	int id;

	for (id = 0; id < NR_WITNESSES; id++) {
		if (!has_place(f, id) || testimony_proven(&f->all->said[id]))
			continue;
		testimony_why(id, &f->all->said[id], why, sizeof(why));
		part(text);
		text_add(text, "%s %s: %s", witnesses[id].title,
			 testimony_status(&f->all->said[id]) == STATUS_FAIL ? "fails"
									    : "not proven",
			 why);
	}
}

static void add_further(struct text *text, const struct verdict_facts *f)
{
	size_t i;

	for (i = 0; i < f->all->nr_further; i++) {
		part(text);
		text_add(text, "%s of %s not proven: %s", witnesses[f->all->further[i].id].title,
			 f->all->further[i].bdf, f->all->further[i].why);
	}
}

static void add_steps(struct text *text, const struct verdict_facts *f, enum status status,
		      const char *word)
{
	size_t i;

	for (i = 0; i < f->nr_steps; i++) {
		if (f->steps[i].status != status)
			continue;
		part(text);
		text_add(text, "step %s %s: %s", f->steps[i].name, word, f->steps[i].why);
	}
}

static void add_proven(struct text *text, const struct verdict_facts *f)
{
	const char *before = "; proven: ";
	int id;

	for (id = 0; id < NR_WITNESSES; id++) {
		const struct testimony *t = &f->all->said[id];

		if (!all_proven(f, id))
			continue;
		text_add(text, "%s%s (%" PRIu64 " of %" PRIu64 " %s)", before, witnesses[id].title,
			 t->judged, t->total, unit_of(id, t));
		before = ", ";
	}
}

void verdict_text(const struct verdict_facts *f, char *buf, size_t len)
{
	unsigned int proven = 0, counted = 0;
	struct text text;
	int id;

	text_begin(&text, buf, len);
	for (id = 0; id < NR_WITNESSES; id++) {
		bool counts = witnesses[id].counted || (id == WITNESS_QEMU && has_place(f, id));

		counted += counts;
		proven += counts && all_proven(f, id);
	}
	/* An error that stopped the run explains everything that is missing. */
	add_steps(&text, f, STATUS_ERROR, "stopped the run");
	if (f->verdict == STATUS_ERROR)
		return;
	text_add(&text, "%u of %u witnesses", proven, counted);
	add_steps(&text, f, STATUS_FAIL, "failed");
	add_steps(&text, f, STATUS_UNVERIFIED, "was not verified");
	add_not_proven(&text, f);
	add_further(&text, f);
	add_proven(&text, f);
}
