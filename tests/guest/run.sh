#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# run.sh - vfio_test run on the test device, as it is meant to be used
#
# In a VM with an IOMMU, the device bound to vfio-pci, verify_pte not loaded.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 33

is_loaded() {
	grep -q "^$1 " /proc/modules
}

not_loaded() {
	! is_loaded "$1"
}

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

never_said() {
	! said "$1"
}

expect 0 '^Verdict: pass: 4 of 4 witnesses; proven: module \(256 of 256 pages user\), pagemap \(256 of 256 frames\), IOMMU \(256 of 256 pages\), device DMA \(256 of 256 pages\), interrupts \(2 of 2 kinds\)$' 'run: passes, and names each witness' vfio_test "$BDF"
check 'text: heads' said '^=== VFIO Test Program ===$'
check 'text: group' said 'IOMMU group: [0-9]+$'
check 'text: map' said 'DMA mapped: IOVA=0x0, VADDR=0x[0-9a-f]+, SIZE=1048576$'
# Where devices have nodes of their own iommufd is the best there, and it has no container.
if [ -d /dev/vfio/devices ]; then
	best=iommufd
	check 'text: no container, no extensions' never_said 'SET_CONTAINER'
else
	best=type1v2
	check 'text: extensions before' said '^pre-SET_CONTAINER:$'
fi
check 'text: the true IOVA ranges' said '^  IOVA range: 0xfef00000 - 0x7fffffffff$'
check 'text: every level' said '^  PTE index +[0-9]+ table 0x[0-9a-f]{16} entry 0x[0-9a-f]{16} PRESENT RW USER'
check 'text: never "IOMMU enabled"' never_said 'IOMMU enabled'
check 'the module it loaded is unloaded' not_loaded verify_pte

# The rest is not about DMA, which takes its time: see dma.sh.
quick() {
	vfio_test --dma none "$@"
}

expect 0 '"verdict": ?"pass"' 'run --json: passes' quick --json "$BDF"
expect 4 '"verdict": ?"unverified"' 'run --no-module: unverified' quick --json --no-module "$BDF"
expect 1 'first 0x[0-9a-f]+: _PAGE_USER is set at every level' 'run --expect supervisor: fails on user pages' \
	quick --expect supervisor "$BDF"
expect 0 'IOMMU type set to Type1$' 'run --iommu type1' quick --iommu type1 "$BDF"
expect 0 "^Back end: $best \\(auto\\)\$" 'run --iommu auto: takes the best there' quick --iommu auto "$BDF"
expect 2 'noiommu is not offered: group [0-9]+ is an IOMMU.s; choose' 'run --iommu noiommu: not with an IOMMU' \
	quick --iommu noiommu "$BDF"
expect 0 'IOVA=0x10000000,' 'run --iova' quick --iova 0x10000000 "$BDF"
expect 0 '^Verdict: pass: [34] of 4 witnesses; .*module \(1 of 1 pages user\)' 'run --size 4K' quick --size 4K "$BDF"
expect 0 '^Verdict: pass: [34] of 4 witnesses; .*module \(8192 of 8192 pages user\)' 'run --size 32M' quick --size 32M "$BDF"
expect 0 '^Verdict: pass: 3 of 4 witnesses; device DMA not proven: --dma none; interrupts not proven: --dma none; proven: ' 'run --quiet: the verdict' quick --quiet "$BDF"
check 'run --quiet: nothing else' [ "$(wc -l <"$ktap_dir/out")" -eq 1 ]
expect 0 '^1\.\.[0-9]+$' 'run --ktap' quick --ktap "$BDF"
check 'run --ktap: the whole plan' \
	[ "$(sed -n 's/^1\.\.//p' "$ktap_dir/out")" -eq "$(grep -c '^ok' "$ktap_dir/out")" ]

echo 4 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
expect 0 '^Verdict: pass: [34] of 4 witnesses; .*module \(1024 of 1024 pages user\)' 'run --page-size 2M' \
	quick --page-size 2M --size 4M "$BDF"
check 'run --page-size 2M: leaves of 2M' said ' 2M user write noexec$'
echo 0 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

modprobe verify_pte
expect 0 'pass' 'module loaded before: used' quick --quiet "$BDF"
check 'module loaded before: stays' is_loaded verify_pte
rmmod verify_pte

expect 0 'holding the mapping for 1 s' 'run --hold=1' quick --hold=1 "$BDF"

# A signal is one way to end a hold; the run is a whole one.
hold_and_signal() {
	vfio_test --dma none --hold "$BDF" >/tmp/held 2>&1 &
	held_pid=$!
	while ! grep -q holding /tmp/held; do
		usleep 50000
	done
	kill -TERM "$held_pid"
	wait "$held_pid" && grep -q '^Verdict: pass' /tmp/held
}
check 'a signal ends a hold' hold_and_signal

# Elsewhere a signal ends the run, wherever it comes, and leaves nothing.
# (TERM: the background jobs of a script ignore INT.)
interrupted() {
	n=0
	for delay in 1000 5000 10000 20000 30000 50000 80000 120000 1500000; do
		vfio_test "$BDF" >/tmp/interrupted 2>&1 &
		pid=$!
		usleep "$delay"
		kill -TERM "$pid"
		wait "$pid"
		[ $? -ne 143 ] || n=$((n + 1))
		not_loaded verify_pte || return 1
	done
	echo "$n of 9 runs were interrupted"
	[ "$n" -gt 0 ]
}
check 'a signal ends a run' interrupted
check 'a signal ends a run: nothing left' nothing_left
expect 0 pass 'a signal ends a run: the device can be had again' quick --quiet "$BDF"

# A module that vfio_test needs and that is not there is loaded, and unloaded.
unload_type1() {
	echo "$BDF" >/sys/bus/pci/drivers/vfio-pci/unbind
	rmmod vfio_iommu_type1 && echo "$BDF" >/sys/bus/pci/drivers_probe
}
unload_type1
expect 0 'pass' 'vfio_iommu_type1 is loaded when absent' quick --quiet "$BDF"
check 'vfio_iommu_type1 is unloaded again' not_loaded vfio_iommu_type1
ktap_end
