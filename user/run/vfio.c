// SPDX-License-Identifier: GPL-2.0
/* The steps that call VFIO, in the order that the kernel requires. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failure/failure.h"
#include "pt/text.h"
#include "run/show.h"
#include "run/step.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Ends the step, and with it the run: what failed with -@ret, why, and what to do. */
static enum status stop(struct run *run, int ret, const char *what, const char *why,
			const char *fix)
{
	err_set(&run->end.err, -ret, what, why ? why : strerror(-ret), fix);
	return STATUS_ERROR;
}

enum status step_device(struct run *run)
{
	struct json_object *obj = report_object(run->rep, "device");
	struct env env;
	char hex[16];
	int ret;

	add_string(obj, "bdf", run->opts->bdf);
	env_machine(&env, run->opts->module_path);
	ret = env_device(&env, run->opts->bdf, NULL);
	if (ret) {
		failure_explain(&env, "device", -ret, "no such device", &run->end.err);
		return STATUS_ERROR;
	}
	run->target.dev = env.dev;
	snprintf(hex, sizeof(hex), "0x%04x", run->target.dev.vendor);
	add_string(obj, "vendor", hex);
	snprintf(hex, sizeof(hex), "0x%04x", run->target.dev.device);
	add_string(obj, "device", hex);
	json_object_object_add(
		obj, "group",
		run->target.dev.group < 0 ? NULL : json_object_new_int(run->target.dev.group));
	add_string(obj, "driver", run->target.dev.driver);

	if (failure_blocking(&env, "device", &run->end.err))
		return STATUS_ERROR;
	report_ok(run->rep, "IOMMU group: %d", run->target.dev.group);
	run_detail(run, "IOMMU group %d, driver %s", run->target.dev.group, run->target.dev.driver);
	return STATUS_PASS;
}

enum status step_modules(struct run *run)
{
	int ret = modules_open(&run->mods);

	if (ret)
		return stop(run, ret, "libkmod", NULL, "");
	/* A device on vfio-pci implies vfio.  If it is built in, it may have no module directory.
	 */
	if (access("/sys/class/vfio", F_OK) && access("/sys/class/vfio-dev", F_OK) &&
	    modules_need(run->mods, "vfio", NULL, &run->end.err))
		return STATUS_ERROR;
	run_detail(run, "vfio is in the kernel");
	return STATUS_PASS;
}

static enum status not_supported(struct run *run, const struct backend *be)
{
	char what[64];

	snprintf(what, sizeof(what), "VFIO %s IOMMU not supported", be->title);
	return run_failed(run, "back-end", -ENODEV, what);
}

/* The last call of VFIO failed. */
static enum status call_failed(struct run *run, int ret)
{
	if (!strcmp(run->target.vfio.call, "group") ||
	    !strcmp(run->target.vfio.call, "device-node"))
		return run_not_opened(run, run->target.vfio.call, ret, run->target.vfio.node);
	return run_failed(run, run->target.vfio.call, ret, run->target.vfio.call);
}

/* Does the kernel have all parts of this back end for the device?  If not, fills run->end.err. */
static bool is_there(struct run *run, const struct backend *be, bool *offered)
{
	size_t i;

	memset(&run->end.err, 0, sizeof(run->end.err));
	*offered = be->offered(&run->target.dev, &run->end.err);
	if (!*offered)
		return false;
	for (i = 0; i < BACKEND_MODULES && be->modules[i].name; i++)
		if ((!be->modules[i].proof || access(be->modules[i].proof, F_OK)) &&
		    modules_need(run->mods, be->modules[i].name, NULL, &run->end.err))
			return false;
	if (vfio_known(be))
		return true;
	not_supported(run, be);
	return false;
}

