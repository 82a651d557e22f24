// SPDX-License-Identifier: GPL-2.0
/* In use: the lines of mountinfo, and what a disk is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "in_use.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void test_mount(void **state)
{
	static const struct {
		const char *line;
		unsigned int major, minor;
		const char *source, *where; /* NULL: refused */
	} t[] = {
		{ "36 35 259:1 / /mnt rw,noatime - ext4 /dev/nvme0n1p1 rw", 259, 1,
		  "/dev/nvme0n1p1", "/mnt" },
		{ "36 35 0:32 /sub /mnt rw,noatime shared:1 master:2 - btrfs /dev/sda2 rw,a - b\n",
		  0, 32, "/dev/sda2", "/mnt" },
		{ "36 35 8:1 / /a\\040b rw - ext4 /dev/sda1 rw", 8, 1, "/dev/sda1", "/a\\040b" },
		{ "36 35 8:1 / /mnt rw ext4 /dev/sda1 rw", 0, 0, NULL, NULL },
		{ "36 35 8:1 / /mnt", 0, 0, NULL, NULL },
		{ "36 35 8 / /mnt rw - ext4 /dev/sda1 rw", 0, 0, NULL, NULL },
		{ "36 35 8:1 / /mnt rw - ext4", 0, 0, NULL, NULL },
		{ "", 0, 0, NULL, NULL },
	};
	char line[1024], source[256], where[256];
	unsigned int major, minor;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		bool ok = in_use_parse_mount(t[i].line, &major, &minor, source, where,
					     sizeof(source));

		if (ok != !!t[i].source)
			fail_msg("row %zu", i);
		if (ok && (major != t[i].major || minor != t[i].minor ||
			   strcmp(source, t[i].source) || strcmp(where, t[i].where)))
			fail_msg("row %zu: %u:%u %s %s", i, major, minor, source, where);
	}
	/* A name longer than the room for it: cut, and a mount all the same */
	snprintf(line, sizeof(line), "36 35 8:1 / /%0500d rw - ext4 /dev/sda1 rw", 0);
	assert_true(in_use_parse_mount(line, &major, &minor, source, where, sizeof(source)));
	assert_int_equal(major << 8 | minor, 0x801);
	assert_int_equal(strlen(where), sizeof(where) - 1);
	assert_string_equal(source, "/dev/sda1");
	assert_false(in_use_parse_mount(t[0].line, &major, &minor, source, where, 16));
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_disk_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
