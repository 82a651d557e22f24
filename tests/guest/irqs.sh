#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# irqs.sh - interrupts and resets of real devices in every form that VFIO has; and lies
#
# VM of host/irqs.sh: edu on vfio-pci, e1000e, nvme, virtio-net; an nvme behind a port of
# its own, an edu of two functions behind a bridge; and liar.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 53

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
# nested N: so many checks in the subtest, and as many as its plan says
nested() {
	sed -n '/^    # Subtest: irq-rules$/,/^ok/p' "$ktap_dir/out" >"$ktap_dir/subtest"
	[ "$(grep -cE '^    (not )?ok ' "$ktap_dir/subtest")" -eq "$1" ] &&
		grep -qx "    1\.\.$1" "$ktap_dir/subtest"
}

# What kernels answer differently, each by its release.
case $(uname -r) in
5.10.* | 6.1.*) unused='EINVAL, as before Linux 6\.5;' minus='success, as before Linux 6\.19' grow='EINVAL, 0 arrived; its flags say that it cannot grow' ;;
*) unused='success, as since Linux 6\.5;' minus='EINVAL, as since Linux 6\.19' grow='success, 1 arrived; its flags say that it can grow' ;;
esac
case $(uname -r) in
5.10.* | 6.1.*) null='not triggered: kernels before 6\.9 may not survive it' ;;
*) null='then a trigger arrives as 0$' ;;
esac
# A conventional device has no index ERR before 7.3: 29 checks more.
case $(uname -r) in
5.* | 6.* | 7.[0-2].*) conventional=153 answers=141 err='info: EINVAL: the device is no PCI Express' ;;
*) conventional=182 answers=170 err='info: flags 0x9, count 1, as since Linux 7\.3' ;;
esac

# device NAME VENDOR DEVICE CHECKS: all of a run, in KTAP; nothing failed; 2 points
device() {
	bdf=$(find_device "$2" "$3" | head -n 1)
	to_vfio "$bdf"
	expect 0 '^ok [0-9]+ - irq-rules$' "$1: passes" vfio_test --ktap --no-faults --size 64K "$bdf"
	check "$1: $4 checks" nested "$4"
}

device edu 0x1234 0x11e8 "$conventional"
expect 0 "^\[ok\] Interrupt rules: $answers of $answers answers are the kernel.s own, 12 skipped\$" 'edu: in words' \
	vfio_test -v --dma none --size 64K "$BDF"
check 'edu: INTx without an eventfd' said "INTx: eventfd -1: success; 0 arrived; $null"
check 'edu: mask, loopback' said 'INTx: mask by NONE: success; 0 arrived; then a trigger arrives as 1$'
check 'edu: unmask by eventfd' said 'INTx: unmask by eventfd: success; masked before, not masked after$'
check 'edu: the unmasking eventfd is taken away' said 'INTx: the eventfd is taken away: success; masked still$'
check 'edu: off by the command register' said 'INTx: off by the command register: success; of a trigger 0 arrived, 1 when it was on again$'
check 'edu: one of INTx and MSI' said 'INTx: MSI when this is on: EINVAL; then a trigger arrives as 1$'
check 'edu: no MSI-X' said 'MSI-X: eventfd to what is not there: EINVAL$'
check 'edu: ERR, of a conventional device' said "ERR: $err\$"
check 'edu: eventfd -2' said "REQ: eventfd -2: $minus"

device nvme 0x1b36 0x0010 182
device virtio-net 0x1af4 0x1041 "$conventional"
device e1000e 0x8086 0x10d3 228
expect 0 '^\[ok\] MSI-X: 1 of 1 raised by the device arrived by eventfd$' 'e1000e: MSI-X by the device' \
	vfio_test -v --no-faults --size 64K "$bdf"
check 'e1000e: MSI by the device' said '^\[ok\] MSI: 1 of 1 raised by the device arrived by eventfd$'
check 'e1000e: INTx by the device' said '^\[ok\] INTx: 3 of 3 raised by the device arrived by eventfd'
check 'e1000e: two of three vectors' said 'MSI-X: two of three by BOOL: success; 1 0 1 arrived; then a trigger arrives as 1 1 1$'
check 'e1000e: a block breaks off' said 'MSI-X: eventfds, the middle is not open: EBADF; 0 0 0 arrived; then a trigger arrives as 0 0 1$'
check 'e1000e: every vector' said 'MSI-X: every vector: success, 5 of 5 arrived$'
check 'e1000e: a vector not in use' said "MSI-X: trigger one not in use: $unused"
check 'e1000e: one more vector' said "MSI-X: one more vector: $grow"
check 'e1000e: ERR' said 'ERR: trigger by NONE: success; 1 arrived; then a trigger arrives as 1$'
check 'no interrupt handler left' sh -c '! grep vfio /proc/interrupts'

# --- resets --------------------------------------------------------------------------

