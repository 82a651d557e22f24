// SPDX-License-Identifier: GPL-2.0
#include "driver/nvme_spec.h"

#include <string.h>

#define SECTOR 512U
/* As Linux: a minute is the longest that a shutdown may take, whatever the device says. */
#define SHUTDOWN_MS_MAX 60000U

static uint64_t field(uint64_t v, unsigned int low, unsigned int bits)
{
	return v >> low & ((1ULL << bits) - 1);
}

/* Little-endian, as all of it is */
static uint64_t bytes_at(const uint8_t *p, unsigned int at, unsigned int nr)
{
	uint64_t v = 0;

	while (nr--)
		v = v << 8 | p[at + nr];
	return v;
}

void nvme_cap_decode(uint64_t cap, struct nvme_cap *c)
{
	c->entries = field(cap, 0, 16) + 1;
	c->timeout_ms = field(cap, 24, 8) * 500;
	c->stride = 4U << field(cap, 32, 4);
	c->nvm = field(cap, 37, 1);
	c->small_pages = !field(cap, 48, 4);
}

uint32_t nvme_doorbell(const struct nvme_cap *c, unsigned int id, bool completion)
{
	return NVME_DOORBELL + (2 * id + completion) * c->stride;
}

void nvme_controller_parse(const uint8_t *id, struct nvme_controller *c)
{
	const unsigned int mdts = id[77];

	/* In pages of the least size, which is ours; past 2^20 of them it limits nothing here. */
	c->max_pages = mdts && mdts < 20 ? 1ULL << mdts : 0;
	c->shutdown_ms = bytes_at(id, 88, 4) / 1000;
	if (c->shutdown_ms > SHUTDOWN_MS_MAX)
		c->shutdown_ms = SHUTDOWN_MS_MAX;
	c->namespaces = bytes_at(id, 516, 4);
	memcpy(c->nqn, id + 768, sizeof(c->nqn));
	c->nqn[sizeof(c->nqn) - 1] = '\0';
	c->compare = bytes_at(id, 520, 2) & 1;
}

const char *nvme_namespace_parse(const uint8_t *id, struct nvme_namespace *ns)
{
	const unsigned int formats = id[25] + 1, flbas = id[26];
	unsigned int format = flbas & 0xf, metadata, shift;

	if (formats > 16)
		format |= (flbas >> 5 & 3) << 4;
	if (format >= formats || format >= 64)
		return "its format is none that it has";
	metadata = bytes_at(id, 128 + 4 * format, 2);
	shift = id[128 + 4 * format + 2];
	ns->blocks = bytes_at(id, 0, 8);
	ns->shared = id[30] & 1;
	if (metadata || id[29] & 7)
		return "it is formatted with metadata";
	if (shift < 9 || shift > 12)
		return "its blocks are not of 512 to 4096 bytes";
	ns->block = 1U << shift;
	if (ns->blocks < NVME_PAGE / ns->block)
		return "it has less than a page";
	return NULL;
}

