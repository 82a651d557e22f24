#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --no-bind --kmod uio_pci_generic --device pcie-pci-bridge,id=br --device edu,bus=br,addr=1
#: vm --device edu,bus=br,addr=2
#: kernels all
#
# not-viable.sh - a sibling on a host driver keeps its group from VFIO
#
# VM with two test devices behind a bridge that does not keep them apart, and
# uio_pci_generic in the initramfs.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 11

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

# The bridge, on a driver that does not say that it leaves DMA to others.  Before 5.19 that
# was no matter.
bridge=$(basename "$(dirname "$(readlink -f "$pci/devices/$ours")")")
bind "$bridge" uio_pci_generic
group_of() {
	basename "$(readlink "$pci/devices/$1/iommu_group")"
}
check 'the bridge is in the group, on a driver' [ "$(group_of "$bridge") $(basename "$(readlink "$pci/devices/$bridge/driver")")" = "$(group_of "$ours") uio_pci_generic" ]
case $(uname -r) in
[0-4].* | 5.[0-9].* | 5.1[0-8].*)
	expect 0 '"ready": ?true' 'a bridge of any driver: ready' vfio_test list --json "$ours"
	expect 0 pass 'a bridge of any driver: passes' vfio_test --quiet --dma none "$ours"
	ktap_skip 'the bridge and its driver: doctor' 'before 5.19 any bridge passes'
	ktap_skip 'the cure can be typed as it is' 'before 5.19 any bridge passes'
	expect 0 pass 'and still' vfio_test --quiet --dma none "$ours"
	;;
*)
	blocked="group [0-9]+ is not viable: in the same group: $bridge \\(a PCI bridge\\) on uio_pci_generic, a driver that does not leave DMA to others"
	expect 0 '"reason": ?"bridge-driver"' 'a bridge whose driver uses DMA: not ready' vfio_test list --json "$ours"
	expect 2 "$blocked" 'the bridge and its driver are named' vfio_test "$ours"
	expect 2 "siblings: $blocked" 'the bridge and its driver: doctor' vfio_test doctor "$ours"
	cure=$(sed -n 's/.*a bridge works without a driver: //p' "$ktap_dir/out")
	check 'the cure can be typed as it is' sh -c "$cure"
	expect 0 pass 'cured' vfio_test --quiet --dma none "$ours"
	;;
esac

# A member that is no PCI device, which this machine has none of: a /sys that is made up
cat >/tmp/made-up <<'END'
mount -t tmpfs none /sys
dev=/sys/bus/pci/devices/0000:00:01.0
group=/sys/kernel/iommu_groups/5
mkdir -p $dev $group/devices /sys/bus/pci/drivers/vfio-pci /sys/class/iommu/dmar0 /sys/devices/AMDI0010:03 /sys/bus/platform/drivers/i2c_designware
echo 0x1234 >$dev/vendor
echo 0x11e8 >$dev/device
echo 0x00ff00 >$dev/class
ln -s /sys/bus/pci/drivers/vfio-pci $dev/driver
ln -s $group $dev/iommu_group
ln -s $dev /sys/devices/AMDI0010:03 $group/devices
ln -s /sys/bus/platform/drivers/i2c_designware /sys/devices/AMDI0010:03/driver
vfio_test list 0000:00:01.0
END
expect 0 'group 5 is not viable: in the same group: AMDI0010:03 on i2c_designware; not all of them are PCI devices' \
	'a sibling that is no PCI device is named as well' unshare -m sh /tmp/made-up
ktap_end
