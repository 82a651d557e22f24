// SPDX-License-Identifier: GPL-2.0
/* The joined report: its verdict, what stays as it was, and all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu_join.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LAYOUT	      (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Of each kind something that is easily lost: order, fractions, 64 bits, slashes. */
static const char good[] =
	"{\"tool\":\"vfio_test\",\"verdict\":\"pass\",\"zebra\":[1.50,-3,18446744073709551615],"
	"\"apple\":{\"path\":\"a/b \\u00e9 \\\"c\\\"\",\"none\":null,\"yes\":true},"
	"\"witnesses\":{\"module\":{\"status\":\"pass\",\"compared\":256,\"mismatched\":0},"
	"\"iommu\":{\"status\":\"skip\",\"compared\":0,\"mismatched\":0},"
	"\"qemu\":{\"status\":\"skip\",\"compared\":0,\"mismatched\":0},"
	"\"later\":{\"status\":\"pass\",\"more\":[]}},"
	"\"last\":\"0xffffffffffffffff\"}";

static struct json_object *parse(const char *text)
{
	struct json_object *obj = json_tokener_parse(text);

	assert_non_null(obj);
	return obj;
}

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
	enum verdict verdict;
	const char *name;
} verdicts[] = {
	{ VERDICT_PASS, "pass" },
	{ VERDICT_UNVERIFIED, "unverified" },
	{ VERDICT_FAIL, "fail" },
	{ VERDICT_ERROR, "error" },
};

/* Guest's, host's and joined verdict: the worst wins, whoever says it. */
static void test_worst_wins(void **state)
{
	static const enum verdict want[4][4] = {
		{ VERDICT_PASS, VERDICT_UNVERIFIED, VERDICT_FAIL, VERDICT_ERROR },
		{ VERDICT_UNVERIFIED, VERDICT_UNVERIFIED, VERDICT_FAIL, VERDICT_ERROR },
		{ VERDICT_FAIL, VERDICT_FAIL, VERDICT_FAIL, VERDICT_ERROR },
		{ VERDICT_ERROR, VERDICT_ERROR, VERDICT_ERROR, VERDICT_ERROR },
	};
	char word[64], why[128];
	size_t g, h, n;

	(void)state;
	for (g = 0; g < 4; g++) {
		for (h = 0; h < 4; h++) {
			struct json_object *report;
			enum verdict guest, joined;
			char *text;

			snprintf(word, sizeof(word), "\"verdict\":\"%s\"", verdicts[g].name);
			text = replaced("\"verdict\":\"pass\"", word);
			report = parse(text);
			assert_int_equal(qemu_join_verdict(report, &guest, why, sizeof(why)), 0);
			assert_int_equal(guest, verdicts[g].verdict);
			joined = qemu_join(report, json_object_new_object(), guest,
					   verdicts[h].verdict);
			assert_int_equal(joined, want[g][h]);
			for (n = 0; verdicts[n].verdict != joined; n++)
				;
			assert_string_equal(string_at(report, "verdict"), verdicts[n].name);
			json_object_put(report);
			free(text);
		}
	}
}

/* A witness that did not pass counts, whatever the report makes of it. */
static void test_witnesses_count(void **state)
{
	char word[64], why[128];
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(verdicts); n++) {
		struct json_object *report;
		enum verdict guest;
		char *text;

		snprintf(word, sizeof(word), "\"later\":{\"status\":\"%s\"", verdicts[n].name);
		text = replaced("\"later\":{\"status\":\"pass\"", word);
		report = parse(text);
		assert_int_equal(qemu_join_verdict(report, &guest, why, sizeof(why)), 0);
		assert_int_equal(guest, verdicts[n].verdict);
		json_object_put(report);
		free(text);
	}
}

