// SPDX-License-Identifier: GPL-2.0
/* The step that has the device move data. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/driver.h"
#include "driver/plan.h"
#include "run/ask.h"
#include "run/dma.h"
#include "lib/signals.h"
#include "run/step.h"
#include "lib/term.h"
#include "lib/text.h"

#define PROGRESS_COPIES 4

enum status run_dma_skip(struct run *run, const char *why)
{
	run_detail(run, "%s", why);
	report_line(run->rep, "Skipped: %s", why);
	return STATUS_SKIP;
}

/* Why no step here may do anything at all; NULL: nothing against it. */
const char *run_dma_idle(const struct run *run)
{
	if (run->opts->dma == DMA_NONE)
		return "--dma none";
	/* As with --expect supervisor: it is not the process's to touch. */
	if (run->evidence.pages.supervisor)
		return "the buffer has supervisor pages: it is not touched";
	return NULL;
}

unsigned int run_dma_taken(const struct run *run, const struct sysfs_device *dev,
			   struct dma_range *taken)
{
	struct sysfs_resource res[PCI_BARS];
	int nr_res = sysfs_resources(dev->bdf, res, PCI_BARS), bar;
	unsigned int nr = 0, i;

	for (i = 0; i < run->mapping.nr; i++)
		taken[nr++] = (struct dma_range){ run->mapping.iovas[i], run->opts->size };
	/* A device takes an address of its own for no DMA, whatever the IOMMU has there. */
	for (bar = 0; bar < nr_res; bar++)
		if (res[bar].flags & SYSFS_RESOURCE_MEM && res[bar].start)
			taken[nr++] = (struct dma_range){ res[bar].start,
							  res[bar].end - res[bar].start + 1 };
	if (run->dma && run->dma->dev.own_mapped)
		taken[nr++] =
			(struct dma_range){ run->dma->dev.own_iova, run->dma->dev.drv->own_size };
	return nr;
}

int run_dma_open(struct run *run, struct dma *dma, const struct dma_driver *drv,
		 const struct sysfs_device *dev, int device, struct vfio *vfio)
{
	struct dma_range taken[RUN_TAKEN];
	const struct dma_host host = {
		.vfio = vfio,
		.iommu = &run->target.iommu,
		.taken = taken,
		.nr_taken = run_dma_taken(run, dev, taken),
	};

	return dma_open(dma, drv, device, &host, &run->end.err);
}

/* --- device-dma ------------------------------------------------------------ */

/* One run of the copies over the buffer, and what was found. */
struct transfer {
	struct run *run;
	struct dma *dev;
	uint64_t iova; /* of the mapping in hand */
	struct dma_plan plan;
	uint64_t key;	/* of dma_word() */
	uint8_t *state; /* one a page: TAKES_PART, BAD */
	uint64_t done;	/* copies */
	uint64_t compared, bad;
};

enum { TAKES_PART = 1, BAD = 2 };

static uint64_t *word_at(const struct transfer *t, uint64_t offset)
{
	return (uint64_t *)((char *)t->run->mapping.buf + offset);
}

static uint64_t fill_word(void)
{
	uint64_t v;

	memset(&v, RUN_PATTERN, sizeof(v));
	return v;
}

/* In words: what is there that should not be. */
static void describe_word(const struct transfer *t, uint64_t offset, uint64_t found, char *buf,
			  size_t len)
{
	uint64_t belongs = dma_word_offset(t->key, found);

	if (belongs == offset)
		snprintf(buf, len, "what was there before: nothing arrived");
	else if (belongs < t->run->opts->size && !(belongs % sizeof(found)))
		snprintf(buf, len, "the content of IOVA 0x%" PRIx64, t->iova + belongs);
	else
		snprintf(buf, len, "0x%016" PRIx64, found);
}

