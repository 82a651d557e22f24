// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/walk.c over page tables that the input makes up: each page of the answer against a naive
 * walk, and every read of an entry checked (tests/kstub).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/kstub/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *bytes, *bytes_end;
static u64 state;

/* The input's bytes as long as there are some; then numbers that they lead to */
u64 sim_random(u64 below)
{
	u32 i;

	for (i = 0; i < 2 && bytes < bytes_end; i++)
		state = (state ^ *bytes++) * 0x100000001b3ULL;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static bool has_frame(u32 kind)
{
	return kind == PT_LEAF || kind == PT_PROTNONE || kind == PT_INVALID;
}

static void check_run(const struct verify_pte_run *r)
{
	struct sim_page p;
	u64 va;

	for (va = r->vaddr; va < r->vaddr + r->len; va += PAGE_SIZE) {
		const struct vm_area_struct *vma = sim_vma(&sim, va);

		if (!vma || va < vma->vm_start || va < sim.start || va >= sim.end)
			sim_fail("0x%llx: not asked about", va);
		sim_look(&sim, va, &p);
		if (p.bad || p.kind != r->kind || p.rights != r->rights ||
		    p.no_user != r->no_user_levels ||
		    p.pa != r->pa + (has_frame(r->kind) ? va - r->vaddr : 0) ||
		    (va == r->vaddr && p.entry != r->entry))
			sim_fail("0x%llx: kind %u pa 0x%llx, not kind %u pa 0x%llx", va, r->kind,
				 r->pa + (va - r->vaddr), p.kind, p.pa);
	}
}

static void check_raw(const struct verify_pte_entry *e)
{
	const u32 t = (e->table_pa - sim.ram_pa) / PAGE_SIZE;

	if (e->table_pa < sim.ram_pa || t >= SIM_TABLES || e->index >= SIM_SLOTS ||
	    sim.table[t].level != e->level || *sim_slot(&sim, t, e->index) != e->entry)
		sim_fail("0x%llx level %u: no such entry", e->vaddr, e->level);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verify_pte_run buf[40];
	u64 next = 0, counted = 0;
	struct walk w = { 0 };
	bool raw;
	u32 i;

	bytes = data;
	bytes_end = data + size;
	state = 1;
	sim.conf.levels = 4 + sim_random(2);
	sim.conf.pti = sim_random(2);
	sim.conf.whole_vma = sim_random(2);
	sim.conf.all_rights = sim_random(2);
	sim.conf.same_upper = sim_random(101);
	sim.conf.next = sim_random(101);
	sim.conf.table = sim_random(101);
	sim.conf.bad = sim_random(4) ? 0 : sim_random(1000);
	sim.conf.pages = 1 + sim_random(2000);
	sim.conf.encrypted = sim_random(2) ? 0 : 1ULL << 51;
	sim_build(&sim);
	raw = sim_random(2);
	w.out.flags = raw ? VERIFY_PTE_RAW : 0;
	w.out.start = sim.start;
	w.out.len = sim.end - sim.start;
	walk_init(&w, &sim.mm, buf);
	w.cap = (raw ? PT_MAX_LEVELS : 1) + sim_random(30);
	do {
		w.nr = 0;
		do {
			if (walk_batch(&w))
				return 0;
		} while (!w.full && w.addr < w.end);
		for (i = 0; i < w.nr; i++) {
			if (raw) {
				check_raw(&w.raws[i]);
				continue;
			}
			if (buf[i].vaddr < next)
				sim_fail("0x%llx: out of order", buf[i].vaddr);
			check_run(&buf[i]);
			next = buf[i].vaddr + buf[i].len;
			counted += buf[i].len / PAGE_SIZE;
		}
	} while (w.addr < w.end);
	for (i = 0; i < PT_NR_KINDS; i++)
		counted -= raw ? 0 : w.out.pages[i];
	if (counted)
		sim_fail("pages counted that are in no record, or none that are");
	return 0;
}
