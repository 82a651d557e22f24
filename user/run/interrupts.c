// SPDX-License-Identifier: GPL-2.0
/* The step that makes the device interrupt, through each index that it has. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pci/irq_host.h"
#include "run/ask.h"
#include "run/dma.h"
#include "run/irq_cause.h"
#include "lib/signals.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define IRQ_WAIT_MS   2000
#define IRQ_QUIET_MS  200
/* If an interrupt arrives twice, the second follows at once. */
#define IRQ_TWICE_MS 50

static const struct irq_case {
	uint32_t index;
	const char *name;
	bool masks_itself; /* level-triggered: has to be unmasked after each interrupt */
} irq_cases[] = {
	{ VFIO_PCI_MSIX_IRQ_INDEX, "MSI-X", false },
	{ VFIO_PCI_MSI_IRQ_INDEX, "MSI", false },
	{ VFIO_PCI_INTX_IRQ_INDEX, "INTx", true },
};

/* The result of one kind, for the report. */
struct irq_seen {
	int raised, arrived;
	bool held; /* none arrived while it was masked */
};

static int irq_raise(struct run *run, struct irq_seen *seen)
{
	struct dma *dev = &run->dma->dev;

	seen->raised++;
	return dev->drv->interrupt(dev, true, &run->end.err);
}

static int irq_ack(struct run *run)
{
	struct dma *dev = &run->dma->dev;

	return dev->drv->interrupt(dev, false, &run->end.err);
}

