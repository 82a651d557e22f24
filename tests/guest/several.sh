#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# several.sh - several devices in one container: of one group, and of two
#
# VM of host/several.sh: edu on vfio-pci, an edu of two functions behind a bridge, which
# makes them one group, and liar.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 31

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
one=$(find_device 0x1234 0x11e8 | grep -v "^$BDF$" | head -n 1) two=${one%.0}.1
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
	while ! grep -q holding /tmp/held; do
		usleep 20000
	done
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
check 'nothing left at the end' nothing_left
ktap_end
