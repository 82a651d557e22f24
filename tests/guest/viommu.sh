#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# viommu.sh [OPTION...] - vfio_test under whatever IOMMU this guest has, and what that is
#
# Prints vfio_test's verdict and one line of facts, which the host knows what it
# asked for: "iommu intel caching-mode=on last-iova=0x7fffffffff". Exit status:
# vfio_test's. A device on no driver is bound as vfio_test says it should be.

if ! [ -e "/sys/bus/pci/devices/$BDF/driver" ]; then
	cure=$(vfio_test --quiet "$BDF" 2>&1 | sed -n 's/^vfio_test: [^;]*; //p')
	echo "cure: $cure"
	eval "$cure"
fi
vfio_test --quiet "$@" "$BDF"
status=$?

facts=iommu
for one in /sys/class/iommu/dmar*; do
	[ -e "$one" ] || continue
	# VT-d 11.4.2: bit 7 of the capability register
	read -r cap <"$one/intel-iommu/cap"
	if [ $((0x$cap >> 7 & 1)) -eq 1 ]; then
		facts="$facts intel caching-mode=on"
	else
		facts="$facts intel caching-mode=off"
	fi
done
for one in /sys/class/iommu/ivhd*; do
	[ ! -e "$one" ] || facts="$facts amd"
done
for one in /sys/bus/virtio/drivers/virtio_iommu/virtio*; do
	[ ! -e "$one" ] || facts="$facts virtio"
done
# One page: the whole test has been above.
echo "$facts last-iova=$(vfio_test --size 4K "$@" "$BDF" | sed -n 's/^  IOVA range: .* - //p' | tail -n 1)"
exit "$status"
