// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD under vfio_test: has the module tests/kmod/supervisor take _PAGE_USER away
 * from the buffer once it is mapped for DMA, and give it back before it is unmapped.
 *
 *	SUPERVISOR=WORD   after PID START LEN for the module: a page to keep, or pmd; or ""
 *	SUPERVISOR_TOUCH  read the buffer once the bit is taken: this is the end
 *	SUPERVISOR_DROP   drop a page once the bit is taken, as the kernel does at munmap()
 *
 * Says on stderr what was taken, and before it is given back how much of it the module
 * still had: "supervisor: taken 0xVADDR 0xLEN", "supervisor: kept 0xLEN".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEVICE	 "/sys/kernel/debug/supervisor"
#define PMD_SIZE (UINT64_C(1) << 21)

/* No exit status of vfio_test */
#define STATUS_BROKEN 99

static int file = -1;

static void broken(const char *what)
{
	fprintf(stderr, "supervisor: " DEVICE ": %s: %s\n", what, strerror(errno));
	_exit(STATUS_BROKEN);
}

static void take(uint64_t vaddr, uint64_t size)
{
	const char *word = getenv("SUPERVISOR");
	char text[128];
	int n;

	file = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (file < 0)
		broken("open");
	n = snprintf(text, sizeof(text), "0 0x%llx 0x%llx %s", (unsigned long long)vaddr,
		     (unsigned long long)size, word ? word : "");
	if (write(file, text, n) != n)
		broken(text);
	fprintf(stderr, "supervisor: taken 0x%llx 0x%llx\n", (unsigned long long)vaddr,
		(unsigned long long)size);
	if (getenv("SUPERVISOR_TOUCH"))
		(void)*(volatile char *)(uintptr_t)vaddr;
	if (getenv("SUPERVISOR_DROP"))
		madvise((void *)(uintptr_t)vaddr, 4096, MADV_DONTNEED);
}

static void give_back(void)
{
	static const char restore[] = "restore";
	char text[32];
	ssize_t n;

	if (file < 0)
		return;
	n = pread(file, text, sizeof(text) - 1, 0);
	if (n <= 0)
		broken("read");
	text[n] = '\0';
	fprintf(stderr, "supervisor: kept %s", text);
	if (write(file, restore, sizeof(restore) - 1) < 0)
		broken(restore);
	close(file);
	file = -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	const struct vfio_iommu_type1_dma_map *map;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == VFIO_IOMMU_UNMAP_DMA)
		give_back();
	ret = syscall(SYS_ioctl, fd, request, arg);
	map = arg;
	/* A device's VFIO_DEVICE_PCI_HOT_RESET has the same number, and is smaller. */
	if (!ret && request == VFIO_IOMMU_MAP_DMA && map->argsz >= sizeof(*map))
		take(map->vaddr, map->size);
	return ret;
}

/* With pmd the buffer has to fill last tables of its own. */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *(*next)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");
	const char *word = getenv("SUPERVISOR");
	uintptr_t at;

	if (addr || fd >= 0 || len % PMD_SIZE || !word || strcmp(word, "pmd"))
		return next(addr, len, prot, flags, fd, offset);
	addr = next(NULL, len + PMD_SIZE, PROT_NONE, flags, fd, offset);
	if (addr == MAP_FAILED)
		return addr;
	at = ((uintptr_t)addr + PMD_SIZE - 1) & ~(PMD_SIZE - 1);
	munmap(addr, len + PMD_SIZE);
	return next((void *)at, len, prot, flags | MAP_FIXED_NOREPLACE, fd, offset);
}
