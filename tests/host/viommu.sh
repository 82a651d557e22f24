#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# viommu.sh - vfio_test passes under every IOMMU that QEMU has, and its options
#
#	viommu.sh [VARIANT...]
#
# A VM a variant; all of the table, or those named. What the kernel cannot drive
# must be refused before anything boots.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

# variant | what the kernel needs | options of scripts/vm | what the guest finds: the
# option has come that far, or the variant is none
#
# QEMU's amd-iommu tells nobody of a fault before 10.1: none is asked for there.
readonly variants='
intel-caching    | CONFIG_INTEL_IOMMU  | --iommu intel --iommu-opts caching-mode=on  | intel caching-mode=on last-iova=0x7fffffffff
intel-no-caching | CONFIG_INTEL_IOMMU  | --iommu intel --iommu-opts caching-mode=off | intel caching-mode=off last-iova=0x7fffffffff
intel-39-bits    | CONFIG_INTEL_IOMMU  | --iommu intel --iommu-opts aw-bits=39       | intel caching-mode=on last-iova=0x7fffffffff
intel-48-bits    | CONFIG_INTEL_IOMMU  | --iommu intel --iommu-opts aw-bits=48,caching-mode=off | intel caching-mode=off last-iova=0xffffffffffff
amd              | CONFIG_AMD_IOMMU    | --iommu amd    | amd last-iova=0xffffffffffffffff
virtio           | CONFIG_VIRTIO_IOMMU | --iommu virtio | virtio last-iova=0xffffffffffffffff
virtio-cure      | CONFIG_VIRTIO_IOMMU | --iommu virtio --no-bind | virtio last-iova=0xffffffffffffffff
'

kernel=$("$root/scripts/kernels" get "${KERNEL:-6.1}") || exit 2
release=$(<"$kernel/release")
[[ $# -gt 0 ]] || mapfile -t set < <(awk -F '|' 'NF > 1 { gsub(/ /, "", $1); print $1 }' <<<"$variants")
[[ $# -gt 0 ]] || set -- "${set[@]}"
ktap_plan $((2 * $#))

for one; do
	IFS='|' read -r _ config options found < <(grep "^$one " <<<"$variants") || {
		ktap_result 'not ok' "$one: no such variant"
		continue
	}
	config=${config// /} found=${found# }
	read -ra options <<<"$options"
	if ! grep -q "^$config=[ym]$" "$kernel/config"; then
		expect 2 "without $config; .*--kernel" "$one: refused, with the cause" \
			timeout 5 "$root/scripts/vm" --quiet "${options[@]}" -- true
		ktap_skip "$one: vfio_test passes" "Linux $release has no $config"
		continue
	fi
	words=()
	[[ $one != amd ]] || words=(--no-faults)
	expect 0 '^Verdict: pass' "$one: vfio_test passes" \
		"$root/scripts/vm" --quiet --strict "${options[@]}" -- /tests/viommu.sh "${words[@]}"
	check "$one: that was the IOMMU" grep -qx "iommu $found" "$ktap_dir/out"
	[[ $ktap_bad -eq 0 ]] || ktap_comment "$ktap_dir/out"
done
ktap_end
