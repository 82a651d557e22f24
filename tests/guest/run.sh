#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 600
#: vm --device nvme,serial=1
#: kernels all
#
# run.sh - vfio_test run on the test device, as it is meant to be used
#
# In a VM with an IOMMU, the device bound to vfio-pci, verify_pte not loaded; with an nvme.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 62

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
expect 2 'noiommu is not offered: group [0-9]+ has an IOMMU; choose' 'run --iommu noiommu: not with an IOMMU' \
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

# What is not proven is named, and required on demand.
expect 0 '^Verdict: pass: 3 of 4 witnesses; device DMA not proven: --dma none; interrupts not proven: --dma none; proven: module ' \
	'--require: what is proven is enough' quick --quiet --require module,pagemap,iommu "$BDF"
expect 4 '^Verdict: unverified: 3 of 4 witnesses; .*required and not proven: device_dma, interrupts; device DMA not proven: --dma none' \
	'--require all: what nobody asked for is not proven' quick --quiet --require all "$BDF"
expect 0 '^Verdict: pass: 4 of 4 witnesses; proven: ' '--require all: proven' vfio_test --quiet --size 16K --require all "$BDF"
expect 4 'QEMU not proven: only the host can ask it' '--require qemu: not from here' quick --quiet --require qemu "$BDF"
expect 4 'required and not proven: module, pagemap, iommu' '--require, --no-module' quick --quiet --no-module --require module,pagemap,iommu "$BDF"
expect 4 'device DMA not proven: 256 of 512 pages, a sample; --dma edu takes all' '--require device_dma: a sample is no proof' \
	vfio_test --quiet --size 2M --no-rules --no-faults --require device_dma "$BDF"
expect 2 '"dma" is no witness; choose from: module, pagemap, iommu, device_dma, interrupts, qemu, all$' '--require: unknown' \
	quick --require iommu,dma "$BDF"
expect 2 '"" is no witness' '--require: empty' quick --require '' "$BDF"
expect 2 'give --hold as well' '--recheck without --hold' quick --recheck "$BDF"
nvme=$(find_device 0x1b36 0x0010)
to_vfio "$nvme"
expect 0 '^Verdict: pass: 3 of 4 witnesses; device DMA not proven: the controller has no active namespace to read from; ' \
	'a device that moves no data: what is not proven is named' vfio_test --quiet "$nvme"
expect 4 'required and not proven: device_dma' '--require device_dma on it' vfio_test --quiet --require device_dma "$nvme"
expect 4 '^ok [0-9]+ - require # SKIP unverified: ' 'KTAP: not proven is a skip with its reason' vfio_test --ktap --require device_dma "$nvme"
check 'KTAP: which, and why' said '^    ok [0-9]+ - device_dma # SKIP unverified: not proven: the controller has no active namespace to read from$'
check 'KTAP: the verdict line' said '^# verdict: unverified: 3 of 4 witnesses; .*device DMA not proven: the controller has no active namespace to read from'
check 'KTAP: the whole plan is met' [ "$(sed -n 's/^1\.\.//p' "$ktap_dir/out")" -eq "$(grep -c '^ok' "$ktap_dir/out")" ]
expect 4 '"proven": *\[' 'JSON' vfio_test --json --require device_dma "$nvme"
check 'JSON: not_proven, with the reason' sh -c '
	tr -d "\n" <"$1" | grep -qE "\"not_proven\": *\[ *\{ *\"witness\": *\"device_dma\", *\"why\": *\"the controller has no active namespace to read from\" *\}"' sh "$ktap_dir/out"

# A report that is lost is no success, and one of a held mapping no verdict.
expect 2 "the answer is lost" 'JSON to /dev/full' sh -c 'exec vfio_test --dma none --json "$BDF" >/dev/full'
expect 2 'the report of the held mapping could not be written: No space left' 'JSON of a hold to /dev/full' \
	timeout 20 sh -c 'exec vfio_test --dma none --json --hold "$BDF" >/dev/full'
expect 2 '' 'text of a hold to /dev/full' sh -c 'exec vfio_test --dma none --hold=1 "$BDF" >/dev/full'
closed_pipe() {
	# The reader is gone before anything is written.
	{ vfio_test --dma none --json "$@" "$BDF" && echo 0 >/tmp/status || echo $? >/tmp/status; } | :
	[ "$(cat /tmp/status)" -eq 2 ]
}
check 'JSON into a closed pipe' closed_pipe
check 'JSON of a hold into a closed pipe: does not hold on' timeout 20 sh -c '
	{ vfio_test --dma none --json --hold "$BDF"; echo $? >/tmp/status; } | :; [ "$(cat /tmp/status)" -eq 2 ]'
quick --json --hold=1 "$BDF" 2>/dev/null | cat >"$ktap_dir/two"
check 'the held report says so, and is no pass' sh -c '
	sed "/^}/q" "$1" >"$1.held"; grep -q "\"held\": *true" "$1.held" && grep -q "\"final\": *false" "$1.held" &&
	grep -q "\"verdict\": *\"unverified\"" "$1.held" && grep -q "\"so_far\": *\"pass\"" "$1.held"' sh "$ktap_dir/two"
check 'the final report follows, whole' sh -c '
	sed "1,/^}/d" "$1" >"$1.end"; grep -q "\"final\": *true" "$1.end" && grep -q "\"verdict\": *\"pass\"" "$1.end" &&
	grep -q "\"dma-unmap\"" "$1.end" && ! grep -q "\"held\"" "$1.end"' sh "$ktap_dir/two"
quick --json --hold=1 "$BDF" >"$ktap_dir/one" 2>/dev/null
check 'in a file it takes its place' sh -c '
	[ "$(grep -c "^{" "$1")" -eq 1 ] && grep -q "\"final\": *true" "$1"' sh "$ktap_dir/one"

# The kernel wants the device back: it has it within seconds, whatever the run waits for.
# wanted TEXT OPTION...: unbinds the device once the run says TEXT
wanted() {
	text=$1
	shift
	: >/tmp/wanted
	vfio_test --no-rules --no-reset --no-faults "$@" "$BDF" >/tmp/wanted 2>&1 &
	pid=$!
	ktap_wait "$text" /tmp/wanted "$pid" || return 1
	usleep 300000
	start=$(date +%s)
	timeout 20 sh -c 'echo "$BDF" >/sys/bus/pci/drivers/vfio-pci/unbind'
	took=$(($(date +%s) - start))
	kill -0 "$pid" 2>/dev/null && sleep 1 && kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	echo "$BDF" >/sys/bus/pci/drivers_probe
	cat /tmp/wanted
	echo "exit $status after $took s"
	[ "$status" -eq 2 ] && [ "$took" -le 4 ] &&
		grep -q "^vfio_test: $BDF: the kernel wants $BDF back, and it was given back" /tmp/wanted
}
check 'unbound while it is held: given back, and said' wanted holding --dma none --hold
check 'unbound while the device copies: given back, and said' wanted 'Moving Data'
check 'a device that is given back leaves nothing' nothing_left
expect 0 '^Verdict: pass' 'and it can be had again' quick --quiet "$BDF"

# A signal is one way to end a hold; the run is a whole one.
hold_and_signal() {
	: >/tmp/held
	vfio_test --dma none --hold "$BDF" >/tmp/held 2>&1 &
	held_pid=$!
	ktap_wait holding /tmp/held "$held_pid" || return 1
	# What is no request for the device, though its signal, ends nothing.
	kill -URG "$held_pid"
	usleep 200000
	! grep -q '^Verdict' /tmp/held || return 1
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
