// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD under vfio_test: takes the device out of the system in the middle of a run.
 *
 *	AWAY=N AWAY_DEVICE=0000:00:02.0
 *
 * Before its Nth ioctl another process writes to the file remove of that device, which waits for
 * whoever has the device open.  With N 0 nothing is removed, and each ioctl is told on stderr:
 *
 *	away: ioctl N 0xREQUEST			and behind VFIO_DEVICE_SET_IRQS, of the index by
 *						which the kernel requests the device: requests
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* So long the run stands still, unless the device is gone before: the kernel has asked by then. */
#define REST_MS 300
#define STEP_MS 10

static unsigned long nr;

static void start_removal(const char *device)
{
	char path[128];
	int fd;

	if (fork())
		return;
	snprintf(path, sizeof(path), "%s/remove", device);
	/* Nothing of VFIO: who has the device open is waited for. */
	syscall(SYS_close_range, 0, ~0U, 0);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		_exit(1);
	_exit(0);
}

static void tell(unsigned long request, const void *arg)
{
	const struct vfio_irq_set *set = arg;

	fprintf(stderr, "away: ioctl %lu 0x%lx%s\n", nr, request,
		request == VFIO_DEVICE_SET_IRQS && set->index == VFIO_PCI_REQ_IRQ_INDEX
			? " requests"
			: "");
}

static void take_away(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	char device[96];
	int ms;

	snprintf(device, sizeof(device), "/sys/bus/pci/devices/%s", getenv("AWAY_DEVICE"));
	start_removal(device);
	for (ms = 0; ms < REST_MS && !access(device, F_OK); ms += STEP_MS)
		nanosleep(&step, NULL);
}

int ioctl(int fd, unsigned long request, ...)
{
	const unsigned long at = strtoul(getenv("AWAY"), NULL, 0);
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	nr++;
	if (!at)
		tell(request, arg);
	else if (nr == at)
		take_away();
	return syscall(SYS_ioctl, fd, request, arg);
}
