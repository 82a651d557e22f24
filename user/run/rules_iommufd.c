// SPDX-License-Identifier: GPL-2.0
/*
 * Rules that only iommufd has: address spaces, copies, options, and the device's own node.
 *
 * drivers/iommu/iommufd/main.c: iommufd_fops_ioctl(), iommufd_option(); ioas.c; device.c,
 * hw_pagetable.c; drivers/vfio/device_cdev.c, group.c: vfio_group_fops_open().
 */
#include "run/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vfio/iommufd_uapi.h"

#define RW	  (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define NO_OBJECT 0x7fffffff

/* A call of iommufd: 0 or a positive errno */
static int ask(struct rules *r, unsigned long request, void *arg)
{
	return ioctl(r->run->target.vfio.container, request, arg) ? errno : 0;
}

static struct iommu_ioas_map map_of(const struct rules *r, uint32_t flags)
{
	return (struct iommu_ioas_map){
		.size = sizeof(struct iommu_ioas_map),
		.flags = flags,
		.ioas_id = r->run->target.vfio.ioas,
		.user_va = (uintptr_t)r->scratch,
		.length = PIECE,
		.iova = r->window,
	};
}

static void check_map(struct rules *r)
{
	struct iommu_ioas_map map = map_of(r, RW | IOMMU_IOAS_MAP_FIXED_IOVA);
	/* The structure as a program that is newer than the kernel may have it. */
	struct {
		struct iommu_ioas_map map;
		uint64_t more;
	} longer = { .map = map };

	map.__reserved = 1;
	check_errno(r, "map, reserved field set", ask(r, IOMMU_IOAS_MAP, &map), EOPNOTSUPP);
	map.__reserved = 0;
	map.ioas_id = NO_OBJECT;
	check_errno(r, "map, no such address space", ask(r, IOMMU_IOAS_MAP, &map), ENOENT);
	longer.map.size = sizeof(longer);
	check_errno(r, "map, a longer structure", ask(r, IOMMU_IOAS_MAP, &longer), 0);
	rules_clear(r);
	longer.more = 1;
	check_errno(r, "map, a longer structure with something in it",
		    ask(r, IOMMU_IOAS_MAP, &longer), E2BIG);
	rules_clear(r);
}

/* If the kernel chooses the IOVA, it is never 0, in a range, and aligned. */
static void check_choice(struct rules *r)
{
	static const char name[] = "map, IOVA chosen by the kernel";
	struct iommu_ioas_map map = map_of(r, RW);
	uint64_t gone;
	int no = ask(r, IOMMU_IOAS_MAP, &map);

	if (no) {
		check_errno(r, name, no, 0);
		return;
	}
	report_check(r->run->rep, name,
		     map.iova && !(map.iova % BASE_PAGE) &&
				     vfio_iova_usable(&r->run->target.iommu, map.iova, PIECE)
			     ? STATUS_PASS
			     : STATUS_FAIL,
		     "0x%llx", (unsigned long long)map.iova);
	rules_unmap(r, map.iova, PIECE, &gone);
}

/* Second mappings of the same pages, within the window */
static const struct copy_rule {
	const char *name;
	uint32_t flags;
	uint64_t src_add, dst_add, size;
	int no;
} copy_rules[] = {
	{ "copy", RW, 0, 2 * PIECE, PIECE, 0 },
	{ "copy a part of it", RW, PIECE / 2, 2 * PIECE, PIECE / 4, 0 },
	{ "copy, no right", 0, 0, 2 * PIECE, PIECE, EINVAL },
	{ "copy, unknown flag", RW | 1U << 31, 0, 2 * PIECE, PIECE, EOPNOTSUPP },
	{ "copy, zero length", RW, 0, 2 * PIECE, 0, EINVAL },
	{ "copy from where nothing is", RW, 4 * PIECE, 2 * PIECE, PIECE, ENOENT },
	{ "copy more than it", RW, 0, 2 * PIECE, 2 * PIECE, ENOENT },
	{ "copy over it", RW, 0, PIECE / 2, PIECE, EEXIST },
	{ "copy, unaligned IOVA", RW, 0, 2 * PIECE + 1, PIECE, EINVAL },
};

static void check_copy(struct rules *r)
{
	const uint32_t ioas = r->run->target.vfio.ioas;
	size_t i;

	for (i = 0; i < sizeof(copy_rules) / sizeof(copy_rules[0]); i++) {
		const struct copy_rule *rule = &copy_rules[i];
		struct iommu_ioas_copy copy = {
			.size = sizeof(copy),
			.flags = rule->flags | IOMMU_IOAS_MAP_FIXED_IOVA,
			.dst_ioas_id = ioas,
			.src_ioas_id = ioas,
			.length = rule->size,
			.dst_iova = r->window + rule->dst_add,
			.src_iova = r->window + rule->src_add,
		};

		if (!rules_map_for(r, rule->name, r->window))
			continue;
		check_errno(r, rule->name, ask(r, IOMMU_IOAS_COPY, &copy), rule->no);
		rules_clear(r);
	}
}

