// SPDX-License-Identifier: GPL-2.0
/* Commands to an NVMe controller, and the wait for their ends. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "driver/nvme.h"
#include "lib/signals.h"

/* How long an interrupt is waited for before memory is looked at again */
#define EVENT_MS 200
/* Where there is none, memory is looked at so often without a pause. */
#define SPINS	 2000
#define PAUSE_NS 50000

int nvme_interrupted(struct err *err)
{
	err_set(err, EINTR, "the NVMe controller was not waited for", "a signal asks us to end",
		"");
	return -EINTR;
}

int nvme_check(struct nvme *n, uint32_t *csts, struct err *err)
{
	int ret = dma_read(n->dma, NVME_CSTS, csts, err);

	if (ret)
		return ret;
	if (*csts == NVME_GONE) {
		err_set(err, ENODEV, "the NVMe controller does not answer any more",
			"its status register has all bits set",
			"is it powered? see lspci and dmesg");
		return -ENODEV;
	}
	if (*csts & NVME_CSTS_CFS) {
		err_set(err, EIO, "the NVMe controller has stopped with a fatal error", "",
			"see dmesg; power the machine off and on");
		err_why(err, "its status register is 0x%x (CSTS.CFS)", *csts);
		return -EIO;
	}
	return 0;
}

int nvme_ring(struct nvme *n, struct nvme_queue *q, struct err *err)
{
	/* What the device fetches is in memory before it is told. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return dma_write(n->dma, nvme_doorbell(&n->cap, q->id, false), q->tail, err);
}

/* Until the interrupt, or for as long as makes sense before memory is looked at again */
static void pause_for(struct nvme *n, unsigned int *spins)
{
	struct pollfd in = { .fd = n->event, .events = POLLIN };
	uint64_t count;

	if (n->event < 0 || n->event_silent) {
		if ((*spins)++ > SPINS)
			nvme_sleep_ns(PAUSE_NS);
		return;
	}
	if (poll(&in, 1, EVENT_MS) == 1) {
		if (read(n->event, &count, sizeof(count)) != sizeof(count))
			n->event_silent = true;
	} else if (errno != EINTR && ++*spins > 5) {
		/* It may not come at all on this machine: the data is what counts. */
		n->event_silent = true;
	}
}

/* The next completion, whose entry stays ours until the device is told. */
static int wait_one(struct nvme *n, struct nvme_queue *q, struct nvme_completion *c,
		    struct err *err)
{
	const uint64_t start = nvme_now_ms();
	unsigned int spins = 0;
	uint32_t csts;
	int ret;

	while (!nvme_queue_get(q, c)) {
		errno = 0;
		pause_for(n, &spins);
		/* The command is ended with all others when the controller is disabled. */
		if (signal_seen)
			return nvme_interrupted(err);
		/* Seldom: a read of a register costs more than a command. */
		if (spins % 1024 != 1023 && (n->event < 0 || n->event_silent))
			continue;
		ret = nvme_check(n, &csts, err);
		if (ret)
			return ret;
		if (nvme_now_ms() - start > NVME_COMMAND_MS) {
			err_set(err, ETIMEDOUT, "a command of the NVMe controller did not end", "",
				"see dmesg; is the disk well?");
			err_why(err, "no completion within %d s (status register 0x%x)",
				NVME_COMMAND_MS / 1000, csts);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static int give_back(struct nvme *n, struct nvme_queue *q, struct err *err)
{
	return dma_write(n->dma, nvme_doorbell(&n->cap, q->id, true), q->head, err);
}

int nvme_reap(struct nvme *n, struct nvme_queue *q, struct nvme_completion *c, struct err *err)
{
	int ret = wait_one(n, q, c, err);

	return ret ? ret : give_back(n, q, err);
}

int nvme_exec(struct nvme *n, struct nvme_queue *q, const struct nvme_command *c, unsigned int nr,
	      uint16_t *status, struct err *err)
{
	bool ended[NVME_ENTRIES] = { false };
	/* Each has a number of its own, so that an end that comes twice is not that of the next. */
	const uint16_t first = q->next_id;
	struct nvme_completion done;
	uint16_t which;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++)
		nvme_queue_put(q, &c[i], q->next_id++);
	ret = nvme_ring(n, q, err);
	for (i = 0; i < nr && !ret; i++) {
		ret = wait_one(n, q, &done, err);
		if (ret)
			break;
		which = done.id - first;
		if (which >= nr || ended[which] || done.sq_id != q->id) {
			err_set(err, EPROTO, "the NVMe controller completed what nobody asked for",
				"", "see dmesg; report it to the maker of the disk");
			err_why(err,
				"command %u of queue %u; under way were %u from %u on in queue %u",
				done.id, done.sq_id, nr, first, q->id);
			return -EPROTO;
		}
		ended[which] = true;
		status[which] = done.status >> 1 & NVME_STATUS_MASK;
	}
	return ret ? ret : give_back(n, q, err);
}
