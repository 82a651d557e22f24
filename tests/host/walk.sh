#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# walk.sh - the module's walk of every kind of page against pagemap, in a VM
#
# oracle/ and share/ (open files that several use) are compiled and go into the guest;
# arguments are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

exec "$root/scripts/vm" --quiet --strict --memory 4G --timeout 600 \
	--append 'hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=16' \
	--program "$root/tests/guest/oracle" --program "$root/tests/guest/share" "$@" -- \
	sh -c 'modprobe zram && echo 64M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
		swapon /dev/zram0
		modprobe verify_pte || exit 1
		oracle
		walk=$?
		share && /tests/walk-exec.sh && exit $walk'
