#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# walk-cmd.sh - vfio_test walk, on processes that are there and that are not

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 19

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

# A process that stays as it is, and its first page.
sleep 1000 &
pid=$!
usleep 300000
page=0x$(sed -n '1s/^0*\([^-]*\)-.*/\1/p' /proc/$pid/maps)
vvar=0x$(sed -n 's/-.*\[vvar\]$//p' /proc/$pid/maps)

# Pages that /proc/PID/smaps counts as resident, in 4K.
resident() {
	awk '/^Rss:/ { sum += $2 } END { print sum / 4 }' /proc/$pid/smaps
}

expect 0 '^_PAGE_USER: set$' 'one address' vfio_test walk $pid "$page"
check 'one address: the leaf' said '^PTE index +[0-9]+ table 0x[0-9a-f]{16} entry 0x[0-9a-f]{16} PRESENT USER'
check 'one address: whose' said "^pid $pid \(sleep\) root 0x"
expect 0 "^0x[0-9a-f]{12}-0x[0-9a-f]{12} 4K pa 0x" 'a range' vfio_test walk $pid "$page+64K"
expect 0 'user nowrite exec page' 'a whole process' vfio_test walk $pid
check 'a whole process: as many pages as smaps has, and the vDSO' \
	[ "$(sed -n 's/^\([0-9]*\) user, 0 supervisor; .*/\1/p' "$ktap_dir/out")" -ge "$(resident)" ]
expect 0 '"verdict":"pass"' 'a whole process, JSON' vfio_test walk --json $pid
expect 0 ' none$' 'vvar' vfio_test walk $pid "$vvar+4K"
expect 0 '' '--expect user' vfio_test walk --quiet --expect user $pid
expect 1 "^vfio_test: pid $pid: [0-9]+ pages are not supervisor pages: first $page" '--expect supervisor' \
	vfio_test walk --quiet --expect supervisor $pid
expect 2 'pid 2: no such process, or one without memory' 'kernel thread' vfio_test walk 2
expect 2 'pid 4000000: no such process' 'no such process' vfio_test walk 4000000
expect 2 'nothing is mapped there: it is in no VMA' 'in no VMA' vfio_test walk $pid 0x1000
expect 2 'not the address of a page' 'unaligned' vfio_test walk $pid 0x1001
expect 2 'beyond the user half' 'vsyscall lies beyond the user half' vfio_test walk $pid 0xffffffffff600000
expect 2 'not a process ID' 'no number' vfio_test walk init
expect 2 'not a length' 'length 0' vfio_test walk $pid "$page+0"

kill $pid
wait $pid 2>/dev/null
expect 2 "pid $pid: $page: no such process" 'gone' vfio_test walk $pid "$page"
check 'nothing left' nothing_left
ktap_end
