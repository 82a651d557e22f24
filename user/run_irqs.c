// SPDX-License-Identifier: GPL-2.0
/*
 * The step that asks a device's interrupts for all that VFIO_DEVICE_SET_IRQS has, with the
 * kernel to trigger them, and for what it must refuse: irq_rules.h.  What arrives is read
 * from the eventfds.  It needs the device's file alone, whatever the IOMMU's back end is.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "irq_host.h"
#include "irq_rules.h"
#include "signals.h"
#include "step.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* What an eventfd starts, the kernel may leave to a thread of its own. */
#define ACTS_WITHIN_MS 2000
#define QUIET_MS       100
#define POLL_MS	       5
/* Of a device with more, the rest says nothing new. */
#define MANY_VECTORS 256

struct irqs {
	struct run *run;
	uint32_t index, used, every; /* the one in hand; vectors in use, and all */
	bool resize;		     /* vectors may come when others are in use */
	struct irq_files files;
	bool null_safe;	 /* irq_null_safe() */
	bool shows_mask; /* the physical command register has INTx's mask */
	int sysfs;	 /* the device's file config, or -1 */
	bool unread;	 /* it could not be read at some time: what it says of masks is open */
	struct irq_host host;
	char why[256];	    /* the first of what could not be verified */
	uint64_t config_at; /* of the configuration space in the device's file */
};

#define errno_text irq_errno_text

__attribute__((format(printf, 4, 5))) static void tell(const struct irqs *q, const char *name,
						       enum status status, const char *fmt, ...)
{
	char full[128], detail[256];
	va_list ap;

	snprintf(full, sizeof(full), "%s: %s", irq_name(q->index), name);
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	report_check(q->run->rep, full, status, "%s", detail);
}

/* Of what the host has no means for */
__attribute__((format(printf, 3, 4))) static void unverified(struct irqs *q, const char *name,
							     const char *fmt, ...)
{
	char detail[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	tell(q, name, STATUS_UNVERIFIED, "%s", detail);
	if (!q->why[0])
		snprintf(q->why, sizeof(q->why), "%s: %s", irq_name(q->index), detail);
}

/* 0 or an errno; ENOSPC as well where the kernel has not that many vectors left. */
static int set_irqs(const struct irqs *q, const struct vfio_irq_set *set)
{
	int ret = ioctl(q->run->device, VFIO_DEVICE_SET_IRQS, set);

	if (ret > 0)
		return ENOSPC;
	return ret ? errno : 0;
}

static int call(const struct irqs *q, uint32_t flags, uint32_t start, uint32_t count)
{
	const struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = flags,
		.index = q->index,
		.start = start,
		.count = count,
	};

	return set_irqs(q, &set);
}

static int call_data(const struct irqs *q, uint32_t flags, uint32_t start, const char *letters)
{
	union {
		struct vfio_irq_set set;
		unsigned char room[IRQ_SET_ROOM];
	} u;
	const struct irq_rule rule = {
		.flags = flags, .start = start, .count = strlen(letters), .data = letters
	};

	irq_rule_build(&rule, q->index, q->used, q->every, &q->files, &u.set);
	return set_irqs(q, &u.set);
}

static uint64_t take(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* What has come since the last time: of each vector, then of the spare eventfd. */
static void collect(const struct irqs *q, uint64_t events[IRQ_VECTORS + 1])
{
	int i;

	for (i = 0; i < IRQ_VECTORS; i++)
		events[i] = take(q->files.vectors[i]);
	events[IRQ_VECTORS] = take(q->files.spare);
}

static void forget(const struct irqs *q)
{
	uint64_t ignored[IRQ_VECTORS + 1];

	collect(q, ignored);
}

/* "1 0 1", and the spare one where it has any */
static const char *events_text(const struct irqs *q, const uint64_t *events, char *buf, size_t len)
{
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < q->used && used < len; i++)
		used += snprintf(buf + used, len - used, "%s%" PRIu64, i ? " " : "", events[i]);
	if (events[IRQ_VECTORS] && used < len)
		snprintf(buf + used, len - used, " and %" PRIu64 " on another",
			 events[IRQ_VECTORS]);
	return buf;
}

