// SPDX-License-Identifier: GPL-2.0
/*
 * Reports with something changed in them, and machines that are not what the report is of: the
 * verdict of each.  Only what is true of the machine passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "qemu/job.h"
#include "report_fixture.h"

static struct monitor_regs cpus[2];

static void reset_machine(void)
{
	static const struct ram_range all[] = {
		{ 0x1000, 0x7fff, true },	   { 0x11110000, 0x11111fff, true },
		{ 0x22220000, 0x22222fff, true },  { 0x40000000, 0x403fffff, true },
		{ 0x50000000, 0x50000fff, false },
	};

	fill_memory();
	memcpy(ranges, all, sizeof(all));
	ram.nr = ARRAY_SIZE(ranges);
	cpus[0] = (struct monitor_regs){
		.cr0 = 0x80050033, .cr3 = TABLE_PA(OTHER), .cr4 = 0x751ef0, .efer = 0xd01
	};
	cpus[1] = cpus[0];
}

/* As qemu_verify_pte does it, without a monitor. */
static enum status judge(struct job *j)
{
	size_t cpu;
	uint32_t levels;

	j->fmt = j->report.fmt.flags ? &j->report.fmt : &pt_x86;
	j->vm.cpu = cpus;
	j->vm.nr = ARRAY_SIZE(cpus);
	j->vm.ram = ram;
	j->tables.fmt = j->fmt;
	j->tables.read = read_memory;
	j->tables.ram = &j->vm.ram;
	j->tables.root_pa = j->report.root_pa;
	j->tables.levels = j->report.levels;
	if (qemu_vm_find_vcpu(&j->vm, &cpu, &levels, &j->err) ||
	    qemu_vm_find_root(&j->vm, &j->tables) ||
	    qemu_compare(&j->report, &j->tables, j->opt.exact, &j->compare))
		return STATUS_ERROR;
	qemu_vm_compare(&j->vm, &j->report, &j->compare);
	qemu_judge_compare(j);
	return j->verdict;
}

/* @text with the first @from replaced; the caller's to free */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	if (!at)
		fail_msg("no %s in the report", from);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return out;
}

#define PTE_OF_A                                                                                 \
	"{\"level\":\"PTE\",\"table_pa\":\"0x5000\",\"vaddr\":\"0x7f00001fe000\",\"index\":510," \
	"\"entries\":[\"0x8000000011110867\"]},"
#define PMD_AGAIN(entry)                                                                       \
	"{\"level\":\"PMD\",\"table_pa\":\"0x4000\",\"vaddr\":\"0x7f0000401000\",\"index\":2," \
	"\"entries\":[\"" entry "\"]},"
#define AT_START "\"tables\":["
#define AT_END	 "\"entries\":[\"0x8000000011110867\",\"0x8000000011111867\"]}]"
#define TO_END	 "\"entries\":[\"0x8000000011110867\",\"0x8000000011111867\"]},"
#define NO_COMMA(entry)                                                                        \
	"{\"level\":\"PMD\",\"table_pa\":\"0x4000\",\"vaddr\":\"0x7f0000401000\",\"index\":2," \
	"\"entries\":[\"" entry "\"]}]"

