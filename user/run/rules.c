// SPDX-License-Identifier: GPL-2.0
/*
 * The step that makes calls that a back end must refuse, and calls that it must not.
 *
 * The errnos are those of the kernel's source.  Type1: drivers/vfio/vfio_iommu_type1.c,
 * vfio_dma_do_map(), vfio_dma_do_unmap().  iommufd: drivers/iommu/iommufd/ioas.c,
 * iommufd_ioas_map(), iommufd_ioas_unmap(); io_pagetable.c, iopt_check_iova(),
 * iopt_unmap_iova_range(); pages.c, iopt_alloc_pages().  Its container: vfio_compat.c.
 */
#include "run/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "env/memory.h"
#include "vfio/iommufd_uapi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RW	      (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define RO	      VFIO_DMA_MAP_FLAG_READ
#define WO	      VFIO_DMA_MAP_FLAG_WRITE
#define UNKNOWN	      (1U << 31)

/* The base of a rule's IOVA or virtual address */
enum place {
	HERE,	  /* the window; the scratch memory */
	RESERVED, /* an IOVA between two ranges */
	BEYOND,	  /* an IOVA after the last range */
	TOP,	  /* the last page of 64 bits */
	ABSENT,	  /* memory that is in no VMA */
	READONLY, /* memory that may only be read */
};

enum op { MAP, UNMAP };

struct answer {
	int no;	       /* errno, 0 for success */
	int no_later;  /* errno of kernels that use check_add_overflow(); 0: the same */
	uint64_t gone; /* UNMAP that succeeds: bytes that are unmapped */
	bool none;     /* there is no such call */
};

#define OK        \
	{         \
		0 \
	}
#define E(x)              \
	{                 \
		.no = (x) \
	}
#define GONE(x)             \
	{                   \
		.gone = (x) \
	}
#define WRAPS                                       \
	{                                           \
		.no = EINVAL, .no_later = EOVERFLOW \
	}
#define NONE                 \
	{                    \
		.none = true \
	}
/* One answer for all, or one for both kinds of Type1 and one for both of iommufd */
#define ALL(x)             \
	{                  \
		x, x, x, x \
	}
#define TWO(x, y)          \
	{                  \
		x, x, y, y \
	}

