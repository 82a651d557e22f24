// SPDX-License-Identifier: GPL-2.0
/* A memory with random page tables in it: see sim.h. */
#include <sanitizer/asan_interface.h>

#include "sim.h"

/* Intel SDM volume 3A, section 4.5, and what Linux makes of entries without P. */
#define P	 (1ULL << 0)
#define RW	 (1ULL << 1)
#define US	 (1ULL << 2)
#define A	 (1ULL << 5)
#define D	 (1ULL << 6)
#define PS	 (1ULL << 7)
#define PROTNONE (1ULL << 8)
#define SOFT	 (1ULL << 11)
#define NX	 (1ULL << 63)
#define ADDRESS	 0x000ffffffffff000ULL

#define RAM_SIZE (SIM_TABLES * PAGE_SIZE)

struct sim sim;
struct task_struct sim_current;

static u64 arena[SIM_TABLES][SIM_SLOTS] __attribute__((aligned(8192)));

u64 sim_size(u32 level)
{
	return 1ULL << (12 + 9 * level);
}

u64 *sim_slot(struct sim *s, u32 table, u32 index)
{
	(void)s;
	return &arena[table][index];
}

/* The kernel's side */

u64 sim_pa_mask(void)
{
	return ADDRESS & ~sim.conf.encrypted;
}

bool pgtable_l5_enabled(void)
{
	return sim.conf.levels == 5;
}

bool cpu_feature_enabled(unsigned int feature)
{
	return feature == X86_FEATURE_PTI ? sim.conf.pti : sim.conf.shstk;
}

u64 sim_pa(const void *p)
{
	u64 at = (const u8 *)p - (const u8 *)arena;

	if (at >= RAM_SIZE)
		sim_fail("the physical address of something that is no table");
	return sim.ram_pa + at;
}

bool pfn_valid(unsigned long pfn)
{
	return PFN_PHYS(pfn) >= sim.ram_pa && PFN_PHYS(pfn) < sim.ram_pa + RAM_SIZE;
}

void *sim_va(u64 pa)
{
	if (!pfn_valid(PHYS_PFN(pa)))
		sim_fail("0x%llx is out of RAM, and followed", pa);
	return (u8 *)arena + (pa - sim.ram_pa);
}

const struct vm_area_struct *sim_vma(const struct sim *s, u64 va)
{
	u32 i;

	for (i = 0; i < s->nr_vmas; i++)
		if (va < s->vma[i].vm_end)
			return &s->vma[i];
	return NULL;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	if (mm != &sim.mm || !sim.locked)
		sim_fail("find_vma without its lock");
	return (struct vm_area_struct *)sim_vma(&sim, addr);
}

int mmap_read_lock_killable(struct mm_struct *mm)
{
	if (mm != &sim.mm || sim.locked || sim.irqs_off)
		sim_fail("the mmap lock: taken twice, or with interrupts off");
	if (sim.kill)
		return -EINTR;
	if (sim.at_unlocked)
		sim.at_unlocked(&sim);
	sim.locked = true;
	sim.locks++;
	sim.descents = 0;
	return 0;
}

void mmap_read_unlock(struct mm_struct *mm)
{
	if (mm != &sim.mm || !sim.locked || sim.irqs_off)
		sim_fail("the mmap lock: given back unlocked, or with interrupts off");
	sim.locked = false;
}

void sim_irqs_off(void)
{
	if (sim.irqs_off)
		sim_fail("interrupts off twice");
	if (!sim.locked && !sim.fast_allowed)
		sim_fail("a descent without the mmap lock");
	if (sim.at_irqs_on)
		sim.at_irqs_on(&sim);
	if (++sim.descents > SIM_MAX_DESCENTS && sim.locked)
		sim_fail("%u descents under one lock", sim.descents);
	sim.irqs_off = true;
	sim.reads = 0;
}

void sim_irqs_on(void)
{
	if (!sim.irqs_off)
		sim_fail("interrupts on twice");
	sim.irqs_off = false;
}

