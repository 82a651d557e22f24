// SPDX-License-Identifier: GPL-2.0
/* A report of `vfio_test --json`, as far as it speaks of page tables. */
#include "qemu/report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_strict.h"
#include "lib/parse.h"
#include "pt/text.h"
#include "fmt/pt_x86.h"
#include "lib/text.h"

struct parser {
	const struct pt_fmt *fmt;
	struct qemu_report *r;
	char *why;
	size_t why_len;
};

__attribute__((format(printf, 2, 3))) static int bad(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->why_len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/*
 * The accessors.  @path names the object in messages.  Each one explains its own error, so callers
 * only pass it on.
 */

static int get(struct parser *p, struct json_object *obj, const char *path, const char *key,
	       enum json_type type, struct json_object **out)
{
	if (!json_object_is_type(obj, json_type_object))
		return bad(p, "%s is not an object", path);
	if (!json_object_object_get_ex(obj, key, out))
		return bad(p, "%s.%s is missing", path, key);
	if (!json_object_is_type(*out, type))
		return bad(p, "%s.%s is not of type %s", path, key, json_type_to_name(type));
	return 0;
}

static int get_hex(struct parser *p, struct json_object *obj, const char *path, const char *key,
		   uint64_t *out)
{
	switch (json_get_hex(obj, key, out)) {
	case 0:
		return 0;
	case -ENOENT:
		return bad(p, "%s.%s is missing", path, key);
	default:
		return bad(p, "%s.%s is not a string \"0x...\" of 64 bits", path, key);
	}
}

static int get_count(struct parser *p, struct json_object *obj, const char *path, const char *key,
		     uint64_t *out)
{
	struct json_object *val = NULL;
	int64_t v;

	if (get(p, obj, path, key, json_type_int, &val))
		return -EINVAL;
	v = json_object_get_int64(val); /* json-c clamps a number that does not fit */
	if (v < 0 || v == INT64_MAX)
		return bad(p, "%s.%s is not a count", path, key);
	*out = (uint64_t)v;
	return 0;
}

/* A size in bytes: a number, or a string as users type it (0x1000, 4K). */
static int get_size(struct parser *p, struct json_object *obj, const char *path, const char *key,
		    uint64_t *out)
{
	struct json_object *val = NULL;

	if (json_object_is_type(obj, json_type_object) &&
	    json_object_object_get_ex(obj, key, &val) &&
	    json_object_is_type(val, json_type_string)) {
		if (parse_size(json_object_get_string(val), out))
			return bad(p, "%s.%s is not a size", path, key);
		return 0;
	}
	return get_count(p, obj, path, key, out);
}

static int get_bool(struct parser *p, struct json_object *obj, const char *path, const char *key,
		    bool *out)
{
	struct json_object *val = NULL;

	if (get(p, obj, path, key, json_type_boolean, &val))
		return -EINVAL;
	*out = json_object_get_boolean(val);
	return 0;
}

static int get_level(struct parser *p, struct json_object *obj, const char *path, uint32_t *out)
{
	struct json_object *val = NULL;
	const char *name;
	uint32_t level;

	if (get(p, obj, path, "level", json_type_string, &val))
		return -EINVAL;
	name = json_object_get_string(val);
	for (level = 0; level < p->r->levels; level++) {
		if (!strcmp(name, pt_level_name(p->r->levels, level))) {
			*out = level;
			return 0;
		}
	}
	return bad(p, "%s.level is not one of the %u levels", path, p->r->levels);
}

static bool page_aligned(const struct parser *p, uint64_t v)
{
	return !(v & (pt_size(p->fmt, 0) - 1));
}

/*
 * Bits that the CPU ignores (SDM volume 3A, table 4-20: 9-11, 52-58), under the names that kernels
 * give them: arch/x86/include/asm/pgtable_types.h.  Only those with in_passing may change in
 * passing, whatever a report says.
 */
static const struct {
	const char *name;
	uint64_t can_be;
	bool in_passing;
} soft_bits[] = {
	{ "SPECIAL", 1ULL << 9, false },
	{ "UFFD_WP", 1ULL << 10, false },
	{ "SOFT_DIRTY", 1ULL << 11, true },
	{ "DEVMAP", 1ULL << 57 | 1ULL << 58, false },
	{ "SOFTW4", 1ULL << 57 | 1ULL << 58, false },
	{ "SOFTW5", 1ULL << 57 | 1ULL << 58, false },
	{ "SAVED_DIRTY", 1ULL << 58, true },
};

static int check_bits(struct parser *p, struct json_object *bits, uint64_t volatile_mask)
{
	const size_t nr = sizeof(soft_bits) / sizeof(soft_bits[0]);
	uint64_t used = 0, may = PT_X86_A | PT_X86_D, mask;
	size_t i;

	json_object_object_foreach(bits, name, val)
	{
		if (!strcmp(name, "volatile"))
			continue;
		for (i = 0; i < nr && strcmp(name, soft_bits[i].name); i++)
			;
		if (i == nr || json_hex_value(val, &mask) || mask & (mask - 1) ||
		    mask & ~soft_bits[i].can_be)
			return bad(p, "mapping.bits: no kernel has such a bit: %s",
				   text_shown(name));
		if (mask & used)
			return bad(p, "mapping.bits: two names for 0x%" PRIx64, mask);
		used |= mask;
		may |= soft_bits[i].in_passing ? mask : 0;
	}
	if (volatile_mask & ~may)
		return bad(p, "mapping.bits.volatile: 0x%" PRIx64 " does not change in passing",
			   volatile_mask & ~may);
	return 0;
}

static int parse_mapping(struct parser *p, struct json_object *obj)
{
	struct qemu_report *r = p->r;
	struct json_object *bits;
	uint64_t levels = 0;

	if (get_hex(p, obj, "mapping", "root_pa", &r->root_pa) ||
	    get_count(p, obj, "mapping", "levels", &levels) ||
	    get_hex(p, obj, "mapping", "kernel_root_pa", &r->kernel_root_pa) ||
	    get_size(p, obj, "mapping", "page_size", &r->page_size) ||
	    get_hex(p, obj, "mapping", "pa_mask", &r->pa_mask) ||
	    get_bool(p, obj, "mapping", "pti", &r->pti) ||
	    get_hex(p, obj, "mapping", "vaddr", &r->vaddr) ||
	    get_size(p, obj, "mapping", "size", &r->size))
		return -EINVAL;
	if (levels != 4 && levels != 5)
		return bad(p, "mapping.levels is neither 4 nor 5");
	r->levels = (uint32_t)levels;
	if (!page_aligned(p, r->root_pa) || r->root_pa & ~r->pa_mask)
		return bad(p, "mapping.root_pa is not the address of a table");
	if (!r->size || !page_aligned(p, r->size) || !page_aligned(p, r->vaddr))
		return bad(p, "mapping.vaddr and size are not whole pages");
	if (r->size > QEMU_REPORT_MAX_SIZE)
		return bad(p, "mapping.size is above %llu GiB", QEMU_REPORT_MAX_SIZE >> 30);
	if (r->vaddr > pt_user_end(p->fmt, r->levels) - r->size)
		return bad(p, "mapping.vaddr and size leave the user half");
	if (json_object_object_get_ex(obj, "iova", &bits) &&
	    get_hex(p, obj, "mapping", "iova", &r->iova))
		return -EINVAL;
	r->fmt = *p->fmt;
	if (!json_object_object_get_ex(obj, "bits", &bits))
		return 0;
	if (pt_bits_from_json(p->fmt, bits, r->soft, &r->fmt.volatile_mask))
		return bad(p, "mapping.bits is not an object of masks \"0x...\" with volatile");
	r->fmt.soft = r->soft;
	return check_bits(p, bits, r->fmt.volatile_mask);
}

/* Appends the entries of one table to r->entries, in the order of the report. */
static int parse_table(struct parser *p, struct json_object *obj, const char *path)
{
	const uint32_t max = 1U << p->fmt->index_bits;
	struct qemu_report *r = p->r;
	struct json_object *arr = NULL;
	uint64_t index = 0, table_pa = 0, vaddr = 0, size, last;
	uint32_t level = 0;
	size_t i, nr;

	if (get_level(p, obj, path, &level) || get_hex(p, obj, path, "table_pa", &table_pa) ||
	    get_hex(p, obj, path, "vaddr", &vaddr) || get_count(p, obj, path, "index", &index) ||
	    get(p, obj, path, "entries", json_type_array, &arr))
		return -EINVAL;
	nr = json_object_array_length(arr);
	if (!nr || index >= max || nr > max - index)
		return bad(p, "%s: index %" PRIu64 " and %zu entries do not fit in a table of %u",
			   path, index, nr, max);
	if (!page_aligned(p, table_pa))
		return bad(p, "%s.table_pa is not the address of a table", path);
	/* The first byte of the request that entries[0] covers, which may be in the middle of it.
	 */
	if (!page_aligned(p, vaddr) || vaddr - r->vaddr >= r->size ||
	    pt_index(p->fmt, level, vaddr) != index)
		return bad(p, "%s: vaddr does not belong to index %" PRIu64 " and the mapping",
			   path, index);
	size = pt_size(p->fmt, level);
	vaddr &= ~(size - 1);
	last = vaddr + (nr - 1) * size;
	if (last >= r->vaddr + r->size)
		return bad(p, "%s: entries past the end of the mapping", path);
	for (i = 0; i < nr; i++) {
		struct qemu_report_entry *e = &r->entries[r->nr_entries];

		*e = (struct qemu_report_entry){ .vaddr = vaddr + i * size,
						 .table_pa = table_pa,
						 .level = level,
						 .seq = (uint32_t)r->nr_entries++ };
		if (json_hex_value(json_object_array_get_idx(arr, i), &e->entry))
			return bad(p, "%s.entries[%zu] is not a string \"0x...\" of 64 bits", path,
				   i);
	}
	return 0;
}

static bool same_place(const struct qemu_report_entry *x, const struct qemu_report_entry *y)
{
	return x->level == y->level && x->vaddr == y->vaddr;
}

static int compare_entries(const void *a, const void *b)
{
	const struct qemu_report_entry *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* An entry may be told several times: the last one stays, and those that differ go to changed. */
static int merge_entries(struct qemu_report *r)
{
	size_t nr = r->nr_entries, i, to = 0;

	qsort(r->entries, nr, sizeof(*r->entries), compare_entries);
	for (i = 0; i < nr; i++)
		to += i + 1 < nr && same_place(&r->entries[i], &r->entries[i + 1]);
	r->changed = calloc(to ? to : 1, sizeof(*r->changed));
	if (!r->changed)
		return -ENOMEM;
	for (i = 0, to = 0; i < nr; i++) {
		const struct qemu_report_entry *e = &r->entries[i];
		const struct qemu_report_entry *next = i + 1 < nr ? e + 1 : NULL;

		if (!next || !same_place(e, next))
			r->entries[to++] = *e;
		else if (e->entry != next->entry || e->table_pa != next->table_pa)
			r->changed[r->nr_changed++] = *e;
	}
	r->nr_entries = to;
	return 0;
}

static int parse_tables(struct parser *p, struct json_object *arr)
{
	size_t nr = json_object_array_length(arr), i, level, all = 0;
	struct json_object *one;
	struct qemu_report *r = p->r;
	char path[48];
	int ret;

	for (i = 0; i < nr; i++)
		if (json_object_object_get_ex(json_object_array_get_idx(arr, i), "entries", &one) &&
		    json_object_is_type(one, json_type_array))
			all += json_object_array_length(one);
	if (all > UINT32_MAX)
		return bad(p, "tables: more entries than a report can have");
	r->entries = calloc(all ? all : 1, sizeof(*r->entries));
	if (!r->entries)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "tables[%zu]", i);
		ret = parse_table(p, json_object_array_get_idx(arr, i), path);
		if (ret)
			return ret;
	}
	ret = merge_entries(r);
	if (ret)
		return ret;
	for (level = 0, i = 0; level <= PT_MAX_LEVELS; level++) {
		while (i < r->nr_entries && r->entries[i].level < level)
			i++;
		r->first_entry[level] = i;
	}
	return 0;
}

