// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: what its witnesses say, with one thing changed that LIE names: the
 * module's runs, its raw entries, the IOMMU's translations, /proc/self/pagemap, and the bytes
 * that the device moves.  Each lie is told where LIE says, as "iommu-pa" or, with LIE_AT=first or
 * last, only of the first or last record of that kind that the answer has.  A tester that passes
 * all the same believes somebody.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base.h"
#include "fmt/pt_fmt.h"
#include "fmt/pt_x86.h"
#include "uapi/verify_pte.h"

#define EDU_DST	   0x88 /* registers of QEMU's edu, in region 0 */
#define EDU_CMD	   0x98
#define EDU_BUFFER 0x40000

static bool lie(const char *what)
{
	const char *word = getenv("LIE");

	return word && !strcmp(word, what);
}

/* Which call of its kind is this one to be?  LIE_CALL=N, from 1 on; without it each is. */
static bool is_turn(unsigned int call)
{
	const char *nr = getenv("LIE_CALL");

	return !nr || call == (unsigned int)atoi(nr);
}

static bool at_first(void)
{
	const char *at = getenv("LIE_AT");

	return at && !strcmp(at, "first");
}

/* The first or the last record of a page; NULL: there is none. */
static struct verify_pte_run *pick_run(struct verify_pte_run *runs, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		struct verify_pte_run *r = &runs[at_first() ? i : nr - 1 - i];

		if (r->kind == PT_LEAF)
			return r;
	}
	return NULL;
}

static struct verify_pte_entry *pick_entry(struct verify_pte_entry *raws, uint32_t nr,
					   enum pt_kind kind)
{
	uint32_t i;

	for (i = 0; i < nr; i++) {
		struct verify_pte_entry *e = &raws[at_first() ? i : nr - 1 - i];

		if (e->kind == kind)
			return e;
	}
	return NULL;
}

/*
 * A run becomes two, so that a lie can be about one page of it: the first, or the last.  Returns
 * the run of that page.
 */
static struct verify_pte_run *one_page_of(struct verify_pte_walk *ask, struct verify_pte_run *r)
{
	struct verify_pte_run *runs = (void *)(uintptr_t)ask->buf;
	uint64_t head = at_first() ? PAGE : r->len - PAGE;

	if (r->len == PAGE)
		return r;
	memmove(r + 1, r, (char *)(runs + ask->nr) - (char *)r);
	ask->nr++;
	r[0].len = head;
	r[1].vaddr += head;
	r[1].pa += head;
	r[1].len -= head;
	return at_first() ? r : r + 1;
}

static void lie_about_runs(struct verify_pte_walk *ask, uint32_t room, const char *of)
{
	struct verify_pte_run *runs = (void *)(uintptr_t)ask->buf, *r = pick_run(runs, ask->nr);
	char what[32];

#define IS(word) (snprintf(what, sizeof(what), "%s-" word, of), lie(what))
	if (!r || ask->nr == room)
		return;
	if (IS("pa")) {
		one_page_of(ask, r)->pa ^= PAGE;
	} else if (IS("all-pa")) {
		r->pa ^= PAGE;
	} else if (IS("hole")) {
		r->kind = PT_NONE;
		r->pa = 0;
	} else if (IS("rights")) {
		r->rights ^= PT_WRITE;
	} else if (IS("user")) {
		r->rights &= ~PT_USER;
	} else if (IS("short")) {
		r->len -= PAGE;
	} else if (IS("lost")) {
		memmove(r, r + 1, (char *)(runs + ask->nr) - (char *)(r + 1));
		ask->nr--;
	} else if (IS("twice")) {
		memmove(r + 1, r, (char *)(runs + ask->nr) - (char *)r);
		ask->nr++;
	} else if (IS("more")) {
		runs[ask->nr] = *r;
		runs[ask->nr].vaddr = ask->start + ask->len;
		ask->nr++;
	} else if (IS("none")) {
		ask->nr = 0;
	}
#undef IS
}

