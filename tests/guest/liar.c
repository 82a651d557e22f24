// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: the kernel's answers about region 0, the config space
 * and mappings, with one thing changed that LIE names.  A tester that does not see
 * it is not one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

#define REGION(offset) ((uint64_t)(offset) >> 40) /* as vfio-pci places them */

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
	if (n >= 256 && REGION(offset) == VFIO_PCI_CONFIG_REGION_INDEX) {
		if (lie("bar"))
			b[0x12] ^= 0x10;
		if (lie("cap-cycle"))
			b[b[0x34] + 1] = b[0x34];
		if (lie("vendor"))
			b[0] ^= 1;
		if (lie("gone"))
			memset(b, 0xff, n);
	}
	return n;
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

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, void *) = dlsym(RTLD_NEXT, "ioctl");
	struct vfio_region_info *info;
	uint32_t room;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	info = arg;
	room = request == VFIO_DEVICE_GET_REGION_INFO ? info->argsz : 0;
	ret = real(fd, request, arg);
	if (ret || request != VFIO_DEVICE_GET_REGION_INFO || info->index)
		return ret;
	info->argsz = room;
	if (lie("sparse") || lie("chain-cycle"))
		sparse(info, lie("chain-cycle"));
	if (lie("size"))
		info->size /= 2;
	return 0;
}
