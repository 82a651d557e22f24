// SPDX-License-Identifier: GPL-2.0
/* The steps that read the device itself: info, configuration space, interrupts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/pci_regs.h>

#include "pt/text.h"
#include "run/show.h"
#include "run/step.h"
#include "vfio/caps.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- device info ----------------------------------------------------------- */

enum status step_device_info(struct run *run)
{
	static const struct flag flags[] = {
		{ VFIO_DEVICE_FLAGS_RESET, "RESET" },
		{ VFIO_DEVICE_FLAGS_PCI, "PCI" },
		{ VFIO_DEVICE_FLAGS_CAPS, "CAPS" },
		{ 0 },
	};
	struct json_object *obj = report_object(run->rep, "device"), *list;
	struct vfio_device_info *info;
	struct vfio_caps caps = { .nr = 0 };
	char text[64];
	unsigned int i;
	int ret = vfio_device_get_info(run->target.device, &info);

	if (ret) {
		err_set(&run->end.err, -ret, "VFIO_DEVICE_GET_INFO", strerror(-ret), "see dmesg");
		return STATUS_ERROR;
	}
	run->target.nr_regions = info->num_regions;
	run->target.nr_irqs = info->num_irqs;
	report_line(run->rep, "Device Info:");
	report_line(run->rep, "  Flags: 0x%x%s", info->flags,
		    flags_text(flags, info->flags, text, sizeof(text)));
	report_line(run->rep, "  Regions: %u", info->num_regions);
	report_line(run->rep, "  IRQs: %u", info->num_irqs);
	json_add_hex(obj, "flags", info->flags);
	add_bool(obj, "reset", info->flags & VFIO_DEVICE_FLAGS_RESET);
	if (info->flags & VFIO_DEVICE_FLAGS_CAPS)
		ret = vfio_caps_list(info, info->argsz, info->cap_offset, &caps);
	list = add_array(obj, "caps");
	for (i = 0; i < caps.nr; i++) {
		struct json_object *cap = append_object(list);

		add_int(cap, "id", caps.caps[i].id);
		add_string(cap, "name", vfio_device_cap_name(caps.caps[i].id));
		add_int(cap, "version", caps.caps[i].version);
		report_line(run->rep, "  Capability %u: %s, version %u", caps.caps[i].id,
			    vfio_device_cap_name(caps.caps[i].id), caps.caps[i].version);
	}
	run_detail(run, "flags 0x%x, %u regions, %u irqs", info->flags, info->num_regions,
		   info->num_irqs);
	free(info);
	if (ret) {
		err_set(&run->end.err, -ret, "VFIO_DEVICE_GET_INFO",
			"its capability chain contradicts itself",
			"report it to the kernel's VFIO maintainers");
		return STATUS_FAIL;
	}
	return STATUS_PASS;
}

/* --- configuration space --------------------------------------------------- */

static void show_ids(struct run *run, struct json_object *obj)
{
	static const struct flag commands[] = {
		{ PCI_COMMAND_IO, "IO" },
		{ PCI_COMMAND_MEMORY, "MEMORY" },
		{ PCI_COMMAND_MASTER, "MASTER" },
		{ PCI_COMMAND_INTX_DISABLE, "INTX_OFF" },
		{ 0 },
	};
	static const struct flag statuses[] = {
		{ PCI_STATUS_INTERRUPT, "INTX" },
		{ PCI_STATUS_CAP_LIST, "CAPS" },
		{ PCI_STATUS_REC_TARGET_ABORT, "TARGET_ABORT" },
		{ PCI_STATUS_REC_MASTER_ABORT, "MASTER_ABORT" },
		{ PCI_STATUS_SIG_SYSTEM_ERROR, "SYSTEM_ERROR" },
		{ PCI_STATUS_DETECTED_PARITY, "PARITY" },
		{ 0 },
	};
	const struct pci_config *c = &run->target.config;
	char text[96];

	add_int(obj, "size", run->target.config_size);
	json_add_hex(obj, "vendor", c->vendor);
	json_add_hex(obj, "device", c->device);
	json_add_hex(obj, "subsystem_vendor", c->sub_vendor);
	json_add_hex(obj, "subsystem_device", c->sub_device);
	json_add_hex(obj, "command", c->command);
	json_add_hex(obj, "status", c->status);
	json_add_hex(obj, "class", c->class);
	json_add_hex(obj, "revision", c->revision);
	add_int(obj, "header_type", c->header_type);
	add_bool(obj, "multifunction", c->multifunction);
	add_int(obj, "interrupt_pin", c->irq_pin);
	report_line(run->rep,
		    "Configuration space, %u bytes:", (unsigned int)run->target.config_size);
	report_line(run->rep,
		    "  %04x:%04x, subsystem %04x:%04x, class %06x, revision %02x, header %u%s",
		    c->vendor, c->device, c->sub_vendor, c->sub_device, c->class, c->revision,
		    c->header_type, c->multifunction ? ", multifunction" : "");
	report_line(run->rep, "  command 0x%04x%s", c->command,
		    flags_text(commands, c->command, text, sizeof(text)));
	report_line(run->rep, "  status 0x%04x%s", c->status,
		    flags_text(statuses, c->status, text, sizeof(text)));
}