static void check_unmap_all(struct rules *r)
{
	struct iommu_ioas_unmap all = { .size = sizeof(all),
					.ioas_id = r->run->target.vfio.ioas,
					.length = UINT64_MAX };
	int no;

	if (!rules_map_for(r, "unmap all", r->window) ||
	    !rules_map_for(r, "unmap all", r->window + 2 * PIECE)) {
		rules_clear(r);
		return;
	}
	no = ask(r, IOMMU_IOAS_UNMAP, &all);
	if (!no && all.length != 2 * PIECE)
		report_check(r->run->rep, "unmap all", STATUS_FAIL,
			     "0x%llx bytes unmapped, must be 0x%llx",
			     (unsigned long long)all.length, 2 * PIECE);
	else
		check_errno(r, "unmap all", no, 0);
	all.length = UINT64_MAX;
	check_errno(r, "unmap all where nothing is", ask(r, IOMMU_IOAS_UNMAP, &all), 0);
	rules_clear(r);
}

static void check_ranges(struct rules *r)
{
	struct iommu_ioas_iova_ranges ranges = { .size = sizeof(ranges),
						 .ioas_id = r->run->target.vfio.ioas };
	const struct vfio_iommu *iommu = &r->run->target.iommu;
	struct iommu_iova_range range = { .start = r->window, .last = r->window + WINDOW - 1 };
	struct iommu_ioas_allow_iovas allow = { .size = sizeof(allow),
						.ioas_id = r->run->target.vfio.ioas,
						.num_iovas = 1,
						.allowed_iovas = (uintptr_t)&range };
	int no = ask(r, IOMMU_IOAS_IOVA_RANGES, &ranges);

	if (no == EMSGSIZE && ranges.num_iovas != iommu->nr_ranges)
		report_check(r->run->rep, "ranges, no room for them", STATUS_FAIL,
			     "%u ranges, must be %u", ranges.num_iovas, iommu->nr_ranges);
	else
		check_errno(r, "ranges, no room for them", no, EMSGSIZE);
	check_errno(r, "ranges that must stay", ask(r, IOMMU_IOAS_ALLOW_IOVAS, &allow), 0);
	range.last = range.start;
	check_errno(r, "ranges that must stay, an empty one",
		    ask(r, IOMMU_IOAS_ALLOW_IOVAS, &allow), EINVAL);
	if (iommu->nr_ranges > 1) {
		range.start = iommu->ranges[0].end + 1;
		range.last = range.start + BASE_PAGE - 1;
		check_errno(r, "ranges that must stay, reserved",
			    ask(r, IOMMU_IOAS_ALLOW_IOVAS, &allow), EADDRINUSE);
	} else {
		report_check(r->run->rep, "ranges that must stay, reserved", STATUS_SKIP,
			     "every IOVA is usable");
	}
	/* An empty list restores the initial state. */
	allow.num_iovas = 0;
	check_errno(r, "ranges that must stay, none", ask(r, IOMMU_IOAS_ALLOW_IOVAS, &allow), 0);
}

static bool is_capable(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return !syscall(SYS_capget, &head, data) && data[cap / 32].effective & 1U << cap % 32;
}

static int option(struct rules *r, uint32_t id, uint32_t object, uint16_t op, uint64_t *val)
{
	struct iommu_option opt = {
		.size = sizeof(opt), .option_id = id, .op = op, .object_id = object, .val64 = *val
	};
	int no = ask(r, IOMMU_OPTION, &opt);

	*val = opt.val64;
	return no;
}

/* Large pages of the IOMMU can be disabled and enabled again, but not while something is mapped. */
static void check_large_pages(struct rules *r)
{
	const uint32_t id = IOMMU_OPTION_HUGE_PAGES, ioas = r->run->target.vfio.ioas;
	uint64_t on = 1, off = 0, now = 2, odd = 2;

	check_errno(r, "option, large pages off", option(r, id, ioas, IOMMU_OPTION_OP_SET, &off),
		    0);
	if (!option(r, id, ioas, IOMMU_OPTION_OP_GET, &now) && now)
		report_check(r->run->rep, "option, large pages are off", STATUS_FAIL,
			     "%" PRIu64 ", must be 0", now);
	else
		check_errno(r, "option, large pages are off",
			    option(r, id, ioas, IOMMU_OPTION_OP_GET, &now), 0);
	check_errno(r, "option, large pages on", option(r, id, ioas, IOMMU_OPTION_OP_SET, &on), 0);
	check_errno(r, "option, large pages neither on nor off",
		    option(r, id, ioas, IOMMU_OPTION_OP_SET, &odd), EINVAL);
	if (!rules_map_for(r, "option, large pages off under a mapping", r->window))
		return;
	check_errno(r, "option, large pages off under a mapping",
		    option(r, id, ioas, IOMMU_OPTION_OP_SET, &off), EINVAL);
	rules_clear(r);
}

