// SPDX-License-Identifier: GPL-2.0
/* Checks a report against the VM's vCPUs and root tables. */
#include "qemu/vm.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/err.h"
#include "fmt/pt_x86.h"

/*
 * Documentation/arch/x86/x86_64/mm.rst: the kernel's half of a PGD is the same in all processes,
 * except for one entry of those that call modify_ldt(): LDT_PGD_ENTRY of
 * arch/x86/include/asm/pgtable_64_types.h.
 */
#define KERNEL_HALF 256
#define LDT_4	    (512 - 240)
#define LDT_5	    (512 - 112)

bool qemu_vcpu_pages(const struct monitor_regs *regs)
{
	const uint64_t cr0 = X86_CR0_PE | X86_CR0_PG;

	return (regs->cr0 & cr0) == cr0 && regs->cr4 & X86_CR4_PAE && regs->efer & X86_EFER_LMA &&
	       !regs->smm;
}

int qemu_vm_find_vcpu(const struct qemu_vm *vm, size_t *cpu, uint32_t *levels, struct err *e)
{
	for (*cpu = 0; *cpu < vm->nr; ++*cpu) {
		if (!qemu_vcpu_pages(&vm->cpu[*cpu]))
			continue;
		*levels = qemu_vcpu_levels(&vm->cpu[*cpu]);
		return 0;
	}
	err_set(e, EAGAIN, "vCPUs", "",
		"wait until the guest has booted, and take a report of this boot");
	e->id = "not-64-bit";
	err_why(e,
		"none of %zu is in 64-bit paging (vCPU 0: CR0 0x%" PRIx64 ", CR4 0x%" PRIx64
		", EFER 0x%" PRIx64 "%s), so nothing in memory is a page table in use",
		vm->nr, vm->nr ? vm->cpu[0].cr0 : 0, vm->nr ? vm->cpu[0].cr4 : 0,
		vm->nr ? vm->cpu[0].efer : 0, vm->nr && vm->cpu[0].smm ? ", in SMM" : "");
	return -EAGAIN;
}

bool qemu_vm_has_levels(const struct qemu_vm *vm, uint32_t levels)
{
	size_t i;

	for (i = 0; i < vm->nr; i++)
		if (qemu_vcpu_pages(&vm->cpu[i]) && qemu_vcpu_levels(&vm->cpu[i]) == levels)
			return true;
	return false;
}

static bool is_own(uint32_t levels, uint32_t index)
{
	return index == (levels == 5 ? LDT_5 : LDT_4);
}

/* The number of present entries in the kernel's half. */
static unsigned int count_kernel(uint32_t levels, const uint64_t *table)
{
	unsigned int nr = 0;
	uint32_t i;

	for (i = KERNEL_HALF; i < QEMU_TABLE; i++)
		nr += table[i] & PT_X86_P && !is_own(levels, i);
	return nr;
}

static bool same_kernel(uint32_t levels, const uint64_t *a, const uint64_t *b)
{
	uint32_t i;

	for (i = KERNEL_HALF; i < QEMU_TABLE; i++)
		if (!is_own(levels, i) && (a[i] ^ b[i]) & ~(PT_X86_A | PT_X86_D))
			return false;
	return count_kernel(levels, a);
}

/*
 * Are these the two PGDs of a process under PTI (arch/x86/mm/pti.c, __pti_set_user_pgtbl())?  The
 * user's half is the same in both, except for NX in the kernel's PGD, and the user's PGD has few
 * entries of the kernel.
 */
static bool is_pair(uint32_t levels, const uint64_t *kernel, const uint64_t *user)
{
	bool present = false;
	uint32_t i;

	for (i = 0; i < KERNEL_HALF; i++) {
		if ((kernel[i] ^ user[i]) & ~(PT_X86_NX | PT_X86_A | PT_X86_D))
			return false;
		present |= user[i] & PT_X86_P;
	}
	return present && count_kernel(levels, kernel) > count_kernel(levels, user);
}

