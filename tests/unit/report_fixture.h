/* SPDX-License-Identifier: GPL-2.0 */
/* A machine with a page table in its memory, and the report that is true of it. */
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include <errno.h>
#include <string.h>

#include "fmt/pt_x86.h"
#include "qemu/walk.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Memory: table N is at (N + 1) * 4096, and nothing else is there. */
enum { ROOT, P4D, PUD, PMD, PTE_A, PTE_B, OTHER, NR_TABLES };
#define TABLE_PA(n) (((uint64_t)(n) + 1) * 4096)

static uint64_t memory[NR_TABLES][QEMU_TABLE];
static uint64_t lower[QEMU_TABLE]; /* at 0, where ranges say so: the kernel's half of ROOT */
static unsigned int reads;

/* The end of a table, 2 MiB in one page, and the start of another table. */
#define VA	       0x7f00001fe000ULL
#define PAGES	       (2 + 512 + 4)
#define ABSENT	       2
#define LEVELS	       5
#define TABLE_ENTRY(n) (TABLE_PA(n) | 0x67)
#define LEAF	       0x8000000000000867ULL /* user write noexec */
#define FRAMES	       (2 + 1 + 3)	     /* entries with one */
#define COMPARED       ((2 + 4) * 5 + 512 * 4)
#define DISTINCT       (1 + 1 + 1 + 3 + 2 + 4)

/* All of that is RAM, and the frames below are. */
static struct ram_range ranges[] = {
	{ 0x1000, 0x7fff, true },	   { 0x11110000, 0x11111fff, true },
	{ 0x22220000, 0x22222fff, true },  { 0x40000000, 0x403fffff, true },
	{ 0x50000000, 0x50000fff, false },
};
static struct ram_map ram = { ranges, ARRAY_SIZE(ranges) };

static int read_memory(void *ctx, uint64_t pa, uint64_t entries[QEMU_TABLE])
{
	(void)ctx;
	reads++;
	if (!pa) {
		memcpy(entries, lower, sizeof(lower));
		return 0;
	}
	if (pa < TABLE_PA(0) || pa > TABLE_PA(NR_TABLES - 1) || pa % 4096)
		return -EFAULT;
	memcpy(entries, memory[pa / 4096 - 1], sizeof(memory[0]));
	return 0;
}

static void fill_memory(void)
{
	memset(memory, 0, sizeof(memory));
	memory[ROOT][0] = TABLE_ENTRY(P4D);
	memory[P4D][254] = TABLE_ENTRY(PUD);
	memory[PUD][0] = TABLE_ENTRY(PMD);
	memory[PMD][0] = TABLE_ENTRY(PTE_A);
	memory[PMD][1] = 0x40000000 | LEAF | PT_X86_PS;
	memory[PMD][2] = TABLE_ENTRY(PTE_B);
	memory[PTE_A][510] = 0x11110000 | LEAF;
	memory[PTE_A][511] = 0x11111000 | LEAF;
	memory[PTE_B][0] = 0x22220000 | LEAF;
	memory[PTE_B][1] = 0x22221000 | (LEAF & ~PT_X86_RW);
	memory[PTE_B][2] = (~0x22222000ULL & PT_X86_ADDR) | PT_X86_PROTNONE;
	memory[PTE_B][3] = 0;
	/* The kernel's half, as in every process: OTHER is the root that a vCPU runs on. */
	memory[ROOT][300] = memory[OTHER][300] = 0x7777067;
	memory[ROOT][511] = memory[OTHER][511] = 0x7778067;
}

static const char good[] =
	"{\"tool\":\"vfio_test\",\"version\":\"0.1.0\",\"schema\":1,\"verdict\":\"pass\","
	"\"mapping\":{\"pid\":7,\"vaddr\":\"0x7f00001fe000\",\"iova\":\"0x0\",\"size\":2121728,"
	"\"page_size\":4096,\"root_pa\":\"0x1000\",\"levels\":5,\"pti\":false,"
	"\"kernel_root_pa\":\"0x1000\",\"pa_mask\":\"0xffffffffff000\"},"
	"\"pages\":{\"total\":518,\"user\":516,\"supervisor\":0,\"absent\":2,\"runs\":["
	"{\"vaddr\":\"0x7f00001fe000\",\"pa\":\"0x11110000\",\"len\":8192,\"page_size\":4096,"
	"\"user\":true,\"write\":true,\"exec\":false},"
	"{\"vaddr\":\"0x7f0000200000\",\"pa\":\"0x40000000\",\"len\":2097152,\"page_size\":2097152,"
	"\"user\":true,\"write\":true,\"exec\":false},"
	"{\"vaddr\":\"0x7f0000400000\",\"pa\":\"0x22220000\",\"len\":4096,\"page_size\":\"4K\","
	"\"user\":true,\"write\":true,\"exec\":false},"
	"{\"vaddr\":\"0x7f0000401000\",\"pa\":\"0x22221000\",\"len\":\"0x1000\",\"page_size\":4096,"
	"\"user\":true,\"write\":false,\"exec\":false},"
	"{\"vaddr\":\"0x7f0000402000\",\"pa\":\"0x22222000\",\"len\":4096,\"page_size\":4096,"
	"\"user\":false,\"write\":false,\"exec\":false}]},"
	"\"walk\":["
	"{\"level\":\"PGD\",\"index\":0,\"table_pa\":\"0x1000\",\"entry\":\"0x2067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"P4D\",\"index\":254,\"table_pa\":\"0x2000\",\"entry\":\"0x3067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PUD\",\"index\":0,\"table_pa\":\"0x3000\",\"entry\":\"0x4067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PMD\",\"index\":0,\"table_pa\":\"0x4000\",\"entry\":\"0x5067\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"PTE\",\"index\":510,\"table_pa\":\"0x5000\",\"entry\":\"0x8000000011110867\",\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\",\"DIRTY\",\"SOFT_DIRTY\",\"NX\"]}],"
	"\"tables\":["
	"{\"level\":\"PGD\",\"table_pa\":\"0x1000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,\"entries\":[\"0x2067\"]},"
	"{\"level\":\"P4D\",\"table_pa\":\"0x2000\",\"vaddr\":\"0x7f00001fe000\",\"index\":254,\"entries\":[\"0x3067\"]},"
	"{\"level\":\"PUD\",\"table_pa\":\"0x3000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,\"entries\":[\"0x4067\"]},"
	"{\"level\":\"PMD\",\"table_pa\":\"0x4000\",\"vaddr\":\"0x7f00001fe000\",\"index\":0,"
	"\"entries\":[\"0x5067\",\"0x80000000400008e7\",\"0x6067\"]},"
	"{\"level\":\"PTE\",\"table_pa\":\"0x6000\",\"vaddr\":\"0x7f0000400000\",\"index\":0,"
	"\"entries\":[\"0x8000000022220867\",\"0x8000000022221865\",\"0xfffffddddd100\",\"0x0\"]},"
	"{\"level\":\"PTE\",\"table_pa\":\"0x5000\",\"vaddr\":\"0x7f00001fe000\",\"index\":510,"
	"\"entries\":[\"0x8000000011110867\",\"0x8000000011111867\"]}]}\n";

#endif /* REPORT_FIXTURE_H */
