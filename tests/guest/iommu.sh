#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 600
#: kernels all
#
# iommu.sh - the process's frames against the IOMMU's; vfio_test iova
#
# In a VM with an IOMMU, the device bound to vfio-pci, verify_pte not loaded.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 47

file=/sys/kernel/debug/verify_pte/iova
said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

# The status that an object of a JSON report has: witness NAME
witness() {
	sed -n "/\"$1\": *{\$/,/}/s/.*\"status\": *\"\([a-z]*\)\".*/\1/p" "$ktap_dir/out" | head -n 1
}

run() {
	vfio_test --dma none "$@"
}

expect 0 'module = IOMMU on 256 of 256 frames' 'run: module = IOMMU' run "$BDF"
check 'run: and before unmap' said 'Before unmap: 256 of 256 frames still agree'
expect 0 '"ns_per_page"' 'run --json' run --json "$BDF"
check 'run --json: the witness passes' [ "$(witness iommu)" = pass ]
check 'run --json: nothing is stale' said '"mismatched": 0'
expect 0 'module = IOMMU on 768 of 768 frames' 'run: three mappings' \
	run --iova 0x10000 --iova 0x8000000 --iova 0x1000000 "$BDF"
expect 2 'overlap' 'run: two mappings overlap' run --iova 0x10000 --iova 0x20000 "$BDF"
check 'run: two mappings overlap: nothing left' nothing_left
expect 4 'unverified' 'run --no-module: the IOMMU is unverified' run --no-module --json "$BDF"
check 'run --no-module: as the witness says' [ "$(witness iommu)" = unverified ]
expect 2 'not a time above 0' 'run --recheck=x' run --recheck=x "$BDF"
expect 0 '^Verdict: pass' 'run --hold --recheck' run --hold=1 --recheck=100 "$BDF"

# Large pages: as many runs as pages at most, each of whole pages.
echo 8 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
expect 0 '"compared": *4096' 'run --page-size 2M' \
	run --json --page-size 2M --size 16M "$BDF"
whole_runs() {
	sed -n '/"translations"/,/\]/s/.*"len": *"0x\([0-9a-f]*\)".*/\1/p' "$ktap_dir/out" >"$ktap_dir/len"
	[ -s "$ktap_dir/len" ] && [ "$(wc -l <"$ktap_dir/len")" -le "$1" ] && while read -r len; do
		[ $((0x$len % $2)) -eq 0 ] || return 1
	done <"$ktap_dir/len"
}
check 'run --page-size 2M: runs of whole pages in the IOMMU' whole_runs 8 $((2 << 20))
echo 0 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
expect 0 'module = IOMMU on 16384 of 16384 frames' 'run --size 64M' run --size 64M "$BDF"

expect 2 'no process has the device open through VFIO' 'iova: nobody has it open' vfio_test iova "$BDF" 0
expect 2 'no such device' 'iova: no such device' vfio_test iova 0000:00:1e.7 0
expect 2 'in the middle of a page: the pages 0x0.0x2000 are looked at' 'iova: not aligned: all that it touches' \
	vfio_test iova "$BDF" 0x10+4K
expect 2 'not an IOVA or a range' 'iova: no length' vfio_test iova "$BDF" 0+0
expect 2 'it takes BDF and IOVA' 'iova: usage' vfio_test iova "$BDF"

mkfifo "$ktap_dir/enter"
run --hold --iova 0x10000 --iova 0x8000000 "$BDF" <"$ktap_dir/enter" >"$ktap_dir/held" 2>&1 &
exec 7>"$ktap_dir/enter"
ktap_wait holding "$ktap_dir/held" $!
expect 0 'held by pid [0-9]* \(vfio_test\), domain paging' 'iova: a page' vfio_test iova "$BDF" 0x10000
check 'iova: a page: is mapped' said '1 of 1 pages mapped'
expect 0 '^0x0000000000000000-0x0000000000010000 not mapped' 'iova: a range' \
	vfio_test iova "$BDF" 0+256M
check 'iova: a range: both mappings of it' said '512 of 65536 pages mapped'
# More than one call asks for: divided nowhere, and broken off when told to.
expect 0 '^0x0000000100000000-0x00000001c0000000 not mapped' 'iova: a long range: one hole' \
	vfio_test iova "$BDF" 0x100000000+3G
