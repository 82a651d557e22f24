#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 900
#: vm --no-bind --kmod nvme --file tests/guest/liar_nvme.c:liar_nvme.so
#: vm --disk 64M --disk 16M --disk 16M --disk 12K --disk 16M
#: vm --device nvme,serial=1,drive=disk0,addr=0x10 --device nvme,serial=2,drive=disk1,addr=0x11
#: vm --device nvme,serial=3,id=n3,addr=0x12
#: vm --device nvme-ns,bus=n3,drive=disk2,logical_block_size=4096,physical_block_size=4096
#: vm --device nvme,serial=4,addr=0x13 --device nvme,serial=5,drive=disk3,addr=0x14,mdts=1
#: vm --device nvme-subsys,id=s0 --device nvme,serial=6,id=n5,subsys=s0,addr=0x15
#: vm --device nvme,serial=6,id=n6,subsys=s0,addr=0x16 --device nvme-ns,bus=n5,drive=disk4,nsid=1
#
# nvme.sh - an NVMe disk writes and reads every page, and nothing is written to it
#
# VM with --no-bind: disks with data, blank, of blocks of 4096 bytes, of 3 pages; a controller
# without one; two that share one; the driver nvme and liar_nvme.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 67

liar=/root/liar_nvme.so
data=0000:00:10.0 blank=0000:00:11.0 big=0000:00:12.0 none=0000:00:13.0 small=0000:00:14.0
first=0000:00:15.0 second=0000:00:16.0

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
# disk BDF: its node, on the kernel's driver; of a path to a disk, nvme1c2n1, the disk's, nvme1n1
disk() {
	for node in "$pci/$1"/nvme/nvme*/nvme*n1; do
		echo "/dev/${node##*/}" | sed 's/c[0-9]*n/n/'
	done
}
# to_kernel BDF: on the kernel's driver, with its disk there
to_kernel() {
	echo >"$pci/$1/driver_override"
	[ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
	echo "$1" >/sys/bus/pci/drivers_probe
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -b "$(disk "$1")" ] || return 0
		usleep 250000
	done
	return 1
}
sum() {
	md5sum <"$(disk "$1")" | cut -d ' ' -f 1
}
command_register() {
	od -An -tx2 -j4 -N2 "$pci/$1/config"
}
# lying LIE ARGS: vfio_test with the liar
lying() {
	word=$1
	shift
	LD_PRELOAD=$liar LIE=$word vfio_test --no-reset --no-rules --no-faults "$@"
}
quick() {
	vfio_test --no-reset --no-rules --no-faults "$@"
}

modprobe -a nvme vfio-pci
for bdf in $data $blank $big $small $first; do
	check "$bdf: a disk" to_kernel "$bdf"
done
# Its pages all differ; the others' do not.
dd if=/dev/urandom of="$(disk $data)" bs=1M count=64 2>/dev/null
dd if=/dev/urandom of="$(disk $big)" bs=1M count=16 2>/dev/null
dd if=/dev/urandom of="$(disk $small)" bs=4096 count=3 2>/dev/null
sync
sum_data=$(sum $data) sum_blank=$(sum $blank) sum_big=$(sum $big) sum_small=$(sum $small) sum_shared=$(sum $first)
for bdf in $data $blank $big $none $small $second; do
	to_vfio "$bdf"
done

# --- every page, both ways ---------------------------------------------------------

command_before=$(command_register $data)
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'auto: every page' vfio_test $data
check 'how' said '^  written by the device with READ, and read by it with COMPARE; nothing else changed, and nothing was written to the disk$'
check 'read-only page: refused' said 'Device write to a page mapped read-only for it: refused, memory unchanged$'
check 'unmapped IOVA: refused' said 'Device write to an IOVA that is not mapped: refused, memory unchanged$'
check 'MSI-X' said 'MSI-X: 1 of 1 raised by the device arrived by eventfd$'
check 'INTx, held while masked' said 'INTx: 3 of 3 raised by the device arrived by eventfd, each after the first when it was unmasked$'
check 'the command register is as it was' [ "$(command_register $data)" = "$command_before" ]
check 'no interrupt handler left' sh -c '! grep vfio /proc/interrupts'
check 'nothing left' nothing_left
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' '--dma nvme' quick --dma nvme --require all $data
expect 0 'Device DMA \(nvme\): 16384 of 16384 pages$' '64 MiB' quick --size 64M $data
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'blank disk: every page' quick --dma nvme --require device_dma $blank
expect 0 'Device DMA \(nvme\): 16384 of 16384 pages$' 'blank disk: 64 MiB' quick --size 64M $blank
expect 0 'Device DMA \(nvme\): 300 of 300 pages$' 'blocks of 4096 bytes' quick --size 1200K $big
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'a disk of 3 pages, commands of 2' quick $small
for pages in 1 2 3 129; do
	expect 0 "Device DMA \\(nvme\\): $pages of $pages pages\$" "pages: $pages" quick --size $((4 * pages))K $data
	expect 0 "Device DMA \\(nvme\\): $pages of $pages pages\$" "blank disk: pages: $pages" quick --size $((4 * pages))K $blank
done
expect 0 'Device DMA \(nvme\): 32 of 32 pages$' 'two mappings, one beyond 2^32' \
	quick --size 64K --iova 0x100000 --iova 0x5000000000 $data
expect 0 'Device DMA \(nvme\): 4 of 4 pages$' 'mapped from 0 and right behind' quick --size 8K --iova 0 --iova 0x2000 $blank
bar=$(sed -n '1s/ .*//p' "$pci/$data/resource")
expect 0 "the mapping at IOVA 0x[0-9a-f]+ overlaps a BAR of $data" \
	"an IOVA in the device's own BAR is none for it" sh -c "vfio_test --no-reset --no-rules --size 16K --iova $bar $data; [ \$? -eq 4 ]"
