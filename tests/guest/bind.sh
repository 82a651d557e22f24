#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 500
#: vm --no-bind --file /usr/bin/jq:/usr/bin/jq --file tests/guest/kill-at.c --kmod uio_pci_generic
#: vm --kmod e1000e --kmod nvme --kmod ext4 --kmod crc32c_generic --disk 16M
#: vm --device pcie-pci-bridge,id=br --device edu,bus=br,addr=1 --device edu,bus=br,addr=2
#: vm --device e1000e --device nvme,serial=1,drive=disk0
#
# bind.sh - vfio_test bind and unbind: there and back, and as it was, whatever happens
#
# VM with --no-bind, jq, kill-at, uio_pci_generic, e1000e, nvme and ext4: two test
# devices behind a bridge that does not keep them apart, an e1000e, an nvme with a disk.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 73

pci=/sys/bus/pci
records=/run/vfio-verify

said() {
	grep -qE -e "$1" "$ktap_dir/out" "$ktap_dir/err"
}
# is FILTER: jq says true of the answer; of nothing it would say nothing bad
is() {
	[ -s "$ktap_dir/out" ] && jq -e "$1" "$ktap_dir/out"
}
# find_devices VENDOR DEVICE WHERE: addresses, one a line
find_devices() {
	for dev in "$pci"/devices/$3; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done
}
driver_of() {
	[ ! -e "$pci/devices/$1/driver" ] || basename "$(readlink "$pci/devices/$1/driver")"
}
override_of() {
	cat "$pci/devices/$1/driver_override"
}
# on BDF DRIVER OVERRIDE
on() {
	echo "$1 is on $(driver_of "$1"), driver_override is $(override_of "$1")"
	[ "$(driver_of "$1")" = "$2" ] && [ "$(override_of "$1")" = "$3" ]
}
# All that bind and unbind could leave different.
snapshot() {
	ls -d $pci/drivers $pci/drivers/*/*:*
	grep -H '' $pci/devices/*/driver_override $pci/devices/*/enable $pci/devices/*/power/control
	ls $pci/drivers /dev/vfio 2>/dev/null
	cut -d ' ' -f 1,3 /proc/modules | sort
	ls -A $records 2>/dev/null
	find /dev/vfio 2>/dev/null
}
mark() {
	snapshot >"$ktap_dir/before"
}
as_before() {
	snapshot >"$ktap_dir/after"
	diff "$ktap_dir/before" "$ktap_dir/after"
}
run() {
	vfio_test --quiet --dma none --no-rules --size 4K "$1"
}

modprobe uio_pci_generic
behind=$(find_devices 0x1234 0x11e8 '0000:0[1-9]:*')
ours=$(echo "$behind" | sed -n 1p) sibling=$(echo "$behind" | sed -n 2p)
e1000e=$(find_devices 0x8086 0x10d3 '*')
nvme=$(find_devices 0x1b36 0x0010 '*')
# One on a driver by an override of its own, the other on none.
echo uio_pci_generic >$pci/devices/"$ours"/driver_override
echo "$ours" >$pci/drivers_probe
check 'the device is on uio_pci_generic, by driver_override' on "$ours" uio_pci_generic uio_pci_generic
bridge=$(basename "$(dirname "$(readlink -f "$pci/devices/$ours")")")
mkdir -m 700 $records
mark

expect 2 '^vfio_test: no device: a PCI address is needed' 'no BDF' vfio_test bind
expect 2 'not the name of a driver' '--driver with a path' vfio_test bind --driver ../nvme "$BDF"
expect 2 '^vfio_test: --ktap: there are no test points here' '--ktap' vfio_test unbind --ktap "$BDF"
expect 2 '^vfio_test: 0000:7f:00.0: no such device: ' 'an absent device' vfio_test bind "$BDF" 0000:7f:00.0
echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
expect 2 "could not open $records: Permission denied; run as root" 'as an ordinary user' su user -c "vfio_test bind $BDF"
check 'nothing is changed so far' as_before

