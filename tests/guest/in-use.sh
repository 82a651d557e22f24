#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 500
#: vm --no-bind --append vfio_pci.enable_sriov=1 --file tests/guest/hold.c --kmod e1000e
#: vm --kmod nvme --kmod virtio_pci --kmod virtio_blk --kmod ext4 --kmod crc32c_generic
#: vm --kmod bochs --kmod xhci_pci --kmod usbhid --kmod hid_generic --kmod usb_storage
#: vm --kmod sd_mod --kmod sg --kmod i6300esb --kmod loop --disk 16M --disk 16M --disk 16M
#: vm --device e1000e --device virtio-blk-pci-non-transitional,drive=disk2
#: vm --device nvme,serial=1,drive=disk0 --device pcie-root-port,id=rp,slot=1
#: vm --device nvme-subsys,id=s0
#: vm --device nvme,id=n0,serial=2,subsys=s0,bus=rp,sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2,max_ioqpairs=6,msix_qsize=5
#: vm --device bochs-display --device qemu-xhci,id=usb --device usb-kbd,bus=usb.0
#: vm --device usb-storage,bus=usb.0,drive=disk1 --device i6300esb --device e1000e
#
# in-use.sh - vfio_test bind takes no device from anybody: whoever uses it, wherever from,
# by any class of node; and what hangs from it
#
# VM with --no-bind, jq, hold, and the drivers of: two e1000e, an nvme with a disk, an nvme
# with virtual functions behind a port, a virtio disk, a bochs-display, a USB host controller with a keyboard
# and a disk, a watchdog.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 68

pci=/sys/bus/pci
# find_device VENDOR DEVICE [WHERE]: its address, the first
find_device() {
	for dev in "$pci"/devices/${3:-*}; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done | head -n 1
}
driver_of() {
	[ ! -e "$pci/devices/$1/driver" ] || basename "$(readlink "$pci/devices/$1/driver")"
}
# wait_for PATH
wait_for() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -e "$1" ] || return 0
		sleep 0.5
	done
	return 1
}
# hold HOW FILE: sets $holder; let_go ends it
hold() {
	: >/tmp/held
	/root/hold "$1" "$2" >/tmp/held 2>&1 </dev/null &
	holder=$!
	ktap_wait held /tmp/held "$holder" && return
	cat /tmp/held
	return 1
}
let_go() {
	kill "$holder" 2>/dev/null
	wait "$holder" 2>/dev/null
}
# refused WHO WHY NAME: bind of it is refused as in use, and nothing was touched
refused() {
	refused_driver=$(driver_of "$1")
	refused_override=$(cat "$pci/devices/$1/driver_override")
	vfio_test bind "$1" >"$ktap_dir/out" 2>"$ktap_dir/err" </dev/null
	refused_status=$?
	if [ $refused_status -eq 2 ] && grep -qE "^vfio_test: $1: the device is in use: $2; end that use, or .*--force" "$ktap_dir/err" &&
	   [ "$(driver_of "$1") $(cat "$pci/devices/$1/driver_override")" = "$refused_driver $refused_override" ]; then
		ktap_result ok "$3"
	else
		ktap_result 'not ok' "$3"
		echo "# exit $refused_status, now on $(driver_of "$1"), expected: $2"
		ktap_comment "$ktap_dir/err"
		ktap_comment "$ktap_dir/out"
	fi
}

modprobe -a e1000e nvme virtio_pci virtio_blk bochs xhci_pci usbhid hid_generic usb_storage uas sd_mod sg i6300esb loop crc32c_generic ext4 2>/dev/null
e1000e=$(find_device 0x8086 0x10d3)
nic=$(for dev in "$pci"/devices/*; do [ "$(cat "$dev/device")" != 0x10d3 ] || echo "${dev##*/}"; done | tail -n 1)
nvme=$(find_device 0x1b36 0x0010 '0000:00:*')
pf=$(find_device 0x1b36 0x0010 '0000:0[1-9]:*')
virtio=$(find_device 0x1af4 0x1042)
display=$(find_device 0x1234 0x1111)
usb=$(find_device 0x1b36 0x000d)
watchdog=$(find_device 0x8086 0x25ab)
wait_for /sys/class/net/eth0
wait_for /sys/class/net/eth1
wait_for /dev/nvme0n1
wait_for /dev/sda
wait_for /dev/vda
wait_for /dev/fb0
# first PATTERN: the name of what it matches first
first() {
	for found in "$@"; do
		echo "${found##*/}"
		return
	done
}
disk=$(first "$pci/devices/$nvme"/nvme/nvme*/nvme*n1)
controller=$(first "$pci/devices/$nvme"/nvme/nvme*)
mkdir -p /mnt /mnt2

