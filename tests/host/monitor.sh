#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# monitor.sh - qemu_verify_pte against a live VM that holds a mapping
#
# What agrees, agrees; a report with any one bit changed does not; and the VM
# runs on, whatever happened: a second client of QEMU counts its stops.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 114
verify=$root/user/qemu_verify_pte
report=$ktap_dir/report.json
qmp=$ktap_dir/qmp

# A TCP port that nobody listens on, for the human monitor.
port=$((20000 + RANDOM % 20000))
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((port + 1))
done

# QEMU with a second machine protocol, for who counts.
second=$ktap_dir/second
# shellcheck disable=SC2016 # the wrapper's own $
printf '#!/bin/sh\nexec %s "$@" -qmp unix:%s,server=on,wait=off\n' "${QEMU:-qemu-system-x86_64}" "$second" \
	>"$ktap_dir/qemu"
chmod +x "$ktap_dir/qemu"
gcc -O1 -Wall -Wextra -o "$ktap_dir/talk" "$root/tests/host/qmp.c" &&
	gcc -O1 -Wall -Wextra -o "$ktap_dir/liar" "$root/tests/host/qmp_liar.c" || exit 2

mkfifo "$ktap_dir/enter" "$ktap_dir/say"
QEMU=$ktap_dir/qemu "$root/scripts/vm" --quiet --strict --stdin --qmp "$qmp" --hmp "$port" -- \
	vfio_test --hold --json BDF <"$ktap_dir/enter" >"$report" 2>"$ktap_dir/vm-stderr" &
vm=$!
trap 'kill $vm 2>/dev/null; wait; rm -rf "$ktap_dir"' EXIT
exec 7>"$ktap_dir/enter"
for ((i = 0; i < 1200; i++)); do
	[[ $(tail -n 1 "$report") != '}' ]] || break
	kill -0 $vm 2>/dev/null || break
	sleep 0.1
done
check 'the guest holds a mapping: no pass yet, and so far one' jq -e \
	'.held and .verdict == "unverified" and .so_far == "pass" and .final == false' "$report"

events=$ktap_dir/events
"$ktap_dir/talk" "$second" <"$ktap_dir/say" >"$events" &
talk=$!
exec 6>"$ktap_dir/say"

# say COMMAND: to QEMU, and wait for its answer
say() {
	local before

	before=$(grep -c '"return"\|"error"' "$events")
	printf '{"execute": "%s"}\n' "$1" >&6
	for ((i = 0; i < 100; i++)); do
		[[ $(grep -c '"return"\|"error"' "$events") -eq $before ]] || break
		sleep 0.05
	done
	tail -n 1 "$events"
}

# count EVENT: how often it came
count() {
	say query-status >/dev/null # whatever came before its answer is there
	grep -c "\"event\": \"$1\"" "$events"
}

# stops_with N NAME COMMAND...: it stops the VM N times, and lets it go on as often
stops_with() {
	local stops resumes want=$1 name=$2

	stops=$(count STOP) resumes=$(count RESUME)
	shift 2
	"$@" >"$ktap_dir/out" 2>&1
	check "$name: $want times stopped, and as often let go on" test \
		"$(($(count STOP) - stops))-$(($(count RESUME) - resumes))" = "$want-$want"
}

vaddr=$(jq -r .mapping.vaddr "$report")
root_pa=$(jq -r .mapping.root_pa "$report")
levels=$(jq -r .mapping.levels "$report")
pte=$(jq -r '.walk[-1].entry' "$report")

total=$((256 * levels))
expect 0 "$total of $total entries agree" 'the report, as it is: all agree' "$verify" --qmp "$qmp" --report "$report"
expect 0 "$total of $total entries agree" 'the report from stdin' sh -c "'$verify' --qmp '$qmp' --report - <'$report'"
expect 0 '"verdict": ?"pass"' '--json' "$verify" --qmp "$qmp" --report "$report" --json
check '--json: witness qemu' jq -e --argjson n "$total" \
	'.witnesses.qemu | [.status, .compared, .mismatched] == ["pass", $n, 0]' "$ktap_dir/out"
