// SPDX-License-Identifier: GPL-2.0
#include "run/irq_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define INTX	      (1U << VFIO_PCI_INTX_IRQ_INDEX)
#define MSI	      (1U << VFIO_PCI_MSI_IRQ_INDEX)
#define MSIX	      (1U << VFIO_PCI_MSIX_IRQ_INDEX)
#define MESSAGE	      (MSI | MSIX)
/* Notifications of VFIO itself: an error of the device, a request to give it back. */
#define NOTE	(1U << VFIO_PCI_ERR_IRQ_INDEX | 1U << VFIO_PCI_REQ_IRQ_INDEX)
#define ANY	(INTX | MESSAGE | NOTE)

#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK	VFIO_IRQ_SET_ACTION_MASK
#define UNMASK	VFIO_IRQ_SET_ACTION_UNMASK

#define OFF	IRQ_OFF
#define ON	IRQ_ON
#define MASKED	IRQ_MASKED
#define V0	IRQ_V0
#define V1	IRQ_V1
#define V2	IRQ_V2
#define ALL_V	IRQ_ALL_V
#define SPARE	IRQ_SPARE
#define IS_OFF	IRQ_IS_OFF
#define NOTHING IRQ_NOTHING

/* The fields that only a few rules need follow by name. */
#define RULE(n, i, v, b, f, s, c, d, e, ar, al, ...)                                               \
	{                                                                                          \
		.name = (n), .indexes = (i), .needs = (v), .before = (b), .flags = (f),            \
		.start = (s), .count = (c), .data = (d), .no = (e), .arrive = (ar), .alive = (al), \
		__VA_ARGS__                                                                        \
	}

