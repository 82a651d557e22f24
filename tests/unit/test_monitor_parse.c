// SPDX-License-Identifier: GPL-2.0
/* Replies of QEMU's monitor: real ones, and what must not be taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/monitor_parse.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define W	      "0x0000000000000001"

static void test_xp(void **state)
{
	static const char good[] = "0000000005434000: 0x800000003feff067 0x0000000000000000\r\n"
				   "0000000005434010: 0x0000000000000001 0xffffffffffffffff\r\n";
	uint64_t v[4];

	(void)state;
	assert_int_equal(monitor_parse_xp(good, 0x5434000, v, 4), 0);
	assert_true(v[0] == 0x800000003feff067ULL && !v[1] && v[2] == 1 && v[3] == UINT64_MAX);
	assert_int_equal(monitor_parse_xp("0000000000001000: 0x0000000000000007\n", 0x1000, v, 1),
			 0);
	assert_true(v[0] == 7);
	/* one a line */
	assert_int_equal(monitor_parse_xp("1000: " W "\n1008: " W "\n", 0x1000, v, 2), 0);
	/* not all of it, or more than asked for */
	assert_int_equal(monitor_parse_xp(good, 0x5434000, v, 3), -EPROTO);
	assert_int_equal(monitor_parse_xp(good, 0x5434000, v, 5), -EPROTO);
	assert_int_equal(monitor_parse_xp("", 0x1000, v, 1), -EPROTO);
	/* of another address */
	assert_int_equal(monitor_parse_xp(good, 0x5435000, v, 4), -EPROTO);
}

static void test_xp_whole_table(void **state)
{
	uint64_t *v = calloc(512, sizeof(*v));
	char *text = malloc(64 * 256), *p = text;
	uint64_t i;

	(void)state;
	for (i = 0; i < 512; i += 2)
		p += sprintf(p, "%016llx: 0x%016llx 0x%016llx\r\n",
			     (unsigned long long)(0x7000 + 8 * i), (unsigned long long)(i * i),
			     (unsigned long long)((i + 1) * (i + 1)));
	assert_int_equal(monitor_parse_xp(text, 0x7000, v, 512), 0);
	for (i = 0; i < 512; i++)
		assert_true(v[i] == i * i);
	/* cut anywhere, it is never a table */
	for (i = (uint64_t)(p - text) - 3; i; i--) {
		text[i] = '\0';
		assert_int_equal(monitor_parse_xp(text, 0x7000, v, 512), -EPROTO);
	}
	free(text);
	free(v);
}

static void test_xp_no_memory(void **state)
{
	uint64_t v[4];

	(void)state;
	assert_int_equal(monitor_parse_xp("000fffffffff0000: Cannot access memory\r\n",
					  0xfffffffff0000, v, 4),
			 -EFAULT);
	/* from the middle on: the first words are worth nothing either */
	assert_int_equal(monitor_parse_xp("1ff0: " W " " W "\r\n2000: Cannot access memory\r\n",
					  0x1ff0, v, 4),
			 -EFAULT);
	assert_int_equal(monitor_parse_xp("3000: Cannot access memory\r\n", 0x1000, v, 4), -EPROTO);
	assert_int_equal(monitor_parse_xp("1000: Cannot access memory\n1000: " W "", 0x1000, v, 1),
			 -EPROTO);
}

static void test_xp_hostile(void **state)
{
	static const char *const bad[] = {
		"unknown command: 'xp'\r\n",
		"1000 " W "\n",
		"1000: \n",
		"1000:\n",
		"1000: 0000000000000001\n",
		"1000: 0x\n",
		"1000: 0x000000000000000g\n",
		"1000: 0x1\n",
		"1000: " W,
		"1000:  " W "\n",
		"1000: " W " \n",
		"1000: " W "\n\n",
		"1000: " W "\r\r\n",
		"1000: " W "1\n",
		"00000000000001000: " W "\n",
		"1000: " W " " W "\n",
		"0x1000: " W "\n",
		"\n1000: " W "\n",
		" 1000: " W "\n",
		"1000: " W "\n1008: Cannot access memory",
		"1000: -1\n",
		"\033[K1000: " W "\n",
	};
	uint64_t v[1];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = monitor_parse_xp(bad[i], 0x1000, v, 1);

		if (!ret || (ret != -EPROTO && ret != -EFAULT))
			fail_msg("taken: %s", bad[i]);
	}
}

