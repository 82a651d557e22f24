#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --append pci=nomsi --device e1000e --file tests/guest/reserve.c
#
# limits.sh - what this host does not give: MSI, files, memory, huge pages; never a failure
#
# VM with pci=nomsi on its kernel's line, 1 GiB, edu on vfio-pci, an e1000e, and reserve.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 52

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}
unsaid() {
	! said "$1"
}
quick() {
	vfio_test --dma none --no-rules --no-reset "$@"
}

# --- no MSI ----------------------------------------------------------------------------

nomsi='could not be set up: EINVAL: the kernel gives no MSI: its line has pci=nomsi; boot without pci=nomsi'
expect 4 '^Verdict: unverified' 'pci=nomsi: no failure' vfio_test -v --no-faults --size 16K "$BDF"
check 'the rules of MSI are unverified, once, with the cause' [ "$(grep -cE "MSI: on: $nomsi" "$ktap_dir/out")" -eq 1 ]
check 'nothing of it failed' unsaid 'FAIL'
check 'the rules of INTx are asked' said '^\[ok\] INTx: mask by NONE: success'
check 'the device raises INTx' said 'INTx: 3 of 3 raised by the device arrived by eventfd'
check 'and MSI not, with the cause' said 'MSI: could not be switched on: the kernel gives no MSI: its line has pci=nomsi; boot without pci=nomsi$'
e1000e=$(find_device 0x8086 0x10d3)
to_vfio "$e1000e"
expect 4 "MSI-X: on: $nomsi" 'pci=nomsi: MSI-X as well' vfio_test -v --no-faults --size 16K "$e1000e"
check 'MSI-X: nothing failed' unsaid 'FAIL'

# A kernel that has switched MSI off for its chipset says so in its log alone; where nothing
# explains it, it is the kernel's answer that is wrong.
sed 's/pci=nomsi//' /proc/cmdline >/tmp/cmdline
untold() {
	unshare -m sh -c 'mount --bind /tmp/cmdline /proc/cmdline && exec "$@"' - "$@"
}
expect 1 'MSI: on: could not be set up: EINVAL$' 'no MSI, and nothing explains it: fails' \
	untold vfio_test -v --no-faults --size 16K "$BDF"
expect 4 'MSI: on: could not be set up: EINVAL: the host.s settings that may prevent it cannot be read' 'no MSI, and the log cannot be read: unverified' \
	untold sh -c 'mount --bind /dev/null /dev/kmsg && exec vfio_test -v --no-faults --size 16K "$BDF"'
echo '<4>pci 0000:00:00.0: MSI quirk detected; MSI disabled' >/dev/kmsg
quirk='the kernel gives no MSI: it has switched it off for this chipset, see dmesg | grep quirk; use INTx'
expect 4 "MSI: on: could not be set up: EINVAL: $(echo "$quirk" | sed 's/|/\\|/')" 'no MSI for a fault of the chipset: unverified' \
	untold vfio_test -v --no-faults --size 16K "$BDF"
check 'of that nothing failed' unsaid 'FAIL'
check 'and the device raises INTx' said 'INTx: 3 of 3 raised by the device arrived by eventfd'
check 'MSI not, with the cause' grep -qF "MSI: could not be switched on: $quirk" "$ktap_dir/out"

# --- files -----------------------------------------------------------------------------

# Too few: files of /proc and /sys would look as if they were not there.
few_files() {
	for n in 4 5 6 7 8 10 12 16 20 32 63; do
		got=0
		(ulimit -n "$n" && exec vfio_test "$@") >"$ktap_dir/few" 2>&1 </dev/null || got=$?
		if [ "$got" -ne 2 ] || ! grep -q "files: this process may have $n files open, and 64 are needed; raise the limit: ulimit -n" "$ktap_dir/few"; then
			echo "ulimit -n $n: exit $got"
			cat "$ktap_dir/few"
			return 1
		fi
	done
}
for command in "run $BDF" "doctor $BDF" list "walk $$ 0x1000"; do
	# shellcheck disable=SC2086 # words
	check "few files: ${command%% *}: stops, with the cure" few_files $command
done
check 'few files: JSON' sh -c 'ulimit -n 6; vfio_test --json "$BDF" | grep -q "\"id\": *\"no-files-left\""'
check 'few files: help needs none' sh -c 'ulimit -n 6; exec vfio_test --help'
# shellcheck disable=SC2016 # expanded by the other shell
expect 4 '^Verdict: unverified' 'enough files: as without a limit' sh -c 'ulimit -n 64; exec vfio_test --no-faults --size 16K "$BDF"'
# shellcheck disable=SC2016
expect 4 '^Verdict: unverified' 'a soft limit is raised' sh -c 'ulimit -S -n 6; exec vfio_test --no-faults --size 16K "$BDF"'

# Without /proc: what would be read there is not known, and no failure.
no_proc() {
	unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' - "$@"
}
expect 4 '"verdict": *"unverified"' 'no /proc: no failure' no_proc vfio_test --json --dma none --size 16K "$BDF"
check 'no /proc: locked memory was not counted' said '"name": *"locked memory is counted", "status": *"unverified"|locked memory is counted'
check 'no /proc: no step failed' unsaid '"status": *"fail"'
expect 4 'memory: not known: not every limit of /proc and /sys could be read' 'no /proc: doctor' no_proc vfio_test doctor "$BDF"

# --- memory ----------------------------------------------------------------------------

free='KiB of memory are available, [0-9]+ are needed; pages that a device reaches are never swapped out; give a smaller --size'
expect 2 "^vfio_test: $BDF: could not allocate the buffer: [0-9]+ $free" 'more than there is' quick --size 900M "$BDF"
expect 2 "memory: could not allocate the buffer: [0-9]+ $free" 'more than there is: doctor' vfio_test doctor --size 900M "$BDF"
expect 2 '"id": *"memory-short"' 'more than there is: JSON' quick --json --size 900M "$BDF"
expect 0 '^Verdict: pass' 'less than there is' quick --size 64M "$BDF"

