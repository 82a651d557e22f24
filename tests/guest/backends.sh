#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# backends.sh [--table] BACKEND... - four devices through each back end, and what is each one's own
#
# VM of host/backends.sh: edu, e1000e, nvme, a virtio-net and jq; the first BACKEND is
# what auto must take. --table: says "# table BACKEND STEP|STATUS" of each step with
# edu, and of each check of dma-rules, for the table of docs/back-ends.md.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh

pci=/sys/bus/pci
report=$ktap_dir/out
table=''
if [ "$1" = --table ]; then
	table=yes
	shift
fi
best=$1

said() {
	grep -qE -e "$1" "$report"
}
# jq says true of the report; of an empty one it would say nothing bad
is() {
	[ -s "$report" ] && jq -e "$1" "$report"
}
find_device() {
	for dev in "$pci"/devices/*; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done
}
# to_vfio BDF: from whatever driver it is on
to_vfio() {
	echo vfio-pci >"$pci/devices/$1/driver_override"
	[ ! -e "$pci/devices/$1/driver" ] || echo "$1" >"$pci/devices/$1/driver/unbind"
	echo "$1" >$pci/drivers_probe
}
quick() {
	vfio_test --dma none --no-rules --size 16K "$@"
}
# What the table of docs/back-ends.md is made of
tell_table() {
	[ -n "$table" ] || return 0
	jq -r "\"# table $1 \" + (.steps[] | .name as \$step | \"\\(.name)|\\(.status)\",
		(.checks // [] | .[] | select(\$step == \"dma-rules\") | \"dma-rules: \\(.name)|\\(.status)|\\(.detail)\"))" "$report"
}

# --- a back end that maps -------------------------------------------------------------

points=9
# The checks of dma-rules
rules_of() {
	case $1 in
	type1) echo 38 ;;
	type1v2) echo 43 ;;
	compat) echo 37 ;;
	iommufd) echo 74 ;;
	esac
}
rules_checked() {
	[ "$(jq '[.steps[] | select(.name == "dma-rules") | .checks[] | select(.status != "fail")] | length' "$report")" -eq "$1" ]
}
mapped() {
	for device in $devices; do
		expect 0 '^# verdict: pass: [1-9] of [1-9] witnesses' "$1: ${device%%=*}: passes" \
			vfio_test --ktap --size 16K --iommu "$1" "${device#*=}"
	done
	expect 0 '"verdict": *"pass"' "$1: edu: report" vfio_test --json --size 16K --iommu "$1" "$BDF"
	check "$1: is named, has ranges" is ".iommu.type == \"$1\" and (.iommu.iova_ranges | length) > 1"
	check "$1: all witnesses of 4 pages" is '[.witnesses | .module, .pagemap, .iommu, .device_dma] |
		all(.[]; .status == "pass" and .compared == 4 and .mismatched == 0)'
	check "$1: the device interrupts" is '.irqs[:2] | all(.[]; .raised > 0 and .arrived == .raised)'
	check "$1: all checks of its rules" rules_checked "$(rules_of "$1")"
	tell_table "$1"
}

# --- what is iommufd's own ---------------------------------------------------------------

# as_user KIB ARG...: with so much memory to lock
as_user() {
	kib=$1
	shift
	su user -c "ulimit -l $kib && exec vfio_test --dma none --no-rules --size 16K $* $BDF"
}

own_points=25
iommufd_own() {
	# A rule that would take any errno is none.
	for lie in iommufd-errno='map, zero length' iommufd-overflow='map, IOVA wraps' iommufd-taken='unmap where nothing is'; do
		expect 1 "^    not ok [0-9]+ - ${lie#*=}\$" "iommufd: lie: ${lie%%=*}" \
			env LD_PRELOAD=/root/liar_vfio.so LIE="${lie%%=*}" vfio_test --ktap --dma none --no-module --no-reset --iommu iommufd "$BDF"
	done
	expect 0 '^Back end: iommufd \(auto\)$' 'auto: takes iommufd' quick "$BDF"
	check 'iommufd: a node of the device, no group' said '^  - iommufd: fd='
	expect 0 '^ok [0-9]+ - group # SKIP iommufd takes the device by its own node' 'iommufd: what it has not is skipped' \
		quick --ktap --iommu iommufd "$BDF"

	mkfifo "$ktap_dir/enter"
	quick --hold --iommu iommufd "$BDF" <"$ktap_dir/enter" >"$ktap_dir/held" 2>&1 &
	exec 7>"$ktap_dir/enter"
	ktap_wait holding "$ktap_dir/held" $!
	expect 0 'held by pid [0-9]* \(vfio_test\), domain paging' 'iova: finds who has the node open' vfio_test iova "$BDF" 0+16K
	check 'iova: all pages' said '4 of 4 pages mapped'
	expect 2 'group [0-9]+ is in use: process [0-9]+ \(vfio_test\) has it open' 'held by its node: not through the group' \
		quick --iommu type1v2 "$BDF"
	expect 2 'VFIO_DEVICE_BIND_IOMMUFD: ' 'held by its node: not by the node' quick --iommu iommufd "$BDF"
	echo >&7
	exec 7>&-
	wait

	# A question that takes longer than the holder lives does not keep the device from its driver.
	: >"$ktap_dir/held"
	vfio_test --dma none --no-rules --size 16K --hold=120 --iommu iommufd "$BDF" >"$ktap_dir/held" 2>&1 &
	ktap_wait holding "$ktap_dir/held" $!
	(sleep 2 && kill -KILL $!) &
	expect 4 'the answer is not complete: process [0-9]+ \(vfio_test\) has closed the device, or has ended; ' \
		'iova: gives the device back when its holder has ended' timeout 30 vfio_test iova "$BDF" 0+4T
	wait
	# The killed one had loaded it.
	rmmod verify_pte

	: >"$ktap_dir/held"
	vfio_test --dma none --no-rules --size 16K --hold=120 --iommu type1v2 "$BDF" >"$ktap_dir/held" 2>&1 &
	ktap_wait holding "$ktap_dir/held" $!
	expect 2 'VFIO_DEVICE_BIND_IOMMUFD: process [0-9]+ \(vfio_test\) has the device or its group open' 'held through its group: not by the node' \
		quick --iommu iommufd "$BDF"
	kill -INT $!
	wait

	expect 2 'IOVA 0xfee00000 of 0x4000 bytes: it is in none' 'iommufd: reserved' quick --iommu iommufd --iova 0xfee00000 "$BDF"
	expect 2 'IOMMU_IOAS_MAP of .*: the IOVAs of two mappings overlap' 'iommufd: overlap' \
		quick --iommu iommufd --iova 0x10000 --iova 0x12000 "$BDF"

	# As a user whom only some of the nodes belong to.
	echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
	group=/dev/vfio/$(basename "$(readlink "$pci/devices/$BDF/iommu_group")")
	chown user "$group" /dev/vfio/vfio
	expect 4 '^Back end: type1v2 \(auto\)$' 'auto, user: takes what the user may open' as_user 1024
	expect 2 'could not open /dev/iommu: ' 'iommufd, user: not the user.s' as_user 1024 --iommu iommufd
	expect 4 'nodes: /dev/vfio/vfio, /dev/vfio/[0-9]+; not /dev/iommu \(Permission denied\), /dev/vfio/devices/vfio[0-9]+ \(Permission denied\)' \
		'doctor, user: one way is enough, the other is named' su user -c "vfio_test doctor --size 16K $BDF"
	chown root "$group"
	expect 2 "nodes: no permission on $group \\(root:root, mode 0600\\)" 'doctor, user: no way is open' su user -c "vfio_test doctor --size 16K $BDF"
	chown user /dev/iommu
	expect 2 'could not open /dev/vfio/devices/vfio[0-9]+: no permission on /dev/vfio/devices/vfio[0-9]+ \(root:root, mode 0600\); run as root, or give the user the node' \
		'iommufd, user: the device.s node not the user.s' as_user 1024 --iommu iommufd
	expect 2 'VFIO_DEVICE_BIND_IOMMUFD|a VF token was given: this device takes none' 'iommufd: a token for a device that takes none' \
		quick --iommu iommufd --vf-token bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3 "$BDF"
	chown user /dev/vfio/devices/*
	expect 4 '^Back end: iommufd \(auto\)$' 'auto, user: iommufd, witnesses unverified' as_user 1024
	expect 2 'IOMMU_IOAS_MAP of .*: not enough memory may be locked: 16 KiB needed, the limit is 8 KiB' \
		'iommufd, user: memlock' as_user 8 --iommu iommufd
	expect 4 '"EPERM"' 'iommufd, user: the rules, of which one is not for users' \
		su user -c "ulimit -l 1024; vfio_test --dma none --json --size 16K $BDF"
	check 'iommufd, user: all checks of its rules' rules_checked "$(rules_of iommufd)"
	expect 2 'noiommu is not offered: group [0-9]+ has an IOMMU' 'noiommu: not with an IOMMU' quick --iommu noiommu "$BDF"
}

# --- noiommu -------------------------------------------------------------------------------

noiommu_points=15
noiommu() {
	for device in $devices; do
		expect 4 '^# verdict: unverified: ' "noiommu: ${device%%=*}: unverified, nothing failed" \
			vfio_test --ktap --size 16K --iommu noiommu "${device#*=}"
		check "noiommu: ${device%%=*}: no point failed, and these were not verified" sh -c \
			"! grep '^ *not ok' '$report' && sed -n 's/^ok .* - \\(.*\\) # SKIP unverified: .*/\\1/p' '$report' | xargs | grep -xF 'module page-user pagemap iommu'"
	done
	expect 4 '"verdict": *"unverified"' 'noiommu: edu: report' vfio_test --json --iommu noiommu "$BDF"
	check 'noiommu: is named' is '.iommu.type == "noiommu"'
	check 'noiommu: no witness says pass' is '[.witnesses[] | .status] | all(.[]; . == "unverified" or . == "skip")'
	check 'noiommu: device, regions, config space and interrupts are checked' is '[.steps[] | select(.status == "pass") | .name] |
		. as $passed | ["device-info", "regions", "config", "irqs", "interrupts"] | all(.[]; IN($passed[]))'
	tell_table noiommu
	expect 4 '^Back end: noiommu \(auto\)$' 'auto: takes noiommu, and that is no pass' quick "$BDF"
	expect 2 "group [0-9]+ has no IOMMU: VFIO made it up" 'type1v2: not without an IOMMU' quick --iommu type1v2 "$BDF"
	expect 2 'iommufd is not offered: the device has no node of its own' 'iommufd: not without an IOMMU' quick --iommu iommufd "$BDF"
}

[ "$best" != noiommu ] || echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode
devices="edu=$BDF e1000e=$(find_device 0x8086 0x10d3) nvme=$(find_device 0x1b36 0x0010) virtio-net=$(find_device 0x1af4 0x1041)"
for device in $devices; do
	to_vfio "${device#*=}"
done

case $best in
iommufd) ktap_plan $((points * $# + own_points + 1)) ;;
noiommu) ktap_plan $((noiommu_points + 1)) ;;
*) ktap_plan $((points * $# + 1)) ;;
esac
for be in "$@"; do
	case $be in
	noiommu) noiommu ;;
	*) mapped "$be" ;;
	esac
done
[ "$best" != iommufd ] || iommufd_own
check 'nothing left' nothing_left
ktap_end
