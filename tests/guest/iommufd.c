// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about a device that its user moves from domain to domain, by iommufd: root, in the
 * guest of a kernel that has VFIO_DEVICE_CDEV and IOMMUFD, device on vfio-pci, module loaded.
 *
 *	iommufd BDF
 *
 * Two buffers are mapped at the same IOVAs of two address spaces.  An answer is out of one of them
 * or it is none.  Where the device has no domain of ours yet, the kernel's own is not told.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../user/vfio/iommufd_uapi.h"
#include "uapi/verify_pte.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define IOVA_FILE     "/sys/kernel/debug/" VERIFY_PTE_DIR "/" VERIFY_PTE_IOVA
#define PAGE	      UINT64_C(4096)
#define PFN_MASK      ((UINT64_C(1) << 55) - 1)
#define SIZE	      (UINT64_C(8) << 20)
#define NR_PAGES      (SIZE / PAGE)
#define IOVA	      UINT64_C(0x1000000)
/* Answers at least, and seconds at most */
#define ANSWERS 12
#define SECONDS 60

static unsigned int test_nr, nr_failed;
static int iommufd, device, file;
static uint32_t bdf_number;
static const char *bdf;

static struct space {
	char *mem;
	uint64_t frame[NR_PAGES];
	uint32_t ioas;
} space[2];
static unsigned int attached_to; /* which of them the device is attached to */

__attribute__((noreturn)) static void bail_out(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

__attribute__((format(printf, 2, 3))) static void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	nr_failed += !ok;
	printf("%s %u - iommufd: ", ok ? "ok" : "not ok", ++test_nr);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void open_device(void)
{
	char path[300];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && (e = readdir(dir)) && strncmp(e->d_name, "vfio", 4))
		;
	if (!dir || !e)
		bail_out("the device's own node: it takes a kernel with VFIO_DEVICE_CDEV");
	snprintf(path, sizeof(path), "/dev/vfio/devices/%.100s", e->d_name);
	closedir(dir);
	device = open(path, O_RDWR | O_CLOEXEC);
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	file = open(IOVA_FILE, O_RDWR | O_CLOEXEC);
	if (device < 0 || iommufd < 0 || file < 0)
		bail_out(path);
}

static void make_memory(struct space *s)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i;

	s->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->mem == MAP_FAILED || mlock(s->mem, SIZE))
		bail_out("memory");
	memset(s->mem, 1, SIZE);
	if (fd < 0 || pread(fd, s->frame, sizeof(s->frame), (uintptr_t)s->mem / PAGE * 8) !=
			      (ssize_t)sizeof(s->frame))
		bail_out("/proc/self/pagemap");
	close(fd);
	for (i = 0; i < NR_PAGES; i++)
		s->frame[i] = (s->frame[i] & PFN_MASK) * PAGE;
}

static void make_ioas(struct space *s)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_READABLE,
		.user_va = (uintptr_t)s->mem,
		.length = SIZE,
		.iova = IOVA,
	};

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		bail_out("IOMMU_IOAS_ALLOC");
	map.ioas_id = s->ioas = alloc.out_ioas_id;
	if (ioctl(iommufd, IOMMU_IOAS_MAP, &map))
		bail_out("IOMMU_IOAS_MAP");
}

static void attach(unsigned int nr)
{
	struct vfio_device_attach_iommufd_pt pt = {
		.argsz = sizeof(pt),
		.pt_id = space[nr].ioas,
	};

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &pt))
		bail_out("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	attached_to = nr;
}

/* An answer, in calls with room for @room records each: 0 or an errno; the frame of each page */
static uint64_t answered[NR_PAGES];

static int ask(uint32_t room, uint32_t *features)
{
	static struct verify_pte_run runs[2048];
	struct verify_pte_walk ask = { .next = IOVA };
	uint32_t i;

	do {
		ask = (struct verify_pte_walk){
			.argsz = sizeof(ask),
			.device = bdf_number & 0xffff,
			.nr = room,
			.start = ask.next,
			.len = IOVA + SIZE - ask.next,
			.buf = (uintptr_t)runs,
			.answer = ask.answer,
		};
		if (ioctl(file, VERIFY_PTE_IOC_IOVA, &ask))
			return errno;
		*features = ask.features;
		for (i = 0; i < ask.nr; i++) {
			uint64_t at = (runs[i].vaddr - IOVA) / PAGE, n = runs[i].len / PAGE;

			for (; n--; at++)
				answered[at] =
					runs[i].kind == PT_LEAF
						? runs[i].pa + (at * PAGE + IOVA - runs[i].vaddr)
						: 0;
		}
	} while (ask.next < IOVA + SIZE);
	return 0;
}

