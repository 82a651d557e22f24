#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# agree.sh - module and QEMU agree bit by bit on every kind of page table
#
# 4 and 5 levels, PTI on and off, Intel's and AMD's IOMMU: all of each.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 24

for iommu in intel amd; do
	for levels in 4 5; do
		for pti in on off; do
			name="$iommu, $levels levels, PTI $pti"
			cpu=max
			[[ $levels == 5 ]] || cpu=max,la57=off
			keep=$ktap_dir/$iommu-$levels-$pti
			expect 0 "^module = QEMU on $((256 * levels)) of $((256 * levels)) entries" "$name: every entry agrees" \
				"$root/scripts/demo" --keep "$keep" --quiet --iommu "$iommu" --cpu "$cpu" --append "pti=$pti"
			check "$name: that was the VM" jq -e --argjson levels "$levels" --arg pti "$pti" \
				'.mapping.levels == $levels and .mapping.pti == ($pti == "on")' "$keep/guest.json"
			check "$name: 256 user pages, 256 frames as pagemap has them" jq -e \
				'.pages.user == 256 and .witnesses.pagemap.compared == 256 and .witnesses.pagemap.mismatched == 0' \
				"$keep/guest.json"
		done
	done
done
ktap_end