groups=/tmp/groups
mkdir $groups
mount -t cgroup2 none $groups
echo '+memory +hugetlb' >$groups/cgroup.subtree_control
mkdir $groups/small
echo 67108864 >$groups/small/memory.max
# in_group COMMAND...: with the limits of the group
in_group() {
	sh -c 'echo $$ >"$0"/small/cgroup.procs; exec "$@"' "$groups" "$@"
}
limit="the control group leaves [0-9]+ KiB of memory, [0-9]+ are needed: $groups/small/memory.max; raise that limit, run outside of the group"
expect 2 "could not allocate the buffer: $limit" 'a control group: refused' in_group vfio_test --dma none --no-rules --size 128M "$BDF"
expect 2 "memory: could not allocate the buffer: $limit" 'a control group: doctor' in_group vfio_test doctor --size 128M "$BDF"
expect 0 '^Verdict: pass' 'a control group: what fits passes' in_group vfio_test --dma none --no-rules --size 8M "$BDF"
check 'nobody was killed' sh -c "! dmesg | grep -i 'out of memory\\|oom-kill'"

huge=/sys/kernel/mm/hugepages/hugepages-2048kB
echo 8 >$huge/nr_hugepages
echo max >$groups/small/memory.max
echo 4194304 >$groups/small/hugetlb.2MB.max
limit="the control group leaves 4096 KiB of huge pages, 8192 are needed: $groups/small/hugetlb.2MB.max; raise that limit"
expect 2 "could not allocate the buffer: $limit" 'a limit of huge pages: refused' in_group vfio_test --dma none --no-rules --page-size 2M --size 8M "$BDF"
expect 2 "memory: could not allocate the buffer: $limit" 'a limit of huge pages: doctor' in_group vfio_test doctor --page-size 2M --size 8M "$BDF"
expect 0 '^Verdict: pass' 'a limit of huge pages: what fits passes' in_group vfio_test --dma none --no-rules --page-size 2M --size 4M "$BDF"
# Where nothing says of the limit, the pages are asked for one by one: no SIGBUS.
mkdir /tmp/empty
in_private() {
	unshare -m sh -c "mount --bind /tmp/empty $groups && exec \"\$@\"" - "$@"
}
echo $$ >$groups/small/cgroup.procs
expect 2 'could not fill the buffer: the kernel gives no page for it, and a write to it would raise SIGBUS: a limit on huge pages' 'an unseen limit: an errno, no signal' \
	in_private vfio_test --dma none --no-rules --page-size 2M --size 8M "$BDF"
expect 2 '"id": *"page-refused"' 'an unseen limit: JSON is whole' in_private vfio_test --json --dma none --no-rules --page-size 2M --size 8M "$BDF"
echo $$ >$groups/cgroup.procs

# Pages that are free, and promised to somebody
reserve 12582912 >"$ktap_dir/reserved" &
holder=$!
ktap_wait reserved "$ktap_dir/reserved" "$holder"
check 'six of eight are reserved' [ "$(cat $huge/free_hugepages) $(cat $huge/resv_hugepages)" = '8 6' ]
why='the kernel has fewer than 4 free huge pages of 2048 KiB: of 8 that are free 6 are reserved; '
expect 2 "could not allocate the buffer: ${why}echo 10 > $huge/nr_hugepages" 'reserved pages are not free' quick --page-size 2M --size 8M "$BDF"
expect 2 "memory: could not allocate the buffer: ${why}echo 10 > " 'reserved pages: doctor' vfio_test doctor --page-size 2M --size 8M "$BDF"
cure=$(sed -n 's/.*are reserved; \(echo .*\)/\1/p' "$ktap_dir/out")
check 'the cure can be typed' sh -c "$cure"
check 'and adds to what there is' [ "$(cat $huge/nr_hugepages) $(cat $huge/resv_hugepages)" = '10 6' ]
expect 0 '^Verdict: pass' 'cured' quick --page-size 2M --size 8M "$BDF"
kill "$holder"
wait "$holder" 2>/dev/null
echo 0 >$huge/nr_hugepages
echo 4 >$huge/nr_overcommit_hugepages
expect 0 '^Verdict: pass' 'pages that are made on demand' quick --page-size 2M --size 4M "$BDF"
expect 0 '4 huge pages of 2048 KiB free' 'pages on demand: doctor' vfio_test doctor --page-size 2M --size 8M "$BDF"
echo 0 >$huge/nr_overcommit_hugepages

# shellcheck disable=SC2016 # expanded by the other shell
expect 2 'this process may map [0-9]+ KiB more of address space at most \(RLIMIT_AS\); raise it with ulimit -v unlimited' 'address space' \
	sh -c 'ulimit -v 131072; exec vfio_test --dma none --no-rules --size 256M "$BDF"'
# shellcheck disable=SC2016
expect 2 'may get [0-9]+ KiB more of private memory at most \(RLIMIT_DATA\)' 'data' \
	sh -c 'ulimit -d 65536; exec vfio_test --dma none --no-rules --size 256M "$BDF"'
echo 2 >/proc/sys/vm/overcommit_memory
expect 2 'the kernel commits [0-9]+ KiB more at most \(vm.overcommit_memory=2\)' 'no overcommit' quick --size 480M "$BDF"
expect 2 'the kernel commits [0-9]+ KiB more' 'no overcommit: doctor' vfio_test doctor --size 480M "$BDF"
echo 0 >/proc/sys/vm/overcommit_memory
check 'nothing left' nothing_left
ktap_end
