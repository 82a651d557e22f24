// SPDX-License-Identifier: GPL-2.0
/*
 * What there is of memory, read from trees made by hand as the kernel's files look, and judged.
 * Names and formats: proc(5), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst,
 * cgroup-v1/hugetlb.rst, mm/hugetlbpage.rst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/memory.h"

#define MIB  (1ULL << 20)
#define HUGE (2 * MIB)

static char root[] = "/tmp/test-memory.XXXXXX";

/* A file below the root, with its directories */
static void put(const char *path, const char *text)
{
	char full[512], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_number(const char *dir, const char *name, unsigned long long v)
{
	char path[256], text[32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(text, sizeof(text), "%llu\n", v);
	put(path, text);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int clear(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s/*", root);
	return system(cmd);
}

static int teardown(void **state)
{
	clear(state);
	return rmdir(root);
}

/* A machine without limits, and us in the root of a hierarchy of version 2 */
static void machine(void)
{
	char text[64];

	put("/proc/meminfo", "MemTotal: 2000000 kB\nMemFree: 100 kB\nMemAvailable:  1048576 kB\n"
			     "CommitLimit:     500000 kB\nCommitted_AS:     100000 kB\n");
	put("/proc/sys/vm/overcommit_memory", "0\n");
	put("/proc/self/status",
	    "Name:\ttest\nUid:\t0\t0\t0\t0\nVmSize:\t  1000 kB\nVmLck:\t 2048 kB\n"
	    "VmPin:\t 4096 kB\nCapEff:\t0000000000000000\n");
	snprintf(text, sizeof(text), "Uid:\t%u\t7\t7\t7\nVmPin:\t 4096 kB\n", getuid());
	put("/proc/10/status", text);
	snprintf(text, sizeof(text), "Uid:\t%u\t7\t7\t7\nVmPin:\t 1024 kB\n", getuid());
	put("/proc/11/status", text);
	snprintf(text, sizeof(text), "Uid:\t%u\t7\t7\t7\nVmPin:\t 99999 kB\n", getuid() + 1);
	put("/proc/12/status", text);
	put("/proc/13/status", "Name:\tkthread\n");
	put("/proc/self/uid_map", "         0          0 4294967295\n");
	put("/proc/self/cgroup", "0::/\n");
	put("/proc/self/mountinfo",
	    "20 1 0:5 / /proc rw - proc proc rw\n"
	    "30 1 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
}

static struct memory read_it(uint64_t page_size)
{
	struct memory mem;

	memory_read(&mem, root, page_size);
	return mem;
}

static void test_machine(void **state)
{
	struct memory mem;

	(void)state;
	machine();
	mem = read_it(4096);
	assert_true(mem.read && !mem.unknown);
	assert_int_equal(mem.available, 1024 * MIB);
	assert_int_equal(mem.commit, MEMORY_NO_LIMIT);
	assert_int_equal(mem.cgroup, MEMORY_NO_LIMIT);
	assert_int_equal(mem.hugetlb, MEMORY_NO_LIMIT);
	assert_false(mem.huge_known);
	/* No more is promised than there is */
	put("/proc/sys/vm/overcommit_memory", "2\n");
	mem = read_it(4096);
	assert_int_equal(mem.commit, 400000 * 1024ULL);
	put("/proc/meminfo", "MemAvailable: 1 kB\nCommitLimit: 5 kB\nCommitted_AS: 10 kB\n");
	mem = read_it(4096);
	assert_int_equal(mem.commit, 0);
	/* What cannot be read is no zero, and not silent. */
	put("/proc/meminfo", "MemTotal: 1 kB\n");
	mem = read_it(4096);
	assert_int_equal(mem.available, MEMORY_NO_LIMIT);
	assert_non_null(strstr(mem.unknown, "/proc/meminfo"));
}

static void test_locked(void **state)
{
	struct memory mem;

	(void)state;
	machine();
	mem = read_it(4096);
	/* The limit itself is this process's own. */
	if (mem.memlock == MEMORY_NO_LIMIT)
		skip();
	assert_int_equal(memory_charged(&mem, ACCOUNT_PROCESS), 2 * MIB);
	assert_int_equal(memory_charged(&mem, ACCOUNT_USER), 5 * MIB);
	put("/proc/self/status", "CapEff:\t0000000000004000\n");
	mem = read_it(4096);
	assert_int_equal(mem.memlock, MEMORY_NO_LIMIT);
	/* A capability of a user namespace does not count. */
	put("/proc/self/uid_map", "         0       1000          1\n");
	mem = read_it(4096);
	assert_int_not_equal(mem.memlock, MEMORY_NO_LIMIT);
}

static void test_v2(void **state)
{
	static const char up[] = "/sys/fs/cgroup/a", own[] = "/sys/fs/cgroup/a/b";
	struct memory mem;

	(void)state;
	machine();
	put("/proc/self/cgroup", "1:name=x:/\n0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/b/memory.high", "max\n");
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, MEMORY_NO_LIMIT);
	/* Whatever is above limits as well. */
	put_number(up, "memory.max", 100 * MIB);
	put_number(up, "memory.current", 30 * MIB);
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, 70 * MIB);
	assert_non_null(strstr(mem.cgroup_file, "/sys/fs/cgroup/a/memory.max"));
	/* What is cached would be given back. */
	put("/sys/fs/cgroup/a/memory.stat",
	    "anon 1\nfile 99\ninactive_file 1048576\nactive_file 2097152\n");
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, 73 * MIB);
	put_number(own, "memory.high", 50 * MIB);
	put_number(own, "memory.current", 20 * MIB);
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, 30 * MIB);
	assert_non_null(strstr(mem.cgroup_file, "/a/b/memory.high"));
	put_number(own, "memory.current", 60 * MIB);
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, 0);
	/* That of the next group, and of huge pages, is none of ours. */
	put_number("/sys/fs/cgroup/c", "memory.max", 1);
	put_number(own, "hugetlb.2MB.max", 1);
	put_number(own, "hugetlb.2MB.current", 0);
	mem = read_it(4096);
	assert_int_equal(mem.hugetlb, MEMORY_NO_LIMIT);
	/* What is no number leaves it open. */
	put("/sys/fs/cgroup/a/memory.max", "");
	mem = read_it(4096);
	assert_non_null(mem.unknown);
}

