// SPDX-License-Identifier: GPL-2.0
/*
 * virtio's capabilities in configuration spaces built by hand, offsets as the specification
 * has them (VIRTIO 1.2, 4.1.4), and the judgement of the features.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "pci/virtio.h"

static uint8_t config[256];
static struct pci_config decoded;

static void w32(size_t at, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		config[at + i] = v >> 8 * i;
}

/* One of virtio's capabilities, and the next in the list. */
static void cap(size_t at, uint8_t next, uint8_t type, uint8_t bar, uint32_t offset,
		uint32_t length)
{
	config[at] = 0x09;
	config[at + 1] = next;
	config[at + 2] = 16;
	config[at + 3] = type;
	config[at + 4] = bar;
	w32(at + 8, offset);
	w32(at + 12, length);
}

/* A modern network device as QEMU makes it: MSI-X, then device, ISR and common. */
static void begin(void)
{
	memset(config, 0, sizeof(config));
	w32(0x00, 0x10411af4);
	config[0x06] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x11;
	config[0x41] = 0x50;
	cap(0x50, 0x64, 4, 4, 0x2000, 0x1000);
	cap(0x64, 0x78, 3, 4, 0x1000, 0x1000);
	cap(0x78, 0x00, 1, 4, 0x3000, 0x38);
}

static int find(struct virtio_common *common)
{
	assert_int_equal(pci_config_decode(config, sizeof(config), &decoded), 0);
	return virtio_common_find(config, sizeof(config), &decoded, common);
}

static void test_ids(void **state)
{
	(void)state;
	assert_true(virtio_is(0x1af4, 0x1000));
	assert_true(virtio_is(0x1af4, 0x1041));
	assert_true(virtio_is(0x1af4, 0x107f));
	assert_false(virtio_is(0x1af4, 0x1080));
	assert_false(virtio_is(0x1af4, 0x1110)); /* ivshmem */
	assert_false(virtio_is(0x1af4, 0x0fff));
	assert_false(virtio_is(0x1b36, 0x1041));
	assert_true(virtio_transitional(0x103f));
	assert_false(virtio_transitional(0x1040));
}

static void test_common(void **state)
{
	struct virtio_common common;

	(void)state;
	begin();
	assert_int_equal(find(&common), 0);
	assert_int_equal(common.bar, 4);
	assert_int_equal(common.offset, 0x3000);
	assert_int_equal(common.length, 0x38);
	/* With a reserved BAR it is not for us, and the next one is. */
	config[0x50 + 3] = 1;
	config[0x50 + 4] = 6;
	assert_int_equal(find(&common), 0);
	assert_int_equal(common.offset, 0x3000);
	/* The first of two is the one. */
	config[0x50 + 4] = 5;
	assert_int_equal(find(&common), 0);
	assert_int_equal(common.bar, 5);
	assert_int_equal(common.offset, 0x2000);
}

static void test_none(void **state)
{
	struct virtio_common common;

	(void)state;
	begin();
	config[0x78 + 3] = 2;
	assert_int_equal(find(&common), -ENOENT);
	/* Without any list of capabilities, as before 1.0 */
	begin();
	config[0x06] = 0;
	config[0x34] = 0;
	assert_int_equal(find(&common), -ENOENT);
	/* What comes before the end of a broken list is all that was seen. */
	begin();
	config[0x64 + 1] = 0x50;
	assert_int_equal(find(&common), -EINVAL);
}

static void test_contradictions(void **state)
{
	struct virtio_common common;

	(void)state;
	begin();
	config[0x78 + 2] = 12;
	assert_int_equal(find(&common), -EINVAL);
	begin();
	w32(0x78 + 8, 0x3002);
	assert_int_equal(find(&common), -EINVAL);
	begin();
	w32(0x78 + 12, 4);
	assert_int_equal(find(&common), -EINVAL);
	/* It reaches over the end. */
	begin();
	config[0x64 + 1] = 0xf8;
	config[0xf8] = 0x09;
	config[0xf8 + 2] = 16;
	config[0xf8 + 3] = 1;
	assert_int_equal(find(&common), -EINVAL);
	begin();
	config[0x64 + 1] = 0xfc;
	config[0xfc] = 0x09;
	config[0xfc + 2] = 16;
	config[0xfc + 3] = 1;
	assert_int_equal(find(&common), -EINVAL);
}

static void test_judge(void **state)
{
	(void)state;
	assert_int_equal(virtio_judge(0x00000003), VIRTIO_TRANSLATED);
	assert_int_equal(virtio_judge(0x00000001), VIRTIO_PAST);
	/* RING_PACKED, IN_ORDER and ORDER_PLATFORM are other bits. */
	assert_int_equal(virtio_judge(0x0000001d), VIRTIO_PAST);
	assert_int_equal(virtio_judge(0x0000001f), VIRTIO_TRANSLATED);
	assert_int_equal(virtio_judge(0xffffffff), VIRTIO_UNKNOWN);
	assert_int_equal(virtio_judge(0x00000000), VIRTIO_UNKNOWN);
	assert_int_equal(virtio_judge(0x00000002), VIRTIO_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),   cmocka_unit_test(test_common),
		cmocka_unit_test(test_none),  cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests_name("virtio", tests, NULL, NULL);
}
