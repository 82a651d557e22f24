// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of further devices (--with).  Each joins the first device's container, or its address
 * space in iommufd.  What is mapped there is mapped for all, and each moves data through it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "driver/driver.h"
#include "lib/signals.h"
#include "failure/failure.h"
#include "run/dma.h"
#include "run/step.h"
#include "lib/text.h"

/* Pages that each one copies: enough to show that it uses the same mapping. */
#define WITH_PAGES 16

struct run_with {
	struct sysfs_device dev;
	struct vfio vfio; /* with the first device's container, and its own or a shared group */
	bool own_group;
	int device;
	struct request request;
	struct json_object *obj;
};

static enum status stop(struct run *run, const struct run_with *w, int ret, const char *why,
			const char *fix)
{
	err_set(&run->end.err, -ret, "", why, fix);
	err_what(&run->end.err, "--with %s", w->dev.bdf);
	return STATUS_ERROR;
}

/* The same, with the explanation from the table of failures. */
static enum status stop_at_call(struct run *run, const struct run_with *w, int ret)
{
	const char *call = w->vfio.call ? w->vfio.call : "VFIO";
	bool node = !strcmp(call, "group") || !strcmp(call, "device-node");
	char what[80];
	struct err err;
	struct env env;

	env_machine(&env, run->opts->module_path);
	env_device(&env, w->dev.bdf, NULL);
	env.has_token = w->vfio.token;
	if (node)
		env_not_opened(&env, w->vfio.node, -ret);
	snprintf(what, sizeof(what), "%s%s", node ? "could not open " : "",
		 node ? w->vfio.node : call);
	failure_explain(&env, call, -ret, what, &err);
	run->end.err.id = err.id;
	run->end.err.no = -ret;
	err_what(&run->end.err, "--with %s: %s", w->dev.bdf, err.what);
	err_why(&run->end.err, "%s", err.why);
	err_fix(&run->end.err, "%s", err.fix);
	return STATUS_ERROR;
}

/* A group can only be opened once, so devices of the same group share it. */
static const struct vfio *find_group(const struct run *run, const struct run_with *w)
{
	unsigned int i;

	if (run->target.dev.group == w->dev.group)
		return &run->target.vfio;
	for (i = 0; i < run->target.nr_with; i++)
		if (&run->target.with[i] != w && run->target.with[i].own_group &&
		    run->target.with[i].dev.group == w->dev.group)
			return &run->target.with[i].vfio;
	return NULL;
}

static int join_group(struct run *run, struct run_with *w)
{
	const struct vfio *shared = find_group(run, w);
	int ret;

	if (shared) {
		w->vfio.group = shared->group;
		return 0;
	}
	w->own_group = true;
	ret = vfio_group_open(&w->vfio);
	return ret ? ret : vfio_group_set_container(&w->vfio);
}

static enum status join(struct run *run, struct run_with *w, const char *bdf)
{
	const struct backend *be = run->target.vfio.be;
	char name[96];
	int ret = sysfs_device_get(bdf, &w->dev);