/* Waits up to @ms; returns how many events came, 0 for none. */
static uint64_t irq_wait(struct run *run, int ms)
{
	const struct irq_try *own = run->own;
	struct pollfd in = { .fd = own->event, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&in, 1, ms) != 1 || read(in.fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

static int irq_fail(struct run *run, const struct irq_case *ic, int ret, const char *what,
		    const char *why)
{
	err_set(&run->end.err, -ret, "", why, "see dmesg and /proc/interrupts");
	err_what(&run->end.err, "%s: %s", ic->name, what);
	return ret;
}

/* Does the device raise it again until its cause is cleared?  Never while a level is masked. */
static bool irq_repeats(const struct run *run, const struct irq_case *ic)
{
	return run->dma->dev.drv->repeats && !ic->masks_itself;
}

static int irq_expect(struct run *run, const struct irq_case *ic, struct irq_seen *seen,
		      const char *when)
{
	uint64_t count = irq_wait(run, IRQ_WAIT_MS);
	int ret = count ? -EPROTO : -ETIME;

	seen->arrived += count > 0;
	if (count == 1 || (count && irq_repeats(run, ic)))
		return 0;
	irq_fail(run, ic, ret, "", "");
	err_what(&run->end.err, "%s: the device's interrupt %s", ic->name,
		 count ? "arrived more than once" : "did not arrive");
	if (count)
		err_why(&run->end.err, "%" PRIu64 " events %s", count, when);
	else
		err_why(&run->end.err, "nothing on the eventfd within %d s %s", IRQ_WAIT_MS / 1000,
			when);
	return ret;
}

static int irq_set(struct run *run, const struct irq_case *ic, bool on)
{
	struct irq_try *own = run->own;
	int ret = on ? vfio_irq_enable(run->target.device, ic->index, own->event)
		     : vfio_irq_disable(run->target.device, ic->index);

	if (ret)
		return irq_fail(run, ic, ret,
				on ? "could not be switched on" : "could not be switched off",
				strerror(-ret));
	own->irq = on ? (int)ic->index : -1;
	return 0;
}

/* Unmasks by a call, or, as a VMM does, by an eventfd that was set up for it. */
static int irq_unmask(struct run *run, const struct irq_case *ic, bool by_event)
{
	const struct irq_try *own = run->own;
	const uint64_t one = 1;
	int ret;

	if (!by_event)
		return vfio_irq_unmask(run->target.device, ic->index);
	ret = vfio_irq_unmask_by(run->target.device, ic->index, own->unmask);
	if (!ret && write(own->unmask, &one, sizeof(one)) != sizeof(one))
		ret = -errno;
	return ret;
}

/* A level stays masked until it is unmasked; the next interrupt must arrive only then. */
static int irq_check_mask(struct run *run, const struct irq_case *ic, struct irq_seen *seen,
			  bool by_event)
{
	int ret = irq_raise(run, seen);

	if (ret)
		return ret;
	seen->held = !irq_wait(run, IRQ_QUIET_MS);
	if (!seen->held)
		return irq_fail(run, ic, -EPROTO, "an interrupt arrived while masked",
				"the first masks it until VFIO_IRQ_SET_ACTION_UNMASK");
	ret = irq_unmask(run, ic, by_event);
	if (ret)
		return irq_fail(run, ic, ret, "could not be unmasked", strerror(-ret));
	ret = irq_expect(run, ic, seen,
			 by_event ? "after unmasking by eventfd" : "after unmasking");
	return ret ? ret : irq_ack(run);
}

/* After the device is quiet no more events may come: it raised one interrupt. */
static int irq_check_once(struct run *run, const struct irq_case *ic)
{
	uint64_t more;

	if (ic->masks_itself)
		return 0;
	if (irq_repeats(run, ic))
		irq_wait(run, 0);
	more = irq_wait(run, IRQ_TWICE_MS);
	if (!more)
		return 0;
	irq_fail(run, ic, -EPROTO, "the device's interrupt arrived more than once", "");
	err_why(&run->end.err, "%" PRIu64 " more events within %d ms after the first", more,
		IRQ_TWICE_MS);
	return -EPROTO;
}

/* Tests an index that is enabled. */
static int irq_check(struct run *run, const struct irq_case *ic, struct irq_seen *seen)
{
	int ret = irq_raise(run, seen);

	if (!ret)
		ret = irq_expect(run, ic, seen, "after raising it");
	if (!ret)
		ret = irq_ack(run);
	if (!ret)
		ret = irq_check_once(run, ic);
	if (!ret && ic->masks_itself)
		ret = irq_check_mask(run, ic, seen, false);
	if (!ret && ic->masks_itself)
		ret = irq_check_mask(run, ic, seen, true);
	return ret;
}

/* Adds the result to the JSON object that the step irqs created for this index. */
static void tell_irq(struct run *run, const struct irq_case *ic, const struct irq_seen *seen,
		     int ret)
{
	struct json_object *obj =
		json_object_array_get_idx(report_object(run->rep, "irqs"), ic->index);

	if (obj) {
		json_object_object_add(obj, "raised", json_object_new_int(seen->raised));
		json_object_object_add(obj, "arrived", json_object_new_int(seen->arrived));
		if (ic->masks_itself)
			json_object_object_add(obj, "held_while_masked",
					       json_object_new_boolean(seen->held));
	}
	if (!ret)
		report_ok(run->rep, "%s: %d of %d raised by the device arrived by eventfd%s",
			  ic->name, seen->arrived, seen->raised,
			  ic->masks_itself ? ", each after the first when it was unmasked" : "");
}

/*
 * Enables an index, tests it, and disables it.  If the host keeps the kernel from setting it up, it
 * is not verified, and run->end.err has the cause.
 */
static enum status irq_try(struct run *run, const struct irq_case *ic, struct irq_host *host)
{
	const struct irq_cause *cause;
	struct irq_seen seen = { 0 };
	int ret = irq_set(run, ic, true);

	if (ret) {
		cause = run_irq_cause(host, ic->index, -ret);
		if (cause)
			irq_cause_text(cause, host, run->end.err.why, sizeof(run->end.err.why));
		else if (!host->known)
			err_why(&run->end.err,
				"the host's settings that may prevent it, or the kernel's log, cannot be read");
		else
			return STATUS_FAIL;
		report_mark(run->rep, STATUS_UNVERIFIED, "%s: %s", run->end.err.what,
			    run->end.err.why);
		return STATUS_UNVERIFIED;
	}
	ret = irq_check(run, ic, &seen);
	if (!ret)
		ret = irq_set(run, ic, false);
	tell_irq(run, ic, &seen, ret);
	return ret ? STATUS_FAIL : STATUS_PASS;
}

/* VFIO did not say whether the device has this kind.  That is not the same as "none". */
static enum status irq_unknown(struct run *run, const struct irq_case *ic, int no)
{
	irq_fail(run, ic, -no, "VFIO does not say whether the device has it", "");
	err_why(&run->end.err, "VFIO_DEVICE_GET_IRQ_INFO: %s", strerror(no));
	report_mark(run->rep, STATUS_UNVERIFIED, "%s: %s; %s", run->end.err.what, run->end.err.why,
		    run->end.err.fix);
	return STATUS_UNVERIFIED;
}

static enum status open_interrupts(struct run *run)
{
	const char *idle = run_dma_idle(run);
	struct irq_try *own = run->own;

	if (idle || !run->dma || !run->dma->open)
		return run_dma_skip(run, idle ? idle : "no driver of vfio_test has opened it");
	own->begun = true;
	own->irq = -1;
	own->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	own->unmask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (own->event >= 0 && own->unmask >= 0)
		return STATUS_PASS;
	err_set(&run->end.err, errno, "interrupts were not checked: no eventfd for them",
		strerror(errno), "raise ulimit -n");
	return STATUS_UNVERIFIED;
}

static void close_interrupts(struct run *run);

/* Tests each kind that the device has, until one fails. */
static enum status try_interrupts(struct run *run, struct testimony *t)
{
	struct irq_try *own = run->own;
	enum status status = STATUS_PASS;
	struct irq_host host;
	struct text names;
	char all[32];
	size_t i;

	(void)t;
	text_begin(&names, all, sizeof(all));
	if (run->dma->dev.drv->release_irq)
		run->dma->dev.drv->release_irq(&run->dma->dev);
	irq_host_read(&host, run->target.dev.bdf);
	for (i = 0; i < ARRAY_SIZE(irq_cases) && status != STATUS_FAIL && !signal_seen; i++) {
		const struct irq_case *ic = &irq_cases[i];
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = ic->index };
		enum status one;

		if (ioctl(run->target.device, VFIO_DEVICE_GET_IRQ_INFO, &info)) {
			one = irq_unknown(run, ic, errno);
		} else if (!info.count) {
			report_line(run->rep, "%s: the device has none", ic->name);
			continue;
		} else {
			one = irq_try(run, ic, &host);
		}
		own->kinds++;
		if (one != STATUS_PASS)
			status = one;
		if (one == STATUS_UNVERIFIED)
			continue;
		own->tried++;
		text_list(&names, ", ", ic->name);
	}
	own->status = status;
	run_detail(run, "by eventfd: %s", names.used ? all : "none");
	close_interrupts(run);
	if (!own->kinds)
		return run_dma_skip(run, "the device has no MSI-X, MSI or INTx");
	return STATUS_PASS;
}

static void judge_tried(struct run *run, struct testimony *t)
{
	const struct irq_try *own = run->own;

	judge_interrupts(own->kinds, own->tried, own->status, run->end.err.why, t);
	/* After a signal not all kinds were tested, so there is no result. */
	if (signal_seen)
		t->step = STATUS_SKIP;
}

static void close_interrupts(struct run *run)
{
	struct irq_try *own = run->own;
	struct dma *dev;
	struct err ignored = { 0 };

	if (!own->begun)
		return;
	dev = &run->dma->dev;
	if (own->irq >= 0) {
		/* Quiet the device first, or INTx stays asserted and nobody handles it. */
		dev->drv->interrupt(dev, false, &ignored);
		vfio_irq_disable(run->target.device, (uint32_t)own->irq);
	}
	own->irq = -1;
	if (own->event >= 0)
		close(own->event);
	if (own->unmask >= 0)
		close(own->unmask);
	own->event = own->unmask = -1;
}

const struct asker ask_interrupts = {
	.id = WITNESS_INTERRUPTS,
	.open = open_interrupts,
	.ask = try_interrupts,
	.judge = judge_tried,
	.close = close_interrupts,
};
