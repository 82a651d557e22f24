// SPDX-License-Identifier: GPL-2.0
/* Answers that take several calls, and what is left of them */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "ktap.h"
#include "proc.h"
#include "share.h"

static struct verify_pte_run runs[4096];

int go_on(int fd, struct verify_pte_walk *ask, pid_t pid, uint32_t nr)
{
	uint64_t at = ask->next ? ask->next : (uintptr_t)AREA;
	uint32_t answer = ask->answer;

	*ask = (struct verify_pte_walk){
		.argsz = sizeof(*ask),
		.pid = pid,
		.nr = nr,
		.start = at,
		.len = (uintptr_t)AREA + PAGES * PAGE - at,
		.buf = (uintptr_t)runs,
		.answer = answer,
	};
	return ioctl(fd, VERIFY_PTE_IOC_WALK, ask) ? errno : 0;
}

void want(int err, int wanted, const char *what)
{
	if (err != wanted)
		fail("%s: %s, not %s", what, error_name(err), error_name(wanted));
}

void test_continue(void)
{
	pid_t pid = spawn(stay, NULL);
	int fd = module_open(WALK, O_RDWR), other = module_open(WALK, O_RDWR), calls = 0;
	struct verify_pte_walk a = { 0 }, b = { 0 }, try;
	uint64_t pages = 0, records = 0;

	want(go_on(fd, &a, pid, 100), 0, "the first call");
	if (!a.answer || a.nr != 100)
		fail("the first call: answer %u, %u records", a.answer, a.nr);
	try = a;
	try.next += PAGE;
	want(go_on(fd, &try, pid, 100), ESTALE, "another address");
	try = a;
	try.answer++;
	want(go_on(fd, &try, pid, 100), ESTALE, "another answer");
	try = a;
	want(go_on(other, &try, pid, 100), ESTALE, "another file");
	try = a;
	want(go_on(fd, &try, getpid(), 100), ESTALE, "another process");
	/* Room for a record is not another way in. */
	try = a;
	want(go_on(fd, &try, getpid(), 1), ESTALE, "another process, one record");
	/* All of that took nothing away from it. */
	pages = a.pages[PT_LEAF];
	records = a.nr;
	while (a.answer && calls++ < 100) {
		want(go_on(fd, &a, pid, calls % 2 ? 100 : 1), 0, "and on");
		pages += a.pages[PT_LEAF];
		records += a.nr;
	}
	if (pages != PAGES / 2 || records != PAGES || a.next != (uintptr_t)AREA + PAGES * PAGE)
		fail("%" PRIu64 " pages in %" PRIu64 " records, next 0x%llx", pages, records,
		     (unsigned long long)a.next);
	/* One that is begun ends the one before. */
	a = (struct verify_pte_walk){ 0 };
	want(go_on(fd, &a, pid, 100), 0, "an answer");
	want(go_on(fd, &b, getpid(), 100), 0, "another answer");
	want(go_on(fd, &a, pid, 100), ESTALE, "the one before");
	want(go_on(fd, &b, getpid(), 100), 0, "the other");
	reap(pid);
	close(fd);
	close(other);
}

static void exec_on_go(int go)
{
	char c;

	if (read(go, &c, 1) == 1)
		execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

void test_exec(void)
{
	static const struct {
		const char *what;
		bool exec;
		uint32_t nr;
	} t[] = {
		{ "exec", true, 100 },
		{ "exit", false, 100 },
		{ "exec, a record a call", true, 1 },
		{ "exit, a record a call", false, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct verify_pte_walk a = { 0 };
		int fd = module_open(WALK, O_RDWR), go;
		pid_t pid = spawn(exec_on_go, &go);
		char path[40], comm[40] = "";
		int n;

		want(go_on(fd, &a, pid, t[i].nr), 0, t[i].what);
		want(go_on(fd, &a, pid, t[i].nr), 0, t[i].what);
		if (t[i].exec && write(go, "g", 1) != 1)
			bail_out("pipe: %s", strerror(errno));
		if (!t[i].exec)
			reap(pid);
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		for (n = 0; t[i].exec && n < 250 && strcmp(comm, "sleep\n"); n++) {
			int c = open(path, O_RDONLY | O_CLOEXEC);
			ssize_t got = c < 0 ? 0 : read(c, comm, sizeof(comm) - 1);

			comm[got > 0 ? got : 0] = '\0';
			if (c >= 0)
				close(c);
			nap(20 * 1000);
		}
		want(go_on(fd, &a, pid, t[i].nr), ESTALE, t[i].what);
		close(go);
		if (t[i].exec)
			reap(pid);
		close(fd);
	}
}

/* What the kernel has of them by now */
static long mm_structs(void)
{
	char line[256];
	long n = -1;
	FILE *f = fopen("/proc/slabinfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mm_struct %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

#define MANY 600

void test_references(void)
{
	long before = mm_structs(), after;
	int fd = module_open(WALK, O_RDWR), i;

	if (before < 0) {
		skipped = "no /proc/slabinfo";
		close(fd);
		return;
	}
	for (i = 0; i < MANY; i++) {
		struct verify_pte_walk a = { 0 };
		int own = module_open(WALK, O_RDWR), err;
		pid_t pid = spawn(stay, NULL);

		request(fd, pid, 2);
		request(own, pid, 2);
		if (i % 3 == 0)
			read_rest(own, 0, &err);
		want(go_on(own, &a, pid, 4), 0, "an answer");
		if (i % 2)
			want(go_on(own, &a, pid, 4), 0, "and on");
		close(module_open(WALK, O_RDONLY));
		reap(pid);
		close(own);
	}
	close(fd);
	nap(100 * 1000);
	after = mm_structs();
	if (after > before + MANY / 3)
		fail("%ld address spaces before %d processes came and went, %ld after", before,
		     MANY, after);
}