/*
 * An index that could not be switched on: what of the host's state explains it was not
 * verified, the rest failed.
 */
static void tell_unset(struct irqs *q, const char *name, int no)
{
	const struct irq_cause *cause = irq_host_cause(&q->host, q->index, no);
	char text[256];

	if (cause) {
		irq_cause_text(cause, &q->host, text, sizeof(text));
	} else if (!q->host.known) {
		snprintf(text, sizeof(text),
			 "what of this host keeps it off cannot be read; mount /proc and /sys");
	} else {
		tell(q, name, STATUS_FAIL, "could not be set up: %s", errno_text(no));
		return;
	}
	tell(q, name, STATUS_UNVERIFIED, "could not be set up: %s: %s", errno_text(no), text);
	if (!q->why[0])
		snprintf(q->why, sizeof(q->why), "%s: %.240s", irq_name(q->index), text);
}

static void switch_off(const struct irqs *q)
{
	call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0);
}

static int switch_on(const struct irqs *q)
{
	static const char own[] = "eee";

	_Static_assert(sizeof(own) - 1 == IRQ_VECTORS, "a letter a vector");
	return call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0,
			 own + IRQ_VECTORS - q->used);
}

static int trigger_some(const struct irqs *q, uint32_t count)
{
	return call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, count);
}

static int trigger(const struct irqs *q)
{
	return trigger_some(q, q->used);
}

static int mask(const struct irqs *q)
{
	return call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 0, 1);
}

static int prepare(const struct irqs *q, enum irq_before before)
{
	int no = 0;

	switch_off(q);
	if (before != IRQ_OFF)
		no = switch_on(q);
	if (!no && before == IRQ_MASKED)
		no = mask(q);
	forget(q);
	return no;
}

/* --- the command register ---------------------------------------------------- */

/*
 * As the device has it.  VFIO's own view of INTx's mask is the user's, not the device's:
 * sysfs shows the register itself.
 */
static bool read_command(struct irqs *q, uint16_t *command)
{
	if (pread(q->sysfs, command, sizeof(*command), PCI_COMMAND) == sizeof(*command))
		return true;
	q->unread = true;
	return false;
}

static bool is_masked(struct irqs *q)
{
	uint16_t command = 0;

	return read_command(q, &command) && command & PCI_COMMAND_INTX_DISABLE;
}

/* The same bit as a driver sets it; 0 or an errno */
static int set_disable_bit(const struct irqs *q, bool on)
{
	uint64_t at = q->config_at + PCI_COMMAND;
	uint16_t v;

	if (pread(q->run->device, &v, sizeof(v), at) != sizeof(v))
		return EIO;
	v = on ? v | PCI_COMMAND_INTX_DISABLE : v & ~PCI_COMMAND_INTX_DISABLE;
	return pwrite(q->run->device, &v, sizeof(v), at) == sizeof(v) ? 0 : EIO;
}

/*
 * Devices older than PCI 2.3 have no such bit: there the kernel switches the line off, and
 * nobody can see it.
 */
static bool find_mask(struct irqs *q)
{
	bool seen;

	if (set_disable_bit(q, true))
		return false;
	seen = is_masked(q);
	set_disable_bit(q, false);
	return seen && !is_masked(q);
}

/* Within so long; else as it is at the end. */
static bool mask_becomes(struct irqs *q, bool want, int ms)
{
	for (; ms > 0 && is_masked(q) != want && !signal_seen; ms -= POLL_MS)
		poll(NULL, 0, POLL_MS);
	return is_masked(q) == want;
}

/* --- the table ----------------------------------------------------------------- */

