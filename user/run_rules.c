// SPDX-License-Identifier: GPL-2.0
/*
 * The step that asks a Type1 container for what it must refuse, and for what it must grant.
 *
 * The errno of each is the kernel's own: drivers/vfio/vfio_iommu_type1.c, vfio_dma_do_map(),
 * vfio_dma_do_unmap(), vfio_iommu_type1_dirty_pages().
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "step.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB	      1024ULL
#define PIECE	      (64 * KIB) /* what is mapped, as a rule */
#define SCRATCH	      (4 * PIECE)
#define WINDOW	      (16 * PIECE) /* IOVAs that the rules use */
#define RW	      (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
/* An entry limit that can be reached in no time; the kernel's own is 65535. */
#define MAX_ENTRIES 1024

#ifndef VFIO_UNMAP_ALL
#define VFIO_UNMAP_ALL 9
#endif
#ifndef VFIO_DMA_UNMAP_FLAG_ALL
#define VFIO_DMA_UNMAP_FLAG_ALL (1 << 1)
#endif

/* Where a rule's IOVA and virtual address are counted from */
enum place {
	HERE,	  /* the window; the scratch memory */
	RESERVED, /* an IOVA between two ranges */
	BEYOND,	  /* an IOVA after the last range */
	TOP,	  /* the last page that a number has */
	ABSENT,	  /* memory that is in no VMA */
	READONLY, /* memory that may only be read */
};

enum op { MAP, UNMAP };

#define NO_SIZE UINT64_MAX

