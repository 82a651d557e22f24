// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about a device that is moved between two address spaces, let go, unbound, and taken
 * out of the system: root, in the guest of a kernel with iommufd and VFIO's device nodes, module
 * loaded, the device on vfio-pci.
 *
 *	iorace SECONDS BDF
 *
 * In either address space every IOVA of a range is mapped, each to a page of its own: so an answer
 * has pages of the one, or of the other, or none, and never some of both.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
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
#include "fmt/pt_x86.h" /* the numbers of enum pt_kind; no decoding */
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"
#include "vfio/iommufd_uapi.h"
#include "workers.h"

#define PCI	    "/sys/bus/pci/"
#define IOVA	    UINT64_C(0x10000000)
#define NR_PAGES    1024
#define MAX_RECORDS (2 * NR_PAGES)
#define TEXT_MAX    (512 * 1024)
#define NR_ASKERS   2
/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 12

enum {
	DID_LIFE,
	DID_MOVE,
	DID_DETACH,
	DID_EXIT,
	DID_UNBIND,
	DID_REMOVE,
	ASK_IOCTL,
	ASK_PARTS,
	ASK_TEXT,
	ASK_UNBOUND,
	SAW_FIRST,
	SAW_SECOND,
	SAW_NEITHER,
	SAW_FILLED,
	SAW_MOVED,
	SAW_NO_DOMAIN,
	SAW_NO_FILE,
	NR_COUNTS
};

static const struct count_row counts[NR_COUNTS] = {
	[DID_LIFE] = { "the device opened and bound to an iommufd", false },
	[DID_MOVE] = { "moved to the other address space", false },
	[DID_DETACH] = { "detached", false },
	[DID_EXIT] = { "a process ended with all open", false },
	[DID_UNBIND] = { "unbound and bound", false },
	[DID_REMOVE] = { "removed and found again", false },
	[ASK_IOCTL] = { "asked by ioctl", false },
	[ASK_PARTS] = { "asked by several ioctls", false },
	[ASK_TEXT] = { "asked as text", false },
	[ASK_UNBOUND] = { "nothing told of a node bound to no iommufd", false },
	[SAW_FIRST] = { "answers with the first address space", false },
	[SAW_SECOND] = { "answers with the second", false },
	[SAW_NEITHER] = { "answers with nothing mapped", true },
	[SAW_FILLED] = { "answers with one that was being filled", true },
	[SAW_MOVED] = { "ended with EAGAIN", true },
	[SAW_NO_DOMAIN] = { "ended with ENOENT", true },
	[SAW_NO_FILE] = { "ended with EBADF or ENODEV", false },
};

enum { BAD_MIXED, BAD_FRAME, BAD_RECORDS, BAD_END, BAD_VFIO, BAD_WORKER, NR_BAD };

static const char *const bad_name[NR_BAD] = {
	[BAD_MIXED] = "no answer out of both address spaces",
	[BAD_FRAME] = "no frame but those that the IOVA had",
	[BAD_RECORDS] = "every answer is whole and in order",
	[BAD_END] = "every question ended as it may",
	[BAD_VFIO] = "VFIO did what was asked",
	[BAD_WORKER] = "nobody hung or died",
};

static const char *bdf;
static char *pool[2]; /* of each address space; shared, so that a frame is the same for all */
static uint64_t frame[2][NR_PAGES];

struct asker {
	int fd;
	uint64_t at;
	unsigned int seen[3]; /* pages of the first, the second, of none */
	struct verify_pte_run runs[MAX_RECORDS];
	char text[TEXT_MAX + 1];
};

static bool check_run(struct asker *q, uint64_t iova, uint64_t len, uint64_t pa, bool mapped)
{
	uint64_t page;

	if (iova != q->at || !len || iova + len > IOVA + NR_PAGES * PAGE) {
		bad(BAD_RECORDS, "0x%" PRIx64 "+0x%" PRIx64 " at 0x%" PRIx64, iova, len, q->at);
		return false;
	}
	for (; len; q->at += PAGE, len -= PAGE, pa += PAGE) {
		page = (q->at - IOVA) / PAGE;
		if (!mapped)
			q->seen[2]++;
		else if (pa == frame[0][page])
			q->seen[0]++;
		else if (pa == frame[1][page])
			q->seen[1]++;
		else
			bad(BAD_FRAME, "page %" PRIu64 ": 0x%" PRIx64, page, pa);
	}
	return true;
}

