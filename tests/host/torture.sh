#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# torture.sh - walks of a process whose page table never stands still, in a VM
#
#	torture.sh [SECONDS [OPTION...]]
#
# 30 seconds, unless said, 600 for a real try; up to four times that where the
# machine is too slow for all to happen in time. Options are for scripts/vm. With
# --append 'torture_seed=N' the same choices again (the races are their own).
#
# page_poison=1: a table that was freed has no entry in it that looks right.
# Memory that cannot be reclaimed stays where it is, for the fixed pages' sake.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

seconds=30
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
	seconds=$1
	shift
fi

# shellcheck disable=SC2016 # expanded in the guest
exec "$root/scripts/vm" --quiet --strict --memory 2G --smp 4 --no-bind \
	--timeout $((4 * seconds + 300)) --append 'hugepagesz=2M hugepages=12 page_poison=1' \
	--program "$root/tests/guest/torture" "$@" -- \
	sh -c '
		thp=/sys/kernel/mm/transparent_hugepage
		modprobe zram && echo 256M >/sys/block/zram0/disksize &&
			mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
		echo madvise >$thp/enabled && echo advise >$thp/shmem_enabled
		echo 10 >$thp/khugepaged/scan_sleep_millisecs
		echo 0 >$thp/khugepaged/alloc_sleep_millisecs
		cd /proc/sys/vm && echo 0 >compact_unevictable_allowed
		[ ! -e compaction_proactiveness ] || echo 0 >compaction_proactiveness
		seed=$(sed -n "s/.*torture_seed=\([^ ]*\).*/\1/p" /proc/cmdline)
		modprobe verify_pte && torture "$0" $seed' "$seconds"
