// SPDX-License-Identifier: GPL-2.0
/* The steps that hold the process's frames against the IOMMU's: now, and again before unmap. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pt/frames.h"
#include "lib/parse.h"
#include "pt/text.h"
#include "fmt/pt_x86.h"
#include "failure/failure.h"
#include "run/step.h"
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

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* What a comparison found, mapping after mapping. */
struct odd {
	struct run *run;
	struct json_object *pages; /* of their addresses, or NULL */
	bool quiet;
	const char *bdf;		  /* of the device in hand, where there are several */
	struct json_object *translations; /* where they are told, or NULL */
	uint64_t iova;			  /* of the mapping in hand */
	uint64_t nr;
	char first[192];
};

static void add_odd(uint64_t offset, uint64_t pa_process, uint64_t pa_iommu, void *arg)
{
	struct odd *odd = arg;
	char process[24] = "no frame", iommu[24] = "no frame", page[24];
	const char *of = odd->bdf ? " of " : "";
	uint64_t vaddr = (uintptr_t)odd->run->mapping.buf + offset;

	if (pa_process != FRAME_NONE)
		snprintf(process, sizeof(process), "0x%" PRIx64, pa_process);
	if (pa_iommu != FRAME_NONE)
		snprintf(iommu, sizeof(iommu), "0x%" PRIx64, pa_iommu);
	if (!odd->nr++)
		snprintf(odd->first, sizeof(odd->first),
			 "page 0x%" PRIx64 ", IOVA 0x%" PRIx64 "%s%s: process %s, IOMMU %s", vaddr,
			 odd->iova + offset, of, odd->bdf ? odd->bdf : "", process, iommu);
	if (!odd->quiet && (odd->nr <= ODD_LINES || odd->run->rep->verbose))
		report_line(odd->run->rep,
			    "  page 0x%" PRIx64 ", IOVA 0x%" PRIx64 "%s%s: process %s, IOMMU %s",
			    vaddr, odd->iova + offset, of, odd->bdf ? odd->bdf : "", process,
			    iommu);
	if (!odd->pages)
		return;
	snprintf(page, sizeof(page), "0x%" PRIx64, vaddr);
	json_object_array_add(odd->pages, json_text(page));
}

/* The IOMMU's runs, for the report. */
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

/* Why not all translations could be read; of which device, where there are several. */
static void explain_devices(struct run *run, const struct odd *odd, int no)
{
	char what[sizeof(run->end.err.what)];

	explain_iova(&run->end.err, no);
	if (!odd->bdf)
		return;
	snprintf(what, sizeof(what), "%s", run->end.err.what);
	err_what(&run->end.err, "%s: %.160s", odd->bdf, what);
}

/*
 * The frames of the process, as @process has them, against what the IOMMU has for each mapping
 * of this device now.  0, or -errno: not all could be asked, and *odd is about nothing.
 */
static int compare_device(struct run *run, const char *device, const struct frames *process,
			  struct odd *odd)
{
	struct pci_bdf bdf = { 0 };
	unsigned int i;

	if (parse_bdf(device, &bdf))
		return -EINVAL;
	odd->bdf = run->opts->nr_with ? device : NULL;
	for (i = 0; i < run->mapping.nr; i++) {
		struct frames iommu = { NULL, 0, run->mapping.iovas[i] };
		struct verify_pte_run *got = NULL;
		int ret = verify_pte_get(run->evidence.iova_file, iova_device(&bdf),
					 run->mapping.iovas[i], run->opts->size, VERIFY_PTE_IOVAS,
					 (void **)&got, &iommu.nr, &run->evidence.iova_info);

		if (ret)
			return ret;
		iommu.runs = got;
		if (odd->translations)
			tell_translations(odd->translations, got, iommu.nr);
		odd->iova = run->mapping.iovas[i];
		frames_compare(process, &iommu, run->opts->size, add_odd, odd);
		free(got);
	}
	return 0;
}

/* Base pages of all mappings, for each device that is in the container */
static uint64_t pages_for_all(const struct run *run)
{
	return run->opts->size / BASE_PAGE * run->mapping.nr * (1 + run->target.nr_with);
}

/* One further device's part: a check of its own, and its own object in JSON. */
static void tell_device(struct run *run, unsigned int i, struct odd *odd, uint64_t bad)
{
	const uint64_t pages = run->opts->size / BASE_PAGE * run->mapping.nr;
	struct json_object *with = json_object_array_get_idx(
				   json_object_object_get(run->rep->root, "with"), i),
			   *obj;
	char name[64];

	snprintf(name, sizeof(name), "%s: IOMMU", run->opts->with[i]);
	report_check(run->rep, name, bad ? STATUS_FAIL : STATUS_PASS,
		     "%" PRIu64 " of %" PRIu64 " frames agree", pages - bad, pages);
	obj = json_object_new_object();
	json_object_object_add(obj, "compared", json_object_new_uint64(pages));
	json_object_object_add(obj, "mismatched", json_object_new_uint64(bad));
	json_object_object_add(with, "iommu", obj);
	json_object_object_add(with, "translations", json_object_get(odd->translations));
}

