// SPDX-License-Identifier: GPL-2.0
/*
 * What the module must give back, and what it must not answer with: root, in the guest, module
 * loaded, the test device on vfio-pci.
 *
 *	refs BDF [ROUNDS]
 *
 * Every reference is counted by the kernel: processes are asked about and end, the device is asked
 * about and taken out, some hundred times, and what /proc/slabinfo counts must not grow with them.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "container.h"
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "ktap.h"
#include "proc.h"
#include "workers.h"

#define PCI	 "/sys/bus/pci/"
#define IOVA	 UINT64_C(0x100000)
#define PAGES	 300
#define TEXT_MAX (256 * 1024)
#define ROUNDS	 120 /* fewer say nothing of what the kernel counts */
/* In all; the VM has 400. */
#define LIMIT_SECONDS 330

static const char *bdf;
static unsigned int rounds = ROUNDS;
static char *area;
static struct verify_pte_run runs[1000];

/*
 * Every other page of twice as many: where the kernel gave it frames that follow one another, those
 * of the area still do not, and an answer about its domain has as many runs as pages.
 */
static char *make_area(void)
{
	unsigned int i;
	char *p = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *twice = mmap(NULL, 2 * PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || twice == MAP_FAILED ||
	    madvise(twice, 2 * PAGES * PAGE, MADV_NOHUGEPAGE))
		bail_out("no memory: %s", strerror(errno));
	memset(twice, 0x5a, 2 * PAGES * PAGE);
	for (i = 0; i < PAGES; i++)
		if (mremap(twice + 2 * i * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   p + i * PAGE) != p + i * PAGE)
			bail_out("mremap: %s", strerror(errno));
	munmap(twice, 2 * PAGES * PAGE);
	if (mlock(p, PAGES * PAGE))
		bail_out("mlock: %s", strerror(errno));
	for (i = 1; i < PAGES; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	return p;
}

static struct verify_pte_walk question(bool iova, pid_t pid, uint32_t nr)
{
	struct verify_pte_walk w;

	memset(&w, 0, sizeof(w));
	w.argsz = sizeof(w);
	w.nr = nr;
	w.start = iova ? IOVA : (uintptr_t)area;
	w.len = (nr == 1 ? 1 : PAGES) * PAGE;
	w.buf = (uintptr_t)runs;
	if (iova)
		w.device = device_number(bdf);
	else
		w.pid = pid;
	return w;
}

static int ask(int fd, bool iova, struct verify_pte_walk *w)
{
	return ioctl(fd, iova ? VERIFY_PTE_IOC_IOVA : VERIFY_PTE_IOC_WALK, w) ? -errno : 0;
}

static int ask_text(int fd, pid_t pid, uint64_t pages)
{
	char text[96];
	int len = snprintf(text, sizeof(text), "%d 0x%" PRIxPTR " 0x%" PRIx64, pid, (uintptr_t)area,
			   pages * PAGE);

	return write(fd, text, len) == len ? 0 : -errno;
}

/*
 * The objects in use of the cache @name.  What is free in a slab that a CPU keeps at hand counts as
 * in use, so it gives them up first.
 */
static long objects(const char *name)
{
	char line[300], cache[64];
	long active, nr = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/sys/kernel/slab/%s/shrink", name);
	tell(line, "1");
	f = fopen("/proc/slabinfo", "re");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", cache, &active) == 2 && !strcmp(cache, name))
			nr += active;
	fclose(f);
	return nr;
}

/*
 * A process like this one, which stands still.  @own: with every other page of its own, so that
 * its area is as many runs as ours; else most of it is shared, and read-only.
 */
static pid_t start_victim(bool own)
{
	unsigned int i;
	int ready[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; own && i < PAGES; i += 2)
			area[i * PAGE] = 1;
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) < 0) /* until it is closed */
		bail_out("pipe: %s", strerror(errno));
	close(ready[0]);
	return pid;
}

enum {
	ASK_PAGE,
	ASK_RUNS,
	ASK_PART,
	ASK_TEXT,
	ASK_UNREAD,
	ASK_TWICE,
	ASK_LATER,
	ASK_BAD,
	NR_FORMS
};

