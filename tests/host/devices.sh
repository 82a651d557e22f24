#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# devices.sh - a VM with several kinds of devices, and a liar, for guest/devices.sh

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

mkdir -p "$root/build"
for liar in liar liar_vfio; do
	gcc -O2 -Wall -Wextra -shared -fPIC -D_GNU_SOURCE -o "$root/build/$liar.so" "$root/tests/guest/$liar.c" || {
		printf 'KTAP version 1\n1..1\nnot ok 1 - %s compiles\n' "$liar"
		exit 1
	}
done
exec "$root/scripts/vm" --strict --timeout 500 --file "$root/build/liar.so:/root/liar.so" \
	--file "$root/build/liar_vfio.so:/root/liar_vfio.so" \
	--file /usr/bin/jq:/usr/bin/jq --device e1000e --device nvme,serial=1 \
	--device virtio-net-pci,disable-legacy=on,iommu_platform=on \
	--device virtio-net-pci,disable-legacy=off --device virtio-rng-pci,disable-legacy=on \
	--device virtio-balloon-pci,disable-modern=on --device VGA \
	-- /tests/devices.sh