/* The same as text: the errno that it ends with */
static int ask_text(void)
{
	char text[4096];
	ssize_t n;
	int len = snprintf(text, sizeof(text), "%s 0x%" PRIx64 " 0x%" PRIx64, bdf, IOVA, SIZE);

	if (write(file, text, len) != len)
		return errno;
	while ((n = read(file, text, sizeof(text))) > 0)
		;
	return n < 0 ? errno : 0;
}

/* How many pages of the answer are those of a space */
static uint64_t pages_of(const struct space *s)
{
	uint64_t n = 0, i;

	for (i = 0; i < NR_PAGES; i++)
		n += answered[i] == s->frame[i];
	return n;
}

static bool stop;

/* Replaces a space that the device has left, so that the memory of its table is used again. */
static void remake(struct space *s)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = s->ioas };
	const double end = now() + SECONDS;

	/* What used the old one can still be on its way out. */
	while (ioctl(iommufd, IOMMU_DESTROY, &destroy))
		if (errno != EBUSY || now() > end)
			bail_out("IOMMU_DESTROY");
	make_ioas(s);
}

static void *mover(void *arg)
{
	bool anew = arg;
	unsigned int n = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		/* The mover before may have ended with the device in either of them. */
		unsigned int next = !attached_to;

		if (anew)
			remake(&space[next]);
		attach(next);
		if (++n % 4 == 0)
			usleep(n % 3 * 20000);
	}
	return NULL;
}

static void test_moved(const char *what, bool anew, uint32_t room)
{
	unsigned int whole = 0, again = 0, other = 0, mixed = 0;
	const double end = now() + SECONDS;
	pthread_t thread;
	uint32_t features;

	stop = false;
	if (pthread_create(&thread, NULL, mover, anew ? &stop : NULL))
		bail_out("pthread_create");
	while (now() < end && (whole < ANSWERS || again < ANSWERS)) {
		int err = ask(room, &features);

		if (err == EAGAIN)
			again++;
		else if (err)
			other++;
		else if (pages_of(&space[0]) == NR_PAGES || pages_of(&space[1]) == NR_PAGES)
			whole++;
		else
			mixed++;
		/* For a while it stays where it is. */
		if (again > 4 * ANSWERS && !whole)
			usleep(1000);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("# %s: %u out of one, %u EAGAIN, %u out of both, %u other errors\n", what, whole,
	       again, mixed, other);
	result(!mixed && !other && again, "%s: no answer is out of two domains", what);
}

int main(int argc, char **argv)
{
	unsigned int segment, bus, dev, fn;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	uint32_t features = 0;
	int err;

	if (argc != 2 || sscanf(argv[1], "%x:%x:%x.%u", &segment, &bus, &dev, &fn) != 4) {
		fprintf(stderr, "usage: iommufd BDF\n");
		return 2;
	}
	bdf = argv[1];
	bdf_number = bus << 8 | dev << 3 | fn;
	printf("KTAP version 1\n1..9\n");
	open_device();
	make_memory(&space[0]);
	make_memory(&space[1]);

	err = ask(2048, &features);
	result(err == ENOENT, "open, not bound: %s, no domain of ours",
	       err ? strerrorname_np(err) : "an answer");
	err = ask_text();
	result(err == ENOENT, "open, not bound, as text: %s",
	       err ? strerrorname_np(err) : "an answer");
	bind.iommufd = iommufd;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		bail_out("VFIO_DEVICE_BIND_IOMMUFD");
	err = ask(2048, &features);
	result(err == ENOENT || (!err && pages_of(&space[0]) + pages_of(&space[1]) == 0),
	       "bound, nothing attached: nothing is mapped");
	make_ioas(&space[0]);
	make_ioas(&space[1]);
	attach(0);
	err = ask(2048, &features);
	result(!err && features == VERIFY_PTE_PAGING && pages_of(&space[0]) == NR_PAGES,
	       "attached: its pages");
	attach(1);
	err = ask(16, &features);
	result(!err && pages_of(&space[1]) == NR_PAGES, "attached to another: its pages");
	err = ask_text();
	result(!err, "attached, as text");

	test_moved("moved to and fro", false, 2048);
	test_moved("moved to and fro, many calls", false, 16);
	test_moved("moved to a new one each time", true, 2048);
	return nr_failed ? 1 : 0;
}
