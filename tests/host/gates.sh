#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gates.sh - what must stop a run does: tests/run, ktap.sh, scripts/vm, .ci/run
#
# No VM: groups that are made up, and a program in the place of QEMU that says what a
# guest would say.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
# shellcheck source=scripts/lib/common.sh
. "$root/scripts/lib/common.sh"
# Another one than the one that is tested here, where that has a wrong change in it.
# shellcheck source=tests/guest/ktap.sh
. "${KTAP:-$root/tests/guest/ktap.sh}"
export TMPDIR=$ktap_dir/tmp
mkdir "$TMPDIR"
# What tests/run says of a group has it.
unset KERNEL
# shellcheck source=tests/host/gates_static.sh
. "$root/tests/host/gates_static.sh"

# what the group prints and does | exit status of tests/run | its last line | a line of it
readonly run_cases='
1..2\nok 1 - a\nok 2 - b\n| | 0 | 2 passed, 0 failed, 0 skipped | ok 2 - one: b
1..1\nok 1\n1..2\nok 1\nok 2\n| | 0 | 3 passed, 0 failed, 0 skipped | ok 3 - one:
1..2\nok 1 - a\nok 2 - b # SKIP no b here\n| | 0 | 1 passed, 0 failed, 1 skipped | ok 2 - one: b # SKIP no b here
1..2\nok 1 - a\nok 2 - b # SKIP\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: b # SKIP
1..1\nok 1 - a # SKIP no a here\n| | 1 | 0 passed, 0 failed, 1 skipped | ok 1 - one: a # SKIP no a here
1..2\nok 1 - a\nnot ok 2 - b\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: b
1..2\nok 1 - a\nnot ok 2 - b # TODO later\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: b # TODO later
1..2\nok 1 - a\nnot ok 2 - b\n| exit 1 | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: b
1..3\nok 1 - a\nok 2 - b\n| | 1 | 2 passed, 1 failed, 0 skipped | not ok 3 - one: whole plan: 2 of 3 points
1..1\nok 1 - a\nok 2 - b\n| | 1 | 2 passed, 1 failed, 0 skipped | not ok 3 - one: whole plan: 2 of 1 points
ok 1 - a\nok 2 - b\n| | 1 | 2 passed, 1 failed, 0 skipped | not ok 3 - one: whole plan: 2 of no points, point 1 not in its place
| | 1 | 0 passed, 1 failed, 0 skipped | not ok 1 - one: whole plan: 0 of no points
1..0\n| | 1 | 0 passed, 1 failed, 0 skipped | not ok 1 - one: whole plan: 0 of 0 points
1..1\n1..1\nok 1 - a\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: whole plan: 1 of 2 points, a plan of 1 after them
1..2\nok 1 - a\n1..1\nok 1 - a\nok 2 - b\n| | 1 | 3 passed, 1 failed, 0 skipped | not ok 4 - one: whole plan: 3 of 3 points, a plan of 1 after them
1..3\nok 1 - a\nok 1 - a\nok 3 - c\n| | 1 | 3 passed, 1 failed, 0 skipped | not ok 4 - one: whole plan: 3 of 3 points, point 1 not in its place
1..2\nok 1 - a\nok 2 - b| exit 3 | 1 | 2 passed, 1 failed, 0 skipped | not ok 3 - one: ended with exit status 3
1..2\nok 1 - a\nok 2 - b\n| kill -SEGV $$ | 1 | 2 passed, 1 failed, 0 skipped | not ok 3 - one: ended with exit status 139
1..2\nok 1 - a\no| kill -TERM $$ | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: whole plan: 1 of 2 points
1..2\nok 1 - a\n| sleep 1000 | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: in time: more than 2 s, after 1 of 2 points
1..1\nok 1 - a\n| trap "" TERM; sleep 1000 & wait; wait | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: in time: more than 2 s, after 1 of 1 points
1..2\nok 1 - a\n| exit 124 | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: in time: a time-out of its own, after N s and 1 of 2 points
1..1\nok 1 - a\nBail out! no more\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: Bail out! no more
1..2\nok 1 - a\nnot ok 2 - b\n| | 1 | 1 passed, 1 failed, 0 skipped | # alone: make test GROUP=one
1..2\nnot ok 1 - a\nok 2 - b\n| | 1 | 1 passed, 1 failed, 0 skipped | # alone: make test GROUP=one
1..2\nok 1 - a\n| | 1 | 1 passed, 1 failed, 0 skipped | # alone: make test GROUP=one
1..2\nok 1 - a\nnot ok 2 - b\n# at tests/guest/b.sh:7\n| | 1 | 1 passed, 1 failed, 0 skipped | # at tests/guest/b.sh:7; alone: make test GROUP=one
1..2\nok\nok 2 - b\n| | 0 | 2 passed, 0 failed, 0 skipped | ok 1 - one:
1..2\nok 1 - a\nnot ok\n| | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one:
1..1\nok 1 - a\nnot okay: b\n| | 0 | 1 passed, 0 failed, 0 skipped | # not okay: b
1..1\nok 1 - a\n| mkdir $(echo "$TMPDIR"/vfio-verify-run.*)/0.new; exit 1 | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: its end: not known: it was killed, or TMPDIR is full
1..1\nok 1 - a\n| : >$(echo "$TMPDIR"/vfio-verify-run.*)/0.stopped | 1 | 1 passed, 1 failed, 0 skipped | not ok 2 - one: the point that it was ended at is not in its output
1..1\n  ok 1 - of a part\nok 1 - a\n| | 0 | 1 passed, 0 failed, 0 skipped | ok 1 - one: a
1..2\nok 1 - a\no| printf "no such" >&2; sleep 0.5; printf "k 2 - b\n"; sleep 0.5; echo " file" >&2 | 0 | 2 passed, 0 failed, 0 skipped | # no such file
1..1\nok 1 - a\n| sleep 30 & | 0 | 1 passed, 0 failed, 0 skipped | # a stream of this group was not read to its end: something holds it open
'