static void check_options(struct rules *r)
{
	const uint32_t id = IOMMU_OPTION_RLIMIT_MODE;
	uint64_t val = 1;

	check_errno(r, "option, memlock by process once something is there",
		    option(r, id, 0, IOMMU_OPTION_OP_SET, &val),
		    is_capable(CAP_SYS_RESOURCE) ? EBUSY : EPERM);
	val = 2;
	if (!option(r, id, 0, IOMMU_OPTION_OP_GET, &val) && val)
		report_check(r->run->rep, "option, memlock is by user", STATUS_FAIL,
			     "%" PRIu64 ", must be 0", val);
	else
		check_errno(r, "option, memlock is by user",
			    option(r, id, 0, IOMMU_OPTION_OP_GET, &val), 0);
	check_errno(r, "option, unknown", option(r, NO_OBJECT, 0, IOMMU_OPTION_OP_GET, &val),
		    EOPNOTSUPP);
}

static void check_objects(struct rules *r)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = r->run->target.vfio.ioas };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc), .flags = 1 };
	uint32_t nothing = sizeof(nothing);

	check_errno(r, "destroy the address space in use", ask(r, IOMMU_DESTROY, &destroy), EBUSY);
	destroy.id = NO_OBJECT;
	check_errno(r, "destroy what is not there", ask(r, IOMMU_DESTROY, &destroy), ENOENT);
	check_errno(r, "a new address space, unknown flag", ask(r, IOMMU_IOAS_ALLOC, &alloc),
		    EOPNOTSUPP);
	alloc.flags = 0;
	check_errno(r, "a new address space", ask(r, IOMMU_IOAS_ALLOC, &alloc), 0);
	destroy.id = alloc.out_ioas_id;
	check_errno(r, "destroy the new address space", ask(r, IOMMU_DESTROY, &destroy), 0);
	check_errno(r, "no such call", ask(r, _IO(IOMMUFD_TYPE, 0xff), &nothing), ENOTTY);
}

static void check_device(struct rules *r)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind),
						 .iommufd = r->run->target.vfio.container };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach),
							.pt_id = NO_OBJECT };
	const int fd = r->run->target.device;
	char path[64];
	int group;

	check_errno(r, "bind the device again",
		    ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind) ? errno : 0, EINVAL);
	check_errno(r, "attach the device to what is not there",
		    ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? errno : 0, ENOENT);
	attach.flags = 1;
	check_errno(r, "attach the device, unknown flag",
		    ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? errno : 0, EINVAL);
	vfio_group_path(r->run->target.vfio.dev, path, sizeof(path));
	group = open(path, O_RDWR | O_CLOEXEC);
	/* A kernel may be built without groups (CONFIG_VFIO_GROUP), or this user may not open it.
	 */
	if (group < 0 && (errno == ENOENT || errno == EACCES))
		report_check(r->run->rep, "the group, too", STATUS_SKIP, "its node: %s",
			     strerror(errno));
	else
		check_errno(r, "the group, too", group < 0 ? errno : 0, EBUSY);
	if (group >= 0)
		close(group);
}

/* Can a page table have dirty tracking exactly if the IOMMU says that it supports that? */
static void check_dirty(struct rules *r)
{
	struct iommu_hw_info info = { .size = sizeof(info), .dev_id = r->run->target.vfio.dev_id };
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = r->run->target.vfio.dev_id,
		.pt_id = r->run->target.vfio.ioas,
	};
	struct iommu_destroy destroy = { .size = sizeof(destroy) };
	int no = ask(r, IOMMU_GET_HW_INFO, &info);
	bool offered = info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING;

	check_errno(r, "what the IOMMU can do", no, 0);
	if (no)
		return;
	no = ask(r, IOMMU_HWPT_ALLOC, &alloc);
	check_errno(r, "a page table with a dirty log, as the IOMMU can", no,
		    offered ? 0 : EOPNOTSUPP);
	destroy.id = alloc.out_hwpt_id;
	if (!no)
		ask(r, IOMMU_DESTROY, &destroy);
}

#define IOMMUFD RULES_OF(RULES_IOMMUFD)

const struct rule_more rules_more_iommufd[] = {
	{ IOMMUFD, check_map },
	{ IOMMUFD, check_choice },
	{ IOMMUFD, check_copy },
	{ IOMMUFD, check_unmap_all },
	{ IOMMUFD, check_ranges },
	{ IOMMUFD, check_large_pages },
	{ IOMMUFD, check_options },
	{ IOMMUFD, check_objects },
	{ IOMMUFD, check_device },
	{ IOMMUFD, check_dirty },
	{ 0 },
};
