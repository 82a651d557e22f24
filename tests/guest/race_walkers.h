/* SPDX-License-Identifier: GPL-2.0 */
/* The walkers of race.c, which includes this behind what all of it shares. */
#ifndef RACE_WALKERS_H
#define RACE_WALKERS_H

struct walker {
	int fd;
	pid_t pid;
	uint64_t start, end;
	union {
		struct verify_pte_run runs[MAX_RUNS];
		struct verify_pte_entry raws[MAX_RUNS];
	};
	char text[TEXT_MAX + 1];
};

/* What an answer says of the pages from @va on: may it? */
static void check_frames(uint64_t va, uint64_t len, uint64_t pa, unsigned int kind,
			 unsigned int level)
{
	uint64_t want;

	if (kind == PT_NONE)
		count(SAW_NONE);
	else if (kind == PT_ABSENT)
		count(SAW_ABSENT);
	else if (kind == PT_PROTNONE)
		count(SAW_PROTNONE);
	if (kind != PT_LEAF && kind != PT_PROTNONE)
		return;
	if (va >= OTHER_AT && level)
		count(SAW_THP);
	for (; len; va += PAGE, len -= PAGE, pa += PAGE) {
		if (va >= PLACE(0) && va < PLACES_END &&
		    (va - PLACE(0)) % (8 * MIB2) < NR_PAGES * PAGE)
			want = all->frame[(va - PLACE(0)) % (8 * MIB2) / PAGE];
		else if (va >= HUGE_AT && va < HUGE_AT + NR_HUGE * MIB2)
			want = all->huge_frame[(va - HUGE_AT) / MIB2] + va % MIB2;
		else if (va >= OTHER_AT && va < OTHER_AT + OTHER_LEN)
			return;
		else
			want = 0;
		if (pa != want) {
			bad(BAD_FRAME, "0x%" PRIx64 ": 0x%" PRIx64 ", it can only be 0x%" PRIx64,
			    va, pa, want);
			return;
		}
		count(va < HUGE_AT ? SAW_PAGE : SAW_HUGETLB);
	}
}

static bool ends_well(int no)
{
	if (no == ESRCH || no == ESTALE)
		count(SAW_GONE);
	else if (no == EFAULT)
		count(SAW_UNMAPPED);
	else
		return no == EINTR || no == ENOMEM;
	return true;
}

static void check_runs(struct walker *w, const struct verify_pte_walk *got)
{
	uint64_t at = w->start, pages[PT_NR_KINDS] = { 0 };
	uint32_t i;

	for (i = 0; i < got->nr; i++) {
		const struct verify_pte_run *r = &w->runs[i];

		if (r->vaddr < at || !r->len || r->vaddr + r->len > got->next ||
		    r->kind >= PT_NR_KINDS) {
			bad(BAD_RECORDS, "runs: 0x%llx+0x%llx behind 0x%" PRIx64,
			    (unsigned long long)r->vaddr, (unsigned long long)r->len, at);
			return;
		}
		at = r->vaddr + r->len;
		pages[r->kind] += r->len / PAGE;
		check_frames(r->vaddr, r->len, r->pa, r->kind, r->level);
	}
	if (memcmp(pages, got->pages, sizeof(pages)))
		bad(BAD_RECORDS, "runs: counts that are not those of the records");
}

static uint64_t frame_of(const struct verify_pte_entry *e, uint64_t mask)
{
	uint64_t size = PAGE << 9 * e->level;

	return ((e->entry & 1 ? e->entry : ~e->entry) & mask & ~(size - 1)) |
	       (e->vaddr & (size - 1));
}

/* An entry covers what follows it, up to its own end or the next one that is no table. */
static void check_raws(struct walker *w, const struct verify_pte_walk *got)
{
	uint64_t pages[PT_NR_KINDS] = { 0 }, at = w->start;
	const struct verify_pte_entry *last = NULL;
	uint32_t i, kind;

	for (i = 0; i <= got->nr; i++) {
		const struct verify_pte_entry *e = &w->raws[i];
		uint64_t next = i < got->nr ? e->vaddr : got->next, end;

		if (next < at || (i < got->nr && (e->level > 4 || e->kind >= PT_NR_KINDS))) {
			bad(BAD_RECORDS, "raw: 0x%" PRIx64 " behind 0x%" PRIx64, next, at);
			return;
		}
		at = next;
		if (i < got->nr && e->kind == PT_TABLE)
			continue;
		if (last) {
			end = (last->vaddr | ((PAGE << 9 * last->level) - 1)) + 1;
			pages[last->kind] += ((next < end ? next : end) - last->vaddr) / PAGE;
		}
		last = e;
		if (i < got->nr && (e->kind == PT_LEAF || e->kind == PT_PROTNONE))
			check_frames(e->vaddr, PAGE, frame_of(e, got->pa_mask), e->kind, e->level);
	}
	for (kind = PT_LEAF; kind < PT_NR_KINDS; kind++)
		if (got->pages[kind] > pages[kind])
			bad(BAD_RECORDS, "raw: kind %u: %llu pages counted, %llu in records", kind,
			    (unsigned long long)got->pages[kind], (unsigned long long)pages[kind]);
}