/* The device finds a page as far behind mapping.iova as it is behind mapping.vaddr. */
static int check_iova(struct parser *p, struct json_object *obj, const char *path, uint64_t offset)
{
	struct json_object *val;
	uint64_t iova = 0;

	if (!json_object_object_get_ex(obj, "iova", &val))
		return 0; /* vfio_test always tells it; other reports need not */
	if (get_hex(p, obj, path, "iova", &iova))
		return -EINVAL;
	if (iova - p->r->iova != offset)
		return bad(p, "%s.iova is not mapping.iova + 0x%" PRIx64, path, offset);
	return 0;
}

static int parse_run(struct parser *p, struct json_object *obj, const char *path, uint64_t from,
		     struct qemu_report_run *run)
{
	struct qemu_report *r = p->r;
	bool user = false, write = false, exec = false;

	if (get_hex(p, obj, path, "vaddr", &run->vaddr) || get_hex(p, obj, path, "pa", &run->pa) ||
	    get_size(p, obj, path, "len", &run->len) ||
	    get_size(p, obj, path, "page_size", &run->page_size) ||
	    get_bool(p, obj, path, "user", &user) || get_bool(p, obj, path, "write", &write) ||
	    get_bool(p, obj, path, "exec", &exec))
		return -EINVAL;
	run->rights = (user ? PT_USER : 0) | (write ? PT_WRITE : 0) | (exec ? PT_EXEC : 0);
	if (!run->len || !page_aligned(p, run->vaddr | run->len | run->pa))
		return bad(p, "%s does not consist of whole pages", path);
	if (run->vaddr < from || run->vaddr - r->vaddr >= r->size ||
	    run->len > r->size - (run->vaddr - r->vaddr))
		return bad(p, "%s overlaps, is out of order or leaves the mapping", path);
	return check_iova(p, obj, path, run->vaddr - r->vaddr);
}

