// SPDX-License-Identifier: GPL-2.0
/*
 * The step that tests VFIO_DEVICE_SET_IRQS: what it must do, with interrupts that the kernel
 * triggers, and what it must refuse, see irq_rules.h.  Arriving interrupts are read from eventfds.
 * It only needs the device's file, and so works with every back end.
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

#include "run/irqs.h"
#include "run/irq_cause.h"
#include "lib/signals.h"
#include "lib/text.h"
#include "run/step.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define POLL_MS	      5

__attribute__((format(printf, 4, 5))) void irqs_tell(const struct irqs *q, const char *name,
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

/* Reports a check that this host cannot provide what is needed for. */
__attribute__((format(printf, 3, 4))) void irqs_unverified(struct irqs *q, const char *name,
							   const char *fmt, ...)
{
	char detail[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	irqs_tell(q, name, STATUS_UNVERIFIED, "%s", detail);
	if (!q->why[0])
		snprintf(q->why, sizeof(q->why), "%s: %s", irq_name(q->index), detail);
}

/* 0 or an errno; ENOSPC also if the kernel does not have that many vectors left. */
int irqs_set_irqs(const struct irqs *q, const struct vfio_irq_set *set)
{
	int ret = ioctl(q->run->target.device, VFIO_DEVICE_SET_IRQS, set);

	if (ret > 0)
		return ENOSPC;
	return ret ? errno : 0;
}

int irqs_call(const struct irqs *q, uint32_t flags, uint32_t start, uint32_t count)
{
	const struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = flags,
		.index = q->index,
		.start = start,
		.count = count,
	};

	return irqs_set_irqs(q, &set);
}

int irqs_call_data(const struct irqs *q, uint32_t flags, uint32_t start, const char *letters)
{
	union {
		struct vfio_irq_set set;
		unsigned char room[IRQ_SET_ROOM];
	} u;
	const struct irq_rule rule = {
		.flags = flags, .start = start, .count = strlen(letters), .data = letters
	};

	irq_rule_build(&rule, q->index, q->used, q->every, &q->files, &u.set);
	return irqs_set_irqs(q, &u.set);
}

uint64_t irqs_take(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* The events since the last call: of each vector, then of the spare eventfd. */
void irqs_collect(const struct irqs *q, uint64_t events[IRQ_VECTORS + 1])
{
	int i;

	for (i = 0; i < IRQ_VECTORS; i++)
		events[i] = irqs_take(q->files.vectors[i]);
	events[IRQ_VECTORS] = irqs_take(q->files.spare);
}

void irqs_forget(const struct irqs *q)
{
	uint64_t ignored[IRQ_VECTORS + 1];

	irqs_collect(q, ignored);
}

/* "1 0 1", and the events of the spare eventfd if it has any */
const char *irqs_events_text(const struct irqs *q, const uint64_t *events, char *buf, size_t len)
{
	struct text text;
	uint32_t i;

	text_begin(&text, buf, len);
	for (i = 0; i < q->used; i++)
		text_add(&text, "%s%" PRIu64, i ? " " : "", events[i]);
	if (events[IRQ_VECTORS])
		text_add(&text, " and %" PRIu64 " on another", events[IRQ_VECTORS]);
	return buf;
}

/*
 * Reports an index that could not be enabled: as unverified if the host's settings explain it,
 * otherwise as failed.
 */
void irqs_tell_unset(struct irqs *q, const char *name, int no)
{
	const struct irq_cause *cause = run_irq_cause(&q->host, q->index, no);
	char text[256];

	if (cause) {
		irq_cause_text(cause, &q->host, text, sizeof(text));
	} else if (!q->host.known) {
		snprintf(
			text, sizeof(text),
			"the host's settings that may prevent it cannot be read; mount /proc and /sys, and allow reading the kernel's log (CAP_SYSLOG)");
	} else {
		irqs_tell(q, name, STATUS_FAIL, "could not be set up: %s", errno_text(no));
		return;
	}
	irqs_tell(q, name, STATUS_UNVERIFIED, "could not be set up: %s: %s", errno_text(no), text);
	if (!q->why[0])
		snprintf(q->why, sizeof(q->why), "%s: %.240s", irq_name(q->index), text);
}

void irqs_switch_off(const struct irqs *q)
{
	irqs_call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0);
}

