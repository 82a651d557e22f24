// SPDX-License-Identifier: GPL-2.0
/*
 * loader.c - enters an unpacked Linux kernel (vmlinux) in QEMU, for scripts/vm
 *
 * A bzImage unpacks itself, which takes more than half of a boot under TCG. scripts/vm
 * instead gives QEMU this program as -kernel, which QEMU starts by the PVH boot protocol
 * (Xen: docs/misc/pvh.pandoc), and lets QEMU's generic loader put the vmlinux where it is
 * linked to. This program does the rest of what the bzImage's own code does
 * (arch/x86/boot/compressed/head_64.S): it fills in the boot parameters, turns 5-level page
 * tables on if the CPU and the kernel have them, and enters the kernel by the 64-bit boot
 * protocol (Documentation/arch/x86/boot.rst). The PVH entry of the kernel itself would not
 * do: it comes up with 4 levels on every CPU, and not every kernel has it.
 *
 * The kernel's text is not moved: it is where it is linked to, as with nokaslr. The direct
 * map, vmalloc and vmemmap are placed at random as ever, by the kernel itself.
 */
#include <stdint.h>

/* scripts/vm stores at LOADER_WORD the kernel's entry point, and these flags. */
#define LOADER_WORD 0x1ff000
#define FLAG_5LEVEL (1ULL << 32) /* The kernel can have 5-level page tables. */
#define FLAG_KASLR  (1ULL << 33) /* The kernel may place its regions at random. */

/* xen/include/public/arch-x86/hvm/start_info.h */
struct hvm_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist_pa;
	uint64_t cmdline_pa;
	uint64_t rsdp_pa;
	uint64_t memmap_pa;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct hvm_modlist_entry {
	uint64_t pa;
	uint64_t size;
	uint64_t cmdline_pa;
	uint64_t reserved;
};

struct hvm_memmap_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

/* arch/x86/include/uapi/asm/bootparam.h: offsets in struct boot_params */
#define BP_RSDP		0x070
#define BP_E820_ENTRIES 0x1e8
#define BP_BOOT_FLAG	0x1fe
#define BP_HEADER	0x202
#define BP_VERSION	0x206
#define BP_LOADER	0x210
#define BP_LOADFLAGS	0x211
#define BP_RAMDISK	0x218
#define BP_RAMDISK_SIZE 0x21c
#define BP_CMDLINE	0x228
#define BP_E820		0x2d0
#define E820_MAX	128
#define LOADED_HIGH	1
#define KASLR_FLAG	2

struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

#define CR4_PAE	  (1 << 5)
#define CR4_LA57  (1 << 12)
#define PTE_TABLE 3 /* present, writable */
#define PTE_HUGE  0x83

/* Used by the assembly below. */
uint8_t boot_params[4096] __attribute__((aligned(4096)));
uint64_t top[512] __attribute__((aligned(4096)));
uint32_t entry;
uint32_t cr4;

static uint64_t p4d[512] __attribute__((aligned(4096)));
static uint64_t pud[512] __attribute__((aligned(4096)));
static uint64_t pmd[4][512] __attribute__((aligned(4096)));

static void put16(unsigned int offset, uint16_t value)
{
	*(uint16_t *)(boot_params + offset) = value;
}

static void put32(unsigned int offset, uint32_t value)
{
	*(uint32_t *)(boot_params + offset) = value;
}

static int cpu_has_la57(void)
{
	uint32_t eax = 0, ebx, ecx = 0, edx;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (eax < 7)
		return 0;
	eax = 7;
	ecx = 0;
	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ecx >> 16 & 1;
}

