#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# backends.sh [--table] - every back end of VFIO on the debug kernel, for guest/backends.sh
#
# Two VMs, with an IOMMU and without one. What they say of the steps and rules of each
# back end is the table of docs/back-ends.md, which must be the same; --table prints it.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

readonly begin='<!-- back ends: as tests/host/backends.sh --table prints it -->'
readonly end='<!-- end of back ends -->'
seen=$ktap_dir/seen
status=0

# vm OPTIONS... -- BACKEND...: the points on stdout, the table's lines into $seen
vm() {
	"$root/scripts/vm" --kernel debug --strict --timeout 400 --file /usr/bin/jq:/usr/bin/jq \
		--file "$root/tests/guest/liar_vfio.c:liar_vfio.so" \
		--device e1000e --device nvme,serial=1 --device virtio-net-pci,disable-legacy=on,iommu_platform=on \
		"$@" 2>&1 | tee >(sed -n 's/^# table //p' >>"$seen") | grep -v '^# table '
	[[ ${PIPESTATUS[0]} -eq 0 ]] || status=1
}

# Lines "BACKEND WHAT|STATUS|DETAIL" to two tables: the steps, and the rules with answers
# that are not the same from all
make_table() {
	awk -F '|' '
	{
		be = $1; sub(/ .*/, "", be)
		what = $1; sub(/^[^ ]* /, "", what)
	}
	!(be in bes) { bes[be] = ++nr_be; be_name[nr_be] = be }
	what ~ /^dma-rules: / {
		sub(/^dma-rules: /, "", what)
		if (!(what in rules)) { rules[what] = ++nr_rules; rule_name[nr_rules] = what }
		checks[be]++
		answer[what, be] = $3 ~ /^(success|E[A-Z0-9]+)(,.*)?$/ ? $3 : "?"
		sub(/,.*/, "", answer[what, be])
		next
	}
	{
		if (!(what in steps)) { steps[what] = ++nr_steps; step_name[nr_steps] = what }
		cell[what, be] = $2 == "skip" ? "-" : $2
	}
	function row(first, k, v) {
		printf "| %s |", first
		for (k = 1; k <= nr_be; k++) printf " %s |", v[k]
		print ""
	}
	# Does any back end have it?
	function cells(v, k, n) {
		for (k = 1; k <= nr_be; k++) n += v[k] != "-"
		return n
	}
	END {
		for (k = 1; k <= nr_be; k++) { head[k] = be_name[k]; dash[k] = "---" }
		row("step", 0, head); row("---", 0, dash)
		for (i = 1; i <= nr_steps; i++) {
			for (k = 1; k <= nr_be; k++) {
				v[k] = cell[step_name[i], be_name[k]]
				if (step_name[i] == "dma-rules" && v[k] == "pass")
					v[k] = checks[be_name[k]] " checks"
			}
			if (cells(v)) row(step_name[i], 0, v)
		}
		print ""
		row("rule of `dma-rules` that differs", 0, head); row("---", 0, dash)
		for (i = 1; i <= nr_rules; i++) {
			differ = shown = 0; first = ""
			for (k = 1; k <= nr_be; k++) {
				v[k] = answer[rule_name[i], be_name[k]]
				if (v[k] == "") { v[k] = "-"; continue }
				if (v[k] == "?") { shown = -9; continue }
				shown++
				if (first == "") first = v[k]
				else if (v[k] != first) differ = 1
			}
			if (differ && shown > 1) row(rule_name[i], 0, v)
		}
	}' "$seen"
}

if [[ ${1:-} == --table ]]; then
	exec 3>&1 >&2
fi
vm --append vfio_iommu_type1.dma_entry_limit=100 -- /tests/backends.sh --table iommufd type1v2 type1 compat
vm --iommu none -- /tests/backends.sh --table noiommu
make_table >"$ktap_dir/table"
if [[ ${1:-} == --table ]]; then
	cat "$ktap_dir/table" >&3
	ktap_over=yes # no points
	exit $status
fi
ktap_plan 1
awk -v begin="$begin" -v end="$end" '$0 == end { on = 0 } on && NF; $0 == begin { on = 1 }' \
	"$root/docs/back-ends.md" >"$ktap_dir/documented"
sed -i '/^$/d' "$ktap_dir/table"
check 'the table of docs/back-ends.md is what was seen' diff "$ktap_dir/documented" "$ktap_dir/table"
[[ $status -eq 0 ]] || ktap_bad=$((ktap_bad + 1))
ktap_end