static int switch_on(const struct irqs *q)
{
	static const char own[] = "eee";

	_Static_assert(sizeof(own) - 1 == IRQ_VECTORS, "a letter a vector");
	return irqs_call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0,
			      own + IRQ_VECTORS - q->used);
}

int irqs_trigger_some(const struct irqs *q, uint32_t count)
{
	return irqs_call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, count);
}

int irqs_trigger(const struct irqs *q)
{
	return irqs_trigger_some(q, q->used);
}

int irqs_mask(const struct irqs *q)
{
	return irqs_call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 0, 1);
}

int irqs_prepare(const struct irqs *q, enum irq_before before)
{
	int no = 0;

	irqs_switch_off(q);
	if (before != IRQ_OFF)
		no = switch_on(q);
	if (!no && before == IRQ_MASKED)
		no = irqs_mask(q);
	irqs_forget(q);
	return no;
}

/* --- the command register ---------------------------------------------------- */

/*
 * The device's own command register, from sysfs.  VFIO emulates the INTx bit for its user, so its
 * file does not show whether the device is masked.
 */
static bool read_command(struct irqs *q, uint16_t *command)
{
	if (pread(q->sysfs, command, sizeof(*command), PCI_COMMAND) == sizeof(*command))
		return true;
	q->unread = true;
	return false;
}

bool irqs_is_masked(struct irqs *q)
{
	uint16_t command = 0;

	return read_command(q, &command) && command & PCI_COMMAND_INTX_DISABLE;
}

/* Sets or clears that bit through VFIO, as a driver does; 0 or an errno */
int irqs_set_disable_bit(const struct irqs *q, bool on)
{
	uint64_t at = q->config_at + PCI_COMMAND;
	uint16_t v;

	if (pread(q->run->target.device, &v, sizeof(v), at) != sizeof(v))
		return EIO;
	v = on ? v | PCI_COMMAND_INTX_DISABLE : v & ~PCI_COMMAND_INTX_DISABLE;
	return pwrite(q->run->target.device, &v, sizeof(v), at) == sizeof(v) ? 0 : EIO;
}

/*
 * Does the register show the mask?  Devices older than PCI 2.3 have no such bit: the kernel then
 * disables the interrupt line, which we cannot see.
 */
static bool find_mask(struct irqs *q)
{
	bool seen;

	if (irqs_set_disable_bit(q, true))
		return false;
	seen = irqs_is_masked(q);
	irqs_set_disable_bit(q, false);
	return seen && !irqs_is_masked(q);
}

/* Waits up to @ms until the mask is as wanted; returns whether it is. */
bool irqs_mask_becomes(struct irqs *q, bool want, int ms)
{
	for (; ms > 0 && irqs_is_masked(q) != want && !signal_seen; ms -= POLL_MS)
		poll(NULL, 0, POLL_MS);
	return irqs_is_masked(q) == want;
}

/* --- the table ----------------------------------------------------------------- */

