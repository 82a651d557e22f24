// SPDX-License-Identifier: GPL-2.0
/*
 * What a device's IOMMU domain makes of an IOVA.  The caller has the device open through VFIO, and
 * its file is held here: as long as it lives the device stays with VFIO, and a container keeps its
 * domain.  No lock that keeps the domain's tables from an unmap by another thread is in reach, and
 * an unmap frees them without a grace period. But it takes them out of what leads to them first: so
 * all CPUs stop while a batch is asked, each page from the root on, and nothing that can still be
 * reached is freed meanwhile.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/stop_machine.h>
#include <linux/uaccess.h>

#include "walk.h"

/* Pages asked about while the machine stands still. */
#define IOVA_BUDGET 256

struct iova_query {
	struct walk *w;
	struct pci_dev *pdev;
	struct file *file; /* of the caller, the device's */
};

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

/* All CPUs but this one spin, interrupts are off. */
static int iova_stopped(void *arg)
{
	const struct iova_query *q = arg;
	struct iommu_domain *domain = iommu_get_domain_for_dev(&q->pdev->dev);
	struct walk *w = q->w;
	u64 last = w->addr + min_t(u64, w->end - w->addr, IOVA_BUDGET * PAGE_SIZE);

	if (!domain)
		return -ENOENT;
	w->out.features = domain->type & __IOMMU_DOMAIN_PAGING	  ? VERIFY_PTE_PAGING
			  : domain->type == IOMMU_DOMAIN_IDENTITY ? VERIFY_PTE_IDENTITY
			  : domain->type == IOMMU_DOMAIN_BLOCKED  ? VERIFY_PTE_BLOCKED
								  : 0;
	if (!w->out.features)
		return -EOPNOTSUPP;
	for (; w->addr < last; w->addr += PAGE_SIZE) {
		struct verify_pte_run *run = w->nr ? &w->runs[w->nr - 1] : NULL;
		u64 pa = w->out.features == VERIFY_PTE_IDENTITY ? w->addr : 0;
		u8 kind;

		if (w->out.features == VERIFY_PTE_PAGING &&
		    w->addr >= domain->geometry.aperture_start &&
		    w->addr <= domain->geometry.aperture_end)
			pa = iommu_iova_to_phys(domain, w->addr);
		kind = pa || w->out.features == VERIFY_PTE_IDENTITY ? PT_LEAF : PT_NONE;
		if (run && run->kind == kind && (kind == PT_NONE || run->pa + run->len == pa)) {
			run->len += PAGE_SIZE;
		} else {
			w->full = w->nr == w->cap;
			if (w->full)
				break;
			w->runs[w->nr++] =
				(struct verify_pte_run){ w->addr, PAGE_SIZE, pa, .kind = kind };
		}
		w->out.entries++;
		w->out.pages[kind]++;
	}
	return 0;
}

int iova_batch(struct walk *w)
{
	const u32 device = w->out.device;
	struct iova_query q = { .w = w };
	int ret = -EBADF;

	/* A virtio IOMMU takes a spinlock that would sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	q.pdev = pci_get_domain_bus_and_slot(device >> 16, device >> 8 & 0xff, device & 0xff);
	if (!q.pdev)
		return -ENODEV;
	if (iterate_fd(current->files, 0, iova_match_file, &q)) {
		w->full = false;
		w->out.descents++;
		ret = stop_machine(iova_stopped, &q, NULL);
		fput(q.file);
	}
	pci_dev_put(q.pdev);
	return ret;
}