# group TEXT COMMANDS: a script that is a group
group() {
	printf '#!/bin/bash\nprintf %q\n%s\n' "${1//%/%%}" "$2" >"$ktap_dir/group"
	chmod +x "$ktap_dir/group"
}

# run_says STATUS LAST LINE OPTIONS...: tests/run on the made-up table
run_says() {
	local status=0 want=$1 last=$2 line=$3
	shift 3

	tests/run --groups "$ktap_dir/table" "$@" >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	echo "exit $status"
	[[ $status -eq $want && $(tail -n 1 "$ktap_dir/said") == "$last" ]] &&
		sed -E 's/ *$//; s/(of its own, after) [0-9]+ s/\1 N s/' "$ktap_dir/said" | grep -xF -e "$line" >/dev/null
}

test_run() {
	local text commands status last line n=0

	echo "one | 2 | $ktap_dir/group" >"$ktap_dir/table"
	while IFS='|' read -r text commands status last line; do
		[[ -n $status ]] || continue
		n=$((n + 1))
		group "$text" "${commands# }"
		last=${last# }
		check "tests/run: ${text:-nothing}${commands% }" \
			run_says "${status// /}" "${last% }" "${line# }"
	done <<<"$run_cases"
}

# Two groups, and what else the command line and the table can be.
test_run_more() {
	group '1..1\nok 1 - a\n' ''
	printf '%s\n' "one | 9 | $ktap_dir/group" "two | 9! | $ktap_dir/nothing-there" >"$ktap_dir/table"
	check 'tests/run: a command that is not there' \
		run_says 1 '1 passed, 1 failed, 0 skipped' 'not ok 2 - two: whole plan: 0 of no points'
	check 'tests/run: one of the groups' run_says 0 '1 passed, 0 failed, 0 skipped' 'ok 1 - one: a' one
	check 'tests/run: a group that is not in the table' \
		run_says 1 '1 passed, 1 failed, 0 skipped' 'not ok 2 - no such group: three ; see tests/run --list' one three
	check 'tests/run: a kernel that is not there' \
		run_says 1 '0 passed, 1 failed, 0 skipped' 'not ok 1 - none: the kernel is there' --kernel none
	check 'tests/run: and one of two' run_says 1 '1 passed, 1 failed, 0 skipped' \
		'not ok 2 - none: the kernel is there' --kernel 6.1 --kernel none one
	expect 2 'no such option' 'tests/run: an unknown option' tests/run --nonsense
	expect 2 'not a number of groups' 'tests/run: JOBS=0' env JOBS=0 tests/run one
	group '1..3\nok 1 - a\nnot ok 2 - b\n' 'sleep 1000'
	echo "one | 99 | $ktap_dir/group" >"$ktap_dir/table"
	check 'tests/run --fail-fast: not one point more' \
		run_says 1 '1 passed, 1 failed, 0 skipped' '# one: ended at its first point that was not ok' --fail-fast
	group '1..3\nok 1 - a\nnot ok\n' 'sleep 1000'
	check 'tests/run --fail-fast: nor after a point without a name' \
		run_says 1 '1 passed, 1 failed, 0 skipped' 'not ok 2 - one:' --fail-fast
	group '1..2\nok 1 - a\nnot okay: b\n' 'sleep 2; echo ok 2 - b'
	check 'tests/run --fail-fast: what is no point stops nothing' \
		run_says 0 '2 passed, 0 failed, 0 skipped' '# not okay: b' --fail-fast
}

# Where a result cannot be written: all of it, and what a group prints, by a grep in PATH that
# copies two lines and then fails.
test_run_full() {
	local bin=$ktap_dir/bin-grep

	group '1..1\nok 1 - a\nBail out! so\n' ''
	echo "one | 99 | $ktap_dir/group" >"$ktap_dir/table"
	mkdir "$bin"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/bash\n%s\n' '[[ $* == *--line-buffered* ]] || exec /bin/grep "$@"
		head -n 2 && cat >/dev/null; exit 2' >"$bin/grep"
	chmod +x "$bin/grep"
	PATH=$bin:$PATH check 'tests/run: a group whose output cannot be kept' run_says 1 '1 passed, 1 failed, 0 skipped' \
		'not ok 2 - one: its output: not all of it could be kept: is TMPDIR full?'
	group '1..1\nok 1 - a\n' ''
	# shellcheck disable=SC2016 # for the script
	expect 2 'the result: cannot be written' 'tests/run: its own output cannot be written' \
		sh -c 'tests/run --groups "$1" >/dev/full' sh "$ktap_dir/table"
}

# What a signal leaves behind.
test_run_signal() {
	local pid status=0 sleeper=1234.$$

	# A length of its own: another run of this test at the same time has another.
	group '1..1\n' "exec sleep $sleeper"
	echo "one | 99 | $ktap_dir/group" >"$ktap_dir/table"
	tests/run --groups "$ktap_dir/table" >/dev/null 2>&1 &
	pid=$!
	sleep 1
	kill -TERM $pid
	wait $pid || status=$?
	check 'tests/run: TERM: 143' [ $status -eq 143 ]
	check 'tests/run: TERM: its groups are gone' sh -c "! pgrep -xf 'sleep $sleeper'"
	pkill -xf "sleep $sleeper"
}

# a script with ktap.sh | its exit status | what it prints
readonly ktap_cases='
ktap_plan 1; check a true; ktap_end | 0 | ok 1 - a
ktap_plan 1; check a false; ktap_end | 1 | not ok 1 - a
ktap_plan 2; check a false; check b true; ktap_end | 1 | ok 2 - b
ktap_plan 2; check a true; ktap_end | 1 | # planned 2 points, made 1
ktap_plan 1; check a true; check b true; ktap_end | 1 | # planned 1 points, made 2
check a true; ktap_end | 1 | # planned 0 points, made 1
ktap_end | 1 | # planned 0 points, made 0
ktap_plan 0; ktap_end | 1 | # ktap_plan 0: a script has one plan, of one point at least
ktap_plan 1; ktap_plan 1; check a true; ktap_end | 1 | # ktap_plan 1: a script has one plan, of one point at least
ktap_plan 1; check a true | 1 | # ended after 1 of 1 points, before ktap_end
ktap_plan 1; check a true; exit 0 | 1 | # ended after 1 of 1 points, before ktap_end
ktap_plan 1; check a true; exit 7 | 7 | # ended after 1 of 1 points, before ktap_end
ktap_plan 1; ktap_skip a "no a here"; ktap_end | 0 | ok 1 - a # SKIP no a here
ktap_plan 1; ktap_skip a; ktap_end | 1 | not ok 1 - a: skipped without a reason
ktap_plan 1; expect 3 "" a sh -c "exit 3"; ktap_end | 0 | ok 1 - a
ktap_plan 1; expect 3 "" a sh -c "exit 0"; ktap_end | 1 | not ok 1 - a
ktap_plan 1; expect 0 "" a sh -c "exit 3"; ktap_end | 1 | # sh -c exit 3: exit 3, expected 0 and:
ktap_plan 1; expect 0 "^b$" a echo b; ktap_end | 0 | ok 1 - a
ktap_plan 1; expect 0 "^b$" a sh -c "echo b >&2"; ktap_end | 0 | ok 1 - a
ktap_plan 1; expect 0 "^c$" a echo b; ktap_end | 1 | # b
ktap_plan 1; mkdir $ktap_dir/out; expect 1 "" a true; ktap_end | 1 | not ok 1 - a
ktap_plan 1; mkdir $ktap_dir/err; expect 1 "" a true; ktap_end | 1 | not ok 1 - a
ktap_plan 1; mkdir $ktap_dir/out; expect 2 "" a true; ktap_end | 1 | not ok 1 - a
ktap_plan 1; mkdir $ktap_dir/check; check a true; ktap_end | 1 | not ok 1 - a
ktap_plan 1; mkdir $ktap_dir/ended; ktap_run of echo "1..1"; check a true; ktap_end | 1 | ok 1 - a
ktap_plan 1; expect 1 "^b$" a echo b; ktap_end | 1 | not ok 1 - a
ktap_plan 1; expect 0 "b" a true; ktap_end | 1 | not ok 1 - a
ktap_run of echo "1..1"; ktap_plan 1; check a true; ktap_end | 0 | 1..1
ktap_run of echo "ok 1 - b - c"; ktap_plan 1; check a true; ktap_end | 0 | ok 1 - of: b - c
ktap_run of echo "not ok 1 - b"; ktap_plan 1; check a true; ktap_end | 0 | not ok 1 - of: b
ktap_run of true; ktap_plan 1; check a true; ktap_end | 0 | not ok 1 - of: it says a plan
ktap_run of /nonexistent; ktap_plan 1; check a true; ktap_end | 1 | not ok 1 - of: it says a plan
ktap_run of sh -c "echo 1..1; exit 3"; ktap_plan 1; check a true; ktap_end | 1 | # of: it ended with 3
'

ktap_says() {
	local status=0

	"${@:4}" -c ". tests/guest/ktap.sh; $1" >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	echo "exit $status"
	[[ $status -eq $2 ]] && sed 's/ *$//' "$ktap_dir/said" | grep -xF -e "$3" >/dev/null
}

# In the guest it is busybox that reads it.
test_ktap() {
	local script status line

	while IFS='|' read -r script status line; do
		[[ -n $status ]] || continue
		check "ktap.sh: ${script% }: bash" ktap_says "$script" "${status// /}" "${line# }" bash
		check "ktap.sh: ${script% }: busybox" ktap_says "$script" "${status// /}" "${line# }" busybox sh
	done <<<"$ktap_cases"
	mkdir "$ktap_dir/bin-mktemp"
	ln -s "$(type -P false)" "$ktap_dir/bin-mktemp/mktemp"
	PATH=$ktap_dir/bin-mktemp:$PATH check 'ktap.sh: no directory' ktap_says 'echo on' 1 \
		'Bail out! no directory for the output of commands: is /tmp full?' bash
}

# Where a point that is not ok is made, in both shells: by its own line, one in a function by
# that in the function.
test_where() {
	local shell line script=$ktap_dir/tests/guest/where.sh

	mkdir -p "${script%/*}"
	printf '%s\n' ". $root/tests/guest/ktap.sh" 'ktap_plan 3' 'inner() {' 'expect 0 "" b false' '}' \
		'check a false; inner' 'ktap_skip c' ktap_end >"$script"
	for shell in bash 'busybox sh'; do
		echo "one | 99 | $shell $script" >"$ktap_dir/table"
		for line in 4 6 7; do
			check "tests/run: $shell: where line $line failed" run_says 1 '0 passed, 3 failed, 0 skipped' \
				"# at tests/guest/where.sh:$line; alone: make test GROUP=one" --groups "$ktap_dir/table"
		done
	done
}

# what the guest says | what QEMU does then | --strict | vm's exit status | what it says
readonly vm_cases='
status 0\n | | | 0 | vm: TCG
status 0\n | | --strict | 0 | vm: TCG
status 3\n | | --strict | 3 | vm: TCG
dmesg WARNING: so\nstatus 0\n | | --strict | 125 | vm: guest kernel log: not clean:
dmesg WARNING: so\nstatus 0\n | | --strict | 125 |   WARNING: so
dmesg WARNING: so\nstatus 3\n | | --strict | 125 | vm: guest kernel log: not clean:
dmesg WARNING: so\nstatus 0\n | | | 0 | vm: guest kernel log: warning: not clean:
dmesg WARNING: so\nstatus 0\n | ln -s /dev/full "${ctl%/*}/dirty" | --strict | 125 | vm: guest kernel log: cannot be kept
dmesg WARNING: so\nlog so\nstatus 0\n | ln -s /dev/full "${ctl%/*}/log" | | 125 | vm: guest kernel log: cannot be kept
dmesg taint 512: a warning\nstatus 0\n | | --strict | 125 |   taint 512: a warning
 | | --strict | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
status\n | | --strict | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
status \n | | | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
status none\n | | | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
status 0 | | | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
status 256\n | | | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 0)
note so it is\nstatus 0\n | | | 0 | vm: guest: so it is
 | exit 1 | | 125 | vm: the VM ended without the command'\''s exit status (QEMU'\''s own: 1)
 | echo so >&2; exit 1 | | 125 |   so
