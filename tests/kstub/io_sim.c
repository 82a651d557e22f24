// SPDX-License-Identifier: GPL-2.0
/* Random tables of an IOMMU: see io_sim.h. */
#include <errno.h>
#include <string.h>

#include "io_sim.h"

#define BIT(n)	(1ULL << (n))
#define ADDRESS 0x000ffffffffff000ULL

static uint64_t arena[IO_TABLES][IO_ENTRIES] __attribute__((aligned(4096)));

static uint64_t size_of(uint32_t level)
{
	return BIT(12 + 9 * level);
}

uint64_t *io_slot(uint32_t table, uint32_t index)
{
	return &arena[table][index];
}

uint32_t io_table_of(const struct io_sim *s, uint64_t entry)
{
	const uint64_t pa = entry & ADDRESS;

	if (pa < s->ram_pa || pa >= s->ram_pa + IO_TABLES * IO_PAGE)
		return IO_TABLES;
	return (pa - s->ram_pa) / IO_PAGE;
}

int io_read(void *arg, __u64 pa, __u64 *words, __u32 nr)
{
	struct io_sim *s = arg;
	const uint64_t at = pa - s->ram_pa;

	if (!nr || pa % 8 || pa / IO_PAGE != (pa + nr * 8 - 1) / IO_PAGE)
		io_fail("0x%llx: %u words are not in one page", pa, nr);
	if (s->before_read)
		s->before_read(s, pa, nr);
	s->reads += nr;
	if (pa < s->ram_pa || at >= IO_TABLES * IO_PAGE)
		return -EIO;
	memcpy(words, (char *)arena + at, nr * 8);
	return 0;
}

/* The naive walk, by format */

static bool present(const struct io_sim *s, uint64_t e)
{
	return s->format == IO_SECOND ? e & 3 : e & 1;
}

bool io_is_table(const struct io_sim *s, uint32_t level, uint64_t e)
{
	if (!present(s, e))
		return false;
	if (s->format == IO_AMD)
		return (e >> 9) % 8 != 0 && (e >> 9) % 8 != 7;
	return level > 0 && !(e & BIT(7));
}

static uint32_t table_level(const struct io_sim *s, uint32_t level, uint64_t e)
{
	return s->format == IO_AMD ? (e >> 9) % 8 - 1 : level - 1;
}

static uint32_t leaf_shift(const struct io_sim *s, uint32_t level, uint64_t e)
{
	uint32_t shift = 12;

	if (s->format != IO_AMD || (e >> 9) % 8 != 7)
		return 12 + 9 * level;
	/* 1 << (1 + ffz(address | 0xfff)) */
	while ((e & ADDRESS) >> shift & 1)
		shift++;
	return shift + 1;
}

static bool refused(const struct io_sim *s, uint32_t level, uint64_t e)
{
	const uint32_t shift = leaf_shift(s, level, e);
	uint64_t below = (size_of(level) - 1) & ADDRESS;

	if (!present(s, e))
		return false;
	if (s->format == IO_AMD && io_is_table(s, level, e))
		return table_level(s, level, e) >= level || (e >> 52) % 512;
	if (s->format == IO_AMD)
		return level == 5 || (e >> 52) % 128 || shift < 12 + 9 * level ||
		       shift > 20 + 9 * level;
	if (io_is_table(s, level, e))
		return false;
	if (s->format == IO_FIRST && level)
		below &= ~BIT(12);
	return level > 2 || e & below;
}

static uint32_t rights_of(const struct io_sim *s, uint64_t e)
{
	uint32_t rights = 0;

	switch (s->format) {
	case IO_SECOND:
		rights = (e & 1 ? 8 : 0) | (e & 2 ? 2 : 0);
		break;
	case IO_FIRST:
		rights = e & 4 ? 8 | (e & 2) : 0;
		break;
	case IO_AMD:
		rights = (e & BIT(61) ? 8 : 0) | (e & BIT(62) ? 2 : 0);
		break;
	}
	return rights;
}

