// SPDX-License-Identifier: GPL-2.0
/*
 * What an NVMe disk proves of pages, with nothing written to it.
 *
 * READ has the device write memory; COMPARE has it read memory, and say whether that is what is
 * on the disk.  Both work on a window: up to 128 pages of the disk, which one READ into memory
 * of the driver's own has shown.  That memory is wiped then, so that what the window has is
 * nowhere the device reaches but where a command has just put it.
 *
 * Commands take groups of pages, by PRP lists.  For each group: its pages are still filled with
 * one byte, which the window has nowhere for a whole 512 bytes; READ makes each the window's
 * page for it; COMPARE of the group says equal; then one bit of one page is turned, and COMPARE
 * says that it differs; then the group is filled again.  After all groups every byte is the
 * fill.  So what the commands of a group wrote arrived in that group and nowhere else: in a
 * group that comes later it is seen before that one is read, in one that was earlier at the end.
 *
 * Where the window's pages all differ, and none is one byte repeated, that proves each page: of
 * a group the one place where a page's content can be is the page itself.
 *
 * Where they do not, as on a blank disk, pages of a group could be one for the other.  Then there
 * is a second pass over groups of another kind: no two pages are in one group in both.  What is
 * read into a page, or from it, is in its group of the first and in its group of the second pass,
 * and these have that page alone in common.  READ is proven by that.  COMPARE could still read
 * the like of a blank page from anywhere else.  So in the second pass a bit is turned in each
 * page of the group, and each page is compared by a command of its own: it must differ, which
 * only what was turned just now can make it, and what was turned is in the group.
 */
#include "driver/nvme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/plan.h"
#include "lib/signals.h"

/* Places on the disk that are tried for a window whose pages all differ */
#define WINDOWS 64

struct job {
	struct nvme *n;
	const struct dma_area *area;
	struct dma_proof *proof;
	struct err *err;
	unsigned char *window; /* what the disk has there */
	uint64_t at;	       /* its first block */
	unsigned int per;      /* pages of it, and of a command */
	bool distinct;
	unsigned char fill_byte;
	unsigned char fill[NVME_PAGE];
	unsigned char *bad;	       /* a page: something was wrong */
	struct nvme_groups groups;     /* of a pass */
	uint64_t page[NVME_GROUP_MAX]; /* of the group in hand */
	unsigned int nr;
	uint64_t turns; /* which page of a group gets a bit turned */
};

static unsigned char *page_at(const struct job *j, uint64_t page)
{
	return j->area->buf + page * NVME_PAGE;
}

static uint64_t page_iova(const struct job *j, uint64_t page)
{
	return j->area->iova + page * NVME_PAGE;
}

static void mark_bad(struct job *j, uint64_t page)
{
	j->proof->bad += !j->bad[page];
	j->bad[page] = 1;
}

/* Holds a page against @want; the first difference of all is told, with @what it means. */
static void check_page(struct job *j, uint64_t page, const unsigned char *want, const char *what)
{
	const unsigned char *found = page_at(j, page);
	unsigned int i;

	if (!memcmp(found, want, NVME_PAGE))
		return;
	for (i = 0; found[i] == want[i]; i++)
		;
	if (!j->proof->bad)
		err_why(j->err,
			"first at %p, IOVA 0x%llx: there is 0x%02x, and 0x%02x was to be: %s",
			(const void *)(found + i), (unsigned long long)page_iova(j, page) + i,
			found[i], want[i], found[i] == j->fill_byte ? "nothing arrived" : what);
	mark_bad(j, page);
}

/* READ or COMPARE of the window and @nr pages at these IOVAs */
static int group_command(struct nvme *n, uint8_t opcode, uint64_t at, const uint64_t *iovas,
			 unsigned int nr, uint16_t *status, struct err *err)
{
	struct nvme_command c;

	nvme_command_io(&c, opcode, &n->ns, at, nr * NVME_PAGE);
	nvme_prp(&c, iovas, nr, nvme_own(n, NVME_OWN_LIST), nvme_own_iova(n, NVME_OWN_LIST));
	return nvme_exec(n, &n->io, &c, 1, status, err);
}

