// SPDX-License-Identifier: GPL-2.0
/* NVMe: registers and answers as numbers, PRP lists, queues that go round, groups of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "driver/nvme_spec.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- registers ------------------------------------------------------------ */

static void test_cap(void **state)
{
	static const struct {
		const char *name;
		uint64_t cap;
		struct nvme_cap want;
	} rows[] = {
		{ "QEMU 7.2", 0x004018200f0107ffULL, { 2048, 7500, 4, true, true } },
		{ "one entry, no time", 0x0000002000000000ULL, { 1, 0, 4, true, true } },
		{ "the largest queue", 0x000000200000ffffULL, { 65536, 0, 4, true, true } },
		{ "doorbells 128 bytes apart", 0x0000002500000001ULL, { 2, 0, 128, true, true } },
		{ "the longest time", 0x00000020ff000001ULL, { 2, 127500, 4, true, true } },
		{ "pages of 8K at the least", 0x0001002000000001ULL, { 2, 0, 4, true, false } },
		{ "another command set", 0x0000004000000001ULL, { 2, 0, 4, false, true } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nvme_cap *w = &rows[i].want;
		struct nvme_cap c;

		nvme_cap_decode(rows[i].cap, &c);
		if (c.entries != w->entries || c.timeout_ms != w->timeout_ms ||
		    c.stride != w->stride || c.nvm != w->nvm || c.small_pages != w->small_pages)
			fail_msg("%s: %u %u %u %d %d", rows[i].name, c.entries, c.timeout_ms,
				 c.stride, c.nvm, c.small_pages);
	}
}

static void test_doorbells(void **state)
{
	const struct nvme_cap near = { .stride = 4 }, far = { .stride = 128 };

	(void)state;
	assert_int_equal(nvme_doorbell(&near, 0, false), 0x1000);
	assert_int_equal(nvme_doorbell(&near, 0, true), 0x1004);
	assert_int_equal(nvme_doorbell(&near, 1, false), 0x1008);
	assert_int_equal(nvme_doorbell(&near, 1, true), 0x100c);
	assert_int_equal(nvme_doorbell(&far, 1, true), 0x1180);
}

/* --- Identify --------------------------------------------------------------- */

static void test_controller(void **state)
{
	static const struct {
		uint8_t mdts;
		uint64_t pages;
	} rows[] = { { 0, 0 },	      { 1, 2 },	 { 5, 32 }, { 7, 128 },
		     { 19, 1 << 19 }, { 20, 0 }, { 255, 0 } };
	uint8_t id[4096] = { 0 };
	struct nvme_controller c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		id[77] = rows[i].mdts;
		nvme_controller_parse(id, &c);
		assert_true(c.max_pages == rows[i].pages);
		assert_false(c.compare);
		assert_int_equal(c.shutdown_ms, 0);
	}
	id[520] = 0x5f; /* compare and more */
	id[88] = 0x40;
	id[89] = 0x42;
	id[90] = 0x0f; /* 1000000 us */
	nvme_controller_parse(id, &c);
	assert_true(c.compare);
	assert_int_equal(c.shutdown_ms, 1000);
	/* An hour is not waited for. */
	memset(id + 88, 0xff, 4);
	id[516] = 0x34;
	id[517] = 0x12;
	memset(id + 768, 'n', 256); /* without an end */
	nvme_controller_parse(id, &c);
	assert_int_equal(c.shutdown_ms, 60000);
	assert_int_equal(c.namespaces, 0x1234);
	assert_int_equal(strlen(c.nqn), 223);
	id[520] = 0x5e;
	id[521] = 0x01;
	nvme_controller_parse(id, &c);
	assert_false(c.compare);
}

