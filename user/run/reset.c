// SPDX-License-Identifier: GPL-2.0
/*
 * The step that resets the device: its function, if the device says that it can be reset, and its
 * slot or bus, if no device of another user is on it.
 *
 * drivers/vfio/pci/vfio_pci_core.c: vfio_pci_ioctl_reset(), _get_pci_hot_reset_info(),
 * _pci_hot_reset(); Documentation: include/uapi/linux/vfio.h.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "failure/failure.h"
#include "lib/parse.h"
#include "pt/text.h"
#include "lib/signals.h"
#include "run/step.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* If the device is locked, for example by a read of sysfs, a reset returns EAGAIN. */
#define TRIES	 20
#define TRY_MS	 50
#define MAX_DEVS 256

/* Since 6.6 (include/uapi/linux/vfio.h): set if the device was opened by its own node. */
#ifndef VFIO_PCI_HOT_RESET_FLAG_DEV_ID
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID	     (1 << 0)
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED (1 << 1)
#endif

/* A register that shows a reset: it loses the value that was written before. */
static const struct mark {
	uint16_t vendor, device;
	uint32_t bar, reg;
	uint32_t write, reset; /* the value that is written, and the value after a reset */
} marks[] = {
	/* 82574: the type of VLAN frames, which is 0x8100 after a reset. */
	{ 0x8086, 0x10d3, 0, 0x38, 0x1234, 0x8100 },
	/* NVMe, CC: the sizes of queue entries, which have no effect while it is disabled. */
	{ 0x1b36, 0x0010, 0, 0x14, 0x00460000, 0 },
};

struct reset {
	struct run *run;
	bool offered; /* the device says that its function can be reset */
	uint64_t config_at;
	const struct mark *mark;
	uint64_t mark_at;
	bool marked, gone; /* the register has the mark; the device no longer responds */
	uint32_t found;	   /* the register's value after the mark was written */
	struct err why;	   /* why something could not be verified */
	uint8_t before[PCI_CONFIG_EXPRESS];
	struct json_object *obj;
	/* The structure ends with the list of devices. */
	union {
		struct vfio_pci_hot_reset_info head;
		unsigned char room[sizeof(struct vfio_pci_hot_reset_info) +
				   MAX_DEVS * sizeof(struct vfio_pci_dependent_device)];
	} hot;
};

static const char *errno_text(int no)
{
	const char *name = strerrorname_np(no);

	return !no ? "success" : name ? name : strerror(no);
}

static void tell(const struct reset *r, const char *name, int got, int want)
{
	report_check(r->run->rep, name, got == want ? STATUS_PASS : STATUS_FAIL,
		     got == want ? "%s" : "%s, must be %s", errno_text(got), errno_text(want));
}

/* --- what a reset does to the device ------------------------------------------- */

/* Bytes that the device changes by itself. */
static bool volatile_byte(const struct pci_config *c, size_t at)
{
	unsigned int i;

	if (at == PCI_STATUS || at == PCI_STATUS + 1)
		return true;
	if (c->pcie.at && ((at & ~1UL) == c->pcie.at + (size_t)PCI_EXP_DEVSTA ||
			   (at & ~1UL) == c->pcie.at + (size_t)PCI_EXP_LNKSTA))
		return true;
	for (i = 0; i < c->nr_ext_caps; i++)
		if (c->ext_caps[i].id == PCI_EXT_CAP_ID_ERR && at >= c->ext_caps[i].at + 4U &&
		    at < c->ext_caps[i].at + (unsigned int)PCI_ERR_ROOT_ERR_SRC + 4U)
			return true;
	return false;
}

static bool read_config(const struct reset *r, uint8_t *bytes)
{
	return pread(r->run->target.device, bytes, r->run->target.config_size, r->config_at) ==
	       (ssize_t)r->run->target.config_size;
}

static bool set_command(const struct reset *r, uint16_t v)
{
	return pwrite(r->run->target.device, &v, sizeof(v), r->config_at + PCI_COMMAND) ==
	       sizeof(v);
}

/* Brings the device into the state of use: memory and bus mastering on, a mark in a register. */
static bool leave_mark(struct reset *r, const char *name)
{
	const uint16_t on = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	uint16_t command;
	uint32_t v;

	memcpy(&command, r->before + PCI_COMMAND, sizeof(command));
	if (!set_command(r, command | on) || !read_config(r, r->before)) {
		report_check(r->run->rep, name, STATUS_FAIL,
			     "the configuration space could not be written");
		return false;
	}
	r->marked = false;
	if (!r->mark)
		return true;
	v = htole32(r->mark->write);
	if (pwrite(r->run->target.device, &v, sizeof(v), r->mark_at) != sizeof(v) ||
	    pread(r->run->target.device, &v, sizeof(v), r->mark_at) != sizeof(v)) {
		report_check(r->run->rep, name, STATUS_FAIL, "register 0x%x could not be written",
			     r->mark->reg);
		return false;
	}
	r->found = le32toh(v);
	/* A function that is offline ignores the write; then only its configuration is checked. */
	r->marked = r->found == r->mark->write;
	return true;
}