static const char *const form_name[NR_FORMS] = {
	[ASK_PAGE] = "a page, by ioctl",
	[ASK_RUNS] = "runs, by ioctl",
	[ASK_PART] = "a part of an answer that nobody goes on with",
	[ASK_TEXT] = "a text",
	[ASK_UNREAD] = "a text that nobody reads",
	[ASK_TWICE] = "a text in the place of another",
	[ASK_LATER] = "a text that is read once the process is gone",
	[ASK_BAD] = "an ioctl that fails",
};

/* All that one form does with a process; false where an answer is wrong */
static bool use_victim(unsigned int form, pid_t pid)
{
	static char text[TEXT_MAX];
	struct verify_pte_walk w = question(false, pid, form == ASK_PAGE ? 1 : 1000);
	int fd = module_open(WALK, O_RDWR);
	bool ok = true;

	switch (form) {
	case ASK_BAD:
		w.buf = 8;
		ok = ask(fd, false, &w) == -EFAULT;
		break;
	case ASK_PART:
		w.nr = 5;
		ok = !ask(fd, false, &w) && w.answer && w.next < w.start + w.len;
		break;
	case ASK_PAGE:
	case ASK_RUNS:
		ok = !ask(fd, false, &w) && w.next == w.start + w.len;
		break;
	case ASK_TWICE:
		ok = !ask_text(fd, pid, PAGES) && read(fd, text, 4096) > 0;
		/* fall through */
	default:
		ok &= !ask_text(fd, pid, PAGES);
		if (form == ASK_LATER) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			ok &= read(fd, text, 4096) < 0 && errno == ESRCH;
		} else if (form != ASK_UNREAD) {
			ok &= read(fd, text, 4096) > 0;
		}
	}
	close(fd);
	return ok;
}

static void test_processes(void)
{
	unsigned int form, i;
	char name[128];

	for (form = 0; form < NR_FORMS; form++) {
		long before = objects("mm_struct"), after;
		bool ok = true;

		for (i = 0; i < rounds; i++) {
			pid_t pid = start_victim(form == ASK_PART);

			ok &= use_victim(form, pid);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		after = objects("mm_struct");
		comment("%s: mm_struct: %ld, then %ld", form_name[form], before, after);
		snprintf(name, sizeof(name), "%s: no process is kept, the answers are right",
			 form_name[form]);
		if (before < 0)
			result_skip("no /proc/slabinfo", "%s", name);
		else
			result(ok && (rounds < ROUNDS || after - before < ROUNDS / 2), "%s", name);
	}
}

/* Out of the system, and found again; who waits for it longer than @seconds waits for ever. */
static bool replace_device(unsigned int seconds)
{
	char path[128];
	pid_t pid = fork();

	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		snprintf(path, sizeof(path), PCI "devices/%s/remove", bdf);
		_exit(tell(path, "1") ? 1 : 0);
	}
	if (ends_within(pid, seconds))
		return false;
	snprintf(path, sizeof(path), PCI "devices/%s/driver_override", bdf);
	return !tell(PCI "rescan", "1") && !tell(path, "vfio-pci") &&
	       !tell(PCI "drivers_probe", bdf);
}

static void container_close(const struct container *c)
{
	close(c->device);
	close(c->group);
	close(c->container);
}

/*
 * An answer is begun about one domain.  Then that is freed, and the device is given a new one,
 * which is likely to have the address of the old one: the rest of the answer is refused.  With
 * @anew the device has been out of the system as well.
 */
static void test_domains(void)
{
	const int fd = module_open(IOVA_FILE, O_RDWR);
	unsigned int anew, i;
	char name[128];

	for (anew = 0; anew < 2; anew++) {
		bool ok = true;

		for (i = 0; ok && i < (anew ? rounds / 12 + 1 : rounds); i++) {
			struct verify_pte_walk w = question(true, 0, 1000);
			struct container c = container_open(bdf);

			w.nr = 5;
			container_map(&c, area, PAGES * PAGE, IOVA);
			ok = !ask(fd, true, &w) && w.answer && w.next < w.start + w.len;
			if (!ok)
				comment("the first part: answer %u, %u records", w.answer, w.nr);
			container_close(&c);
			ok = (!anew || replace_device(60)) && ok;
			c = container_open(bdf);
			container_map(&c, area, PAGES * PAGE, IOVA);
			w.len -= w.next - w.start;
			w.start = w.next;
			ok = ask(fd, true, &w) == -EAGAIN && ok;
			container_close(&c);
		}
		comment("%u times", i);
		snprintf(name, sizeof(name), "a new domain%s: the rest of an answer is refused",
			 anew ? " of a device plugged in again" : "");
		result(ok, "%s", name);
	}
	close(fd);
}

