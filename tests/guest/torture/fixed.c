// SPDX-License-Identifier: GPL-2.0
/* RAM, and the pages that are known and stay */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

static struct {
	uint64_t from, to;
} ram[64];
static unsigned int nr_ram;

void read_ram(void)
{
	unsigned long long from, to;
	char line[256];
	FILE *f = fopen("/proc/iomem", "re");

	while (f && fgets(line, sizeof(line), f))
		if (nr_ram < ARRAY_SIZE(ram) && line[0] != ' ' && strstr(line, ": System RAM") &&
		    sscanf(line, "%llx-%llx", &from, &to) == 2) {
			ram[nr_ram].from = from;
			ram[nr_ram++].to = to + 1;
		}
	if (f)
		fclose(f);
	if (!nr_ram || !ram[nr_ram - 1].from)
		bail_out("/proc/iomem: no RAM to be seen: are you root?");
}

bool in_ram(uint64_t pa, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < nr_ram; i++)
		if (pa >= ram[i].from && pa < ram[i].to)
			return len <= ram[i].to - pa;
	return false;
}

static const struct part parts[] = {
	{ 0, 16, { PT_LEAF, 0, PT_USER, 0, 0 } },
	{ 16, 8, { PT_LEAF, 0, PT_USER | PT_WRITE, 0, 0 } },
	{ 24, 8, { PT_LEAF, 0, PT_USER | PT_EXEC, 0, 0 } },
	{ 32, 8, { PT_PROTNONE, 0, 0, 0, 0 } },
	{ 40, 8, { PT_NONE, 0, 0, 0, 0 } },
	{ 48, 16, { PT_LEAF, 0, PT_USER, 0, 0 } }, /* every other one; else nothing */
	{ THP_FIRST, 512, { PT_LEAF, 1, PT_USER, 0, 0 } },
	{ TLB_FIRST, 512, { PT_LEAF, 1, PT_USER, 0, 0 } },
};

static bool part_there(const struct part *part)
{
	return part->first == THP_FIRST	  ? sh->have_thp
	       : part->first == TLB_FIRST ? sh->have_hugetlb
					  : true;
}

const struct part *part_of(uint64_t page)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (page - parts[i].first < parts[i].nr)
			return part_there(&parts[i]) ? &parts[i] : NULL;
	return NULL;
}

bool part_is_hole(const struct part *part, unsigned int page)
{
	return part->page.kind == PT_NONE || (part->first == 48 && page % 2);
}

/* Does the range hold a fixed page? */
bool has_fixed(uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (part_there(&parts[i]) &&
		    start < FIXED + (parts[i].first + parts[i].nr) * PAGE &&
		    end > FIXED + parts[i].first * PAGE)
			return true;
	return false;
}

void *map_at(uint64_t va, uint64_t len, int prot, int flags, int fd)
{
	void *p = mmap((void *)va, len, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (p != MAP_FAILED && p != (void *)va) {
		munmap(p, len);
		p = MAP_FAILED;
	}
	return p == MAP_FAILED ? NULL : p;
}

static void *map_fixed(unsigned int page, unsigned int nr, int prot, int flags)
{
	void *p = map_at(FIXED + page * PAGE, nr * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			 -1);

	if (!p && !(flags & MAP_HUGETLB))
		bail_out("fixed pages: mmap: %s", strerror(errno));
	return p;
}

/* Is the huge page of pages really one?  A frame that is aligned, all in a row */
static bool is_huge(unsigned int page)
{
	static uint64_t entry[512];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool huge = fd >= 0 && pread(fd, entry, sizeof(entry), (FIXED / PAGE + page) * 8) ==
				       (ssize_t)sizeof(entry);
	unsigned int i;

	for (i = 0; i < 512 && huge; i++)
		huge = entry[i] >> 63 && !((entry[0] & 511)) &&
		       (entry[i] & ((1ULL << 55) - 1)) == (entry[0] & ((1ULL << 55) - 1)) + i;
	if (fd >= 0)
		close(fd);
	return huge;
}

void fixed_init(void)
{
	static const int prot[] = { PROT_READ, RW, PROT_READ | PROT_EXEC, PROT_NONE };
	unsigned int i, n;
	char *p;

	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		p = map_fixed(parts[i].first, parts[i].nr, RW, 0);
		madvise(p, parts[i].nr * PAGE, MADV_NOHUGEPAGE);
		if (mlock(p, parts[i].nr * PAGE))
			bail_out("mlock: %s", strerror(errno));
		memset(p, 0x11, parts[i].nr * PAGE);
		/* Copy on write would take the right to write away, for a while. */
		if (prot[i] & PROT_WRITE)
			madvise(p, parts[i].nr * PAGE, MADV_DONTFORK);
		mprotect(p, parts[i].nr * PAGE, prot[i]);
	}
	map_fixed(40, 8, PROT_READ, MAP_NORESERVE);
	p = map_fixed(48, 16, RW, 0);
	madvise(p, 16 * PAGE, MADV_NOHUGEPAGE);
	if (mlock2(p, 16 * PAGE, MLOCK_ONFAULT))
		bail_out("mlock2: %s", strerror(errno));
	for (n = 0; n < 16; n += 2)
		p[n * PAGE] = 1;
	mprotect(p, 16 * PAGE, PROT_READ);

	p = map_fixed(THP_FIRST, 512, RW, 0);
	madvise(p, MIB2, MADV_HUGEPAGE);
	memset(p, 0x11, MIB2);
	madvise(p, MIB2, MADV_DONTFORK);
	sh->have_thp = !mlock(p, MIB2) && !mprotect(p, MIB2, PROT_READ) && is_huge(THP_FIRST);

	p = map_fixed(TLB_FIRST, 512, RW, MAP_HUGETLB | MAP_HUGE_2MB);
	if (p) {
		memset(p, 0x11, MIB2);
		mprotect(p, MIB2, PROT_READ);
	}
	sh->have_hugetlb = p && is_huge(TLB_FIRST);
}
