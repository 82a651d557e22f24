#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# several.sh - several devices in one container: of one group, and of two
#
# VM of host/several.sh: edu on vfio-pci, an edu of two functions behind a bridge, which
# makes them one group, one in a slot that the host takes it out of, liar.so and witness.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 44

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
two=$(find_device 0x1234 0x11e8 | grep '\.1$') one=${two%.1}.0
hot=$(find_device 0x1234 0x11e8 | grep -v -e "^$BDF$" -e "^$one$" -e "^$two$")
group() {
	basename "$(readlink "$pci/$1/iommu_group")"
}
quick() {
	vfio_test --no-rules --no-faults --size 64K "$@"
}

to_vfio "$one"
check 'two functions are one group' [ "$(group "$one")" = "$(group "$two")" ]
expect 2 "^vfio_test: $one: --with $two: it is not on vfio-pci; see vfio_test list" 'the other is on no driver' \
	quick --dma none --with "$two" "$one"
to_vfio "$two"

expect 0 "^\\[ok\\] $two joined: group $(group "$two"), shared\$" 'one group: both functions' quick --with "$two" "$one"
check 'one group: the first moves data' said '^\[ok\] Device DMA \(edu\): 16 of 16 pages$'
check 'one group: the second by the same mapping' said "^\\[ok\\] Device DMA by $two \\(edu\\): 16 of 16 pages, the same IOVAs\$"
check 'nothing left' nothing_left
expect 0 "^\\[ok\\] $one joined: group $(group "$one"), its own\$" 'two groups, one container' quick --with "$one" "$BDF"
check 'two groups: the second by the same mapping' said "^\\[ok\\] Device DMA by $one \\(edu\\): 16 of 16 pages, the same IOVAs\$"
expect 0 "^    ok [0-9]+ - $two: device DMA\$" 'three devices of two groups' quick --ktap --with "$one" --with "$two" "$BDF"
check 'three devices: each its checks' [ "$(grep -cE "^    ok [0-9]+ - ($one|$two): (device info|regions|device DMA)\$" "$ktap_dir/out")" -eq 6 ]
expect 0 '"shares_group": *true' 'JSON' quick --dma none --json --with "$two" "$one"
expect 0 "^\\[ok\\] Device DMA by $one" 'two groups by type1' quick --iommu type1 --with "$one" "$BDF"
expect 0 "^\\[ok\\] $two joined" 'with all rules and resets' vfio_test --dma none --size 64K --with "$two" "$one"
check 'the bus of both is reset meanwhile' said '^\[ok\] Reset: 11 of 11 checks'

# Who is left out of its group can be had afterwards, not meanwhile.
expect 0 '^Verdict: pass' 'one of the two alone' quick --dma none "$one"
expect 0 '^Device DMA|^\[ok\] Device DMA' 'and then the other alone' quick "$two"
held() {
	: >/tmp/held
	vfio_test --no-rules --dma none --size 64K --hold "$one" >/tmp/held 2>&1 &
	held_pid=$!
	ktap_wait holding /tmp/held "$held_pid"
}
held
expect 2 "^vfio_test: $two: group $(group "$two") is in use: process $held_pid \\(vfio_test\\) has it open; end that process" \
	'a second container for the group: EBUSY' quick --dma none "$two"
expect 2 "^vfio_test: $BDF: --with $two: the group's node: .*[Bb]usy|^vfio_test: $BDF: --with $two: .* has it open" \
	'nor by --with' quick --dma none --with "$two" "$BDF"
expect 0 '^Verdict: pass' 'another group, another container' quick --dma none "$BDF"
kill -TERM "$held_pid"
wait "$held_pid"
check 'the one that held it passes' grep -q '^Verdict: pass' /tmp/held
expect 0 '^Verdict: pass' 'and the group is free again' quick --dma none "$two"

# Bad input.
expect 2 '^vfio_test: --with 1:2: not a PCI address' '--with: malformed' quick --with 1:2 "$BDF"
expect 2 '^vfio_test: --with: a device is given twice; name each once' '--with: itself' quick --with "$BDF" "$BDF"
expect 2 '^vfio_test: --with: a device is given twice; name each once' '--with: twice' quick --with "$one" --with "$one" "$BDF"
expect 2 "^vfio_test: $BDF: --with 0000:7f:1f.7: the kernel knows no PCI device" '--with: absent' quick --with 0000:7f:1f.7 "$BDF"
# shellcheck disable=SC2046 # words
expect 2 '^vfio_test: --with 0000:00:00.7: one too many; 8 devices at the most' '--with: nine' \
	quick $(printf -- '--with 0000:00:%02x.7 ' 8 7 6 5 4 3 2 1 0) "$BDF"
