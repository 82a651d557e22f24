// SPDX-License-Identifier: GPL-2.0
/*
 * Any NVMe disk: it reads and writes memory, and nothing is ever written to it.  Bringing it
 * up and down; what it proves is in nvme_prove.c.  NVM Express Base Specification 1.4, 7.6.
 */
#include "driver/nvme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/signals.h"
#include "vfio/vfio.h"

/* A guest may stand still for as long where the host is busy, whatever the device says. */
#define READY_MS_MIN 2000
/* Where a controller does not say how long it takes to shut down (RTD3E is 0) */
#define SHUTDOWN_MS 5000
#define PAUSE_NS    200000
#define NSIDS	    (NVME_PAGE / sizeof(uint32_t))

/* Until the bits of @mask in CSTS are @want */
static int wait_csts(struct nvme *n, uint32_t mask, uint32_t want, uint32_t ms, struct err *err)
{
	const uint64_t start = nvme_now_ms();
	uint32_t csts;

	for (;;) {
		const uint64_t waited = nvme_now_ms() - start;
		int ret = dma_read(n->dma, NVME_CSTS, &csts, err);

		/* One that has stopped fatally still resets; one that is gone does not. */
		if (!ret && (csts == NVME_GONE || (want & NVME_CSTS_RDY && csts & NVME_CSTS_CFS)))
			ret = nvme_check(n, &csts, err);
		if (ret || (csts & mask) == want)
			return ret;
		if (waited > (ms < READY_MS_MIN ? READY_MS_MIN : ms))
			break;
		if (signal_seen && !n->leaving)
			return nvme_interrupted(err);
		nvme_sleep_ns(PAUSE_NS);
	}
	err_set(err, ETIMEDOUT, "the NVMe controller is not ready in time", "",
		"see dmesg; power the machine off and on");
	err_why(err, "its status register is 0x%x after %u ms", csts, ms);
	return -ETIMEDOUT;
}

static int disable(struct nvme *n, struct err *err)
{
	uint32_t cc;
	int ret = dma_read(n->dma, NVME_CC, &cc, err);

	if (!ret)
		ret = dma_write(n->dma, NVME_CC, cc & ~(NVME_CC_EN | NVME_CC_SHN_MASK), err);
	return ret ? ret : wait_csts(n, NVME_CSTS_RDY, 0, n->cap.timeout_ms, err);
}

/* From reset to ready, with empty queues for commands to the controller itself. */
static int enable(struct nvme *n, struct err *err)
{
	const unsigned int entries = n->cap.entries < NVME_ENTRIES ? n->cap.entries : NVME_ENTRIES;
	int ret = disable(n, err);

	n->io_ready = n->waiting = false;
	if (ret)
		return ret;
	nvme_queue_init(&n->admin, 0, entries, nvme_own(n, NVME_OWN_ASQ),
			nvme_own(n, NVME_OWN_ACQ));
	ret = dma_write(n->dma, NVME_AQA, (entries - 1) << 16 | (entries - 1), err);
	if (!ret)
		ret = dma_write64(n->dma, NVME_ASQ, nvme_own_iova(n, NVME_OWN_ASQ), err);
	if (!ret)
		ret = dma_write64(n->dma, NVME_ACQ, nvme_own_iova(n, NVME_OWN_ACQ), err);
	if (!ret)
		ret = dma_write(n->dma, NVME_CC, NVME_CC_EN | NVME_CC_IOSQES | NVME_CC_IOCQES, err);
	return ret ? ret : wait_csts(n, NVME_CSTS_RDY, NVME_CSTS_RDY, n->cap.timeout_ms, err);
}

/* One command to the controller itself, whose status must be 0 */
static int admin(struct nvme *n, const struct nvme_command *c, const char *name, struct err *err)
{
	uint16_t status;
	int ret = nvme_exec(n, &n->admin, c, 1, &status, err);

	if (ret || !status)
		return ret;
	err_set(err, EIO, "", "", "see dmesg; is the disk well?");
	err_what(err, "the NVMe controller refused %s", name);
	err_why(err, "status 0x%x", status);
	return -EIO;
}

static int identify(struct nvme *n, uint32_t what, uint32_t nsid, const char *name, struct err *err)
{
	const struct nvme_command c = {
		.opcode = NVME_ADMIN_IDENTIFY,
		.nsid = nsid,
		.prp1 = nvme_own_iova(n, NVME_OWN_DATA),
		.cdw10 = what,
	};

	memset(nvme_own(n, NVME_OWN_DATA), 0, NVME_PAGE);
	return admin(n, &c, name, err);
}

