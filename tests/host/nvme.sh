#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nvme.sh - a VM with NVMe disks, and a liar, for guest/nvme.sh

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

gcc -O2 -Wall -Wextra -shared -fPIC -D_GNU_SOURCE -o "$ktap_dir/liar.so" "$root/tests/guest/liar_nvme.c" || {
	printf 'KTAP version 1\n1..1\nnot ok 1 - the liar compiles\n'
	exit 1
}

# In this order: data, blank, blocks of 4096 with data, none, and one of 3 pages.
"$root/scripts/vm" --strict --timeout 500 --no-bind --kmod nvme --file "$ktap_dir/liar.so:/root/liar.so" \
	--disk 64M --disk 16M --disk 16M --disk 12K \
	--device nvme,serial=1,drive=disk0,addr=0x10 --device nvme,serial=2,drive=disk1,addr=0x11 \
	--device nvme,serial=3,id=n3,addr=0x12 \
	--device nvme-ns,bus=n3,drive=disk2,logical_block_size=4096,physical_block_size=4096 \
	--device nvme,serial=4,addr=0x13 --device nvme,serial=5,drive=disk3,addr=0x14,mdts=1 \
	-- /tests/nvme.sh </dev/null
status=$?
ktap_over=yes
exit "$status"
