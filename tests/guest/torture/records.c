// SPDX-License-Identifier: GPL-2.0
/* Walks by ioctl: what can be true of records, and of how a walk ends */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#include "torture.h"

bool framed(int kind)
{
	return kind == PT_LEAF || kind == PT_PROTNONE || kind == PT_INVALID;
}

/* The bits of an entry, as the manual has them; on purpose not pt_x86.h's code. */
uint64_t naive_pa(const struct walker *w, uint64_t entry, unsigned int level, bool table)
{
	uint64_t pa = (entry & 1 ? entry : ~entry) & 0x000ffffffffff000ULL & w->pa_mask;

	return table ? pa : pa & ~((PAGE << 9 * level) - 1);
}

/* Can an entry of this kind be like that? */
bool entry_fits(int kind, unsigned int level, uint64_t entry)
{
	const bool present = entry & 1, ps = entry & 0x80, global = entry & 0x100;

	if (entry == POISON_WORD || level > 4)
		return false;
	switch (kind) {
	case PT_NONE:
		return !(entry & ~0x60ULL);
	case PT_TABLE:
		return level && present && !ps;
	case PT_LEAF:
		return present && level < 3 && (!level || ps);
	case PT_PROTNONE:
		return !present && global && level < 3;
	case PT_INVALID:
		return !present && !global && ps && (level == 1 || level == 2);
	case PT_ABSENT:
		return !present && !global && entry;
	}
	return false;
}

/* All that holds for the runs of one answer, [at, next) */
void check_runs(struct walker *w, const char *form, const struct verify_pte_run *r, unsigned int nr,
		uint64_t at, uint64_t next, const uint64_t *pages)
{
	uint64_t sum[PT_NR_KINDS] = { 0 };
	unsigned int i, kind;

	for (i = 0; i < nr; i++, r++) {
		const uint64_t size = PAGE << 9 * (r->level < 3 ? r->level : 0);
		bool ok = r->kind < PT_NR_KINDS && r->kind != PT_TABLE && r->level < levels &&
			  r->len && !(r->vaddr % PAGE) && !(r->len % PAGE) && !r->reserved &&
			  r->vaddr >= at && r->len <= next - r->vaddr && r->vaddr < next;

		ok = ok && entry_fits(r->kind, r->level, r->entry);
		if (ok && framed(r->kind))
			ok = in_ram(r->pa, r->len) && !((r->pa ^ r->vaddr) & (size - 1)) &&
			     r->pa == naive_pa(w, r->entry, r->level, false) +
					      (r->vaddr & (size - 1)) &&
			     r->no_user_levels == (r->kind == PT_LEAF ? 0 : 1 << r->level) &&
			     (r->rights & PT_USER) == (r->kind == PT_LEAF ? PT_USER : 0);
		else if (ok)
			ok = !r->pa && !r->rights && !r->no_user_levels;
		if (!ok) {
			bad(BAD_RECORDS,
			    "%s: pid %d from 0x%" PRIx64 " to 0x%" PRIx64
			    ": run 0x%llx len 0x%llx pa 0x%llx entry 0x%llx level %u kind %u rights %x no user %x",
			    form, w->pid, at, next, r->vaddr, r->len, r->pa, r->entry, r->level,
			    r->kind, r->rights, r->no_user_levels);
			w->watch = false; /* that is told */
			return;
		}
		at = r->vaddr + r->len;
		sum[r->kind] += r->len / PAGE;
		if (i % 16 == 0)
			saw(r->kind, r->level);
		take(w, r->vaddr, r->len, r->kind, r->level, r->rights, r->pa);
	}
	for (kind = 0; kind < PT_NR_KINDS; kind++)
		if (sum[kind] != pages[kind])
			bad(BAD_RECORDS,
			    "%s: counts %" PRIu64 " pages of kind %u, its runs have %" PRIu64, form,
			    pages[kind], kind, sum[kind]);
}

