/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the askers of run/verify.c and run/iommu.c have to themselves. */
#ifndef RUN_ASKED_H
#define RUN_ASKED_H

#include "run/step.h"
#include "witness/judge.h"

struct module_asked {
	struct verify_pte_info bits; /* what this kernel means by its bits, */
	struct pt_fmt fmt;	     /* and the format with that */
	struct verify_pte_walk raw_info;
	struct verify_pte_entry *raws;
	size_t nr_raws;
};

struct pagemap_asked {
	uint64_t *map; /* an entry for each base page */
};

/* Each mapping, as the IOMMU has it for each device of the container */
struct iommu_asked {
	struct translation list[MAX_IOVAS * (1 + MAX_WITH)];
	size_t nr;
};

#endif /* RUN_ASKED_H */
