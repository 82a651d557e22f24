// SPDX-License-Identifier: GPL-2.0
/* Calls of VFIO_DEVICE_SET_IRQS as bytes; the events that they make; the table itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "run/irq_rules.h"

#define HEAD sizeof(struct vfio_irq_set)

static const struct irq_files files = {
	.vectors = { 10, 11, 12 }, .spare = 20, .closed = 99, .other = 5
};

union room {
	struct vfio_irq_set set;
	unsigned char bytes[IRQ_SET_ROOM];
};

static int32_t fd_at(const union room *u, size_t i)
{
	int32_t fd;

	memcpy(&fd, u->set.data + i * sizeof(fd), sizeof(fd));
	return fd;
}

static void build(const struct irq_rule *rule, union room *u)
{
	memset(u, 0xff, sizeof(*u));
	irq_rule_build(rule, 2, 3, 65, &files, &u->set);
	assert_int_equal(u->set.index, 2);
	assert_int_equal(u->set.flags, rule->flags);
}

static void test_none(void **state)
{
	const struct irq_rule rule = { .flags = VFIO_IRQ_SET_DATA_NONE, .start = 1, .count = 2 };
	union room u;

	(void)state;
	build(&rule, &u);
	assert_int_equal(u.set.argsz, HEAD);
	assert_int_equal(u.set.start, 1);
	assert_int_equal(u.set.count, 2);
}

static void test_bool(void **state)
{
	const struct irq_rule rule = { .flags = VFIO_IRQ_SET_DATA_BOOL, .count = 3, .data = "101" };
	union room u;

	(void)state;
	build(&rule, &u);
	assert_int_equal(u.set.argsz, HEAD + 3);
	assert_int_equal(u.set.data[0], 1);
	assert_int_equal(u.set.data[1], 0);
	assert_int_equal(u.set.data[2], 1);
}

static void test_eventfds(void **state)
{
	const struct irq_rule own = {
		.flags = VFIO_IRQ_SET_DATA_EVENTFD, .start = 1, .count = 2, .data = "ee"
	};
	const struct irq_rule odd = { .flags = VFIO_IRQ_SET_DATA_EVENTFD,
				      .count = 3,
				      .data = "s-x" };
	const struct irq_rule others = { .flags = VFIO_IRQ_SET_DATA_EVENTFD,
					 .count = 2,
					 .data = "n=" };
	union room u;

	(void)state;
	build(&own, &u);
	assert_int_equal(u.set.argsz, HEAD + 2 * sizeof(int32_t));
	assert_int_equal(fd_at(&u, 0), 11);
	assert_int_equal(fd_at(&u, 1), 12);
	build(&odd, &u);
	assert_int_equal(u.set.argsz, HEAD + 3 * sizeof(int32_t));
	assert_int_equal(fd_at(&u, 0), 20);
	assert_int_equal(fd_at(&u, 1), -1);
	assert_int_equal(fd_at(&u, 2), 99);
	build(&others, &u);
	assert_int_equal(fd_at(&u, 0), 5);
	assert_int_equal(fd_at(&u, 1), -2);
}

static void test_cut(void **state)
{
	struct irq_rule rule = {
		.flags = VFIO_IRQ_SET_DATA_EVENTFD, .count = 1, .data = "e", .cut = IRQ_CUT_HEAD
	};
	union room u;

	(void)state;
	build(&rule, &u);
	assert_int_equal(u.set.argsz, HEAD - 1);
	rule.cut = IRQ_CUT_DATA;
	build(&rule, &u);
	assert_int_equal(u.set.argsz, HEAD);
}

static void test_numbers(void **state)
{
	struct irq_rule rule = { .start = IRQ_EVERY, .count = IRQ_EVERY_PLUS };
	union room u;

	(void)state;
	build(&rule, &u);
	assert_int_equal(u.set.start, 65);
	assert_int_equal(u.set.count, 66);
	rule.start = IRQ_USED;
	rule.count = UINT32_MAX;
	build(&rule, &u);
	assert_int_equal(u.set.start, 3);
	assert_int_equal(u.set.count, UINT32_MAX);
}

static void test_events(void **state)
{
	static const struct {
		uint16_t bits;
		uint32_t used;
		uint64_t events[IRQ_VECTORS + 1];
	} cases[] = {
		{ 0, 3, { 0, 0, 0, 0 } },
		{ IRQ_ALL_V, 3, { 1, 1, 1, 0 } },
		{ IRQ_ALL_V, 1, { 1, 0, 0, 0 } },
		{ IRQ_V0 | IRQ_V2, 3, { 1, 0, 1, 0 } },
		{ IRQ_V1 | IRQ_SPARE, 1, { 0, 0, 0, 1 } },
		{ IRQ_IS_OFF, 3, { 0, 0, 0, 0 } },
		{ IRQ_NOTHING, 3, { 0, 0, 0, 0 } },
	};
	uint64_t got[IRQ_VECTORS + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(got, 0xff, sizeof(got));
		irq_events(cases[i].bits, cases[i].used, got);
		assert_memory_equal(got, cases[i].events, sizeof(got));
	}
}

static void test_null_safe(void **state)
{
	static const struct {
		const char *release;
		bool safe;
	} cases[] = {
		{ "5.10.0-46-amd64", false },
		{ "6.1.0-56-amd64", false },
		{ "6.8.12", false },
		{ "6.9.0", true },
		{ "6.12.117+deb12-amd64", true },
		{ "7.2.12", true },
		{ "10.0", true },
		{ "", false },
		{ "six.nine", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(irq_null_safe(cases[i].release), cases[i].safe);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(irq_name(VFIO_PCI_INTX_IRQ_INDEX), "INTx");
	assert_string_equal(irq_name(VFIO_PCI_MSIX_IRQ_INDEX), "MSI-X");
	assert_string_equal(irq_name(VFIO_PCI_REQ_IRQ_INDEX), "REQ");
	assert_string_equal(irq_name(VFIO_PCI_NUM_IRQS), "?");
}

/* A row cannot ask for what the checks behind it do not do. */
static void test_table(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < irq_nr_rules; i++) {
		const struct irq_rule *r = &irq_rules[i];
		size_t len = r->data ? strlen(r->data) : 0;

		assert_true(r->indexes && !(r->indexes >> VFIO_PCI_NUM_IRQS));
		assert_true(r->needs >= 1 && r->needs <= IRQ_VECTORS);
		assert_true(len <= IRQ_VECTORS);
		if (r->data)
			assert_int_equal(len, r->count);
		/* Off is all off; the same after a call as before, where it is refused. */
		assert_false(r->alive & IRQ_IS_OFF && r->alive != IRQ_IS_OFF);
		if (r->no && r->no != EBADF)
			assert_int_equal(!!(r->alive & IRQ_IS_OFF), r->before == IRQ_OFF);
		if (r->no)
			assert_int_equal(r->arrive, 0);
		/* Only INTx masks. */
		if (r->masked || r->before == IRQ_MASKED)
			assert_int_equal(r->indexes, 1U << VFIO_PCI_INTX_IRQ_INDEX);
		if (!r->since)
			assert_int_equal(r->later, 0);
		else
			assert_int_not_equal(r->later, r->no);
		for (k = 0; k < i; k++)
			if (irq_rules[k].indexes & r->indexes)
				assert_string_not_equal(irq_rules[k].name, r->name);
	}
}