/* Reads a table past the cache of the walk; *there is false if it is not in memory. */
static int read_table(struct qemu_tables *t, uint64_t pa, uint64_t *table, bool *there)
{
	int ret = 0;

	*there = ram_map_has(t->ram, pa, QEMU_TABLE * sizeof(*table));
	if (*there)
		ret = t->read(t->ctx, pa, table);
	if (ret != -EFAULT)
		return ret;
	*there = false;
	return 0;
}

/* The vCPU on a table with the same kernel half as @table, or vm->nr. */
static int find_kernel_cpu(struct qemu_vm *vm, struct qemu_tables *t, const uint64_t *table)
{
	uint64_t other[QEMU_TABLE], cr3;
	unsigned int half;
	bool there;
	int ret;

	for (vm->kernel_cpu = 0; vm->kernel_cpu < vm->nr; vm->kernel_cpu++) {
		const struct monitor_regs *regs = &vm->cpu[vm->kernel_cpu];

		if (!qemu_vcpu_pages(regs) || qemu_vcpu_levels(regs) != t->levels)
			continue;
		/* With PTI, CR3 at user level points to the page after the kernel's PGD. */
		for (half = 0; half < 2; half++) {
			cr3 = regs->cr3 & X86_CR3_TABLE;
			if (half && !(cr3 & X86_CR3_PTI_USER))
				continue;
			ret = read_table(t, half ? cr3 & ~X86_CR3_PTI_USER : cr3, other, &there);
			if (ret)
				return ret;
			if (there && same_kernel(t->levels, table, other))
				return 0;
		}
	}
	return 0;
}

int qemu_vm_find_root(struct qemu_vm *vm, struct qemu_tables *t)
{
	uint64_t lower[QEMU_TABLE], upper[QEMU_TABLE];
	const bool is_upper = t->root_pa & X86_CR3_PTI_USER;
	const uint64_t lower_pa = t->root_pa & ~X86_CR3_PTI_USER;
	bool has_lower, has_upper;
	int ret;

	vm->pti = vm->kernel_half = false;
	vm->kernel_cpu = vm->nr;
	ret = read_table(t, lower_pa, lower, &has_lower);
	if (!ret)
		ret = read_table(t, lower_pa | X86_CR3_PTI_USER, upper, &has_upper);
	if (ret || !(is_upper ? has_upper : has_lower))
		return ret;
	vm->pti = has_lower && has_upper && is_pair(t->levels, lower, upper);
	vm->kernel_half = vm->pti && !is_upper;
	return find_kernel_cpu(vm, t, is_upper && !vm->pti ? upper : lower);
}

void qemu_vm_compare(const struct qemu_vm *vm, const struct qemu_report *r, struct qemu_compare *c)
{
	uint64_t kernel_root_pa = vm->pti ? r->root_pa & ~X86_CR3_PTI_USER : r->root_pa;

	c->claims++;
	if (vm->kernel_cpu == vm->nr) {
		qemu_note(
			&c->doubts,
			"mapping.root_pa: no vCPU runs on a page table with the kernel half of 0x%" PRIx64
			": it is not a root of this boot, or all of them run firmware or a nested guest",
			r->root_pa);
		return;
	}
	c->claims += 3;
	if (vm->kernel_half) {
		c->claims_mismatched++;
		qemu_note(&c->findings,
			  "mapping.root_pa: 0x%" PRIx64
			  " is the kernel's half of a PGD: at user level the CPU uses 0x%llx",
			  r->root_pa, r->root_pa | X86_CR3_PTI_USER);
	}
	if (r->pti != vm->pti) {
		c->claims_mismatched++;
		qemu_note(&c->findings, "mapping.pti: the report says %s, QEMU's tables %s",
			  r->pti ? "true" : "false", vm->pti ? "true" : "false");
	}
	if (r->kernel_root_pa != kernel_root_pa) {
		c->claims_mismatched++;
		qemu_note(&c->findings,
			  "mapping.kernel_root_pa: the report says 0x%" PRIx64 ", QEMU 0x%" PRIx64,
			  r->kernel_root_pa, kernel_root_pa);
	}
}