const struct irq_rule irq_rules[] = {
	/* clang-format off */
	/* name, indexes, vectors needed, before; flags, start, count, data; errno, arrive, alive */

	/* What an index does. */
	RULE("eventfd", ANY, 1, OFF, EVENTFD | TRIGGER, 0, 1, "e", 0, 0, V0),
	RULE("trigger by NONE", ANY, 1, ON, NONE | TRIGGER, 0, 1, NULL, 0, V0, ALL_V),
	RULE("trigger by BOOL, true", ANY, 1, ON, BOOL | TRIGGER, 0, 1, "1", 0, V0, ALL_V),
	RULE("trigger by BOOL, false", ANY, 1, ON, BOOL | TRIGGER, 0, 1, "0", 0, 0, ALL_V),
	RULE("another eventfd", ANY, 1, ON, EVENTFD | TRIGGER, 0, 1, "s", 0, 0, V1 | V2 | SPARE),
	RULE("eventfd -1", INTX, 1, ON, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, NOTHING),
	RULE("eventfd -1", MESSAGE, 1, ON, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, V1 | V2),
	RULE("eventfd -1", NOTE, 1, ON, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, IS_OFF),
	RULE("eventfd -1 when off", INTX, 1, OFF, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, NOTHING),
	RULE("eventfd -1 when off", MESSAGE, 1, OFF, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, 0),
	RULE("eventfd -1 when off", NOTE, 1, OFF, EVENTFD | TRIGGER, 0, 1, "-", 0, 0, IS_OFF),
	RULE("eventfd -2", INTX, 1, ON, EVENTFD | TRIGGER, 0, 1, "=", 0, 0, NOTHING),
	RULE("eventfd -2", MESSAGE, 1, ON, EVENTFD | TRIGGER, 0, 1, "=", 0, 0, V1 | V2),
	RULE("eventfd -2", NOTE, 1, ON, EVENTFD | TRIGGER, 0, 1, "=", 0, 0, V0, .later = EINVAL, .since = "6.19 (6.12.63)"),
	RULE("off by count 0", ANY, 1, ON, NONE | TRIGGER, 0, 0, NULL, 0, 0, IS_OFF),

	/* Some of the vectors. */
	RULE("the last two by NONE", MESSAGE, 3, ON, NONE | TRIGGER, 1, 2, NULL, 0, V1 | V2, ALL_V),
	RULE("two of three by BOOL", MESSAGE, 3, ON, BOOL | TRIGGER, 0, 3, "101", 0, V0 | V2, ALL_V),
	RULE("the last by BOOL", MESSAGE, 3, ON, BOOL | TRIGGER, 2, 1, "1", 0, V2, ALL_V),
	RULE("-1 to the middle", MESSAGE, 3, ON, EVENTFD | TRIGGER, 1, 1, "-", 0, 0, V0 | V2),
	RULE("-1 to all", MESSAGE, 3, ON, EVENTFD | TRIGGER, 0, 3, "---", 0, 0, 0),
	RULE("another to the last", MESSAGE, 3, ON, EVENTFD | TRIGGER, 2, 1, "s", 0, 0, V0 | V1 | SPARE),
	RULE("eventfds with a hole", MESSAGE, 3, OFF, EVENTFD | TRIGGER, 0, 3, "e-e", 0, 0, V0 | V2),
	RULE("eventfds from the second on", MESSAGE, 3, OFF, EVENTFD | TRIGGER, 1, 2, "ee", 0, 0, V1 | V2),
	/* Vectors up to the bad one have no eventfd afterwards; later ones are not changed. */
	RULE("eventfds, the middle is not open", MESSAGE, 3, ON, EVENTFD | TRIGGER, 0, 3, "exe", EBADF, 0, V2),
	RULE("eventfds, the last is not open, when off", MESSAGE, 3, OFF, EVENTFD | TRIGGER, 0, 3, "eex", EBADF, 0, IS_OFF),
	/* 6.5 no longer counts the vectors in use ("vfio/pci: Remove interrupt context counter"). */
	RULE("trigger one not in use", MESSAGE, 3, ON, NONE | TRIGGER, IRQ_USED, 1, NULL, EINVAL, 0, ALL_V, .later = 0, .since = "6.5"),

	/* Masks of INTx; a trigger by the call itself ignores the mask. */
	RULE("mask by NONE", INTX, 1, ON, NONE | MASK, 0, 1, NULL, 0, 0, V0, .masked = IRQ_KEPT),
	RULE("mask by BOOL, true", INTX, 1, ON, BOOL | MASK, 0, 1, "1", 0, 0, V0, .masked = IRQ_KEPT),
	RULE("mask by BOOL, false", INTX, 1, ON, BOOL | MASK, 0, 1, "0", 0, 0, V0, .masked = IRQ_FREE),
	RULE("mask twice", INTX, 1, MASKED, NONE | MASK, 0, 1, NULL, 0, 0, V0, .masked = IRQ_KEPT),
	RULE("unmask by NONE", INTX, 1, MASKED, NONE | UNMASK, 0, 1, NULL, 0, 0, V0, .masked = IRQ_FREE),
	RULE("unmask by BOOL, true", INTX, 1, MASKED, BOOL | UNMASK, 0, 1, "1", 0, 0, V0, .masked = IRQ_FREE),
	RULE("unmask by BOOL, false", INTX, 1, MASKED, BOOL | UNMASK, 0, 1, "0", 0, 0, V0, .masked = IRQ_KEPT),
	RULE("unmask what is not masked", INTX, 1, ON, NONE | UNMASK, 0, 1, NULL, 0, 0, V0, .masked = IRQ_FREE),
	RULE("unmask by eventfd -1, without one", INTX, 1, MASKED, EVENTFD | UNMASK, 0, 1, "-", 0, 0, V0, .masked = IRQ_KEPT),
	RULE("mask by eventfd", INTX, 1, ON, EVENTFD | MASK, 0, 1, "s", ENOTTY, 0, V0, .masked = IRQ_FREE),
	RULE("unmask by a file that is not open", INTX, 1, MASKED, EVENTFD | UNMASK, 0, 1, "x", EBADF, 0, V0, .masked = IRQ_KEPT),
	RULE("unmask by a file that is no eventfd", INTX, 1, MASKED, EVENTFD | UNMASK, 0, 1, "n", EINVAL, 0, V0, .masked = IRQ_KEPT),
	RULE("mask, count 0", INTX, 1, ON, NONE | MASK, 0, 0, NULL, EINVAL, 0, V0, .masked = IRQ_FREE),
	RULE("unmask, count 0", INTX, 1, MASKED, NONE | UNMASK, 0, 0, NULL, EINVAL, 0, V0, .masked = IRQ_KEPT),
	RULE("mask when off", INTX, 1, OFF, NONE | MASK, 0, 1, NULL, EINVAL, 0, IS_OFF),
	RULE("unmask when off", INTX, 1, OFF, NONE | UNMASK, 0, 1, NULL, EINVAL, 0, IS_OFF),
	RULE("mask", MESSAGE | NOTE, 1, ON, NONE | MASK, 0, 1, NULL, ENOTTY, 0, ALL_V),
	RULE("unmask", MESSAGE | NOTE, 1, ON, NONE | UNMASK, 0, 1, NULL, ENOTTY, 0, ALL_V),

	/* Calls with count 0, and calls while the index is off. */
	RULE("off when off", ANY, 1, OFF, NONE | TRIGGER, 0, 0, NULL, EINVAL, 0, IS_OFF),
	RULE("trigger by NONE when off", ANY, 1, OFF, NONE | TRIGGER, 0, 1, NULL, EINVAL, 0, IS_OFF),
	RULE("trigger by BOOL when off", INTX | MESSAGE, 1, OFF, BOOL | TRIGGER, 0, 1, "1", EINVAL, 0, IS_OFF),
	RULE("trigger by BOOL when off", NOTE, 1, OFF, BOOL | TRIGGER, 0, 1, "1", 0, 0, IS_OFF),
	RULE("BOOL, count 0", INTX | NOTE, 1, ON, BOOL | TRIGGER, 0, 0, "", EINVAL, 0, V0),
	RULE("BOOL, count 0", MESSAGE, 1, ON, BOOL | TRIGGER, 0, 0, "", 0, 0, ALL_V),
	RULE("eventfd, count 0", INTX | NOTE, 1, ON, EVENTFD | TRIGGER, 0, 0, "", EINVAL, 0, V0),
	RULE("eventfd, count 0", MESSAGE, 1, ON, EVENTFD | TRIGGER, 0, 0, "", 0, 0, ALL_V),
	RULE("eventfd, count 0, when off", INTX | NOTE, 1, OFF, EVENTFD | TRIGGER, 0, 0, "", EINVAL, 0, IS_OFF),
	/* The kernel requests as many vectors as the count: pci_alloc_irq_vectors(1, 0). */
	RULE("eventfd, count 0, when off", MESSAGE, 1, OFF, EVENTFD | TRIGGER, 0, 0, "", ERANGE, 0, IS_OFF),

	/* File descriptors that are not eventfds. */
	RULE("a file that is not open, when off", ANY, 1, OFF, EVENTFD | TRIGGER, 0, 1, "x", EBADF, 0, IS_OFF),
	RULE("a file that is no eventfd, when off", ANY, 1, OFF, EVENTFD | TRIGGER, 0, 1, "n", EINVAL, 0, IS_OFF),
	RULE("a file that is not open", INTX | NOTE, 1, ON, EVENTFD | TRIGGER, 0, 1, "x", EBADF, 0, V0),
	RULE("a file that is not open", MESSAGE, 1, ON, EVENTFD | TRIGGER, 0, 1, "x", EBADF, 0, V1 | V2),

	/* Malformed calls. */
	RULE("argsz without the structure", ANY, 1, ON, NONE | TRIGGER, 0, 1, NULL, EINVAL, 0, ALL_V, .cut = IRQ_CUT_HEAD),
	RULE("argsz without its eventfd", ANY, 1, ON, EVENTFD | TRIGGER, 0, 1, "s", EINVAL, 0, ALL_V, .cut = IRQ_CUT_DATA),
	RULE("argsz without its BOOL", ANY, 1, ON, BOOL | TRIGGER, 0, 1, "1", EINVAL, 0, ALL_V, .cut = IRQ_CUT_DATA),
	RULE("unknown flag", ANY, 1, ON, NONE | TRIGGER | 1U << 6, 0, 1, NULL, EINVAL, 0, ALL_V),
	RULE("no data", ANY, 1, ON, TRIGGER, 0, 1, NULL, EINVAL, 0, ALL_V),
	RULE("two kinds of data", ANY, 1, ON, NONE | BOOL | TRIGGER, 0, 1, "1", EINVAL, 0, ALL_V),
	RULE("no action", ANY, 1, ON, NONE, 0, 1, NULL, ENOTTY, 0, ALL_V),
	RULE("two actions", ANY, 1, ON, NONE | TRIGGER | MASK, 0, 1, NULL, ENOTTY, 0, ALL_V),
	RULE("start after the last", ANY, 1, ON, NONE | TRIGGER, IRQ_EVERY, 1, NULL, EINVAL, 0, ALL_V),
	RULE("one more than there are", ANY, 1, ON, NONE | TRIGGER, 0, IRQ_EVERY_PLUS, NULL, EINVAL, 0, ALL_V),
	RULE("start and count wrap", ANY, 1, ON, NONE | TRIGGER, 1, UINT32_MAX, NULL, EINVAL, 0, ALL_V),
	/* clang-format on */
};

