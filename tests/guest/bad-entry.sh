#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# bad-entry.sh - what is told of an entry that no kernel writes: an error, never a pass
#
# In a VM, with bad_entry.ko (tests/kmod/bad_entry) and bad-entry (bad-entry.c) in /root
# (tests/host/bad-entry.sh).

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 45

# killed WHAT: it ends with SIGKILL, the entry in place
killed() {
	bad-entry "$1" killed
	[ $? -eq 137 ]
}

# hold WHAT: a process with the entry in place; $pid, and $slot where it is
hold() {
	mkfifo "$ktap_dir/stdin"
	bad-entry "$1" hold <"$ktap_dir/stdin" >"$ktap_dir/held" &
	exec 3>"$ktap_dir/stdin"
	for _ in $(seq 100); do
		[ ! -s "$ktap_dir/held" ] || break
		sleep 0.1
	done
	read -r pid slot <"$ktap_dir/held"
}

let_go() {
	exec 3>&-
	wait $!
	status=$?
	rm -f "$ktap_dir/stdin"
	return "$status"
}

modprobe verify_pte || exit 1
insmod /root/bad_entry.ko || exit 1

for what in pmd pud p4d leaf; do
	check "$what: one page of it: EIO, next is its address" bad-entry $what one
	check "$what: runs: what comes before it is answered first" bad-entry $what runs
	check "$what: raw: so it is with every entry on the way" bad-entry $what raw
	check "$what: a whole process: up to there" bad-entry $what whole
	check "$what: text: says where it stopped, and ends with EIO" bad-entry $what text
	check "$what: taken out again, it is a hole" bad-entry $what removed
	check "$what: a process that is killed meanwhile leaves nothing" killed $what

	hold $what
	expect 2 "pid $pid: $slot: .*an entry that no kernel writes" \
		"$what: vfio_test walk PID: an error that names it" vfio_test walk "$pid"
	expect 2 "pid $pid: $slot: .*an entry that no kernel writes" \
		"$what: vfio_test walk PID VADDR: an error that names it" vfio_test walk "$pid" "$slot"
	expect 2 '"verdict": ?"error"' "$what: vfio_test --json walk: no verdict" \
		vfio_test --json walk "$pid"
	check "$what: the process ends well" let_go
done
check 'the modules are unloaded' rmmod bad_entry verify_pte
ktap_end
