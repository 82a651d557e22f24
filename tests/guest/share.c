// SPDX-License-Identifier: GPL-2.0
/*
 * One open file of the module, and several who use it: processes, threads, requests, answers that
 * take more than one call. Root, in the guest, module loaded.
 *
 *	share
 *	share --fragments PAGES		nothing but a process of so many runs, which executes sleep
 *					after SIGUSR1
 *
 * What was read or given of one answer is never gone on with out of another; nobody waits for
 * another's page fault; a process is asked about as long as it lives, and held by nobody.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "ktap.h"
#include "proc.h"

#define AREA  ((char *)0x200000000000)
#define PAGES 1200 /* every other one is there: as many runs */

static bool failed;
static const char *skipped;

__attribute__((format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	char line[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	comment("%s", line);
	failed = true;
}

/* Memory that takes many records to tell */
static void make_area(size_t pages)
{
	char *p = mmap(AREA, pages * PAGE, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i += 2)
		p[i * PAGE] = 1;
}

static void on_signal(int nr)
{
	(void)nr;
}

static int fragments(size_t pages)
{
	const struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	make_area(pages);
	puts("ready");
	fflush(stdout);
	pause();
	execl("/bin/sleep", "sleep", "1000", NULL);
	return 1;
}

/* A process that has it and does what @then does; it is there when this returns. */
static pid_t spawn(void (*then)(int go), int *go)
{
	int ready[2], start[2];
	char c;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(start, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		make_area(PAGES);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		then(start[0]);
		_exit(0);
	}
	close(ready[1]);
	close(start[0]);
	if (read(ready[0], &c, 1) != 1)
		bail_out("a process did not come up: %s", strerror(errno));
	close(ready[0]);
	if (go)
		*go = start[1];
	else
		close(start[1]);
	return pid;
}

static void stay(int go)
{
	(void)go;
	for (;;)
		pause();
}

static void exec_on_go(int go)
{
	char c;

	if (read(go, &c, 1) == 1)
		execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void request(int fd, pid_t pid, uint64_t pages)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%d 0x%" PRIx64 " 0x%" PRIx64, pid, (uint64_t)AREA,
			 pages * PAGE);

	if (write(fd, text, n) != n)
		fail("\"%s\": %s", text, error_name(errno));
}

/* All that is left from @at on; what it ended with is *err */
static char *read_rest(int fd, off_t at, int *err)
{
	static char text[1 << 20];
	size_t n = 0;
	ssize_t got;

	while ((got = pread(fd, text + n, sizeof(text) - 1 - n, at + n)) > 0)
		n += got;
	*err = got < 0 ? errno : 0;
	text[n] = '\0';
	return text;
}

/* Another request, and the offset of the answer before */

enum by { BY_PREAD, BY_LSEEK, BY_THREAD, BY_CHILD, NR_BY };

static const char *const by_name[NR_BY] = { "pread", "lseek", "a thread", "a child" };

struct second {
	int fd;
	pid_t pid;
};

static void *second_request(void *arg)
{
	const struct second *s = arg;

	request(s->fd, s->pid, 1);
	return NULL;
}

static void ask_second(int fd, enum by by)
{
	struct second s = { fd, getpid() };
	pthread_t thread;
	pid_t pid;

	if (by == BY_THREAD && !pthread_create(&thread, NULL, second_request, &s)) {
		pthread_join(thread, NULL);
	} else if (by == BY_CHILD) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			second_request(&s);
			_exit(failed);
		}
		waitpid(pid, NULL, 0);
	} else {
		second_request(&s);
	}
}

