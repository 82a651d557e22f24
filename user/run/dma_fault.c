// SPDX-License-Identifier: GPL-2.0
/* The step that makes the device write to IOVAs where it has no write access. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/driver.h"
#include "env/klog.h"
#include "lib/signals.h"
#include "lib/text.h"
#include "pt/text.h"
#include "run/dma.h"
#include "run/step.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SCRATCH_FILL  0x55
#define FAULT_WORD    0x6661756c74207376ULL
#define FAULT_WAIT_MS 2000

static const struct fault_case {
	const char *kind;
	const char *text;
	uint64_t page; /* of the scratch area: page 0 is mapped, page 1 is not */
} fault_cases[] = {
	{ "read-only", "a page mapped read-only for it", 0 },
	{ "unmapped", "an IOVA that is not mapped", 1 },
};

#define SCRATCH_PAGES ARRAY_SIZE(fault_cases)

/*
 * Finds room for the scratch area after the first mapping, or before it.  It must not overlap any
 * range in use, as the device tries to write there.
 */
static int find_scratch(const struct run *run, uint64_t *iova)
{
	const uint64_t size = SCRATCH_PAGES * BASE_PAGE, limit = run->dma->dev.drv->iova_end;
	struct dma_range taken[RUN_TAKEN];
	unsigned int nr = run_dma_taken(run, &run->target.dev, taken);
	int ret = dma_place(&run->target.iommu, taken, nr, run->mapping.iovas[0] + run->opts->size,
			    size, BASE_PAGE, limit, iova);

	return ret ? dma_place(&run->target.iommu, taken, nr, 0, size, BASE_PAGE, limit, iova) : 0;
}

static int map_scratch(struct run *run)
{
	struct dma_fault *fault = run->own;
	int ret = find_scratch(run, &fault->scratch_iova);

	if (ret) {
		err_set(&run->end.err, -ret, "no free IOVA for a page more",
			"the mapping leaves none that the device reaches", "give a smaller --size");
		return ret;
	}
	fault->scratch =
		mmap(NULL, BASE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fault->scratch == MAP_FAILED) {
		ret = -errno;
		fault->scratch = NULL;
		err_set(&run->end.err, -ret, "could not allocate a page", strerror(-ret), "");
		return ret;
	}
	madvise(fault->scratch, BASE_PAGE, MADV_DONTFORK);
	memset(fault->scratch, SCRATCH_FILL, BASE_PAGE);
	ret = vfio_map(&run->target.vfio, fault->scratch, fault->scratch_iova, BASE_PAGE,
		       VFIO_DMA_MAP_FLAG_READ);
	if (ret) {
		err_set(&run->end.err, -ret, "", strerror(-ret), "see dmesg");
		err_what(&run->end.err, "could not map a page read-only at IOVA 0x%" PRIx64,
			 fault->scratch_iova);
		return ret;
	}
	fault->scratch_mapped = true;
	return 0;
}

/* The first byte at @buf that is not @fill, or NULL. */
static const void *find_other(const void *buf, size_t size, unsigned char fill)
{
	const unsigned char *p = buf, *end = p + size;

	/* If the first is @fill and each equals the one before it, all are @fill. */
	if (!size || (*p == fill && !memcmp(p, p + 1, size - 1)))
		return NULL;
	while (p < end && *p == fill)
		p++;
	return p < end ? p : NULL;
}

/* Is the memory unchanged that we can check: the scratch page and the buffer? */
static bool memory_unchanged(struct run *run, const struct fault_case *fc)
{
	struct dma_fault *fault = run->own;
	const void *scratch = find_other(fault->scratch, BASE_PAGE, SCRATCH_FILL);
	const void *where =
		scratch ? scratch : find_other(run->mapping.buf, run->opts->size, RUN_PATTERN);

	if (!where)
		return true;
	err_set(&run->end.err, 0, "", "", "the IOMMU does not keep this device out; see dmesg");
	err_what(&run->end.err, "the device wrote into %s, and memory changed", fc->text);
	err_why(&run->end.err, "first at %p, %s", where,
		scratch ? "in the page itself" : "in the mapping");
	return false;
}

/*
 * Makes the device write to @iova, which must cause a fault.  Tries a second time if the kernel's
 * rate limit may have suppressed the message.  0 with the message in @line, or a negative errno of
 * klog_wait_fault(), klog_open() or the driver.
 */
