// SPDX-License-Identifier: GPL-2.0
/*
 * The witness IOMMU: compares its translations with the process's frames, and does so again before
 * unmap.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pt/frames.h"
#include "lib/parse.h"
#include "pt/text.h"
#include "fmt/pt_x86.h"
#include "failure/failure.h"
#include "run/ask.h"
#include "run/asked.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void explain_iova(struct err *err, int no)
{
	const struct env env = { .dev = { .group = -1 }, .realtime = env_realtime() };

	failure_explain(&env, "iova", no, "the IOMMU's translations could not be read", err);
}

struct verify_pte_who iova_device(const struct pci_bdf *bdf)
{
	return (struct verify_pte_who){
		.id = bdf->bus << 8 | bdf->dev << 3 | bdf->fn,
		.segment = bdf->domain,
	};
}

/* Where pages that differ are reported */
struct telling {
	struct run *run;
	struct json_object *pages; /* list of their addresses, or NULL */
	uint64_t lines;
};

static void tell_odd(const char *text, uint64_t vaddr, void *arg)
{
	struct telling *telling = arg;
	char page[24];

	if (telling->lines++ < ODD_LINES || telling->run->rep->verbose)
		report_line(telling->run->rep, "  %s", text);
	if (!telling->pages)
		return;
	snprintf(page, sizeof(page), "0x%" PRIx64, vaddr);
	json_object_array_add(telling->pages, json_text(page));
}

/* Writes the IOMMU's runs to the report. */
static void tell_translations(struct json_object *list, const struct verify_pte_run *runs,
			      size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct json_object *obj;

		if (!pt_has_frame(runs[i].kind))
			continue;
		obj = json_object_new_object();
		json_add_hex(obj, "iova", runs[i].vaddr);
		json_add_hex(obj, "pa", runs[i].pa);
		json_add_hex(obj, "len", runs[i].len);
		json_object_array_add(list, obj);
	}
}

/* Explains why not all translations could be read, and names the device if there are several. */
static void explain_devices(struct run *run, const char *bdf, int no)
{
	char what[sizeof(run->end.err.what)];

	explain_iova(&run->end.err, no);
	if (!bdf)
		return;
	snprintf(what, sizeof(what), "%s", run->end.err.what);
	err_what(&run->end.err, "%s: %.160s", bdf, what);
}

/* A device of the container: 0 is the first one, the next ones are those of --with. */
static const char *device_of(const struct run *run, unsigned int i)
{
	return i ? run->opts->with[i - 1] : run->opts->bdf;
}

/* Reads the IOMMU's translation of one mapping for one device; 0 or -errno */
static int get_translation(struct run *run, unsigned int device, unsigned int mapping,
			   struct translation *one)
{
	const char *name = device_of(run, device);
	struct pci_bdf bdf = { 0 };
	struct verify_pte_walk info;

	*one = (struct translation){
		.device = device,
		.bdf = run->opts->nr_with ? name : NULL,
		.iova = run->mapping.iovas[mapping],
	};
	if (parse_bdf(name, &bdf))
		return -EINVAL;
	return verify_pte_get(run->evidence.iova_file, iova_device(&bdf), one->iova,
			      run->opts->size, VERIFY_PTE_IOVAS, (void **)&one->runs, &one->nr,
			      &info);
}

/*
 * Reads each mapping for each device of the container: the kernel decides which devices share a
 * domain.  If not all could be read, fills run->end.err.
 */
static enum status get_translations(struct run *run, struct iommu_asked *got)
{
	unsigned int device, mapping;

	for (device = 0; device <= run->target.nr_with; device++)
		for (mapping = 0; mapping < run->mapping.nr; mapping++) {
			struct translation *one = &got->list[got->nr++];
			int ret = get_translation(run, device, mapping, one);

			if (!ret)
				continue;
			explain_devices(run, one->bdf, -ret);
			return STATUS_UNVERIFIED;
		}
	return STATUS_PASS;
}

static void put_translations(struct iommu_asked *got)
{
	while (got->nr)
		free(got->list[--got->nr].runs);
}

/* The number of base pages of all mappings, for all devices of the container */
static uint64_t pages_for_all(const struct run *run)
{
	return run->opts->size / BASE_PAGE * run->mapping.nr * (1 + run->target.nr_with);
}

/* Reports a further device: it has a check and a JSON object. */
static void tell_device(struct run *run, const struct iommu_asked *got, unsigned int device,
			uint64_t bad)
{
	const uint64_t pages = run->opts->size / BASE_PAGE * run->mapping.nr;
	struct json_object *with = run_with_json(run, device - 1), *obj, *list;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s: IOMMU", device_of(run, device));
	report_check(run->rep, name, bad ? STATUS_FAIL : STATUS_PASS,
		     "%" PRIu64 " of %" PRIu64 " frames agree", pages - bad, pages);
	obj = json_object_new_object();
	json_object_object_add(obj, "compared", json_object_new_uint64(pages));
	json_object_object_add(obj, "mismatched", json_object_new_uint64(bad));
	json_object_object_add(with, "iommu", obj);
	list = json_object_new_array();
	for (i = 0; i < got->nr; i++)
		if (got->list[i].device == device)
			tell_translations(list, got->list[i].runs, got->list[i].nr);
	json_object_object_add(with, "translations", list);
}