static void test_hugetlb(void **state)
{
	static const char own[] = "/sys/fs/cgroup/a";
	static const char pool[] = "/sys/kernel/mm/hugepages/hugepages-2048kB";
	struct memory mem;

	(void)state;
	machine();
	put("/proc/self/cgroup", "0::/a\n");
	put_number(own, "hugetlb.2MB.max", 8 * MIB);
	put_number(own, "hugetlb.2MB.current", 2 * MIB);
	put_number(own, "hugetlb.1GB.max", 0);
	put_number(own, "hugetlb.1GB.current", 0);
	mem = read_it(HUGE);
	assert_int_equal(mem.hugetlb, 6 * MIB);
	assert_non_null(strstr(mem.hugetlb_file, "/a/hugetlb.2MB.max"));
	assert_false(mem.huge_known);
	put_number(own, "hugetlb.2MB.rsvd.max", 4 * MIB);
	put_number(own, "hugetlb.2MB.rsvd.current", 0);
	put_number(pool, "nr_hugepages", 10);
	put_number(pool, "free_hugepages", 8);
	put_number(pool, "resv_hugepages", 5);
	put_number(pool, "surplus_hugepages", 1);
	mem = read_it(HUGE);
	assert_int_equal(mem.hugetlb, 4 * MIB);
	assert_true(mem.huge_known);
	assert_int_equal(memory_huge_room(&mem), 3);
	put_number(pool, "nr_overcommit_hugepages", 3);
	mem = read_it(HUGE);
	assert_int_equal(memory_huge_room(&mem), 5);
}

