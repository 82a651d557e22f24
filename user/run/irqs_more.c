// SPDX-License-Identifier: GPL-2.0
/* Checks of interrupts that do not fit the table: several calls, or several indexes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/irqs.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* The kernel may react to an eventfd in a kernel thread, which takes time. */
#define ACTS_WITHIN_MS 2000
#define QUIET_MS       100
/* Testing more vectors than this would show nothing new. */
#define MANY_VECTORS 256

/* An eventfd counts: events before a read are not lost, and not counted twice. */
static void check_count(struct irqs *q)
{
	uint64_t got[IRQ_VECTORS + 1], want[IRQ_VECTORS + 1];
	char a[64];
	uint32_t i;
	int no = irqs_prepare(q, IRQ_ON);

	for (i = 0; i < 3 && !no; i++)
		no = irqs_trigger(q);
	irqs_collect(q, got);
	irq_events(IRQ_ALL_V, q->used, want);
	for (i = 0; i <= IRQ_VECTORS; i++)
		want[i] *= 3;
	irqs_tell(q, "three triggers before a read",
		  !no && !memcmp(got, want, sizeof(got)) ? STATUS_PASS : STATUS_FAIL,
		  "%s; %s arrived", errno_text(no), irqs_events_text(q, got, a, sizeof(a)));
}

/* The structure ends at the end of mapped memory, and its data would be after it. */
static void check_unreadable(struct irqs *q)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_irq_set *set;
	char after[160];
	int no;

	if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE) || irqs_prepare(q, IRQ_ON)) {
		irqs_unverified(q, "data that cannot be read", "could not be set up: %s",
				errno_text(errno));
	} else {
		set = (struct vfio_irq_set *)(void *)(two + page - sizeof(*set));
		*set = (struct vfio_irq_set){
			.argsz = sizeof(*set) + sizeof(int32_t),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = q->index,
			.count = 1,
		};
		no = irqs_set_irqs(q, set);
		irqs_tell(q, "data that cannot be read",
			  irqs_check_alive(q, q->used, IRQ_ALL_V, after, sizeof(after)) &&
					  no == EFAULT
				  ? STATUS_PASS
				  : STATUS_FAIL,
			  "%s; %s", errno_text(no), after);
	}
	if (two != MAP_FAILED)
		munmap(two, 2 * page);
}

/* Adds a vector that was not in use when the index was enabled. */
static void check_resize(struct irqs *q)
{
	const int want = q->resize ? 0 : EINVAL;
	uint64_t got[IRQ_VECTORS + 1] = { 0 };
	int no, fired = 0;

	if (q->used == q->every) {
		irqs_tell(q, "one more vector", STATUS_SKIP, "it has 1");
		return;
	}
	no = irqs_prepare(q, IRQ_ON);
	if (!no)
		no = irqs_call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
				    q->used, "s");
	if (!no)
		fired = irqs_call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, q->used,
				  1);
	irqs_collect(q, got);
	irqs_tell(q, "one more vector",
		  no == want && !fired && got[IRQ_VECTORS] == (no ? 0 : 1) ? STATUS_PASS
									   : STATUS_FAIL,
		  "%s, %" PRIu64 " arrived; its flags say that it %s grow", errno_text(no),
		  got[IRQ_VECTORS], q->resize ? "can" : "cannot");
}

/* Gives every vector an eventfd, and triggers all at once: each must have one event. */
static void check_every(struct irqs *q)
{
	uint32_t n = q->every < MANY_VECTORS ? q->every : MANY_VECTORS, opened, i, got = 0;
	size_t size = sizeof(struct vfio_irq_set) + n * sizeof(int32_t);
	struct vfio_irq_set *set = calloc(1, size);
	int32_t fds[MANY_VECTORS];
	int no;

	for (opened = 0; opened < n; opened++) {
		fds[opened] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fds[opened] < 0)
			break;
	}
	if (!set || opened < n) {
		irqs_unverified(q, "every vector",
				"no memory, or no files, for %u eventfds; raise ulimit -n", n);
	} else {
		irqs_prepare(q, IRQ_OFF);
		set->argsz = size;
		set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
		set->index = q->index;
		set->count = n;
		memcpy(set->data, fds, n * sizeof(fds[0]));
		no = irqs_set_irqs(q, set);
		if (!no)
			no = irqs_trigger_some(q, n);
		for (i = 0; i < n; i++)
			got += irqs_take(fds[i]) == 1;
		if (no == ENOSPC)
			irqs_tell_unset(q, "every vector", no);
		else
			irqs_tell(q, "every vector", !no && got == n ? STATUS_PASS : STATUS_FAIL,
				  n < q->every ? "%s, %u of %u arrived, the first of %u"
					       : "%s, %u of %u arrived",
				  errno_text(no), got, n, q->every);
	}
	irqs_switch_off(q);
	while (opened--)
		close(fds[opened]);
	free(set);
}