static const struct rule {
	const char *name;
	enum op op;
	bool pre; /* PIECE at the window's start is mapped before */
	uint32_t flags;
	enum place vaddr, iova;
	uint64_t vaddr_add, iova_add, size;
	int no_v1, no_v2; /* errno, 0 for success */
	/* UNMAP: bytes that go; NO_SIZE: not looked at */
	uint64_t gone_v1, gone_v2;
	bool short_argsz;
	int no_later; /* what kernels answer since they use check_add_overflow(); 0: no other */
} rules[] = {
	/* clang-format off */
	{ "map, read and write", MAP, false, RW, HERE, HERE, 0, 0, PIECE, 0, 0, 0, 0, false, 0 },
	{ "map, read only", MAP, false, VFIO_DMA_MAP_FLAG_READ, HERE, HERE, 0, 0, PIECE, 0, 0, 0, 0, false, 0 },
	{ "map, write only", MAP, false, VFIO_DMA_MAP_FLAG_WRITE, HERE, HERE, 0, 0, PIECE, 0, 0, 0, 0, false, 0 },
	{ "map, no right", MAP, false, 0, HERE, HERE, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, unknown flag", MAP, false, RW | 1U << 31, HERE, HERE, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, argsz too small", MAP, false, RW, HERE, HERE, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, true, 0 },
	{ "map, zero length", MAP, false, RW, HERE, HERE, 0, 0, 0, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, unaligned length", MAP, false, RW, HERE, HERE, 0, 0, PIECE + 1, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, unaligned IOVA", MAP, false, RW, HERE, HERE, 0, 1, PIECE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, unaligned memory", MAP, false, RW, HERE, HERE, 1, 0, PIECE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, IOVA wraps", MAP, false, RW, HERE, TOP, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, false, EOVERFLOW },
	{ "map, memory wraps", MAP, false, RW, TOP, HERE, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, false, EOVERFLOW },
	{ "map, reserved IOVA", MAP, false, RW, HERE, RESERVED, 0, 0, BASE_PAGE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, IOVA beyond the aperture", MAP, false, RW, HERE, BEYOND, 0, 0, PIECE, EINVAL, EINVAL, 0, 0, false, 0 },
	{ "map, memory in no VMA", MAP, false, RW, ABSENT, HERE, 0, 0, PIECE, EFAULT, EFAULT, 0, 0, false, 0 },
	{ "map, read-only memory to write", MAP, false, RW, READONLY, HERE, 0, 0, PIECE, EFAULT, EFAULT, 0, 0, false, 0 },
	{ "map, read-only memory to read", MAP, false, VFIO_DMA_MAP_FLAG_READ, READONLY, HERE, 0, 0, PIECE, 0, 0, 0, 0, false, 0 },
	{ "map again", MAP, true, RW, HERE, HERE, 0, 0, PIECE, EEXIST, EEXIST, 0, 0, false, 0 },
	{ "map over its end", MAP, true, RW, HERE, HERE, 0, PIECE / 2, PIECE, EEXIST, EEXIST, 0, 0, false, 0 },
	{ "map within it", MAP, true, RW, HERE, HERE, 0, PIECE / 4, BASE_PAGE, EEXIST, EEXIST, 0, 0, false, 0 },
	{ "map next to it", MAP, true, RW, HERE, HERE, 0, PIECE, PIECE, 0, 0, 0, 0, false, 0 },
	{ "unmap it exactly", UNMAP, true, 0, HERE, HERE, 0, 0, PIECE, 0, 0, PIECE, PIECE, false, 0 },
	{ "unmap more than it", UNMAP, true, 0, HERE, HERE, 0, 0, 2 * PIECE, 0, 0, PIECE, PIECE, false, 0 },
	{ "unmap where nothing is", UNMAP, true, 0, HERE, HERE, 0, PIECE, PIECE, 0, 0, 0, 0, false, 0 },
	/* v1 takes what begins in the range, whole; v2 takes no part of a mapping. */
	{ "unmap its first page", UNMAP, true, 0, HERE, HERE, 0, 0, BASE_PAGE, 0, EINVAL, PIECE, NO_SIZE, false, 0 },
	{ "unmap a page in its middle", UNMAP, true, 0, HERE, HERE, 0, PIECE / 2, BASE_PAGE, 0, EINVAL, 0, NO_SIZE, false, 0 },
	{ "unmap, zero length", UNMAP, true, 0, HERE, HERE, 0, 0, 0, EINVAL, EINVAL, NO_SIZE, NO_SIZE, false, 0 },
	{ "unmap, unaligned length", UNMAP, true, 0, HERE, HERE, 0, 0, 1, EINVAL, EINVAL, NO_SIZE, NO_SIZE, false, 0 },
	{ "unmap, unaligned IOVA", UNMAP, true, 0, HERE, HERE, 0, 1, PIECE, EINVAL, EINVAL, NO_SIZE, NO_SIZE, false, 0 },
	{ "unmap, IOVA wraps", UNMAP, true, 0, HERE, TOP, 0, 0, PIECE, EINVAL, EINVAL, NO_SIZE, NO_SIZE, false, EOVERFLOW },
	{ "unmap, unknown flag", UNMAP, true, 1U << 31, HERE, HERE, 0, 0, PIECE, EINVAL, EINVAL, NO_SIZE, NO_SIZE, false, 0 },
	{ "unmap, argsz too small", UNMAP, true, 0, HERE, HERE, 0, 0, PIECE, EINVAL, EINVAL, NO_SIZE, NO_SIZE, true, 0 },
	/* clang-format on */
};

struct rules {
	struct run *run;
	uint64_t window;
	void *scratch, *absent, *readonly;
	bool v2;
};

static int map(struct rules *r, const void *vaddr, uint64_t iova, uint64_t size)
{
	return vfio_map(&r->run->vfio, vaddr, iova, size, RW);
}

static const char *errno_text(int no)
{
	return no ? strerrorname_np(no) : "success";
}

static void check_errno(struct rules *r, const char *name, int got, int want)
{
	report_check(r->run->rep, name, got == want ? STATUS_PASS : STATUS_FAIL,
		     got == want ? "%s" : "%s, must be %s", errno_text(got), errno_text(want));
}

static int dma_unmap(struct rules *r, uint32_t flags, uint64_t iova, uint64_t size, uint64_t *gone)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .flags = flags, .iova = iova, .size = size
	};
	int no = ioctl(r->run->vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;

	*gone = unmap.size;
	return no;
}