static const struct rule {
	const char *name;
	enum op op;
	bool pre; /* before the call, PIECE is mapped at the window's start */
	uint32_t flags;
	enum place vaddr, iova;
	uint64_t vaddr_add, iova_add, size;
	bool short_argsz;
	struct answer answers[NR_RULES]; /* Type1, Type1v2, iommufd, compatible container */
} rules[] = {
	/* clang-format off */
	{ "map, read and write", MAP, false, RW, HERE, HERE, 0, 0, PIECE, false, ALL(OK) },
	{ "map, read only", MAP, false, RO, HERE, HERE, 0, 0, PIECE, false, ALL(OK) },
	{ "map, write only", MAP, false, WO, HERE, HERE, 0, 0, PIECE, false, ALL(OK) },
	/* In the compatible container only the IOMMU's own driver refuses this. */
	{ "map, no right", MAP, false, 0, HERE, HERE, 0, 0, PIECE, false, ALL(E(EINVAL)) },
	{ "map, unknown flag", MAP, false, RW | UNKNOWN, HERE, HERE, 0, 0, PIECE, false, { E(EINVAL), E(EINVAL), E(EOPNOTSUPP), E(EINVAL) } },
	{ "map, argsz too small", MAP, false, RW, HERE, HERE, 0, 0, PIECE, true, ALL(E(EINVAL)) },
	{ "map, zero length", MAP, false, RW, HERE, HERE, 0, 0, 0, false, ALL(E(EINVAL)) },
	{ "map, unaligned length", MAP, false, RW, HERE, HERE, 0, 0, PIECE + 1, false, ALL(E(EINVAL)) },
	{ "map, unaligned IOVA", MAP, false, RW, HERE, HERE, 0, 1, PIECE, false, ALL(E(EINVAL)) },
	{ "map, unaligned memory", MAP, false, RW, HERE, HERE, 1, 0, PIECE, false, ALL(E(EINVAL)) },
	{ "map, IOVA wraps", MAP, false, RW, HERE, TOP, 0, 0, PIECE, false, TWO(WRAPS, E(EOVERFLOW)) },
	{ "map, memory wraps", MAP, false, RW, TOP, HERE, 0, 0, PIECE, false, TWO(WRAPS, E(EOVERFLOW)) },
	{ "map, reserved IOVA", MAP, false, RW, HERE, RESERVED, 0, 0, BASE_PAGE, false, ALL(E(EINVAL)) },
	{ "map, IOVA beyond the aperture", MAP, false, RW, HERE, BEYOND, 0, 0, PIECE, false, ALL(E(EINVAL)) },
	{ "map, memory in no VMA", MAP, false, RW, ABSENT, HERE, 0, 0, PIECE, false, ALL(E(EFAULT)) },
	{ "map, read-only memory to write", MAP, false, RW, READONLY, HERE, 0, 0, PIECE, false, ALL(E(EFAULT)) },
	{ "map, read-only memory to read", MAP, false, RO, READONLY, HERE, 0, 0, PIECE, false, ALL(OK) },
	{ "map again", MAP, true, RW, HERE, HERE, 0, 0, PIECE, false, ALL(E(EEXIST)) },
	{ "map over its end", MAP, true, RW, HERE, HERE, 0, PIECE / 2, PIECE, false, ALL(E(EEXIST)) },
	{ "map within it", MAP, true, RW, HERE, HERE, 0, PIECE / 4, BASE_PAGE, false, ALL(E(EEXIST)) },
	{ "map next to it", MAP, true, RW, HERE, HERE, 0, PIECE, PIECE, false, ALL(OK) },
	{ "unmap it exactly", UNMAP, true, 0, HERE, HERE, 0, 0, PIECE, false, ALL(GONE(PIECE)) },
	{ "unmap more than it", UNMAP, true, 0, HERE, HERE, 0, 0, 2 * PIECE, false, ALL(GONE(PIECE)) },
	{ "unmap where nothing is", UNMAP, true, 0, HERE, HERE, 0, PIECE, PIECE, false, { GONE(0), GONE(0), E(ENOENT), GONE(0) } },
	/* Type1 unmaps whole mappings that begin in the range; the others refuse to split one. */
	{ "unmap its first page", UNMAP, true, 0, HERE, HERE, 0, 0, BASE_PAGE, false, { GONE(PIECE), E(EINVAL), E(ENOENT), E(ENOENT) } },
	{ "unmap a page in its middle", UNMAP, true, 0, HERE, HERE, 0, PIECE / 2, BASE_PAGE, false, { GONE(0), E(EINVAL), E(ENOENT), E(ENOENT) } },
	{ "unmap, zero length", UNMAP, true, 0, HERE, HERE, 0, 0, 0, false, ALL(E(EINVAL)) },
	/* For iommufd this is a part of a mapping like any other. */
	{ "unmap, unaligned length", UNMAP, true, 0, HERE, HERE, 0, 0, 1, false, TWO(E(EINVAL), E(ENOENT)) },
	{ "unmap, unaligned IOVA", UNMAP, true, 0, HERE, HERE, 0, 1, PIECE, false, TWO(E(EINVAL), E(ENOENT)) },
	{ "unmap, IOVA wraps", UNMAP, true, 0, HERE, TOP, 0, 0, PIECE, false, TWO(WRAPS, E(EOVERFLOW)) },
	{ "unmap, unknown flag", UNMAP, true, UNKNOWN, HERE, HERE, 0, 0, PIECE, false, { E(EINVAL), E(EINVAL), NONE, E(EINVAL) } },
	{ "unmap, argsz too small", UNMAP, true, 0, HERE, HERE, 0, 0, PIECE, true, ALL(E(EINVAL)) },
	/* clang-format on */
};

/* How a back end makes the calls of a rule: 0 or a positive errno. */
struct dialect {
	const char *source; /* the kernel's source of the answers */
	int (*map)(struct rules *r, const struct rule *rule, uint64_t vaddr, uint64_t iova);
	int (*unmap)(struct rules *r, const struct rule *rule, uint64_t iova, uint64_t *gone);
};

const char *errno_text(int no)
{
	return no ? strerrorname_np(no) : "success";
}