static int for_group(struct job *j, uint8_t opcode, uint16_t *status)
{
	uint64_t iovas[NVME_GROUP_MAX];
	unsigned int i;

	for (i = 0; i < j->nr; i++)
		iovas[i] = page_iova(j, j->page[i]);
	return group_command(j->n, opcode, j->at, iovas, j->nr, status, j->err);
}

/* The device's answer to a COMPARE of pages of the group is not what their content makes it. */
static void wrong_answer(struct job *j, unsigned int first, unsigned int nr, uint16_t status,
			 bool equal)
{
	unsigned int i;

	if (!j->proof->bad)
		err_why(j->err,
			"COMPARE of %u pages at IOVA 0x%llx and on gave status 0x%x, and they %s",
			nr, (unsigned long long)page_iova(j, j->page[first]), status,
			equal ? "are what the disk has: the device read something else"
			      : "differ by a bit: the device did not read them");
	for (i = first; i < first + nr; i++)
		mark_bad(j, j->page[i]);
}

/* A bit that is not the same twice for neighbours, in the first block of the page */
static void turn_bit(struct job *j, unsigned int i)
{
	unsigned char *page = page_at(j, j->page[i]);

	page[(j->page[i] * 37) % j->n->ns.block] ^= 1U << j->page[i] % 8;
}

static int compare_one_off(struct job *j)
{
	const unsigned int i = j->turns++ % j->nr;
	uint16_t status;
	int ret;

	turn_bit(j, i);
	ret = for_group(j, NVME_COMPARE, &status);
	if (!ret && status != NVME_COMPARE_FAILED)
		wrong_answer(j, i, 1, status, false);
	turn_bit(j, i);
	return ret;
}

/* The first block of each page of the group, by a command of its own, which must give @want */
static int compare_each(struct job *j, uint16_t want)
{
	const unsigned int most = j->n->io.entries - 1, blocks = NVME_PAGE / j->n->ns.block;
	struct nvme_command c[NVME_ENTRIES];
	uint16_t status[NVME_ENTRIES];
	unsigned int first, nr, i;
	int ret = 0;

	for (first = 0; first < j->nr && !ret; first += nr) {
		nr = j->nr - first < most ? j->nr - first : most;
		for (i = 0; i < nr; i++) {
			nvme_command_io(&c[i], NVME_COMPARE, &j->n->ns,
					j->at + (first + i) * blocks, j->n->ns.block);
			c[i].prp1 = page_iova(j, j->page[first + i]);
		}
		ret = nvme_exec(j->n, &j->n->io, c, nr, status, j->err);
		for (i = 0; i < nr && !ret; i++)
			if (status[i] != want)
				wrong_answer(j, first + i, 1, status[i], !want);
	}
	return ret;
}

static int compare_each_off(struct job *j)
{
	unsigned int i;
	int ret;

	for (i = 0; i < j->nr; i++)
		turn_bit(j, i);
	ret = compare_each(j, NVME_COMPARE_FAILED);
	for (i = 0; i < j->nr; i++)
		turn_bit(j, i);
	return ret;
}

static int compare_group(struct job *j, int pass)
{
	uint16_t status;
	int ret = for_group(j, NVME_COMPARE, &status);

	if (ret)
		return ret;
	if (status != 0) {
		/* Which of them it is, if that can be said */
		ret = compare_each(j, 0);
		if (!ret && !j->proof->bad)
			wrong_answer(j, 0, j->nr, status, true);
		return ret;
	}
	return pass ? compare_each_off(j) : compare_one_off(j);
}