static void walk_ioctl(struct walker *w, bool raw, bool one)
{
	struct verify_pte_walk arg;

	memset(&arg, 0, sizeof(arg));
	arg.argsz = sizeof(arg);
	arg.flags = raw ? VERIFY_PTE_RAW : 0;
	arg.pid = w->pid;
	arg.nr = one && !raw ? 1 : rnd(2) ? MAX_RUNS : 5 + rnd(20);
	arg.start = w->start;
	arg.len = one ? PAGE : w->end - w->start;
	arg.buf = (uintptr_t)w->runs;
	if (ioctl(w->fd, VERIFY_PTE_IOC_WALK, &arg)) {
		if (!ends_well(errno))
			bad(BAD_END, "ioctl: %s", error_name(errno));
		return;
	}
	if (arg.nr > MAX_RUNS || arg.next <= w->start || arg.next > w->end)
		bad(BAD_RECORDS, "next 0x%llx of 0x%" PRIx64 "-0x%" PRIx64,
		    (unsigned long long)arg.next, w->start, w->end);
	else if (raw)
		check_raws(w, &arg);
	else
		check_runs(w, &arg);
	count(raw ? WALK_RAW : one ? WALK_ONE : WALK_RUNS);
}

/* One answer of several calls is of one address space, or it ends with an error. */
static void walk_parts(struct walker *w)
{
	const uint64_t start = w->start;
	struct verify_pte_walk arg;
	uint64_t root_pa = 0;
	const bool raw = rnd(2);
	uint32_t answer = 0;

	for (; w->start < w->end; w->start = arg.next) {
		memset(&arg, 0, sizeof(arg));
		arg.argsz = sizeof(arg);
		arg.pid = w->pid;
		arg.flags = raw ? VERIFY_PTE_RAW : 0;
		arg.nr = raw ? 5 + rnd(100) : 1 + rnd(rnd(2) ? 3 : 100);
		arg.start = w->start;
		arg.len = w->end - w->start;
		arg.buf = (uintptr_t)w->runs;
		arg.answer = answer;
		if (ioctl(w->fd, VERIFY_PTE_IOC_WALK, &arg)) {
			if (answer && errno == ESTALE)
				count(SAW_STALE);
			else if (answer || !ends_well(errno))
				bad(BAD_END, "ioctl, a part: %s", error_name(errno));
			return;
		}
		if (arg.next <= w->start || arg.next > w->end) {
			bad(BAD_RECORDS, "next 0x%llx", (unsigned long long)arg.next);
			return;
		}
		if (raw)
			check_raws(w, &arg);
		else
			check_runs(w, &arg);
		if (root_pa && arg.root_pa != root_pa)
			bad(BAD_SPACE, "0x%" PRIx64 "-0x%" PRIx64 ": root 0x%llx, then 0x%llx",
			    start, w->end, (unsigned long long)root_pa,
			    (unsigned long long)arg.root_pa);
		root_pa = arg.root_pa;
		answer = arg.answer;
		if (arg.next < w->end)
			nap(rnd(6000));
	}
	count(WALK_PARTS);
}

static void walk_text(struct walker *w)
{
	char request[96], *line = w->text, *next, *word;
	unsigned long long from, to;
	size_t have = 0;
	ssize_t n;
	int len;

	len = snprintf(request, sizeof(request), "%d 0x%" PRIx64 " 0x%" PRIx64, w->pid, w->start,
		       w->end - w->start);
	n = write(w->fd, request, len);
	while (n > 0 && have < TEXT_MAX) {
		n = read(w->fd, w->text + have, TEXT_MAX - have);
		have += n > 0 ? n : 0;
	}
	if (n < 0) {
		if (!ends_well(errno))
			bad(BAD_END, "text: %s", error_name(errno));
		return;
	}
	w->text[have] = '\0';
	for (; (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		if (!strncmp(line, "complete:", 9))
			have = 0;
		if (sscanf(line, "0x%llx-0x%llx", &from, &to) != 2)
			continue;
		word = strstr(line, " pa 0x");
		if (word && from < to)
			check_frames(from, to - from, strtoull(word + 4, NULL, 0),
				     strstr(line, " protnone ") ? PT_PROTNONE : PT_LEAF,
				     !strstr(line, " 4K pa"));
	}
	if (have)
		bad(BAD_RECORDS, "a text that does not end");
	count(WALK_TEXT);
}

static void walker_main(void)
{
	struct walker *w = calloc(1, sizeof(*w));

	if (!w)
		bail_out("no memory");
	w->fd = open(WALK, O_RDWR | O_CLOEXEC);
	if (w->fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", WALK,
			 strerror(errno));
	while (!stopping()) {
		const unsigned int victim = rnd(NR_VICTIMS);
		const uint64_t at = rnd(NR_PAGES);

		doing("walk");
		w->pid = all->victim[victim];
		if (!w->pid)
			continue;
		if (victim == OTHER) {
			w->start = OTHER_AT + at * PAGE;
			w->end = OTHER_AT + OTHER_LEN;
		} else if (victim == SHARER || victim == PARTNER) {
			w->start = HUGE_AT + at * PAGE;
			w->end = HUGE_AT + (1 + rnd(2 * NR_HUGE)) * MIB2;
		} else {
			w->start = PLACE(rnd(NR_PLACES)) + at * PAGE;
			w->end = w->start + (1 + rnd(rnd(2) ? 64 : 3 * 8 * 512)) * PAGE;
		}
		if (w->end <= w->start)
			continue;
		switch (victim == EXECER && rnd(2) ? 1 : rnd(9)) {
		case 0:
			walk_text(w);
			break;
		case 1:
			walk_parts(w);
			break;
		case 2:
			walk_ioctl(w, false, true);
			break;
		case 3:
		case 4:
			walk_ioctl(w, true, false);
			break;
		default:
			walk_ioctl(w, false, false);
		}
	}
	free(w);
}

#endif /* RACE_WALKERS_H */
