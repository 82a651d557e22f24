#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stale.sh - vfio_test --recheck on mappings that go stale while they are held, and vfio_test
# with witnesses that lie, in a VM
#
# Arguments are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

exec "$root/scripts/vm" --quiet --strict --timeout 500 --append log_buf_len=8M \
	--file "$root/tests/guest/stale.c:stale.so" --file "$root/tests/guest/liar_witness.c:witness.so" "$@" -- \
	sh -c '/tests/stale.sh; status=$?; /tests/liars.sh && exit $status'
