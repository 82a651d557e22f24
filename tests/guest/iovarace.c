// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about IOMMU domains that come, change and go: root, in the guest, module loaded,
 * two devices on vfio-pci, each alone in its IOMMU group.
 *
 *	iovarace SECONDS WILD-BDF STILL-BDF
 *
 * Processes open the wild device through VFIO, map, unmap, and close again in every order, or
 * die with everything open, while their own threads ask the module what its domain has, and
 * another process unbinds and binds it.  One process holds the still device all the time: a
 * set of its pages stays mapped, and every answer must have them, whatever its threads map
 * and unmap between them.
 *
 * What an IOVA may be mapped to is fixed for each process: one page of its own, which stays
 * where it is, and whose frame pagemap told once. So an answer is that frame, or none; any
 * other frame was read from a table that was not one any more.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
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
#include "workers.h"

/*
 * Two areas of IOVAs: of huge pages, so that the IOMMU has some too, and small tables in their
 * place where only a part is mapped; and of pages that lie anywhere.  Each IOVA of an area is
 * that of one page of its pool, again and again.
 */
#define POOL	   (8 * MIB)
#define POOL_PAGES (POOL / PAGE)
#define AREA	   (64 * MIB)
#define NR_AREAS   2
#define AREA_AT(n) (64 * MIB + (n)*UINT64_C(0x40000000))

/* The pages of the still device that stay: every third of what follows each AREA_AT() */
#define STILL_PAGES 384

#define NR_ASKERS   2 /* threads of each process */
#define MAX_RECORDS 512
#define MAX_MAPS    64
#define TEXT_SIZE   (256 * 1024)

/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 4

enum {
	LIFE_V1,
	LIFE_V2,
	MAP_ONE,
	MAP_HUGE,
	MAP_MORE,
	UNMAP_WHOLE,
	UNMAP_SEVERAL,
	UNMAP_PART_V1,
	UNMAP_PART_V2,
	CLOSE_CGD,
	CLOSE_CDG,
	CLOSE_GCD,
	CLOSE_GDC,
	CLOSE_DCG,
	CLOSE_DGC,
	UNSET,
	UNSET_BUSY,
	END_EXIT,
	END_KILL,
	DID_UNBIND,
	DID_BIND,
	ASK_IOCTL,
	ASK_TEXT,
	ASK_CHILD,
	SAW_MAPPED,
	SAW_NONE,
	SAW_NO_FILE,
	SAW_NO_DOMAIN,
	SAW_STILL,
	SAW_COME,
	SAW_GONE,
	ASK_STRANGER,
	NR_COUNTS
};

static const struct count_row counts[NR_COUNTS] = {
	[LIFE_V1] = { "containers of type 1", false },
	[LIFE_V2] = { "containers of type 1v2", false },
	[MAP_ONE] = { "a page mapped", false },
	[MAP_HUGE] = { "2 MiB mapped, aligned", false },
	[MAP_MORE] = { "some other length mapped", false },
	[UNMAP_WHOLE] = { "a mapping unmapped", false },
	[UNMAP_SEVERAL] = { "all mappings unmapped at once", false },
	[UNMAP_PART_V1] = { "a part unmapped, type 1", false },
	[UNMAP_PART_V2] = { "a part not unmapped, type 1v2", false },
	[CLOSE_CGD] = { "closed: container, group, device", false },
	[CLOSE_CDG] = { "closed: container, device, group", false },
	[CLOSE_GCD] = { "closed: group, container, device", false },
	[CLOSE_GDC] = { "closed: group, device, container", false },
	[CLOSE_DCG] = { "closed: device, container, group", false },
	[CLOSE_DGC] = { "closed: device, group, container", false },
	[UNSET] = { "UNSET_CONTAINER", false },
	[UNSET_BUSY] = { "UNSET_CONTAINER of a device in use: EBUSY", false },
	[END_EXIT] = { "a process exited with all open", false },
	[END_KILL] = { "a process killed with all open", false },
	[DID_UNBIND] = { "unbind", false },
	[DID_BIND] = { "bind", false },
	[ASK_IOCTL] = { "asked by ioctl", false },
	[ASK_TEXT] = { "asked as text", false },
	[ASK_CHILD] = { "asked by a child with inherited files", false },
	[SAW_MAPPED] = { "answers with pages of the wild device", false },
	[SAW_NONE] = { "answers with none of its pages", false },
	[SAW_NO_FILE] = { "answers: no VFIO file (EBADF)", false },
	[SAW_NO_DOMAIN] = { "answers: no domain (ENOENT)", true },
	[SAW_STILL] = { "answers with the pages that stay", false },
	[SAW_COME] = { "a page between them mapped", false },
	[SAW_GONE] = { "a page between them not mapped", false },
	[ASK_STRANGER] = { "a process without the device told nothing", false },
};

