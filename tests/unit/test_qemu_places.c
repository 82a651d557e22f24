// SPDX-License-Identifier: GPL-2.0
/*
 * Each place of a report that passes, with something else there, or nothing: it passes only if
 * it is a place that no pass follows from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "qemu/job.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char good[] =
	"{\"tool\":\"vfio_test\",\"version\":\"0.1.0\",\"schema\":1,\"verdict\":\"pass\",\"expect\":\"user\",\"mapping\":{\"pid\":7,\"vaddr\":\"0x7f00001fe000\",\"iova\":\"0x0\",\"size\":8192,\"page_size\":4096,\"root_pa\":\"0x1000\",\"levels\":5,\"pti\":false,\"kernel_root_pa\":\"0x1000\",\"pa_mask\":\"0xffffffffff000\",\"iovas\":[\"0x0\"]},"
	"\"pages\":{\"total\":2,\"user\":2,\"supervisor\":0,\"absent\":0,\"runs\":[{\"vaddr\":\"0x7f00001fe000\",\"pa\":\"0x11110000\",\"len\":8192,\"page_size\":4096,\"user\":true,\"write\":true,\"exec\":false,\"iova\":\"0x0\"}]},"
	"\"walk\":[{\"level\":\"PGD\",\"index\":0,\"table_pa\":\"0x1000\",\"entry\":\"0x2067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"P4D\",\"index\":254,\"table_pa\":\"0x2000\",\"entry\":\"0x3067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PUD\",\"index\":0,\"table_pa\":\"0x3000\",\"entry\":\"0x4067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PMD\",\"index\":0,\"table_pa\":\"0x4000\",\"entry\":\"0x5067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PTE\",\"index\":510,\"table_pa\":\"0x5000\",\"entry\":\"0x8000000011110867\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\",\"DIRTY\",\"SOFT_DIRTY\",\"NX\"]}],"
	"\"tables\":[{\"level\":\"PGD\",\"table_pa\":\"0x1000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,\"entries\":[\"0x2067\"]},"
	"{\"level\":\"P4D\",\"table_pa\":\"0x2000\",\"vaddr\":\"0x7f00001fe000\",\"index\":254,\"entries\":[\"0x3067\"]},"
	"{\"level\":\"PUD\",\"table_pa\":\"0x3000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,\"entries\":[\"0x4067\"]},"
	"{\"level\":\"PMD\",\"table_pa\":\"0x4000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,\"entries\":[\"0x5067\"]},"
	"{\"level\":\"PTE\",\"table_pa\":\"0x5000\",\"vaddr\":\"0x7f00001fe000\",\"index\":510,\"entries\":[\"0x8000000011110867\",\"0x8000000011111867\"]}],"
	"\"steps\":[{\"name\":\"open\",\"status\":\"pass\",\"checks\":[{\"name\":\"a\",\"status\":\"pass\"}],"
	"\"detail\":\"fd 5\"},{\"name\":\"page-user\",\"status\":\"pass\"},"
	"{\"name\":\"pagemap\",\"status\":\"pass\"},{\"name\":\"iommu\",\"status\":\"pass\"},"
	"{\"name\":\"device-dma\",\"status\":\"pass\"},{\"name\":\"dma-path\",\"status\":\"pass\"},"
	"{\"name\":\"dma-fault\",\"status\":\"pass\"},{\"name\":\"interrupts\",\"status\":\"pass\"},"
	"{\"name\":\"hold\",\"status\":\"pass\"},{\"name\":\"recheck\",\"status\":\"pass\"}],"
	"\"dma_path\":{\"virtio\":true,\"translated\":true,\"note\":null},"
	"\"recheck\":{\"interval_ms\":100,\"comparisons\":3,\"ended_hold\":false},"
	"\"faults\":[{\"iova\":\"0x2000\",\"kind\":\"read-only\",\"log\":\"DMAR: fault\"}],"
	"\"irqs\":[{\"index\":0,\"raised\":3,\"arrived\":3,\"held_while_masked\":true}],"
	"\"needs_privilege\":[],"
	"\"witnesses\":{\"module\":{\"status\":\"pass\",\"compared\":2,\"mismatched\":0},"
	"\"pagemap\":{\"status\":\"pass\",\"compared\":2,\"mismatched\":0},"
	"\"iommu\":{\"status\":\"pass\",\"compared\":4,\"mismatched\":0},"
	"\"device_dma\":{\"status\":\"pass\",\"compared\":2,\"mismatched\":0}},"
	"\"proven\":[\"module\",\"pagemap\",\"iommu\",\"interrupts\"],"
	"\"not_proven\":[{\"witness\":\"device_dma\",\"device\":\"0000:00:02.0\",\"why\":\"no\"}],"
	"\"final\":true,\"stale\":{\"compared\":4,\"mismatched\":0,\"pages\":[]},"
	"\"translations\":[{\"iova\":\"0x0\",\"pa\":\"0x11110000\",\"len\":\"0x2000\"}],"
	"\"with\":[{\"iommu\":{\"compared\":2,\"mismatched\":0},"
	"\"device_dma\":{\"compared\":1,\"mismatched\":0},"
	"\"translations\":[{\"iova\":\"0x0\",\"pa\":\"0x11110000\",\"len\":\"0x2000\"}]}]}";

#define GONE "gone"

/* What may be another, or may be only this; all else that is told must be as it is. */
static const struct {
	const char *place, *other;
} free_places[] = {
	{ "version", NULL },
	{ "final", GONE },  /* early reports had none */
	{ "expect", GONE }, /* nor this */
	{ "mapping.pid", NULL },
	{ "mapping.iova", GONE },  /* it is 0 */
	{ "mapping.iovas", GONE }, /* there is one, mapping.iova */
	{ "mapping.iovas", "[]" },
	{ "mapping.iovas[]", GONE },
	{ "pages.runs[].iova", GONE }, /* it follows */
	{ "steps[].detail", NULL },
	{ "steps[].name", NULL }, /* of a step that asks no witness */
	{ "steps[].status", "\"skip\"" },
	{ "steps[].checks", GONE },
	{ "steps[].checks", "[]" },
	{ "steps[].checks[]", GONE },
	{ "steps[].checks[].name", NULL },
	{ "steps[].checks[].status", "\"skip\"" },
	{ "steps[]", GONE },
	{ "proven", GONE }, /* less than the figures say */
	{ "proven", "[]" },
	{ "proven[]", GONE },
	{ "not_proven", GONE },
	{ "not_proven", "[]" },
	{ "not_proven[]", GONE },
	{ "not_proven[].witness", NULL },
	{ "not_proven[].device", NULL },
	{ "not_proven[].why", NULL },
	{ "with[].device_dma", GONE }, /* it has none that moves data */
	{ "dma_path.note", NULL },
	{ "recheck", GONE }, /* not asked for */
	{ "recheck.interval_ms", NULL },
	{ "recheck.comparisons", NULL }, /* the hold may end before the first one */
	{ "faults[].iova", NULL },
	{ "faults[].kind", NULL },
	{ "faults[].log", NULL },
	{ "irqs[].index", NULL },
	{ "irqs[].held_while_masked", GONE }, /* it has no level */
	{ "needs_privilege", GONE },	      /* early reports had none */
};

