// SPDX-License-Identifier: GPL-2.0
/* Questions, and whether their answers can be */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "iovarace.h"
#include "ktap.h"
#include "proc.h"
#include "workers.h"

/* One run of the answer; false: it is none, and told */
static bool check_run(struct asker *q, uint64_t iova, uint64_t len, uint64_t pa, bool mapped)
{
	bool seen_between = false;
	uint64_t i;

	if (iova != q->at || !len || len % PAGE || len > q->end - q->at || (!mapped && pa)) {
		bad(BAD_RECORDS,
		    "0x%" PRIx64 "-0x%" PRIx64 ": at 0x%" PRIx64 ": run 0x%" PRIx64 " +0x%" PRIx64
		    " pa 0x%" PRIx64,
		    q->start, q->end, q->at, iova, len, pa);
		return false;
	}
	q->at += len;
	for (i = 0; i < len; i += PAGE) {
		uint64_t want = frame_of(iova + i);

		if (mapped && pa + i != want)
			bad(BAD_FRAME,
			    "%s: IOVA 0x%" PRIx64 ": 0x%" PRIx64 ", its frame is 0x%" PRIx64,
			    q->still ? "still" : "wild", iova + i, pa + i, want);
		seen_between |= place_of(iova + i) == BETWEEN;
		if (q->still && !mapped && place_of(iova + i) == STAYS)
			bad(BAD_STILL, "IOVA 0x%" PRIx64 ": not mapped", iova + i);
	}
	if (!q->still)
		count(mapped ? SAW_MAPPED : SAW_NONE);
	else if (seen_between)
		count(mapped ? SAW_COME : SAW_GONE);
	return true;
}

static bool may_end_with(const struct asker *q, int no)
{
	if (!q->still && no == EBADF) {
		count(SAW_NO_FILE);
		nap(rnd(1000)); /* let it be opened */
	} else if (!q->still && no == ENOENT) {
		count(SAW_NO_DOMAIN);
	} else if (!q->still && no == EAGAIN) {
		nap(rnd(1000)); /* it got another domain in the middle of the answer */
	} else {
		return false;
	}
	return true;
}

static void ask_ioctl(struct asker *q)
{
	uint32_t i, room = rnd(3) ? MAX_RECORDS : 1 + rnd(3);

	while (q->at < q->end) {
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.device = q->device,
			.nr = room,
			.start = q->at,
			.len = q->end - q->at,
			.buf = (uintptr_t)q->runs,
		};
		uint64_t from = q->at;

		memset(&q->runs[room], 0x5a, sizeof(q->runs[0]));
		if (ioctl(q->fd, VERIFY_PTE_IOC_IOVA, &arg)) {
			if (!may_end_with(q, errno))
				bad(BAD_END, "%s: ioctl: %s", q->still ? "still" : "wild",
				    error_name(errno));
			return;
		}
		count(ASK_IOCTL);
		if (arg.nr > room || q->runs[room].len != UINT64_C(0x5a5a5a5a5a5a5a5a)) {
			bad(BAD_RECORDS, "%u records where there is room for %u", arg.nr, room);
			return;
		}
		for (i = 0; i < arg.nr; i++) {
			const struct verify_pte_run *r = &q->runs[i];

			if ((r->kind != PT_LEAF && r->kind != PT_NONE) || r->level || r->entry ||
			    r->rights || r->no_user_levels || r->reserved) {
				bad(BAD_RECORDS, "IOVA 0x%llx: kind %u, level %u, entry 0x%llx",
				    (unsigned long long)r->vaddr, r->kind, r->level,
				    (unsigned long long)r->entry);
				return;
			}
			if (!check_run(q, r->vaddr, r->len, r->pa, r->kind == PT_LEAF))
				return;
		}
		if (arg.next != q->at || q->at == from) {
			bad(BAD_RECORDS, "next 0x%llx after records up to 0x%" PRIx64,
			    (unsigned long long)arg.next, q->at);
			return;
		}
	}
	if (q->still)
		count(SAW_STILL);
}

static void ask_text(struct asker *q)
{
	const char *bdf = q->still ? still_bdf : wild_bdf;
	unsigned long long from, to, pa;
	char request[96], *line, *next;
	size_t have = 0;
	bool whole;
	ssize_t n;
	int len;

	len = snprintf(request, sizeof(request), "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, q->start,
		       q->end - q->start);
	if (write(q->fd, request, len) != len) {
		bad(BAD_END, "\"%s\": %s", request, error_name(errno));
		return;
	}
	while ((n = read(q->fd, q->text + have, TEXT_SIZE - 1 - have)) > 0)
		have += n;
	if (n < 0) {
		if (!may_end_with(q, errno))
			bad(BAD_END, "%s: text: %s", q->still ? "still" : "wild",
			    error_name(errno));
		return;
	}
	count(ASK_TEXT);
	q->text[have] = '\0';
	whole = strstr(q->text, "\ncomplete:");
	for (line = q->text; (next = strchr(line, '\n')); line = next + 1) {
		char *word = strstr(line, " pa 0x");
		bool mapped = word && word < next;

		*next = '\0';
		if (sscanf(line, "0x%llx-0x%llx", &from, &to) != 2)
			continue;
		pa = mapped ? strtoull(word + 4, NULL, 0) : 0;
		if (!check_run(q, from, to - from, pa, mapped))
			return;
	}
	if (q->at != q->end || !whole)
		bad(BAD_RECORDS, "text of 0x%" PRIx64 "-0x%" PRIx64 " ends at 0x%" PRIx64, q->start,
		    q->end, q->at);
}

void ask(struct asker *q)
{
	static const uint64_t most[] = { 1, 16, STILL_PAGES, 3000 };
	unsigned int a = rnd(NR_AREAS);
	uint64_t near = rnd(4) ? 2 * MIB2 : AREA;

	q->start = q->at = AREA_AT(a) - 16 * PAGE + rnd(near / PAGE) * PAGE;
	q->end = q->start + (1 + rnd(most[rnd(ARRAY_SIZE(most))])) * PAGE;
	if (rnd(8))
		ask_ioctl(q);
	else
		ask_text(q);
}

void asker_init(struct asker *q, bool still)
{
	q->still = still;
	q->device = device_number(still ? still_bdf : wild_bdf);
	q->fd = open(IOVA_FILE, O_RDWR | O_CLOEXEC);
	if (q->fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", IOVA_FILE,
			 strerror(errno));
}

static void *asker_main(void *arg)
{
	struct asker *q = calloc(1, sizeof(*q));

	if (!q)
		bail_out("no memory");
	asker_init(q, arg);
	while (!stopping())
		ask(q);
	close(q->fd);
	free(q);
	return NULL;
}

void askers_start(pthread_t *threads, bool still)
{
	unsigned int i;

	for (i = 0; i < NR_ASKERS; i++)
		if (pthread_create(&threads[i], NULL, asker_main, still ? "" : NULL))
			bail_out("pthread_create: %s", strerror(errno));
}
