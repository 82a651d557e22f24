#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vf.sh - a VM with a device that has virtual functions, for guest/vf.sh

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

exec "$root/scripts/vm" --strict --timeout 300 --file "$root/tests/guest/liar_vfio.c:liar_vfio.so" \
	--file /usr/bin/jq:/usr/bin/jq --kmod nvme \
	--device pcie-root-port,id=rp1,slot=1,chassis=1 --device nvme-subsys,id=s0 \
	--file "$root/tests/guest/virt-mgmt.c" --disk 16M \
	--device nvme,id=n0,serial=1,subsys=s0,bus=rp1,sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2,max_ioqpairs=6,msix_qsize=5 \
	--device nvme-ns,bus=n0,drive=disk0,nsid=1 \
	--device pcie-root-port,id=rp2,slot=2,chassis=2 --device nvme,serial=2,bus=rp2 \
	-- /tests/vf.sh
