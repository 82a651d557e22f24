#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --no-bind --file /usr/bin/jq:/usr/bin/jq --kmod uio_pci_generic --kmod e1000e --kmod nvme
#: vm --device pcie-pci-bridge,id=br --device edu,bus=br,addr=1 --device edu,bus=br,addr=2
#: vm --device edu,addr=0x10,multifunction=on --device edu,addr=0x10.1 --device e1000e
#: vm --device nvme,serial=1
#
# list.sh - vfio_test list: all devices, and ready exactly where a run gets through
#
# VM with --no-bind, jq, e1000e, nvme and uio_pci_generic in the initramfs: two test
# devices behind a bridge that does not keep them apart, one of two functions, an
# e1000e and an nvme.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 38

pci=/sys/bus/pci
said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
# jq says true of it; of nothing it would say nothing bad
is() {
	[ -s "$ktap_dir/out" ] && jq -e "$1" "$ktap_dir/out"
}
# of BDF FILTER: jq says true of that device in the list as it is now
of() {
	vfio_test list --json "$1" >"$ktap_dir/of" && [ -s "$ktap_dir/of" ] && jq -e ".devices[0] | $2" "$ktap_dir/of"
}
# bind BDF DRIVER
bind() {
	[ ! -e $pci/devices/"$1"/driver ] || echo "$1" >$pci/devices/"$1"/driver/unbind
	echo "$2" >$pci/devices/"$1"/driver_override
	[ -z "$2" ] || echo "$1" >$pci/drivers_probe
}
# find VENDOR DEVICE WHERE: addresses, one a line
find_devices() {
	for dev in "$pci"/devices/$3; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done
}

modprobe -a vfio-pci uio_pci_generic
behind=$(find_devices 0x1234 0x11e8 '0000:0[1-9]:*')
ours=$(echo "$behind" | sed -n 1p) sibling=$(echo "$behind" | sed -n 2p)
e1000e=$(find_devices 0x8086 0x10d3 '*')
nvme=$(find_devices 0x1b36 0x0010 '*')
function0=0000:00:10.0 function1=0000:00:10.1

expect 0 '^ADDRESS +ID +GROUP +DRIVER +READY +DEVICE$' 'list: text' vfio_test list
listed() {
	for dev in "$pci"/devices/*; do
		grep -q "^${dev##*/} " "$ktap_dir/out" || return 1
	done
}
check 'list: every device' listed
check 'list: host bridge, no candidate' said '^0000:00:00.0 +8086:29c0 +[0-9]+ +- +- +Host bridge: Intel Corporation 82G33'
check 'list: a name of the class alone' said "^$BDF +1234:11e8 +[0-9]+ +- +no +Unclassified device"
check 'list: why not' said '^ +not on vfio-pci: it is on no driver$'
aligned() {
	[ "$(grep -E '^(ADDRESS|0000:)' "$ktap_dir/out" | sed -E 's/^(([^ ]+ +){5}).*/\1/' | while IFS= read -r row; do
		echo ${#row}
	done | sort -u | wc -l)" -eq 1 ]
}
check 'list: columns are aligned' aligned
expect 0 "^ +fix: vfio_test bind $BDF$" 'list BDF: what to type' vfio_test list "$BDF"
check 'list BDF: that one' [ "$(grep -c '^0000:' "$ktap_dir/out")" -eq 1 ]
check 'list BDF: candidates' said '^ +candidates: vfio-pci$'
expect 0 '^ +sibling: ' 'list --verbose: siblings' vfio_test list -v

expect 0 '"schema": 1' 'list --json' vfio_test list --json
check 'JSON: the contract' is '[.tool, .schema, .verdict] == ["vfio_test", 1, "pass"] and all(.devices[];
	["bdf", "vendor", "device", "class", "name", "driver", "candidates", "group", "siblings",
	 "ready", "why", "fix"] - keys == [] and (.ready | type) == "boolean" and
	(.vendor | test("^0x[0-9a-f]{4}$")) and (.class | test("^0x[0-9a-f]{6}$")) and
	(if .ready then .why == null else (.why | type) == "string" end))'
check 'JSON: as many as there are' is ".devices | length == $(find $pci/devices/* -maxdepth 0 | wc -l)"
check 'JSON: none is ready yet' is 'any(.devices[]; .ready) | not'
check 'JSON: bridges are told by what they are' is 'any(.devices[]; .reason == "bridge" and (.why | test("a PCI bridge")))'

