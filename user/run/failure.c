// SPDX-License-Identifier: GPL-2.0
/* Explains why a step failed: looks it up in the table of failures, with the current facts. */
#include <stdio.h>

#include "failure/failure.h"
#include "run/step.h"

static void collect(const struct run *run, struct env *env)
{
	const struct vfio_iommu *iommu = &run->target.iommu;

	env_machine(env, run->opts->module_path);
	env_device(env, run->opts->bdf, NULL);
	env_size(env, run->opts->size, run->opts->page_size);
	env->mappings = run->opts->nr_iovas;
	env->json = run->rep->mode == REPORT_JSON;
	env->account = run->target.vfio.be && run->target.vfio.be->rules == RULES_IOMMUFD
			       ? ACCOUNT_USER
			       : ACCOUNT_PROCESS;
	env->has_token = run->opts->vf_token;
	/* If mapping failed, its IOVA is the first that is not mapped yet. */
	env->has_iova = iommu->nr_ranges && run->mapping.nr < MAX_IOVAS;
	if (env->has_iova) {
		env->iova = run->mapping.iovas[run->mapping.nr];
		env->last_iova = iommu->ranges[iommu->nr_ranges - 1].end;
	}
}

enum status run_failed(struct run *run, const char *where, int ret, const char *what)
{
	struct env env;

	collect(run, &env);
	failure_explain(&env, where, -ret, what, &run->end.err);
	return STATUS_ERROR;
}

enum status run_not_opened(struct run *run, const char *where, int ret, const char *path)
{
	struct env env;
	char what[80];

	collect(run, &env);
	env_not_opened(&env, path, -ret);
	snprintf(what, sizeof(what), "could not open %s", path);
	failure_explain(&env, where, -ret, what, &run->end.err);
	return STATUS_ERROR;
}