/* The back end of --iommu, or the first one that this user may open; NULL: see run->end.err */
static const struct backend *find_backend(struct run *run)
{
	const struct backend *closed = NULL;
	struct err err = { 0 };
	bool offered;
	size_t i;

	if (run->opts->backend)
		return is_there(run, run->opts->backend, &offered) ? run->opts->backend : NULL;
	for (i = 0; i < nr_backends; i++) {
		const struct backend *be = &backends[i];

		if (!be->automatic)
			continue;
		if (!is_there(run, be, &offered)) {
			if (!err.what[0] || offered)
				err = run->end.err;
			continue;
		}
		if (vfio_accessible(be, &run->target.dev))
			return be;
		/* If no other can be opened, the step that opens this one reports the reason. */
		closed = be;
	}
	run->end.err = err;
	return closed;
}

enum status step_backend(struct run *run)
{
	const struct backend *be = find_backend(run);

	if (!be)
		return STATUS_ERROR;
	memset(&run->end.err, 0, sizeof(run->end.err));
	run->target.vfio.be = be;
	run->target.vfio.dev = &run->target.dev;
	run->target.vfio.token = run->opts->vf_token;
	report_line(run->rep, "Back end: %s%s", be->name, run->opts->backend ? "" : " (auto)");
	run_detail(run, "%s", be->name);
	return STATUS_PASS;
}

static void module_stays(const char *name, int no)
{
	fprintf(stderr, "vfio_test: %s: left loaded: %s; modprobe -r %s\n", name, strerror(no),
		name);
}

void undo_modules(struct run *run)
{
	if (run->mods)
		modules_close(run->mods, module_stays);
	run->mods = NULL;
}

enum status step_container(struct run *run)
{
	int ret = vfio_open(&run->target.vfio);

	if (ret)
		return run_not_opened(run, "container", ret, run->target.vfio.be->node);
	run_detail(run, "%s, fd %d", run->target.vfio.be->node, run->target.vfio.container);
	return STATUS_PASS;
}

void undo_container(struct run *run)
{
	vfio_close(&run->target.vfio);
}

enum status step_api_version(struct run *run)
{
	int version = ioctl(run->target.vfio.container, VFIO_GET_API_VERSION);

	report_line(run->rep, "VFIO API version: %d", version);
	run_detail(run, "%d", version);
	if (version != VFIO_API_VERSION)
		return stop(run, -EPROTO, "unknown VFIO API version",
			    "this program knows version 0 only", "");
	return STATUS_PASS;
}

/* The extensions that are reported */
static const struct {
	int type;
	const char *name, *key;
} extensions[] = {
	{ VFIO_TYPE1_IOMMU, "VFIO_TYPE1_IOMMU", "type1" },
	{ VFIO_TYPE1v2_IOMMU, "VFIO_TYPE1v2_IOMMU", "type1v2" },
	{ VFIO_NOIOMMU_IOMMU, "VFIO_NOIOMMU_IOMMU", "noiommu" },
};

static enum status ask_extensions(struct run *run, const char *when)
{
	char detail[sizeof(run->end.detail)];
	bool known = false;
	struct text text;
	size_t i;

	text_begin(&text, detail, sizeof(detail));
	report_line(run->rep, "%s-SET_CONTAINER:", when);
	for (i = 0; i < ARRAY_SIZE(extensions); i++) {
		bool there = ioctl(run->target.vfio.container, VFIO_CHECK_EXTENSION,
				   extensions[i].type) == 1;

		report_line(run->rep, "  VFIO_CHECK_EXTENSION %s: %s", extensions[i].name,
			    there ? "Present" : "Not Present");
		text_add(&text, "%s%s %d", i ? ", " : "", extensions[i].key, there);
		if (extensions[i].type == run->target.vfio.be->type)
			known = there;
	}
	run_detail(run, "%s", detail);
	if (known)
		return STATUS_PASS;
	return not_supported(run, run->target.vfio.be);
}

enum status step_extensions_before(struct run *run)
{
	enum status status = ask_extensions(run, "pre");

	if (status == STATUS_PASS)
		report_ok(run->rep, "VFIO %s IOMMU supported", run->target.vfio.be->title);
	return status;
}

enum status step_group(struct run *run)
{
	int ret = vfio_group_open(&run->target.vfio);

