/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the VM itself says, its vCPUs and its root tables, against what it is asked with. */
#ifndef QEMU_VM_H
#define QEMU_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu/monitor_parse.h"
#include "qemu/compare.h"
#include "qemu/walk.h"

struct err;

struct qemu_vm {
	struct monitor_regs *cpu;
	size_t nr;
	struct ram_map ram;
	/* of qemu_vm_find_root() */
	size_t kernel_cpu; /* the vCPU that runs the kernel of the root; nr: none */
	bool pti;	   /* the root is half of a PGD; valid with a kernel_cpu, as this: */
	bool kernel_half;  /* and the wrong one: that of the kernel */
};

/* Is this vCPU in 64-bit paging, out of firmware?  Then its CR3 and CR4 tell of tables. */
bool qemu_vcpu_pages(const struct monitor_regs *regs);

/*
 * The first vCPU that pages, and of how many levels (4 or 5).  -EAGAIN with @e: none does: the VM
 * was just started or reset, boots, or is not of 64 bits, and its memory proves nothing.
 */
int qemu_vm_find_vcpu(const struct qemu_vm *vm, size_t *cpu, uint32_t *levels, struct err *e);

static inline uint32_t qemu_vcpu_levels(const struct monitor_regs *regs)
{
	return regs->cr4 & X86_CR4_LA57 ? 5 : 4;
}

/* Does one of those that page have so many levels? */
bool qemu_vm_has_levels(const struct qemu_vm *vm, uint32_t levels);

/*
 * Whose root is it?  Linux has the kernel's half of the PGD alike in all processes (with PTI: in
 * the kernel's PGD, the page before the user's), so a root belongs to the kernel that runs now if
 * a vCPU runs on a table with the same kernel half.  What else looks like tables is left from
 * before a reset, or made up.  Sets kernel_cpu, pti and kernel_half.  0, or what the reader
 * returned.
 */
int qemu_vm_find_root(struct qemu_vm *vm, struct qemu_tables *t);

/* mapping's root, kernel root, PTI and levels against what the VM says: into @c. */
void qemu_vm_compare(const struct qemu_vm *vm, const struct qemu_report *r, struct qemu_compare *c);

#endif /* QEMU_VM_H */
