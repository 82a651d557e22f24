// SPDX-License-Identifier: GPL-2.0
/*
 * An NVMe controller made up here, with registers, queues and a disk: the driver brings it up,
 * proves pages with it and takes it down.  What it must not be sent is seen, and so is one that
 * lies, stops in the middle, or never answers: no wait is without an end, and none is a pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver/nvme.h"
#include "driver/plan.h"
#include "lib/signals.h"
#include "vfio/vfio.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define OWN_IOVA      0x100000ULL
#define AREA_IOVA     0x200000ULL
#define AREA_PAGES    16U
#define DISK_PAGES    64U
#define FILL	      0xaa
#define NEVER	      (~0U)
/* What the specification says of other commands */
#define INVALID_OPCODE 0x001
#define INVALID_FIELD  0x002
#define INVALID_QUEUE  0x101

/* What is wrong with it */
struct lies {
	uint32_t gone_after;   /* commands until all registers read ones */
	uint32_t silent_after; /* commands until none is completed any more */
	uint32_t fatal_after;  /* commands until CSTS.CFS is set, and none is completed */
	uint32_t other_id;     /* this command is completed as one that there is not */
	uint32_t twice;	       /* this command is completed again in the place of the next */
	bool never_ready, never_stops, fatal_at_start, never_shut_down;
	bool first_version; /* 1.0, which has no list of namespaces */
	bool refuses_read;
	bool signal_when_waiting; /* as by Ctrl-C */
	uint32_t shutdown_us;	  /* what it says that a shutdown takes */
};

struct queue {
	uint64_t sq, cq;
	uint32_t entries, head, tail, cq_tail, cq_head;
	uint16_t phase;
	bool there, refused;
};

static struct {
	struct lies lies;
	uint32_t cc, csts, aqa, commands, shut_down;
	uint64_t asq, acq;
	struct queue queues[2];
	bool queues_asked; /* for the number of them: before that there are none to be had */
	uint64_t now_ns;
	unsigned char *own, *area, *disk;
} sim;

/* --- the clock, which waits move ------------------------------------------ */

uint64_t nvme_now_ms(void)
{
	return sim.now_ns / 1000000;
}

void nvme_sleep_ns(uint64_t ns)
{
	sim.now_ns += ns;
	if (sim.lies.signal_when_waiting)
		signal_seen = SIGINT;
}

int vfio_irq_enable(int device, uint32_t index, int event)
{
	(void)device;
	(void)index;
	(void)event;
	return -ENOSPC;
}

int vfio_irq_disable(int device, uint32_t index)
{
	(void)device;
	(void)index;
	return 0;
}

/* --- the controller --------------------------------------------------------- */

static unsigned char *at_iova(uint64_t iova, size_t len)
{
	if (iova >= OWN_IOVA && iova + len <= OWN_IOVA + (uint64_t)NVME_OWN_PAGES * NVME_PAGE)
		return sim.own + (iova - OWN_IOVA);
	assert_true(iova >= AREA_IOVA && iova + len <= AREA_IOVA + AREA_PAGES * NVME_PAGE);
	return sim.area + (iova - AREA_IOVA);
}

static uint64_t wide(const uint32_t *w)
{
	return (uint64_t)w[1] << 32 | w[0];
}

static uint16_t identify(const uint32_t *w)
{
	unsigned char *p = at_iova(wide(w + 6), NVME_PAGE);

	memset(p, 0, NVME_PAGE);
	switch (w[10] & 0xff) {
	case NVME_IDENTIFY_CONTROLLER:
		memcpy(p + 88, &sim.lies.shutdown_us, 4);
		p[77] = 3;
		p[516] = 2;
		p[520] = 1;
		return 0;
	case NVME_IDENTIFY_ACTIVE_NS:
		p[0] = 2;
		return sim.lies.first_version ? INVALID_FIELD : 0;
	default:
		/* The first is not there. */
		if (w[1] == 2) {
			p[0] = DISK_PAGES;
			p[130] = 12;
		}
		return 0;
	}
}

static uint16_t create(const uint32_t *w, bool completion)
{
	struct queue *q = &sim.queues[1];

	if (!sim.queues_asked || (w[10] & 0xffff) != 1)
		return INVALID_QUEUE;
	q->entries = (w[10] >> 16) + 1;
	if (completion) {
		q->cq = wide(w + 6);
		q->phase = 1;
	} else {
		q->sq = wide(w + 6);
		q->there = true;
	}
	return 0;
}

