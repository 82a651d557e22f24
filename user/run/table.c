// SPDX-License-Identifier: GPL-2.0
/* The steps of a run, in the order that the kernel requires. */
#include "run/ask.h"
#include "run/asked.h"
#include "run/dma.h"
#include "run/step.h"

#define CONTAINER BACKEND_CONTAINER
#define GROUP	  BACKEND_GROUP
#define MAP	  BACKEND_MAP

const struct step run_steps[] = {
	{ .name = "device", .run = step_device },
	{ .name = "modules", .run = step_modules, .undo = undo_modules },
	{ .name = "back-end", .run = step_backend },
	{ .name = "container", .run = step_container, .undo = undo_container },
	{ .name = "api-version", .needs = CONTAINER, .run = step_api_version },
	{ .name = "extensions", .needs = CONTAINER, .run = step_extensions_before },
	{ .name = "group", .needs = GROUP, .run = step_group, .undo = undo_group },
	{ .name = "group-viable", .needs = GROUP, .run = step_viable },
	{ .name = "set-container",
	  .needs = GROUP,
	  .run = step_set_container,
	  .undo = undo_set_container },
	{ .name = "extensions-set", .needs = CONTAINER, .run = step_extensions_after },
	{ .name = "set-iommu", .run = step_set_iommu },
	{ .name = "device-fd", .run = step_device_fd, .undo = undo_device_fd },
	{ .name = "device-request", .run = step_request, .undo = undo_request },
	{ .name = "iommu-info", .needs = MAP, .run = step_iommu_info },
	{ .name = "dma-rules", .needs = MAP, .run = step_dma_rules },
	{ .name = "buffer",
	  .heading = "Testing DMA Mapping",
	  .needs = MAP,
	  .run = step_buffer,
	  .undo = undo_buffer },
	{ .name = "dma-map", .needs = MAP, .run = step_map, .undo = undo_map },
	{ .name = "device-info", .heading = "Looking at the Device", .run = step_device_info },
	{ .name = "regions", .run = step_regions },
	{ .name = "config", .run = step_config },
	{ .name = "dma-path", .needs = MAP, .run = step_dma_path },
	{ .name = "irqs", .run = step_irqs },
	{ .name = "irq-rules", .run = step_irq_rules },
	{ .name = "reset", .run = step_reset },
	{ .name = "with", .run = step_with, .undo = undo_with },
	{ .name = "module",
	  .heading = "Verifying the Page Table",
	  .run = step_module,
	  .undo = undo_module,
	  .privilege = "verify_pte to be loaded (CAP_SYS_MODULE) and asked (CAP_SYS_ADMIN)" },
	{ .name = "page-user", .asks = &ask_module, .own = sizeof(struct module_asked) },
	{ .name = "pagemap", .asks = &ask_pagemap, .own = sizeof(struct pagemap_asked) },
	{ .name = "iommu", .asks = &ask_iommu, .own = sizeof(struct iommu_asked) },
	{ .name = "device-dma",
	  .heading = "Moving Data with the Device",
	  .asks = &ask_device_dma,
	  .own = sizeof(struct run_dma) },
	{ .name = "dma-fault",
	  .run = step_dma_fault,
	  .undo = undo_dma_fault,
	  .privilege = "IOMMU faults in the kernel's log (CAP_SYSLOG and /dev/kmsg)",
	  .own = sizeof(struct dma_fault) },
	{ .name = "interrupts", .asks = &ask_interrupts, .own = sizeof(struct irq_try) },
	{ .name = "with-dma", .needs = MAP, .run = step_with_dma },
	{ .name = "summary", .heading = "Test Summary", .run = step_summary },
	{ .name = "hold", .run = step_hold },
	{ .name = "recheck", .run = step_recheck },
	{ .name = "require", .run = step_require },
	{ .name = "dma-unmap", .needs = MAP, .run = step_unmap },
};

const size_t run_nr_steps = sizeof(run_steps) / sizeof(run_steps[0]);
