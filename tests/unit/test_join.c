// SPDX-License-Identifier: GPL-2.0
/* The joined report: its verdict, and what stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "judge_fixture.h"
#include "qemu/join.h"

static const char *string_at(struct json_object *obj, const char *key)
{
	struct json_object *val = NULL;

	assert_true(json_object_object_get_ex(obj, key, &val));
	return json_object_get_string(val);
}

/* good with the first @from replaced; the caller's to free */
static char *replaced(const char *from, const char *to)
{
	const char *at = strstr(good, from);
	char *text = NULL;

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)) > 0);
	return text;
}

static const struct {
	enum status verdict;
	const char *name;
} verdicts[] = {
	{ STATUS_PASS, "pass" },
	{ STATUS_UNVERIFIED, "unverified" },
	{ STATUS_FAIL, "fail" },
	{ STATUS_ERROR, "error" },
};

/* Guest's, host's and joined verdict: the worst wins, whoever says it. */
static void test_worst_wins(void **state)
{
	static const enum status want[4][4] = {
		{ STATUS_PASS, STATUS_UNVERIFIED, STATUS_FAIL, STATUS_ERROR },
		{ STATUS_UNVERIFIED, STATUS_UNVERIFIED, STATUS_FAIL, STATUS_ERROR },
		{ STATUS_FAIL, STATUS_FAIL, STATUS_FAIL, STATUS_ERROR },
		{ STATUS_ERROR, STATUS_ERROR, STATUS_ERROR, STATUS_ERROR },
	};
	char word[64], why[256];
	size_t g, h, n;

	(void)state;
	for (g = 0; g < 4; g++) {
		for (h = 0; h < 4; h++) {
			struct json_object *report;
			struct qemu_guest guest;
			enum status joined;
			char *text;

			snprintf(word, sizeof(word), "\"verdict\":\"%s\"", verdicts[g].name);
			text = replaced("\"verdict\":\"pass\"", word);
			report = parse(text);
			assert_int_equal(judge(report, &guest, why), 0);
			assert_int_equal(guest.verdict, verdicts[g].verdict);
			joined = qemu_join(report, json_object_new_object(), &guest,
					   verdicts[h].verdict, "why");
			assert_int_equal(joined, want[g][h]);
			for (n = 0; verdicts[n].verdict != joined; n++)
				;
			assert_string_equal(string_at(report, "verdict"), verdicts[n].name);
			json_object_put(report);
			free(text);
		}
	}
}

#define SAID(witness) "\"" witness "\":{\"status\":\"pass\",\"compared\":"