check 'candidates: by modalias' of "$e1000e" '.candidates == ["vfio-pci", "e1000e"] and .reason == "no-driver" and
	.name == "Intel Corporation 82574L Gigabit Network Connection"'
check 'candidates: of an nvme' of "$nvme" '.candidates == ["vfio-pci", "nvme"] and .class == "0x010802"'
modprobe e1000e
expect 0 "not on vfio-pci: it is on the driver e1000e" 'host driver: why' vfio_test list "$e1000e"
check 'host driver: in JSON' of "$e1000e" '.driver == "e1000e" and .reason == "host-driver" and (.ready | not)'
fix=$(sed -n 's/^ *fix: //p' "$ktap_dir/out")
check 'host driver: the cure can be typed as it is' sh -c "$fix"
check 'host driver: and it cures' of "$e1000e" '.ready and .driver == "vfio-pci"'
check 'host driver: the cure says nothing of another' of "$nvme" '.driver == null'

group_of() {
	basename "$(readlink $pci/devices/"$1"/iommu_group)"
}
check 'two functions: siblings' of "$function0" '.siblings == [{bdf: "'$function1'", driver: null}]'
bind "$function0" vfio-pci
check 'two functions: the other on no driver: ready' of "$function0" .ready
bind "$function1" uio_pci_generic
check 'two functions: the other on a host driver: not viable' of "$function0" ".reason == \"not-viable\" and
	.why == \"group $(group_of "$function0") is not viable: in the same group: $function1 on uio_pci_generic\""
bind "$ours" vfio-pci
bind "$sibling" uio_pci_generic
expect 0 "^ +group [0-9]+ is not viable: in the same group: $sibling on uio_pci_generic$" \
	'behind a bridge: not viable' vfio_test list "$ours"

bind "$BDF" vfio-pci
expect 0 "^$BDF$" '--ready --quiet: addresses alone' vfio_test list --ready --quiet
check '--ready: those that are' [ "$(cat "$ktap_dir/out")" = "$(printf '%s\n' "$BDF" "$e1000e" | sort)" ]
check '--ready: one that is not is not there' sh -c "[ -z \"\$(vfio_test list -q --ready $ours)\" ]"

# The oracle: a run of each device, which asks the kernel.  2: it was stopped.
agrees() {
	vfio_test list --json >"$ktap_dir/list"
	jq -r '.devices[] | "\(.bdf) \(.ready)"' "$ktap_dir/list" >"$ktap_dir/words"
	while read -r bdf ready; do
		vfio_test --quiet --no-module --dma none "$bdf" >/dev/null 2>&1
		status=$?
		echo "$bdf: ready $ready, a run ends with $status"
		case $ready-$status in
		true-4 | false-2) ;;
		*) return 1 ;;
		esac
	done <"$ktap_dir/words"
}
check 'ready is where a run is not stopped' agrees
bind "$sibling" ''
bind "$function1" vfio-pci
check 'and once more, with siblings out of the way' agrees
check 'then those are ready' of "$ours" .ready

exec 9<>"/dev/vfio/$(group_of "$function1")"
check 'held: by whom' of "$function0" ".reason == \"held\" and (.why | test(\"process $$ .*has it open\"))"
exec 9>&-

mv /usr/share/misc/pci.ids /tmp/pci.ids
expect 0 "^$e1000e +8086:10d3 +[0-9]+ +vfio-pci +yes +class 0200$" 'no pci.ids: numbers alone' vfio_test list
check 'no pci.ids: JSON' of "$e1000e" '.name == null and .ready'
mv /tmp/pci.ids /usr/share/misc/pci.ids

# Nobody is seen in the group, not even the device.
devices=/sys/kernel/iommu_groups/$(group_of "$BDF")/devices
mount -t tmpfs none "$devices"
check 'who is in the group is not seen: not ready' of "$BDF" '.reason == "group-unread" and (.ready | not)'
umount "$devices"

# The runs above, the driver's unbinding among them, must not have cost the list.
expect 2 '0000:7f:00.0: no such device' 'a device that is not there' vfio_test list "$BDF" 0000:7f:00.0
expect 2 '/sys/bus/pci/devices: No such file or directory; mount -t sysfs' 'no /sys' \
	unshare -m sh -c 'umount -l /sys && vfio_test list'
ktap_end
