// SPDX-License-Identifier: GPL-2.0
/* The steps that look at the device itself: info, regions, config space, interrupts. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "pci/mmio.h"
#include "pt/text.h"
#include "run/step.h"
#include "lib/text.h"
#include "vfio/caps.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* How much of a region is shown, and how often a difference must show up. */
#define WORDS 4
#define TRIES 3

static void add_string(struct json_object *obj, const char *key, const char *v)
{
	json_object_object_add(obj, key, json_text(v));
}

static void add_int(struct json_object *obj, const char *key, int v)
{
	json_object_object_add(obj, key, json_object_new_int(v));
}

static void add_bool(struct json_object *obj, const char *key, bool v)
{
	json_object_object_add(obj, key, json_object_new_boolean(v));
}

static struct json_object *add_array(struct json_object *obj, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(obj, key, list);
	return list;
}

static struct json_object *append_object(struct json_object *list)
{
	struct json_object *obj = json_object_new_object();

	json_object_array_add(list, obj);
	return obj;
}

/* Bits by name. */
struct flag {
	uint32_t bit;
	const char *name;
};

/* " (READ WRITE)"; "" where no bit has a name */
static const char *flags_text(const struct flag *flags, uint32_t v, char *buf, size_t len)
{
	struct text text;

	text_begin(&text, buf, len);
	for (; flags->name; flags++)
		if (v & flags->bit)
			text_add(&text, "%s%s", text.used ? " " : " (", flags->name);
	if (text.used)
		text_add(&text, ")");
	return buf;
}

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
	int ret = vfio_device_get_info(run->device, &info);

	if (ret) {
		err_set(&run->err, -ret, "VFIO_DEVICE_GET_INFO", strerror(-ret), "see dmesg");
		return STATUS_ERROR;
	}
	run->nr_regions = info->num_regions;
	run->nr_irqs = info->num_irqs;
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
		err_set(&run->err, -ret, "VFIO_DEVICE_GET_INFO",
			"its capability chain contradicts itself",
			"report it to the kernel's VFIO maintainers");
		return STATUS_FAIL;
	}
	return STATUS_PASS;
}

/* --- regions --------------------------------------------------------------- */

/* 4 bytes of a region, the way that needs no mapping.  0, or -errno */
static int read32(const struct run *run, const struct vfio_region *r, uint64_t at, uint32_t *v)
{
	uint32_t raw;
	ssize_t n = pread(run->device, &raw, sizeof(raw), r->offset + at);

	if (n != sizeof(raw))
		return n < 0 ? -errno : -EIO;
	*v = le32toh(raw);
	return 0;
}

static unsigned int words_in(uint64_t size)
{
	return size / sizeof(uint32_t) < WORDS ? size / sizeof(uint32_t) : WORDS;
}

static void add_word(struct json_object *list, uint32_t v, char *text, size_t len)
{
	size_t used = strlen(text);
	char hex[16];

	snprintf(hex, sizeof(hex), "0x%08x", v);
	json_object_array_add(list, json_text(hex));
	snprintf(text + used, len - used, " %08x", v);
}

/* Can pread show this word?  VFIO keeps the MSI-X table from it: all ones. */
static bool comparable(const struct run *run, const struct vfio_region *r, uint64_t at)
{
	return r->flags & VFIO_REGION_INFO_FLAG_READ &&
	       !pci_in_msix_table(&run->config, r->index, at);
}

/*
 * The same word both ways.  A register may change between two reads: only what
 * pread says before and after counts, and not once but every time.
 */
static int compare32(struct run *run, const struct vfio_region *r, uint64_t at,
		     const volatile uint32_t *map, uint32_t *v, bool *agree)
{
	uint32_t before = 0, after = 0;
	int i, no = 0, no_map;

	*agree = true;
	for (i = 0; i < TRIES; i++) {
		no = read32(run, r, at, &before);
		no_map = mmio_read32(map, v);
		if (no_map) {
			/* It does not answer either way: then they agree. */
			*agree = no;
			return no_map;
		}
		*v = le32toh(*v);
		if (!comparable(run, r, at))
			return 0;
		if (!no && !read32(run, r, at, &after) && (before != after || before == *v))
			return 0;
	}
	*agree = false;
	err_why(&run->err, "at 0x%llx pread says 0x%08x, the mapping 0x%08x, %d times in a row",
		(unsigned long long)at, before, *v, TRIES);
	if (no)
		err_why(&run->err, "at 0x%llx the mapping says 0x%08x, and pread %s",
			(unsigned long long)at, *v, strerror(-no));
	return 0;
}