status 0\n | kill -SEGV $$ | | 125 | vm: QEMU ended badly after the command (139)
 | exec sleep 1000 | | 124 | vm: no end after 3 s: killed; give it more with --timeout
status 0\n | exec sleep 1000 | | 124 | vm: no end after 3 s: killed; give it more with --timeout
'

# vm_says STATUS LINE OPTION...: scripts/vm with the program above in the place of QEMU
vm_says() {
	local status=0

	QEMU=$ktap_dir/qemu ACCEL=tcg scripts/vm --timeout 3 "${@:3}" -- true >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	echo "exit $status"
	[[ $status -eq $1 ]] && grep -q -e "^$2" "$ktap_dir/said"
}

test_vm() {
	local text commands strict status line

	while IFS='|' read -r text commands strict status line; do
		[[ -n $status ]] || continue
		# shellcheck disable=SC2016 # for the script
		printf '#!/bin/bash\nall="$*"\nctl=${all#*id=ctl,path=}\nctl=${ctl%%%% *}\nprintf %q >"$ctl.out"\n%s\n' \
			"${text% }" "$commands" >"$ktap_dir/qemu"
		chmod +x "$ktap_dir/qemu"
		strict=${strict// /} line=${line# }
		check "vm: ${text}${commands# }$strict: $line" vm_says "${status// /}" "$line" ${strict:+"$strict"}
	done <<<"$vm_cases"
}

# A cat in PATH that fails late, after QEMU: the one that copies the command's stderr.
# A guest that ended with 0 is then no clean run.
test_vm_copiers() {
	local bin=$ktap_dir/bin-cat

	mkdir "$bin"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/bash\n%s\n' '/bin/cat "$@" || exit
		[[ $(readlink /proc/$$/fd/0) != */err.out ]] || { sleep 1; exit 1; }' >"$bin/cat"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/bash\n%s\n' \
		'all="$*"; ctl=${all#*id=ctl,path=}; ctl=${ctl%% *}; echo status 0 >"$ctl.out"' >"$ktap_dir/qemu"
	chmod +x "$bin/cat" "$ktap_dir/qemu"
	expect 125 'stderr: cannot be written' 'vm: a copier of stderr that fails' env "PATH=$bin:$PATH" \
		"QEMU=$ktap_dir/qemu" ACCEL=tcg scripts/vm --quiet --image --no-bind -- true
}

# what the guest says and QEMU does with the kernel unpacked | with its image | vm's exit
# status | what it says
readonly boot_cases='
say status 0 | exit 9 | 0 | vm: TCG
exit 0 | say status 0 | 0 | vm: the guest ended before its init had begun with the kernel unpacked: once more
echo Kernel panic: so >$console | say status 0 | 0 | vm: the guest .* (its last words: Kernel panic: so): once more
echo ROM regions overlap >&2; exit 1 | say status 0 | 0 | vm: QEMU did not begin (ROM regions overlap) with the
exec sleep 1000 | say status 0 | 0 | vm: the guest'\''s init had not begun after 1 s with the kernel unpacked
say ready; sleep 2; say status 5 | exit 9 | 5 | vm: TCG
echo no such device >&2; exit 1 | say status 0 | 125 |   no such device
exit 0 | exit 0 | 125 | vm: the VM ended without the command'\''s exit status
'

test_boot() {
	local status line

	# shellcheck disable=SC2016 # for the script
	{
		echo '#!/bin/bash'
		echo 'all="$*" ctl=${all#*id=ctl,path=} ctl=${ctl%% *}'
		echo 'console=${all#*id=console,path=} console=${console%% *}'
		echo 'say() { echo "$*" >"$ctl.out"; }'
		echo '[[ $all != *loader,addr=* ]] || eval "$FIRST; exit 0"'
		echo 'eval "$SECOND"'
	} >"$ktap_dir/qemu"
	chmod +x "$ktap_dir/qemu"
	export FIRST SECOND VFIO_VERIFY_UNPACKED_LIMIT=1
	while IFS='|' read -r FIRST SECOND status line; do
		[[ -n $status ]] || continue
		check "vm: unpacked: ${FIRST}image: ${SECOND# }" vm_says "${status// /}" "${line# }"
	done <<<"$boot_cases"
	FIRST='exit 9' SECOND='say status 0'
	check 'vm: --image: as it is' vm_says 0 'vm: TCG' --image
	printf '#!/bin/sh\necho so >&2\nexit 1\n' >"$ktap_dir/gcc"
	chmod +x "$ktap_dir/gcc"
	touch -d 2000-01-01 build/loader
	check 'vm: no loader: the image as it is, and why' env "PATH=$ktap_dir:$PATH" bash -c \
		"$(declare -f vm_says); ktap_dir=$ktap_dir; vm_says 0 'vm: .* unpacks itself: scripts/loader.c cannot be built: so'"
}

# What is unpacked of an image is of that image, and whole.
test_image() {
	local image=$ktap_dir/image start length kernel whole

	kernel=$(scripts/kernels get 6.1)
	whole=$(scripts/kernels vmlinux 6.1)
	# shellcheck disable=SC2046 # numbers
	set -- $(od -An -tu1 -j $((0x1f1)) -N1 "$kernel/vmlinuz") $(od -An -tu4 -j $((0x248)) -N8 "$kernel/vmlinuz")
	start=$((($1 + 1) * 512 + $2)) length=$3
	export VFIO_VERIFY_CACHE=$ktap_dir/cache
	cp "$kernel/vmlinuz" "$image"
	check 'kernels vmlinux: an image of the user'\''s own' bash -c \
		'cmp "$(scripts/kernels vmlinux "$0")" "$1"' "$image" "$whole"
	printf 'none' | dd of="$image" bs=1 seek=$start conv=notrunc status=none
	expect 1 'packed in a way that this script does not know' 'kernels vmlinux: another image there: not the one before' \
		scripts/kernels vmlinux "$image"
	cp "$kernel/vmlinuz" "$image"
	printf 'none' | dd of="$image" bs=1 seek=$((start + length / 2)) conv=notrunc status=none
	expect 1 'cannot unpack the kernel' 'kernels vmlinux: a damaged one' scripts/kernels vmlinux "$image"
	cp "$kernel/vmlinuz" "$image"
	printf 'none' | dd of="$image" bs=1 seek=$((start + length - 4)) conv=notrunc status=none
	expect 1 'not of the size' 'kernels vmlinux: another size' scripts/kernels vmlinux "$image"
	cp "$kernel/vmlinuz" "$image"
	printf '\7\2' | dd of="$image" bs=1 seek=$((0x206)) conv=notrunc status=none
	expect 1 'does not say where' 'kernels vmlinux: of an old protocol' scripts/kernels vmlinux "$image"
	check 'kernels vmlinux: nothing half is kept' bash -c \
		'[[ $(find "$0" -name "*vmlinux*" | wc -l) -eq 1 ]]' "$VFIO_VERIFY_CACHE"
	unset VFIO_VERIFY_CACHE
}

# what "make check" says | what "make check-matrix" says | exit status | last line
readonly ci_cases='
echo 3 passed, 0 failed, 1 skipped | echo 2 passed, 0 failed, 0 skipped | 0 | 5 passed, 0 failed, 1 skipped
echo 3 passed, 1 failed, 1 skipped; exit 1 | echo 2 passed, 0 failed, 0 skipped | 1 | 5 passed, 1 failed, 1 skipped
echo 3 passed, 1 failed, 1 skipped | echo 2 passed, 0 failed, 0 skipped | 1 | 5 passed, 1 failed, 1 skipped
echo 3 passed, 0 failed, 1 skipped | echo 2 passed, 0 failed, 0 skipped; exit 2 | 1 | 5 passed, 0 failed, 1 skipped
echo 3 passed, 0 failed, 1 skipped | exit 0 | 1 | 3 passed, 1 failed, 1 skipped
exit 0 | exit 0 | 1 | 0 passed, 1 failed, 0 skipped
echo 3 passed, 0 failed, 1 skipped; echo more | echo 2 passed, 0 failed, 0 skipped | 1 | 2 passed, 1 failed, 0 skipped
'

ci_says() {
	local status=0

	PATH=$ktap_dir/bin:$PATH .ci/run >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	echo "exit $status"
	[[ $status -eq $1 && $(tail -n 1 "$ktap_dir/said") == "$2" ]]
}

test_ci() {
	local first second status last

	mkdir "$ktap_dir/bin"
	while IFS='|' read -r first second status last; do
		[[ -n $status ]] || continue
		# shellcheck disable=SC2016 # for the script
		printf '#!/bin/bash\nif [[ $1 == check ]]; then\n%s\nelse\n%s\nfi\n' "$first" "$second" \
			>"$ktap_dir/bin/make"
		chmod +x "$ktap_dir/bin/make"
		check ".ci/run:$first|$second" ci_says "${status// /}" "${last# }"
	done <<<"$ci_cases"
}

# what make leaves of a test: a script; none | what must be said
readonly unit_cases='
printf "1..1\nok 1 - a\n" | 0 | ok 1 - a
true | 1 | not ok 1 - build/unit/test_one: it says how many tests it has
printf "1..0\n" | 1 | not ok 1 - build/unit/test_one: it says how many tests it has
printf "1..1\nok 1 - a\n"; exit 3 | 1 | ok 1 - a
none | 1 | not ok 1 - tests/unit/test_one.c is built
'

# unit_says STATUS LINE: tests/unit/run, with a make that leaves one test or none
unit_says() {
	local status=0

	env PATH="$ktap_dir/unitbin:$PATH" "$ktap_dir/unit/tests/unit/run" >"$ktap_dir/said" 2>&1 || status=$?
	cat "$ktap_dir/said"
	[[ $status -eq $1 ]] && grep -qxF -e "$2" "$ktap_dir/said"
}

test_unit_run() {
	local left status line at=$ktap_dir/unit

	mkdir -p "$at/tests/unit" "$at/build/unit" "$ktap_dir/unitbin"
	cp tests/unit/run "$at/tests/unit/run"
	ln -s "$(type -P true)" "$ktap_dir/unitbin/make"
	check 'unit tests: there are none' unit_says 1 'not ok 1 - there are unit tests'
	: >"$at/tests/unit/test_one.c"
	while IFS='|' read -r left status line; do
		[[ -n $status ]] || continue
		rm -f "$at/build/unit/test_one"
		if [[ $left != 'none ' ]]; then
			printf '#!/bin/bash\n%s\n' "$left" >"$at/build/unit/test_one"
			chmod +x "$at/build/unit/test_one"
		fi
		check "unit tests: $left" unit_says "${status// /}" "${line# }"
	done <<<"$unit_cases"
}

# What no script takes, before it has done anything: command | its exit status | its words
readonly option_cases='
scripts/vm --hmp 65536 -- true | 2 | vm: --hmp 65536: not a TCP port
scripts/vm --hmp 99999 -- true | 2 | vm: --hmp 99999: not a TCP port
scripts/vm --hmp 0 -- true | 2 | vm: --hmp 0: not a TCP port
scripts/vm --smp 0 -- true | 2 | vm: --smp 0: not a number of CPUs
scripts/vm --memory 1X -- true | 2 | vm: --memory 1X: not a size
scripts/vm --disk none -- true | 2 | vm: --disk none: not a size
scripts/vm --timeout 0 -- true | 2 | vm: --timeout 0: not a number of seconds
scripts/vm --qmp scripts/vm -- true | 2 | it exists and is something else
scripts/vm --qmp /nonexistent/qmp -- true | 2 | no directory to make it in
scripts/vm --qmp LIVE -- true | 2 | another program listens there
scripts/vm --console /nonexistent/log -- true | 2 | cannot be written
scripts/vm --kernel none -- true | 2 | kernels: none: no such kernel
scripts/vm --accel none -- true | 2 | no such accelerator
scripts/vm --quiet --kernel 6.1 --kmod nvme --kmod of-nobody -- true | 2 | --kmod of-nobody: Linux 6.1
scripts/vm --quiet --kernel 6.1 --kmod nvme-pci -- true | 2 | --kmod nvme-pci: Linux 6.1
scripts/vm --quiet= -- true | 2 | no such option
scripts/vm --kernel | 2 | needs a value
scripts/vm true | 2 | what is it
env --default-signal=PIPE scripts/demo --nonsense | 2 | vm: --nonsense: no such option
env --default-signal=PIPE scripts/demo --kernel none | 2 | kernels: none: no such kernel
scripts/demo --hmp 99999 | 2 | not a TCP port
scripts/demo --keep | 2 | demo: --keep: needs a value
scripts/demo --keep= | 2 | demo: --keep: needs a value
scripts/demo --keep /proc/none | 2 | demo: --keep /proc/none: cannot be written to
scripts/demo -- true | 2 | demo: --: the demo chooses the command itself
scripts/bench -- true | 2 | bench: --: the bench chooses the commands itself
scripts/bench --json | 2 | bench: --json: needs a value
scripts/bench --json /nonexistent/json | 2 | cannot be written
env RUNS=0 scripts/bench | 2 | bench: RUNS=0: not a number of runs
scripts/kernels | 2 | no command given
scripts/kernels get | 2 | needs one KERNEL
scripts/kernels get --nonsense 6.1 | 2 | no such option of get
scripts/kernels get 6.1 6.12 | 2 | needs one KERNEL
scripts/kernels get 6 | 2 | 6: no such kernel: give
scripts/kernels get 6.1.0-56 | 2 | 6.1.0-56: no such kernel: give
scripts/kernels get 6.1.0-56-arm64 | 2 | 6.1.0-56-arm64: no such kernel: give
scripts/kernels get /nonexistent/image | 2 | /nonexistent/image
scripts/kernels module --source /nonexistent 6.1 | 2 | no Kbuild there
scripts/kernels make 6.1 | 2 | needs a KERNEL and a directory
scripts/kernels vmlinux | 2 | needs one KERNEL
scripts/kernels list all | 2 | takes no arguments
scripts/mkinitramfs --nonsense | 2 | no such option
tests/fuzz/run soon | 2 | nor a number of seconds
tests/fuzz/run 0 | 2 | nor a number of seconds
tests/mutants/run --nonsense | 2 | no such option
tests/mutants/run -j 0 | 2 | not a number of jobs
tests/mutants/run --area none | 2 | no tests/mutants/none.mut
'

test_options() {
	local command status words listener

	# shellcheck disable=SC2016 # perl's
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0]));
		listen(S, 1); sleep 100' "$ktap_dir/live" &
	listener=$!
	while [[ ! -S $ktap_dir/live ]]; do
		sleep 0.1
	done
	while IFS='|' read -r command status words; do
		[[ -n $status ]] || continue
		# shellcheck disable=SC2086 # words of a command
		expect "${status// /}" "${words# }" "$command" ${command/LIVE/"$ktap_dir/live"}
	done <<<"$option_cases"
	check 'the socket of another one is still there' test -S "$ktap_dir/live"
	{ kill $listener && wait $listener; } 2>/dev/null
	# What nobody listens at any more is taken.
	printf '#!/bin/bash\nexit 3\n' >"$ktap_dir/qemu"
	chmod +x "$ktap_dir/qemu"
	expect 125 'QEMU.s own: 3' 'a socket that is left of a VM is taken' \
		env "QEMU=$ktap_dir/qemu" ACCEL=tcg scripts/vm --qmp "$ktap_dir/live" -- true
}

