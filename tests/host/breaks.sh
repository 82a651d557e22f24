#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# breaks.sh - what a program for the guest does when something hangs

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 2
# shellcheck source=scripts/lib/common.sh
. "$root/scripts/lib/common.sh"
# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"
export TMPDIR=$ktap_dir/tmp
mkdir "$TMPDIR"
unset KERNEL

# What hangs in a program for the guest ends it in time, and is a failure.
test_hang() {
	local hang=$ktap_dir/hang

	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -pthread -I tests/lib -I kmod -o "$hang" \
		tests/host/hang.c tests/lib/*.c || exit 2
	expect 137 '^# not done after 1 s: killed$' 'tests/lib: a child that is waited for hangs' timeout 30 "$hang" wait
	expect 137 '^# not done after 1 s: killed$' 'tests/lib: a thread that is joined hangs' timeout 30 "$hang" join
	expect 1 '^# other hangs in: stand$' 'tests/lib: a worker that stands still' timeout 30 "$hang" still
	expect 1 '^# other does not end, in: beat$' 'tests/lib: a worker that does not end' timeout 30 "$hang" beats
	expect 0 '^ok 2 - nobody hangs$' 'tests/lib: nobody hangs' timeout 30 "$hang" none
}

ktap_plan 5
test_hang
ktap_end