	if (ret)
		return call_failed(run, ret);
	run_detail(run, "%s, fd %d", run->target.vfio.node, run->target.vfio.group);
	return STATUS_PASS;
}

void undo_group(struct run *run)
{
	vfio_group_close(&run->target.vfio);
}

enum status step_viable(struct run *run)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (ioctl(run->target.vfio.group, VFIO_GROUP_GET_STATUS, &status))
		return run_failed(run, "VFIO_GROUP_GET_STATUS", -errno, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return run_failed(run, "group-viable", -EPERM, "the group is not viable");
	report_ok(run->rep, "Group %d is viable", run->target.dev.group);
	run_detail(run, "flags 0x%x", status.flags);
	return STATUS_PASS;
}

enum status step_set_container(struct run *run)
{
	int ret = vfio_group_set_container(&run->target.vfio);

	if (ret)
		return call_failed(run, ret);
	report_ok(run->rep, "Group added to container");
	return STATUS_PASS;
}

void undo_set_container(struct run *run)
{
	vfio_group_unset_container(&run->target.vfio);
}

enum status step_extensions_after(struct run *run)
{
	return ask_extensions(run, "post");
}

enum status step_set_iommu(struct run *run)
{
	const struct backend *be = run->target.vfio.be;
	int ret = vfio_set_iommu(&run->target.vfio);

	if (ret)
		return call_failed(run, ret);
	report_ok(run->rep, "IOMMU type set to %s", be->title);
	run_detail(run, "%s", be->name);
	add_string(report_object(run->rep, "iommu"), "type", be->name);
	return STATUS_PASS;
}

/* " 4K 2M 1G"; three or more consecutive powers of two as " 4K...1T". */
static void page_sizes_text(uint64_t sizes, char *buf, size_t len)
{
	static const char units[] = "BKMGTPE";
	unsigned int i, last;
	struct text text;

	text_begin(&text, buf, len);
	for (i = 0; i < 64; i = last + 1) {
		last = i;
		if (!(sizes >> i & 1))
			continue;
		while (last < 63 && sizes >> (last + 1) & 1)
			last++;
		if (last < i + 2)
			last = i;
		text_add(&text, " %u%c", 1U << i % 10, units[i / 10]);
		if (last > i)
			text_add(&text, "...%u%c", 1U << last % 10, units[last / 10]);
	}
}

static void show_iommu(struct run *run)
{
	struct json_object *obj = report_object(run->rep, "iommu");
	struct json_object *sizes = json_object_new_array();
	struct json_object *ranges = json_object_new_array();
	const struct vfio_iommu *iommu = &run->target.iommu;
	char text[128] = "", hex[24];
	unsigned int i;

	for (i = 0; i < 64; i++) {
		uint64_t size = 1ULL << i;

		if (!(iommu->page_sizes & size))
			continue;
		snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)size);
		json_object_array_add(sizes, json_text(hex));
	}
	page_sizes_text(iommu->page_sizes, text, sizeof(text));
	json_object_object_add(obj, "page_sizes", sizes);
	report_line(run->rep, "IOMMU Info:");
	for (i = 0; i < iommu->nr_ranges; i++) {
		struct json_object *range = json_object_new_object();

		json_add_hex(range, "start", iommu->ranges[i].start);
		json_add_hex(range, "end", iommu->ranges[i].end);
		json_object_array_add(ranges, range);
		report_line(run->rep, "  IOVA range: 0x%llx - 0x%llx",
			    (unsigned long long)iommu->ranges[i].start,
			    (unsigned long long)iommu->ranges[i].end);
	}
	json_object_object_add(obj, "iova_ranges", ranges);
	if (!iommu->nr_ranges)
		report_line(run->rep, "  IOVA range: not reported by this kernel");
	report_line(run->rep, "  Page sizes:%s", text[0] ? text : " not reported");
	if (iommu->has_dma_avail) {
		json_object_object_add(obj, "dma_avail", json_object_new_int64(iommu->dma_avail));
		report_line(run->rep, "  Mappings left: %u", iommu->dma_avail);
	}
}