	if (ret) {
		snprintf(w->dev.bdf, sizeof(w->dev.bdf), "%s", bdf);
		return stop(run, w, ret, "the kernel knows no PCI device at this address",
			    "see lspci -D");
	}
	w->obj = json_object_new_object();
	json_object_array_add(json_object_object_get(run->rep->root, "with"), w->obj);
	json_object_object_add(w->obj, "bdf", json_text(bdf));
	json_object_object_add(w->obj, "group", json_object_new_int(w->dev.group));
	if (w->dev.group < 0 || !strstr(w->dev.driver, "vfio"))
		return stop(run, w, -EBUSY,
			    w->dev.group < 0 ? "it has no IOMMU group" : "it is not on vfio-pci",
			    "see vfio_test list, which has the line to type");
	w->vfio = run->target.vfio;
	w->vfio.dev = &w->dev;
	w->vfio.group = -1;
	w->vfio.in_container = false;
	/* A device that does not need a token refuses it. */
	if (!sysfs_takes_token(bdf))
		w->vfio.token = NULL;
	if (be->has & BACKEND_GROUP) {
		ret = join_group(run, w);
		if (ret)
			return stop_at_call(run, w, ret);
	}
	ret = vfio_get_device(&w->vfio, &w->device);
	if (ret)
		return stop_at_call(run, w, ret);
	/* If this fails, the kernel has to wait until the run ends; that is not an error. */
	request_listen(&w->request, w->device, w->dev.bdf);
	json_object_object_add(w->obj, "shares_group",
			       json_object_new_boolean(!w->own_group &&
						       w->dev.group == run->target.dev.group));
	snprintf(name, sizeof(name), "%s: %s", bdf, be->title);
	report_check(run->rep, name, STATUS_PASS, "group %d, %s", w->dev.group,
		     w->own_group ? "its own" : "shared");
	report_ok(run->rep, "%s joined: group %d, %s", bdf, w->dev.group,
		  w->own_group ? "its own" : "shared");
	return STATUS_PASS;
}

/* Checks its info, its regions, and that the vendor in its configuration space is right. */
static void check_device(struct run *run, struct run_with *w)
{
	struct vfio_device_info *info;
	uint32_t i, told = 0, unknown = 0;
	enum status status;
	uint16_t vendor = 0;
	uint32_t regions, irqs;
	bool config_unknown = false;
	char name[64];
	int ret = vfio_device_get_info(w->device, &info);

	snprintf(name, sizeof(name), "%s: device info", w->dev.bdf);
	if (ret) {
		report_check(run->rep, name, STATUS_FAIL, "%s", strerror(-ret));
		return;
	}
	regions = info->num_regions;
	irqs = info->num_irqs;
	free(info);
	report_check(run->rep, name,
		     regions > VFIO_PCI_CONFIG_REGION_INDEX ? STATUS_PASS : STATUS_FAIL,
		     "%u regions, %u interrupt indexes", regions, irqs);
	for (i = 0; i < regions; i++) {
		struct vfio_region_info *region;
		int no = -vfio_device_get_region(w->device, i, &region);

		if (no) {
			unknown += !vfio_region_refusable(i, no);
			config_unknown = config_unknown || i == VFIO_PCI_CONFIG_REGION_INDEX;
			continue;
		}
		told++;
		if (i == VFIO_PCI_CONFIG_REGION_INDEX &&
		    pread(w->device, &vendor, sizeof(vendor), region->offset + PCI_VENDOR_ID) !=
			    sizeof(vendor))
			vendor = 0;
		free(region);
	}
	snprintf(name, sizeof(name), "%s: regions", w->dev.bdf);
	status = unknown ? STATUS_UNVERIFIED : STATUS_PASS;
	if (config_unknown)
		report_check(run->rep, name, status,
			     "%u of %u described, but not the configuration space", told, regions);
	else
		report_check(run->rep, name, vendor == w->dev.vendor ? status : STATUS_FAIL,
			     "%u of %u described; vendor 0x%04x, 0x%04x in sysfs", told, regions,
			     vendor, w->dev.vendor);
	json_object_object_add(w->obj, "regions", json_object_new_int(told));
	json_object_object_add(w->obj, "irqs", json_object_new_int(irqs));
}

/* Does its DMA go through the IOMMU, by its own account? */
static void check_path(struct run *run, struct run_with *w)
{
	struct err err = { 0 };
	enum status status = run_path_look(&w->dev, w->device, &err);
	char name[64];

	if (status == STATUS_SKIP)
		return;
	snprintf(name, sizeof(name), "%s: DMA path", w->dev.bdf);
	if (status == STATUS_PASS)
		report_check(run->rep, name, status, "through the IOMMU");
	else
		report_check(run->rep, name, status, "%s; %s", err.why, err.fix);
}

