#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# supervisor.sh - vfio_test on a buffer whose pages have no _PAGE_USER
#
# In a VM with an IOMMU, the device bound to vfio-pci, supervisor.ko and supervisor.so in
# /root (tests/host/supervisor.sh).

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 23

# taken_from WORD ARGS: vfio_test, the bit taken as WORD says
taken_from() {
	word=$1
	shift
	SUPERVISOR=$word LD_PRELOAD=/root/supervisor.so timeout 60 vfio_test --dma none --no-rules "$@" "$BDF"
}

said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

# kept LEN: what was taken, LEN bytes, stayed so until the unmap
kept() {
	grep -q "^supervisor: taken 0x[0-9a-f]* $1\$" "$ktap_dir/err" &&
		grep -q "^supervisor: kept $1\$" "$ktap_dir/err"
}

# names_page N: the failed step names the address of page N of the buffer, and no other
names_page() {
	start=$(sed -n 's/^supervisor: taken \(0x[0-9a-f]*\) .*/\1/p' "$ktap_dir/err")
	page=$(printf '0x%x' $((start + $1 * 4096)))
	said "1 of 256 pages are not supervisor pages: first $page: _PAGE_USER is set at every level"
}

# refused TEXT: the module takes nothing
refused() {
	! echo "$1" >/sys/kernel/debug/supervisor
}

insmod /root/supervisor.ko || echo '# supervisor.ko: not loaded'

expect 1 'first 0x[0-9a-f]+: _PAGE_USER is set at every level' \
	'stock pages: --expect supervisor fails' vfio_test --expect supervisor "$BDF"
check 'stock pages: on all of them' said '256 of 256 pages are not supervisor pages'

expect 0 '"verdict": ?"pass"' 'taken from all: --expect supervisor passes' \
	taken_from '' --json --expect supervisor
check 'taken from all: 256 of 256 supervisor' said '"supervisor": ?256'
check 'taken from all: none is user' said '"user": ?0,'
check 'taken from all: until the unmap' kept 0x100000
expect 0 'PTE index .* PRESENT RW ACCESSED' 'taken from all: the entry is shown without USER' \
	taken_from '' --expect supervisor
check 'taken from all: at PTE' said ' 4K supervisor write noexec no_user_at PTE$'
expect 1 '256 of 256 pages are not user pages: first 0x[0-9a-f]+: _PAGE_USER is clear at PTE' \
	'taken from all: --expect user fails, names the level' taken_from '' --expect user

for keep in 0 117 255; do
	expect 1 'verdict.*fail|Verdict: fail' "page $keep has it still: --expect supervisor fails" \
		taken_from $keep --expect supervisor
	check "page $keep has it still: its address is named" names_page $keep
done

expect 0 '"supervisor": ?512' 'taken at PMD: --expect supervisor passes' \
	taken_from pmd --json --expect supervisor --size 2M
check 'taken at PMD: until the unmap' kept 0x200000
expect 1 'pages are not user pages: first 0x[0-9a-f]+: _PAGE_USER is clear at PMD' \
	'taken at PMD: --expect user fails, names the level' taken_from pmd --expect user --size 2M
expect 0 ' 4K supervisor write noexec no_user_at PMD$' 'taken at PMD: the level is shown' \
	taken_from pmd --expect supervisor --size 2M

# What the tests above rest on: a tester that touched its buffer would not end well.
expect 139 'supervisor: taken' 'taken from all: a user access is a SIGSEGV' \
	env SUPERVISOR_TOUCH=1 SUPERVISOR= LD_PRELOAD=/root/supervisor.so \
	vfio_test --expect supervisor "$BDF"
check 'a process that died meanwhile leaves nothing' nothing_left
expect 1 'supervisor: kept 0x0' 'the kernel has it back before it changes an entry itself' \
	env SUPERVISOR_DROP=1 SUPERVISOR= LD_PRELOAD=/root/supervisor.so \
	vfio_test --expect supervisor "$BDF"
check 'what it does not cover it refuses' refused '0 0x1000 0x1000'
ktap_end
