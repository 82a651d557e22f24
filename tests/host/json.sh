#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# json.sh - the report of vfio_test --json keeps its contract; three VMs

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 28
report=$ktap_dir/report

# is FILTER: jq says true of the report
is() {
	jq -e "$1" "$report"
}

# vm ARGS: vfio_test with them in a guest, its stdout to the report
vm() {
	"$root/scripts/vm" --quiet --strict -- vfio_test "$@" >"$report"
}

expect 0 '' 'vfio_test --json BDF: exit 0' vm --json BDF
check 'one JSON object' is 'type == "object"'
check 'every key of the contract' is '
	["tool", "version", "schema", "verdict", "device", "iommu", "steps", "mapping",
	 "pages", "walk", "witnesses", "final", "expect", "proven", "not_proven", "regions", "config", "irqs", "faults"] - keys == []'
documented() {
	local key n=0

	while read -r key; do
		grep -qF -e "\`$key\`" "$root/docs/json.md" || {
			echo "docs/json.md: no $key"
			return 1
		}
		n=$((n + 1))
	done < <(jq -r 'keys[], (.witnesses | keys[]), ([.device, .iommu, .mapping, .pages, .stale] +
		[.witnesses[]] + .iommu.iova_ranges + .pages.runs + .walk + .tables + .translations + .steps +
		[.steps[].checks // [] | .[]] + .faults + .regions + .irqs | .[] | keys[])' "$report")
	[[ $n -gt 100 ]]
}
check 'the keys of the report are in docs/json.md' documented
check 'tool, schema, verdict' is '[.tool, .schema, .verdict, .final] == ["vfio_test", 1, "pass", true]'
check 'expect: user, which is the default' is '.expect == "user"'
check 'what is proven' is '.proven == ["module", "pagemap", "iommu", "device_dma", "interrupts"] and .not_proven == []'
check 'device' is '.device | .vendor == "0x1234" and .device == "0x11e8" and
	.driver == "vfio-pci" and (.group | type) == "number" and (.bdf | test("^0000:"))'
check 'iommu: page sizes and IOVA ranges are the true ones' is '.iommu |
	.type == "type1v2" and .page_sizes == ["0x1000", "0x200000", "0x40000000"] and
	.iova_ranges == [{start: "0x0", end: "0xfedfffff"}, {start: "0xfef00000", end: "0x7fffffffff"}] and
	.dma_avail == 65535'
check 'steps: each with name, status, detail' is '.steps | length > 15 and
	all(.[]; (.name | type) == "string" and (.detail | type) == "string" and
	    (.status | IN("pass", "fail", "skip", "unverified")))'
check 'mapping: addresses are strings' is '.mapping |
	all(.vaddr, .iova, .size, .page_size, .root_pa; test("^0x[0-9a-f]+$")) and
	(.levels | IN(4, 5)) and (.pti | type) == "boolean" and (.pid | type) == "number"'
check 'pages: counts, and runs that cover all' is '.pages |
	[.total, .user, .supervisor, .absent] == [256, 256, 0, 0] and
	all(.runs[]; all(.vaddr, .iova, .pa, .len, .page_size; test("^0x")) and .user and .write and (.exec | not))'
check 'walk: every level of the first page' is '.mapping.levels as $n | .walk |
	length == $n and .[-1].level == "PTE" and .[0].level == "PGD" and
	all(.[]; (.flags | index("USER")) and (.entry | test("^0x")) and (.index < 512))'
check 'witnesses: five, four of them asked' is '.witnesses | length == 5 and
	all(.module, .pagemap, .iommu, .device_dma; .status == "pass" and .compared == 256 and .mismatched == 0) and
	all(.module, .pagemap, .iommu; (.ns_per_page | type) == "number") and
	.qemu.status == "skip" and .qemu.compared == 0 and (.qemu.reason | test("only the host"))'
check 'translations: all of the mapping' is '.mapping.iovas == [.mapping.iova] and
	(.translations | length) > 0 and all(.translations[]; all(.iova, .pa, .len; test("^0x[0-9a-f]+$")))'
check 'stale: compared again, nothing found' is '.stale == {compared: 256, mismatched: 0, pages: []}'
check 'regions and irqs as found' is '(.regions | length) == 9 and .regions[0].size == "0x100000" and
	(.irqs | length) == 5 and .irqs[1].count == 1'
check 'irqs: what the device raised arrived' is '
	(.irqs[0] | .raised == 3 and .arrived == 3 and .held_while_masked) and
	(.irqs[1] | .raised == 1 and .arrived == 1)'
check 'faults: both, with the kernel'\''s line' is '.faults | length == 2 and
	[.[].kind] == ["read-only", "unmapped"] and
	all(.[]; .iova as $iova | .log | test("DMAR: \\[DMA Write.*fault addr \($iova) "))'
check 'regions: first words by pread and through the mapping' is '.regions[0] |
	.name == "BAR0" and .first[0] == "0x010000ed" and (.caps | type) == "array" and
	.mmap[0] == {offset: "0x0", size: "0x100000", first: .first, agrees: true}'
check 'config: ids, BARs, capabilities' is '.config | .vendor == "0x1234" and .device == "0x11e8" and
	.bars[0].size == "0x100000" and .bars[0].agrees and .caps[0].name == "MSI" and .extended == []'

expect 4 '' 'vfio_test --no-module: exit 4' vm --json --dma none --no-module BDF
check '--dma none: nothing asked of the device' is '.witnesses.device_dma.status == "skip" and .faults == []'
check 'its verdict is unverified, and no page is vouched for' is '.verdict == "unverified" and
	(.witnesses.module | .status == "unverified" and .compared == 0 and .mismatched == 0) and .pages == {} and
	all(.witnesses | .pagemap, .iommu; .status == "unverified")'
check 'what is not proven, and why' is '.proven == [] and .not_proven == [
	{witness: "module", why: "the module was not asked: --no-module"},
	{witness: "pagemap", why: "nothing from the module to compare with"},
	{witness: "iommu", why: "nothing from the module to compare with"},
	{witness: "device_dma", why: "--dma none"}, {witness: "interrupts", why: "--dma none"}]'
expect 1 '' 'vfio_test --expect supervisor: exit 1' vm --json --expect supervisor BDF
check 'expect: supervisor, as was asked' is '.expect == "supervisor"'
check 'its verdict is fail, with the page and the cause' is '.verdict == "fail" and
	.witnesses.module.mismatched == 256 and ([.not_proven[].witness] | index("module") == 0) and (.steps[] | select(.name == "page-user") |
	.status == "fail" and (.error.why | test("first 0x[0-9a-f]+: _PAGE_USER is set at every level")))'
ktap_end
