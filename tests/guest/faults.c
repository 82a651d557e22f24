// SPDX-License-Identifier: GPL-2.0
/*
 * The module when the kernel runs out: root, in the guest of a kernel with fault
 * injection, module loaded, the test device on vfio-pci; argument: its address.
 *
 * Each thing that the module's files can be asked is asked again and again, while the
 * first, the second, the third ... allocation or copy to or from this process fails, until
 * none is left to fail; then all of them while each fails now and then. An answer must be
 * an errno that says so, or the whole of what is answered without any failure.
 *
 * KTAP on stdout; exit status 0 when nothing failed. Leaks are for kmemleak to find, what
 * else goes wrong is in the kernel's log.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "container.h"
#include "ktap.h"
#include "proc.h"

#define DEBUGFS "/sys/kernel/debug/"

/* Every other page is read-only: a run each, more than one buffer of the module's holds. */
#define PAGES 500
#define IOVA  UINT64_C(0x100000)
#define RUNS  (PAGES + 8)
/* More failures than one call can have. */
#define NTH_MAX 1000
/* In all; the VM has 900, for this and for other programs. */
#define LIMIT_SECONDS 400
/* Calls of each kind while failures come at random. */
#define RANDOM_CALLS   30
#define RANDOM_PERCENT "10"

/* What is asked about */

static char *area;
static pid_t other; /* a process that stands still, with an area of its own */
static char *other_area;
static const char *bdf;

static char *make_area(void)
{
	unsigned int i;
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED || madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE))
		bail_out("no memory: %s", strerror(errno));
	memset(p, 0x5a, PAGES * PAGE);
	for (i = 1; i < PAGES; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ))
			bail_out("mprotect: %s", strerror(errno));
	return p;
}

static void start_other(void)
{
	int ready[2];

	if (pipe(ready))
		bail_out("pipe: %s", strerror(errno));
	other = fork();
	if (other < 0)
		bail_out("fork: %s", strerror(errno));
	if (!other) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		other_area = make_area();
		if (mlockall(MCL_CURRENT) ||
		    write(ready[1], &other_area, sizeof(other_area)) != sizeof(other_area))
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &other_area, sizeof(other_area)) != sizeof(other_area))
		bail_out("the other process did not come up");
	close(ready[0]);
}

/* Failures on purpose */

static const char *const injectors[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
static int fail_nth, make_it_fail;

static void set(const char *dir, const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", dir, file);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		bail_out(
			"%s: %s: it takes a kernel with fault injection, as scripts/vm --kernel debug",
			path, strerror(errno));
	close(fd);
}

/* Of this task alone, of each size and kind, and no word of it in the log. */
static void inject(const char *percent)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		set(injectors[i], "task-filter", "Y");
		set(injectors[i], "verbose", "0");
		set(injectors[i], "times", "-1");
		set(injectors[i], "interval", "1");
		set(injectors[i], "probability", percent);
	}
	set("failslab", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
}

/*
 * For who reads the log: an allocation of many pages (the text's buffer) that fails twice is
 * told there with a trace, whoever it is that made it fail.
 */
static void tell_log(const char *what)
{
	FILE *f = fopen("/dev/kmsg", "w");

	if (!f || fprintf(f, "faults: failures on purpose %s\n", what) < 0 || fclose(f))
		bail_out("/dev/kmsg: %s", strerror(errno));
}

static bool put(int fd, int number)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", number);

	return pwrite(fd, text, len, 0) == len;
}

/* The @nth failure from now on, of this task; 0: none.  The write can be what fails. */
static void fail_at(int nth)
{
	while (!put(fail_nth, nth))
		if (errno != EFAULT && errno != ENOMEM)
			bail_out("fail-nth: %s", strerror(errno));
}

/*
 * Has it come?  Reading the file is a call too: where that is what fails, it has not come before.
 */
static bool has_failed(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_nth, text, sizeof(text) - 1, 0);

	fail_at(0);
	return n > 0 && atoi(text) == 0;
}

/* Questions */

struct call;

/* One kind of call. prepare() and finish() never fail; ask() does what is told to fail. */
struct call {
	const char *name;
	const char *file;
	int (*ask)(const struct call *c);
	unsigned int nr;    /* records of an ioctl, pages of a text */
	unsigned int flags; /* of an ioctl; of open() */
	bool foreign;	    /* of the other process */
};