/* A struct pci_dev has some kilobytes. */
static long big_objects(void)
{
	return objects("kmalloc-2k") + objects("kmalloc-4k") + objects("kmalloc-8k");
}

static void test_devices(void)
{
	const int fd = module_open(IOVA_FILE, O_RDWR);
	unsigned int form, i;
	char name[128];

	for (form = 0; form < 2; form++) {
		long before = 0, after;
		bool ok = true;

		for (i = 0; ok && i < rounds / 3 + 5; i++) {
			struct verify_pte_walk w = question(true, 0, 1000);

			if (i == 5)
				before = big_objects();
			if (!form) {
				ok = ask(fd, true, &w) == -EBADF;
			} else {
				struct container c = container_open(bdf);

				container_map(&c, area, PAGES * PAGE, IOVA);
				ok = !ask(fd, true, &w) && w.next == w.start + w.len;
				container_close(&c);
			}
			ok = replace_device(60) && ok;
		}
		after = big_objects();
		comment("kmalloc of 2k to 8k: %ld, then %ld; %s after %u times", before, after,
			ok ? "all well" : "not so", i);
		snprintf(name, sizeof(name), "%s: the device can go each time, and none is kept",
			 form ? "a device that is open" : "a device that is not");
		if (before < 0)
			result_skip("no /proc/slabinfo", "%s", name);
		else
			result(ok && (rounds < ROUNDS || after - before < ROUNDS / 6), "%s", name);
	}
	close(fd);
}

/* Where the answer cannot be put there is none. */
static void test_places(void)
{
	static const char *const file[] = { WALK, IOVA_FILE };
	struct container c = container_open(bdf);
	char *page = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int iova, nr;
	bool ok[3] = { true, true, true };

	if (page == MAP_FAILED)
		bail_out("no memory");
	container_map(&c, area, PAGES * PAGE, IOVA);
	munmap(page + PAGE, PAGE);
	for (iova = 0; iova < 2; iova++) {
		int fd = module_open(file[iova], O_RDWR);

		for (nr = 1; nr <= 1000; nr += 999) {
			struct verify_pte_walk w = question(iova, 0, nr), *there = (void *)page;

			/* All right as it stands */
			*there = w;
			if (ask(fd, iova, there))
				ok[0] = ok[1] = ok[2] = false;
			*there = w;
			mprotect(page, PAGE, PROT_READ);
			ok[0] &= ask(fd, iova, there) == -EFAULT && !memcmp(there, &w, sizeof(w));
			mprotect(page, PAGE, RW);
			/* What is asked can be read, the rest is not there. */
			there = (void *)(page + PAGE - offsetof(struct verify_pte_walk, next));
			memcpy(there, &w, offsetof(struct verify_pte_walk, next));
			ok[1] &= ask(fd, iova, there) == -EFAULT;
			mprotect(page, PAGE, PROT_READ);
			w.buf = (uintptr_t)page;
			ok[2] &= ask(fd, iova, &w) == -EFAULT && w.buf == (uintptr_t)page;
			mprotect(page, PAGE, RW);
		}
		close(fd);
	}
	result(ok[0], "a struct that can be read and not written: EFAULT");
	result(ok[1], "a struct whose end is not there: EFAULT");
	result(ok[2], "a buffer that can be read and not written: EFAULT");
	container_close(&c);
}

static ssize_t read_rest(int fd, char *text, ssize_t have)
{
	ssize_t n;

	while ((n = read(fd, text + have, TEXT_MAX - have)) > 0)
		have += n;
	return n < 0 ? -errno : have;
}

