/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Parses what QEMU's monitor answers.  Pure: text in, numbers out.
 *
 * The text comes from another program and, in part, from the guest, so only the
 * exact form is accepted (QEMU: memory_dump() in monitor/,
 * x86_cpu_dump_state(), hmp_info_status(); the forms are those of 7.2).
 * All return -EPROTO for anything else.
 */
#ifndef MONITOR_PARSE_H
#define MONITOR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu/ram_map.h"

/* Bits of the registers: Intel SDM volume 3A, sections 2.2.1, 2.5 and 4.5 */
#define X86_CR3_TABLE 0x000ffffffffff000ULL /* leaves out PCID and LAM */
#define X86_CR0_PE    (1ULL << 0)	    /* protected mode */
#define X86_CR0_PG    (1ULL << 31)	    /* paging */
#define X86_CR4_PAE   (1ULL << 5)	    /* entries of 64 bits */
#define X86_CR4_LA57  (1ULL << 12)	    /* five levels */
#define X86_EFER_LMA  (1ULL << 10)	    /* 64-bit paging is on */
/* Linux with PTI: set in CR3 at user level, where the PGD is 8 KiB in halves. */
#define X86_CR3_PTI_USER (1ULL << 12)

struct monitor_regs {
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	unsigned int cpl; /* 0..3 */
	bool smm;	  /* in system management mode: the registers are the firmware's */
};

/*
 * `xp /COUNTgx PA`: @count words of 64 bits from @pa on, in order, without a
 * gap.  -EFAULT where QEMU says that it cannot read one of them.
 */
int monitor_parse_xp(const char *text, uint64_t pa, uint64_t *words, size_t count);

/*
 * `info registers -a` of x86 vCPUs: all of them to *out, which the caller frees.
 * Also -ENOMEM.
 */
int monitor_parse_vcpus(const char *text, struct monitor_regs **out, size_t *nr);

/*
 * `info mtree -f`: what the vCPUs see, the address space "memory".  The caller
 * frees out->range.  Also -ENOMEM.
 */
int monitor_parse_mtree(const char *text, struct ram_map *out);

/* `info status`; @paused: it is stopped as by stop, not for another reason. */
int monitor_parse_status(const char *text, bool *running, bool *paused);

/*
 * A reply on a terminal monitor: @raw begins with the echo of what was sent, @cmd,
 * and ends with the next prompt; the reply is what lies between.  Cleans @raw of
 * carriage returns and escape sequences in place, ends it with NUL (so @raw
 * needs @len + 1 bytes) and points *reply into it.  -EAGAIN, and @raw as it
 * was, where the prompt has not come yet.
 */
int monitor_parse_hmp(char *raw, size_t len, const char *cmd, const char **reply);

/* Does what came end with the prompt, and nothing after it? */
bool monitor_at_prompt(const char *raw, size_t len);

#endif /* MONITOR_PARSE_H */