/* The numbers of namespaces, as many as there is room for; 0 ends them. */
static int list_namespaces(struct nvme *n, uint32_t *nsids, struct err *err)
{
	uint32_t version, i;
	int ret = dma_read(n->dma, NVME_VS, &version, err);

	if (ret)
		return ret;
	if (version >= NVME_VS_1_1) {
		ret = identify(n, NVME_IDENTIFY_ACTIVE_NS, 0, "Identify (active namespaces)", err);
		memcpy(nsids, nvme_own(n, NVME_OWN_DATA), NVME_PAGE);
		return ret;
	}
	/* The first version has no list: each up to the largest may be asked for. */
	for (i = 0; i < NSIDS; i++)
		nsids[i] = i < n->ctrl.namespaces ? i + 1 : 0;
	return 0;
}

/* The first that can be read from here; none is no error. */
static int find_namespace(struct nvme *n, struct err *err)
{
	uint32_t nsids[NSIDS];
	unsigned int i;
	int ret = list_namespaces(n, nsids, err);

	snprintf(n->no_ns, sizeof(n->no_ns), "the controller has no active namespace to read from");
	for (i = 0; i < NSIDS && !ret && nsids[i]; i++) {
		char used[200];
		const char *why;

		ret = identify(n, NVME_IDENTIFY_NS, nsids[i], "Identify (namespace)", err);
		if (ret)
			break;
		n->ns.nsid = nsids[i];
		why = nvme_namespace_parse(nvme_own(n, NVME_OWN_DATA), &n->ns);
		if (!why && n->ns.shared && nvme_used_elsewhere(n->ctrl.nqn, used, sizeof(used)))
			why = used;
		if (!why) {
			n->no_ns[0] = '\0';
			return 0;
		}
		snprintf(n->no_ns, sizeof(n->no_ns), "namespace %u cannot be used: %s", nsids[i],
			 why);
	}
	return ret;
}

/* Both queues are a page, in one piece. */
static int create_io(struct nvme *n, struct err *err)
{
	const unsigned int entries = n->admin.entries;
	const struct nvme_command cq = {
		.opcode = NVME_ADMIN_CREATE_CQ,
		.prp1 = nvme_own_iova(n, NVME_OWN_CQ),
		.cdw10 = (entries - 1) << 16 | 1,
		.cdw11 = (n->event >= 0 ? 2 : 0) | 1, /* interrupts by vector 0, contiguous */
	};
	const struct nvme_command sq = {
		.opcode = NVME_ADMIN_CREATE_SQ,
		.prp1 = nvme_own_iova(n, NVME_OWN_SQ),
		.cdw10 = (entries - 1) << 16 | 1,
		.cdw11 = 1 << 16 | 1, /* to queue 1, contiguous */
	};
	/* One of each, which a controller may want to be told before it makes any (5.21.1.7) */
	const struct nvme_command number = { .opcode = NVME_ADMIN_SET_FEATURES,
					     .cdw10 = NVME_FEATURE_QUEUES };
	int ret;

	nvme_queue_init(&n->io, 1, entries, nvme_own(n, NVME_OWN_SQ), nvme_own(n, NVME_OWN_CQ));
	ret = admin(n, &number, "a pair of queues", err);
	if (!ret)
		ret = admin(n, &cq, "a completion queue", err);
	if (!ret)
		ret = admin(n, &sq, "a submission queue", err);
	n->io_ready = !ret;
	return ret;
}

/* Without it completions are looked for in memory. */
static void take_irq(struct nvme *n)
{
	n->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->event < 0 || !vfio_irq_enable(n->dma->device, VFIO_PCI_MSIX_IRQ_INDEX, n->event))
		return;
	close(n->event);
	n->event = -1;
}

static void nvme_release_irq(struct dma *dma)
{
	struct nvme *n = nvme_of(dma);

	if (!n || n->event < 0)
		return;
	vfio_irq_disable(dma->device, VFIO_PCI_MSIX_IRQ_INDEX);
	close(n->event);
	n->event = -1;
}

static int nvme_probe(struct dma *dma, struct err *err)
{
	struct nvme_cap c;
	uint64_t cap;
	uint32_t csts = 0;
	int ret = dma_read64(dma, NVME_CAP, &cap, err);

	if (!ret)
		ret = dma_read(dma, NVME_CSTS, &csts, err);
	if (ret)
		return ret;
	if (cap == ~0ULL || csts == NVME_GONE) {
		err_set(err, ENODEV, "the NVMe controller does not answer",
			"its registers have all bits set", "is it powered? see lspci and dmesg");
		return -ENODEV;
	}
	/* A secondary controller is offline until it is given queues and vectors (8.5). */
	if (!cap) {
		err_set(err, EOPNOTSUPP, "the NVMe controller is offline",
			"the NVMe controller is offline: its registers read 0, and a virtual function is so until its physical function gives it queues and brings it online",
			"see nvme virt-mgmt, or --dma none");
		return -EOPNOTSUPP;
	}
	nvme_cap_decode(cap, &c);
	if (c.nvm && c.small_pages && c.entries >= 2)
		return 0;
	err_set(err, EOPNOTSUPP, "the NVMe controller is none that can be used here",
		!c.nvm		 ? "the controller has no NVM command set"
		: !c.small_pages ? "the controller takes no memory pages of 4 KiB"
				 : "the controller's queues have one entry",
		"give --dma none");
	return -EOPNOTSUPP;
}