static void test_namespace(void **state)
{
	static const struct {
		const char *name;
		uint32_t size; /* blocks */
		uint8_t formats, flbas, dps;
		uint8_t at; /* where the format is described */
		uint8_t metadata, shift;
		bool good;
		uint32_t block;
	} rows[] = {
		{ "512", 131072, 0, 0, 0, 0, 0, 9, true, 512 },
		{ "4096, the fifth format", 16384, 7, 4, 0, 4, 0, 12, true, 4096 },
		{ "the 18th format", 16384, 19, 0x21, 0, 17, 0, 12, true, 4096 },
		{ "its upper bits where there are 16 formats", 16384, 15, 0x21, 0, 1, 0, 12, true,
		  4096 },
		{ "a format that it has not", 16384, 3, 4, 0, 4, 0, 12, false, 0 },
		{ "metadata", 131072, 0, 0, 0, 0, 8, 9, false, 0 },
		{ "protection information", 131072, 0, 0, 1, 0, 0, 9, false, 0 },
		{ "blocks of 256", 131072, 0, 0, 0, 0, 0, 8, false, 0 },
		{ "blocks of 8192", 131072, 0, 0, 0, 0, 0, 13, false, 0 },
		{ "a page", 8, 0, 0, 0, 0, 0, 9, true, 512 },
		{ "less than a page", 7, 0, 0, 0, 0, 0, 9, false, 0 },
		{ "nothing", 0, 0, 0, 0, 0, 0, 12, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nvme_namespace ns = { .nsid = 1 };
		uint8_t id[4096] = { 0 };
		const char *why;

		memcpy(id, &rows[i].size, sizeof(rows[i].size));
		id[25] = rows[i].formats;
		id[26] = rows[i].flbas;
		id[29] = rows[i].dps;
		id[128 + 4 * rows[i].at] = rows[i].metadata;
		id[128 + 4 * rows[i].at + 2] = rows[i].shift;
		why = nvme_namespace_parse(id, &ns);
		if (!why != rows[i].good ||
		    (!why && (ns.block != rows[i].block || ns.blocks != rows[i].size)))
			fail_msg("%s: %s, blocks of %u", rows[i].name, why ? why : "good",
				 ns.block);
	}
}

static void test_shared(void **state)
{
	struct nvme_namespace ns = { .nsid = 1 };
	uint8_t id[4096] = { [1] = 1, [130] = 12 };

	(void)state;
	assert_null(nvme_namespace_parse(id, &ns));
	assert_false(ns.shared);
	id[30] = 1;
	assert_null(nvme_namespace_parse(id, &ns));
	assert_true(ns.shared);
}

static void test_status(void **state)
{
	static const uint16_t disk[] = { 0x0b, 0x15,  0x1c,  0x1d,  0x80, 0x82,
					 0x84, 0x280, 0x281, 0x286, 0x302 },
			      other[] = { 0, 0x01, 0x02, 0x04, 0x06, 0x07, 0x101, 0x785 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(disk); i++)
		assert_true(nvme_status_of_medium(disk[i]));
	for (i = 0; i < ARRAY_SIZE(other); i++)
		assert_false(nvme_status_of_medium(other[i]));
}

/* --- commands ----------------------------------------------------------------- */

static void test_encode(void **state)
{
	const struct nvme_namespace ns = { .nsid = 3, .blocks = 1ULL << 40, .block = 512 };
	uint32_t w[NVME_COMMAND_WORDS],
		want[NVME_COMMAND_WORDS] = { 0x00070005, 3,	     0,	   0,	       0,
					     0,		 0x22222000, 0x11, 0x44444000, 0x33,
					     0x66666666, 0x55,	     1023 };
	struct nvme_command c;

	(void)state;
	nvme_command_io(&c, NVME_COMPARE, &ns, 0x5566666666ULL, 128 * NVME_PAGE);
	c.prp1 = 0x1122222000ULL;
	c.prp2 = 0x3344444000ULL;
	memset(w, 0xff, sizeof(w));
	nvme_command_encode(&c, 7, w);
	assert_memory_equal(w, want, sizeof(w));
}

static void test_prp(void **state)
{
	uint64_t pages[NVME_PAGE / 8 + 1], list[NVME_PAGE / 8];
	unsigned int nr, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = (i * 7919ULL + 3) << 12;
	for (nr = 1; nr <= ARRAY_SIZE(pages); nr++) {
		struct nvme_command c = { .prp2 = 1 };

		memset(list, 0xee, sizeof(list));
		nvme_prp(&c, pages, nr, list, 0xabc000);
		assert_true(c.prp1 == pages[0]);
		assert_true(c.prp2 == (nr == 1 ? 0 : nr == 2 ? pages[1] : 0xabc000));
		for (i = 0; i < ARRAY_SIZE(list); i++)
			if (list[i] !=
			    (nr > 2 && i < nr - 1 ? pages[i + 1] : 0xeeeeeeeeeeeeeeeeULL))
				fail_msg("%u pages: entry %u is 0x%llx", nr, i,
					 (unsigned long long)list[i]);
	}
}

/* A device that completes what it finds, as the real one sets the phase: round by round. */
struct fake {
	unsigned int head, tail;
	uint16_t phase;
};

static void complete_one(struct nvme_queue *q, struct fake *dev)
{
	volatile struct nvme_completion *c = &q->cq[dev->tail];

	c->id = q->sq[dev->head][0] >> 16;
	c->sq_id = q->id;
	c->status = dev->phase;
	dev->head = (dev->head + 1) % q->entries;
	dev->tail = (dev->tail + 1) % q->entries;
	if (!dev->tail)
		dev->phase = !dev->phase;
}

static void test_queue(void **state)
{
	static uint32_t sq[64][NVME_COMMAND_WORDS];
	static struct nvme_completion cq[64];
	const struct nvme_command c = { .opcode = NVME_READ };
	unsigned int entries, i, k;

	(void)state;
	for (entries = 2; entries <= 64; entries++) {
		struct fake dev = { .phase = 1 };
		struct nvme_completion done;
		struct nvme_queue q;
		uint16_t id = 0;

		/* What a use before this one left there is not taken for an answer. */
		memset(cq, 0xff, sizeof(cq));
		nvme_queue_init(&q, 1, entries, sq, cq);
		assert_false(nvme_queue_get(&q, &done));
		/* Several times round, with one to all of them under way */
		for (i = 0; i < 300; i++) {
			unsigned int nr = i % (entries - 1) + 1;

			for (k = 0; k < nr; k++)
				nvme_queue_put(&q, &c, (uint16_t)(id + k));
			for (k = 0; k < nr; k++) {
				assert_false(nvme_queue_get(&q, &done));
				complete_one(&q, &dev);
				assert_true(nvme_queue_get(&q, &done));
				assert_int_equal(done.id, (uint16_t)(id + k));
			}
			assert_false(nvme_queue_get(&q, &done));
			assert_int_equal(q.tail, dev.head);
			assert_int_equal(q.head, dev.tail);
			id += nr;
		}
	}
}

/* --- groups -------------------------------------------------------------------- */

/* Each page once in each pass, and no two in the same command in both */
static void check_groups(uint64_t pages, unsigned int per)
{
	uint64_t *group[2], one[128], i, k, total;
	struct nvme_groups g;
	unsigned int nr, n;
	uint8_t *met;
	int pass;

	nvme_groups_init(&g, pages, per);
	for (pass = 0; pass < 2; pass++) {
		group[pass] = malloc(pages * sizeof(**group));
		memset(group[pass], 0xff, pages * sizeof(**group));
		for (i = total = 0; i < nvme_groups_nr(&g, pass); i++) {
			nr = nvme_group(&g, pass, i, one);
			assert_true(nr >= 1 && nr <= per);
			for (n = 0; n < nr; n++) {
				assert_true(one[n] < pages && group[pass][one[n]] == UINT64_MAX);
				group[pass][one[n]] = i;
			}
			total += nr;
		}
		assert_true(total == pages);
	}
	met = calloc(nvme_groups_nr(&g, 0) * nvme_groups_nr(&g, 1), 1);
	for (k = 0; k < pages; k++) {
		uint8_t *cell = &met[group[0][k] * nvme_groups_nr(&g, 1) + group[1][k]];

		if (*cell)
			fail_msg("%llu pages, %u a command: page %llu is with another twice",
				 (unsigned long long)pages, per, (unsigned long long)k);
		*cell = 1;
	}
	free(met);
	free(group[0]);
	free(group[1]);
}

static void test_groups(void **state)
{
	static const unsigned int pers[] = { 1, 2, 3, 8, 31, 128 };
	uint64_t pages;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pers); i++) {
		for (pages = 1; pages <= 300; pages++)
			check_groups(pages, pers[i]);
		check_groups(4097, pers[i]);
	}
	check_groups(16384, 128);
	check_groups(16385, 128);
	check_groups(262144, 128);
}