enum status step_iommu_info(struct run *run)
{
	int ret = vfio_info(&run->target.vfio, &run->target.iommu);

	if (ret == -EPROTO)
		return stop(run, ret, run->target.vfio.call, "its answer contradicts itself",
			    "report it to the kernel's VFIO maintainers");
	if (ret)
		return call_failed(run, ret);
	show_iommu(run);
	run_detail(run, "%u IOVA ranges", run->target.iommu.nr_ranges);
	return STATUS_PASS;
}

/*
 * Checked before anything is allocated: if memory runs out, the kernel sends SIGBUS, or kills a
 * process, which may be another one.  The limit of locked memory is left to VFIO's own error.
 */
static bool has_memory(const struct run *run)
{
	const struct run_opts *o = run->opts;
	const struct memory_need need = {
		.size = o->size,
		.page_size = o->page_size,
		.mappings = o->nr_iovas,
		.json = run->rep->mode == REPORT_JSON,
	};
	struct memory mem;

	memory_read(&mem, "", o->page_size);
	return !memory_short(&mem, &need, MEMORY_MEMLOCK);
}

enum status step_buffer(struct run *run)
{
	const struct run_opts *o = run->opts;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, ret;

	if (!has_memory(run))
		return run_failed(run, "buffer", -ENOMEM, "could not allocate the buffer");
	if (o->page_size > BASE_PAGE)
		flags |= MAP_HUGETLB | __builtin_ctzll(o->page_size) << MAP_HUGE_SHIFT;
	run->mapping.buf = mmap(NULL, o->size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (run->mapping.buf == MAP_FAILED) {
		int no = errno;

		run->mapping.buf = NULL;
		return run_failed(run, "buffer", -no, "could not allocate the buffer");
	}
	/* THP must not replace the page size that was asked for. */
	if (o->page_size == BASE_PAGE)
		madvise(run->mapping.buf, o->size, MADV_NOHUGEPAGE);
	/* After a fork, copy-on-write could give us other pages than those the device uses. */
	madvise(run->mapping.buf, o->size, MADV_DONTFORK);
	report_ok(run->rep, "Allocated %llu bytes at virtual address: %p",
		  (unsigned long long)o->size, run->mapping.buf);
	ret = memory_populate(run->mapping.buf, o->size, o->page_size);
	if (ret)
		return run_failed(run, "buffer", ret, "could not fill the buffer");
	memset(run->mapping.buf, RUN_PATTERN, o->size);
	report_ok(run->rep, "Filled memory with test pattern (0x%02X)", RUN_PATTERN);
	run_detail(run, "%llu bytes at %p", (unsigned long long)o->size, run->mapping.buf);
	return STATUS_PASS;
}

void undo_buffer(struct run *run)
{
	if (run->mapping.buf)
		munmap(run->mapping.buf, run->opts->size);
	run->mapping.buf = NULL;
}

/* The next mapping failed, in the kernel, or before it was tried. */
static enum status map_failed(struct run *run, int ret)
{
	const char *call = run->target.vfio.call;
	char what[96];

	snprintf(what, sizeof(what), "%s of 0x%llx bytes at IOVA 0x%llx", call,
		 (unsigned long long)run->opts->size,
		 (unsigned long long)run->mapping.iovas[run->mapping.nr]);
	return run_failed(run, call, ret, what);
}

/* The kernel's error would only be EINVAL, without a reason. */
static enum status iova_unusable(struct run *run, uint64_t iova)
{
	run->target.vfio.call = run->target.vfio.be->has & BACKEND_CONTAINER ? "VFIO_IOMMU_MAP_DMA"
									     : "IOMMU_IOAS_MAP";
	run->mapping.iovas[run->mapping.nr] = iova;
	return map_failed(run, -EINVAL);
}

static enum status choose_iovas(struct run *run)
{
	const struct run_opts *o = run->opts;
	unsigned int i;