int64_t rules_mappings_left(const struct rules *r)
{
	struct vfio_iommu_type1_info *info;
	struct vfio_iommu iommu;
	int64_t avail = -1;

	if (vfio_iommu_get_info(r->run->target.vfio.container, &info))
		return -1;
	if (!vfio_iommu_parse(info, &iommu) && iommu.has_dma_avail)
		avail = iommu.dma_avail;
	free(info);
	return avail;
}

/* Why this process, and not the kernel's code, is the reason for @no; NULL: it is not */
static const char *limit_behind(const struct rules *r, int no)
{
	const struct memory_need need = {
		.size = PIECE,
		.page_size = BASE_PAGE,
		.account = r->run->target.vfio.be->rules == RULES_IOMMUFD ? ACCOUNT_USER
									  : ACCOUNT_PROCESS,
	};
	struct memory mem;

	switch (no) {
	case ENOMEM:
		memory_read(&mem, "", BASE_PAGE);
		if (memory_lacks(&mem, &need, MEMORY_MEMLOCK))
			return "the limit of locked memory has no room for it; raise it with ulimit -l, by 256 KiB or more";
		return NULL;
	case ENOSPC:
		if (!rules_mappings_left(r))
			return "no mapping is left to this container; load vfio_iommu_type1 with a larger dma_entry_limit";
		return NULL;
	default:
		return NULL;
	}
}

void check_errno(struct rules *r, const char *name, int got, int want)
{
	const char *limit = got == want ? NULL : limit_behind(r, got);

	if (got == want)
		report_check(r->run->rep, name, STATUS_PASS, "%s", errno_text(got));
	else if (limit)
		report_check(r->run->rep, name, STATUS_UNVERIFIED, "%s: %s", errno_text(got),
			     limit);
	else
		report_check(r->run->rep, name, STATUS_FAIL, "%s, must be %s", errno_text(got),
			     errno_text(want));
}

bool rules_map_for(struct rules *r, const char *name, uint64_t iova)
{
	int no = rules_map(r, iova, PIECE);
	const char *limit = no ? limit_behind(r, no) : NULL;

	if (limit)
		report_check(r->run->rep, name, STATUS_UNVERIFIED, "the mapping before it: %s: %s",
			     errno_text(no), limit);
	else if (no)
		report_check(r->run->rep, name, STATUS_FAIL, "the mapping before it: %s",
			     errno_text(no));
	return !no;
}

int rules_map(struct rules *r, uint64_t iova, uint64_t size)
{
	return -vfio_map(&r->run->target.vfio, r->scratch, iova, size, RW);
}

int rules_unmap(struct rules *r, uint64_t iova, uint64_t size, uint64_t *gone)
{
	*gone = 0;
	return -vfio_unmap(&r->run->target.vfio, iova, size, gone);
}

/* This unmaps whole mappings, as each one that a rule makes is within the window. */
void rules_clear(struct rules *r)
{
	uint64_t gone;

	rules_unmap(r, r->window, WINDOW, &gone);
}

static int container_map(struct rules *r, const struct rule *rule, uint64_t vaddr, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map) - rule->short_argsz,
		.flags = rule->flags,
		.vaddr = vaddr,
		.iova = iova,
		.size = rule->size,
	};

	return ioctl(r->run->target.vfio.container, VFIO_IOMMU_MAP_DMA, &map) ? errno : 0;
}

static int container_unmap(struct rules *r, const struct rule *rule, uint64_t iova, uint64_t *gone)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap) - rule->short_argsz,
		.flags = rule->flags,
		.iova = iova,
		.size = rule->size,
	};
	int no = ioctl(r->run->target.vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;

	*gone = unmap.size;
	return no;
}

static int iommufd_map(struct rules *r, const struct rule *rule, uint64_t vaddr, uint64_t iova)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map) - rule->short_argsz,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | (rule->flags & UNKNOWN) |
			 (rule->flags & RO ? IOMMU_IOAS_MAP_READABLE : 0) |
			 (rule->flags & WO ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = r->run->target.vfio.ioas,
		.user_va = vaddr,
		.length = rule->size,
		.iova = iova,
	};

	return ioctl(r->run->target.vfio.container, IOMMU_IOAS_MAP, &map) ? errno : 0;
}

