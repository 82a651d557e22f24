// SPDX-License-Identifier: GPL-2.0
/*
 * Questions about IOMMU domains that come, change and go: root, in the guest, module loaded,
 * two devices on vfio-pci, each alone in its IOMMU group.
 *
 *	iovarace SECONDS WILD-BDF STILL-BDF
 *
 * Processes open the wild device through VFIO, map, unmap, and close again in every order, or
 * die with everything open, while their own threads ask the module what its domain has, and
 * another process unbinds and binds it.  One process holds the still device all the time: a
 * set of its pages stays mapped, and every answer must have them, whatever its threads map
 * and unmap between them.
 *
 * What an IOVA may be mapped to is fixed for each process: one page of its own, which stays
 * where it is, and whose frame pagemap told once. So an answer is that frame, or none; any
 * other frame was read from a table that was not one any more.
 *
 * KTAP on stdout; exit status 0 when nothing failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base.h"
#include "iovarace.h"
#include "ktap.h"
#include "proc.h"
#include "workers.h"

/* Times SECONDS, at the most, for what has not happened by then */
#define MORE_TIME 4

static const struct count_row counts[NR_COUNTS] = {
	[LIFE_V1] = { "containers of type 1", false },
	[LIFE_V2] = { "containers of type 1v2", false },
	[MAP_ONE] = { "a page mapped", false },
	[MAP_HUGE] = { "2 MiB mapped, aligned", false },
	[MAP_MORE] = { "some other length mapped", false },
	[UNMAP_WHOLE] = { "a mapping unmapped", false },
	[UNMAP_SEVERAL] = { "all mappings unmapped at once", false },
	[UNMAP_PART_V1] = { "a part unmapped, type 1", false },
	[UNMAP_PART_V2] = { "a part not unmapped, type 1v2", false },
	[CLOSE_CGD] = { "closed: container, group, device", false },
	[CLOSE_CDG] = { "closed: container, device, group", false },
	[CLOSE_GCD] = { "closed: group, container, device", false },
	[CLOSE_GDC] = { "closed: group, device, container", false },
	[CLOSE_DCG] = { "closed: device, container, group", false },
	[CLOSE_DGC] = { "closed: device, group, container", false },
	[UNSET] = { "UNSET_CONTAINER", false },
	[UNSET_BUSY] = { "UNSET_CONTAINER of a device in use: EBUSY", false },
	[END_EXIT] = { "a process exited with all open", false },
	[END_KILL] = { "a process killed with all open", false },
	[DID_UNBIND] = { "unbind", false },
	[DID_BIND] = { "bind", false },
	[ASK_IOCTL] = { "asked by ioctl", false },
	[ASK_TEXT] = { "asked as text", false },
	[ASK_CHILD] = { "asked by a child with inherited files", false },
	[SAW_MAPPED] = { "answers with pages of the wild device", false },
	[SAW_NONE] = { "answers with none of its pages", false },
	[SAW_NO_FILE] = { "answers: no VFIO file (EBADF)", false },
	[SAW_NO_DOMAIN] = { "answers: no domain (ENOENT)", true },
	[SAW_STILL] = { "answers with the pages that stay", false },
	[SAW_COME] = { "a page between them mapped", false },
	[SAW_GONE] = { "a page between them not mapped", false },
	[ASK_STRANGER] = { "a process without the device told nothing", false },
};

static const char *const bad_name[NR_BAD] = {
	[BAD_FRAME] = "no frame but the one that the IOVA had",
	[BAD_STILL] = "the pages that stay were in every answer",
	[BAD_END] = "every question ended as it may",
	[BAD_RECORDS] = "every answer was whole and in order",
	[BAD_STRANGER] = "nobody without the device's file was told",
	[BAD_VFIO] = "VFIO did what was asked",
	[BAD_WORKER] = "nobody hung or died",
};

const char *wild_bdf, *still_bdf;

/* The processes */

