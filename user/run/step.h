/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A run is a table of steps, which are run in order and undone in reverse order. */
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
#define ODD_LINES   16	 /* lines of text for pages that differ; --verbose shows all */
#define RUN_PATTERN 0xAA /* every byte of the buffer, unless it was changed */

/* The options of a run. */
struct run_opts {
	const char *bdf;
	const char *with[MAX_WITH]; /* further devices for the same container */
	unsigned int nr_with;
	bool expect_user;   /* false: supervisor */
	uint64_t size;	    /* bytes to map */
	uint64_t page_size; /* 4K; 2M and 1G with hugetlb */
	/* The IOVAs to map it at; if there are none, the lowest usable one. */
	uint64_t iovas[MAX_IOVAS];
	unsigned int nr_iovas;
	const struct backend *backend; /* NULL: the best one that is offered */
	bool hold;
	unsigned int hold_seconds; /* 0: until Enter or a signal */
	unsigned int recheck_ms;   /* interval while it is held; 0: only before unmap */
	const char *module_path;
	bool no_module;
	bool no_faults;	      /* provoke no IOMMU fault */
	bool no_reset;	      /* reset neither the device nor its bus */
	bool no_rules;	      /* make no call that VFIO must refuse */
	int dma;	      /* DMA_AUTO, DMA_NONE or a driver of driver.h */
	unsigned int require; /* bits of witnesses that must be proven */
	const char *vf_token; /* a UUID; or NULL */
};

struct asker;
struct run_dma;
struct run_with;

/* The device under test, and further ones: what was opened for them and read from them. */
struct target {
	struct sysfs_device dev;
	int device; /* file descriptor, or -1 */
	struct vfio vfio;
	struct vfio_iommu iommu;
	struct request request; /* for the device */
	uint32_t nr_regions, nr_irqs;
	uint64_t region_sizes[VFIO_PCI_NUM_REGIONS];
	uint32_t regions_unknown; /* bits of the regions that the kernel did not describe */
	uint8_t config_bytes[PCI_CONFIG_EXPRESS];
	size_t config_size;
	int config_no; /* errno of reading it; 0: config is valid */
	struct pci_config config;
	struct run_with *with; /* private to run/with.c */
	unsigned int nr_with;
};

/* The buffer, and the IOVAs at which it is mapped for the device. */
struct mapping {
	void *buf;
	uint64_t iovas[MAX_IOVAS]; /* the first nr are mapped */
	unsigned int nr;
};

/* What the module has reported about the page table, and the files to ask it. */
struct evidence {
	int walk, iova_file; /* file descriptors, or -1 */
	struct verify_pte_walk info;
	struct verify_pte_run *runs;
	size_t nr_runs;
	struct page_counts pages;
};

/* How the current step ends, in words. */
struct step_end {
	char detail[256];
	struct err err;
};

/* The state of a run: what it opened, mapped, loaded and read. */
struct run {
	const struct run_opts *opts;
	struct report *rep;
	struct modules *mods;
	struct target target;
	struct mapping mapping;
	struct evidence evidence;
	struct testimonies testimonies; /* one for each witness */
	struct step_end end;
	struct run_dma *dma; /* the data of the step device-dma; NULL: no driver is used */
	void *own;	     /* the private data of the current step, struct step has its size */
	char privilege[64];  /* steps that this user has no privilege for: "module, iommu" */
};

struct step {
	const char *name;    /* in JSON and KTAP */
	const char *heading; /* "=== … ===" before its text, or NULL */
	unsigned int needs;  /* BACKEND_*: skipped with a back end that lacks it */
	/* Fills run->end.detail; run->end.err too for FAIL, UNVERIFIED and ERROR. */
	enum status (*run)(struct run *run);
	/* Undoes what run did, even if it did only a part; never fails.  Or NULL. */
	void (*undo)(struct run *run);
	/* Instead of both: the witness that the step asks, see run/ask.h */
	const struct asker *asks;
	/* What an unprivileged user cannot do, if no witness's row says it; or NULL */
	const char *privilege;
	size_t own; /* size of the private data of run and undo, run->own; zeroed before run */
};

extern const struct step run_steps[];
extern const size_t run_nr_steps;

/*
 * Runs the steps in order until the end of the table, a STATUS_ERROR or a signal.  Reports every
 * step (one that was not reached as skipped), then undoes them in reverse order.  The private data
 * of each step stays until all are undone.
 */
void steps_run(const struct step *steps, size_t nr, struct run *run);

__attribute__((format(printf, 2, 3))) void run_detail(struct run *run, const char *fmt, ...);

/* run/failure.c: fills run->end.err for a call or step that failed with @ret, see failure.h */
enum status run_failed(struct run *run, const char *where, int ret, const char *what);
/* The same for a device node that could not be opened */
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
/* What follows the text of the verdict; "" if there is nothing */
void run_verdict_tail(const struct run *run, char *buf, size_t len);

/* run/hold.c */
enum status step_hold(struct run *run);

/* run/request_step.c */
enum status step_request(struct run *run);
void undo_request(struct run *run);
/*
 * Stops listening for requests while somebody else has their index; false if nobody listened.  The
 * kernel repeats a request after 10 s, see vfio_unregister_group_dev().
 */
bool run_unheard(struct run *run);
/* Listens again. */
void run_heard(struct run *run);
/* True if the run ended because a device was requested back; the report then says so. */
bool run_given_back(struct run *run);

/* run/rules.c */
enum status step_dma_rules(struct run *run);

/* run/path.c */
enum status step_dma_path(struct run *run);
/*
 * Does the DMA of an open device go through the IOMMU?  STATUS_SKIP: the device has nothing that
 * tells; FAIL and UNVERIFIED: @err says why.
 */
enum status run_path_look(const struct sysfs_device *dev, int device, struct err *err);

/* run/irqs.c */
enum status step_irq_rules(struct run *run);

/* run/reset.c */
enum status step_reset(struct run *run);

/* run/with.c */
enum status step_with(struct run *run);
void undo_with(struct run *run);
enum status step_with_dma(struct run *run);
/* The JSON object of the further device @i */
struct json_object *run_with_json(const struct run *run, unsigned int i);

/* run/ask.c */
uint64_t now_ns(void);

/* run/iommu.c */
/* Compares again, now; @tell: reports the pages in text and JSON too */
enum status recheck(struct run *run, bool tell);
enum status step_recheck(struct run *run);
void explain_iova(struct err *err, int no);
struct pci_bdf;
/* The form in which the module is asked for a device */
struct verify_pte_who iova_device(const struct pci_bdf *bdf);
/* run/dma.c, run/dma_fault.c, run/interrupts.c */
struct dma;
struct dma_driver;
/* Why no device may be made to do anything; NULL: there is no reason. */
const char *run_dma_idle(const struct run *run);
/* Can the device reach the mapping?  If not, fills run->end.err. */
bool run_dma_reachable(struct run *run, const struct dma_driver *drv,
		       const struct sysfs_device *dev);
/*
 * Makes a device, which its driver has initialised, copy through the mapping, at most @max pages
 * (0: all), and compares.  Returns 0, with what is wrong in *seen and run->end.err; -EINTR for a
 * signal; or another negative errno, with the reason why it could not copy in run->end.err.
 */
int run_dma_verify(struct run *run, struct dma *dev, uint64_t max, struct dma_seen *seen);
enum status step_dma_fault(struct run *run);
void undo_dma_fault(struct run *run);

#endif /* STEP_H */
