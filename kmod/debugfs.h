/* SPDX-License-Identifier: GPL-2.0 */
/* debugfs.c: the files of /sys/kernel/debug/verify_pte */
void verify_pte_debugfs_init(void);
void verify_pte_debugfs_exit(void);
