#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# devices.sh - a VM with several kinds of devices, and a liar, for guest/devices.sh

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

exec "$root/scripts/vm" --strict --timeout 500 --file "$root/tests/guest/liar.c:liar.so" \
	--file "$root/tests/guest/liar_vfio.c:liar_vfio.so" \
	--file /usr/bin/jq:/usr/bin/jq --device e1000e --device nvme,serial=1 \
	--device virtio-net-pci,disable-legacy=on,iommu_platform=on \
	--device virtio-net-pci,disable-legacy=off --device virtio-rng-pci,disable-legacy=on \
	--device virtio-balloon-pci,disable-modern=on --device VGA \
	-- /tests/devices.sh