# --- network -----------------------------------------------------------------

unshare -n sleep 1000 &
sleeper=$!
sleep 0.5
ip link set eth0 netns $sleeper
nsenter --net=/proc/$sleeper/ns/net ip link set eth0 up
check 'the interface is not to be seen here' [ -z "$(ls "$pci/devices/$e1000e/net")" ]
refused "$e1000e" "the network interface eth0, which is up, is in another network namespace \\(process $sleeper, sleep\\)" \
	'an interface that is up in another network namespace'
# The search in other namespaces is over when the next device is looked at.
ip link set eth1 up
expect 2 "^vfio_test: $nic: the device is in use: the network interface eth1 is up" 'one behind it, whose interface is here' \
	vfio_test bind "$e1000e" "$nic"
ip link set eth1 down
mkdir -p /run/netns
: >/run/netns/blue
nsenter --net=/proc/$sleeper/ns/net mount --bind /proc/self/ns/net /run/netns/blue
kill $sleeper
wait $sleeper 2>/dev/null
nsenter --net=/run/netns/blue ip link set eth0 down
refused "$e1000e" 'the network interface eth0 is in another network namespace \(blue\)' 'in a namespace without a process, and down'
# An anonymous one: nobody has it but an open file.
exec 8</run/netns/blue
umount -l /run/netns/blue
rm /run/netns/blue
refused "$e1000e" 'a network interface of it is in another network namespace' 'in a namespace that has no name either'
nsenter --net=/proc/$$/fd/8 ip link set eth0 netns $$
exec 8<&-
check 'our own /sys is as it was' [ -e "$pci/devices/$e1000e/net/eth0" ]
check 'no mount of ours is left' [ "$(grep -c ' /sys sysfs ' /proc/mounts)" -eq 1 ]

# --- disks -------------------------------------------------------------------

hold open "/dev/$disk"
refused "$nvme" "process $holder \\(hold\\) has $disk open" 'a disk that a program has open, without O_EXCL'
let_go
IFS=: read -r major minor <"/sys/class/block/$disk/dev"
mknod /tmp/other b "$major" "$minor"
hold open /tmp/other
refused "$nvme" "process $holder \\(hold\\) has $disk open" 'the same by a node of another name'
let_go
hold thread "/dev/$disk"
refused "$nvme" "process $holder \\(hold\\) has $disk open" 'a disk that a thread with files of its own has open'
let_go
hold ended "/dev/$disk"
refused "$nvme" "process $holder \\(hold\\) has $disk open" 'a disk that a process has open whose first thread has ended'
let_go
hold open "/dev/$controller"
refused "$nvme" "process $holder \\(hold\\) has $controller open" "the controller's node"
let_go
hold open "/dev/ng${disk#nvme}"
refused "$nvme" "process $holder \\(hold\\) has ng${disk#nvme} open" "the disk's other node"
let_go
hold excl "/dev/$disk"
refused "$nvme" "$disk is in use: somebody has exclusive use of it \\(O_EXCL\\)" 'a disk that a program has for itself'
let_go
losetup /dev/loop0 "/dev/$disk"
refused "$nvme" "$disk is behind loop0" 'a disk behind a loop device'
losetup -d /dev/loop0
losetup /dev/loop0 /tmp/other
rm /tmp/other
refused "$nvme" "$disk is behind loop0" 'the same by a node that is gone'
losetup -d /dev/loop0
mount -t tmpfs "/dev/$disk" /mnt2
refused "$nvme" "$disk is mounted on /mnt2" 'a mount that has it as its source alone'
umount /mnt2
mke2fs "/dev/$disk" >/dev/null 2>&1
mount -t ext4 "/dev/$disk" /mnt
exec 8</mnt
umount -l /mnt
refused "$nvme" "$disk is in use: somebody has exclusive use of it \\(O_EXCL\\)" 'a mount that is nowhere any more'
exec 8<&-
# One partition: an MBR with an entry of type 83, 2048 sectors from 2048 on.
dd if=/dev/zero of="/dev/$disk" bs=64k count=1 2>/dev/null
printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\10\0\0' | dd of="/dev/$disk" bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of="/dev/$disk" bs=1 seek=510 conv=notrunc 2>/dev/null
blockdev --rereadpt "/dev/$disk"
wait_for "/dev/${disk}p1"
mke2fs "/dev/${disk}p1" >/dev/null 2>&1
mount -t ext4 "/dev/${disk}p1" /mnt
refused "$nvme" "${disk}p1 is mounted on /mnt" 'a partition that is mounted'
umount /mnt
unshare -m sh -c "mount -t ext4 /dev/${disk}p1 /mnt2 && exec sleep 1000" &
sleeper=$!
ktap_wait /mnt2 /proc/$sleeper/mountinfo $sleeper
refused "$nvme" "${disk}p1 is mounted on /mnt2 in the mount namespace of process $sleeper" 'a partition that is mounted in another mount namespace'
kill $sleeper
wait $sleeper 2>/dev/null
hold open "/dev/${disk}p1"
refused "$nvme" "process $holder \\(hold\\) has ${disk}p1 open" 'a partition that a program has open'
let_go
hold excl "/dev/${disk}p1"
refused "$nvme" "${disk}p1 is in use: somebody has exclusive use of it \\(O_EXCL\\)" 'a partition that a program has for itself'
let_go