/* A device can use only one of INTx, MSI and MSI-X at a time. */
static void check_exclusive(struct irqs *q)
{
	static const uint32_t others[] = { VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
					   VFIO_PCI_MSIX_IRQ_INDEX };
	char name[48], after[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct irqs other = *q;
		struct vfio_irq_info info;
		int no;

		other.index = others[i];
		if (other.index == q->index || irqs_get_info(&other, sizeof(info), &info) ||
		    !info.count)
			continue;
		snprintf(name, sizeof(name), "%s when this is on", irq_name(other.index));
		no = irqs_prepare(q, IRQ_ON);
		if (!no)
			no = irqs_call_data(&other,
					    VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
					    0, "s");
		irqs_tell(q, name,
			  irqs_check_alive(q, q->used, IRQ_ALL_V, after, sizeof(after)) &&
					  no == EINVAL
				  ? STATUS_PASS
				  : STATUS_FAIL,
			  "%s; %s", errno_text(no), after);
	}
}

/* An eventfd that unmasks INTx: only one can be set, until it is removed. */
static void check_unmask_eventfd(struct irqs *q)
{
	const uint32_t unmask = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK;
	const uint64_t one = 1;
	bool free_now, kept;
	int no = irqs_prepare(q, IRQ_MASKED), again;

	if (!no)
		no = irqs_call_data(q, unmask, 0, "s");
	kept = irqs_is_masked(q);
	if (!no && write(q->files.spare, &one, sizeof(one)) != sizeof(one))
		no = errno;
	free_now = irqs_mask_becomes(q, false, ACTS_WITHIN_MS);
	again = irqs_call_data(q, unmask, 0, "s");
	if (!q->shows_mask)
		irqs_tell(q, "unmask by eventfd", no ? STATUS_FAIL : STATUS_SKIP,
			  "%s; the device's command register does not show it", errno_text(no));
	else
		irqs_tell(q, "unmask by eventfd",
			  !no && kept && free_now ? STATUS_PASS : STATUS_FAIL,
			  "%s; %s before, %s after", errno_text(no), kept ? "masked" : "not masked",
			  free_now ? "not masked" : "masked");
	irqs_tell(q, "unmask by a second eventfd", again == EBUSY ? STATUS_PASS : STATUS_FAIL, "%s",
		  errno_text(again));

	irqs_forget(q);
	no = irqs_call_data(q, unmask, 0, "-");
	if (!no)
		no = irqs_mask(q);
	if (!no && write(q->files.spare, &one, sizeof(one)) != sizeof(one))
		no = errno;
	kept = !irqs_mask_becomes(q, false, QUIET_MS);
	if (!q->shows_mask)
		irqs_tell(q, "the eventfd is taken away", no ? STATUS_FAIL : STATUS_SKIP,
			  "%s; the device's command register does not show it", errno_text(no));
	else
		irqs_tell(q, "the eventfd is taken away", !no && kept ? STATUS_PASS : STATUS_FAIL,
			  "%s; %s", errno_text(no), kept ? "masked still" : "not masked");
	irqs_forget(q);
}

/* A driver may disable INTx in the device's command register; then no trigger arrives. */
static void check_disable_bit(struct irqs *q)
{
	uint64_t off[IRQ_VECTORS + 1], on[IRQ_VECTORS + 1];
	int no = irqs_prepare(q, IRQ_ON);

	if (!no)
		no = irqs_set_disable_bit(q, true);
	if (!no)
		no = irqs_trigger(q);
	irqs_collect(q, off);
	if (!no)
		no = irqs_set_disable_bit(q, false);
	if (!no)
		no = irqs_trigger(q);
	irqs_collect(q, on);
	irqs_tell(q, "off by the command register",
		  !no && !off[0] && on[0] == 1 ? STATUS_PASS : STATUS_FAIL,
		  "%s; of a trigger %" PRIu64 " arrived, %" PRIu64 " when it was on again",
		  errno_text(no), off[0], on[0]);
}

#define INTX	(1U << VFIO_PCI_INTX_IRQ_INDEX)
#define MESSAGE (1U << VFIO_PCI_MSI_IRQ_INDEX | 1U << VFIO_PCI_MSIX_IRQ_INDEX)
#define NOTE	(1U << VFIO_PCI_ERR_IRQ_INDEX | 1U << VFIO_PCI_REQ_IRQ_INDEX)

const struct irqs_more irqs_more[] = {
	{ INTX | MESSAGE | NOTE, check_count },
	{ INTX | MESSAGE | NOTE, check_unreadable },
	{ MESSAGE, check_resize },
	{ MESSAGE, check_every },
	{ INTX | MESSAGE, check_exclusive },
	{ INTX, check_unmask_eventfd },
	{ INTX, check_disable_bit },
};

const size_t irqs_nr_more = ARRAY_SIZE(irqs_more);
