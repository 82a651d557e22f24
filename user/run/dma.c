// SPDX-License-Identifier: GPL-2.0
/* The steps that have the device work: it copies, it is refused, it interrupts. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/driver.h"
#include "driver/plan.h"
#include "env/klog.h"
#include "pt/text.h"
#include "run/dma.h"
#include "lib/signals.h"
#include "run/step.h"
#include "lib/term.h"
#include "lib/text.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SCRATCH_FILL	0x55
#define FAULT_WORD	0x6661756c74207376ULL
#define FAULT_WAIT_MS	2000
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
	if (run->supervisor)
		return "the buffer has supervisor pages: it is not touched";
	return NULL;
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
	return (uint64_t *)((char *)t->run->buf + offset);
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
			err_why(&run->err, "first at %p, IOVA 0x%" PRIx64 ": there is %s",
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
		ret = dev->drv->copy(dev, t->iova + c.from, t->iova + c.to, c.len, &run->err);
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

/* Through one of the mappings; what was seen comes on top of what *seen has. */
static int verify_mapping(struct run *run, struct dma *dev, uint64_t iova, uint64_t max,
			  struct dma_seen *seen)
{
	struct transfer t = { .run = run, .dev = dev, .iova = iova };
	int ret;

	dma_plan_init(&t.plan, run->opts->size / DMA_PAGE, max, dev->drv->copy_max);
	seen->total += t.plan.total;
	seen->asked += t.plan.pages;
	seen->sample = seen->asked < seen->total;
	/* Not what a run before this one, or another device, may have left in memory. */
	t.key = (uint64_t)getpid() << 48 ^ (uintptr_t)run->buf << 16 ^ (uint64_t)dev->device << 40 ^
		0x9e3779b97f4a7c15ULL;
	t.state = calloc(t.plan.total, 1);
	if (!t.state) {
		err_set(&run->err, ENOMEM, "no memory to keep the pages' states", strerror(ENOMEM),
			"give a smaller --size");
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
	if (t.bad) {
		err_what(&run->err, "what the device copied is wrong on %" PRIu64 " pages", t.bad);
		err_fix(&run->err,
			"the IOMMU translates wrongly, or the pages moved under it; see dmesg");
	}
	return ret;
}

int run_dma_verify(struct run *run, struct dma *dev, uint64_t max, struct dma_seen *seen)
{
	const uint64_t each = max / run->nr_mapped;
	unsigned int i;
	int ret = 0;

	memset(seen, 0, sizeof(*seen));
	/* Each is a translation of its own: what went through one is no proof of another. */
	for (i = 0; i < run->nr_mapped && !ret && !seen->bad; i++)
		ret = verify_mapping(run, dev, run->iovas[i], max && !each ? 1 : each, seen);
	/* Those that a difference kept from their turn are there all the same. */
	seen->total = run->opts->size / DMA_PAGE * run->nr_mapped;
	return ret;
}

static enum status judge(struct run *run, const struct dma_seen *seen)
{
	const struct dma_driver *drv = run->dma->dev.drv;
	char all[96] = "", takes_all[48] = "";

	if (seen->sample)
		snprintf(all, sizeof(all), ", evenly spread; --dma %s takes all (%" PRIu64 " s)",
			 drv->name, seen->total * drv->copy_ms / 4 / 1000);
	run_detail(run,
		   "%s: %" PRIu64 " of %" PRIu64
		   " pages, each read or written once by the device%s",
		   drv->name, seen->compared, seen->total, all);
	if (seen->bad) {
		report_witness(run->rep, "device_dma", STATUS_FAIL, seen->compared, seen->bad,
			       run->err.why);
		report_witness_of(run->rep, "device_dma", seen->asked, seen->total);
		return STATUS_FAIL;
	}
	run->dma->proven = true;
	if (seen->sample)
		snprintf(takes_all, sizeof(takes_all), "--dma %s takes all", drv->name);
	report_witness(run->rep, "device_dma", STATUS_PASS, seen->compared, 0, takes_all);
	report_witness_of(run->rep, "device_dma", seen->asked, seen->total);
	report_ok(run->rep, "Device DMA (%s): %" PRIu64 " of %" PRIu64 " pages%s", drv->name,
		  seen->compared, seen->total, all);
	report_line(
		run->rep,
		"  copied by the device from IOVA to IOVA, each page read or written once; nothing else changed");
	return STATUS_PASS;
}

static enum status copy_and_compare(struct run *run)
{
	struct dma *dev = &run->dma->dev;
	struct dma_seen seen;
	enum status status;
	int ret = run_dma_verify(run, dev, run->opts->dma != DMA_AUTO ? 0 : dev->drv->auto_pages,
				 &seen);