/* Holds @len bytes at @offset against what belongs at @origin; first difference told. */
static void compare(struct transfer *t, uint64_t offset, uint64_t len, uint64_t origin,
		    bool pattern)
{
	struct run *run = t->run;
	uint64_t i;

	for (i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t want = pattern ? dma_word(t->key, origin + i) : fill_word();
		uint64_t found = *word_at(t, offset + i), page = (offset + i) / DMA_PAGE;
		char text[96];

		if (found == want)
			continue;
		if (!t->bad) {
			describe_word(t, offset + i, found, text, sizeof(text));
			err_why(&run->end.err, "first at %p, IOVA 0x%" PRIx64 ": there is %s",
				(void *)word_at(t, offset + i), t->iova + offset + i, text);
		}
		t->bad += !(t->state[page] & BAD);
		t->state[page] |= BAD;
		/* The rest of the page says no more. */
		i = (page + 1) * DMA_PAGE - offset - sizeof(uint64_t);
	}
}

static void fill_pattern(struct transfer *t, uint64_t offset, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len; i += sizeof(uint64_t))
		*word_at(t, offset + i) = dma_word(t->key, offset + i);
}

/* The pages that take part get the pattern, each word its own. */
static void mark_pages(struct transfer *t)
{
	uint64_t i, page;

	for (i = 0; i < dma_plan_copies(&t->plan); i++) {
		struct dma_copy c;
		int end;

		dma_plan_copy(&t->plan, i, &c);
		for (end = 0; end < 2; end++) {
			uint64_t at = end ? c.to : c.from;

			for (page = at / DMA_PAGE; page <= (at + c.len - 1) / DMA_PAGE; page++)
				t->state[page] |= TAKES_PART;
		}
	}
	for (page = 0; page < t->plan.total; page++)
		if (t->state[page] & TAKES_PART)
			fill_pattern(t, page * DMA_PAGE, DMA_PAGE);
}

static void show_progress(const struct transfer *t)
{
	if (!term_progress_ok() || t->run->rep->quiet)
		return;
	fprintf(stderr, "\rvfio_test: device DMA: %" PRIu64 " of %" PRIu64 " copies", t->done,
		dma_plan_copies(&t->plan));
}

static void end_progress(const struct transfer *t)
{
	if (term_progress_ok() && !t->run->rep->quiet)
		fputs("\r\033[K", stderr);
}

/* All copies, until one fails or a signal comes. */
static int copy_all(struct transfer *t)
{
	struct run *run = t->run;
	struct dma *dev = t->dev;
	int ret = 0;

	for (t->done = 0; t->done < dma_plan_copies(&t->plan) && !signal_seen; t->done++) {
		struct dma_copy c;

		if (t->done % PROGRESS_COPIES == 0)
			show_progress(t);
		dma_plan_copy(&t->plan, t->done, &c);
		ret = dev->drv->copy(dev, t->iova + c.from, t->iova + c.to, c.len, &run->end.err);
		if (ret)
			break;
	}
	end_progress(t);
	return ret;
}

/* What should have arrived, then that nothing else did; the buffer is as before. */
static void compare_all(struct transfer *t)
{
	uint64_t i, page;

	for (i = 0; i < t->done; i++) {
		struct dma_copy c;

		dma_plan_copy(&t->plan, i, &c);
		compare(t, c.to, c.len, c.from, true);
		fill_pattern(t, c.to, c.len);
	}
	for (page = 0; page < t->plan.total; page++) {
		bool part = t->state[page] & TAKES_PART;

		compare(t, page * DMA_PAGE, DMA_PAGE, page * DMA_PAGE, part);
		t->compared += part;
	}
}

static void restore_fill(struct transfer *t)
{
	uint64_t page;

	for (page = 0; page < t->plan.total; page++)
		if (t->state[page])
			memset(word_at(t, page * DMA_PAGE), RUN_PATTERN, DMA_PAGE);
}