/* The report, with a piece of its text replaced; the machine is the one that it is of. */
static const struct edit {
	const char *from, *to;
	enum status want;
	const char *detail; /* part of it */
	const char *from2, *to2;
} edits[] = {
	{ "\"pid\":7", "\"pid\":8", STATUS_PASS, "every entry", NULL, NULL },
	/* what is told again: the same, in the middle of what it covers, in passing, else */
	{ AT_START, AT_START PMD_AGAIN("0x6067"), STATUS_PASS, "every entry", NULL, NULL },
	{ AT_END, TO_END NO_COMMA("0x6067"), STATUS_PASS, "every entry", NULL, NULL },
	{ AT_START, AT_START PTE_OF_A PTE_OF_A, STATUS_PASS, "every entry", NULL, NULL },
	{ AT_START, AT_START PMD_AGAIN("0x6047"), STATUS_PASS, "every entry", NULL, NULL },
	{ AT_START, AT_START PMD_AGAIN("0x5067"), STATUS_UNVERIFIED, "changed while the module",
	  NULL, NULL },
	{ AT_START, AT_START PMD_AGAIN("0x0"), STATUS_UNVERIFIED, "changed while the module", NULL,
	  NULL },
	{ AT_END, TO_END NO_COMMA("0x5067"), STATUS_FAIL, "PMD index 2", NULL, NULL },
	/* entries of a table that nothing leads to */
	{ AT_START,
	  AT_START "{\"level\":\"PTE\",\"table_pa\":\"0x5000\",\"vaddr\":\"0x7f0000200000\","
		   "\"index\":0,\"entries\":[\"0x67\"]},",
	  STATUS_FAIL, "1 entries of the report are in no table", NULL, NULL },
	/* the address bits that count */
	{ "\"0xffffffffff000\"", "\"0xfffffbffff000\"", STATUS_FAIL, "leaves out 0x40000000", NULL,
	  NULL },
	{ "\"0xffffffffff000\"", "\"0xfffffbffff000\"", STATUS_FAIL, "run says pa 0x0",
	  "\"pa\":\"0x40000000\"", "\"pa\":\"0x0\"" },
	{ "\"0xffffffffff000\"", "\"0xffffff7fff000\"", STATUS_UNVERIFIED,
	  "not the whole address field", NULL, NULL },
	{ "\"0xffffffffff000\"", "\"0xfffffffffffff\"", STATUS_UNVERIFIED,
	  "not the whole address field", NULL, NULL },
	{ "\"0xffffffffff000\"", "\"0xffffffffffffffff\"", STATUS_UNVERIFIED,
	  "not the whole address field", NULL, NULL },
	/* whose root it is */
	{ "\"pti\":false", "\"pti\":true", STATUS_FAIL, "mapping.pti: the report says true", NULL,
	  NULL },
	{ "\"kernel_root_pa\":\"0x1000\"", "\"kernel_root_pa\":\"0x0\"", STATUS_FAIL,
	  "mapping.kernel_root_pa", NULL, NULL },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":\"0x7000\"", STATUS_FAIL, "PGD", NULL, NULL },
	{ "\"root_pa\":\"0x1000\"", "\"root_pa\":\"0x9000\"", STATUS_ERROR, "", NULL, NULL },
	/* what may change in passing: SOFT_DIRTY is 0x800, SAVED_DIRTY bit 58; the leaf at VA has
	   both A and D */
	{ "\"pti\":false",
	  "\"pti\":false,\"bits\":{\"SOFT_DIRTY\":\"0x800\",\"volatile\":\"0x860\"}", STATUS_PASS,
	  "every entry", "\"entries\":[\"0x8000000011110867\"",
	  "\"entries\":[\"0x8000000011110007\"" },
	{ "\"pti\":false",
	  "\"pti\":false,\"bits\":{\"SOFT_DIRTY\":\"0x800\",\"volatile\":\"0x60\"}", STATUS_FAIL,
	  "PTE index 510", "\"entries\":[\"0x8000000011110867\"",
	  "\"entries\":[\"0x8000000011110067\"" },
	{ "\"pti\":false",
	  "\"pti\":false,\"bits\":{\"SOFT_DIRTY\":\"0x800\","
	  "\"SAVED_DIRTY\":\"0x400000000000000\",\"volatile\":\"0x400000000000860\"}",
	  STATUS_PASS, "every entry", "\"entries\":[\"0x8000000011110867\"",
	  "\"entries\":[\"0x8400000011110827\"" },
	/* pages */
	{ "\"page_size\":4096,\"root_pa\"", "\"page_size\":2097152,\"root_pa\"", STATUS_FAIL,
	  "mapping.page_size", NULL, NULL },
	{ "\"page_size\":4096,\"root_pa\"", "\"page_size\":2048,\"root_pa\"", STATUS_FAIL,
	  "mapping.page_size", NULL, NULL },
	{ "\"page_size\":2097152", "\"page_size\":4096", STATUS_FAIL, "run says", NULL, NULL },
	{ "\"total\":518", "\"total\":517", STATUS_FAIL, "pages.total", NULL, NULL },
	{ "\"user\":516", "\"user\":515", STATUS_FAIL, "pages.user", NULL, NULL },
	{ "\"supervisor\":0", "\"supervisor\":1", STATUS_FAIL, "pages.supervisor", NULL, NULL },
	{ "\"absent\":2", "\"absent\":1", STATUS_FAIL, "pages.absent", NULL, NULL },
	{ "\"write\":false,\"exec\":false},", "\"write\":true,\"exec\":false},", STATUS_FAIL,
	  "run says", NULL, NULL },
	/* where the device finds a page: it follows */
	{ "\"pa\":\"0x40000000\"", "\"iova\":\"0x2000\",\"pa\":\"0x40000000\"", STATUS_PASS,
	  "every entry", NULL, NULL },
	{ "\"pa\":\"0x40000000\"", "\"iova\":\"0x40002000\",\"pa\":\"0x40000000\"", STATUS_PASS,
	  "every entry", "\"iova\":\"0x0\"", "\"iova\":\"0x40000000\"" },
	/* a page where there is none */
	{ "\"exec\":false}]",
	  "\"exec\":false},{\"vaddr\":\"0x7f0000403000\",\"pa\":\"0x0\",\"len\":4096,"
	  "\"page_size\":1073741824,\"user\":false,\"write\":false,\"exec\":false}]",
	  STATUS_FAIL, "page 0x7f0000403000: it is in a run, but QEMU has no page there", NULL,
	  NULL },
	/* flags of the walk */
	{ "\"RW\",\"USER\"", "\"RW\"", STATUS_FAIL, "PGD in walk: its flags", NULL, NULL },
	{ "\"RW\",\"USER\"", "\"RW\",\"USER\",\"GLOBAL\"", STATUS_FAIL, "its flags", NULL, NULL },
	{ "\"RW\",\"USER\"", "\"USER\",\"RW\"", STATUS_FAIL, "its flags", NULL, NULL },
	{ "\"RW\",\"USER\"", "\"RW\",\"USER \"", STATUS_FAIL, "its flags", NULL, NULL },
	{ "\"RW\",\"USER\"", "\"RW\",4", STATUS_FAIL, "its flags", NULL, NULL },
	{ "\"SOFT_DIRTY\",\"NX\"", "\"SOFT_DIRTY\",\"NX\",\"PAT\"", STATUS_FAIL,
	  "PTE in walk: its flags", NULL, NULL },
	{ "\"SOFT_DIRTY\",\"NX\"", "\"NX\"", STATUS_FAIL, "PTE in walk: its flags", NULL, NULL },
	{ "\"SOFT_DIRTY\",\"NX\"", "\"SOFT_DIRTY\"", STATUS_FAIL, "PTE in walk: its flags", NULL,
	  NULL },
};

