#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# several.sh - a VM with a device of two functions behind a bridge, for guest/several.sh

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

liar=$root/build/liar-several.so
mkdir -p "$root/build"
gcc -O2 -Wall -Wextra -shared -fPIC -D_GNU_SOURCE -o "$liar" "$root/tests/guest/liar.c" || {
	printf 'KTAP version 1\n1..1\nnot ok 1 - the liar compiles\n'
	exit 1
}
exec "$root/scripts/vm" --strict --timeout 300 --file "$liar:/root/liar.so" \
	--device pcie-pci-bridge,id=br --device edu,bus=br,addr=1,multifunction=on --device edu,bus=br,addr=1.1 \
	-- /tests/several.sh
