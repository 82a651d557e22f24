#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# doctor-intremap.sh - no interrupt remapping, and identity by default
#
# In a VM with intremap=off and iommu=pt, the device bound.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 8

quick() {
	vfio_test --quiet --dma none --no-rules --no-reset --size 16K "$BDF"
}
# The words of the cure, for a module that is loaded already.
unsafe=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts

expect 2 "^vfio_test: $BDF: VFIO_SET_IOMMU: no interrupt remapping: .*; give the IOMMU intremap=on .*allow_unsafe_interrupts=1" \
	'no interrupt remapping: run' quick
expect 2 'interrupt remapping: VFIO_SET_IOMMU: no interrupt remapping' 'no interrupt remapping: doctor' vfio_test doctor "$BDF"
expect 2 '"id": ?"no-intremap"' 'no interrupt remapping: JSON' vfio_test doctor --json "$BDF"
echo 1 >$unsafe
expect 0 '^Verdict: pass' 'allow_unsafe_interrupts=1 cures: run' quick
expect 0 'interrupt remapping: off, and allowed to be' 'allow_unsafe_interrupts=1 cures: doctor' vfio_test doctor "$BDF"
expect 0 'group: .*is not translated \(iommu=pt\): VFIO takes the device out of the identity domain .*harmless' \
	'identity: told, and harmless' vfio_test doctor "$BDF"
check 'identity: the device may be out of it already' grep -qxE 'identity|DMA.*' \
	"/sys/bus/pci/devices/$BDF/iommu_group/type"
echo 0 >$unsafe
expect 2 'no interrupt remapping' 'and without the cure it is there again' quick
ktap_end