static int nvme_init(struct dma *dma, struct err *err)
{
	struct nvme *n = calloc(1, sizeof(*n));
	uint64_t cap;
	int ret;

	if (!n) {
		err_set(err, ENOMEM, "no memory for the NVMe controller", strerror(ENOMEM), "");
		return -ENOMEM;
	}
	dma->priv = n;
	n->dma = dma;
	n->event = -1;
	n->store_at = NVME_NO_BLOCK;
	ret = dma_read64(dma, NVME_CAP, &cap, err);
	if (!ret)
		ret = dma_read(dma, NVME_AQA, &n->aqa, err);
	if (!ret)
		ret = dma_read64(dma, NVME_ASQ, &n->asq, err);
	if (!ret)
		ret = dma_read64(dma, NVME_ACQ, &n->acq, err);
	if (ret)
		return ret;
	nvme_cap_decode(cap, &n->cap);
	/* First: QEMU's queues use the vectors that are there when they are made. */
	take_irq(n);
	ret = enable(n, err);
	if (!ret)
		ret = identify(n, NVME_IDENTIFY_CONTROLLER, 0, "Identify (controller)", err);
	if (ret)
		return ret;
	nvme_controller_parse(nvme_own(n, NVME_OWN_DATA), &n->ctrl);
	ret = find_namespace(n, err);
	return ret || n->no_ns[0] ? ret : create_io(n, err);
}

/*
 * The device writes a page's first block; what the command says of it does not count, for QEMU
 * says of a write that the IOMMU refused that all is well.
 */
static int nvme_store(struct dma *dma, uint64_t to, struct err *err)
{
	struct nvme *n = nvme_of(dma);
	struct nvme_command c;
	uint16_t status;

	if (n->store_at == NVME_NO_BLOCK || !n->io_ready) {
		err_set(err, EOPNOTSUPP, "no fault was provoked",
			n->io_ready
				? "the disk has no block that could be told from what is in memory"
				: "the controller has no queue for reads any more",
			"");
		return -EOPNOTSUPP;
	}
	nvme_command_io(&c, NVME_READ, &n->ns, n->store_at, n->ns.block);
	c.prp1 = to;
	return nvme_exec(n, &n->io, &c, 1, &status, err);
}

/*
 * An interrupt is the end of a command without data.  The controller starts anew for each: how
 * it interrupts was chosen since, and its queue is made for that.  With no queue but that, the
 * one completion is the one interrupt.
 */
static int nvme_interrupt(struct dma *dma, bool on, struct err *err)
{
	const struct nvme_command c = { .opcode = NVME_ADMIN_GET_FEATURES,
					.cdw10 = NVME_FEATURE_QUEUES };
	struct nvme *n = nvme_of(dma);
	struct nvme_completion done;
	int ret;

	if (!on) {
		if (!n->waiting)
			return 0;
		n->waiting = false;
		return nvme_reap(n, &n->admin, &done, err);
	}
	ret = enable(n, err);
	if (ret)
		return ret;
	nvme_queue_put(&n->admin, &c, 0);
	n->waiting = true;
	return nvme_ring(n, &n->admin, err);
}

/* Shut down as before the power is switched off, then as it was: not enabled. */
static void nvme_remove(struct dma *dma)
{
	struct nvme *n = nvme_of(dma);
	struct err ignored = { 0 };
	uint32_t cc = 0;

	if (!n)
		return;
	n->leaving = true;
	if (!dma_read(dma, NVME_CC, &cc, &ignored) && cc != NVME_GONE && cc & NVME_CC_EN &&
	    !dma_write(dma, NVME_CC, (cc & ~NVME_CC_SHN_MASK) | NVME_CC_SHN_NORMAL, &ignored))
		wait_csts(n, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_DONE,
			  n->ctrl.shutdown_ms ? n->ctrl.shutdown_ms : SHUTDOWN_MS, &ignored);
	/* Nothing is under way any more once it is not ready. */
	if (cc != NVME_GONE && !disable(n, &ignored)) {
		dma_write(dma, NVME_AQA, n->aqa, &ignored);
		dma_write64(dma, NVME_ASQ, n->asq, &ignored);
		dma_write64(dma, NVME_ACQ, n->acq, &ignored);
	}
	nvme_release_irq(dma);
}

const struct dma_driver dma_nvme = {
	.name = "nvme",
	.class_code = NVME_CLASS,
	.bar = 0,
	.iova_end = UINT64_MAX,
	.own_size = (uint64_t)NVME_OWN_PAGES * NVME_PAGE,
	.moves =
		"written by the device with READ, and read by it with COMPARE; nothing else changed, and nothing was written to the disk",
	.probe = nvme_probe,
	.init = nvme_init,
	.prove = nvme_prove,
	.store = nvme_store,
	.release_irq = nvme_release_irq,
	.interrupt = nvme_interrupt,
	.remove = nvme_remove,
};