/* Afterwards, with @count vectors triggered: is what should be on, on, and nothing else? */
static bool check_alive(const struct irqs *q, uint32_t count, uint16_t alive, char *detail,
			size_t len)
{
	const int want_no = alive & IRQ_IS_OFF ? EINVAL : 0;
	uint64_t want[IRQ_VECTORS + 1], got[IRQ_VECTORS + 1];
	char a[64], b[64];
	int no;

	if (alive & IRQ_NOTHING && !q->null_safe) {
		snprintf(detail, len,
			 "not triggered: kernels before 6.9 may not survive it (CVE-2024-26812)");
		return true;
	}
	no = trigger_some(q, count);
	collect(q, got);
	irq_events(alive, q->used, want);
	if (no == want_no && !memcmp(want, got, sizeof(want))) {
		snprintf(detail, len, no ? "off" : "then a trigger arrives as %s",
			 events_text(q, got, a, sizeof(a)));
		return true;
	}
	if (no != want_no)
		snprintf(detail, len, "then a trigger: %s, must be %s", errno_text(no),
			 errno_text(want_no));
	else
		snprintf(detail, len, "then a trigger arrives as %s, must be %s",
			 events_text(q, got, a, sizeof(a)), events_text(q, want, b, sizeof(b)));
	return false;
}

static void check_rule(struct irqs *q, const struct irq_rule *rule)
{
	union {
		struct vfio_irq_set set;
		unsigned char room[IRQ_SET_ROOM];
	} u;
	uint64_t want[IRQ_VECTORS + 1], got[IRQ_VECTORS + 1];
	char after[160], a[64], b[64];
	uint32_t probed = q->used;
	bool later, masked;
	int no;

	if (q->used < rule->needs) {
		tell(q, rule->name, STATUS_SKIP, "it has %u of the %u vectors that this takes",
		     q->every, rule->needs + 1);
		return;
	}
	no = prepare(q, rule->before);
	if (no) {
		tell_unset(q, rule->name, no);
		return;
	}
	irq_rule_build(rule, q->index, q->used, q->every, &q->files, &u.set);
	no = set_irqs(q, &u.set);
	collect(q, got);
	/* What is switched on by the call itself has as many vectors as that says. */
	if (rule->before == IRQ_OFF)
		probed = u.set.count ? u.set.start + u.set.count : 1;
	masked = rule->masked && is_masked(q);
	irq_events(rule->arrive, q->used, want);
	later = rule->since && no == rule->later;
	if (no != rule->no && !later && !rule->no && irq_host_cause(&q->host, q->index, no)) {
		tell_unset(q, rule->name, no);
	} else if (no != rule->no && !later) {
		tell(q, rule->name, STATUS_FAIL, "%s, must be %s", errno_text(no),
		     errno_text(rule->no));
	} else if (memcmp(want, got, sizeof(want))) {
		tell(q, rule->name, STATUS_FAIL, "%s arrived, must be %s",
		     events_text(q, got, a, sizeof(a)), events_text(q, want, b, sizeof(b)));
	} else if (rule->masked && q->shows_mask && masked != (rule->masked == IRQ_KEPT)) {
		tell(q, rule->name, STATUS_FAIL,
		     "%s, and the command register of the device says %s", errno_text(no),
		     masked ? "masked" : "not masked");
	} else if (!check_alive(q, probed, rule->alive, after, sizeof(after))) {
		tell(q, rule->name, STATUS_FAIL, "%s; %s", errno_text(no), after);
	} else if (rule->since) {
		tell(q, rule->name, STATUS_PASS, "%s, as %s Linux %s; %s", errno_text(no),
		     later ? "since" : "before", rule->since, after);
	} else {
		tell(q, rule->name, STATUS_PASS, "%s; %s arrived; %s", errno_text(no),
		     events_text(q, got, a, sizeof(a)), after);
	}
}

/* --- what no row of a table can say ---------------------------------------------- */

