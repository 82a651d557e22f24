// SPDX-License-Identifier: GPL-2.0
/* The module's answers by ioctl, records or raw entries, as runs */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "oracle.h"

struct verify_pte_run *answer_add(struct answer *a)
{
	a->r = grow(a->r, a->nr, &a->room, sizeof(*a->r));
	memset(&a->r[a->nr], 0, sizeof(*a->r));
	return &a->r[a->nr++];
}

/* One call on a file of its own; 0 or an errno */
int walk_call(struct verify_pte_walk *arg)
{
	int fd = module_open(WALK, O_RDWR);
	int ret = ioctl(fd, VERIFY_PTE_IOC_WALK, arg) ? errno : 0;

	close(fd);
	return ret;
}

struct verify_pte_walk walk_arg(pid_t pid, uint64_t start, uint64_t len, void *buf, unsigned int nr,
				unsigned int flags)
{
	return (struct verify_pte_walk){
		.argsz = sizeof(struct verify_pte_walk),
		.flags = flags,
		.pid = pid,
		.nr = nr,
		.start = start,
		.len = len,
		.buf = (uintptr_t)buf,
	};
}

/*
 * One call of a row of calls, at @at; false when it failed.  Looks at all that
 * holds for each call, whatever the records are.
 */
static bool next_call(const struct mem *m, struct answer *a, uint64_t at, void *buf, size_t size,
		      unsigned int nr, unsigned int flags)
{
	const uint64_t end = m->va + m->len;
	struct verify_pte_walk arg = walk_arg(m->pid, at, end - at, buf, nr, flags);
	const struct verify_pte_walk asked = arg;
	unsigned char *past = (unsigned char *)buf + nr * size;
	unsigned int i, kind;

	/* One record more than there is room for must stay as it is. */
	memset(buf, 0xa5, (nr + 1) * size);
	if (ioctl(a->fd, VERIFY_PTE_IOC_WALK, &arg)) {
		fail("ioctl at 0x%" PRIx64 ": %s", at, strerror(errno));
		return false;
	}
	for (i = 0; i < size; i++)
		if (past[i] != 0xa5) {
			fail("more than %u records written", nr);
			return false;
		}
	if (arg.argsz != asked.argsz || arg.flags != asked.flags || arg.pid != asked.pid ||
	    arg.start != asked.start || arg.len != asked.len || arg.buf != asked.buf)
		fail("a field that is only in was changed");
	if (arg.nr > nr || !arg.nr || arg.next <= at || arg.next > end || arg.next % PAGE)
		fail("at 0x%" PRIx64 ": %u of %u records, next 0x%llx", at, arg.nr, nr, arg.next);
	if (a->info.levels && (a->info.levels != arg.levels || a->info.root_pa != arg.root_pa ||
			       a->info.kernel_root_pa != arg.kernel_root_pa ||
			       a->info.pa_mask != arg.pa_mask || a->info.features != arg.features))
		fail("at 0x%" PRIx64 ": another root, mask or features than before", at);
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		a->pages[kind] += arg.pages[kind];
	if (!arg.descents || arg.entries < arg.descents)
		fail("%llu entries in %llu descents", arg.entries, arg.descents);
	a->info = arg;
	return !failed;
}

static void ask_runs(const struct mem *m, const struct spans *vmas, struct answer *a,
		     unsigned int nr)
{
	struct verify_pte_run *buf = malloc((nr + 1) * sizeof(*buf));
	uint64_t at = m->va;
	unsigned int i;

	(void)vmas;
	while (at < m->va + m->len && next_call(m, a, at, buf, sizeof(*buf), nr, 0)) {
		for (i = 0; i < a->info.nr; i++)
			*answer_add(a) = buf[i];
		at = a->info.next;
	}
	free(buf);
}

void ask_all(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_runs(m, vmas, a, 100000);
	if (!failed && a->info.next != m->va + m->len)
		fail("ended at 0x%llx", a->info.next);
}

void ask_three(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_runs(m, vmas, a, 3);
}

/* The bits of an entry, as the manual has them; on purpose not pt_x86.h's code. */
uint64_t naive_pa(const struct verify_pte_entry *e, uint64_t pa_mask, bool huge)
{
	uint64_t pa = e->entry & 1 ? e->entry : ~e->entry;

	pa &= 0x000ffffffffff000ULL & pa_mask;
	if (huge)
		pa &= ~((PAGE << 9 * e->level) - 1);
	return pa;
}

