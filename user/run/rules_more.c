// SPDX-License-Identifier: GPL-2.0
/*
 * Rules of containers that take more than one call, and of all back ends the accounting of memory.
 *
 * drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_unmap(), vfio_lock_acct(),
 * vfio_iommu_type1_dirty_pages(); drivers/iommu/iommufd/vfio_compat.c; pages.c, do_update_pinned().
 */
#include "run/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An entry limit that can be reached quickly; the kernel's default is 65535. */
#define MAX_ENTRIES 1024

#ifndef VFIO_UNMAP_ALL
#define VFIO_UNMAP_ALL 9
#endif
#ifndef VFIO_DMA_UNMAP_FLAG_ALL
#define VFIO_DMA_UNMAP_FLAG_ALL (1 << 1)
#endif

static void check_unmap_all(struct rules *r)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap),
						    .flags = VFIO_DMA_UNMAP_FLAG_ALL };
	const bool offered =
		ioctl(r->run->target.vfio.container, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL) == 1;
	int no;

	if (!rules_map_for(r, "unmap all", r->window) ||
	    !rules_map_for(r, "unmap all", r->window + 2 * PIECE)) {
		rules_clear(r);
		return;
	}
	/* The flag was added in 5.12. */
	no = ioctl(r->run->target.vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;
	if (!no && offered && unmap.size != 2 * PIECE)
		report_check(r->run->rep, "unmap all", STATUS_FAIL,
			     "0x%llx bytes unmapped, must be 0x%llx", unmap.size, 2 * PIECE);
	else
		check_errno(r, "unmap all", no, offered ? 0 : EINVAL);
	rules_clear(r);
}

static void check_avail(struct rules *r)
{
	int64_t before = rules_mappings_left(r), mapped, after;

	if (before < 0) {
		report_check(r->run->rep, "mappings left", STATUS_SKIP, "not told by this kernel");
		return;
	}
	if (!rules_map_for(r, "mappings left", r->window))
		return;
	mapped = rules_mappings_left(r);
	rules_clear(r);
	after = rules_mappings_left(r);
	report_check(r->run->rep, "mappings left",
		     mapped == before - 1 && after == before ? STATUS_PASS : STATUS_FAIL,
		     "%" PRId64 ", %" PRId64 " with one more, %" PRId64 " without it", before,
		     mapped, after);
}

/* drivers/iommu/iommufd/vfio_compat.c: iommufd_fill_cap_dma_avail() */
static void check_no_limit(struct rules *r)
{
	int64_t before = rules_mappings_left(r), mapped;

	if (!rules_map_for(r, "mappings left", r->window))
		return;
	mapped = rules_mappings_left(r);
	rules_clear(r);
	report_check(r->run->rep, "mappings left",
		     before == UINT32_MAX && mapped == before ? STATUS_PASS : STATUS_FAIL,
		     "%" PRId64 ", %" PRId64 " with one more: no limit", before, mapped);
}

static void check_entry_limit(struct rules *r)
{
	int64_t avail = rules_mappings_left(r), i;
	uint64_t at, gone;
	int no = 0;

	if (avail < 0 || avail > MAX_ENTRIES) {
		report_check(
			r->run->rep, "entry limit", STATUS_SKIP,
			"%" PRId64
			" entries are too many to fill; load vfio_iommu_type1 with dma_entry_limit=%u",
			avail, MAX_ENTRIES);
		return;
	}
	if (vfio_iova_find(&r->run->target.iommu, r->window, (avail + 2) * BASE_PAGE, BASE_PAGE,
			   &at)) {
		report_check(r->run->rep, "entry limit", STATUS_SKIP, "no room for so many");
		return;
	}
	for (i = 0; i <= avail && !no; i++)
		no = rules_map(r, at + i * BASE_PAGE, BASE_PAGE);
	if (no == ENOSPC && i == avail + 1)
		report_check(r->run->rep, "entry limit", STATUS_PASS, "ENOSPC after %" PRId64,
			     avail);
	else if (no && no != ENOSPC)
		check_errno(r, "entry limit", no, ENOSPC);
	else
		report_check(r->run->rep, "entry limit", STATUS_FAIL,
			     "%s at mapping %" PRId64 ", must be ENOSPC at %" PRId64,
			     errno_text(no), i, avail + 1);
	rules_unmap(r, at, (avail + 2) * BASE_PAGE, &gone);
}

/*
 * How many bytes of this process are counted as pinned.  Type1 counts them in VmLck.  iommufd
 * counts them in VmPin, and against the user's limit, unless it was opened as /dev/vfio/vfio.
 */
static bool locked_bytes(const struct rules *r, uint64_t *bytes)
{
	const enum backend_rules rules = r->run->target.vfio.be->rules;
	const char *key = rules == RULES_IOMMUFD || rules == RULES_COMPAT ? "VmPin:" : "VmLck:";
	FILE *f = fopen("/proc/self/status", "re");
	bool found = false;
	char line[128];

	while (f && !found && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key))) {
			*bytes = strtoull(line + strlen(key), NULL, 10) * KIB;
			found = true;
		}
	if (f)
		fclose(f);
	return found;
}

/* If the count cannot be read, the check is unverified. */
static void not_counted(struct rules *r, const char *name)
{
	report_check(
		r->run->rep, name, STATUS_UNVERIFIED,
		"the kernel's count in /proc/self/status cannot be read; mount -t proc none /proc");
}