expect 2 "^vfio_test: $one: one device too many; test one at a time, or give further ones with --with" 'two without --with' quick "$BDF" "$one"

# And it can fail.
lie() {
	LD_PRELOAD=/root/liar.so LIE=$1 vfio_test --ktap --no-rules --no-module --no-faults --size 64K --with "$two" "$one"
}
expect 1 "^    not ok [0-9]+ - $two: device DMA\$" 'the second moves nothing: fails' lie with-lost
check 'it says what is wrong' said '^    # what the device copied is wrong on [0-9]+ pages: first at 0x[0-9a-f]+, IOVA 0x[0-9a-f]+: there is'
expect 1 "^    not ok [0-9]+ - $two: regions\$" 'another answers for it: fails' lie with-vendor

# The translations of each device are compared, with all and with one of them wrong.
expect 0 'module = IOMMU on 48 of 48 frames' 'three devices: the translations of each' \
	quick --dma none --with "$one" --with "$two" "$BDF"
expect 0 "^    ok [0-9]+ - $two: IOMMU\$" 'three devices: a check each' quick --ktap --dma none --with "$one" --with "$two" "$BDF"
liar() {
	env "$@" LD_PRELOAD=/root/witness.so vfio_test --quiet --dma none --no-rules --no-reset --size 64K --with "$one" --with "$two" "$BDF"
}
expect 0 '^Verdict: pass' 'three devices: nobody lies' liar LIE=nothing
expect 1 "IOMMU fails: 2 of 48 pages differ: page 0x[0-9a-f]+, IOVA 0x[0-9a-f]+ of $one: process" \
	'the translations of all but the first are wrong: fails, and names the device' liar LIE=iommu-pa LIE_DEVICE=others
expect 1 "IOMMU fails: 1 of 48 pages differ: page 0x[0-9a-f]+, IOVA 0x[0-9a-f]+ of $two: process" \
	'those of the last device: fails' liar LIE=iommu-pa LIE_CALL=3
expect 1 "step recheck failed: stale DMA: 1 of 48 pages .* of $two: process" 'those of the last device, later: fails' \
	liar LIE=iommu-pa LIE_CALL=6

# What the first device moved is no proof of what a further one did not.
nvme=$(find_device 0x1b36 0x0010)
to_vfio "$nvme"
expect 0 "^Verdict: pass: 3 of 4 witnesses; interrupts of $two not proven: .*; device DMA of $two not proven: 16 of 32 pages, a sample; proven: " \
	'a further device moves a sample: named' quick --quiet --size 128K --with "$two" "$one"
expect 0 "^Verdict: pass: 4 of 4 witnesses; interrupts of $two not proven: .*; proven: " 'a further device moves all: proven' quick --quiet --require device_dma --with "$two" "$one"
expect 4 "required and not proven: device_dma; .*device DMA of $nvme not proven: the controller has no active namespace to read from" \
	'a further device moves nothing: required, and not proven' quick --quiet --require device_dma --with "$nvme" "$BDF"

# Nor are the interrupts that it raised a proof of those that nobody had a further one raise.
expect 4 "required and not proven: interrupts; interrupts of $two not proven: only the interrupts of the first device are tried" \
	'interrupts are required of each device: not proven' quick --quiet --require interrupts --with "$two" "$one"
expect 0 '^Verdict: pass: 4 of 4 witnesses; proven: .*, interrupts \(2 of 2 kinds\)$' 'of one device alone: proven' \
	quick --quiet --require interrupts "$one"
expect 0 "^    ok [0-9]+ - $two: interrupts # SKIP only the interrupts of the first" 'a line says so' quick --ktap --with "$two" "$one"

# A device that is taken out of its slot while it is held is given back, whoever it is.
# unplugged DEVICE-OPTIONS...: the host takes it away once the mapping is held
to_vfio "$hot"
unplugged() {
	: >/tmp/held
	vfio_test --no-rules --no-reset --dma none --size 64K --hold "$@" >/tmp/held 2>&1 &
	pid=$!
	ktap_wait holding /tmp/held "$pid"
	echo '# unplug hot' >&3
	n=0
	# The slot waits 5 s before it asks for the device.
	while [ -e "$pci/$hot" ] && [ "$n" -lt 300 ]; do
		usleep 50000
		n=$((n + 1))
	done
	kill -0 "$pid" 2>/dev/null && sleep 1 && kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	tail -n 3 /tmp/held
	echo "exit $status after $n times 50 ms"
	[ "$status" -eq 2 ] && [ ! -e "$pci/$hot" ] && grep -q "^vfio_test: $BDF: the kernel wants $hot back, and it was given back" /tmp/held
}
exec 3>&1
check 'unplugged while it is held as a further device: given back, and said' unplugged --with "$hot" "$BDF"
check 'nothing left at the end' nothing_left
ktap_end