/*
 * The run of a raw walk that ends in @path[level], for [va, va + len).
 * @path: the entries from the root (levels - 1) down.
 */
void raw_run(struct answer *a, const struct verify_pte_entry *path, unsigned int level, uint64_t va,
	     uint64_t len)
{
	const struct verify_pte_entry *e = &path[level];
	struct verify_pte_run *run = answer_add(a);
	unsigned int i;

	run->vaddr = va;
	run->len = len;
	run->entry = e->entry;
	run->level = level;
	run->kind = e->kind;
	if (e->kind != PT_LEAF && e->kind != PT_PROTNONE)
		return;
	run->pa = naive_pa(e, a->info.pa_mask, level) + (va & ((PAGE << 9 * level) - 1));
	run->rights = PT_RIGHTS_ALL;
	for (i = level; i < a->info.levels; i++) {
		const uint64_t entry = path[i].entry;
		const bool present = entry & 1;

		if (!present || !(entry & 4)) {
			run->rights &= ~PT_USER;
			run->no_user_levels |= 1 << i;
		}
		if (!present || !(entry & 2))
			run->rights &= ~PT_WRITE;
		if (!present || entry >> 63)
			run->rights &= ~PT_EXEC;
	}
}

/*
 * Takes the records of one call.  *done is the end of what earlier ones
 * covered: a call begins at the root again, within a call nothing comes twice.
 */
static void take_raw(const struct mem *m, const struct spans *vmas, struct answer *a,
		     const struct verify_pte_entry *e, uint64_t *done)
{
	struct verify_pte_entry path[PT_MAX_LEVELS] = { { 0 } };
	unsigned int lowest = PT_MAX_LEVELS, i;
	size_t v;

	for (i = 0; i < a->info.nr; i++, e++) {
		uint64_t size = PAGE << 9 * e->level, from = e->vaddr;
		uint64_t to = (from | (size - 1)) + 1, table;
		bool root = e->level == a->info.levels - 1;

		if (e->level >= a->info.levels || from < m->va || from >= m->va + m->len ||
		    e->reserved || e->index != (from / size & 511)) {
			fail("raw: va 0x%" PRIx64 " level %u index %u", from, e->level, e->index);
			return;
		}
		table = root ? a->info.root_pa
			     : naive_pa(&path[e->level + 1], a->info.pa_mask, false);
		if (e->table_pa != table || (!root && path[e->level + 1].kind != PT_TABLE))
			fail("raw: va 0x%" PRIx64 " level %u: table 0x%llx, not 0x%" PRIx64, from,
			     e->level, e->table_pa, table);
		if (i && e->level >= lowest && path[e->level].vaddr / size == from / size)
			fail("raw: va 0x%" PRIx64 " level %u: given twice", from, e->level);
		path[e->level] = *e;
		lowest = e->level;
		if (e->kind == PT_TABLE) {
			if (!e->level || (e->entry & 0x81) != 1)
				fail("raw: level %u entry 0x%llx is no table", e->level, e->entry);
			continue;
		}
		if (from < *done)
			from = *done;
		for (v = 0; v < vmas->nr; v++) {
			uint64_t start = vmas->s[v].va, end = start + vmas->s[v].len;

			if (start < from)
				start = from;
			if (end > to)
				end = to;
			if (start < end)
				raw_run(a, path, e->level, start, end - start);
		}
		if (*done < to)
			*done = to;
	}
}

static void ask_raw_some(const struct mem *m, const struct spans *vmas, struct answer *a,
			 unsigned int nr)
{
	struct verify_pte_entry *buf = malloc((nr + 1) * sizeof(*buf));
	uint64_t at = m->va, done = m->va;

	while (at < m->va + m->len && next_call(m, a, at, buf, sizeof(*buf), nr, VERIFY_PTE_RAW)) {
		take_raw(m, vmas, a, buf, &done);
		at = a->info.next;
	}
	free(buf);
}

void ask_raw(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_raw_some(m, vmas, a, 200000);
	if (!failed && a->info.next != m->va + m->len)
		fail("ended at 0x%llx", a->info.next);
}

/* The fewest that get anywhere: one of each level */
void ask_raw_five(const struct mem *m, const struct spans *vmas, struct answer *a)
{
	ask_raw_some(m, vmas, a, PT_MAX_LEVELS);
}