bool nvme_status_of_medium(uint16_t status)
{
	/* Invalid namespace, denied, sanitize failed, sanitize runs, LBA, not ready, format */
	static const uint16_t generic[] = { 0x0b, 0x15, 0x1c, 0x1d, 0x80, 0x82, 0x84 };
	size_t i;

	for (i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
		if (status == generic[i])
			return true;
	/* The types: media and data integrity, path */
	return status >> 8 == 2 || status >> 8 == 3;
}

void nvme_command_encode(const struct nvme_command *c, uint16_t id, uint32_t *words)
{
	memset(words, 0, NVME_COMMAND_WORDS * sizeof(*words));
	words[0] = c->opcode | (uint32_t)id << 16;
	words[1] = c->nsid;
	words[6] = (uint32_t)c->prp1;
	words[7] = c->prp1 >> 32;
	words[8] = (uint32_t)c->prp2;
	words[9] = c->prp2 >> 32;
	words[10] = c->cdw10;
	words[11] = c->cdw11;
	words[12] = c->cdw12;
}

void nvme_command_io(struct nvme_command *c, uint8_t opcode, const struct nvme_namespace *ns,
		     uint64_t at, uint32_t bytes)
{
	memset(c, 0, sizeof(*c));
	c->opcode = opcode;
	c->nsid = ns->nsid;
	c->cdw10 = (uint32_t)at;
	c->cdw11 = at >> 32;
	c->cdw12 = bytes / ns->block - 1;
}

void nvme_prp(struct nvme_command *c, const uint64_t *pages, unsigned int nr, uint64_t *list,
	      uint64_t list_iova)
{
	unsigned int i;

	c->prp1 = pages[0];
	c->prp2 = nr == 2 ? pages[1] : 0;
	if (nr <= 2)
		return;
	c->prp2 = list_iova;
	for (i = 1; i < nr; i++)
		list[i - 1] = pages[i];
}

void nvme_queue_init(struct nvme_queue *q, unsigned int id, unsigned int entries, void *sq,
		     void *cq)
{
	memset(sq, 0, entries * sizeof(*q->sq));
	memset(cq, 0, entries * sizeof(*q->cq));
	q->id = id;
	q->entries = entries;
	q->sq = sq;
	q->cq = cq;
	q->tail = q->head = 0;
	q->next_id = 0;
	/* What was zeroed is not yet written: the first round is written with 1. */
	q->phase = true;
}

void nvme_queue_put(struct nvme_queue *q, const struct nvme_command *c, uint16_t id)
{
	nvme_command_encode(c, id, q->sq[q->tail]);
	q->tail = (q->tail + 1) % q->entries;
}

bool nvme_queue_get(struct nvme_queue *q, struct nvme_completion *c)
{
	const volatile struct nvme_completion *next = &q->cq[q->head];

	c->status = next->status;
	if ((c->status & 1) != q->phase)
		return false;
	/* The rest is read after the phase, which the device writes last. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	c->result = next->result;
	c->sq_head = next->sq_head;
	c->sq_id = next->sq_id;
	c->id = next->id;
	q->head = (q->head + 1) % q->entries;
	if (!q->head)
		q->phase = !q->phase;
	return true;
}

void nvme_groups_init(struct nvme_groups *g, uint64_t pages, unsigned int per)
{
	g->pages = pages;
	g->per = per;
	/* Neighbours of a group in pass 0 are less than @per apart, so never @stride. */
	g->stride = (pages + per - 1) / per;
	if (g->stride < per)
		g->stride = per;
	if (g->stride > pages)
		g->stride = pages;
}

uint64_t nvme_groups_nr(const struct nvme_groups *g, int pass)
{
	return pass ? g->stride : (g->pages + g->per - 1) / g->per;
}

unsigned int nvme_group(const struct nvme_groups *g, int pass, uint64_t i, uint64_t *pages)
{
	const uint64_t step = pass ? g->stride : 1;
	uint64_t page = pass ? i : i * g->per;
	unsigned int nr = 0;

	for (; page < g->pages && nr < g->per; page += step)
		pages[nr++] = page;
	return nr;
}

bool nvme_window_distinct(const uint8_t *window, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		const uint8_t *page = window + (size_t)i * NVME_PAGE;

		if (!memcmp(page, page + 1, NVME_PAGE - 1))
			return false;
		for (j = 0; j < i; j++)
			if (!memcmp(page, window + (size_t)j * NVME_PAGE, NVME_PAGE))
				return false;
	}
	return true;
}

int nvme_window_fill(const uint8_t *window, unsigned int nr, uint8_t first)
{
	bool taken[256] = { false };
	const uint8_t *end = window + (size_t)nr * NVME_PAGE, *p;
	unsigned int i;

	for (p = window; p < end; p += SECTOR)
		if (!memcmp(p, p + 1, SECTOR - 1))
			taken[*p] = true;
	for (i = 0; i < 256; i++)
		if (!taken[(first + i) % 256])
			return (int)((first + i) % 256);
	return -1;
}