/* The file, opened without failures. */
static int fd = -1;

/* What was answered, and what is answered without failures */
struct answer {
	struct verify_pte_walk out;
	size_t len;
	char bytes[1 << 18] __attribute__((aligned(8)));
};

static struct answer got, want;

static bool same(void)
{
	return !memcmp(&got.out, &want.out, sizeof(got.out)) && got.len == want.len &&
	       !memcmp(got.bytes, want.bytes, got.len);
}

static int ask_open(const struct call *c)
{
	int opened = open(c->file, c->flags);

	if (opened < 0)
		return -errno;
	close(opened);
	return 0;
}

static int request_text(const struct call *c, char *text, size_t size)
{
	uint64_t len = c->nr * PAGE;

	if (!strcmp(c->file, IOVA_FILE))
		return snprintf(text, size, "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, IOVA, len);
	return snprintf(text, size, "%d 0x%" PRIxPTR " 0x%" PRIx64, c->foreign ? other : getpid(),
			(uintptr_t)(c->foreign ? other_area : area), len);
}

static int ask_request(const struct call *c)
{
	char text[128];
	int len = request_text(c, text, sizeof(text));
	ssize_t n = write(fd, text, len);

	return n < 0 ? -errno : n == len ? 0 : -EPROTO;
}

/* To its end: an answer is whole or it is none. */
static int ask_text(const struct call *c)
{
	ssize_t n;

	(void)c;
	for (got.len = 0; got.len < sizeof(got.bytes); got.len += n) {
		n = read(fd, got.bytes + got.len, sizeof(got.bytes) - got.len);
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
	}
	return -EPROTO;
}

static int ask_ioctl(const struct call *c)
{
	size_t size = c->flags & VERIFY_PTE_RAW ? sizeof(struct verify_pte_entry)
						: sizeof(struct verify_pte_run);
	bool iova = !strcmp(c->file, IOVA_FILE);
	struct verify_pte_walk ask = {
		.argsz = sizeof(ask),
		.flags = c->flags,
		.nr = c->nr,
		.start = iova ? IOVA : (uintptr_t)(c->foreign ? other_area : area),
		.len = (c->nr == 1 ? 1 : PAGES) * PAGE,
		.buf = (uintptr_t)got.bytes,
	};

	if (iova)
		ask.device = device_number(bdf);
	else
		ask.pid = c->foreign ? other : 0;
	memset(got.bytes, 0, sizeof(got.bytes));
	if (ioctl(fd, iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK, &ask))
		return -errno;
	got.out = ask;
	got.len = ask.nr * size;
	return 0;
}

static const struct call calls[] = {
	{ "walk: open", WALK, ask_open, 0, O_RDWR, false },
	{ "walk: open to read", WALK, ask_open, 0, O_RDONLY, false },
	{ "walk: request", WALK, ask_request, 1, 0, false },
	{ "walk: text of a page", WALK, ask_text, 1, 0, false },
	{ "walk: text", WALK, ask_text, PAGES, 0, false },
	{ "walk: text, another process", WALK, ask_text, PAGES, 0, true },
	{ "walk: ioctl, a page", WALK, ask_ioctl, 1, 0, false },
	{ "walk: ioctl", WALK, ask_ioctl, RUNS, 0, false },
	{ "walk: ioctl, raw", WALK, ask_ioctl, RUNS, VERIFY_PTE_RAW, false },
	{ "walk: ioctl, another process", WALK, ask_ioctl, RUNS, 0, true },
	{ "iova: open", IOVA_FILE, ask_open, 0, O_RDWR, false },
	{ "iova: request", IOVA_FILE, ask_request, 1, 0, false },
	{ "iova: text", IOVA_FILE, ask_text, PAGES, 0, false },
	{ "iova: ioctl", IOVA_FILE, ask_ioctl, RUNS, 0, false },
};

/* All but an ioctl for one record allocate, or copy in a way that can be told to fail. */
static bool can_fail(const struct call *c)
{
	return c->ask != ask_ioctl || c->nr > 1;
}

static void prepare(const struct call *c)
{
	fd = -1;
	if (c->ask == ask_open)
		return;
	fd = open(c->file, O_RDWR);
	if (fd < 0)
		bail_out("%s: %s", c->file, strerror(errno));
	if (c->ask == ask_text && ask_request(c))
		bail_out("%s: request: %s", c->file, strerror(errno));
}

static void finish(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
}

static int ask(const struct call *c)
{
	memset(&got.out, 0, sizeof(got.out));
	got.len = 0;
	return c->ask(c);
}

/* A request that was taken says nothing yet: its answer does, asked for without failures. */
static int ask_more(const struct call *c, int ret)
{
	return !ret && c->ask == ask_request ? ask_text(c) : ret;
}

/* What a failure may be told as: no memory, or an address that does not work. */
static bool tells(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT;
}

/* One call, with @nth or with none said to fail, and then one without; how often it failed */
static bool one_call(const struct call *c, int nth, bool *failed, bool *refused)
{
	bool ok = true;
	int ret;

	prepare(c);
	if (nth)
		fail_at(nth);
	else
		put(make_it_fail, 1);
	ret = ask(c);
	if (nth) {
		*failed = has_failed();
	} else {
		/* It can fail as any other call. */
		while (!put(make_it_fail, 0))
			;
	}
	*refused = ret;
	ret = ask_more(c, ret);
	if (ret ? !tells(ret) : !same()) {
		printf("# %s: failure %d: %s\n", c->name, nth,
		       ret ? strerror(-ret) : "not the whole answer, but no error");
		ok = false;
	}
	/* What a file answered with an error it must not keep. */
	if (c->ask == ask_text && lseek(fd, 0, SEEK_SET)) {
		printf("# %s: failure %d: lseek: %s\n", c->name, nth, strerror(errno));
		ok = false;
	}
	ret = ask_more(c, ask(c));
	if (ret || !same()) {
		printf("# %s: after failure %d: %s\n", c->name, nth,
		       ret ? strerror(-ret) : "not the whole answer");
		ok = false;
	}
	finish();
	return ok;
}

static void test(const struct call *c)
{
	unsigned int nth, i, refused_nr = 0;
	bool failed = true, refused, ok = true;
	char what[128];
	int ret;

	prepare(c);
	ret = ask_more(c, ask(c));
	if (ret)
		bail_out("%s: without failures: %s", c->name, strerror(-ret));
	want = got;
	finish();

	for (nth = 1; failed && nth < NTH_MAX; nth++) {
		ok &= one_call(c, nth, &failed, &refused);
		refused_nr += refused;
	}
	/* The last one did not come any more. */
	nth -= 2;
	snprintf(what, sizeof(what), "%u failures, one at a time: %u errors", nth, refused_nr);
	result(ok && !failed && (refused_nr > 0) == can_fail(c), "%s: %s", c->name, what);
	if (!can_fail(c))
		return;

	inject(RANDOM_PERCENT);
	for (i = 0, ok = true, refused_nr = 0; i < RANDOM_CALLS; i++) {
		ok &= one_call(c, 0, &failed, &refused);
		refused_nr += refused;
	}
	inject("0");
	snprintf(what, sizeof(what), "%u calls, failures at random: %u errors", i, refused_nr);
	result(ok && refused_nr, "%s: %s", c->name, what);
}

int main(int argc, char **argv)
{
	struct container vfio;
	unsigned int i, points = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: faults BDF\n");
		return 2;
	}
	bdf = argv[1];
	limit_time(LIMIT_SECONDS);
	start_other();
	area = make_area();
	vfio = container_open(bdf);
	container_map(&vfio, area, PAGES * PAGE, IOVA);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	make_it_fail = open("/proc/thread-self/make-it-fail", O_RDWR);
	if (fail_nth < 0 || make_it_fail < 0)
		bail_out("fail-nth: %s: it takes a kernel with fault injection", strerror(errno));
	/* A page fault is no call that could be told of a failure. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail_out("mlockall: %s", strerror(errno));
	inject("0");
	tell_log("begin");

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		points += 1 + can_fail(&calls[i]);
	ktap_plan(points);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		test(&calls[i]);
	tell_log("end");
	return ktap_status();
}