/*
 * All that holds for the raw entries of one answer.  @still: nobody changed the
 * tables meanwhile (one descent, or the tables of the fixed pages), so that each
 * table is the one that the entry above points to.
 */
static void check_raw(struct walker *w, const char *form, const struct verify_pte_entry *e,
		      const struct verify_pte_walk *arg, uint64_t at, bool still)
{
	struct verify_pte_entry path[PT_MAX_LEVELS] = { { 0 } };
	unsigned int i, l, have = 0;

	for (i = 0; i < arg->nr; i++, e++) {
		const uint64_t size = PAGE << 9 * (e->level < 5 ? e->level : 0);
		const bool fixed = !w->kid && has_fixed(e->vaddr, e->vaddr + 1);
		uint64_t to = (e->vaddr | (size - 1)) + 1, pa = 0, table;
		bool ok = e->level < levels && e->kind < PT_NR_KINDS && !e->reserved &&
			  !(e->vaddr % PAGE) && e->vaddr >= at && e->vaddr <= arg->next &&
			  (e->vaddr < arg->next || e->kind == PT_TABLE) &&
			  e->index == (e->vaddr / size & 511) && in_ram(e->table_pa, PAGE) &&
			  !(e->table_pa % PAGE) && entry_fits(e->kind, e->level, e->entry);

		/* Ascending; from the root down where one address has several */
		if (ok && i)
			ok = e->vaddr > e[-1].vaddr ||
			     (e->vaddr == e[-1].vaddr && e->level < e[-1].level);
		if (ok && (framed(e->kind) || e->kind == PT_TABLE)) {
			pa = naive_pa(w, e->entry, e->level, e->kind == PT_TABLE);
			ok = in_ram(pa, e->kind == PT_TABLE ? PAGE : size);
		}
		if (ok && (fixed || still)) {
			table = e->level == levels - 1
					? arg->root_pa
					: naive_pa(w, path[e->level + 1].entry, e->level + 1, true);
			ok = e->table_pa == table &&
			     (e->level == levels - 1 || have >> (e->level + 1) & 1);
		}
		if (!ok) {
			bad(BAD_RECORDS,
			    "%s: pid %d from 0x%" PRIx64
			    " to 0x%llx: record %u: vaddr 0x%llx index %u table 0x%llx entry 0x%llx level %u kind %u",
			    form, w->pid, at, arg->next, i, e->vaddr, e->index, e->table_pa,
			    e->entry, e->level, e->kind);
			w->watch = false; /* that is told */
			return;
		}
		path[e->level] = *e;
		have |= 1U << e->level;
		if (e->kind == PT_TABLE)
			continue;
		if (i % 16 == 0)
			saw(e->kind, e->level);
		if (fixed) {
			unsigned int rights = framed(e->kind) ? PT_RIGHTS_ALL : 0;

			for (l = e->level; l < levels; l++)
				rights &=
					(path[l].entry & 1 && path[l].entry & 4 ? PT_USER : 0) |
					(path[l].entry & 1 && path[l].entry & 2 ? PT_WRITE : 0) |
					(path[l].entry & 1 && !(path[l].entry >> 63) ? PT_EXEC : 0);
			if (to > w->end)
				to = w->end;
			take(w, e->vaddr, to - e->vaddr, e->kind, e->level, rights,
			     framed(e->kind) ? pa + (e->vaddr & (size - 1)) : 0);
		}
	}
}

/* May a call about [at, w->end) end with this errno? */
void check_error(const struct walker *w, const char *form, uint64_t at, int err, bool signalled)
{
	bool ok = false;

	switch (err) {
	case EINTR:
		ok = signalled;
		break;
	case ESRCH:
		ok = w->kid;
		if (ok)
			count(DID_WALK_EXIT);
		break;
	case ENODATA:
		ok = !w->pid; /* read-only, and nobody has asked yet */
		break;
	case EFAULT:
		/* No VMA: of ranges where things come and go */
		ok = w->kid || !has_fixed(at, w->end);
		break;
	}
	if (!ok)
		bad(BAD_END, "%s: pid %d%s 0x%" PRIx64 "-0x%" PRIx64 ": %s%s", form, w->pid,
		    w->kid ? " (a child)" : "", at, w->end, error_name(err),
		    err == EINTR ? " without a signal" : "");
}