static bool fail_region(struct run *run, const struct vfio_region *r, const char *what)
{
	err_what(&run->err, "region %u %s", r->index, what);
	err_fix(&run->err, "see dmesg; report it to the kernel's VFIO maintainers");
	return false;
}

/* The first words of an area, through a mapping.  False: a check failed */
static bool show_area(struct run *run, const struct vfio_region *r, const struct vfio_area *area,
		      struct json_object *list)
{
	struct json_object *obj = append_object(list), *first;
	char text[WORDS * 9 + 1] = "";
	const uint64_t page = sysconf(_SC_PAGESIZE), size = (area->size + page - 1) & ~(page - 1);
	bool agree = true, compared = false;
	int no = 0;
	unsigned int i;
	void *map;

	json_add_hex(obj, "offset", area->offset);
	json_add_hex(obj, "size", area->size);
	/* All of it, to see that it can be; then a page, since to read maps what is mapped. */
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, run->device, r->offset + area->offset);
	if (map != MAP_FAILED) {
		munmap(map, size);
		map = mmap(NULL, page, PROT_READ, MAP_SHARED, run->device,
			   r->offset + area->offset);
	}
	if (map == MAP_FAILED) {
		no = errno;
		add_int(obj, "errno", no);
		report_line(run->rep, "    could not map 0x%llx bytes at 0x%llx: %s",
			    (unsigned long long)area->size, (unsigned long long)area->offset,
			    strerror(no));
		run->err.no = no;
		err_why(&run->err, "%s", strerror(no));
		return fail_region(run, r, "said that it can be mapped, and cannot");
	}
	first = add_array(obj, "first");
	for (i = 0; i < words_in(area->size) && !no && agree; i++) {
		uint64_t at = area->offset + i * sizeof(uint32_t);
		uint32_t v = 0;

		no = -compare32(run, r, at, (volatile uint32_t *)map + i, &v, &agree);
		if (no)
			break;
		compared = compared || comparable(run, r, at);
		add_word(first, v, text, sizeof(text));
	}
	munmap(map, page);
	json_object_object_add(obj, "agrees",
			       compared || !agree ? json_object_new_boolean(agree) : NULL);
	if (no)
		add_int(obj, "errno", no);
	report_line(run->rep, "    mapped 0x%llx bytes at 0x%llx:%s%s",
		    (unsigned long long)area->size, (unsigned long long)area->offset,
		    no ? " does not answer" : text,
		    no	       ? ""
		    : !agree   ? " (pread differs)"
		    : compared ? " (as by pread)"
			       : " (which pread does not show: the MSI-X table)");
	if (agree)
		return true;
	if (no)
		err_why(&run->err, "the mapping gives SIGBUS, and pread answers");
	return fail_region(run, r, "differs between its mapping and pread");
}