# What is a module, and what is built in, with either sign between its words, is no error.
test_kmod() {
	printf '#!/bin/bash\nexit 3\n' >"$ktap_dir/qemu"
	chmod +x "$ktap_dir/qemu"
	expect 125 'QEMU.s own: 3' 'vm: --kmod: a module, one that is built in' \
		env "QEMU=$ktap_dir/qemu" ACCEL=tcg scripts/vm --kernel 6.1 --kmod uio_pci_generic \
		--kmod uio-pci-generic --kmod 8250-dw --kmod 8250_pci -- true
}

# ldd in PATH that fails: no initramfs without the libraries that it would have named.
test_libraries() {
	local bin=$ktap_dir/bin-ldd

	mkdir "$bin"
	printf '#!/bin/sh\necho no memory >&2\nexit 1\n' >"$bin/ldd"
	chmod +x "$bin/ldd"
	expect 2 'ldd ended with 1: no memory' 'mkinitramfs: an ldd that fails' \
		env "PATH=$bin:$PATH" scripts/mkinitramfs --overlay -o "$ktap_dir/overlay" --file "$(type -P true):/true"
	check 'mkinitramfs: and the same with one that works' \
		scripts/mkinitramfs --overlay -o "$ktap_dir/overlay" --file "$(type -P true):/true"
}