static void fill_boot_params(const struct hvm_start_info *info, int kaslr)
{
	const struct hvm_memmap_entry *map = (const void *)(uintptr_t)info->memmap_pa;
	struct e820_entry *e820 = (void *)(boot_params + BP_E820);
	unsigned int n = info->memmap_entries, i;

	if (n > E820_MAX)
		n = E820_MAX;
	for (i = 0; i < n; i++) {
		e820[i].addr = map[i].addr;
		e820[i].size = map[i].size;
		e820[i].type = map[i].type;
	}
	boot_params[BP_E820_ENTRIES] = n;
	put16(BP_BOOT_FLAG, 0xaa55);
	put32(BP_HEADER, 0x53726448); /* HdrS */
	put16(BP_VERSION, 0x20f);
	boot_params[BP_LOADER] = 0xb0; /* QEMU */
	boot_params[BP_LOADFLAGS] = LOADED_HIGH | (kaslr ? KASLR_FLAG : 0);
	put32(BP_CMDLINE, info->cmdline_pa);
	put32(BP_RSDP, info->rsdp_pa);
	if (info->nr_modules > 0) {
		const struct hvm_modlist_entry *initrd = (const void *)(uintptr_t)info->modlist_pa;

		put32(BP_RAMDISK, initrd->pa);
		put32(BP_RAMDISK_SIZE, initrd->size);
	}
}

/* Identity-maps the first 4 GiB. */
static void fill_page_tables(int levels)
{
	unsigned int i;

	for (i = 0; i < 4 * 512; i++)
		pmd[i / 512][i % 512] = (uint64_t)i << 21 | PTE_HUGE;
	for (i = 0; i < 4; i++)
		pud[i] = (uintptr_t)pmd[i] | PTE_TABLE;
	p4d[0] = (uintptr_t)pud | PTE_TABLE;
	top[0] = (levels == 5 ? (uintptr_t)p4d : (uintptr_t)pud) | PTE_TABLE;
}

void prepare(const struct hvm_start_info *info)
{
	uint64_t word = *(volatile uint64_t *)LOADER_WORD;
	int la57 = (word & FLAG_5LEVEL) && cpu_has_la57();

	entry = word;
	cr4 = CR4_PAE | (la57 ? CR4_LA57 : 0);
	fill_boot_params(info, !!(word & FLAG_KASLR));
	fill_page_tables(la57 ? 5 : 4);
}

/* XEN_ELFNOTE_PHYS32_ENTRY (18): the entry point of PVH, in 32-bit mode without paging */
__asm__(".pushsection .note.Xen, \"a\", @note\n"
	"	.long 4, 4, 18\n"
	"	.asciz \"Xen\"\n"
	"	.long start\n"
	".popsection\n"
	".globl start\n"
	"start:\n"
	"	movl $stack_end, %esp\n"
	"	pushl %ebx\n" /* struct hvm_start_info */
	"	call prepare\n"
	"	movl cr4, %eax\n"
	"	movl %eax, %cr4\n"
	"	movl $top, %eax\n"
	"	movl %eax, %cr3\n"
	"	movl $0xc0000080, %ecx\n" /* EFER: LME */
	"	rdmsr\n"
	"	orl $0x100, %eax\n"
	"	wrmsr\n"
	"	lgdt gdt_pointer\n"
	"	movl $boot_params, %esi\n"
	"	movl entry, %edi\n"
	"	movl $0x80000001, %eax\n" /* PG, PE */
	"	movl %eax, %cr0\n"
	"	ljmp $0x10, $start64\n"
	"	.code64\n"
	"start64:\n"
	"	movl $0x18, %eax\n"
	"	movl %eax, %ds\n"
	"	movl %eax, %es\n"
	"	movl %eax, %ss\n"
	"	movl %esi, %esi\n" /* Clears the upper 32 bits. */
	"	movl %edi, %edi\n"
	"	jmp *%rdi\n"
	"	.code32\n"
	".pushsection .data\n"
	"	.balign 8\n"
	"gdt:	.quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff\n"
	"gdt_pointer:\n"
	"	.word . - gdt - 1\n"
	"	.long gdt\n"
	".popsection\n"
	".pushsection .bss\n"
	"	.balign 16\n"
	"	.skip 4096\n"
	"stack_end:\n"
	".popsection\n");
