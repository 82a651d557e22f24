/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Places for what a call is given: memory that is good, read-only, half there, not there, or comes
 * late through userfaultfd.  For callfuzz.c, which counts by DID_LATE.
 */
#ifndef PLACES_H
#define PLACES_H

#define LATE_PAGES 64

static char *read_only, *half, *late;
static int late_fd = -1;

static int uffd_open(void *va, uint64_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)va, len },
				       .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		bail_out("userfaultfd: %s", strerror(errno));
	return fd;
}

/* Gives each page that is waited for, some time later, and takes pages away again. */
static void *late_main(void *arg)
{
	struct pollfd p = { late_fd, POLLIN, 0 };
	struct uffd_msg msg;

	while (!stopping()) {
		if (!rnd(4))
			madvise(late + rnd(LATE_PAGES) * PAGE, 4 * PAGE, MADV_DONTNEED);
		if (poll(&p, 1, 5) <= 0 || read(late_fd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		nap(rnd(3000));
		ioctl(late_fd, UFFDIO_ZEROPAGE,
		      &(struct uffdio_zeropage){
			      .range = { msg.arg.pagefault.address & ~(PAGE - 1), PAGE } });
		count(DID_LATE);
	}
	/* Nobody is left to wait. */
	ioctl(late_fd, UFFDIO_UNREGISTER,
	      &(struct uffdio_range){ (uintptr_t)late, LATE_PAGES * PAGE });
	return arg;
}

static void places_init(void)
{
	pthread_t thread;

	read_only = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	half = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	late = mmap(NULL, (LATE_PAGES + 4) * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (read_only == MAP_FAILED || half == MAP_FAILED || late == MAP_FAILED)
		bail_out("no memory");
	memset(read_only, 0, 64 * PAGE);
	mprotect(read_only, 64 * PAGE, PROT_READ);
	munmap(half + PAGE, 63 * PAGE);
	late_fd = uffd_open(late, LATE_PAGES * PAGE);
	if (pthread_create(&thread, NULL, late_main, NULL))
		bail_out("pthread_create: %s", strerror(errno));
}

/* Somewhere for @size bytes; @seen: who calls can read there what was written */
static void *place(void *good, size_t size, bool *seen)
{
	*seen = false;
	switch (rnd(12)) {
	case 0:
		return read_only + rnd(PAGE);
	case 1:
		return half + PAGE - rnd(size + 8);
	case 2:
		return half + 2 * PAGE;
	case 3:
		return (void *)UINT64_C(0xffff888000000000);
	case 4:
		return (void *)UINT64_C(0x1234567812345678);
	case 5:
	case 6:
		return late + rnd(LATE_PAGES * PAGE - PAGE);
	case 7:
		return NULL;
	default:
		*seen = true;
		return good;
	}
}

#endif /* PLACES_H */
