#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# stale.sh - pages whose frame is no longer the one that the device has are named
#
# In a VM with an IOMMU, the device bound to vfio-pci, stale.so in /root
# (tests/host/stale.sh), which makes the pages so and says which they are.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh

# mode | first kernel where the pages keep their frames, or "never" | why they do
modes='
nothing    | 0.0   | nobody meddles
drop       | never |
drop-touch | never |
mremap     | never |
punch      | never |
fork-late  | 5.9   | fork() gives the child copies of pinned pages at once
fork-early | 5.19  | the kernel unshares pages before it pins them for reading
file       | 6.2   | the kernel unshares pages of a file as well
'

# since X.Y: is this kernel that, or newer?
since() {
	IFS=.- read -r major minor _ <<-END
	$(uname -r)
	END
	[ "$1" != never ] &&
		[ $((major * 1000 + minor)) -ge $((${1%.*} * 1000 + ${1#*.})) ]
}

# said_of WORD: the pages that stale.so says this of
said_of() {
	sed -n "s/^stale: $1 \(0x[0-9a-f]*\).*/\1/p" "$ktap_dir/err"
}

# The frames that changed, by pagemap, are those meddled with; or none
moved() {
	cat "$ktap_dir/err"
	[ "$(said_of changed | wc -l)" -eq 5 ] || return 1
	if [ "$1" = all ]; then
		[ "$(said_of moved)" = "$(said_of changed)" ] &&
			grep -q '^stale: stays 251$' "$ktap_dir/err"
	else
		[ -z "$(said_of moved)" ] && grep -q '^stale: stays 256$' "$ktap_dir/err"
	fi
}

# The report's object "stale", and its list of pages
stale_object() {
	sed -n '/"stale": *{/,/}/p' "$ktap_dir/out"
}

stale_pages() {
	stale_object | grep -oE '"0x[0-9a-f]+"' | tr -d '"'
}

# reported STATUS MISMATCHED: step and counts
reported() {
	stale_object
	grep -A 3 '"recheck"' "$ktap_dir/out"
	stale_object | grep -q '"compared": *256,' &&
		stale_object | grep -q "\"mismatched\": *$2," &&
		grep -A 1 '"name": *"recheck"' "$ktap_dir/out" | grep -q "\"status\": *\"$1\""
}

# The tester names those pages that moved, each, and no other.
named() {
	echo "moved: $(said_of moved)"
	echo "named: $(stale_pages)"
	[ "$(stale_pages)" = "$(said_of moved)" ]
}

# The same of the text
text_named() {
	[ "$(sed -n 's/^  page \(0x[0-9a-f]*\), IOVA .*: process .*, IOMMU .*/\1/p' "$ktap_dir/out")" = \
		"$(said_of moved)" ]
}

# held MODE ARGS: vfio_test, the mapping made stale in the hold as MODE says
held() {
	stale=$1
	shift
	STALE=$stale LD_PRELOAD=/root/stale.so timeout -s KILL 90 vfio_test --dma none --no-rules --hold=1 "$@" "$BDF"
}

# one MODE all|none WHY
one() {
	status=0 word=pass number=0 text="$1: no page is stale: $3"
	if [ "$2" = all ]; then
		status=1 word=fail number=5 text="$1: five pages are stale"
	fi
	expect $status '' "$1: exit $status" held "$1" --recheck --json
	check "$1: pagemap: $2 of the changed pages have another frame" moved "$2"
	check "$text" reported $word $number
	check "$1: each is named, and no other" named
}

ktap_plan $(($(echo "$modes" | grep -c '|') * 4 + 8))
while IFS='|' read -r mode kept why; do
	mode=${mode%% *}
	kept=${kept# }
	[ -n "$mode" ] || continue
	if since "${kept%% *}"; then
		one "$mode" none "${why# }"
	else
		one "$mode" all ''
	fi </dev/null
done <<END
$modes
END

expect 1 'stale DMA: 5 of 256 pages' 'without --recheck: before unmap all the same' held mremap
check 'without --recheck: each is named' text_named
start=$(date +%s)
expect 1 'stale DMA: 5 of 256 pages' '--recheck=100: fails' held drop --hold=60 --recheck=100
check '--recheck=100: ends the hold' [ $(($(date +%s) - start)) -lt 30 ]

# What the kernel does to frames on its own: it tries to move each to take it out of use, which a
# pinned page does not let it; for a moment the process has no page there. The next comparison
# finds all as it was, and the difference that was seen decides all the same.
offline=/sys/devices/system/memory/soft_offline_page
frames() {
	grep -E '^  0x[0-9a-f]+ \+0x[0-9a-f]+ pa ' "$ktap_dir/held" | while read -r _ len _ pa _; do
		at=0
		while [ "$at" -lt $((len)) ]; do
			printf '0x%x\n' $((pa + at))
			at=$((at + 4096))
		done
	done
}
offlined() {
	: >"$ktap_dir/why"
	vfio_test --verbose --dma none --no-rules --no-reset --hold=60 --recheck=2 "$BDF" >"$ktap_dir/held" 2>"$ktap_dir/why" &
	pid=$!
	ktap_wait holding "$ktap_dir/why" "$pid" || return 1
	frames >"$ktap_dir/frames"
	while kill -0 "$pid" 2>/dev/null; do
		while read -r pa && kill -0 "$pid"; do
			echo "$pa" >"$offline"
		done <"$ktap_dir/frames" 2>/dev/null
	done
	wait "$pid"
	status=$?
	tail -n 4 "$ktap_dir/held"
	echo "exit $status"
	[ "$status" -eq 1 ]
}
if [ -e "$offline" ]; then
	check 'a difference for a moment: exit 1' offlined
	check 'a difference for a moment: the hold ends, and says why' \
		grep -q '^vfio_test: the hold ends early: stale DMA: [0-9]* of 256 pages have another frame' "$ktap_dir/why"
	check 'a difference for a moment: the verdict names it' \
		grep -qE '^Verdict: fail: .*step hold failed: stale DMA: .*IOMMU fails: [0-9]+ of 256 pages differ: first page 0x' "$ktap_dir/held"
else
	for one in 'exit 1' 'the hold ends, and says why' 'the verdict names it'; do
		ktap_skip "a difference for a moment: $one" "this kernel takes no page out of use (CONFIG_MEMORY_FAILURE)"
	done
fi
check 'nothing is left' nothing_left
ktap_end
