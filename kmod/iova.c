// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the kernel what the IOMMU domain of a device translates an IOVA to: iommu_iova_to_phys().
 *
 * The caller must have the device open through VFIO, and we hold that file while we ask.  So the
 * device stays with VFIO, and the container keeps its domain.
 *
 * We cannot take a lock that stops another thread's unmap, and an unmap frees tables of the domain
 * without a grace period.  But it unlinks a table before it frees it.  So a batch runs in
 * stop_machine(), and translates each page from the root on: no other CPU can unlink or free a
 * table meanwhile, and a table that was unlinked before cannot be reached.
 *
 * Anything can change between two batches.  iommufd can move the device to another domain, which
 * may be allocated at the address of one that was freed.  So we identify the domain by its address
 * and by the number of the last attachment of the device.
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
 * How long all CPUs are stopped.  To stop them takes time too, so a batch asks for about as long as
 * the stopping took, within these limits.  After it they run for IOVA_REST times as long as they
 * were stopped, so that an answer takes a quarter of their time at most.
 */
#define IOVA_PAGES  4096 /* in one batch */
#define IOVA_NS_MIN (100 * NSEC_PER_USEC)
#define IOVA_NS_MAX (2 * NSEC_PER_MSEC)
#define IOVA_REST   3
/*
 * The longest rest.  In a virtual machine a stop can seem to take very long, because the host did
 * not run one of the virtual CPUs; to wait for a multiple of that time would help nobody.
 */
#define IOVA_REST_NS_MAX (100 * NSEC_PER_MSEC)

static DEFINE_MUTEX(iova_turn); /* one batch at a time; protects the next two */
static u64 iova_rest_until;	/* no batch begins before; as ktime_get_ns() */
static u64 iova_ns;		/* for how long the next batch asks, before the limits */

/*
 * Every attachment of any device to a domain gets a number of its own, so a device that is plugged
 * in at the place of another one is not mistaken for it.  iova_attached[] has the number of the
 * last attachment of a device, by a hash of the device's address.  Devices with the same hash share
 * an element; then an attachment of one of them looks like one of the other as well, and the caller
 * is told to ask again.
 */
static atomic_t iova_attached[64];
static atomic_t iova_attachments; /* of all devices, since the module was loaded */
static bool iova_counts;	  /* false: this kernel has no tracepoint for attachments */

struct iova_query {
	struct walk *w;
	struct pci_dev *pdev;
	struct file *file; /* the caller's VFIO file of the device */
	u64 ns;		   /* in: how long the batch may take; out: how long it took */
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
 * Is this open file the VFIO file of the device?  Its private data is the struct vfio_device, which
 * is the first member of the driver data of every VFIO driver, and so has the same address.  Since
 * 6.6 the private data is a struct vfio_device_file, which begins with a pointer to it.
 *
 * The driver data is compared only, never followed; the private data is read with a nofault copy.
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
 * The domain that VFIO attached the device to.  As long as VFIO has attached it to none, it has a
 * domain of the kernel's own, which is refused: so it is with a device node that is open but not
 * bound to an iommufd.
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

/*
 * Adds the next @len bytes to the last run, or begins a new run with them.  Returns false if the
 * buffer is full.
 */
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

/*
 * How many bytes from w->addr on need no question, because nothing can be mapped there: they are
 * outside of the domain's aperture, or the domain is a blocked one.
 */
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

/* Runs in stop_machine(): all other CPUs spin, and interrupts are off on every CPU. */
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
		/* Reading the clock can take as long as one translation: only each 16th time. */
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

/* Sleeps until the CPUs may be stopped again. */
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

	/*
	 * The driver of a virtio IOMMU takes a spinlock, which can sleep with PREEMPT_RT, and
	 * nothing may sleep in stop_machine().
	 */
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