/* An earlier word of the host's is not the guest's. */
static void test_own_witness_does_not_count(void **state)
{
	static const char *const words[] = {
		"{\"status\":\"fail\"",
		"{\"status\":7",
		"7,\"x\":{\"status\":\"pass\"",
	};
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(words); n++) {
		char word[64], why[128], *text;
		struct json_object *report;
		enum verdict guest;

		snprintf(word, sizeof(word), "\"qemu\":%s", words[n]);
		text = replaced("\"qemu\":{\"status\":\"skip\"", word);
		report = parse(text);
		assert_int_equal(qemu_join_verdict(report, &guest, why, sizeof(why)), 0);
		assert_int_equal(guest, VERDICT_PASS);
		json_object_put(report);
		free(text);
	}
}

static void test_rest_unchanged(void **state)
{
	static const char told[] = "{\"status\":\"fail\",\"compared\":1280,\"mismatched\":3}";
	struct json_object *report = parse(good), *want;
	char *text, *expected;

	(void)state;
	assert_int_equal(qemu_join(report, parse(told), VERDICT_PASS, VERDICT_FAIL), VERDICT_FAIL);
	text = replaced("\"verdict\":\"pass\"", "\"verdict\":\"fail\"");
	assert_true(asprintf(&expected, "%.*s\"qemu\":%s%s",
			     (int)(strstr(text, "\"qemu\":") - text), text, told,
			     strstr(text, ",\"later\"")) > 0);
	want = parse(expected);
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
	struct json_object *report = parse("{\"verdict\":\"pass\",\"witnesses\":{}}");
	enum verdict guest;
	char why[128];

	(void)state;
	assert_int_equal(qemu_join_verdict(report, &guest, why, sizeof(why)), 0);
	qemu_join(report, parse("{\"status\":\"pass\"}"), guest, VERDICT_PASS);
	assert_string_equal(
		json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN),
		"{\"verdict\":\"pass\",\"witnesses\":{\"qemu\":{\"status\":\"pass\"}}}");
	json_object_put(report);
}

static void test_bad_reports(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} t[] = {
		{ "\"verdict\":\"pass\",", "", "verdict is missing" },
		{ "\"verdict\":\"pass\"", "\"verdict\":null", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":0", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":\"\"", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":\"PASS\"", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":\"pass \"", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":\"skip\"", "report.verdict is none" },
		{ "\"verdict\":\"pass\"", "\"verdict\":[\"pass\"]", "report.verdict is none" },
		{ "\"witnesses\"", "\"witless\"", "witnesses is missing" },
		{ "\"witnesses\":{", "\"witnesses\":[],\"x\":{", "witnesses is not an object" },
		{ "\"witnesses\":{", "\"witnesses\":null,\"x\":{", "witnesses is " },
		{ "\"module\":{", "\"module\":null,\"x\":{", "witnesses.module.status" },
		{ "\"module\":{", "\"module\":[],\"x\":{", "witnesses.module.status" },
		{ "\"module\":{\"status\":\"pass\",", "\"module\":{", "witnesses.module.status" },
		{ "\"module\":{\"status\":\"pass\"", "\"module\":{\"status\":1",
		  "witnesses.module.status" },
		{ "\"module\":{\"status\":\"pass\"", "\"module\":{\"status\":\"good\"",
		  "witnesses.module.status" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		char *text = replaced(t[i].from, t[i].to), why[128] = "";
		struct json_object *report = parse(text);
		enum verdict guest;

		if (qemu_join_verdict(report, &guest, why, sizeof(why)) != -EINVAL)
			fail_msg("taken: %s -> %s", t[i].from, t[i].to);
		if (!strstr(why, t[i].why))
			fail_msg("%s -> %s: %s", t[i].from, t[i].to, why);
		json_object_put(report);
		free(text);
	}
}

/* Files, in a directory of their own */

static char dir[] = "/tmp/vfio-verify-join.XXXXXX";
static char path[sizeof(dir) + 16];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/report", dir);
	return 0;
}

/* How many files are in the directory; a name for each is removed if @gone. */
static unsigned int files(int gone)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned int n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		n++;
		if (gone)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	return n;
}

static int remove_dir(void **state)
{
	(void)state;
	files(1);
	return rmdir(dir);
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && !fclose(f));
}