#define CPU(n, cr0, cr3)                                                               \
	"CPU#" n "\r\n"                                                                \
	"RIP=ffffffff84e592eb RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=1\r\n" \
	"CR0=" cr0 " CR2=000000001d2c1730 CR3=" cr3 " CR4=00751ef0\r\nEFER=0000000000000d01\r\n"
#define LINE "CR0=1 CR3=1000 CR4=0 EFER=0 CPL=0 SMM=0\n"

static void test_vcpus(void **state)
{
	static const char *const bad[] = {
		"",
		"CPU#0\nPC=ffff800008000000 X00=0000000000000000\r\n",
		LINE, /* whose? */
		"CPU#0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 EFER=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=1000 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR4=0 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR3=1000 CR4=0 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 EFER=0 CPL=0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 EFER=0 CPL=0 SMM=0", /* cut off? */
		"CPU#0\nCR0=1 CR3= CR4=0 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=x CR4=0 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=10000000000000000 CR4=0 EFER=0 CPL=0 SMM=0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 EFER=0 CPL=4 SMM=0\n",
		"CPU#0\nCR0=1 CR3=1000 CR4=0 EFER=0 CPL=0 SMM=2\n",
		"CPU#0\nCR0=1 XCR3=1000 CR4=0 EFER=0 CPL=0 SMM=0\n",
		/* twice: which is true? */
		"CPU#0\n" LINE "CR3=2000\n",
		"CPU#0\n" LINE LINE,
		/* the next vCPU's do not stand in */
		"CPU#0\nCPU#1\n" LINE,
		"CPU#0\n" LINE "CPU#1\n",
	};
	struct monitor_regs *regs = NULL;
	size_t nr = 0, i;

	(void)state;
	assert_int_equal(
		monitor_parse_vcpus("\r\n" CPU("0", "80050033", "0000000002834000") "\r\n" CPU(
					    "1", "60000010", "00000000"),
				    &regs, &nr),
		0);
	assert_true(nr == 2 && regs[0].cr0 == 0x80050033 && regs[0].cr3 == 0x2834000 &&
		    regs[0].cr4 == 0x751ef0 && regs[0].efer == 0xd01 && regs[0].cpl == 3 &&
		    !regs[0].smm && regs[1].cr0 == 0x60000010 && !regs[1].cr3);
	free(regs);
	assert_int_equal(monitor_parse_vcpus("CPU#7\nXCR3=5 CR0=1 CR3=1 CR4=2 EFER=3 CPL=0 SMM=1\n",
					     &regs, &nr),
			 0);
	assert_true(nr == 1 && regs[0].cr3 == 1 && regs[0].smm);
	free(regs);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (monitor_parse_vcpus(bad[i], &regs, &nr) != -EPROTO)
			fail_msg("taken: %s", bad[i]);
}

/* As QEMU 7.2 says it, shortened */
#define VIEW_IO                                                               \
	"FlatView #0\r\n AS \"I/O\", root: io\r\n Root memory region: io\r\n" \
	"  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan\r\n\r\n"
#define HEAD                                                                                    \
	"FlatView #1\r\n AS \"memory\", root: system\r\n AS \"cpu-memory-0\", root: system\r\n" \
	" Root memory region: system\r\n"
#define LOW "  0000000000000000-000000000009ffff (prio 0, ram): pc.ram\r\n"