static void look_leaf(const struct io_sim *s, uint64_t iova, uint32_t rights, struct io_page *p)
{
	if (!present(s, p->entry)) {
		p->kind = p->entry ? PT_ABSENT : PT_NONE;
		return;
	}
	p->kind = PT_LEAF;
	p->rights = rights & rights_of(s, p->entry);
	p->shift = leaf_shift(s, p->level, p->entry);
	p->pa = (p->entry & ADDRESS) >> p->shift << p->shift;
	p->pa += iova % BIT(p->shift);
}

/* The level of an error is that of the table, or of its entry. */
void io_look(const struct io_sim *s, uint64_t iova, uint32_t rights, struct io_page *p)
{
	uint32_t tables[PT_IO_MAX_LEVELS + 1], depth = 0, i, next, t = s->root;

	memset(p, 0, sizeof(*p));
	p->level = s->levels - 1;
	if (s->levels < 6 && iova >= size_of(s->levels)) {
		p->level = 0;
		return;
	}
	for (;;) {
		for (i = 0; i < depth; i++)
			if (tables[i] == t && t != IO_TABLES)
				p->err = -ELOOP;
		if (!p->err && t == IO_TABLES)
			p->err = -EIO;
		if (p->err)
			return;
		tables[depth++] = t;
		p->entry = arena[t][iova / size_of(p->level) % IO_ENTRIES];
		if (refused(s, p->level, p->entry)) {
			p->err = -EBADMSG;
			return;
		}
		if (!io_is_table(s, p->level, p->entry))
			break;
		next = table_level(s, p->level, p->entry);
		if (iova % size_of(p->level) >= size_of(next + 1))
			return;
		rights &= rights_of(s, p->entry);
		t = io_table_of(s, p->entry);
		p->level = next;
	}
	look_leaf(s, iova, rights, p);
}

/* Making them */

static uint64_t random_rights(const struct io_sim *s)
{
	const bool r = io_random(10), w = io_random(10);

	switch (s->format) {
	case IO_SECOND:
		return r || w ? r | w << 1 : 3;
	case IO_FIRST:
		return 1 | w << 1 | r << 2 | (io_random(20) ? 0 : BIT(63));
	default:
		return 1 | (r ? BIT(61) : 0) | (w ? BIT(62) : 0);
	}
}

static uint64_t accessed(const struct io_sim *s)
{
	return io_random(4) << (s->format == IO_SECOND ? 8 : 5);
}

static uint64_t random_leaf(struct io_sim *s, uint32_t level)
{
	uint64_t e = random_rights(s) | accessed(s), frame = io_random(BIT(36)) * IO_PAGE;
	uint32_t shift = 12 + 9 * level;

	if (s->format == IO_SECOND && !io_random(4))
		e |= BIT(11);
	if (s->format == IO_AMD && io_random(2)) {
		shift += 1 + io_random(8);
		if (shift > 52)
			shift = 52;
		return e | 7 << 9 | frame >> shift << shift | (((BIT(shift - 1)) - 1) & ADDRESS);
	}
	if (s->format == IO_AMD)
		return e | frame >> shift << shift | (io_random(4) ? 0 : BIT(60));
	if (s->format == IO_FIRST && level && !io_random(10))
		e |= BIT(12);
	return e | frame >> shift << shift | (level ? BIT(7) : 0);
}

static uint64_t bad_entry(struct io_sim *s, uint32_t level)
{
	const uint64_t out =
		(s->ram_pa + (IO_TABLES + io_random(1000)) * IO_PAGE) | random_rights(s);
	const uint32_t top = s->levels - 1;

	switch (io_random(4)) {
	case 0: /* a table outside of RAM */
		return s->format == IO_AMD ? out | level << 9 : out;
	case 1: /* a table of an upper level */
		if (level)
			return s->path[level + io_random(top - level + 1)] | random_rights(s) |
			       (s->format == IO_AMD ? level << 9 : 0);
		return out;
	case 2: /* a large page that is no multiple of its size, or a reserved bit */
		return random_leaf(s, level) | (s->format == IO_AMD ? BIT(55) : BIT(13));
	default: /* a level that cannot be */
		return s->format == IO_AMD ? out | (level + 1 + io_random(6 - level)) << 9
					   : out | BIT(7);
	}
}