	if (!o->nr_iovas &&
	    vfio_iova_find(&run->target.iommu, 0, o->size, o->page_size, &run->mapping.iovas[0]))
		return iova_unusable(run, 0);
	for (i = 0; i < o->nr_iovas; i++) {
		if (!vfio_iova_usable(&run->target.iommu, o->iovas[i], o->size))
			return iova_unusable(run, o->iovas[i]);
		run->mapping.iovas[i] = o->iovas[i];
	}
	return STATUS_PASS;
}

enum status step_map(struct run *run)
{
	struct json_object *obj = report_object(run->rep, "mapping");
	struct json_object *iovas = json_object_new_array();
	const struct run_opts *o = run->opts;
	unsigned int nr = o->nr_iovas ? o->nr_iovas : 1;
	char hex[24];

	json_object_object_add(obj, "pid", json_object_new_int(getpid()));
	json_add_hex(obj, "vaddr", (uintptr_t)run->mapping.buf);
	json_object_object_add(obj, "iova", NULL); /* keeps its place; set below */
	json_object_object_add(obj, "iovas", iovas);
	json_add_hex(obj, "size", o->size);
	json_add_hex(obj, "page_size", o->page_size);
	if (choose_iovas(run))
		return STATUS_ERROR;
	json_add_hex(obj, "iova", run->mapping.iovas[0]);
	while (run->mapping.nr < nr) {
		uint64_t iova = run->mapping.iovas[run->mapping.nr];
		int ret = vfio_map(&run->target.vfio, run->mapping.buf, iova, o->size,
				   VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);

		if (ret)
			return map_failed(run, ret);
		run->mapping.nr++;
		snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)iova);
		json_object_array_add(iovas, json_text(hex));
		report_ok(run->rep, "DMA mapped: IOVA=0x%llx, VADDR=%p, SIZE=%llu",
			  (unsigned long long)iova, run->mapping.buf, (unsigned long long)o->size);
	}
	run_detail(run, "IOVA 0x%llx%s, vaddr %p, 0x%llx bytes",
		   (unsigned long long)run->mapping.iovas[0], nr > 1 ? " and more" : "",
		   run->mapping.buf, (unsigned long long)o->size);
	return STATUS_PASS;
}

void undo_map(struct run *run)
{
	uint64_t unmapped;

	while (run->mapping.nr)
		vfio_unmap(&run->target.vfio, run->mapping.iovas[--run->mapping.nr],
			   run->opts->size, &unmapped);
}

enum status step_unmap(struct run *run)
{
	while (run->mapping.nr) {
		uint64_t iova = run->mapping.iovas[--run->mapping.nr], unmapped = 0;
		int ret = vfio_unmap(&run->target.vfio, iova, run->opts->size, &unmapped);

		if (ret || unmapped != run->opts->size) {
			err_set(&run->end.err, -ret, run->target.vfio.call,
				ret ? strerror(-ret) : "", "see dmesg");
			if (!ret)
				err_why(&run->end.err, "0x%llx of 0x%llx bytes unmapped",
					(unsigned long long)unmapped,
					(unsigned long long)run->opts->size);
			return STATUS_FAIL;
		}
		report_ok(run->rep, "DMA unmapped: IOVA=0x%llx, SIZE=%llu",
			  (unsigned long long)iova, (unsigned long long)unmapped);
	}
	run_detail(run, "0x%llx bytes each", (unsigned long long)run->opts->size);
	return STATUS_PASS;
}

enum status step_device_fd(struct run *run)
{
	int ret = vfio_get_device(&run->target.vfio, &run->target.device);

	if (ret)
		return call_failed(run, ret);
	report_ok(run->rep, "Got device file descriptor for %s", run->target.dev.bdf);
	run_detail(run, "fd %d", run->target.device);
	return STATUS_PASS;
}

void undo_device_fd(struct run *run)
{
	if (run->target.device >= 0)
		close(run->target.device);
	run->target.device = -1;
}
