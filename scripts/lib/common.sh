# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# common.sh - messages, signals and helpers that the scripts share; set prog, then source it

# note TEXT: prints a message of this script
note() {
	# shellcheck disable=SC2154 # the script sets prog
	printf '%s: %s\n' "$prog" "$1" >&2
}

# die TEXT [STATUS]: prints a message and exits; 2 is for usage or environment
die() {
	note "$1"
	exit "${2:-2}"
}

# usage_error TEXT: ends because of wrong usage
usage_error() {
	die "$1; see: $0 --help"
}

# end_on_signals: a signal ends the script by exit, so that its trap for EXIT cleans up
end_on_signals() {
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# trim TEXT: prints it without the blanks around it
trim() {
	local s=$1

	s=${s#"${s%%[! 	]*}"}
	printf '%s' "${s%"${s##*[! 	]}"}"
}

# copy_tree DIR: copies to DIR the files of this git tree that are tracked, or not ignored
copy_tree() {
	local file

	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
		[[ ! -e $file ]] || printf '%s\0' "$file"
	done | tar --null -T - -cf - | tar -C "$1" -xpf -
}
