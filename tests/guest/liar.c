// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: the kernel's answers about region 0, the config space,
 * mappings, interrupts and resets, with one thing changed that LIE names.  A tester that does
 * not see it is not one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/vfio.h>

#define REGION(offset) ((uint64_t)(offset) >> 40) /* as vfio-pci places them */

static bool was_reset;

static bool lie(const char *what)
{
	const char *word = getenv("LIE");

	return word && !strcmp(word, what);
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
	ssize_t n = real(fd, buf, size, offset);
	uint8_t *b = buf;
	static uint32_t count;

	if (n == 4 && REGION(offset) == 0 && offset == 4) {
		if (lie("pread"))
			b[0] ^= 1;
		if (lie("changing"))
			memcpy(b, &(uint32_t){ ++count }, 4);
		if (lie("read-error")) {
			errno = EIO;
			return -1;
		}
	}
	if (n == 2 && REGION(offset) == VFIO_PCI_CONFIG_REGION_INDEX && lie("with-vendor"))
		b[0] ^= 1;
	if (n >= 256 && REGION(offset) == VFIO_PCI_CONFIG_REGION_INDEX) {
		if (lie("bar"))
			b[0x12] ^= 0x10;
		if (lie("cap-cycle"))
			b[b[0x34] + 1] = b[0x34];
		if (lie("vendor"))
			b[0] ^= 1;
		if (lie("reset-config") && was_reset)
			b[0x3c] ^= 1;
		if (lie("gone"))
			memset(b, 0xff, n);
	}
	return n;
}

/* edu does as its command register is told; but not the second of two. */
ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
	static int first = -1;

	if (size == 4 && REGION(offset) == 0 && offset == 0x98) {
		if (first < 0)
			first = fd;
		if (lie("with-lost") && fd != first)
			return size;
	}
	return real(fd, buf, size, offset);
}

void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");

	if (lie("mmap") && fd >= 0 && prot == PROT_READ && flags == MAP_SHARED) {
		errno = EBUSY;
		return MAP_FAILED;
	}
	return real(addr, size, prot, flags, fd, offset);
}

/* Region 0 with a chain of @nr sparse areas; it may not fit yet. */
static void sparse(struct vfio_region_info *info, bool cycle)
{
	struct {
		struct vfio_region_info_cap_sparse_mmap head;
		struct vfio_region_sparse_mmap_area areas[2];
	} cap = {
		.head = { .header = { VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0 }, .nr_areas = 2 },
		.areas = { { 0, 0x1000 }, { 0x40000, 0x2000 } },
	};
	uint32_t room = info->argsz;

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz = sizeof(*info) + sizeof(cap);
	info->cap_offset = 0;
	if (room < info->argsz)
		return;
	info->cap_offset = sizeof(*info);
	if (cycle)
		cap.head.header.next = info->cap_offset;
	memcpy(info + 1, &cap, sizeof(cap));
}

typedef int (*ioctl_fn)(int, unsigned long, void *);

/* Does this call trigger, by NONE, so many? */
static bool triggers(const struct vfio_irq_set *set)
{
	return set->flags == (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER) && set->count;
}

/* One eventfd, and it is -1; its memory may be none. */
static bool takes_away(const struct vfio_irq_set *set)
{
	int32_t fd = 0;
	struct iovec to = { &fd, sizeof(fd) }, from = { (void *)set->data, sizeof(fd) };

	return set->flags & VFIO_IRQ_SET_DATA_EVENTFD && set->count == 1 &&
	       process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(fd) && fd == -1;
}

static int lie_set_irqs(ioctl_fn real, int fd, struct vfio_irq_set *set)
{
	const uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	int ret;

	/* Done, it says, and is not. */
	if ((lie("irq-lost") && triggers(set)) ||
	    (lie("irq-mask") && action == VFIO_IRQ_SET_ACTION_MASK && set->index == 0) ||
	    (lie("irq-unmask") && action == VFIO_IRQ_SET_ACTION_UNMASK && set->index == 0) ||
	    (lie("irq-minus") && takes_away(set)))
		return 0;
	/* By BOOL alone nobody is woken. */
	if (lie("irq-bool") && set->flags & VFIO_IRQ_SET_DATA_BOOL && set->argsz > sizeof(*set))
		set->data[0] = 0;
	if (lie("irq-vector") && triggers(set) && set->start == 1)
		set->start = 0;
	if (lie("irq-twice") && triggers(set))
		real(fd, VFIO_DEVICE_SET_IRQS, set);
	ret = real(fd, VFIO_DEVICE_SET_IRQS, set);
	if (lie("irq-taken"))
		return 0;
	if (lie("irq-errno") && ret && errno == ENOTTY)
		errno = EINVAL;
	return ret;
}

/* A container has calls of the same numbers. */
static bool is_device(int fd)
{
	char path[64], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, "device");
}

static int lie_reset(ioctl_fn real, int fd, unsigned long request, void *arg)
{
	struct vfio_pci_hot_reset_info *info = arg;
	int ret;

	if ((lie("reset-lost") && request == VFIO_DEVICE_RESET) ||
	    (lie("bus-lost") && request == VFIO_DEVICE_PCI_HOT_RESET))
		return 0;
	ret = real(fd, request, arg);
	was_reset = was_reset || (request == VFIO_DEVICE_RESET && !ret);
	if (lie("bus-other") && request == VFIO_DEVICE_GET_PCI_HOT_RESET_INFO && !ret)
		info->devices[0].bus++;
	if (lie("bus-none") && request == VFIO_DEVICE_GET_PCI_HOT_RESET_INFO) {
		errno = EPERM;
		return -1;
	}
	return lie("reset-taken") ? 0 : ret;
}

int ioctl(int fd, unsigned long request, ...)
{
	ioctl_fn real = (ioctl_fn)dlsym(RTLD_NEXT, "ioctl");
	struct vfio_region_info *info;
	uint32_t room;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!is_device(fd))
		return real(fd, request, arg);
	if (request == VFIO_DEVICE_SET_IRQS)
		return lie_set_irqs(real, fd, arg);
	if (request == VFIO_DEVICE_RESET || request == VFIO_DEVICE_PCI_HOT_RESET ||
	    request == VFIO_DEVICE_GET_PCI_HOT_RESET_INFO)
		return lie_reset(real, fd, request, arg);
	info = arg;
	room = request == VFIO_DEVICE_GET_REGION_INFO ? info->argsz : 0;
	if ((lie("region-refused") && room && info->index == 0) ||
	    (lie("config-refused") && room && info->index == VFIO_PCI_CONFIG_REGION_INDEX) ||
	    (lie("irq-refused") && request == VFIO_DEVICE_GET_IRQ_INFO &&
	     ((struct vfio_irq_info *)arg)->index == VFIO_PCI_MSI_IRQ_INDEX)) {
		errno = EINVAL;
		return -1;
	}
	if (lie("region-no-memory") && room && info->index == 0) {
		errno = ENOMEM;
		return -1;
	}
	ret = real(fd, request, arg);
	if (!ret && request == VFIO_DEVICE_GET_IRQ_INFO) {
		((struct vfio_irq_info *)arg)->count += lie("irq-count");
		((struct vfio_irq_info *)arg)->flags &= lie("irq-flags") ? ~4U : ~0U;
	}
	if (ret || request != VFIO_DEVICE_GET_REGION_INFO || info->index)
		return ret;
	info->argsz = room;
	if (lie("sparse") || lie("chain-cycle"))
		sparse(info, lie("chain-cycle"));
	if (lie("size"))
		info->size /= 2;
	return 0;
}