# One device, there and back.
expect 0 "^$BDF: no driver -> vfio-pci$" 'bind: from no driver' vfio_test bind "$BDF"
check 'it is on vfio-pci' on "$BDF" vfio-pci vfio-pci
check 'alone in its group: nothing is said to be in the way' sh -c "! grep viable $ktap_dir/err"
expect 0 pass 'a run gets through' run "$BDF"
expect 0 "^$BDF: on vfio-pci already$" 'bind again: nothing to do' vfio_test bind "$BDF"
expect 0 "^$BDF: vfio-pci -> no driver$" 'unbind: to no driver' vfio_test unbind "$BDF"
check 'sysfs, modules and records are as before' as_before
expect 2 "^vfio_test: $BDF: nothing to put back: there is no record" 'unbind of what bind never had' vfio_test unbind "$BDF"
expect 2 "$BDF: nothing to put back: .* any device in its group" 'and of its group' vfio_test unbind --group "$BDF"
check 'nothing was touched' as_before

# A group of two, behind a bridge.
expect 0 "^vfio_test: $sibling: group [0-9]+ is not viable yet: in the same group: $ours on uio_pci_generic; vfio_test bind --group $sibling$" \
	'bind of one of two: the other is named' vfio_test bind "$sibling"
expect 2 'not viable' 'and a run says no' run "$sibling"
expect 0 "^$ours: uio_pci_generic -> vfio-pci$" 'bind --group: the rest' vfio_test bind --group "$sibling"
check 'the bridge is told and left alone' said "^$bridge: left alone: it is a PCI bridge$"
expect 0 pass '--group: a run gets through' run "$ours"
expect 0 "^$ours: vfio-pci -> uio_pci_generic$" 'unbind --group' vfio_test unbind --group "$sibling"
check 'both: driver_override too is as before' as_before
expect 0 '"schema": 1' 'bind --json' vfio_test bind --json "$sibling"
check 'JSON: the contract' is ".tool == \"vfio_test\" and .verdict == \"pass\" and
	.devices == [{bdf: \"$sibling\", from: null, to: \"vfio-pci\", status: \"bound\"}] and
	.blocking[0].bdf == \"$ours\" and .blocking[0].driver == \"uio_pci_generic\""
expect 0 '' 'bind --quiet says nothing' vfio_test bind --quiet --group "$ours"
check 'nothing at all' [ ! -s "$ktap_dir/out" ]
expect 0 '"status": "restored"' 'unbind --json' vfio_test unbind --json "$ours" "$sibling"
check 'JSON: from and to' is ".devices[0] | .from == \"vfio-pci\" and .to == \"uio_pci_generic\""
check 'two addresses: as before' as_before

# Several: all or nothing.
expect 2 "$bridge: not a candidate: it is a PCI bridge" 'a bridge is never bound' vfio_test bind --force "$bridge"
expect 2 'could not load the module nonsense: it is not in /lib/modules/.*; install the modules of this kernel' 'a driver that there is not' \
	vfio_test bind --driver nonsense "$BDF" "$ours"
check 'all is as before' as_before
expect 2 "^vfio_test: $BDF: could not write $BDF to $pci/drivers/virtio-pci/bind: the driver did not take it: its probe failed, or it does not know such a device; see the last lines of dmesg" \
	'a driver that refuses it' vfio_test bind --driver virtio-pci "$BDF"
check 'is left again, its module too' as_before
# The first is bound when the second, whose driver_override cannot be written, fails.
override_of "$ours" >/tmp/override
file=$(readlink -f "$pci/devices/$ours/driver_override")
mount --bind /tmp/override "$file" && mount -o remount,ro,bind "$file"
expect 2 "^vfio_test: $ours: could not write vfio-pci to $pci/devices/$ours/driver_override: /sys is read-only here" \
	'the second fails' vfio_test bind "$BDF" "$ours"
check 'the first is undone' said "^$BDF: undone: on no driver again$"
umount "$file"
check 'both are as before' as_before
expect 0 "^$BDF: no driver -> uio_pci_generic$" '--driver NAME' vfio_test bind --driver uio_pci_generic "$BDF"
expect 2 "bound to another driver by an earlier bind: the earlier bind was to uio_pci_generic; vfio_test unbind $BDF first" \
	'bind to a second driver' vfio_test bind "$BDF"
check 'there it is still' on "$BDF" uio_pci_generic uio_pci_generic
echo "$BDF" >$pci/drivers/uio_pci_generic/unbind
expect 0 "$BDF: no driver -> no driver" 'unbind of one that was taken off by hand' vfio_test unbind "$BDF"
check 'and its driver_override is as before' as_before

# Taken out while it is bound, and in again.
vfio_test bind --quiet "$BDF" "$ours"
echo 1 >$pci/devices/"$BDF"/remove
expect 2 "$BDF: no such device" 'unbind of one that was taken out' vfio_test unbind "$BDF"
expect 0 'vfio-pci -> uio_pci_generic' 'unbind of the other' vfio_test unbind "$ours"
check 'one that is gone keeps no module' [ ! -e /sys/module/vfio_pci ]
echo 1 >$pci/rescan
expect 0 "$BDF: no driver -> no driver" 'unbind of one that is there again' vfio_test unbind "$BDF"
check 'and that is as before' as_before

# In use.
modprobe e1000e
modprobe nvme
for dev in 1 2 3 4 5 6 7 8 9 10; do
	[ ! -e /sys/class/net/eth0 ] || [ ! -b /dev/nvme0n1 ] || break
	sleep 0.5
done
ip link set eth0 up
expect 2 "^vfio_test: $e1000e: the device is in use: the network interface eth0 is up; .*--force" 'an interface that is up' \
	vfio_test bind "$BDF" "$e1000e"
mkswap /dev/nvme0n1 >/dev/null && swapon /dev/nvme0n1
expect 2 "^vfio_test: $nvme: the device is in use: nvme0n1 is swap; " 'a disk that is swap' vfio_test bind "$nvme"
swapoff /dev/nvme0n1
mke2fs /dev/nvme0n1 >/dev/null 2>&1
mkdir -p /mnt
modprobe -a crc32c_generic ext4
mount -t ext4 /dev/nvme0n1 /mnt
expect 2 "$nvme: the device is in use: nvme0n1 is mounted on /mnt; " 'a disk that is mounted' vfio_test bind "$nvme"
umount /mnt
modprobe -r ext4
check 'not one device was touched' [ "$(driver_of "$e1000e") $(driver_of "$nvme") $(driver_of "$BDF")" = 'e1000e nvme ' ]
mark
expect 0 "^$nvme: nvme -> vfio-pci$" 'a disk that nobody uses' vfio_test bind --force "$e1000e" "$nvme"
check 'and with --force the interface' said "^$e1000e: e1000e -> vfio-pci$"

# Held: the kernel would wait.
group=$(basename "$(readlink "$pci/devices/$e1000e/iommu_group")")
exec 9<>"/dev/vfio/$group"
expect 2 "^vfio_test: $e1000e: the device is open: process $$ .* has it open, and an unbind would wait in the kernel until that process ends; end that process" \
	'unbind of an open device: refused, by name' vfio_test unbind "$nvme" "$e1000e"
check 'and the other is still there' on "$nvme" vfio-pci vfio-pci
exec 9>&-
expect 0 "^$e1000e: vfio-pci -> e1000e$" 'with it closed' vfio_test unbind "$nvme" "$e1000e"
check 'as before' as_before

# By hand.
modprobe vfio-pci
echo vfio-pci >$pci/devices/"$nvme"/driver_override
echo "$nvme" >$pci/drivers/nvme/unbind
echo "$nvme" >$pci/drivers_probe
expect 0 "on vfio-pci already, by somebody else" 'bind of one that was bound by hand' vfio_test bind "$nvme"
expect 2 'nothing to put back: .* --force lets the kernel choose a driver' 'unbind of it: refused' vfio_test unbind "$nvme"
expect 0 "^$nvme: vfio-pci -> nvme$" 'unbind --force: the kernel chooses' vfio_test unbind --force "$nvme"
check 'and driver_override is clear' on "$nvme" nvme '(null)'
modprobe -r vfio-pci vfio_iommu_type1 nvme e1000e
mark

# What it writes of itself.
echo nonsense >$records/"$BDF"
expect 2 "could not read $records/$BDF: it is not what this version of bind writes; " 'a record that is none' vfio_test unbind "$BDF"
rm $records/"$BDF"
expect 2 "could not (make|write|open) $records.*; (run as root|bind needs a /run)" 'no /run to write to' \
	unshare -m sh -c "mount -t tmpfs -o ro none /run && vfio_test bind $BDF"

# Killed, or ended by a signal, at every call that changes something.  Each of these
# ends as it began, and says where it did not.
# at_each KILL|TERM LEAST BODY COMMAND...: BODY after each; LEAST points there must be
at_each() {
	at_signal=$1 at_least=$2 at_body=$3 at_nr=0 at_start=$(cut -d . -f 1 /proc/uptime)
	shift 3
	while :; do
		at_nr=$((at_nr + 1))
		[ "$at_nr" -lt 200 ] || return 1
		kill-at "$at_signal" "$at_nr" "$@" >"$ktap_dir/killed" 2>&1
		at_status=$?
		"$at_body" "$at_status" || {
			echo "call $at_nr, kill-at's exit $at_status:"
			cat "$ktap_dir/killed"
			return 1
		}
		case $at_status in
		0 | 10) ;;
		100) break ;;
		*) return 1 ;;
		esac
	done
	echo "$((at_nr - 1)) points, $(($(cut -d . -f 1 /proc/uptime) - at_start)) s" >"$ktap_dir/points"
	[ "$at_nr" -gt "$at_least" ]
}
# each NAME, and as at_each
each() {
	each_name=$1
	shift
	check "$each_name" at_each "$@"
	echo "# $(cat "$ktap_dir/points")"
}
again_run_unbind() {
	vfio_test bind --group "$ours" && run "$ours" && vfio_test unbind --group "$ours" && as_before
}
# What had no record yet is not touched yet.
unbind_at_once() {
	unbind_expected=0
	[ -e "$records/$ours" ] || unbind_expected=2
	vfio_test unbind "$ours"
	[ $? -eq "$unbind_expected" ] && as_before
}
unbind_again() {
	unbind_expected=0
	[ -n "$(ls -A "$records")" ] || unbind_expected=2
	vfio_test unbind --group "$ours"
	[ $? -eq "$unbind_expected" ] && as_before && vfio_test bind --group "$ours"
}
# 0: ended by the signal, and undone; else it came too late, and all is done
undone() {
	[ "$1" -eq 0 ] || vfio_test unbind "$ours" || return 1
	as_before
}
each 'bind --group, killed at each point: bind again, run, unbind: as before' KILL 20 again_run_unbind vfio_test bind --group "$ours"
each 'bind, killed at each point: unbind: as before' KILL 14 unbind_at_once vfio_test bind "$ours"
each 'bind, SIGTERM at each point: undone' TERM 14 undone vfio_test bind "$ours"
# The same, and what became of it is one object.
told() {
	sed -n '/^{/,/^}/p' "$ktap_dir/killed" >"$ktap_dir/object"
	jq -e --argjson ended "$1" '(.devices | length) > 0 and all(.devices[]; .status != null) and
		(.verdict == "error" and (.error.why | test("SIGTERM")) or $ended != 0 and .verdict == "pass")' \
		"$ktap_dir/object"
}
undone_told() {
	told "$1" && undone "$1"
}
each 'bind --json, SIGTERM at each point: undone, and told' TERM 14 undone_told vfio_test bind --json "$ours"
vfio_test bind --quiet --group "$ours"
each 'unbind --group, killed at each point: unbind again: as before' KILL 13 unbind_again vfio_test unbind --group "$ours"
each 'unbind --group, SIGTERM at each point: unbind again: as before' TERM 13 unbind_again vfio_test unbind --group "$ours"
again_told() {
	told "$1" && unbind_again
}
each 'unbind --group --json, SIGTERM at each point: told' TERM 13 again_told vfio_test unbind --group --json "$ours"
vfio_test unbind --quiet --group "$ours"
check 'after all that: as before' as_before
ktap_end
