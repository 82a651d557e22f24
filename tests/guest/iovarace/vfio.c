// SPDX-License-Identifier: GPL-2.0
/* The pools, and VFIO: a device opened, pages mapped and unmapped, all closed again */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base.h"
#include "iovarace.h"
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"
#include "workers.h"

/* The pools of this process, and the frame of each of their pages */

static char *pool[NR_AREAS];
static uint64_t frame[NR_AREAS][POOL_PAGES];

void pools_init(void)
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
uint64_t frame_of(uint64_t iova)
{
	unsigned int a;

	for (a = 0; a < NR_AREAS; a++)
		if (in_area(iova, a))
			return frame[a][(iova - AREA_AT(a)) / PAGE % POOL_PAGES] + iova % PAGE;
	return 0;
}

enum place place_of(uint64_t iova)
{
	unsigned int a;

	for (a = 0; a < NR_AREAS; a++)
		if (in_area(iova, a) && iova - AREA_AT(a) < STILL_PAGES * PAGE)
			return (iova - AREA_AT(a)) / PAGE % 3 ? BETWEEN : STAYS;
	return FAR;
}

/* VFIO */

struct vfio vfio = { -1, -1, -1, 0 };

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
bool vfio_open(const char *bdf, int type)
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

int dma_map(uint64_t iova, uint64_t len)
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

#define MAX_MAPS 64

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

void meddle(bool wild)
{
	struct map *m = &maps[rnd(MAX_MAPS)];

	if (wild && !rnd(60))
		unmap_all();
	else if (m->len)
		unmap_some(m, wild);
	else
		map_some(m, !wild);
}

void close_all(void)
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
