// SPDX-License-Identifier: GPL-2.0
/* A report of `vfio_test --json`, as far as it speaks of page tables. */
#include "qemu_report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "pt_text.h"

/* What the report nests, and room for keys that later versions add. */
#define MAX_DEPTH 16

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
 * The accessors: @path names the object in messages.  Each says what is wrong,
 * so callers only pass the error on.
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
	v = json_object_get_int64(val); /* json-c clamps what does not fit */
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
	return bad(p, "%s.level is none of %u levels", path, p->r->levels);
}

static bool page_aligned(const struct parser *p, uint64_t v)
{
	return !(v & (pt_size(p->fmt, 0) - 1));
}

static int parse_mapping(struct parser *p, struct json_object *obj)
{
	struct qemu_report *r = p->r;
	struct json_object *bits;
	uint64_t levels = 0;

	if (get_hex(p, obj, "mapping", "root_pa", &r->root_pa) ||
	    get_count(p, obj, "mapping", "levels", &levels) ||
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
	r->fmt = *p->fmt;
	if (!json_object_object_get_ex(obj, "bits", &bits))
		return 0;
	if (pt_bits_from_json(p->fmt, bits, r->soft, &r->fmt.volatile_mask))
		return bad(p, "mapping.bits is not an object of masks \"0x...\" with volatile");
	r->fmt.soft = r->soft;
	return 0;
}

static int parse_table(struct parser *p, struct json_object *obj, const char *path,
		       struct qemu_report_table *t)
{
	const uint32_t max = 1U << p->fmt->index_bits;
	struct qemu_report *r = p->r;
	struct json_object *arr = NULL;
	uint64_t index = 0, first;
	size_t i, nr;

	if (get_level(p, obj, path, &t->level) || get_hex(p, obj, path, "table_pa", &t->table_pa) ||
	    get_hex(p, obj, path, "vaddr", &t->vaddr) || get_count(p, obj, path, "index", &index) ||
	    get(p, obj, path, "entries", json_type_array, &arr))
		return -EINVAL;
	nr = json_object_array_length(arr);
	if (!nr || index >= max || nr > max - index)
		return bad(p, "%s: entries %" PRIu64 "+%zu are not in a table of %u", path, index,
			   nr, max);
	if (!page_aligned(p, t->table_pa))
		return bad(p, "%s.table_pa is not the address of a table", path);
	/* The start of what entries[0] covers, cut off at the mapping's. */
	first = t->vaddr & ~(pt_size(p->fmt, t->level) - 1);
	if (t->vaddr != (first > r->vaddr ? first : r->vaddr) || t->vaddr - r->vaddr >= r->size ||
	    pt_index(p->fmt, t->level, t->vaddr) != index)
		return bad(p, "%s: vaddr does not belong to index %" PRIu64 " and the mapping",
			   path, index);
	t->vaddr = first;
	t->index = (uint32_t)index;
	t->nr = (uint32_t)nr;
	t->entries = calloc(nr, sizeof(*t->entries));
	if (!t->entries)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (json_hex_value(json_object_array_get_idx(arr, i), &t->entries[i]))
			return bad(p, "%s.entries[%zu] is not a string \"0x...\" of 64 bits", path,
				   i);
	return 0;
}

static int compare_tables(const void *a, const void *b)
{
	const struct qemu_report_table *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

static int parse_tables(struct parser *p, struct json_object *arr)
{
	size_t nr = json_object_array_length(arr), i, level;
	struct qemu_report *r = p->r;
	char path[48];
	int ret;

	r->tables = calloc(nr ? nr : 1, sizeof(*r->tables));
	if (!r->tables)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "tables[%zu]", i);
		r->nr_tables++;
		ret = parse_table(p, json_object_array_get_idx(arr, i), path, &r->tables[i]);
		if (ret)
			return ret;
	}
	qsort(r->tables, nr, sizeof(*r->tables), compare_tables);
	for (i = 1; i < nr; i++) {
		const struct qemu_report_table *a = &r->tables[i - 1];
		const struct qemu_report_table *b = &r->tables[i];

		if (a->level == b->level && b->vaddr - a->vaddr < a->nr * pt_size(p->fmt, a->level))
			return bad(p, "tables: two entries of level %s for vaddr 0x%" PRIx64,
				   pt_level_name(r->levels, a->level), b->vaddr);
	}
	for (level = 0, i = 0; level <= PT_MAX_LEVELS; level++) {
		while (i < nr && r->tables[i].level < level)
			i++;
		r->first_table[level] = i;
	}
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
		return bad(p, "%s is not of whole pages", path);
	if (run->vaddr < from || run->vaddr - r->vaddr >= r->size ||
	    run->len > r->size - (run->vaddr - r->vaddr))
		return bad(p, "%s overlaps, is out of order or leaves the mapping", path);
	return 0;
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
		return bad(p, "walk has %zu levels of %u", nr, r->levels);
	for (i = 0; i < nr; i++) {
		struct json_object *obj = json_object_array_get_idx(arr, i);
		struct qemu_report_step *s = &r->walk[i];

		snprintf(path, sizeof(path), "walk[%zu]", i);
		if (get_level(p, obj, path, &s->level) ||
		    get_count(p, obj, path, "index", &s->index) ||
		    get_hex(p, obj, path, "table_pa", &s->table_pa) ||
		    get_hex(p, obj, path, "entry", &s->entry))
			return -EINVAL;
		if (s->level != r->levels - 1 - i)
			return bad(p, "%s is out of order", path);
	}
	r->nr_walk = (uint32_t)nr;
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
		return bad(p, "it is not by vfio_test");
	if (get_count(p, root, "report", "schema", &schema))
		return -EINVAL;
	if (schema != QEMU_REPORT_SCHEMA)
		return bad(p, "its schema is %" PRIu64 ", not %d", schema, QEMU_REPORT_SCHEMA);
	if (get(p, root, "report", "mapping", json_type_object, &obj) || parse_mapping(p, obj) ||
	    get(p, root, "report", "walk", json_type_array, &obj) || parse_walk(p, obj) ||
	    get(p, root, "report", "tables", json_type_array, &obj))
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
	struct json_object *root;
	enum json_tokener_error err;
	size_t end;
	int ret;

	memset(out, 0, sizeof(*out));
	if (len > INT_MAX)
		return bad(&p, "it is larger than 2 GiB");
	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return -ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	root = json_tokener_parse_ex(tok, text, (int)len);
	err = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (end < len && strchr(" \t\r\n", text[end]) && text[end])
		end++;
	if (err != json_tokener_success)
		ret = bad(&p, "not JSON: %s",
			  err == json_tokener_continue ? "it ends too early"
						       : json_tokener_error_desc(err));
	else if (end != len)
		ret = bad(&p, "more follows after the JSON object");
	else
		ret = parse_report(&p, root);
	out->json = root;
	if (ret)
		qemu_report_free(out);
	return ret;
}

void qemu_report_free(struct qemu_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_tables; i++)
		free(r->tables[i].entries);
	free(r->tables);
	free(r->runs);
	json_object_put(r->json);
	memset(r, 0, sizeof(*r));
}