static int parse_pages(struct parser *p, struct json_object *obj)
{
	struct qemu_report *r = p->r;
	struct json_object *arr = NULL;
	uint64_t from = r->vaddr;
	char path[48];
	size_t nr, i;

	if (get_count(p, obj, "pages", "total", &r->total) ||
	    get_count(p, obj, "pages", "user", &r->user) ||
	    get_count(p, obj, "pages", "supervisor", &r->supervisor) ||
	    get_count(p, obj, "pages", "absent", &r->absent) ||
	    get(p, obj, "pages", "runs", json_type_array, &arr))
		return -EINVAL;
	nr = json_object_array_length(arr);
	r->runs = calloc(nr ? nr : 1, sizeof(*r->runs));
	if (!r->runs)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "pages.runs[%zu]", i);
		if (parse_run(p, json_object_array_get_idx(arr, i), path, from, &r->runs[i]))
			return -EINVAL;
		from = r->runs[i].vaddr + r->runs[i].len;
	}
	r->nr_runs = nr;
	return 0;
}

static int parse_walk(struct parser *p, struct json_object *arr)
{
	size_t nr = json_object_array_length(arr), i;
	struct qemu_report *r = p->r;
	char path[48];

	if (!nr || nr > r->levels)
		return bad(p, "walk has %zu levels, but the page table has %u", nr, r->levels);
	for (i = 0; i < nr; i++) {
		struct json_object *obj = json_object_array_get_idx(arr, i);
		struct qemu_report_step *s = &r->walk[i];

		snprintf(path, sizeof(path), "walk[%zu]", i);
		if (get_level(p, obj, path, &s->level) ||
		    get_count(p, obj, path, "index", &s->index) ||
		    get_hex(p, obj, path, "table_pa", &s->table_pa) ||
		    get_hex(p, obj, path, "entry", &s->entry) ||
		    get(p, obj, path, "flags", json_type_array, &s->flags))
			return -EINVAL;
		if (s->level != r->levels - 1 - i)
			return bad(p, "%s is out of order", path);
	}
	r->nr_walk = (uint32_t)nr;
	return 0;
}