# A wrong change is put into a copy of the tree, and the group that it names sees it.
test_mutants() {
	expect 0 '^1 seen, 0 not seen' 'mutants: one is seen' tests/mutants/run -j 1 demo-failed-step-passes
}

# group | more in the row | what it runs with the change | exit status of tests/mutants/run | what
# it says
readonly mutant_cases='
one | | echo "not ok 1 - one: a"; exit 1 | 0 | ^seen .*: by one, .* s: 1 - one: a$
one | | echo "Bail out! so"; exit 1 | 0 | ^seen .*: Bail out! so$
one | | exit 0 | 1 | ^NOT SEEN .*: by one: so$
one | | exit 124 | 1 | ^error .*: by one: exit status 124, but no point of it is not ok:$
one | | exit 125 | 1 | ^error .*: by one: exit status 125,
one | | echo "not ok 1 - one: ended with exit status 125"; exit 1 | 1 | ^error .*: by one: exit status 1,
one | | echo "not ok 1 - one: whole plan: 0 of no points"; exit 1 | 1 | ^error
one | | echo "not ok 1 - one: in time: more than 2 s"; exit 1 | 1 | ^error
one | | echo "not ok 1 - one: its output: so"; echo "not ok 2 - one: b"; exit 1 | 0 | ^seen .*: 2 - one: b$
one | late: yes | echo "not ok 1 - one: in time: more than 2 s"; exit 1 | 0 | ^seen .*: it ran too long$
one | late: yes | exit 124 | 0 | ^seen .*: it ran too long$
one | late: yes | exit 125 | 1 | ^error
one | | echo "# vm: guest kernel log: not clean:"; exit 1 | 0 | ^seen .*: the guest.s kernel: vm: guest
unit:one | | kill -SEGV $$ | 0 | ^seen .*: it crashed: exit status 139$
unit:one | | exit 1 | 1 | ^error .*: by unit:one: exit status 1,
unit:one | | echo "==1==ERROR: AddressSanitizer: so"; exit 1 | 0 | ^seen .*: a sanitizer: ==1==ERROR
'