/* How many vectors the configuration space says; 1 where it does not */
static uint32_t vectors_told(const struct irqs *q)
{
	const struct pci_config *c = &q->run->config;

	switch (q->index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return c->irq_pin ? 1 : 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return c->msi.at ? c->msi.vectors : 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return c->msix.at ? c->msix.entries : 0;
	case VFIO_PCI_ERR_IRQ_INDEX:
		return c->pcie.at ? 1 : 0;
	default:
		return 1;
	}
}

static int get_info(const struct irqs *q, uint32_t argsz, struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info){ .argsz = argsz, .index = q->index };
	return ioctl(q->run->device, VFIO_DEVICE_GET_IRQ_INFO, info) ? errno : 0;
}

/* Fills in what the index is; false: it is none */
static bool check_info(struct irqs *q)
{
	const int told = q->run->config_no ? -1 : (int)vectors_told(q);
	struct vfio_irq_info info;
	char detail[96];
	bool right;
	int no = get_info(q, sizeof(info) - 1, &info);

	tell(q, "info, argsz too small", no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
	     errno_text(no));
	no = get_info(q, sizeof(info), &info);
	right = irq_info_right(q->index, told, no, info.flags, info.count, detail, sizeof(detail));
	tell(q, "info", right ? STATUS_PASS : STATUS_FAIL, "%s", detail);
	q->every = no ? 0 : info.count;
	/* One is kept back, to come later. */
	q->used = q->every > IRQ_VECTORS ? IRQ_VECTORS : q->every > 1 ? q->every - 1 : q->every;
	q->resize = !(info.flags & VFIO_IRQ_INFO_NORESIZE);
	return q->every;
}

/* An index that the device has not: no form is right. */
static void check_absent(struct irqs *q)
{
	static const struct {
		const char *name;
		uint32_t flags, count;
	} forms[] = {
		{ "trigger what is not there", VFIO_IRQ_SET_ACTION_TRIGGER, 1 },
		{ "off what is not there", VFIO_IRQ_SET_ACTION_TRIGGER, 0 },
		{ "mask what is not there", VFIO_IRQ_SET_ACTION_MASK, 1 },
	};
	size_t i;
	int no;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		no = call(q, VFIO_IRQ_SET_DATA_NONE | forms[i].flags, 0, forms[i].count);
		tell(q, forms[i].name, no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
		     errno_text(no));
	}
	no = call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0, "s");
	tell(q, "eventfd to what is not there", no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
	     errno_text(no));
}

/* An eventfd counts: what comes before it is read is not lost, and not doubled. */
static void check_count(struct irqs *q)
{
	uint64_t got[IRQ_VECTORS + 1], want[IRQ_VECTORS + 1];
	char a[64];
	uint32_t i;
	int no = prepare(q, IRQ_ON);

	for (i = 0; i < 3 && !no; i++)
		no = trigger(q);
	collect(q, got);
	irq_events(IRQ_ALL_V, q->used, want);
	for (i = 0; i <= IRQ_VECTORS; i++)
		want[i] *= 3;
	tell(q, "three triggers before a read",
	     !no && !memcmp(got, want, sizeof(got)) ? STATUS_PASS : STATUS_FAIL, "%s; %s arrived",
	     errno_text(no), events_text(q, got, a, sizeof(a)));
}

/* The structure ends where memory does. */
static void check_unreadable(struct irqs *q)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_irq_set *set;
	char after[160];
	int no;

	if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE) || prepare(q, IRQ_ON)) {
		unverified(q, "data that cannot be read", "could not be set up: %s",
			   errno_text(errno));
	} else {
		set = (struct vfio_irq_set *)(void *)(two + page - sizeof(*set));
		*set = (struct vfio_irq_set){
			.argsz = sizeof(*set) + sizeof(int32_t),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = q->index,
			.count = 1,
		};
		no = set_irqs(q, set);
		tell(q, "data that cannot be read",
		     check_alive(q, q->used, IRQ_ALL_V, after, sizeof(after)) && no == EFAULT
			     ? STATUS_PASS
			     : STATUS_FAIL,
		     "%s; %s", errno_text(no), after);
	}
	if (two != MAP_FAILED)
		munmap(two, 2 * page);
}