static void test_second_request(void)
{
	char some[4096], *text;
	enum by by;
	int err;

	for (by = 0; by < NR_BY; by++) {
		pid_t pid = spawn(stay, NULL);
		int fd = module_open(WALK, O_RDWR);
		ssize_t n, got;

		request(fd, pid, PAGES);
		n = pread(fd, some, sizeof(some), 0);
		if (n <= 100)
			fail("%s: %zd bytes to read at first", by_name[by], n);
		ask_second(fd, by);
		reap(pid);
		if (by == BY_LSEEK) {
			lseek(fd, n, SEEK_SET);
			got = read(fd, some, sizeof(some));
		} else {
			got = pread(fd, some, sizeof(some), n);
		}
		if (got > 0)
			fail("%s: %zd bytes more, after another request: \"%.40s\"", by_name[by],
			     got, some);
		text = read_rest(fd, n, &err);
		if (*text || !err)
			fail("%s: goes on: %s, \"%.40s\"", by_name[by], error_name(err), text);
		text = read_rest(fd, 0, &err);
		if (err || !strstr(text, "complete: "))
			fail("%s: the second answer: %s: \"%.200s\"", by_name[by], error_name(err),
			     text);
		close(fd);
	}
}

/* An ioctl on the same file is nothing to the text in progress. */
static void test_ioctl_between(void)
{
	struct verify_pte_run runs[64];
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.nr = ARRAY_SIZE(runs),
		.start = (uintptr_t)AREA,
		.len = PAGES * PAGE,
		.buf = (uintptr_t)runs,
	};
	int fd = module_open(WALK, O_RDWR), err;
	char *whole, some[5000], *rest;
	ssize_t n;

	request(fd, getpid(), PAGES);
	whole = strdup(read_rest(fd, 0, &err));
	n = pread(fd, some, sizeof(some), 0);
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask))
		fail("ioctl: %s", error_name(errno));
	rest = read_rest(fd, n, &err);
	if (n <= 0 || err || strcmp(rest, whole + n) || memcmp(some, whole, n))
		fail("the rest after an ioctl: %s, %zu bytes", error_name(err), strlen(rest));
	free(whole);
	close(fd);
}

/* A process without its first thread */

static void *stay_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void end_first_thread(int go)
{
	pthread_t thread;

	(void)go;
	if (pthread_create(&thread, NULL, stay_thread, NULL))
		_exit(1);
	syscall(SYS_exit, 0); /* of this thread alone */
}

static bool is_zombie(pid_t pid)
{
	char path[40], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 'Z';
}

static void test_first_thread(void)
{
	pid_t pid = spawn(end_first_thread, NULL);
	struct verify_pte_run run;
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.pid = pid,
		.nr = 1,
		.start = (uintptr_t)AREA,
		.len = PAGE,
		.buf = (uintptr_t)&run,
	};
	int fd = module_open(WALK, O_RDWR), err, i;
	char *text;

	for (i = 0; i < 100 && !is_zombie(pid); i++)
		nap(20 * 1000);
	if (!is_zombie(pid))
		fail("the first thread did not end");
	if (ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) || run.kind != PT_LEAF)
		fail("ioctl: %s", error_name(errno));
	request(fd, pid, 2);
	text = read_rest(fd, 0, &err);
	if (err || !strstr(text, "complete: none 1 page 1 "))
		fail("text: %s: \"%s\"", error_name(err), text);
	reap(pid);
	if (!ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) || errno != ESRCH)
		fail("when the last has ended: %s", error_name(errno));
	close(fd);
}

/* A buffer that nobody fills in holds up nobody else */

enum use { USE_READ, USE_PREAD, USE_IOCTL, USE_RAW, USE_WRITE, USE_ARGUMENT, NR_USE };

static const char *const use_name[NR_USE] = { "read",	     "pread", "ioctl, runs",
					      "ioctl, raws", "write", "ioctl, its argument" };

static int use(int fd, enum use what, void *buf)
{
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.flags = what == USE_RAW ? VERIFY_PTE_RAW : 0,
		.nr = 64,
		.start = (uintptr_t)AREA,
		.len = PAGES * PAGE,
		.buf = (uintptr_t)buf,
	};

	switch (what) {
	case USE_READ:
		return read(fd, buf, PAGE) < 0 ? errno : 0;
	case USE_PREAD:
		return pread(fd, buf, PAGE, 0) < 0 ? errno : 0;
	case USE_WRITE:
		return write(fd, buf, 20) < 0 ? errno : 0;
	case USE_ARGUMENT:
		return ioctl(fd, VERIFY_PTE_IOC_WALK, buf) ? errno : 0;
	default:
		return ioctl(fd, VERIFY_PTE_IOC_WALK, &ask) ? errno : 0;
	}
}

