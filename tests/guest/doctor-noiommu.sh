#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# doctor-noiommu.sh - VFIO without an IOMMU: what it costs, and whom it is for
#
# In a VM with the debug kernel, --iommu none and --no-bind.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 10

pci=/sys/bus/pci
quick() {
	vfio_test --quiet --dma none --no-reset --size 16K --iommu noiommu "$BDF"
}
# Bit 6 of the taint: TAINT_USER
tainted() {
	[ $(($(cat /proc/sys/kernel/tainted) >> 6 & 1)) -eq "$1" ]
}

expect 2 'no IOMMU group: no IOMMU is active' 'not allowed: no IOMMU' vfio_test doctor "$BDF"
modprobe -q vfio-pci # which the debug kernel may have built in
echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
check 'allowed: not tainted yet' tainted 0
echo vfio-pci >$pci/devices/"$BDF"/driver_override
echo "$BDF" >$pci/drivers_probe
check 'bound: tainted' tainted 1
expect 4 'group: no IOMMU: VFIO made the group up .*no DMA can be mapped, and binding the device has tainted the kernel .*; boot with an IOMMU' \
	'allowed: doctor' vfio_test doctor "$BDF"
check 'allowed: a note on what it costs' grep -qE 'back ends: VFIO may be used without an IOMMU .*CAP_SYS_RAWIO, and the kernel is tainted' "$ktap_dir/out"
expect 4 '"id": ?"noiommu-group"' 'allowed: JSON' vfio_test doctor --json "$BDF"
expect 0 '"reason": ?"noiommu-group"' 'allowed: list' vfio_test list --json "$BDF"
expect 4 '^Verdict: unverified' 'used: nothing failed, and nothing is verified' quick
expect 2 'VFIO made it up, because enable_unsafe_noiommu_mode is on; boot with an IOMMU' 'no DMA can be mapped' \
	vfio_test --quiet --iommu type1v2 "$BDF"

echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
chown user /dev/vfio/noiommu-* /dev/vfio/vfio
expect 2 'could not open /dev/vfio/noiommu-[0-9]+: this process may not use the group: without an IOMMU it needs CAP_SYS_RAWIO; run as root' \
	'an ordinary user, to whom the node belongs' su user -c 'vfio_test --quiet --no-module --dma none --iommu noiommu "$BDF"'
ktap_end