static void test_edits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		static struct job j;
		const struct edit *e = &edits[i];
		char *text = replaced(good, e->from, e->to), *more, why[256] = "";
		enum status got;

		if (e->from2) {
			more = replaced(text, e->from2, e->to2);
			free(text);
			text = more;
		}
		memset(&j, 0, sizeof(j));
		reset_machine();
		if (qemu_report_parse(&pt_x86, text, strlen(text), &j.report, why, sizeof(why)))
			fail_msg("edit %zu: %s", i, why);
		got = judge(&j);
		if (got != e->want || !strstr(j.detail, e->detail))
			fail_msg("edit %zu: %s -> %s: %s: %s", i, e->from, e->to, status_name(got),
				 j.detail);
		qemu_report_free(&j.report);
		free(text);
	}
}

/* What the report says of itself, against its own figures: without --join a pass depends on it. */
static void test_says_pass(void **state)
{
	static const struct {
		enum status guest;
		bool join;
		uint64_t findings;
		enum status want;
		const char *detail;
	} t[] = {
		{ STATUS_PASS, false, 0, STATUS_PASS, "every entry" },
		{ STATUS_FAIL, false, 0, STATUS_FAIL, "the report says pass, but witnesses.x" },
		{ STATUS_ERROR, false, 0, STATUS_FAIL, "the report says pass, but witnesses.x" },
		{ STATUS_UNVERIFIED, false, 0, STATUS_UNVERIFIED, "the report says pass, but" },
		/* a difference from QEMU is told first */
		{ STATUS_FAIL, false, 1, STATUS_FAIL, "PGD" },
		{ STATUS_UNVERIFIED, false, 1, STATUS_FAIL, "PGD" },
		/* the joined report says it */
		{ STATUS_FAIL, true, 0, STATUS_PASS, "every entry" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct job j = { .compare = { .compared = 1, .pages = 1, .user = 1 } };

		j.opt.join = t[i].join ? "out" : NULL;
		j.guest.verdict = t[i].guest;
		if (t[i].guest != STATUS_PASS)
			snprintf(j.guest.reason, sizeof(j.guest.reason), "witnesses.x: a reason");
		if (t[i].findings)
			qemu_note(&j.compare.findings, "PGD differs");
		qemu_judge_compare(&j);
		assert_int_equal(j.verdict, t[i].want);
		assert_non_null(strstr(j.detail, t[i].detail));
	}
}

/* The report as it is, of a machine that is another by now. */
static void real_mode(void)
{
	cpus[0].cr0 = cpus[1].cr0 = 0x60000010;
	cpus[0].cr4 = cpus[1].cr4 = 0;
	cpus[0].efer = cpus[1].efer = 0;
}

static void no_pae(void)
{
	cpus[0].cr4 &= ~X86_CR4_PAE;
	cpus[1].cr4 &= ~X86_CR4_PAE;
}

static void no_pg(void)
{
	cpus[0].cr0 &= ~X86_CR0_PG;
	cpus[1].cr0 &= ~X86_CR0_PG;
}

static void no_lma(void)
{
	cpus[0].efer &= ~X86_EFER_LMA;
	cpus[1].efer &= ~X86_EFER_LMA;
}

static void in_smm(void)
{
	cpus[0].smm = cpus[1].smm = true;
}

static void one_in_smm(void)
{
	cpus[0].smm = true;
	cpus[0].cr3 = 0;
}

static void other_kernel(void)
{
	memory[OTHER][300] ^= 0x1000;
}

static void own_ldt(void)
{
	memory[OTHER][512 - 112] = 0x7779067;
	memory[OTHER][300] ^= PT_X86_A;
}

static void cr3_elsewhere(void)
{
	cpus[0].cr3 = cpus[1].cr3 = 0xfee00000;
}

static void no_kernel_half(void)
{
	memory[ROOT][300] = memory[OTHER][300] = 0;
	memory[ROOT][511] = memory[OTHER][511] = 0;
}

/* The user's half has the entry code, and a page of each CPU in the direct map. */
static void pti_on(void)
{
	ranges[0].start = 0;
	memcpy(lower, memory[ROOT], sizeof(lower));
	lower[0] |= PT_X86_NX;
	lower[0] ^= PT_X86_A;
	lower[301] = memory[OTHER][301] = 0x777a067;
	memory[ROOT][300] = 0x777b067;
}

/* Every vCPU at user level, of the same process and of another. */
static void pti_on_user(void)
{
	pti_on();
	cpus[0].cr3 = TABLE_PA(ROOT);
	cpus[0].cpl = 3;
	cpus[1] = cpus[0];
}

/* The page before is another process's: PGDs of one page, and no PTI. */
static void neighbour(void)
{
	ranges[0].start = 0;
	memcpy(lower, memory[ROOT], sizeof(lower));
	lower[0] = 0x7779067;
}

/* ... or what once was one */
static void neighbour_alike(void)
{
	ranges[0].start = 0;
	memcpy(lower, memory[ROOT], sizeof(lower));
}

static void pti_other_kernel(void)
{
	pti_on();
	lower[301] ^= 0x1000;
}

/* One page less of a frame, of a large page, of a table; a device; nothing at all. */
static void no_frame(void)
{
	ranges[1].start = 0x11111000;
}

static void large_page_cut(void)
{
	ranges[3].last = 0x401fefff;
}

static void frame_is_device(void)
{
	ranges[2].ram = false;
}

static void table_is_device(void)
{
	ranges[0].last = 0x5fff;
}

static void reserved_bit(void)
{
	memory[PMD][1] |= 1ULL << 14;
}

#define PTI "\"pti\":true,\"kernel_root_pa\":\"0x0\""
static const struct {
	const char *name;
	void (*change)(void);
	enum status want;
	const char *detail;
	const char *said; /* in the place of pti and kernel_root_pa */
} machines[] = {
	{ "PTI", pti_on, STATUS_PASS, "every entry", PTI },
	{ "PTI, at user level", pti_on_user, STATUS_PASS, "every entry", PTI },
	{ "PTI, and not told", pti_on, STATUS_FAIL, "mapping.pti: the report says false", NULL },
	{ "PTI, another kernel", pti_other_kernel, STATUS_UNVERIFIED, "no vCPU runs on", PTI },
	{ "PTI, the kernel's root not told", pti_on, STATUS_FAIL, "mapping.kernel_root_pa",
	  "\"pti\":true,\"kernel_root_pa\":\"0x1000\"" },
	{ "no PTI, a neighbour", neighbour, STATUS_PASS, "every entry", NULL },
	{ "no PTI, a neighbour, PTI told", neighbour, STATUS_FAIL, "mapping.pti", PTI },
	{ "no PTI, a neighbour alike", neighbour_alike, STATUS_PASS, "every entry", NULL },
	{ "real mode", real_mode, STATUS_ERROR, "", NULL },
	{ "CR4.PAE clear", no_pae, STATUS_ERROR, "", NULL },
	{ "CR0.PG clear", no_pg, STATUS_ERROR, "", NULL },
	{ "EFER.LMA clear", no_lma, STATUS_ERROR, "", NULL },
	{ "in SMM", in_smm, STATUS_ERROR, "", NULL },
	{ "one vCPU in SMM", one_in_smm, STATUS_PASS, "every entry", NULL },
	{ "another kernel", other_kernel, STATUS_UNVERIFIED, "no vCPU runs on a page table", NULL },
	{ "a process with an LDT", own_ldt, STATUS_PASS, "every entry", NULL },
	{ "CR3 on a device", cr3_elsewhere, STATUS_UNVERIFIED, "no vCPU runs on a page table",
	  NULL },
	{ "no kernel anywhere", no_kernel_half, STATUS_UNVERIFIED, "no vCPU runs on", NULL },
	{ "a frame outside of RAM", no_frame, STATUS_FAIL, "0x7f00001fe000: its frame 0x11110000",
	  NULL },
	{ "half of a large page", large_page_cut, STATUS_FAIL, "its frame 0x401ff000 is not in",
	  NULL },
	{ "a frame on a device", frame_is_device, STATUS_FAIL, "its frame 0x22220000 is not in",
	  NULL },
	{ "a table on a device", table_is_device, STATUS_FAIL, "0x6000 is not in the VM's memory",
	  NULL },
	{ "a reserved bit", reserved_bit, STATUS_FAIL, "PMD index 1", NULL },
};

static void test_machines(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		const char *said = "\"pti\":false,\"kernel_root_pa\":\"0x1000\"";
		static struct job j;
		char why[256], *text;
		enum status got;

		text = replaced(good, said, machines[i].said ? machines[i].said : said);
		memset(&j, 0, sizeof(j));
		assert_int_equal(qemu_report_parse(&pt_x86, text, strlen(text), &j.report, why,
						   sizeof(why)),
				 0);
		free(text);
		reset_machine();
		machines[i].change();
		got = judge(&j);
		if (got != machines[i].want || !strstr(j.detail, machines[i].detail))
			fail_msg("%s: %s: %s", machines[i].name, status_name(got), j.detail);
		if (got == STATUS_ERROR && (!j.err.why[0] || !j.err.fix[0] || !j.err.id))
			fail_msg("%s: no cause, no cure", machines[i].name);
		qemu_report_free(&j.report);
	}
}

