/* SPDX-License-Identifier: GPL-2.0 */
/* See mm.h: swap types as a kernel numbers them that has them all. */
#ifndef KSTUB_LINUX_SWAP_H
#define KSTUB_LINUX_SWAP_H

#define MAX_SWAPFILES	  23
#define SWP_HWPOISON_NUM  1
#define SWP_MIGRATION_NUM 3
#define SWP_DEVICE_NUM	  4

#endif /* KSTUB_LINUX_SWAP_H */