/* VFIO did not give the size of this BAR's region.  A BAR that differs is the worse result. */
static enum status bar_unknown(struct run *run, unsigned int i, enum status status)
{
	if (status != STATUS_PASS)
		return status;
	err_set(&run->end.err, EIO, "", "VFIO did not describe its region",
		"see the regions above");
	err_what(&run->end.err, "BAR%u was not compared with its resource", i);
	return STATUS_UNVERIFIED;
}

/* FAIL: a BAR and what the kernel says about it differ; UNVERIFIED: they cannot be compared */
static enum status show_bars(struct run *run, struct json_object *obj)
{
	struct sysfs_resource res[PCI_BARS + 1] = { { 0 } };
	const struct pci_config *c = &run->target.config;
	struct json_object *list = add_array(obj, "bars");
	int n = sysfs_resources(run->target.dev.bdf, res, ARRAY_SIZE(res));
	enum status status = STATUS_PASS;
	unsigned int i;

	if (n < (int)c->nr_bars) {
		err_set(&run->end.err, n < 0 ? -n : EIO,
			"BARs were not compared with their resources",
			"the device's file resource in /sys could not be read",
			"mount -t sysfs none /sys");
		status = STATUS_UNVERIFIED;
	}
	for (i = 0; i < c->nr_bars; i++) {
		const struct pci_bar *bar = &c->bars[i];
		const char *kind = bar->io ? "io" : bar->is_64 ? "mem64" : "mem32", *differs;
		struct json_object *b;

		if (run->target.regions_unknown & 1U << i) {
			status = bar_unknown(run, i, status);
			continue;
		}
		if (!bar->used && !run->target.region_sizes[i])
			continue;
		b = append_object(list);
		add_int(b, "index", i);
		add_string(b, "type", kind);
		add_bool(b, "prefetch", bar->prefetch);
		json_add_hex(b, "address", bar->address);
		json_add_hex(b, "size", run->target.region_sizes[i]);
		if ((int)i >= n)
			continue;
		json_add_hex(b, "resource", res[i].start);
		differs = pci_bar_differs(bar, &res[i], run->target.region_sizes[i]);
		add_bool(b, "agrees", !differs);
		report_line(run->rep, "  BAR%u: %s%s at 0x%llx, 0x%llx bytes; resource 0x%llx%s%s",
			    i, kind, bar->prefetch ? ", prefetchable," : "",
			    (unsigned long long)bar->address,
			    (unsigned long long)run->target.region_sizes[i],
			    (unsigned long long)res[i].start, differs ? ": " : "",
			    differs ? differs : "");
		if (!differs)
			continue;
		status = STATUS_FAIL;
		err_set(&run->end.err, 0, "", differs, "see dmesg, and lspci -vv");
		err_what(&run->end.err, "BAR%u", i);
	}
	if (c->rom || run->target.region_sizes[VFIO_PCI_ROM_REGION_INDEX]) {
		struct json_object *rom = json_object_new_object();

		json_object_object_add(obj, "rom", rom);
		json_add_hex(rom, "address", c->rom);
		json_add_hex(rom, "size", run->target.region_sizes[VFIO_PCI_ROM_REGION_INDEX]);
		add_bool(rom, "enabled", c->rom_enabled);
		report_line(run->rep, "  ROM: at 0x%x, 0x%llx bytes%s", c->rom,
			    (unsigned long long)run->target.region_sizes[VFIO_PCI_ROM_REGION_INDEX],
			    c->rom_enabled ? ", enabled" : "");
	}
	return status;
}

