// SPDX-License-Identifier: GPL-2.0
/*
 * The references to a driver's module, and which of them the uses explain that are seen.  The
 * tree of a driver with two devices is made in a directory; a terminal of our own stands for a
 * node.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/in_use_search.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SELF	      "a/0000:00:01.0"
#define OTHER	      "a/0000:00:02.0"

static const char *node; /* the terminal's */
static char root[] = "/tmp/vfio-verify-refs.XXXXXX";

/* Returns a path in the tree; the last ones stay valid. */
static const char *at(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", root, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void make_dir(const char *name)
{
	assert_int_equal(mkdir(at(name), 0700), 0);
}

static void make_link(const char *to, const char *name)
{
	assert_int_equal(symlink(at(to), at(name)), 0);
}

static int setup(void **state)
{
	static const char *const dirs[] = { "a",
					    SELF,
					    OTHER,
					    "driver",
					    "mod",
					    "mod/nvme",
					    "mod/nvme/holders",
					    OTHER "/nvme1",
					    "class",
					    "class/misc" };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct stat st;
	char line[32];
	size_t i;

	(void)state;
	assert_int_equal(grantpt(terminal) || unlockpt(terminal), 0);
	node = ptsname(terminal);
	assert_int_equal(stat(node, &st), 0);
	snprintf(line, sizeof(line), "%u:%u\n", major(st.st_rdev), minor(st.st_rdev));
	assert_non_null(mkdtemp(root));
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	make_link("driver", SELF "/driver");
	make_link("driver", OTHER "/driver");
	make_link("mod/nvme", "driver/module");
	make_link(SELF, "driver/0000:00:01.0");
	put(OTHER "/nvme1/dev", line);
	make_link("class/misc", OTHER "/nvme1/subsystem");
	return 0;
}

static int teardown(void **state)
{
	char cmd[sizeof(root) + 16];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", root);
	return system(cmd);
}

static pid_t child;

/* A process opens the node so often, and has another descriptor of each. */
static void open_often(unsigned int times)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		/* A point that fails leaves nobody behind who has it open. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (times--)
			if (dup(open(node, O_RDWR | O_NOCTTY)) < 0)
				_exit(1);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static void end_child(void)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static enum use doubt(const char *refs, char *what)
{
	struct search s = { .use = USE_NONE };

	put("mod/nvme/refcnt", refs);
	use_doubt_module(&s, at(SELF));
	free(s.nodes);
	strcpy(what, s.what);
	return s.use;
}

static void test_only_device(void **state)
{
	char what[256];

	(void)state;
	assert_int_equal(doubt("0\n", what), USE_NONE);
	assert_int_equal(doubt("1\n", what), USE_UNKNOWN);
	assert_string_equal(what, "its driver's module nvme has 1 user that is not seen");
	make_dir("mod/nvme/holders/other");
	assert_int_equal(doubt("1\n", what), USE_NONE);
	assert_int_equal(doubt("3\n", what), USE_UNKNOWN);
	assert_string_equal(what, "its driver's module nvme has 2 users that are not seen");
	assert_int_equal(rmdir(at("mod/nvme/holders/other")), 0);
}

/* With another device of the driver, what is not seen may be of either. */
static void test_two_devices(void **state)
{
	char what[256];

	(void)state;
	make_link(OTHER, "driver/0000:00:02.0");
	assert_int_equal(doubt("0\n", what), USE_NONE);
	assert_int_equal(doubt("1\n", what), USE_UNKNOWN);
	assert_string_equal(
		what,
		"its driver's module nvme has 1 user that is not seen, of this device or of another one");
}

/* A device on a VFIO driver is open or not whatever the driver's other devices do. */
static void test_vfio(void **state)
{
	char what[256];

	(void)state;
	assert_int_equal(rename(at("driver"), at("vfio-pci")), 0);
	assert_int_equal(unlink(at(SELF "/driver")), 0);
	make_link("vfio-pci", SELF "/driver");
	assert_int_equal(doubt("1\n", what), USE_NONE);
	assert_int_equal(rename(at("vfio-pci"), at("driver")), 0);
	assert_int_equal(unlink(at(SELF "/driver")), 0);
	make_link("driver", SELF "/driver");
	assert_int_equal(doubt("1\n", what), USE_UNKNOWN);
}

/* An open file of an NVMe controller has two references: that of the cdev, and another one. */
static void test_nvme(void **state)
{
	char what[256];

	(void)state;
	make_dir("class/nvme");
	assert_int_equal(unlink(at(OTHER "/nvme1/subsystem")), 0);
	make_link("class/nvme", OTHER "/nvme1/subsystem");
	open_often(1);
	assert_int_equal(doubt("2\n", what), USE_NONE);
	assert_int_equal(doubt("3\n", what), USE_UNKNOWN);
	end_child();
	assert_int_equal(unlink(at(OTHER "/nvme1/subsystem")), 0);
	make_link("class/misc", OTHER "/nvme1/subsystem");
}

/* What processes have open of the other device is subtracted, each open file once. */
static void test_explained(void **state)
{
	char what[256];

	(void)state;
	open_often(1);
	assert_int_equal(doubt("1\n", what), USE_NONE);
	assert_int_equal(doubt("2\n", what), USE_UNKNOWN);
	end_child();
	open_often(2);
	assert_int_equal(doubt("2\n", what), USE_NONE);
	assert_int_equal(doubt("3\n", what), USE_UNKNOWN);
	/* One partition that is opened twice is one reference. */
	put(OTHER "/nvme1/partition", "1\n");
	assert_int_equal(doubt("1\n", what), USE_NONE);
	assert_int_equal(doubt("2\n", what), USE_UNKNOWN);
	/* A device with a driver of its own is used by a reference to that driver. */
	make_link("driver", OTHER "/nvme1/driver");
	assert_int_equal(doubt("1\n", what), USE_UNKNOWN);
	end_child();
}

/* A disk that another block device is made of, or that is mounted, is open in the kernel. */
static void test_open_in_kernel(void **state)
{
	char what[256];

	(void)state;
	make_dir("class/block");
	make_dir(OTHER "/nvme1/nvme1n1");
	make_dir(OTHER "/nvme1/nvme1n1/holders");
	make_link("class/block", OTHER "/nvme1/nvme1n1/subsystem");
	put(OTHER "/nvme1/nvme1n1/dev", "7:12345\n");
	assert_int_equal(doubt("1\n", what), USE_UNKNOWN);
	make_dir(OTHER "/nvme1/nvme1n1/holders/dm-0");
	assert_int_equal(doubt("1\n", what), USE_NONE);
	assert_int_equal(doubt("2\n", what), USE_UNKNOWN);
	assert_int_equal(rmdir(at(OTHER "/nvme1/nvme1n1/holders/dm-0")), 0);
}

static void test_registered(void **state)
{
	static const struct {
		const char *line, *name; /* NULL: none */
	} t[] = {
		{ "    0: nvme9n1\n", NULL }, /* of an entry of the ring, say */
		{ "UserFiles:\t3\n", NULL },	  { "    0: nvme0n1\n", "nvme0n1" },
		{ "    1: <none>\n", "<none>" },  { "    2: /dev/nvme1n1", "nvme1n1" },
		{ "    3 nvme0n1\n", NULL },	  { "UserBufs:\t1\n", NULL },
		{ "    0: 0x7f00/4096\n", NULL },
	};
	char name[64];
	bool within = false;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		if (in_use_parse_registered(t[i].line, &within, name, sizeof(name)) != !!t[i].name)
			fail_msg("row %zu", i);
		if (t[i].name)
			assert_string_equal(name, t[i].name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_device),    cmocka_unit_test(test_two_devices),
		cmocka_unit_test(test_vfio),	       cmocka_unit_test(test_nvme),
		cmocka_unit_test(test_open_in_kernel), cmocka_unit_test(test_explained),
		cmocka_unit_test(test_registered),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
