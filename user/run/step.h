/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A run as a table of steps, walked down once and undone on the way back. */
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio/backend.h"
#include "lib/err.h"
#include "module/module.h"
#include "pci/config.h"
#include "report/report.h"
#include "run/request.h"
#include "pci/sysfs.h"
#include "module/client.h"
#include "witness/judge.h"
#include "vfio/vfio.h"

#define BASE_PAGE   4096ULL
#define MAX_IOVAS   64	 /* mappings of the one buffer */
#define MAX_WITH    8	 /* further devices */
#define ODD_LINES   16	 /* of pages that differ, in text; --verbose shows all */
#define RUN_PATTERN 0xAA /* every byte of the buffer, where nobody has changed it */

/* What the command line asks of a run. */
struct run_opts {
	const char *bdf;
	const char *with[MAX_WITH]; /* further devices, into the same container */
	unsigned int nr_with;
	bool expect_user;   /* else supervisor */
	uint64_t size;	    /* bytes to map */
	uint64_t page_size; /* 4K; 2M and 1G with hugetlb */
	/* Where to map it, exactly there; without any, the first usable from 0 on. */
	uint64_t iovas[MAX_IOVAS];
	unsigned int nr_iovas;
	const struct backend *backend; /* NULL: the best there */
	bool hold;
	unsigned int hold_seconds; /* 0: until Enter or a signal */
	unsigned int recheck_ms;   /* how often while it is held; 0: before unmap only */
	const char *module_path;
	bool no_module;
	bool no_faults;	      /* provoke no IOMMU fault */
	bool no_reset;	      /* reset neither the device nor its bus */
	bool no_rules;	      /* ask VFIO for nothing that it must refuse */
	int dma;	      /* DMA_AUTO, DMA_NONE or a driver of dma.h */
	unsigned int require; /* witnesses, as bits: what is not proven is unverified */
	const char *vf_token; /* a UUID; or NULL */
};

struct asker;
struct run_dma;
struct run_with;

/* The device under test, and further ones: what was opened for them and found out. */
struct target {
	struct sysfs_device dev;
	int device; /* file descriptor, or -1 */
	struct vfio vfio;
	struct vfio_iommu iommu;
	struct request request; /* for the device */
	uint32_t nr_regions, nr_irqs;
	uint64_t region_sizes[VFIO_PCI_NUM_REGIONS];
	uint32_t regions_unknown; /* as bits: those of which the kernel did not tell */
	uint8_t config_bytes[PCI_CONFIG_EXPRESS];
	size_t config_size;
	int config_no; /* errno of reading it; 0: config is there */
	struct pci_config config;
	struct run_with *with; /* run/with.c's */
	unsigned int nr_with;
};

/* The buffer, and where the device finds it. */
struct mapping {
	void *buf;
	uint64_t iovas[MAX_IOVAS]; /* the first nr of them live */
	unsigned int nr;
};

/* What the module has said of the page table, and whom it can be asked through. */
struct evidence {
	int walk, iova_file; /* file descriptors, or -1 */
	struct verify_pte_walk info;
	struct verify_pte_run *runs;
	size_t nr_runs;
	struct page_counts pages;
};

/* How the step in hand ends, in words. */
struct step_end {
	char detail[256];
	struct err err;
};

/* Everything that a run opened, mapped, loaded and found out. */
struct run {
	const struct run_opts *opts;
	struct report *rep;
	struct modules *mods;
	struct target target;
	struct mapping mapping;
	struct evidence evidence;
	struct testimonies testimonies; /* one a witness */
	struct step_end end;
	struct run_dma *dma; /* the block of the step device-dma; NULL: no driver has it */
	void *own;	     /* the block of the step in hand, as struct step sizes it */
	char privilege[64];  /* steps that this user may not do: "module, iommu" */
};

struct step {
	const char *name;    /* in JSON and KTAP */
	const char *heading; /* "=== … ===" before its text, or NULL */
	unsigned int needs;  /* BACKEND_*: skipped with a back end that has it not */
	/* Fills run->end.detail; run->end.err too for FAIL, UNVERIFIED and ERROR. */
	enum status (*run)(struct run *run);
	/* Takes back what run did, all or part of it; never fails.  Or NULL. */
	void (*undo)(struct run *run);
	/* In the place of both: the witness that it asks, by run/ask.h */
	const struct asker *asks;
	/* What a user without privilege has not, where no witness's row says it; or NULL */
	const char *privilege;
	size_t own; /* bytes that run and undo have to themselves, in run->own; zeroed before */
};