/* By a driver that knows itself what proves a page. */
static int prove_mapping(struct run *run, struct dma *dev, uint64_t iova, uint64_t max,
			 struct dma_seen *seen)
{
	const uint64_t total = run->opts->size / DMA_PAGE;
	const struct dma_area area = {
		.buf = run->mapping.buf,
		.iova = iova,
		.pages = max && max < total ? max : total,
		.fill = RUN_PATTERN,
	};
	struct dma_proof proof = { 0 };
	int ret = dev->drv->prove(dev, &area, &proof, &run->end.err);

	seen->total += total;
	seen->asked += area.pages;
	seen->sample = seen->asked < seen->total;
	if (signal_seen)
		return -EINTR;
	if (ret)
		return ret;
	seen->compared += proof.compared;
	seen->bad += proof.bad;
	snprintf(seen->unproven, sizeof(seen->unproven), "%s", proof.unproven);
	return 0;
}

/* Through one of the mappings; what was seen comes on top of what *seen has. */
static int copy_mapping(struct run *run, struct dma *dev, uint64_t iova, uint64_t max,
			struct dma_seen *seen)
{
	struct transfer t = { .run = run, .dev = dev, .iova = iova };
	int ret;

	dma_plan_init(&t.plan, run->opts->size / DMA_PAGE, max, dev->drv->copy_max);
	seen->total += t.plan.total;
	seen->asked += t.plan.pages;
	seen->sample = seen->asked < seen->total;
	/* Not what a run before this one, or another device, may have left in memory. */
	t.key = (uint64_t)getpid() << 48 ^ (uintptr_t)run->mapping.buf << 16 ^
		(uint64_t)dev->device << 40 ^ 0x9e3779b97f4a7c15ULL;
	t.state = calloc(t.plan.total, 1);
	if (!t.state) {
		err_set(&run->end.err, ENOMEM, "no memory to keep the pages' states",
			strerror(ENOMEM), "give a smaller --size");
		return -ENOMEM;
	}
	mark_pages(&t);
	ret = copy_all(&t);
	if (signal_seen)
		ret = -EINTR;
	if (!ret)
		compare_all(&t);
	restore_fill(&t);
	free(t.state);
	seen->compared += t.compared;
	seen->bad += t.bad;
	return ret;
}

int run_dma_verify(struct run *run, struct dma *dev, uint64_t max, struct dma_seen *seen)
{
	const uint64_t each = max / run->mapping.nr;
	int (*verify)(struct run * run, struct dma * dev, uint64_t iova, uint64_t max,
		      struct dma_seen * seen) = dev->drv->prove ? prove_mapping : copy_mapping;
	unsigned int i;
	int ret = 0;

	memset(seen, 0, sizeof(*seen));
	/* Each is a translation of its own: what went through one is no proof of another. */
	for (i = 0; i < run->mapping.nr && !ret && !seen->bad; i++)
		ret = verify(run, dev, run->mapping.iovas[i], max && !each ? 1 : each, seen);
	if (seen->bad) {
		err_what(&run->end.err, "what the device copied is wrong on %" PRIu64 " pages",
			 seen->bad);
		err_fix(&run->end.err,
			"the IOMMU translates wrongly, or the pages moved under it; see dmesg");
	}
	/* Those that a difference kept from their turn are there all the same. */
	seen->total = run->opts->size / DMA_PAGE * run->mapping.nr;
	return ret;
}

/* The driver has said why the device can move no data, or do nothing at all: no failure. */
static enum status has_nothing(struct run *run)
{
	enum status status = run_dma_skip(run, run->end.err.why);

	memset(&run->end.err, 0, sizeof(run->end.err));
	return status;
}

/* What was asked for by name and left out is not verified. */
static enum status left_out(struct run *run, const struct dma_driver *drv)
{
	if (!drv || !dma_driver_named(run->opts->dma))
		return STATUS_SKIP;
	err_set(&run->end.err, 0, "", run->end.detail,
		"say --dma auto, which may leave it out, or take the reason away");
	err_what(&run->end.err, "--dma %s: %s", drv->name,
		 run->dma && run->dma->proven ? "not proven both ways"
					      : "the device moved no data");
	return STATUS_UNVERIFIED;
}

