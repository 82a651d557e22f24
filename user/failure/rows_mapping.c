// SPDX-License-Identifier: GPL-2.0
/* The buffer, and its mapping for the device. */
#include "failure/rows.h"

#include <errno.h>

#include "failure/facts.h"

static bool lacks(const struct env *env, enum memory_kind kind)
{
	const struct memory_need need = memory_need(env);

	return memory_lacks(&env->mem, &need, kind);
}

static bool lacks_memlock(const struct env *env)
{
	return lacks(env, MEMORY_MEMLOCK);
}

static bool wants_huge(const struct env *env)
{
	return env->page_size > PAGE_4K;
}

static bool lacks_huge(const struct env *env)
{
	return lacks(env, MEMORY_HUGE);
}

static bool lacks_hugetlb_group(const struct env *env)
{
	return lacks(env, MEMORY_HUGETLB_GROUP);
}

static bool lacks_group(const struct env *env)
{
	return lacks(env, MEMORY_GROUP);
}

static bool lacks_available(const struct env *env)
{
	return lacks(env, MEMORY_AVAILABLE);
}

static bool lacks_address_space(const struct env *env)
{
	return lacks(env, MEMORY_ADDRESS_SPACE);
}

static bool lacks_data(const struct env *env)
{
	return lacks(env, MEMORY_DATA);
}

static bool lacks_commit(const struct env *env)
{
	return lacks(env, MEMORY_COMMIT);
}

static bool is_unaligned(const struct env *env)
{
	return env->has_iova && env->page_size && ((env->iova | env->size) & (env->page_size - 1));
}

static bool is_beyond(const struct env *env)
{
	return env->has_iova && (env->iova + env->size - 1 < env->iova ||
				 env->iova + env->size - 1 > env->last_iova);
}

