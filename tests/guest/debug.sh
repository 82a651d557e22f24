#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# debug.sh - what only the kernel "debug" can say of the module
#
# In a VM with an Intel IOMMU, the device bound to vfio-pci, verify_pte not loaded; with
# debugfs, faults, share and iommufd (see the .c of each) in PATH. What KASAN, lockdep and the
# like find is in the kernel log, which scripts/vm --strict wants clean. Plans of its own
# have the tests that other kernels run as well, and the two programs.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh

kmemleak=/sys/kernel/debug/kmemleak
# Twice: what has changed since the scan before is not told, nor what is younger than 5 s.
leaks() {
	echo scan >"$kmemleak" && sleep 6 && echo scan >"$kmemleak" && cat "$kmemleak"
}
no_leaks() {
	leaks >"$ktap_dir/leaks" || return 1
	cat "$ktap_dir/leaks"
	[ ! -s "$ktap_dir/leaks" ]
}

for other in run iommu walk-cmd; do
	ktap_run $other /tests/$other.sh
done
# Which run.sh has taken out, to see it loaded on demand.
modprobe -a vfio_iommu_type1 verify_pte

# Level and flags of each page of a process.
echo 1 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
debugfs pages "$BDF"
pages=$?

# The frame of each page of a device: small ones, three mappings, then large ones.
# held NAME OPTION...: while vfio_test --hold holds what OPTIONs say
held() {
	held=$1
	shift
	: >"$ktap_dir/held"
	mkfifo "$ktap_dir/enter"
	vfio_test --dma none --hold "$@" "$BDF" <"$ktap_dir/enter" >"$ktap_dir/held" 2>&1 &
	exec 7>"$ktap_dir/enter"
	ktap_wait holding "$ktap_dir/held" $! || return 1
	vfio_test iova "$BDF" 0+512M >"$ktap_dir/iova" 2>&1
	debugfs iova "$BDF" "$ktap_dir/iova" >"$ktap_dir/compared"
	held_status=$?
	sed "s/^\(\(not \)\?ok [0-9]*\) - iova:/\1 - iova: $held:/" "$ktap_dir/compared"
	echo >&7
	exec 7>&-
	wait $!
	rm "$ktap_dir/enter"
	return $held_status
}
held 'three mappings of 1 MiB' --iova 0x10000 --iova 0x8000000 --iova 0x1000000
small=$?
echo 8 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
held 'pages of 2 MiB' --page-size 2M --size 16M
large=$?

share
share=$?
iommufd "$BDF"
iommufd=$?

faults "$BDF"
faults=$?

ktap_plan 4
check 'each program ended well' [ "$pages$small$large$share$iommufd$faults" = 000000 ]
check 'the module goes' rmmod verify_pte
check 'no memory is leaked' no_leaks
check 'nothing left' nothing_left
ktap_end
