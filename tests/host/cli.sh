#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cli.sh - the command lines of both programs: every answer is whole or is an error, and
# under --json each is one object; no VM

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

PATH=$root/user:$PATH
# A pipe whose reader has gone away: the writing end is ours, and nobody reads.
mkfifo "$ktap_dir/fifo" "$ktap_dir/report"
exec 8<>"$ktap_dir/fifo"
exec 7>"$ktap_dir/fifo" 8<&-

# What answers on stdout here, on any machine, whoever we are.
readonly answers='vfio_test --help
vfio_test --version
vfio_test help
vfio_test help walk
vfio_test list --help
vfio_test list
vfio_test list --json
vfio_test doctor
vfio_test doctor --json
vfio_test doctor --list
vfio_test doctor --list --markdown
vfio_test doctor --list --json
vfio_test doctor --why iommu-enable
vfio_test --json --version
qemu_verify_pte --help
qemu_verify_pte --version
qemu_verify_pte --json'

# Errors and questions, each with --json added: one object of the contract.  Status | command
readonly objects='2|vfio_test
0|vfio_test --version
0|vfio_test --help
0|vfio_test run --help
0|vfio_test help
0|vfio_test help walk
2|vfio_test help nonsense
2|vfio_test nonsense
2|vfio_test nonsense.
2|vfio_test --nonsense
2|vfio_test --size
2|vfio_test --size 0 00:01.0
2|vfio_test --size=1X 00:01.0
2|vfio_test --iova x 00:01.0
2|vfio_test --iova 0x123 00:01.0
2|vfio_test --expect nobody 00:01.0
2|vfio_test --iommu nobody 00:01.0
2|vfio_test --dma nobody 00:01.0
2|vfio_test --page-size 3K 00:01.0
2|vfio_test --hold=x 00:01.0
2|vfio_test --ktap 00:01.0
2|vfio_test 00:01.0 00:02.0
2|vfio_test --with 00:01.0 00:01.0
2|vfio_test list --ktap
2|vfio_test list nobody
2|vfio_test list ffff:7f:00.0
2|vfio_test bind
2|vfio_test bind nobody
2|vfio_test bind --driver ../x 00:01.0
2|vfio_test unbind
2|vfio_test doctor nobody
2|vfio_test doctor 00:01.0 00:02.0
2|vfio_test doctor --size 0
0|vfio_test doctor --list
0|vfio_test doctor --why iommu-enable
2|vfio_test doctor --why nobody
2|vfio_test doctor --list --markdown
2|vfio_test walk
2|vfio_test walk nobody
2|vfio_test walk 1 nobody
2|vfio_test walk 1 2-1
2|vfio_test walk --expect nobody 1
2|vfio_test walk --ktap 1
2|vfio_test walk 1 2 3
2|vfio_test iova
2|vfio_test iova nobody 0
2|vfio_test iova 00:01.0 nobody
0|qemu_verify_pte --help
0|qemu_verify_pte --version
2|qemu_verify_pte
2|qemu_verify_pte --nonsense
2|qemu_verify_pte --levels
2|qemu_verify_pte --levels 3
2|qemu_verify_pte --root 0x1 --qmp x 0
2|qemu_verify_pte --timeout 0
2|qemu_verify_pte --expect nobody
2|qemu_verify_pte 70000 0
2|qemu_verify_pte 1 nobody
2|qemu_verify_pte 1 0
2|qemu_verify_pte --qmp /nowhere 0
2|qemu_verify_pte --qmp /nowhere --report /nowhere
2|qemu_verify_pte --qmp /nowhere --report /dev/null
2|qemu_verify_pte --join x 1 0'

ktap_plan 40

# on REDIRECTION STATUS: each of the answers, with its stdout so
on() {
	local words status

	while read -r -a words; do
		eval "\"\${words[@]}\" $1" 2>"$ktap_dir/said"
		status=$?
		[[ $status -eq $2 ]] || {
			echo "${words[*]} $1: exit $status, not $2"
			return 1
		}
		[[ $2 -ne 2 || ! -s $ktap_dir/said || $3 == words ]] || {
			echo "${words[*]} $1: it said:"
			cat "$ktap_dir/said"
			return 1
		}
		[[ $3 != words ]] || grep -q 'stdout: the answer is lost: .*; ' "$ktap_dir/said" || {
			echo "${words[*]} $1: it did not say so"
			return 1
		}
	done <<<"$answers"
}
check 'stdout on a full disk: 2, and said' on '>/dev/full' 2 words
check 'stdout closed: 2, and said' on '>&-' 2 words
check 'stdin and stdout closed: 2, and said' on '<&- >&-' 2 words
check 'all three closed: 2' on '<&- >&- 2>&-' 2 silent
check 'a reader that has gone away: 2, and no word' on '>&7' 2 silent
# With SIGPIPE ignored by who started us, and not.
check 'the same where SIGPIPE is ignored' bash -c "trap '' PIPE; vfio_test --help >&7; [ \$? -eq 2 ]"
lines() {
	[[ $(vfio_test doctor --list | head -n 1 | wc -l) -eq 1 ]] &&
		[[ -z $( (vfio_test doctor --list | head -n 1 >/dev/null) 2>&1) ]]
}
check '| head: the line, and nothing else' lines