/* A further device is not made to interrupt, so its interrupts are not proven. */
static void skip_interrupts(struct run *run, const struct run_with *w)
{
	static const char why[] = "only the interrupts of the first device are tried";
	char name[64];

	snprintf(name, sizeof(name), "%s: interrupts", w->dev.bdf);
	report_check(run->rep, name, STATUS_SKIP, "%s", why);
	testimonies_further(&run->testimonies, WITNESS_INTERRUPTS, w->dev.bdf, why);
}

/* The end of both steps: the status of their checks. */
static enum status judge(struct run *run, const char *of)
{
	unsigned int passed = report_checks(run->rep, STATUS_PASS);
	unsigned int failed = report_checks(run->rep, STATUS_FAIL);

	if (signal_seen)
		return STATUS_SKIP;
	run_detail(run, "%u of %u checks of %u further devices", passed, passed + failed,
		   run->target.nr_with);
	if (!failed && !report_checks(run->rep, STATUS_UNVERIFIED))
		return STATUS_PASS;
	err_set(&run->end.err, EIO, "", "see the checks above", "see dmesg");
	if (!failed) {
		err_what(&run->end.err, "%s: not all could be checked", of);
		return STATUS_UNVERIFIED;
	}
	err_what(&run->end.err, "%s: %u of %u checks failed", of, failed, passed + failed);
	return STATUS_FAIL;
}

enum status step_with(struct run *run)
{
	unsigned int nr = run->opts->nr_with, i;

	if (!nr) {
		run_detail(run, "no --with");
		return STATUS_SKIP;
	}
	run->target.with = calloc(nr, sizeof(*run->target.with));
	if (!run->target.with) {
		err_set(&run->end.err, ENOMEM, "no memory for further devices", strerror(ENOMEM),
			"");
		return STATUS_ERROR;
	}
	json_object_object_add(run->rep->root, "with", json_object_new_array());
	for (i = 0; i < nr && !signal_seen; i++) {
		struct run_with *w = &run->target.with[i];
		enum status status;

		w->device = -1;
		w->vfio.group = -1;
		run->target.nr_with++;
		status = join(run, w, run->opts->with[i]);
		if (status != STATUS_PASS)
			return status;
		check_device(run, w);
		check_path(run, w);
		skip_interrupts(run, w);
	}
	return judge(run, "further devices");
}

void undo_with(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->target.nr_with; i++)
		request_stop(&run->target.with[i].request);
	/* Close all devices first: a group cannot leave its container while one is open. */
	for (i = 0; i < run->target.nr_with; i++)
		if (run->target.with[i].device >= 0)
			close(run->target.with[i].device);
	for (i = 0; i < run->target.nr_with; i++)
		if (run->target.with[i].own_group) {
			vfio_group_unset_container(&run->target.with[i].vfio);
			vfio_group_close(&run->target.with[i].vfio);
		}
	free(run->target.with);
	run->target.with = NULL;
	run->target.nr_with = 0;
}

struct json_object *run_with_json(const struct run *run, unsigned int i)
{
	return run->target.with[i].obj;
}

/* --- data ----------------------------------------------------------------------------- */

/* Reports that it did not move data: the check is skipped, and device_dma is not proven for it. */
static void did_not_move(struct run *run, const struct run_with *w, const char *name,
			 const char *why)
{
	report_check(run->rep, name, STATUS_SKIP, "%s", why);
	testimonies_further(&run->testimonies, WITNESS_DEVICE_DMA, w->dev.bdf, why);
}

