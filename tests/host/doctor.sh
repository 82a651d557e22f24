#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# doctor.sh - the failures, each set up for real, and docs/failures.md's table of them
#
# Arguments are for scripts/vm. Three boots: a machine in order, in which the guest makes
# the failures; an IOMMU without interrupt remapping, and iommu=pt; an IOMMU that the
# kernel line leaves off.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"
cd "$root" || exit 2

documented_table() {
	sed -n '/^<!-- failures: /,/^<!-- end of failures -->/p' docs/failures.md | sed '1d; $d'
}

# A module that says it is of another kernel: of another release, and with other features,
# without which the versions of symbols would be all that counts.
other_kernel() {
	local ko

	ko=$(scripts/kernels module "${KERNEL:-6.1}") || return 1
	LC_ALL=C sed 's/vermagic=[1-9]/vermagic=9/; s/ mod_unload / mod_unl0ad /' "$ko" >"$ktap_dir/other.ko" &&
		[[ $(modinfo -F vermagic "$ktap_dir/other.ko") == 9*mod_unl0ad* ]]
}

ktap_plan 6
user/vfio_test doctor --list --markdown >"$ktap_dir/table"
documented_table >"$ktap_dir/documented"
check "the table of docs/failures.md is the program's" diff "$ktap_dir/documented" "$ktap_dir/table"
check 'a row of it for every failure' \
	[ "$(grep -c '^| [a-z]' "$ktap_dir/table")" -eq "$(($(user/vfio_test doctor --list | grep -c '^  source: ') + 1))" ]
expect 2 'no such failure; see vfio_test doctor --list' '--why of nothing known' user/vfio_test doctor --why nonsense
expect 0 'never call it' '--why' user/vfio_test doctor --why iommu-enable
expect 2 '^vfio_test: 00:01: not a PCI address: .*; as in 0000:00:01.0' 'malformed BDF' user/vfio_test doctor 00:01
check 'a module of another kernel is made' other_kernel

status=0
vm() {
	scripts/vm --quiet --strict --timeout 250 "$@" || status=1
}

vm --no-bind --kmod uio_pci_generic --kmod pci-stub \
	--device pcie-pci-bridge,id=br --device edu,bus=br,addr=1 --device edu,bus=br,addr=2 \
	--device pcie-root-port,id=rp,chassis=1 --device e1000e,bus=rp \
	--file "$ktap_dir/other.ko" --file tests/guest/misuse.c:misuse.so --file tests/guest/enable.c \
	"$@" -- /tests/doctor.sh
vm --iommu-opts intremap=off --append iommu=pt "$@" -- /tests/doctor-intremap.sh
vm --append intel_iommu=off "$@" -- /tests/doctor-off.sh
[[ $status -eq 0 ]] || exit 1
ktap_end