extern const struct step run_steps[];
extern const size_t run_nr_steps;

/*
 * Walks the table down until its end, a STATUS_ERROR or a signal, tells the
 * report of every step (one not reached is a skip), then undoes what was done,
 * the last first.  A step's own block is there until all are undone.
 */
void steps_run(const struct step *steps, size_t nr, struct run *run);

__attribute__((format(printf, 2, 3))) void run_detail(struct run *run, const char *fmt, ...);

/* run/failure.c: fills run->end.err for a call or step that failed with @ret; failure.h */
enum status run_failed(struct run *run, const char *where, int ret, const char *what);
/* The same of a node that could not be opened */
enum status run_not_opened(struct run *run, const char *where, int ret, const char *path);

/* run/vfio.c */
enum status step_device(struct run *run);
enum status step_modules(struct run *run);
void undo_modules(struct run *run);
enum status step_backend(struct run *run);
enum status step_container(struct run *run);
void undo_container(struct run *run);
enum status step_api_version(struct run *run);
enum status step_extensions_before(struct run *run);
enum status step_group(struct run *run);
void undo_group(struct run *run);
enum status step_viable(struct run *run);
enum status step_set_container(struct run *run);
void undo_set_container(struct run *run);
enum status step_extensions_after(struct run *run);
enum status step_set_iommu(struct run *run);
enum status step_iommu_info(struct run *run);
enum status step_buffer(struct run *run);
void undo_buffer(struct run *run);
enum status step_map(struct run *run);
void undo_map(struct run *run);
enum status step_device_fd(struct run *run);
void undo_device_fd(struct run *run);
enum status step_unmap(struct run *run);

/* run/regions.c */
enum status step_regions(struct run *run);

/* run/device.c */
enum status step_device_info(struct run *run);
enum status step_config(struct run *run);
enum status step_irqs(struct run *run);

/* run/verify.c */
enum status step_module(struct run *run);
void undo_module(struct run *run);

/* run/summary.c */
enum status step_summary(struct run *run);
enum status step_require(struct run *run);
/* What stands behind the verdict's own words; "" where there is nothing */
void run_verdict_tail(const struct run *run, char *buf, size_t len);

/* run/hold.c */
enum status step_hold(struct run *run);

/* run/request_step.c */
enum status step_request(struct run *run);
void undo_request(struct run *run);
enum status step_irq_rules_unheard(struct run *run);
/* The run ended because a device was wanted back, which the report now says. */
bool run_given_back(struct run *run);

/* run/rules.c */
enum status step_dma_rules(struct run *run);

/* run/path.c */
enum status step_dma_path(struct run *run);
/* Does an open device's DMA go through the IOMMU?  SKIP: nothing of it tells; else @err. */
enum status run_path_look(const struct sysfs_device *dev, int device, struct err *err);

/* run/irqs.c */
enum status step_irq_rules(struct run *run);

/* run/reset.c */
enum status step_reset(struct run *run);

/* run/with.c */
enum status step_with(struct run *run);
void undo_with(struct run *run);
enum status step_with_dma(struct run *run);
/* What JSON has of the further device @i */
struct json_object *run_with_json(const struct run *run, unsigned int i);

/* run/ask.c */
uint64_t now_ns(void);

/* run/iommu.c */
/* Compares again, now; @tell: into JSON as well */
enum status recheck(struct run *run, bool tell);
enum status step_recheck(struct run *run);
void explain_iova(struct err *err, int no);
struct pci_bdf;
/* As the module names a device */
struct verify_pte_who iova_device(const struct pci_bdf *bdf);
/* run/dma.c, run/dma_fault.c, run/interrupts.c */
struct dma;
struct dma_driver;
/* Why no device may do anything at all; NULL: nothing against it. */
const char *run_dma_idle(const struct run *run);
/* The mapping is where the device can reach it; else run->end.err. */
bool run_dma_reachable(struct run *run, const struct dma_driver *drv,
		       const struct sysfs_device *dev);
/*
 * Has a device that its driver started copy through the mapping, @max pages at the most
 * (0: all), and compares.  0, with what is wrong in *seen and run->end.err; -EINTR for a signal;
 * else what kept it from copying, in run->end.err.
 */
int run_dma_verify(struct run *run, struct dma *dev, uint64_t max, struct dma_seen *seen);
enum status step_dma_fault(struct run *run);
void undo_dma_fault(struct run *run);

#endif /* STEP_H */
