#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# dma-short.sh - the device moves data, is refused where it must be, and interrupts
#
# What can differ from kernel to kernel, in a VM with an IOMMU. The rest: dma.sh

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 6

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

expect 0 'Device DMA \(edu\): 16 of 16 pages$' 'every page takes part' vfio_test --size 64K "$BDF"
check 'read-only page: refused' said 'Device write to a page mapped read-only for it: refused, memory unchanged$'
check 'unmapped IOVA: refused' said 'Device write to an IOVA that is not mapped: refused, memory unchanged$'
check 'MSI' said 'MSI: 1 of 1 raised by the device arrived by eventfd$'
check 'INTx, held while masked' said 'INTx: 3 of 3 raised by the device arrived by eventfd, each after the first when it was unmasked$'
check 'nothing left' nothing_left
ktap_end