/* What of the disk cannot be read says nothing of memory. */
static int not_read(struct job *j, uint16_t status, const char *what, const char *where)
{
	const bool medium = nvme_status_of_medium(status);

	err_set(j->err, medium ? EOPNOTSUPP : EIO, what, "", "see dmesg; is the disk well?");
	err_why(j->err, "READ of %u pages%s gave status 0x%x%s", j->per, where, status,
		medium ? ": the disk has no such blocks, or does not give them" : "");
	return medium ? -EOPNOTSUPP : -EIO;
}

static int do_group(struct job *j, int pass, uint64_t i)
{
	uint16_t status;
	unsigned int k;
	int ret;

	j->nr = nvme_group(&j->groups, pass, i, j->page);
	for (k = 0; k < j->nr; k++)
		check_page(j, j->page[k], j->fill, "something arrived before its turn");
	ret = for_group(j, NVME_READ, &status);
	if (ret)
		return ret;
	if (status)
		return not_read(j, status, "the disk could not be read into the mapping",
				" into the mapping");
	for (k = 0; k < j->nr; k++)
		check_page(j, j->page[k], j->window + k * NVME_PAGE, "not what the disk has");
	if (j->n->ctrl.compare && !j->proof->bad)
		ret = compare_group(j, pass);
	for (k = 0; k < j->nr; k++)
		memset(page_at(j, j->page[k]), j->fill_byte, NVME_PAGE);
	return ret;
}

/* All groups, until something is wrong; then that nothing is where nothing was to arrive. */
static int do_pass(struct job *j, int pass)
{
	uint64_t i;
	int ret = 0;

	nvme_groups_init(&j->groups, j->area->pages, j->per);
	for (i = 0; i < nvme_groups_nr(&j->groups, pass) && !ret && !signal_seen; i++)
		ret = do_group(j, pass, i);
	for (i = 0; i < j->area->pages && !ret && !signal_seen; i++)
		check_page(j, i, j->fill, "something arrived that was for another page");
	return ret;
}

/* --- the window ------------------------------------------------------------------------- */

/* READ of the window at block @at, into memory of the driver's own, and from there to @to. */
static int read_window(struct job *j, uint64_t at, unsigned char *to, uint16_t *status)
{
	uint64_t iovas[NVME_GROUP_MAX];
	const size_t size = (size_t)j->per * NVME_PAGE;
	unsigned int i;
	int ret;

	for (i = 0; i < j->per; i++)
		iovas[i] = nvme_own_iova(j->n, NVME_OWN_WINDOW + i);
	ret = group_command(j->n, NVME_READ, at, iovas, j->per, status, j->err);
	memcpy(to, nvme_own(j->n, NVME_OWN_WINDOW), size);
	memset(nvme_own(j->n, NVME_OWN_WINDOW), 0, size);
	return ret;
}

/* The first place whose pages all differ, of some that are evenly spread; else the first. */
static int find_window(struct job *j)
{
	const uint64_t blocks = (uint64_t)j->per * (NVME_PAGE / j->n->ns.block);
	const uint64_t room = j->n->ns.blocks - blocks;
	uint64_t i, at, good = UINT64_MAX;
	uint16_t status = 0;
	int ret = 0;

	for (i = 0; i < WINDOWS && !j->distinct && !ret && !signal_seen; i++) {
		at = room / WINDOWS * i;
		if (i && at == j->at)
			break;
		j->at = at;
		ret = read_window(j, at, j->window, &status);
		if (ret || status)
			continue;
		good = good == UINT64_MAX ? at : good;
		j->distinct = nvme_window_distinct(j->window, j->per);
	}
	if (ret)
		return ret;
	if (!j->distinct && good != UINT64_MAX) {
		j->at = good;
		ret = read_window(j, good, j->window, &status);
	}
	if (ret || (good != UINT64_MAX && !status))
		return ret;
	return not_read(j, status, "the disk could not be read", "");
}