/* One thing changed in a report that passes: what the guest is then, or that it is no report. */
static const struct {
	const char *from, *to;
	int ret;
	enum status want;
	const char *reason; /* or why it is no report */
} judged[] = {
	{ "\"zebra\"", "\"okapi\"", 0, STATUS_PASS, "" },
	/* the figures, not the words */
	{ SAID("module") "256,\"mismatched\":0", SAID("module") "256,\"mismatched\":5", 0,
	  STATUS_FAIL, "witnesses.module: 5 of 256 differ" },
	{ SAID("module") "256", SAID("module") "0", 0, STATUS_UNVERIFIED, "nothing was compared" },
	{ SAID("module") "256", SAID("module") "255", 0, STATUS_UNVERIFIED, "255 of 256 pages" },
	{ SAID("pagemap") "256", SAID("pagemap") "1", 0, STATUS_UNVERIFIED, "1 of 256 pages" },
	{ SAID("iommu") "512", SAID("iommu") "256", 0, STATUS_UNVERIFIED, "256 of 512 pages" },
	{ "[\"0x0\",\"0x40000000\"]", "[\"0x0\"]", 0, STATUS_FAIL,
	  "translations: 2 of them belong to no page" },
	{ "\"tool\"", "\"with\":[{}],\"tool\"", 0, STATUS_UNVERIFIED, "512 of 1024 pages" },
	/* what the IOMMU has, against the frames: told in other pieces, elsewhere, in part */
	{ AT("0x40000000", "0x1000000", "0x80000"),
	  AT("0x40000000", "0x1000000", "0x1000") "," AT("0x40001000", "0x1001000", "0x7f000"), 0,
	  STATUS_PASS, "" },
	{ AT("0x40080000", "0x2000000", "0x80000"), AT("0x40080000", "0x3000000", "0x80000"), 0,
	  STATUS_FAIL,
	  "translations: IOVA 0x40080000 at 0x3000000, but by the page table IOVA 0x40080000 at 0x2000000" },
	{ AT("0x0", "0x1000000", "0x80000"), AT("0x1000", "0x1000000", "0x80000"), 0, STATUS_FAIL,
	  "translations: IOVA 0x1000 at 0x1000000" },
	{ AT("0x0", "0x1000000", "0x80000"), AT("0x0", "0x1000000", "0x7f000"), 0, STATUS_FAIL,
	  "but by the page table IOVA 0x7f000 at 0x107f000" },
	{ AT("0x0", "0x1000000", "0x80000"),
	  AT("0x0", "0x1000000", "0x80000") "," AT("0x0", "0x1000000", "0x80000"), 0, STATUS_FAIL,
	  "translations: IOVA 0x0" },
	{ "," AT("0x40080000", "0x2000000", "0x80000"), "", 0, STATUS_UNVERIFIED,
	  "translations: there is none for IOVA 0x40080000" },
	{ THERE, "", 0, STATUS_UNVERIFIED, "translations: there is none for IOVA 0x0" },
	{ AT("0x40080000", "0x2000000", "0x80000"),
	  AT("0x40080000", "0x2000000", "0x80000") "," AT("0x80000000", "0x0", "0x1000"), 0,
	  STATUS_FAIL, "translations: 1 of them belong to no page" },
	{ AT("0x40080000", "0x2000000", "0x80000"), AT("0x40080000", "0x2000000", "0x81000"), 0,
	  STATUS_FAIL, "translations: 1 of them belong to no page" },
	{ "\"iovas\":[\"0x0\",\"0x40000000\"]", "\"iovas\":null", -EINVAL, 0,
	  "iovas is not an array" },
	{ "\"iovas\":[\"0x0\",\"0x40000000\"]", "\"iovas\":\"0x0\"", -EINVAL, 0,
	  "iovas is not an array" },
	{ "\"tool\"", "\"with\":null,\"tool\"", -EINVAL, 0, "with is not an array" },
	{ "\"tool\"", "\"with\":{},\"tool\"", -EINVAL, 0, "with is not an array" },
	{ "\"translations\"", "\"transitions\"", 0, STATUS_UNVERIFIED, "translations are missing" },
	{ "\"translations\":[", "\"translations\":{},\"x\":[", -EINVAL, 0,
	  "translations is not an array" },
	{ "\"len\":\"0x80000\"", "\"len\":524288", -EINVAL, 0, "translations[0] is no" },
	{ "\"len\":\"0x80000\"", "\"len\":\"0x0\"", -EINVAL, 0, "translations[0] is no" },
	{ "\"pa\":\"0x1000000\",", "", -EINVAL, 0, "translations[0] is no" },
	{ "[\"0x0\",\"0x40000000\"]", "[\"0x0\",1073741824]", -EINVAL, 0,
	  "iovas[1] is not an address" },
	{ "[\"0x0\",\"0x40000000\"]", "[\"0x40000000\",\"0x0\"]", -EINVAL, 0,
	  "mapping.iova is not the first" },
	/* a report from which pages were taken away */
	{ SAID("module") "256", SAID("module") "257", 0, STATUS_UNVERIFIED,
	  "257 pages were compared, but there are 256 to compare" },
	{ SAID("pagemap") "256", SAID("pagemap") "9007199254740993", 0, STATUS_UNVERIFIED,
	  "9007199254740993 pages were compared" },
	/* what is left of a witness that failed */
	{ SAID("module") "256,\"mismatched\":0",
	  SAID("module") "256,\"mismatched\":0,\"first_mismatch\":\"page 0x0\"", -EINVAL, 0,
	  "module has a first_mismatch, but mismatched is 0" },
	{ SAID("later") "1,\"mismatched\":0",
	  SAID("later") "1,\"mismatched\":0,\"first_mismatch\":\"page 0x0\"", -EINVAL, 0,
	  "later has a first_mismatch, but mismatched is 0" },
	{ SAID("later") "1", SAID("later") "1,\"total\":2", 0, STATUS_PASS, "" },
	{ SAID("later") "1", SAID("later") "1,\"total\":0", -EINVAL, 0,
	  "compared is 1, but total is 0" },
	{ SAID("later") "1", SAID("later") "1,\"total\":\"2\"", -EINVAL, 0,
	  "total is not a count" },
	{ "\"not_proven\":[", "\"not_proven\":[{\"witness\":\"module\",\"why\":\"\"},", 0,
	  STATUS_UNVERIFIED, "not_proven names module" },
	{ "\"not_proven\":[", "\"not_proven\":[{\"witness\":\"interrupts\",\"why\":\"\"},", 0,
	  STATUS_PASS, "" },
	{ "\"not_proven\":[", "\"not_proven\":[\"module\",", -EINVAL, 0, "names no witness" },
	{ "\"not_proven\":[", "\"not_proven\":{},\"x\":[", -EINVAL, 0, "not_proven is not" },
	/* a witness whose step is gone, or did not pass */
	{ "\"name\":\"page-user\"", "\"name\":\"page-usher\"", 0, STATUS_UNVERIFIED,
	  "witnesses.module: there is no step page-user" },
	{ "\"page-user\",\"status\":\"pass\"", "\"page-user\",\"status\":\"skip\"", 0,
	  STATUS_UNVERIFIED, "witnesses.module: there is no step page-user" },
	{ "\"iommu\",\"status\":\"pass\"", "\"iommu\",\"status\":\"skip\"", 0, STATUS_UNVERIFIED,
	  "witnesses.iommu: there is no step iommu" },
	{ "\"device-dma\",\"status\":\"pass\"", "\"device-dma\",\"status\":\"skip\"", 0,
	  STATUS_PASS, "" }, /* nor did the witness */
	{ "{\"name\":\"pagemap\",\"status\":\"pass\"},", "", 0, STATUS_UNVERIFIED,
	  "witnesses.pagemap: there is no step pagemap" },
	{ SAID("later") "1", SAID("later") "0", 0, STATUS_UNVERIFIED, "nothing was compared" },
	{ SAID("later") "1,\"mismatched\":0", SAID("later") "1,\"mismatched\":1", 0, STATUS_FAIL,
	  "witnesses.later: 1 of 1 differ" },
	{ "{\"compared\":512,\"mismatched\":0,\"pages\":[]",
	  "{\"compared\":512,\"mismatched\":1,\"pages\":[\"0x0\"]", 0, STATUS_FAIL,
	  "stale: 1 of 512 differ" },
	{ "{\"compared\":512,\"mismatched\":0,\"pages\":[]}", "{}", 0, STATUS_UNVERIFIED,
	  "stale: nothing was compared before the unmap" },
	{ "{\"compared\":512,\"mismatched\":0,\"pages\":[]",
	  "{\"compared\":512,\"mismatched\":0,\"pages\":[\"0x0\"]", -EINVAL, 0,
	  "stale.pages does not hold the 0 pages" },
	{ "{\"compared\":512,\"mismatched\":0,\"pages\":[]",
	  "{\"compared\":512,\"mismatched\":0,\"pages\":0", -EINVAL, 0, "stale.pages" },
	{ "\"stale\":{\"compared\":512", "\"stale\":{\"compared\":1", 0, STATUS_UNVERIFIED,
	  "stale: 1 of 512 pages" },
	{ "\"stale\":{\"compared\":512", "\"stale\":{\"compared\":0", 0, STATUS_UNVERIFIED,
	  "stale: 0 of 512 pages" },
	/* words that are worse than the figures */
	{ SAID("later"), "\"later\":{\"status\":\"fail\",\"compared\":", 0, STATUS_FAIL,
	  "is fail" },
	{ SAID("later"), "\"later\":{\"status\":\"error\",\"compared\":", 0, STATUS_ERROR,
	  "is error" },
	{ SAID("later"), "\"later\":{\"status\":\"unverified\",\"compared\":", 0, STATUS_UNVERIFIED,
	  "is unverified" },
	{ "\"open\",\"status\":\"pass\"", "\"open\",\"status\":\"fail\"", 0, STATUS_FAIL,
	  "steps: open: its status is fail" },
	{ "\"open\",\"status\":\"pass\"", "\"open\",\"status\":\"unverified\"", 0,
	  STATUS_UNVERIFIED, "open" },
	{ "\"first\",\"status\":\"pass\"", "\"first\",\"status\":\"fail\"", 0, STATUS_FAIL,
	  "first" },
	{ "\"open\",\"status\":\"pass\"", "\"\\u001b[2J\",\"status\":\"fail\"", 0, STATUS_FAIL,
	  "steps: \\x1b[2J" },
	{ "\"tool\"", "\"error\":{\"what\":\"x\"},\"tool\"", 0, STATUS_ERROR, "an error" },
	{ "\"tool\"", "\"error\":null,\"tool\"", 0, STATUS_PASS, "" },
	/* who is missing, or was left out */
	{ SAID("module"), SAID("nodule"), 0, STATUS_UNVERIFIED, "witnesses.module is missing" },
	{ SAID("pagemap"), SAID("pagemop"), 0, STATUS_UNVERIFIED, "witnesses.pagemap is missing" },
	{ SAID("iommu"), SAID("nommu"), 0, STATUS_UNVERIFIED, "witnesses.iommu is missing" },
	{ "\"device_dma\"", "\"device_dmo\"", 0, STATUS_UNVERIFIED, "device_dma is missing" },
	{ SAID("module") "256", "\"module\":{\"status\":\"skip\",\"compared\":0", 0,
	  STATUS_UNVERIFIED, "witnesses.module was skipped" },
	{ SAID("pagemap") "256", "\"pagemap\":{\"status\":\"skip\",\"compared\":0", 0,
	  STATUS_UNVERIFIED, "witnesses.pagemap was skipped" },
	{ SAID("iommu") "512", "\"iommu\":{\"status\":\"skip\",\"compared\":0", 0,
	  STATUS_UNVERIFIED, "witnesses.iommu was skipped" },
	{ "\"device_dma\":{\"status\":\"skip\"", "\"device_dma\":{\"status\":\"pass\"", 0,
	  STATUS_UNVERIFIED, "nothing was compared" },
	{ "\"device_dma\":{\"status\":\"skip\",\"compared\":0", SAID("device_dma") "100", 0,
	  STATUS_PASS, "" },
	/* the host's own word of an earlier time */
	{ "\"qemu\":{\"status\":\"skip\"", "\"qemu\":{\"status\":\"fail\"", 0, STATUS_PASS, "" },
	{ "\"qemu\":{\"status\":\"skip\"", "\"qemu\":{\"status\":7", 0, STATUS_PASS, "" },
	{ "\"qemu\":{", "\"qemu\":7,\"k\":{\"l\":0,", 0, STATUS_PASS, "" },
	/* held, and not final */
	{ "\"verdict\":\"pass\"", "\"verdict\":\"unverified\",\"held\":true,\"so_far\":\"pass\"", 0,
	  STATUS_PASS, "" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"fail\",\"held\":true,\"so_far\":\"fail\"", 0,
	  STATUS_FAIL, "so far" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"pass\",\"held\":true,\"so_far\":\"pass\"", -EINVAL,
	  0, "still held" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"unverified\",\"held\":true", -EINVAL, 0,
	  "so_far" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"unverified\",\"held\":true,\"so_far\":\"fail\"",
	  -EINVAL, 0, "so_far is worse" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"unverified\",\"held\":1,\"so_far\":\"pass\"",
	  -EINVAL, 0, "report.held" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"pass\",\"final\":false", 0, STATUS_UNVERIFIED,
	  "final report" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"pass\",\"final\":true", 0, STATUS_PASS, "" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"pass\",\"final\":\"yes\"", -EINVAL, 0,
	  "report.final" },
	/* no report at all */
	{ "\"verdict\":\"pass\",", "", -EINVAL, 0, "verdict is missing" },
	{ "\"verdict\":\"pass\"", "\"verdict\":null", -EINVAL, 0, "report.verdict is " },
	{ "\"verdict\":\"pass\"", "\"verdict\":0", -EINVAL, 0, "report.verdict is not one" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"\"", -EINVAL, 0, "report.verdict is not one" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"PASS\"", -EINVAL, 0, "report.verdict is not one" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"pass \"", -EINVAL, 0,
	  "report.verdict is not one" },
	{ "\"verdict\":\"pass\"", "\"verdict\":\"skip\"", -EINVAL, 0, "report.verdict is not one" },
	{ "\"verdict\":\"pass\"", "\"verdict\":[\"pass\"]", -EINVAL, 0,
	  "report.verdict is not one" },
	{ "\"witnesses\"", "\"witless\"", -EINVAL, 0, "witnesses is missing" },
	{ "\"witnesses\":{", "\"witnesses\":[],\"x\":{", -EINVAL, 0, "witnesses is not an object" },
	{ "\"witnesses\":{", "\"witnesses\":null,\"x\":{", -EINVAL, 0, "witnesses is " },
	{ "\"module\":{", "\"module\":null,\"x\":{", -EINVAL, 0, "witnesses.module is not" },
	{ "\"module\":{", "\"module\":[],\"x\":{", -EINVAL, 0, "witnesses.module is not" },
	{ "\"module\":{\"status\":\"pass\",", "\"module\":{", -EINVAL, 0,
	  "witnesses.module.status" },
	{ "\"module\":{\"status\":\"pass\"", "\"module\":{\"status\":1", -EINVAL, 0,
	  "witnesses.module.status" },
	{ "\"module\":{\"status\":\"pass\"", "\"module\":{\"status\":\"good\"", -EINVAL, 0,
	  "witnesses.module.status" },
	{ SAID("module") "256", SAID("module") "-256", -EINVAL, 0,
	  "module.compared is not a count" },
	{ SAID("module") "256", SAID("module") "\"256\"", -EINVAL, 0,
	  "module.compared is not a count" },
	{ SAID("module") "256", SAID("module") "256.0", -EINVAL, 0,
	  "module.compared is not a count" },
	{ SAID("module") "256", SAID("module") "true", -EINVAL, 0,
	  "module.compared is not a count" },
	{ SAID("module") "256", SAID("module") "99999999999999999999", -EINVAL, 0, "not a count" },
	{ SAID("module") "256,\"mismatched\":0", SAID("module") "256", -EINVAL, 0,
	  "module.mismatched is not a count" },
	{ SAID("module") "256,\"mismatched\":0", SAID("module") "256,\"mismatched\":257", -EINVAL,
	  0, "mismatched is 257, but compared is 256" },
	{ "\"device_dma\":{\"status\":\"skip\",\"compared\":0",
	  "\"device_dma\":{\"status\":\"skip\",\"compared\":1", -EINVAL, 0,
	  "skipped, but compared is 1" },
	{ "\"device_dma\":{\"status\":\"skip\",\"compared\":0", SAID("device_dma") "512", 0,
	  STATUS_PASS, "" },
	{ "\"device_dma\":{\"status\":\"skip\",\"compared\":0", SAID("device_dma") "513", 0,
	  STATUS_UNVERIFIED, "device_dma: 513 pages were compared, but" },
	{ "\"stale\":{\"compared\":512", "\"stale\":{\"compared\":\"512\"", -EINVAL, 0,
	  "stale.compared" },
	{ "\"steps\"", "\"stops\"", -EINVAL, 0, "steps is missing" },
	{ "\"steps\":[", "\"steps\":[],\"x\":[", -EINVAL, 0, "steps is empty" },
	{ "\"steps\":[", "\"steps\":{},\"x\":[", -EINVAL, 0, "steps is not an array" },
	{ "\"steps\":[", "\"steps\":[7,", -EINVAL, 0, "steps[0]" },
	{ "\"name\":\"open\",", "", -EINVAL, 0, "steps[0] has no name" },
	{ "\"open\",\"status\":\"pass\"", "\"open\",\"status\":\"passed\"", -EINVAL, 0,
	  "steps[0].status" },
	{ "\"open\",\"status\":\"pass\"", "\"open\"", -EINVAL, 0, "steps[0].status" },
	{ "\"checks\":[", "\"checks\":[null,", -EINVAL, 0, "steps[].checks[0]" },
};

