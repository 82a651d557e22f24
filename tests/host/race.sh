#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# race.sh - calls of every kind, and of processes and devices that change meanwhile, in a VM
#
#	race.sh [SECONDS [OPTION...]]
#
# SECONDS for each of three programs: 6, unless said, 600 for a real try; up to twelve times that
# where the machine is too slow for all to happen in time. Options are for scripts/vm.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

seconds=6
if [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
	seconds=$1
	shift
fi

files=()
for program in callfuzz race iorace refs; do
	files+=(--file "$root/tests/guest/$program.c")
done
exec "$root/scripts/vm" --kernel debug --quiet --strict --timeout $((36 * seconds + 500)) \
	--append 'hugepagesz=2M hugepages=8' "${files[@]}" "$@" -- /tests/race.sh "$seconds"