static int iommufd_unmap(struct rules *r, const struct rule *rule, uint64_t iova, uint64_t *gone)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap) - rule->short_argsz,
		.ioas_id = r->run->target.vfio.ioas,
		.iova = iova,
		.length = rule->size,
	};
	int no = ioctl(r->run->target.vfio.container, IOMMU_IOAS_UNMAP, &unmap) ? errno : 0;

	*gone = unmap.length;
	return no;
}

static const struct dialect dialects[NR_RULES] = {
	[RULES_TYPE1] = { "vfio_iommu_type1.c", container_map, container_unmap },
	[RULES_TYPE1V2] = { "vfio_iommu_type1.c", container_map, container_unmap },
	[RULES_IOMMUFD] = { "drivers/iommu/iommufd", iommufd_map, iommufd_unmap },
	[RULES_COMPAT] = { "drivers/iommu/iommufd", container_map, container_unmap },
};

/* The IOVA of a rule; false: this IOMMU has no such address. */
static bool place_iova(const struct rules *r, const struct rule *rule, uint64_t *iova)
{
	const struct vfio_iommu *iommu = &r->run->target.iommu;
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
	const struct answer *want = &rule->answers[r->run->target.vfio.be->rules];
	uint64_t iova, gone = 0;
	int no;

	if (want->none)
		return;
	if (!place_iova(r, rule, &iova)) {
		report_check(r->run->rep, rule->name, STATUS_SKIP,
			     "every IOVA is usable, or the kernel does not say which are");
		return;
	}
	if (rule->pre && !rules_map_for(r, rule->name, r->window))
		return;
	no = rule->op == MAP ? r->dialect->map(r, rule, place_vaddr(r, rule), iova)
			     : r->dialect->unmap(r, rule, iova, &gone);
	if (!no && !want->no && rule->op == UNMAP && gone != want->gone)
		report_check(r->run->rep, rule->name, STATUS_FAIL,
			     "0x%llx bytes unmapped, must be 0x%llx", (unsigned long long)gone,
			     (unsigned long long)want->gone);
	else if (want->no_later && no == want->no_later)
		report_check(r->run->rep, rule->name, STATUS_PASS, "%s, %s on older kernels",
			     errno_text(no), errno_text(want->no));
	else
		check_errno(r, rule->name, no, want->no);
	rules_clear(r);
}

static void check_more(struct rules *r, const struct rule_more *more)
{
	for (; more->check; more++)
		if (more->rules & RULES_OF(r->run->target.vfio.be->rules))
			more->check(r);
}

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
	struct rules r = { .run = run, .dialect = &dialects[run->target.vfio.be->rules] };
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
	    vfio_iova_find(&run->target.iommu, 0, WINDOW, PIECE, &r.window)) {
		err_set(&run->end.err, ENOMEM, "the rules of mapping were not checked",
			"no memory, or no IOVAs, for the checks", "free some memory");
		return STATUS_UNVERIFIED;
	}
	/* Unmapped only now, so that none of the other areas is placed there. */
	munmap(r.absent, SCRATCH);
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		check_rule(&r, &rules[i]);
	check_more(&r, rules_more);
	check_more(&r, rules_more_iommufd);
	munmap(r.scratch, SCRATCH);
	munmap(r.readonly, SCRATCH);
	passed = report_checks(run->rep, STATUS_PASS);
	failed = report_checks(run->rep, STATUS_FAIL);
	run_detail(run, "%u of %u answers are the kernel's own", passed, passed + failed);
	if (!failed && report_checks(run->rep, STATUS_UNVERIFIED)) {
		err_set(&run->end.err, 0, "not every rule of mapping could be checked",
			"see the checks above", "each says what it needs");
		return STATUS_UNVERIFIED;
	}
	if (!failed) {
		report_ok(run->rep, "DMA rules: %s, %u skipped", run->end.detail,
			  report_checks(run->rep, STATUS_SKIP));
		return STATUS_PASS;
	}
	err_what(&run->end.err, "%u of %u answers of the kernel are not those of its source",
		 failed, passed + failed);
	err_why(&run->end.err, "see the checks above");
	err_fix(&run->end.err, "a patched kernel may intend it: compare with %s",
		r.dialect->source);
	return STATUS_FAIL;
}
