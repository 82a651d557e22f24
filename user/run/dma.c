// SPDX-License-Identifier: GPL-2.0
/* The step that makes the device move data. */
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

const char *run_dma_idle(const struct run *run)
{
	if (run->opts->dma == DMA_NONE)
		return "--dma none";
	/* As with --expect supervisor: the process may not access these pages. */
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
	/* A device handles an address in its own BAR itself; that access never reaches the IOMMU.
	 */
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

/* The copies through one mapping, and what was found. */
struct transfer {
	struct run *run;
	struct dma *dev;
	uint64_t iova; /* of the mapping */
	struct dma_plan plan;
	uint64_t key;	/* for dma_word() */
	uint8_t *state; /* for each page: TAKES_PART, BAD */
	uint64_t done;	/* number of copies made */
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

/* Describes the wrong word @found at @offset. */
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

/*
 * Compares @len bytes at @offset with the pattern of @origin, or with the fill byte, and describes
 * the first difference.
 */
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
		/* One difference in a page is enough: go on with the next page. */
		i = (page + 1) * DMA_PAGE - offset - sizeof(uint64_t);
	}
}

static void fill_pattern(struct transfer *t, uint64_t offset, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len; i += sizeof(uint64_t))
		*word_at(t, offset + i) = dma_word(t->key, offset + i);
}

/* Fills the pages that are used with the pattern, in which every word is different. */
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

/* Makes all copies, until one fails or a signal arrives. */
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

/*
 * Checks that each copy has arrived, and puts the pattern back there; then that nothing else in the
 * buffer has changed.
 */
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

/* Verifies a mapping with a driver that has prove(). */
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

/* Verifies a mapping with a driver that has copy().  Both add their counts to *seen. */
static int copy_mapping(struct run *run, struct dma *dev, uint64_t iova, uint64_t max,
			struct dma_seen *seen)
{
	struct transfer t = { .run = run, .dev = dev, .iova = iova };
	int ret;

	dma_plan_init(&t.plan, run->opts->size / DMA_PAGE, max, dev->drv->copy_max);
	seen->total += t.plan.total;
	seen->asked += t.plan.pages;
	seen->sample = seen->asked < seen->total;
	/* A key that differs from that of earlier runs and other devices, which may have left data.
	 */
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
	/* Each mapping has its own translation, so each has to be proven. */
	for (i = 0; i < run->mapping.nr && !ret && !seen->bad; i++)
		ret = verify(run, dev, run->mapping.iovas[i], max && !each ? 1 : each, seen);
	if (seen->bad) {
		err_what(&run->end.err, "what the device copied is wrong on %" PRIu64 " pages",
			 seen->bad);
		err_fix(&run->end.err,
			"the IOMMU translates wrongly, or the pages moved under it; see dmesg");
	}
	/* Mappings that were not tried because of a difference count as well. */
	seen->total = run->opts->size / DMA_PAGE * run->mapping.nr;
	return ret;
}

/* The driver has said what the device lacks to move data, or to be used at all: not a failure. */
static enum status has_nothing(struct run *run)
{
	enum status status = run_dma_skip(run, run->end.err.why);

	memset(&run->end.err, 0, sizeof(run->end.err));
	return status;
}

/* If the driver was given with --dma, and the step was skipped, that is "unverified". */
static enum status left_out(struct run *run, const struct dma_driver *drv)
{
	if (!drv || !dma_driver_named(run->opts->dma))
		return STATUS_SKIP;
	err_set(&run->end.err, 0, "", run->end.detail,
		"say --dma auto, which may leave it out, or remove the reason");
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
	/* Only one direction is proven. */
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

/* Is the mapping clear of the device's own BARs?  DMA to them would not reach the IOMMU. */
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
		err_why(&run->end.err, "the mapping at IOVA 0x%" PRIx64 " overlaps a BAR of %s",
			run->mapping.iovas[i], dev->bdf);
		err_fix(&run->end.err, "give another --iova or a smaller --size, or --dma none");
		return false;
	}
	return true;
}

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

/* PASS: the driver has opened the device; otherwise run->end.err says why not. */
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
	/* A lack of memory or of IOVAs is not a fault of the device. */
	if (ret == -ENOMEM || ret == -ENOSPC)
		return STATUS_UNVERIFIED;
	return ret ? STATUS_FAIL : STATUS_PASS;
}

static enum status open_device_dma(struct run *run)
{
	const struct dma_driver *drv = dma_driver_find(run->opts->dma, &run->target.dev);
	const char *idle = run_dma_idle(run);
	enum status status = STATUS_PASS;

	/* Without an IOMMU the device uses physical addresses, and could overwrite any memory. */
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
		status = run_dma_skip(run, "its driver can make it interrupt, but not move data");
	/* Physical addresses, as above; but the device may be made to interrupt. */
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
