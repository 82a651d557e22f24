/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The step irq-rules: run/irqs.c has the calls and the table, run/irqs_more.c the rest. */
#ifndef RUN_IRQS_H
#define RUN_IRQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pci/irq_host.h"
#include "run/irq_rules.h"
#include "run/step.h"

#define errno_text irq_errno_text

struct irqs {
	struct run *run;
	uint32_t index, used, every; /* current index; its vectors in use, and all of them */
	bool resize;		     /* vectors can be added while others are in use */
	struct irq_files files;
	bool null_safe;	 /* irq_null_safe() */
	bool shows_mask; /* the physical command register has INTx's mask */
	int sysfs;	 /* the device's file config, or -1 */
	bool unread;	 /* a read of it failed, so masks could not be checked */
	struct irq_host host;
	char why[256];	    /* the first reason why something could not be verified */
	uint64_t config_at; /* offset of the configuration space in the device's file */
};

/* A check of more than one call, and the bits of the indexes that it is for */
struct irqs_more {
	uint32_t indexes;
	void (*check)(struct irqs *q);
};

extern const struct irqs_more irqs_more[];
extern const size_t irqs_nr_more;

__attribute__((format(printf, 4, 5))) void irqs_tell(const struct irqs *q, const char *name,
						     enum status status, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void irqs_unverified(struct irqs *q, const char *name,
							   const char *fmt, ...);
void irqs_tell_unset(struct irqs *q, const char *name, int no);
int irqs_set_irqs(const struct irqs *q, const struct vfio_irq_set *set);
int irqs_call(const struct irqs *q, uint32_t flags, uint32_t start, uint32_t count);
int irqs_call_data(const struct irqs *q, uint32_t flags, uint32_t start, const char *letters);
uint64_t irqs_take(int fd);
void irqs_collect(const struct irqs *q, uint64_t events[IRQ_VECTORS + 1]);
void irqs_forget(const struct irqs *q);
const char *irqs_events_text(const struct irqs *q, const uint64_t *events, char *buf, size_t len);
void irqs_switch_off(const struct irqs *q);
int irqs_prepare(const struct irqs *q, enum irq_before before);
int irqs_trigger(const struct irqs *q);
int irqs_trigger_some(const struct irqs *q, uint32_t count);
int irqs_mask(const struct irqs *q);
bool irqs_is_masked(struct irqs *q);
bool irqs_mask_becomes(struct irqs *q, bool want, int ms);
int irqs_set_disable_bit(const struct irqs *q, bool on);
bool irqs_check_alive(const struct irqs *q, uint32_t count, uint16_t alive, char *detail,
		      size_t len);
int irqs_get_info(const struct irqs *q, uint32_t argsz, struct vfio_irq_info *info);

#endif /* RUN_IRQS_H */
