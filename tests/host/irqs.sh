#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# irqs.sh - a VM with devices that have interrupts and resets of each kind, for guest/irqs.sh
#
# At 5 GT/s a port does not have to report its link: QEMU's does not, after a reset of
# the bus behind it.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

exec "$root/scripts/vm" --strict --timeout 300 --file "$root/tests/guest/liar.c:liar.so" \
	--device e1000e --device nvme,serial=1 --device virtio-net-pci,disable-legacy=on,iommu_platform=on \
	--device pcie-root-port,id=rp,chassis=1,x-speed=5 --device nvme,serial=2,bus=rp \
	--device pcie-pci-bridge,id=br --device edu,bus=br,addr=1,multifunction=on --device edu,bus=br,addr=1.1 \
	-- /tests/irqs.sh