	if (!ret)
		return judge(run, &seen);
	status = ret == -EINTR ? STATUS_SKIP : ret == -ENOMEM ? STATUS_UNVERIFIED : STATUS_FAIL;
	report_witness(run->rep, "device_dma", status, 0, 0, run->err.why);
	return status;
}

/* Each mapping is where the device can reach it. */
bool run_dma_reachable(struct run *run, const struct dma_driver *drv)
{
	uint64_t iova = run->iovas[0];
	unsigned int i;

	for (i = 1; i < run->nr_mapped; i++)
		if (run->iovas[i] > iova)
			iova = run->iovas[i];
	if (iova + run->opts->size <= drv->iova_end)
		return true;
	err_set(&run->err, ERANGE, "the device cannot reach all of the mapping", "", "");
	err_why(&run->err, "%s reaches IOVAs below 0x%" PRIx64 ", the mapping ends at 0x%" PRIx64,
		drv->name, drv->iova_end, iova + run->opts->size);
	err_fix(&run->err, "give another --iova or a smaller --size, or do without: --dma none");
	return false;
}

static enum status no_driver(struct run *run)
{
	const struct dma_driver *named = dma_driver_named(run->opts->dma);
	char why[80];

	if (!named) {
		snprintf(why, sizeof(why), "no driver for %04x:%04x", run->dev.vendor,
			 run->dev.device);
		return run_dma_skip(run, why);
	}
	err_set(&run->err, ENODEV, "", "", "give --dma auto, or a device that it is for");
	err_what(&run->err, "--dma %s: not for this device", named->name);
	err_why(&run->err, "it is %04x:%04x, the driver takes %04x:%04x", run->dev.vendor,
		run->dev.device, named->vendor, named->device);
	return STATUS_ERROR;
}

/* PASS: the driver takes the device; else run->err says why not. */
static enum status open_device(struct run *run, const struct dma_driver *drv)
{
	struct run_dma *dma = calloc(1, sizeof(*dma));
	int ret;

	if (!dma) {
		err_set(&run->err, ENOMEM, "no memory for the device's driver", strerror(ENOMEM),
			"");
		return STATUS_UNVERIFIED;
	}
	run->dma = dma;
	dma->klog = dma->event = dma->unmask = dma->irq = -1;
	ret = dma_open(&dma->dev, drv, run->device, &run->err);
	dma->open = !ret;
	/* That there is no memory says nothing of the device. */
	return !ret ? STATUS_PASS : ret == -ENOMEM ? STATUS_UNVERIFIED : STATUS_FAIL;
}

enum status step_device_dma(struct run *run)
{
	const struct dma_driver *drv =
		dma_driver_find(run->opts->dma, run->dev.vendor, run->dev.device);
	const char *idle = run_dma_idle(run);
	enum status status = STATUS_PASS;