enum { BAD_FRAME, BAD_STILL, BAD_END, BAD_RECORDS, BAD_STRANGER, BAD_VFIO, BAD_WORKER, NR_BAD };

static const char *const bad_name[NR_BAD] = {
	[BAD_FRAME] = "no frame but the one that the IOVA had",
	[BAD_STILL] = "the pages that stay were in every answer",
	[BAD_END] = "every question ended as it may",
	[BAD_RECORDS] = "every answer was whole and in order",
	[BAD_STRANGER] = "nobody without the device's file was told",
	[BAD_VFIO] = "VFIO did what was asked",
	[BAD_WORKER] = "nobody hung or died",
};

static const char *wild_bdf, *still_bdf;

/* The pools of this process, and the frame of each of their pages */

static char *pool[NR_AREAS];
static uint64_t frame[NR_AREAS][POOL_PAGES];

static void pools_init(void)
{
	unsigned int a;

	for (a = 0; a < NR_AREAS; a++) {
		int flags = MAP_PRIVATE | MAP_ANONYMOUS | (a ? 0 : MAP_HUGETLB);

		pool[a] = mmap(NULL, POOL, RW, flags, -1, 0);
		if (pool[a] == MAP_FAILED)
			bail_out("%s pool: mmap: %s", a ? "small" : "huge", strerror(errno));
		madvise(pool[a], POOL, MADV_DONTFORK);
		if (a)
			madvise(pool[a], POOL, MADV_NOHUGEPAGE);
		if (mlock(pool[a], POOL))
			bail_out("mlock: %s", strerror(errno));
		memset(pool[a], 1, POOL);
		read_frames(pool[a], frame[a], POOL_PAGES);
	}
}

static bool in_area(uint64_t iova, unsigned int a)
{
	return iova >= AREA_AT(a) && iova < AREA_AT(a) + AREA;
}

/* The frame that @iova has where it is mapped; 0 where it never is */
static uint64_t frame_of(uint64_t iova)
{
	unsigned int a;

	for (a = 0; a < NR_AREAS; a++)
		if (in_area(iova, a))
			return frame[a][(iova - AREA_AT(a)) / PAGE % POOL_PAGES] + iova % PAGE;
	return 0;
}

/* Of the still device: a page that stays, or one between them, or far away */
enum place { FAR, STAYS, BETWEEN };

static enum place place_of(uint64_t iova)
{
	unsigned int a;

	for (a = 0; a < NR_AREAS; a++)
		if (in_area(iova, a) && iova - AREA_AT(a) < STILL_PAGES * PAGE)
			return (iova - AREA_AT(a)) / PAGE % 3 ? BETWEEN : STAYS;
	return FAR;
}

/* VFIO */

struct vfio {
	int container, group, device;
	int type;
};

static struct vfio vfio = { -1, -1, -1, 0 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* An error that a device on its way out, or still busy with its last user, may give. */
static bool passing(int no)
{
	return no == EBUSY || no == ENODEV || no == ENOENT || no == EPERM || no == EIO ||
	       no == EINVAL;
}

/* False, with all closed again: not now */
static bool vfio_open(const char *bdf, int type)
{
	char path[96], link[96];
	const char *what = "the group's number";
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		goto failed;
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	what = path;
	vfio.group = open(path, O_RDWR | O_CLOEXEC);
	if (vfio.group < 0)
		goto failed;
	what = "/dev/vfio/vfio";
	vfio.container = open(what, O_RDWR | O_CLOEXEC);
	if (vfio.container < 0)
		goto failed;
	what = "SET_CONTAINER";
	if (ioctl(vfio.group, VFIO_GROUP_SET_CONTAINER, &vfio.container))
		goto failed;
	what = "SET_IOMMU";
	if (ioctl(vfio.container, VFIO_SET_IOMMU, type))
		goto failed;
	what = "GET_DEVICE_FD";
	vfio.device = ioctl(vfio.group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (vfio.device < 0)
		goto failed;
	vfio.type = type;
	return true;

failed:
	if (!passing(errno))
		bad(BAD_VFIO, "%s: %s: %s", bdf, what, error_name(errno));
	close_fd(&vfio.device);
	close_fd(&vfio.group);
	close_fd(&vfio.container);
	return false;
}

static int dma_map(uint64_t iova, uint64_t len)
{
	unsigned int a = in_area(iova, 1);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)pool[a] + (iova - AREA_AT(a)) % POOL,
		.iova = iova,
		.size = len,
	};

