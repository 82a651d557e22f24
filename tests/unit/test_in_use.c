// SPDX-License-Identifier: GPL-2.0
/* In use: the lines of mountinfo, and what a disk is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "env/in_use_search.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void test_mount(void **state)
{
	static const struct {
		const char *line;
		unsigned int major, minor;
		const char *type, *source, *where; /* NULL: refused */
	} t[] = {
		{ "36 35 259:1 / /mnt rw,noatime - ext4 /dev/nvme0n1p1 rw", 259, 1, "ext4",
		  "/dev/nvme0n1p1", "/mnt" },
		{ "36 35 0:32 /sub /mnt rw,noatime shared:1 master:2 - btrfs /dev/sda2 rw,a - b\n",
		  0, 32, "btrfs", "/dev/sda2", "/mnt" },
		{ "36 35 8:1 / /a\\040b rw - ext4 /dev/sda1 rw", 8, 1, "ext4", "/dev/sda1",
		  "/a\\040b" },
		{ "36 35 0:40 / /share rw - 9p tag0 rw", 0, 40, "9p", "tag0", "/share" },
		{ "36 35 8:1 / /mnt rw ext4 /dev/sda1 rw", 0, 0, NULL, NULL, NULL },
		{ "36 35 8:1 / /mnt", 0, 0, NULL, NULL, NULL },
		{ "36 35 8 / /mnt rw - ext4 /dev/sda1 rw", 0, 0, NULL, NULL, NULL },
		{ "36 35 8:1 / /mnt rw - ext4", 0, 0, NULL, NULL, NULL },
		{ "", 0, 0, NULL, NULL, NULL },
	};
	struct in_use_mount m;
	char line[1024];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		bool ok = in_use_parse_mount(t[i].line, &m);

		if (ok != !!t[i].source)
			fail_msg("row %zu", i);
		if (ok &&
		    (m.major != t[i].major || m.minor != t[i].minor || strcmp(m.type, t[i].type) ||
		     strcmp(m.source, t[i].source) || strcmp(m.where, t[i].where)))
			fail_msg("row %zu: %u:%u %s %s %s", i, m.major, m.minor, m.type, m.source,
				 m.where);
	}
	/* A name longer than the room for it: cut, and a mount all the same */
	snprintf(line, sizeof(line), "36 35 8:1 / /%0500d rw - ext4 /dev/sda1 rw", 0);
	assert_true(in_use_parse_mount(line, &m));
	assert_int_equal(m.major << 8 | m.minor, 0x801);
	assert_int_equal(strlen(m.where), sizeof(m.where) - 1);
	assert_string_equal(m.source, "/dev/sda1");
}

static void test_numbers(void **state)
{
	unsigned int major, minor;

	(void)state;
	assert_true(in_use_parse_dev("259:7", &major, &minor));
	assert_int_equal(major << 16 | minor, 259 << 16 | 7);
	assert_false(in_use_parse_dev("259", &major, &minor));
	assert_false(in_use_parse_dev("", &major, &minor));
	assert_true(in_use_parse_console("ttyS4                -W- (EC p a  )    4:68\n", &major,
					 &minor));
	assert_int_equal(major << 16 | minor, 4 << 16 | 68);
	/* One without a node, as netconsole */
	assert_false(in_use_parse_console("netcon0              -W- (E      )\n", &major, &minor));
	assert_false(in_use_parse_console("ttyS4 -W- 4:68", &major, &minor));
}

static void test_firmware_fb(void **state)
{
	static const struct {
		const char *line;
		bool is;
	} t[] = {
		{ "    fd000000-fd2fffff : efifb\n", true },
		{ "  fd000000-fdffffff : BOOTFB", true },
		{ "      fd400000-fd7fffff : simple-framebuffer", true },
		{ "fd000000-fdffffff : vesafb", true },
		/* Of a driver, and no framebuffer of the firmware */
		{ "  fd000000-fdffffff : bochs-drm", false },
		{ "  fd000000-fdffffff : 0000:00:02.0", false },
		{ "  fd000000-fdffffff : efifbx", false },
		/* Not, or not wholly, within it */
		{ "  fc000000-fcffffff : efifb", false },
		{ "  fd000000-fe000000 : efifb", false },
		{ "  fcffffff-fd2fffff : efifb", false },
		{ "  fd000000-fd000000 : efifb", false },
		/* What an ordinary user gets to see */
		{ "    00000000-00000000 : efifb", false },
		{ "efifb", false },
		{ "", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		if (in_use_firmware_fb(t[i].line, 0xfd000000, 0xfdffffff) != t[i].is)
			fail_msg("row %zu: %s", i, t[i].line);
}

static void test_disk_name(void **state)
{
	static const char *const t[][2] = {
		{ "sda", "sda" },
		{ "nvme0n1", "nvme0n1" },
		{ "nvme0c1n2", "nvme0n2" },
		{ "nvme12c0n34", "nvme12n34" },
		{ "nvme0c1n2x", "nvme0c1n2x" },
		{ "", "" },
	};
	char name[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		in_use_disk_name(t[i][0], name, sizeof(name));
		assert_string_equal(name, t[i][1]);
	}
}

static bool never(const char *path, const char *name, void *arg)
{
	(void)path;
	(void)name;
	(void)arg;
	return false;
}

/* What is not there is used by nobody; of what cannot be read nobody knows. */
static void test_unread(void **state)
{
	struct search s = { .use = USE_NONE };
	struct rlimit all, none;
	char line[16];

	(void)state;
	use_each_entry("/proc/self", false, never, NULL);
	use_each_entry("/nowhere", false, never, NULL);
	use_each_entry("/proc/self/stat", false, never, NULL);
	assert_false(use_read_line("/proc/self", "nothing", line, sizeof(line)));
	assert_false(use_read_line("/proc/self", "fd", line, sizeof(line)));
	use_say_unread(&s);
	assert_int_equal(s.use, USE_NONE);

	getrlimit(RLIMIT_NOFILE, &all);
	none = all;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	use_each_entry("/proc/self", false, never, NULL);
	setrlimit(RLIMIT_NOFILE, &all);
	use_say_unread(&s);
	assert_int_equal(s.use, USE_UNKNOWN);
	assert_string_equal(s.what, "/proc/self cannot be read: Too many open files");
	/* A use that is found after all is what is told. */
	use_found(&s, "found");
	use_say_unread(&s);
	assert_int_equal(s.use, USE_FOUND);
	assert_string_equal(s.what, "found");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount),	    cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_firmware_fb), cmocka_unit_test(test_disk_name),
		cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