/* True: that process ended of itself, in time */
static bool ends(pid_t pid)
{
	int i;

	for (i = 0; i < 300; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		nap(20 * 1000);
	}
	return false;
}

static void try_others(int fd, enum use held)
{
	static char buf[16 * 4096];
	enum use what;

	for (what = USE_READ; what < USE_WRITE; what++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			use(fd, what, buf);
			_exit(0);
		}
		if (ends(pid))
			continue;
		fail("%s waits for the page of who is in %s", use_name[what], use_name[held]);
		kill(pid, SIGKILL);
		if (!ends(pid))
			fail("%s: and cannot be killed", use_name[what]);
	}
}

struct holder {
	int fd;
	enum use what;
	void *buf;
};

static void *hold(void *arg)
{
	const struct holder *h = arg;

	use(h->fd, h->what, h->buf);
	return NULL;
}

/* A thread of ours stays in a page fault of that use until @uffd is closed. */
static void test_fault_in(enum use held, int uffd, char *buf)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)buf, 16 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct holder h = { module_open(WALK, O_RDWR), held, buf };
	struct pollfd fault = { .fd = uffd, .events = POLLIN };
	pthread_t thread;

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		bail_out("UFFDIO_REGISTER: %s", strerror(errno));
	request(h.fd, getpid(), PAGES);
	if (pthread_create(&thread, NULL, hold, &h))
		bail_out("pthread_create: %s", strerror(errno));
	if (poll(&fault, 1, 5000) != 1 || !(fault.revents & POLLIN))
		fail("%s: it does not come to its page", use_name[held]);
	else
		try_others(h.fd, held);
	close(uffd);
	pthread_join(thread, NULL);
	close(h.fd);
}

static void test_fault(void)
{
	enum use held;

	for (held = 0; held < NR_USE; held++) {
		struct uffdio_api api = { .api = UFFD_API };
		int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
		char *p = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) {
			skipped = "no userfaultfd";
			return;
		}
		test_fault_in(held, uffd, p);
		munmap(p, 16 * PAGE);
	}
}

/* Answers that take several calls */

static struct verify_pte_run runs[4096];

static int go_on(int fd, struct verify_pte_walk *ask, pid_t pid, uint32_t nr)
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

static void want(int err, int wanted, const char *what)
{
	if (err != wanted)
		fail("%s: %s, not %s", what, error_name(err), error_name(wanted));
}

static void test_continue(void)
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

static void test_exec(void)
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

/* What one pid namespace calls a process is nothing to another. */
static void test_pid_namespace(void)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(2);
		pid = fork();
		if (!pid) {
			int fd = module_open(WALK, O_RDONLY), err;
			char *text = read_rest(fd, 0, &err);

			/* The last request was of a process that is not there. */
			_exit(err || strncmp(text, "pid 0 ", 6));
		}
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skipped = "no pid namespaces";
	else if (status)
		fail("the number of another pid namespace is shown");
}

static void test_pid_namespace_asked(void)
{
	int fd = module_open(WALK, O_RDWR);

	request(fd, getpid(), 2);
	test_pid_namespace();
	close(fd);
}

