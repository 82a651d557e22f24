#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# not-viable.sh - a sibling on a host driver keeps its group from VFIO
#
# VM with two test devices behind a bridge that does not keep them apart, and
# uio_pci_generic in the initramfs.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 4

pci=/sys/bus/pci
# bind BDF DRIVER
bind() {
	[ ! -e $pci/devices/"$1"/driver ] || echo "$1" >$pci/devices/"$1"/driver/unbind
	echo "$2" >$pci/devices/"$1"/driver_override
	echo "$1" >$pci/drivers_probe
}

ours='' sibling=''
for dev in "$pci"/devices/*; do
	bdf=${dev##*/}
	[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" = '0x1234 0x11e8 ' ] || continue
	[ "${bdf#0000:00:}" = "$bdf" ] || continue
	[ -z "$ours" ] && ours=$bdf || sibling=$bdf
done
modprobe -a vfio-pci uio_pci_generic
bind "$ours" vfio-pci
bind "$sibling" uio_pci_generic
check 'two devices in one group' [ "$(readlink $pci/devices/"$ours"/iommu_group)" = "$(readlink $pci/devices/"$sibling"/iommu_group)" ]
expect 2 "group [0-9]+ is not viable: in the same group: $sibling on uio_pci_generic; vfio_test bind --group $ours" \
	'siblings are named with their drivers' vfio_test "$ours"
bind "$sibling" vfio-pci
expect 0 pass 'all on vfio-pci: passes' vfio_test --quiet --dma none "$ours"
echo "$sibling" >$pci/devices/"$sibling"/driver/unbind
expect 0 pass 'sibling on no driver: passes' vfio_test --quiet --dma none "$ours"
ktap_end
