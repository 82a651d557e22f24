#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 600
#: vm --no-bind --kmod pci-stub
#: kernels all
#
# bad-input.sh - each error names its cause and its cure, and leaves nothing
#
# In a VM with an IOMMU and --no-bind.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 47

pci=/sys/bus/pci
ko=$(modinfo -n verify_pte 2>/dev/null || find /lib/modules -name verify_pte.ko)

expect 2 '^vfio_test: 00:01: not a PCI address: .*; as in 0000:00:01.0' 'malformed BDF: no function' vfio_test 00:01
short=${BDF#0000:}
expect 2 "^vfio_test: $BDF: not on vfio-pci" 'BDF without its domain' vfio_test "$short"
upper() {
	vfio_test --quiet --no-module --dma none "$(echo "$1" | tr a-f A-F)"
}
expect 2 "^vfio_test: 0000:00:1f.0: not on vfio-pci" 'BDF in capitals: sysfs has it' upper 0000:00:1f.0
expect 2 '^vfio_test: 10000:00:01.0: no such device' 'BDF of a domain of 17 bits' vfio_test 10000:00:01.0
expect 2 '^vfio_test: lst: no such command: did you mean list\?; see' 'mistyped command' vfio_test lst
expect 2 '^vfio_test: test: no such command: did you mean run\?' 'a word of another tool' vfio_test test "$BDF"
expect 0 "^$BDF$" 'options before the command' vfio_test --quiet list "$short"
expect 2 '^vfio_test: --sise: no such option: did you mean --size\?' 'mistyped option' vfio_test --sise 4K "$BDF"
expect 2 '^vfio_test: --quiet=1: it takes no value' 'a value for what takes none' vfio_test --quiet=1 "$BDF"
expect 2 "^vfio_test: $BDF: not on vfio-pci" 'sizes, times, addresses and words in other forms' \
	vfio_test --size 1MiB --page-size 4k --iova 1G --expect=cleared --hold 5s --recheck 1s "$BDF"
expect 2 'not a time above 0' '--hold=0' vfio_test --hold=0 "$BDF"
expect 2 '^vfio_test: .x1b\[2J.xff: not a PCI address' 'an argument cannot talk to the terminal' vfio_test "$(printf '\033[2J\377')" --no-color
expect 2 '^vfio_test: 0000:00:20.0: not a PCI address' 'malformed BDF: device 0x20' vfio_test 0000:00:20.0
expect 2 'not a PCI address' 'malformed BDF: more behind it' vfio_test 0000:00:01.0x
expect 2 '^vfio_test: no device: ' 'no BDF' vfio_test
expect 2 'one device too many' 'two BDFs' vfio_test "$BDF" "$BDF"
expect 2 '^vfio_test: --nonsense: no such option; see' 'unknown option' vfio_test --nonsense "$BDF"
expect 2 '^vfio_test: --size: it needs a value' 'option without its value' vfio_test "$BDF" --size
expect 2 '^vfio_test: --size 0: not a size above 0' '--size 0' vfio_test --size 0 "$BDF"
expect 2 '^vfio_test: --size -4K: not a size' '--size -4K' vfio_test --size -4K "$BDF"
expect 2 'not a multiple of the page size' '--size 5000' vfio_test --size 5000 "$BDF"
expect 2 'not aligned to the page size' '--iova 0x123' vfio_test --iova 0x123 "$BDF"
expect 2 'choose from: user, supervisor' '--expect nobody' vfio_test --expect nobody "$BDF"
expect 2 'choose from: auto, iommufd, type1v2, type1, compat, noiommu$' '--iommu spapr' vfio_test --iommu spapr "$BDF"
expect 2 'choose from: auto, none, edu' '--dma yes' vfio_test --dma yes "$BDF"
expect 2 'choose one' '--json and --ktap' vfio_test --json --ktap "$BDF"
expect 2 '^vfio_test: 0000:7f:00.0: no such device: .*; see lspci -D' 'absent device' vfio_test 0000:7f:00.0
expect 2 '"verdict": ?"error"' 'absent device, JSON' vfio_test --json 0000:7f:00.0

expect 2 "^vfio_test: $BDF: not on vfio-pci: it is on no driver; vfio_test bind $BDF$" 'device on no driver' vfio_test "$BDF"
modprobe -a vfio-pci pci-stub 2>/dev/null
echo pci-stub >$pci/devices/"$BDF"/driver_override
echo "$BDF" >$pci/drivers_probe
expect 2 "not on vfio-pci: it is on the driver pci-stub; vfio_test bind $BDF$" 'device on another driver' vfio_test "$BDF"

# The cure, as the message gave it.
cure=$(sed -n 's/.*pci-stub; //p' "$ktap_dir/err")
check 'the cure can be typed as it is' sh -c "$cure"
expect 0 pass 'and it cures' vfio_test --quiet --dma none "$BDF"

# What did not get out was not told: 2, whatever it would have been; and all is undone.
lost() {
	vfio_test "$@" --no-module --dma none --no-reset "$BDF" >/dev/full
}
expect 2 '^vfio_test: stdout: the answer is lost: No space left' 'a full disk: text' lost
expect 2 '^vfio_test: stdout: the answer is lost: No space left' 'a full disk: KTAP' lost --ktap
expect 2 '^vfio_test: stdout: the answer is lost: No space left' 'a full disk: JSON' lost --json
expect 2 '^vfio_test: stdout: the answer is lost: No space left' 'a full disk: the verdict alone' lost --quiet
mkfifo "$ktap_dir/fifo"
exec 8<>"$ktap_dir/fifo"
exec 7>"$ktap_dir/fifo" 8<&-
unread() {
	vfio_test "$@" --no-module --dma none --no-reset "$BDF" >&7
}
expect 2 '' 'a reader that has gone away: 2' unread
check 'and not a word of it' [ ! -s "$ktap_dir/err" ]
expect 2 '' 'the same of JSON' unread --json
exec 7>&-

exec 9<>"/dev/vfio/$(basename "$(readlink $pci/devices/"$BDF"/iommu_group)")"
expect 2 "^vfio_test: $BDF: group [0-9]+ is in use: process $$ \\(.*\\) has it open; end that process" 'group held open' vfio_test "$BDF"
exec 9>&-

expect 2 'IOVA 0xfee00000 of 0x100000 bytes: it is in none of the IOVA ranges' 'IOVA reserved' vfio_test --iova 0xfee00000 "$BDF"
expect 2 'in none of the IOVA ranges' 'IOVA beyond the aperture' vfio_test --iova 0x8000000000 "$BDF"
expect 2 'fewer than 1 free huge pages of 2048 KiB; echo 1 > ' 'no huge pages' vfio_test --page-size 2M --size 2M "$BDF"

mv "$ko" /tmp/verify_pte.ko
expect 4 'could not load the module verify_pte: no such file.*; .*build it for this kernel' 'module absent: unverified' vfio_test --dma none "$BDF"
head -c 3000 /tmp/verify_pte.ko >/tmp/cut.ko
expect 4 'built for another kernel, or not a module' 'module refused: unverified' vfio_test --dma none --module /tmp/cut.ko "$BDF"
expect 0 pass '--module PATH' vfio_test --quiet --dma none --module /tmp/verify_pte.ko "$BDF"

check 'nothing left' nothing_left
ktap_end