const size_t irq_nr_rules = ARRAY_SIZE(irq_rules);

const char *irq_name(uint32_t index)
{
	static const char *const names[] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = "INTx",  [VFIO_PCI_MSI_IRQ_INDEX] = "MSI",
		[VFIO_PCI_MSIX_IRQ_INDEX] = "MSI-X", [VFIO_PCI_ERR_IRQ_INDEX] = "ERR",
		[VFIO_PCI_REQ_IRQ_INDEX] = "REQ",
	};

	return index < ARRAY_SIZE(names) ? names[index] : "?";
}

static uint32_t number(uint32_t n, uint32_t used, uint32_t every)
{
	switch (n) {
	case IRQ_USED:
		return used;
	case IRQ_EVERY:
		return every;
	case IRQ_EVERY_PLUS:
		return every + 1;
	default:
		return n;
	}
}

static int32_t file_of(const struct irq_files *files, char letter, uint32_t vector)
{
	switch (letter) {
	case 'e':
		return files->vectors[vector];
	case 's':
		return files->spare;
	case 'x':
		return files->closed;
	case 'n':
		return files->other;
	case '=':
		return -2;
	default:
		return -1;
	}
}

void irq_rule_build(const struct irq_rule *rule, uint32_t index, uint32_t used, uint32_t every,
		    const struct irq_files *files, struct vfio_irq_set *set)
{
	size_t i, len = rule->data ? strlen(rule->data) : 0;

	memset(set, 0, IRQ_SET_ROOM);
	set->flags = rule->flags;
	set->index = index;
	set->start = number(rule->start, used, every);
	set->count = number(rule->count, used, every);
	set->argsz = sizeof(*set);
	for (i = 0; i < len; i++) {
		int32_t fd;

		if (rule->flags & VFIO_IRQ_SET_DATA_BOOL) {
			set->data[i] = rule->data[i] == '1';
			continue;
		}
		fd = file_of(files, rule->data[i], rule->start + i);
		memcpy(set->data + i * sizeof(fd), &fd, sizeof(fd));
	}
	if (rule->cut == IRQ_CUT_HEAD)
		set->argsz--;
	else if (rule->cut != IRQ_CUT_DATA)
		set->argsz += len * (rule->flags & VFIO_IRQ_SET_DATA_BOOL ? 1 : sizeof(int32_t));
}