/* Whatever is left of a rule: each mapping begins at a piece or half of one. */
static void clear(struct rules *r)
{
	uint64_t gone;

	dma_unmap(r, 0, r->window, WINDOW, &gone);
}

/* False where this IOMMU has no such address */
static bool place_iova(const struct rules *r, const struct rule *rule, uint64_t *iova)
{
	const struct vfio_iommu *iommu = &r->run->iommu;
	uint64_t last;

	switch (rule->iova) {
	case RESERVED:
		if (iommu->nr_ranges < 2)
			return false;
		*iova = iommu->ranges[0].end + 1;
		return true;
	case BEYOND:
		last = iommu->nr_ranges ? iommu->ranges[iommu->nr_ranges - 1].end : UINT64_MAX;
		if (last > UINT64_MAX - 2 * PIECE)
			return false;
		*iova = last + 1;
		return true;
	case TOP:
		*iova = -BASE_PAGE;
		return true;
	default:
		*iova = r->window + rule->iova_add;
		return true;
	}
}

static uint64_t place_vaddr(const struct rules *r, const struct rule *rule)
{
	switch (rule->vaddr) {
	case TOP:
		return -BASE_PAGE;
	case ABSENT:
		return (uintptr_t)r->absent;
	case READONLY:
		return (uintptr_t)r->readonly;
	default:
		return (uintptr_t)r->scratch + rule->vaddr_add;
	}
}

static void check_rule(struct rules *r, const struct rule *rule)
{
	const int want = r->v2 ? rule->no_v2 : rule->no_v1;
	const uint64_t want_gone = r->v2 ? rule->gone_v2 : rule->gone_v1;
	struct vfio_iommu_type1_dma_map ask = {
		.argsz = sizeof(ask) - (rule->short_argsz ? 1 : 0),
		.flags = rule->flags,
		.vaddr = place_vaddr(r, rule),
		.size = rule->size,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap) - (rule->short_argsz ? 1 : 0),
		.flags = rule->flags,
		.size = rule->size,
	};
	uint64_t iova;
	int no;

	if (!place_iova(r, rule, &iova)) {
		report_check(r->run->rep, rule->name, STATUS_SKIP,
			     "every IOVA is usable, or which are is not told");
		return;
	}
	if (rule->pre && map(r, r->scratch, r->window, PIECE)) {
		report_check(r->run->rep, rule->name, STATUS_FAIL, "the mapping before it: %s",
			     errno_text(errno));
		return;
	}
	ask.iova = iova;
	unmap.iova = iova;
	no = rule->op == MAP ? ioctl(r->run->vfio.container, VFIO_IOMMU_MAP_DMA, &ask)
			     : ioctl(r->run->vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
	no = no ? errno : 0;
	if (no == want && rule->op == UNMAP && !no && want_gone != NO_SIZE &&
	    unmap.size != want_gone)
		report_check(r->run->rep, rule->name, STATUS_FAIL,
			     "0x%llx bytes unmapped, must be 0x%llx", unmap.size,
			     (unsigned long long)want_gone);
	else if (rule->no_later && no == rule->no_later)
		report_check(r->run->rep, rule->name, STATUS_PASS, "%s, %s on older kernels",
			     errno_text(no), errno_text(want));
	else
		check_errno(r, rule->name, no, want);
	clear(r);
}