static void test_mtree(void **state)
{
	static const char real[] = VIEW_IO HEAD LOW
		"  00000000000c3000-00000000000e7fff (prio 1, rom): pc.ram @00000000000c3000\r\n"
		"  0000000000100000-000000007fffffff (prio 0, ram): pc.ram @0000000000100000 KVM\r\n"
		"  00000000fd000000-00000000fdffffff (prio -1, ramd): 0000:01:00.0 BAR 0\r\n"
		"  00000000fec00000-00000000fec00fff (prio 0, i/o): ram): pc.ram\r\n"
		"  0000000100000000-000000013fffffff (prio 0, nv-ram): nv\r\n\r\n"
		"FlatView #2\r\n AS \"edu\", root: bus master container\r\n"
		"  No rendered FlatView\r\n\r\n";
	static const char *const bad[] = {
		"",
		"unknown command: 'info mtree -f'\r\n",
		VIEW_IO,
		HEAD,
		HEAD "\r\n" LOW,
		HEAD "  No rendered FlatView\r\n",
		HEAD LOW LOW,
		HEAD "  0000000000100000-00000000001fffff (prio 0, ram): a\r\n" LOW,
		HEAD "  0000000000100000-00000000000fffff (prio 0, ram): a\r\n",
		HEAD "  000000000010000-00000000001fffff (prio 0, ram): a\r\n",
		HEAD "  00000000000100000-00000000001fffff (prio 0, ram): a\r\n",
		HEAD "  0000000000100000 00000000001fffff (prio 0, ram): a\r\n",
		HEAD "  0000000000100000-00000000001fffff (prio , ram): a\r\n",
		HEAD "  0000000000100000-00000000001fffff (ram): a\r\n",
		HEAD "0000000000100000-00000000001fffff (prio 0, ram): a\r\n",
		HEAD LOW "garbage\r\n",
		HEAD LOW "\r\n" HEAD LOW, /* which is it? */
	};
	struct ram_map map = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(monitor_parse_mtree(real, &map), 0);
	assert_int_equal(map.nr, 6);
	assert_true(map.range[0].ram && !map.range[1].ram && map.range[2].ram &&
		    !map.range[3].ram && !map.range[4].ram && map.range[5].ram);
	assert_true(map.range[2].start == 0x100000 && map.range[2].last == 0x7fffffff);
	assert_true(ram_map_has(&map, 0x9f000, 0x1000) && !ram_map_has(&map, 0x9f000, 0x1001));
	assert_false(ram_map_has(&map, 0xa0000, 1) || ram_map_has(&map, 0xc3000, 1));
	assert_true(ram_map_end(&map, 0x100000, 0x80000000) == 0x80000000);
	assert_null(ram_map_find(&map, 0x80000000));
	assert_null(ram_map_find(&map, 0x140000000));
	assert_true(ram_map_find(&map, 0xfec00fff) == &map.range[4]);
	free(map.range);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (monitor_parse_mtree(bad[i], &map) != -EPROTO)
			fail_msg("taken: %s", bad[i]);
}

/* Ranges that touch are one stretch of memory. */
static void test_ram_map(void **state)
{
	struct ram_range r[] = { { 0, 0xfff, true },
				 { 0x1000, 0x2fff, true },
				 { 0x3000, 0x3fff, false },
				 { ~0xfffULL, ~0ULL, true } };
	const struct ram_map map = { r, ARRAY_SIZE(r) };

	(void)state;
	assert_true(ram_map_has(&map, 0, 0x3000) && ram_map_has(&map, 0xfff, 2));
	assert_true(ram_map_end(&map, 0x800, 0x3000) == 0x3000);
	assert_false(ram_map_has(&map, 0x2fff, 2));
	assert_true(ram_map_has(&map, ~0xfffULL, 0xfff));
}

