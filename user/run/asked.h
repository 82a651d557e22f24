/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The private data of the askers in run/verify.c and run/iommu.c. */
#ifndef RUN_ASKED_H
#define RUN_ASKED_H

#include "run/step.h"
#include "witness/judge.h"

struct module_asked {
	struct verify_pte_info bits; /* the meaning of this kernel's software bits */
	struct pt_fmt fmt;	     /* the format with these bits */
	struct verify_pte_walk raw_info;
	struct verify_pte_entry *raws;
	size_t nr_raws;
};

struct pagemap_asked {
	uint64_t *map; /* an entry for each base page */
};

/* The IOMMU's translation of each mapping, for each device of the container */
struct iommu_asked {
	struct translation list[MAX_IOVAS * (1 + MAX_WITH)];
	size_t nr;
};

#endif /* RUN_ASKED_H */
