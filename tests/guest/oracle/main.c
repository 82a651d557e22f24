// SPDX-License-Identifier: GPL-2.0
/*
 * The module against the kernel's own word: root, in the guest, module loaded.
 *
 * Memory of every kind is made, and the module asked about it in each form that
 * it has (records in one call or a few at a time, raw entries, text).  What it
 * says of every base page is compared with /proc/PID/pagemap: is it present,
 * and in which frame.  Page size and rights are compared with how the memory
 * was mapped.  Nothing here decodes an entry with the project's own code.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"
#include "proc.h"

/* In all; scripts/vm gives it and what follows 600 s. */
#define LIMIT_SECONDS 450

static const struct kind {
	const char *name;
	void (*make)(struct mem *m);
} kinds[] = {
	{ "4K private anonymous", make_anon },
	{ "4K private anonymous, executable", make_anon_rwx },
	{ "4K shared memfd", make_memfd },
	{ "file, read-only", make_file_read },
	{ "file, executable", make_file_exec },
	{ "never touched", make_untouched },
	{ "zero page", make_zero_page },
	{ "written, then read-only", make_read_only },
	{ "PROT_NONE, touched before", make_prot_none },
	{ "PROT_NONE, never touched", make_prot_none_untouched },
	{ "every other page", make_every_other },
	{ "protection key", make_pkey },
	{ "THP", make_thp },
	{ "THP, from inside one to inside the next", make_thp_part },
	{ "THP, PROT_NONE", make_thp_prot_none },
	{ "THP, one page of it read-only", make_thp_split },
	{ "hugetlb 2M", make_hugetlb_2m },
	{ "hugetlb 2M, PROT_NONE", make_hugetlb_2m_prot_none },
	{ "hugetlb 1G", make_hugetlb_1g },
	{ "hugetlb 1G, a part", make_hugetlb_1g_part },
	{ "hugetlb 1G, PROT_NONE", make_hugetlb_1g_prot_none },
	{ "holes between VMAs", make_holes },
	{ "from inside one VMA to inside another", make_cut },
	{ "16 GiB, a page in each", make_sparse },
	{ "400 tables, most of them empty", make_many_tables },
	{ "swapped out", make_swapped },
	{ "memory of a device", make_device },
	{ "address past 47 bits", make_high },
	{ "copy on write", make_cow },
	{ "userfaultfd, write-protected", make_uffd_wp },
	{ "poisoned", make_poisoned },
	{ "guard pages", make_guard },
	{ "1000 VMAs", make_thousand_vmas },
	{ "another process", make_other },
	{ "another process, all of its address space", make_other_all },
};

static void run_kind(const struct kind *kind)
{
	struct mem m = { .va = ARENA, .present = ANY };
	bool broken, left_out;
	char why[sizeof(skipped)];
	size_t i;

	test_begin();
	kind->make(&m);
	broken = failed;
	memcpy(why, skipped, sizeof(why));
	left_out = why[0];
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_begin();
		failed = broken;
		memcpy(skipped, why, sizeof(why));
		if (!broken && !left_out)
			check_way(&m, &ways[i]);
		test_end(kind->name, ways[i].name);
	}
	spans_free(&m.oracle);
	reap(m.pid);
	reap(cow_child);
	cow_child = 0;
	munmap((void *)ARENA, ARENA_SIZE);
	if (m.map_len)
		munmap((void *)m.map_va, m.map_len);
}

/* Processes: each with memory of one kind, all that it has mapped */

static const struct kind *process_kind;

static void process_setup(void)
{
	struct mem m = { .va = ARENA, .present = ANY };

	process_kind->make(&m);
	if (m.pid)
		kill(m.pid, SIGKILL);
	if (cow_child)
		kill(cow_child, SIGKILL);
}

/* Every page of a process, by its pid: runs and raw entries against pagemap */
static void check_process(pid_t pid)
{
	struct mem m = { .pid = pid, .present = ANY };

	m.len = cpu_has("la57") ? 1ULL << 56 : 1ULL << 47;
	check_way(&m, &ways[0]);
	if (!failed)
		check_way(&m, &ways[2]);
	if (!failed && !spans_pages(&m.oracle, PRESENT))
		fail("pagemap has no page of pid %d", pid);
	spans_free(&m.oracle);
}

static void run_process(const struct kind *kind)
{
	pid_t pid;

	process_kind = kind;
	test_begin();
	pid = spawn(process_setup);
	check_process(pid);
	reap(pid);
	test_end("all of a process", kind->name);
}

static void run_shell(void)
{
	test_begin();
	check_process(getppid());
	test_end("all of a process", "the shell");
}

/*
 * Some compare two answers byte by byte.  Between them the kernel can take ACCESSED away from an
 * entry (seen since 7.2, in about one of 100 answers of 800 pages), which is no fault of the
 * module: such a test is made again before it is told to have failed.
 */
#define EXACT_TRIES 3

static const struct test {
	const char *name;
	void (*run)(void);
	bool exact;
} tests[] = {
	{ "the file is root's alone", test_file, false },
	{ "open needs CAP_SYS_ADMIN", test_open, false },
	{ "root, levels, PTI, mask", test_root, false },
	{ "root entry of an executable page", test_exec_root, false },
	{ "ioctl: each field", test_ioctl_fields, false },
	{ "ioctl: argsz larger than known", test_ioctl_argsz, false },
	{ "ioctl: numbers", test_ioctl_number, false },
	{ "ioctl: one page", test_ioctl_one_page, false },
	{ "ioctl: raw with little room", test_ioctl_raw_nr, false },
	{ "dead processes", test_dead, false },
	{ "requests as text", test_requests, false },
	{ "a refused request leaves no answer", test_refused, true },
	{ "forms of one request", test_forms, true },
	{ "text about no VMA", test_no_vma, false },
	{ "text read in pieces", test_pieces, true },
	{ "a second request on the same file", test_second_request, true },
	{ "two open files", test_two_files, true },
	{ "a read-only file", test_read_only, true },
	{ "dies while half read", test_dies_half_read, false },
};

int main(void)
{
	unsigned int tries;
	size_t i;

	limit_time(LIMIT_SECONDS);
	close(module_open(WALK, O_RDWR));
	ktap_plan(ARRAY_SIZE(kinds) * (ARRAY_SIZE(ways) + 1) + 1 + ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		run_kind(&kinds[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		run_process(&kinds[i]);
	run_shell();
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		tries = tests[i].exact ? EXACT_TRIES : 1;
		do {
			test_begin();
			tests[i].run();
			munmap((void *)ARENA, ARENA_SIZE);
		} while (failed && --tries);
		test_end(tests[i].name, NULL);
	}
	return ktap_status();
}