static enum status ask_device(struct run *run, struct testimony *t)
{
	struct dma *dev = &run->dma->dev;
	const uint64_t max = run->opts->dma != DMA_AUTO ? 0 : dev->drv->auto_pages;
	struct dma_seen *seen = &run->dma->seen;
	int ret = run_dma_verify(run, dev, max, seen);

	if (ret == -EOPNOTSUPP) {
		has_nothing(run);
		return left_out(run, dev->drv);
	}
	if (ret) {
		snprintf(t->why, sizeof(t->why), "%s", run->end.err.why);
		return ret == -EINTR	? STATUS_SKIP
		       : ret == -ENOMEM ? STATUS_UNVERIFIED
					: STATUS_FAIL;
	}
	if (seen->bad || !seen->unproven[0])
		return STATUS_PASS;
	/* One direction is no proof of the other. */
	run->dma->proven = true;
	run_dma_skip(run, seen->unproven);
	return left_out(run, dev->drv);
}

static void judge_device(struct run *run, struct testimony *t)
{
	const struct dma_seen *seen = &run->dma->seen;
	char takes_all[48] = "";

	if (seen->sample && !seen->bad)
		snprintf(takes_all, sizeof(takes_all), "--dma %s takes all",
			 run->dma->dev.drv->name);
	judge_dma(seen, seen->bad ? run->end.err.why : takes_all, t);
	run->dma->proven = t->step == STATUS_PASS;
}

static void tell_device_dma(struct run *run, const struct testimony *t)
{
	const struct dma_driver *drv = run->dma->dev.drv;
	char all[96] = "";

	if (run->dma->seen.sample)
		snprintf(all, sizeof(all), ", evenly spread; --dma %s takes all (%" PRIu64 " s)",
			 drv->name, t->total * drv->copy_ms / 4 / 1000);
	run_detail(run,
		   "%s: %" PRIu64 " of %" PRIu64 " pages, each read %s written %sby the device%s",
		   drv->name, t->judged, t->total, drv->prove ? "and" : "or",
		   drv->prove ? "" : "once ", all);
	if (t->step != STATUS_PASS)
		return;
	report_ok(run->rep, "Device DMA (%s): %" PRIu64 " of %" PRIu64 " pages%s", drv->name,
		  t->judged, t->total, all);
	report_line(run->rep, "  %s", drv->moves);
}

/* An address in a BAR of the device itself is no place for its DMA. */
static bool clear_of_bars(struct run *run, const struct sysfs_device *dev)
{
	struct dma_range taken[RUN_TAKEN];
	const unsigned int nr = run_dma_taken(run, dev, taken);
	unsigned int i;

	for (i = 0; i < run->mapping.nr; i++) {
		if (!dma_taken_to(taken + run->mapping.nr, nr - run->mapping.nr,
				  run->mapping.iovas[i], run->opts->size))
			continue;
		err_set(&run->end.err, ERANGE, "the device cannot reach all of the mapping", "",
			"");
		err_why(&run->end.err, "the mapping at IOVA 0x%" PRIx64 " takes in a BAR of %s",
			run->mapping.iovas[i], dev->bdf);
		err_fix(&run->end.err, "give another --iova or a smaller --size, or --dma none");
		return false;
	}
	return true;
}

