#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 300
#: kernels all
#
# nonroot.sh - an ordinary user who has the group's node: all of VFIO, no witness
#
# In a VM with an IOMMU, the device bound, verify_pte not loaded.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 20

group=/dev/vfio/$(basename "$(readlink /sys/bus/pci/devices/"$BDF"/iommu_group)")
said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
# as_user COMMAND: the user's shell has BDF
as_user() {
	su user -c "$1"
}

echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
echo 1 >/proc/sys/kernel/dmesg_restrict
# What vfio_test cannot say there: the faults are meant.
echo "vfio_test: $BDF: IOMMU faults on purpose begin" >/dev/kmsg
ulimit -l 4096

expect 2 "could not open $group: " 'without the node: stops, and says so' as_user 'vfio_test --size 64K "$BDF"'
chown user "$group"
expect 4 '^Verdict: unverified: .*; needs privilege: module, page-user, pagemap, iommu, dma-fault$' \
	'with the node: nothing but what needs privilege is left' as_user 'vfio_test --size 64K "$BDF"'
check 'text: a list' [ "$(grep -cE '^  - (module|page-user|pagemap|iommu|dma-fault): ' "$ktap_dir/out")" -eq 5 ]
check 'the rules of mapping hold' said '^\[ok\] DMA rules: '
# A conventional device has an index ERR since 7.3.
case $(uname -r) in
5.* | 6.* | 7.[0-2].*) answers=141 ;;
*) answers=170 ;;
esac
check 'interrupts: every form' said "^\[ok\] Interrupt rules: $answers of $answers answers"
check 'interrupts: the mask is seen' sh -c '! grep "does not show it" "$1"' sh "$ktap_dir/out"
check 'resets' said '^\[ok\] Reset: 3 of 3 checks'
check 'the device moves data' said 'Device DMA \(edu\): 16 of 16 pages$'
check 'the device interrupts' said 'INTx: 3 of 3 raised by the device arrived by eventfd'
expect 4 '^ok [0-9]+ - dma-unmap$' 'KTAP' as_user 'vfio_test --ktap --size 64K "$BDF"'
check 'KTAP: what is unverified is a skip, and says why' sh -c '
	[ "$(sed -n "s/^ok .* - \(.*\) # SKIP unverified: ..*/\1/p" "$1" | tr "\n" " ")" = "module page-user pagemap iommu dma-fault " ]' sh "$ktap_dir/out"
check 'KTAP: nothing failed' sh -c '! grep "^ *not ok" "$1"' sh "$ktap_dir/out"
expect 4 '"needs_privilege": *\[' 'JSON' as_user 'vfio_test --json --dma none --size 64K "$BDF"'
check 'JSON: no step failed' sh -c '! grep "\"status\": *\"fail\"" "$1"' sh "$ktap_dir/out"
# More than the user may lock: needed, had, and how to raise it.
expect 2 'not enough memory may be locked: 8192 KiB needed, the limit is 4096 KiB; raise it with ulimit -l' \
	'too little memlock' as_user 'vfio_test --no-rules --dma none --size 8M "$BDF"'
expect 4 'map next to it: .*ENOMEM: the limit of locked memory has no room for it; raise it with ulimit -l' \
	'memlock for the buffer, not for the rules: unverified' as_user 'ulimit -l 100; vfio_test -v --no-reset --dma none --size 16K "$BDF"'
check 'and no rule failed' sh -c "! grep -E '^ *\[FAIL\]' '$ktap_dir/out'"
check 'and all that fit were asked' [ "$(grep -c 'ENOMEM: the limit of locked memory' "$ktap_dir/out")" -eq 2 ]
echo "vfio_test: $BDF: IOMMU faults on purpose end" >/dev/kmsg
expect 0 '^Verdict: pass: ' 'as root: nothing is left' vfio_test --dma none --size 64K "$BDF"
check 'nothing left' nothing_left
ktap_end
