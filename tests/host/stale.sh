#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stale.sh - vfio_test --recheck on mappings that go stale while they are held, in a VM
#
# Arguments are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

dir=$(mktemp -d "${TMPDIR:-/tmp}/vfio-verify-stale.XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
gcc -std=gnu11 -O2 -Wall -Wextra -Wshadow -shared -fPIC -o "$dir/stale.so" \
	"$root/tests/guest/stale.c"
"$root/scripts/vm" --quiet --strict --timeout 400 --file "$dir/stale.so" "$@" -- /tests/stale.sh