/* A vector that was not among those in use when the index was switched on. */
static void check_resize(struct irqs *q)
{
	const int want = q->resize ? 0 : EINVAL;
	uint64_t got[IRQ_VECTORS + 1] = { 0 };
	int no, fired = 0;

	if (q->used == q->every) {
		tell(q, "one more vector", STATUS_SKIP, "it has 1");
		return;
	}
	no = prepare(q, IRQ_ON);
	if (!no)
		no = call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, q->used,
			       "s");
	if (!no)
		fired = call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, q->used, 1);
	collect(q, got);
	tell(q, "one more vector",
	     no == want && !fired && got[IRQ_VECTORS] == (no ? 0 : 1) ? STATUS_PASS : STATUS_FAIL,
	     "%s, %" PRIu64 " arrived; its flags say that it %s grow", errno_text(no),
	     got[IRQ_VECTORS], q->resize ? "can" : "cannot");
}

/* Every vector there is, each with an eventfd: all at once, to each of them one. */
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
		unverified(q, "every vector",
			   "no memory, or no files, for %u eventfds; raise ulimit -n", n);
	} else {
		prepare(q, IRQ_OFF);
		set->argsz = size;
		set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
		set->index = q->index;
		set->count = n;
		memcpy(set->data, fds, n * sizeof(fds[0]));
		no = set_irqs(q, set);
		if (!no)
			no = trigger_some(q, n);
		for (i = 0; i < n; i++)
			got += take(fds[i]) == 1;
		if (no == ENOSPC)
			tell_unset(q, "every vector", no);
		else
			tell(q, "every vector", !no && got == n ? STATUS_PASS : STATUS_FAIL,
			     n < q->every ? "%s, %u of %u arrived, the first of %u"
					  : "%s, %u of %u arrived",
			     errno_text(no), got, n, q->every);
	}
	switch_off(q);
	while (opened--)
		close(fds[opened]);
	free(set);
}

/* Of INTx, MSI and MSI-X a device has one at a time. */
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
		if (other.index == q->index || get_info(&other, sizeof(info), &info) || !info.count)
			continue;
		snprintf(name, sizeof(name), "%s when this is on", irq_name(other.index));
		no = prepare(q, IRQ_ON);
		if (!no)
			no = call_data(&other,
				       VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0,
				       "s");
		tell(q, name,
		     check_alive(q, q->used, IRQ_ALL_V, after, sizeof(after)) && no == EINVAL
			     ? STATUS_PASS
			     : STATUS_FAIL,
		     "%s; %s", errno_text(no), after);
	}
}

/* An eventfd that unmasks; one at a time, until it is taken away. */
static void check_unmask_eventfd(struct irqs *q)
{
	const uint32_t unmask = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK;
	const uint64_t one = 1;
	bool free_now, kept;
	int no = prepare(q, IRQ_MASKED), again;

	if (!no)
		no = call_data(q, unmask, 0, "s");
	kept = is_masked(q);
	if (!no && write(q->files.spare, &one, sizeof(one)) != sizeof(one))
		no = errno;
	free_now = mask_becomes(q, false, ACTS_WITHIN_MS);
	again = call_data(q, unmask, 0, "s");
	if (!q->shows_mask)
		tell(q, "unmask by eventfd", no ? STATUS_FAIL : STATUS_SKIP,
		     "%s; the device's command register does not show it", errno_text(no));
	else
		tell(q, "unmask by eventfd", !no && kept && free_now ? STATUS_PASS : STATUS_FAIL,
		     "%s; %s before, %s after", errno_text(no), kept ? "masked" : "not masked",
		     free_now ? "not masked" : "masked");
	tell(q, "unmask by a second eventfd", again == EBUSY ? STATUS_PASS : STATUS_FAIL, "%s",
	     errno_text(again));

	forget(q);
	no = call_data(q, unmask, 0, "-");
	if (!no)
		no = mask(q);
	if (!no && write(q->files.spare, &one, sizeof(one)) != sizeof(one))
		no = errno;
	kept = !mask_becomes(q, false, QUIET_MS);
	if (!q->shows_mask)
		tell(q, "the eventfd is taken away", no ? STATUS_FAIL : STATUS_SKIP,
		     "%s; the device's command register does not show it", errno_text(no));
	else
		tell(q, "the eventfd is taken away", !no && kept ? STATUS_PASS : STATUS_FAIL,
		     "%s; %s", errno_text(no), kept ? "masked still" : "not masked");
	forget(q);
}