# reset BDF...: what the step says of a device
reset() {
	vfio_test -v --dma none --no-rules --size 64K "$@"
}
expect 0 'Reset: 3 of 3 checks, 0 skipped$' 'edu: no reset' reset "$BDF"
check 'edu: that is a fact' said '^\[ok\] function: EINVAL: the device has no reset of its function$'
check 'edu: nor of the root bus' said '^\[ok\] bus: ENODEV: neither its slot nor its bus can be reset$'
expect 0 'Reset: 4 of 4 checks, 1 skipped$' 'e1000e: reset' reset "$bdf"
check 'e1000e: by power management, which does nothing in QEMU' said 'function: registers as at first: register 0x38 keeps 0x1234'
port=$(find_device 0x1b36 0x0010 | tail -n 1)
to_vfio "$port"
expect 0 'Reset: 14 of 14 checks, 0 skipped$' 'nvme behind a port: both resets' reset "$port"
check 'nvme: its function' said '^\[ok\] function: registers as at first: register 0x14 has 0x0; 0x460000 was written before'
check 'nvme: its configuration' said '^\[ok\] function: configuration space as before: 4096 bytes'
check 'nvme: its bus' said '^\[ok\] bus: registers as at first: register 0x14 has 0x0; 0x460000 was written before'
check 'nvme: its bus alone' said "^\\[ok\\] bus: the devices that a reset takes with it: $port\$"
two=$(find_device 0x1234 0x11e8 | grep -v "^$BDF$" | head -n 1) sibling=${two%.0}.1
to_vfio "$two"
expect 0 "bus: left alone: $sibling is on no driver\$" 'two functions: not over the head of one on no driver' reset "$two"
to_vfio "$sibling"
expect 0 'Reset: 11 of 11 checks, 1 skipped$' 'two functions: the bus' reset "$two"
check 'two functions: both are named' said "bus: the devices that a reset takes with it: $two, $sibling\$"
expect 0 'Device DMA \(edu\): 16 of 16 pages$' 'and the device works after it' vfio_test --no-rules --no-faults --size 64K "$two"
expect 0 '"--no-reset"' '--no-reset: none' vfio_test --json --no-rules --no-reset --dma none --size 64K "$port"

# Where MSI is switched off for a device it is not verified, and its file is named.
echo 0 >"$pci/$BDF/msi_bus"
expect 4 "MSI: on: could not be set up: EINVAL: MSI is switched off at $BDF: its file msi_bus says 0; write 1" 'msi_bus 0: unverified' \
	vfio_test --dma none --size 64K "$BDF"
check 'msi_bus 0: nothing failed' sh -c '! grep FAIL "$1"' - "$ktap_dir/out"
echo 1 >"$pci/$BDF/msi_bus"

expect 0 '"--no-rules"' '--no-rules: no forms of interrupts' vfio_test --json --no-rules --dma none --size 64K "$BDF"

# Every lie is seen, and where.  lies NAME WORD=REGEX...: one point
lies() {
	name=$1 bad=0
	shift
	for lie; do
		LD_PRELOAD=/root/liar.so LIE=${lie%%=*} vfio_test --ktap --no-module --dma none --size 64K "$lied" \
			>"$ktap_dir/out" 2>&1
		got=$?
		if [ $got -ne 1 ] || ! grep -qE "^    not ok [0-9]+ - ${lie#*=}" "$ktap_dir/out"; then
			echo "# ${lie%%=*}: not seen: exit $got"
			grep -A 1 '^    not ok' "$ktap_dir/out" | sed 's/^/# /'
			bad=1
		fi
	done
	check "$name" [ $bad -eq 0 ]
}
lied=$BDF
lies 'lies about INTx are seen' 'irq-mask=INTx: mask by NONE$' 'irq-unmask=INTx: unmask by NONE$' \
	'irq-flags=INTx: info$' 'irq-minus=MSI: eventfd -1$'
lied=$bdf
lies 'lies about triggers are seen' 'irq-lost=MSI-X: trigger by NONE$' 'irq-twice=MSI-X: trigger by NONE$' \
	'irq-bool=MSI-X: two of three by BOOL$' 'irq-vector=MSI-X: the last two by NONE$'
lies 'lies about refusals are seen' 'irq-taken=REQ: a file that is not open$' 'irq-errno=MSI-X: mask$' \
	'irq-count=MSI-X: info$'

lied=$port
lies 'lies about resets are seen' 'reset-lost=function: registers as at first$' \
	'reset-config=function: configuration space as before$' 'bus-lost=bus: registers as at first$' \
	'bus-other=bus: the devices that a reset takes with it$' 'bus-none=bus: info$'
lied=$BDF
lies 'a reset that is not there' 'reset-taken=function$'

# A signal in the middle of it leaves nothing on.
interrupted() {
	n=0
	for delay in 100000 150000 200000 250000 300000 350000 400000; do
		vfio_test --no-module --dma none --size 64K "$bdf" >/dev/null 2>&1 &
		pid=$!
		usleep "$delay"
		kill -TERM "$pid"
		wait "$pid"
		[ $? -ne 143 ] || n=$((n + 1))
		! grep vfio /proc/interrupts || return 1
	done
	echo "$n of 7 runs were interrupted"
	[ "$n" -gt 0 ]
}
check 'a signal leaves no handler' interrupted
check 'nothing left' nothing_left
ktap_end