static void test_v1(void **state)
{
	static const char own[] = "/sys/fs/cgroup/memory/x";
	struct memory mem;

	(void)state;
	machine();
	put("/proc/self/cgroup", "4:cpu,memory:/docker/1/x\n3:hugetlb:/h\n0::/\n");
	/* A container sees its own part, as the root of what is mounted. */
	put("/proc/self/mountinfo",
	    "31 1 0:27 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb\n"
	    "32 1 0:28 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,cpu,memory\n");
	put_number("/sys/fs/cgroup/memory", "memory.limit_in_bytes", 9223372036854771712ULL);
	put_number(own, "memory.limit_in_bytes", 64 * MIB);
	put_number(own, "memory.usage_in_bytes", 10 * MIB);
	put("/sys/fs/cgroup/memory/x/memory.stat",
	    "inactive_file 9\ntotal_inactive_file 1048576\n");
	put_number("/sys/fs/cgroup/hugetlb/h", "hugetlb.2MB.limit_in_bytes", 2 * MIB);
	put_number("/sys/fs/cgroup/hugetlb/h", "hugetlb.2MB.usage_in_bytes", 2 * MIB);
	mem = read_it(HUGE);
	assert_int_equal(mem.cgroup, 55 * MIB);
	assert_int_equal(mem.hugetlb, 0);
	/* A group outside of what is mounted: what is mounted is all that is seen. */
	put("/proc/self/cgroup", "4:memory:/docker/11\n");
	put_number("/sys/fs/cgroup/memory", "memory.limit_in_bytes", 32 * MIB);
	put_number("/sys/fs/cgroup/memory", "memory.usage_in_bytes", 0);
	mem = read_it(4096);
	assert_int_equal(mem.cgroup, 32 * MIB);
}

static struct memory plenty(void)
{
	return (struct memory){
		.read = true,
		.available = MEMORY_NO_LIMIT,
		.address_space = MEMORY_NO_LIMIT,
		.data = MEMORY_NO_LIMIT,
		.commit = MEMORY_NO_LIMIT,
		.cgroup = MEMORY_NO_LIMIT,
		.hugetlb = MEMORY_NO_LIMIT,
		.memlock = MEMORY_NO_LIMIT,
		.huge_known = true,
		.huge_total = 4,
		.huge_free = 4,
	};
}

static void judged(const struct memory *mem, uint64_t size, uint64_t page_size,
		   enum memory_kind want)
{
	const struct memory_need need = { .size = size, .page_size = page_size, .mappings = 1 };

	assert_int_equal(memory_short(mem, &need, NR_MEMORY_KINDS), want);
}

static void test_judge(void **state)
{
	struct memory mem = plenty();

	(void)state;
	judged(&mem, 1 << 30, 4096, MEMORY_ENOUGH);
	judged(&mem, 8 * MIB, HUGE, MEMORY_ENOUGH);
	judged(&mem, 9 * MIB, HUGE, MEMORY_HUGE);
	mem.huge_reserved = 1;
	judged(&mem, 8 * MIB, HUGE, MEMORY_HUGE);
	mem.huge_reserved = 0;
	mem.hugetlb = 6 * MIB;
	judged(&mem, 6 * MIB, HUGE, MEMORY_ENOUGH);
	judged(&mem, 8 * MIB, HUGE, MEMORY_HUGETLB_GROUP);
	judged(&mem, 8 * MIB, 4096, MEMORY_ENOUGH);
	mem = plenty();
	/* What the run takes besides counts, to the byte. */
	mem.available = 900 * MIB + memory_overhead(&(struct memory_need){ .size = 900 * MIB });
	judged(&mem, 900 * MIB, 4096, MEMORY_ENOUGH);
	mem.available--;
	judged(&mem, 900 * MIB, 4096, MEMORY_AVAILABLE);
	/* Huge pages are no part of it. */
	judged(&mem, 8 * MIB, HUGE, MEMORY_ENOUGH);
	mem = plenty();
	mem.cgroup = 8 * MIB;
	judged(&mem, 8 * MIB, 4096, MEMORY_GROUP);
	mem = plenty();
	mem.address_space = MIB;
	judged(&mem, MIB, 4096, MEMORY_ENOUGH);
	judged(&mem, MIB + 4096, 4096, MEMORY_ADDRESS_SPACE);
	judged(&mem, 2 * MIB, HUGE, MEMORY_ADDRESS_SPACE);
	mem = plenty();
	mem.data = MIB;
	judged(&mem, 2 * MIB, 4096, MEMORY_DATA);
	judged(&mem, 2 * MIB, HUGE, MEMORY_ENOUGH);
	mem = plenty();
	mem.commit = MIB;
	judged(&mem, 2 * MIB, 4096, MEMORY_COMMIT);
	judged(&mem, 2 * MIB, HUGE, MEMORY_ENOUGH);
	/* Of what was not read, nothing is said. */
	mem.read = false;
	judged(&mem, 2 * MIB, 4096, MEMORY_ENOUGH);
}

