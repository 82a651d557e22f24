#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --no-bind
#: kernels all
#
# walk-cmd.sh - vfio_test walk, on processes that are there and that are not

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 40

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
expect 0 "^PTE .*" 'in the middle of a page: rounded down' vfio_test walk $pid "$(printf '0x%x' $((page + 0x123)))"
check 'in the middle of a page: said' sh -c "grep -q 'in the middle of a page: the pages $page+0x1000 ' $ktap_dir/err"
expect 0 '"asked_start":"0x[0-9a-f]*123","start":"0x[0-9a-f]*000","len":"0x1000"' 'in the middle of a page: JSON has both' \
	vfio_test walk --json $pid "$(printf '0x%x' $((page + 0x123)))"
bare=${page#0x}
end=$(printf '%x' $((page + 4096)))
expect 0 "^0x[0-9a-f]*$bare-0x" 'a range as maps writes it' vfio_test walk $pid "$bare-$end"
expect 0 '^_PAGE_USER: set$' 'PID:VADDR' vfio_test walk "$pid:$page"
expect 0 "^0x[0-9a-f]*$bare-0x" 'PID:VADDR+LEN' vfio_test walk "$pid:$page+4KiB"
expect 2 'beyond the user half' 'vsyscall lies beyond the user half' vfio_test walk $pid 0xffffffffff600000
expect 2 'not a process ID' 'no number' vfio_test walk init
expect 2 'not an address or a range' 'length 0' vfio_test walk $pid "$page+0"

# Judged is every page that was asked for: what cannot be is no pass.
expect 0 '' '--expect set: another word' vfio_test walk --quiet --expect set $pid "$page"
expect 1 '' '--expect cleared: likewise' vfio_test walk --quiet --expect cleared $pid "$page"
low=$(printf '0x%x' $((page - 4096)))
expect 4 '1 of 2 pages judged: 1 in no VMA; first 0x' '--expect: a page in no VMA before it' \
	vfio_test walk --expect user $pid "$low+8K"
expect 4 '"judged":\{"expect":"user","asked":2,"judged":1,"not_judged":1,"differ":0,"first_not_judged":"0x' \
	'--expect: the figures in JSON' vfio_test walk --json --expect user $pid "$low+8K"
check '--expect: the verdict in JSON' said '"verdict":"unverified"'
expect 1 '1 of 2 pages judged' '--expect: one that differs counts for more' \
	vfio_test walk --expect supervisor $pid "$low+8K"
expect 4 '0 of 1 pages judged: 1 never touched' '--expect: one that is not there' \
	vfio_test walk --expect user $pid "$vvar+4K"
expect 0 'in no VMA 1 ' 'without --expect a hole is counted' vfio_test walk $pid "$low+8K"
# A page that is there, with no VMA behind it.
last=''
cat /proc/$pid/maps >"$ktap_dir/maps"
while read -r range _; do
	end=${range#*-}
	before=$(printf '0x%x' $((0x$end - 4096)))
	if ! grep -q "^0*$end-" /proc/$pid/maps &&
	   vfio_test walk --quiet --expect user $pid "$before" 2>/dev/null; then
		last=$before
	fi
done <"$ktap_dir/maps"
expect 4 '1 of 2 pages judged: 1 in no VMA' '--expect: a page, and one in no VMA behind it' \
	vfio_test walk --quiet --expect user $pid "$last+8K"

# Nor is what a signal breaks off an answer, wherever it comes. The time in which it can come is
# short: before it the program does not catch signals yet (143, nothing is said), after it the
# answer is there (0). It is looked for by halves.
mkfifo "$ktap_dir/large"
awk 'BEGIN { for (i = 0; i < 600000; i++) a[i] = i; print "ready"; fflush(); getline }' \
	<"$ktap_dir/large" >"$ktap_dir/ready" &
large=$!
exec 5>"$ktap_dir/large"
until [ -s "$ktap_dir/ready" ]; do
	kill -0 $large || break
	usleep 50000
done
broken_off() {
	n=0 tries=0 early=0 late=1000000
	while [ "$n" -lt 3 ] && [ "$tries" -lt 80 ]; do
		tries=$((tries + 1))
		# What was too early or too late once need not be so again.
		[ $((late - early)) -gt 200 ] || early=0 late=1000000
		delay=$(((early + late) / 2))
		vfio_test walk --json "$large" >"$ktap_dir/broken" 2>&1 &
		walking=$!
		usleep "$delay"
		kill -TERM "$walking"
		wait "$walking"
		case $? in
		0) late=$delay && continue ;;
		143) ;;
		*) return 1 ;;
		esac
		if [ ! -s "$ktap_dir/broken" ]; then
			early=$delay
			continue
		fi
		# While the answer is written, all of it is.
		if [ "$(wc -l <"$ktap_dir/broken")" -eq 1 ] &&
		   grep -q '^{.*"verdict":"pass".*"runs":.*"asked":[0-9]*}}$' "$ktap_dir/broken"; then
			late=$delay
			continue
		fi
		n=$((n + 1))
		cut -c 1-300 "$ktap_dir/broken"
		[ "$(wc -l <"$ktap_dir/broken")" -eq 1 ] && ! grep -q runs "$ktap_dir/broken" &&
			grep -q '"verdict":"error".*SIGTERM' "$ktap_dir/broken" || return 1
	done
	echo "broken off $n times of $tries"
	[ "$n" -eq 3 ]
}
check 'walk --json: broken off: one object that says so' broken_off
exec 5>&-
wait $large

full() {
	vfio_test walk "$@" >/dev/full
}
expect 2 'stdout: the answer is lost: No space left' 'a full disk' full $pid "$page"
expect 2 'stdout: the answer is lost: No space left' 'a full disk: JSON' full --json $pid
expect 2 'stdout: the answer is lost: No space left' 'a full disk: a long answer' full 1 0+64T

# Its name is its own, and not for the terminal.
odd=$(printf 'a\033]0;b\377\nc')
printf '#!/bin/sh\nwhile :; do sleep 1; done\n' >"/tmp/$odd"
chmod +x "/tmp/$odd"
"/tmp/$odd" &
named=$!
usleep 300000
expect 0 "^pid $named \(a.x1b\]0;b.xff.x0ac\)" 'an odd name: no control byte in the text' vfio_test walk $named
check 'an odd name: none at all' sh -c "! LC_ALL=C grep -q '[^[:print:][:space:]]' $ktap_dir/out"
expect 0 '"comm":"a..x1b\]0;b..xff..x0ac"' 'an odd name: JSON' vfio_test walk --json $named
kill $named

kill $pid
wait $pid 2>/dev/null
expect 2 "pid $pid: $page: no such process" 'gone' vfio_test walk $pid "$page"
check 'nothing left' nothing_left
ktap_end