static unsigned int answered; /* by the askers of this process */

static void check_whole(const struct asker *q, const char *what)
{
	__atomic_fetch_add(&answered, 1, __ATOMIC_RELAXED);
	if (q->at != IOVA + NR_PAGES * PAGE)
		bad(BAD_RECORDS, "%s: ends at 0x%" PRIx64, what, q->at);
	else if (q->seen[0] == NR_PAGES)
		count(SAW_FIRST);
	else if (q->seen[1] == NR_PAGES)
		count(SAW_SECOND);
	else if (q->seen[2] == NR_PAGES)
		count(SAW_NEITHER);
	else if (!q->seen[0] || !q->seen[1])
		count(SAW_FILLED); /* the kernel attaches a new domain first, and fills it then */
	else
		bad(BAD_MIXED, "%s: %u pages of the first, %u of the second, %u not mapped", what,
		    q->seen[0], q->seen[1], q->seen[2]);
}

static void ended_with(int no, const char *what)
{
	if (no == EAGAIN)
		count(SAW_MOVED);
	else if (no == ENOENT)
		count(SAW_NO_DOMAIN);
	else if (no == EBADF || no == ENODEV)
		count(SAW_NO_FILE);
	else if (no != EINTR)
		bad(BAD_END, "%s: %s", what, error_name(no));
	if (no == EBADF || no == ENODEV)
		nap(rnd(1000));
}

/* About what is not answered yet */
static struct verify_pte_walk question(struct asker *q, uint32_t room)
{
	struct verify_pte_walk arg;

	memset(&arg, 0, sizeof(arg));
	arg.argsz = sizeof(arg);
	arg.device = device_number(bdf);
	arg.nr = room;
	arg.start = q->at;
	arg.len = IOVA + NR_PAGES * PAGE - q->at;
	arg.buf = (uintptr_t)q->runs;
	return arg;
}

/* In one call, or in several of one answer */
static void ask_ioctl(struct asker *q)
{
	const uint32_t room = rnd(2) ? MAX_RECORDS : 50 + rnd(400);
	struct verify_pte_walk arg;
	unsigned int parts;
	uint32_t i, answer = 0;
	int ret;

	for (parts = 0; q->at < IOVA + NR_PAGES * PAGE; parts++) {
		const uint64_t at = q->at;

		arg = question(q, room);
		arg.answer = answer;
		ret = ioctl(q->fd, VERIFY_PTE_IOC_IOVA, &arg) ? errno : 0;
		if (ret) {
			ended_with(ret, parts ? "ioctl, a later part" : "ioctl");
			return;
		}
		for (i = 0; i < arg.nr; i++)
			if (!check_run(q, q->runs[i].vaddr, q->runs[i].len, q->runs[i].pa,
				       q->runs[i].kind == PT_LEAF))
				return;
		if (arg.next != q->at || q->at == at) {
			bad(BAD_RECORDS, "next 0x%llx, records up to 0x%" PRIx64,
			    (unsigned long long)arg.next, q->at);
			return;
		}
		answer = arg.answer;
	}
	count(parts > 1 ? ASK_PARTS : ASK_IOCTL);
	check_whole(q, "ioctl");
}

