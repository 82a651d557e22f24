// SPDX-License-Identifier: GPL-2.0
/* The step that reads the regions of the device, by pread and through mappings. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci/mmio.h"
#include "pt/text.h"
#include "run/show.h"
#include "run/step.h"
#include "lib/text.h"
#include "vfio/caps.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* How many words of a region are shown, and how many reads must differ to count. */
#define WORDS 4
#define TRIES 3

/* Reads 4 bytes of a region by pread.  0, or -errno */
static int read32(const struct run *run, const struct vfio_region *r, uint64_t at, uint32_t *v)
{
	uint32_t raw;
	ssize_t n = pread(run->target.device, &raw, sizeof(raw), r->offset + at);

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

/* Does pread show this word?  VFIO does not show the MSI-X table: it reads as all ones. */
static bool comparable(const struct run *run, const struct vfio_region *r, uint64_t at)
{
	return r->flags & VFIO_REGION_INFO_FLAG_READ &&
	       !pci_in_msix_table(&run->target.config, r->index, at);
}

/*
 * Reads a word by pread and through the mapping.  A register may change between two reads, so they
 * only differ if pread gives the same value before and after, and that on every try.
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
			/* If it cannot be read either way, they agree. */
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
	err_why(&run->end.err, "at 0x%llx pread says 0x%08x, the mapping 0x%08x, %d times in a row",
		(unsigned long long)at, before, *v, TRIES);
	if (no)
		err_why(&run->end.err, "at 0x%llx the mapping says 0x%08x, and pread %s",
			(unsigned long long)at, *v, strerror(-no));
	return 0;
}

static bool fail_region(struct run *run, const struct vfio_region *r, const char *what)
{
	err_what(&run->end.err, "region %u %s", r->index, what);
	err_fix(&run->end.err, "see dmesg; report it to the kernel's VFIO maintainers");
	return false;
}

/* Shows the first words of an area, through a mapping.  False: a check failed */
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
	/* Map all of it to see that this works; then one page only, as a read fault maps it all. */
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, run->target.device, r->offset + area->offset);
	if (map != MAP_FAILED) {
		munmap(map, size);
		map = mmap(NULL, page, PROT_READ, MAP_SHARED, run->target.device,
			   r->offset + area->offset);
	}
	if (map == MAP_FAILED) {
		no = errno;
		add_int(obj, "errno", no);
		report_line(run->rep, "    could not map 0x%llx bytes at 0x%llx: %s",
			    (unsigned long long)area->size, (unsigned long long)area->offset,
			    strerror(no));
		run->end.err.no = no;
		err_why(&run->end.err, "%s", strerror(no));
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
		err_why(&run->end.err, "the mapping gives SIGBUS, and pread answers");
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

/* Shows the first words by pread, or its error, which is not a failure. */
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

/* The configuration space is read first: it says in which BAR the MSI-X table is. */
static void read_config(struct run *run)
{
	struct vfio_region_info *info;
	size_t size;
	ssize_t n;

	run->target.config_no =
		-vfio_device_get_region(run->target.device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (run->target.config_no) {
		run->target.regions_unknown |= 1U << VFIO_PCI_CONFIG_REGION_INDEX;
		return;
	}
	size = info->size < sizeof(run->target.config_bytes) ? info->size
							     : sizeof(run->target.config_bytes);
	n = pread(run->target.device, run->target.config_bytes, size, info->offset);
	run->target.config_no =
		n < 0 ? errno
		      : -pci_config_decode(run->target.config_bytes, n, &run->target.config);
	run->target.config_size = n < 0 ? 0 : n;
	free(info);
}

/* Records a region that VFIO did not describe, though the device has it.  @err has the first. */
static void region_unknown(struct run *run, uint32_t index, int no, uint32_t nr)
{
	if (index < ARRAY_SIZE(run->target.region_sizes))
		run->target.regions_unknown |= 1U << index;
	if (nr || run->end.err.what[0])
		return;
	err_set(&run->end.err, no, "", "", "see dmesg; is the device still there?");
	err_what(&run->end.err, "region %u was not checked", index);
	err_why(&run->end.err, "VFIO_DEVICE_GET_REGION_INFO: %s", strerror(no));
}

enum status step_regions(struct run *run)
{
	struct json_object *list = report_object(run->rep, "regions");
	uint32_t i, told = 0, bad = 0, unknown = 0;

	read_config(run);
	for (i = 0; i < run->target.nr_regions; i++) {
		struct json_object *obj = append_object(list);
		struct vfio_region_info *info = NULL;
		struct vfio_region r;
		int ret = vfio_device_get_region(run->target.device, i, &info);

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
		if (i < ARRAY_SIZE(run->target.region_sizes))
			run->target.region_sizes[i] = info->size;
		ret = vfio_region_parse(info, &r);
		free(info);
		if (!show_region(run, &r, obj))
			bad++;
		if (ret) {
			add_int(obj, "errno", -ret);
			err_why(&run->end.err, "its capability chain contradicts itself");
			fail_region(run, &r, "is described wrongly");
			bad++;
		}
	}
	run_detail(run, "%u of %u described, %u bad", told, run->target.nr_regions, bad);
	if (unknown)
		run_detail(run, "%u of %u described, %u bad, %u not known", told,
			   run->target.nr_regions, bad, unknown);
	if (!told) {
		err_set(&run->end.err, EIO, "VFIO described no region",
			"VFIO_DEVICE_GET_REGION_INFO failed on all", "see dmesg");
		return STATUS_ERROR;
	}
	if (bad)
		return STATUS_FAIL;
	return unknown ? STATUS_UNVERIFIED : STATUS_PASS;
}