scripts() {
	local script

	for script in vm kernels demo bench setup mkinitramfs ../tests/run ../tests/mutants/run; do
		"$root/scripts/$script" --help >/dev/null || return 1
		"$root/scripts/$script" --help >/dev/full
		[[ $? -eq 2 ]] || {
			echo "$script"
			return 1
		}
	done
}
check 'the scripts: likewise, of --help' scripts

# of COMMAND...: one object, with what every one has
object() {
	local status=$1
	shift

	"$@" --json >"$ktap_dir/out" 2>/dev/null </dev/null
	[[ $? -eq $status ]] || {
		echo "$*: not exit $status"
		return 1
	}
	jq -e -s --arg tool "$1" --argjson status "$status" 'length == 1 and (.[0] |
		.tool == $tool and (.version | type) == "string" and .schema == 1 and
		if $status == 0 then .verdict == "pass" and (has("error") | not)
		else .verdict == "error" and (.error | keys == ["errno", "fix", "id", "what", "why"] and
			all(.id, .what, .why, .fix; type == "string" and . != "") and
			(.errno | type) == "number") end)' "$ktap_dir/out" >/dev/null || {
		echo "$*:"
		cat "$ktap_dir/out"
		return 1
	}
}
objects_all() {
	local status line words n=0

	while IFS='|' read -r status line; do
		read -r -a words <<<"$line"
		object "$status" "${words[@]}" || return 1
		n=$((n + 1))
	done <<<"$objects"
	[[ $n -gt 60 ]]
}
check '--json behind: each is one object with what, why, fix, id and errno' objects_all
before() {
	local option

	object 2 vfio_test --nonsense || return 1
	for option in --json -j -qj --js; do
		vfio_test "$option" --nonsense >"$ktap_dir/a" 2>/dev/null
		cmp "$ktap_dir/a" "$ktap_dir/out" || return 1
	done
}
check '--json before, -j, --js: the same' before

# What was typed is shown, and no more than shown.
bytes=$(printf 'x\033]0;t\007\nVerdict:pass\377\302\233')
no_control() {
	local words

	for words in "$bytes" "--$bytes" "help $bytes" "--size $bytes" "list $bytes" "walk $bytes" \
		"walk 1 $bytes" "doctor --why $bytes" "bind --driver $bytes 00:01.0" "--iommu $bytes"; do
		IFS=' ' read -r -d '' -a args <<<"$words"
		args[-1]=${args[-1]%$'\n'}
		"$1" "${args[@]}" >"$ktap_dir/text" 2>&1 </dev/null
		if LC_ALL=C grep -n '[^[:print:]]' "$ktap_dir/text" || grep '^Verdict' "$ktap_dir/text"; then
			echo "$words"
			return 1
		fi
		"$1" --json "${args[@]}" >"$ktap_dir/text" 2>/dev/null </dev/null
		iconv -f UTF-8 -t UTF-8 "$ktap_dir/text" | jq -e -s 'length == 1' || return 1
		! LC_ALL=C grep '[^[:print:]]' "$ktap_dir/text" || return 1
	done
}
check 'vfio_test: no byte of an argument reaches the terminal or JSON raw' no_control vfio_test
check 'qemu_verify_pte: likewise' no_control qemu_verify_pte

# Descriptors 0 to 2: while it waits for the report of a FIFO.
std() {
	local redirect=$1 pid='' fd link tries=0 fds=$2

	eval "qemu_verify_pte --qmp /nowhere --report '$ktap_dir/report' $redirect &"
	pid=$!
	# It has come so far when it is itself and sleeps: it waits for somebody to write.
	until [[ $(readlink "/proc/$pid/exe") == *qemu_verify_pte ]] &&
		grep -q '^State:.*S' "/proc/$pid/status"; do
		[[ $tries -lt 100 ]] || return 1
		sleep 0.05
		tries=$((tries + 1))
	done
	for fd in 0 1 2; do
		link=$(readlink "/proc/$pid/fd/$fd")
		case $fds in
		*$fd*) [[ $link == /dev/null ]] || fds=bad ;;
		*) [[ -n $link ]] || fds=bad ;;
		esac
	done
	: >"$ktap_dir/report"
	wait "$pid"
	[[ $fds != bad ]]
}
check 'closed: 0' std '<&-' 0
check 'closed: 1' std '>&-' 1
check 'closed: 2' std '2>&-' 2
check 'closed: 0 and 1' std '<&- >&-' 01
check 'closed: 0 and 2' std '<&- 2>&-' 02
check 'closed: 1 and 2' std '>&- 2>&-' 12
check 'closed: all' std '<&- >&- 2>&-' 012

