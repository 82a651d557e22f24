#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# supervisor.sh - vfio_test --expect supervisor on pages that are, in a VM
#
# No stock kernel takes _PAGE_USER away from DMA buffers: a module for tests alone does it
# here, tests/kmod/supervisor, told by tests/guest/supervisor.c. Arguments are for
# scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

dir=$(mktemp -d "${TMPDIR:-/tmp}/vfio-verify-supervisor.XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
cp "$root"/tests/kmod/supervisor/{Kbuild,supervisor.c} "$dir/"
"$root/scripts/kernels" make "${KERNEL:-6.1}" "$dir" W=1 >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	echo 'supervisor.sh: tests/kmod/supervisor: does not build: see the messages above' >&2
	exit 2
}
"$root/scripts/vm" --quiet --strict --timeout 400 \
	--file "$dir/supervisor.ko" --file "$root/tests/guest/supervisor.c:supervisor.so" "$@" -- /tests/supervisor.sh
