// SPDX-License-Identifier: GPL-2.0
/* verify_pte: shows a process's page table through debugfs; changes nothing. */
#include <linux/module.h>

#include "walk.h"

static int __init verify_pte_init(void)
{
	/* There an entry holds a machine frame: __va() of it is not its table. */
	if (boot_cpu_has(X86_FEATURE_XENPV)) {
		pr_err("verify_pte: Xen PV guests' entries hold machine frames; not supported\n");
		return -EOPNOTSUPP;
	}
	verify_pte_debugfs_init();
	return 0;
}
module_init(verify_pte_init);

static void __exit verify_pte_exit(void)
{
	verify_pte_debugfs_exit();
}
module_exit(verify_pte_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Page table of a process, every level, read-only");
MODULE_VERSION("0.1.0");