static bool info(uint32_t index, int told, int no, uint32_t flags, uint32_t count)
{
	char detail[96];

	return irq_info_right(index, told, no, flags, count, detail, sizeof(detail));
}

/* Flags as in linux/vfio.h: EVENTFD 1, MASKABLE 2, AUTOMASKED 4, NORESIZE 8 */
static void test_info(void **state)
{
	char detail[96];

	(void)state;
	assert_true(info(VFIO_PCI_INTX_IRQ_INDEX, 1, 0, 7, 1));
	assert_true(info(VFIO_PCI_INTX_IRQ_INDEX, 0, 0, 7, 0));
	assert_false(info(VFIO_PCI_INTX_IRQ_INDEX, 1, 0, 3, 1));
	assert_false(info(VFIO_PCI_INTX_IRQ_INDEX, 1, 0, 7, 0));
	assert_false(info(VFIO_PCI_INTX_IRQ_INDEX, 1, EINVAL, 0, 0));
	assert_true(info(VFIO_PCI_MSI_IRQ_INDEX, 4, 0, 9, 4));
	assert_false(info(VFIO_PCI_MSI_IRQ_INDEX, 4, 0, 1, 4));
	assert_false(info(VFIO_PCI_MSI_IRQ_INDEX, 4, 0, 11, 4));
	assert_false(info(VFIO_PCI_MSI_IRQ_INDEX, 4, 0, 9, 5));
	/* Where the configuration space could not be read, nothing is known of the count. */
	assert_true(info(VFIO_PCI_MSI_IRQ_INDEX, -1, 0, 9, 5));
	assert_true(info(VFIO_PCI_MSIX_IRQ_INDEX, 5, 0, 9, 5));
	assert_true(info(VFIO_PCI_MSIX_IRQ_INDEX, 5, 0, 1, 5));
	assert_true(info(VFIO_PCI_REQ_IRQ_INDEX, 1, 0, 9, 1));
	assert_false(info(VFIO_PCI_REQ_IRQ_INDEX, 1, EINVAL, 0, 0));
	/* ERR of PCI Express: all kernels have it. */
	assert_true(info(VFIO_PCI_ERR_IRQ_INDEX, 1, 0, 9, 1));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 1, EINVAL, 0, 0));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 1, 0, 9, 0));
	/* Of a conventional device: refused, and since 7.3 as of any. */
	assert_true(info(VFIO_PCI_ERR_IRQ_INDEX, 0, EINVAL, 0, 0));
	assert_true(irq_info_right(VFIO_PCI_ERR_IRQ_INDEX, 0, 0, 9, 1, detail, sizeof(detail)));
	assert_non_null(strstr(detail, "as since Linux 7.3"));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 0, 0, 9, 0));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 0, 0, 9, 2));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 0, 0, 1, 1));
	assert_false(info(VFIO_PCI_ERR_IRQ_INDEX, 0, ENOTTY, 0, 0));
	assert_int_equal(irq_nr_indexes, VFIO_PCI_REQ_IRQ_INDEX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	  cmocka_unit_test(test_bool),
		cmocka_unit_test(test_eventfds),  cmocka_unit_test(test_cut),
		cmocka_unit_test(test_numbers),	  cmocka_unit_test(test_events),
		cmocka_unit_test(test_null_safe), cmocka_unit_test(test_names),
		cmocka_unit_test(test_table),	  cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
