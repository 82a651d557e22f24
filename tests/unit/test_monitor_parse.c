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

#include "monitor_parse.h"

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

static void test_registers(void **state)
{
	static const char real[] =
		"\r\nCPU#0\r\n"
		"RAX=000000000001ad40 RBX=0000000000000000 RCX=0000000000000001 RDX=4000000000000000\r\n"
		"RIP=ffffffff84e592eb RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=1\r\n"
		"ES =0000 0000000000000000 00000000 00000000\r\n"
		"CR0=80050033 CR2=000000001d2c1730 CR3=0000000002834000 CR4=00751ef0\r\n"
		"EFER=0000000000000d01\r\n";
	static const char *const bad[] = {
		"",
		"PC=ffff800008000000 X00=0000000000000000\r\n",
		"CR3=1000 CR4=0 EFER=0 ",
		"CR3=1000 CR4=0 CPL=0 ",
		"CR3=1000 EFER=0 CPL=0 ",
		"CR4=0 EFER=0 CPL=0 ",
		"CR3=1 CR4=0 EFER=0 CPL=0", /* cut off? */
		"CR3= CR4=0 EFER=0 CPL=0 ",
		"CR3=x CR4=0 EFER=0 CPL=0 ",
		"CR3=10000000000000000 CR4=0 EFER=0 CPL=0 ",
		"CR3=1000 CR4=0 EFER=0 CPL=4 ",
		"XCR3=1000 CR4=0 EFER=0 CPL=0 ",
		"DPL=0 XCR3=1 CR4=0 EFER=0 CPL=0 ",
	};
	struct monitor_regs regs;
	size_t i;

	(void)state;
	assert_int_equal(monitor_parse_registers(real, &regs), 0);
	assert_true(regs.cr3 == 0x2834000 && regs.cr4 == 0x751ef0 && regs.efer == 0xd01 &&
		    regs.cpl == 3);
	assert_int_equal(monitor_parse_registers("XCR3=5 CR3=1 CR4=2 EFER=3 CPL=0\n", &regs), 0);
	assert_true(regs.cr3 == 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (monitor_parse_registers(bad[i], &regs) != -EPROTO)
			fail_msg("taken: %s", bad[i]);
}

static void test_status(void **state)
{
	static const struct {
		const char *text;
		int ret;
		bool running;
	} t[] = {
		{ "VM status: running\r\n", 0, true },
		{ "VM status: running", 0, true },
		{ "VM status: running (single step mode)\r\n", 0, true },
		{ "VM status: paused\r\n", 0, false },
		{ "VM status: paused (internal-error)\r\n", 0, false },
		{ "VM status: paused (running)\r\n", 0, false },
		{ "VM status: runningx\r\n", 0, false },
		{ "VM status: run\r\n", 0, false },
		{ "VM status: \r\n", -EPROTO, false },
		{ "VM status:", -EPROTO, false },
		{ "running", -EPROTO, false },
		{ "", -EPROTO, false },
		{ " VM status: running", -EPROTO, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		bool running = false;

		if (monitor_parse_status(t[i].text, &running) != t[i].ret ||
		    running != t[i].running)
			fail_msg("wrong: %s", t[i].text);
	}
}

/* Copies, so that the sanitizers see the end of the buffer. */
static int hmp(const char *raw, size_t len, const char *want)
{
	char *copy = malloc(len + 1);
	const char *reply = NULL;
	int ret;

	memcpy(copy, raw, len);
	copy[len] = 'x';
	ret = monitor_parse_hmp(copy, len, &reply);
	if (!ret)
		assert_string_equal(reply, want);
	free(copy);
	return ret;
}

#define HMP(raw, want) hmp(raw, sizeof(raw) - 1, want)

static void test_hmp(void **state)
{
	/* as QEMU 7.2 echoes "cont", key by key */
	static const char real[] =
		"c\033[K\033[Dco\033[K\033[D\033[Dcon\033[K\033[D\033[D\033[Dcont\033[K\r\n(qemu) ";
	static const char status[] =
		"info s\033[K\033[D\033[D\033[D\033[D\033[D\033[Dinfo status\033[K\r\nVM status: running\r\n(qemu) ";
	size_t i;

	(void)state;
	assert_int_equal(HMP(real, ""), 0);
	assert_int_equal(HMP(status, "VM status: running\n"), 0);
	assert_int_equal(HMP("x\r\na\r\nb\r\n(qemu) ", "a\nb\n"), 0);
	assert_int_equal(HMP("x\r\n\033[1;31mred\033[0m\r\n(qemu) ", "red\n"), 0);
	/* a prompt that is text is none */
	assert_int_equal(HMP("x\r\na (qemu) ", ""), -EAGAIN);
	assert_int_equal(HMP("x\r\n(qemu) no\r\n(qemu) ", "(qemu) no\n"), 0);
	/* escape sequences that never end */
	assert_int_equal(HMP("x\r\n\033[\n(qemu) ", ""), 0);
	assert_int_equal(HMP("x\r\n\033[11111\n(qemu) ", ""), 0);
	assert_int_equal(HMP("x\r\n\033\n(qemu) ", "\033\n"), 0);
	assert_int_equal(HMP("x\r\na\0b\r\n(qemu) ", ""), -EPROTO);
	assert_int_equal(HMP("", ""), -EAGAIN);
	assert_int_equal(HMP("(qemu) ", ""), -EAGAIN);
	for (i = 0; i < sizeof(status) - 1; i++)
		assert_int_equal(hmp(status, i, ""), -EAGAIN);
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
		cmocka_unit_test(test_registers),    cmocka_unit_test(test_status),
		cmocka_unit_test(test_hmp),	     cmocka_unit_test(test_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
