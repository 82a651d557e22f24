#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# walk-exec.sh - vfio_test walk of a process that executes another program, or ends, midway
#
# With share (see share/main.c) in PATH. What vfio_test prints goes into a pipe: after the records of
# its first call it waits there for a reader, who lets the process change before reading on.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 8

# change HOW OPTION...: walks a process that changes so; its exit status in $status, what it said
# in $ktap_dir/out and err
change() {
	how=$1
	shift
	: >"$ktap_dir/ready"
	share --fragments 12000 >"$ktap_dir/ready" &
	pid=$!
	ktap_wait ready "$ktap_dir/ready" $pid
	{
		vfio_test walk "$@" $pid 2>"$ktap_dir/err"
		echo $? >"$ktap_dir/status"
	} | {
		read -r first
		case $how in
		exec)
			kill -USR1 $pid
			ktap_wait sleep /proc/$pid/comm $pid >&2
			;;
		exit) kill -KILL $pid ;;
		esac
		[ "$how" != exit ] || sleep 1
		echo "$first"
		cat
	} >"$ktap_dir/out"
	status=$(cat "$ktap_dir/status")
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
}
said() {
	grep -qE -e "$1" "$ktap_dir/err"
}

change nothing
check 'nothing changes: all of it' [ "$status" = 0 ]
check 'nothing changes: 6000 pages and more' \
	[ "$(sed -n 's/^\([0-9]*\) user, 0 supervisor; .*/\1/p' "$ktap_dir/out")" -ge 6000 ]
change exec
check 'exec: unverified' [ "$status" = 4 ]
check 'exec: and why' said 'pid [0-9]+: the process changed its address space'
check 'exec: no sum over what it saw' sh -c "! grep -q 'by kind' '$ktap_dir/out'"
change exit
check 'exit: unverified' [ "$status" = 4 ]
check 'exit: and why' said 'pid [0-9]+: the process changed its address space'
change exec --expect user
check 'exec, --expect user: no pass' [ "$status" = 4 ]
ktap_end