static void ask_text(struct asker *q)
{
	unsigned long long from, to;
	char request[96], *line = q->text, *next, *word;
	bool whole = false;
	size_t have = 0;
	ssize_t n;
	int len;

	len = snprintf(request, sizeof(request), "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, IOVA,
		       NR_PAGES * PAGE);
	n = write(q->fd, request, len);
	while (n > 0 && have < TEXT_MAX) {
		n = read(q->fd, q->text + have, TEXT_MAX - have);
		have += n > 0 ? n : 0;
	}
	if (n < 0) {
		ended_with(errno, "text");
		return;
	}
	count(ASK_TEXT);
	q->text[have] = '\0';
	for (; (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		whole |= !strncmp(line, "complete:", 9);
		if (sscanf(line, "0x%llx-0x%llx", &from, &to) != 2)
			continue;
		word = strstr(line, " pa 0x");
		if (!check_run(q, from, to - from, word ? strtoull(word + 4, NULL, 0) : 0, word))
			return;
	}
	if (whole)
		check_whole(q, "text");
	else
		bad(BAD_RECORDS, "a text that does not end");
}

static void *asker_main(void *arg)
{
	struct asker *q = calloc(1, sizeof(*q));

	if (!q)
		bail_out("no memory");
	q->fd = open(IOVA_FILE, O_RDWR | O_CLOEXEC);
	if (q->fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", IOVA_FILE,
			 strerror(errno));
	while (!stopping()) {
		q->at = IOVA;
		memset(q->seen, 0, sizeof(q->seen));
		if (rnd(5))
			ask_ioctl(q);
		else
			ask_text(q);
	}
	return arg;
}

/* The node of the device; -1 while it has none */
static int open_node(void)
{
	char path[300];
	struct dirent *d;
	DIR *dir;
	int fd = -1;

	snprintf(path, sizeof(path), PCI "devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (!strncmp(d->d_name, "vfio", 4)) {
			snprintf(path, sizeof(path), "/dev/vfio/devices/%s", d->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
	if (dir)
		closedir(dir);
	return fd;
}

static bool make_space(int iommufd, unsigned int n, uint32_t *id)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
		.user_va = (uintptr_t)pool[n],
		.length = NR_PAGES * PAGE,
		.iova = IOVA,
	};

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		return false;
	map.ioas_id = *id = alloc.out_ioas_id;
	return !ioctl(iommufd, IOMMU_IOAS_MAP, &map);
}

/* Now and then the device stays for as long as it takes to be asked about. */
static void stay(void)
{
	const unsigned int before = __atomic_load_n(&answered, __ATOMIC_RELAXED);
	unsigned int n;

	for (n = 0; n < 400 && !stopping(); n++) {
		if (__atomic_load_n(&answered, __ATOMIC_RELAXED) - before > NR_ASKERS)
			return;
		nap(5000);
	}
}

/* From open to close; false where the device cannot be had now */
static bool life(void)
{
	static struct asker q;
	static unsigned int lives;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };
	struct verify_pte_walk arg;
	int fd = open_node(), iommufd, n = 10 + rnd(20);
	uint32_t id[2];
	bool ok;

	if (fd < 0)
		return false;
	/* Bound to nothing: what is behind it is the kernel's own. */
	q.fd = open(IOVA_FILE, O_RDWR | O_CLOEXEC);
	q.at = IOVA;
	arg = question(&q, MAX_RECORDS);
	if (q.fd < 0 || !ioctl(q.fd, VERIFY_PTE_IOC_IOVA, &arg))
		bad(BAD_END, "a node bound to no iommufd: answered");
	else
		count(ASK_UNBOUND);
	close(q.fd);
	iommufd = open(IOMMUFD_PATH, O_RDWR | O_CLOEXEC);
	bind.iommufd = iommufd;
	ok = iommufd >= 0 && !ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (ok && !(make_space(iommufd, 0, &id[0]) && make_space(iommufd, 1, &id[1]))) {
		bad(BAD_VFIO, "an address space: %s", strerror(errno));
		ok = false;
	}
	if (ok)
		count(DID_LIFE);
	for (; ok && n && !stopping(); n--) {
		doing("move");
		attach.pt_id = id[n % 2];
		if (ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach)) {
			bad(BAD_VFIO, "attach: %s", strerror(errno));
			break;
		}
		count(DID_MOVE);
		if (rnd(4))
			nap(rnd(4) ? rnd(3000) : rnd(30000));
		else
			stay();
		if (!rnd(20) && !ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach)) {
			count(DID_DETACH);
			nap(rnd(2000));
		}
	}
	if (ok && ++lives == 2) {
		count(DID_EXIT);
		_exit(0);
	}
	if (rnd(2)) {
		close(fd);
		close(iommufd);
	} else {
		close(iommufd);
		close(fd);
	}
	return true;
}

