// SPDX-License-Identifier: GPL-2.0
/*
 * What a device's IOMMU domain makes of an IOVA.  The caller has the device open through VFIO, and
 * its file is held while the kernel is asked: the device stays with VFIO, and a container keeps its
 * domain.  We cannot take a lock that stops another thread's unmap, and an unmap frees the domain's
 * tables without a grace period.  But it first takes them out of what leads to them: so all CPUs
 * stop while a batch is asked, each page from the root on, and nothing that can still be reached is
 * freed meanwhile.
 *
 * Between two batches all may change.  An iommufd moves a device to another domain, which can have
 * the address of one that was freed: so the domain is told by its address and by the number of the
 * attachment that was the device's last.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>
#include <trace/events/iommu.h>

#include "walk.h"

/*
 * All CPUs stand still for at most as many pages, and for about as long as it takes to stop them,
 * within these limits; then they run for IOVA_REST times as long as they stood still.
 */
#define IOVA_PAGES  4096
#define IOVA_NS_MIN (100 * NSEC_PER_USEC)
#define IOVA_NS_MAX (2 * NSEC_PER_MSEC)
#define IOVA_REST   3
/* What stood still for longer, since a virtual CPU of ours did not run, is not rested for. */
#define IOVA_REST_NS_MAX (100 * NSEC_PER_MSEC)

static DEFINE_MUTEX(iova_turn);
static u64 iova_rest_until; /* ktime_get_ns(); under iova_turn, as is the next */
static u64 iova_ns;	    /* what to ask for in one stop */

/*
 * Each attachment has a number of its own, so that a device that was plugged in where another one
 * was is not taken for it.  The last one of each device, or of one with the same hash:
 */
static atomic_t iova_attached[64];
static atomic_t iova_attachments; /* of all devices, since the module was loaded */
static bool iova_counts;	  /* a kernel without tracepoints tells of no attachment */

struct iova_query {
	struct walk *w;
	struct pci_dev *pdev;
	struct file *file; /* of the caller, the device's */
	u64 ns;		   /* in: what it may take; out: what it took */
};

static atomic_t *iova_attached_of(const struct device *dev)
{
	return &iova_attached[hash_ptr(dev, ilog2(ARRAY_SIZE(iova_attached)))];
}

static void iova_count_attach(void *unused, struct device *dev)
{
	atomic_set(iova_attached_of(dev), atomic_inc_return(&iova_attachments));
}

/*
 * Is it the VFIO file of this device?  Its private data is the device's driver data (struct
 * vfio_device begins every VFIO driver's), since 6.6 a struct that begins with a pointer to it.
 */
static int iova_match_file(const void *arg, struct file *file, unsigned int fd)
{
	struct iova_query *q = (struct iova_query *)arg;
	const void *want = pci_get_drvdata(q->pdev), *p = file->private_data;

	if (!want || (file->f_op->owner && strcmp(module_name(file->f_op->owner), "vfio")))
		return 0;
	if (p != want && (copy_from_kernel_nofault(&p, p, sizeof(p)) || p != want))
		return 0;
	q->file = get_file(file);
	return 1;
}

/*
 * The domain that VFIO gave the device.  The kernel's own is there as long as VFIO gave it none: a
 * device node that is open, and bound to no iommufd.
 */
static int iova_domain(const struct iova_query *q, struct iommu_domain **domain)
{
	const u32 attached = atomic_read(iova_attached_of(&q->pdev->dev));
	struct iommu_domain *d = iommu_get_domain_for_dev(&q->pdev->dev);
	struct walk *w = q->w;

	if (!d || d->type & __IOMMU_DOMAIN_DMA_API || d->type == IOMMU_DOMAIN_IDENTITY)
		return -ENOENT;
	if (d->type & __IOMMU_DOMAIN_PAGING)
		w->out.features = VERIFY_PTE_PAGING;
	else if (d->type == IOMMU_DOMAIN_BLOCKED)
		w->out.features = VERIFY_PTE_BLOCKED;
	else
		return -EOPNOTSUPP;
	if (w->domain && !iova_counts)
		return -EOPNOTSUPP;
	if (w->domain && (w->domain != d || w->attached != attached))
		return -EAGAIN;
	w->domain = d;
	w->attached = attached;
	*domain = d;
	return 0;
}

