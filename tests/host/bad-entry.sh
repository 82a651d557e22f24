#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bad-entry.sh - verify_pte on entries that no kernel writes, in a VM
#
# A module for tests alone writes them, tests/kmod/bad_entry, for tests/guest/bad-entry.c.
# Arguments are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

dir=$(mktemp -d "${TMPDIR:-/tmp}/vfio-verify-bad-entry.XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
cp "$root"/tests/kmod/bad_entry/{Kbuild,bad_entry.c} "$dir/"
"$root/scripts/kernels" make "${KERNEL:-6.1}" "$dir" W=1 >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	echo 'bad-entry.sh: tests/kmod/bad_entry: does not build: see the messages above' >&2
	exit 2
}

"$root/scripts/vm" --quiet --strict --no-bind --timeout 300 \
	--file "$dir/bad_entry.ko" --file "$root/tests/guest/bad-entry.c" "$@" -- /tests/bad-entry.sh