static void show_cap(struct run *run, const struct pci_cap *cap, struct json_object *obj)
{
	const struct pci_config *c = &run->target.config;
	char text[128] = "";

	if (c->msi.at == cap->at) {
		add_int(obj, "vectors", c->msi.vectors);
		add_bool(obj, "64bit", c->msi.is_64);
		add_bool(obj, "maskable", c->msi.maskable);
		add_bool(obj, "enabled", c->msi.enabled);
		snprintf(text, sizeof(text), ": %u vectors%s%s%s", c->msi.vectors,
			 c->msi.is_64 ? ", 64 bits" : "", c->msi.maskable ? ", maskable" : "",
			 c->msi.enabled ? ", enabled" : "");
	} else if (c->msix.at == cap->at) {
		add_int(obj, "entries", c->msix.entries);
		add_int(obj, "bir", c->msix.bir);
		json_add_hex(obj, "offset", c->msix.offset);
		add_int(obj, "pba_bir", c->msix.pba_bir);
		json_add_hex(obj, "pba_offset", c->msix.pba_offset);
		add_bool(obj, "enabled", c->msix.enabled);
		add_bool(obj, "masked", c->msix.masked);
		snprintf(text, sizeof(text),
			 ": %u entries, table at BAR%u 0x%x, pending at BAR%u 0x%x%s%s",
			 c->msix.entries, c->msix.bir, c->msix.offset, c->msix.pba_bir,
			 c->msix.pba_offset, c->msix.enabled ? ", enabled" : "",
			 c->msix.masked ? ", masked" : "");
	} else if (c->pcie.at == cap->at) {
		add_string(obj, "type", pcie_type_name(c->pcie.type));
		add_int(obj, "version", c->pcie.version);
		add_int(obj, "max_payload", c->pcie.max_payload);
		add_int(obj, "link_speed", c->pcie.speed);
		add_int(obj, "link_width", c->pcie.width);
		add_bool(obj, "flr", c->pcie.reset);
		snprintf(text, sizeof(text), ": %s, version %u, x%u, generation %u%s",
			 pcie_type_name(c->pcie.type), c->pcie.version, c->pcie.width,
			 c->pcie.speed, c->pcie.reset ? ", function-level reset" : "");
	}
	report_line(run->rep, "  capability 0x%02x at 0x%02x: %s%s", cap->id, cap->at,
		    pci_cap_name(cap->id), text);
}

static void show_caps(struct run *run, struct json_object *obj)
{
	const struct pci_config *c = &run->target.config;
	struct json_object *list = add_array(obj, "caps");
	unsigned int i;

	for (i = 0; i < c->nr_caps; i++) {
		struct json_object *cap = append_object(list);

		json_add_hex(cap, "id", c->caps[i].id);
		add_string(cap, "name", pci_cap_name(c->caps[i].id));
		json_add_hex(cap, "at", c->caps[i].at);
		show_cap(run, &c->caps[i], cap);
	}
	list = add_array(obj, "extended");
	for (i = 0; i < c->nr_ext_caps; i++) {
		struct json_object *cap = append_object(list);

		json_add_hex(cap, "id", c->ext_caps[i].id);
		add_string(cap, "name", pci_ext_cap_name(c->ext_caps[i].id));
		add_int(cap, "version", c->ext_caps[i].version);
		json_add_hex(cap, "at", c->ext_caps[i].at);
		report_line(run->rep, "  extended capability 0x%04x at 0x%03x: %s, version %u",
			    c->ext_caps[i].id, c->ext_caps[i].at,
			    pci_ext_cap_name(c->ext_caps[i].id), c->ext_caps[i].version);
	}
}