static void test_status(void **state)
{
	static const struct {
		const char *text;
		int ret;
		bool running, paused;
	} t[] = {
		{ "VM status: running\r\n", 0, true, false },
		{ "VM status: running", 0, true, false },
		{ "VM status: running (single step mode)\r\n", 0, true, false },
		{ "VM status: paused\r\n", 0, false, true },
		{ "VM status: paused (internal-error)\r\n", 0, false, false },
		{ "VM status: paused (running)\r\n", 0, false, false },
		{ "VM status: runningx\r\n", 0, false, false },
		{ "VM status: run\r\n", 0, false, false },
		{ "VM status: \r\n", -EPROTO, false, false },
		{ "VM status:", -EPROTO, false, false },
		{ "running", -EPROTO, false, false },
		{ "", -EPROTO, false, false },
		{ " VM status: running", -EPROTO, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		bool running = false, paused = false;

		if (monitor_parse_status(t[i].text, &running, &paused) != t[i].ret ||
		    running != t[i].running || paused != t[i].paused)
			fail_msg("wrong: %s", t[i].text);
	}
}

/* Copies, so that the sanitizers see the end of the buffer. */
static int hmp(const char *raw, size_t len, const char *cmd, const char *want)
{
	char *copy = malloc(len + 1);
	const char *reply = NULL;
	int ret;

	memcpy(copy, raw, len);
	copy[len] = 'x';
	ret = monitor_parse_hmp(copy, len, cmd, &reply);
	if (!ret)
		assert_string_equal(reply, want);
	free(copy);
	return ret;
}

#define HMP(raw, cmd, want) hmp(raw, sizeof(raw) - 1, cmd, want)

static void test_hmp(void **state)
{
	/* as QEMU 7.2 echoes "cont", key by key */
	static const char real[] =
		"c\033[K\033[Dco\033[K\033[D\033[Dcon\033[K\033[D\033[D\033[Dcont\033[K\r\n(qemu) ";
	static const char status[] =
		"info s\033[K\033[D\033[D\033[D\033[D\033[D\033[Dinfo status\033[K\r\nVM status: running\r\n(qemu) ";
	size_t i;

	(void)state;
	assert_int_equal(HMP(real, "cont", ""), 0);
	assert_int_equal(HMP(status, "info status", "VM status: running\n"), 0);
	assert_int_equal(HMP("x\r\na\r\nb\r\n(qemu) ", "x", "a\nb\n"), 0);
	assert_int_equal(HMP("x\r\n\033[1;31mred\033[0m\r\n(qemu) ", "x", "red\n"), 0);
	/* a prompt that is text is none */
	assert_int_equal(HMP("x\r\na (qemu) ", "x", ""), -EAGAIN);
	assert_int_equal(HMP("x\r\n(qemu) no\r\n(qemu) ", "x", "(qemu) no\n"), 0);
	/* escape sequences that never end */
	assert_int_equal(HMP("x\r\n\033[\n(qemu) ", "x", ""), 0);
	assert_int_equal(HMP("x\r\n\033[11111\n(qemu) ", "x", ""), 0);
	assert_int_equal(HMP("x\r\n\033\n(qemu) ", "x", "\033\n"), 0);
	assert_int_equal(HMP("x\r\na\0b\r\n(qemu) ", "x", ""), -EPROTO);
	/* the answer to something else */
	assert_int_equal(HMP(status, "info registers -a", ""), -EPROTO);
	assert_int_equal(HMP(status, "info statu", ""), -EPROTO);
	assert_int_equal(HMP("\r\n(qemu) ", "x", ""), -EPROTO);
	assert_int_equal(HMP("", "x", ""), -EAGAIN);
	assert_int_equal(HMP("(qemu) ", "x", ""), -EAGAIN);
	for (i = 0; i < sizeof(status) - 1; i++)
		assert_int_equal(hmp(status, i, "info status", ""), -EAGAIN);
}

static void test_prompt(void **state)
{
	static const char banner[] =
		"QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ";

	(void)state;
	assert_true(monitor_at_prompt(banner, strlen(banner)));
	assert_true(monitor_at_prompt("(qemu) ", 7));
	assert_false(monitor_at_prompt("(qemu)", 6));
	assert_false(monitor_at_prompt("x(qemu) ", 8));
	assert_false(monitor_at_prompt("(qemu) x", 8));
	assert_false(monitor_at_prompt("", 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xp),	     cmocka_unit_test(test_xp_whole_table),
		cmocka_unit_test(test_xp_no_memory), cmocka_unit_test(test_xp_hostile),
		cmocka_unit_test(test_vcpus),	     cmocka_unit_test(test_status),
		cmocka_unit_test(test_mtree),	     cmocka_unit_test(test_ram_map),
		cmocka_unit_test(test_hmp),	     cmocka_unit_test(test_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