/* What is put there; NULL: it is taken away. */
static const char *const others[] = {
	NULL,
	"null",
	"true",
	"false",
	"0",
	"-1",
	"7",
	"1.5",
	"9007199254740993",
	"18446744073709551616",
	"\"x\"",
	"\"0x0\"",
	"\"0x7000\"",
	"\"fail\"",
	"\"skip\"",
	"[]",
	"[null]",
	"{}",
	"[[]]",
	"{\"x\":{}}",
};

static struct json_object *report;
static struct qemu_report original;
static unsigned int tried, passed;

static int read_table(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE])
{
	size_t i;

	(void)ctx;
	memset(entries, 0, QEMU_TABLE * sizeof(*entries));
	for (i = 0; i < original.nr_entries; i++) {
		const struct qemu_report_entry *e = &original.entries[i];

		if (e->table_pa == pa)
			entries[pt_index(&pt_x86, e->level, e->vaddr)] = e->entry;
	}
	if (pa == original.root_pa)
		entries[QEMU_TABLE - 1] = 0x7777067; /* the kernel's half */
	return 0;
}

/* As qemu_verify_pte --join has it, of a machine for which the report is true. */
static bool passes(const char *text)
{
	static struct ram_range all = { 0, (1ULL << 40) - 1, true };
	static struct job j;
	struct monitor_regs cpu = { .cr0 = 0x80050033, .cr4 = 0x751ef0, .efer = 0xd01 };
	char why[256];
	bool ok = false;

	memset(&j, 0, sizeof(j));
	if (qemu_report_parse(&pt_x86, text, strlen(text), &j.report, why, sizeof(why)))
		return false;
	cpu.cr3 = original.root_pa ? original.root_pa : j.report.root_pa;
	j.fmt = j.tables.fmt = &j.report.fmt;
	j.vm = (struct qemu_vm){ .cpu = &cpu, .nr = 1, .ram = { &all, 1 } };
	j.tables.read = read_table;
	j.tables.ram = &j.vm.ram;
	j.tables.root_pa = j.report.root_pa;
	j.tables.levels = j.report.levels;
	if (!qemu_guest_judge(&j.report, &j.guest, why, sizeof(why)) &&
	    qemu_vm_has_levels(&j.vm, j.report.levels) && !qemu_vm_find_root(&j.vm, &j.tables) &&
	    !qemu_compare(&j.report, &j.tables, false, &j.compare)) {
		qemu_vm_compare(&j.vm, &j.report, &j.compare);
		qemu_judge_compare(&j);
		ok = j.verdict == STATUS_PASS && j.guest.verdict == STATUS_PASS && !j.guest.held;
	}
	qemu_report_free(&j.report);
	return ok;
}

