#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 600
#: vm --device pci-testdev
#
# dma.sh - the device moves data, is refused where it must be, and interrupts
#
# In a VM with an IOMMU, the edu device bound to vfio-pci, and pci-testdev, which
# no driver of ours takes.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 42

pci=/sys/bus/pci
group=/dev/vfio/$(basename "$(readlink $pci/devices/"$BDF"/iommu_group)")

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

# Both writes on purpose, where somebody tells of them
faults_seen() {
	[ "$want" -ne 0 ] || {
		said 'Device write to a page mapped read-only for it: refused, memory unchanged$' &&
			said 'Device write to an IOVA that is not mapped: refused, memory unchanged$'
	}
}

command_register() {
	od -An -tx2 -j4 -N2 $pci/devices/"$BDF"/config
}

# --- all of it, as it is by default -------------------------------------------

# QEMU's amd-iommu tells nobody of a fault before 10.1: then that is not verified,
# and the kernel's log has no line.
want=0
command_before=$(command_register)
vfio_test --size 4K "$BDF" >/dev/null 2>&1
if [ -e /sys/class/iommu/ivhd0 ] && ! dmesg | grep -q 'IO_PAGE_FAULT'; then
	want=4
fi
expect $want 'Device DMA \(edu\): 256 of 256 pages$' 'every page takes part' vfio_test "$BDF"
check 'nothing but the report: no progress in a pipe' [ ! -s "$ktap_dir/err" ]
if [ $want -eq 0 ]; then
	bus_dev=${BDF#0000:}
	check 'read-only page: refused' said 'Device write to a page mapped read-only for it: refused, memory unchanged$'
	check 'unmapped IOVA: refused' said 'Device write to an IOVA that is not mapped: refused, memory unchanged$'
	check 'read-only page: the kernel said so' said "^  .*$bus_dev.*(fault addr |address=)(0x)?100000"
	check 'unmapped IOVA: the kernel said so' said "^  .*$bus_dev.*(fault addr |address=)(0x)?101000"
	check 'its lines are in the log' [ "$(dmesg | grep -cE "$bus_dev.*(addr |address=)(0x)?10[01]000")" -ge 2 ]
else
	check 'no fault in the log: unverified, with the cause' \
		said "the kernel logged no IOMMU fault of $BDF at IOVA 0x100000 \(read-only\): nothing arrived in memory"
	for what in 'read-only page: refused' 'unmapped IOVA: refused' 'unmapped IOVA: the kernel said so' 'its lines are in the log'; do
		ktap_skip "$what" "this QEMU's amd-iommu reports no faults"
	done
fi
check 'MSI' said 'MSI: 1 of 1 raised by the device arrived by eventfd$'
check 'INTx, held while masked' said 'INTx: 3 of 3 raised by the device arrived by eventfd, each after the first when it was unmasked$'
check 'the command register is as it was' [ "$(command_register)" = "$command_before" ]
check 'no interrupt handler left' sh -c '! grep vfio /proc/interrupts'
check 'nothing left' nothing_left

# --- how much of it -------------------------------------------------------------

expect $want 'Device DMA \(edu\): 256 of 1024 pages, evenly spread; --dma edu takes all \(51 s\)$' 'auto: a sample of what is large' \
	vfio_test --size 4M "$BDF"
expect $want 'Device DMA \(edu\): 275 of 275 pages$' '--dma edu: all' vfio_test --dma edu --size 1100K "$BDF"
for pages in 1 2 3 5 6; do
	expect $want "Device DMA \\(edu\\): $pages of $pages pages\$" "pages: $pages" \
		vfio_test --size $((4 * pages))K "$BDF"
done
expect $want 'IOVA=0xfffe000, .*' 'the last pages that the device reaches' vfio_test --size 8K --iova 0xfffe000 "$BDF"
check 'the last pages that the device reaches: both' said 'Device DMA \(edu\): 2 of 2 pages$'

# Each mapping is a translation of its own.
expect $want 'Device DMA \(edu\): 8 of 8 pages$' 'two mappings: through both' \
	vfio_test --size 16K --iova 0x100000 --iova 0x8000000 "$BDF"
expect $want 'Device DMA \(edu\): 4 of 4 pages$' 'the second mapping is a page behind the first' \
	vfio_test --size 8K --iova 0x100000 --iova 0x103000 "$BDF"
check 'the second mapping: what is refused is in neither of them' faults_seen
expect $want 'Device DMA \(edu\): 4 of 4 pages$' 'the second mapping is right behind the first' \
	vfio_test --size 8K --iova 0x100000 --iova 0x102000 "$BDF"
check 'right behind: what is refused is in neither of them' faults_seen
expect 4 'edu reaches IOVAs below 0x10000000, the mapping ends at 0x10002000; give another --iova' \
	'the second mapping beyond the reach of the device: unverified' vfio_test --size 8K --iova 0x1000 --iova 0x10000000 "$BDF"

# --- not at all ---------------------------------------------------------------

expect 0 '^Skipped: --dma none$' '--dma none' vfio_test --dma none --size 16K "$BDF"
check '--dma none: no interrupts either' [ "$(grep -c '^Skipped: --dma none$' "$ktap_dir/out")" -eq 3 ]
expect 4 'edu reaches IOVAs below 0x10000000, the mapping ends at 0x10001000; give another --iova' \
	'beyond the reach of the device: unverified' vfio_test --size 8K --iova 0xffff000 "$BDF"
expect 1 '^Skipped: --expect supervisor: the buffer is not touched$' '--expect supervisor: skipped' \
	vfio_test --size 16K --expect supervisor "$BDF"
expect 1 '--dma edu: the device moved no data: --expect supervisor: the buffer is not touched; say --dma auto' \
	'--expect supervisor with --dma edu: not verified' vfio_test --size 16K --dma edu --expect supervisor "$BDF"
check '--expect supervisor: interrupts all the same' said 'INTx: 3 of 3'

for other in "$pci"/devices/*; do
	[ "$(cat "$other/vendor" "$other/device" | tr '\n' ' ')" != '0x1b36 0x0005 ' ] || break
done
other=${other##*/}
echo vfio-pci >$pci/devices/"$other"/driver_override
echo "$other" >$pci/drivers_probe
expect 0 '^Skipped: no driver for 1b36:0005$' 'another device: skipped, with the reason' vfio_test --size 16K "$other"
expect 2 "^vfio_test: $other: --dma edu: not for this device: it is 1b36:0005, the driver takes 1234:11e8; give --dma auto" \
	'another device, --dma edu: an error' vfio_test --dma edu --size 16K "$other"

