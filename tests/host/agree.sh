#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# agree.sh - module and QEMU agree bit by bit on every kind of page table
#
#	agree.sh [IOMMU-LEVELS-PTI...]
#
# 4 and 5 levels, PTI on and off, Intel's and AMD's IOMMU: all of each, or those
# named, as intel-5-on.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

kernel=$("$root/scripts/kernels" get "${KERNEL:-6.1}") || exit 2
[[ $# -gt 0 ]] || set -- {intel,amd}-{4,5}-{on,off}
ktap_plan $((5 * $#))

for one; do
	IFS=- read -r iommu levels pti <<<"$one"
	cpu=max
	[[ $levels == 5 ]] || cpu=max,la57=off
	name="$iommu, $levels levels, PTI $pti"
	# Debian's 5.10 has no 5-level page tables, whatever the CPU can do. (7.2 has no such
	# option any more: it always has them.)
	if [[ $levels == 5 ]] && grep -q '^# CONFIG_X86_5LEVEL is not set' "$kernel/config"; then
		levels=4
		name="$iommu, 4 levels on a CPU with 5, PTI $pti"
	fi
	# Linux 7.3 remaps no interrupts behind the amd-iommu of QEMU 7.2 ("No southbridge IOAPIC
	# found"), and VFIO then takes no device.
	append=pti=$pti
	[[ $iommu != amd ]] || append+=' vfio_iommu_type1.allow_unsafe_interrupts=1'
	keep=$ktap_dir/$one
	expect 0 "^module = QEMU on $((256 * levels)) of $((256 * levels)) entries" "$name: every entry agrees" \
		"$root/scripts/demo" --keep "$keep" --quiet --iommu "$iommu" --cpu "$cpu" --append "$append"
	check "$name: that was the VM" jq -e --argjson levels "$levels" --arg pti "$pti" \
		'.mapping.levels == $levels and .mapping.pti == ($pti == "on")' "$keep/guest.json"
	check "$name: 256 user pages, 256 frames as pagemap has them" jq -e \
		'.pages.user == 256 and .witnesses.pagemap.compared == 256 and .witnesses.pagemap.mismatched == 0' \
		"$keep/guest.json"
	check "$name: the device moved data through each of them" jq -e \
		'.witnesses.device_dma.status == "pass" and .witnesses.device_dma.compared == 256 and
		.device.device == "0x0010"' "$keep/guest.json"
	check "$name: the joined report has the host's word, page by page" jq -e '.verdict == "pass" and
		.witnesses.qemu.status == "pass" and .witnesses.qemu.pages == {compared: 256, mismatched: 0}' \
		"$keep/joined.json"
done
ktap_end
