// SPDX-License-Identifier: GPL-2.0
/*
 * What a program of one's own may do wrong, preloaded into vfio_test, which does not: the
 * kernel's answer is real.  MISUSE says what:
 *
 *	no-group	SET_CONTAINER is left out, and SET_IOMMU comes without a group
 *	read-only	the buffer is read-only when it is mapped
 *	no-sys-admin	CAP_SYS_ADMIN is given up at the start
 */
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool misuse_is(const char *what)
{
	const char *asked = getenv("MISUSE");

	return asked && !strcmp(asked, what);
}

int ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == VFIO_GROUP_SET_CONTAINER && misuse_is("no-group"))
		return 0;
	if (request == VFIO_IOMMU_MAP_DMA && misuse_is("read-only")) {
		const struct vfio_iommu_type1_dma_map *map = arg;

		mprotect((void *)(uintptr_t)map->vaddr, map->size, PROT_READ);
	}
	return syscall(SYS_ioctl, fd, request, arg);
}

__attribute__((constructor)) static void give_up(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (!misuse_is("no-sys-admin"))
		return;
	if (syscall(SYS_capget, &head, data))
		_exit(126);
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &head, data))
		_exit(126);
}
