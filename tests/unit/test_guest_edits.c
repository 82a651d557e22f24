// SPDX-License-Identifier: GPL-2.0
/*
 * A report that passes, with one value of it edited: what bears on the verdict, and is no longer
 * what the rest of the report says, is no pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <json-c/json_pointer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "judge_fixture.h"
#include "qemu/guest.h"

#define STEP(name, status) "{\"name\":\"" name "\",\"status\":\"" status "\"}"

/* What a run tells beside its witnesses: of a virtio device, held with --recheck. */
static const struct {
	const char *at, *value;
} more[] = {
	{ "/final", "true" },
	{ "/steps/6/status", "\"pass\"" }, /* hold */
	{ "/steps/-", STEP("dma-path", "pass") },
	{ "/steps/-", STEP("dma-fault", "pass") },
	{ "/steps/-", STEP("interrupts", "pass") },
	{ "/proven/-", "\"interrupts\"" },
	{ "/dma_path", "{\"virtio\":true,\"translated\":true,\"note\":null}" },
	{ "/recheck", "{\"interval_ms\":100,\"comparisons\":3,\"ended_hold\":false}" },
	{ "/faults", "[{\"iova\":\"0x1000\",\"kind\":\"unmapped\",\"log\":\"DMAR: fault\"}]" },
	{ "/irqs", "[{\"index\":0,\"count\":1},{\"index\":1,\"raised\":3,\"arrived\":3,"
		   "\"held_while_masked\":true}]" },
	{ "/needs_privilege", "[]" },
};

/* Where the steps of it are. */
#define PAGE_USER  "/steps/1"
#define HOLD	   "/steps/6"
#define RECHECK	   "/steps/7"
#define DMA_PATH   "/steps/8"
#define DMA_FAULT  "/steps/9"
#define INTERRUPTS "/steps/10"

#define NOT_VIRTIO "{\"virtio\":false,\"translated\":null,\"note\":null}"
#define UNKNOWN	   "{\"virtio\":true,\"translated\":null,\"note\":null}"
#define PART	   "{\"status\":\"pass\",\"compared\":16,\"mismatched\":0,\"total\":512}"