enum status step_config(struct run *run)
{
	struct json_object *obj = report_object(run->rep, "config");
	const struct pci_config *c = &run->target.config;
	enum status status;

	if (run->target.config_no) {
		add_int(obj, "errno", run->target.config_no);
		err_set(&run->end.err, run->target.config_no, "the configuration space",
			strerror(run->target.config_no), "see dmesg; is the device still there?");
		if (!(run->target.regions_unknown & 1U << VFIO_PCI_CONFIG_REGION_INDEX))
			return STATUS_FAIL;
		err_what(&run->end.err, "the configuration space was not checked");
		err_why(&run->end.err, "VFIO_DEVICE_GET_REGION_INFO: %s",
			strerror(run->target.config_no));
		return STATUS_UNVERIFIED;
	}
	show_ids(run, obj);
	status = show_bars(run, obj);
	show_caps(run, obj);
	run_detail(run, "%04x:%04x, %u capabilities, %u extended", c->vendor, c->device, c->nr_caps,
		   c->nr_ext_caps);
	if (c->vendor != run->target.dev.vendor) {
		status = STATUS_FAIL;
		err_set(&run->end.err, 0, "the vendor", "",
			"see dmesg; is it the device that was meant?");
		err_why(&run->end.err, "configuration space says 0x%04x, sysfs 0x%04x", c->vendor,
			run->target.dev.vendor);
	}
	if (c->wrong) {
		status = STATUS_FAIL;
		add_string(obj, "wrong", c->wrong);
		err_set(&run->end.err, 0, "", c->wrong,
			"see lspci -vvxxxx; update the device's firmware");
		err_what(&run->end.err, "the configuration space at 0x%02x", c->wrong_at);
	}
	return status;
}

/* --- interrupts ------------------------------------------------------------ */

enum status step_irqs(struct run *run)
{
	static const char *const names[] = { "INTx", "MSI", "MSI-X", "ERR", "REQ" };
	static const struct flag flags[] = {
		{ VFIO_IRQ_INFO_EVENTFD, "EVENTFD" },
		{ VFIO_IRQ_INFO_MASKABLE, "MASKABLE" },
		{ VFIO_IRQ_INFO_AUTOMASKED, "AUTOMASKED" },
		{ VFIO_IRQ_INFO_NORESIZE, "NORESIZE" },
		{ 0 },
	};
	struct json_object *list = report_object(run->rep, "irqs");
	char text[64];
	uint32_t i, unknown = 0;

	for (i = 0; i < run->target.nr_irqs; i++) {
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = i };
		const char *name = i < ARRAY_SIZE(names) ? names[i] : "?";
		struct json_object *obj = append_object(list);

		add_int(obj, "index", i);
		add_string(obj, "name", name);
		if (ioctl(run->target.device, VFIO_DEVICE_GET_IRQ_INFO, &info)) {
			int no = errno;

			add_int(obj, "errno", no);
			report_line(run->rep, "  IRQ %u (%s): Failed to get info: %s", i, name,
				    strerror(no));
			if (vfio_irq_refusable(i, no) || unknown++)
				continue;
			err_set(&run->end.err, no, "", "", "see dmesg; is the device still there?");
			err_what(&run->end.err, "VFIO did not describe IRQ %u (%s)", i, name);
			err_why(&run->end.err, "VFIO_DEVICE_GET_IRQ_INFO: %s", strerror(no));
			continue;
		}
		add_int(obj, "count", info.count);
		json_add_hex(obj, "flags", info.flags);
		report_line(run->rep, "  IRQ %u (%s): count=%u, flags=0x%x%s", i, name, info.count,
			    info.flags, flags_text(flags, info.flags, text, sizeof(text)));
	}
	run_detail(run, "%u indexes", run->target.nr_irqs);
	if (!unknown)
		return STATUS_PASS;
	run_detail(run, "%u indexes, %u not known", run->target.nr_irqs, unknown);
	return STATUS_UNVERIFIED;
}
