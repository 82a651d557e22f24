#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 500
#: vm --file tests/guest/away.c:away.so
#
# away.sh - a device that is taken out of the system in the middle of a run
#
# VM with the device on vfio-pci and away.so, which removes it before any ioctl of the run. The
# kernel waits for who has it open: such a run gives it back, at once. What is not open is gone.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 8

export AWAY_DEVICE="$BDF"
gone="the device is not there any more: it was unplugged, or removed through sysfs, since the run began; start it again when the device is back"
back="^vfio_test: $BDF: the kernel wants $BDF back, and it was given back: it is being unplugged, or unbound"

# away AT: a run without the device from its ioctl number AT on; 0: with it
away() {
	AWAY=$1 LD_PRELOAD=/root/away.so timeout -s KILL 60 vfio_test --size 64K "$BDF" \
		>"$ktap_dir/run" 2>"$ktap_dir/said"
}

# comes_back: the device has left the system, and is there again, on vfio-pci
comes_back() {
	n=0
	while [ -e "$pci/$BDF" ]; do
		[ "$n" -lt 100 ] || return 1
		n=$((n + 1))
		usleep 50000
	done
	echo 1 >/sys/bus/pci/rescan
	to_vfio "$BDF"
	[ -e "$pci/$BDF/driver" ]
}

# each REGEX AT...: before each of these ioctls: no verdict, the cause, in time. The step dma-fault
# may first wait for 5 s and more until the kernel logs faults again, of the run before.
each() {
	cause=$1 slowest=0
	shift
	for at; do
		begun=$(cut -d. -f1 /proc/uptime)
		away "$at"
		status=$?
		took=$(($(cut -d. -f1 /proc/uptime) - begun))
		[ "$took" -le "$slowest" ] || slowest=$took
		if [ "$status" -ne 2 ] || ! grep -qE "$cause" "$ktap_dir/said" || grep -q '^Verdict: ' "$ktap_dir/run"; then
			echo "ioctl $at: exit $status after $took s:"
			cat "$ktap_dir/said"
			tail -n 3 "$ktap_dir/run"
			comes_back
			return 1
		fi
		comes_back || {
			echo "ioctl $at: it did not go, or did not come back"
			return 1
		}
	done
	echo "the slowest took $slowest s"
	[ "$slowest" -lt 20 ]
}

# first REQUEST: the number of the first ioctl with that request
first() {
	sed -n "s/^away: ioctl \([0-9]*\) $1\$/\1/p" "$ktap_dir/ioctls" | head -n 1
}

check 'nothing is removed: passes' away 0
cp "$ktap_dir/said" "$ktap_dir/ioctls"
all=$(grep -c '^away: ioctl ' "$ktap_dir/ioctls")
# VFIO_GROUP_GET_DEVICE_FD, VFIO_DEVICE_SET_IRQS
device=$(first 0x3b6a) heard=$(first '0x3b6e requests')
check 'the device is opened, and then listened to' [ "$device" -lt "$heard" ]
# shellcheck disable=SC2046 # words
check 'before it is open: gone, and said' each "$gone" $(seq "$device")
check 'while its request is being listened to: given back' each "$back" "$heard"
# shellcheck disable=SC2046
check 'in each step after that: given back' each "$back" $(seq $((heard + 1)) 13 $((all - 5)))
# The rules of interrupts take the index of requests for themselves, and give it back.
sed -n 's/^away: ioctl \([0-9]*\) 0x3b6e requests$/\1/p' "$ktap_dir/ioctls" >"$ktap_dir/requests"
unheard="$(sed -n '2p;4p' "$ktap_dir/requests") $(tail -n 2 "$ktap_dir/requests" | head -n 1)"
# shellcheck disable=SC2086 # words
check 'while nobody can listen: given back when that is over' each "$back" $unheard
check 'the device is there again' away 0
check 'nothing left' nothing_left
ktap_end
