// SPDX-License-Identifier: GPL-2.0
/*
 * What an NVMe disk proves of pages: a disk and an IOMMU made up here, and whatever is wrong
 * with a page's translation is seen, on a disk with data as on a blank one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/nvme.h"
#include "driver/plan.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AREA_IOVA     0x200000ULL
#define OWN_IOVA      0x100000ULL
#define MAX_PAGES     1100U
#define FILL	      0xaa
#define NOWHERE	      UINT64_MAX

/* The machine: pages of the area as the device gets them, for writing and for reading */
static struct {
	unsigned char *area, *own, *disk, *zeros;
	uint64_t pages, disk_pages;
	uint64_t writes[MAX_PAGES], reads[MAX_PAGES];
	uint64_t written;   /* commands that are none of READ and COMPARE */
	bool deaf;	    /* COMPARE says that all is equal */
	unsigned int other; /* before this READ into the area it writes to the disk */
	unsigned int stray; /* this READ into the area turns a bit of a page that is not its own */
	unsigned int nr_reads;
} sim;

static unsigned char *at_iova(uint64_t iova, bool write)
{
	uint64_t page;

	if (iova >= OWN_IOVA && iova < OWN_IOVA + (uint64_t)NVME_OWN_PAGES * NVME_PAGE)
		return sim.own + (iova - OWN_IOVA);
	page = (iova - AREA_IOVA) / NVME_PAGE;
	assert_true(iova >= AREA_IOVA && page < sim.pages);
	page = write ? sim.writes[page] : sim.reads[page];
	if (page == NOWHERE)
		return write ? NULL : sim.zeros;
	return sim.area + page * NVME_PAGE + iova % NVME_PAGE;
}

/* One command, as a disk does it */
static uint16_t execute(struct nvme *n, const struct nvme_command *c)
{
	const uint64_t at = ((uint64_t)c->cdw11 << 32 | c->cdw10) * n->ns.block;
	const uint64_t bytes = (c->cdw12 + 1ULL) * n->ns.block;
	const uint64_t *list =
		c->prp2 && bytes > 2 * NVME_PAGE ? (void *)at_iova(c->prp2, false) : NULL;
	uint64_t done, page;
	uint16_t status = 0;

	assert_true(at + bytes <= sim.disk_pages * NVME_PAGE);
	assert_true(!n->ctrl.max_pages || bytes <= n->ctrl.max_pages * NVME_PAGE);
	sim.written += c->opcode != NVME_READ && c->opcode != NVME_COMPARE;
	sim.nr_reads += c->opcode == NVME_READ && c->prp1 >= AREA_IOVA;
	if (sim.other && sim.nr_reads == sim.other) {
		sim.disk[at + 9] ^= 1;
		sim.other = 0;
	}
	for (done = page = 0; done < bytes; done += NVME_PAGE, page++) {
		const uint64_t iova = !page ? c->prp1 : list ? list[page - 1] : c->prp2;
		const size_t len = bytes - done < NVME_PAGE ? bytes - done : NVME_PAGE;
		unsigned char *memory = at_iova(iova, c->opcode == NVME_READ);

		if (c->opcode == NVME_READ && memory)
			memcpy(memory, sim.disk + at + done, len);
		else if (c->opcode == NVME_COMPARE && memcmp(memory, sim.disk + at + done, len))
			status = NVME_COMPARE_FAILED;
	}
	/* One that comes later, or one that was there before */
	if (c->opcode == NVME_READ && sim.stray && sim.nr_reads == sim.stray)
		sim.area[(sim.stray == 1 ? sim.pages - 1 : 0) * NVME_PAGE + 8] ^= 1;
	return c->opcode == NVME_COMPARE && sim.deaf ? 0 : status;
}

int nvme_exec(struct nvme *n, struct nvme_queue *q, const struct nvme_command *c, unsigned int nr,
	      uint16_t *status, struct err *err)
{
	unsigned int i;

	(void)err;
	assert_true(nr && nr < q->entries);
	for (i = 0; i < nr; i++)
		status[i] = execute(n, &c[i]);
	return 0;
}

enum disk { DATA, BLANK, MIXED, FILLED, NR_DISKS };

static const char *const disk_names[NR_DISKS] = { "data", "blank", "mixed", "filled" };

