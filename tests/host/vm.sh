#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - scripts/vm itself: statuses, bytes, arguments, and nothing left behind

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 24
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
mkdir "$ktap_dir/program" "$ktap_dir/program/empty.c"
expect 2 'no C file is in it' 'a program of no C file' "$vm" --quiet --program "$ktap_dir/program" -- true

# Status, both streams, bytes, arguments and a program of two files in one boot.
echo 'int part(void) { return 7; }' >"$ktap_dir/program/part.c"
echo 'int part(void); int main(void) { return part(); }' >"$ktap_dir/program/main.c"
head -c 300000 /dev/urandom >"$ktap_dir/random"
cat >"$ktap_dir/script" <<'END'
[ $# -eq 4 ] && [ "$1" = "a b" ] && [ "$2" = "it's \"so\"" ] && [ "$3" = '$HOME
*' ] && [ "$4" = "$BDF" ] || exit 99
program
[ $? -eq 7 ] || exit 98
cat /root/random
echo to stderr >&2
exit 3
END
status=0
"$vm" --quiet --file "$ktap_dir/random" --file "$ktap_dir/script" --program "$ktap_dir/program/" -- \
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

# Two at once; what their kernels log is not what a clean run leaves.
cat >"$ktap_dir/seen" <<'END'
WARNING: CPU: 0 PID: 1 at mm/memory.c:1
BUG: sleeping in the wrong place
kernel BUG at mm/slub.c:1!
Oops: 0000 [#1] PREEMPT SMP
Call Trace:
general protection fault, probably for non-canonical address
KASAN: use-after-free in walk
KCSAN: data-race in walk
KFENCE: out-of-bounds read in walk
UBSAN: shift-out-of-bounds in walk.c:1:1
refcount_t: underflow; use-after-free.
Bad page state in process walk
mm/pgtable-generic.c:1: bad pmd 0000000000000000
bad rss-counter state mm:1
possible circular locking dependency detected
possible recursive locking detected
inconsistent lock state
suspicious RCU usage
sleeping function called from invalid context at mm/slab.h:1
scheduling while atomic: walk/1/0x00000002
held lock freed!
lock held when returning to user space!
INFO: task walk:1 blocked for more than 120 seconds.
soft lockup - CPU#0 stuck for 22s!
hard lockup on CPU 0
rcu: INFO: rcu_sched self-detected stall on CPU
rcu: INFO: rcu_sched detected stalls on CPUs/tasks:
unregister_netdevice: waiting for lo to become free.
kmemleak: 1 new suspected memory leaks
DMAR: DRHD: handling fault status reg 2
DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0x1000
AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:02.0]
unchecked MSR access error: RDMSR from 0x1
Unable to handle kernel NULL pointer dereference
divide error: 0000 [#1] SMP
BUG kmalloc-64 (Not tainted): Poison overwritten
irq 16: nobody cared (try booting with the "irqpoll" option)
DMA-API: device driver frees DMA memory it has not allocated
END
cat >"$ktap_dir/unseen" <<'END'
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on
kmemleak: Kernel memory leak detector initialized (mem pool available: 1)
vfio_test: 0000:00:02.0: IOMMU faults on purpose begin
DMAR: DRHD: handling fault status reg 2
DMAR: [DMA Write NO_PASID] Request device [00:02.0] fault addr 0x1000
AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:02.0]
vfio_test: 0000:00:02.0: IOMMU faults on purpose end
faults: failures on purpose begin
Call Trace:
kmemleak: Cannot allocate a scan area
faults: failures on purpose end
nothing of the kind
END
cat >"$ktap_dir/within" <<'END'
vfio_test: 0000:00:02.0: IOMMU faults on purpose begin
WARNING: CPU: 1 in the middle of them
DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0x2000
vfio_test: 0000:00:02.0: IOMMU faults on purpose end
faults: failures on purpose begin
BUG: KASAN: in the middle of those
faults: failures on purpose end
END
cat "$ktap_dir"/{unseen,seen,within} >"$ktap_dir/log"
"$vm" --quiet --no-bind --strict --append printk.devkmsg=on --file "$ktap_dir/log" -- \
	sh -c 'while read -r line; do echo "$line" >/dev/kmsg; done <log; echo one
		echo 512 >/proc/sys/kernel/tainted' \
	>"$ktap_dir/one" 2>"$ktap_dir/dirty" &
one=$!
status=0
"$vm" --quiet --no-bind --strict -- sh -c 'dmesg -c >/dev/null; echo two
	echo "vfio_test: 0000:00:02.0: IOMMU faults on purpose begin" >/dev/kmsg
	echo "AMD-Vi: Event logged" >/dev/kmsg' >"$ktap_dir/two" 2>"$ktap_dir/lost" || status=$?
wait $one
check '--strict: a log that is not clean: 125' [ $? -eq 125 ]
check '--strict: and what stands around it is told' sh -c \
	'sed -n "/what stands around the first/,\$p" "$0" | grep -q "nothing of the kind"' "$ktap_dir/dirty"
check '--strict: a log that was cleared: 125' [ $status -eq 125 ]
check '--strict: it is told so, and of faults that never ended' sh -c \
	'grep -q "lost its beginning" "$0" && grep -q "did not end" "$0"' "$ktap_dir/lost"
{
	cat "$ktap_dir/seen"
	grep 'middle\|2000' "$ktap_dir/within"
	echo 'taint 512: a warning, Oops, bad page or lockup happened'
} >"$ktap_dir/expected"
sed -n '/what stands around/q;s/^  \(\[ *[0-9.]*\] \)\?//p' "$ktap_dir/dirty" >"$ktap_dir/got"
check '--strict: each such line, and no other' diff "$ktap_dir/expected" "$ktap_dir/got"
check 'two VMs side by side' [ "$(cat "$ktap_dir/one" "$ktap_dir/two" | tr '\n' ' ')" = 'one two ' ]
check 'nothing left behind in the end' nothing_left
ktap_end