static void check_unmap_all(struct rules *r)
{
	const bool offered =
		ioctl(r->run->vfio.container, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL) == 1;
	uint64_t gone = 0;
	int no;

	if (map(r, r->scratch, r->window, PIECE) ||
	    map(r, r->scratch, r->window + 2 * PIECE, PIECE)) {
		report_check(r->run->rep, "unmap all", STATUS_FAIL, "the mappings before it: %s",
			     errno_text(errno));
		return;
	}
	/* The flag came with 5.12. */
	no = dma_unmap(r, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0, &gone);
	if (!no && offered && gone != 2 * PIECE)
		report_check(r->run->rep, "unmap all", STATUS_FAIL,
			     "0x%" PRIx64 " bytes unmapped, must be 0x%llx", gone, 2 * PIECE);
	else
		check_errno(r, "unmap all", no, offered ? 0 : EINVAL);
	clear(r);
}

/* Mappings left, as the container says; -1: it does not (before 5.10) */
static int64_t dma_avail(const struct rules *r)
{
	struct vfio_iommu_type1_info *info;
	struct vfio_iommu iommu;
	int64_t avail = -1;

	if (vfio_iommu_get_info(r->run->vfio.container, &info))
		return -1;
	if (!vfio_iommu_parse(info, &iommu) && iommu.has_dma_avail)
		avail = iommu.dma_avail;
	free(info);
	return avail;
}

static void check_avail(struct rules *r)
{
	int64_t before = dma_avail(r), mapped, after;

	if (before < 0) {
		report_check(r->run->rep, "mappings left", STATUS_SKIP, "not told by this kernel");
		return;
	}
	map(r, r->scratch, r->window, PIECE);
	mapped = dma_avail(r);
	clear(r);
	after = dma_avail(r);
	report_check(r->run->rep, "mappings left",
		     mapped == before - 1 && after == before ? STATUS_PASS : STATUS_FAIL,
		     "%" PRId64 ", %" PRId64 " with one more, %" PRId64 " without it", before,
		     mapped, after);
}

static void check_entry_limit(struct rules *r)
{
	int64_t avail = dma_avail(r), i;
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
	if (vfio_iova_find(&r->run->iommu, r->window, (avail + 2) * BASE_PAGE, BASE_PAGE, &at)) {
		report_check(r->run->rep, "entry limit", STATUS_SKIP, "no room for so many");
		return;
	}
	for (i = 0; i <= avail && !no; i++)
		no = -map(r, r->scratch, at + i * BASE_PAGE, BASE_PAGE);
	dma_unmap(r, 0, at, (avail + 2) * BASE_PAGE, &gone);
	if (no == ENOSPC && i == avail + 1)
		report_check(r->run->rep, "entry limit", STATUS_PASS, "ENOSPC after %" PRId64,
			     avail);
	else
		report_check(r->run->rep, "entry limit", STATUS_FAIL,
			     "%s at mapping %" PRId64 ", must be ENOSPC at %" PRId64,
			     errno_text(no), i, avail + 1);
}

/* VmLck of this process, in bytes: what Type1 counts its pinned pages as */
static uint64_t locked_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %" SCNu64, &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * KIB;
}

static void check_accounting(struct rules *r)
{
	uint64_t before = locked_bytes(), mapped, after;

	map(r, r->scratch, r->window, PIECE);
	mapped = locked_bytes();
	clear(r);
	after = locked_bytes();
	report_check(r->run->rep, "locked memory is counted",
		     mapped == before + PIECE && after == before ? STATUS_PASS : STATUS_FAIL,
		     "%" PRIu64 " KiB, %" PRIu64 " with a mapping of %llu, %" PRIu64 " without it",
		     before / (uint64_t)KIB, mapped / (uint64_t)KIB, PIECE / KIB,
		     after / (uint64_t)KIB);
}