static void still_main(void)
{
	pthread_t threads[NR_ASKERS];
	unsigned int a, i;
	int ret;

	pools_init();
	if (!vfio_open(still_bdf, VFIO_TYPE1v2_IOMMU))
		bail_out("%s: cannot be opened: %s", still_bdf, strerror(errno));
	for (a = 0; a < NR_AREAS; a++)
		for (i = 0; i < STILL_PAGES; i += 3) {
			ret = dma_map(AREA_AT(a) + i * PAGE, PAGE);
			if (ret)
				bail_out("a page that stays: MAP_DMA: %s", strerror(-ret));
		}
	askers_start(threads, true);
	while (!stopping()) {
		doing("map, unmap");
		meddle(false);
		if (!rnd(8))
			nap(rnd(3000));
	}
	for (i = 0; i < NR_ASKERS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* Has what its parent had open, not what it had mapped */
static void child_asks(void)
{
	static struct asker q;
	pid_t pid = fork();
	int i;

	if (pid < 0)
		return;
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	asker_init(&q, false);
	for (i = 0; i < 10; i++)
		ask(&q);
	count(ASK_CHILD);
	_exit(0);
}

/* One process of many lives; ends with all open, if it is not killed before. */
static void wild_one(void)
{
	pthread_t threads[NR_ASKERS];
	int lives = 1 + rnd(12);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pools_init();
	askers_start(threads, false);
	while (!stopping()) {
		int type = rnd(2) ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU, n = rnd(150);

		doing("open");
		if (!vfio_open(wild_bdf, type)) {
			nap(2000);
			continue;
		}
		count(type == VFIO_TYPE1_IOMMU ? LIFE_V1 : LIFE_V2);
		while (n-- && !stopping()) {
			doing("map, unmap");
			meddle(true);
			if (!rnd(200))
				child_asks();
		}
		if (!--lives)
			break;
		doing("close");
		close_all();
	}
	if (!lives && rnd(2)) {
		count(END_EXIT);
		_exit(0);
	}
	if (!lives) {
		count(END_KILL);
		kill(getpid(), SIGKILL);
	}
	_exit(0);
}

static void wild_main(void)
{
	int status;

	while (!stopping()) {
		pid_t pid;

		doing("fork");
		pid = fork();
		if (pid < 0)
			bail_out("fork: %s", strerror(errno));
		if (!pid)
			wild_one();
		if (waitpid(pid, &status, 0) == pid && status && status != SIGKILL)
			bad(BAD_WORKER, "wild: ended with status 0x%x", status);
	}
	_exit(0);
}

static bool tell_driver(const char *file, const char *bdf)
{
	char path[96];
	bool told;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	told = fd >= 0 && write(fd, bdf, strlen(bdf)) == (ssize_t)strlen(bdf);
	if (!told)
		bad(BAD_VFIO, "%s: %s: %s", path, bdf, error_name(errno));
	if (fd >= 0)
		close(fd);
	return told;
}

/* An unbind waits for the device to be closed; nobody gets it anew meanwhile. */
static void binder_main(void)
{
	while (!stopping()) {
		doing("nap");
		nap(rnd(1000000));
		doing("unbind");
		if (tell_driver("drivers/vfio-pci/unbind", wild_bdf))
			count(DID_UNBIND);
		doing("bind");
		nap(rnd(30000));
		if (tell_driver("drivers/vfio-pci/bind", wild_bdf))
			count(DID_BIND);
	}
	_exit(0);
}

/* Has no VFIO file of its own */
static void stranger_main(void)
{
	static struct asker q[2];
	struct verify_pte_run run;

	asker_init(&q[0], false);
	asker_init(&q[1], true);
	while (!stopping()) {
		struct asker *one = &q[rnd(2)];
		struct verify_pte_walk arg = {
			.argsz = sizeof(arg),
			.device = one->device,
			.nr = 1,
			.start = AREA_AT(0),
			.len = PAGE,
			.buf = (uintptr_t)&run,
		};

		doing("ask");
		if (!ioctl(one->fd, VERIFY_PTE_IOC_IOVA, &arg) || errno != EBADF)
			bad(BAD_STRANGER, "%s: %s", one->still ? "still" : "wild",
			    error_name(errno));
		else
			count(ASK_STRANGER);
		nap(1000 + rnd(5000));
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	static const struct worker_row rows[] = {
		{ "still", still_main },
		{ "wild", wild_main },
		{ "binder", binder_main },
		{ "stranger", stranger_main },
	};
	const struct race race = {
		.rows = rows,
		.nr_rows = ARRAY_SIZE(rows),
		.counts = counts,
		.nr_counts = NR_COUNTS,
		.bad_name = bad_name,
		.nr_bad = NR_BAD,
		.more_time = MORE_TIME,
	};
	char *end = NULL;
	unsigned long seconds = argc == 4 ? strtoul(argv[1], &end, 10) : 0;

	if (!seconds || *end || seconds > 100000) {
		fprintf(stderr, "usage: iovarace SECONDS WILD-BDF STILL-BDF\n");
		return 2;
	}
	wild_bdf = argv[2];
	still_bdf = argv[3];
	workers_init();
	race_plan(&race);
	race_run(&race, seconds);
	return ktap_status();
}