void irq_events(uint16_t bits, uint32_t used, uint64_t events[IRQ_VECTORS + 1])
{
	uint32_t i;

	for (i = 0; i < IRQ_VECTORS; i++)
		events[i] = i < used && bits >> i & 1;
	events[IRQ_VECTORS] = !!(bits & IRQ_SPARE);
}

bool irq_null_safe(const char *release)
{
	unsigned int major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 9));
}

static const struct {
	uint32_t flags, may; /* flags that the index must have, and that it may have */
} infos[] = {
	[VFIO_PCI_INTX_IRQ_INDEX] = { VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
					      VFIO_IRQ_INFO_AUTOMASKED,
				      0 },
	[VFIO_PCI_MSI_IRQ_INDEX] = { VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 0 },
	/* NORESIZE is missing since 6.5, if the interrupt domain can allocate vectors later. */
	[VFIO_PCI_MSIX_IRQ_INDEX] = { VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_NORESIZE },
	[VFIO_PCI_ERR_IRQ_INDEX] = { VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 0 },
	[VFIO_PCI_REQ_IRQ_INDEX] = { VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 0 },
};

const uint32_t irq_nr_indexes = ARRAY_SIZE(infos);

bool irq_info_right(uint32_t index, int told, int no, uint32_t flags, uint32_t count, char *detail,
		    size_t len)
{
	/*
	 * Errors are reported through PCI Express.  For other devices kernels refuse the index;
	 * since 7.3 all devices have it (vfio_pci_core.c: vfio_pci_ioctl_get_irq_info()).
	 */
	const bool conventional = index == VFIO_PCI_ERR_IRQ_INDEX && told <= 0;
	const uint32_t must = infos[index].flags, may = infos[index].may;

	if (no && conventional && no == EINVAL) {
		snprintf(detail, len, "EINVAL: the device is no PCI Express");
		return true;
	}
	if (no) {
		snprintf(detail, len, "%s, must be success", strerrorname_np(no));
		return false;
	}
	if ((flags & must) != must || flags & ~(must | may)) {
		snprintf(detail, len, "flags 0x%x, must be 0x%x", flags, must);
		return false;
	}
	if (conventional) {
		snprintf(detail, len,
			 count == 1 ? "flags 0x%x, count %u, as since Linux 7.3"
				    : "flags 0x%x, count %u, must be 1",
			 flags, count);
		return count == 1;
	}
	if (told >= 0 && count != (uint32_t)told) {
		snprintf(detail, len, "%u vectors, the configuration space has %d", count, told);
		return false;
	}
	snprintf(detail, len, "flags 0x%x, count %u", flags, count);
	return true;
}