# A made-up tree whose tests run one file, "what", in which the change is made: a group that is
# red has seen it only if it says where.
test_mutants_red() {
	local group more new status words at=$ktap_dir/made

	mkdir -p "$at/tests/mutants" "$at/tests/unit" "$at/tests/guest" "$at/scripts/lib"
	cp tests/mutants/run "$at/tests/mutants/"
	cp scripts/lib/common.sh "$at/scripts/lib/"
	: >"$at/tests/guest/ktap.sh"
	: >"$at/tests/unit/test_one.c"
	printf '#!/bin/bash\nexit 0\n' >"$at/what"
	printf '#!/bin/bash\n[[ $1 != --list ]] || exec echo "  one  so"\ncd "${0%%/*}/.." && . ./what\n' >"$at/tests/run"
	printf '.PHONY: user build/unit/test_one\nuser:\nbuild/unit/test_one:\n\tmkdir -p build/unit && cp what $@\n' \
		>"$at/Makefile"
	chmod +x "$at/what" "$at/tests/run"
	git -C "$at" init -q && git -C "$at" add -A
	while IFS='|' read -r group more new status words; do
		[[ -n $status ]] || continue
		printf '%s\n' '= a' 'file: what' "group: ${group% }" 'why: so' "$more" '- exit 0' "+${new% }; true" |
			sed 's/^ *//; s/ *$//' >"$at/tests/mutants/t.mut"
		expect "${status// /}" "${words# }" "mutants: ${group% }: $more$new" "$at/tests/mutants/run" -j 1
	done <<<"$mutant_cases"
}