/* Is the header all ones?  Then the device is gone, and no further check is useful. */
static bool is_gone(struct reset *r, const char *what)
{
	uint8_t now[PCI_CONFIG_EXPRESS] = { 0 };

	r->gone = read_config(r, now) && pci_config_gone(now, r->run->target.config_size);
	if (r->gone)
		report_check(
			r->run->rep, what, STATUS_FAIL,
			"the device does not answer any more: its configuration space reads all ones");
	return r->gone;
}

/* @sure: the specification requires that this kind of reset resets the registers */
static void check_after(struct reset *r, const char *what, bool sure)
{
	uint8_t after[PCI_CONFIG_EXPRESS];
	char name[64];
	uint32_t v = 0;
	size_t i;

	snprintf(name, sizeof(name), "%s: configuration space as before", what);
	if (!read_config(r, after)) {
		report_check(r->run->rep, name, STATUS_FAIL, "could not be read");
		return;
	}
	for (i = 0; i < r->run->target.config_size; i++)
		if (after[i] != r->before[i] && !volatile_byte(&r->run->target.config, i))
			break;
	if (i < r->run->target.config_size)
		report_check(r->run->rep, name, STATUS_FAIL, "byte 0x%zx is 0x%02x, 0x%02x before",
			     i, after[i], r->before[i]);
	else
		report_check(r->run->rep, name, STATUS_PASS,
			     "%zu bytes, except status; memory and bus mastering on",
			     r->run->target.config_size);
	snprintf(name, sizeof(name), "%s: registers as at first", what);
	if (!r->mark) {
		report_check(r->run->rep, name, STATUS_SKIP,
			     "vfio_test knows no register of this device that shows it");
		return;
	}
	if (!r->marked) {
		report_check(
			r->run->rep, name, STATUS_SKIP, "register 0x%x took no mark, it had 0x%x%s",
			r->mark->reg, r->found,
			sysfs_is_vf(r->run->target.dev.bdf)
				? ": a virtual function is offline until its physical function gives it resources"
				: "");
		return;
	}
	if (pread(r->run->target.device, &v, sizeof(v), r->mark_at) != sizeof(v))
		report_check(r->run->rep, name, STATUS_FAIL, "register 0x%x could not be read",
			     r->mark->reg);
	else if (!sure && le32toh(v) == r->mark->write)
		report_check(
			r->run->rep, name, STATUS_SKIP,
			"register 0x%x keeps 0x%x: it has no function-level reset, and its power management resets nothing",
			r->mark->reg, r->mark->write);
	else
		report_check(
			r->run->rep, name, le32toh(v) == r->mark->reset ? STATUS_PASS : STATUS_FAIL,
			"register 0x%x has 0x%x; 0x%x was written before, 0x%x is its reset value",
			r->mark->reg, le32toh(v), r->mark->write, r->mark->reset);
}

/* --- the function ----------------------------------------------------------------- */

static int try_reset(const struct reset *r)
{
	int i, no = 0;

	for (i = 0; i < TRIES && !signal_seen; i++) {
		no = ioctl(r->run->target.device, VFIO_DEVICE_RESET) ? errno : 0;
		if (no != EAGAIN)
			break;
		poll(NULL, 0, TRY_MS);
	}
	return no;
}

/* Another process had the device locked all the time, for example by sysfs: it was not reset. */
static bool was_busy(struct reset *r, const char *name, int no)
{
	if (no != EBUSY && no != EAGAIN)
		return false;
	err_set(&r->why, no, "", "",
		"end the program that uses it, for example in /sys, and run it again");
	err_what(&r->why, "the reset of its %s was not checked", name);
	err_why(&r->why, "%s: another process had the device locked for %d ms", errno_text(no),
		TRIES * TRY_MS);
	report_check(r->run->rep, name, STATUS_UNVERIFIED, "%s; %s", r->why.why, r->why.fix);
	return true;
}

static void reset_function(struct reset *r)
{
	static const char name[] = "function";
	struct json_object *obj = json_object_new_object();
	int no;

	json_object_object_add(r->obj, "function", obj);
	json_object_object_add(obj, "offered", json_object_new_boolean(r->offered));
	if (r->offered && !leave_mark(r, name))
		return;
	no = try_reset(r);
	json_object_object_add(obj, "errno", json_object_new_int(no));
	if (signal_seen)
		return;
	if (r->offered && was_busy(r, name, no))
		return;
	if (r->offered) {
		tell(r, name, no, 0);
		if (!is_gone(r, name) && !no)
			check_after(r, name, r->run->target.config.pcie.reset);
	} else {
		report_check(r->run->rep, name, no == EINVAL ? STATUS_PASS : STATUS_FAIL,
			     "%s: the device has no reset of its function", errno_text(no));
	}
}

