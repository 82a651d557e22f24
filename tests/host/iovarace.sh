#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# iovarace.sh - questions about IOMMU domains that are torn down meanwhile, in a VM
#
#	iovarace.sh [SECONDS [OPTION...]]
#
# 20 seconds, unless said, 300 for a real try; up to four times that where the machine is
# too slow for all to happen in time. Options are for scripts/vm.
#
# page_poison=1: a table that was freed has no entry in it that looks right. Memory that
# cannot be reclaimed stays where it is, for the sake of the frames that are known. Two
# CPUs: each question stops them all, and more than the host has take their time over it.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

seconds=20
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
	seconds=$1
	shift
fi

# shellcheck disable=SC2016 # expanded in the guest
exec "$root/scripts/vm" --quiet --strict --memory 2G --device edu \
	--timeout $((4 * seconds + 300)) --append 'hugepagesz=2M hugepages=16 page_poison=1' \
	--program "$root/tests/guest/iovarace" "$@" -- \
	sh -c '
		cd /sys/bus/pci/devices
		for other in *; do
			[ "$(cat $other/vendor $other/device)" != "$(cat $BDF/vendor $BDF/device)" ] ||
				[ $other = $BDF ] || break
		done
		echo vfio-pci >$other/driver_override && echo $other >/sys/bus/pci/drivers_probe
		echo 0 >/proc/sys/vm/compact_unevictable_allowed
		[ ! -e /proc/sys/vm/compaction_proactiveness ] ||
			echo 0 >/proc/sys/vm/compaction_proactiveness
		modprobe verify_pte && iovarace "$0" $BDF $other' "$seconds"