/* A block that differs from memory that is filled with either of two bytes */
static void find_store(struct job *j)
{
	const unsigned int block = j->n->ns.block;
	unsigned int i;

	for (i = 0; i < j->per * (NVME_PAGE / block); i++) {
		const unsigned char *p = j->window + (size_t)i * block;

		if ((*p == 0x55 || *p == j->area->fill) && !memcmp(p, p + 1, block - 1))
			continue;
		j->n->store_at = j->at + i;
		return;
	}
}

static int prepare(struct job *j)
{
	const uint64_t pages = j->n->ns.blocks / (NVME_PAGE / j->n->ns.block);
	int ret, fill;

	j->per = NVME_GROUP_MAX;
	if (j->n->ctrl.max_pages && j->n->ctrl.max_pages < j->per)
		j->per = j->n->ctrl.max_pages;
	if (pages < j->per)
		j->per = pages;
	if (j->area->pages < j->per)
		j->per = j->area->pages;
	ret = find_window(j);
	if (ret)
		return ret;
	find_store(j);
	fill = nvme_window_fill(j->window, j->per, j->area->fill);
	if (fill < 0) {
		err_set(j->err, EOPNOTSUPP, "no page can be proven",
			"what the disk has can be told from no byte that memory is filled with",
			"");
		return -EOPNOTSUPP;
	}
	j->fill_byte = fill;
	memset(j->fill, fill, sizeof(j->fill));
	if (j->fill_byte != j->area->fill)
		memset(j->area->buf, fill, j->area->pages * NVME_PAGE);
	return 0;
}

/*
 * Something is wrong with pages.  Another controller that has the disk as well may have written
 * to it since: if the window is not what it was, nothing is proven, and nothing wrong either.
 */
static int look_again(struct job *j)
{
	unsigned char *now = malloc((size_t)j->per * NVME_PAGE);
	uint16_t status = 0;
	int ret = now ? read_window(j, j->at, now, &status) : 0;
	const bool changed =
		now && !ret && !status && memcmp(now, j->window, (size_t)j->per * NVME_PAGE) != 0;

	free(now);
	if (!changed)
		return ret;
	j->proof->bad = 0;
	err_set(j->err, EOPNOTSUPP, "no page can be proven",
		"what the disk has changed meanwhile: another controller writes to it",
		"stop what uses the disk");
	return -EOPNOTSUPP;
}

static int prove(struct job *j)
{
	int ret = prepare(j), pass;
	const int passes = j->distinct ? 1 : 2;

	for (pass = 0; pass < passes && !ret && !j->proof->bad && !signal_seen; pass++)
		ret = do_pass(j, pass);
	if (j->proof->bad || j->fill_byte != j->area->fill || ret || signal_seen)
		memset(j->area->buf, j->area->fill, j->area->pages * NVME_PAGE);
	if (!ret && j->proof->bad && j->n->ns.shared && !signal_seen)
		ret = look_again(j);
	if (ret || signal_seen)
		return ret;
	j->proof->compared = j->area->pages;
	if (!j->n->ctrl.compare)
		snprintf(
			j->proof->unproven, sizeof(j->proof->unproven),
			"written by the device, but that it reads is not proven: the controller has no COMPARE (ONCS bit 0)");
	return 0;
}

int nvme_prove(struct dma *dma, const struct dma_area *area, struct dma_proof *proof,
	       struct err *err)
{
	struct job j = {
		.n = nvme_of(dma), .area = area, .proof = proof, .err = err, .fill_byte = area->fill
	};
	int ret = -ENOMEM;

	if (j.n->no_ns[0]) {
		err_set(err, EOPNOTSUPP, "the disk cannot be read", j.n->no_ns, "");
		return -EOPNOTSUPP;
	}
	j.window = malloc((size_t)NVME_GROUP_MAX * NVME_PAGE);
	j.bad = calloc(area->pages, 1);
	if (j.window && j.bad)
		ret = prove(&j);
	else
		err_set(err, ENOMEM, "no memory to keep the pages' states", strerror(ENOMEM),
			"give a smaller --size");
	free(j.window);
	free(j.bad);
	return ret;
}