/* A text goes on after other things were done with its file: it is what it was, or an error. */
static void test_text_goes_on(void)
{
	static char whole[TEXT_MAX], text[TEXT_MAX], other[TEXT_MAX];
	int fd = module_open(WALK, O_RDWR);
	ssize_t len, n, other_len;
	struct verify_pte_walk w;
	unsigned int nr;
	bool ok = true;
	pid_t pid;

	if (ask_text(fd, getpid(), PAGES))
		bail_out("request: %s", strerror(errno));
	len = read_rest(fd, whole, 0);
	for (nr = 1; nr <= 1000; nr = nr == 1 ? 2 : nr * 5) {
		w = question(false, 0, nr);
		ask_text(fd, getpid(), PAGES);
		n = read(fd, text, 700);
		w.start += 4 * PAGE;
		w.len = PAGE;
		ok &= n > 0 && !ask(fd, false, &w);
		n = read_rest(fd, text, n);
		ok &= n < 0 || (n == len && !memcmp(text, whole, len));
		if (n < 0 ? n != -ESPIPE : !ok)
			comment("nr %u: %zd of %zd bytes", nr, n, len);
	}
	result(ok && len > 0, "after an ioctl: the text that it was, or an error");

	/* Another request: what is read at the old offset is of the new answer, or an error. */
	pid = start_victim(true);
	ask_text(fd, getpid(), 40);
	other_len = read_rest(fd, other, 0);
	ask_text(fd, pid, PAGES);
	ok = pread(fd, text, 4096, 0) > 0 && !ask_text(fd, getpid(), 40);
	n = pread(fd, text, 300, 300);
	ok &= n < 0 || !memcmp(text, other + 300, n);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	n = pread(fd, text, 4096, 4096);
	if (n > 0)
		ok &= n <= other_len - 4096 && !memcmp(text, other + 4096, n);
	ok &= lseek(fd, 0, SEEK_SET) == 0;
	n = read_rest(fd, text, 0);
	ok &= n == other_len && !memcmp(text, other, n);
	result(ok && other_len > 0, "after another request: nothing of the answer before");

	/* The same while the process lives on */
	pid = start_victim(true);
	ask_text(fd, pid, PAGES);
	ok = read(fd, text, 700) == 700 && !ask_text(fd, getpid(), 40);
	n = read_rest(fd, text, 0);
	ok &= n == other_len && !memcmp(text, other, n);
	result(ok, "a request in the middle of a text: the new answer from its start");

	ok = !ask_text(fd, getpid(), PAGES) && write(fd, "1 2 3 4", 7) < 0 && errno == EINVAL;
	n = read_rest(fd, text, 0);
	result(ok && n == -EINVAL, "after a request that failed: its errno");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

/*
 * Does each run of a text begin where the one before it ends, from @start on, up to @end, and is
 * the text complete?  The counts at its end do not say so: they are of what was found, read or not.
 */
static bool all_told(const char *text, uint64_t start, uint64_t end)
{
	uint64_t at = start, from, to;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, "complete:", 9))
			return at == end;
		if (sscanf(text, "0x%" SCNx64 "-0x%" SCNx64 " ", &from, &to) != 2)
			continue;
		if (from != at) {
			comment("0x%" PRIx64 "-0x%" PRIx64 " are told by no line", at, from);
			return false;
		}
		at = to;
	}
	return false;
}

/* Where a text is all but the end, for which the module has to ask for long */
static off_t last_piece(int fd, char *text)
{
	ssize_t have = read_rest(fd, text, 0);
	unsigned int lines = 0;

	/* "complete:", and some more records than the module has in one piece */
	for (; have > 0 && lines < 26; have--)
		lines += text[have - 1] == '\n';
	return have;
}

/*
 * A reader is killed in the middle of a text, behind the first pieces of it: who reads the file on
 * gets all of the rest, or an error.
 */
