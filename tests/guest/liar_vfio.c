// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into vfio_test: what the kernel answers about mappings, and what a virtio device
 * says of itself, with one thing changed that LIE names.
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

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, void *) = dlsym(RTLD_NEXT, "ioctl");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (is_device(fd))
		was_reset = was_reset || request == VFIO_DEVICE_RESET ||
			    request == VFIO_DEVICE_PCI_HOT_RESET;
	return real(fd, request, arg);
}