static uint16_t admin(const uint32_t *w)
{
	switch (w[0] & 0xff) {
	case NVME_ADMIN_IDENTIFY:
		return identify(w);
	case NVME_ADMIN_CREATE_CQ:
	case NVME_ADMIN_CREATE_SQ:
		return create(w, (w[0] & 0xff) == NVME_ADMIN_CREATE_CQ);
	case NVME_ADMIN_SET_FEATURES:
		/* For a moment, never saved: bit 31 */
		assert_int_equal(w[10], NVME_FEATURE_QUEUES);
		sim.queues_asked = true;
		return 0;
	case NVME_ADMIN_GET_FEATURES:
		return 0;
	default:
		fail_msg("admin command 0x%x", w[0] & 0xff);
		return INVALID_OPCODE;
	}
}

static uint16_t io(const uint32_t *w)
{
	const uint64_t at = wide(w + 10), nr = (w[12] & 0xffff) + 1;
	const uint64_t *list = nr > 2 ? (void *)at_iova(wide(w + 8), NVME_PAGE) : NULL;
	const bool read = (w[0] & 0xff) == NVME_READ;
	uint16_t status = 0;
	uint64_t i;

	/* Nothing is written, and no bit of the word asks for more than that. */
	assert_true(read || (w[0] & 0xff) == NVME_COMPARE);
	assert_int_equal(w[1], 2);
	assert_int_equal(w[12] >> 16, 0);
	assert_true(at + nr <= DISK_PAGES);
	for (i = 0; i < nr; i++) {
		uint64_t iova = !i ? wide(w + 6) : list ? list[i - 1] : wide(w + 8);
		unsigned char *page = at_iova(iova, NVME_PAGE);

		if (read && sim.lies.refuses_read)
			return 0x286;
		if (read)
			memcpy(page, sim.disk + (at + i) * NVME_PAGE, NVME_PAGE);
		else if (memcmp(page, sim.disk + (at + i) * NVME_PAGE, NVME_PAGE))
			status = NVME_COMPARE_FAILED;
	}
	return status;
}

static void complete(struct queue *q, unsigned int id, uint16_t command, uint16_t status)
{
	struct nvme_completion *c = (void *)at_iova(q->cq + q->cq_tail * sizeof(*c), sizeof(*c));

	c->sq_head = q->head;
	c->sq_id = id;
	c->id = command;
	c->status = status << 1 | q->phase;
	q->cq_tail = (q->cq_tail + 1) % q->entries;
	q->phase ^= !q->cq_tail;
}

static void doorbell(unsigned int id, uint32_t tail)
{
	struct queue *q = &sim.queues[id];
	static uint16_t last;

	assert_true(q->there && tail < q->entries);
	assert_true(sim.csts & NVME_CSTS_RDY);
	for (q->tail = tail; q->head != q->tail; q->head = (q->head + 1) % q->entries) {
		uint32_t w[NVME_COMMAND_WORDS];
		const uint32_t nr = sim.commands++;
		uint16_t status;

		memcpy(w, at_iova(q->sq + q->head * sizeof(w), sizeof(w)), sizeof(w));
		/* A PRP and not an SGL, not fused, no metadata */
		assert_int_equal(w[0] & 0xff00, 0);
		assert_int_equal(w[4] | w[5], 0);
		if (nr >= sim.lies.fatal_after)
			sim.csts |= NVME_CSTS_CFS;
		if (nr >= sim.lies.silent_after || nr >= sim.lies.fatal_after ||
		    nr >= sim.lies.gone_after)
			continue;
		status = id ? io(w) : admin(w);
		if (nr == sim.lies.other_id)
			w[0] ^= 7U << 16;
		if (nr == sim.lies.twice + 1 && nr)
			w[0] = (uint32_t)last << 16;
		last = w[0] >> 16;
		complete(q, id, w[0] >> 16, status);
	}
}

static void configure(uint32_t cc)
{
	const bool was = sim.cc & NVME_CC_EN, is = cc & NVME_CC_EN;

	sim.cc = cc;
	if ((cc & NVME_CC_SHN_MASK) && !sim.lies.never_shut_down)
		sim.csts |= NVME_CSTS_SHST_DONE;
	if ((cc & NVME_CC_SHN_MASK) && is)
		sim.shut_down++;
	if (was && !is) {
		memset(sim.queues, 0, sizeof(sim.queues));
		sim.queues_asked = false;
		sim.csts = sim.lies.never_stops ? sim.csts : 0;
	}
	if (was || !is)
		return;
	sim.csts = sim.lies.fatal_at_start ? NVME_CSTS_CFS
		   : sim.lies.never_ready  ? 0
					   : NVME_CSTS_RDY;
	sim.queues[0] = (struct queue){ .sq = sim.asq,
					.cq = sim.acq,
					.entries = (sim.aqa & 0xfff) + 1,
					.phase = 1,
					.there = true };
}