static void test_killed_reader(void)
{
	const uint64_t len = UINT64_C(256) << 20;
	struct container c = container_open(bdf);
	char *text =
		mmap(NULL, TEXT_MAX, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* of both readers */
	int fd = module_open(IOVA_FILE, O_RDWR), n;
	unsigned int tries, killed = 0;
	bool ok = true;
	off_t from = 0, at;
	ssize_t have;
	pid_t pid;

	if (text == MAP_FAILED)
		bail_out("no memory");
	/* A run for each page, and for what is between them */
	for (n = 0; n < PAGES; n++)
		container_map(&c, area + n * PAGE, PAGE, IOVA + 2 * n * PAGE);
	for (tries = 0; tries < 60 && ok && killed < (rounds < ROUNDS ? 2 : 10); tries++) {
		n = snprintf(text, TEXT_MAX, "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, IOVA, len);
		ok = write(fd, text, n) == n;
		if (!tries) {
			from = last_piece(fd, text);
			continue;
		}
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (at = 0; (have = read(fd, text + at, PAGE)) > 0; at += have)
				;
			_exit(0);
		}
		/* Until it has read all but what is behind the mapped pages */
		for (n = 0; n < 100000 && lseek(fd, 0, SEEK_CUR) < from; n++)
			nap(500);
		/*
		 * And some time, of which nobody knows how much it takes here: while the module
		 * rests before that piece nothing is lost yet.
		 */
		nap(1000U << rnd(9));
		kill(pid, SIGKILL);
		killed += ends_within(pid, 60) == SIGKILL; /* else it was done before */
		/* Behind what the one that was killed has read */
		at = lseek(fd, 0, SEEK_CUR);
		have = read_rest(fd, text, at);
		text[have < 0 ? 0 : have] = '\0';
		if (have < 0)
			comment("the next reader: %s", error_name(-have));
		else
			comment("the next reader: %zd bytes, at %zd", have - at, (ssize_t)at);
		ok &= have < 0 || all_told(text, IOVA, IOVA + len);
	}
	result(ok && killed, "behind a reader that was killed: all of the rest, or an error");
	munmap(text, TEXT_MAX);
	close(fd);
	container_close(&c);
}

static int stay(void *ready)
{
	char c;

	if (read(((int *)ready)[0], &c, 1) == 1 && c == 'x')
		execl("/proc/self/exe", "refs", "stay", NULL);
	_exit(0);
}

/*
 * A child has its parent's memory until it execs, as from vfork() or posix_spawn(), or ends.  From
 * then on nothing of that memory is told as the child's, though it lives on.
 */
static void test_shared_mm(void)
{
	static char stack[64 * 1024] __attribute__((aligned(16))), text[TEXT_MAX];
	const char *const how[] = { "execs", "ends" };
	unsigned int i, n;
	char name[128];

	for (i = 0; i < 2; i++) {
		int fd = module_open(WALK, O_RDWR), go[2];
		bool begun, ok;
		pid_t pid;

		/* As many runs as pages again, after what was forked: more than one piece */
		for (n = 0; n < PAGES; n += 2)
			area[n * PAGE] = 1;
		if (pipe(go))
			bail_out("pipe: %s", strerror(errno));
		pid = clone(stay, stack + sizeof(stack), CLONE_VM | SIGCHLD, go);
		if (pid < 0)
			bail_out("clone: %s", strerror(errno));
		ok = !ask_text(fd, pid, PAGES) && read(fd, text, 700) == 700;
		begun = write(go[1], i ? "e" : "x", 1) == 1;
		/* An exec is done when its mapping of our area is gone; who ended is a zombie. */
		snprintf(name, sizeof(name), "/proc/%d/cmdline", pid);
		for (n = 0; begun && n < 5000; n++) {
			int cmdline = open(name, O_RDONLY | O_CLOEXEC);
			ssize_t have = cmdline < 0 ? -1 : read(cmdline, text, 100);

			close(cmdline);
			if (i ? !have : have == 10 && !memcmp(text, "refs\0stay", 10))
				break;
			nap(1000);
		}
		ok &= n < 5000 && read_rest(fd, text, 0) == -ESRCH;
		ok &= lseek(fd, 0, SEEK_SET) == 0 && read_rest(fd, text, 0) == -ESRCH;
		snprintf(name, sizeof(name), "a process %s, its memory lives on: no text of it",
			 how[i]);
		result(ok, "%s", name);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(go[0]);
		close(go[1]);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "stay"))
		for (;;)
			pause();
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 10);
	if (argc < 2 || argc > 3 || !rounds) {
		fprintf(stderr, "usage: refs BDF [ROUNDS]\n");
		return 2;
	}
	bdf = argv[1];
	limit_time(LIMIT_SECONDS);
	workers_init();
	area = make_area();
	ktap_plan(NR_FORMS + 2 + 2 + 3 + 5 + 2);
	test_places();
	test_text_goes_on();
	test_killed_reader();
	test_shared_mm();
	test_domains();
	test_processes();
	test_devices();
	return ktap_status();
}
