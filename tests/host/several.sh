#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# several.sh - a VM with a device of two functions behind a bridge, for guest/several.sh

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# shellcheck source=tests/guest/ktap.sh
. "$root/tests/guest/ktap.sh"

# The guest says when a device of its is to be taken away, which is for the host to do.
port=$((20000 + $$ % 20000))
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((port + 1))
done
"$root/scripts/vm" --strict --timeout 400 --hmp "$port" \
	--file "$root/tests/guest/liar.c:liar.so" --file "$root/tests/guest/liar_witness.c:witness.so" \
	--device pcie-pci-bridge,id=br --device edu,bus=br,addr=1,multifunction=on --device edu,bus=br,addr=1.1 \
	--device pcie-root-port,id=rp,chassis=7 --device edu,bus=rp,id=hot --device nvme,serial=1 \
	-- /tests/several.sh </dev/null > >(
	while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line != '# unplug hot' ]] || {
			exec 9<>"/dev/tcp/127.0.0.1/$port" && echo 'device_del hot' >&9
		}
	done
) 2>&1
status=$?
wait
ktap_over=yes
exit "$status"