static int provoke(struct run *run, uint64_t iova, char *line)
{
	struct dma_fault *fault = run->own;
	struct dma *dev = &run->dma->dev;
	uint64_t *first = run->mapping.buf;
	struct pci_bdf bdf = { 0 };
	int ret;

	parse_bdf(run->target.dev.bdf, &bdf);
	for (;;) {
		*first = FAULT_WORD;
		ret = dev->drv->store ? dev->drv->store(dev, iova, &run->end.err)
				      : dev->drv->copy(dev, run->mapping.iovas[0], iova,
						       sizeof(*first), &run->end.err);
		memset(first, RUN_PATTERN, sizeof(*first));
		if (!ret && fault->klog < 0)
			ret = fault->klog;
		if (!ret)
			ret = klog_wait_fault(fault->klog, &bdf, iova, FAULT_WAIT_MS, line);
		if (ret != -ETIME || !fault->limited)
			break;
		fault->limited = false;
		poll(NULL, 0, KLOG_LIMIT_MS); /* a signal ends it */
	}
	fault->limited = !ret;
	return ret;
}

static enum status explain_silence(struct run *run, const struct fault_case *fc, uint64_t iova,
				   int ret)
{
	bool denied = ret == -EACCES || ret == -EPERM;

	/* The driver has given the reason. */
	if (run->end.err.what[0])
		return ret == -EOPNOTSUPP ? STATUS_UNVERIFIED : STATUS_FAIL;
	err_set(&run->end.err, -ret, "", strerror(-ret), "see dmesg");
	if (ret == -ETIME) {
		err_what(&run->end.err,
			 "the kernel logged no IOMMU fault of %s at IOVA 0x%" PRIx64 " (%s)",
			 run->target.dev.bdf, iova, fc->kind);
		err_why(&run->end.err,
			"nothing arrived in memory, but no line came either; they are rate-limited, and some IOMMUs report none (QEMU's amd-iommu before 10.1)");
		err_fix(&run->end.err, "see dmesg; run it again after 5 s");
	} else {
		err_what(&run->end.err, "/dev/kmsg could not be read: IOMMU faults cannot be seen");
		if (denied) {
			err_why(&run->end.err, "no permission");
			err_fix(&run->end.err,
				"run as root, or with CAP_SYSLOG and read permission there");
		} else if (ret == -EBUSY) {
			err_why(&run->end.err, "more is written to it than can be read");
			err_fix(&run->end.err, "see dmesg for who writes, and stop that");
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

/* Writes to the kernel's log that the faults are intended, for its readers and for our tests. */
static void say_on_purpose(struct run *run, const char *what)
{
	struct dma_fault *fault = run->own;
	char text[96];

	snprintf(text, sizeof(text), "vfio_test: %s: IOMMU faults on purpose %s\n",
		 run->target.dev.bdf, what);
	klog_say(text);
	fault->told = !fault->told;
}

static enum status provoke_all(struct run *run)
{
	struct dma_fault *fault = run->own;
	enum status status = STATUS_PASS;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fault_cases) && !signal_seen; i++) {
		const struct fault_case *fc = &fault_cases[i];
		uint64_t iova = fault->scratch_iova + fc->page * BASE_PAGE;
		char line[KLOG_LINE] = "";
		int ret = provoke(run, iova, line);

		if (!memory_unchanged(run, fc))
			return STATUS_FAIL;
		if (ret == -EINTR)
			break;
		tell_fault(run, fc, iova, ret ? NULL : line);
		/* Try the other case too: it may show that a write changed memory. */
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
	struct dma_fault *fault = run->own;
	enum status status;

	if (run->opts->no_faults)
		idle = "--no-faults";
	/* If the IOMMU does not translate, the write could overwrite any memory. */
	if (idle || !run->dma || !run->dma->proven)
		return run_dma_skip(run, idle ? idle : "no copy by the device proved the mapping");
	fault->klog = -1;
	fault->begun = true;
	if (map_scratch(run))
		return STATUS_UNVERIFIED;
	fault->klog = klog_open(&fault->limited);
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
	struct dma_fault *fault = run->own;
	uint64_t unmapped;

	if (!fault->begun)
		return;
	if (fault->told)
		say_on_purpose(run, "end");
	if (fault->klog >= 0)
		close(fault->klog);
	fault->klog = -1;
	if (fault->scratch_mapped)
		vfio_unmap(&run->target.vfio, fault->scratch_iova, BASE_PAGE, &unmapped);
	fault->scratch_mapped = false;
	if (fault->scratch)
		munmap(fault->scratch, BASE_PAGE);
	fault->scratch = NULL;
}