/* Triggers @count vectors after a rule: do exactly those arrive that should be enabled? */
bool irqs_check_alive(const struct irqs *q, uint32_t count, uint16_t alive, char *detail,
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
	no = irqs_trigger_some(q, count);
	irqs_collect(q, got);
	irq_events(alive, q->used, want);
	if (no == want_no && !memcmp(want, got, sizeof(want))) {
		snprintf(detail, len, no ? "off" : "then a trigger arrives as %s",
			 irqs_events_text(q, got, a, sizeof(a)));
		return true;
	}
	if (no != want_no)
		snprintf(detail, len, "then a trigger: %s, must be %s", errno_text(no),
			 errno_text(want_no));
	else
		snprintf(detail, len, "then a trigger arrives as %s, must be %s",
			 irqs_events_text(q, got, a, sizeof(a)),
			 irqs_events_text(q, want, b, sizeof(b)));
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
		irqs_tell(q, rule->name, STATUS_SKIP, "it has %u of the %u vectors that this takes",
			  q->every, rule->needs + 1);
		return;
	}
	no = irqs_prepare(q, rule->before);
	if (no) {
		irqs_tell_unset(q, rule->name, no);
		return;
	}
	irq_rule_build(rule, q->index, q->used, q->every, &q->files, &u.set);
	no = irqs_set_irqs(q, &u.set);
	irqs_collect(q, got);
	/* If the call itself enabled the index, it has as many vectors as the call gave. */
	if (rule->before == IRQ_OFF)
		probed = u.set.count ? u.set.start + u.set.count : 1;
	masked = rule->masked && irqs_is_masked(q);
	irq_events(rule->arrive, q->used, want);
	later = rule->since && no == rule->later;
	if (no != rule->no && !later && !rule->no && irq_host_cause(&q->host, q->index, no)) {
		irqs_tell_unset(q, rule->name, no);
	} else if (no != rule->no && !later) {
		irqs_tell(q, rule->name, STATUS_FAIL, "%s, must be %s", errno_text(no),
			  errno_text(rule->no));
	} else if (memcmp(want, got, sizeof(want))) {
		irqs_tell(q, rule->name, STATUS_FAIL, "%s arrived, must be %s",
			  irqs_events_text(q, got, a, sizeof(a)),
			  irqs_events_text(q, want, b, sizeof(b)));
	} else if (rule->masked && q->shows_mask && masked != (rule->masked == IRQ_KEPT)) {
		irqs_tell(q, rule->name, STATUS_FAIL,
			  "%s, and the command register of the device says %s", errno_text(no),
			  masked ? "masked" : "not masked");
	} else if (!irqs_check_alive(q, probed, rule->alive, after, sizeof(after))) {
		irqs_tell(q, rule->name, STATUS_FAIL, "%s; %s", errno_text(no), after);
	} else if (rule->since) {
		irqs_tell(q, rule->name, STATUS_PASS, "%s, as %s Linux %s; %s", errno_text(no),
			  later ? "since" : "before", rule->since, after);
	} else {
		irqs_tell(q, rule->name, STATUS_PASS, "%s; %s arrived; %s", errno_text(no),
			  irqs_events_text(q, got, a, sizeof(a)), after);
	}
}

/* --- checks that are not in the table ---------------------------------------------- */

/* The number of vectors in the configuration space; 1 for an index that it does not know */
static uint32_t vectors_told(const struct irqs *q)
{
	const struct pci_config *c = &q->run->target.config;

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

int irqs_get_info(const struct irqs *q, uint32_t argsz, struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info){ .argsz = argsz, .index = q->index };
	return ioctl(q->run->target.device, VFIO_DEVICE_GET_IRQ_INFO, info) ? errno : 0;
}

/* Checks the info of an index and sets its numbers of vectors; false: the device lacks it. */
static bool check_info(struct irqs *q)
{
	const int told = q->run->target.config_no ? -1 : (int)vectors_told(q);
	struct vfio_irq_info info;
	char detail[96];
	bool right;
	int no = irqs_get_info(q, sizeof(info) - 1, &info);

	irqs_tell(q, "info, argsz too small", no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
		  errno_text(no));
	no = irqs_get_info(q, sizeof(info), &info);
	right = irq_info_right(q->index, told, no, info.flags, info.count, detail, sizeof(detail));
	irqs_tell(q, "info", right ? STATUS_PASS : STATUS_FAIL, "%s", detail);
	q->every = no ? 0 : info.count;
	/* One vector is left unused, so that it can be added later. */
	q->used = q->every > IRQ_VECTORS ? IRQ_VECTORS : q->every > 1 ? q->every - 1 : q->every;
	q->resize = !(info.flags & VFIO_IRQ_INFO_NORESIZE);
	return q->every;
}

