#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# large.sh - large mappings and large pages: every page by module, pagemap and IOMMU,
# and runs of the right size there and in QEMU

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 31
vm='' port=0
trap '[[ -z $vm ]] || kill $vm 2>/dev/null; wait; rm -rf "$ktap_dir"' EXIT

# held REPORT MEMORY COMMAND...: a guest whose COMMAND holds a mapping and tells REPORT
held() {
	local report=$1 memory=$2
	shift 2

	# A TCP port that nobody listens on, for the human monitor.
	port=$((20000 + RANDOM % 20000))
	while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((port + 1))
	done

	rm -f "$ktap_dir/enter"
	mkfifo "$ktap_dir/enter"
	"$root/scripts/vm" --quiet --strict --stdin --memory "$memory" --timeout 400 --qmp "$ktap_dir/qmp" \
		--hmp "$port" "$@" <"$ktap_dir/enter" >"$report" 2>"$ktap_dir/said" &
	vm=$!
	exec 7>"$ktap_dir/enter"
	for ((i = 0; i < 2400; i++)); do
		[[ $(tail -n 1 "$report") != '}' ]] || break
		kill -0 $vm 2>/dev/null || break
		sleep 0.1
	done
}

# --- 4K pages, many of them: one guest -----------------------------------------

report=$ktap_dir/many.json
# shellcheck disable=SC2016 # the guest's own $
held "$report" 3G -- sh -c 'vfio_test --dma none --size 64M $BDF >&2 &&
	exec vfio_test --json --hold --dma none --size 1G $BDF'
# says REGEX
says() {
	grep -qE -e "$1" "$ktap_dir/said"
}
of='16384 of 16384'
check '64 MiB of 4K pages: by the module, with its time a page' \
	says "_PAGE_USER: set on $of pages, over all levels, [0-9]+ ns a page"
check '64 MiB of 4K pages: by pagemap, with its time a page' says "module = pagemap on $of frames, [0-9]+ ns a page"
check '64 MiB of 4K pages: by the IOMMU, with its time a page' says "module = IOMMU on $of frames, [0-9]+ ns a page"
check '64 MiB of 4K pages: and again before unmap' says "Before unmap: $of frames still agree"
check '1 GiB of 4K pages: held' jq -e '.held and .so_far == "pass"' "$report"
for witness in module pagemap iommu; do
	check "1 GiB of 4K pages: all by $witness, with its time a page" jq -e --arg w "$witness" '.witnesses[$w] |
		.status == "pass" and .compared == 262144 and .mismatched == 0 and (.ns_per_page | type) == "number"' "$report"
done
levels=$(jq .mapping.levels "$report")
check '1 GiB of 4K pages: the report has each entry once' jq -e '[.tables[] | select(.level == "PTE") | .entries | length] |
	add == 262144' "$report"

# host NAME STATUS [ARG...]: the host's comparison, in bounded time and memory
host() {
	local name=$1 status=$2 got=0
	shift 2

	(ulimit -v 1500000 && exec timeout 120 "$root/user/qemu_verify_pte" --qmp "$ktap_dir/qmp" "$@") \
		>"$ktap_dir/host.json" 2>"$ktap_dir/host-said" || got=$?
	check "1 GiB of 4K pages: $name" test "$got-$(wc -l <"$ktap_dir/host-said")" = "$status-0"
}
host 'QEMU agrees' 0 --report "$report" --json
check '1 GiB of 4K pages: QEMU compared every entry of every page' jq -e --argjson levels "$levels" '
	.verdict == "pass" and .entries_distinct > 262144 and .pages.user == 262144 and .tables_read >= 512 + $levels - 1 and
	(.witnesses.qemu | .compared == 262144 * $levels and .mismatched == 0 and .changed == 0 and .in_passing == 0 and
		.pages == {compared: 262144, mismatched: 0})' "$ktap_dir/host.json"
# Somebody else lets the VM go on again and again.
"$root/user/qemu_verify_pte" --qmp "$ktap_dir/qmp" --report "$report" --json >"$ktap_dir/host.json" &
pid=$!
exec 9<>"/dev/tcp/127.0.0.1/$port"
while kill -0 $pid 2>/dev/null; do
	printf 'cont\n' >&9
	sleep 0.05
done
status=0
wait $pid || status=$?
exec 9>&-
# 2 where the first cont comes between our stop and the question whether it worked.
check '1 GiB of 4K pages: a VM that another client lets go on meanwhile: exit 4, or 2' \
	test $status -eq 4 -o $status -eq 2
check '1 GiB of 4K pages: and it says so' jq -e '
	(.verdict == "unverified" and (.detail | test("another client let the VM go on"))) or
	(.verdict == "error" and (.error.why | test("the VM still runs")))' "$ktap_dir/host.json"
# The last of all, and the tables told in pieces: each piece begins with the entries on the way, as
# answers of the module do.
jq '(.tables[-1].entries[-1]) |= .[:-1] + "5"' "$report" >"$ktap_dir/other.json"
host 'one bit less in the last entry is found' 1 --report "$ktap_dir/other.json" --json
check '1 GiB of 4K pages: and it is the only one' jq -e '.witnesses.qemu.mismatched == 1' "$ktap_dir/host.json"
jq '[.tables[] | select(.level != "PTE")] as $way | .tables |= ([.[] | select(.level != "PTE")] +
	[.[] | select(.level == "PTE") | ., (. as $t | $way[] | .vaddr as $from | select(.entries | length == 1) |
		.vaddr = $t.vaddr)])' "$report" >"$ktap_dir/pieces.json"
check '1 GiB of 4K pages: in pieces it is longer' test \
	"$(jq '.tables | length' "$ktap_dir/pieces.json")" -gt "$(jq '.tables | length + 1000' "$report")"
host 'the report in pieces agrees as well' 0 --report "$ktap_dir/pieces.json" --json
echo >&7
exec 7>&-
check '1 GiB of 4K pages: the guest ends well' wait $vm
vm=''
check '1 GiB of 4K pages: and passes to its end' jq -es '.[-1] | .final and .verdict == "pass"' "$report"

# --- large pages, one guest each -------------------------------------------------

# page size | in bytes | level | mapped | levels a page has | words for the kernel
while IFS='|' read -r page bytes level size words; do
	report=$ktap_dir/$page.json
	held "$report" 4G --append "$words" -- \
		vfio_test --dma none --hold --json --page-size "$page" --size "$size" BDF
	check "$page pages: pass so far" jq -e '.so_far == "pass" and .witnesses.iommu.status == "pass"' "$report"
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
