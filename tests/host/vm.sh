#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - scripts/vm itself: statuses, bytes, arguments, and nothing left behind

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 18
vm=$root/scripts/vm
export TMPDIR=$ktap_dir/tmp
mkdir "$TMPDIR"

left_behind() {
	pgrep -f "$TMPDIR" || find "$TMPDIR" -mindepth 1 | grep .
}

nothing_left() {
	! left_behind
}

expect 2 'no such option; see' 'unknown option' "$vm" --nonsense
expect 2 'no such IOMMU' 'unknown IOMMU' "$vm" --iommu nonsense -- true
expect 2 'no device to give them to' 'options for no IOMMU' "$vm" --iommu none --iommu-opts pt=on -- true
expect 2 'not a list of KEY=VALUE' 'IOMMU options that are none' "$vm" --iommu-opts caching-mode -- true
expect 125 'no-such-option' 'an IOMMU option that QEMU does not know: its own words' \
	"$vm" --quiet --iommu-opts no-such-option=on -- true
expect 2 'not a number of seconds' 'bad time-out' "$vm" --timeout soon -- true
expect 2 'no such file' 'a file that is not there' "$vm" --file /nonexistent -- true

# Status, both streams, bytes and arguments in one boot.
head -c 300000 /dev/urandom >"$ktap_dir/random"
cat >"$ktap_dir/script" <<'END'
[ $# -eq 4 ] && [ "$1" = "a b" ] && [ "$2" = "it's \"so\"" ] && [ "$3" = '$HOME
*' ] && [ "$4" = "$BDF" ] || exit 99
cat /root/random
echo to stderr >&2
exit 3
END
status=0
"$vm" --quiet --file "$ktap_dir/random" --file "$ktap_dir/script" -- \
	sh script 'a b' "it's \"so\"" $'$HOME\n*' BDF \
	>"$ktap_dir/random.out" 2>"$ktap_dir/random.err" || status=$?
check "the command's exit status; its arguments as they were" [ "$status" -eq 3 ]
check 'stdout, byte by byte' cmp "$ktap_dir/random" "$ktap_dir/random.out"
check 'stderr apart' [ "$(cat "$ktap_dir/random.err")" = 'to stderr' ]

expect 125 'the console|without the command' 'a guest that panics: 125, and the console is shown' \
	"$vm" --quiet --no-bind -- sh -c 'echo c >/proc/sysrq-trigger'
check 'the console names the cause' grep -q 'sysrq' "$ktap_dir/err"
expect 124 '' 'time-out: 124' "$vm" --quiet --no-bind --timeout 25 -- sleep 1000
check 'nothing left behind by any of them' nothing_left

"$vm" --quiet --no-bind -- sleep 1000 >/dev/null 2>&1 &
pid=$!
sleep 4
kill -TERM $pid
wait $pid
check 'TERM ends it: 143' [ $? -eq 143 ]
check 'nothing left behind after a signal' nothing_left

"$vm" --quiet --no-bind -- echo one >"$ktap_dir/one" 2>&1 &
one=$!
"$vm" --quiet --no-bind -- echo two >"$ktap_dir/two" 2>&1
wait $one
check 'two VMs side by side' [ "$(cat "$ktap_dir/one" "$ktap_dir/two" | tr '\n' ' ')" = 'one two ' ]
check 'nothing left behind in the end' nothing_left
ktap_end
