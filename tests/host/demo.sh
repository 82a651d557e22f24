#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - tests what the demo prints for different joined reports; no VM
#
# (agree.sh tests the whole demo, in a VM.)

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

# name | jq program that changes a report in which all agree | a row of the table | a line
# of the sums | the exit status from the counts | the end of the verdict line
cases=(
	'all agree | . | QEMU +pass +256 of 256 +pages \(1280 entries\) +every entry | ^module = QEMU on 1280 of 1280 entries compared \(256 of 256 pages, 5 levels\)$ | 0 | 5 of 5 witnesses$'
	'module | . | module +pass +256 of 256 +pages +_PAGE_USER | ^256 of 256 pages user$ | 0 | 5 of 5 witnesses$'
	'pagemap | . | pagemap +pass +256 of 256 +frames +the frame | ^module = pagemap on 256 of 256 frames$ | 0 | 5 of 5 witnesses$'
	'iommu | . | iommu +pass +256 of 256 +pages | ^module = IOMMU on 256 of 256 pages$ | 0 | 5 of 5 witnesses$'
	'device DMA | . | device DMA +pass +200 of 200 +pages | ^process = device DMA on 200 of 200 pages$ | 0 | 5 of 5 witnesses$'
	'a skip, no reason | .witnesses.iommu = {status: "skip", compared: 0, mismatched: 0} | iommu +skip +0 of 0 +pages | ^iommu: skip$ | 0 | 4 of 5 witnesses; IOMMU not proven$'
	'a skip, its reason in the witness | .witnesses.iommu = {status: "skip", compared: 0, mismatched: 0, reason: "not asked"} | iommu +skip +0 of 0 +pages +not asked$ | ^iommu: skip: not asked$ | 0 | 4 of 5 witnesses; IOMMU not proven: not asked$'
	'a skip, its reason in the step | .witnesses.device_dma = {status: "skip", compared: 0, mismatched: 0} + {} , .steps += [{name: "device-dma", status: "skip", detail: "no edu"}] | device DMA +skip +0 of 0 +pages +no edu$ | ^device DMA: skip: no edu$ | 0 | 4 of 5 witnesses; device DMA not proven: no edu$'
	'unverified, why in the step | .witnesses.pagemap = {status: "unverified", compared: 0, mismatched: 0} , .steps += [{name: "pagemap", status: "unverified", detail: "", error: {why: "no right"}}] | pagemap +unverified +0 of 0 +frames +no right$ | ^pagemap: unverified: no right$ | 4 | 4 of 5 witnesses; pagemap not proven: no right$'
	'pages that differ | .witnesses.qemu += {status: "fail", mismatched: 3, first_mismatch: "page 0x1000: PTE", pages: {compared: 256, mismatched: 2}} | QEMU +fail +254 of 256 +pages \(1277 of 1280 entries\) +page 0x1000: PTE$ | ^module = QEMU on 1277 of 1280 entries compared \(254 of 256 pages, 5 levels\): fail$ | 1 | 4 of 5 witnesses; QEMU fails: page 0x1000: PTE$'
	'a pass that names a difference | .witnesses.device_dma.mismatched = 1 | device DMA +pass +199 of 200 | ^process = device DMA on 199 of 200 pages$ | 1 | 4 of 5 witnesses; device DMA fails$'
	'a pass of nothing | .witnesses.iommu.compared = 0 | iommu +pass +0 of 0 | ^iommu: pass$ | 4 | 4 of 5 witnesses; IOMMU not proven$'
	'a witness that is missing | del(.witnesses.iommu) | iommu +missing +0 of 0 | ^iommu: missing$ | 4 | 4 of 5 witnesses; IOMMU not proven$'
	'the host left out | .witnesses.qemu = {status: "skip", compared: 0, mismatched: 0} | QEMU +skip +0 of 0 +pages | ^QEMU: skip$ | 4 | 4 of 5 witnesses; QEMU not proven$'
	'a difference is worse than a doubt | .witnesses.pagemap.mismatched = 1 , del(.witnesses.iommu) | pagemap +pass +255 of 256 | ^module = pagemap on 255 of 256 frames$ | 1 | 3 of 5 witnesses; pagemap fails; IOMMU not proven$'
	'a step that failed | .steps += [{name: "reset", status: "fail", detail: "", error: {what: "the bus", why: "did not come back"}}] | module +pass +256 of 256 | ^256 of 256 pages user$ | 1 | 5 of 5 witnesses; step reset failed: the bus: did not come back$'
	'a step that is unverified | .steps += [{name: "dma-fault", status: "unverified", detail: "no log"}] | module +pass +256 of 256 | ^256 of 256 pages user$ | 4 | 5 of 5 witnesses; step dma-fault was not verified: no log$'
	'a verdict of fail alone | .verdict = "fail" | module +pass +256 of 256 | ^256 of 256 pages user$ | 1 | 5 of 5 witnesses$'
	'the end not seen | .final = false | module +pass +256 of 256 | ^256 of 256 pages user$ | 4 | 5 of 5 witnesses; the run went on, and its end was not seen$'
	'a sample | .witnesses.device_dma += {compared: 256, total: 512, reason: "256 of 512 pages, a sample"} | device DMA +pass +256 of 256 | ^process = device DMA on 256 of 256 pages$ | 0 | 4 of 5 witnesses; device DMA not proven: 256 of 512 pages, a sample$'
	'a failure without a difference | .witnesses.device_dma = {status: "fail", compared: 0, mismatched: 0, reason: "it hangs"} | device DMA +fail +0 of 0 +pages +it hangs$ | ^device DMA: fail: it hangs$ | 1 | 4 of 5 witnesses; device DMA fails: it hangs$'
	'a witness that the demo does not know | .witnesses.page_tlb = {status: "pass", compared: 9, mismatched: 0} | page tlb +pass +9 of 9 | ^page tlb on 9 of 9$ | 0 | 6 of 6 witnesses$'
	'it differs | .witnesses.page_tlb = {status: "fail", compared: 9, mismatched: 1, first_mismatch: "page 0x1000"} | page tlb +fail +8 of 9 +page 0x1000$ | ^page tlb on 8 of 9: fail$ | 1 | 5 of 6 witnesses; page tlb fails: page 0x1000$'
	'no interrupts | .not_proven = [{witness: "interrupts", why: "no driver"}] | module +pass +256 of 256 | ^256 of 256 pages user$ | 0 | 5 of 5 witnesses; interrupts not proven: no driver$'
)