/* A driver may switch INTx off at the device: then nothing triggers it. */
static void check_disable_bit(struct irqs *q)
{
	uint64_t off[IRQ_VECTORS + 1], on[IRQ_VECTORS + 1];
	int no = prepare(q, IRQ_ON);

	if (!no)
		no = set_disable_bit(q, true);
	if (!no)
		no = trigger(q);
	collect(q, off);
	if (!no)
		no = set_disable_bit(q, false);
	if (!no)
		no = trigger(q);
	collect(q, on);
	tell(q, "off by the command register",
	     !no && !off[0] && on[0] == 1 ? STATUS_PASS : STATUS_FAIL,
	     "%s; of a trigger %" PRIu64 " arrived, %" PRIu64 " when it was on again",
	     errno_text(no), off[0], on[0]);
}

#define INTX	(1U << VFIO_PCI_INTX_IRQ_INDEX)
#define MESSAGE (1U << VFIO_PCI_MSI_IRQ_INDEX | 1U << VFIO_PCI_MSIX_IRQ_INDEX)
#define NOTE	(1U << VFIO_PCI_ERR_IRQ_INDEX | 1U << VFIO_PCI_REQ_IRQ_INDEX)

static const struct {
	uint32_t indexes;
	void (*check)(struct irqs *q);
} more_rules[] = {
	{ INTX | MESSAGE | NOTE, check_count },
	{ INTX | MESSAGE | NOTE, check_unreadable },
	{ MESSAGE, check_resize },
	{ MESSAGE, check_every },
	{ INTX | MESSAGE, check_exclusive },
	{ INTX, check_unmask_eventfd },
	{ INTX, check_disable_bit },
};

static void check_index(struct irqs *q)
{
	size_t i;
	int no;

	if (!check_info(q)) {
		check_absent(q);
		return;
	}
	no = prepare(q, IRQ_ON);
	if (no == ENODEV && q->index == VFIO_PCI_INTX_IRQ_INDEX) {
		tell(q, "on", STATUS_SKIP, "%s: no line is connected", errno_text(no));
		return;
	}
	if (no) {
		tell_unset(q, "on", no);
		return;
	}
	if (q->index == VFIO_PCI_INTX_IRQ_INDEX)
		q->shows_mask = find_mask(q);
	for (i = 0; i < irq_nr_rules && !signal_seen; i++)
		if (irq_rules[i].indexes >> q->index & 1)
			check_rule(q, &irq_rules[i]);
	for (i = 0; i < ARRAY_SIZE(more_rules) && !signal_seen; i++)
		if (more_rules[i].indexes >> q->index & 1)
			more_rules[i].check(q);
	/* Not with a mask on the line: who has it next would wait for ever. */
	if (q->index == VFIO_PCI_INTX_IRQ_INDEX)
		prepare(q, IRQ_ON);
	switch_off(q);
}

