/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Questions about the facts that more than one file of this folder asks.  The answers depend
 * on struct env only.  A predicate that one rows_*.c alone uses is static in that file.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>

#include "env/env.h"

#define PAGE_4K 4096ULL

/* A module of VFIO, and the option of the kernel's configuration that builds it. */
struct vfio_module {
	enum env_module module;
	const char *name, *config;
};

/* Was a device found at the address that was given? */
bool has_device(const struct env *env);
/* Is no IOMMU active, for this device or, without a device, for any? */
bool no_iommu(const struct env *env);
bool is_x86(const struct env *env);
bool is_riscv64(const struct env *env);
/*
 * Does this member of the group keep VFIO from it?  The kernel's own answer, where it says
 * that the group is viable, counts for more.
 */
bool blocks_group(const struct env *env, const struct sysfs_device *dev);
/* Was a VF token given, so that it is what the kernel refused? */
bool token_was_given(const struct env *env);
/* Is the group without an IOMMU, and this process without the CAP_SYS_RAWIO it takes? */
bool lacks_rawio(const struct env *env);
/*
 * The module that the failed call was about; without such a call, the first that a run needs
 * and this kernel does not have.  NULL: none of them.
 */
const struct vfio_module *missing_module(const struct env *env);
/* Is the failed call about verify_pte, or about a file given for it? */
bool concerns_verify_pte(const struct env *env);
/* The first node whose opening fails with errno @no; NULL: there is none. */
const struct env_node *bad_node(const struct env *env, int no);
/* The memory that the run asks for. */
struct memory_need memory_need(const struct env *env);
/* The first module that a run would have to load before it can start; NULL: none. */
const struct vfio_module *unloaded_module(const struct env *env);

#endif /* FACTS_H */