expect 0 '' '--expect user' "$verify" --qmp "$qmp" --report "$report" --expect user
expect 1 "$vaddr" '--expect supervisor: names the first page' "$verify" --qmp "$qmp" --report "$report" --expect supervisor

stops_with 1 '--report' "$verify" --qmp "$qmp" --report "$report"
stops_with 1 'one address' "$verify" --qmp "$qmp" --root "$root_pa" "$vaddr"
stops_with 1 'a report that does not agree' sh -c "jq '.pages.user = 255' '$report' | '$verify' --qmp '$qmp' --report -"
stops_with 0 '--no-stop' "$verify" --qmp "$qmp" --report "$report" --no-stop
expect 0 "$total of $total entries agree" '--no-stop: all is read again, nothing changed' \
	"$verify" --qmp "$qmp" --report "$report" --no-stop

# Stopped by somebody else before, it stays so.
say stop >/dev/null
stops_with 0 'a VM that was stopped before' "$verify" --qmp "$qmp" --report "$report"
check 'a VM that was stopped before: it agrees' grep -q "$total of $total entries agree" "$ktap_dir/out"
check 'a VM that was stopped before: it still is' grep -q '"running": false' <(say query-status)
say cont >/dev/null

# flip NAME FILTER REGEX: the report, changed by jq, must be found out
flip() {
	jq "$2" "$report" >"$ktap_dir/flipped.json"
	check "$1: it is another report" sh -c "! cmp -s '$report' '$ktap_dir/flipped.json'"
	expect 1 "$3" "$1: found, page and level named" "$verify" --qmp "$qmp" --report "$ktap_dir/flipped.json"
}