/* Judges all translations, device by device; @tell: reports each device. */
static void judge_devices(struct run *run, const struct frames *process,
			  const struct iommu_asked *got, struct odd_pages *odd, bool tell)
{
	struct json_object *first = tell ? report_object(run->rep, "translations") : NULL;
	uint64_t before = 0;
	size_t i;

	for (i = 0; i < got->nr; i++) {
		const struct translation *one = &got->list[i];
		const bool last = i + 1 == got->nr || got->list[i + 1].device != one->device;

		if (tell && !one->device)
			tell_translations(first, one->runs, one->nr);
		judge_translation(process, one, run->opts->size, odd);
		if (!last)
			continue;
		if (tell && one->device)
			tell_device(run, got, one->device, odd->nr - before);
		before = odd->nr;
	}
}

static enum status open_iova(struct run *run)
{
	run->evidence.iova_file =
		verify_pte_open(run->mods, run->opts->module_path, VERIFY_PTE_IOVA, &run->end.err);
	return run->evidence.iova_file < 0 ? STATUS_UNVERIFIED : STATUS_PASS;
}

static enum status ask_translations(struct run *run, struct testimony *t)
{
	(void)t;
	return get_translations(run, run->own);
}

static void judge_frames(struct run *run, struct testimony *t)
{
	const struct frames process = { run->evidence.runs, run->evidence.nr_runs,
					(uintptr_t)run->mapping.buf };
	struct telling telling = { .run = run };
	struct odd_pages odd = { .each = tell_odd, .arg = &telling };

	judge_devices(run, &process, run->own, &odd, true);
	judge_iommu(&odd, pages_for_all(run), t, &run->end.err);
}

static void tell_iommu(struct run *run, const struct testimony *t)
{
	run_detail(run, "%" PRIu64 " of %" PRIu64 " frames agree, %" PRIu64 " ns a page",
		   t->total - t->differing, t->total, t->ns);
	if (t->step == STATUS_PASS)
		report_ok(run->rep,
			  "module = IOMMU on %" PRIu64 " of %" PRIu64 " frames, %" PRIu64
			  " ns a page",
			  t->total, t->total, t->ns);
}

static void close_iommu(struct run *run)
{
	put_translations(run->own);
	if (run->evidence.iova_file >= 0)
		close(run->evidence.iova_file);
	run->evidence.iova_file = -1;
}

const struct asker ask_iommu = {
	.id = WITNESS_IOMMU,
	.open = open_iova,
	.ask = ask_translations,
	.judge = judge_frames,
	.tell = tell_iommu,
	.close = close_iommu,
};

/* --- the comparison again, before unmap and while the mapping is held ---------------------- */

static const struct verify_pte_who own_pages = { 0 };

/* Reads both sides again.  The caller frees *runs and the translations, even after an error. */
static enum status gather_again(struct run *run, struct frames *process,
				struct verify_pte_run **runs, struct iommu_asked *got)
{
	struct verify_pte_walk info;
	int ret = verify_pte_get(run->evidence.walk, own_pages, (uintptr_t)run->mapping.buf,
				 run->opts->size, VERIFY_PTE_RUNS, (void **)runs, &process->nr,
				 &info);

	process->runs = *runs;
	process->base = (uintptr_t)run->mapping.buf;
	/* -EFAULT: the buffer has lost its VMA, so no page has a frame. */
	if (!ret || ret == -EFAULT)
		return get_translations(run, got);
	explain_devices(run, NULL, -ret);
	return STATUS_UNVERIFIED;
}

static void tell_stale(struct run *run, uint64_t total, uint64_t bad, struct json_object *pages)
{
	struct json_object *stale = report_object(run->rep, "stale");

	json_object_object_add(stale, "compared", json_object_new_uint64(total));
	json_object_object_add(stale, "mismatched", json_object_new_uint64(bad));
	json_object_object_add(stale, "pages", json_object_get(pages));
}

enum status recheck(struct run *run, bool tell)
{
	const uint64_t total = pages_for_all(run);
	struct iommu_asked *got = calloc(1, sizeof(*got));
	struct telling telling = { .run = run, .pages = json_object_new_array() };
	struct odd_pages odd = { .each = tell ? tell_odd : NULL, .arg = &telling };
	struct verify_pte_run *runs = NULL;
	struct frames process = { 0 };
	enum status status = STATUS_UNVERIFIED;

	if (got)
		status = gather_again(run, &process, &runs, got);
	else
		explain_devices(run, NULL, ENOMEM);
	if (status == STATUS_PASS) {
		judge_devices(run, &process, got, &odd, false);
		if (tell)
			tell_stale(run, total, odd.nr, telling.pages);
		run_detail(run, "%" PRIu64 " of %" PRIu64 " frames still agree", total - odd.nr,
			   total);
		status = judge_stale(&odd, total, &run->testimonies.said[WITNESS_IOMMU],
				     &run->end.err);
	}
	json_object_put(telling.pages);
	free(runs);
	if (got)
		put_translations(got);
	free(got);
	return status;
}

enum status step_recheck(struct run *run)
{
	enum status status;

	if (!run->testimonies.said[WITNESS_IOMMU].answered) {
		run_detail(run, "not compared before");
		return STATUS_SKIP;
	}
	status = recheck(run, true);
	if (status == STATUS_PASS)
		report_ok(run->rep, "Before unmap: %s", run->end.detail);
	return status;
}