# Two controllers have this driver, and its module counts the users of both.
hold uring "/dev/$disk"
refused "$nvme" "process $holder \\(hold\\) has $disk registered with io_uring" 'a disk that an io_uring has'
let_go
# The kernel ends a ring some time after its process.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(cat /sys/module/nvme/refcnt)" -ne 0 ] || break
	sleep 0.5
done
hold sent "/dev/$disk"
expect 2 "^vfio_test: $nvme: it cannot be found out whether the device is in use: its driver's module nvme has 1 user that is not seen, of this device or of another one; .*--force" \
	'a disk that is open, and that no process has, of one of two controllers' vfio_test bind "$nvme"
let_go
hold open "/dev/$(first "$pci/devices/$pf"/nvme/nvme*)"
expect 0 "^$nvme: nvme -> vfio-pci\$" 'while the other controller is open, this one is bound' vfio_test bind "$nvme"
expect 0 "^$nvme: vfio-pci -> nvme\$" 'and back' vfio_test unbind "$nvme"
let_go

hold sent /dev/vda
expect 2 "^vfio_test: $virtio: .*: its driver's module virtio_blk has 1 user that is not seen; " 'a disk that is open, and that no process has: nobody knows' vfio_test bind "$virtio"
check 'it is still on its driver' [ "$(driver_of "$virtio")" = virtio-pci ]
let_go

# --- display, console, input -------------------------------------------------

refused "$display" 'the console is on its framebuffer fb[0-9]+' 'the console is on it'
for console in /sys/class/vtconsole/vtcon*; do
	! grep -q 'frame buffer' "$console/name" || echo 0 >"$console/bind"
done
card=$(first "$pci/devices/$display"/drm/card*)
hold open "/dev/dri/$card"
refused "$display" "process $holder \\(hold\\) has $card open" 'a display with /dev/dri open'
let_go
hold map "$pci/devices/$BDF/resource0"
refused "$BDF" "process $holder \\(hold\\) has resource0 mapped" 'registers that a program has mapped'
let_go
expect 0 "^$display: bochs-drm -> vfio-pci\$" 'a display that nobody uses is bound' vfio_test bind "$display"
expect 0 "^$display: vfio-pci -> bochs-drm\$" 'and back' vfio_test unbind "$display"

refused "$usb" "the console's keyboard is on it \\(input[0-9]+\\)" "a host controller with the console's keyboard"
for driver in "$pci/devices/$usb"/usb*/*/*/driver; do
	case $(basename "$(readlink "$driver")") in
	usbhid) basename "$(dirname "$driver")" >>/tmp/keyboards ;;
	esac
