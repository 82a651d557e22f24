/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the facts say, where more than one file of this folder asks for it.  All of it is pure;
 * the predicates of one file alone stand beside the rows that use them.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>

#include "env/env.h"

#define PAGE_4K 4096ULL

/* A module of VFIO's, and the option of the kernel's configuration that builds it. */
struct vfio_module {
	enum env_module module;
	const char *name, *config;
};

bool has_device(const struct env *env);
bool no_iommu(const struct env *env);
bool is_x86(const struct env *env);
bool is_riscv64(const struct env *env);
bool blocks_group(const struct env *env, const struct sysfs_device *dev);
bool is_wrong_token(const struct env *env);
bool lacks_rawio(const struct env *env);
const struct vfio_module *missing_module(const struct env *env);
bool concerns_verify_pte(const struct env *env);
const struct env_node *bad_node(const struct env *env, int no);
struct memory_need memory_need(const struct env *env);
const struct vfio_module *unloaded_module(const struct env *env);

#endif /* FACTS_H */
