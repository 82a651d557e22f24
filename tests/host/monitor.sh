#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# monitor.sh - qemu_verify_pte against a live VM that holds a mapping
#
# What agrees, agrees; a report with any one bit changed does not; and the VM
# runs on, whatever happened.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 41
verify=$root/user/qemu_verify_pte
report=$ktap_dir/report.json
qmp=$ktap_dir/qmp

# A TCP port that nobody listens on, for the human monitor.
port=$((20000 + RANDOM % 20000))
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((port + 1))
done

mkfifo "$ktap_dir/enter"
"$root/scripts/vm" --quiet --strict --stdin --qmp "$qmp" --hmp "$port" -- \
	vfio_test --hold --json BDF <"$ktap_dir/enter" >"$report" 2>"$ktap_dir/vm-stderr" &
vm=$!
trap 'kill $vm 2>/dev/null; wait; rm -rf "$ktap_dir"' EXIT
exec 7>"$ktap_dir/enter"
for ((i = 0; i < 1200; i++)); do
	[[ $(tail -n 1 "$report") != '}' ]] || break
	kill -0 $vm 2>/dev/null || break
	sleep 0.1
done
check 'the guest holds a mapping' jq -e '.verdict == "pass"' "$report"

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

# The bit that the CPU sets and the kernel clears as they go: bit 1 of the last digit but one.
# shellcheck disable=SC2016 # jq's own $
accessed_bit='def flip: .[:-2] + ({"0":"2","1":"3","2":"0","3":"1","4":"6","5":"7","6":"4","7":"5","8":"a","9":"b","a":"8","b":"9","c":"e","d":"f","e":"c","f":"d"}[.[-2:-1]]) + .[-1:];'
jq "$accessed_bit (.tables[] | select(.level == \"PGD\") | .entries[0]) |= flip" "$report" >"$ktap_dir/accessed.json"
expect 0 "^.*$total of $total entries agree, [0-9]+ of them but for ACCESSED" 'ACCESSED alone differs: agrees, and is told' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/accessed.json"
expect 1 "page $vaddr: PGD .* differs in ACCESSED" 'ACCESSED alone differs, --exact' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/accessed.json" --exact

jq 'del(.tables[] | select(.level == "PTE"))' "$report" >"$ktap_dir/short.json"
check 'a report without its PTEs is no pass' sh -c "'$verify' --qmp '$qmp' --report '$ktap_dir/short.json' >'$ktap_dir/out'; [ \$? -ne 0 ]"
expect 2 'not JSON|not a report' 'a report that is cut off' sh -c "head -c 2000 '$report' | '$verify' --qmp '$qmp' --report -"

# The joined report: all of the guest's, with the host's word in it.
joined=$ktap_dir/joined.json

# as_joined FILTER: jq says true of it; $g is the guest's own
as_joined() {
	jq -e --slurpfile g "$report" --argjson n "$total" "\$g[0] as \$g | $1" "$joined"
}

expect 0 'joined report: pass \(guest pass, host pass\)' '--join: exit 0' \
	"$verify" --qmp "$qmp" --report "$report" --join "$joined"
check '--join: qemu is filled in, pages too' as_joined '.verdict == "pass" and (.witnesses.qemu |
	[.status, .compared, .mismatched] == ["pass", $n, 0] and .pages == {compared: 256, mismatched: 0})'
check '--join: all else is as it was, to the byte' cmp \
	<(jq 'del(.witnesses.qemu)' "$report") <(jq 'del(.witnesses.qemu)' "$joined")
check '--join -: the same, and nothing else' sh -c \
	"'$verify' --qmp '$qmp' --report - --join - <'$report' | cmp - '$joined'"
jq '.verdict = "unverified"' "$report" >"$ktap_dir/doubt.json"
expect 4 'joined report: unverified' 'a guest in doubt, a host that agrees: exit 4' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/doubt.json" --join "$joined"
jq "$user_bit .walk[-1].entry |= flip" "$report" >"$ktap_dir/flipped.json"
expect 1 'joined report: fail \(guest pass, host fail\)' 'a guest that passes, a host that does not agree: exit 1' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/flipped.json" --join "$joined"
check 'and the joined report names the difference' as_joined '.verdict == "fail" and
	.witnesses.qemu.status == "fail" and (.witnesses.qemu.first_mismatch | test("PTE in walk"))'
jq '.verdict = "fine"' "$report" >"$ktap_dir/fine.json"
cp "$joined" "$ktap_dir/before.json"
expect 2 'not a report to verify: report.verdict is none of' 'a report without a verdict' \
	"$verify" --qmp "$qmp" --report "$ktap_dir/fine.json" --join "$joined"
expect 2 'none.sock' 'no monitor' "$verify" --qmp "$ktap_dir/none.sock" --report "$report" --join "$joined"
check 'neither of them wrote a joined report' cmp "$joined" "$ktap_dir/before.json"

expect 0 "_PAGE_USER: set" 'one address, --root' "$verify" --qmp "$qmp" --root "$root_pa" "$vaddr"
check 'one address: the entry that the module saw' grep -qE "PTE .*$(printf '0x%016x' "$pte")" "$ktap_dir/out"
expect 1 'PGD|P4D|PUD|PMD|PTE' 'an address that is not mapped' "$verify" --qmp "$qmp" --root "$root_pa" 0x1000
expect 0 '_PAGE_USER: set' 'HMP on TCP, --root' "$verify" --root "$root_pa" "$port" "$vaddr"
expect 4 'give --root|--root' 'HMP on TCP, the plain form: whose table is not known' "$verify" "$port" "$vaddr"

# A signal in the middle of it all.
interrupt() {
	local i pid

	for i in 1 2 3 4 5 6; do
		"$verify" --qmp "$qmp" --report "$report" >/dev/null 2>&1 &
		pid=$!
		sleep "0.00$i"
		kill -TERM "$pid" 2>/dev/null
		wait "$pid"
	done
	sleep 0.2
}
check 'interrupted, it ends' interrupt
expect 0 'agree' 'and the VM can be asked again' "$verify" --qmp "$qmp" --report "$report"

echo >&7
exec 7>&-
wait $vm
check 'the VM ran on, unmapped and ended well' [ $? -eq 0 ]
ktap_end
