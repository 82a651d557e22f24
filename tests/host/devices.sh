#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# devices.sh - a VM with several kinds of devices, and a liar, for guest/devices.sh

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

liar=$root/build/liar.so
mkdir -p "$root/build"
gcc -O2 -Wall -Wextra -shared -fPIC -D_GNU_SOURCE -o "$liar" "$root/tests/guest/liar.c" || {
	printf 'KTAP version 1\n1..1\nnot ok 1 - the liar compiles\n'
	exit 1
}
exec "$root/scripts/vm" --strict --timeout 500 --file "$liar:/root/liar.so" \
	--file /usr/bin/jq:/usr/bin/jq --device e1000e --device nvme,serial=1 \
	--device virtio-net-pci,disable-legacy=on --device virtio-net-pci,disable-legacy=off --device VGA \
	-- /tests/devices.sh