static void owner_lives(void)
{
	pthread_t thread;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < NR_ASKERS; i++)
		if (pthread_create(&thread, NULL, asker_main, NULL))
			bail_out("pthread_create: %s", strerror(errno));
	while (!stopping()) {
		doing("live");
		if (!life())
			nap(3000);
		else
			nap(rnd(20000)); /* whoever waits for the device gets it */
	}
	_exit(0);
}

static void owner_main(void)
{
	int status;

	while (!stopping()) {
		pid_t pid = fork();

		if (pid < 0)
			bail_out("fork: %s", strerror(errno));
		if (!pid)
			owner_lives();
		if (waitpid(pid, &status, 0) == pid && status)
			bad(BAD_WORKER, "owner: ended with status 0x%x", status);
	}
}

static void want(const char *file, const char *word)
{
	int ret = tell(file, word);

	if (ret)
		bad(BAD_VFIO, "%s: %s: %s", file, word, error_name(-ret));
}

static void remover_main(void)
{
	char path[128], override[128];

	snprintf(path, sizeof(path), PCI "devices/%s/remove", bdf);
	snprintf(override, sizeof(override), PCI "devices/%s/driver_override", bdf);
	while (!stopping()) {
		doing("nap");
		nap(rnd(600000));
		if (rnd(2)) {
			doing("unbind");
			want(PCI "drivers/vfio-pci/unbind", bdf);
			nap(rnd(20000));
			doing("bind");
			want(PCI "drivers/vfio-pci/bind", bdf);
			count(DID_UNBIND);
		} else {
			doing("remove");
			want(path, "1");
			nap(rnd(20000));
			doing("rescan");
			want(PCI "rescan", "1");
			want(override, "vfio-pci");
			want(PCI "drivers_probe", bdf);
			count(DID_REMOVE);
		}
	}
}

/*
 * Every other page of one file each: where the kernel gave it frames that follow one another, those
 * of a pool still do not, and an answer about it has as many runs as pages.
 */
static void make_pools(void)
{
	int fd = memfd_create("iorace", MFD_CLOEXEC);
	unsigned int n, i;

	if (fd < 0 || ftruncate(fd, 2 * NR_PAGES * PAGE) ||
	    fallocate(fd, 0, 0, 2 * NR_PAGES * PAGE))
		bail_out("memfd: %s", strerror(errno));
	for (n = 0; n < 2; n++) {
		pool[n] =
			mmap(NULL, NR_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (i = 0; pool[n] != MAP_FAILED && i < NR_PAGES; i++)
			if (mmap(pool[n] + i * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
				 (2 * i + n) * PAGE) == MAP_FAILED)
				bail_out("mmap: %s", strerror(errno));
		if (pool[n] == MAP_FAILED || mlock(pool[n], NR_PAGES * PAGE))
			bail_out("no memory: %s", strerror(errno));
		memset(pool[n], 1, NR_PAGES * PAGE);
		read_frames(pool[n], frame[n], NR_PAGES);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct worker_row rows[] = {
		{ "owner", owner_main },
		{ "remover", remover_main },
	};
	const struct race race = {
		.rows = rows,
		.nr_rows = ARRAY_SIZE(rows),
		.counts = counts,
		.nr_counts = NR_COUNTS,
		.bad_name = bad_name,
		.nr_bad = NR_BAD,
		.more_time = MORE_TIME,
	};
	const unsigned long seconds = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	if (!seconds || seconds > 100000) {
		fprintf(stderr, "usage: iorace SECONDS BDF\n");
		return 2;
	}
	bdf = argv[2];
	workers_init();
	make_pools();
	race_plan(&race);
	race_run(&race, seconds);
	return ktap_status();
}
