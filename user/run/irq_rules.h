/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What VFIO_DEVICE_SET_IRQS must do and refuse, as a table; and a row of it as the structure
 * that the call takes.  Pure.
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

/* Vectors that a rule uses at most; those in use are the first of so many. */
#define IRQ_VECTORS 3

/* How an index is set up before the call. */
enum irq_before {
	IRQ_OFF,
	IRQ_ON,	    /* each vector in use has an eventfd of its own */
	IRQ_MASKED, /* and is masked by NONE: INTx */
};

/* Which eventfds have an event: a bit each. */
#define IRQ_V0	    0x01
#define IRQ_V1	    0x02
#define IRQ_V2	    0x04
#define IRQ_ALL_V   0x07 /* of those in use */
#define IRQ_SPARE   0x80 /* one more eventfd */
#define IRQ_IS_OFF  0x100
#define IRQ_NOTHING 0x200 /* on, and nobody to tell; see irq_null_safe() */

/* Numbers that only the device knows. */
#define IRQ_USED       0xfffffff0U
#define IRQ_EVERY      0xfffffff1U
#define IRQ_EVERY_PLUS 0xfffffff2U

/* INTx: does it keep the device from interrupting?  0: not looked at */
enum irq_masked { IRQ_FREE = 1, IRQ_KEPT };

/* argsz is too small: for the structure itself, or for the data behind it */
enum irq_cut { IRQ_CUT_HEAD = 1, IRQ_CUT_DATA };

struct irq_rule {
	const char *name;
	uint8_t indexes; /* bits of VFIO_PCI_*_IRQ_INDEX */
	uint8_t needs;	 /* vectors in use */
	uint8_t before;	 /* enum irq_before */
	uint32_t flags;	 /* VFIO_IRQ_SET_DATA_*, _ACTION_* */
	uint32_t start, count;
	/*
	 * A letter a vector.  BOOL: 1, 0.  EVENTFD: e the vector's own, s the spare one,
	 * - is -1, = is -2, x a file that is not open, n one that is no eventfd.
	 */
	const char *data;
	int no;		 /* errno, 0 for success */
	uint16_t arrive; /* events that the call itself makes */
	uint16_t alive;	 /* events that a trigger of every vector in use makes afterwards */
	/* Where they are not 0: */
	uint8_t masked;	   /* enum irq_masked */
	uint8_t cut;	   /* enum irq_cut */
	int later;	   /* errno, 0 for success: what kernels answer since: */
	const char *since; /* NULL: all answer the same */
};

extern const struct irq_rule irq_rules[];
extern const size_t irq_nr_rules;
extern const uint32_t irq_nr_indexes; /* that this knows: all of VFIO's up to REQ */

/* "INTx", "MSI-X"; "?" */
const char *irq_name(uint32_t index);

/*
 * Judges VFIO_DEVICE_GET_IRQ_INFO.  @told: as many vectors as the configuration space has of
 * this index, or -1 where that could not be read; @no: what the call answered, 0 or an errno,
 * with the flags and the count.  True: as a kernel answers; *detail says what, or what is wrong.
 */
bool irq_info_right(uint32_t index, int told, int no, uint32_t flags, uint32_t count, char *detail,
		    size_t len);

/* What the letters stand for. */
struct irq_files {
	int vectors[IRQ_VECTORS], spare, closed, other;
};

#define IRQ_SET_ROOM (sizeof(struct vfio_irq_set) + IRQ_VECTORS * sizeof(int32_t))

/*
 * The call that @rule makes of index @index, of whose @every vectors @used are in use, into
 * IRQ_SET_ROOM bytes.
 */
void irq_rule_build(const struct irq_rule *rule, uint32_t index, uint32_t used, uint32_t every,
		    const struct irq_files *files, struct vfio_irq_set *set);

/* How often each eventfd has an event, for a set of bits; IRQ_VECTORS and the spare one. */
void irq_events(uint16_t bits, uint32_t used, uint64_t events[IRQ_VECTORS + 1]);

/*
 * May an INTx that has no eventfd be triggered?  Kernels before 6.9, and those of a
 * distribution that have not the fix, call into nowhere then (CVE-2024-26812).  @release
 * is uname's: "6.1.0-56-amd64".
 */
bool irq_null_safe(const char *release);

#endif /* IRQ_RULES_H */