static void check_accounting(struct rules *r)
{
	static const char name[] = "locked memory is counted";
	uint64_t before = 0, mapped = 0, after = 0;
	bool told = locked_bytes(r, &before);

	if (!rules_map_for(r, name, r->window))
		return;
	told = told && locked_bytes(r, &mapped);
	rules_clear(r);
	if (!told || !locked_bytes(r, &after)) {
		not_counted(r, name);
		return;
	}
	report_check(r->run->rep, name,
		     mapped == before + PIECE && after == before ? STATUS_PASS : STATUS_FAIL,
		     "%" PRIu64 " KiB, %" PRIu64 " with a mapping of %llu, %" PRIu64 " without it",
		     before / (uint64_t)KIB, mapped / (uint64_t)KIB, PIECE / KIB,
		     after / (uint64_t)KIB);
}

/* Drops CAP_IPC_LOCK of this thread (@take), or restores the old capabilities. */
static int caps(struct __user_cap_data_struct *old, bool take)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[2];

	if (take && syscall(SYS_capget, &head, old))
		return -errno;
	memcpy(now, old, sizeof(now));
	if (take)
		now[0].effective &= ~(1U << CAP_IPC_LOCK);
	return syscall(SYS_capset, &head, now) ? -errno : 0;
}

static void check_memlock(struct rules *r)
{
	static const char name[] = "more than may be locked";
	struct __user_cap_data_struct old[2];
	struct rlimit lim, small;
	uint64_t locked;
	int no, ret;

	if (!locked_bytes(r, &locked)) {
		not_counted(r, name);
		return;
	}
	if (getrlimit(RLIMIT_MEMLOCK, &lim) || caps(old, true)) {
		report_check(r->run->rep, name, STATUS_SKIP, "capabilities cannot be set: %s",
			     errno_text(errno));
		return;
	}
	small = lim;
	small.rlim_cur = locked + PIECE / 2;
	ret = small.rlim_cur > lim.rlim_max ? -EPERM : setrlimit(RLIMIT_MEMLOCK, &small);
	no = rules_map(r, r->window, PIECE);
	setrlimit(RLIMIT_MEMLOCK, &lim);
	caps(old, false);
	rules_clear(r);
	if (ret)
		report_check(r->run->rep, name, STATUS_SKIP, "the limit cannot be set: %s",
			     errno_text(errno));
	else
		check_errno(r, name, no, ENOMEM);
}

#define BITMAP_PAGES (PIECE / BASE_PAGE)

/*
 * Where there is no dirty log, starting it fails: Type1 has one only as v2, and iommufd has another
 * interface.
 */
static void check_no_dirty(struct rules *r)
{
	struct vfio_iommu_type1_dirty_bitmap start = { .argsz = sizeof(start),
						       .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START };
	int no = ioctl(r->run->target.vfio.container, VFIO_IOMMU_DIRTY_PAGES, &start) ? errno : 0;

	check_errno(r, "dirty log: start", no,
		    r->run->target.vfio.be->rules == RULES_COMPAT ? ENOTTY : EACCES);
}

/* The dirty log of Type1v2, since 5.8; it marks all pages that are pinned. */
static void check_dirty(struct rules *r)
{
	/* The kernel expects one structure directly after the other. */
	char room[sizeof(struct vfio_iommu_type1_dirty_bitmap) +
		  sizeof(struct vfio_iommu_type1_dirty_bitmap_get)]
		__attribute__((aligned(8))) = { 0 };
	struct vfio_iommu_type1_dirty_bitmap *ask = (void *)room;
	struct vfio_iommu_type1_dirty_bitmap_get *get = (void *)ask->data;
	struct vfio_iommu_type1_dirty_bitmap start = { .argsz = sizeof(start),
						       .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START };
	struct vfio_iommu_type1_dirty_bitmap both = start, stop = start;
	const int fd = r->run->target.vfio.container;
	uint64_t bits = 0;
	int no;

	ask->argsz = sizeof(room);
	ask->flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
	get->iova = r->window;
	get->size = PIECE;
	get->bitmap.pgsize = BASE_PAGE;
	get->bitmap.size = sizeof(bits);
	get->bitmap.data = (void *)&bits;
	both.flags |= VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	stop.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	rules_map(r, r->window, PIECE);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &start) ? errno : 0;
	check_errno(r, "dirty log: start", no, 0);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, ask) ? errno : 0;
	check_errno(r, "dirty log: get", no, 0);
	report_check(r->run->rep, "dirty log: every pinned page",
		     bits == (1ULL << BITMAP_PAGES) - 1 ? STATUS_PASS : STATUS_FAIL,
		     "0x%" PRIx64 " of 0x%llx", bits, (1ULL << BITMAP_PAGES) - 1);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &both) ? errno : 0;
	check_errno(r, "dirty log: start and stop", no, EINVAL);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &stop) ? errno : 0;
	check_errno(r, "dirty log: stop", no, 0);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, ask) ? errno : 0;
	check_errno(r, "dirty log: get when stopped", no, EINVAL);
	rules_clear(r);
}

#define TYPE1	(RULES_OF(RULES_TYPE1) | RULES_OF(RULES_TYPE1V2))
#define COMPAT	RULES_OF(RULES_COMPAT)
#define IOMMUFD RULES_OF(RULES_IOMMUFD)

const struct rule_more rules_more[] = {
	{ TYPE1 | COMPAT, check_unmap_all },
	{ TYPE1, check_avail },
	{ COMPAT, check_no_limit },
	{ TYPE1, check_entry_limit },
	{ TYPE1 | COMPAT | IOMMUFD, check_accounting },
	{ TYPE1 | COMPAT | IOMMUFD, check_memlock },
	{ RULES_OF(RULES_TYPE1) | COMPAT, check_no_dirty },
	{ RULES_OF(RULES_TYPE1V2), check_dirty },
	{ 0 },
};