/* A 32-bit caller, by its own way into the kernel: the structs are the same. */
static long ioctl32(int fd, unsigned int cmd, void *arg)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(cmd), "d"(arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void test_compat(void)
{
	char *low = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct verify_pte_walk *ask = (struct verify_pte_walk *)low;
	int fd = module_open(WALK, O_RDWR);
	long ret;

	*ask = (struct verify_pte_walk){
		.argsz = sizeof(*ask),
		.nr = 2,
		.start = (uintptr_t)AREA,
		.len = 2 * PAGE,
		.buf = (uintptr_t)runs,
	};
	if (access("/proc/sys/abi/vsyscall32", F_OK)) {
		skipped = "no 32-bit system calls";
	} else {
		ret = ioctl32(fd, VERIFY_PTE_IOC_WALK, ask);
		if (ret || ask->nr != 2 || runs[0].kind != PT_LEAF)
			fail("ioctl: %s", error_name(-ret));
	}
	close(fd);
	munmap(low, PAGE);
}

/* A page that is written to and then shared with a child: what it is called is the kernel's. */
static void test_soft_bits(void)
{
	struct verify_pte_info info = { .argsz = sizeof(info) };
	const uint64_t bit58 = UINT64_C(1) << 58;
	unsigned int major = 0, minor = 0;
	struct utsname uts;
	int fd = module_open(WALK, O_RDWR), err;
	char one[40], *pte;
	uint64_t entry;
	bool saved;
	pid_t pid;

	uname(&uts);
	sscanf(uts.release, "%u.%u", &major, &minor);
	saved = major > 6 || (major == 6 && minor >= 6);
	if (ioctl(fd, VERIFY_PTE_IOC_INFO, &info))
		fail("VERIFY_PTE_IOC_INFO: %s", error_name(errno));
	if (info.soft[PT_SOFT_SAVED_DIRTY] != (saved ? bit58 : 0) ||
	    !!(info.volatile_mask & bit58) != saved || info.soft[PT_SOFT_SPECIAL] != 1 << 9)
		fail("%s: saved-dirty 0x%llx, volatile 0x%llx", uts.release,
		     (unsigned long long)info.soft[PT_SOFT_SAVED_DIRTY],
		     (unsigned long long)info.volatile_mask);
	info.flags = 1;
	want(ioctl(fd, VERIFY_PTE_IOC_INFO, &info) ? errno : 0, EINVAL, "info, an unknown flag");
	info = (struct verify_pte_info){ .argsz = sizeof(info) - 1 };
	want(ioctl(fd, VERIFY_PTE_IOC_INFO, &info) ? errno : 0, EINVAL, "info, too short");
	if (info.argsz != sizeof(info))
		fail("info, too short: argsz %u", info.argsz);
	AREA[0]++;
	pid = spawn(stay, NULL);
	snprintf(one, sizeof(one), "0x%" PRIx64, (uint64_t)AREA);
	if (write(fd, one, strlen(one)) < 0)
		fail("\"%s\": %s", one, error_name(errno));
	pte = strstr(read_rest(fd, 0, &err), "PTE ");
	if (!pte || sscanf(pte, "PTE index %*u table %*s entry 0x%" SCNx64, &entry) != 1) {
		fail("no entry: %s", error_name(err));
	} else {
		pte[strcspn(pte, "\n")] = '\0';
		if (entry & 2 || !(entry & (bit58 | 0x40)))
			fail("it is not shared, or not dirty: %s", pte);
		if (!!(entry & bit58) != !!strstr(pte, " SAVED_DIRTY") || strstr(pte, "SOFTW"))
			fail("%s: %s", uts.release, pte);
	}
	reap(pid);
	close(fd);
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

static void test_references(void)
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

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "a second request ends the answer in progress", test_second_request },
	{ "an ioctl between two reads", test_ioctl_between },
	{ "a process whose first thread has ended", test_first_thread },
	{ "nobody waits for another's page fault", test_fault },
	{ "an answer of several calls", test_continue },
	{ "exec and exit in the middle of an answer", test_exec },
	{ "another pid namespace", test_pid_namespace_asked },
	{ "a 32-bit caller", test_compat },
	{ "what the kernel means by its bits", test_soft_bits },
	{ "no address space is kept", test_references },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc == 3 && !strcmp(argv[1], "--fragments"))
		return fragments(strtoul(argv[2], NULL, 0));
	ktap_plan(ARRAY_SIZE(tests));
	make_area(PAGES);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		failed = false;
		skipped = NULL;
		tests[i].run();
		if (skipped && !failed)
			result_skip(skipped, "share: %s", tests[i].name);
		else
			result(!failed, "share: %s", tests[i].name);
	}
	return ktap_status();
}
