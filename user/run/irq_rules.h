/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A table of what VFIO_DEVICE_SET_IRQS must do and refuse, and a function that builds the call's
 * structure from a row.  Pure.
 *
 * The answers are those of the kernel's source: drivers/vfio/vfio_main.c,
 * vfio_set_irqs_validate_and_prepare() (EINVAL for a form that no index takes), and
 * drivers/vfio/pci/vfio_pci_intrs.c (ENOTTY for an action that the index does not have).
 */
#ifndef IRQ_RULES_H
#define IRQ_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

/* The most vectors that a rule uses; they are the first ones of the index. */
#define IRQ_VECTORS 3

/* How an index is set up before the call. */
enum irq_before {
	IRQ_OFF,
	IRQ_ON,	    /* each vector in use has its own eventfd */
	IRQ_MASKED, /* INTx: as IRQ_ON, and masked by NONE */
};

/* Which eventfds have an event, one bit for each. */
#define IRQ_V0	    0x01
#define IRQ_V1	    0x02
#define IRQ_V2	    0x04
#define IRQ_ALL_V   0x07 /* all vectors in use */
#define IRQ_SPARE   0x80 /* the spare eventfd */
#define IRQ_IS_OFF  0x100
#define IRQ_NOTHING 0x200 /* enabled, but without an eventfd; see irq_null_safe() */

/* Numbers that depend on the device. */
#define IRQ_USED       0xfffffff0U
#define IRQ_EVERY      0xfffffff1U
#define IRQ_EVERY_PLUS 0xfffffff2U

/* INTx: is the device's interrupt masked?  0: not checked */
enum irq_masked { IRQ_FREE = 1, IRQ_KEPT };

/* argsz is too small for the structure itself, or for its data */
enum irq_cut { IRQ_CUT_HEAD = 1, IRQ_CUT_DATA };

struct irq_rule {
	const char *name;
	uint8_t indexes; /* bits of VFIO_PCI_*_IRQ_INDEX */
	uint8_t needs;	 /* vectors in use */
	uint8_t before;	 /* enum irq_before */
	uint32_t flags;	 /* VFIO_IRQ_SET_DATA_*, _ACTION_* */
	uint32_t start, count;
	/*
	 * One letter for each vector.  BOOL: 1, 0.  EVENTFD: e is the vector's own eventfd, s the
	 * spare one, - is -1, = is -2, x is a file that is not open, n a file that is no eventfd.
	 */
	const char *data;
	int no;		 /* errno, 0 for success */
	uint16_t arrive; /* events that the call itself causes */
	uint16_t alive;	 /* events that a later trigger of every vector in use causes */
	/* Optional, see RULE() */
	uint8_t masked;	   /* enum irq_masked */
	uint8_t cut;	   /* enum irq_cut */
	int later;	   /* errno that kernels return from version @since on, 0 for success */
	const char *since; /* NULL: all kernels return the same */
};

extern const struct irq_rule irq_rules[];
extern const size_t irq_nr_rules;
extern const uint32_t irq_nr_indexes; /* the known indexes: those of VFIO up to REQ */

/* "INTx", "MSI-X"; "?" */
const char *irq_name(uint32_t index);

/*
 * Judges an answer of VFIO_DEVICE_GET_IRQ_INFO.  @told: the number of vectors of this index in the
 * configuration space, or -1 if that could not be read; @no: the result of the call, 0 or an errno;
 * @flags and @count: its answer.  Returns whether the answer is right; @detail describes it, or
 * what is wrong.
 */
bool irq_info_right(uint32_t index, int told, int no, uint32_t flags, uint32_t count, char *detail,
		    size_t len);

/* The file descriptors that the letters of a rule mean. */
struct irq_files {
	int vectors[IRQ_VECTORS], spare, closed, other;
};

#define IRQ_SET_ROOM (sizeof(struct vfio_irq_set) + IRQ_VECTORS * sizeof(int32_t))

/*
 * Builds the argument of @rule's call in @set, which has IRQ_SET_ROOM bytes.  @index has @every
 * vectors, of which @used are in use.
 */
void irq_rule_build(const struct irq_rule *rule, uint32_t index, uint32_t used, uint32_t every,
		    const struct irq_files *files, struct vfio_irq_set *set);

/* The number of events of each eventfd for a set of bits: of IRQ_VECTORS and the spare one. */
void irq_events(uint16_t bits, uint32_t used, uint64_t events[IRQ_VECTORS + 1]);

/*
 * Is it safe to trigger an INTx that has no eventfd?  Kernels before 6.9, unless a distribution has
 * backported the fix, then dereference a NULL pointer (CVE-2024-26812).  @release is that of
 * uname(): "6.1.0-56-amd64".
 */
bool irq_null_safe(const char *release);

#endif /* IRQ_RULES_H */
