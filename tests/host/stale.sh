#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stale.sh - vfio_test --recheck on mappings that go stale while they are held, and vfio_test
# with witnesses that lie, in a VM
#
# Arguments are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

dir=$(mktemp -d "${TMPDIR:-/tmp}/vfio-verify-stale.XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
for one in stale:stale witness:liar_witness; do
	gcc -std=gnu11 -O2 -Wall -Wextra -Wshadow -shared -fPIC -I"$root/kmod" \
		-o "$dir/${one%:*}.so" "$root/tests/guest/${one#*:}.c"
done
"$root/scripts/vm" --quiet --strict --timeout 500 --append log_buf_len=8M \
	--file "$dir/stale.so" --file "$dir/witness.so" "$@" -- \
	sh -c '/tests/stale.sh; status=$?; /tests/liars.sh && exit $status'
