/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Checks the root that was given against the VM's vCPUs and root tables. */
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
	size_t kernel_cpu; /* the vCPU that runs the root's kernel; nr if none does */
	bool pti;	   /* the root is one of two PGDs; valid if kernel_cpu is */
	bool kernel_half;  /* the root is the kernel's of both, which is wrong; valid likewise */
};

/* Is this vCPU in 64-bit paging and not in firmware, so that CR3 and CR4 are the kernel's? */
bool qemu_vcpu_pages(const struct monitor_regs *regs);

/*
 * Finds the first vCPU in 64-bit paging, and its levels (4 or 5).  -EAGAIN with @e if there is
 * none: the VM was just started or reset, boots, or is not of 64 bits, and its memory proves
 * nothing.
 */
int qemu_vm_find_vcpu(const struct qemu_vm *vm, size_t *cpu, uint32_t *levels, struct err *e);

static inline uint32_t qemu_vcpu_levels(const struct monitor_regs *regs)
{
	return regs->cr4 & X86_CR4_LA57 ? 5 : 4;
}

/* Does a vCPU in 64-bit paging use so many levels? */
bool qemu_vm_has_levels(const struct qemu_vm *vm, uint32_t levels);

/*
 * Does the root belong to the kernel that runs now?  Linux has the same kernel half in the PGDs of
 * all processes (with PTI, in the kernel's PGD, the page before the user's), so it does if a vCPU
 * runs on a table with the same kernel half.  Otherwise it is left from before a reset, or made up.
 * Sets kernel_cpu, pti and kernel_half.  Returns 0, or what the reader returned.
 */
int qemu_vm_find_root(struct qemu_vm *vm, struct qemu_tables *t);

/* Compares the root, the kernel's root and PTI of the report with the VM's, into @c. */
void qemu_vm_compare(const struct qemu_vm *vm, const struct qemu_report *r, struct qemu_compare *c);

#endif /* QEMU_VM_H */