# --- who may not read the log ---------------------------------------------------

# What vfio_test cannot say there: the faults are meant.
echo "vfio_test: $BDF: IOMMU faults on purpose begin" >/dev/kmsg
echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
chown user "$group" /dev/vfio/vfio
echo 1 >/proc/sys/kernel/dmesg_restrict
# shellcheck disable=SC2016 # expanded by the other shell
expect 4 'IOMMU faults cannot be seen: no permission; run as root' 'no permission for the log: unverified' \
	su user -c 'vfio_test --no-module --size 16K "$BDF"'
check 'no permission for the log: the device works all the same' said 'Device DMA \(edu\): 4 of 4 pages$'
chown root "$group" /dev/vfio/vfio
mount --bind /dev/null /dev/kmsg
expect 4 '/dev/kmsg could not be read' 'no log: unverified' vfio_test --size 16K "$BDF"
umount /dev/kmsg
echo "vfio_test: $BDF: IOMMU faults on purpose end" >/dev/kmsg

# --- and it can fail --------------------------------------------------------------

# poke OFFSET: a run of 20 copies, into whose buffer somebody writes meanwhile
poke() {
	: >"$ktap_dir/poked"
	vfio_test --size 320K "$BDF" >"$ktap_dir/poked" 2>&1 &
	pid=$!
	ktap_wait '^=== Moving Data' "$ktap_dir/poked" "$pid" || return 1
	usleep 300000
	buffer=$(sed -n 's/.*Allocated .* bytes at virtual address: //p' "$ktap_dir/poked")
	printf 'xxxxxxxx' | dd of=/proc/"$pid"/mem bs=8 seek=$(((buffer + $1) / 8)) conv=notrunc
	wait "$pid"
	[ $? -eq 1 ]
}
poked() {
	grep -qE -e "$1" "$ktap_dir/poked"
}
# The last source: pages 38 and 39, of which pages 78 and 79 get a part.
check 'what the device read was not what belongs there: fails' poke $((38 * 4096 + 4000))
check 'it names both ends' poked 'what the device copied is wrong on 2 pages: first at 0x[0-9a-f]+, IOVA 0x4efa0: there is 0x7878787878787878;'
check 'a byte changed where nothing was to arrive: fails' poke $((77 * 4096 + 4000))
check 'it names the page' poked 'what the device copied is wrong on 1 pages: first at 0x[0-9a-f]+, IOVA 0x4dfa0: there is 0x7878787878787878;'

ktap_end