/* Each mapping is where the device can reach it. */
bool run_dma_reachable(struct run *run, const struct dma_driver *drv,
		       const struct sysfs_device *dev)
{
	uint64_t iova = run->mapping.iovas[0];
	unsigned int i;

	for (i = 1; i < run->mapping.nr; i++)
		if (run->mapping.iovas[i] > iova)
			iova = run->mapping.iovas[i];
	if (iova + run->opts->size <= drv->iova_end)
		return clear_of_bars(run, dev);
	err_set(&run->end.err, ERANGE, "the device cannot reach all of the mapping", "", "");
	err_why(&run->end.err,
		"%s reaches IOVAs below 0x%" PRIx64 ", the mapping ends at 0x%" PRIx64, drv->name,
		drv->iova_end, iova + run->opts->size);
	err_fix(&run->end.err,
		"give another --iova or a smaller --size, or do without: --dma none");
	return false;
}

static enum status no_driver(struct run *run)
{
	const struct dma_driver *named = dma_driver_named(run->opts->dma);
	char why[80];

	if (!named) {
		snprintf(why, sizeof(why), "no driver for %04x:%04x", run->target.dev.vendor,
			 run->target.dev.device);
		return run_dma_skip(run, why);
	}
	err_set(&run->end.err, ENODEV, "", "", "give --dma auto, or a device that it is for");
	err_what(&run->end.err, "--dma %s: not for this device", named->name);
	if (named->class_code)
		err_why(&run->end.err, "it is of class %06x, the driver takes class %06x",
			run->target.dev.class, named->class_code);
	else
		err_why(&run->end.err, "it is %04x:%04x, the driver takes %04x:%04x",
			run->target.dev.vendor, run->target.dev.device, named->vendor,
			named->device);
	return STATUS_ERROR;
}

/* PASS: the driver takes the device; else run->end.err says why not. */
static enum status open_device(struct run *run, const struct dma_driver *drv)
{
	struct run_dma *dma = run->own;
	int ret;

	run->dma = dma;
	ret = run_dma_open(run, &dma->dev, drv, &run->target.dev, run->target.device,
			   &run->target.vfio);
	dma->open = !ret;
	if (ret == -EOPNOTSUPP)
		return has_nothing(run);
	/* That there is no memory, or no room for it, says nothing of the device. */
	if (ret == -ENOMEM || ret == -ENOSPC)
		return STATUS_UNVERIFIED;
	return ret ? STATUS_FAIL : STATUS_PASS;
}

static enum status open_device_dma(struct run *run)
{
	const struct dma_driver *drv = dma_driver_find(run->opts->dma, &run->target.dev);
	const char *idle = run_dma_idle(run);
	enum status status = STATUS_PASS;

	/* There addresses are physical, and a wrong one hits anything. */
	if (!idle && drv && drv->own_size && !(run->target.vfio.be->has & BACKEND_MAP))
		idle = "no IOMMU translates what the device does";
	if (!idle && drv)
		status = open_device(run, drv);
	if (idle)
		status = run_dma_skip(run, idle);
	else if (!drv)
		status = no_driver(run);
	else if (status != STATUS_PASS)
		; /* run->end.err says why */
	else if (!dma_moves(drv))
		status = run_dma_skip(run, "the driver for it has it interrupt, and move no data");
	/* There addresses are physical, and a wrong one hits anything; it may interrupt. */
	else if (!(run->target.vfio.be->has & BACKEND_MAP))
		status = run_dma_skip(run, "no IOMMU translates what the device does");
	else if (!run->opts->expect_user)
		status = run_dma_skip(run, "--expect supervisor: the buffer is not touched");
	else if (!run_dma_reachable(run, drv, &run->target.dev))
		status = STATUS_UNVERIFIED;
	return status == STATUS_SKIP ? left_out(run, drv) : status;
}

static void close_device_dma(struct run *run)
{
	if (!run->dma)
		return;
	if (run->dma->open)
		dma_close(&run->dma->dev);
	run->dma = NULL;
}

const struct asker ask_device_dma = {
	.id = WITNESS_DEVICE_DMA,
	.open = open_device_dma,
	.ask = ask_device,
	.judge = judge_device,
	.tell = tell_device_dma,
	.close = close_device_dma,
};