void sim_read(const u64 *entry)
{
	u64 at = entry - &arena[0][0], va, size;
	const u32 t = at / SIM_SLOTS, index = at % SIM_SLOTS;
	const struct vm_area_struct *vma;

	if (!sim.irqs_off)
		sim_fail("an entry read with interrupts on");
	if (at >= SIM_TABLES * SIM_SLOTS || !sim.table[t].used)
		sim_fail("an entry read that is in no table");
	size = sim_size(sim.table[t].level);
	va = sim.table[t].base + index * size;
	if (va >= sim.end || va + size <= sim.start)
		sim_fail("level %u, 0x%llx: read, but not asked about", sim.table[t].level, va);
	vma = sim_vma(&sim, max(va, sim.start));
	if (sim.locked && (!vma || vma->vm_start >= min(va + size, sim.end)))
		sim_fail("level %u, 0x%llx: read, but in no VMA", sim.table[t].level, va);
	if (++sim.reads > SIM_MAX_READS)
		sim_fail("more than a table with interrupts off");
	sim.nr_reads++;
	sim.nr_seen += !sim.seen[t][index];
	sim.seen[t][index] = true;
	if (sim.at_read)
		sim.at_read(&sim, t, index);
}

/* The naive walk */

static u32 look_kind(u32 level, u64 e)
{
	if (e == 0 || e == A || e == D || e == (A | D))
		return PT_NONE;
	if (e & P) {
		if (level == 0)
			return PT_LEAF;
		return (e & PS) ? PT_LEAF : PT_TABLE;
	}
	if (e & PROTNONE)
		return PT_PROTNONE;
	if (level > 0 && (e & PS))
		return PT_INVALID;
	return PT_ABSENT;
}

u32 sim_table_of(const struct sim *s, u64 entry)
{
	u64 pa = entry & ADDRESS & ~s->conf.encrypted, t = (pa - s->ram_pa) / PAGE_SIZE;

	return pa >= s->ram_pa && t < SIM_TABLES ? t : SIM_TABLES;
}

static void look_rights(u64 e, u32 level, u32 *rights, u32 *no_user)
{
	if (!(e & P))
		*rights = 0;
	if (!(e & US))
		*rights &= ~1U;
	if (!(e & RW))
		*rights &= ~2U;
	if (e & NX)
		*rights &= ~4U;
	if (!(e & P) || !(e & US))
		*no_user |= 1U << level;
}

void sim_look(const struct sim *s, u64 va, struct sim_page *page)
{
	u32 level = s->conf.levels - 1, t = s->root;

	memset(page, 0, sizeof(*page));
	page->upper_rights = 7;
	for (;; level--) {
		const u32 index = va / sim_size(level) % SIM_SLOTS;
		const u64 e = arena[t][index];

		page->kind = look_kind(level, e);
		page->level = level;
		page->entry = e;
		page->entry_base = va / sim_size(level) * sim_size(level);
		page->table = t;
		page->index = index;
		if (page->kind != PT_TABLE)
			break;
		look_rights(e, level, &page->upper_rights, &page->upper_no_user);
		t = sim_table_of(s, e);
		page->bad = t == SIM_TABLES;
		if (page->bad)
			return;
	}
	if (page->kind == PT_LEAF || page->kind == PT_PROTNONE || page->kind == PT_INVALID) {
		page->bad = level > 2;
		page->pa = (page->entry & P ? page->entry : ~page->entry) & ADDRESS;
		page->pa &= ~s->conf.encrypted;
		page->pa = page->pa / sim_size(level) * sim_size(level) + va % sim_size(level);
		page->rights = page->upper_rights;
		page->no_user = page->upper_no_user;
		look_rights(page->entry, level, &page->rights, &page->no_user);
	}
}

/* Making and changing them */

void sim_set(struct sim *s, u32 table, u32 index, u64 entry)
{
	if (s->nr_changes == ARRAY_SIZE(s->change))
		return; /* enough has changed */
	s->change[s->nr_changes++] = (struct sim_change){ table, index, arena[table][index] };
	arena[table][index] = entry;
}

static u64 random_rights(struct sim *s)
{
	if (s->conf.all_rights)
		return US | RW;
	return (sim_chance(80) ? US : 0) | (sim_chance(80) ? RW : 0) | (sim_chance(30) ? NX : 0);
}