/* A device's memory is never read: some registers change by it. */
static void test_no_device_is_read(void **state)
{
	static struct job j;
	char why[256];

	(void)state;
	assert_int_equal(
		qemu_report_parse(&pt_x86, good, strlen(good), &j.report, why, sizeof(why)), 0);
	reset_machine();
	ranges[0].ram = false;
	reads = 0;
	assert_int_equal(judge(&j), STATUS_ERROR);
	assert_int_equal(reads, 0);
	qemu_report_free(&j.report);
}

/* A report does not say what changes in passing: it says which of four names is which bit. */
static void test_bits(void **state)
{
	static const struct {
		const char *bits, *why;
	} t[] = {
		{ "{\"volatile\":\"0x60\"}", NULL },
		{ "{\"SPECIAL\":\"0x200\",\"UFFD_WP\":\"0x400\",\"SOFT_DIRTY\":\"0x800\","
		  "\"SOFTW4\":\"0x200000000000000\",\"SAVED_DIRTY\":\"0x400000000000000\","
		  "\"volatile\":\"0x400000000000860\"}",
		  NULL },
		{ "{\"DEVMAP\":\"0x400000000000000\",\"UFFD_WP\":\"0x0\",\"volatile\":\"0x0\"}",
		  NULL },
		{ "{\"volatile\":\"0xffffffffffffffff\"}", "does not change in passing" },
		{ "{\"volatile\":\"0x64\"}", "volatile: 0x4 does not" },
		{ "{\"volatile\":\"0x860\"}", "volatile: 0x800 does not" },
		{ "{\"SPECIAL\":\"0x200\",\"volatile\":\"0x260\"}", "volatile: 0x200 does not" },
		{ "{\"DEVMAP\":\"0x400000000000000\",\"volatile\":\"0x400000000000060\"}",
		  "does not change" },
		{ "{\"SOFT_DIRTY\":\"0x4\",\"volatile\":\"0x64\"}", "no kernel has such a bit" },
		{ "{\"SOFT_DIRTY\":\"0x1800\",\"volatile\":\"0x60\"}", "no kernel has such a bit" },
		{ "{\"SAVED_DIRTY\":\"0x2\",\"volatile\":\"0x60\"}", "no kernel has such a bit" },
		{ "{\"ADDRESS\":\"0x1000\",\"volatile\":\"0x60\"}", "such a bit: ADDRESS" },
		{ "{\"DEVMAP\":\"0x400000000000000\",\"SAVED_DIRTY\":\"0x400000000000000\","
		  "\"volatile\":\"0x60\"}",
		  "two names" },
		{ "{\"SOFT_DIRTY\":2048,\"volatile\":\"0x60\"}", "not an object of masks" },
		{ "{\"SOFT_DIRTY\":\"0x800\"}", "not an object of masks" },
		{ "[]", "not an object of masks" },
	};
	char text[512], why[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct qemu_report r;
		char *report;
		int ret;

		snprintf(text, sizeof(text), "\"pti\":false,\"bits\":%s", t[i].bits);
		report = replaced(good, "\"pti\":false", text);
		why[0] = '\0';
		ret = qemu_report_parse(&pt_x86, report, strlen(report), &r, why, sizeof(why));
		if (!ret)
			qemu_report_free(&r);
		if (ret != (t[i].why ? -EINVAL : 0) || (t[i].why && !strstr(why, t[i].why)))
			fail_msg("%s: %d: %s", t[i].bits, ret, why);
		free(report);
	}
}