static void lie_about_entries(struct verify_pte_walk *ask)
{
	struct verify_pte_entry *raws = (void *)(uintptr_t)ask->buf;
	struct verify_pte_entry *leaf = pick_entry(raws, ask->nr, PT_LEAF);
	struct verify_pte_entry *table = pick_entry(raws, ask->nr, PT_TABLE);

	if (leaf && (lie("raw-pa") || lie("both-pa")))
		leaf->entry ^= PAGE;
	if (leaf && lie("raw-user"))
		leaf->entry &= ~PT_X86_US;
	if (table && lie("raw-upper"))
		table->entry &= ~PT_X86_US;
	if (leaf && lie("raw-kind"))
		leaf->kind = PT_PROTNONE;
	if (leaf && lie("raw-lost")) {
		memmove(leaf, leaf + 1, (char *)(raws + ask->nr) - (char *)(leaf + 1));
		ask->nr--;
	}
	if (lie("raw-root"))
		ask->root_pa ^= PAGE;
	if (lie("raw-levels"))
		ask->levels = ask->levels == 4 ? 5 : 4;
}

/* The page that "both-pa" is about: alone in its run, or else the lie would be of many. */
static void lie_in_both(struct verify_pte_walk *ask, uint32_t room)
{
	struct verify_pte_run *runs = (void *)(uintptr_t)ask->buf, *r = pick_run(runs, ask->nr);

	if (r && ask->nr < room)
		one_page_of(ask, r)->pa ^= PAGE;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, void *) = dlsym(RTLD_NEXT, "ioctl");
	static unsigned int iova_calls, run_calls, raw_calls;
	static uint32_t first_device;
	struct verify_pte_walk *ask;
	uint64_t end;
	uint32_t room;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request != VERIFY_PTE_IOC_WALK && request != VERIFY_PTE_IOC_IOVA)
		return real(fd, request, arg);
	ask = arg;
	end = ask->start + ask->len;
	room = ask->nr;
	ret = real(fd, request, arg);
	/* Of an answer of several calls only the last one lies. */
	if (ret || ask->next != end)
		return ret;
	if (request == VERIFY_PTE_IOC_IOVA) {
		if (!iova_calls++)
			first_device = ask->device;
		if (getenv("LIE_DEVICE") && ask->device == first_device)
			return ret;
		if (is_turn(iova_calls))
			lie_about_runs(ask, room, "iommu");
	} else if (ask->flags & VERIFY_PTE_RAW) {
		if (is_turn(++raw_calls))
			lie_about_entries(ask);
	} else if (is_turn(++run_calls)) {
		lie_about_runs(ask, room, "run");
		if (lie("both-pa"))
			lie_in_both(ask, room);
	}
	return ret;
}

static bool is_pagemap(int fd)
{
	char path[64], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, "/pagemap");
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	ssize_t n = real(fd, buf, size, offset);
	uint64_t *entry = buf;
	size_t i, nr = n > 0 ? (size_t)n / sizeof(*entry) : 0;

	if (!nr || !is_pagemap(fd))
		return n;
	entry += at_first() ? 0 : nr - 1;
	if (lie("pagemap-pa"))
		*entry ^= 1;
	if (lie("pagemap-absent"))
		*entry &= ~(1ULL << 63);
	if (lie("pagemap-zero"))
		*entry &= ~((1ULL << 55) - 1);
	for (i = 0; lie("pagemap-hidden") && i < nr; i++)
		((uint64_t *)buf)[i] &= ~((1ULL << 55) - 1);
	if (lie("pagemap-end"))
		return 0;
	return n;
}

/* One transfer goes elsewhere, or nowhere. */
ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
	static unsigned int targets, commands;
	uint32_t v;

	if (size != sizeof(v))
		return real(fd, buf, size, offset);
	memcpy(&v, buf, sizeof(v));
	/* Not those into the device's own memory */
	if (offset == EDU_DST && v != EDU_BUFFER && is_turn(++targets) && lie("dma-elsewhere"))
		v ^= PAGE;
	if (offset == EDU_CMD && v == 3 && is_turn(++commands) && lie("dma-lost"))
		return size;
	return real(fd, &v, size, offset);
}