	if (!idle && drv)
		status = open_device(run, drv);
	if (idle)
		status = run_dma_skip(run, idle);
	else if (!drv)
		status = no_driver(run);
	else if (status != STATUS_PASS)
		; /* run->err says why */
	else if (!drv->copy)
		status = run_dma_skip(run, "the driver for it has it interrupt, and move no data");
	/* There addresses are physical, and a wrong one hits anything; it may interrupt. */
	else if (!(run->vfio.be->has & BACKEND_MAP))
		status = run_dma_skip(run, "no IOMMU translates what the device does");
	else if (!run->opts->expect_user)
		status = run_dma_skip(run, "--expect supervisor: the buffer is not touched");
	else if (!run_dma_reachable(run, drv))
		status = STATUS_UNVERIFIED;
	else
		return copy_and_compare(run);
	/* What was asked for by name and left out is not verified. */
	if (status == STATUS_SKIP && drv && dma_driver_named(run->opts->dma)) {
		err_set(&run->err, 0, "", run->detail,
			"say --dma auto, which may leave it out, or take the reason away");
		err_what(&run->err, "--dma %s: the device moved no data", drv->name);
		status = STATUS_UNVERIFIED;
	}
	report_witness(run->rep, "device_dma", status, 0, 0, NULL);
	return status;
}

void undo_device_dma(struct run *run)
{
	if (!run->dma)
		return;
	if (run->dma->open)
		dma_close(&run->dma->dev);
	free(run->dma);
	run->dma = NULL;
}

/* --- dma-fault ------------------------------------------------------------- */

static const struct fault_case {
	const char *kind;
	const char *text;
	uint64_t page; /* of the scratch area: the first is mapped, the next is not */
} fault_cases[] = {
	{ "read-only", "a page mapped read-only for it", 0 },
	{ "unmapped", "an IOVA that is not mapped", 1 },
};

#define SCRATCH_PAGES ARRAY_SIZE(fault_cases)

/* From @at on, where no mapping is: what is written there must arrive nowhere. */
static int find_scratch_from(const struct run *run, uint64_t at, uint64_t *iova)
{
	const uint64_t size = SCRATCH_PAGES * BASE_PAGE, limit = run->dma->dev.drv->iova_end;
	unsigned int i;

	/* Each time round one mapping more is passed. */
	for (i = 0; i <= run->nr_mapped; i++) {
		if (vfio_iova_find(&run->iommu, at, size, BASE_PAGE, iova) || *iova + size > limit)
			return -ENOSPC;
		at = dma_taken_to(run->iovas, run->nr_mapped, run->opts->size, *iova, size);
		if (!at)
			return 0;
	}
	return -ENOSPC;
}

/* Where the scratch area has room: behind the first mapping, or before it. */
static int find_scratch(const struct run *run, uint64_t *iova)
{
	const uint64_t end = run->iovas[0] + run->opts->size;

	return find_scratch_from(run, end, iova) ? find_scratch_from(run, 0, iova) : 0;
}

static int map_scratch(struct run *run)
{
	struct run_dma *dma = run->dma;
	int ret = find_scratch(run, &dma->scratch_iova);

	if (ret) {
		err_set(&run->err, -ret, "no free IOVA for a page more",
			"the mapping leaves none that the device reaches", "give a smaller --size");
		return ret;
	}
	dma->scratch =
		mmap(NULL, BASE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (dma->scratch == MAP_FAILED) {
		ret = -errno;
		dma->scratch = NULL;
		err_set(&run->err, -ret, "could not allocate a page", strerror(-ret), "");
		return ret;
	}
	madvise(dma->scratch, BASE_PAGE, MADV_DONTFORK);
	memset(dma->scratch, SCRATCH_FILL, BASE_PAGE);
	ret = vfio_map(&run->vfio, dma->scratch, dma->scratch_iova, BASE_PAGE,
		       VFIO_DMA_MAP_FLAG_READ);
	if (ret) {
		err_set(&run->err, -ret, "", strerror(-ret), "see dmesg");
		err_what(&run->err, "could not map a page read-only at IOVA 0x%" PRIx64,
			 dma->scratch_iova);
		return ret;
	}
	dma->scratch_mapped = true;
	return 0;
}

/* The first byte at @buf that is not @fill, or NULL. */
static const void *find_other(const void *buf, size_t size, unsigned char fill)
{
	const unsigned char *p = buf, *end = p + size;

	while (p < end && *p == fill)
		p++;
	return p < end ? p : NULL;
}

/* Did what the device was to write arrive anywhere that we see? */
static bool memory_unchanged(struct run *run, const struct fault_case *fc)
{
	const void *scratch = find_other(run->dma->scratch, BASE_PAGE, SCRATCH_FILL);
	const void *where = scratch ? scratch : find_other(run->buf, run->opts->size, RUN_PATTERN);

	if (!where)
		return true;
	err_set(&run->err, 0, "", "", "the IOMMU does not keep this device out; see dmesg");
	err_what(&run->err, "the device wrote into %s, and memory changed", fc->text);
	err_why(&run->err, "first at %p, %s", where,
		scratch ? "in the page itself" : "in the mapping");
	return false;
}

/*
 * The device writes where it must not; once more if the kernel may just have
 * been too tired to say so.  0 with the line, or a negative errno of
 * klog_wait_fault(), klog_open() or the driver.
 */
static int provoke(struct run *run, uint64_t iova, char *line)
{
	struct run_dma *dma = run->dma;
	uint64_t *first = run->buf;
	struct pci_bdf bdf = { 0 };
	int ret;

	parse_bdf(run->dev.bdf, &bdf);
	for (;;) {
		*first = FAULT_WORD;
		ret = dma->dev.drv->copy(&dma->dev, run->iovas[0], iova, sizeof(*first), &run->err);
		memset(first, RUN_PATTERN, sizeof(*first));
		if (!ret && dma->klog < 0)
			ret = dma->klog;
		if (!ret)
			ret = klog_wait_fault(dma->klog, &bdf, iova, FAULT_WAIT_MS, line);
		if (ret != -ETIME || !dma->limited)
			break;
		dma->limited = false;
		poll(NULL, 0, KLOG_LIMIT_MS); /* a signal ends it */
	}
	dma->limited = !ret;
	return ret;
}

static enum status explain_silence(struct run *run, const struct fault_case *fc, uint64_t iova,
				   int ret)
{
	bool denied = ret == -EACCES || ret == -EPERM;

	/* The driver has said it. */
	if (run->err.what[0])
		return STATUS_FAIL;
	err_set(&run->err, -ret, "", strerror(-ret), "see dmesg");
	if (ret == -ETIME) {
		err_what(&run->err,
			 "the kernel logged no IOMMU fault of %s at IOVA 0x%" PRIx64 " (%s)",
			 run->dev.bdf, iova, fc->kind);
		err_why(&run->err,
			"nothing arrived in memory, but no line came either; they are rate-limited, and some IOMMUs report none (QEMU's amd-iommu before 10.1)");
		err_fix(&run->err, "see dmesg; run it again after 5 s");
	} else {
		err_what(&run->err, "/dev/kmsg could not be read: IOMMU faults cannot be seen");
		if (denied) {
			err_why(&run->err, "no permission");
			err_fix(&run->err,
				"run as root, or with CAP_SYSLOG and read permission there");
		}
	}
	return STATUS_UNVERIFIED;
}

static void tell_fault(struct run *run, const struct fault_case *fc, uint64_t iova,
		       const char *line)
{
	struct json_object *obj = json_object_new_object();

	json_add_hex(obj, "iova", iova);
	json_object_object_add(obj, "kind", json_text(fc->kind));
	json_object_object_add(obj, "log", line ? json_text(line) : NULL);
	json_object_array_add(report_object(run->rep, "faults"), obj);
	if (!line)
		return;
	report_ok(run->rep, "Device write to %s: refused, memory unchanged", fc->text);
	report_line(run->rep, "  %s", text_shown(line));
}

/* Who reads the log should know that what comes was meant; tests do. */
static void say_on_purpose(struct run *run, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "vfio_test: %s: IOMMU faults on purpose %s\n", run->dev.bdf,
		 what);
	klog_say(text);
	run->dma->told = !run->dma->told;
}

static enum status provoke_all(struct run *run)
{
	enum status status = STATUS_PASS;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fault_cases) && !signal_seen; i++) {
		const struct fault_case *fc = &fault_cases[i];
		uint64_t iova = run->dma->scratch_iova + fc->page * BASE_PAGE;
		char line[KLOG_LINE] = "";
		int ret = provoke(run, iova, line);

		if (!memory_unchanged(run, fc))
			return STATUS_FAIL;
		if (ret == -EINTR)
			break;
		tell_fault(run, fc, iova, ret ? NULL : line);
		/* The other may say more: what arrives in memory fails all the same. */
		if (ret && status == STATUS_PASS)
			status = explain_silence(run, fc, iova, ret);
		if (status == STATUS_FAIL)
			return status;
	}
	return signal_seen ? STATUS_SKIP : status;
}