static int parse_expected(struct parser *p, struct json_object *root)
{
	struct json_object *val = NULL;
	const char *word;

	if (!json_object_object_get_ex(root, "expect", &val))
		return 0;
	word = json_object_is_type(val, json_type_string) ? json_object_get_string(val) : "";
	if (!strcmp(word, "user"))
		p->r->expect = EXPECT_USER;
	else if (!strcmp(word, "supervisor"))
		p->r->expect = EXPECT_SUPERVISOR;
	else
		return bad(p, "report.expect is neither user nor supervisor");
	return 0;
}

static int parse_report(struct parser *p, struct json_object *root)
{
	struct json_object *obj = NULL;
	uint64_t schema = 0;
	int ret;

	if (get(p, root, "report", "tool", json_type_string, &obj))
		return -EINVAL;
	if (strcmp(json_object_get_string(obj), "vfio_test"))
		return bad(p, "it is not a report of vfio_test");
	if (get_count(p, root, "report", "schema", &schema))
		return -EINVAL;
	if (schema != QEMU_REPORT_SCHEMA)
		return bad(p, "its schema is %" PRIu64 ", not %d", schema, QEMU_REPORT_SCHEMA);
	if (parse_expected(p, root) || get(p, root, "report", "mapping", json_type_object, &obj) ||
	    parse_mapping(p, obj) || get(p, root, "report", "walk", json_type_array, &obj) ||
	    parse_walk(p, obj) || get(p, root, "report", "tables", json_type_array, &obj))
		return -EINVAL;
	ret = parse_tables(p, obj);
	if (ret)
		return ret;
	if (get(p, root, "report", "pages", json_type_object, &obj))
		return -EINVAL;
	return parse_pages(p, obj);
}

