#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# race.sh SECONDS - everything that the module can be asked, while everything changes
#
# In a VM of the kernel "debug", the device bound to vfio-pci, with callfuzz, race, iorace and
# refs (see their sources) in PATH. What KASAN, lockdep and the like find is in the kernel log,
# which scripts/vm --strict wants clean. The programs have plans of their own.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/load.sh
. /tests/load.sh

seconds=$1
modprobe -a vfio_iommu_type1 iommufd zram verify_pte || exit 1

# Frames that are known stay where they are.
echo 0 >/proc/sys/vm/compact_unevictable_allowed
echo 256M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
ksm=/sys/kernel/mm/ksm
echo 1000 >$ksm/pages_to_scan && echo 0 >$ksm/sleep_millisecs && echo 1 >$ksm/run

kmemleak=/sys/kernel/debug/kmemleak
no_leaks() {
	# Twice: what has changed since the scan before is not told, nor what is younger than 5 s.
	echo scan >"$kmemleak" && sleep 6 && echo scan >"$kmemleak" && cat "$kmemleak" >"$ktap_dir/leaks"
	cat "$ktap_dir/leaks"
	[ ! -s "$ktap_dir/leaks" ]
}

for program in "callfuzz $seconds $BDF" "race $seconds" "iorace $seconds $BDF" "refs $BDF 2"; do
	name=${program%% *}
	begun=$(cut -d. -f1 /proc/uptime)
	# shellcheck disable=SC2086 # words
	ktap_run "$name" $program
	echo "# $name: $(($(cut -d. -f1 /proc/uptime) - begun)) s"
done

ktap_plan 3
times=$((seconds < 100 ? 15 : 100))
check "the module is loaded and unloaded $times times" load_unload $times
check 'the module goes' rmmod verify_pte
check 'no memory is leaked' no_leaks
ktap_end