static bool is_free(const char *place, const char *other)
{
	size_t i;

	/* The host's own word of an earlier time */
	if (!strncmp(place, "witnesses.qemu", strlen("witnesses.qemu")))
		return true;
	for (i = 0; i < ARRAY_SIZE(free_places); i++)
		if (!strcmp(place, free_places[i].place) &&
		    (!free_places[i].other || !strcmp(other, free_places[i].other)))
			return true;
	return false;
}

static void try_report(const char *place, const char *other)
{
	const char *text = json_object_to_json_string(report);

	tried++;
	if (!passes(text))
		return;
	passed++;
	if (!is_free(place, other))
		fail_msg("%s: %s: passes", place, other);
}

static void insert(struct json_object *arr, size_t index, struct json_object *val)
{
	size_t n;

	json_object_array_add(arr, NULL);
	for (n = json_object_array_length(arr) - 1; n > index; n--)
		json_object_array_put_idx(arr, n,
					  json_object_get(json_object_array_get_idx(arr, n - 1)));
	json_object_array_put_idx(arr, index, json_object_get(val));
}

/* All of @others in the place of what @parent has at @key, or at @index. */
static void try_place(struct json_object *parent, const char *key, size_t index, const char *place)
{
	struct json_object *was = key ? json_object_object_get(parent, key)
				      : json_object_array_get_idx(parent, index);
	size_t i;

	json_object_get(was);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct json_object *other = others[i] ? json_tokener_parse(others[i]) : NULL;

		if (others[i] && json_object_equal(was, other)) {
			json_object_put(other);
			continue;
		}
		if (!others[i] && key)
			json_object_object_del(parent, key);
		else if (!others[i])
			json_object_array_del_idx(parent, index, 1);
		else if (key)
			json_object_object_add(parent, key, other);
		else
			json_object_array_put_idx(parent, index, other);
		try_report(place, others[i] ? others[i] : GONE);
		if (key)
			json_object_object_add(parent, key, json_object_get(was));
		else if (others[i])
			json_object_array_put_idx(parent, index, json_object_get(was));
		else
			insert(parent, index, was);
	}
	json_object_put(was);
}

static void try_below(struct json_object *obj, const char *place)
{
	char below[128];
	size_t i;

	if (json_object_is_type(obj, json_type_array)) {
		snprintf(below, sizeof(below), "%s[]", place);
		for (i = 0; i < json_object_array_length(obj); i++) {
			try_place(obj, NULL, i, below);
			try_below(json_object_array_get_idx(obj, i), below);
		}
	} else if (json_object_is_type(obj, json_type_object)) {
		struct json_object *keys = json_object_new_array();

		json_object_object_foreach(obj, key, val)
		{
			(void)val;
			json_object_array_add(keys, json_object_new_string(key));
		}
		for (i = 0; i < json_object_array_length(keys); i++) {
			const char *name =
				json_object_get_string(json_object_array_get_idx(keys, i));

			snprintf(below, sizeof(below), "%s%s%s", place, *place ? "." : "", name);
			try_place(obj, name, 0, below);
			try_below(json_object_object_get(obj, name), below);
		}
		json_object_put(keys);
	}
}

static void test_places(void **state)
{
	char why[256];

	(void)state;
	report = json_tokener_parse(good);
	assert_non_null(report);
	assert_int_equal(
		qemu_report_parse(&pt_x86, good, strlen(good), &original, why, sizeof(why)), 0);
	assert_true(passes(good));
	try_below(report, "");
	assert_true(passes(json_object_to_json_string(report)));
	assert_true(tried > 3000 && passed < tried / 5);
	print_message("# %u changes, %u of them of no weight\n", tried, passed);
	qemu_report_free(&original);
	json_object_put(report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
