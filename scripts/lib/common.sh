# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# common.sh - what the scripts say and how they end; source it, with prog set

# note TEXT: a message of this script
note() {
	# shellcheck disable=SC2154 # prog: of the script
	printf '%s: %s\n' "$prog" "$1" >&2
}

# die TEXT [STATUS]: the last message; 2 is usage or environment
die() {
	note "$1"
	exit "${2:-2}"
}

# usage_error TEXT: what was typed is wrong
usage_error() {
	die "$1; see: $0 --help"
}

# end_on_signals: a signal ends the script by exit, so that its trap for EXIT cleans up
end_on_signals() {
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# trim TEXT: without the blanks around it
trim() {
	local s=$1

	s=${s#"${s%%[! 	]*}"}
	printf '%s' "${s%"${s##*[! 	]}"}"
}

# copy_tree DIR: what git has, or would have, of the tree in which it is called, to DIR
copy_tree() {
	local file

	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
		[[ ! -e $file ]] || printf '%s\0' "$file"
	done | tar --null -T - -cf - | tar -C "$1" -xpf -
}
