#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# vf.sh - a virtual function, and a port whose link does not come back after a reset
#
# VM with an nvme that has virtual functions and another nvme, each behind a pcie-root-port as
# QEMU makes it; jq and liar.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 31

report=$ktap_dir/out
is() {
	[ -s "$report" ] && jq -e "$1" "$report"
}
said() {
	grep -qE -e "$1" "$report"
}

# --- a virtual function -------------------------------------------------------------

# The physical function is the one with the capability for it; its disk is that of its functions.
for dev in "$pci"/*; do
	[ ! -e "$dev/sriov_numvfs" ] || pf=${dev##*/}
done
echo "$pf" >/sys/bus/pci/drivers_probe
modprobe nvme
# It keeps none of what its virtual functions can have; that holds from its next reset on.
node=$(echo "$pci/$pf"/nvme/nvme*)
node=/dev/${node##*/}
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(cat "$pci/$pf"/nvme/nvme*/state)" != live ] || break
	usleep 300000
done
/root/virt-mgmt "$node" 0 1 0 0 && /root/virt-mgmt "$node" 0 1 1 0 && echo 1 >"$pci/$pf/nvme/${node#/dev/}/reset_controller"
echo 0 >"$pci/$pf/sriov_drivers_autoprobe"
echo 2 >"$pci/$pf/sriov_numvfs"
vf=$(basename "$(readlink "$pci/$pf/virtfn0")")
check 'the virtual function reads ones for its ids' [ "$(od -An -tx4 -N4 "$pci/$vf/config" | tr -d ' ')" = ffffffff ]
check 'and no ones for its class' [ "$(od -An -tx1 -j11 -N1 "$pci/$vf/config" | tr -d ' ')" = 01 ]
to_vfio "$vf"
expect 0 "^$vf .* yes " 'list: it is ready' vfio_test list "$vf"
expect 0 "\"reason\": *\"ready\"" 'list: in JSON' vfio_test list --json "$vf"
expect 0 'configuration space: answers' 'doctor: it answers' vfio_test doctor "$vf"
expect 0 '^\[ok\] IOMMU group: ' 'run: passes' vfio_test -v --dma none --size 64K "$vf"
check 'run: its ids, as VFIO has them' said '  1b36:0010, subsystem '
check 'reset: its function' said '^\[ok\] function: success$'
check 'reset: its configuration' said '^\[ok\] function: configuration space as before: 4096 bytes'
check 'reset: the register of what is offline is a skip, with the reason' \
	said 'function: registers as at first: register 0x14 took no mark, it had 0x0: a virtual function is offline until its physical function gives it resources$'
check 'interrupts: it has no INTx' said '^\[ok\] INTx: info: flags 0x7, count 0$'
expect 0 '' 'bind finds it there' vfio_test bind "$vf"

# --- and its data -------------------------------------------------------------------

expect 0 'device DMA not proven: the NVMe controller is offline: its registers read 0' 'offline: its data is not proven' \
	vfio_test --quiet --no-reset --no-rules --size 64K "$vf"
# What its physical function gives it: a vector, and a pair of queues besides the first.
node=$(echo "$pci/$pf"/nvme/nvme*)
node=/dev/${node##*/}
check 'its physical function gives it queues' /root/virt-mgmt "$node" 1 8 0 2
check 'and a vector' /root/virt-mgmt "$node" 1 8 1 1
check 'and brings it online' /root/virt-mgmt "$node" 1 9 0 0
expect 0 'Device DMA \(nvme\): 256 of 256 pages$' 'online: every page' vfio_test --no-rules --require device_dma,interrupts "$vf"
check 'its interrupts' said 'MSI-X: 1 of 1 raised by the device arrived by eventfd$'
# Its disk is the physical function's as well.
for disk in "$pci/$pf"/nvme/nvme*/nvme*n1; do
	disk=/dev/$(echo "${disk##*/}" | sed 's/c[0-9]*n/n/')
done
sh -c 'exec sleep 1000 <"$1"' sh "$disk" &
holder=$!
expect 4 "it is in use through $pf: process $holder " 'its disk is in use by its physical function: not verified' \
	vfio_test --no-reset --no-rules --dma nvme "$vf"
kill $holder
wait $holder 2>/dev/null
check 'it still is one' [ "$(basename "$(readlink "$pci/$vf/physfn")")" = "$pf" ]

# One whose whole header is ones is gone: a file of that kind over its own.
head -c 256 /dev/zero | tr '\0' '\377' >/tmp/ones
mount --bind /tmp/ones "$pci/$vf/config"
expect 2 'the device does not answer: its configuration space reads all ones' 'a header of ones: gone' vfio_test --dma none "$vf"
# With one byte of it that is not, it is there.
printf '\377\377\377\377\377\377\377\377\377\377\377\377\377\377\376' | dd of=/tmp/ones conv=notrunc bs=15 2>/dev/null
expect 0 'configuration space: answers' 'one other byte: there' vfio_test doctor "$vf"
umount "$pci/$vf/config"
# What cannot be read is not known to be gone, and not known to be there.
: >/tmp/none
mount --bind /tmp/none "$pci/$vf/config"
expect 4 'configuration space: not known: it could not be read' 'an empty file: not known' vfio_test doctor "$vf"
umount "$pci/$vf/config"

# --- a port whose link does not come back --------------------------------------------

for dev in $(find_device 0x1b36 0x0010); do
	[ "$dev" = "$pf" ] || [ -e "$pci/$dev/physfn" ] || port=$dev
done
to_vfio "$port"
expect 4 'Verdict: unverified' 'no failure' vfio_test -v --dma none --no-rules --size 64K "$port"
check 'the cause and the cure' said 'bus: ENOTTY: the port above the device did not report that its link came back, .*; see dmesg; in a VM give QEMU.s pcie-root-port x-speed=5'
check 'the device was reset, and lives' said '^\[ok\] bus: configuration space as before: 4096 bytes'
check 'its registers too' said '^\[ok\] bus: registers as at first: register 0x14 has 0x0'
expect 4 '"verdict": *"unverified"' 'in JSON' vfio_test --json --dma none --no-rules --size 64K "$port"
check 'by its id, and no step failed' is '(.steps[] | select(.name == "reset") | .error.id == "link-not-back" and .error.errno == 25) and
	all(.steps[]; .status != "fail")'
# A device that does not come back: nothing after that is worth asking.
expect 2 "^vfio_test: $port: the device does not answer after a reset: its configuration space reads all ones" 'gone after a reset: the run stops' \
	env LD_PRELOAD=/root/liar_vfio.so LIE=reset-gone vfio_test --dma none --no-rules --size 64K "$port"
check 'nothing left' nothing_left
ktap_end