expect 0 '512 of 65536 pages mapped' 'iova: a range as maps writes one' vfio_test iova "${BDF#0000:}" 0-10000000
expect 130 '' 'iova: a range of hours ends when it is told to' timeout -s INT 2 vfio_test iova "$BDF" 0+64T
expect 130 '"verdict":"error".*SIGINT' 'iova --json: and says that it did not finish' \
	timeout -s INT 2 vfio_test iova --json "$BDF" 0+64T
check 'iova --json: in one object, without what was found' sh -c \
	"[ \$(wc -l <$ktap_dir/out) -eq 1 ] && ! grep runs $ktap_dir/out"
expect 0 '"pa": *null' 'iova --json' vfio_test iova --json "$BDF" 0x0+0x20000
expect 0 'not mapped' 'iova: past the aperture' vfio_test iova "$BDF" 0xfffffffffff00000+0x1000

# What a CPU gets done in so many seconds, while all of them stop now and then: spin SECONDS
spin() {
	read -r up _ </proc/uptime
	end=$((${up%.*} + $1))
	rounds=0
	while [ "${up%.*}" -lt "$end" ]; do
		read -r up _ </proc/uptime
		rounds=$((rounds + 1))
	done
	echo $rounds
}
alone=$(spin 4)
vfio_test iova --quiet "$BDF" 0+400G &
asking=$!
usleep 500000
asked=$(spin 4)
echo "# $alone rounds alone, $asked while 400 GiB are asked about"
check 'iova: 400 GiB take their time' kill -0 $asking
# A quarter of the time they stand still; before, seven eighths.
check 'iova: meanwhile the CPUs run' [ $((asked * 100)) -ge $((alone * 35)) ]
kill -TERM $asking
for _ in $(seq 50); do
	kill -0 $asking 2>/dev/null || break
	usleep 200000
done
check 'iova: and it ends when it is told to' sh -c "! kill -0 $asking 2>/dev/null"
wait $asking
check 'iova: by that signal' [ $? = 143 ]

ask() {
	echo "$1" >"$file"
}
refused() {
	! ask "$1" 2>"$ktap_dir/out" && said "$2"
}
check 'text: not a request' refused "$BDF" 'Invalid argument'
check 'text: not a device' refused "0000:00:03 0x1000" 'Invalid argument'
check 'text: not aligned' refused "$BDF 0x10" 'Invalid argument'
check 'text: wraps' refused "$BDF 0xfffffffffffff000 0x2000" 'Invalid argument'
# The same bus, device and function in a domain as VMD has them: 17 bits.
far=1$BDF
expect 2 "$far: no such device" 'iova: another domain, of 17 bits' vfio_test iova "$far" 0x10000
no_device() {
	ask "$1" && ! cat "$file" >"$ktap_dir/out" 2>&1 && said 'No such device' && ! said 'domain'
}
check 'text: another domain, of 17 bits' no_device "$far 0x10000"
check 'text: another domain, of 16 bits' no_device "0001:${BDF#*:} 0x10000"
check 'text: a domain of more than 32 bits' refused "100000000:${BDF#*:} 0x10000" 'Invalid argument'
check 'text: a request' ask "$BDF 0x10000 0x2000"
check 'text: no VFIO file of the device: refused' sh -c "! cat $file 2>$ktap_dir/out && grep -q 'Bad file descriptor' $ktap_dir/out"
echo >&7
exec 7>&-
wait

# No descriptor of a device is 0, 1 or 2: what is written to those would be in a register.
closed() {
	vfio_test --no-module --dma none --no-reset --hold=3 "$BDF" <&- >&- 2>&- &
	held=$! open='' bad=''
	while [ -z "$open" ] && [ -e "/proc/$held/exe" ]; do
		usleep 100000
		for fd in "/proc/$held/fd"/*; do
			case $(readlink "$fd") in *vfio-device* | /dev/vfio/devices/*) open=$fd ;; esac
		done
	done
	ls -l "/proc/$held/fd"
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$held/fd/$fd")" = /dev/null ] || bad=$fd
	done
	wait "$held"
	status=$?
	echo "exit $status, the device is $open"
	[ -n "$open" ] && [ -z "$bad" ] && [ "$status" -eq 2 ]
}
check 'started with 0, 1 and 2 closed: they are /dev/null, and the lost answer is 2' closed
check 'nothing left' nothing_left
ktap_end