done
while read -r interface; do
	echo "$interface" >/sys/bus/usb/drivers/usbhid/unbind
done </tmp/keyboards
mke2fs /dev/sda >/dev/null 2>&1
mount -t ext4 /dev/sda /mnt
refused "$usb" 'sda is mounted on /mnt' 'a disk below a USB host controller'
umount /mnt
node=$(find /dev/bus/usb -type c | sort | tail -n 1)
hold open "$node"
refused "$usb" "process $holder \\(hold\\) has [0-9.-]+ open" 'a USB device that a program drives'
let_go
generic=$(find /dev -name 'sg[0-9]*' | sort | tail -n 1)
hold open "$generic"
refused "$usb" "process $holder \\(hold\\) has ${generic##*/} open" 'a SCSI node'
let_go

# This driver does not say whose watchdog it is: only its module shows that it is in use.
hold open /dev/watchdog0
expect 2 "$watchdog: it cannot be found out whether the device is in use: its driver's module i6300esb has [12] users? that (is|are) not seen; .*--force" \
	'a node that sysfs does not lead to: the driver is in use' vfio_test bind "$watchdog"
check 'it is still on its driver' [ -n "$(driver_of "$watchdog")" ]
let_go
# Or it would go on, and reset the machine.
printf V >/dev/watchdog0

# --- virtual functions -------------------------------------------------------

pf_controller=$(first "$pci/devices/$pf"/nvme/nvme*)
echo 0 >"$pci/devices/$pf/sriov_drivers_autoprobe"
echo 2 >"$pci/devices/$pf/sriov_numvfs"
check 'two virtual functions' [ -e "$pci/devices/$pf/virtfn1" ]
vf=$(basename "$(readlink "$pci/devices/$pf/virtfn0")")
expect 2 "^vfio_test: $pf: it has virtual functions: 2 of them \\($vf, [0-9a-f:.]+\\): .*; end what uses them, then echo 0 > $pci/devices/$pf/sriov_numvfs\$" \
	'a physical function with virtual ones: refused' vfio_test bind "$pf"
cure=$(sed -n 's/.*end what uses them, then //p' "$ktap_dir/err")
check 'its driver never left it' [ "$(driver_of "$pf") $(cat "$pci/devices/$pf/driver_override") $(first "$pci/devices/$pf"/nvme/nvme*)" = "nvme (null) $pf_controller" ]
expect 2 'it has virtual functions' 'by force neither' vfio_test bind --force "$pf"
expect 2 'it has virtual functions' 'for a driver that is not of VFIO neither' vfio_test bind --driver pci-stub "$pf"
expect 0 "^$vf: no driver -> vfio-pci" 'a virtual function is bound' vfio_test bind "$vf"
expect 0 '^Verdict: ' 'and its verdict is not that of a device that is gone' sh -c "vfio_test --no-reset --no-rules --dma none --size 16K $vf | grep -v '^Verdict: fail'"
vfio_test unbind -q "$vf"
check 'the cure can be typed as it is' sh -c "$cure"
expect 0 "^$pf: nvme -> vfio-pci\$" 'cured' vfio_test bind "$pf"
# With vfio_pci.enable_sriov=1 VFIO makes them itself, and they go with their device's driver.
echo 1 >"$pci/devices/$pf/sriov_numvfs"
expect 2 "^vfio_test: $pf: it has virtual functions: 1 of them \\($vf\\): " 'unbind of one on vfio-pci: refused as well' vfio_test unbind "$pf"
check 'and the virtual function is still there' [ -e "$pci/devices/$vf" ]

# --- a VF token ---------------------------------------------------------------

uuid=5d4a9a3e-3f0b-4a1e-9d3f-0c6a8f9e1b2c
expect 0 '"reason": ?"vf-token"' 'list tells it' vfio_test list --json "$vf"
expect 2 "a VF token is needed: it is a virtual function of $pf, which is on vfio-pci: .*--vf-token UUID" 'a virtual function of it: refused, and why' \
	vfio_test --no-reset --no-rules --dma none --size 16K "$vf"