/* Numbers that are no index at all */
static void check_beyond(struct irqs *q)
{
	struct vfio_irq_info info;
	int no;

	q->index = q->run->nr_irqs;
	no = get_info(q, sizeof(info), &info);
	report_check(q->run->rep, "info of an index too high",
		     no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s", errno_text(no));
	no = call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1);
	report_check(q->run->rep, "trigger of an index too high",
		     no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s", errno_text(no));
}

static bool open_files(struct irqs *q)
{
	struct vfio_region_info *info;
	struct utsname uts;
	char path[96];
	int i;

	for (i = 0; i < IRQ_VECTORS; i++)
		q->files.vectors[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->files.spare = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->files.closed = INT32_MAX; /* more than any process may have */
	q->files.other = q->run->device;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", q->run->dev.bdf);
	q->sysfs = open(path, O_RDONLY | O_CLOEXEC);
	irq_host_read(&q->host, q->run->dev.bdf);
	q->null_safe = !uname(&uts) && irq_null_safe(uts.release);
	if (vfio_device_get_region(q->run->device, VFIO_PCI_CONFIG_REGION_INDEX, &info))
		return false;
	q->config_at = info->offset;
	free(info);
	for (i = 0; i < IRQ_VECTORS; i++)
		if (q->files.vectors[i] < 0)
			return false;
	return q->files.spare >= 0 && q->sysfs >= 0;
}

static void close_files(struct irqs *q)
{
	int i;

	for (i = 0; i < IRQ_VECTORS; i++)
		if (q->files.vectors[i] >= 0)
			close(q->files.vectors[i]);
	if (q->files.spare >= 0)
		close(q->files.spare);
	if (q->sysfs >= 0)
		close(q->sysfs);
}

/* The register as the device has it, before and after */
static void check_command(struct irqs *q, bool read_before, uint16_t before)
{
	static const char name[] = "the command register is as it was";
	uint16_t after = 0;

	if (!read_before || !read_command(q, &after) || q->unread)
		report_check(q->run->rep, name, STATUS_UNVERIFIED,
			     "the device's file config in /sys could not be read");
	else
		report_check(q->run->rep, name, before == after ? STATUS_PASS : STATUS_FAIL,
			     "0x%04x, 0x%04x before", after, before);
	if (q->unread && !q->why[0])
		snprintf(q->why, sizeof(q->why),
			 "the device's file config in /sys could not be read");
}

static enum status judge(struct run *run, const struct irqs *q)
{
	unsigned int passed = report_checks(run->rep, STATUS_PASS);
	unsigned int failed = report_checks(run->rep, STATUS_FAIL);
	unsigned int open = report_checks(run->rep, STATUS_UNVERIFIED);

	run_detail(run, "%u of %u answers are the kernel's own", passed, passed + failed);
	if (failed) {
		err_what(&run->err,
			 "%u of %u answers about interrupts are not those of the kernel's source",
			 failed, passed + failed);
		err_why(&run->err, "see the checks above");
		err_fix(&run->err,
			"a patched kernel may mean it so: compare with vfio_pci_intrs.c");
		return STATUS_FAIL;
	}
	if (open) {
		err_what(&run->err, "%u of the checks of interrupts could not be made", open);
		err_why(&run->err, "%s", q->why);
		err_fix(&run->err, "see the checks above");
		return STATUS_UNVERIFIED;
	}
	report_ok(run->rep, "Interrupt rules: %s, %u skipped", run->detail,
		  report_checks(run->rep, STATUS_SKIP));
	return STATUS_PASS;
}

enum status step_irq_rules(struct run *run)
{
	struct irqs q = { .run = run, .sysfs = -1 };
	uint16_t before = 0;
	bool read_before;

	if (run->opts->no_rules) {
		run_detail(run, "--no-rules");
		return STATUS_SKIP;
	}
	if (!open_files(&q)) {
		err_set(&run->err, errno, "the interrupts were not checked",
			"no eventfds, or no configuration space, for it",
			"see ulimit -n and dmesg");
		close_files(&q);
		return STATUS_UNVERIFIED;
	}
	read_before = read_command(&q, &before);
	for (q.index = 0; q.index < irq_nr_indexes && !signal_seen; q.index++)
		check_index(&q);
	check_command(&q, read_before, before);
	check_beyond(&q);
	close_files(&q);
	return judge(run, &q);
}