static void assert_holds(const char *name, const char *text)
{
	char buf[4096] = "";
	FILE *f = fopen(name, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = '\0';
	assert_string_equal(buf, text);
}

static void expect_bad_write(const char *name, int no, const char *why)
{
	struct json_object *report = parse(good);
	struct err e = { 0 };

	assert_int_equal(qemu_join_write(name, report, &e), -no);
	assert_int_equal(e.no, no);
	assert_true(strstr(e.what, "joined report not written") && e.fix[0]);
	if (!strstr(e.why, why))
		fail_msg("%s: %s", name, e.why);
	json_object_put(report);
}

static void test_write(void **state)
{
	struct json_object *report = parse(good);
	char link[sizeof(path) + 8], want[4096];
	mode_t mask = umask(027);
	struct err e = { 0 };
	struct stat st;

	(void)state;
	snprintf(want, sizeof(want), "%s\n", json_object_to_json_string_ext(report, LAYOUT));
	assert_int_equal(qemu_join_write(path, report, &e), 0);
	umask(mask);
	assert_holds(path, want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* over a longer one, through a link, its mode as it was */
	snprintf(want + 1000, sizeof(want) - 1000, "%*s", 3000, "x");
	put_file(path, want);
	assert_int_equal(chmod(path, 0604), 0);
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(qemu_join_write(link, report, &e), 0);
	snprintf(want, sizeof(want), "%s\n", json_object_to_json_string_ext(report, LAYOUT));
	assert_holds(path, want);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(files(0), 2);
	json_object_put(report);
}

/* What was there stays, and nothing half is left. */
static void test_write_fails(void **state)
{
	struct rlimit lim, small;
	char name[sizeof(path) + 8];

	(void)state;
	put_file(path, "old\n");
	snprintf(name, sizeof(name), "%s/none/x", dir);
	expect_bad_write(name, ENOENT, "No such file");
	snprintf(name, sizeof(name), "%s/x", path);
	expect_bad_write(name, ENOTDIR, "Not a directory");
	expect_bad_write(dir, EINVAL, "no regular file");
	snprintf(name, sizeof(name), "%s/fifo", dir);
	assert_int_equal(mkfifo(name, 0600), 0);
	expect_bad_write(name, EINVAL, "no regular file");
	assert_int_equal(unlink(name), 0);

	/* as a full disk: some of it can be written, all cannot */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &lim), 0);
	small = lim;
	small.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	expect_bad_write(path, EFBIG, "too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_holds(path, "old\n");
	assert_int_equal(files(0), 1);
}

/* The "-" of --join, with standard output at @name; its -errno. */
static int write_stdout(const char *name, struct err *e)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0600), saved = dup(1), ret;
	struct json_object *report = parse(good);

	assert_true(fd >= 0 && saved >= 0);
	fflush(stdout);
	dup2(fd, 1);
	ret = qemu_join_write("-", report, e);
	__fpurge(stdout);
	clearerr(stdout);
	dup2(saved, 1);
	close(saved);
	close(fd);
	json_object_put(report);
	return ret;
}

static void test_stdout(void **state)
{
	struct json_object *report = parse(good);
	struct err e = { 0 };
	char want[4096];

	(void)state;
	snprintf(want, sizeof(want), "%s\n", json_object_to_json_string_ext(report, LAYOUT));
	assert_int_equal(write_stdout(path, &e), 0);
	assert_holds(path, want);
	assert_int_equal(write_stdout("/dev/full", &e), -ENOSPC);
	assert_non_null(strstr(e.what, "stdout"));
	json_object_put(report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worst_wins),
		cmocka_unit_test(test_witnesses_count),
		cmocka_unit_test(test_own_witness_does_not_count),
		cmocka_unit_test(test_rest_unchanged),
		cmocka_unit_test(test_witness_added),
		cmocka_unit_test(test_bad_reports),
		cmocka_unit_test_setup_teardown(test_write, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_write_fails, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_stdout, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