jq -n '{status: "pass", compared: 256, mismatched: 0} as $all | {
	device: {bdf: "0000:00:01.0", vendor: "0x1234", device: "0x11e8", group: 1, driver: "vfio-pci"},
	verdict: "pass", final: true, iommu: {type: "type1v2"}, steps: [{name: "pagemap", status: "pass", detail: "all"}],
	mapping: {pid: 7, vaddr: "0x7f0000000000", iova: "0x0", size: "0x100000", root_pa: "0x1000",
		levels: 5, pti: false},
	pages: {total: 256, user: 256}, walk: [{level: "PGD", index: 0, table_pa: "0x1000", entry: "0x67", flags: ["PRESENT"]}],
	witnesses: {module: $all, pagemap: $all, iommu: $all, device_dma: ($all + {compared: 200}),
		qemu: ($all + {compared: 1280, pages: {compared: 256, mismatched: 0}})}
}' >"$ktap_dir/good.json"

# show WHAT
show() {
	jq -r -L "$root/scripts" "include \"demo\"; $1" "$ktap_dir/report.json"
}

ktap_plan $((4 * ${#cases[@]} + 8))
for one in "${cases[@]}"; do
	IFS='|' read -r name change row sum counted verdict <<<"${one// | /|}"
	word=pass
	[[ $counted -eq 0 ]] || word=unverified
	[[ $counted -ne 1 ]] || word=fail
	# A change may be several, one after the other.
	jq "${change// , / | }" "$ktap_dir/good.json" >"$ktap_dir/report.json"
	expect 0 "^  $row" "$name: the table" show page
	expect 0 "$sum" "$name: the sums" show sums
	expect 0 "^$counted$" "$name: counted as $counted" show counted
	expect 0 "^Verdict: $word: $verdict" "$name: the verdict line" show "verdict_line($counted)"
done
# Another exit status than 0, 1 and 4 is an error.
check 'a guest or a host that ended badly: no pass' test "$(show 'verdict_line(125)' | cut -d : -f 2)" = ' error'
# joined HOST-CHANGE END-CHANGE: joins the host's report to that of the run's end, after a change of
# each by jq
joined() {
	jq "$1" "$ktap_dir/good.json" >"$ktap_dir/host.json"
	jq "del(.witnesses.qemu) | .proven = [\"module\"] | .not_proven = [{witness: \"qemu\", why: \"later\"}] | $2" \
		"$ktap_dir/good.json" >"$ktap_dir/end.json"
	jq -L "$root/scripts" --slurpfile host "$ktap_dir/host.json" 'include "demo"; joined($host[0])' \
		"$ktap_dir/end.json" >"$ktap_dir/joined.json"
	jq -c '[.verdict, .proven, [.not_proven[] | .witness, .why], .witnesses.qemu.status]' "$ktap_dir/joined.json"
}
expect 0 '^\["pass",\["module","qemu"\],\[\],"pass"\]$' 'joined: all agree' joined . .
expect 0 '^\["fail",\["module"\],\["qemu","page 0x1000"\],"fail"\]$' 'joined: the host found a difference' \
	joined '.witnesses.qemu += {status: "fail", mismatched: 1, first_mismatch: "page 0x1000"}' .
expect 0 '^\["fail",\["module"\],\["qemu","pass"\],"pass"\]$' 'joined: a pass that names a difference' \
	joined '.witnesses.qemu.mismatched = 1' .
expect 0 '^\["unverified",\["module"\],\["qemu","missing"\],"missing"\]$' 'joined: the host said nothing' \
	joined 'del(.witnesses.qemu)' .
expect 0 '^\["fail",\["module","qemu"\],\[\],"pass"\]$' 'joined: the run failed in its end' joined . \
	'.verdict = "fail" | .steps += [{name: "recheck", status: "fail", detail: "stale"}]'
expect 0 '^\["unverified",\["module","qemu"\],\[\],"pass"\]$' 'joined: the end is not the end' joined . '.final = false'
show page >"$ktap_dir/page"
show sums >"$ktap_dir/sums"
check 'five rows, five sums' test "$(sed '1,/witness  /d' "$ktap_dir/page" | wc -l)-$(wc -l <"$ktap_dir/sums")" = 5-5
ktap_end