/* Reports whether all that it had to copy has arrived; judged as for the first device. */
static void tell_data(struct run *run, struct run_with *w, const struct dma_driver *drv,
		      const char *name, const struct dma_seen *seen)
{
	struct json_object *obj = json_object_new_object();
	struct testimony t = { 0 };
	enum status status;
	char why[192];

	json_object_object_add(w->obj, "device_dma", obj);
	json_object_object_add(obj, "compared", json_object_new_uint64(seen->compared));
	json_object_object_add(obj, "mismatched", json_object_new_uint64(seen->bad));
	judge_dma(seen, "", &t);
	status = testimony_status(&t);
	testimony_why(WITNESS_DEVICE_DMA, &t, why, sizeof(why));
	if (!testimony_proven(&t))
		testimonies_further(&run->testimonies, WITNESS_DEVICE_DMA, w->dev.bdf,
				    seen->bad ? run->end.err.what : why);
	if (seen->bad) {
		report_check(run->rep, name, status, "%s: %s", run->end.err.what, run->end.err.why);
		return;
	}
	if (status != STATUS_PASS) {
		report_check(run->rep, name, status, "%s", why);
		return;
	}
	report_check(run->rep, name, status, "%s: %" PRIu64 " of %" PRIu64 " pages", drv->name,
		     seen->compared, seen->total);
	report_ok(run->rep,
		  "Device DMA by %s (%s): %" PRIu64 " of %" PRIu64 " pages, the same IOVAs",
		  w->dev.bdf, drv->name, seen->compared, seen->total);
}

static void move_data(struct run *run, struct run_with *w)
{
	const struct dma_driver *drv = dma_driver_find(run->opts->dma, &w->dev);
	struct dma_seen seen;
	struct dma dma;
	char name[64], why[320];
	int ret;

	snprintf(name, sizeof(name), "%s: device DMA", w->dev.bdf);
	if (!drv || !dma_moves(drv)) {
		snprintf(why, sizeof(why), "no driver for %04x:%04x", w->dev.vendor, w->dev.device);
		did_not_move(run, w, name, why);
		return;
	}
	if (!run_dma_reachable(run, drv, &w->dev)) {
		snprintf(why, sizeof(why), "%s", run->end.err.why);
		did_not_move(run, w, name, why);
		memset(&run->end.err, 0, sizeof(run->end.err));
		return;
	}
	ret = run_dma_open(run, &dma, drv, &w->dev, w->device, &w->vfio);
	if (!ret) {
		ret = run_dma_verify(run, &dma, WITH_PAGES, &seen);
		dma_close(&dma);
	}
	if (ret == -EINTR)
		return;
	if (!ret && (seen.bad || !seen.unproven[0])) {
		tell_data(run, w, drv, name, &seen);
		return;
	}
	if (!ret || ret == -EOPNOTSUPP) {
		did_not_move(run, w, name, ret ? run->end.err.why : seen.unproven);
		memset(&run->end.err, 0, sizeof(run->end.err));
		return;
	}
	report_check(run->rep, name,
		     ret == -ENOMEM || ret == -ENOSPC ? STATUS_UNVERIFIED : STATUS_FAIL, "%s: %s",
		     run->end.err.what, run->end.err.why);
	testimonies_further(&run->testimonies, WITNESS_DEVICE_DMA, w->dev.bdf, run->end.err.what);
}

enum status step_with_dma(struct run *run)
{
	const char *idle = run_dma_idle(run);
	unsigned int i;

	if (!run->target.nr_with)
		idle = "no --with";
	else if (!run->opts->expect_user)
		idle = "--expect supervisor: the buffer is not touched";
	if (idle) {
		run_detail(run, "%s", idle);
		return STATUS_SKIP;
	}
	for (i = 0; i < run->target.nr_with && !signal_seen; i++)
		move_data(run, &run->target.with[i]);
	if (!report_checks(run->rep, STATUS_PASS) && !report_checks(run->rep, STATUS_FAIL) &&
	    !report_checks(run->rep, STATUS_UNVERIFIED)) {
		run_detail(run, "vfio_test has no driver for any of them that moves data");
		return STATUS_SKIP;
	}
	return judge(run, "data moved by further devices");
}