	return ioctl(vfio.container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int dma_unmap(uint64_t iova, uint64_t len, uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	*unmapped = 0;
	if (ioctl(vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	*unmapped = unmap.size;
	return 0;
}

/* What is mapped, besides what stays; of one thread */
static struct map {
	uint64_t iova, len; /* 0: none */
} maps[MAX_MAPS];

/* @still: half of them between the pages that stay */
static void map_some(struct map *m, bool still)
{
	unsigned int a = rnd(NR_AREAS);
	uint64_t len = rnd(3) ? PAGE : rnd(2) ? MIB2 : (1 + rnd(700)) * PAGE;
	uint64_t iova = rnd(AREA / PAGE) * PAGE, left;
	int ret;

	/* The same few tables for most, so that they fill up, empty, and give way to a page. */
	if (rnd(4))
		iova %= 2 * MIB2;
	if (len == MIB2)
		iova &= ~(MIB2 - 1);
	if (still && rnd(2)) {
		iova %= STILL_PAGES * PAGE;
		len = PAGE;
	}
	left = POOL - iova % POOL;
	len = len < left ? len : left;
	iova += AREA_AT(a);
	ret = dma_map(iova, len);
	if (ret == -EEXIST)
		return; /* some of it is mapped */
	if (ret) {
		bad(BAD_VFIO, "MAP_DMA 0x%" PRIx64 " +0x%" PRIx64 ": %s", iova, len,
		    error_name(-ret));
		return;
	}
	count(len == PAGE ? MAP_ONE : len == MIB2 && !(iova % MIB2) ? MAP_HUGE : MAP_MORE);
	m->iova = iova;
	m->len = len;
}

/* @may_part: nothing is mapped that has to stay */
static void unmap_some(struct map *m, bool may_part)
{
	bool part = may_part && m->len > PAGE && !rnd(3);
	uint64_t unmapped;
	int ret = dma_unmap(m->iova, part ? PAGE : m->len, &unmapped);

	if (part && vfio.type == VFIO_TYPE1v2_IOMMU && ret == -EINVAL) {
		count(UNMAP_PART_V2);
		return;
	}
	if (part && vfio.type == VFIO_TYPE1_IOMMU && !ret) {
		/* It unmaps all of it, as it always did, or nothing. */
		count(UNMAP_PART_V1);
		if (unmapped)
			m->len = 0;
		return;
	}
	if (ret || unmapped != m->len)
		bad(BAD_VFIO, "UNMAP_DMA 0x%" PRIx64 " +0x%" PRIx64 ": %s, 0x%" PRIx64, m->iova,
		    m->len, error_name(-ret), unmapped);
	else
		count(UNMAP_WHOLE);
	m->len = 0;
}

static void unmap_all(void)
{
	uint64_t unmapped;
	int ret = dma_unmap(0, UINT64_C(1) << 38, &unmapped);

	if (ret)
		bad(BAD_VFIO, "UNMAP_DMA of all: %s", error_name(-ret));
	else
		count(UNMAP_SEVERAL);
	memset(maps, 0, sizeof(maps));
}

static void meddle(bool wild)
{
	struct map *m = &maps[rnd(MAX_MAPS)];

	if (wild && !rnd(60))
		unmap_all();
	else if (m->len)
		unmap_some(m, wild);
	else
		map_some(m, !wild);
}

/* Questions */

struct asker {
	bool still;
	int fd;
	uint32_t device;
	uint64_t start, end, at; /* asked about; at: answered so far */
	struct verify_pte_run runs[MAX_RECORDS + 1];
	char text[TEXT_SIZE];
};

/* One run of the answer; false: it is none, and told */
static bool check_run(struct asker *q, uint64_t iova, uint64_t len, uint64_t pa, bool mapped)
{
	bool seen_between = false;
	uint64_t i;

	if (iova != q->at || !len || len % PAGE || len > q->end - q->at || (!mapped && pa)) {
		bad(BAD_RECORDS,
		    "0x%" PRIx64 "-0x%" PRIx64 ": at 0x%" PRIx64 ": run 0x%" PRIx64 " +0x%" PRIx64
		    " pa 0x%" PRIx64,
		    q->start, q->end, q->at, iova, len, pa);
		return false;
	}
	q->at += len;
	for (i = 0; i < len; i += PAGE) {
		uint64_t want = frame_of(iova + i);

		if (mapped && pa + i != want)
			bad(BAD_FRAME,
			    "%s: IOVA 0x%" PRIx64 ": 0x%" PRIx64 ", its frame is 0x%" PRIx64,
			    q->still ? "still" : "wild", iova + i, pa + i, want);
		seen_between |= place_of(iova + i) == BETWEEN;
		if (q->still && !mapped && place_of(iova + i) == STAYS)
			bad(BAD_STILL, "IOVA 0x%" PRIx64 ": not mapped", iova + i);
	}
	if (!q->still)
		count(mapped ? SAW_MAPPED : SAW_NONE);
	else if (seen_between)
		count(mapped ? SAW_COME : SAW_GONE);
	return true;
}

static bool may_end_with(const struct asker *q, int no)
{
	if (!q->still && no == EBADF) {
		count(SAW_NO_FILE);
		nap(rnd(1000)); /* let it be opened */
	} else if (!q->still && no == ENOENT) {
		count(SAW_NO_DOMAIN);
	} else if (!q->still && no == EAGAIN) {
		nap(rnd(1000)); /* it got another domain in the middle of the answer */
	} else {
		return false;
	}
	return true;
}

static void ask_ioctl(struct asker *q)
{
	uint32_t i, room = rnd(3) ? MAX_RECORDS : 1 + rnd(3);

	while (q->at < q->end) {
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.device = q->device,
			.nr = room,
			.start = q->at,
			.len = q->end - q->at,
			.buf = (uintptr_t)q->runs,
		};
		uint64_t from = q->at;

		memset(&q->runs[room], 0x5a, sizeof(q->runs[0]));
		if (ioctl(q->fd, VERIFY_PTE_IOC_IOVA, &arg)) {
			if (!may_end_with(q, errno))
				bad(BAD_END, "%s: ioctl: %s", q->still ? "still" : "wild",
				    error_name(errno));
			return;
		}
		count(ASK_IOCTL);
		if (arg.nr > room || q->runs[room].len != UINT64_C(0x5a5a5a5a5a5a5a5a)) {
			bad(BAD_RECORDS, "%u records where there is room for %u", arg.nr, room);
			return;
		}
		for (i = 0; i < arg.nr; i++) {
			const struct verify_pte_run *r = &q->runs[i];

			if ((r->kind != PT_LEAF && r->kind != PT_NONE) || r->level || r->entry ||
			    r->rights || r->no_user_levels || r->reserved) {
				bad(BAD_RECORDS, "IOVA 0x%llx: kind %u, level %u, entry 0x%llx",
				    (unsigned long long)r->vaddr, r->kind, r->level,
				    (unsigned long long)r->entry);
				return;
			}
			if (!check_run(q, r->vaddr, r->len, r->pa, r->kind == PT_LEAF))
				return;
		}
		if (arg.next != q->at || q->at == from) {
			bad(BAD_RECORDS, "next 0x%llx after records up to 0x%" PRIx64,
			    (unsigned long long)arg.next, q->at);
			return;
		}
	}
	if (q->still)
		count(SAW_STILL);
}

static void ask_text(struct asker *q)
{
	const char *bdf = q->still ? still_bdf : wild_bdf;
	unsigned long long from, to, pa;
	char request[96], *line, *next;
	size_t have = 0;
	bool whole;
	ssize_t n;
	int len;

	len = snprintf(request, sizeof(request), "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, q->start,
		       q->end - q->start);
	if (write(q->fd, request, len) != len) {
		bad(BAD_END, "\"%s\": %s", request, error_name(errno));
		return;
	}
	while ((n = read(q->fd, q->text + have, TEXT_SIZE - 1 - have)) > 0)
		have += n;
	if (n < 0) {
		if (!may_end_with(q, errno))
			bad(BAD_END, "%s: text: %s", q->still ? "still" : "wild",
			    error_name(errno));
		return;
	}
	count(ASK_TEXT);
	q->text[have] = '\0';
	whole = strstr(q->text, "\ncomplete:");
	for (line = q->text; (next = strchr(line, '\n')); line = next + 1) {
		char *word = strstr(line, " pa 0x");
		bool mapped = word && word < next;

		*next = '\0';
		if (sscanf(line, "0x%llx-0x%llx", &from, &to) != 2)
			continue;
		pa = mapped ? strtoull(word + 4, NULL, 0) : 0;
		if (!check_run(q, from, to - from, pa, mapped))
			return;
	}
	if (q->at != q->end || !whole)
		bad(BAD_RECORDS, "text of 0x%" PRIx64 "-0x%" PRIx64 " ends at 0x%" PRIx64, q->start,
		    q->end, q->at);
}

static void ask(struct asker *q)
{
	static const uint64_t most[] = { 1, 16, STILL_PAGES, 3000 };
	unsigned int a = rnd(NR_AREAS);
	uint64_t near = rnd(4) ? 2 * MIB2 : AREA;

	q->start = q->at = AREA_AT(a) - 16 * PAGE + rnd(near / PAGE) * PAGE;
	q->end = q->start + (1 + rnd(most[rnd(ARRAY_SIZE(most))])) * PAGE;
	if (rnd(8))
		ask_ioctl(q);
	else
		ask_text(q);
}

static void asker_init(struct asker *q, bool still)
{
	q->still = still;
	q->device = device_number(still ? still_bdf : wild_bdf);
	q->fd = open(IOVA_FILE, O_RDWR | O_CLOEXEC);
	if (q->fd < 0)
		bail_out("%s: %s: load the module first: modprobe verify_pte", IOVA_FILE,
			 strerror(errno));
}

static void *asker_main(void *arg)
{
	struct asker *q = calloc(1, sizeof(*q));

	if (!q)
		bail_out("no memory");
	asker_init(q, arg);
	while (!stopping())
		ask(q);
	close(q->fd);
	free(q);
	return NULL;
}

static void askers_start(pthread_t *threads, bool still)
{
	unsigned int i;

	for (i = 0; i < NR_ASKERS; i++)
		if (pthread_create(&threads[i], NULL, asker_main, still ? "" : NULL))
			bail_out("pthread_create: %s", strerror(errno));
}

/* The processes */

static void still_main(void)
{
	pthread_t threads[NR_ASKERS];
	unsigned int a, i;
	int ret;

	pools_init();
	if (!vfio_open(still_bdf, VFIO_TYPE1v2_IOMMU))
		bail_out("%s: cannot be opened: %s", still_bdf, strerror(errno));
	for (a = 0; a < NR_AREAS; a++)
		for (i = 0; i < STILL_PAGES; i += 3) {
			ret = dma_map(AREA_AT(a) + i * PAGE, PAGE);
			if (ret)
				bail_out("a page that stays: MAP_DMA: %s", strerror(-ret));
		}
	askers_start(threads, true);
	while (!stopping()) {
		doing("map, unmap");
		meddle(false);
		if (!rnd(8))
			nap(rnd(3000));
	}
	for (i = 0; i < NR_ASKERS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* Has what its parent had open, not what it had mapped */
static void child_asks(void)
{
	static struct asker q;
	pid_t pid = fork();
	int i;

	if (pid < 0)
		return;
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	asker_init(&q, false);
	for (i = 0; i < 10; i++)
		ask(&q);
	count(ASK_CHILD);
	_exit(0);
}

static void close_all(void)
{
	static const struct {
		int what;
		int *fd[3];
	} orders[] = {
		{ CLOSE_CGD, { &vfio.container, &vfio.group, &vfio.device } },
		{ CLOSE_CDG, { &vfio.container, &vfio.device, &vfio.group } },
		{ CLOSE_GCD, { &vfio.group, &vfio.container, &vfio.device } },
		{ CLOSE_GDC, { &vfio.group, &vfio.device, &vfio.container } },
		{ CLOSE_DCG, { &vfio.device, &vfio.container, &vfio.group } },
		{ CLOSE_DGC, { &vfio.device, &vfio.group, &vfio.container } },
	};
	unsigned int n = rnd(ARRAY_SIZE(orders)), i, tries;

	if (!rnd(3) && ioctl(vfio.group, VFIO_GROUP_UNSET_CONTAINER) && errno == EBUSY)
		count(UNSET_BUSY);
	for (i = 0; i < 3; i++) {
		close_fd(orders[n].fd[i]);
		nap(rnd(2) ? rnd(2000) : 0);
		/* EBUSY for as long as a question holds the device's file. */
		for (tries = !i && n >= 4 ? rnd(10) : 0; tries; tries--) {
			if (!ioctl(vfio.group, VFIO_GROUP_UNSET_CONTAINER)) {
				count(UNSET);
				break;
			}
			nap(500);
		}
	}
	count(orders[n].what);
	memset(maps, 0, sizeof(maps));
}

/* One process of many lives; ends with all open, if it is not killed before. */
static void wild_one(void)
{
	pthread_t threads[NR_ASKERS];
	int lives = 1 + rnd(12);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pools_init();
	askers_start(threads, false);
	while (!stopping()) {
		int type = rnd(2) ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU, n = rnd(150);

		doing("open");
		if (!vfio_open(wild_bdf, type)) {
			nap(2000);
			continue;
		}
		count(type == VFIO_TYPE1_IOMMU ? LIFE_V1 : LIFE_V2);
		while (n-- && !stopping()) {
			doing("map, unmap");
			meddle(true);
			if (!rnd(200))
				child_asks();
		}
		if (!--lives)
			break;
		doing("close");
		close_all();
	}
	if (!lives && rnd(2)) {
		count(END_EXIT);
		_exit(0);
	}
	if (!lives) {
		count(END_KILL);
		kill(getpid(), SIGKILL);
	}
	_exit(0);
}

static void wild_main(void)
{
	int status;

	while (!stopping()) {
		pid_t pid;

		doing("fork");
		pid = fork();
		if (pid < 0)
			bail_out("fork: %s", strerror(errno));
		if (!pid)
			wild_one();
		if (waitpid(pid, &status, 0) == pid && status && status != SIGKILL)
			bad(BAD_WORKER, "wild: ended with status 0x%x", status);
	}
	_exit(0);
}

static bool tell_driver(const char *file, const char *bdf)
{
	char path[96];
	bool told;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	told = fd >= 0 && write(fd, bdf, strlen(bdf)) == (ssize_t)strlen(bdf);
	if (!told)
		bad(BAD_VFIO, "%s: %s: %s", path, bdf, error_name(errno));
	if (fd >= 0)
		close(fd);
	return told;
}

/* An unbind waits for the device to be closed; nobody gets it anew meanwhile. */
static void binder_main(void)
{
	while (!stopping()) {
		doing("nap");
		nap(rnd(1000000));
		doing("unbind");
		if (tell_driver("drivers/vfio-pci/unbind", wild_bdf))
			count(DID_UNBIND);
		doing("bind");
		nap(rnd(30000));
		if (tell_driver("drivers/vfio-pci/bind", wild_bdf))
			count(DID_BIND);
	}
	_exit(0);
}

/* Has no VFIO file of its own */
static void stranger_main(void)
{
	static struct asker q[2];
	struct verify_pte_run run;

	asker_init(&q[0], false);
	asker_init(&q[1], true);
	while (!stopping()) {
		struct asker *one = &q[rnd(2)];
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.device = one->device,
			.nr = 1,
			.start = AREA_AT(0),
			.len = PAGE,
			.buf = (uintptr_t)&run,
		};

		doing("ask");
		if (!ioctl(one->fd, VERIFY_PTE_IOC_IOVA, &arg) || errno != EBADF)
			bad(BAD_STRANGER, "%s: %s", one->still ? "still" : "wild",
			    error_name(errno));
		else
			count(ASK_STRANGER);
		nap(1000 + rnd(5000));
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	static const struct worker_row rows[] = {
		{ "still", still_main },
		{ "wild", wild_main },
		{ "binder", binder_main },
		{ "stranger", stranger_main },
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
	char *end = NULL;
	unsigned long seconds = argc == 4 ? strtoul(argv[1], &end, 10) : 0;

	if (!seconds || *end || seconds > 100000) {
		fprintf(stderr, "usage: iovarace SECONDS WILD-BDF STILL-BDF\n");
		return 2;
	}
	wild_bdf = argv[2];
	still_bdf = argv[3];
	workers_init();
	race_plan(&race);
	race_run(&race, seconds);
	return ktap_status();
}