/*
 * What came back of a call that had @room for records of @size bytes: does it make sense?  @past:
 * the record after the last, which nothing may have written to.
 */
static bool check_call(const struct walker *w, const char *form, const struct verify_pte_walk *arg,
		       unsigned int room, const unsigned char *past, size_t size, bool signalled)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (past[i] != 0xa5) {
			bad(BAD_RECORDS, "%s: more than %u records written", form, room);
			return false;
		}
	if (arg->nr > room || arg->next <= w->at || arg->next > w->end || arg->next % PAGE ||
	    arg->levels != levels || (arg->next < w->end && !arg->nr) ||
	    arg->descents > arg->entries || !arg->descents) {
		bad(BAD_RECORDS, "%s: at 0x%" PRIx64 ": %u of %u records, next 0x%llx", form, w->at,
		    arg->nr, room, arg->next);
		return false;
	}
	/* Short of the end for a reason: no room, or a signal */
	if (arg->next < w->end && arg->nr < room) {
		if (!signalled)
			bad(BAD_END,
			    "%s: ended at 0x%llx of 0x%" PRIx64
			    " with %u of %u records and no signal",
			    form, arg->next, w->end, arg->nr, room);
		count(DID_PARTIAL);
	}
	return true;
}

void ioctl_walk(struct walker *w, const char *form, uint32_t flags)
{
	static const unsigned int rooms[] = { 1, 2, 3, 5, 64, 408, 409, 410, 1000, 5000, MAX_RUNS };
	const size_t size = flags ? sizeof(struct verify_pte_entry) : sizeof(struct verify_pte_run);
	unsigned int room = rooms[rnd(ARRAY_SIZE(rooms))], calls = 0, i;
	int fd = rnd(8) ? w->fd : shared_fd;
	const int before = signals;

	/* Of a long range few at a time takes too long. */
	if (w->end - w->start > MIB2 && room < 64 && rnd(16))
		room = 64 << rnd(6);
	if (flags && room < PT_MAX_LEVELS)
		room = PT_MAX_LEVELS;
	while (w->at < w->end && calls++ < 300) {
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.flags = flags,
			.pid = w->pid,
			.nr = room,
			.start = w->at,
			.len = w->end - w->at,
			.buf = (uintptr_t)w->buf,
		};
		unsigned char *past = (unsigned char *)w->buf + room * size;
		const int had = signals;
		uint64_t pages[PT_NR_KINDS];

		memset(past, 0xa5, size);
		doing(form);
		if (ioctl(fd, VERIFY_PTE_IOC_WALK, &arg)) {
			check_error(w, form, w->at, errno, signals != had);
			if (errno != EINTR || stopping())
				break;
			continue;
		}
		if (!check_call(w, form, &arg, room, past, size, signals != had))
			return;
		if (!w->kid && arg.root_pa != sh->root_pa)
			bad(BAD_RECORDS, "%s: root 0x%llx, not 0x%" PRIx64, form, arg.root_pa,
			    sh->root_pa);
		w->pa_mask = arg.pa_mask;
		for (i = 0; i < PT_NR_KINDS; i++)
			pages[i] = arg.pages[i];
		if (flags)
			check_raw(w, form, w->buf, &arg, w->at, w->end - w->start == PAGE);
		else
			check_runs(w, form, w->buf, arg.nr, w->at, arg.next, pages);
		w->at = arg.next;
		if (w->kid)
			count(DID_WALK_KID);
		if (!rnd(200) || stopping())
			break;
	}
	count_n(DID_SIGNAL, signals - before);
}