# hex digits as bits: flips bit 2 (_PAGE_USER) of the last digit
# shellcheck disable=SC2016 # jq's own $
user_bit='def flip: .[:-1] + ({"0":"4","1":"5","2":"6","3":"7","4":"0","5":"1","6":"2","7":"3","8":"c","9":"d","a":"e","b":"f","c":"8","d":"9","e":"a","f":"b"}[.[-1:]]);'
page7=$(printf '0x%x' $((vaddr + 7 * 4096)))
# What entry of the PTE tables that is depends on where the buffer lies.
flip 'a PTE of page 7' "$user_bit
	($((vaddr / 4096 + 7)) % 512) as \$i |
	(.tables[] | select(.level == \"PTE\" and .index <= \$i and \$i < .index + (.entries | length)) | .entries[\$i - .index]) |= flip" \
	"page $page7: PTE"
flip 'the PMD entry' "$user_bit (first(.tables[] | select(.level == \"PMD\")) | .entries[0]) |= flip" "page $vaddr: PMD"
flip 'the PGD entry' "$user_bit (.tables[] | select(.level == \"PGD\") | .entries[0]) |= flip" "page $vaddr: PGD"
flip 'the walk of the first page' "$user_bit .walk[-1].entry |= flip" 'PTE'
flip 'the frame of a run' '.pages.runs[0].pa |= (.[:-4] + (if .[-4:-3] == "1" then "2" else "1" end) + .[-3:])' "$vaddr"
flip 'the count of user pages' '.pages.user = 255' 'user'

# A bit of the first frame that the root does not have
frame=$(jq -r '.pages.runs[0].pa' "$report")
for ((bit = 12; bit < 40 && (frame & ~root_pa) >> bit & 1 ^ 1; bit++)); do :; done
flip 'a bit less of addresses' "$(printf '.mapping.pa_mask = "0x%x"' $((0xffffffffff000 & ~(1 << bit))))" 'mapping.pa_mask: '
flip 'PTI' '.mapping.pti |= not' 'mapping.pti: the report says'
flip 'the root of the kernel' '.mapping.kernel_root_pa = "0x1000"' 'mapping.kernel_root_pa'
flip 'the size of pages' '.mapping.page_size = "0x200000"' 'mapping.page_size'
flip 'the flags of an entry' '.walk[0].flags |= .[1:]' "page $vaddr: PGD in walk: its flags"
flip 'a right of a run' '.pages.runs[0].exec |= not' "page $vaddr: PTE: run says"

# The same tables, told as if the VM had four levels.
name='a report of other levels than the VM has'
if [[ $levels -eq 5 ]]; then
	jq 'def down: if .level == "P4D" then .level = "PGD" else . end;
		.mapping.levels = 4 | .mapping.root_pa = .walk[1].table_pa | .mapping.kernel_root_pa = .walk[1].table_pa |
		.walk |= (.[1:] | map(down)) | .tables |= [.[] | select(.level != "PGD") | down]' "$report" >"$ktap_dir/four.json"
	expect 1 'the report is of 4 levels' "$name" "$verify" --qmp "$qmp" --report "$ktap_dir/four.json"
else
	ktap_skip "$name" 'this kernel has four levels itself'
fi

# A report that passes, by figures of its own that say else.
expect 1 'the report says pass, but pages: 256 of 256 are user pages, but the run expected supervisor' \
	'a report of another expectation' sh -c "jq '.expect = \"supervisor\"' '$report' | '$verify' --qmp '$qmp' --report -"
expect 2 'report.expect is neither user nor supervisor' 'an expectation of nothing' \
	sh -c "jq '.expect = \"both\"' '$report' | '$verify' --qmp '$qmp' --report -"
expect 4 'the report says pass, but witnesses.pagemap: 255 of 256 pages were compared' \
	'a pass of a part of the pages' sh -c "jq '.witnesses.pagemap.compared = 255' '$report' | '$verify' --qmp '$qmp' --report -"
expect 2 'report.verdict is not one of pass' 'a verdict that is no word' \
	sh -c "jq '.verdict = \"passed\"' '$report' | '$verify' --qmp '$qmp' --report -"
expect 1 'the report says pass, but steps: dma-map: its status is fail' 'a pass with a step that failed' \
	sh -c "jq '(.steps[] | select(.name == \"dma-map\")).status = \"fail\"' '$report' | '$verify' --qmp '$qmp' --report -"

# What was told again, in the middle: alike, in a bit that changes in passing, changed.
again='(first(.tables[] | select(.level == "PMD")) | .vaddr = $va | .entries |= .[:1]) as $t | .tables |='
va=$(printf '0x%x' $((vaddr + 4096)))
jq --arg va "$va" "$again [\$t] + ." "$report" >"$ktap_dir/again.json"
expect 0 "$total of $total entries agree" 'an entry that is told again alike: one entry' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/again.json"
jq --arg va "$va" "$user_bit $again [(\$t | .entries[0] |= flip)] + ." "$report" >"$ktap_dir/again.json"
expect 4 'not verified: .*PMD changed while the module read' 'an entry that changed meanwhile: no pass' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/again.json"

# No report: what JSON does not have, and what json-c would take all the same.
sed '0,/"mapping": {/s//"mapping": {"pti": true,/' "$report" >"$ktap_dir/twice.json"
expect 2 'given twice in one object: pti' 'a key given twice' "$verify" --qmp "$qmp" --report "$ktap_dir/twice.json"
sed 's/"absent": 0/"absent": NaN/' "$report" >"$ktap_dir/nan.json"
expect 2 'not strict JSON' 'a count that is no number' "$verify" --qmp "$qmp" --report "$ktap_dir/nan.json"
expect 2 'more follows' 'two reports in one file' sh -c "cat '$report' '$report' | '$verify' --qmp '$qmp' --report -"
jq '.mapping.bits.volatile = "0xffffffffffffffff"' "$report" >"$ktap_dir/volatile.json"
expect 2 'does not change in passing' 'a report after which all bits change in passing' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/volatile.json"

# The bit that the CPU sets and the kernel clears as they go: bit 1 of the last digit but one.
# shellcheck disable=SC2016 # jq's own $
accessed_bit='def flip: .[:-2] + ({"0":"2","1":"3","2":"0","3":"1","4":"6","5":"7","6":"4","7":"5","8":"a","9":"b","a":"8","b":"9","c":"e","d":"f","e":"c","f":"d"}[.[-2:-1]]) + .[-1:];'
jq "$accessed_bit (.tables[] | select(.level == \"PGD\") | .entries[0]) |= flip" "$report" >"$ktap_dir/accessed.json"
expect 0 "^.*$total of $total entries agree, [0-9]+ of them except for ACCESSED" 'ACCESSED alone differs: agrees, and is told' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/accessed.json"
expect 1 "page $vaddr: PGD .* differs in ACCESSED" 'ACCESSED alone differs, --exact' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/accessed.json" --exact

jq 'del(.tables[] | select(.level == "PTE"))' "$report" >"$ktap_dir/short.json"
expect 4 '256 pages not verified: .*the report has no PTE entry' 'a report without its PTEs is no pass' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/short.json"
expect 2 'not JSON|not a report' 'a report that is cut off' sh -c "head -c 2000 '$report' | '$verify' --qmp '$qmp' --report -"

# The joined report: all of the guest's, with the host's word in it.
joined=$ktap_dir/joined.json

# as_joined FILTER: jq says true of it; $g is the guest's own
as_joined() {
	jq -e --slurpfile g "$report" --argjson n "$total" "\$g[0] as \$g | $1" "$joined"
}

expect 4 'joined report: unverified \(guest pass so far, host pass\)' '--join: a held run is no pass yet: exit 4' \
	"$verify" --qmp "$qmp" --report "$report" --join "$joined"
check '--join: qemu is filled in, pages too' as_joined '.so_far == "pass" and .held and (.witnesses.qemu |
	[.status, .compared, .mismatched] == ["pass", $n, 0] and .pages == {compared: 256, mismatched: 0})'
check '--join: qemu is among the proven' as_joined '.proven - ["qemu"] == $g.proven and (.proven | index("qemu"))'
check '--join: all else is as it was, to the byte' cmp \
	<(jq 'del(.witnesses.qemu, .proven)' "$report") <(jq 'del(.witnesses.qemu, .proven)' "$joined")
check '--join -: the same, and nothing else' sh -c \
	"'$verify' --qmp '$qmp' --report - --join - <'$report' | cmp - '$joined'"

# As the run's last report would be.
final=$ktap_dir/final.json
jq 'del(.held, .so_far) | .verdict = "pass" | .final = true |
	.steps += [{name: "hold", status: "pass"}, {name: "recheck", status: "pass"}] |
	.stale = {compared: .witnesses.iommu.compared, mismatched: 0, pages: []}' "$report" >"$final"
expect 0 'joined report: pass \(guest pass, host pass\)' '--join: a run that has ended: exit 0' \
	"$verify" --qmp "$qmp" --report "$final" --join "$joined"
# judged NAME STATUS FILTER REGEX: what the guest is by its figures
judged() {
	jq "del(.proven) | $3" "$final" >"$ktap_dir/judged.json"
	expect "$2" "$4" "--join: $1: exit $2" "$verify" --qmp "$qmp" --report "$ktap_dir/judged.json" --join "$joined"
}
judged 'a guest in doubt' 4 '.verdict = "unverified"' 'joined report: unverified'
judged 'no witnesses' 4 '.witnesses = {}' 'witnesses.module is missing'
judged 'all skipped' 4 '.witnesses[] |= {status: "skip", compared: 0, mismatched: 0}' 'module was skipped'
judged 'nothing compared' 4 '.witnesses.pagemap.compared = 0' 'pagemap: nothing was compared'
judged 'a part compared' 4 '.witnesses.iommu.compared = 255' '255 of 256 pages were compared'
judged 'a difference under a pass' 1 '.witnesses.module.mismatched = 5' 'module: 5 of 256 differ'
judged 'more compared than there are pages' 4 '.witnesses.module.compared = 257' '257 pages were compared'
judged 'its first difference, and no count of it' 2 '.witnesses.module.first_mismatch = "x"' 'a first_mismatch'
judged 'a witness without its step' 4 '.steps |= map(select(.name != "pagemap"))' 'there is no step pagemap that passed'
judged 'a translation to another frame' 1 '.translations[0].pa = "0x1000"' 'translations: IOVA'
judged 'a translation too few' 4 '.translations |= .[:-1]' 'translations: there is none for IOVA'
judged 'an IOVA of a run' 2 '.pages.runs[0].iova = "0x1000"' 'pages.runs.0..iova'
judged 'a step that failed' 1 '.steps[2].status = "fail"' 'its status is fail'
judged 'no comparison before the unmap' 4 '.stale = {}' 'stale: nothing was compared before the unmap'
judged 'DMA past the IOMMU' 1 '.dma_path.translated = false' "dma_path: the device's DMA goes past the IOMMU"
judged 'what lacked privilege' 4 '.needs_privilege = ["module"]' 'needs_privilege names module'
judged 'stale pages' 1 '.stale = {compared: 256, mismatched: 1, pages: ["0x0"]}' 'stale: 1 of 256 differ'
cp "$joined" "$ktap_dir/before.json"
judged 'a negative count' 2 '.witnesses.module.compared = -1' 'compared is not a count'
judged 'a number in a string' 2 '.witnesses.module.compared = "256"' 'compared is not a count'
judged 'more differences than pages' 2 '.witnesses.module.mismatched = 257' 'mismatched is 257, but compared is 256'
judged 'no such verdict' 2 '.verdict = "fine"' 'not a report to verify: report.verdict is not one of'
judged 'proven, and not by its figures' 2 '.proven = ["nobody"]' 'proven names nobody'
judged 'a step that is told twice' 2 '.steps += [{name: "page-user", status: "skip"}]' 'steps has page-user twice'
judged 'a pass that is held' 2 '.held = true' 'is still held'
expect 2 'none.sock' 'no monitor' "$verify" --qmp "$ktap_dir/none.sock" --report "$report" --join "$joined"
check 'none of them wrote a joined report' cmp "$joined" "$ktap_dir/before.json"
jq "$user_bit .walk[-1].entry |= flip" "$final" >"$ktap_dir/flipped.json"
expect 1 'joined report: fail \(guest pass, host fail\)' 'a guest that passes, a host that does not agree: exit 1' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/flipped.json" --join "$joined"
check 'and the joined report names the difference' as_joined '.verdict == "fail" and
	.witnesses.qemu.status == "fail" and (.witnesses.qemu.first_mismatch | test("PTE in walk"))'

expect 0 "_PAGE_USER: set" 'one address, --root' "$verify" --qmp "$qmp" --root "$root_pa" "$vaddr"
check 'one address: the entry that the module saw' grep -qE "PTE .*$(printf '0x%016x' "$pte")" "$ktap_dir/out"
expect 1 'set at every level, expected supervisor' 'one address, --expect supervisor' \
	"$verify" --qmp "$qmp" --root "$root_pa" --expect supervisor "$vaddr"
expect 1 'PGD|P4D|PUD|PMD|PTE' 'an address that is not mapped' "$verify" --qmp "$qmp" --root "$root_pa" 0x1000
expect 1 'not mapped' 'an address that is not mapped is no supervisor page' \
	"$verify" --qmp "$qmp" --root "$root_pa" --expect supervisor 0x1000
expect 1 'not mapped' 'levels that the VM does not have lead to no page' \
	"$verify" --qmp "$qmp" --root "$root_pa" --levels $((9 - levels)) "$vaddr"
expect 2 'no memory there' 'a root on a device: its memory is not read' "$verify" --qmp "$qmp" --root 0xfee00000 "$vaddr"
expect 0 '_PAGE_USER: set' 'HMP on TCP, --root' "$verify" --root "$root_pa" "$port" "$vaddr"
expect 4 'give --root|--root' 'HMP on TCP, the plain form: whose table is not known' "$verify" "$port" "$vaddr"

# HMP tells of no events: the program compares what changes when a VM runs.
progress() {
	local line

	exec 9<>"/dev/tcp/127.0.0.1/$port"
	printf 'info registers -a\ninfo lapic\ninfo status\n' >&9
	while IFS= read -r -t 10 line <&9; do
		[[ $line != *'VM status: '* ]] || break
		echo "$line"
	done
	exec 9>&-
}
say stop >/dev/null
progress >"$ktap_dir/stopped-1"
progress >"$ktap_dir/stopped-2"
say cont >/dev/null
sleep 0.2
say stop >/dev/null
progress >"$ktap_dir/stopped-3"
say cont >/dev/null
check 'HMP: a stopped VM has the same registers and timer each time' sh -c \
	"grep -q CR3= '$ktap_dir/stopped-1' && grep -q current_count '$ktap_dir/stopped-1' && cmp '$ktap_dir/stopped-1' '$ktap_dir/stopped-2'"
check 'HMP: a VM that went on has others' sh -c "grep -q CR3= '$ktap_dir/stopped-3' && ! cmp -s '$ktap_dir/stopped-2' '$ktap_dir/stopped-3'"

# A QEMU that does not do as it is told: never a success.
# liar COMMAND refuse|lie REGEX NAME
liar() {
	local line

	# Whatever the one before has left.
	exec 9<>"/dev/tcp/127.0.0.1/$port"
	printf 'cont\ninfo status\n' >&9
	while IFS= read -r -t 10 line <&9; do
		[[ $line != *'VM status: running'* ]] || break
	done
	exec 9>&-
	rm -f "$ktap_dir/liar-said" # of the one before
	"$ktap_dir/liar" "$second" "$ktap_dir/lies" "$1" "$2" >"$ktap_dir/liar-said" &
	for ((i = 0; i < 100; i++)); do
		[[ ! -s $ktap_dir/liar-said ]] || break
		sleep 0.05
	done
	expect 2 "$3" "$4" "$verify" --qmp "$ktap_dir/lies" --report "$report"
	kill $! 2>/dev/null # its client has gone, or never came
	wait $! 2>/dev/null
}
# The second protocol has one client at a time.
exec 6>&-
wait $talk
liar stop refuse 'stop: not today' 'a stop that is refused: exit 2'
liar stop lie 'the VM still runs' 'a stop that is not done: exit 2'
liar cont refuse 'cont: not today; the VM may still be stopped' 'a cont that is refused: exit 2, and told'
liar cont lie 'still stopped; the VM may still be stopped' 'a cont that is not done: exit 2, and told'
liar query-status refuse 'query-status: not today' 'a status that is refused: exit 2'
"$ktap_dir/talk" "$second" <"$ktap_dir/say" >"$events" &
talk=$!
exec 6>"$ktap_dir/say"
say cont >/dev/null # for the last of them

# A signal in the middle of it all.
interrupt() {
	local i pid signal

	for signal in TERM INT HUP QUIT USR1 ALRM; do
		for i in 1 2 3 5; do
			"$verify" --qmp "$qmp" --report "$report" >/dev/null 2>&1 &
			pid=$!
			# Until then it is a copy of this shell, which would run our EXIT trap.
			while [[ -d /proc/$pid && $(readlink "/proc/$pid/exe") != */qemu_verify_pte ]]; do
				sleep 0.001
			done
			sleep "0.00$i"
			kill -"$signal" "$pid" 2>/dev/null
			wait "$pid"
		done
	done
	sleep 0.2
}
check 'interrupted, it ends' interrupt
check 'interrupted, the VM is let go on as often as it was stopped' test "$(count STOP)" -eq "$(count RESUME)"
check 'interrupted, the VM runs' grep -q '"running": true' <(say query-status)
expect 0 'agree' 'and the VM can be asked again' "$verify" --qmp "$qmp" --report "$report"

# Output that nobody takes, of more than a pipe holds.
jq '.regions = [range(100000)]' "$final" >"$ktap_dir/wide.json"
mkfifo "$ktap_dir/stuck"

# stuck: ended by SIGTERM while it waits for its reader, and the VM has gone on before
stuck() {
	local pid resumes

	resumes=$(count RESUME)
	"$verify" --qmp "$qmp" --report "$ktap_dir/wide.json" --join - >"$ktap_dir/stuck" &
	pid=$!
	exec 8<"$ktap_dir/stuck"
	for ((i = 0; i < 100; i++)); do
		[[ $(count RESUME) -eq $resumes ]] || break
		sleep 0.05
	done
	sleep 0.5 # the pipe is full by then
	kill -TERM "$pid"
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	exec 8<&-
	wait "$pid" 2>/dev/null
	[[ $? -eq $((128 + 15)) && $(count RESUME) -gt $resumes ]]
}
check 'output that nobody takes: a signal ends it' stuck

echo >&7
exec 7>&-
status=0
wait $vm || status=$?
check 'the VM ran on, unmapped and ended well' [ $status -eq 0 ]
check 'its last report is a pass' jq -es '.[-1] | .final and .verdict == "pass"' "$report"
exec 6>&-

# A VM that has not started, with tables in its memory that are true: nobody's. The same tables in
# one that runs, and in no memory at all, are in test_qemu_edits.
loader=(-device 'loader,addr=0x1000,data=0x2067,data-len=8' -device 'loader,addr=0x2000,data=0x3067,data-len=8'
	-device 'loader,addr=0x3000,data=0x4067,data-len=8' -device 'loader,addr=0x4000,data=0x8000000000005867,data-len=8')
"${QEMU:-qemu-system-x86_64}" -M q35 -accel tcg -S -nodefaults -display none -m 64M "${loader[@]}" \
	-qmp "unix:$ktap_dir/cold,server=on,wait=off" >"$ktap_dir/cold-said" 2>&1 &
vm=$!
for ((i = 0; i < 200; i++)); do
	[[ ! -S $ktap_dir/cold ]] || break
	sleep 0.05
done
jq -n '{status: "pass", compared: 1, mismatched: 0} as $w | ["PRESENT", "RW", "USER", "ACCESSED"] as $f | {tool: "vfio_test",
	schema: 1, verdict: "pass", steps: [{name: "open", status: "pass"}],
	mapping: {vaddr: "0x0", size: "0x1000", page_size: "0x1000", root_pa: "0x1000", kernel_root_pa: "0x1000",
		levels: 4, pti: false, pa_mask: "0xffffffffff000"},
	pages: {total: 1, user: 1, supervisor: 0, absent: 0, runs: [{vaddr: "0x0", pa: "0x5000", len: "0x1000",
		page_size: "0x1000", user: true, write: true, exec: false}]},
	walk: [{level: "PGD", index: 0, table_pa: "0x1000", entry: "0x2067", flags: $f},
		{level: "PUD", index: 0, table_pa: "0x2000", entry: "0x3067", flags: $f},
		{level: "PMD", index: 0, table_pa: "0x3000", entry: "0x4067", flags: $f},
		{level: "PTE", index: 0, table_pa: "0x4000", entry: "0x8000000000005867",
			flags: ($f + ["DIRTY", "SOFT_DIRTY", "NX"])}],
	witnesses: {module: $w, pagemap: $w, iommu: $w, device_dma: $w}} |
	.tables = [.walk[] | {level, table_pa, vaddr: "0x0", index, entries: [.entry]}]' >"$ktap_dir/cold.json"
expect 2 'none of 1 is in 64-bit paging' 'a VM in real mode, its tables true: nobody runs on them' \
	"$verify" --qmp "$ktap_dir/cold" --report "$ktap_dir/cold.json"
expect 2 'none of 1 is in 64-bit paging' 'a VM in real mode: an address, its root and levels given' \
	"$verify" --qmp "$ktap_dir/cold" --root 0x1000 --levels 4 0
kill $vm
ktap_end
