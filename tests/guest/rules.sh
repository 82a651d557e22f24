#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --append vfio_iommu_type1.dma_entry_limit=100
#: kernels all
#
# rules.sh - what a container must refuse and grant, each with its errno
#
# In a VM with an IOMMU and vfio_iommu_type1.dma_entry_limit=100, the device bound.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 9

# nested N REGEX: so many of the checks that the step is made of; of -v's lines all
nested() {
	sed '/^    # Subtest: /,/^ok/{ /^    # Subtest: dma-rules$/,/^ok/!d; }' "$ktap_dir/out" >"$ktap_dir/step"
	[ "$(grep -cE -e "$2" "$ktap_dir/step")" -eq "$1" ]
}

expect 0 '^    # Subtest: dma-rules$' 'type1v2: passes' vfio_test --dma none --ktap "$BDF"
check 'type1v2: the whole plan of the subtest' nested 43 '^    ok [0-9]+ - '
check 'type1v2: nothing skipped' nested 0 '^    ok .*# SKIP'
expect 0 '"ENOSPC after [0-9]+"' 'type1v2: entry limit' vfio_test --dma none --json "$BDF"
expect 0 '^    # Subtest: dma-rules$' 'type1: passes' vfio_test --dma none --ktap --iommu type1 "$BDF"
check 'type1: the whole plan of the subtest' nested 38 '^    ok [0-9]+ - '
expect 0 '' 'type1: another answer to a part of a mapping' vfio_test --dma none -v --iommu type1 "$BDF"
check 'type1: takes a mapping whole' nested 1 'unmap its first page: success'
expect 0 'unmap its first page: EINVAL' 'type1v2: takes no part of it' vfio_test --dma none -v "$BDF"
ktap_end
