// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: mappings that are not what was asked for, and an NVMe controller
 * that is not what it is, as LIE names it.
 *
 * swap=P,Q: pages P and Q of the buffer are each mapped for the other's IOVA; alias=P,Q: P's is
 * Q's too; read-only=P: the device may only read page P.  (Intel's IOMMU has none that may only
 * be written: Linux sets the bit to read with each.)
 *
 * kill=N: the N-th write to one of its registers is not made any more.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#define REGION(offset) ((uint64_t)(offset) >> 40) /* as vfio-pci places them */
#define PAGE	       4096ULL
#define BUFFER	       0x100000 /* the size that is lied about */
#define OWN_PAGES      134	/* the driver's own memory */
#define OWN_DATA       5	/* and the page there that Identify goes to */
#define NVME_CC	       0x14
#define NVME_CSTS      0x1c
#define ADMIN_CQ_HEAD  0x1004
#define IO_SQ_TAIL     0x1008

typedef int (*ioctl_fn)(int, unsigned long, void *);

static unsigned char *own;
static bool silent;

static const char *lie(const char *what)
{
	const char *word = getenv("LIE");
	size_t len = strlen(what);

	return word && !strncmp(word, what, len) && (!word[len] || word[len] == '=') ? word + len
										     : NULL;
}

/* One page of the buffer, at the IOVA of page @at */
static int map_page(ioctl_fn real, int fd, const struct vfio_iommu_type1_dma_map *all,
		    uint64_t page, uint64_t at, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = *all;

	map.vaddr += page * PAGE;
	map.iova += at * PAGE;
	map.size = PAGE;
	map.flags = flags;
	return real(fd, VFIO_IOMMU_MAP_DMA, &map);
}

static int map_lied(ioctl_fn real, int fd, const struct vfio_iommu_type1_dma_map *all)
{
	unsigned long p = ~0UL, q = ~0UL, i;
	uint32_t flags = all->flags, other = flags;
	const char *swap = lie("swap"), *alias = lie("alias");
	const char *one = lie("read-only");

	if (swap || alias)
		sscanf(swap ? swap : alias, "=%lu,%lu", &p, &q);
	else if (one)
		sscanf(one, "=%lu", &p);
	if (one)
		other = VFIO_DMA_MAP_FLAG_READ;
	for (i = 0; i < all->size / PAGE; i++) {
		unsigned long page = i;

		if (i == q && (swap || alias))
			page = p;
		else if (i == p && swap)
			page = q;
		if (map_page(real, fd, all, page, i, i == p ? other : flags))
			return -1;
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	ioctl_fn real = (ioctl_fn)dlsym(RTLD_NEXT, "ioctl");
	struct vfio_iommu_type1_dma_map *map;
	struct vfio_irq_set *set;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	map = arg;
	set = arg;
	if (request == VFIO_IOMMU_MAP_DMA && map->size == OWN_PAGES * PAGE)
		own = (unsigned char *)(uintptr_t)map->vaddr;
	if (request == VFIO_IOMMU_MAP_DMA && map->size == BUFFER &&
	    (lie("swap") || lie("alias") || lie("read-only")))
		return map_lied(real, fd, map);
	if (request == VFIO_DEVICE_SET_IRQS && lie("no-vectors") &&
	    set->index == VFIO_PCI_MSIX_IRQ_INDEX && set->count) {
		errno = ENOSPC;
		return -1;
	}
	return real(fd, request, arg);
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	const uint64_t reg = offset & 0xffffffffffULL;
	ssize_t n = real(fd, buf, size, offset);

	if (REGION(offset) || n != 4)
		return n;
	if (silent && lie("gone"))
		memset(buf, 0xff, n);
	if (lie("never-ready") && reg == NVME_CSTS)
		memset(buf, 0, n);
	if (own && lie("offline") && reg <= NVME_CSTS)
		memcpy(buf, &(uint32_t){ reg == NVME_CSTS ? 2 : 0 }, n);
	return n;
}

ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
	const uint64_t reg = offset & 0xffffffffffULL;
	static unsigned int answers, writes;
	const char *end = lie("kill");
	uint32_t v = 0;

	if (REGION(offset) || size != 4)
		return real(fd, buf, size, offset);
	if (end && ++writes == strtoul(end + 1, NULL, 10))
		kill(getpid(), SIGKILL);
	memcpy(&v, buf, size);
	if (reg == NVME_CC && lie("trace"))
		fprintf(stderr, "CC 0x%x\n", v);
	if (reg == IO_SQ_TAIL && lie("gone")) {
		silent = true;
		return size;
	}
	/* The first answer is Identify Controller's. */
	if (reg == ADMIN_CQ_HEAD && !answers++ && own && lie("no-compare"))
		own[OWN_DATA * PAGE + 520] &= ~1;
	return real(fd, buf, size, offset);
}