int qemu_report_parse(const struct pt_fmt *fmt, const char *text, size_t len,
		      struct qemu_report *out, char *why, size_t why_len)
{
	struct parser p = { .fmt = fmt, .r = out, .why = why, .why_len = why_len };
	struct json_tokener *tok;
	int ret;

	memset(out, 0, sizeof(*out));
	if (len > QEMU_REPORT_MAX_TEXT)
		return bad(&p, "it is larger than %llu MiB", QEMU_REPORT_MAX_TEXT >> 20);
	if (json_strict(text, len, why, why_len))
		return -EINVAL;
	tok = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
	if (!tok)
		return -ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	out->json = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) == json_tokener_success)
		ret = parse_report(&p, out->json);
	else
		ret = bad(&p, "not JSON: %s", json_tokener_error_desc(json_tokener_get_error(tok)));
	json_tokener_free(tok);
	if (ret)
		qemu_report_free(out);
	return ret;
}

/* The keys that are compared with QEMU, or checked when the report is read. */
static const char *const compared[] = {
	"tool",
	"schema",
	"expect",
	"mapping",
	"pages",
	"walk",
	"tables",
	"mapping.vaddr",
	"mapping.size",
	"mapping.root_pa",
	"mapping.levels",
	"mapping.kernel_root_pa",
	"mapping.pti",
	"mapping.pa_mask",
	"mapping.bits",
	"mapping.page_size",
	"pages.total",
	"pages.user",
	"pages.supervisor",
	"pages.absent",
	"pages.runs",
};

static const char *const judged[] = { "verdict",      "so_far",	    "held",	    "final",
				      "witnesses",    "steps",	    "error",	    "stale",
				      "proven",	      "not_proven", "translations", "mapping.iova",
				      "mapping.iovas" };

static bool is_one_of(const char *name, const char *const *names, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void add_others(struct json_object *arr, struct json_object *obj, const char *prefix,
		       bool joined)
{
	char name[128];

	json_object_object_foreach(obj, key, val)
	{
		(void)val;
		snprintf(name, sizeof(name), "%s%s", prefix, key);
		if (!is_one_of(name, compared, sizeof(compared) / sizeof(compared[0])) &&
		    !(joined && is_one_of(name, judged, sizeof(judged) / sizeof(judged[0]))))
			json_object_array_add(arr, json_text(name));
	}
}

struct json_object *qemu_report_not_compared(const struct qemu_report *r, bool joined)
{
	struct json_object *arr = json_object_new_array(), *obj;

	add_others(arr, r->json, "", joined);
	if (json_object_object_get_ex(r->json, "mapping", &obj))
		add_others(arr, obj, "mapping.", joined);
	if (json_object_object_get_ex(r->json, "pages", &obj))
		add_others(arr, obj, "pages.", joined);
	return arr;
}

void qemu_report_free(struct qemu_report *r)
{
	free(r->entries);
	free(r->changed);
	free(r->runs);
	json_object_put(r->json);
	memset(r, 0, sizeof(*r));
}
