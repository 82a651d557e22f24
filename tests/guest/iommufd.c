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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "ktap.h"
#include "pagemap.h"
#include "proc.h"
#include "vfio/iommufd_uapi.h"

#define SIZE	 (UINT64_C(8) << 20)
#define NR_PAGES (SIZE / PAGE)
#define IOVA	 UINT64_C(0x1000000)
/* Answers at least, and seconds at most */
#define ANSWERS 12
#define SECONDS 60
/* In all; the VM has 900, for this and for other programs. */
#define LIMIT_SECONDS 150

static int iommufd, device, file;
static const char *bdf;

static struct space {
	char *mem;
	uint64_t frame[NR_PAGES];
	uint32_t ioas;
} space[2];
static unsigned int attached_to; /* which of them the device is attached to */

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
		bail_out("the device's own node: it takes a kernel with VFIO_DEVICE_CDEV: %s",
			 strerror(errno));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%.100s", e->d_name);
	closedir(dir);
	device = open(path, O_RDWR | O_CLOEXEC);
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	file = module_open(IOVA_FILE, O_RDWR);
	if (device < 0 || iommufd < 0)
		bail_out("%s: %s", path, strerror(errno));
}

static void make_memory(struct space *s)
{
	s->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->mem == MAP_FAILED || mlock(s->mem, SIZE))
		bail_out("memory: %s", strerror(errno));
	memset(s->mem, 1, SIZE);
	read_frames(s->mem, s->frame, NR_PAGES);
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
		bail_out("IOMMU_IOAS_ALLOC: %s", strerror(errno));
	map.ioas_id = s->ioas = alloc.out_ioas_id;
	if (ioctl(iommufd, IOMMU_IOAS_MAP, &map))
		bail_out("IOMMU_IOAS_MAP: %s", strerror(errno));
}

static void attach(unsigned int nr)
{
	struct vfio_device_attach_iommufd_pt pt = {
		.argsz = sizeof(pt),
		.pt_id = space[nr].ioas,
	};

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &pt))
		bail_out("VFIO_DEVICE_ATTACH_IOMMUFD_PT: %s", strerror(errno));
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
			.device = device_number(bdf),
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
			bail_out("IOMMU_DESTROY: %s", strerror(errno));
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
		bail_out("pthread_create: %s", strerror(errno));
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
	comment("%s: %u out of one, %u EAGAIN, %u out of both, %u other errors", what, whole, again,
		mixed, other);
	result(!mixed && !other && again, "iommufd: %s: no answer is out of two domains", what);
}

int main(int argc, char **argv)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	uint32_t features = 0;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: iommufd BDF\n");
		return 2;
	}
	bdf = argv[1];
	limit_time(LIMIT_SECONDS);
	ktap_plan(9);
	open_device();
	make_memory(&space[0]);
	make_memory(&space[1]);

	err = ask(2048, &features);
	result(err == ENOENT, "iommufd: open, not bound: %s, no domain of ours",
	       err ? error_name(err) : "an answer");
	err = ask_text();
	result(err == ENOENT, "iommufd: open, not bound, as text: %s",
	       err ? error_name(err) : "an answer");
	bind.iommufd = iommufd;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		bail_out("VFIO_DEVICE_BIND_IOMMUFD: %s", strerror(errno));
	err = ask(2048, &features);
	result(err == ENOENT || (!err && pages_of(&space[0]) + pages_of(&space[1]) == 0),
	       "iommufd: bound, nothing attached: nothing is mapped");
	make_ioas(&space[0]);
	make_ioas(&space[1]);
	attach(0);
	err = ask(2048, &features);
	result(!err && features == VERIFY_PTE_PAGING && pages_of(&space[0]) == NR_PAGES,
	       "iommufd: attached: its pages");
	attach(1);
	err = ask(16, &features);
	result(!err && pages_of(&space[1]) == NR_PAGES, "iommufd: attached to another: its pages");
	err = ask_text();
	result(!err, "iommufd: attached, as text");

	test_moved("moved to and fro", false, 2048);
	test_moved("moved to and fro, many calls", false, 16);
	test_moved("moved to a new one each time", true, 2048);
	return ktap_status();
}