static void make_disk(enum disk disk, uint64_t pages)
{
	uint64_t i;
	uint32_t v = 1;

	sim.disk_pages = pages;
	sim.disk = calloc(pages, NVME_PAGE);
	for (i = 0; disk == DATA && i < pages * NVME_PAGE; i++) {
		v = v * 1664525 + 1013904223;
		sim.disk[i] = v >> 24;
	}
	/* One page of two is zeros, the others are the same. */
	for (i = 0; disk == MIXED && i < pages; i += 2)
		memset(sim.disk + i * NVME_PAGE, 0x17, NVME_PAGE / 2);
	if (disk == FILLED)
		memset(sim.disk, FILL, pages * NVME_PAGE);
}

/* What is wrong with the IOMMU, or the disk */
struct wrong {
	const char *name;
	uint64_t write_p, write_to, write_q, write_to_q; /* page p is written to another; so q */
	uint64_t read_p, read_to, read_q, read_to_q;
	bool deaf;
	unsigned int stray;
	unsigned int other;
	bool shared;
};

#define SWAP(p, q) p, q, q, p
#define NONE	   0, 0, 0, 0

static const struct wrong wrongs[] = {
	{ "swapped, in one command", SWAP(3, 5), SWAP(3, 5), false, 0, 0, false },
	{ "swapped, far from each other", SWAP(3, 250), SWAP(3, 250), false, 0, 0, false },
	{ "swapped, 128 apart", SWAP(3, 131), SWAP(3, 131), false, 0, 0, false },
	{ "swapped for writing", SWAP(0, 1), NONE, false, 0, 0, false },
	{ "swapped for reading", NONE, SWAP(0, 1), false, 0, 0, false },
	{ "swapped for reading, far", NONE, SWAP(7, 200), false, 0, 0, false },
	{ "swapped for reading, 128 apart", NONE, SWAP(7, 135), false, 0, 0, false },
	{ "one is written to another", 9, 12, 12, 12, NONE, false, 0, 0, false },
	{ "one is written to another, far", 9, 255, 255, 255, NONE, false, 0, 0, false },
	{ "one is read from another", NONE, 9, 12, 12, 12, false, 0, 0, false },
	{ "one is written nowhere", 77, NOWHERE, 77, NOWHERE, NONE, false, 0, 0, false },
	{ "one is read as zeros", NONE, 77, NOWHERE, 77, NOWHERE, false, 0, 0, false },
	{ "the last is read as zeros", NONE, 255, NOWHERE, 255, NOWHERE, false, 0, 0, false },
	{ "COMPARE always says equal", NONE, NONE, true, 0, 0, false },
	{ "a bit of a later page", NONE, NONE, false, 1, 0, false },
	{ "a bit of an earlier page", NONE, NONE, false, 2, 0, false },
};

/* The whole proof; what it says is in *proof. */
static int run(enum disk disk, uint64_t disk_pages, unsigned int block, uint64_t max_pages,
	       uint64_t pages, const struct wrong *w, struct dma_proof *proof, struct err *err)
{
	struct dma dma = { .own_iova = OWN_IOVA };
	struct nvme n = {
		.dma = &dma,
		.ctrl = { .max_pages = max_pages, .compare = true },
		.ns = { .nsid = 1, .blocks = disk_pages * (NVME_PAGE / block), .block = block },
		.io = { .entries = NVME_ENTRIES },
		.io_ready = true,
	};
	struct dma_area area = { .iova = AREA_IOVA, .pages = pages, .fill = FILL };
	uint64_t i;
	int ret;

	memset(&sim, 0, sizeof(sim));
	memset(proof, 0, sizeof(*proof));
	memset(err, 0, sizeof(*err));
	make_disk(disk, disk_pages);
	sim.pages = pages;
	sim.area = malloc(pages * NVME_PAGE);
	memset(sim.area, FILL, pages * NVME_PAGE);
	sim.own = calloc(NVME_OWN_PAGES, NVME_PAGE);
	sim.zeros = calloc(1, NVME_PAGE);
	for (i = 0; i < pages; i++)
		sim.writes[i] = sim.reads[i] = i;
	if (w) {
		sim.writes[w->write_p] = w->write_to;
		sim.writes[w->write_q] = w->write_to_q;
		sim.reads[w->read_p] = w->read_to;
		sim.reads[w->read_q] = w->read_to_q;
		sim.deaf = w->deaf;
		sim.stray = w->stray;
		sim.other = w->other;
		n.ns.shared = w->shared;
	}
	dma.own = sim.own;
	dma.priv = &n;
	area.buf = sim.area;
	ret = nvme_prove(&dma, &area, proof, err);
	assert_true(!sim.written);
	for (i = 0; i < pages * NVME_PAGE; i++)
		assert_int_equal(sim.area[i], FILL);
	for (i = 0; i < (uint64_t)NVME_GROUP_MAX * NVME_PAGE; i++)
		assert_int_equal(sim.own[(uint64_t)NVME_OWN_WINDOW * NVME_PAGE + i], 0);
	free(sim.area);
	free(sim.own);
	free(sim.disk);
	free(sim.zeros);
	return ret;
}