expect 0 "$data \\(nvme\\): 16 of 256 pages, the same IOVAs" 'as a further device' quick --with $data $blank

# --- what is wrong is seen ------------------------------------------------------------

wrong='what the device copied is wrong on [0-9]+ pages: first at '
for bdf in $data $blank; do
	for lie in swap=3,5 swap=3,200 swap=127,128 alias=7,9 alias=9,140; do
		expect 1 "$wrong" "$bdf: $lie: fails" lying "$lie" --no-module --dma nvme "$bdf"
	done
	# The log has the IOMMU's faults, which are meant.
	echo "vfio_test: $bdf: IOMMU faults on purpose begin" >/dev/kmsg
	expect 1 "$wrong.*nothing arrived" "$bdf: a page that the device may not write: fails" \
		lying read-only=77 --no-module --dma nvme "$bdf"
	echo "vfio_test: $bdf: IOMMU faults on purpose end" >/dev/kmsg
done

# --- what cannot be proven ---------------------------------------------------------------

expect 0 'device DMA not proven: the controller has no active namespace to read from' 'no namespace: not proven' quick --quiet $none
expect 4 '--dma nvme: the device moved no data: the controller has no active namespace' 'no namespace, --dma nvme: not verified' \
	quick --dma nvme $none
expect 4 'that it reads is not proven: the controller has no COMPARE \(ONCS bit 0\)' 'no COMPARE: not verified' \
	lying no-compare --dma nvme $data
expect 0 'device DMA not proven: written by the device, but' 'no COMPARE, auto: not proven' \
	lying no-compare --quiet $data
expect 4 'the NVMe controller is offline: its registers read 0' 'offline: not verified' \
	lying offline --dma nvme $data
expect 1 'the NVMe controller does not answer any more' 'gone in the middle: fails, at once' \
	timeout 60 env LD_PRELOAD=$liar LIE=gone vfio_test --no-reset --no-rules $data
expect 1 'the NVMe controller is not ready in time: its status register is 0x0' 'never ready: fails, in time' \
	timeout 60 env LD_PRELOAD=$liar LIE=never-ready vfio_test --no-reset --no-rules $data
expect 4 'Device DMA \(nvme\): 256 of 256 pages$' 'no vectors: it does without' \
	lying no-vectors $data
expect 2 'it is of class [0-9a-f]+, the driver takes class 010802' 'another device, --dma nvme: an error' \
	sh -c "echo vfio-pci >$pci/$BDF/driver_override; echo $BDF >/sys/bus/pci/drivers_probe; vfio_test --dma nvme --size 16K $BDF"
lying trace $data >"$ktap_dir/out" 2>&1
check 'it is shut down, then disabled' sh -c "grep '^CC' $ktap_dir/out | tail -n 2 | tr '\n' ' ' | grep -qx 'CC 0x464001 CC 0x46[04]*000 '"

# --- a disk that this machine uses ---------------------------------------------------------

# By another controller, which is on the kernel's driver.
shared=$(disk $first)
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'a disk that another controller has as well' quick --dma nvme $second
sh -c 'exec sleep 1000 <"$1"' sh "$shared" &
holder=$!
expect 2 "${shared##*/} open" 'a disk in use: bind refuses it' vfio_test bind $first
expect 4 "namespace 1 cannot be used: it is in use through $first: process $holder \\(.*\\) has ${shared##*/} open" \
	'in use by the other controller: not verified' quick --dma nvme $second
expect 0 "device DMA not proven: namespace 1 cannot be used: it is in use through $first" 'auto: not proven' quick --quiet $second
kill $holder
wait $holder 2>/dev/null

# --- killed in the middle -----------------------------------------------------------------

# kill_each FIRST NEAR FAR BDF: before each write to a register from FIRST on, all up to the
# NEAR-th, then each FAR-th, until the run ends by itself; kills says how many there were.
kill_each() {
	at=$1 kills=0
	while :; do
		LD_PRELOAD=$liar LIE=kill=$at vfio_test --no-reset --no-rules --no-faults --no-module --size 64K "$4" >/dev/null 2>&1
		[ $? -eq 137 ] || break
		kills=$((kills + 1))
		at=$((at + (at < $2 ? 1 : $3)))
	done
}
kill_each 1 28 5 $data
check "killed before each write to a register ($kills)" [ $kills -ge 34 ]
kill_each 20 0 23 $blank
check "the same with a blank disk ($kills)" [ $kills -ge 8 ]

killed=0
for ms in 100 300 500 700 900 1200 1500 2000; do
	for bdf in $data $blank; do
		vfio_test --no-reset --no-rules --no-faults --size 64M "$bdf" >/dev/null 2>&1 &
		pid=$!
		usleep $((ms * 1000))
		kill -KILL $pid
		wait $pid 2>/dev/null
		[ $? -ne 137 ] || killed=$((killed + 1))
	done
done
check "killed at many moments ($killed of 16)" [ $killed -ge 8 ]
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'after that all is well' quick $data

# --- and the disks are as they were ---------------------------------------------------------

for bdf in $data $blank $big $small; do
	to_kernel "$bdf"
done
check 'the disk with data is as it was' [ "$(sum $data)" = "$sum_data" ]
check 'the blank one too' [ "$(sum $blank)" = "$sum_blank" ]
check 'the one of large blocks too' [ "$(sum $big)" = "$sum_big" ]
check 'the small one too' [ "$(sum $small)" = "$sum_small" ]
check 'the shared one too' [ "$(sum $first)" = "$sum_shared" ]

ktap_end