/* --- slot or bus -------------------------------------------------------------------- */

static int hot_info(struct reset *r, uint32_t room)
{
	memset(&r->hot, 0, sizeof(r->hot));
	r->hot.head.argsz = sizeof(r->hot.head) + room * sizeof(r->hot.head.devices[0]);
	return ioctl(r->run->target.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &r->hot) ? errno
											 : 0;
}

/*
 * Checks the devices that the kernel lists: is this one among them, and do they agree with sysfs?
 * @other: a device that is not ours, or ""
 */
static bool check_named(struct reset *r, char *other, size_t len)
{
	struct json_object *list = json_object_new_array();
	const bool by_id = r->hot.head.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	bool self = false, known = true;
	struct pci_bdf own = { 0 };
	struct text text;
	char names[160];
	uint32_t i;

	text_begin(&text, names, sizeof(names));
	parse_bdf(r->run->target.dev.bdf, &own);
	json_object_object_add(r->obj, "devices", list);
	for (i = 0; i < r->hot.head.count && i < MAX_DEVS; i++) {
		const struct vfio_pci_dependent_device *d = &r->hot.head.devices[i];
		struct sysfs_device dev = { .group = -1 };
		char bdf[SYSFS_BDF];

		pci_dependent_bdf(&own, d->segment, d->bus, d->devfn, bdf, sizeof(bdf));
		json_object_array_add(list, json_text(bdf));
		text_list(&text, ", ", bdf);
		self = self || !strcmp(bdf, r->run->target.dev.bdf);
		if (sysfs_device_get(bdf, &dev) || (!by_id && dev.group != (int)d->group_id))
			known = false;
		if (dev.group != r->run->target.dev.group)
			snprintf(other, len, "%s is in another group", bdf);
		else if (!strstr(dev.driver, "vfio"))
			snprintf(other, len, "%s is on %s", bdf,
				 dev.driver[0] ? dev.driver : "no driver");
	}
	if (by_id && !(r->hot.head.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED))
		snprintf(other, len, "not all of them are ours");
	/* All of them are in the JSON. */
	report_check(r->run->rep, "bus: the devices that a reset takes with it",
		     self && known ? STATUS_PASS : STATUS_FAIL, "%s%s%s", names,
		     self ? "" : "; this one is not among them",
		     known ? "" : "; not as sysfs has them");
	report_line(r->run->rep, "  a reset of its slot or bus takes along: %s", names);
	return self && known;
}

static int hot_reset(const struct reset *r, uint32_t flags, uint32_t count, int fd)
{
	union {
		struct vfio_pci_hot_reset reset;
		unsigned char room[sizeof(struct vfio_pci_hot_reset) + sizeof(int32_t)];
	} u = { .reset = { .argsz = sizeof(u.room), .flags = flags, .count = count } };
	int32_t v = fd;

	memcpy(u.reset.group_fds, &v, sizeof(v));
	return ioctl(r->run->target.device, VFIO_DEVICE_PCI_HOT_RESET, &u.reset) ? errno : 0;
}

