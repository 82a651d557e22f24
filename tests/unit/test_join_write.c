// SPDX-License-Identifier: GPL-2.0
/* The joined report as a file: all or nothing, and what stays as it was. */
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

#include "join_fixture.h"
#include "qemu/join.h"

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
		cmocka_unit_test_setup_teardown(test_write, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_write_fails, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_stdout, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