static void test_judged(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(judged); i++) {
		char *text = replaced(judged[i].from, judged[i].to), why[256] = "";
		struct json_object *report = parse(text);
		struct qemu_guest g;
		int ret;

		json_object_object_del(report, "proven"); /* has a table of its own */
		ret = judge(report, &g, why);
		if (ret != judged[i].ret)
			fail_msg("%s -> %s: %d: %s", judged[i].from, judged[i].to, ret, why);
		if (!ret && g.verdict != judged[i].want)
			fail_msg("%s -> %s: %s", judged[i].from, judged[i].to,
				 status_name(g.verdict));
		if (!strstr(ret ? why : g.reason, judged[i].reason) ||
		    (!ret && !g.reason[0] != (g.verdict == STATUS_PASS)))
			fail_msg("%s -> %s: \"%s\"", judged[i].from, judged[i].to,
				 ret ? why : g.reason);
		json_object_put(report);
		free(text);
	}
}

/* A run expects one kind of page: a witness that passes all the same was not of these pages. */
static void test_pages(void **state)
{
	static const struct {
		enum expect expect;
		uint64_t user, supervisor, absent;
		enum status want;
		const char *reason;
	} t[] = {
		{ EXPECT_DEFAULT, PAGES, 0, 0, STATUS_PASS, "" },
		{ EXPECT_DEFAULT, 0, PAGES, 0, STATUS_UNVERIFIED,
		  "256 of 256 are supervisor pages, and the report does not say that" },
		{ EXPECT_DEFAULT, PAGES - 1, 1, 0, STATUS_FAIL,
		  "255 are user and 1 supervisor pages" },
		{ EXPECT_DEFAULT, PAGES - 1, 0, 1, STATUS_FAIL, "1 of 256 are absent" },
		{ EXPECT_USER, PAGES, 0, 0, STATUS_PASS, "" },
		{ EXPECT_SUPERVISOR, 0, PAGES, 0, STATUS_PASS, "" },
		{ EXPECT_USER, PAGES - 1, 1, 0, STATUS_FAIL,
		  "1 of 256 are supervisor pages, but the run expected user pages" },
		{ EXPECT_SUPERVISOR, PAGES, 0, 0, STATUS_FAIL,
		  "256 of 256 are user pages, but the run expected supervisor pages" },
	};
	struct json_object *report = parse(good);
	struct qemu_guest g;
	char why[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const struct qemu_report r = { .vaddr = 0x7f0000000000,
					       .size = PAGES << 12,
					       .expect = t[i].expect,
					       .user = t[i].user,
					       .supervisor = t[i].supervisor,
					       .absent = t[i].absent,
					       .fmt = pt_x86,
					       .runs = runs,
					       .nr_runs = ARRAY_SIZE(runs),
					       .json = report };

		assert_int_equal(qemu_guest_judge(&r, &g, why, sizeof(why)), 0);
		assert_int_equal(g.verdict, t[i].want);
		assert_non_null(strstr(g.reason, t[i].reason));
	}
	json_object_put(report);
}