quick() {
	vfio_test --no-reset --no-rules --dma none --size 16K "$@"
}
expect 2 '--vf-token 12: not a UUID; as in --vf-token bd8d' 'a token that is none' vfio_test --vf-token 12 "$vf"
expect 2 'a VF token was given: this device takes none: .*; leave --vf-token out' 'a token for a device that takes none' \
	sh -c "vfio_test bind -q $BDF && vfio_test --quiet --vf-token $uuid $BDF"
vfio_test unbind -q "$BDF"
expect 2 'the VF token is not accepted: it is not the UUID that the user of the physical function has set' 'a token that nobody has set' \
	quick --vf-token $uuid "$vf"
# QEMU's nvme loses its virtual functions at a reset, which VFIO does at each open.
echo >"$pci/devices/$pf/reset_method"
: >/tmp/held
vfio_test --no-reset --no-rules --dma none --size 16K --vf-token $uuid --hold "$pf" >/tmp/held 2>&1 </dev/null &
holder=$!
ktap_wait holding /tmp/held $holder
expect 2 'the VF token is not accepted: it is not the UUID that the user of the physical function has set' 'another token' \
	quick --vf-token bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3 "$vf"
quick --vf-token $uuid "$vf" >/tmp/token 2>&1
check 'the same token: the virtual function is had' grep '^Verdict: \(pass\|unverified\)' /tmp/token
vfio_test --no-reset --no-rules --dma none --size 16K --vf-token $uuid --hold "$vf" >/tmp/held2 2>&1 </dev/null &
holder2=$!
ktap_wait holding /tmp/held2 $holder2
let_go
expect 0 'a VF token is needed: its virtual functions are in use' 'the physical function, while the other is in use: list' vfio_test list "$pf"
expect 2 'a VF token is needed: its virtual functions are in use' 'the physical function, while the other is in use: refused, and why' quick "$pf"
kill $holder2
wait $holder2
echo 0 >"$pci/devices/$pf/sriov_numvfs"
expect 0 "^$pf: vfio-pci -> nvme\$" 'without them it is put back' vfio_test unbind "$pf"

# --- two binds at once --------------------------------------------------------

hold lock /run/vfio-verify
expect 2 'could not lock /run/vfio-verify: another vfio_test bind or unbind is at work; wait for its end' 'while another bind is at work: refused' \
	vfio_test bind "$BDF"
check 'and nothing was touched' [ "$(driver_of "$BDF") $(cat "$pci/devices/$BDF/driver_override")" = ' (null)' ]
let_go
at_once() {
	vfio_test bind "$BDF" >/tmp/first 2>&1 &
	at_once_first=$!
	vfio_test bind "$e1000e" >/tmp/second 2>&1
	at_once_second=$?
	wait "$at_once_first" && [ "$at_once_second" -eq 0 ] && [ "$(driver_of "$BDF") $(driver_of "$e1000e")" = 'vfio-pci vfio-pci' ]
}
check 'two at once: one after the other' at_once
node=/dev/vfio/$(basename "$(readlink "$pci/devices/$e1000e/iommu_group")")
major=$(stat -c %t "$node")
minor=$(stat -c %T "$node")
exec 8<>"$node"
rm "$node"
expect 2 "^vfio_test: $e1000e: the device is open: process $$ " 'a group that is open, and whose node is not in /dev: refused' vfio_test unbind "$e1000e"
# Where the process that has it open is not to be seen, the kernel's word counts.
expect 2 "^vfio_test: $e1000e: the device is open: another process " 'the same from another PID namespace: refused' \
	unshare -p -f -m sh -c 'exec 8>&- && mount -t proc none /proc && exec vfio_test unbind "$0"' "$e1000e"
exec 8>&-
mknod "$node" c $((0x$major)) $((0x$minor))
check 'the node is there again' [ -c "$node" ]
# A file of /sys that is never answered: it is given up.
mkfifo /tmp/fifo
mount --bind /tmp/fifo "$(readlink -f "$pci/devices/$BDF/driver_override")"
expect 2 "$BDF: could not read driver_override: Connection timed out" 'a file that never answers: not for ever' vfio_test unbind "$BDF"
umount "$(readlink -f "$pci/devices/$BDF/driver_override")"
expect 0 'vfio-pci -> ' 'and then unbind' vfio_test unbind "$BDF" "$e1000e"
ktap_end