# One form for each kind.
expect 2 '^vfio_test: lst: no such command: did you mean list\?; see vfio_test help$' 'a mistyped command' vfio_test lst
expect 2 'did you mean run\?' 'a word of another tool' vfio_test test 00:01.0
expect 2 '^vfio_test: frobnicate: no such command: nothing has that name' 'no word at all' vfio_test frobnicate
expect 2 '^vfio_test: --sise=4K: no such option: did you mean --size\?; see vfio_test help run$' 'a mistyped option' vfio_test --sise=4K 00:01.0
expect 2 '^qemu_verify_pte: --reprot: no such option: did you mean --report\?' 'of the other program' qemu_verify_pte --reprot
expect 2 '^qemu_verify_pte: /nowhere: connect: ' '--monitor, which is the only way so far' qemu_verify_pte --monitor --qmp /nowhere 0
expect 2 '^vfio_test: --hold: no such option of list: run has it; see vfio_test help list$' "another command's option" vfio_test list --hold
expect 2 '^vfio_test: an empty argument: ' 'an empty argument' vfio_test ''
expect 2 '^vfio_test: --size 1.5G: not a size above 0: .*; as in 4K, 2MiB or 1G$' 'no size' vfio_test --size 1.5G 00:01.0
expect 2 '^vfio_test: -x: no such option; see' 'a letter among others' vfio_test -qx list
expect 2 '^vfio_test: ffff:7f:0a.0: ' 'a BDF in capitals' vfio_test list FFFF:7F:0A.0
expect 2 '^vfio_test: 10000:7f:0a.0: no such device' 'a domain of 17 bits' vfio_test list 10000:7f:0a.0
expect 2 '^vfio_test: 0000:ff:1f.7: no such device' 'a BDF without its domain' vfio_test list ff:1f.7
shown() {
	local command

	vfio_test --help >"$ktap_dir/help" || return 1
	for command in run list bind unbind doctor walk iova help; do
		grep -q "^  $command " "$ktap_dir/help" || return 1
	done
}
check '--help shows all commands' shown
expect 0 '^usage: vfio_test walk ' 'help of a command: options before it' vfio_test --quiet help walk
check 'options before the command: as behind it' cmp <(vfio_test --json doctor --list) <(vfio_test doctor --list --json)

# helps: the help of each command, one of all of them, and of the other program
helps() {
	local command

	vfio_test help --json | jq -r '.commands[].name' >"$ktap_dir/commands"
	[[ -s $ktap_dir/commands ]] || return 1
	while read -r command; do
		echo "vfio_test help $command"
	done <"$ktap_dir/commands"
	printf '%s\n' 'vfio_test --help' 'qemu_verify_pte --help'
}

# examples HELP...: the command lines that it has, without what is said of them
examples() {
	"$@" | sed -n '/^Examples:$/,/^$/{ /^  /{ s/^  //; s/  .*//; p; }; }'
}

# Each help has some, and what they say is taken: help is what the last word asks for.
examples_run() {
	local words example n

	while read -r -a words; do
		n=0
		while read -r -a example; do
			"${example[@]}" --help >/dev/null || {
				echo "${words[*]}: ${example[*]}"
				return 1
			}
			n=$((n + 1))
		done < <(examples "${words[@]}")
		[[ $n -gt 0 ]] || {
			echo "${words[*]}: no examples"
			return 1
		}
	done < <(helps)
}
check 'each help has examples, which are command lines' examples_run

examples_in_man() {
	local words example page

	while read -r -a words; do
		page=$(echo "$root/user/man/${words[0]}".*.scd)
		while read -r example; do
			sed -n '/^# EXAMPLES/,/^# SEE/p' "$page" | sed 's/ >.*//' | grep -qxF -e "$example" || {
				echo "$page: no $example"
				return 1
			}
		done < <(examples "${words[@]}")
	done < <(helps)
}
check 'the examples of each help are in EXAMPLES of its man page' examples_in_man

# options_in_man PAGE: the options on stdin, without their dashes, are in the man page
options_in_man() {
	local option n=0

	while read -r option; do
		grep -qF -e "*--$option*" "$root/user/man/$1.scd" || {
			echo "$1: no --$option"
			return 1
		}
		n=$((n + 1))
	done
	[[ $n -gt 10 ]]
}
options_of_all() {
	local command

	while read -r command; do
		vfio_test help "$command" --json | jq -r '.options[]'
	done <"$ktap_dir/commands" | sort -u | options_in_man vfio_test.8 &&
		qemu_verify_pte --help --json | jq -r '.options[]' | grep -vx -e version -e help |
		options_in_man qemu_verify_pte.1
}
check 'each option of both programs is in its man page' options_of_all
# Each word that --require takes is in the help and in the manual.
witnesses_in_man() {
	local names name

	names=$(vfio_test --require nobody 00:01.0 2>&1 | sed -n 's/.*choose from: //p')
	vfio_test help run | grep -qxF "  --require ${names//, /|}" || return 1
	for name in ${names//, / }; do
		grep -qF "*${name//_/\\_}*" "$root/user/man/vfio_test.8.scd" || return 1
	done
	[[ $names == module,*,\ all ]]
}
check 'each witness of --require is in its help and in the man page' witnesses_in_man
vm_options() {
	"$root/scripts/vm" --help | sed -nE 's/^  (-i, )?--([a-z-]+).*/\2/p' | grep -vx help |
		options_in_man vfio-verify-vm.1
}
check 'each option of scripts/vm is in its man page' vm_options
ktap_end
