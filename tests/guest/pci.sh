# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# pci.sh - devices found by their ids, and given to vfio-pci; source it

pci=/sys/bus/pci/devices

# find_device VENDOR DEVICE: the addresses of those with these ids
find_device() {
	for dev in "$pci"/*; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done
}

# to_vfio BDF: from whatever driver it is on, as virtio's where that is built in
to_vfio() {
	echo vfio-pci >"$pci/$1/driver_override"
	[ "$1" = "$BDF" ] || [ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
	[ -e "$pci/$1/driver" ] || echo "$1" >/sys/bus/pci/drivers_probe
}