static void test_memlock(void **state)
{
	struct memory mem = plenty();
	struct memory_need need = { .size = 4 * MIB, .page_size = 4096, .mappings = 1 };

	(void)state;
	mem.memlock = 8 * MIB;
	mem.locked = 4 * MIB;
	mem.pinned_by_user = 5 * MIB;
	assert_false(memory_lacks(&mem, &need, MEMORY_MEMLOCK));
	/* iommufd charges the user, whatever process it was. */
	need.account = ACCOUNT_USER;
	assert_true(memory_lacks(&mem, &need, MEMORY_MEMLOCK));
	need.account = ACCOUNT_PROCESS;
	/* Each mapping of the same pages is charged. */
	need.mappings = 2;
	assert_true(memory_lacks(&mem, &need, MEMORY_MEMLOCK));
	mem.locked = 0;
	assert_false(memory_lacks(&mem, &need, MEMORY_MEMLOCK));
	mem.locked = 9 * MIB;
	assert_true(memory_lacks(&mem, &need, MEMORY_MEMLOCK));
	/* Asked for what comes before it only */
	assert_int_equal(memory_short(&mem, &need, MEMORY_MEMLOCK), MEMORY_ENOUGH);
}

/* The cure adds to what there is. */
static void test_goal(void **state)
{
	struct memory mem = plenty();
	struct memory_need need = { .size = 4 * MIB, .page_size = HUGE };

	(void)state;
	mem.huge_total = 8;
	mem.huge_free = 3;
	mem.huge_reserved = 2;
	assert_int_equal(memory_huge_goal(&mem, &need), 9);
	mem.huge_reserved = 3;
	assert_int_equal(memory_huge_goal(&mem, &need), 10);
	mem.huge_reserved = 7;
	assert_int_equal(memory_huge_goal(&mem, &need), 10);
	mem.huge_reserved = 0;
	assert_int_equal(memory_huge_goal(&mem, &need), 8);
}

static void test_ordinary(void **state)
{
	const struct memory_need huge = { .size = HUGE, .page_size = HUGE };
	const struct memory_need small = { .size = HUGE, .page_size = 4096 };

	(void)state;
	assert_int_equal(memory_ordinary(&huge), memory_overhead(&huge));
	assert_int_equal(memory_ordinary(&small), HUGE + memory_overhead(&small));
}

/* A report in JSON of 1 GiB of pages that are scattered took 853172 KiB in all. */
static void test_json(void **state)
{
	const struct memory_need text = { .size = 1 << 30, .page_size = 4096 };
	const struct memory_need json = { .size = 1 << 30, .page_size = 4096, .json = true };
	const struct memory_need huge = { .size = 1 << 30, .page_size = HUGE, .json = true };
	struct memory mem = plenty();

	(void)state;
	assert_true(memory_overhead(&json) >= 853172ULL << 10);
	assert_true(memory_overhead(&huge) < 64 * MIB);
	mem.available = memory_ordinary(&text);
	assert_false(memory_lacks(&mem, &text, MEMORY_AVAILABLE));
	assert_true(memory_lacks(&mem, &json, MEMORY_AVAILABLE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_machine, clear),
		cmocka_unit_test_teardown(test_locked, clear),
		cmocka_unit_test_teardown(test_v2, clear),
		cmocka_unit_test_teardown(test_hugetlb, clear),
		cmocka_unit_test_teardown(test_v1, clear),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_memlock),
		cmocka_unit_test(test_goal),
		cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("memory", tests, setup, teardown);
}