static const char nothing[] =
	"{\"tool\":\"vfio_test\",\"schema\":1,\"mapping\":{\"vaddr\":\"0x10000000000\","
	"\"size\":4096,\"page_size\":4096,\"root_pa\":\"0x1000\",\"kernel_root_pa\":\"0x1000\","
	"\"levels\":5,\"pti\":false,\"pa_mask\":\"0xffffffffff000\"},"
	"\"pages\":{\"total\":1,\"user\":0,\"supervisor\":0,\"absent\":1,\"runs\":[]},"
	"\"walk\":[{\"level\":\"PGD\",\"index\":0,\"table_pa\":\"0x1000\",\"entry\":\"0x2067\","
	"\"flags\":[\"PRESENT\",\"RW\",\"USER\",\"ACCESSED\"]},"
	"{\"level\":\"P4D\",\"index\":2,\"table_pa\":\"0x2000\",\"entry\":\"0x0\",\"flags\":[]}],"
	"\"tables\":[{\"level\":\"PGD\",\"table_pa\":\"0x1000\",\"vaddr\":\"0x10000000000\","
	"\"index\":0,\"entries\":[\"0x2067\"]},{\"level\":\"P4D\",\"table_pa\":\"0x2000\","
	"\"vaddr\":\"0x10000000000\",\"index\":2,\"entries\":[\"0x0\"]}]}";