static bool has_iova(const struct env *env)
{
	return env->has_iova;
}

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "memlock",
		.check = CHECK_MEMORY,
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOMEM,
		.applies_if = lacks_memlock,
		.detect = lacks_memlock,
		.why = "not enough memory may be locked: {lock_kib} KiB needed, the limit is {memlock_kib} KiB{charged}",
		.fix = "raise it with ulimit -l {lock_goal_kib} or more (its hard limit in /etc/security/limits.conf: USER hard memlock {lock_goal_kib}), or run with CAP_IPC_LOCK",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_lock_acct(); getrlimit(2)",
	},
	{
		.id = "no-memory",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOMEM,
		.why = "the kernel has no memory left for the IOMMU's tables or its own",
		.fix = "give a smaller --size, or end other programs",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "address-space",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_address_space,
		.detect = lacks_address_space,
		.what = "could not allocate the buffer",
		.why = "this process may map {as_kib} KiB more of address space at most (RLIMIT_AS)",
		.fix = "raise it with ulimit -v unlimited, or give a smaller --size",
		.source = "mm/mmap.c: may_expand_vm(); getrlimit(2)",
	},
	{
		.id = "data-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_data,
		.detect = lacks_data,
		.what = "could not allocate the buffer",
		.why = "this process may get {data_kib} KiB more of private memory at most (RLIMIT_DATA)",
		.fix = "raise it with ulimit -d unlimited, or give a smaller --size",
		.source = "mm/mmap.c: may_expand_vm(); getrlimit(2)",
	},
	{
		.id = "commit-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_commit,
		.detect = lacks_commit,
		.what = "could not allocate the buffer",
		.why = "the kernel commits {commit_kib} KiB more at most (vm.overcommit_memory=2)",
		.fix = "give a smaller --size, end other programs, or raise vm.overcommit_ratio",
		.source = "mm/util.c: __vm_enough_memory()",
	},
	{
		.id = "no-huge-pages",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_huge,
		.detect = lacks_huge,
		.what = "could not allocate the buffer",
		.why = "the kernel has fewer than {huge_need} free huge pages of {huge_kib} KiB{huge_reserved}",
		.fix = "echo {huge_goal} > /sys/kernel/mm/hugepages/hugepages-{huge_kib}kB/nr_hugepages",
		.source =
			"mm/hugetlb.c: gather_surplus_pages(); Documentation/admin-guide/mm/hugetlbpage.rst",
	},
	{
		.id = "hugetlb-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.applies_if = lacks_hugetlb_group,
		.detect = lacks_hugetlb_group,
		.what = "could not allocate the buffer",
		.why = "the control group leaves {hugetlb_kib} KiB of huge pages, {size_kib} are needed: {hugetlb_file}",
		.fix = "raise that limit, run outside of the group, or give a smaller --size",
		.source = "mm/hugetlb_cgroup.c; Documentation/admin-guide/cgroup-v2.rst: HugeTLB",
	},
	{
		.id = "memory-limit",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_group,
		.detect = lacks_group,
		.what = "could not allocate the buffer",
		.why = "the control group leaves {cgroup_kib} KiB of memory, {ordinary_kib} are needed: {cgroup_file}",
		.fix = "raise that limit, run outside of the group, or give a smaller --size",
		.source =
			"mm/memcontrol.c: try_charge_memcg(); Documentation/admin-guide/cgroup-v2.rst: Memory",
	},
	{
		.id = "memory-short",
		.check = CHECK_MEMORY,
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = lacks_available,
		.detect = lacks_available,
		.what = "could not allocate the buffer",
		.why = "{available_kib} KiB of memory are available, {ordinary_kib} are needed; pages that a device reaches are never swapped out",
		.fix = "give a smaller --size, or end other programs",
		.source = "Documentation/filesystems/proc.rst: MemAvailable",
	},
	{
		.id = "no-huge-pages",
		.steps = "buffer",
		.no = ENOMEM,
		.applies_if = wants_huge,
		.what = "could not allocate the buffer",
		.why = "the kernel could not make as many huge pages of {huge_kib} KiB, or not where this process may have memory (its cpuset)",
		.fix = "reserve them at boot with hugepagesz={huge_kib}K hugepages={huge_need}; see /proc/self/status: Mems_allowed_list",
		.source = "mm/hugetlb.c: gather_surplus_pages(), allowed_mems_nr()",
	},
	{
		.id = "page-refused",
		.steps = "buffer",
		.no = EFAULT,
		.what = "could not fill the buffer",
		.why = "the kernel gives no page for it, and a write to it would raise SIGBUS: a limit on huge pages, or broken memory",
		.fix = "see dmesg, and hugetlb.*.max of the control group in /proc/self/cgroup",
		.source =
			"mm/madvise.c: madvise_populate(); Documentation/admin-guide/cgroup-v2.rst: HugeTLB",
	},
	{
		.id = "no-huge-size",
		.steps = "buffer",
		.no = EINVAL,
		.applies_if = wants_huge,
		.what = "could not allocate the buffer",
		.why = "this CPU or kernel has no pages of {huge_kib} KiB",
		.fix = "give another --page-size; see ls /sys/kernel/mm/hugepages",
		.source = "Documentation/admin-guide/mm/hugetlbpage.rst",
	},
	{
		.id = "no-buffer",
		.steps = "buffer",
		.no = ENOMEM,
		.what = "could not allocate the buffer",
		.why = "there is not enough memory",
		.fix = "give a smaller --size",
		.source = "mmap(2)",
	},
	{
		.id = "iova-unaligned",
		.steps = "usage VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EINVAL,
		.applies_if = is_unaligned,
		.what = "--iova {iova}",
		.why = "not aligned to the page size, {page_size}",
		.fix = "choose another",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "iova-beyond",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.applies_if = is_beyond,
		.what = "IOVA {iova} of {size} bytes",
		.why = "it is in none of the IOVA ranges: past the aperture, which ends at {last_iova}",
		.fix = "choose a lower --iova or a smaller --size; in a VM with QEMU's intel-iommu aw-bits=48 makes it reach further",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()",
	},
	{
		.id = "iova-reserved",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EINVAL,
		.applies_if = has_iova,
		.what = "IOVA {iova} of {size} bytes",
		.why = "it is in none of the IOVA ranges: part of it is reserved, for interrupts (0xfee00000 on x86) or by the firmware",
		.fix = "choose another --iova or a smaller --size; see /sys/kernel/iommu_groups/{group}/reserved_regions",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_iommu_iova_dma_valid()",
	},
	{
		.id = "iova-overlap",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EEXIST,
		.why = "the IOVAs of two mappings overlap",
		.fix = "choose each --iova at least --size from the others",
		.source = "drivers/vfio/vfio_iommu_type1.c: vfio_dma_do_map()",
	},
	{
		.id = "entry-limit",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = ENOSPC,
		.why = "the container has as many mappings as it may have",
		.fix = "unmap some, or raise vfio_iommu_type1.dma_entry_limit before the container is opened",
		.source = "drivers/vfio/vfio_iommu_type1.c: dma_entry_limit",
	},
	{
		.id = "not-writable",
		.steps = "VFIO_IOMMU_MAP_DMA IOMMU_IOAS_MAP",
		.no = EFAULT,
		.why = "the buffer is not memory that the device may write: mapped read-only, or not mapped",
		.fix = "map it with PROT_WRITE, or map it for the device with VFIO_DMA_MAP_FLAG_READ alone",
		.source = "drivers/vfio/vfio_iommu_type1.c: vaddr_get_pfns()",
	},
};
/* clang-format on */

const struct failure_rows rows_mapping = { .row = rows, .nr = ARRAY_SIZE(rows) };