/* Entries of a table for AMD's sized pages repeat: the one before, as long as it covers this one.
 */
static uint64_t new_leaf(struct io_sim *s, uint32_t level, uint64_t iova)
{
	uint64_t e = level < 5 ? s->next_leaf[level] : 0, step = size_of(level);
	const bool sized = s->format == IO_AMD && present(s, e) && (e >> 9) % 8 == 7;

	if (e && sized && !refused(s, level, e)) {
		step = BIT(leaf_shift(s, level, e));
		if (iova % step && io_random(100) < 98)
			return e;
	}
	if (e && present(s, e) && io_random(100) < s->next) {
		e += step;
		if (!io_random(50)) /* all but the same */
			e ^= BIT(io_random(64));
	} else if (level < (s->format == IO_AMD ? 5U : 3U) && io_random(10) < 6) {
		e = random_leaf(s, level);
	} else {
		e = io_random(4) ? 0 : io_random(BIT(20)) << 13;
	}
	if (level < 5)
		s->next_leaf[level] = e;
	/* What the random bit made of it is no table, and not refused. */
	return io_is_table(s, level, e) || refused(s, level, e) ? 0 : e;
}

static uint64_t new_table(struct io_sim *s, uint32_t level, uint64_t base)
{
	const uint32_t t = s->nr_tables++;
	uint32_t i;

	s->used[t] = true;
	s->path[level] = s->ram_pa + t * IO_PAGE;
	for (i = 0; i < IO_ENTRIES; i++) {
		const uint64_t iova = base + i * size_of(level);

		/* What is not asked about is no good. */
		if (level < 5 && (iova >= s->end || iova + size_of(level) <= s->start))
			arena[t][i] = io_random(2) ? bad_entry(s, level) : ~0ULL;
		else
			arena[t][i] = io_new_entry(s, level, iova);
	}
	return s->ram_pa + t * IO_PAGE;
}

uint64_t io_new_entry(struct io_sim *s, uint32_t level, uint64_t iova)
{
	const uint32_t chance = level == 1 ? s->table : level == 2 ? 80 : 92;
	uint32_t to = level - 1;
	uint64_t e;

	if (io_random(10000) < s->bad)
		return bad_entry(s, level);
	if (level == 5 && (iova >= s->end || iova + size_of(5) - 1 < s->start))
		return 0;
	if (!level || io_random(100) >= chance || s->nr_tables + 8 > IO_TABLES)
		return new_leaf(s, level, iova);
	if (s->format == IO_AMD && !io_random(4))
		to = io_random(level);
	e = random_rights(s) | accessed(s);
	if (s->format == IO_AMD)
		e |= (to + 1) << 9;
	return e | new_table(s, to, iova);
}

void io_free_table(struct io_sim *s, uint32_t table)
{
	uint32_t i;

	s->used[table] = false;
	for (i = 0; i < IO_ENTRIES; i++)
		arena[table][i] = IO_POISON | i << 12 | BIT(61) | BIT(62) | 7;
}

/* A question across an edge of a table of some level, or at the beginning */
void io_build(struct io_sim *s)
{
	const uint32_t level = io_random(s->levels > 5 ? 5 : s->levels);
	const uint64_t pages = 1 + io_random(3000), back = io_random(pages + 1) * IO_PAGE;
	uint64_t edge = size_of(level) * io_random(level < 4 ? 200 : 3);

	if (s->levels < 5 && edge > size_of(s->levels))
		edge = size_of(s->levels);
	s->start = edge > back ? edge - back : 0;
	s->end = s->start + pages * IO_PAGE;
	s->ram_pa = (1 + io_random(1000)) * IO_PAGE * 16;
	memset(s->used, 0, sizeof(s->used));
	memset(s->next_leaf, 0, sizeof(s->next_leaf));
	s->nr_tables = 0;
	s->reads = 0;
	s->before_read = NULL;
	new_table(s, s->levels - 1, 0);
	s->root = 0;
}