/* For an index that the device lacks every call must be refused. */
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
		no = irqs_call(q, VFIO_IRQ_SET_DATA_NONE | forms[i].flags, 0, forms[i].count);
		irqs_tell(q, forms[i].name, no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
			  errno_text(no));
	}
	no = irqs_call_data(q, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0, "s");
	irqs_tell(q, "eventfd to what is not there", no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s",
		  errno_text(no));
}

static void check_index(struct irqs *q)
{
	size_t i;
	int no;

	if (!check_info(q)) {
		check_absent(q);
		return;
	}
	no = irqs_prepare(q, IRQ_ON);
	if (no == ENODEV && q->index == VFIO_PCI_INTX_IRQ_INDEX) {
		irqs_tell(q, "on", STATUS_SKIP, "%s: no line is connected", errno_text(no));
		return;
	}
	if (no) {
		irqs_tell_unset(q, "on", no);
		return;
	}
	if (q->index == VFIO_PCI_INTX_IRQ_INDEX)
		q->shows_mask = find_mask(q);
	for (i = 0; i < irq_nr_rules && !signal_seen; i++)
		if (irq_rules[i].indexes >> q->index & 1)
			check_rule(q, &irq_rules[i]);
	for (i = 0; i < irqs_nr_more && !signal_seen; i++)
		if (irqs_more[i].indexes >> q->index & 1)
			irqs_more[i].check(q);
	/* Do not leave INTx masked, or its next user would wait for ever. */
	if (q->index == VFIO_PCI_INTX_IRQ_INDEX)
		irqs_prepare(q, IRQ_ON);
	irqs_switch_off(q);
}

/* Calls with an index that does not exist. */
static void check_beyond(struct irqs *q)
{
	struct vfio_irq_info info;
	int no;

	q->index = q->run->target.nr_irqs;
	no = irqs_get_info(q, sizeof(info), &info);
	report_check(q->run->rep, "info of an index too high",
		     no == EINVAL ? STATUS_PASS : STATUS_FAIL, "%s", errno_text(no));
	no = irqs_call(q, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1);
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
	q->files.closed = INT32_MAX; /* no process can have a descriptor so high */
	q->files.other = q->run->target.device;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", q->run->target.dev.bdf);
	q->sysfs = open(path, O_RDONLY | O_CLOEXEC);
	irq_host_read(&q->host, q->run->target.dev.bdf);
	q->null_safe = !uname(&uts) && irq_null_safe(uts.release);
	if (vfio_device_get_region(q->run->target.device, VFIO_PCI_CONFIG_REGION_INDEX, &info))
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

/* Is the device's command register the same as before the step? */
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
		err_what(&run->end.err,
			 "%u of %u answers about interrupts are not those of the kernel's source",
			 failed, passed + failed);
		err_why(&run->end.err, "see the checks above");
		err_fix(&run->end.err,
			"a patched kernel may intend it: compare with vfio_pci_intrs.c");
		return STATUS_FAIL;
	}
	if (open) {
		err_what(&run->end.err, "%u of the checks of interrupts could not be made", open);
		err_why(&run->end.err, "%s", q->why);
		err_fix(&run->end.err, "see the checks above");
		return STATUS_UNVERIFIED;
	}
	report_ok(run->rep, "Interrupt rules: %s, %u skipped", run->end.detail,
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
		err_set(&run->end.err, errno, "the interrupts were not checked",
			"no eventfds, or no configuration space, for it",
			"see ulimit -n and dmesg");
		close_files(&q);
		return STATUS_UNVERIFIED;
	}
	read_before = read_command(&q, &before);
	for (q.index = 0; q.index < irq_nr_indexes && !signal_seen; q.index++) {
		/* The rules take the index of requests for themselves. */
		const bool listening = q.index == VFIO_PCI_REQ_IRQ_INDEX && run_unheard(run);

		check_index(&q);
		if (listening)
			run_heard(run);
	}
	check_command(&q, read_before, before);
	check_beyond(&q);
	close_files(&q);
	return judge(run, &q);
}
