// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: what the kernel answers about mappings, in its log and by eventfds,
 * and what a virtio device says of itself, with one thing changed that LIE names.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>

#define REGION(offset) ((uint64_t)(offset) >> 40) /* as vfio-pci places them */

static bool lie(const char *what)
{
	const char *word = getenv("LIE");

	return word && !strcmp(word, what);
}

static bool selected;  /* the second word of virtio's features */
static bool was_reset; /* the device's function, or its bus */
static int msi_event = -1;

ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
	uint32_t v = 0;

	if (size == sizeof(v) && REGION(offset) == 4) {
		memcpy(&v, buf, sizeof(v));
		selected = v == 1;
	}
	return real(fd, buf, size, offset);
}

static void set32(void *buf, uint32_t v)
{
	memcpy(buf, &v, sizeof(v));
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	ssize_t n = real(fd, buf, size, offset);
	uint8_t *b = buf, i;

	if (n == 4 && REGION(offset) == 4 && selected) {
		if (lie("virtio-error")) {
			errno = EIO;
			return -1;
		}
		if (lie("virtio-ones"))
			set32(buf, ~0U);
		if (lie("virtio-zero"))
			set32(buf, 0);
		if (lie("virtio-past"))
			b[0] &= ~2;
	}
	/* A common configuration that has no room for its first two registers */
	if (n >= 256 && REGION(offset) == VFIO_PCI_CONFIG_REGION_INDEX && lie("virtio-cap"))
		for (i = b[0x34]; i >= 0x40 && i <= 240; i = b[i + 1])
			if (b[i] == 9 && b[i + 3] == 1)
				set32(b + i + 12, 4);
	if (n >= 64 && REGION(offset) == VFIO_PCI_CONFIG_REGION_INDEX && was_reset &&
	    lie("reset-gone"))
		memset(buf, 0xff, n);
	return n;
}

/* A container has calls of the same numbers. */
static bool is_device(int fd)
{
	char path[64], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, "device");
}

static bool link_has(int fd, const char *word)
{
	char path[64], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, word);
}

/* Puts @with where @word is in what was read; both are as long. */
static void swap(char *buf, size_t n, const char *word, const char *with)
{
	char *at = memmem(buf, n, word, strlen(word));

	if (at)
		memcpy(at, with, strlen(with));
}

/* Once an eventfd was read it has one event more. */
static void one_more(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

ssize_t read(int fd, void *buf, size_t size)
{
	ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
	ssize_t n = real(fd, buf, size);
	uint64_t count;

	if (n == sizeof(count) && size == sizeof(count) && link_has(fd, "eventfd")) {
		memcpy(&count, buf, sizeof(count));
		count += lie("event-twice");
		memcpy(buf, &count, sizeof(count));
		if (lie("event-late") && fd == msi_event) {
			msi_event = -1;
			one_more(fd);
		}
	}
	/* The faults of another device, and of this one elsewhere */
	if (n > 0 && lie("log-device") && link_has(fd, "kmsg"))
		swap(buf, n, "[00:01.0]", "[00:02.0]");
	if (n > 0 && lie("log-address") && link_has(fd, "kmsg")) {
		swap(buf, n, "addr 0x4000", "addr 0x7000");
		swap(buf, n, "addr 0x5000", "addr 0x8000");
	}
	return n;
}

/* The eventfd that MSI gets */
static void note_event(const struct vfio_irq_set *set)
{
	/* Elsewhere the data may be memory that cannot be read. */
	if (lie("event-late") && set->index == VFIO_PCI_MSI_IRQ_INDEX &&
	    set->flags & VFIO_IRQ_SET_DATA_EVENTFD && set->count == 1)
		memcpy(&msi_event, set->data, sizeof(msi_event));
}

typedef int (*ioctl_fn)(int, unsigned long, void *);

static int other_errno(int ret, int is, int becomes)
{
	if (ret && errno == is)
		errno = becomes;
	return ret;
}

/* VFIO_IOMMU_MAP_DMA, of a container */
static int lie_map(ioctl_fn real, int fd, struct vfio_iommu_type1_dma_map *map)
{
	struct vfio_iommu_type1_dma_map more;
	const bool page = map->flags == VFIO_DMA_MAP_FLAG_READ && map->size == 4096;
	int ret;

	if (lie("map-writable") && page)
		map->flags |= VFIO_DMA_MAP_FLAG_WRITE;
	ret = real(fd, VFIO_IOMMU_MAP_DMA, map);
	if (lie("map-more") && page && !ret) {
		more = *map;
		more.flags |= VFIO_DMA_MAP_FLAG_WRITE;
		more.iova += more.size;
		real(fd, VFIO_IOMMU_MAP_DMA, &more);
	}
	if (lie("map-errno"))
		return other_errno(ret, EINVAL, ENOMEM);
	if (lie("map-exists"))
		return other_errno(ret, EEXIST, EBUSY);
	if (lie("map-fault"))
		return other_errno(ret, EFAULT, EINVAL);
	return lie("map-taken") ? 0 : ret;
}

static int lie_unmap(ioctl_fn real, int fd, struct vfio_iommu_type1_dma_unmap *unmap)
{
	int ret = real(fd, VFIO_IOMMU_UNMAP_DMA, unmap);

	if (!ret && lie("unmap-size"))
		unmap->size += 4096;
	if (lie("unmap-errno"))
		return other_errno(ret, EINVAL, ENOENT);
	return lie("unmap-taken") ? 0 : ret;
}

/* iommufd: ';' 0x85 and 0x86 */
static int lie_iommufd(int ret, unsigned long request)
{
	const bool map = request == 0x3b85;

	if (lie("iommufd-errno"))
		return other_errno(ret, map ? EINVAL : ENOENT, EBUSY);
	if (lie("iommufd-overflow"))
		return other_errno(ret, EOVERFLOW, EINVAL);
	return lie("iommufd-taken") ? 0 : ret;
}

int ioctl(int fd, unsigned long request, ...)
{
	ioctl_fn real = (ioctl_fn)dlsym(RTLD_NEXT, "ioctl");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (is_device(fd) && request == VFIO_DEVICE_SET_IRQS)
		note_event(arg);
	if (is_device(fd) && request == VFIO_DEVICE_RESET && lie("reset-locked")) {
		errno = EAGAIN;
		return -1;
	}
	if (is_device(fd) && request == VFIO_DEVICE_GET_IRQ_INFO &&
	    ((struct vfio_irq_info *)arg)->index == VFIO_PCI_MSI_IRQ_INDEX && lie("irq-info")) {
		errno = EIO;
		return -1;
	}
	if (is_device(fd))
		was_reset = was_reset || request == VFIO_DEVICE_RESET ||
			    request == VFIO_DEVICE_PCI_HOT_RESET;
	else if (request == VFIO_IOMMU_MAP_DMA)
		return lie_map(real, fd, arg);
	else if (request == VFIO_IOMMU_UNMAP_DMA)
		return lie_unmap(real, fd, arg);
	else if (request == 0x3b85 || request == 0x3b86)
		return lie_iommufd(real(fd, request, arg), request);
	return real(fd, request, arg);
}