/* False: there is no room. */
static bool iova_add(struct walk *w, u8 kind, u64 pa, u64 len)
{
	struct verify_pte_run *run = w->nr ? &w->runs[w->nr - 1] : NULL;

	if (run && run->kind == kind && (kind == PT_NONE || run->pa + run->len == pa)) {
		run->len += len;
	} else {
		w->full = w->nr == w->cap;
		if (w->full)
			return false;
		w->runs[w->nr++] = (struct verify_pte_run){
			.vaddr = w->addr,
			.len = len,
			.pa = pa,
			.kind = kind,
		};
	}
	w->out.descents++;
	w->out.entries++;
	w->out.pages[kind] += len >> PAGE_SHIFT;
	w->addr += len;
	return true;
}

/* Bytes from w->addr on of which no page needs to be asked about: nothing is mapped there. */
static u64 iova_outside(const struct walk *w, const struct iommu_domain *domain)
{
	const struct iommu_domain_geometry *g = &domain->geometry;
	u64 left = w->end - w->addr;

	if (w->out.features != VERIFY_PTE_PAGING || w->addr > g->aperture_end)
		return left;
	if (w->addr < g->aperture_start)
		return min_t(u64, left, ALIGN_DOWN(g->aperture_start - w->addr, PAGE_SIZE));
	return 0;
}

/* All CPUs but this one spin, interrupts are off. */
static int iova_stopped(void *arg)
{
	struct iova_query *q = arg;
	const u64 begun = ktime_get_mono_fast_ns();
	struct iommu_domain *domain;
	struct walk *w = q->w;
	unsigned int i;
	u64 len, pa;
	int ret;

	ret = iova_domain(q, &domain);
	if (ret)
		return ret;
	for (i = 0; w->addr < w->end && i < IOVA_PAGES; i++) {
		/* Some of them, since a look at the clock can take as long as one. */
		if (i && i % 16 == 0 && ktime_get_mono_fast_ns() - begun > q->ns)
			break;
		len = iova_outside(w, domain);
		pa = len ? 0 : iommu_iova_to_phys(domain, w->addr);
		if (!iova_add(w, pa ? PT_LEAF : PT_NONE, pa, len ? len : PAGE_SIZE))
			break;
	}
	q->ns = ktime_get_mono_fast_ns() - begun;
	return 0;
}

/* The others go on until it is our turn to stop them again. */
static int iova_rest(void)
{
	s64 left;

	while ((left = iova_rest_until - ktime_get_ns()) > 0) {
		ktime_t wait = ns_to_ktime(left);

		__set_current_state(TASK_KILLABLE);
		schedule_hrtimeout(&wait, HRTIMER_MODE_REL);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int iova_stop(struct iova_query *q)
{
	u64 begun, took;
	int ret;

	q->ns = clamp_t(u64, iova_ns, IOVA_NS_MIN, IOVA_NS_MAX);
	begun = ktime_get_ns();
	ret = stop_machine(iova_stopped, q, NULL);
	took = ktime_get_ns() - begun;
	iova_rest_until = begun + took + min_t(u64, IOVA_REST * took, IOVA_REST_NS_MAX);
	if (!ret)
		iova_ns = took - min(took, q->ns);
	return ret;
}

int iova_batch(struct walk *w)
{
	struct iova_query q = { .w = w };
	int ret;

	/* A virtio IOMMU takes a spinlock that would sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	if (mutex_lock_killable(&iova_turn))
		return -EINTR;
	ret = iova_rest();
	if (ret)
		goto unlock;
	ret = -ENODEV;
	q.pdev = pci_get_domain_bus_and_slot(w->out.segment, w->out.device >> 8,
					     w->out.device & 0xff);
	if (!q.pdev)
		goto unlock;
	ret = -EBADF;
	if (iterate_fd(current->files, 0, iova_match_file, &q)) {
		w->full = false;
		ret = iova_stop(&q);
		fput(q.file);
	}
	pci_dev_put(q.pdev);
unlock:
	mutex_unlock(&iova_turn);
	return ret;
}

void iova_init(void)
{
	iova_counts = !register_trace_attach_device_to_domain(iova_count_attach, NULL);
}

void iova_exit(void)
{
	if (iova_counts)
		unregister_trace_attach_device_to_domain(iova_count_attach, NULL);
	tracepoint_synchronize_unregister();
}