static u64 random_volatile(void)
{
	return sim_chance(70) ? A | D : (sim_random(8) << 5 & (A | D)) | (sim_random(2) ? SOFT : 0);
}

static u64 inverted(const struct sim *s, u64 pa, u32 level)
{
	const u64 bits = ADDRESS & ~(sim_size(level) - 1);

	return ~(pa | s->conf.encrypted) & bits;
}

/* A leaf, or what has a frame in another way, somewhere new */
static u64 random_frame(struct sim *s, u32 level)
{
	u64 pa = sim_random(1ULL << 39) * PAGE_SIZE & ~(sim_size(level) - 1);
	u64 e = random_rights(s), huge = level ? PS : 0;

	pa &= ADDRESS & ~s->conf.encrypted;
	if (level && sim_chance(10))
		e |= 1ULL << 12; /* PAT of a huge leaf: no address */
	if (sim_chance(75))
		return pa | s->conf.encrypted | e | P | huge | random_volatile();
	if (level && sim_chance(50))
		return inverted(s, pa, level) | e | huge | random_volatile();
	return inverted(s, pa, level) | e | PROTNONE | huge | random_volatile();
}

/* Not present, no frame: swap, migration, a marker. Not seldom twice the same. */
static u64 random_absent(u32 level)
{
	u64 e = sim_chance(50) ? 3ULL << 59 | RW : sim_random(1ULL << 48) << 9 | RW;

	if (level)
		e &= ~PS;
	return e & ~(P | PROTNONE);
}

/* What follows @e where frames go on */
static u64 follow(const struct sim *s, u32 level, u64 e)
{
	const u64 before = e;

	if (e & P)
		e += sim_size(level);
	else if (look_kind(level, e) != PT_ABSENT && look_kind(level, e) != PT_NONE)
		e -= sim_size(level);
	else
		return e;
	/* The last frame of all has no next one. */
	if ((e ^ before) & (~ADDRESS | s->conf.encrypted))
		return 0;
	return sim_chance(90) ? e : (e ^ (sim_random(8) << 5 & (A | D)));
}

static u64 new_leaf(struct sim *s, u32 level)
{
	u64 e;

	if (level < 3 && s->next[level] && sim_chance(s->conf.next)) {
		e = s->next[level];
		if (sim_chance(2)) /* all but the same */
			e ^= 1ULL << sim_random(64);
		if (level && look_kind(level, e) == PT_TABLE)
			e |= PS;
	} else if (level < 3 && sim_chance(60)) {
		e = random_frame(s, level);
	} else if (sim_chance(60)) {
		e = sim_chance(90) ? 0 : sim_chance(50) ? A : D;
	} else {
		e = random_absent(level);
	}
	if (level < 3)
		s->next[level] = follow(s, level, e);
	else if (look_kind(level, e) != PT_NONE && look_kind(level, e) != PT_ABSENT)
		e = 0;
	return e;
}

/* Out of RAM: a table that is none */
static u64 bad_table(const struct sim *s)
{
	return (s->ram_pa + RAM_SIZE + sim_random(1 << 20) * PAGE_SIZE) | P | RW | US |
	       s->conf.encrypted;
}

u64 sim_new_entry(struct sim *s, u32 level, u64 va)
{
	const u32 table = level == 1 ? s->conf.table : level == 2 ? 80 : 92;

	if (sim_random(10000) < s->conf.bad) {
		if (level)
			return sim_chance(50) ? bad_table(s)
					      : random_frame(s, min(level, 2U)) | P | PS;
	}
	if (level && sim_chance(table) && s->nr_tables < SIM_TABLES)
		return sim_new_table(s, level - 1, va);
	return new_leaf(s, level);
}