/* Calls that must be refused before anything is reset. */
static void check_refusals(struct reset *r, bool by_group)
{
	const struct {
		const char *name;
		bool group_only;
		uint32_t flags, count;
		int fd, no;
	} refusals[] = {
		{ "bus: unknown flag", false, 1, 1, r->run->target.vfio.group, EINVAL },
		{ "bus: more groups than there can be", true, 0, MAX_DEVS + 1, -1, EINVAL },
		{ "bus: no group", true, 0, 0, -1, EINVAL },
		{ "bus: a file that is no group", true, 0, 1, r->run->target.device, EINVAL },
		{ "bus: a file that is not open", true, 0, 1, INT32_MAX, EBADF },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		if (by_group || !refusals[i].group_only)
			tell(r, refusals[i].name,
			     hot_reset(r, refusals[i].flags, refusals[i].count, refusals[i].fd),
			     refusals[i].no);
}

static void reset_bus(struct reset *r)
{
	const bool by_group = r->run->target.vfio.group >= 0;
	static const char name[] = "bus";
	char other[SYSFS_BDF + SYSFS_NAME + 32] = "";
	int no = hot_info(r, 0), i;

	if (no == ENODEV) {
		json_object_object_add(r->obj, "bus_errno", json_object_new_int(no));
		report_check(r->run->rep, name, STATUS_PASS,
			     "%s: neither its slot nor its bus can be reset", errno_text(no));
		tell(r, "bus: reset all the same",
		     hot_reset(r, 0, by_group, r->run->target.vfio.group), ENODEV);
		return;
	}
	tell(r, "bus: info without room", no, ENOSPC);
	if (no == ENOSPC && r->hot.head.count > MAX_DEVS) {
		err_set(&r->why, E2BIG, "the reset of its slot or bus was not checked", "", "");
		err_why(&r->why, "it affects %u devices, more than vfio_test can list",
			r->hot.head.count);
		report_check(r->run->rep, name, STATUS_UNVERIFIED, "%s", r->why.why);
		return;
	}
	no = hot_info(r, MAX_DEVS);
	tell(r, "bus: info", no, 0);
	if (no || !check_named(r, other, sizeof(other)))
		return;
	check_refusals(r, by_group);
	if (other[0]) {
		report_check(r->run->rep, name, STATUS_SKIP, "left alone: %s", other);
		return;
	}
	if (!leave_mark(r, name))
		return;
	for (i = 0; i < TRIES && !signal_seen; i++) {
		no = hot_reset(r, 0, by_group, r->run->target.vfio.group);
		if (no != EAGAIN && no != EBUSY)
			break;
		poll(NULL, 0, TRY_MS);
	}
	json_object_object_add(r->obj, "bus_errno", json_object_new_int(no));
	if (signal_seen)
		return;
	if (was_busy(r, name, no) || is_gone(r, name))
		return;
	/* ENOTTY: the kernel has done the reset, but the port did not report its link in time. */
	if (no == ENOTTY) {
		failure_set(NULL, "link-not-back", no, "the reset of its slot or bus", &r->why);
		report_check(r->run->rep, name, STATUS_UNVERIFIED, "%s: %s; %s", errno_text(no),
			     r->why.why, r->why.fix);
	} else {
		tell(r, name, no, 0);
	}
	if (!no || no == ENOTTY)
		check_after(r, name, true);
}

/* --- the step ----------------------------------------------------------------------- */

static bool prepare(struct reset *r)
{
	struct vfio_device_info *info;
	struct vfio_region_info *region;
	size_t i;

	if (r->run->target.config_no || !r->run->target.config_size ||
	    vfio_device_get_info(r->run->target.device, &info))
		return false;
	r->offered = info->flags & VFIO_DEVICE_FLAGS_RESET;
	free(info);
	if (vfio_device_get_region(r->run->target.device, VFIO_PCI_CONFIG_REGION_INDEX, &region))
		return false;
	r->config_at = region->offset;
	free(region);
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i].vendor == r->run->target.dev.vendor &&
		    marks[i].device == r->run->target.dev.device &&
		    !vfio_device_get_region(r->run->target.device, marks[i].bar, &region)) {
			r->mark = &marks[i];
			r->mark_at = region->offset + marks[i].reg;
			free(region);
		}
	return read_config(r, r->before);
}

/* The status of all checks; @why: why something could not be verified */
static enum status judge(struct run *run, bool gone, const struct err *why)
{
	unsigned int passed = report_checks(run->rep, STATUS_PASS);
	unsigned int failed = report_checks(run->rep, STATUS_FAIL);

	run_detail(run, "%u of %u checks", passed, passed + failed);
	if (gone) {
		failure_set(NULL, "gone-after-reset", ENODEV, NULL, &run->end.err);
		return STATUS_ERROR;
	}
	if (failed) {
		err_what(&run->end.err, "%u of %u checks of resets failed", failed,
			 passed + failed);
		err_why(&run->end.err, "see the checks above");
		err_fix(&run->end.err, "see dmesg; leave them out with --no-reset");
		return STATUS_FAIL;
	}
	if (report_checks(run->rep, STATUS_UNVERIFIED)) {
		run->end.err = *why;
		return STATUS_UNVERIFIED;
	}
	report_ok(run->rep, "Reset: %s, %u skipped", run->end.detail,
		  report_checks(run->rep, STATUS_SKIP));
	return STATUS_PASS;
}

enum status step_reset(struct run *run)
{
	struct reset *r = calloc(1, sizeof(*r));
	uint16_t command;
	struct err why;
	bool gone;

	if (run->opts->no_reset) {
		free(r);
		run_detail(run, "--no-reset");
		return STATUS_SKIP;
	}
	if (r) {
		r->run = run;
		r->obj = report_object(run->rep, "reset");
	}
	if (!r || !prepare(r)) {
		free(r);
		err_set(&run->end.err, EIO, "resets were not checked",
			"the configuration space could not be read", "see dmesg");
		return STATUS_UNVERIFIED;
	}
	memcpy(&command, r->before + PCI_COMMAND, sizeof(command));
	reset_function(r);
	if (!signal_seen && !r->gone)
		reset_bus(r);
	/* Restore the command register; a driver enables what it needs. */
	set_command(r, command);
	gone = r->gone;
	why = r->why;
	free(r);
	return judge(run, gone, &why);
}
