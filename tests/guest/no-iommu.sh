#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --iommu none
#: kernels all
#
# no-iommu.sh - what a machine without an IOMMU is told; VM with --iommu none

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 12
expect 2 "^vfio_test: $BDF: no IOMMU group: no IOMMU is active: the firmware does not describe one .*; switch VT-d or AMD-Vi on" 'no IOMMU group' \
	vfio_test "$BDF"
expect 2 '"verdict": ?"error"' 'no IOMMU group, JSON' vfio_test --json "$BDF"
expect 0 '^ +no IOMMU group: no IOMMU is active: ' 'list: no IOMMU group' vfio_test list
check 'list: none is ready' sh -c '[ -z "$(vfio_test list --ready --quiet)" ]'
first_line() {
	head -n 1 "$ktap_dir/out" | grep -qE -e "$1"
}
expect 2 '' 'doctor: no IOMMU' vfio_test doctor
check 'doctor: its first line says what to do' first_line 'no IOMMU is active: .*; switch VT-d or AMD-Vi on in the firmware .*in a VM give QEMU -device intel-iommu'
expect 2 '"id": ?"no-iommu"' 'doctor: no IOMMU, JSON' vfio_test doctor --json "$BDF"
expect 2 '^1 problem to fix, in this order' 'doctor: of what an IOMMU has, nothing more is said' vfio_test doctor
expect 2 'group: not known: without an IOMMU it has none' 'doctor: of the group nothing is known' vfio_test doctor "$BDF"
check 'doctor: no tick for what there is not' sh -c "! grep -E '^\[ok\] (IOMMU|group|siblings|users):' $ktap_dir/out"
expect 2 "^vfio_test: $BDF: no IOMMU group: no IOMMU is active" 'bind: no IOMMU group' vfio_test bind "$BDF"
check 'bind: nothing was touched' [ "$(cat /sys/bus/pci/devices/"$BDF"/driver_override) $(ls /run/vfio-verify)" = 'vfio-pci ' ]
ktap_end