int dma_read(struct dma *dma, uint32_t reg, uint32_t *v, struct err *err)
{
	(void)dma;
	(void)err;
	*v = reg == NVME_CC	? sim.cc
	     : reg == NVME_CSTS ? sim.csts
	     : reg == NVME_AQA	? sim.aqa
	     : reg == NVME_VS	? (sim.lies.first_version ? 0x10000 : 0x10400)
				: 0;
	if (sim.commands > sim.lies.gone_after)
		*v = NVME_GONE;
	/* A read takes its time. */
	sim.now_ns += 1000;
	return 0;
}

int dma_write(struct dma *dma, uint32_t reg, uint32_t v, struct err *err)
{
	(void)dma;
	(void)err;
	if (reg == NVME_CC)
		configure(v);
	else if (reg == NVME_AQA)
		sim.aqa = v;
	else if (reg == NVME_DOORBELL || reg == NVME_DOORBELL + 8)
		doorbell(reg > NVME_DOORBELL, v);
	else
		assert_true(reg == NVME_DOORBELL + 4 || reg == NVME_DOORBELL + 12);
	return 0;
}

int dma_read64(struct dma *dma, uint32_t reg, uint64_t *v, struct err *err)
{
	(void)dma;
	(void)err;
	*v = reg == NVME_CAP ? 0x00000020ff010007ULL : reg == NVME_ASQ ? sim.asq : sim.acq;
	return 0;
}

int dma_write64(struct dma *dma, uint32_t reg, uint64_t v, struct err *err)
{
	(void)dma;
	(void)err;
	assert_true(!(sim.cc & NVME_CC_EN));
	*(reg == NVME_ASQ ? &sim.asq : &sim.acq) = v;
	return 0;
}

/* --- a run of it --------------------------------------------------------------- */

static const struct lies honest = { .gone_after = NEVER,
				    .silent_after = NEVER,
				    .fatal_after = NEVER,
				    .other_id = NEVER,
				    .twice = NEVER };

/* What came of it: of init or, where that was well, of the proof */
struct outcome {
	int ret;
	bool proven;
	uint64_t seconds; /* all of it */
	struct err err;
	struct nvme n; /* as it was after the proof */
};

static void run(const struct lies *lies, struct outcome *o)
{
	struct dma dma = { .drv = &dma_nvme, .own_iova = OWN_IOVA, .device = -1 };
	struct dma_proof proof = { 0 };
	struct dma_area area = { .iova = AREA_IOVA, .pages = AREA_PAGES, .fill = FILL };
	uint64_t i;

	memset(&sim, 0, sizeof(sim));
	memset(o, 0, sizeof(*o));
	signal_seen = 0;
	sim.lies = *lies;
	sim.asq = 0x1234000;
	sim.acq = 0x5678000;
	sim.aqa = 0x30003;
	dma.own = sim.own = calloc(NVME_OWN_PAGES, NVME_PAGE);
	area.buf = sim.area = malloc(AREA_PAGES * NVME_PAGE);
	memset(sim.area, FILL, AREA_PAGES * NVME_PAGE);
	sim.disk = malloc(DISK_PAGES * NVME_PAGE);
	for (i = 0; i < DISK_PAGES * NVME_PAGE; i++)
		sim.disk[i] = i % 251 + i / NVME_PAGE;
	o->ret = dma_nvme.probe(&dma, &o->err);
	assert_int_equal(o->ret, 0);
	o->ret = dma_nvme.init(&dma, &o->err);
	if (!o->ret)
		o->ret = dma_nvme.prove(&dma, &area, &proof, &o->err);
	o->proven = !o->ret && !signal_seen && proof.compared == AREA_PAGES && !proof.bad &&
		    !proof.unproven[0];
	o->n = *nvme_of(&dma);
	dma_nvme.remove(&dma);
	o->seconds = sim.now_ns / 1000000000;
	/* As it was, where it is there and lets itself be stopped */
	if (sim.commands <= lies->gone_after && !lies->never_stops) {
		assert_int_equal(sim.cc & NVME_CC_EN, 0);
		assert_int_equal(sim.aqa, 0x30003);
		assert_int_equal(sim.asq, 0x1234000);
		assert_int_equal(sim.acq, 0x5678000);
	}
	for (i = 0; i < AREA_PAGES * NVME_PAGE; i++)
		assert_int_equal(sim.area[i], FILL);
	signal_seen = 0;
	free(dma.priv);
	free(sim.own);
	free(sim.area);
	free(sim.disk);
}