enum status step_dma_fault(struct run *run)
{
	const char *idle = run_dma_idle(run);
	struct run_dma *dma = run->dma;
	enum status status;

	if (run->opts->no_faults)
		idle = "--no-faults";
	/* Where the IOMMU does not translate, a write at random hits anything. */
	if (idle || !dma || !dma->proven)
		return run_dma_skip(run, idle ? idle : "no copy by the device proved the mapping");
	if (map_scratch(run))
		return STATUS_UNVERIFIED;
	dma->klog = klog_open(&dma->limited);
	say_on_purpose(run, "begin");
	status = provoke_all(run);
	undo_dma_fault(run);
	if (status == STATUS_PASS)
		run_detail(run, "%zu writes refused, each in the kernel's log",
			   ARRAY_SIZE(fault_cases));
	return status;
}

void undo_dma_fault(struct run *run)
{
	struct run_dma *dma = run->dma;
	uint64_t unmapped;

	if (!dma)
		return;
	if (dma->told)
		say_on_purpose(run, "end");
	if (dma->klog >= 0)
		close(dma->klog);
	dma->klog = -1;
	if (dma->scratch_mapped)
		vfio_unmap(&run->vfio, dma->scratch_iova, BASE_PAGE, &unmapped);
	dma->scratch_mapped = false;
	if (dma->scratch)
		munmap(dma->scratch, BASE_PAGE);
	dma->scratch = NULL;
}
