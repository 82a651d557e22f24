#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# no-iommu.sh - what a machine without an IOMMU is told; VM with --iommu none

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 6
expect 2 "^vfio_test: $BDF: no IOMMU group: no IOMMU is active; boot with intel_iommu=on" 'no IOMMU group' \
	vfio_test "$BDF"
expect 2 '"verdict": ?"error"' 'no IOMMU group, JSON' vfio_test --json "$BDF"
expect 0 '^ +no IOMMU group: no IOMMU is active$' 'list: no IOMMU group' vfio_test list
check 'list: none is ready' sh -c '[ -z "$(vfio_test list --ready --quiet)" ]'
expect 2 "^vfio_test: $BDF: no IOMMU group: no IOMMU is active" 'bind: no IOMMU group' vfio_test bind "$BDF"
check 'bind: nothing was touched' [ "$(cat /sys/bus/pci/devices/"$BDF"/driver_override) $(ls /run/vfio-verify)" = 'vfio-pci ' ]
ktap_end
