// SPDX-License-Identifier: GPL-2.0
/* Reads that give SIGBUS: here past the end of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci/mmio.h"

static void test_read(void **state)
{
	uint32_t word = 0x010000ed, v = 0, *map;
	struct sigaction before, after;
	int fd = memfd_create("mmio", 0), i;

	(void)state;
	sigaction(SIGBUS, NULL, &before);
	assert_int_equal(mmio_read32(&word, &v), 0);
	assert_int_equal(v, 0x010000ed);

	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	/* Again and again: the handler must not stay blocked after the first. */
	for (i = 0; i < 3; i++) {
		v = 77;
		assert_int_equal(mmio_read32(map, &v), -EFAULT);
		assert_int_equal(v, 77);
	}
	/* It answers again, and SIGBUS is what it was before. */
	assert_int_equal(write(fd, &word, sizeof(word)), sizeof(word));
	assert_int_equal(mmio_read32(map, &v), 0);
	assert_int_equal(v, 0x010000ed);
	sigaction(SIGBUS, NULL, &after);
	assert_ptr_equal(after.sa_handler, before.sa_handler);
	munmap(map, 4096);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
