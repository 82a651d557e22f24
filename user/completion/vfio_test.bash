# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of vfio_test: commands, options, their values, PCI addresses.  What there is,
# vfio_test's own help says.

# _vfio_test_help [COMMAND]
_vfio_test_help() {
	vfio_test help "$@" 2>/dev/null
}

_vfio_test_commands() {
	_vfio_test_help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

# _vfio_test_options COMMAND: -j and --json alike
_vfio_test_options() {
	_vfio_test_help "$1" | sed -nE 's/^ +((-[a-zA-Z]), +)?(--[a-z-]+).*/\2 \3/p'
}

# _vfio_test_values COMMAND --OPTION: a b c, of a help that has "--OPTION a|b|c"
_vfio_test_values() {
	_vfio_test_help "$1" | sed -nE "s/^ +$2[ =]([^ ]+\|[^ ]+).*/\1/p" | tr '|' ' '
}

# _vfio_test_addresses COMMAND: those that it can do something with
_vfio_test_addresses() {
	local file found=''

	case $1 in
	run | iova) vfio_test list --quiet --ready 2>/dev/null ;;
	list | bind | doctor) vfio_test list --quiet 2>/dev/null ;;
	unbind)
		for file in /run/vfio-verify/*:*; do
			[[ ! -e $file ]] || found+="${file##*/} "
		done
		# Only root can see there.
		if [[ -n $found ]]; then
			echo "$found"
		else
			vfio_test list --quiet 2>/dev/null
		fi
		;;
	esac
}

_vfio_test() {
	local line=${COMP_LINE:0:COMP_POINT} cur prev command='' word all=''
	local -a words

	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	# Not COMP_WORDS, which has an address in pieces: a colon ends a word of bash's.
	cur=${words[-1]} prev=${words[-2]}
	# The first of them that is a command; an address alone is for run.
	for word in "${words[@]:1:${#words[@]}-2}"; do
		[[ $word != -* ]] || continue
		command=$word
		break
	done
	if [[ -n $command && " $(_vfio_test_commands | tr '\n' ' ')" != *" $command "* ]]; then
		command=run
	fi
	if [[ $cur == --*=* ]]; then
		prev=${cur%%=*} cur=${cur#*=}
	fi
	[[ $prev == --* ]] && all=$(_vfio_test_values "${command:-run}" "$prev")
	[[ $command != doctor || $prev != --why ]] || all=$(vfio_test doctor --list 2>/dev/null | grep '^[a-z]')
	if [[ -n $all ]]; then
		:
	elif [[ $cur == -* ]]; then
		all=$(_vfio_test_options "${command:-run}")
	elif [[ -z $command ]]; then
		all="$(_vfio_test_commands) $(_vfio_test_addresses run)"
	elif [[ $command == help ]]; then
		all=$(_vfio_test_commands)
	elif [[ $prev == --module ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	else
		all=$(_vfio_test_addresses "$command")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$all" -- "$cur")
	# What stands before the last colon bash has already.
	if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${cur%:*}":}")
	fi
}

complete -F _vfio_test vfio_test