static void test_honest(void **state)
{
	struct outcome o;

	(void)state;
	run(&honest, &o);
	if (o.ret || !o.proven)
		fail_msg("%s: %s", o.err.what, o.err.why);
	assert_int_equal(sim.shut_down, 1);
	assert_int_equal(o.n.ns.nsid, 2);
}

/* NVM Express 1.0 has no list of active namespaces: those up to NN are there. */
static void test_first_version(void **state)
{
	struct lies lies = honest;
	struct outcome o;

	(void)state;
	lies.first_version = true;
	run(&lies, &o);
	if (o.ret || !o.proven)
		fail_msg("%s: %s", o.err.what, o.err.why);
}

/* None of them is a pass, or takes longer than what the controller may ask for. */
static void test_lies(void **state)
{
	static const struct {
		const char *name;
		struct lies lies; /* what is 0 of the counts is set to NEVER */
		int ret;
		uint64_t seconds;
	} rows[] = {
		{ "never ready", { .never_ready = true }, -ETIMEDOUT, 140 },
		{ "never stops", { .never_stops = true, .silent_after = 9 }, -ETIMEDOUT, 170 },
		{ "fatal at once", { .fatal_at_start = true }, -EIO, 10 },
		{ "silent from the first command on", { .silent_after = 1 }, -ETIMEDOUT, 40 },
		{ "silent later", { .silent_after = 9 }, -ETIMEDOUT, 40 },
		{ "fatal later", { .fatal_after = 9 }, -EIO, 10 },
		{ "gone later", { .gone_after = 9 }, -ENODEV, 10 },
		{ "another command's end", { .other_id = 9 }, -EPROTO, 10 },
		{ "the same end twice", { .twice = 7 }, -EPROTO, 10 },
		{ "a read that the disk refuses", { .refuses_read = true }, -EOPNOTSUPP, 10 },
		{ "a signal while silent",
		  { .silent_after = 9, .signal_when_waiting = true },
		  -EINTR,
		  10 },
		{ "a signal while not ready",
		  { .never_ready = true, .signal_when_waiting = true },
		  -EINTR,
		  140 },
	};
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lies lies = rows[i].lies;

		lies.gone_after = lies.gone_after ? lies.gone_after : NEVER;
		lies.silent_after = lies.silent_after ? lies.silent_after : NEVER;
		lies.fatal_after = lies.fatal_after ? lies.fatal_after : NEVER;
		lies.other_id = lies.other_id ? lies.other_id : NEVER;
		lies.twice = lies.twice ? lies.twice : NEVER;
		run(&lies, &o);
		if ((o.proven && rows[i].ret) || o.ret != rows[i].ret ||
		    o.seconds > rows[i].seconds || (o.ret && !o.err.why[0]))
			fail_msg("%s: %d, %sproven, %d s: %s: %s", rows[i].name, o.ret,
				 o.proven ? "" : "not ", (int)o.seconds, o.err.what, o.err.why);
	}
}

/* It may say that a shutdown takes an hour: it is not waited for as long. */
static void test_shutdown_has_an_end(void **state)
{
	struct lies lies = honest;
	struct outcome o;

	(void)state;
	lies.never_shut_down = true;
	lies.shutdown_us = NEVER;
	run(&lies, &o);
	assert_true(o.proven);
	if (o.seconds > 70)
		fail_msg("%d s", (int)o.seconds);
}

/* Its queue is gone once it has interrupted: nothing waits for an answer from there. */
static void test_store_after_interrupt(void **state)
{
	struct dma dma = { .drv = &dma_nvme };
	struct nvme n = { .dma = &dma, .store_at = 0 };
	struct err err = { 0 };

	(void)state;
	memset(&sim, 0, sizeof(sim));
	dma.priv = &n;
	assert_int_equal(dma_nvme.store(&dma, AREA_IOVA, &err), -EOPNOTSUPP);
	assert_true(err.why[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_first_version),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_shutdown_has_an_end),
		cmocka_unit_test(test_store_after_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