/* --- windows ----------------------------------------------------------------------- */

static uint8_t window[8 * NVME_PAGE];

static void fill_window(void)
{
	size_t i;

	for (i = 0; i < sizeof(window); i++)
		window[i] = i % 251 + i / NVME_PAGE;
}

static void test_distinct(void **state)
{
	(void)state;
	fill_window();
	assert_true(nvme_window_distinct(window, 8));
	/* The last byte makes the difference. */
	memcpy(window + 3 * NVME_PAGE, window + 7 * NVME_PAGE, NVME_PAGE);
	assert_false(nvme_window_distinct(window, 8));
	assert_true(nvme_window_distinct(window, 7));
	window[4 * NVME_PAGE - 1]++;
	assert_true(nvme_window_distinct(window, 8));
	/* A page of one byte can be anywhere. */
	memset(window, 0, NVME_PAGE);
	assert_false(nvme_window_distinct(window, 8));
	assert_false(nvme_window_distinct(window, 1));
	window[NVME_PAGE - 1] = 1;
	assert_true(nvme_window_distinct(window, 8));
}

static void test_fill(void **state)
{
	unsigned int i;

	(void)state;
	fill_window();
	assert_int_equal(nvme_window_fill(window, 8, 0xaa), 0xaa);
	/* 512 bytes of it, and nothing could be seen to arrive there. */
	memset(window + NVME_PAGE + 512, 0xaa, 512);
	assert_int_equal(nvme_window_fill(window, 8, 0xaa), 0xab);
	window[NVME_PAGE + 1023] = 0;
	assert_int_equal(nvme_window_fill(window, 8, 0xaa), 0xaa);
	for (i = 0; i < sizeof(window); i++)
		window[i] = i / 512;
	assert_int_equal(nvme_window_fill(window, 8, 0x10), 64);
	assert_int_equal(nvme_window_fill(window, 8, 0xff), 0xff);
}

static void test_no_fill(void **state)
{
	uint8_t *all = malloc(256 * 512);
	unsigned int i;

	(void)state;
	for (i = 0; i < 256 * 512; i++)
		all[i] = i / 512;
	assert_int_equal(nvme_window_fill(all, 256 * 512 / NVME_PAGE, 0xaa), -1);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cap),	   cmocka_unit_test(test_doorbells),
		cmocka_unit_test(test_controller), cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_shared),	   cmocka_unit_test(test_status),
		cmocka_unit_test(test_encode),	   cmocka_unit_test(test_prp),
		cmocka_unit_test(test_queue),	   cmocka_unit_test(test_groups),
		cmocka_unit_test(test_distinct),   cmocka_unit_test(test_fill),
		cmocka_unit_test(test_no_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