# name of a new guest test | its head, with ; between the lines | exit status of tests/run --list |
# what it says
readonly head_cases='
new   | seconds 300; vm --no-bind; vm --smp 1 | 0 | ^  new         scripts/vm --strict --timeout 200 --no-bind --smp 1 -- /tests/new.sh$
new   | size 3; seconds 300 | 2 | new.sh: "#: size": not known
new   | vm --no-bind | 2 | new.sh: "#: seconds ": not a number of seconds above 100
new   | seconds 100 | 2 | new.sh: "#: seconds 100": not a number of seconds above 100
new   | seconds 300; kernels 6.1 | 2 | new.sh: "#: kernels 6.1": all is what it can be
vf    | seconds 300 | 2 | vf: two groups of that name: a row of tests/run, and the head of tests/guest/vf.sh
'

# The rows that tests/run has from the heads of guest tests
test_heads() {
	local name head status words copy=$ktap_dir/heads

	mkdir "$copy"
	copy_tree "$copy"
	while IFS='|' read -r name head status words; do
		[[ -n $words ]] || continue
		name=${name// /}
		{
			printf '#!/bin/sh\n'
			tr ';' '\n' <<<"$head" | sed 's/^ */#: /'
		} >"$copy/tests/guest/$name.sh"
		expect "${status// /}" "${words# }" "tests/run: the head of $name:$head" "$copy/tests/run" --list
		rm "$copy/tests/guest/$name.sh"
	done <<<"$head_cases"
	cp tests/guest/vf.sh "$copy/tests/guest/"
	printf '#: seconds 300\n#: kernels all\n' >"$copy/tests/guest/new.sh"
	"$copy/tests/run" --list >"$ktap_dir/list"
	check 'tests/run: the head of a test for all kernels: two rows' \
		[ "$(grep -c '^  new ' "$ktap_dir/list")$(grep -c '^  new$' "$ktap_dir/list")" = 11 ]
	rm "$copy/tests/guest/run.sh"
	expect 2 'a row of a name alone, but there is no tests/guest/run.sh' \
		'tests/run: a row without its test' "$copy/tests/run" --list
}

# suits COMPILER SUITE WORDS: what a kernel without a row is built with, whose headers ask for
# COMPILER, on a machine that has gcc-12 alone
suits() (
	. scripts/lib/build.sh
	command() { [[ $2 == gcc-12 ]]; }
	mkdir -p "$ktap_dir/tree/build" "$ktap_dir/tree/usr/lib"
	echo "CC = \$(CROSS_COMPILE)$1" >"$ktap_dir/tree/build/.kernelvariables"
	tools_suite='' suites='trixie trixie-updates'
	suit_machine "$ktap_dir/tree"
	echo "$tools_suite: $make_words"
	[[ $tools_suite == "$2" && $make_words == "CONFIG_DEBUG_INFO_BTF_MODULES=$3" ]]
)

test_suit() {
	check 'kernels: a compiler that is here' suits gcc-12 '' ''
	check 'kernels: one that is not here, and not among the tools' suits gcc-10 '' ' CC=gcc'
	check 'kernels: one that is among the tools' suits gcc-14 trixie ' cmd_checkdoc=true'
}

# count TABLE: its rows
count() {
	grep -c '|' <<<"$1"
}

ktap_plan $(($(count "$run_cases") + 10 + 2 + 2 + 6 + 2 * $(count "$ktap_cases") + 1 + $(count "$mutant_cases") + $(count "$vm_cases") + \
	$(count "$boot_cases") + 2 + 6 + \
	$(count "$ci_cases") + $(count "$option_cases") + 3 + 1 + 3 + \
	$(count "$static_cases") + 1 + 7 + $(count "$unit_cases") + 1 + \
	$(count "$head_cases") + 2 + 2 + 1))
test_run
test_run_more
test_run_full
test_run_signal
test_ktap
test_where
test_vm
test_vm_copiers
test_boot
test_image
test_ci
test_options
test_kmod
test_libraries
test_mutants
test_mutants_red
test_suit
test_static
test_static_nothing
test_unit_run
test_heads
ktap_end
