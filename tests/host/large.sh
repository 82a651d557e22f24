#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# large.sh - large mappings and large pages: every page by module, pagemap and IOMMU,
# and runs of the right size there and in QEMU

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 21
vm=''
trap '[[ -z $vm ]] || kill $vm 2>/dev/null; wait; rm -rf "$ktap_dir"' EXIT

# --- 4K pages, many of them: one guest -----------------------------------------

"$root/scripts/vm" --quiet --strict --memory 3G --timeout 300 -- \
	sh -c 'for size in 64M 1G; do vfio_test --dma none --size $size $BDF || exit; done' \
	>"$ktap_dir/many" 2>&1
check '64 MiB and 1 GiB of 4K pages: pass' [ $? -eq 0 ]

# says REGEX
says() {
	grep -qE -e "$1" "$ktap_dir/many"
}
for pages in 16384 262144; do
	of="$pages of $pages"
	check "$pages pages: by the module, with its time a page" \
		says "_PAGE_USER: set on $of pages, over all levels, [0-9]+ ns a page"
	check "$pages pages: by pagemap, with its time a page" says "module = pagemap on $of frames, [0-9]+ ns a page"
	check "$pages pages: by the IOMMU, with its time a page" says "module = IOMMU on $of frames, [0-9]+ ns a page"
	check "$pages pages: and again before unmap" says "Before unmap: $of frames still agree"
done

# --- large pages, one guest each -------------------------------------------------

# page size | in bytes | level | mapped | levels a page has | words for the kernel
while IFS='|' read -r page bytes level size words; do
	rm -f "$ktap_dir/enter"
	mkfifo "$ktap_dir/enter"
	report=$ktap_dir/$page.json
	"$root/scripts/vm" --quiet --strict --stdin --memory 4G --timeout 300 --qmp "$ktap_dir/qmp" \
		--append "$words" -- \
		vfio_test --dma none --hold --json --page-size "$page" --size "$size" BDF \
		<"$ktap_dir/enter" >"$report" 2>"$ktap_dir/said" &
	vm=$!
	exec 7>"$ktap_dir/enter"
	for ((i = 0; i < 1200; i++)); do
		[[ $(tail -n 1 "$report") != '}' ]] || break
		kill -0 $vm 2>/dev/null || break
		sleep 0.1
	done
	check "$page pages: pass" jq -e '.verdict == "pass" and .witnesses.iommu.status == "pass"' "$report"
	# Each run a whole number of pages, aligned to one, and all of them the mapping.
	check "$page pages: runs of leaves of that size in the module" jq -e --arg hex "$(printf 0x%x "$bytes")" \
		'.pages.runs | length > 0 and all(.[]; .page_size == $hex)' "$report"
	# shellcheck disable=SC2016 # jq's own $
	whole='def n: .[2:] | explode | reduce .[] as $c (0; . * 16 + (if $c > 96 then $c - 87 else $c - 48 end));'
	# shellcheck disable=SC2016
	check "$page pages: runs of whole pages in the IOMMU" jq -e --argjson bytes "$bytes" "$whole"'
		(.mapping.size | n) as $size | .translations |
		all(.[]; (.len | n) % $bytes == 0 and (.pa | n) % $bytes == 0) and
		(map(.len | n) | add) == $size' "$report"
	status=0
	"$root/user/qemu_verify_pte" --qmp "$ktap_dir/qmp" --report "$report" --json >"$ktap_dir/host.json" || status=$?
	check "$page pages: QEMU agrees" [ $status -eq 0 ]
	"$root/user/qemu_verify_pte" --qmp "$ktap_dir/qmp" --root "$(jq -r .mapping.root_pa "$report")" --json \
		"$(jq -r .mapping.vaddr "$report")" >"$ktap_dir/host.json"
	check "$page pages: QEMU has the leaf at that level" jq -e --arg level "$level" \
		'.walk[-1] | .level == $level and (.flags | index("PSE") != null)' "$ktap_dir/host.json"
	echo >&7
	exec 7>&-
	check "$page pages: the guest ends well" wait $vm
	vm=''
done <<-'END'
	2M|2097152|PMD|64M|hugepages=32
	1G|1073741824|PUD|1G|hugepagesz=1G hugepages=1
END
ktap_end