static void show_region_caps(struct run *run, const struct vfio_region *r, struct json_object *obj)
{
	struct json_object *list = add_array(obj, "caps");
	unsigned int i, k;

	for (i = 0; i < r->caps.nr; i++) {
		const struct vfio_cap *cap = &r->caps.caps[i];
		const char *name = vfio_region_cap_name(cap->id);
		struct json_object *c = append_object(list), *areas;

		add_int(c, "id", cap->id);
		add_string(c, "name", name);
		add_int(c, "version", cap->version);
		if (cap->id == VFIO_REGION_INFO_CAP_TYPE) {
			json_add_hex(c, "type", r->type);
			json_add_hex(c, "subtype", r->subtype);
			report_line(run->rep, "    capability %s: 0x%x, subtype 0x%x", name,
				    r->type, r->subtype);
			continue;
		}
		report_line(run->rep, "    capability %u: %s", cap->id, name);
		if (cap->id != VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			continue;
		add_int(c, "nr_areas", r->areas_told);
		areas = add_array(c, "areas");
		for (k = 0; k < r->nr_areas; k++) {
			struct json_object *area = append_object(areas);

			json_add_hex(area, "offset", r->areas[k].offset);
			json_add_hex(area, "size", r->areas[k].size);
		}
	}
}

/* What pread says of the beginning; an error is a fact like any other. */
static void show_first(struct run *run, const struct vfio_region *r, struct json_object *obj)
{
	struct json_object *first = add_array(obj, "first");
	char text[WORDS * 9 + 1] = "";
	unsigned int i;
	uint32_t v = 0;
	int no = 0;

	for (i = 0; i < words_in(r->size) && !no; i++) {
		no = -read32(run, r, i * sizeof(v), &v);
		if (!no)
			add_word(first, v, text, sizeof(text));
	}
	if (no)
		add_int(obj, "read_errno", no);
	if (text[0] || no)
		report_line(run->rep, "    pread:%s%s%s", text, no ? " " : "",
			    no ? strerror(no) : "");
}

/* False: a check failed */
static bool show_region(struct run *run, const struct vfio_region *r, struct json_object *obj)
{
	static const struct flag flags[] = {
		{ VFIO_REGION_INFO_FLAG_READ, "READ" },
		{ VFIO_REGION_INFO_FLAG_WRITE, "WRITE" },
		{ VFIO_REGION_INFO_FLAG_MMAP, "MMAP" },
		{ VFIO_REGION_INFO_FLAG_CAPS, "CAPS" },
		{ 0 },
	};
	struct json_object *list;
	bool good = true;
	unsigned int i;
	char text[48];

	json_add_hex(obj, "size", r->size);
	json_add_hex(obj, "offset", r->offset);
	json_add_hex(obj, "flags", r->flags);
	report_line(run->rep, "  Region %u: size=0x%llx, offset=0x%llx, flags=0x%x%s", r->index,
		    (unsigned long long)r->size, (unsigned long long)r->offset, r->flags,
		    flags_text(flags, r->flags, text, sizeof(text)));
	show_region_caps(run, r, obj);
	list = add_array(obj, "mmap");
	if (r->flags & VFIO_REGION_INFO_FLAG_READ)
		show_first(run, r, obj);
	for (i = 0; i < r->nr_areas && r->flags & VFIO_REGION_INFO_FLAG_MMAP; i++)
		if (r->areas[i].size)
			good = show_area(run, r, &r->areas[i], list) && good;
	return good;
}

/* Where the MSI-X table is, is needed before any BAR is looked at. */
static void read_config(struct run *run)
{
	struct vfio_region_info *info;
	size_t size;
	ssize_t n;

	run->config_no = -vfio_device_get_region(run->device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (run->config_no) {
		run->regions_unknown |= 1U << VFIO_PCI_CONFIG_REGION_INDEX;
		return;
	}
	size = info->size < sizeof(run->config_bytes) ? info->size : sizeof(run->config_bytes);
	n = pread(run->device, run->config_bytes, size, info->offset);
	run->config_no = n < 0 ? errno : -pci_config_decode(run->config_bytes, n, &run->config);
	run->config_size = n < 0 ? 0 : n;
	free(info);
}

/* Not told of, though every device has it: nothing of it is checked.  One error has room. */
static void region_unknown(struct run *run, uint32_t index, int no, uint32_t nr)
{
	if (index < ARRAY_SIZE(run->region_sizes))
		run->regions_unknown |= 1U << index;
	if (nr || run->err.what[0])
		return;
	err_set(&run->err, no, "", "", "see dmesg; is the device still there?");
	err_what(&run->err, "region %u was not checked", index);
	err_why(&run->err, "VFIO_DEVICE_GET_REGION_INFO: %s", strerror(no));
}

enum status step_regions(struct run *run)
{
	struct json_object *list = report_object(run->rep, "regions");
	uint32_t i, told = 0, bad = 0, unknown = 0;

	read_config(run);
	for (i = 0; i < run->nr_regions; i++) {
		struct json_object *obj = append_object(list);
		struct vfio_region_info *info = NULL;
		struct vfio_region r;
		int ret = vfio_device_get_region(run->device, i, &info);

		add_int(obj, "index", i);
		add_string(obj, "name", vfio_pci_region_name(i));
		if (ret) {
			add_int(obj, "errno", -ret);
			report_line(run->rep, "  Region %u: Failed to get info: %s", i,
				    strerror(-ret));
			if (!vfio_region_refusable(i, -ret))
				region_unknown(run, i, -ret, unknown++);
			continue;
		}
		told++;
		if (i < ARRAY_SIZE(run->region_sizes))
			run->region_sizes[i] = info->size;
		ret = vfio_region_parse(info, &r);
		free(info);
		if (!show_region(run, &r, obj))
			bad++;
		if (ret) {
			add_int(obj, "errno", -ret);
			err_why(&run->err, "its capability chain contradicts itself");
			fail_region(run, &r, "lies");
			bad++;
		}
	}
	run_detail(run, "%u of %u told, %u bad", told, run->nr_regions, bad);
	if (unknown)
		run_detail(run, "%u of %u told, %u bad, %u not known", told, run->nr_regions, bad,
			   unknown);
	if (!told) {
		err_set(&run->err, EIO, "no region told of itself",
			"VFIO_DEVICE_GET_REGION_INFO failed on all", "see dmesg");
		return STATUS_ERROR;
	}
	if (bad)
		return STATUS_FAIL;
	return unknown ? STATUS_UNVERIFIED : STATUS_PASS;
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
	const struct pci_config *c = &run->config;
	char text[96];

	add_int(obj, "size", run->config_size);
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
	report_line(run->rep, "Configuration space, %u bytes:", (unsigned int)run->config_size);
	report_line(run->rep,
		    "  %04x:%04x, subsystem %04x:%04x, class %06x, revision %02x, header %u%s",
		    c->vendor, c->device, c->sub_vendor, c->sub_device, c->class, c->revision,
		    c->header_type, c->multifunction ? ", multifunction" : "");
	report_line(run->rep, "  command 0x%04x%s", c->command,
		    flags_text(commands, c->command, text, sizeof(text)));
	report_line(run->rep, "  status 0x%04x%s", c->status,
		    flags_text(statuses, c->status, text, sizeof(text)));
}

/* Its size is not known; a BAR that differs, before it, counts for more. */
static enum status bar_unknown(struct run *run, unsigned int i, enum status status)
{
	if (status != STATUS_PASS)
		return status;
	err_set(&run->err, EIO, "", "VFIO told nothing of its region", "see the regions above");
	err_what(&run->err, "BAR%u was not compared with its resource", i);
	return STATUS_UNVERIFIED;
}

/* FAIL: a BAR is not what the kernel says of it; UNVERIFIED: what it says cannot be read */
static enum status show_bars(struct run *run, struct json_object *obj)
{
	struct sysfs_resource res[PCI_BARS + 1] = { { 0 } };
	const struct pci_config *c = &run->config;
	struct json_object *list = add_array(obj, "bars");
	int n = sysfs_resources(run->dev.bdf, res, ARRAY_SIZE(res));
	enum status status = STATUS_PASS;
	unsigned int i;

	if (n < (int)c->nr_bars) {
		err_set(&run->err, n < 0 ? -n : EIO, "BARs were not compared with their resources",
			"the device's file resource in /sys could not be read",
			"mount -t sysfs none /sys");
		status = STATUS_UNVERIFIED;
	}
	for (i = 0; i < c->nr_bars; i++) {
		const struct pci_bar *bar = &c->bars[i];
		const char *kind = bar->io ? "io" : bar->is_64 ? "mem64" : "mem32", *differs;
		struct json_object *b;

		if (run->regions_unknown & 1U << i) {
			status = bar_unknown(run, i, status);
			continue;
		}
		if (!bar->used && !run->region_sizes[i])
			continue;
		b = append_object(list);
		add_int(b, "index", i);
		add_string(b, "type", kind);
		add_bool(b, "prefetch", bar->prefetch);
		json_add_hex(b, "address", bar->address);
		json_add_hex(b, "size", run->region_sizes[i]);
		if ((int)i >= n)
			continue;
		json_add_hex(b, "resource", res[i].start);
		differs = pci_bar_differs(bar, &res[i], run->region_sizes[i]);
		add_bool(b, "agrees", !differs);
		report_line(run->rep, "  BAR%u: %s%s at 0x%llx, 0x%llx bytes; resource 0x%llx%s%s",
			    i, kind, bar->prefetch ? ", prefetchable," : "",
			    (unsigned long long)bar->address,
			    (unsigned long long)run->region_sizes[i],
			    (unsigned long long)res[i].start, differs ? ": " : "",
			    differs ? differs : "");
		if (!differs)
			continue;
		status = STATUS_FAIL;
		err_set(&run->err, 0, "", differs, "see dmesg, and lspci -vv");
		err_what(&run->err, "BAR%u", i);
	}
	if (c->rom || run->region_sizes[VFIO_PCI_ROM_REGION_INDEX]) {
		struct json_object *rom = json_object_new_object();

		json_object_object_add(obj, "rom", rom);
		json_add_hex(rom, "address", c->rom);
		json_add_hex(rom, "size", run->region_sizes[VFIO_PCI_ROM_REGION_INDEX]);
		add_bool(rom, "enabled", c->rom_enabled);
		report_line(run->rep, "  ROM: at 0x%x, 0x%llx bytes%s", c->rom,
			    (unsigned long long)run->region_sizes[VFIO_PCI_ROM_REGION_INDEX],
			    c->rom_enabled ? ", enabled" : "");
	}
	return status;
}

static void show_cap(struct run *run, const struct pci_cap *cap, struct json_object *obj)
{
	const struct pci_config *c = &run->config;
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
	const struct pci_config *c = &run->config;
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
	const struct pci_config *c = &run->config;
	enum status status;

	if (run->config_no) {
		add_int(obj, "errno", run->config_no);
		err_set(&run->err, run->config_no, "the configuration space",
			strerror(run->config_no), "see dmesg; is the device still there?");
		if (!(run->regions_unknown & 1U << VFIO_PCI_CONFIG_REGION_INDEX))
			return STATUS_FAIL;
		err_what(&run->err, "the configuration space was not checked");
		err_why(&run->err, "VFIO_DEVICE_GET_REGION_INFO: %s", strerror(run->config_no));
		return STATUS_UNVERIFIED;
	}
	show_ids(run, obj);
	status = show_bars(run, obj);
	show_caps(run, obj);
	run_detail(run, "%04x:%04x, %u capabilities, %u extended", c->vendor, c->device, c->nr_caps,
		   c->nr_ext_caps);
	if (c->vendor != run->dev.vendor) {
		status = STATUS_FAIL;
		err_set(&run->err, 0, "the vendor", "",
			"see dmesg; is it the device that was meant?");
		err_why(&run->err, "configuration space says 0x%04x, sysfs 0x%04x", c->vendor,
			run->dev.vendor);
	}
	if (c->wrong) {
		status = STATUS_FAIL;
		add_string(obj, "wrong", c->wrong);
		err_set(&run->err, 0, "", c->wrong,
			"see lspci -vvxxxx; update the device's firmware");
		err_what(&run->err, "the configuration space at 0x%02x", c->wrong_at);
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

	for (i = 0; i < run->nr_irqs; i++) {
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = i };
		const char *name = i < ARRAY_SIZE(names) ? names[i] : "?";
		struct json_object *obj = append_object(list);

		add_int(obj, "index", i);
		add_string(obj, "name", name);
		if (ioctl(run->device, VFIO_DEVICE_GET_IRQ_INFO, &info)) {
			int no = errno;

			add_int(obj, "errno", no);
			report_line(run->rep, "  IRQ %u (%s): Failed to get info: %s", i, name,
				    strerror(no));
			if (vfio_irq_refusable(i, no) || unknown++)
				continue;
			err_set(&run->err, no, "", "", "see dmesg; is the device still there?");
			err_what(&run->err, "what IRQ %u (%s) is, is not known", i, name);
			err_why(&run->err, "VFIO_DEVICE_GET_IRQ_INFO: %s", strerror(no));
			continue;
		}
		add_int(obj, "count", info.count);
		json_add_hex(obj, "flags", info.flags);
		report_line(run->rep, "  IRQ %u (%s): count=%u, flags=0x%x%s", i, name, info.count,
			    info.flags, flags_text(flags, info.flags, text, sizeof(text)));
	}
	run_detail(run, "%u indexes", run->nr_irqs);
	if (!unknown)
		return STATUS_PASS;
	run_detail(run, "%u indexes, %u not known", run->nr_irqs, unknown);
	return STATUS_UNVERIFIED;
}