static const struct edit {
	const char *at, *value; /* NULL: it is taken away */
	int ret;
	enum status want;
	const char *reason;
	const char *at2, *value2;
} edits[] = {
	{ "/last", "7", 0, STATUS_PASS, "", NULL, NULL },
	/* the comparison before the unmap */
	{ "/stale", NULL, 0, STATUS_UNVERIFIED, "stale: nothing was compared", NULL, NULL },
	{ "/stale", "{}", 0, STATUS_UNVERIFIED, "stale: nothing was compared", NULL, NULL },
	{ "/stale", "null", -EINVAL, 0, "stale is not an object", NULL, NULL },
	{ "/stale/pages", NULL, -EINVAL, 0, "stale.pages does not hold", NULL, NULL },
	{ "/stale/compared", NULL, -EINVAL, 0, "stale.compared", NULL, NULL },
	{ RECHECK "/status", "\"skip\"", 0, STATUS_UNVERIFIED, "no step recheck", NULL, NULL },
	{ RECHECK, NULL, 0, STATUS_UNVERIFIED, "no step recheck", NULL, NULL },
	/* dma_path and its step; other devices than virtio's do not say it */
	{ "/dma_path/translated", "false", 0, STATUS_FAIL, "past the IOMMU", NULL, NULL },
	{ "/dma_path/translated", "null", 0, STATUS_UNVERIFIED, "is not known", NULL, NULL },
	{ "/dma_path/translated", "1", -EINVAL, 0, "dma_path.translated", NULL, NULL },
	{ "/dma_path/translated", NULL, -EINVAL, 0, "dma_path.translated", NULL, NULL },
	{ "/dma_path/virtio", "false", 0, STATUS_UNVERIFIED, "not a virtio device", NULL, NULL },
	{ "/dma_path/virtio", NULL, -EINVAL, 0, "dma_path.virtio", NULL, NULL },
	{ "/dma_path", "[]", -EINVAL, 0, "dma_path is not an object", NULL, NULL },
	{ "/dma_path", NULL, 0, STATUS_UNVERIFIED, "dma_path is missing", NULL, NULL },
	{ "/dma_path", NOT_VIRTIO, 0, STATUS_UNVERIFIED, "did not skip", NULL, NULL },
	{ "/dma_path", NOT_VIRTIO, 0, STATUS_PASS, "", DMA_PATH "/status", "\"skip\"" },
	{ "/dma_path", UNKNOWN, 0, STATUS_UNVERIFIED, "", DMA_PATH "/status", "\"unverified\"" },
	{ DMA_PATH "/status", "\"skip\"", 0, STATUS_UNVERIFIED, "dma-path did not pass", NULL,
	  NULL },
	{ DMA_PATH, NULL, 0, STATUS_UNVERIFIED, "dma-path did not pass", NULL, NULL },
	{ DMA_PATH, NULL, 0, STATUS_PASS, "", "/dma_path", NULL }, /* an older run */
	/* recheck, and the hold that it would have ended */
	{ "/recheck/ended_hold", "true", 0, STATUS_UNVERIFIED, "ended the hold", NULL, NULL },
	{ "/recheck/ended_hold", NULL, -EINVAL, 0, "recheck.ended_hold", NULL, NULL },
	{ "/recheck/first", "\"page 0x0\"", -EINVAL, 0, "first difference", NULL, NULL },
	{ "/recheck/interval_ms", "0", -EINVAL, 0, "interval_ms is 0", NULL, NULL },
	{ "/recheck/comparisons", "-1", -EINVAL, 0, "recheck.comparisons", NULL, NULL },
	{ "/recheck/comparisons", "0", 0, STATUS_PASS, "", NULL, NULL }, /* Enter came first */
	{ "/recheck", "7", -EINVAL, 0, "recheck is not an object", NULL, NULL },
	{ "/recheck", NULL, 0, STATUS_PASS, "", NULL, NULL }, /* not asked for */
	{ HOLD "/status", "\"skip\"", 0, STATUS_UNVERIFIED, "no step hold", NULL, NULL },
	{ HOLD "/status", "\"skip\"", 0, STATUS_PASS, "", "/recheck", NULL },
	/* how many there are, and how many were compared */
	{ "/witnesses/module/total", "300", 0, STATUS_UNVERIFIED, "module: total is 300", "/proven",
	  NULL },
	{ "/witnesses/iommu/total", "513", 0, STATUS_UNVERIFIED, "iommu: total is 513", "/proven",
	  NULL },
	{ "/witnesses/pagemap/total", "256", 0, STATUS_UNVERIFIED, "it has a total", "/proven",
	  NULL },
	{ "/witnesses/module/total", "300", -EINVAL, 0, "proven names module", NULL, NULL },
	{ "/witnesses/device_dma", PART, 0, STATUS_PASS, "", NULL, NULL }, /* a sample */
	{ "/witnesses/device_dma", PART, 0, STATUS_UNVERIFIED, "device_dma: total is 511",
	  "/witnesses/device_dma/total", "511" },
	{ "/witnesses/device_dma", PART, -EINVAL, 0, "not_proven does too", "/proven/-",
	  "\"device_dma\"" },
	{ "/witnesses/later/total", "2", 0, STATUS_PASS, "", NULL, NULL },
	{ "/witnesses/later/total", "2", -EINVAL, 0, "proven names later", "/proven/-",
	  "\"later\"" },
	/* what is proven */
	{ "/not_proven/-", "{\"witness\":\"interrupts\",\"why\":\"\"}", -EINVAL, 0,
	  "proven names interrupts", NULL, NULL },
	{ INTERRUPTS "/status", "\"skip\"", -EINVAL, 0, "proven names interrupts", NULL, NULL },
	{ INTERRUPTS, NULL, -EINVAL, 0, "proven names interrupts", NULL, NULL },
	/* a step stands once */
	{ "/steps/-", STEP("page-user", "skip"), -EINVAL, 0, "page-user twice", NULL, NULL },
	{ "/steps/-", STEP("page-user", "pass"), -EINVAL, 0, "page-user twice", NULL, NULL },
	{ "/steps/-", STEP("dma-unmap", "skip"), 0, STATUS_PASS, "", NULL, NULL },
	{ PAGE_USER "/status", "\"skip\"", 0, STATUS_UNVERIFIED, "no step page-user", NULL, NULL },
	/* privilege */
	{ "/needs_privilege/-", "\"module\"", 0, STATUS_UNVERIFIED, "needs_privilege names module",
	  NULL, NULL },
	{ "/needs_privilege/-", "7", -EINVAL, 0, "needs_privilege[0]", NULL, NULL },
	{ "/needs_privilege", "\"module\"", -EINVAL, 0, "needs_privilege is not", NULL, NULL },
	{ "/needs_privilege", NULL, 0, STATUS_PASS, "", NULL, NULL }, /* an older run */
	/* faults, each in the kernel's log */
	{ "/faults/0/log", "null", 0, STATUS_UNVERIFIED, "faults[0] is not in", NULL, NULL },
	{ "/faults/0/log", NULL, 0, STATUS_UNVERIFIED, "faults[0] is not in", NULL, NULL },
	{ "/faults", "[]", 0, STATUS_UNVERIFIED, "faults: none", NULL, NULL },
	{ "/faults", NULL, 0, STATUS_UNVERIFIED, "faults: none", NULL, NULL },
	{ "/faults", "{}", -EINVAL, 0, "faults is not an array", NULL, NULL },
	{ DMA_FAULT "/status", "\"skip\"", 0, STATUS_UNVERIFIED, "no step dma-fault", NULL, NULL },
	{ DMA_FAULT "/status", "\"skip\"", 0, STATUS_PASS, "", "/faults", "[]" },
	/* interrupts */
	{ "/irqs/1/arrived", "2", 0, STATUS_UNVERIFIED, "irqs[1]: 3 raised, but 2", NULL, NULL },
	{ "/irqs/1/raised", "0", 0, STATUS_UNVERIFIED, "irqs[1]: 0 raised", NULL, NULL },
	{ "/irqs/1/arrived", NULL, -EINVAL, 0, "irqs[1].arrived", NULL, NULL },
	{ "/irqs/1/held_while_masked", "false", 0, STATUS_UNVERIFIED, "while masked", NULL, NULL },
	{ "/irqs/1/held_while_masked", "0", -EINVAL, 0, "held_while_masked", NULL, NULL },
	{ "/irqs/0", "7", -EINVAL, 0, "irqs[0] is not an object", NULL, NULL },
	{ "/irqs", "{}", -EINVAL, 0, "irqs is not an array", NULL, NULL },
	{ "/irqs", NULL, 0, STATUS_UNVERIFIED, "irqs: none was raised", NULL, NULL },
	{ "/irqs/1", NULL, 0, STATUS_UNVERIFIED, "irqs: none was raised", NULL, NULL },
	/* the run's end, and its hold: it is not both */
	{ "/held", "true", -EINVAL, 0, "final is true, but", "/verdict", "\"unverified\"" },
	{ "/so_far", "\"fail\"", -EINVAL, 0, "has so_far", NULL, NULL },
};