/*
 * The same for every device of the container: each has a domain of its own, or shares one, as
 * the kernel found right.  @tell: each device's part into the report.
 */
static int compare_devices(struct run *run, const struct verify_pte_run *runs, size_t nr,
			   struct odd *odd, bool tell)
{
	const struct frames process = { runs, nr, (uintptr_t)run->mapping.buf };
	unsigned int i;
	int ret;

	odd->translations = tell ? report_object(run->rep, "translations") : NULL;
	ret = compare_device(run, run->opts->bdf, &process, odd);
	for (i = 0; i < run->target.nr_with && !ret; i++) {
		const uint64_t before = odd->nr;

		odd->translations = tell ? json_object_new_array() : NULL;
		ret = compare_device(run, run->opts->with[i], &process, odd);
		if (!ret && tell)
			tell_device(run, i, odd, odd->nr - before);
		json_object_put(odd->translations);
	}
	odd->translations = NULL;
	return ret;
}

enum status step_iommu(struct run *run)
{
	uint64_t total = pages_for_all(run), start = now_ns(), ns;
	struct odd odd = { .run = run };
	enum status status;
	int ret;

	if (!run->evidence.verified) {
		run_detail(run, "nothing from the module to compare with");
		return STATUS_UNVERIFIED;
	}
	run->evidence.iova_file =
		verify_pte_open(run->mods, run->opts->module_path, VERIFY_PTE_IOVA, &run->end.err);
	if (run->evidence.iova_file < 0)
		return STATUS_UNVERIFIED;
	ret = compare_devices(run, run->evidence.runs, run->evidence.nr_runs, &odd, true);
	if (ret) {
		explain_devices(run, &odd, -ret);
		return STATUS_UNVERIFIED;
	}
	ns = (now_ns() - start) / total;
	run->evidence.compared_iommu = true;
	run_detail(run, "%" PRIu64 " of %" PRIu64 " frames agree, %" PRIu64 " ns a page",
		   total - odd.nr, total, ns);
	status = odd.nr ? STATUS_FAIL : STATUS_PASS;
	report_witness(run->rep, "iommu", status, total, odd.nr, odd.first);
	report_witness_ns(run->rep, "iommu", ns);
	if (odd.nr) {
		err_what(&run->end.err,
			 "%" PRIu64 " of %" PRIu64 " frames differ between process and IOMMU",
			 odd.nr, total);
		err_why(&run->end.err, "first %s", odd.first);
		err_fix(&run->end.err,
			"the device reaches other memory than the process: do not let it run");
		return status;
	}
	report_ok(run->rep,
		  "module = IOMMU on %" PRIu64 " of %" PRIu64 " frames, %" PRIu64 " ns a page",
		  total, total, ns);
	return status;
}

void undo_iommu(struct run *run)
{
	if (run->evidence.iova_file >= 0)
		close(run->evidence.iova_file);
	run->evidence.iova_file = -1;
}

static const struct verify_pte_who own_pages = { 0 };

enum status recheck(struct run *run, bool tell)
{
	struct json_object *stale = tell ? report_object(run->rep, "stale") : NULL;
	uint64_t total = pages_for_all(run);
	struct odd odd = { .run = run,
			   .quiet = !tell,
			   .pages = tell ? json_object_new_array() : NULL };
	struct verify_pte_run *runs = NULL;
	struct verify_pte_walk info;
	size_t nr = 0;
	int ret = verify_pte_get(run->evidence.walk, own_pages, (uintptr_t)run->mapping.buf,
				 run->opts->size, VERIFY_PTE_RUNS, (void **)&runs, &nr, &info);

	/* In no VMA any more: no page of it has a frame. */
	if (ret == -EFAULT)
		ret = 0;
	if (!ret)
		ret = compare_devices(run, runs, nr, &odd, false);
	free(runs);
	if (ret) {
		json_object_put(odd.pages);
		explain_devices(run, &odd, -ret);
		return STATUS_UNVERIFIED;
	}
	if (tell) {
		json_object_object_add(stale, "compared", json_object_new_uint64(total));
		json_object_object_add(stale, "mismatched", json_object_new_uint64(odd.nr));
		json_object_object_add(stale, "pages", odd.pages);
	}
	run_detail(run, "%" PRIu64 " of %" PRIu64 " frames still agree", total - odd.nr, total);
	if (!odd.nr)
		return STATUS_PASS;
	err_what(&run->end.err,
		 "stale DMA: %" PRIu64 " of %" PRIu64
		 " pages have another frame in the process than in the IOMMU by now",
		 odd.nr, total);
	err_why(&run->end.err, "first %s", odd.first);
	report_witness_differs(run->rep, "iommu", odd.nr, run->end.err.why);
	err_fix(&run->end.err,
		"what changed the mapping of the process (madvise, fork, mremap, a hole punched) must unmap it for the device before");
	return STATUS_FAIL;
}

enum status step_recheck(struct run *run)
{
	enum status status;

	if (!run->evidence.compared_iommu) {
		run_detail(run, "not compared before");
		return STATUS_SKIP;
	}
	status = recheck(run, true);
	if (status == STATUS_PASS)
		report_ok(run->rep, "Before unmap: %s", run->end.detail);
	return status;
}