static void test_all_well(void **state)
{
	static const struct {
		uint64_t disk_pages, max_pages, pages;
		unsigned int block;
	} rows[] = {
		{ 16384, 128, 256, 512 },  { 16384, 128, 1, 512 },  { 16384, 128, 2, 512 },
		{ 16384, 128, 3, 4096 },   { 16384, 0, 129, 4096 }, { 16384, 2, 300, 512 },
		{ 3, 128, 256, 512 },	   { 1, 128, 67, 4096 },    { 200, 1, 9, 512 },
		{ 16384, 128, 1100, 512 },
	};
	struct dma_proof proof;
	struct err err;
	size_t i;
	int disk;

	(void)state;
	for (disk = 0; disk < NR_DISKS; disk++)
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			int ret = run(disk, rows[i].disk_pages, rows[i].block, rows[i].max_pages,
				      rows[i].pages, NULL, &proof, &err);

			if (ret || proof.bad || proof.compared != rows[i].pages ||
			    proof.unproven[0])
				fail_msg("%s, row %zu: %d, %d of %d, %d bad: %s", disk_names[disk],
					 i, ret, (int)proof.compared, (int)rows[i].pages,
					 (int)proof.bad, err.why);
		}
}

static void test_wrong(void **state)
{
	struct dma_proof proof;
	struct err err;
	size_t i;
	int disk;

	(void)state;
	for (disk = 0; disk < NR_DISKS; disk++)
		for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
			int ret = run(disk, 16384, 512, 128, 256, &wrongs[i], &proof, &err);

			if (ret || !proof.bad || !err.why[0])
				fail_msg("%s disk: %s: not seen (%d)", disk_names[disk],
					 wrongs[i].name, ret);
		}
}

/* Of two pages, each must be named. */
static void test_names_pages(void **state)
{
	struct dma_proof proof;
	struct err err;

	(void)state;
	assert_false(run(DATA, 16384, 512, 128, 256, &wrongs[0], &proof, &err));
	assert_int_equal(proof.bad, 2);
	assert_non_null(strstr(err.why, "IOVA 0x203000"));
}

/* What another controller writes to the disk is no fault of the memory; and it is no pass. */
static void test_another_writes(void **state)
{
	struct wrong w = { .name = "another writes", .other = 2, .shared = true };
	struct dma_proof proof;
	struct err err;
	int disk;

	(void)state;
	for (disk = 0; disk < NR_DISKS; disk++) {
		assert_int_equal(run(disk, 16384, 512, 128, 256, &w, &proof, &err), -EOPNOTSUPP);
		assert_true(!proof.compared && strstr(err.why, "another controller"));
	}
	/* Where nobody else has it, it was memory. */
	w.shared = false;
	assert_int_equal(run(DATA, 16384, 512, 128, 256, &w, &proof, &err), 0);
	assert_true(proof.bad);
	/* And where what differs is the memory, that counts on such a disk as well. */
	for (disk = 0; disk < NR_DISKS; disk++) {
		w = wrongs[0];
		w.shared = true;
		assert_int_equal(run(disk, 16384, 512, 128, 256, &w, &proof, &err), 0);
		assert_true(proof.bad && err.why[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all_well),
					    cmocka_unit_test(test_wrong),
					    cmocka_unit_test(test_names_pages),
					    cmocka_unit_test(test_another_writes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