/* Where no page is present all agrees, and nothing is proven. */
static void test_nothing_present(void **state)
{
	static struct job j;
	char why[256];

	(void)state;
	reset_machine();
	if (qemu_report_parse(&pt_x86, nothing, strlen(nothing), &j.report, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(judge(&j), STATUS_UNVERIFIED);
	assert_string_equal(j.detail, "no page of the mapping is present");
	assert_true(!j.compare.findings.nr && j.compare.absent == 1);
	j.opt.expect = EXPECT_SUPERVISOR;
	assert_int_equal(judge(&j), STATUS_FAIL);
	assert_non_null(strstr(j.detail, "not mapped, expected supervisor"));
	qemu_report_free(&j.report);
}

/* --expect with the report: each page counts, and one that is not there is none of either. */
static void test_expect(void **state)
{
	static struct job j;
	char why[256];

	(void)state;
	reset_machine();
	assert_int_equal(
		qemu_report_parse(&pt_x86, good, strlen(good), &j.report, why, sizeof(why)), 0);
	j.opt.expect = EXPECT_USER;
	assert_int_equal(judge(&j), STATUS_FAIL);
	assert_string_equal(j.detail, "page 0x7f0000402000: not mapped, expected user");
	j.opt.expect = EXPECT_SUPERVISOR;
	assert_int_equal(judge(&j), STATUS_FAIL);
	assert_string_equal(j.detail,
			    "page 0x7f00001fe000: _PAGE_USER is set, expected supervisor");
	qemu_report_free(&j.report);
}

/* One address: every way in which it is no page of that kind. */
static void test_address(void **state)
{
	static const struct {
		uint64_t va;
		enum expect expect;
		enum status want;
		const char *detail;
	} t[] = {
		{ VA, EXPECT_DEFAULT, STATUS_PASS, "set at every level, as expected" },
		{ VA, EXPECT_USER, STATUS_PASS, "set at every level, as expected" },
		{ VA, EXPECT_SUPERVISOR, STATUS_FAIL, "set at every level, expected supervisor" },
		{ 0x7f0000403000, EXPECT_DEFAULT, STATUS_FAIL, "not mapped: none at PTE" },
		{ 0x7f0000403000, EXPECT_SUPERVISOR, STATUS_FAIL, "not mapped: none at PTE" },
		{ 0x7f0000402000, EXPECT_SUPERVISOR, STATUS_FAIL, "not mapped: protnone" },
		{ 0x7f0000404000, EXPECT_USER, STATUS_FAIL, "clear at PTE, expected user" },
		{ 0x7f0000404000, EXPECT_SUPERVISOR, STATUS_PASS, "clear at PTE, as expected" },
		{ 0x7f0000405000, EXPECT_DEFAULT, STATUS_PASS, "the frame is a device's" },
		{ 0x7f0000406000, EXPECT_DEFAULT, STATUS_FAIL, "neither memory nor a device" },
		{ 0x7f0000600000, EXPECT_DEFAULT, STATUS_FAIL, "where the VM has no memory" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		static struct job j;

		memset(&j, 0, sizeof(j));
		reset_machine();
		memory[PTE_B][4] = 0x22220000 | (LEAF & ~PT_X86_US);
		memory[PTE_B][5] = 0x50000000 | LEAF;
		memory[PTE_B][6] = 0x60000000 | LEAF;
		memory[PMD][3] = 0x9067;
		j.report.root_pa = TABLE_PA(ROOT);
		j.report.levels = LEVELS;
		judge(&j); /* for all that it sets up */
		j.opt.has_root = true;
		j.opt.expect = t[i].expect;
		assert_int_equal(qemu_vm_find_root(&j.vm, &j.tables), 0);
		assert_int_equal(qemu_walk(&j.tables, t[i].va, &j.walk), 0);
		qemu_judge_walk(&j);
		if (j.verdict != t[i].want || !strstr(j.detail, t[i].detail))
			fail_msg("%zu: %s: %s", i, status_name(j.verdict), j.detail);
		/* nobody knows whose it is, or which kernel's */
		other_kernel();
		assert_int_equal(qemu_vm_find_root(&j.vm, &j.tables), 0);
		qemu_judge_walk(&j);
		assert_int_equal(j.verdict,
				 t[i].want == STATUS_PASS ? STATUS_UNVERIFIED : t[i].want);
		j.opt.has_root = false;
		qemu_judge_walk(&j);
		assert_int_equal(j.verdict, STATUS_UNVERIFIED);
	}
}

/* --levels that no vCPU has */
static void test_levels(void **state)
{
	static struct job j;

	(void)state;
	reset_machine();
	j.report.root_pa = TABLE_PA(ROOT);
	j.report.levels = LEVELS;
	judge(&j);
	assert_true(qemu_vm_has_levels(&j.vm, 5) && !qemu_vm_has_levels(&j.vm, 4));
	cpus[1].cr4 &= ~X86_CR4_LA57;
	assert_true(qemu_vm_has_levels(&j.vm, 5) && qemu_vm_has_levels(&j.vm, 4));
	cpus[1].cr0 = 0;
	assert_false(qemu_vm_has_levels(&j.vm, 4));
	/* four levels over the tables of five: the root is the P4D's, of no vCPU with four */
	j.opt.has_root = true;
	j.tables.levels = 4;
	j.tables.root_pa = TABLE_PA(P4D);
	assert_int_equal(qemu_vm_find_root(&j.vm, &j.tables), 0);
	assert_int_equal(qemu_walk(&j.tables, VA, &j.walk), 0);
	qemu_judge_walk(&j);
	assert_int_equal(j.verdict, STATUS_UNVERIFIED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_pass),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_no_device_is_read),
		cmocka_unit_test(test_nothing_present),
		cmocka_unit_test(test_expect),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