/* An entry that points to a table, of which what is outside of the question is no good. */
u64 sim_new_table(struct sim *s, u32 level, u64 base)
{
	const u32 t = s->nr_tables++;
	u64 i, rights;

	__asan_unpoison_memory_region(arena[t], PAGE_SIZE);
	s->table[t] = (struct sim_table){ true, level, base };
	for (i = 0; i < SIM_SLOTS; i++) {
		u64 va = base + i * sim_size(level);

		if (va >= s->end || va + sim_size(level) <= s->start)
			arena[t][i] = bad_table(s);
		else
			arena[t][i] = sim_new_entry(s, level, va);
	}
	if (!sim_chance(s->conf.same_upper))
		s->upper_rights[level] = random_rights(s);
	rights = s->upper_rights[level];
	return (s->ram_pa + t * PAGE_SIZE) | s->conf.encrypted | rights | P |
	       (sim_chance(90) ? A : 0);
}

/* It stays away: who still reads it is found out. */
void sim_free_table(struct sim *s, u32 table)
{
	u32 i, child;

	for (i = 0; i < SIM_SLOTS && s->table[table].level; i++) {
		child = sim_table_of(s, arena[table][i]);
		if (look_kind(s->table[table].level, arena[table][i]) == PT_TABLE &&
		    child < SIM_TABLES && s->table[child].used)
			sim_free_table(s, child);
	}
	s->table[table].used = false;
}

static void build_range(struct sim *s)
{
	const u64 user_end = sim_size(s->conf.levels) / 2;
	u64 pages = 1 + sim_random(s->conf.pages), edge;
	u32 level = 1 + sim_random(s->conf.levels - 1);

	/* Across an edge of a table of some level; or at the very beginning or end */
	edge = sim_size(level) * (1 + sim_random(user_end / sim_size(level) - 1));
	s->start = edge - min(sim_random(pages + 1) * PAGE_SIZE, edge);
	if (sim_chance(4))
		s->start = 0;
	else if (sim_chance(4) || s->start + pages * PAGE_SIZE > user_end)
		s->start = user_end - pages * PAGE_SIZE;
	s->end = s->start + pages * PAGE_SIZE;
}

static void build_vmas(struct sim *s)
{
	u64 at = s->start - min(s->start, sim_random(16) * PAGE_SIZE), room;

	s->nr_vmas = 0;
	if (s->conf.whole_vma) {
		s->vma[s->nr_vmas++] = (struct vm_area_struct){ s->start, s->end };
		return;
	}
	while (s->nr_vmas < SIM_MAX_VMAS && at < s->end + 16 * PAGE_SIZE) {
		struct vm_area_struct *vma = &s->vma[s->nr_vmas];

		room = (s->end - s->start) / PAGE_SIZE;
		/* Next to each other, not seldom */
		if (sim_chance(60))
			at += sim_random(sim_chance(50) ? 8 : room / 4 + 1) * PAGE_SIZE;
		vma->vm_start = at;
		at += (1 + sim_random(sim_chance(30) ? 16 : room + 1)) * PAGE_SIZE;
		vma->vm_end = at;
		s->nr_vmas++;
	}
	if (sim_chance(3))
		s->nr_vmas = 0;
}

void sim_build(struct sim *s)
{
	static const u64 ram[] = { 0x1000000, 0x123456000, 0x3fff00000000, 0x7fff00000000 };
	u32 i;

	memset(s->table, 0, sizeof(s->table));
	memset(s->next, 0, sizeof(s->next));
	memset(s->seen, 0, sizeof(s->seen));
	s->irqs_off = s->locked = s->fast_allowed = s->kill = false;
	s->reads = s->descents = s->locks = s->nr_changes = 0;
	s->nr_reads = s->nr_seen = 0;
	s->at_irqs_on = s->at_unlocked = NULL;
	s->at_read = NULL;
	s->ram_pa = ram[sim_random(ARRAY_SIZE(ram))];
	s->ram_pa &= ~s->conf.encrypted;
	for (i = 0; i < PT_MAX_LEVELS; i++)
		s->upper_rights[i] = random_rights(s);
	build_range(s);
	build_vmas(s);
	__asan_poison_memory_region(arena, sizeof(arena));
	/* The root is two pages with PTI, and the first is not the one that the user has. */
	s->nr_tables = s->conf.pti;
	s->root = s->nr_tables;
	sim_new_table(s, s->conf.levels - 1, 0);
	s->mm.pgd = (pgd_t *)arena[0];
	sim_current.mm = NULL;
}
