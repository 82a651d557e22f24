#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel-debug.sh - the kernel with the debug checks is built, or is there already
#
# A group of its own, the first, so that no VM has to wait for it.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

ktap_plan 2
check 'the debug kernel is built from its source' "$root/scripts/kernels" get debug
check 'and the module for it' "$root/scripts/kernels" module debug
ktap_end