/* Reports that are to be judged: all but those that say in plain words that they are no pass. */
static void test_claims_pass(void **state)
{
	static const struct {
		const char *text;
		bool claims;
	} t[] = {
		{ "{\"verdict\":\"pass\"}", true },
		{ "{\"verdict\":\"unverified\",\"held\":true,\"so_far\":\"pass\"}", true },
		{ "{\"verdict\":\"unverified\"}", false },
		{ "{\"verdict\":\"fail\",\"held\":true,\"so_far\":\"fail\"}", false },
		{ "{\"verdict\":\"error\"}", false },
		/* no word that a run ends with, so that judging it refuses it */
		{ "{\"verdict\":\"skip\"}", true },
		{ "{\"verdict\":\"pass \"}", true },
		{ "{\"verdict\":true}", true },
		{ "{}", true },
		{ "{\"verdict\":\"unverified\",\"held\":true}", true },
		{ "{\"verdict\":\"unverified\",\"so_far\":null}", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		const struct qemu_report r = { .json = parse(t[i].text) };

		assert_int_equal(qemu_guest_claims_pass(&r), t[i].claims);
		json_object_put(r.json);
	}
}

#define COUNTS(n, bad) "{\"compared\":" #n ",\"mismatched\":" #bad "}"
#define ASKED(n, bad)  "\"iommu\":" COUNTS(n, bad)
#define MOVED(n, bad)  "\"device_dma\":" COUNTS(n, bad)
#define TOLD	       "\"translations\":[" THERE "]"

/* Each device of the container has figures and translations of its own. */
static void test_with(void **state)
{
	static const struct {
		const char *with;
		enum status want;
		const char *reason;
	} t[] = {
		{ "{" ASKED(512, 0) "," TOLD "}", STATUS_PASS, "" },
		{ "{" ASKED(512, 0) ",\"translations\":[" AT("0x0", "0x1000", "0x80000") "]}",
		  STATUS_FAIL, "with[0].translations: IOVA 0x0 at 0x1000" },
		{ "{" ASKED(512, 0) ",\"translations\":[]}", STATUS_UNVERIFIED,
		  "with[0].translations: there is none" },
		{ "{" ASKED(512, 0) "}", STATUS_UNVERIFIED, "with[0].translations are missing" },
		{ "{" TOLD "}", STATUS_UNVERIFIED, "with[0].iommu is missing" },
		{ "{" ASKED(512, 1) "," TOLD "}", STATUS_FAIL, "with[0].iommu: 1 of 512 differ" },
		{ "{" ASKED(511, 0) "," TOLD "}", STATUS_UNVERIFIED, "with[0].iommu: 511 of 512" },
		{ "{" ASKED(513, 0) "," TOLD "}", STATUS_UNVERIFIED, "513 pages were compared" },
		{ "{" ASKED(512, 0) "," MOVED(16, 0) "," TOLD "}", STATUS_PASS, "" },
		{ "{" ASKED(512, 0) "," MOVED(16, 1) "," TOLD "}", STATUS_FAIL,
		  "with[0].device_dma: 1 of 16 differ" },
		{ "{" ASKED(512, 0) "," MOVED(513, 0) "," TOLD "}", STATUS_UNVERIFIED,
		  "with[0].device_dma: 513 pages were compared" },
		{ "{" ASKED(-1, 0) "," TOLD "}", STATUS_ERROR, "" },
		{ "{" ASKED(1, 2) "," TOLD "}", STATUS_ERROR, "" },
		{ "{" ASKED(512, 0) ",\"device_dma\":7," TOLD "}", STATUS_ERROR, "" },
	};
	struct qemu_guest g;
	char why[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		char *text = replaced("\"iommu\":{\"status\":\"pass\",\"compared\":512",
				      "\"iommu\":{\"status\":\"pass\",\"compared\":1024");
		struct json_object *report = parse(text), *with = json_object_new_array();

		json_object_array_add(with, parse(t[i].with));
		json_object_object_add(report, "with", with);
		json_object_object_add(report, "stale",
				       parse("{\"compared\":1024,\"mismatched\":0,\"pages\":[]}"));
		if (judge(report, &g, why)) {
			assert_true(t[i].want == STATUS_ERROR && strstr(why, "report.with[0]."));
			g.verdict = STATUS_ERROR;
		}
		if (g.verdict != t[i].want || !strstr(g.reason, t[i].reason))
			fail_msg("%zu: %s: %s", i, status_name(g.verdict), g.reason);
		json_object_put(report);
		free(text);
	}
}

/* What is proven is what the figures say. */
static void test_proven_follows(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} t[] = {
		{ "\"proven\":[", "\"proven\":[\"qemu\",", NULL },
		{ "\"proven\":[", "\"proven\":[\"interrupts\",", "proven names interrupts" },
		{ "\"proven\":[", "\"proven\":[\"device_dma\",", "proven names device_dma" },
		{ "\"proven\":[", "\"proven\":[\"nobody\",", "proven names nobody" },
		{ "\"proven\":[", "\"proven\":[7,", "proven[0] is not a string" },
		{ "\"proven\":[", "\"proven\":{},\"x\":[", "proven is not an array" },
		{ SAID("module") "256,\"mismatched\":0", SAID("module") "256,\"mismatched\":1",
		  "proven names module" },
		{ SAID("iommu") "512", SAID("iommu") "0", "proven names iommu" },
		{ SAID("pagemap"),
		  "\"pagemap\":{\"status\":\"unverified\",\"compared\":", "proven names pagemap" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		char *text = replaced(t[i].from, t[i].to), why[256] = "";
		struct json_object *report = parse(text);
		struct qemu_guest g;
		int ret = judge(report, &g, why);

		if (ret != (t[i].why ? -EINVAL : 0) || (t[i].why && !strstr(why, t[i].why)))
			fail_msg("%s -> %s: %d: %s", t[i].from, t[i].to, ret, why);
		json_object_put(report);
		free(text);
	}
}

/* The run of a held report goes on: no pass, but what it is so far. */
static void test_held(void **state)
{
	static const struct qemu_guest guest = { .verdict = STATUS_PASS, .held = true };
	struct json_object *report = parse(good);

	(void)state;
	assert_int_equal(qemu_join(report, NULL, &guest, STATUS_PASS, ""), STATUS_UNVERIFIED);
	assert_string_equal(string_at(report, "verdict"), "unverified");
	assert_string_equal(string_at(report, "so_far"), "pass");
	assert_int_equal(qemu_join(report, NULL, &guest, STATUS_FAIL, "x"), STATUS_FAIL);
	assert_string_equal(string_at(report, "verdict"), "fail");
	assert_string_equal(string_at(report, "so_far"), "fail");
	json_object_put(report);
}

static const char *list(struct json_object *report, const char *key)
{
	struct json_object *val = NULL;

	assert_true(json_object_object_get_ex(report, key, &val));
	return json_object_to_json_string_ext(val, JSON_C_TO_STRING_PLAIN);
}

static void test_proven(void **state)
{
	static const struct qemu_guest guest = { .verdict = STATUS_PASS };
	struct json_object *report = parse(good);
	int again;

	(void)state;
	for (again = 0; again < 2; again++) { /* what was said before goes */
		qemu_join(report, NULL, &guest, STATUS_UNVERIFIED, "no VM");
		assert_string_equal(list(report, "proven"), "[\"module\",\"pagemap\",\"iommu\"]");
		assert_string_equal(list(report, "not_proven"),
				    "[{\"witness\":\"device_dma\",\"why\":\"not asked\"},"
				    "{\"witness\":\"qemu\",\"why\":\"no VM\"}]");
		qemu_join(report, NULL, &guest, STATUS_PASS, "");
		assert_string_equal(list(report, "proven"),
				    "[\"module\",\"pagemap\",\"iommu\",\"qemu\"]");
		assert_string_equal(list(report, "not_proven"),
				    "[{\"witness\":\"device_dma\",\"why\":\"not asked\"}]");
	}
	json_object_put(report);
}

static void test_rest_unchanged(void **state)
{
	static const struct qemu_guest guest = { .verdict = STATUS_PASS };
	static const char told[] = "{\"status\":\"fail\",\"compared\":1280,\"mismatched\":3}";
	struct json_object *report = parse(good), *want;
	char *text, *expected;

	(void)state;
	json_object_object_del(report, "not_proven");
	assert_int_equal(qemu_join(report, parse(told), &guest, STATUS_FAIL, "x"), STATUS_FAIL);
	text = replaced("\"verdict\":\"pass\"", "\"verdict\":\"fail\"");
	assert_true(asprintf(&expected, "%.*s\"qemu\":%s%s",
			     (int)(strstr(text, "\"qemu\":") - text), text, told,
			     strstr(text, ",\"later\"")) > 0);
	want = parse(expected);
	json_object_object_del(want, "not_proven");
	/* byte by byte: order and the look of numbers as well */
	assert_string_equal(json_object_to_json_string_ext(report, LAYOUT),
			    json_object_to_json_string_ext(want, LAYOUT));
	assert_non_null(strstr(json_object_to_json_string_ext(report, LAYOUT), "1.50"));
	assert_non_null(
		strstr(json_object_to_json_string_ext(report, LAYOUT), "18446744073709551615"));
	json_object_put(report);
	json_object_put(want);
	free(expected);
	free(text);
}

/* A report that had no such witness gets one. */
static void test_witness_added(void **state)
{
	static const struct qemu_guest guest = { .verdict = STATUS_PASS };
	struct json_object *report = parse("{\"verdict\":\"pass\",\"witnesses\":{}}");

	(void)state;
	qemu_join(report, parse("{\"status\":\"pass\"}"), &guest, STATUS_PASS, "");
	assert_string_equal(
		json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN),
		"{\"verdict\":\"pass\",\"witnesses\":{\"qemu\":{\"status\":\"pass\"}}}");
	json_object_put(report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worst_wins),     cmocka_unit_test(test_judged),
		cmocka_unit_test(test_pages),	       cmocka_unit_test(test_claims_pass),
		cmocka_unit_test(test_with),	       cmocka_unit_test(test_proven_follows),
		cmocka_unit_test(test_held),	       cmocka_unit_test(test_proven),
		cmocka_unit_test(test_rest_unchanged), cmocka_unit_test(test_witness_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