/* Puts @value, or nothing, at the pointer @at. */
static void put(struct json_object **report, const char *at, const char *value)
{
	const char *key = strrchr(at, '/');
	struct json_object *parent = *report, *val = NULL;
	char above[64];

	if (value) {
		val = strcmp(value, "null") ? parse(value) : NULL;
		assert_int_equal(json_pointer_set(report, at, val), 0);
		return;
	}
	snprintf(above, sizeof(above), "%.*s", (int)(key - at), at);
	if (above[0])
		assert_int_equal(json_pointer_get(*report, above, &parent), 0);
	if (json_object_is_type(parent, json_type_array))
		json_object_array_del_idx(parent, strtoul(key + 1, NULL, 10), 1);
	else
		json_object_object_del(parent, key + 1);
}

static struct json_object *whole(void)
{
	struct json_object *report = parse(good);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(more); i++)
		put(&report, more[i].at, more[i].value);
	return report;
}

static void test_edits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		const struct edit *e = &edits[i];
		struct json_object *report = whole();
		struct qemu_guest g = { .verdict = STATUS_PASS };
		char why[256] = "";
		int ret;

		put(&report, e->at, e->value);
		if (e->at2)
			put(&report, e->at2, e->value2);
		ret = judge(report, &g, why);
		if (ret != e->ret || (!ret && g.verdict != e->want) ||
		    !strstr(ret ? why : g.reason, e->reason))
			fail_msg("edit %zu: %s -> %s: %d, %s: %s", i, e->at, e->value ?: "gone",
				 ret, status_name(g.verdict), ret ? why : g.reason);
		json_object_put(report);
	}
}

/* The report of the held run, whose end is still to come; and one of a run that failed. */
static void test_true_reports(void **state)
{
	struct json_object *report = whole();
	struct qemu_guest g;
	char why[256];

	(void)state;
	put(&report, "/verdict", "\"unverified\"");
	put(&report, "/final", "false");
	put(&report, "/held", "true");
	put(&report, "/so_far", "\"pass\"");
	put(&report, "/stale", "{}");
	put(&report, "/recheck", NULL);
	put(&report, RECHECK, NULL);
	put(&report, HOLD, NULL);
	assert_int_equal(judge(report, &g, why), 0);
	assert_true(g.verdict == STATUS_PASS && g.held);
	json_object_put(report);

	/* a virtio device past the IOMMU: its report is joined, not refused */
	report = whole();
	put(&report, "/verdict", "\"fail\"");
	put(&report, "/dma_path/translated", "false");
	put(&report, DMA_PATH "/status", "\"fail\"");
	assert_int_equal(judge(report, &g, why), 0);
	assert_int_equal(g.verdict, STATUS_FAIL);
	json_object_put(report);

	/* --no-module: the IOMMU was not asked, so there is nothing to compare again */
	report = whole();
	put(&report, "/verdict", "\"unverified\"");
	put(&report, "/witnesses/iommu",
	    "{\"status\":\"unverified\",\"compared\":0,\"mismatched\":0}");
	put(&report, "/proven", "[\"interrupts\"]");
	put(&report, "/stale", "{}");
	put(&report, "/recheck", NULL);
	put(&report, "/needs_privilege", "[\"module\"]");
	put(&report, RECHECK "/status", "\"skip\"");
	assert_int_equal(judge(report, &g, why), 0);
	assert_int_equal(g.verdict, STATUS_UNVERIFIED);
	json_object_put(report);
}

/* Names without end cost no time: a run has a few. */
static void test_many_names(void **state)
{
	static const char *const lists[] = { "proven", "not_proven" };
	struct qemu_guest g;
	char why[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct json_object *report = whole(), *list = NULL;

		assert_true(json_object_object_get_ex(report, lists[i], &list));
		for (n = 0; n < 65; n++)
			json_object_array_add(list, i ? parse("{\"witness\":\"x\"}")
						      : json_object_new_string("module"));
		assert_int_equal(judge(report, &g, why), -EINVAL);
		assert_non_null(strstr(why, "too long"));
		json_object_put(report);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_true_reports),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