/* Takes CAP_IPC_LOCK off, or puts the old set back; for this thread, for a moment. */
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
	int no, ret;

	if (getrlimit(RLIMIT_MEMLOCK, &lim) || caps(old, true)) {
		report_check(r->run->rep, name, STATUS_SKIP, "capabilities cannot be set: %s",
			     errno_text(errno));
		return;
	}
	small = lim;
	small.rlim_cur = locked_bytes() + PIECE / 2;
	ret = small.rlim_cur > lim.rlim_max ? -EPERM : setrlimit(RLIMIT_MEMLOCK, &small);
	no = -map(r, r->scratch, r->window, PIECE);
	setrlimit(RLIMIT_MEMLOCK, &lim);
	caps(old, false);
	clear(r);
	if (ret)
		report_check(r->run->rep, name, STATUS_SKIP, "the limit cannot be set: %s",
			     errno_text(errno));
	else
		check_errno(r, name, no, ENOMEM);
}

#define BITMAP_PAGES (PIECE / BASE_PAGE)

/* Type1's own log, which marks all that is pinned; v2 only, since 5.8. */
static void check_dirty(struct rules *r)
{
	/* The one and what follows it in memory, as the kernel wants them. */
	char room[sizeof(struct vfio_iommu_type1_dirty_bitmap) +
		  sizeof(struct vfio_iommu_type1_dirty_bitmap_get)]
		__attribute__((aligned(8))) = { 0 };
	struct vfio_iommu_type1_dirty_bitmap *ask = (void *)room;
	struct vfio_iommu_type1_dirty_bitmap_get *get = (void *)ask->data;
	struct vfio_iommu_type1_dirty_bitmap start = { .argsz = sizeof(start),
						       .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START };
	struct vfio_iommu_type1_dirty_bitmap both = start, stop = start;
	const int fd = r->run->vfio.container;
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
	map(r, r->scratch, r->window, PIECE);
	no = ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &start) ? errno : 0;
	if (!r->v2) {
		check_errno(r, "dirty log: start", no, EACCES);
		clear(r);
		return;
	}
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
	clear(r);
}

static void (*const more_rules[])(struct rules *r) = {
	check_unmap_all,  check_avail,	 check_entry_limit,
	check_accounting, check_memlock, check_dirty,
};

static void *memory(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_DONTFORK);
	return p;
}

enum status step_dma_rules(struct run *run)
{
	struct rules r = { .run = run, .v2 = run->vfio.be->rules == RULES_TYPE1V2 };
	unsigned int passed, failed;
	size_t i;

	if (run->opts->no_rules) {
		run_detail(run, "--no-rules");
		return STATUS_SKIP;
	}
	r.scratch = memory(SCRATCH, PROT_READ | PROT_WRITE);
	r.absent = memory(SCRATCH, PROT_NONE);
	r.readonly = memory(SCRATCH, PROT_READ);
	if (!r.scratch || !r.absent || !r.readonly ||
	    vfio_iova_find(&run->iommu, 0, WINDOW, PIECE, &r.window)) {
		err_set(&run->err, ENOMEM, "the container's rules were not checked",
			"no memory, or no IOVAs, for it", "free some");
		return STATUS_UNVERIFIED;
	}
	/* Taken away: nothing else comes there meanwhile. */
	munmap(r.absent, SCRATCH);
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		check_rule(&r, &rules[i]);
	for (i = 0; i < ARRAY_SIZE(more_rules); i++)
		more_rules[i](&r);
	munmap(r.scratch, SCRATCH);
	munmap(r.readonly, SCRATCH);
	passed = report_checks(run->rep, STATUS_PASS);
	failed = report_checks(run->rep, STATUS_FAIL);
	run_detail(run, "%u of %u answers are the kernel's own", passed, passed + failed);
	if (!failed) {
		report_ok(run->rep, "DMA rules: %s, %u skipped", run->detail,
			  report_checks(run->rep, STATUS_SKIP));
		return STATUS_PASS;
	}
	err_what(&run->err, "%u of %u answers of the container are not those of its source", failed,
		 passed + failed);
	err_why(&run->err, "see the checks above");
	err_fix(&run->err, "a patched kernel may mean it so: compare with vfio_iommu_type1.c");
	return STATUS_FAIL;
}
